"""One connection to HANA and what a reader does with it; knows no control pipe and no thread."""

import os
import re
import resource
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Protocol, cast

import pyarrow as pa

from flight_client.protocol.errors import InternalError
from flight_server.backends.hana.errors import CANCELLED, is_lost
from flight_server.backends.hana.messages import (
    Begin,
    Change,
    Changed,
    Connect,
    Connected,
    Described,
    End,
    Finished,
    Insert,
    Run,
)
from flight_server.backends.hana.reader.changes import Changes
from flight_server.backends.hana.reader.columns import RowConverter
from flight_server.backends.hana.reader.described import (
    check,
    described,
    lobs_of,
    may_be_lob,
    parameters,
)
from flight_server.backends.hana.reader.driver import Connection, Cursor, DatabaseError
from flight_server.backends.hana.reader.rows import batches, fetch_of

_EMPTY: Final = 'SELECT * FROM ({}) AS "described" WHERE 1 = 0'
_PLACE: Final = re.compile(r"(?<=line 1 col )\d{1,9}|(?<=\(at pos )\d{1,9}")
"""Where HANA's words say that something stands: "line 1 col 10 (at pos 10)"."""


class Flag(Protocol):
    """Something that another thread may have said meanwhile."""

    def is_set(self) -> bool:
        """Whether it did."""
        ...


class Task(Protocol):
    """Whether the answer is still waited for."""

    @property
    def cancelled(self) -> Flag:
        """Nothing of it is."""
        ...

    @property
    def enough(self) -> Flag:
        """No more rows are."""
        ...


