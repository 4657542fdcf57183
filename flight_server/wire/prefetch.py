"""Reads batch streams, ahead in a thread of their own where that helps; knows nothing of Flight."""

import threading
from collections import deque
from typing import Final, Protocol

import pyarrow as pa

from flight_server.backends.base import BatchStream

DEPTH: Final = 2
"""Batches read ahead: the database works while the last one is being sent."""


class Source(Protocol):
    """A batch stream as a sender takes it."""

    def next(self, timeout_s: float) -> pa.RecordBatch | None:
        """The next batch, or None at the end.

        Raises:
            TimeoutError: Nothing came in time; ask again.
            Error: What the stream raised.
        """
        ...

    def stop(self) -> None:
        """End the stream and release it; call it once, when nobody asks any more."""
        ...


def reading(stream: BatchStream) -> Source:
    """Begin to read a stream, which is closed at its end or by ``stop``."""
    if not stream.may_block:
        return Immediate(stream)
    prefetch = Prefetch(stream)
    prefetch.start()
    return prefetch


class Immediate:
    """A stream that never waits, read in the sender's thread: handing over costs CPU, a fifth."""

    def __init__(self, stream: BatchStream) -> None:
        self._stream = stream

    def next(self, timeout_s: float) -> pa.RecordBatch | None:
        """The next batch, or None at the end; never later than it takes to cut one."""
        return self._stream.read()

    def stop(self) -> None:
        """Close the stream."""
        self._stream.close()


class Prefetch:
    """A batch stream that can be waited for with a time limit.

    The thread owns the stream: it reads, and it closes when told to stop or at the end. So nobody
    has to wait for a database that is slow to notice a cancel.
    """

    def __init__(self, stream: BatchStream) -> None:
        self._stream = stream
        self._ready: deque[pa.RecordBatch] = deque()
        self._failure: BaseException | None = None
        self._ended = False
        self._stopped = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="flight-read", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def next(self, timeout_s: float) -> pa.RecordBatch | None:
        """The next batch, or None at the end.

        Raises:
            TimeoutError: Nothing came in time; ask again.
            Error: What the stream raised, once the batches before it were taken.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._ready or self._ended, timeout_s):
                raise TimeoutError
            if self._ready:
                batch = self._ready.popleft()
                self._changed.notify_all()
                return batch
            if self._failure is not None:
                raise self._failure
            return None

    def stop(self) -> None:
        """Cancel the statement and let the thread close the stream, without waiting for it."""
        with self._changed:
            self._stopped = True
            self._ready.clear()
            self._changed.notify_all()
            ended = self._ended
        if not ended:
            self._stream.cancel()

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread; whether it ended in time."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        failure: BaseException | None = None
        try:
            while self._has_room() and (batch := self._stream.read()) is not None:
                with self._changed:
                    self._ready.append(batch)
                    self._changed.notify_all()
                del batch
        except Exception as error:  # noqa: BLE001 - raised again by next(), in the reader's thread
            failure = error
        finally:
            try:
                self._stream.close()
            finally:
                with self._changed:
                    self._failure = failure
                    self._ended = True
                    self._changed.notify_all()

    def _has_room(self) -> bool:
        """Wait until a batch may be read; False when there is nobody left to read for."""
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or len(self._ready) < DEPTH)
            return not self._stopped
