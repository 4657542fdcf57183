"""An engine of the emulator whose statements are counted, and held where a test wants them held."""

import threading
from collections.abc import Sequence
from contextlib import contextmanager
from typing import Any

from tests.hana_emulator.values import Cursor, Engine, HanaError, Prepared, Row, Session
from tests.support.patience import PATIENCE_S


class WatchedEngine:
    """Another engine; a statement is watched if its text holds ``watched``.

    Attributes:
        log_ons: How often a client named a user to log on as, whatever came of it.
        texts: Watched statements so far.
        running: Watched statements that run or have rows left.
        most_running: The most of them at the same time.
        waiting: Watched statements that are held now.
    """

    def __init__(self, inner: Engine, watched: str) -> None:
        self.inner = inner
        self.watched = watched
        self.texts: list[str] = []
        self.log_ons = self.running = self.most_running = self.waiting = 0
        self._changed = threading.Condition()
        self._held_from_row: int | None = None
        self._passes = 0

    @property
    def started(self) -> int:
        """Number of watched statements so far."""
        return len(self.texts)

    def password(self, user: str) -> str | None:
        with self._changed:
            self.log_ons += 1
        return self.inner.password(user)

    def open(self, user: str, connection_id: int) -> Session:
        return _WatchedSession(self, self.inner.open(user, connection_id))

    def close(self) -> None:
        self.inner.close()

    @contextmanager
    def holding(self, from_row: int = 0) -> Any:
        """Hold watched statements: before they run, or after so many rows until the block ends."""
        with self._changed:
            self._held_from_row = from_row
        try:
            yield
        finally:
            self.release()

    def release(self) -> None:
        """Hold nothing any more."""
        with self._changed:
            self._held_from_row = None
            self._passes = 0
            self._changed.notify_all()

    def let_one_go(self) -> None:
        """Hold one of the held statements no longer."""
        with self._changed:
            self._passes += 1
            self._changed.notify_all()

    def wait_for_held(self, statements: int) -> None:
        """Wait until so many statements are held."""
        with self._changed:
            came = self._changed.wait_for(lambda: self.waiting >= statements, PATIENCE_S)
        assert came, f"{self.waiting} of {statements} statements are held"

    def wait_for_end(self) -> None:
        """Wait until no watched statement runs."""
        with self._changed:
            ended = self._changed.wait_for(lambda: self.running == 0, PATIENCE_S)
        assert ended, f"{self.running} statements run in HANA"

    def begin(self, text: str) -> None:
        with self._changed:
            self.texts.append(text)
            self.running += 1
            self.most_running = max(self.most_running, self.running)

    def end(self) -> None:
        with self._changed:
            self.running -= 1
            self._changed.notify_all()

    def wait_if_held(self, rows: int, cancelled: threading.Event) -> bool:
        """Whether a statement was held after so many rows; 139 if it was cancelled meanwhile."""
        with self._changed:
            if not self._holds(rows):
                return False
            self.waiting += 1
            self._changed.notify_all()
            self._changed.wait_for(
                lambda: not self._holds(rows) or self._passes > 0 or cancelled.is_set()
            )
            self.waiting -= 1
            if self._holds(rows) and not cancelled.is_set():
                self._passes -= 1
        if cancelled.is_set():
            raise HanaError(139, "current operation cancelled by request and rolled back")
        return True

    def wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _holds(self, rows: int) -> bool:
        held = self._held_from_row
        return held is not None and (rows > 0) == (held > 0) and rows >= held


class _WatchedSession:
    def __init__(self, engine: WatchedEngine, inner: Session) -> None:
        self._engine = engine
        self._inner = inner
        self._cancelled = threading.Event()

    def prepare(self, text: str) -> Prepared:
        return self._inner.prepare(text)

    def query(self, prepared: Prepared, parameters: Row) -> Cursor:
        text: str = getattr(prepared, "text", "")
        if self._engine.watched not in text:
            return self._inner.query(prepared, parameters)
        self._cancelled.clear()
        self._engine.begin(text)
        try:
            self._engine.wait_if_held(0, self._cancelled)
            cursor = self._inner.query(prepared, parameters)
        except BaseException:
            self._engine.end()
            raise
        return _WatchedCursor(self._engine, cursor, self._cancelled)

    def change(
        self, prepared: Prepared, batch: Sequence[Row], *, autocommit: bool
    ) -> list[int | HanaError]:
        return self._inner.change(prepared, batch, autocommit=autocommit)

    def commit(self) -> None:
        self._inner.commit()

    def rollback(self) -> None:
        self._inner.rollback()

    def cancel(self) -> None:
        self._cancelled.set()
        self._engine.wake()
        self._inner.cancel()

    def set_variable(self, name: str, value: str | None) -> None:
        self._inner.set_variable(name, value)

    def close(self) -> None:
        self._inner.close()


class _WatchedCursor:
    def __init__(self, engine: WatchedEngine, inner: Cursor, cancelled: threading.Event) -> None:
        self._engine = engine
        self._inner = inner
        self._cancelled = cancelled
        self._rows = 0
        self._was_held = False
        self._open = True

    def fetch(self, rows: int) -> list[Row]:
        if self._rows and not self._was_held:
            self._was_held = self._engine.wait_if_held(self._rows, self._cancelled)
        found = self._inner.fetch(rows)
        self._rows += len(found)
        return found

    def close(self) -> None:
        if self._open:
            self._open = False
            self._engine.end()
        self._inner.close()
