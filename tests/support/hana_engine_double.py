"""A database behind the emulator's wire that is given as tables and knows four statements.

``SELECT * FROM T`` (also with ``WHERE C = ?``, which compares the first column), ``INSERT INTO T
VALUES (?, ...)``, ``DELETE FROM T``, and ``BLOCK``, which runs until it is cancelled. Anything else
is error 257, an unknown table 259.
"""

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from tests.hana_emulator.values import (
    DeclaredType,
    FunctionCode,
    HanaError,
    Marker,
    ResultColumn,
    Row,
)

USER, PASSWORD = "READER", "Sesame-open-1"

_SELECT = re.compile(
    r'\s*SELECT\s+\*\s+FROM\s+"?(\w+)"?(\s+WHERE\s+\w+\s*=\s*\?)?\s*', re.IGNORECASE
)
_INSERT = re.compile(r'\s*INSERT\s+INTO\s+"?(\w+)"?\s+VALUES\s*\([?,\s]*\)\s*', re.IGNORECASE)
_NO_ROWS = re.compile(r'\s*SELECT \* FROM \((.*)\) AS "\w+" WHERE 1 = 0\s*', re.DOTALL)
_DELETE = re.compile(r'\s*DELETE\s+FROM\s+"?(\w+)"?\s*', re.IGNORECASE)


@dataclass(slots=True)
class Table:
    """Columns, rows, and what a new row must satisfy.

    Attributes:
        rows: A list, or a function that starts an iterator of rows.
        check: Raises HanaError for a row that is refused.
    """

    columns: tuple[ResultColumn, ...]
    rows: list[Row] | Callable[[], Iterable[Row]] = field(default_factory=list)
    check: Callable[[Row], None] | None = None


@dataclass(frozen=True, slots=True)
class PreparedDouble:
    """See ``values.Prepared``."""

    function: FunctionCode
    table: Table | None = None
    columns: tuple[ResultColumn, ...] = ()
    markers: tuple[Marker, ...] = ()
    blocks: bool = False


class CursorDouble:
    """Rows of an iterator until it is cancelled."""

    def __init__(self, rows: Iterator[Row], session: "SessionDouble") -> None:
        self._rows = rows
        self._session = session
        session.open_cursors += 1
        self._open = True

    def fetch(self, rows: int) -> list[Row]:
        self._session.check_cancelled()
        taken: list[Row] = []
        for row in islice(self._rows, rows):
            if row is PAUSE:
                self._session.block()
            taken.append(row)
        return taken

    def close(self) -> None:
        if self._open:
            self._open = False
            self._session.open_cursors -= 1


def rows_after_a_pause() -> Iterator[Row]:
    """40 rows, then a wait that only a cancel ends."""
    yield from ((n,) for n in range(40))
    yield PAUSE


PAUSE: Row = ("pause",)


