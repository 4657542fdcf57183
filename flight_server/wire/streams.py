"""Sends a batch stream to a Flight client: schema first, heartbeats, cancel, release.

Every stream goes out through ``GeneratorStream`` and not ``RecordBatchStream``: only there can
empty batches be slipped in while the database is silent, errors keep their codes, and a cancel is
seen while no batch comes. At megabytes a batch it costs nothing measurable (ADR 12).
"""

import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from typing import Final

import pyarrow as pa
import pyarrow.flight as fl

from flight_client.protocol.errors import Cancelled
from flight_client.protocol.tickets import Compression
from flight_server.service.reads import OpenRead
from flight_server.wire.errors import boundary
from flight_server.wire.prefetch import reading

POLL_S: Final = 0.1
"""How often a waiting stream looks whether its client is gone, in seconds."""

_NEVER_SENT: Final = pa.RecordBatch.from_pylist([], schema=pa.schema([]))
"""What ``send`` takes from a stream to have it begin."""


def _plain() -> AbstractContextManager[None]:
    return boundary("DoGet")


def send(
    read: OpenRead,
    *,
    heartbeat_s: float,
    is_cancelled: Callable[[], bool],
    schema: pa.Schema | None = None,
    guard: Callable[[], AbstractContextManager[None]] = _plain,
) -> fl.GeneratorStream:
    """The Flight stream of a read, which it closes when it ends, fails or is cancelled.

    Args:
        read: What to send.
        heartbeat_s: Longest silence in seconds; an empty batch breaks it.
        is_cancelled: Whether the client is gone or its deadline has passed. Called only while the
            Flight call lives.
        schema: The one of the stream with other metadata; None for the stream's own.
        guard: The error boundary round the stream, entered while the Flight call lives.
    """
    sent = schema or read.stream.schema
    batches = _batches(read, sent, heartbeat_s, is_cancelled, guard)
    next(batches)  # runs to the first yield: from here on the generator's end releases the stream
    return fl.GeneratorStream(sent, batches, options=_options(read.compression))


def _options(compression: Compression) -> pa.ipc.IpcWriteOptions:
    codec = None if compression is Compression.NONE else compression.value
    return pa.ipc.IpcWriteOptions(compression=codec)


def _batches(
    read: OpenRead,
    schema: pa.Schema,
    heartbeat_s: float,
    is_cancelled: Callable[[], bool],
    guard: Callable[[], AbstractContextManager[None]],
) -> Generator[pa.RecordBatch]:
    source = reading(read.stream)
    try:
        yield _NEVER_SENT
        with guard():
            spoken = time.monotonic()
            while True:
                try:
                    batch = source.next(POLL_S)
                except TimeoutError:
                    if is_cancelled():
                        raise Cancelled("The client went away or its deadline passed.") from None
                    if time.monotonic() - spoken >= heartbeat_s:
                        yield _empty(schema)
                        spoken = time.monotonic()
                    continue
                if batch is None:
                    return
                yield batch
                del batch  # else it would live until the next one is there
                spoken = time.monotonic()
    finally:
        source.stop()


def _empty(schema: pa.Schema) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([], schema=schema)
