"""A transaction that changes tables of HANA: statements and rows in pieces; knows no process."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, TypeAlias, cast

import pyarrow as pa

from flight_client.protocol.catalog import Column, Entity
from flight_client.protocol.errors import (
    Cancelled,
    Error,
    InvalidParameter,
    InvalidRequest,
    UnknownEntity,
    UnknownTransaction,
    UnsupportedSql,
)
from flight_client.protocol.literals import LiteralValue
from flight_client.protocol.schemas import to_schema
from flight_server.backends.base import BatchStream, ParameterRow
from flight_server.backends.hana.entities import DetailRow, entities_of
from flight_server.backends.hana.messages import Change, Insert
from flight_server.backends.hana.shared import Shared, Transaction
from flight_server.backends.hana.system_views import DETAIL_COLUMNS, Place, details_question
from flight_server.backends.incoming import fitted, key_of
from flight_server.sql.changes import AdmittedChange, ChangeKind
from flight_server.sql.gate import AdmittedQuery
from flight_server.sql.statement import Statement
from flight_server.sql.tables import drop_table, hana_create_table, hana_insert, hana_upsert

CHUNK_ROWS: Final = 20_000
"""Most rows of one array insert: a cancel is heard between two of them, and a reader process holds
no more than these as Python objects."""

CHUNK_BYTES: Final = 8 * 1024 * 1024
"""Most bytes of them, unless one row alone has more."""

_ForEachRow: TypeAlias = Callable[[str, str, Sequence[str]], Statement]
"""Makes the statement of one row, from space, table and columns."""

_QUERY: Final = "The query"
_VALUE_BYTES: Final = 16


class HanaWriteTransaction:
    """A ``WriteTransaction`` over a transaction in a reader process."""

    def __init__(self, transaction: Transaction, shared: Shared) -> None:
        """Take over a transaction, which is closed with this one."""
        self._transaction = transaction
        self._shared = shared
        self._target: Entity | None = None
        """The table that was inserted into last, while no definition can have changed it."""
        self._defined: set[str] = set()

    @property
    def is_open(self) -> bool:
        """Whether there is something to commit or to roll back."""
        return self._transaction.is_open

    def table(self, space: str, name: str) -> Entity | None:
        """The table or view of exactly these names, as this transaction sees it."""
        run = self._shared.run(details_question(Place(space, name)), DETAIL_COLUMNS)
        stream = self._transaction.open(run, to_schema(DETAIL_COLUMNS), "The catalogue")
        rows: list[DetailRow] = []
        try:
            while (batch := stream.read()) is not None:
                rows += cast("list[DetailRow]", batch.to_pylist())
        finally:
            stream.close()
        return next(iter(entities_of(rows, self._shared.reading.delivery)), None)

    def change(self, change: AdmittedChange, rows: Iterable[ParameterRow]) -> int | None:
        """Run a statement once for each row of values; the rows changed in all."""
        self._target = None
        if change.kind.is_definition or change.kind is ChangeKind.TRUNCATE:
            self._require_definitions()
        if change.kind.is_definition:
            self._defined.add(change.target[1])
        done = 0
        counts: list[int | None] = []
        for piece in _pieces(rows, change.parameter_count):
            request = Change(
                sql=change.sql, rows=piece, first_row=done + 1, timeout_s=self._timeout_s
            )
            counts.append(self._transaction.change(request, f"The {change.kind.value}"))
            done += len(piece)
        known = [count for count in counts if count is not None]
        return None if change.kind.is_definition or len(known) < len(counts) else sum(known)

    def create_table(self, space: str, name: str, columns: Sequence[Column]) -> None:
        """Make a table with these columns, in order."""
        self._define(hana_create_table(space, name, columns), space, name)

    def drop_table(self, space: str, name: str) -> None:
        """Drop a table."""
        self._define(drop_table(space, name), space, name)

    def insert(self, space: str, name: str, batch: pa.RecordBatch) -> int:
        """Insert rows; columns are found by name."""
        return self._stored(self._found(space, name), batch, hana_insert)

    def upsert(self, space: str, name: str, keys: Sequence[str], batch: pa.RecordBatch) -> int:
        """Set the rows whose primary key is there, and insert the others, one after the other."""
        target = self._found(space, name)
        key_of(target, keys, batch.schema.names)
        return self._stored(target, batch, hana_upsert)

    def open_query(
        self, query: AdmittedQuery, parameters: ParameterRow, batch_bytes: int
    ) -> BatchStream:
        """A stream over the rows of a query as this transaction sees them."""
        described = self._transaction.describe(query.body, _QUERY)
        columns = self._shared.delivered(described).columns
        run = self._shared.run(Statement(query.sql, tuple(parameters)), columns, batch_bytes)
        return self._transaction.open(run, to_schema(columns), _QUERY)

    def commit(self) -> None:
        """Keep what was done."""
        try:
            self._transaction.commit()
        finally:  # also where nobody knows whether it worked
            if self._defined:
                self._shared.forget(self._defined)

    def rollback(self) -> None:
        """Undo what was done; does nothing where the database did so already."""
        reason = UnknownTransaction("The transaction was rolled back; begin a new one.")
        self._transaction.roll_back(reason)

    def cancel(self) -> None:
        """Stop what another thread runs here, and roll back."""
        self.end(Cancelled("The transaction was cancelled; nothing of it was kept."))

    def end(self, reason: Error) -> None:
        """As ``cancel``, with the error that everything raises from now on; the first one stays."""
        self._transaction.end(reason)

    def close(self) -> None:
        """Roll back what is open, and give the connection back."""
        self._transaction.close()

    @property
    def _timeout_s(self) -> int:
        return self._shared.reading.query_timeout_s

    def _found(self, space: str, name: str) -> Entity:
        target = self._target
        if target is None or (target.space, target.name) != (space, name):
            target = self._target = self._require_table(space, name)
        return target

    def _stored(self, target: Entity, batch: pa.RecordBatch, change: _ForEachRow) -> int:
        rows = fitted(batch, target)
        names = [column.name for column in rows.columns]
        text = change(target.space, target.name, names).text
        done = 0
        for piece in _slices(rows.batch):
            request = Insert(
                sql=text, batch=_ipc(piece), first_row=done + 1, timeout_s=self._timeout_s
            )
            self._transaction.change(request, f"{target.space}.{target.name}")
            done += piece.num_rows
        return done

    def _define(self, statement: Statement, space: str, name: str) -> None:
        self._require_definitions()
        self._target = None
        self._defined.add(name)
        request = Change(sql=statement.text, rows=((),), timeout_s=self._timeout_s)
        self._transaction.change(request, f"{space}.{name}")

    def _require_definitions(self) -> None:
        refused = self._transaction.refused
        if refused:
            raise UnsupportedSql(
                "The database does not let its user make definitions part of a transaction, so "
                "that they could not be undone; whoever runs the server finds its reason in the "
                "log."
            )

    def _require_table(self, space: str, name: str) -> Entity:
        found = self.table(space, name)
        if found is None:
            raise UnknownEntity(
                f"There is no table {name!r:.100} in space {space!r:.100}; create it first.",
                space=space,
                entity=name,
            )
        if found.kind != "table":
            raise InvalidRequest(
                f"{space}.{name} is a view; rows are written to tables.", space=space, entity=name
            )
        return found


def _pieces(rows: Iterable[ParameterRow], wanted: int) -> Iterator[list[ParameterRow]]:
    """The rows of values in lists that are sent one by one."""
    piece: list[ParameterRow] = []
    size = 0
    for number, row in enumerate(rows, 1):
        if len(row) != wanted:
            raise InvalidParameter(
                f"The statement has {wanted} markers, and row {number} has {len(row)} values; give "
                "one for each.",
                row=number,
            )
        piece.append(row)
        size += sum(map(_size, row))
        if len(piece) >= CHUNK_ROWS or size >= CHUNK_BYTES:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def _size(value: LiteralValue | None) -> int:
    return len(value) if isinstance(value, str | bytes) else _VALUE_BYTES


def _slices(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """The rows of a batch in batches that are sent one by one."""
    for start in range(0, batch.num_rows, CHUNK_ROWS):
        yield from _fitting(batch.slice(start, CHUNK_ROWS))


def _fitting(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    if batch.nbytes <= CHUNK_BYTES or batch.num_rows == 1:
        yield batch
        return
    half = batch.num_rows // 2
    yield from _fitting(batch.slice(0, half))
    yield from _fitting(batch.slice(half))


def _ipc(batch: pa.RecordBatch) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        cast("Any", writer).write_batch(batch)
    return sink.getvalue().to_pybytes()
