"""The batches that a client sends with a DoPut: all of them, or an error."""

import time
from collections.abc import Iterator
from typing import Final

import pyarrow as pa
import pyarrow.flight as fl

from flight_client.protocol.errors import Cancelled, InvalidRequest

_SETTLE_S: Final = 0.001

MAX_ROWS_OF_NOTHING: Final = 2**24
"""Most rows of a batch that has less than a bit for each: columns of NULLs, or of empty binaries,
may claim any number of them, and a database wants bytes for each."""


class Incoming:
    """The stream of batches of one DoPut. A client that sends none is taken to send no column."""

    def __init__(self, reader: fl.MetadataRecordBatchReader, context: fl.ServerCallContext) -> None:
        self._reader = reader
        self._context = context
        self._waits_since: float | None = None
        self._said: bytes | None = None

    @property
    def said(self) -> bytes | None:
        """The metadata that came last without a batch; None before any."""
        return self._said

    def has_stalled(self, limit_s: float) -> bool:
        """Whether the client has let us wait for its next message for so many seconds.

        Nothing can end such a wait but the client (apache/arrow#43819); asked by a thread that
        frees what the call holds in the database. ADBC 1.13 leaves a call like this where the
        source of its rows fails.
        """
        since = self._waits_since
        return since is not None and time.monotonic() - since >= limit_s

    def schema(self) -> pa.Schema:
        """The schema of the batches; waits for the client to send it.

        Raises:
            Cancelled: The client is gone.
            InvalidRequest: The name of a column is no text.
        """
        try:
            found = self._reader.schema
        except OSError:  # Go's clients send no schema where they have no batch
            self._require_client()
            return pa.schema([])
        try:
            _ = found.names
        except UnicodeDecodeError:
            raise InvalidRequest("The name of a column is no UTF-8 text; rename it.") from None
        return found

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The batches, one at a time, as they come.

        Raises:
            Cancelled: The client went away before the end of its stream.
            InvalidRequest: What came is no batch of the schema.
        """
        if len(self.schema()) == 0:
            yield pa.RecordBatch.from_pylist([], schema=pa.schema([]))
            return
        while (batch := self._next()) is not None:
            yield batch
        self._require_client()

    def _next(self) -> pa.RecordBatch | None:
        while True:
            self._waits_since = time.monotonic()
            try:
                chunk = self._reader.read_chunk()
            except StopIteration:
                return None
            except (pa.ArrowException, OSError) as error:
                self._require_client()
                reason = str(error).partition("\n")[0]
                raise InvalidRequest(f"A batch cannot be read: {reason:.300}") from None
            finally:
                self._waits_since = None
            if chunk.data is not None:
                return _sound(chunk.data)
            metadata = chunk.app_metadata
            self._said = None if metadata is None else metadata.to_pybytes()

    def _require_client(self) -> None:
        """Tell the end of a stream from a client that is gone: gRPC reports both as the end.

        It closes the reading side a moment before it marks the call as cancelled, so the second
        look comes after a pause. Taking a broken stream for a whole one would keep half of it.
        """
        for pause_s in (0.0, _SETTLE_S):
            time.sleep(pause_s)
            if self._context.is_cancelled():
                raise Cancelled("The client went away before the end of its rows; none was kept.")


def _sound(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch, once it is known that nothing in it points beside its own buffers.

    The reader of messages believes what they say about themselves [run, pyarrow 26]: a batch of
    2^31 rows in a hundred bytes is read past its end, which shows memory of this process or ends
    it.

    Raises:
        InvalidRequest: Something does, or it has rows of nothing by the million.
    """
    if batch.num_rows > max(MAX_ROWS_OF_NOTHING, 8 * batch.get_total_buffer_size()):
        raise InvalidRequest(
            f"A batch has {batch.num_rows:,} rows without a value; send at most "
            f"{MAX_ROWS_OF_NOTHING:,} of them at a time."
        )
    try:
        batch.validate(full=True)
    except pa.ArrowInvalid as error:
        raise InvalidRequest(f"A batch is no valid Arrow data: {error!s:.300}") from None
    return batch
