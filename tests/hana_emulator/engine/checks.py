"""What must hold before rows go into a table: NOT NULL, lengths, unique keys."""

from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from tests.hana_emulator.engine.catalogue import Column, Table
from tests.hana_emulator.engine.errors import not_null, too_large, unique_violated
from tests.hana_emulator.engine.texts import units
from tests.hana_emulator.engine.transactions import STAGE
from tests.hana_emulator.engine.types import Family, family
from tests.hana_emulator.values import HanaError


class Looker(Protocol):
    """Runs a query of the rows and of stored tables."""

    def look(self, sql: str, stage: pa.Table) -> list[tuple[Any, ...]]: ...


class Checks:
    """Looks at computed rows: columns i (their number), o1, o2, ... in the table's order."""

    def __init__(self, looker: Looker, table: Table) -> None:
        self.looker = looker
        self.table = table

    def values(
        self, computed: pa.Table, columns: tuple[Column, ...] | None = None
    ) -> dict[int, HanaError]:
        """Rows with NULL where none may be (287), or with a value that is too long (274)."""
        failed: dict[int, HanaError] = {}
        numbers = computed["i"].to_pylist()
        for at, column in enumerate(columns or self.table.columns, 1):
            values = computed[f"o{at}"]
            if not column.nullable and values.null_count:
                for number, missing in zip(numbers, values.is_null().to_pylist(), strict=True):
                    if missing:
                        failed.setdefault(number, not_null(column.name))
            for number in self._too_long(values, column, numbers):
                failed.setdefault(number, too_large(column.name))
        return failed

    def _too_long(self, values: pa.ChunkedArray, column: Column, numbers: list[int]) -> list[int]:
        kind, limit = family(column.type), column.type.length
        if kind not in {Family.TEXT, Family.BYTES, Family.VECTOR} or limit is None:
            return []
        if kind is Family.VECTOR:
            return [number for number, value in zip(numbers, values.to_pylist(), strict=True)
                    if value is not None and len(value) != limit]  # fmt: skip
        longest = pc.max(pc.binary_length(values)).as_py()
        if longest is None or longest <= limit:
            return []
        length = units if kind is Family.TEXT else len
        return [number for number, value in zip(numbers, values.to_pylist(), strict=True)
                if value is not None and length(value) > limit]  # fmt: skip

    def unique(
        self, computed: pa.Table, *, skip_key: bool, leave_out: dict[int, HanaError],
        updated: bool = False,
    ) -> dict[int, HanaError]:  # fmt: skip
        """Rows whose key is there already, or in a row before them (301).

        Args:
            computed: The rows.
            skip_key: The primary key may be there: those rows are replaced.
            leave_out: Rows that have failed already; they take no key.
            updated: The rows have a column ``rid``: stored rows that they replace do not count.
        """
        keys = [] if skip_key or not self.table.key else [self.table.key]
        keys += list(self.table.uniques)
        if not keys or computed.num_rows == 0:
            return {}
        if leave_out:
            good = pa.array([at not in leave_out for at in computed["i"].to_pylist()])
            computed = computed.filter(good)
        failed: dict[int, HanaError] = {}
        for key in keys:
            for (number,) in self.looker.look(self._duplicates(key, updated=updated), computed):
                failed.setdefault(number, unique_violated(f"{self.table.name}({', '.join(key)})"))
        return failed

    def _duplicates(self, key: tuple[str, ...], *, updated: bool) -> str:
        places = [
            (at, column.stored)
            for at, column in enumerate(self.table.columns, 1)
            if column.name in key
        ]
        known = " AND ".join(f"s.o{at} IS NOT NULL" for at, _ in places)
        same = " AND ".join(f"t.{stored} = s.o{at}" for at, stored in places)
        listed = ", ".join(f"s.o{at}" for at, _ in places)
        within = (
            f"SELECT i FROM (SELECT s.i, row_number() OVER (PARTITION BY {listed} ORDER BY s.i) n"
            f" FROM {STAGE} s WHERE {known}) WHERE n > 1"
        )
        free = f" AND t.rowid NOT IN (SELECT rid FROM {STAGE})" if updated else ""
        stored = f"SELECT s.i FROM {STAGE} s JOIN {self.table.stored} t ON {same}{free}"
        return f"{within} UNION {stored}"

    def last_of_each(self, computed: pa.Table, keys: list[int]) -> pa.Table:
        """The last row of each key."""
        listed = ", ".join(f"s.o{at}" for at in keys)
        found = self.looker.look(f"SELECT max(s.i) FROM {STAGE} s GROUP BY {listed}", computed)
        if len(found) == computed.num_rows:
            return computed
        kept = pa.array([one for (one,) in found], pa.int64())
        return computed.filter(pc.is_in(computed["i"], value_set=kept))