class SessionDouble:
    """See ``values.Session``; keeps what it was told for tests to look at."""

    def __init__(self, engine: "EngineDouble", user: str, connection_id: int) -> None:
        self.engine = engine
        self.user = user
        self.connection_id = connection_id
        self.variables: dict[str, str | None] = {}
        self.log: list[str] = []
        self.open_cursors = 0
        self.closed = threading.Event()
        self.blocked = threading.Event()
        self._cancelled = threading.Event()
        self._undo: list[tuple[list[Row], int]] = []

    def prepare(self, text: str) -> PreparedDouble:
        self.log.append(text)
        if text.strip().upper().startswith("SELECT 'PING'"):
            columns = self.engine.tables["DUMMY"].columns
            return PreparedDouble(FunctionCode.SELECT, Table(columns), columns)
        if text.strip().upper() == "BLOCK":
            return PreparedDouble(FunctionCode.DDL, blocks=True)
        if text.strip().upper().startswith("SET SCHEMA"):
            return PreparedDouble(FunctionCode.DDL)
        if match := _NO_ROWS.fullmatch(text):
            inner = self.prepare(match[1])
            return replace(inner, table=Table(inner.columns))
        for pattern, function in (
            (_SELECT, FunctionCode.SELECT),
            (_INSERT, FunctionCode.INSERT),
            (_DELETE, FunctionCode.DELETE),
        ):
            if match := pattern.fullmatch(text):
                return self._statement(function, match)
        raise HanaError(257, f'sql syntax error: incorrect syntax near "{text[:9]}"', position=1)

    def _statement(self, function: FunctionCode, match: re.Match[str]) -> PreparedDouble:
        table = self.engine.tables.get(match[1])
        if table is None:
            message = f"invalid table name: Could not find table/view {match[1]}"
            raise HanaError(259, message, position=match.start(1) + 1)
        if function is FunctionCode.DELETE:
            return PreparedDouble(function, table)
        markers = tuple(Marker(column.type) for column in table.columns)
        if function is FunctionCode.INSERT:
            return PreparedDouble(function, table, markers=markers)
        some = markers[:1] if match[2] else ()
        return PreparedDouble(function, table, table.columns, some)

    def query(self, prepared: PreparedDouble, parameters: Row) -> CursorDouble:
        self._cancelled.clear()
        rows = prepared.table.rows
        started = iter(rows() if callable(rows) else list(rows))
        if parameters:
            wanted = parameters[0]
            started = (row for row in started if row[0] == wanted)
        return CursorDouble(started, self)

    def change(
        self, prepared: PreparedDouble, batch: Sequence[Row], *, autocommit: bool
    ) -> list[int | HanaError]:
        self._cancelled.clear()
        if prepared.blocks:
            self.block()
        if prepared.table is None:
            return [0]
        self._undo.append((prepared.table, list(prepared.table.rows)))
        results = [self._change_row(prepared, row) for row in batch]
        if autocommit:
            self._undo.clear()
        return results

    def _change_row(self, prepared: PreparedDouble, row: Row) -> int | HanaError:
        rows = prepared.table.rows
        if prepared.function is FunctionCode.DELETE:
            count = len(rows)
            rows.clear()
            return count
        try:
            if prepared.table.check is not None:
                prepared.table.check(row)
        except HanaError as error:
            return error
        rows.append(tuple(row))
        return 1

    def block(self) -> None:
        """Wait for a cancel and raise what it raises."""
        self.blocked.set()
        self._cancelled.wait(60)
        self.check_cancelled()

    def check_cancelled(self) -> None:
        if self._cancelled.is_set():
            self._cancelled.clear()
            raise HanaError(
                139,
                "current operation cancelled by request and transaction rolled back",
                sqlstate="HY008",
            )

    def commit(self) -> None:
        self.log.append("commit")
        self._undo.clear()

    def rollback(self) -> None:
        self.log.append("rollback")
        for table, rows in reversed(self._undo):
            table.rows = rows
        self._undo.clear()

    def cancel(self) -> None:
        self.log.append("cancel")
        self._cancelled.set()

    def set_variable(self, name: str, value: str | None) -> None:
        self.variables[name] = value

    def close(self) -> None:
        self.closed.set()


class EngineDouble:
    """See ``values.Engine``; sessions stay in ``sessions`` when they are closed."""

    def __init__(self, **tables: Table) -> None:
        dummy = ResultColumn("DUMMY", DeclaredType("NVARCHAR", 1))
        self.tables = {"DUMMY": Table((dummy,), [("X",)]), **tables}
        self.users = {USER: PASSWORD, "OTHER": PASSWORD, "LOCKED": PASSWORD}
        self.sessions: list[SessionDouble] = []

    def password(self, user: str) -> str | None:
        return self.users.get(user)

    def open(self, user: str, connection_id: int) -> SessionDouble:
        if user == "LOCKED":
            raise HanaError(416, "user is locked; try again later: lock time is 1440 minutes")
        session = SessionDouble(self, user, connection_id)
        self.sessions.append(session)
        return session

    def close(self) -> None:
        pass
