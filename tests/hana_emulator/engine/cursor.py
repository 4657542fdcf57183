"""An open result set over DuckDB: rows come as they are fetched."""

import itertools
import threading
from collections.abc import Callable, Sequence
from typing import Any

import duckdb

from tests.hana_emulator.engine.errors import cancelled, of_duckdb
from tests.hana_emulator.engine.parameters import Patcher
from tests.hana_emulator.values import HanaError, Row

CHUNK_ROWS = 10_000


class DuckCursor:
    """Rows of one running statement of DuckDB.

    Args:
        connection: Which runs it; nothing else runs on it meanwhile.
        patchers: For each column what turns a stored value into one for the wire, or None.
        ended: Called once when the cursor is closed.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        patchers: Sequence[Patcher],
        ended: "Callable[[DuckCursor], None]",
    ) -> None:
        self.connection = connection
        self._open = True
        self._patchers = [(at, patch) for at, patch in enumerate(patchers) if patch is not None]
        self._ended = ended
        self._buffer: list[Row] = []
        self._done = False
        self._cancelled = False
        self._lock = threading.RLock()

    def fetch(self, rows: int) -> list[Row]:
        """Up to so many rows; fewer only at the end.

        Raises:
            HanaError: 139 after a cancel, or what a row's computation says.
        """
        with self._lock:
            found, self._buffer = self._buffer[:rows], self._buffer[rows:]
            while len(found) < rows and not self._done:
                found += self._read(min(rows - len(found), CHUNK_ROWS))
            if self._cancelled:
                self.close()
                raise cancelled()
            return found

    def _read(self, rows: int) -> list[Row]:
        if self._cancelled:
            self._done = True
            return []
        if not self._open:
            raise HanaError(306, "invalid cursor: it is closed")
        try:
            found = self.connection.fetchmany(rows)
        except duckdb.Error as error:
            self.close()
            raise (cancelled() if self._cancelled else of_duckdb(error)) from None
        if len(found) < rows:
            self._done = True
        return self._patched(found) if self._patchers else found

    def _patched(self, rows: list[Any]) -> list[Row]:
        columns: list[Any] = list(zip(*rows, strict=True))
        if not columns:
            return rows
        for at, patch in self._patchers:
            columns[at] = map(patch, columns[at])
        return list(zip(*columns, strict=True))

    def detach(self) -> None:
        """Read the rest into memory, because the connection is needed for something else."""
        with self._lock:
            while not self._done and self._open:
                self._buffer += self._read(CHUNK_ROWS)

    def cancel(self) -> None:
        """From any thread: the running fetch, or the next one, ends with 139."""
        self._cancelled = True
        if self._open:
            self.connection.interrupt()

    def close(self) -> None:
        with self._lock:
            if self._open:
                self._open = False
                self._done = True
                self._ended(self)


def all_rows(cursor: DuckCursor) -> list[Row]:
    """Every row that is left."""
    return list(itertools.chain.from_iterable(iter(lambda: cursor.fetch(CHUNK_ROWS), [])))
