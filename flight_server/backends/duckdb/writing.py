"""A transaction that changes a DuckDB database; SQL comes from ``sql``, the cursor is a session's.

DuckDB's transactions are optimistic: nobody waits for a lock, and of two that change the same rows
the second fails at once or when it commits.
"""

import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, cast

import duckdb
import pyarrow as pa

from flight_client.protocol.catalog import Column, Entity
from flight_client.protocol.errors import (
    Cancelled,
    DataError,
    Error,
    InvalidParameter,
    InvalidRequest,
    TableExists,
    UnknownEntity,
    UnknownSpace,
    UnknownTransaction,
)
from flight_server.backends.base import ParameterRow
from flight_server.backends.duckdb.bulk import (
    FEW_ROWS,
    as_batch,
    chunks,
    duplicate_at,
    inserted_columns,
    null_at,
)
from flight_server.backends.duckdb.catalog import (
    Catalogue,
    has_space,
    relation,
    taken_by,
)
from flight_server.backends.duckdb.errors import written
from flight_server.backends.duckdb.session import Session
from flight_server.backends.duckdb.stream import DuckDbStream, Reading
from flight_server.backends.duckdb.values import bindable
from flight_server.backends.incoming import Incoming, fitted, key_of, last_of_each
from flight_server.sql.changes import AdmittedChange, ChangeKind
from flight_server.sql.gate import AdmittedQuery
from flight_server.sql.statement import Statement
from flight_server.sql.tables import (
    drop_table,
    duckdb_create_table,
    duckdb_insert_from,
    duckdb_upsert_from,
)
from flight_server.sql.translate import to_duckdb, to_duckdb_change

Describe = Callable[[duckdb.DuckDBPyConnection, Statement], pa.Schema]


@dataclass(frozen=True, slots=True)
class _Bulk:
    """Where the values of an INSERT go."""

    target: Entity
    columns: tuple[Column, ...]


_SOURCE: Final = "rows of a record batch"
"""Name of the view over a batch that is being inserted; only its own cursor sees it."""


