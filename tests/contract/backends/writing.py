"""How the contract suite writes: tables of its own, changes through the gate, as a service does."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import count
from typing import Final

import pyarrow as pa

from flight_client.protocol.catalog import Column, Entity, HanaType
from flight_client.protocol.schemas import to_columns
from flight_server.backends.base import Backend, WriteTransaction
from flight_server.sql.change_gate import admit_change
from flight_server.sql.changes import AdmittedChange
from tests.contract.backends.reading import Lookup, admitted, read, table_of
from tests.contract.backends.shared_tables import SPACE

BATCH_BYTES: Final = 2**20

ITEMS: Final = (
    Column("ID", HanaType("INTEGER"), nullable=False, key=True),
    Column("NAME", HanaType("NVARCHAR", 10), nullable=False),
    Column("AMOUNT", HanaType("DECIMAL", 15, 2)),
)
"""Columns of most tables that are written to: a key, a text that must be there, a number."""

_numbers: Final = count(1)


def new_name() -> str:
    """The name of a table that nobody has made yet."""
    return f"WRITTEN_{next(_numbers)}"


@contextmanager
def begun(backend: Backend) -> Iterator[WriteTransaction]:
    """A transaction that is closed in the end."""
    with closing(backend.begin(SPACE)) as transaction:
        yield transaction


def made(backend: Backend, columns: Sequence[Column] = ITEMS, rows: pa.Table | None = None) -> str:
    """A new table, committed, with these rows; its name."""
    name = new_name()
    with begun(backend) as transaction:
        transaction.create_table(SPACE, name, columns)
        for batch in rows.to_batches() if rows is not None else []:
            transaction.insert(SPACE, name, batch)
        transaction.commit()
    return name


def items(first: int, *names: str | None) -> pa.Table:
    """Rows for ``ITEMS``, numbered from ``first``; AMOUNT is NULL."""
    return pa.table(
        {
            "ID": pa.array(range(first, first + len(names)), pa.int32()),
            "NAME": pa.array(names, pa.utf8()),
        }
    )


def item_batch(first: int, *names: str | None) -> pa.RecordBatch:
    """The same as one batch."""
    (batch,) = items(first, *names).to_batches()
    return batch


class _Seen(Lookup):
    """The catalogue as a transaction sees it: with the tables that it made."""

    def __init__(self, backend: Backend, entity: Entity) -> None:
        super().__init__(backend)
        self._entity = entity

    def entities(self, space: str) -> tuple[str, ...]:
        return (*super().entities(space), self._entity.name)

    def columns(self, space: str, entity: str) -> tuple[str, ...] | None:
        if entity == self._entity.name:
            return tuple(column.name for column in self._entity.columns)
        return super().columns(space, entity)


def change_of(backend: Backend, text: str, seen: Entity | None = None) -> AdmittedChange:
    """A change that passed the gate; ``seen`` is a table of which only the transaction knows."""
    return admit_change(
        text,
        dialect=backend.caller_dialect,
        default_space=SPACE,
        lookup=Lookup(backend) if seen is None else _Seen(backend, seen),
        writable=frozenset({SPACE}),
        parameter_count=None,
    )


def rows_in(
    reader: Backend | WriteTransaction, backend: Backend, text: str
) -> list[dict[str, object]]:
    """The rows of a query, as a backend gives them to everybody or a transaction to itself."""
    with closing(reader.open_query(admitted(backend, text), (), BATCH_BYTES)) as stream:
        return table_of(stream).to_pylist()


def ids(reader: Backend | WriteTransaction, backend: Backend, table: str) -> list[object]:
    """The IDs in a table, in order, as everybody sees them or a transaction does."""
    if reader is backend:
        return sorted(read(backend, table)["ID"].to_pylist())
    found = rows_in(reader, backend, f'SELECT "ID" FROM "{table}" ORDER BY "ID"')
    return [row["ID"] for row in found]


def columns_for(schema: pa.Schema) -> tuple[Column, ...]:
    """The columns of a table that takes batches of a schema."""
    return to_columns(schema)
