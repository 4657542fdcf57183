"""The open transactions of this process: whose, which connection, and their end in any case.

A transaction is lazy: it is a line in a table until its first change pins a connection. It knows no
SQL, and nobody is asked here what may be changed.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from flight_client.protocol.errors import (
    Cancelled,
    Error,
    InvalidRequest,
    Unavailable,
    UnknownTransaction,
)
from flight_server.backends.base import BatchStream, WriteTransaction
from flight_server.service.held_stream import HeldStream
from flight_server.service.pinned import Pinned

_log: Final = logging.getLogger(__name__)

BUSY_S: Final = 5.0
"""How long a second statement of a transaction waits for the first, in seconds."""

FORGOTTEN_S: Final = 86400.0
"""How long a transaction that holds nothing is remembered, in seconds."""

MAX_REMEMBERED: Final = 10_000
"""Most transactions in the table; the oldest that hold nothing are forgotten first."""

COMMITTED: Final = "it was committed"
ROLLED_BACK: Final = "it was rolled back"
"""Reasons of an end that the client itself asked for."""

_FAILED: Final = "the server failed, and all was undone"


@dataclass(slots=True, eq=False)
class _Record:
    """A line of the table. Who has the turn may touch the connection."""

    principal: str
    used: float
    turn: threading.Lock = field(default_factory=threading.Lock)
    pinned: Pinned | None = None
    stream: HeldStream | None = None
    ended: str | None = None


class Transactions:
    """The table. Thread-safe; ``close`` rolls everything back.

    Args:
        idle_s: A pinned transaction that nothing uses for so many seconds is rolled back.
        max_pinned: Most connections that transactions hold at a time.
        clock: Seconds, from any start, never backwards.
        busy_s: How long a statement waits for another one of its transaction, in seconds.
    """

    def __init__(
        self,
        *,
        idle_s: float = 60.0,
        max_pinned: int = 4,
        clock: Callable[[], float] = time.monotonic,
        busy_s: float = BUSY_S,
    ) -> None:
        self._idle_s = idle_s
        self._max_pinned = max_pinned
        self._clock = clock
        self._busy_s = busy_s
        self._lock = threading.Lock()
        self._records: dict[str, _Record] = {}
        self._held = 0
        self._alone: dict[int, WriteTransaction] = {}
        self._closing = threading.Event()
        self._reaper: threading.Thread | None = None

    @property
    def idle_s(self) -> float:
        """How long a pinned transaction may be left alone, in seconds."""
        return self._idle_s

    def begin(self, principal: str) -> str:
        """A new transaction; its identifier."""
        self._require_open()
        identifier = secrets.token_hex(16)
        with self._lock:
            if len(self._records) >= MAX_REMEMBERED:
                by_end = sorted(self._records.items(), key=lambda each: each[1].ended is None)
                for each, record in by_end[: MAX_REMEMBERED // 10]:  # what ended, then the oldest
                    self._forget(each, record)
            self._records[identifier] = _Record(principal, self._clock())
        return identifier

    @contextmanager
    def changing(
        self, identifier: str, principal: str, begin: Callable[[], WriteTransaction]
    ) -> Generator[Pinned]:
        """The connection of a transaction, pinned now if it was not.

        Raises:
            UnknownTransaction: It has ended, or another replica has it.
            InvalidRequest: Another statement of it does not end.
            Unavailable: Too many transactions hold a connection.
        """
        record = self._record(identifier, principal)
        with self._turn(record):
            pinned = record.pinned or self._pin(record, begin)
            try:
                yield pinned
            except Error as error:
                if pinned.is_spoiled:
                    self._end(record, f"a change failed halfway, and all was undone ({error})")
                elif not pinned.write.is_open:
                    self._end(record, f"it was undone by the database ({error})")
                raise
            except BaseException:
                self._end(record, _FAILED)
                raise

    @contextmanager
    def looking(self, identifier: str, principal: str) -> Generator[Pinned | None]:
        """The connection of a transaction where it has one; None where it changed nothing yet.

        Raises:
            UnknownTransaction, InvalidRequest: As ``changing``.
        """
        record = self._record(identifier, principal)
        if record.pinned is None:
            record.used = self._clock()
            yield None
            return
        with self._turn(record):
            yield record.pinned

    def open(
        self, identifier: str, principal: str, opened: Callable[[Pinned], BatchStream]
    ) -> BatchStream:
        """A stream on the connection of a pinned transaction, which it holds until it is closed.

        Raises:
            UnknownTransaction, InvalidRequest: As ``changing``.
        """
        record = self._record(identifier, principal)
        self._take_turn(record)
        try:
            if (pinned := record.pinned) is None:  # it was given a ticket of another one
                raise _unknown(None)  # noqa: TRY301 - the turn is given back here
            stream = opened(pinned)
        except BaseException:
            self._give_turn(record)
            raise

        def touch() -> None:
            record.used = self._clock()

        record.stream = HeldStream(stream, lambda: self._give_turn(record), touch)
        return record.stream

    @contextmanager
    def alone(self, begin: Callable[[], WriteTransaction]) -> Generator[Pinned]:
        """A transaction for one change, committed at the end and rolled back after an error."""
        self._require_open()
        write = begin()
        with self._lock:
            self._alone[id(write)] = write
        try:
            self._require_open()
            yield Pinned(write)
            write.commit()
        except Cancelled as error:  # nobody asked for that but close: the caller may try again
            if self._closing.is_set():
                raise _closing() from error
            raise
        finally:
            with self._lock:
                del self._alone[id(write)]
            write.close()

    def commit(self, identifier: str, principal: str) -> None:
        """Commit a transaction; it is over, whether or not that worked.

        Raises:
            UnknownTransaction: It has ended before, or another replica has it.
            InvalidRequest: A statement of it does not end.
            Error: What the database said.
        """
        record = self._record(identifier, principal)
        with self._turn(record):
            self._end(record, COMMITTED)  # said first: from here on nobody stops it
            if record.ended != COMMITTED:
                raise _unknown(record)
            try:
                if record.pinned is not None:
                    record.pinned.write.commit()
            except BaseException as error:
                told = isinstance(error, Error)
                record.ended = f"its commit failed ({error})" if told else _FAILED
                raise

    def rollback(self, identifier: str, principal: str) -> bool:
        """Roll a transaction back, and stop what runs in it; one that is not known has been.

        Returns:
            Whether it ended so, and not otherwise before.
        """
        with self._lock:
            record = self._records.get(identifier)
        if record is None or record.principal != principal:
            return False
        self._stop(record, ROLLED_BACK)
        self._release_within(record, self._busy_s)
        return record.ended == ROLLED_BACK

    def is_open(self, identifier: str) -> bool:
        """Whether a transaction is here and has not ended."""
        with self._lock:
            record = self._records.get(identifier)
        return record is not None and record.ended is None

    def close(self) -> None:
        """Roll back everything, stop what runs, and take nothing more."""
        self._closing.set()
        with self._lock:
            records = list(self._records.values())
            alone = list(self._alone.values())
        for write in alone:
            write.cancel()
        for record in records:
            self._stop(record, "the server closed")
        until = time.monotonic() + self._busy_s
        for record in records:
            self._release_within(record, until - time.monotonic())
        if self._reaper is not None:
            self._reaper.join()

    def sweep(self) -> None:
        """Roll back what nothing uses, and forget what is old; the reaper's work."""
        now = self._clock()
        with self._lock:
            for identifier, record in list(self._records.items()):
                if now - record.used >= FORGOTTEN_S:
                    self._forget(identifier, record)
            idle = [
                record
                for record in self._records.values()
                if record.pinned is not None and now - record.used >= self._idle_s
            ]
        for record in idle:
            self._end_idle(record, now)

    # one record

    def _record(self, identifier: str, principal: str) -> _Record:
        self._require_open()
        with self._lock:
            record = self._records.get(identifier)
        if record is None or record.principal != principal:
            raise _unknown(None)
        if record.ended is not None:
            raise _unknown(record)
        return record

    @contextmanager
    def _turn(self, record: _Record) -> Generator[None]:
        self._take_turn(record)
        try:
            yield
        finally:
            self._give_turn(record)

    def _take_turn(self, record: _Record) -> None:
        if not record.turn.acquire(timeout=self._busy_s):
            raise InvalidRequest(
                "Another statement of this transaction still runs or is still being read; read it "
                "to its end or close it, or use a second connection."
            )
        record.used = self._clock()
        if record.ended is not None:
            self._give_turn(record)
            raise _unknown(record)

    def _give_turn(self, record: _Record) -> None:
        """Let the next one in; close the connection where the transaction ended meanwhile."""
        try:
            record.used = self._clock()
            record.stream = None
            if record.pinned and not record.pinned.write.is_open and record.ended is None:
                record.ended = "it was undone by the database, after an error or a cancel"
            if record.ended is not None:
                self._unpin(record)
        finally:
            record.turn.release()

    def _pin(self, record: _Record, begin: Callable[[], WriteTransaction]) -> Pinned:
        with self._lock:
            if self._held >= self._max_pinned:
                raise Unavailable(
                    f"{self._held} transactions hold a connection, as many as "
                    "writes.max_transactions allows; try again later."
                )
            self._held += 1
        try:
            record.pinned = Pinned(begin())
        except BaseException:
            with self._lock:
                self._held -= 1
            raise
        self._start_reaper()
        return record.pinned

    def _unpin(self, record: _Record) -> None:
        pinned, record.pinned = record.pinned, None
        if pinned is None:
            return
        try:
            pinned.write.close()
        finally:
            with self._lock:
                self._held -= 1

    def _end(self, record: _Record, reason: str) -> None:
        """Say why it is over; the connection goes back with the turn."""
        with self._lock:
            if record.ended is not None:
                return
            record.ended = reason
        if record.pinned is not None:
            _log.info("a transaction of %r ended: %s", record.principal, reason)

    def _stop(self, record: _Record, reason: str) -> None:
        """End a transaction and what runs in it, whoever has the turn."""
        self._end(record, reason)
        if record.turn.acquire(blocking=False):
            self._give_turn(record)
            return
        stream, pinned = record.stream, record.pinned
        if stream is not None:
            stream.end(Cancelled(f"The transaction has ended: {record.ended}."))
        elif pinned is not None and record.ended != COMMITTED:
            pinned.write.cancel()

    def _release_within(self, record: _Record, limit_s: float) -> None:
        """Wait until the connection is given back; after the limit, who has the turn does that."""
        if record.turn.acquire(timeout=max(limit_s, 0.0)):
            self._give_turn(record)

    # what nobody asks for any more

    def _end_idle(self, record: _Record, now: float) -> None:
        reason = f"nothing used it for {self._idle_s:g} s, and it was rolled back"
        if (stream := record.stream) is not None:
            stream.end_if_unread(
                Cancelled(f"The transaction has ended: {reason}."),
                first=lambda: self._end(record, reason),
            )
            return
        if record.turn.acquire(blocking=False):
            if now - record.used >= self._idle_s:
                self._end(record, reason)
            self._give_turn(record)

    def _forget(self, identifier: str, record: _Record) -> None:
        """Take it out of the table, unless it has a connection or is just getting one."""
        if record.turn.acquire(blocking=False):
            if record.pinned is None:
                record.ended = record.ended or "it was forgotten"
                del self._records[identifier]
            record.turn.release()

    def _start_reaper(self) -> None:
        with self._lock:
            if self._reaper is None and not self._closing.is_set():
                self._reaper = threading.Thread(
                    target=self._reap, name="flight-transactions", daemon=True
                )
                self._reaper.start()

    def _reap(self) -> None:
        pause_s = min(max(self._idle_s / 4, 0.05), 15.0)
        while not self._closing.wait(pause_s):
            self.sweep()

    def _require_open(self) -> None:
        if self._closing.is_set():
            raise _closing()


def _unknown(record: _Record | None) -> UnknownTransaction:
    if record is None or record.ended is None:
        return UnknownTransaction(
            "This server has no such transaction: it ended, or another replica has it; roll back "
            "and begin again."
        )
    return UnknownTransaction(
        f"The transaction has ended: {record.ended}; roll back and begin again.",
        reason=record.ended,
    )


def _closing() -> Unavailable:
    return Unavailable("The server is closing; run the transaction again elsewhere.")
