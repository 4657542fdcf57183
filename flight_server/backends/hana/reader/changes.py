"""What a connection that was opened to write runs: rows of values, and when they are kept.

There is no statement that begins a transaction: the first one after an end does. Knows no pipe.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress

import pyarrow as pa

from flight_client.protocol.errors import Error
from flight_client.protocol.literals import LiteralValue
from flight_server.backends.hana.messages import Change, Insert
from flight_server.backends.hana.reader.binding import Marker, bindable
from flight_server.backends.hana.reader.driver import Connection, Cursor, DatabaseError
from flight_server.backends.hana.reader.incoming import rows_of


class Changes:
    """The changes of one connection, which is not in autocommit."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._names: tuple[str, ...] = ()
        self._cursor: Cursor | None = None
        self._prepared = ""
        self._markers: Sequence[Marker] = ()

    def begin(self, client_info: Mapping[str, str]) -> None:
        """Set session variables until the end.

        Raises:
            DatabaseError: The connection is lost.
        """
        self._names = tuple(client_info)
        for name, value in client_info.items():
            self._connection.set_client_info(name, value)

    def change(self, request: Change) -> int | None:
        """Run a statement for each row of values; how many rows it changed.

        Raises:
            DatabaseError: HANA refused it, or a row of values.
            InvalidParameter: A value does not fit its marker; with its ``row`` in the details.
        """
        cursor = self._for(request.sql, request.timeout_s, prepare=any(request.rows))
        if self._markers:
            rows = _bound(request.rows, self._markers, request.first_row)
            return cursor.execute_rows(request.sql, rows, request.first_row)
        changed = 0
        for _ in request.rows:
            cursor.execute(request.sql)
            changed += cursor.changed
        return changed

    def insert(self, request: Insert) -> int | None:
        """Run a statement for each row of a record batch; how many rows it changed.

        Raises:
            DatabaseError: HANA refused it, or a row.
            DataError: A value has no counterpart in HANA.
        """
        batch = pa.ipc.open_stream(request.batch).read_next_batch()
        cursor = self._for(request.sql, request.timeout_s, prepare=False)
        return cursor.execute_rows(
            request.sql, rows_of(batch, request.first_row), request.first_row
        )

    def end(self, *, keep: bool) -> None:
        """Commit or roll back; what cannot be committed is rolled back.

        Raises:
            DatabaseError: Nothing was kept; nobody knows where the connection was lost meanwhile.
        """
        self.release()
        names, self._names = self._names, ()
        for name in names:
            self._connection.set_client_info(name, None)
        if not keep:
            self._connection.roll_back()
            return
        try:
            self._connection.commit()
        except DatabaseError:
            with suppress(DatabaseError):
                self._connection.roll_back()
            raise

    def release(self) -> None:
        """Close what is prepared."""
        cursor, self._cursor = self._cursor, None
        self._prepared = ""
        if cursor is not None:
            cursor.close()

    def _for(self, sql: str, timeout_s: int, *, prepare: bool) -> Cursor:
        """The cursor of the last request, where this one goes on with the same statement."""
        if self._cursor is not None and self._prepared == sql:
            return self._cursor
        self.release()
        self._cursor = cursor = self._connection.cursor()
        cursor.limit(timeout_s=timeout_s, fetch_rows=0)
        self._markers = cursor.prepare(sql) if prepare else ()
        self._prepared = sql
        return cursor


def _bound(
    rows: Sequence[Sequence[LiteralValue | None]], markers: Sequence[Marker], first_row: int
) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    for number, row in enumerate(rows, first_row):
        try:
            found.append(bindable(row, markers))
        except Error as error:
            error.details = {**error.details, "row": number}
            raise
    return found
