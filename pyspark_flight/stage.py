"""The staging table of one write: its names, and the statements that empty it; pure.

The statements are of the SQL that HANA and DuckDB share, whichever of them callers write.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

LONG_RUN: Final = 10
"""Numbers of a run that is said by its ends; that and ten numbers are about as long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A staging table that is there; it pickles.

    Attributes:
        space: Of it and of the target.
        name: Its own.
        table: The target.
        schema: Of the rows of the target, as they are sent.
        attempt: Its further column: the number of the attempt that wrote a row.
        required: Columns of the target that take no NULL; those of the stage do.
        key: The primary key of the target, where rows are upserted.
    """

    space: str
    name: str
    table: str
    schema: pa.Schema
    attempt: str
    required: tuple[str, ...]
    key: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.space}.{self.name}"

    def count(self, attempts: Sequence[int]) -> str:
        """How many rows, N, these attempts wrote."""
        return f"SELECT COUNT(*) AS N {self._rows(attempts)}"

    def count_repeated(self, attempts: Sequence[int]) -> str:
        """How many keys, N, stand in several of these rows."""
        key = _listed(self.key)
        grouped = f"SELECT {key} {self._rows(attempts)} GROUP BY {key} HAVING COUNT(*) > 1"
        return f"SELECT COUNT(*) AS N FROM ({grouped}) AS REPEATED"  # noqa: S608 - names are quoted

    def insert(self, attempts: Sequence[int]) -> str:
        """These rows into the target."""
        columns, target = _listed(self.schema.names), quoted(self.space, self.table)
        return f"INSERT INTO {target} ({columns}) SELECT {columns} {self._rows(attempts)}"

    def merge(self, attempts: Sequence[int]) -> str:
        """These rows into the target by its key; a column that they lack is left as it is.

        MERGE, because what HANA's UPSERT of a query does to such a column is unverified.
        """
        names = self.schema.names
        others = [name for name in names if name not in self.key]
        sets = ", ".join(f"{quoted(name)} = S.{quoted(name)}" for name in others)
        joined = " AND ".join(f"T.{quoted(name)} = S.{quoted(name)}" for name in self.key)
        values = ", ".join(f"S.{quoted(name)}" for name in names)
        parts = [
            f"MERGE INTO {quoted(self.space, self.table)} T",
            f"USING (SELECT {_listed(names)} {self._rows(attempts)}) S ON {joined}",
            f"WHEN MATCHED THEN UPDATE SET {sets}" if others else "",
            f"WHEN NOT MATCHED THEN INSERT ({_listed(names)}) VALUES ({values})",  # noqa: S608 - as above
        ]
        return " ".join(filter(None, parts))

    def drop(self) -> str:
        """The end of it."""
        return f"DROP TABLE {quoted(self.space, self.name)}"

    def _rows(self, attempts: Sequence[int]) -> str:
        own = quoted(self.attempt)
        ranges, singles = ranges_and_singles(attempts)
        conditions = [f"{own} BETWEEN {first} AND {last}" for first, last in ranges]
        if singles:
            conditions.append(f"{own} IN ({', '.join(map(str, singles))})")
        return f"FROM {quoted(self.space, self.name)} WHERE {_any(conditions)}"


def ranges_and_singles(numbers: Iterable[int]) -> tuple[list[tuple[int, int]], list[int]]:
    """Long runs of numbers as ranges, and one by one all others.

    A write alone has one run of attempts; of jobs that run beside each other, runs are short and
    many, and a statement with a comparison for each of them is refused as too long.
    """
    ranges: list[tuple[int, int]] = []
    singles: list[int] = []
    for first, last in runs(numbers):
        if last - first + 1 >= LONG_RUN:
            ranges.append((first, last))
        else:
            singles.extend(range(first, last + 1))
    return ranges, singles


def runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """First and last of each run of numbers that follow one another; Spark's mostly do."""
    found: list[tuple[int, int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] + 1 == number:
            found[-1] = found[-1][0], number
        else:
            found.append((number, number))
    return found


def quoted(*names: str) -> str:
    """Names joined by dots, each in quotes."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(quoted(name) for name in names)


def _any(conditions: Sequence[str]) -> str:
    """One of them; nested by halves, because a long chain is refused as nested too deeply."""
    if len(conditions) == 1:
        return conditions[0]
    half = len(conditions) // 2
    return f"({_any(conditions[:half])} OR {_any(conditions[half:])})"
