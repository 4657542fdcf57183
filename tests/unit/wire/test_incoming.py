"""The batches of a DoPut: a client that is gone is no end of a stream."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa
import pytest

from flight_client.protocol.errors import Cancelled, InvalidRequest
from flight_server.wire.incoming import MAX_ROWS_OF_NOTHING, Incoming

SCHEMA = pa.schema([("A", pa.int64())])
BATCH = pa.record_batch([pa.array([1, 2])], schema=SCHEMA)


@dataclass
class Chunk:
    data: pa.RecordBatch | None
    app_metadata: pa.Buffer | None = None


@dataclass
class Reader:
    """What pyarrow gives a do_put: plays chunks and errors."""

    chunks: list[object]
    sent: pa.Schema | None = SCHEMA

    @property
    def schema(self) -> pa.Schema:
        if self.sent is None:
            raise OSError("Client never sent a data message")
        return self.sent

    def read_chunk(self) -> Chunk:
        if not self.chunks:
            raise StopIteration
        chunk = self.chunks.pop(0)
        if isinstance(chunk, Exception):
            raise chunk
        if isinstance(chunk, bytes):
            return Chunk(None, pa.py_buffer(chunk))
        return Chunk(chunk)


@dataclass
class Context:
    """A call that is cancelled from the n-th question on."""

    answers: Iterator[bool] = field(default_factory=lambda: iter(()))

    def is_cancelled(self) -> bool:
        return next(self.answers, False)


def test_batches_come_in_order_without_bare_metadata() -> None:
    incoming = Incoming(Reader([BATCH, None, BATCH]), Context())
    assert incoming.schema() == SCHEMA
    assert list(incoming.batches()) == [BATCH, BATCH]


def test_metadata_that_came_last_without_a_batch_is_kept() -> None:
    incoming = Incoming(Reader([b"one", BATCH, None, b"two"]), Context())
    assert incoming.said is None
    assert list(incoming.batches()) == [BATCH]
    assert incoming.said == b"two"


def test_client_that_sends_no_schema_sends_no_column() -> None:
    incoming = Incoming(Reader([], sent=None), Context())
    assert incoming.schema() == pa.schema([])
    (batch,) = incoming.batches()
    assert (batch.num_columns, batch.num_rows) == (0, 0)


@pytest.mark.parametrize("answers", [[True], [False, True]], ids=["at once", "a moment later"])
@pytest.mark.parametrize("chunks", [[], [BATCH], [BATCH, pa.ArrowInvalid("broken")]])
def test_client_that_is_gone_is_no_end(answers: list[bool], chunks: list[object]) -> None:
    taken = []
    with pytest.raises(Cancelled, match="before the end of its rows"):
        taken.extend(Incoming(Reader(list(chunks)), Context(iter(answers))).batches())


def test_client_that_is_gone_before_its_schema_sends_no_empty_one() -> None:
    with pytest.raises(Cancelled):
        Incoming(Reader([], sent=None), Context(iter([True]))).schema()


@pytest.mark.parametrize("error", [pa.ArrowInvalid("not a batch\nline 2"), OSError("short")])
def test_broken_batch_is_an_error_of_the_client(error: Exception) -> None:
    with pytest.raises(InvalidRequest, match=r"A batch cannot be read: (not a batch|short)$"):
        list(Incoming(Reader([BATCH, error]), Context()).batches())


def test_batch_that_points_beside_its_buffers_is_an_error_of_the_client() -> None:
    offsets = pa.py_buffer(struct.pack("<4i", 0, 2**30, 1, 2))
    broken = pa.Array.from_buffers(pa.utf8(), 3, [None, offsets, pa.py_buffer(b"ab")])
    schema = pa.schema([("A", pa.utf8())])
    batch = pa.record_batch([broken], schema=schema)
    with pytest.raises(InvalidRequest, match="A batch is no valid Arrow data"):
        list(Incoming(Reader([batch], schema), Context()).batches())


def test_rows_of_nothing_are_taken_up_to_a_limit() -> None:
    schema = pa.schema([("A", pa.null())])
    many = pa.record_batch([pa.nulls(MAX_ROWS_OF_NOTHING)], schema=schema)
    assert list(Incoming(Reader([many], schema), Context()).batches()) == [many]
    too_many = pa.record_batch([pa.nulls(MAX_ROWS_OF_NOTHING + 1)], schema=schema)
    with pytest.raises(InvalidRequest, match="rows without a value"):
        list(Incoming(Reader([too_many], schema), Context()).batches())
