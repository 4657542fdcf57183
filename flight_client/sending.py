"""Sends record batches through one call, a few ahead of the answers; knows no Flight, no ticket.

Two threads do what may block, one opens and writes and one listens, so that the caller's thread
hears Ctrl-C and notices a server that fell silent. The call is theirs alone: wherever Ctrl-C
reaches the caller's thread, and whoever keeps its traceback, they end the call.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Final, Protocol, Self

import pyarrow as pa

from flight_client.protocol.errors import Error, InternalError, OutcomeUnknown, Unavailable
from flight_client.protocol.writes import Sent, Written, decode_written, encode_sent
from flight_client.waiting import POLL_S

AHEAD: Final = 3
"""Most batches on their way that the server has not taken into its database."""

LIFE_S: Final = 0.5
"""How often the server is told that a slow source of rows is still at work, in seconds; a server
waits for a second at least (``writes.idle_s``)."""

JOIN_S: Final = 5.0
"""How long a caller waits for the server to undo a write that was given up, in seconds."""


class Call(Protocol):
    """The two directions of one call."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Send a batch."""
        ...

    def say(self, metadata: bytes) -> None:
        """Send metadata alone."""
        ...

    def answer(self) -> bytes | None:
        """The next answer, or None at their end."""
        ...

    def end(self) -> None:
        """Send no more."""
        ...

    def close(self) -> None:
        """After the end of the answers: raise what the server said at last, if it failed."""
        ...