class DuckDbWriteTransaction:
    """A ``WriteTransaction`` on a cursor that it owns.

    Args:
        cursor: Nobody else's; closed in the end.
        catalogue: Of the database.
        describe: Finds the schema of a SELECT by binding it on a cursor.
    """

    def __init__(
        self, cursor: duckdb.DuckDBPyConnection, catalogue: Catalogue, describe: Describe
    ) -> None:
        self._closed = True  # until there is a session to close
        self._cursor = cursor
        self._session = Session(cursor)
        self._catalogue = catalogue
        self._describe = describe
        self._target: Entity | None = None
        """The table that was inserted into last, while no definition can have changed it."""
        self._has_defined = False
        self._closed = False

    @property
    def is_open(self) -> bool:
        """Whether there is something to commit or to roll back."""
        return self._session.is_open

    def table(self, space: str, name: str) -> Entity | None:
        """The table or view of exactly these names, as this transaction sees it."""
        with self._session.using("The catalogue") as cursor:
            return relation(cursor, space, name)

    def change(self, change: AdmittedChange, rows: Iterable[ParameterRow]) -> int | None:
        """Run a statement once for each row of values; the rows changed in all."""
        text = to_duckdb_change(change, key=self._key(change))
        if change.kind is ChangeKind.CREATE_TABLE and not change.expression.args.get("if_missing"):
            self._require_free(*change.target)
        self._target = None
        self._has_defined |= change.kind.is_definition
        count = 0
        first = 1
        bulk = self._bulk(change)
        for chunk in chunks(rows):
            batch = as_batch(bulk.columns, chunk) if bulk and len(chunk) > FEW_ROWS else None
            if bulk is not None and batch is not None:
                count += self._inserted(bulk.target, Incoming(bulk.columns, batch), first)
            else:
                count += self._bound(change, text, chunk, first)
            first += len(chunk)
        return None if change.kind.is_definition else count

    def create_table(self, space: str, name: str, columns: Sequence[Column]) -> None:
        """Make a table with these columns, in order."""
        create = duckdb_create_table(space, name, columns)
        _require_distinct(columns)
        with self._session.using("The catalogue") as cursor:
            if not has_space(cursor, space):
                raise UnknownSpace(f"There is no space {space!r:.100} to make a table in.")
        self._require_free(space, name)
        self._define(create.text)

    def drop_table(self, space: str, name: str) -> None:
        """Drop a table."""
        self._require_table(space, name)
        self._define(drop_table(space, name).text)

    def insert(self, space: str, name: str, batch: pa.RecordBatch) -> int:
        """Insert rows; columns are found by name."""
        target = self._found(space, name)
        return self._inserted(target, fitted(batch, target), 1)

    def upsert(self, space: str, name: str, keys: Sequence[str], batch: pa.RecordBatch) -> int:
        """Set the rows whose primary key is there, and insert the others."""
        target = self._found(space, name)
        key = key_of(target, keys, batch.schema.names)
        rows = fitted(batch, target)
        last = Incoming(rows.columns, last_of_each(rows.batch, key))
        self._stored(
            target, last, duckdb_upsert_from(space, name, rows.columns, _SOURCE, key), rows.batch, 1
        )
        return batch.num_rows

    def open_query(
        self, query: AdmittedQuery, parameters: ParameterRow, batch_bytes: int
    ) -> "TransactionStream":
        """A stream over the rows of a query as this transaction sees them."""
        select = Statement(to_duckdb(query), tuple(parameters))
        with self._session.using("The query") as cursor:
            schema = self._describe(cursor, select)
        reading = Reading(
            statement=select,
            schema=schema,
            batch_bytes=batch_bytes,
            subject="The query",
            caller_sql=True,
        )
        stream = DuckDbStream(self._cursor, reading, in_transaction=True)
        self._session.open_stream(stream)
        return TransactionStream(stream, self._session)

    def commit(self) -> None:
        """Keep what was done."""
        self._session.commit()
        if self._has_defined:
            self._catalogue.forget()

    def rollback(self) -> None:
        """Undo what was done; does nothing where the database did so already."""
        self._session.end(UnknownTransaction("The transaction was rolled back; begin a new one."))

    def cancel(self) -> None:
        """Stop what another thread runs here, and roll back."""
        self.end(Cancelled("The transaction was cancelled; nothing of it was kept."))

    def end(self, reason: Error) -> None:
        """As ``cancel``, with the error that everything raises from now on; the first one stays."""
        self._session.end(reason)

    def close(self) -> None:
        """Roll back what is open and release the cursor."""
        self._closed = True
        self._session.close()

    def __del__(self) -> None:
        if not self._closed:
            warnings.warn(f"{self!r} was not closed.", ResourceWarning, source=self, stacklevel=2)

    def _key(self, change: AdmittedChange) -> list[str] | None:
        """The primary key of the target, for an UPSERT."""
        if change.kind is not ChangeKind.UPSERT:
            return None
        target = self.table(*change.target)
        return [column.name for column in target.columns if column.key] if target else None

    def _bulk(self, change: AdmittedChange) -> "_Bulk | None":
        target = self.table(*change.target) if change.kind is ChangeKind.INSERT else None
        columns = inserted_columns(change, target) if target else None
        return _Bulk(target, tuple(columns)) if target and columns else None

    def _inserted(self, target: Entity, rows: Incoming, first: int) -> int:
        """Insert a batch whose first row has this number."""
        insert = duckdb_insert_from(target.space, target.name, rows.columns, _SOURCE)
        self._stored(target, rows, insert, rows.batch, first)
        return rows.batch.num_rows

    def _stored(
        self,
        target: Entity,
        rows: Incoming,
        statement: Statement,
        given: pa.RecordBatch,
        first: int,
    ) -> None:
        """Run a statement over the view of rows; ``given`` are those that errors count."""
        try:
            with self._session.using("The insert") as cursor:
                cursor.register(_SOURCE, rows.batch)
                cursor.execute(statement.text)
                cursor.unregister(_SOURCE)
        except DataError as error:
            raise _located(error, given, target, first) from error.__cause__

    def _bound(
        self, change: AdmittedChange, text: str, rows: Sequence[ParameterRow], first: int
    ) -> int:
        """Run a statement for each row, of which the first has this number."""
        count = 0
        for number, row in enumerate(rows, first):
            try:
                count += self._changed(text, row, change.parameter_count, number)
            except DataError as error:
                if change.parameter_count:
                    error.details = {**error.details, "row": number}
                raise
        return count

    def _changed(self, text: str, row: ParameterRow, wanted: int, number: int) -> int:
        if len(row) != wanted:
            raise InvalidParameter(
                f"The statement has {wanted} markers, and row {number} has {len(row)} values; give "
                "one for each."
            )
        subject = f"Row {number} of the values" if wanted else "The change"
        with self._session.using(subject) as cursor:
            cursor.execute(text, bindable(row))
            counts = cast("list[tuple[int]]", cursor.fetchall())
        return sum(changed for (changed,) in counts)  # a definition gives no row

    def _define(self, text: str) -> None:
        self._target = None
        with self._session.using("The change") as cursor:
            cursor.execute(text)
        self._has_defined = True

    def _require_free(self, space: str, name: str) -> None:
        with self._session.using("The catalogue") as cursor:
            taken = taken_by(cursor, space, name)
        if taken is not None:
            raise TableExists(
                f"There is a table or view {taken!r} in space {space!r} already; choose another "
                "name, or append to it.",
                space=space,
                entity=taken,
            )

    def _found(self, space: str, name: str) -> Entity:
        target = self._target
        if target is None or (target.space, target.name) != (space, name):
            target = self._target = self._require_table(space, name)
        return target

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


