"""The reader processes: who gets one, which one, and when it goes; knows no statement."""

import logging
import threading
import time
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass
from typing import Final
from weakref import WeakSet

from flight_client.protocol.errors import Unavailable
from flight_server.backends.hana.access import DatabaseUser
from flight_server.backends.hana.messages import Connect, Connected, Ping
from flight_server.backends.hana.pool.calls import Call, Turns
from flight_server.backends.hana.pool.failure import Failure
from flight_server.backends.hana.pool.lease import Lease, Reader
from flight_server.backends.hana.pool.logons import Logons
from flight_server.backends.hana.pool.process import ReaderProcess
from flight_server.backends.hana.pool.settings import ReaderSettings

_log: Final = logging.getLogger(__name__)

_CLOSING: Final = "The server is closing its database; read again elsewhere."
_CLOSE_S: Final = 1.0
"""How long close waits beyond the grace of cancelled statements, before it kills, in seconds."""

_END_S: Final = 0.5
"""How long an idle reader may take to end by itself, in seconds."""

_LOST: Final = "nobody asked it to"

_SWEEPS: Final = 4
"""Looks for idle processes within the time that they may be idle."""


class Pool:
    """A bounded number of reader processes, each with at most one connection and one lease.

    Turns come first, processes second. There are as many turns as processes, so whoever has a turn
    finds an idle process or room for a new one. Streams take two turns, one of them of a pool
    that is smaller by one, always in that order: so one process is left for short calls, which wait
    for nobody while they have it, and no circle of waiting callers can close.
    """

    def __init__(self, settings: ReaderSettings) -> None:
        """Start nothing yet."""
        readers = settings.max_readers
        most = f"hana.max_readers = {readers}"
        waited = f"were busy for {settings.queue_s:g} s"
        self._settings = settings
        self._turns = Turns(readers, f"All reader processes ({most}) {waited}")
        self._stream_turns = Turns(
            readers - 1,
            f"All reader processes for reads ({most}, one of them for the catalogue) {waited}",
        )
        self._slots: dict[str, Turns] = {}
        self._logons = Logons(pause_s=settings.refused_logon_s)
        self._lock = threading.Lock()
        self._idle: list[Reader] = []  # the longest idle first
        self._leased: set[Lease] = set()
        self._processes = 0
        self._calls: WeakSet[Call] = WeakSet()
        self._closed = threading.Event()
        self._sweeper: threading.Thread | None = None

    def new_call(self) -> Call:
        """A wish, which the end of the pool ends too."""
        call = Call(queue_s=self._settings.queue_s)
        with self._lock:
            self._calls.add(call)
        if self._closed.is_set():
            call.end(Unavailable(_CLOSING))
        return call

    def slot(self, name: str) -> Turns:
        """The turns of the streams of a space."""
        settings = self._settings
        places = settings.statements_per_space
        with self._lock:
            return self._slots.setdefault(
                name,
                Turns(
                    places,
                    f"All turns of {name!r} (hana.statements_per_space = {places}) were taken for "
                    f"{settings.queue_s:g} s",
                ),
            )

    def lease(
        self,
        call: Call,
        user: DatabaseUser,
        subject: str,
        *,
        short: bool,
        fresh: bool,
        writes: bool = False,
    ) -> Lease:
        """A reader that is connected as the user; it has to be given back.

        Args:
            call: Ends every wait in here, and later the work of the reader.
            user: To log on.
            subject: What it is for, for messages.
            short: Whether it is given back soon, whoever waits for what.
            fresh: Whether the connection has to be new.
            writes: Whether it is one to write with; a connection is of one kind for ever.

        Raises:
            Failure: There is no connection.
            Error: No turn came in time, the user was refused a moment ago, or the call was ended.
        """
        self._logons.check(user.label)
        if not short:
            self._stream_turns.enter(call)
        try:
            self._turns.enter(call)
            try:
                wish = _Wish(user, fresh=fresh, writes=writes)
                return self._connected(call, wish, subject, short=short)
            except BaseException:
                self._turns.leave()
                raise
        except BaseException:
            if not short:
                self._stream_turns.leave()
            raise

    def give_back(self, lease: Lease) -> None:
        """End a lease, whose reader has ended or waits for a request."""
        self._take_back(lease)
        self._turns.leave()
        if not lease.short:
            self._stream_turns.leave()

    def close(self) -> None:
        """End every call and every process, within the grace of a cancel and about a second."""
        with self._lock:
            self._closed.set()
            calls, idle = list(self._calls), self._idle
            self._idle = []
            sweeper = self._sweeper
        for call in calls:
            call.end(Unavailable(_CLOSING))
        for reader in idle:
            reader.process.dismiss()
        until = time.monotonic() + self._settings.cancel_grace_s + _CLOSE_S
        for reader in idle:
            self._bury(reader, "closing", grace_s=max(0.0, until - time.monotonic()))
        with self._lock:
            leased = list(self._leased)
        while time.monotonic() < until and not all(map(_has_ended, leased)):
            time.sleep(0.01)
        for lease in leased:
            lease.kill()
            lease.reader.process.how_it_ended()
        if sweeper is not None and sweeper is not threading.current_thread():
            sweeper.join()

    def _connected(self, call: Call, wish: "_Wish", subject: str, *, short: bool) -> Lease:
        while True:
            idle = self._pick(wish)
            lease = Lease(
                idle or self._start(),
                subject,
                reused=idle is not None,
                short=short,
                grace_s=self._settings.cancel_grace_s,
            )
            with self._lock:
                self._leased.add(lease)
            try:
                call.hold(lease)
                self._connect(call, lease, wish)
            except BaseException as error:
                lost = isinstance(error, Failure) and lease.reader.process.has_ended()
                self._take_back(lease)
                if not (lost and idle is not None and call.ended is None):
                    raise
                # it ended while nobody looked, which says nothing; there is one idle less now
            else:
                return lease

    def _pick(self, wish: "_Wish") -> Reader | None:
        """An idle reader, the best there is; None, and room for a new one, where that is better."""
        with self._lock:
            if self._closed.is_set():
                raise Unavailable(_CLOSING)
            own = [reader for reader in self._idle if wish.is_met_by(reader)]
            free = [reader for reader in self._idle if reader.user is None]
            candidates = free if wish.fresh else own[-1:] or free
            if not candidates and self._processes >= self._settings.max_readers:
                candidates = self._idle
            if candidates:
                chosen = candidates[0]
                self._idle.remove(chosen)
                return chosen
            self._processes += 1
            return None

    def _start(self) -> Reader:
        try:
            process = ReaderProcess(self._settings.command)
        except BaseException:
            self._count_out()
            raise
        _log.info("reader %d started", process.pid)
        self._sweep_from_now_on()
        return Reader(process)

    def _connect(self, call: Call, lease: Lease, wish: "_Wish") -> None:
        """Make the reader one that is connected as is wished."""
        settings, reader, user = self._settings, lease.reader, wish.user
        if not wish.fresh and wish.is_met_by(reader) and self._lives(lease):
            return
        reader.user, lease.reused = None, False
        statements = settings.change_statements if wish.writes else settings.statements
        request = Connect(user.options, statements, wish.writes)
        with self._logons.attempt(call, user.label), lease.limited(settings.start_s) as expired:
            try:
                reader.connected = lease.ask(request, Connected)
            except Failure as failure:
                if not expired.is_set():
                    raise
                raise Unavailable(
                    f"The log-on of {user.label} to the database took longer than "
                    f"{settings.start_s:g} s; try again later."
                ) from failure
        reader.user, reader.connected_at, reader.doubtful = user.label, time.monotonic(), False
        reader.writes = wish.writes
        kind = ", to write" if wish.writes else ""
        _log.info("reader %d is logged on as %s%s", reader.process.pid, user.label, kind)
        for sentence in reader.connected.refused:
            _log.info("reader %d, as %s: %.300r", reader.process.pid, user.label, sentence)

    def _lives(self, lease: Lease) -> bool:
        """Whether the connection may be used as it is.

        One to write with has to show that it lives: a change is not repeated on another connection.
        """
        settings, reader, now = self._settings, lease.reader, time.monotonic()
        if now - reader.connected_at > settings.connection_lifetime_s:
            return False
        is_doubtful = reader.doubtful or reader.writes
        if not is_doubtful and now - reader.idle_since <= settings.ping_after_s:
            return True
        with lease.limited(settings.ping_s), suppress(Failure):
            lease.ask(Ping(), Connected)
            reader.doubtful = False
            return True
        return False

    def _take_back(self, lease: Lease) -> None:
        lease.end()
        reader = lease.reader
        why = self._worn(reader)
        if lease.was_killed:
            why = "it did not answer in time"
        elif reader.process.has_ended():
            why = _LOST
        elif why is None and self._keep(lease):
            return
        self._bury(reader, why or "closing", grace_s=_END_S)
        with self._lock:
            self._leased.discard(lease)

    def _keep(self, lease: Lease) -> bool:
        """Make the reader an idle one; False if the pool has closed."""
        with self._lock:
            if self._closed.is_set():
                return False
            self._leased.discard(lease)
            lease.reader.idle_since = time.monotonic()
            self._idle.append(lease.reader)
            return True

    def _worn(self, reader: Reader) -> str | None:
        """Why the process has to go."""
        settings = self._settings
        if reader.statements >= settings.recycle_statements:
            return f"replaced after {reader.statements} statements"
        grown = reader.resident_bytes - reader.first_bytes
        if reader.first_bytes and grown > settings.recycle_bytes:
            return f"replaced after growing by {grown:,} bytes"
        return None

    def _bury(self, reader: Reader, why: str, *, grace_s: float) -> None:
        how = reader.process.bury(grace_s)
        level = logging.WARNING if why == _LOST else logging.INFO
        _log.log(level, "reader %d ended (%s): %s", reader.process.pid, how, why)
        self._count_out()

    def _count_out(self) -> None:
        with self._lock:
            self._processes -= 1

    def _sweep_from_now_on(self) -> None:
        with self._lock:
            if self._sweeper is None and not self._closed.is_set():
                self._sweeper = threading.Thread(
                    target=self._sweep_on, name="hana-readers", daemon=True
                )
                self._sweeper.start()

    def _sweep_on(self) -> None:
        while not self._closed.wait(self._settings.idle_s / _SWEEPS):
            self._sweep()

    def _sweep(self) -> None:
        """End the processes that were idle for too long, and bury those that ended unasked."""
        while (reader := self._overdue()) is not None:
            lost = reader.process.has_ended()
            self._bury(reader, _LOST if lost else "idle", grace_s=_END_S)
            self._turns.leave()

    def _overdue(self) -> Reader | None:
        """An idle reader to end, and a turn with it, so that nobody starts one too many."""
        if not self._turns.try_enter():
            return None
        with self._lock:
            since = time.monotonic() - self._settings.idle_s
            for reader in self._idle:
                if reader.idle_since < since or reader.process.has_ended():
                    self._idle.remove(reader)
                    return reader
        self._turns.leave()
        return None


@dataclass(frozen=True, slots=True)
class _Wish:
    """Which connection a call needs.

    Attributes:
        user: To log on.
        fresh: Whether it has to be new.
        writes: Whether it is one to write with.
    """

    user: DatabaseUser
    _: KW_ONLY
    fresh: bool
    writes: bool

    def is_met_by(self, reader: Reader) -> bool:
        """Whether this is the connection of a reader, however old that is."""
        return reader.user == self.user.label and reader.writes == self.writes


def _has_ended(lease: Lease) -> bool:
    return lease.reader.process.has_ended()
