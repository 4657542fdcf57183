"""One transaction on a leased connection: said, answered, ended in any case; never sees a value."""

import threading
import warnings
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Final, TypeVar

import pyarrow as pa

from flight_client.protocol.errors import (
    Cancelled,
    Error,
    InvalidRequest,
    UnknownTransaction,
)
from flight_server.backends.hana.access import DatabaseUser
from flight_server.backends.hana.change_errors import (
    change_error,
    ends_transaction,
    lost_error,
    unknown_outcome,
)
from flight_server.backends.hana.messages import (
    Begin,
    Change,
    Changed,
    Connected,
    Describe,
    Described,
    End,
    Finished,
    Insert,
    Reply,
    Run,
)
from flight_server.backends.hana.pool.failure import Failure, attempted
from flight_server.backends.hana.pool.lease import Lease
from flight_server.backends.hana.pool.pool import Pool
from flight_server.backends.hana.pool.relay import Relay
from flight_server.backends.hana.pool.settings import ReaderSettings
from flight_server.backends.hana.pool.stream import dressed

R = TypeVar("R", bound=Reply)

_SUBJECT: Final = "The transaction"


class Transaction:
    """One thread uses it at a time; ``end`` may be called from any. Whoever began it closes it.

    It takes the turns of a stream, but none of its space: between two statements it costs HANA
    nothing, and streams that have a turn of the space and wait for these would else wait for it,
    and it for them.
    """

    def __init__(self, pool: Pool, settings: ReaderSettings) -> None:
        self._pool = pool
        self._settings = settings
        self._call = pool.new_call()
        self._using = threading.Lock()
        self._lease: Lease | None = None
        self._stream: TransactionStream | None = None
        self._over: Error | None = None
        self._closed = True

    def begin(self, user: DatabaseUser, client_info: Mapping[str, str]) -> None:
        """Wait for a connection and begin; once.

        Args:
            user: Who writes.
            client_info: Session variables of the statements.

        Raises:
            Unavailable: No turn came in time.
            Error: What the database said, or that it is out of reach.
        """

        def attempt(fresh: bool) -> Lease:  # noqa: FBT001 - as attempted calls it
            lease = self._pool.lease(
                self._call, user, _SUBJECT, short=False, fresh=fresh, writes=True
            )
            try:
                self._call.check()
                lease.ask(Begin(client_info), Connected)
            except BaseException:
                self._call.hold(None)
                self._pool.give_back(lease)
                raise
            return lease

        attempts, backoff_s = self._settings.attempts, self._settings.backoff_s
        self._lease = attempted(attempt, self._call, attempts=attempts, backoff_s=backoff_s)
        self._closed = False

    @property
    def is_open(self) -> bool:
        """Whether there is something to commit or to roll back."""
        return self._over is None and self._call.ended is None

    @property
    def refused(self) -> tuple[str, ...]:
        """What the database refused of the statements after the log-on."""
        return () if self._lease is None else self._lease.reader.connected.refused

    def describe(self, sql: str, subject: str) -> Described:
        """The columns and markers of a query as this transaction sees them.

        Raises:
            Error: What the database said; as for all that follows, see ``is_open``.
        """
        return self._asked(Describe(sql), Described, subject)

    def change(self, request: Change | Insert, subject: str) -> int | None:
        """Make a change; the number of rows, None where the database does not say."""
        return self._asked(request, Changed, subject).rows

    def open(self, run: Run, schema: pa.Schema, subject: str) -> "TransactionStream":
        """A stream over the rows of a query; nothing else may be done before it is closed.

        Args:
            run: The statement, without session variables of its own.
            schema: Of the batches.
            subject: What is read, as the start of a sentence.
        """
        with self._used(subject):
            self._stream = stream = TransactionStream(self, run, schema, subject)
        return stream

    def commit(self) -> None:
        """Keep what was done. The transaction is over, whether or not that works.

        Raises:
            Error: Nothing was kept; or, where the connection was lost meanwhile, nobody knows.
        """
        with self._using:
            lease = self._ready()
            try:
                lease.ask(End(keep=True), Connected)
            except Failure as failure:
                failed = failure.failed
                if failed is None or failed.connection_lost:
                    error = unknown_outcome()
                else:
                    error = change_error(failed, _SUBJECT, at_commit=True)
                self._give_back(_ended_by(error))
                raise error from failure
            self._give_back(UnknownTransaction("The transaction was committed; begin a new one."))

    def end(self, reason: Error) -> None:
        """Stop what another thread does here, and roll back, within the grace of a cancel.

        Everything raises the reason from now on; the first one stays.
        """
        self._call.end(reason)
        if self._using.acquire(blocking=False):  # else whoever works here meets the end, and ends
            try:
                self._roll_back(reason)
            finally:
                self._using.release()

    def roll_back(self, reason: Error) -> None:
        """The same, where nobody works here: the database may take the time that it needs."""
        if not self._using.acquire(blocking=False):
            self._call.end(reason)
            self._using.acquire()
        try:
            self._roll_back(reason)
        finally:
            self._using.release()

    def close(self) -> None:
        """Roll back what is open, and give the connection back."""
        self._closed = True
        self.roll_back(UnknownTransaction("The transaction was closed; begin a new one."))

    def __del__(self) -> None:
        if not self._closed:
            warnings.warn(f"{self!r} was not closed.", ResourceWarning, source=self, stacklevel=2)

    # what a stream asks for

    def next_batch(self, stream: "TransactionStream") -> pa.RecordBatch | None:
        """The next batch of the open stream, or None at its end."""
        with self._using:
            lease = self._ready(stream)
            try:
                with self._failing(stream.subject):
                    if stream.relay is None:
                        stream.relay = Relay.started(lease, stream.run)
                    read = stream.relay.read()
            finally:
                if stream.relay is None or stream.relay.is_at_rest:
                    self._stream = None
            self._leave()
            if isinstance(read, Finished):
                return None
            return dressed(read, stream.schema, stream.subject)

    def close_stream(self, stream: "TransactionStream") -> None:
        """Let the reader end a stream before its end, and the transaction go on."""
        with self._using:
            if self._stream is stream:
                self._end_stream()

    # with the lock

    def _asked(self, request: Change | Insert | Describe, kind: type[R], subject: str) -> R:
        with self._used(subject) as lease:
            return lease.ask(request, kind)

    @contextmanager
    def _used(self, subject: str) -> Generator[Lease]:
        with self._using:
            lease = self._ready()
            with self._failing(subject):
                yield lease
            self._leave()

    def _ready(self, stream: "TransactionStream | None" = None) -> Lease:
        if self._over is not None:
            raise _afresh(self._over)
        if self._call.ended is not None:
            self._roll_back(self._call.ended)
            raise _afresh(self._call.ended)
        if self._stream is not stream:
            raise InvalidRequest(
                "A query of this transaction is still being read; read it to its end or close it "
                "first."
            )
        if self._lease is None:
            raise UnknownTransaction("The transaction was not begun.")
        return self._lease

    @contextmanager
    def _failing(self, subject: str) -> Generator[None]:
        """What fails in here is told, and ends the transaction where the database did so."""
        try:
            yield
        except Failure as failure:
            failed = failure.failed
            ended = self._call.ended
            if ended is not None:
                self._roll_back(ended)
                raise _afresh(ended) from failure
            if failed is None:
                error = lost_error(failure.said, subject)
            else:
                error = change_error(failed, subject)
            if failed is None or failed.connection_lost:
                self._give_back(_ended_by(error))
            elif ends_transaction(failed):
                self._roll_back(_ended_by(error))
            raise error from failure

    def _leave(self) -> None:
        """Heed an end that came while the database finished what it did."""
        ended = self._call.ended
        if ended is not None:
            self._roll_back(ended)
            raise _afresh(ended)

    def _end_stream(self) -> None:
        """Drop what is still to come of a stream; where it does not end, the transaction does."""
        stream, self._stream = self._stream, None
        lease = self._lease
        relay = None if stream is None else stream.relay
        if relay is None or relay.is_at_rest or lease is None:
            return
        late = Cancelled(
            "A query was not read to its end and did not stop in time, so that its transaction "
            "was rolled back."
        )
        impatience = threading.Timer(self._settings.cancel_grace_s, self._call.end, [late])
        impatience.daemon = True
        impatience.start()
        try:
            lease.enough()
            relay.drain()
        finally:
            impatience.cancel()
        if self._call.ended is not None:
            self._roll_back(self._call.ended)

    def _roll_back(self, reason: Error) -> None:
        lease = self._lease
        if lease is None:
            self._over = self._over or reason
            return
        self._end_stream()
        if self._lease is None:  # that did it
            return
        try:
            with lease.limited(self._settings.roll_back_s):
                lease.ask(End(keep=False), Connected)
        except Failure:  # the end of the connection rolls back too
            lease.kill()
        self._give_back(reason)

    def _give_back(self, reason: Error) -> None:
        lease, self._lease = self._lease, None
        self._over = self._over or reason
        self._call.hold(None)
        if lease is not None:
            self._pool.give_back(lease)


