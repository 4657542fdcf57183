"""How long tests wait for what takes milliseconds, so that a busy machine is no failure."""

import time
from collections.abc import Callable
from typing import Final

PATIENCE_S: Final = 30.0
"""Far more than anything here takes, and far less than the 120 s that a test has."""

TRIES: Final = 5
"""So often may what has to be quick be measured: a busy machine makes some slow, not all."""


def eventually(holds: Callable[[], object]) -> float:
    """Wait until a callable is true; how many seconds that took.

    Raises:
        AssertionError: It does not become true.
    """
    started = time.monotonic()
    while not holds():
        assert time.monotonic() - started < PATIENCE_S, f"not true within {PATIENCE_S:g} s"
        time.sleep(0.005)
    return time.monotonic() - started


def sometimes_under(limit_s: float, measure: Callable[[], float]) -> bool:
    """Whether one of several measurements, in seconds, stays under a limit."""
    return any(measure() < limit_s for _ in range(TRIES))
