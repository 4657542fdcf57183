"""The record batches of one statement on HANA, as a reader process sends them; never sees a row."""

import logging
import warnings
from dataclasses import dataclass
from typing import Any, Final, cast

import pyarrow as pa

from flight_client.protocol.errors import Cancelled, Error, InternalError
from flight_server.backends.hana.access import DatabaseUser
from flight_server.backends.hana.messages import Finished, Run
from flight_server.backends.hana.pool.failure import Failure, attempted
from flight_server.backends.hana.pool.lease import Lease
from flight_server.backends.hana.pool.pool import Pool
from flight_server.backends.hana.pool.relay import Relay
from flight_server.backends.hana.pool.settings import ReaderSettings

_log: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a stream reads.

    Attributes:
        user: Who reads.
        run: The statement.
        schema: Promised to the caller.
        slot: Name of the space whose turn is waited for; None for a short call, which needs none.
        subject: What is read, as the start of a sentence: ``SALES.ORDERS`` or ``The query``.
    """

    user: DatabaseUser
    run: Run
    schema: pa.Schema
    slot: str | None
    subject: str


class HanaStream:
    """A ``BatchStream`` over a reader process, which it has while its statement runs."""

    def __init__(self, pool: Pool, reading: Reading, settings: ReaderSettings) -> None:
        self._pool = pool
        self._reading = reading
        self._settings = settings
        self._call = pool.new_call()
        self._turns = None if reading.slot is None else pool.slot(reading.slot)
        self._has_turn = False
        self._relay: Relay | None = None
        self._finished = False
        self._closed = False

    @property
    def schema(self) -> pa.Schema:
        """Schema of every batch."""
        return self._reading.schema

    @property
    def may_block(self) -> bool:
        """A turn, the database and the network are waited for."""
        return True

    def read(self) -> pa.RecordBatch | None:
        """The next batch, or None at the end; the first call waits for a turn and starts.

        Raises:
            Cancelled: ``cancel`` was called.
            Unavailable: No turn came in time, or the reader process ended.
            Error: What the database said, in our words.
        """
        self._call.check()
        if self._finished:
            return None
        try:
            batch = self._first() if self._relay is None else self._next(self._relay)
        except Failure as failure:
            self._call.end(failure.error)  # which changes nothing where it was ended before
            self._call.check()
            raise failure.final() from failure
        except Error as error:
            self._call.end(error)
            raise
        self._call.check()
        return batch

    def cancel(self) -> None:
        """Stop the statement, also one that waits for its turn or between batches."""
        self.end(Cancelled("The read was cancelled."))

    def end(self, reason: Error) -> None:
        """As ``cancel``, with the error that ``read`` raises from now on; the first one stays."""
        self._call.end(reason)

    def close(self) -> None:
        """End the statement and give the reader back, within about the grace of a cancel."""
        if self._closed:
            return
        self._closed = True
        self._call.end(Cancelled("The stream is closed."))
        try:
            if self._relay is not None:
                self._relay.drain()
                self._give_back(self._relay.lease)
        finally:
            if self._turns is not None and self._has_turn:
                self._turns.leave()

    def __del__(self) -> None:
        if not self._closed:
            warnings.warn(f"{self!r} was not closed.", ResourceWarning, source=self, stacklevel=2)

    def _first(self) -> pa.RecordBatch | None:
        """Wait for a turn, and try until the first batch is there; from then on nothing repeats."""
        if self._turns is not None:
            self._turns.enter(self._call)
            self._has_turn = True
        attempts, backoff_s = self._settings.attempts, self._settings.backoff_s
        return attempted(self._attempt, self._call, attempts=attempts, backoff_s=backoff_s)

    def _attempt(self, fresh: bool) -> pa.RecordBatch | None:  # noqa: FBT001 - as attempted calls it
        reading = self._reading
        lease = self._pool.lease(
            self._call, reading.user, reading.subject, short=reading.slot is None, fresh=fresh
        )
        try:
            self._call.check()
            self._relay = Relay.started(lease, reading.run)
        except (Error, Failure):
            self._give_back(lease)
            raise
        return self._next(self._relay)

    def _next(self, relay: Relay) -> pa.RecordBatch | None:
        try:
            read = relay.read()
        except Failure:
            self._give_back(relay.lease)
            raise
        if not isinstance(read, Finished):
            return dressed(read, self._reading.schema, self._reading.subject)
        self._give_back(relay.lease)
        self._finished = True
        if read.replaced:
            _log.warning(
                "%s: values that Arrow cannot hold were replaced: %s",
                self._reading.subject,
                ", ".join(f"{count:,} of {what}" for what, count in read.replaced.items()),
            )
        return None

    def _give_back(self, lease: Lease) -> None:
        """Of a reader that waits for a request or has ended."""
        self._relay = None
        self._call.hold(None)
        self._pool.give_back(lease)


def dressed(batch: pa.RecordBatch, promised: pa.Schema, subject: str) -> pa.RecordBatch:
    """A batch in the promised schema, without a copy; the reader does not know its metadata.

    Raises:
        InternalError: It has other columns.
    """
    if batch.schema.equals(promised, check_metadata=True):
        return batch
    if batch.schema.names != promised.names or batch.schema.types != promised.types:
        raise InternalError(
            f"{subject}: the reader process sends other columns than were asked for; whoever runs "
            "the server reports this."
        )
    columns = cast("list[pa.Array[Any]]", batch.columns)
    return pa.record_batch(columns, schema=promised)