class TransactionStream:
    """A ``BatchStream`` over a query inside of a transaction, whose connection it keeps busy.

    Attributes:
        run: The statement.
        schema: Promised to the caller.
        subject: What is read, as the start of a sentence.
        relay: Of the reader, from the first ``read``.
    """

    def __init__(self, transaction: Transaction, run: Run, schema: pa.Schema, subject: str) -> None:
        self._transaction = transaction
        self._finished = False
        self._error: Error | None = None
        self.run: Final = run
        self.schema: Final = schema
        self.subject: Final = subject
        self.relay: Relay | None = None

    @property
    def may_block(self) -> bool:
        """The database and the network are waited for."""
        return True

    def read(self) -> pa.RecordBatch | None:
        """The next batch, or None at the end.

        Raises:
            Error: What the database said, or why the transaction ended.
        """
        if self._finished:
            return None
        if self._error is not None:
            raise _afresh(self._error)
        try:
            batch = self._transaction.next_batch(self)
        except Error as error:
            self._error = error
            raise
        self._finished = batch is None
        return batch

    def cancel(self) -> None:
        """Stop the statement, and with it the transaction: that is how HANA cancels."""
        if not self._finished:
            self.end(Cancelled("The read was cancelled, and its transaction rolled back."))

    def end(self, reason: Error) -> None:
        """As ``cancel``, with the error that everything raises from now on."""
        self._transaction.end(reason)

    def close(self) -> None:
        """Give the connection back to the transaction, which goes on."""
        self._error = self._error or InvalidRequest("The stream is closed.")
        self._transaction.close_stream(self)


def _ended_by(error: Error) -> Error:
    return UnknownTransaction(
        f"The transaction was rolled back by an error ({error.code}); begin a new one."
    )


def _afresh(error: Error) -> Error:
    """The same error as another object: one that is raised twice grows its traceback."""
    same = type(error)(error.message)
    same.details = error.details
    return same