class TransactionStream:
    """A ``BatchStream`` over a query inside a transaction, whose session it keeps busy."""

    def __init__(self, stream: DuckDbStream, session: Session) -> None:
        self._stream = stream
        self._session = session

    @property
    def schema(self) -> pa.Schema:
        """Schema of every batch."""
        return self._stream.schema

    @property
    def may_block(self) -> bool:
        """DuckDB computes while it is read."""
        return True

    def read(self) -> pa.RecordBatch | None:
        """The next batch, or None at the end."""
        return self._session.read_stream(self._stream)

    def cancel(self) -> None:
        """Stop the statement, and with it the transaction."""
        self._session.end(Cancelled("The read was cancelled, and its transaction rolled back."))

    def close(self) -> None:
        """Give the session back."""
        self._session.close_stream(self._stream)


def _located(error: DataError, batch: pa.RecordBatch, target: Entity, first: int) -> Error:
    """An error about a batch, with the row and the column that it means where they show."""
    cause = error.__cause__
    if not isinstance(cause, duckdb.Error):
        return error
    column = error.details.get("column")
    if isinstance(column, str):
        at = null_at(batch, column)
    else:
        keys = [column.name for column in target.columns if column.key]
        at = duplicate_at(str(cause), batch, keys)
        column = keys[0] if len(keys) == 1 and at is not None else None
    row = None if at is None else first + at - 1
    located = written(cause, "The insert" if row is None else f"Row {row}")
    facts = {"row": row, "column": column}
    located.details = {key: fact for key, fact in facts.items() if fact is not None}
    return located


def _require_distinct(columns: Sequence[Column]) -> None:
    seen: dict[str, str] = {}
    for column in columns:
        twin = seen.setdefault(column.name.lower(), column.name)
        if twin != column.name:
            raise InvalidRequest(
                f"Columns {twin!r:.100} and {column.name!r:.100} differ in case only, which DuckDB "
                "does not tell apart; rename one.",
                column=column.name,
            )
