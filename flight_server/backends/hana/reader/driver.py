"""hdbcli with types, and its errors in one shape; the one module that imports it.

What is said here of hdbcli was tried with 2.30.27 against the emulator, and not with a live HANA.
It releases the GIL while it waits in ``execute``, ``executemany``, ``fetchmany``, ``commit``,
``rollback`` and ``LOB.read``, and
holds it in ``ping``, where ``fetchmany`` reads LOBs to their end, and where a cursor with a
prepared statement is freed. Never show a raw connection: its ``repr`` has the password.
"""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeAlias, cast

from flight_client.protocol.literals import LiteralValue
from flight_server.backends.hana.reader.binding import Marker, bindable

Row: TypeAlias = Sequence[object]
Description: TypeAlias = Sequence[tuple[str, int, int, int, int, int, bool]]
"""For each column: name, type code, two sizes, precision, scale, whether it may be NULL."""


class DriverMissing(Exception):
    """hdbcli is not installed."""


class DatabaseError(Exception):
    """What HANA or hdbcli said.

    Attributes:
        code: HANA's number, the driver's (negative), or 0 from its Python layer.
        text: Its words; they may hold values of a caller.
        row: Of several rows of values, the number of the one that failed, from 1.
    """

    def __init__(self, code: int, text: str, row: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.text = text
        self.row = row


class Lob(Protocol):
    """A LOB of the row that ``Cursor.fetch_with_lobs`` returned last; ``read_lob`` reads it."""

    def read(self, size: int, /) -> str | memoryview | None:
        """The next UTF-16 units or bytes; None at the end."""
        ...


class _Error(Protocol):
    """An ``hdbcli.dbapi.Error``. Its class says little: only number and words are looked at."""

    errorcode: int
    errortext: str


class _RowError(_Error, Protocol):
    """One of the ``errors`` of an ``ExecuteManyError``."""

    rownumber: int


class _RawCursor(Protocol):
    description: Description | None
    rowcount: int

    def prepare(self, sql: str, /) -> object: ...
    def parameter_description(self) -> Sequence[Marker] | None: ...
    def executeprepared(self, values: Sequence[object], /) -> object: ...
    def execute(self, sql: str, /) -> object: ...
    def executemany(
        self, sql: str, rows: Sequence[Sequence[object]], *, batcherrors: bool
    ) -> object: ...
    def getrowsaffectedcounts(self) -> Sequence[int] | None: ...
    def fetchmany(self, rows: int, /) -> Sequence[Row]: ...
    def fetchone(self, uselob: bool, /) -> Row | None: ...  # noqa: FBT001 - as hdbcli has it
    def setfetchsize(self, rows: int, /) -> None: ...
    def setquerytimeout(self, seconds: int, /) -> None: ...
    def close(self) -> None: ...


class _RawConnection(Protocol):
    def cursor(self) -> _RawCursor: ...
    def cancel(self) -> object: ...
    def close(self) -> None: ...
    def commit(self) -> None: ...
    def rollback(self) -> None: ...
    def setautocommit(self, on: bool, /) -> None: ...  # noqa: FBT001 - as hdbcli has it
    def setclientinfo(self, name: str, value: str | None, /) -> None: ...
    def isconnected(self) -> bool: ...


class _Module(Protocol):
    Error: type[Exception]

    def connect(self, **options: str | int | bool) -> _RawConnection: ...


try:
    from hdbcli import dbapi as _imported  # pyright: ignore[reportMissingTypeStubs]
except ImportError:
    _dbapi = None
else:
    _dbapi = cast("_Module", _imported)


class Cursor:
    """One statement; its user closes it."""

    def __init__(self, raw: _RawCursor) -> None:
        self._raw = raw

    def limit(self, *, timeout_s: int, fetch_rows: int) -> None:
        """Bound statement and round trips; 0 leaves the driver's way.

        That the unit of the driver's query timeout is a second is unverified.
        """
        with _translating():
            if timeout_s:
                self._raw.setquerytimeout(timeout_s)
            if fetch_rows:
                self._raw.setfetchsize(fetch_rows)

    def execute(self, sql: str, values: Sequence[LiteralValue | None] = ()) -> Description:
        """Run a statement and say which columns it returns; empty where it returns no rows.

        Raises:
            DatabaseError: HANA refused it.
            InvalidParameter: A value does not fit the type of its marker.
        """
        with _translating():
            if values:
                self._raw.prepare(sql)
                markers = self._raw.parameter_description() or ()
                self._raw.executeprepared(bindable(values, markers))
            else:
                self._raw.execute(sql)
            return self._raw.description or ()

    def prepare(self, sql: str) -> Sequence[Marker]:
        """Prepare a statement and say what its markers stand for; nothing runs.

        Raises:
            DatabaseError: HANA refused it.
        """
        with _translating():
            self._raw.prepare(sql)
            return self._raw.parameter_description() or ()

    def execute_with_nulls(self, sql: str) -> tuple[Description, Sequence[Marker]]:
        """``execute`` with NULL for every marker; preparing alone describes no column in hdbcli.

        Raises:
            DatabaseError: HANA refused it.
        """
        markers = self.prepare(sql)
        with _translating():
            self._raw.executeprepared((None,) * len(markers))
            return self._raw.description or (), markers

    def execute_rows(
        self, sql: str, rows: Sequence[Sequence[object]], first_row: int = 1
    ) -> int | None:
        """Run a statement once for each row of values, as an array, in as many packets as needed.

        hdbcli tells which row failed if it may go on after it (``batcherrors``): rows behind it
        have been run by then too. What was prepared of the same text is used.

        Args:
            sql: With markers.
            rows: As ``binding`` or ``incoming`` make them, at least one.
            first_row: The number of the first of them.

        Returns:
            The number of rows changed, in all; None where HANA does not say.

        Raises:
            DatabaseError: HANA refused the statement or, with its number, a row.
        """
        with _translating(first_row):
            self._raw.executemany(sql, rows, batcherrors=True)
            counts = self._raw.getrowsaffectedcounts() or ()
        return None if not counts or min(counts) < 0 else sum(counts)

    @property
    def changed(self) -> int:
        """The number of rows that the last ``execute`` changed."""
        return max(0, self._raw.rowcount)

    def fetch(self, rows: int) -> Sequence[Row]:
        """The next rows; none at the end. LOBs are in them whole.

        Raises:
            DatabaseError: Also where the driver cannot make a Python value.
        """
        with _translating():
            return self._raw.fetchmany(rows)

    def fetch_with_lobs(self) -> Row | None:
        """The next row, with a ``Lob`` for each LOB that is not NULL; None at the end.

        Raises:
            DatabaseError: Also where the driver cannot make a Python value.
        """
        with _translating():
            return self._raw.fetchone(True)

    def close(self) -> None:
        """Close the result set, where there still is a connection."""
        try:
            with _translating():
                self._raw.close()
        except DatabaseError:
            return


class Connection:
    """A connection to HANA. One thread uses it, but ``cancel`` is for another."""

    def __init__(self, options: Mapping[str, str | int | bool]) -> None:
        """Connect.

        Args:
            options: Keywords of ``dbapi.connect``. hdbcli ignores those that it does not know, so
                they have been checked.

        Raises:
            DriverMissing: hdbcli is not installed.
            DatabaseError: HANA refuses, or is not there.
        """
        if _dbapi is None:
            raise DriverMissing
        # lists of floats would be made otherwise, one object for each element
        ours: dict[str, str | int | bool] = {"vectoroutputtype": "memoryview"}
        with _translating():
            self._raw = _dbapi.connect(**{**options, **ours})

    def cursor(self) -> Cursor:
        """A cursor over this connection.

        Raises:
            DatabaseError: The connection is lost.
        """
        with _translating():
            return Cursor(self._raw.cursor())

    def cancel(self) -> bool:
        """End what another thread runs here, which then fails with 139.

        hdbcli asks HANA for it on a connection that it opens for that.

        Returns:
            Whether HANA was asked; it is not where nothing runs at this moment.

        Raises:
            DatabaseError: HANA was not reached, or refuses.
        """
        with _translating():
            return bool(self._raw.cancel())

    def ping(self) -> None:
        """Make a round trip, as ``dbapi.Connection.ping`` does, but without holding the GIL.

        Raises:
            DatabaseError: The connection is lost.
        """
        cursor = self.cursor()
        try:
            cursor.execute("SELECT 'ping' FROM DUMMY WHERE 1 = 0")
        finally:
            cursor.close()

    def set_client_info(self, name: str, value: str | None) -> None:
        """A session variable that goes with the next statement; None takes it back.

        Raises:
            DatabaseError: The connection is lost.
        """
        with _translating():
            self._raw.setclientinfo(name, value)

    def begin(self) -> None:
        """Leave autocommit, where HANA streams no LOBs (error 596)."""
        with _translating():
            self._raw.setautocommit(False)

    def commit(self) -> None:
        """Keep what was done; the next statement begins another transaction.

        Raises:
            DatabaseError: Nothing was kept; nobody knows where the connection was lost.
        """
        with _translating():
            self._raw.commit()

    def roll_back(self) -> None:
        """Undo what was done; the next statement begins another transaction.

        Raises:
            DatabaseError: The connection is lost, and HANA undoes it.
        """
        with _translating():
            self._raw.rollback()

    def end(self) -> None:
        """Roll back and return to autocommit."""
        with _translating():
            self._raw.rollback()
            self._raw.setautocommit(True)

    @property
    def is_connected(self) -> bool:
        """Whether the driver knows of no loss; asks nobody."""
        return self._raw.isconnected()

    def close(self) -> None:
        """Disconnect, if that is still possible."""
        try:
            with _translating():
                self._raw.close()
        except DatabaseError:
            return


def read_lob(lob: Lob, size: int) -> str | memoryview | None:
    """The start of a LOB, up to so many UTF-16 units or bytes; None for an empty one.

    Text with half of a surrogate pair comes as the bytes of its UTF-16, as from other columns.

    Raises:
        DatabaseError: HANA or the driver fails.
    """
    with _translating():
        try:
            return lob.read(size)
        except UnicodeDecodeError as error:  # it holds all that was read
            return memoryview(error.object)


@contextmanager
def _translating(first_row: int = 1) -> Generator[None]:
    try:
        yield
    except Exception as error:
        if _dbapi is None or not isinstance(error, _dbapi.Error):
            raise
        of_rows = cast("Sequence[_RowError]", getattr(error, "errors", None) or ())
        if of_rows:  # an ExecuteManyError, which itself says nothing
            first = min(of_rows, key=lambda each: each.rownumber)
            row = first.rownumber - 1 + first_row
            raise DatabaseError(first.errorcode, first.errortext, row) from None
        said = cast("_Error", cast("Any", error))
        raise DatabaseError(said.errorcode, said.errortext) from None
