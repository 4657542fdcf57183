"""The transaction of a session, and everything that runs in DuckDB for it but result sets."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final, Protocol

import duckdb
import pyarrow as pa

from tests.hana_emulator.engine.build import SystemView
from tests.hana_emulator.engine.catalogue import Catalogue, Table
from tests.hana_emulator.engine.cursor import DuckCursor
from tests.hana_emulator.engine.errors import cancelled, of_duckdb
from tests.hana_emulator.engine.parameters import Patcher, arrow_type
from tests.hana_emulator.engine.statements import Plan, Surroundings
from tests.hana_emulator.engine.transactions import STAGE, Applied, Locks, Transaction
from tests.hana_emulator.values import HanaError, Row

READ_COMMITTED: Final = "READ COMMITTED"


class Home(Protocol):
    """What a session asks of the engine."""

    catalogue: Catalogue
    surroundings: Surroundings
    locks: Locks
    lock_wait_s: float

    def connect(self) -> duckdb.DuckDBPyConnection: ...
    def forget(self, session: Any) -> None: ...
    def cancel_session(self, connection_id: int, by: str) -> None: ...


class Work:
    """Runs statements of DuckDB for one session; knows no HANA SQL.

    Attributes:
        user: Whose session it is.
        temporary: Its local temporary tables, by name.
        isolation: READ COMMITTED reads what is committed when a statement starts.
    """

    def __init__(self, home: Home, user: str, connection_id: int) -> None:
        self.home = home
        self.user = user
        self.connection_id = connection_id
        self.catalogue = home.catalogue
        self.schema = user
        self.variables: dict[str, str] = {}
        self.temporary: dict[str, Table] = {}
        self.isolation = READ_COMMITTED
        self.last_identity: int | None = None
        self.lock_wait_s = home.lock_wait_s
        self._transaction: Transaction | None = None
        self._cursors: set[DuckCursor] = set()
        self._own_cursor: DuckCursor | None = None
        self._running: duckdb.DuckDBPyConnection | None = None
        self._cancel = threading.Event()
        self._guard = threading.RLock()
        self._idle = threading.Event()
        self._idle.set()

    @property
    def changed(self) -> Transaction | None:
        """The transaction, if it has changed anything: then only its connection sees it."""
        found = self._transaction
        return found if found is not None and found.journal else None

    @contextmanager
    def seeing(self, views: Mapping[str, SystemView]) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection that sees what the transaction has changed, for a query that ends here."""
        changed = self.changed
        if changed is not None:
            self._free_own()
            self.register(changed.connection, views)
            try:
                yield changed.connection
            except HanaError as error:
                self.failed(changed, error)
                raise
            return
        connection = self.home.connect()
        try:
            self.register(connection, views)
            yield connection
        finally:
            connection.close()

    def failed(self, transaction: Transaction, error: HanaError) -> None:
        """A statement failed on the transaction's connection: DuckDB has given it up."""
        if error.code == 139:
            self.rollback()
        else:
            transaction.recover()

    def register(
        self, connection: duckdb.DuckDBPyConnection, views: Mapping[str, SystemView]
    ) -> None:
        """Make the rows of system views."""
        for view in views.values():
            rows = [list(row) for row in view.rows(self)]
            columns = zip(*rows, strict=True) if rows else [()] * len(view.columns)
            arrays = [
                pa.array(list(values), arrow_type(column.type))
                for values, column in zip(columns, view.columns, strict=True)
            ]
            names = [f"c{number}" for number in range(1, len(view.columns) + 1)]
            connection.register(f"sys_{view.name.lower()}", pa.table(arrays, names))

    @contextmanager
    def watched(self, connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """While DuckDB works, ``cancel`` knows where.

        Raises:
            HanaError: What DuckDB's error means; 139 after a cancel.
        """
        with self._guard:
            self._running = connection
            self._idle.clear()
        try:
            if self._cancel.is_set():
                raise cancelled()
            yield
        except duckdb.Error as error:
            raise (cancelled() if self._cancel.is_set() else of_duckdb(error)) from None
        finally:
            with self._guard:
                self._running = None
                self._idle.set()

    # result sets

    def stream(
        self, plan: Plan, values: Mapping[str, Any], patchers: Sequence[Patcher]
    ) -> DuckCursor:
        """Run a query whose rows are fetched later."""
        shared = self.changed
        if shared is None and self.isolation != READ_COMMITTED:
            shared = self.begin()
        self._free_own()
        connection = self.home.connect() if shared is None else shared.connection
        try:
            self.register(connection, plan.build.used_views)
            with self.watched(connection):
                connection.execute(plan.sql, dict(values))
        except HanaError as error:
            if shared is None:
                connection.close()
            else:
                self.failed(shared, error)
            raise
        ended = self._ended if shared is None else self._ended_own
        cursor = DuckCursor(connection, patchers, ended)
        with self._guard:
            self._cursors.add(cursor)
            self._own_cursor = None if shared is None else cursor
        return cursor

    def _ended(self, cursor: DuckCursor) -> None:
        with self._guard:
            self._cursors.discard(cursor)
        cursor.connection.close()

    def _ended_own(self, cursor: DuckCursor) -> None:
        with self._guard:
            self._cursors.discard(cursor)
            if self._own_cursor is not cursor:
                return
            self._own_cursor = None
        transaction = self._transaction
        if transaction is not None and transaction.connection is cursor.connection:
            with suppress(duckdb.Error):
                cursor.connection.abort()
            if transaction.aborted:
                transaction.recover()

    def _free_own(self) -> None:
        """The transaction's connection runs one result at a time: keep the rest of it."""
        cursor = self._own_cursor
        if cursor is not None:
            cursor.detach()
            self._own_cursor = None

    # what changes ask for: `changes.Runner`

    def read(self, plan: Plan, row: Row, batch: pa.Table | None = None) -> pa.Table:
        """Rows that a plan computes, of the tables or of a batch of parameters."""
        values = plan.values(self, row)
        with self.seeing(plan.build.used_views) as connection:
            if batch is not None:
                connection.register("parameters", batch)
            with self.watched(connection):
                return connection.sql(plan.sql, params=values).to_arrow_table()

    def apply(self, change: Applied) -> int:
        """Make a change in the transaction."""
        self._free_own()
        transaction = self.begin()
        with self.watched(transaction.connection):
            return transaction.apply(change)

    def look(self, sql: str, stage: pa.Table) -> list[tuple[Any, ...]]:
        """A query of the stage and of stored tables."""
        with self.seeing({}) as connection:
            connection.register(STAGE, stage)
            try:
                with self.watched(connection):
                    return connection.execute(sql).fetchall()
            finally:
                with suppress(duckdb.Error):
                    connection.unregister(STAGE)

    def lock(self, table: Table) -> None:
        """Wait until no other transaction changes a table."""
        self.home.locks.acquire(table.oid, self, self.lock_wait_s, self._cancel)
        if self._transaction is not None and not self._transaction.journal:
            self._transaction.recover()  # a snapshot that sees what the last holder committed

    def identity(self, table: Table, count: int) -> range:
        """The next numbers of an identity column."""
        with self.catalogue.lock:
            first = table.next_identity
            table.next_identity += count * table.identity_step
        if count:
            self.last_identity = table.next_identity - table.identity_step
        return range(first, table.next_identity, table.identity_step)

    # the transaction

    def begin(self) -> Transaction:
        """The transaction, begun if there is none."""
        if self._transaction is None:
            self._transaction = Transaction(self.home.connect())
        return self._transaction

    def commit(self) -> None:
        self._end(Transaction.commit)

    def rollback(self) -> None:
        self._end(Transaction.rollback)

    def _end(self, how: Callable[[Transaction], None]) -> None:
        transaction, self._transaction = self._transaction, None
        try:
            if transaction is not None:
                self._free_own()  # cursors are held over a commit
                how(transaction)
        finally:
            self.home.locks.release(self)

    def cancel(self) -> None:
        """End what runs, and open cursors, with 139; from any thread."""
        self._cancel.set()
        with self._guard:
            running, cursors = self._running, list(self._cursors)
            if running is not None:
                running.interrupt()
        for cursor in cursors:
            cursor.cancel()
        self.home.locks.wake()

    def wait(self, timeout_s: float = 10.0) -> None:
        """Until nothing of it runs in DuckDB."""
        self._idle.wait(timeout_s)

    def end(self) -> None:
        """Close cursors, roll back, drop temporary tables; never raises."""
        with self._guard:
            cursors = list(self._cursors)
        for cursor in cursors:
            cursor.close()
        with suppress(duckdb.Error, HanaError):
            self.rollback()
        for table in self.temporary.values():
            with suppress(duckdb.Error, HanaError):
                self.apply(Applied(f"DROP TABLE {table.stored}", {}, None))
                self.commit()
        self.temporary.clear()
