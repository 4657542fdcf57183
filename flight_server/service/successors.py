"""Which transaction a client began after the one that it ended; knows connections, no statements.

ADBC commits, begins anew in the same call, and goes on executing what it prepared before: a handle
that names the transaction that has ended. Only where one client certainly does one thing after
the other is the next transaction the one that it means.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

SOON_S: Final = 5.0
"""How long after an end the next transaction may begin and still follow it, in seconds."""

KEPT_S: Final = 86400.0
"""How long an identifier that nobody asks for is kept, in seconds."""

MAX_KEPT: Final = 10_000
"""Most identifiers, and most connections, that are kept; those unused for longest go first."""


@dataclass(slots=True, eq=False)
class _Line:
    """Transactions of one connection, one behind the other.

    Attributes:
        principal: Who began them all.
        last: Identifier of the newest.
        ended: When its owner ended that; None while it has not.
        is_shared: Two were open at a time, so that none can be told to follow another any more.
    """

    principal: str
    last: str
    ended: float | None = None
    is_shared: bool = False

    def goes_on(self, principal: str, now: float) -> bool:
        """Whether what this principal begins now follows the newest."""
        is_soon = self.ended is not None and now - self.ended <= SOON_S
        return principal == self.principal and is_soon


class Successors:
    """The lines of all connections of this process. Thread-safe.

    A connection is named by ``peer``: the address of its other end, which one client alone uses.

    Args:
        clock: Seconds, from any start, never backwards.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        # Each with the time of its last use, which is their order.
        self._lines: dict[str, tuple[_Line, float]] = {}
        self._line_of: dict[str, tuple[_Line, float]] = {}

    def began(
        self, identifier: str, principal: str, peer: str, is_open: Callable[[str], bool]
    ) -> None:
        """A transaction was begun on a connection; ``is_open`` tells of another whether it is."""
        now = self._clock()
        with self._lock:
            _forget(self._lines, now)
            _forget(self._line_of, now)
            line, _ = self._lines.pop(peer, (None, now))
            if line is not None and is_open(line.last):
                line.is_shared = True
            if line is None or not (line.is_shared or line.goes_on(principal, now)):
                line = _Line(principal, identifier)
            line.last, line.ended = identifier, None
            self._lines[peer] = line, now
            self._line_of[identifier] = line, now

    def ended(self, identifier: str, peer: str) -> None:
        """Its owner committed a transaction or rolled it back, on the connection it was begun on.

        Not to be told of one that was over by then, nor of a commit that failed.
        """
        with self._lock:
            line, _ = self._lines.get(peer, (None, 0.0))
            if line is not None and line.last == identifier and line.ended is None:
                line.ended = self._clock()

    def successor(self, identifier: str, principal: str, peer: str) -> str | None:
        """The transaction that a call on a connection means by one that was ended there.

        Returns:
            The newest of its line, which may have ended otherwise than by its owner; None where
            none follows with certainty.
        """
        now = self._clock()
        with self._lock:
            line, _ = self._line_of.pop(identifier, (None, now))
            if line is None:
                return None
            self._line_of[identifier] = line, now
            current, _ = self._lines.get(peer, (None, now))
            if current is not line or line.is_shared or line.principal != principal:
                return None
            return line.last if line.ended is None else None


def _forget(kept: dict[str, tuple[_Line, float]], now: float) -> None:
    """Make room for one more, and forget what is old."""
    while kept:
        oldest = next(iter(kept))
        if len(kept) < MAX_KEPT and now - kept[oldest][1] < KEPT_S:
            return
        del kept[oldest]
