"""Keeps users from being locked out: a refused log-on is not repeated for a while.

HANA locks a user after a few failed log-ons, and each further one keeps it locked (error 416).
"""

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from flight_client.protocol.errors import AccessDenied, Error, Unauthenticated, Unavailable
from flight_server.backends.hana.pool.calls import Call
from flight_server.backends.hana.pool.failure import Failure

_REFUSALS: Final = (AccessDenied, Unauthenticated)


class Logons:
    """What is known of the log-ons of each user, by label."""

    def __init__(self, *, pause_s: float) -> None:
        """``pause_s`` is how long the outcome of a log-on is believed, in seconds.

        For so long a refused user is not tried again, and one who succeeded may be tried by many at
        once. Not for longer: the password may have been changed, and many would lock the user.
        """
        self._pause_s = pause_s
        self._lock = threading.Lock()
        self._proven_until: dict[str, float] = {}
        self._refused: dict[str, tuple[Error, float]] = {}
        self._trying: dict[str, _Trial] = {}

    def check(self, label: str) -> None:
        """Raise what the database said of the user a moment ago, if it refused it.

        Raises:
            Error: The same sentence again.
        """
        with self._lock:
            error, until = self._refused.get(label, (None, 0.0))
            if error is None:
                return
            if time.monotonic() >= until:
                del self._refused[label]
                return
        same = type(error)(error.message)  # another object: one raised twice grows its traceback
        same.details = error.details
        raise same

    @contextmanager
    def attempt(self, call: Call, label: str) -> Generator[None]:
        """Log on inside of this. A user who has not succeeded lately is tried by one at first.

        Those who waited for it go on together where it told nothing of the user: while HANA is
        silent, they would else wait for its silence one after the other.

        Raises:
            Error: The user was refused a moment ago, or the call was ended.
        """
        trial = self._begin(call, label)
        try:
            yield
        except Failure as failure:
            if isinstance(failure.error, _REFUSALS):
                with self._lock:
                    self._proven_until.pop(label, None)
                    self._refused[label] = (failure.error, time.monotonic() + self._pause_s)
            raise
        else:
            with self._lock:
                self._proven_until[label] = time.monotonic() + self._pause_s
        finally:
            if trial is not None:
                self._finish(label, trial)

    def _begin(self, call: Call, label: str) -> "_Trial | None":
        """Wait until the user may be tried; the trial, where others wait for how it ends."""
        self.check(label)
        with self._lock:
            if time.monotonic() < self._proven_until.get(label, 0.0):
                return None
            trial = self._trying.get(label)
            if trial is None:
                trial = self._trying[label] = _Trial()
                return trial
            trial.waiting.append(call)
        if not call.await_turn(lambda: trial.ended):
            raise Unavailable(f"The log-on of {label!r} takes too long; try again later.")
        self.check(label)
        return None

    def _finish(self, label: str, trial: "_Trial") -> None:
        with self._lock:
            del self._trying[label]
            trial.ended = True
        for call in trial.waiting:
            call.wake()


@dataclass(slots=True)
class _Trial:
    """One log-on, and the calls that wait for its end."""

    waiting: list[Call] = field(default_factory=list[Call])
    ended: bool = False
