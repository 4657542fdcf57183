"""What runs in this process, so that it can be stopped; knows neither SQL nor why."""

import threading
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Final, TypeAlias

import pyarrow as pa

from flight_client.protocol.errors import Cancelled
from flight_server.backends.base import BatchStream, WriteTransaction

MAX_REFUSED: Final = 10_000
"""Most cancelled statements that are remembered; the oldest are forgotten first."""


class Running:
    """The open streams by the statement they belong to. Thread-safe.

    Args:
        refused_s: How long endpoints of a cancelled statement are refused, in seconds: as long as
            they are good.
        clock: Seconds, from any start, never backwards.
    """

    def __init__(
        self, *, refused_s: float = 3600.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._refused_s = refused_s
        self._clock = clock
        self._lock = threading.Lock()
        self._streams: dict[str, dict[int, BatchStream]] = {}
        self._refused: dict[str, float] = {}

    def require_wanted(self, statement: str) -> None:
        """Nothing, where the statement was not cancelled.

        Raises:
            Cancelled: It was.
        """
        with self._lock:
            if self._refused.get(statement, 0.0) > self._clock():
                raise Cancelled("The statement was cancelled; execute it again.")

    def follow(self, statement: str, stream: BatchStream) -> "FollowedStream":
        """The stream, which counts as one of the statement until it is closed.

        Raises:
            Cancelled: The statement was cancelled meanwhile; the stream is closed.
        """
        with self._lock:
            self._streams.setdefault(statement, {})[id(stream)] = stream
        followed = FollowedStream(stream, lambda: self._forget(statement, stream))
        try:
            self.require_wanted(statement)  # after the stream is in the table: cancel looks there
        except Cancelled:
            followed.close()
            raise
        return followed

    def cancel(self, statement: str, *, refuse: bool) -> bool:
        """Stop the open streams of a statement; whether there were any.

        Args:
            statement: Its identifier.
            refuse: Whether its other endpoints could still be opened, and shall not.
        """
        with self._lock:
            if refuse:
                self._refuse(statement)
            streams = list(self._streams.get(statement, {}).values())
        for stream in streams:
            stream.cancel()
        return bool(streams)

    def _refuse(self, statement: str) -> None:
        now = self._clock()
        self._refused.pop(statement, None)  # so that the order stays that of time
        while self._refused and (
            len(self._refused) >= MAX_REFUSED or next(iter(self._refused.values())) <= now
        ):
            del self._refused[next(iter(self._refused))]
        self._refused[statement] = now + self._refused_s

    def _forget(self, statement: str, stream: BatchStream) -> None:
        with self._lock:
            streams = self._streams[statement]
            del streams[id(stream)]
            if not streams:
                del self._streams[statement]


class FollowedStream:
    """A ``BatchStream`` that says once when it is closed."""

    def __init__(self, stream: BatchStream, closed: Callable[[], None]) -> None:
        self._stream = stream
        self._say_closed: Callable[[], None] | None = closed

    @property
    def schema(self) -> pa.Schema:
        """Schema of every batch."""
        return self._stream.schema

    @property
    def may_block(self) -> bool:
        """As the stream says."""
        return self._stream.may_block

    def read(self) -> pa.RecordBatch | None:
        """The next batch, or None at the end."""
        return self._stream.read()

    def cancel(self) -> None:
        """Stop the statement."""
        self._stream.cancel()

    def close(self) -> None:
        """Release the cursor."""
        say, self._say_closed = self._say_closed, None
        try:
            self._stream.close()
        finally:
            if say is not None:
                say()


Watching: TypeAlias = Callable[[Callable[[], None]], AbstractContextManager[None]]
"""Something to enter while a change runs, which is given what stops the change."""


class Work:
    """A change in work, which another thread may stop.

    Args:
        watching: Entered while the change runs; None where nobody watches.
    """

    def __init__(self, watching: Watching | None = None) -> None:
        self._watching: Watching = watching or (lambda _stop: nullcontext())
        self._lock = threading.Lock()
        self._write: WriteTransaction | None = None
        self._stopped = False

    def stop(self) -> None:
        """Stop it, within a second, or as soon as it begins; nothing of it is kept."""
        with self._lock:  # held while it is stopped: whoever comes next on this connection waits
            self._stopped = True
            if self._write is not None:
                self._write.cancel()

    @contextmanager
    def on(self, write: WriteTransaction) -> Generator[None]:
        """The change runs on this connection; its commit, which cannot be stopped, comes after.

        Raises:
            Cancelled: It was stopped.
        """
        with self._lock:
            self._require_wanted()
            self._write = write
        try:
            with self._watching(self.stop):
                yield
        finally:
            with self._lock:
                self._write = None
        self._require_wanted()

    def _require_wanted(self) -> None:
        if self._stopped:
            raise Cancelled("The change was cancelled; nothing of it was kept.")
