"""One caller's wish for a reader: still wanted or not, and what has to stop when it is not."""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from flight_client.protocol.errors import Error, Unavailable


class Stoppable(Protocol):
    """What works for a call."""

    def stop(self) -> None:
        """Stop within a second, asked from any thread, as often as anybody likes."""
        ...


class Call:
    """A wish that any thread may end; every wait on its way is ended with it."""

    def __init__(self, *, queue_s: float) -> None:
        """``queue_s`` is the longest wait for turns in all, in seconds from the first one."""
        self._changed = threading.Condition()
        self._ended: Error | None = None
        self._working: Stoppable | None = None
        self._queue_s: Final = queue_s
        self._queue_until: float | None = None

    @property
    def ended(self) -> Error | None:
        """Why it is not wanted any more."""
        return self._ended

    def end(self, reason: Error) -> None:
        """End it, from any thread. The first reason stays."""
        with self._changed:
            self._ended = self._ended or reason
            working = self._working
            self._changed.notify_all()
        if working is not None:
            working.stop()

    def check(self) -> None:
        """Raise the reason if it was ended."""
        if self._ended is not None:
            raise self._ended

    def hold(self, working: Stoppable | None) -> None:
        """Note what works for the call, which is stopped at the end of the call; None for nothing.

        Raises:
            Error: The call has ended already.
        """
        with self._changed:
            if working is not None:
                self.check()
            self._working = working

    def pause(self, seconds: float) -> None:
        """Wait.

        Raises:
            Error: The call was ended meanwhile.
        """
        self._wait(lambda: False, time.monotonic() + seconds)

    def await_turn(self, has_come: Callable[[], bool]) -> bool:
        """Wait in a queue, whose owner wakes the call with ``wake``; False if it took too long.

        Raises:
            Error: The call was ended meanwhile.
        """
        if self._queue_until is None:
            self._queue_until = time.monotonic() + self._queue_s
        return self._wait(has_come, self._queue_until)

    def wake(self) -> None:
        """Make the call look whether its turn has come."""
        with self._changed:
            self._changed.notify_all()

    def _wait(self, has_come: Callable[[], bool], until: float) -> bool:
        with self._changed:
            self._changed.wait_for(
                lambda: self._ended is not None or has_come(), max(0.0, until - time.monotonic())
            )
            self.check()
            return has_come()


class Turns:
    """A number of places, given to calls in the order in which they came."""

    def __init__(self, places: int, busy: str) -> None:
        """``busy`` is the sentence for a call that waited in vain, without its end."""
        self._lock = threading.Lock()
        self._free = places
        self._busy = busy
        self._queue: deque[_Waiting] = deque()

    @property
    def free(self) -> int:
        """Places that nobody has."""
        return self._free

    @property
    def waiting(self) -> int:
        """Calls in the queue."""
        return len(self._queue)

    def enter(self, call: Call) -> None:
        """Take a place, which has to be left again.

        Raises:
            Unavailable: No place became free in time.
            Error: The call was ended meanwhile.
        """
        call.check()
        with self._lock:
            if self._free:
                self._free -= 1
                return
            waiting = _Waiting(call)
            self._queue.append(waiting)
        try:
            if call.await_turn(lambda: waiting.has_place):
                return
        except BaseException:
            self._give_up(waiting)
            raise
        self._give_up(waiting)
        raise Unavailable(f"{self._busy}; try again later.")

    def try_enter(self) -> bool:
        """Take a place if there is one and nobody waits for it."""
        with self._lock:
            if not self._free:
                return False
            self._free -= 1
            return True

    def leave(self) -> None:
        """Hand the place on to whoever has waited longest."""
        with self._lock:
            if self._queue:
                following = self._queue.popleft()
                following.has_place = True
                following.call.wake()
            else:
                self._free += 1

    def _give_up(self, waiting: "_Waiting") -> None:
        with self._lock:
            if not waiting.has_place:
                self._queue.remove(waiting)
                return
        self.leave()  # the place came in the same moment


class _Waiting:
    """A call in the queue."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.has_place = False