class Sending:
    """Batches in, rows kept out. Used in a ``with`` statement, by one thread.

    What leaves the block before ``finish`` is an end that the server does not take for one: it
    keeps nothing then.

    Args:
        open_call: Opens the call.
        idle_timeout_s: Longest silence of the server, in seconds; None for no limit.
        join_s: Longest wait for the server to undo what was given up, in seconds.
        taken: Is told a few times a second, in the thread of the caller, how many rows the server
            has taken into its database.
    """

    def __init__(
        self,
        open_call: Callable[[], Call],
        *,
        idle_timeout_s: float | None,
        join_s: float = JOIN_S,
        taken: Callable[[int], None] = lambda _rows: None,
    ) -> None:
        self._open_call = open_call
        self._taken = taken
        self._join_s = join_s
        self._idle_timeout_s = idle_timeout_s
        self._lock = threading.RLock()  # the caller enters this itself: a Condition's own entering
        self._changed = threading.Condition(self._lock)  # may be interrupted with the lock taken
        self._waiting: deque[pa.RecordBatch] = deque()
        self._unheard: deque[int] = deque()
        self._sent_rows = 0
        self._heard_s = time.monotonic()
        self._wants_end = False
        self._says_end = False
        self._given_up = False
        self._written: Written | None = None
        self._failure: BaseException | None = None
        self._answers_ended = False
        self._is_over = False
        self._writer = threading.Thread(
            target=self._guarded, args=(self._open,), name="flight-client-write", daemon=True
        )

    @property
    def may_be_kept(self) -> bool:
        """Whether the server was told that the rows are all, so that it may have kept them."""
        return self._says_end

    def __enter__(self) -> Self:
        try:
            self._writer.start()
        except BaseException:  # Ctrl-C while it starts
            self._give_up()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._give_up()
        self._writer.join(self._join_s)

    def send(self, batch: pa.RecordBatch) -> None:
        """Take a batch once the server has taken those before it, but for a few.

        Raises:
            Error: What the server said, or what happened to the connection.
        """
        self._wait_until(lambda: len(self._unheard) < AHEAD)
        with self._lock:
            self._sent_rows += batch.num_rows
            self._unheard.append(self._sent_rows)
            self._waiting.append(batch)
            self._changed.notify_all()

    def finish(self) -> int:
        """Say that these are all rows, and wait until they are kept; how many they are.

        Raises:
            Error: As ``send``; see ``may_be_kept``.
        """
        self._wait_until(lambda: not self._unheard)  # till then, giving up keeps nothing for sure
        with self._lock:
            self._wants_end = True
            self._changed.notify_all()
        self._wait_until(lambda: self._is_over)
        if self._written is None or not self._written.committed:
            said = "The server ended the write without saying that it was kept"
            if self._says_end:
                raise OutcomeUnknown(f"{said}; look at the table before you write again.")
            raise InternalError(f"{said}.")
        self._taken(self._written.rows)
        return self._written.rows

    # in the caller's thread

    def _give_up(self) -> None:
        with self._lock:
            self._given_up = True
            self._waiting.clear()
            self._changed.notify_all()

    def _wait_until(self, done: Callable[[], bool]) -> None:
        while not self._is_there(done):
            self._taken(self._written.rows if self._written else 0)

    def _is_there(self, done: Callable[[], bool]) -> bool:
        """Whether it is done; if not, something may have happened since it was asked."""
        with self._lock:
            if self._failure is not None:
                raise self._failure
            if done():
                return True
            if self._is_over:
                raise InternalError("The server ended the write before its last row.")
            if not self._changed.wait(POLL_S):
                self._check_life()
            return False

    def _check_life(self) -> None:
        limit_s = self._idle_timeout_s
        if limit_s is not None and time.monotonic() - self._heard_s > limit_s:
            if self._says_end:
                raise OutcomeUnknown(
                    f"The server has been silent for {limit_s:g} s since it was told of the last "
                    "row: whether the rows were kept is not known; look before you write again."
                )
            raise Unavailable(
                f"The server has been silent for {limit_s:g} s; write again, or raise "
                "idle_timeout_s."
            )

    # in threads of their own

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            with self._changed:
                self._failure = self._failure or error
                self._changed.notify_all()

    def _open(self) -> None:
        if self._given_up:
            return
        call = self._open_call()
        self._heard_s = time.monotonic()
        listener = threading.Thread(
            target=self._guarded,
            args=(partial(self._listen, call),),
            name="flight-client-answers",
            daemon=True,
        )
        listener.start()
        self._write(call)
        listener.join()

    def _write(self, call: Call) -> None:
        try:
            while (batch := self._next(call)) is not None:
                if batch.num_rows:
                    call.write(batch)
                else:
                    call.say(encode_sent(Sent(self._sent_rows)))
            call.end()
        except Error:
            with suppress(Error):
                call.end()
            raise
        finally:
            self._close(call)

    def _close(self, call: Call) -> None:
        """Hear the server's last word; whoever sends less than all has no use for it."""
        with self._changed:
            self._changed.wait_for(lambda: self._answers_ended)
        error: Error | None = None
        try:
            call.close()
        except Error as last:
            error = last
        with self._changed:
            self._failure = self._failure or error
            self._is_over = True
            self._changed.notify_all()

    def _next(self, call: Call) -> pa.RecordBatch | None:
        """The next batch; one without rows where none came for a while; None after the last."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._waiting or self._wants_end or self._given_up or self._answers_ended,
                LIFE_S,
            )
            if self._given_up or self._answers_ended:
                return None
            if self._waiting:
                return self._waiting.popleft()
            if not self._wants_end:
                return _SIGN_OF_LIFE
            self._says_end = True
        call.say(encode_sent(Sent(self._sent_rows, is_end=True)))
        return None

    def _listen(self, call: Call) -> None:
        try:
            while (answer := call.answer()) is not None:
                written = decode_written(answer)
                with self._changed:
                    self._written = written
                    self._heard_s = time.monotonic()
                    while self._unheard and self._unheard[0] <= written.rows:
                        self._unheard.popleft()
                    self._changed.notify_all()
        finally:
            with self._changed:
                self._answers_ended = True
                self._changed.notify_all()


_SIGN_OF_LIFE: Final = pa.RecordBatch.from_pylist([], schema=pa.schema([]))
