"""A read that starts once more where the catalogue was out of date; knows no process and no SQL."""

import threading
from collections.abc import Callable
from typing import Final

import pyarrow as pa

from flight_client.protocol.errors import Error
from flight_server.backends.base import BatchStream

CHANGED: Final = "changed"
"""Detail of an error that says: what is read has other columns than the catalogue said."""

_GONE: Final = frozenset({259, 260, 362, 391, 397})
"""HANA's numbers for a table, column, schema or view that is not there as it was."""


def tells_of_change(error: Error) -> bool:
    """Whether the catalogue may have been out of date when the read was planned."""
    return CHANGED in error.details or error.details.get("hana_code") in _GONE


class RereadingStream:
    """A ``BatchStream`` over another one, which it opens anew once, before the first batch."""

    def __init__(self, stream: BatchStream, again: Callable[[], BatchStream | None]) -> None:
        """Take over a stream.

        Args:
            stream: It is closed with this one.
            again: Called after an error that tells of a change; gives another stream of the same
                schema, or None where the error stands.
        """
        self._stream = stream
        self._schema = stream.schema
        self._again = again
        self._started = False
        self._cancelled = False
        self._lock = threading.Lock()

    @property
    def schema(self) -> pa.Schema:
        """That of both streams."""
        return self._schema

    @property
    def may_block(self) -> bool:
        """As the stream says."""
        return self._stream.may_block

    def read(self) -> pa.RecordBatch | None:
        """The next batch, or None at the end."""
        if self._started:
            return self._stream.read()
        self._started = True
        try:
            return self._stream.read()
        except Error as error:
            if not tells_of_change(error):
                raise
            following = self._again()
            if following is None:
                raise
            self._follow(following)
        return self._stream.read()

    def cancel(self) -> None:
        """Stop the statement."""
        with self._lock:
            self._cancelled = True
            stream = self._stream
        stream.cancel()

    def close(self) -> None:
        """Release the stream."""
        self._stream.close()

    def _follow(self, following: BatchStream) -> None:
        self._stream.close()
        with self._lock:
            self._stream = following
            cancelled = self._cancelled
        if cancelled:
            following.cancel()
