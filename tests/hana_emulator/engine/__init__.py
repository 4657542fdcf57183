"""DuckDB as a HANA: `DuckEngine` implements `tests.hana_emulator.values.Engine`."""

import threading
from collections.abc import Mapping

import duckdb
import pyarrow as pa

from tests.hana_emulator.engine import loading, macros
from tests.hana_emulator.engine.catalogue import (
    ADMINISTRATORS,
    SYSTEM,
    Catalogue,
    Column,
    Table,
    UserState,
)
from tests.hana_emulator.engine.errors import not_authorized
from tests.hana_emulator.engine.script import statements_of
from tests.hana_emulator.engine.session import DEFAULT_LOCK_WAIT_S, DuckSession
from tests.hana_emulator.engine.statements import Surroundings
from tests.hana_emulator.engine.system_views import OpenSession, system_views
from tests.hana_emulator.engine.transactions import Locks
from tests.hana_emulator.engine.types import DECIMAL, SMALLDECIMAL
from tests.hana_emulator.values import DeclaredType, HanaError

__all__ = ["DuckEngine"]

_STATES = {
    "force_change": (414, "user is forced to change password: alter password required for user"),
    "deactivated": (415, "user is deactivated"),
    "locked": (416, "user is locked; try again later"),
}


class DuckEngine:
    """One database in memory, for any number of sessions.

    Args:
        users: Passwords by name; each gets an Open SQL schema of its own name.
        version: As M_DATABASE tells it; HANA Cloud begins with 4.
        view_markers: Whether ``?`` is taken as a view's argument; else it is error 467 [U].
        view_samples: Whether TABLESAMPLE of a view is taken; else it is error 7 [U].
        lock_wait_s: How long a change waits for another session's lock before error 131.
        memory_limit: DuckDB's bound, for example ``200MB``.
    """

    def __init__(
        self,
        users: Mapping[str, str] | None = None,
        *,
        version: str = "4.00.000.00.1700000000 (fa/CE2024.40)",
        view_markers: bool = True,
        view_samples: bool = True,
        lock_wait_s: float = DEFAULT_LOCK_WAIT_S,
        memory_limit: str | None = None,
    ) -> None:
        config = {"threads": 2, **({"memory_limit": memory_limit} if memory_limit else {})}
        self._database = duckdb.connect(config=config)
        macros.install(self._database)
        self.catalogue = Catalogue()
        self.version = version
        self.lock_wait_s = lock_wait_s
        self.locks = Locks()
        self._sessions: dict[int, DuckSession] = {}
        self._guard = threading.RLock()
        self._connecting = threading.Lock()  # a connection of DuckDB refuses a second thread
        self._closed = False
        self.surroundings = Surroundings(
            self.catalogue, system_views(self), view_markers, view_samples
        )
        for name in (*sorted(ADMINISTRATORS), "DWC_GLOBAL"):
            self.catalogue.add_user(name, "Administrator-1")
            self.catalogue.add_schema(name, name)
        for name, password in (users or {}).items():
            self.add_user(name, password)

    # for tests

    def add_user(self, name: str, password: str, state: UserState = "ok") -> None:
        """A database user with an Open SQL schema of the same name."""
        self.catalogue.add_user(name, password, state)
        self.catalogue.add_schema(name, name)

    def set_state(self, name: str, state: UserState) -> None:
        """Lock a user, force a change of the password, or the like."""
        self.catalogue.user(name).state = state

    def add_space(self, name: str) -> None:
        """The schema of a space; nobody who logs on owns it."""
        self.catalogue.add_schema(name, SYSTEM)

    def grant_read(self, user: str, space: str) -> None:
        """SELECT on everything in a schema."""
        self.run_script(f'GRANT SELECT ON SCHEMA "{space}" TO "{user}"')

    def run_script(self, sql: str) -> None:
        """Statements with semicolons between them, as the administrator.

        Raises:
            HanaError: The first one that fails.
        """
        session = DuckSession(self, SYSTEM, 0)
        try:
            for text in statements_of(sql):
                prepared = session.prepare(text)
                for outcome in session.change(prepared, [()], autocommit=True):
                    if isinstance(outcome, HanaError):
                        raise outcome
        finally:
            session.close()

    def load_arrow(
        self,
        schema: str,
        name: str,
        table: pa.Table,
        types: Mapping[str, DeclaredType] | None = None,
        *,
        key: tuple[str, ...] = (),
        comment: str | None = None,
    ) -> None:
        """Create a table from an Arrow table; text lengths are not checked.

        Args:
            schema: Of the new table.
            name: Of the new table.
            table: Rows, and column names and comments.
            types: Declared types by column, over what the schema says.
            key: Columns of the primary key.
            comment: Of the table.
        """
        declared = {field.name: loading.declared_type(field) for field in table.schema}
        declared |= {column: _whole(kind) for column, kind in (types or {}).items()}
        columns = tuple(
            Column(
                field.name, declared[field.name], field.name not in key and field.nullable,
                f"c{number}", comment=_comment(field),
            )
            for number, field in enumerate(table.schema, 1)
        )  # fmt: skip
        made = Table(schema, name, columns, self.catalogue.next_oid(), key, comment=comment)
        if self.catalogue.find(schema, name) is not None:
            raise HanaError(288, f"cannot use duplicate table name: {name}")
        connection = self.connect()
        try:
            listed = ", ".join(
                f"{column.stored} {loading.storage(column.type)}" for column in columns
            )
            connection.execute(f"CREATE TABLE {made.stored} ({listed})")
            loading.load(connection, made.stored, table, declared)
        finally:
            connection.close()
        self.catalogue.put(made)

    # values.Engine

    def password(self, user: str) -> str | None:
        """The password of a user; None for an unknown one."""
        found = self.catalogue.users.get(user)
        return None if found is None else found.password

    def open(self, user: str, connection_id: int) -> DuckSession:
        """A session of a user who proved the password.

        Raises:
            HanaError: 414, 415, 416.
        """
        state = self.catalogue.user(user).state
        if state != "ok":
            code, message = _STATES[state]
            raise HanaError(code, f"{message}: {user}", sqlstate="28000")
        session = DuckSession(self, user, connection_id)
        with self._guard:
            self._sessions[connection_id] = session
        return session

    def close(self) -> None:
        """End every session and the database."""
        for session in list(self._sessions.values()):
            session.cancel()
            session.wait()
            session.close()
        with self._connecting:
            self._closed = True
            self._database.close()

    # for sessions

    def connect(self) -> duckdb.DuckDBPyConnection:
        """Another connection to the database."""
        with self._connecting:
            if self._closed:
                raise HanaError(18, "the service is shutting down", fatal=True)
            return self._database.cursor()

    def forget(self, session: DuckSession) -> None:
        with self._guard:
            if self._sessions.get(session.connection_id) is session:
                del self._sessions[session.connection_id]

    def sessions(self) -> list[OpenSession]:
        with self._guard:
            return list(self._sessions.values())

    def row_count(self, table: Table) -> int:
        connection = self.connect()
        try:
            found = connection.execute(f"SELECT count(*) FROM {table.stored}").fetchone()
        except duckdb.Error:
            return 0
        finally:
            connection.close()
        return found[0] if found else 0

    def cancel_session(self, connection_id: int, by: str) -> None:
        """ALTER SYSTEM CANCEL SESSION: one's own sessions, or any with SESSION ADMIN."""
        with self._guard:
            session = self._sessions.get(connection_id)
        if session is None:
            raise HanaError(2, f"general error: no session {connection_id}")
        if session.user != by and not self.catalogue.may(by, "SESSION ADMIN", ""):
            raise not_authorized()
        session.cancel()


def _comment(field: pa.Field) -> str | None:
    found = (field.metadata or {}).get(b"comment")
    return None if found is None else found.decode()


def _whole(declared: DeclaredType) -> DeclaredType:
    """A floating decimal with the number of digits that it has here."""
    if declared.name == "DECIMAL" and declared.scale is None:
        return DECIMAL
    return SMALLDECIMAL if declared.name == "SMALLDECIMAL" else declared
