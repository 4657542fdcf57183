"""The record batches of one DuckDB statement: lazily, in bytes, stoppable; does not write SQL.

``sql().to_arrow_reader`` streams where ``execute().to_arrow_reader`` would hold the whole result.
A stream has a cursor of its own, because a second statement on it would end the first.
"""

import threading
import warnings
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Final, cast

import duckdb
import pyarrow as pa

from flight_client.protocol.errors import Cancelled, DataError, Error
from flight_server.backends.duckdb.errors import translated
from flight_server.backends.duckdb.values import bindable
from flight_server.backends.sizing import assumed_width, rows_to_ask, sized, width_varies
from flight_server.sql.statement import Statement

_INTERRUPTS: Final = 10
_INTERRUPT_PAUSE_S: Final = 0.02
"""DuckDB forgets an interrupt that comes just before a statement starts, so ``cancel`` repeats it
until the reader has noticed. It is deaf while it binds a statement; the reader itself looks then,
and between batches, whether it is still wanted, so that nobody has to wait for it here."""

_UNSEEN_ROWS: Final = 2048
"""Rows to ask for at once where only running the statement would tell how wide they are: one vector
of DuckDB, which it computes for a single row too. 12,288 rows of 100 kB would be 1.2 GB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a stream reads.

    Attributes:
        statement: One SELECT.
        schema: Promised to the caller; DuckDB's columns are taken by position.
        batch_bytes: Wanted size of batches.
        subject: Name of what is read, for messages.
        caller_sql: Whether the caller wrote the SQL.
        peek: A SELECT of a few rows of the same columns, cheap whatever the statement costs, that
            tells how wide rows are; None to go by the schema.
    """

    statement: Statement
    schema: pa.Schema
    batch_bytes: int
    subject: str
    caller_sql: bool
    peek: Statement | None = None


class DuckDbStream:
    """A ``BatchStream`` over a cursor."""

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        reading: Reading,
        *,
        in_transaction: bool = False,
    ) -> None:
        """Read on a cursor.

        Args:
            cursor: Of this stream alone, which closes it.
            reading: What to read.
            in_transaction: The cursor is somebody else's instead, who began a transaction on it;
                nobody else may use it until the stream has come to its end or is closed.
        """
        self._cursor = cursor
        self._in_transaction = in_transaction
        self._reading = reading
        self._batches = self._run()
        self._idle = threading.Event()
        self._idle.set()
        self._ended: Error | None = None
        self._closed = False

    @property
    def schema(self) -> pa.Schema:
        """Schema of every batch."""
        return self._reading.schema

    @property
    def may_block(self) -> bool:
        """DuckDB computes while it is read."""
        return True

    def read(self) -> pa.RecordBatch | None:
        """The next batch, or None at the end; the first call starts the statement."""
        self._idle.clear()  # before the look at _ended: cancel sets that one first, then looks here
        try:
            self._raise_if_ended()
            return next(self._batches, None)
        except Error as error:
            self._ended = self._ended or error
            raise self._ended from error.__cause__
        except (duckdb.Error, OSError, pa.ArrowException) as error:
            reading = self._reading
            self._ended = self._ended or translated(
                error, reading=reading.subject, caller_sql=reading.caller_sql
            )
            raise self._ended from error
        finally:
            self._idle.set()

    def cancel(self) -> None:
        """Stop the statement; also one that has not started or waits between batches."""
        self.end(Cancelled("The read was cancelled."))

    def end(self, reason: Error) -> None:
        """As ``cancel``, with the error that ``read`` raises from now on; the first one stays."""
        self._ended = self._ended or reason
        for _ in range(_INTERRUPTS):
            if self._idle.wait(_INTERRUPT_PAUSE_S):
                return
            try:
                self._cursor.interrupt()
            except duckdb.ConnectionException:  # the reader has come to its end and closed
                return

    def close(self) -> None:
        """End the statement and its transaction, and release the cursor."""
        if self._closed:
            return
        self._closed = True
        self._ended = self._ended or Cancelled("The stream is closed.")
        self._batches.close()
        if not self._in_transaction:
            self._cursor.close()

    def __del__(self) -> None:
        if not self._closed:
            warnings.warn(f"{self!r} was not closed.", ResourceWarning, source=self, stacklevel=2)

    def _run(self) -> Generator[pa.RecordBatch]:
        statement = self._reading.statement
        if not self._in_transaction:
            self._cursor.execute("BEGIN TRANSACTION READ ONLY")
        self._raise_if_ended()
        rows = self._rows_to_ask()
        self._raise_if_ended()
        relation = self._cursor.sql(statement.text, params=bindable(statement.values))
        self._raise_if_ended()
        with cast("pa.RecordBatchReader", relation.to_arrow_reader(rows)) as reader:
            yield from map(self._dressed, sized(self._wanted(reader), self._reading.batch_bytes))

    def _wanted(self, batches: pa.RecordBatchReader) -> Generator[pa.RecordBatch]:
        self._raise_if_ended()
        for batch in batches:
            self._raise_if_ended()
            yield batch

    def _raise_if_ended(self) -> None:
        if self._ended is not None:
            raise self._ended

    def _rows_to_ask(self) -> int:
        target = self._reading.batch_bytes
        peek = self._reading.peek
        if peek is not None:
            relation = self._cursor.sql(peek.text, params=bindable(peek.values))
            seen = cast("pa.Table", relation.to_arrow_table())
            if seen.num_rows:
                return rows_to_ask(seen.nbytes / seen.num_rows, target)
        rows = rows_to_ask(assumed_width(self.schema), target)
        return min(rows, _UNSEEN_ROWS) if width_varies(self.schema) else rows

    def _dressed(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """A batch in the promised schema, without a copy where DuckDB's type is the same."""
        fields: list[pa.Field[Any]] = list(self.schema)
        columns = cast("list[pa.Array[Any]]", batch.columns)
        arrays = [_cast(column, field) for column, field in zip(columns, fields, strict=True)]
        return pa.record_batch(arrays, schema=self.schema)


def _cast(column: "pa.Array[Any]", field: "pa.Field[Any]") -> "pa.Array[Any]":
    if column.type == field.type:
        return column
    try:
        return column.cast(field.type, safe=True)
    except pa.ArrowInvalid as error:
        raise DataError(
            f"Column {field.name!r} has a value that {field.type} cannot hold exactly "
            f"({error!s:.120}); round it in a view.",
            column=field.name,
        ) from error
