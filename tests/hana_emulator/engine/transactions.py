"""Transactions of a session on DuckDB, with HANA's statement-level undo.

DuckDB aborts a transaction when a statement fails in it, and has no savepoints. So what was applied
is kept in a journal, and after a failure it is applied again in a new transaction. Nearly all
failures (types, lengths, NULL, unique keys) are found before anything is applied and cost nothing.

A table with a key, and every table that rows are changed or deleted in, is locked by one
transaction at a time: HANA locks rows. Inserts into tables without a key lock nothing.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pyarrow as pa

from tests.hana_emulator.engine.errors import of_duckdb
from tests.hana_emulator.values import HanaError

STAGE = "stage"
"""The name of the rows that a change applies."""


class Locks:
    """Which session holds which table."""

    def __init__(self) -> None:
        self._held: dict[int, object] = {}
        self._changed = threading.Condition()

    def acquire(self, table: int, owner: object, timeout_s: float, stop: threading.Event) -> None:
        """Wait for a table.

        Raises:
            HanaError: 131 after the timeout, 139 if the wait was cancelled.
        """
        with self._changed:
            free = self._changed.wait_for(
                lambda: stop.is_set() or self._held.get(table) in {None, owner}, timeout_s
            )
            if stop.is_set():
                raise HanaError(139, "current operation cancelled by request", sqlstate="57014")
            if not free:
                raise HanaError(131, "transaction rolled back by lock wait timeout")
            self._held[table] = owner

    def release(self, owner: object) -> None:
        with self._changed:
            for table in [table for table, holder in self._held.items() if holder is owner]:
                del self._held[table]
            self._changed.notify_all()

    def wake(self) -> None:
        """Let cancelled waits look."""
        with self._changed:
            self._changed.notify_all()


@dataclass(frozen=True, slots=True)
class Applied:
    """A change that was made: SQL, its parameters, and the rows it was made from."""

    sql: str
    values: dict[str, Any]
    stage: pa.Table | None


@dataclass(slots=True)
class Transaction:
    """One transaction of DuckDB on a connection of its own."""

    connection: duckdb.DuckDBPyConnection
    journal: list[Applied] = field(default_factory=list)
    undo: list[Callable[[], None]] = field(default_factory=list)
    """What takes changes of the catalogue back, last first."""

    def __post_init__(self) -> None:
        self.connection.execute("BEGIN")

    def apply(self, change: Applied) -> int:
        """Make a change; returns the number of rows.

        Raises:
            HanaError: Nothing of the change is left, and all that was before it is.
        """
        try:
            count = run(self.connection, change)
        except duckdb.Error as error:
            self.recover()
            raise of_duckdb(error) from None
        self.journal.append(change)
        return count

    def recover(self) -> None:
        """After a failure: a new transaction with everything that had been applied."""
        self.connection.abort()
        self.connection.execute("ROLLBACK")
        self.connection.execute("BEGIN")
        for change in self.journal:
            run(self.connection, change)

    def commit(self) -> None:
        try:
            self.connection.execute("COMMIT")
        except duckdb.Error as error:
            self.take_back()
            raise of_duckdb(error) from None
        finally:
            self.connection.close()

    def rollback(self) -> None:
        try:
            self.connection.execute("ROLLBACK")
        finally:
            self.take_back()
            self.connection.close()

    @property
    def aborted(self) -> bool:
        """Whether DuckDB has given it up."""
        return _aborted(self.connection)

    def take_back(self) -> None:
        for step in reversed(self.undo):
            step()


def run(connection: duckdb.DuckDBPyConnection, change: Applied) -> int:
    """Execute a change on a connection; the number of rows, 0 for DDL."""
    if change.stage is not None:
        connection.register(STAGE, change.stage)
    try:
        found = connection.execute(change.sql, change.values).fetchall()
    finally:
        if change.stage is not None and not _aborted(connection):
            connection.unregister(STAGE)
    return int(found[0][0]) if found and isinstance(found[0][0], int) else 0


def _aborted(connection: duckdb.DuckDBPyConnection) -> bool:
    try:
        connection.execute("SELECT 1").fetchall()
    except duckdb.Error:
        return True
    return False
