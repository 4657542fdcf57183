"""DoPut of our own: the rows of a write, acknowledged while they go into the database."""

import logging
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final

import pyarrow as pa
import pyarrow.flight as fl

from flight_client.protocol.errors import (
    Cancelled,
    Error,
    InvalidRequest,
    OutcomeUnknown,
    ResourceExhausted,
)
from flight_client.protocol.writes import (
    WriteTicket,
    Written,
    decode_sent,
    decode_write,
    encode_written,
)
from flight_server.service.context import Services
from flight_server.wire.auth import principal_of
from flight_server.wire.incoming import Incoming
from flight_server.wire.watching import watched

_log: Final = logging.getLogger(__name__)

_NO_END: Final = "The rows ended before the client said that they were all; none was kept."


@dataclass(frozen=True, slots=True)
class Streams:
    """The two directions of a DoPut."""

    reader: fl.MetadataRecordBatchReader
    writer: fl.FlightMetadataWriter


def put(
    services: Services,
    context: fl.ServerCallContext,
    command: bytes,
    streams: Streams,
    heartbeat_s: float,
) -> None:
    """Write the batches that come, all or none, and answer how far that is.

    Args:
        services: What is served.
        context: Of the call.
        command: A ``WriteTicket``.
        streams: Of the call.
        heartbeat_s: Longest silence of the answers, in seconds.

    Raises:
        Cancelled: The client went away, waited too long, or ended without saying so.
        Error: What the services said; nothing was kept.
    """
    ticket = decode_write(command)
    incoming = Incoming(streams.reader, context)
    answers = _Answers(streams.writer)
    idle_s = services.transactions.idle_s

    def is_over() -> bool:
        return context.is_cancelled() or incoming.has_stalled(idle_s) or answers.has_stalled(idle_s)

    writes = services.writes(principal_of(context), partial(watched, is_over))
    with _logged(ticket), answers.beating(heartbeat_s):
        rows = writes.write(ticket, incoming.schema(), _whole(incoming), answers.tell)
    _log.info("%s: %d rows were kept", _named(ticket), rows)
    answers.tell(rows, committed=True)


@contextmanager
def _logged(ticket: WriteTicket) -> Generator[None]:
    """Log which write failed and what was kept of it; why is logged where the caller is told."""
    try:
        yield
    except OutcomeUnknown:
        _log.warning("%s: whether its rows were kept is not known; look", _named(ticket))
        raise
    except Error as error:
        level = logging.WARNING if isinstance(error, ResourceExhausted) else logging.INFO
        _log.log(level, "%s: nothing was kept [%s]", _named(ticket), error.code)
        raise


def _named(ticket: WriteTicket) -> str:
    place = ticket.table if ticket.space is None else f"{ticket.space}.{ticket.table}"
    return f"write ({ticket.mode}) into {place!r:.200}"


def _whole(incoming: Incoming) -> Iterator[pa.RecordBatch]:
    """The batches; an error where their end is not the one that the client means."""
    rows = 0
    for batch in incoming.batches():
        rows += batch.num_rows
        yield batch
    sent = None if incoming.said is None else decode_sent(incoming.said)
    if sent is None or not sent.is_end:
        raise Cancelled(_NO_END)
    if sent.rows != rows:
        raise InvalidRequest(
            f"The client sent {sent.rows:,} rows and {rows:,} came; none was kept: write them anew."
        )


class _Answers:
    """What the client is told: how many rows so far, again and again while nothing else is."""

    def __init__(self, writer: fl.FlightMetadataWriter) -> None:
        self._writer = writer
        self._lock = threading.Lock()
        self._rows = 0
        self._tells_since: float | None = None

    def tell(self, rows: int, *, committed: bool = False) -> None:
        """Tell it; returns once the message is on its way."""
        with self._lock:
            self._rows = rows
            self._send(Written(rows, committed))

    def has_stalled(self, limit_s: float) -> bool:
        """Whether the client has not taken an answer for so many seconds."""
        since = self._tells_since
        return since is not None and time.monotonic() - since >= limit_s

    @contextmanager
    def beating(self, every_s: float) -> Generator[None]:
        """Tell it again every so many seconds; the thread has ended when this returns."""
        done = threading.Event()

        def beat() -> None:
            while not done.wait(every_s):
                with self._lock:
                    try:
                        self._send(Written(self._rows))
                    except (fl.FlightError, pa.ArrowException, OSError):
                        return  # the client is gone, which others notice

        thread = threading.Thread(target=beat, name="flight-write-beat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _send(self, written: Written) -> None:
        self._tells_since = time.monotonic()
        self._writer.write(pa.py_buffer(encode_written(written)))
        self._tells_since = None