class BatchPipe:
    """The pipe for record batches; one IPC stream for each statement."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @contextmanager
    def stream(self, schema: pa.Schema) -> Generator[pa.RecordBatchStreamWriter]:
        """A stream that ends with its end-of-stream mark, whatever happens in the block."""
        with pa.ipc.new_stream(pa.PythonFile(cast("Any", self), "w"), schema) as writer:
            yield writer

    @property
    def closed(self) -> bool:
        """Asked by Arrow."""
        return False

    def write(self, data: "bytes | pa.Buffer") -> int:
        """Write all of it, without the GIL and without a copy.

        Raises:
            BrokenPipeError: The server has gone.
        """
        left = memoryview(cast("Any", data))
        size = len(left)
        while left:
            left = left[os.write(self._descriptor, left) :]
        return size

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        """Nothing: the pipe serves many streams."""


class Session:
    """What requests are answered with. One thread uses it, but ``cancel`` is for another."""

    def __init__(self, pipe: BatchPipe) -> None:
        self._pipe = pipe
        self._connection: Connection | None = None
        self._changes: Changes | None = None

    def connect(self, request: Connect) -> Connected:
        """Connect, after closing what there is.

        Raises:
            DriverMissing: hdbcli is not installed.
            DatabaseError: HANA refuses, or is not there.
        """
        self.disconnect()
        connection = Connection(request.options)
        if request.writes:
            connection.begin()
        refused: list[str] = []
        for statement in request.statements:
            try:
                _execute(connection, statement)
            except DatabaseError as error:
                if is_lost(error.code, error.text):
                    connection.close()
                    raise
                refused.append(f"{statement}: {error.text}")
        self._connection = connection
        self._changes = Changes(connection) if request.writes else None
        return Connected(tuple(refused), resident_bytes())

    def ping(self) -> Connected:
        """Make a round trip.

        Raises:
            DatabaseError: The connection is lost.
        """
        self._connected().ping()
        return Connected(resident_bytes=resident_bytes())

    def describe(self, sql: str) -> Described:
        """The columns of a query.

        hdbcli describes nothing that was only prepared, so the query is run as a derived table of
        which no row is wanted, with NULL for its markers.

        Raises:
            DatabaseError: HANA does not take it. Also where two of its columns have one name, which
                a derived table cannot have (unverified on a live HANA).
            UnsupportedType: A column has a type that is not known.
        """
        cursor = self._connected().cursor()
        try:
            description, markers = cursor.execute_with_nulls(_EMPTY.format(sql))
            return Described(described(description), parameters(markers))
        except DatabaseError as error:
            raise DatabaseError(error.code, _PLACE.sub(_in_the_query, error.text)) from None
        finally:
            cursor.close()

    def prepare(self, sql: str) -> Described:
        """What the markers of a change stand for; only on a connection that was opened to write.

        Raises:
            DatabaseError: HANA does not take it.
        """
        changes, cursor = self._writing(), self._connected().cursor()
        try:
            return Described((), parameters(cursor.prepare(sql)))
        finally:
            cursor.close()
            with suppress(DatabaseError):  # of a connection that is lost, which is known by then
                changes.end(keep=False)

    def begin(self, request: Begin) -> Connected:
        """Begin a transaction.

        Raises:
            DatabaseError: The connection is lost.
        """
        self._writing().begin(request.client_info)
        return Connected(resident_bytes=resident_bytes())

    def change(self, request: Change | Insert) -> Changed:
        """Make a change in the transaction.

        Raises:
            DatabaseError: HANA refused it; with the row where it tells.
            Error: A value does not fit.
        """
        changes = self._writing()
        if isinstance(request, Change):
            return Changed(changes.change(request), resident_bytes())
        return Changed(changes.insert(request), resident_bytes())

    def end(self, request: End) -> Connected:
        """End the transaction.

        Raises:
            DatabaseError: Nothing was kept; nobody knows where the connection was lost meanwhile.
        """
        self._writing().end(keep=request.keep)
        return Connected(resident_bytes=resident_bytes())

    def run(self, request: Run, task: Task, running: Callable[[], None]) -> Finished:
        """Run a statement and write its rows.

        Args:
            request: The statement.
            task: Looked at between batches; ``cancel`` ends what takes longer.
            running: Called when the statement has run and before the first byte is written.

        Raises:
            DatabaseError: HANA said so, or 139 where it was cancelled.
            Error: A value does not fit, a LOB is too large, or the columns are others by now.
            BrokenPipeError: The server has gone.
        """
        converter = RowConverter(request.columns)
        connection = self._connected()
        in_transaction = self._changes is not None
        with _prepared(connection, request, in_transaction=in_transaction) as cursor:
            _check(task)
            description = cursor.execute(request.sql, request.values)
            check(request.columns, description)
            fetch = fetch_of(cursor, request.columns, lobs_of(description), request.lob_bytes)
            running()
            rows = 0
            with self._pipe.stream(converter.schema) as writer:
                _check(task)
                found = batches(fetch, converter, request.columns, request.batch_bytes)
                for batch in found:
                    cast("Any", writer).write_batch(batch)
                    rows += batch.num_rows
                    _check(task)
                    if task.enough.is_set():
                        break
        return Finished(rows, resident_bytes(), dict(converter.replaced))

    def cancel(self) -> bool:
        """End what another thread runs; whether anything ran at this moment.

        Raises:
            DatabaseError: HANA was not reached, or refuses.
        """
        connection = self._connection
        return connection is not None and connection.cancel()

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection, as far as the driver knows."""
        return self._connection is not None and self._connection.is_connected

    def disconnect(self) -> None:
        """Close the connection if there is one."""
        connection, self._connection, self._changes = self._connection, None, None
        if connection is not None:
            connection.close()

    def _connected(self) -> Connection:
        if self._connection is None:
            raise InternalError("The reader process has no connection; connect first.")
        return self._connection

    def _writing(self) -> Changes:
        if self._changes is None:
            raise InternalError("The reader process has no connection to write; connect first.")
        return self._changes


@contextmanager
def _prepared(connection: Connection, request: Run, *, in_transaction: bool) -> Generator[Cursor]:
    """A cursor for one statement; what was set for it is taken back."""
    streams_lobs = not in_transaction and any(map(may_be_lob, request.columns))
    cursor = connection.cursor()
    try:
        for name, value in request.client_info.items():
            connection.set_client_info(name, value)
        cursor.limit(timeout_s=request.timeout_s, fetch_rows=request.fetch_rows)
        if streams_lobs:
            connection.begin()
        yield cursor
    finally:
        cursor.close()
        with suppress(DatabaseError):  # of a connection that is lost, which is known by then
            if streams_lobs:
                connection.end()
            for name in request.client_info:
                connection.set_client_info(name, None)


def _in_the_query(place: re.Match[str]) -> str:
    """A place in the text of ``_EMPTY`` as one in the query that was put there."""
    return str(max(1, int(place[0]) - _EMPTY.index("{")))


def _execute(connection: Connection, statement: str) -> None:
    cursor = connection.cursor()
    try:
        cursor.execute(statement)
    finally:
        cursor.close()


def _check(task: Task) -> None:
    if task.cancelled.is_set():
        raise DatabaseError(CANCELLED, "the statement was cancelled")


def resident_bytes() -> int:
    """Memory of this process that is in RAM; where no one says, the most that it ever was."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
