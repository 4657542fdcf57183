"""A batch stream on the connection of a transaction, which it holds until it ends."""

import threading
from collections.abc import Callable

import pyarrow as pa

from flight_client.protocol.errors import Error
from flight_server.backends.base import BatchStream


class HeldStream:
    """A ``BatchStream`` that hands its connection back when it is closed, by whomever.

    Args:
        stream: The rows; closed by this one.
        release: Called once, when the connection is free.
        touch: Called after each read: somebody still wants the rows.
    """

    def __init__(
        self, stream: BatchStream, release: Callable[[], None], touch: Callable[[], None]
    ) -> None:
        self._stream = stream
        self._release = release
        self._touch = touch
        self._reading = threading.Lock()
        self._closing = threading.Lock()  # so that a late cancel cannot hit the next statement
        self._closed = False
        self._ended: Error | None = None

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
        with self._reading:
            if self._ended is not None:
                raise self._ended
            try:
                return self._stream.read()
            finally:
                self._touch()

    def cancel(self) -> None:
        """Stop the statement."""
        with self._closing:
            if not self._closed:
                self._stream.cancel()

    def close(self) -> None:
        """Release the cursor and the connection."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
            try:
                self._stream.close()
            finally:
                self._release()

    def end(self, reason: Error) -> None:
        """Close it for a reader that does not come back; one that does gets the reason.

        Where it is being read at this moment, that is stopped, and the reader closes.
        """
        self._ended = self._ended or reason
        if self._reading.acquire(blocking=False):
            try:
                self.close()
            finally:
                self._reading.release()
        else:
            self.cancel()

    def end_if_unread(self, reason: Error, first: Callable[[], None]) -> None:
        """As ``end``, after a call of ``first``; but where it is being read neither happens."""
        if self._reading.acquire(blocking=False):
            try:
                first()
                self._ended = self._ended or reason
                self.close()
            finally:
                self._reading.release()
