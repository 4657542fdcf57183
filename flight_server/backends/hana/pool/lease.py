"""A reader process in the hands of one call; what is said and done to it ends with the lease."""

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from typing import Final, TypeVar

import pyarrow as pa

from flight_server.backends.hana.errors import Again
from flight_server.backends.hana.messages import (
    Cancel,
    Change,
    Changed,
    Connected,
    Describe,
    Enough,
    Failed,
    Finished,
    Insert,
    Prepare,
    Reply,
    Request,
    Run,
)
from flight_server.backends.hana.pool.failure import Failure
from flight_server.backends.hana.pool.process import ReaderLost, ReaderProcess

R = TypeVar("R", bound=Reply)


class Reader:
    """A process and what is known of it.

    Attributes:
        process: The process.
        user: Label of the user it is connected as; None where it has no connection of use.
        writes: Whether that connection was opened to write; one that was reads nothing else.
        connected: What it said when it connected.
        connected_at: When that was, by ``time.monotonic``.
        idle_since: When it was last given back, by ``time.monotonic``.
        doubtful: Whether the connection has to show that it lives before it is used again.
        statements: How many it has prepared or run.
        first_bytes: Its memory after the first log-on.
        resident_bytes: Its memory as it said last.
    """

    def __init__(self, process: ReaderProcess) -> None:
        self.process: Final = process
        self.user: str | None = None
        self.writes = False
        self.connected = Connected()
        self.connected_at = 0.0
        self.idle_since = time.monotonic()
        self.doubtful = False
        self.statements = 0
        self.first_bytes = 0
        self.resident_bytes = 0

    def note(self, reply: Reply) -> None:
        """Take note of what a reply tells of the process."""
        match reply:
            case Connected():
                self.resident_bytes = reply.resident_bytes
                self.first_bytes = self.first_bytes or reply.resident_bytes
            case Finished() | Changed():
                self.resident_bytes = reply.resident_bytes
            case _:
                pass


class Lease:
    """One thread talks to the reader; any thread may ``stop`` or ``kill`` it.

    Neither reaches the reader once the lease has ended, so a late cancel hits no other statement.
    """

    def __init__(
        self, reader: Reader, subject: str, *, reused: bool, short: bool, grace_s: float
    ) -> None:
        """Begin.

        Args:
            reader: The process, which nobody else has.
            subject: What it is for, for messages.
            reused: Whether the process, and its connection if it has one, was idle before.
            short: Whether it is given back soon, whoever waits for what.
            grace_s: How long it has to end what is stopped, in seconds.
        """
        self.reader: Final = reader
        self.reused = reused
        self.short: Final = short
        self._subject = subject
        self._grace_s = grace_s
        self._saying = threading.Lock()
        self._life = threading.Lock()
        self._active = True
        self._killed = False
        self._executioner: threading.Timer | None = None

    @property
    def was_killed(self) -> bool:
        """Whether the reader did not end in time what was stopped or limited."""
        return self._killed

    def ask(self, request: Request, kind: type[R]) -> R:
        """Send a request and wait for the reply.

        Raises:
            Failure: It was refused, or the reader ended.
        """
        with self._lost_is_failure():
            with self._saying:
                self.reader.process.send(request)
            if isinstance(request, Run | Describe | Prepare | Change | Insert):
                self.reader.statements += 1
            return self.receive(kind)

    def receive(self, kind: type[R]) -> R:
        """Wait for the next reply.

        Raises:
            Failure: It is ``Failed``, or the reader ended.
        """
        with self._lost_is_failure():
            reply = self.reader.process.receive()
            self.reader.note(reply)
            if isinstance(reply, Failed):
                failure = Failure.refused(reply, self._subject, reused=self.reused)
                if reply.connection_lost or failure.again is not Again.NEVER:
                    self.reader.user = None  # the next attempt is on a new connection
                raise failure
            if not isinstance(reply, kind):
                raise ReaderLost(self.reader.process.how_it_ended())
            return reply

    def batches(self) -> pa.RecordBatchStreamReader:
        """The stream of batches after ``Running``.

        Raises:
            Failure: The reader ended.
        """
        with self._lost_is_failure():
            return self.reader.process.batches()

    def next_batch(self, batches: pa.RecordBatchStreamReader) -> pa.RecordBatch | None:
        """The next batch of a stream, or None at its end.

        Raises:
            Failure: The reader ended in the middle of one.
        """
        with self._lost_is_failure():
            try:
                return batches.read_next_batch()
            except StopIteration:
                return None
            except (OSError, pa.ArrowException) as error:
                raise ReaderLost(self.reader.process.how_it_ended()) from error

    def stop(self) -> None:
        """Cancel what the reader works on, and kill it if it does not listen. From any thread.

        Returns at once, or within the grace where the reader does not even take the message.
        """
        with self._life:
            if not self._active or self._executioner is not None:
                return
            self._executioner = threading.Timer(self._grace_s, self.kill)
            self._executioner.daemon = True
            self._executioner.start()
        with self._saying:
            if self._active:
                with suppress(ReaderLost):  # whoever waits for its reply sees that too
                    self.reader.process.send(Cancel())

    def enough(self) -> None:
        """Want no more rows of what runs, which comes to its end as if it had no more."""
        with self._saying, suppress(ReaderLost):  # whoever waits for its reply sees that too
            self.reader.process.send(Enough())

    def kill(self) -> None:
        """Kill the reader, from any thread."""
        with self._life:
            if self._active:
                self._killed = True
                self.reader.process.kill()

    @contextmanager
    def limited(self, seconds: float) -> Generator[threading.Event]:
        """Kill the reader if this takes longer; the event tells that it came to that."""
        expired = threading.Event()

        def expire() -> None:
            expired.set()
            self.kill()

        timer = threading.Timer(seconds, expire)
        timer.daemon = True
        timer.start()
        try:
            yield expired
        finally:
            timer.cancel()

    def end(self) -> None:
        """Let nothing more reach the reader through this lease."""
        with self._saying, self._life:
            self._active = False
            if self._executioner is not None:
                self._executioner.cancel()
                self.reader.doubtful = True

    @contextmanager
    def _lost_is_failure(self) -> Generator[None]:
        try:
            yield
        except ReaderLost as lost:
            raise Failure.lost(lost.how, self._subject, reused=self.reused) from lost
