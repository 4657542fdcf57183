"""Several streams of one schema as one, each opened when the one before has ended."""

import threading
from collections.abc import Callable, Iterator

import pyarrow as pa

from flight_client.protocol.errors import Cancelled
from flight_server.backends.base import BatchStream


class ChainedStream:
    """A ``BatchStream`` over streams that share a connection, and so cannot be open at once.

    Args:
        openers: Open the streams, one after the other; one at least. The first one is opened now.
    """

    def __init__(self, openers: Iterator[Callable[[], BatchStream]]) -> None:
        self._openers = openers
        self._current = next(openers)()
        self._schema = self._current.schema
        self._changing = threading.Lock()  # so that a cancel finds the stream that is open
        self._cancelled = False

    @property
    def schema(self) -> pa.Schema:
        """Schema of every batch."""
        return self._schema

    @property
    def may_block(self) -> bool:
        """As the stream says that is open."""
        return self._current.may_block

    def read(self) -> pa.RecordBatch | None:
        """The next batch, or None at the end of the last stream."""
        while (batch := self._current.read()) is None:
            if not self._went_on():
                return None
        return batch

    def cancel(self) -> None:
        """Stop the statement that runs; none of the others begins."""
        with self._changing:
            self._cancelled = True
            self._current.cancel()

    def close(self) -> None:
        """Release the cursor."""
        self._current.close()

    def _went_on(self) -> bool:
        opener = next(self._openers, None)
        if opener is None:
            return False
        self._current.close()
        with self._changing:
            if self._cancelled:
                raise Cancelled("The read was cancelled.")
            self._current = opener()
        return True
