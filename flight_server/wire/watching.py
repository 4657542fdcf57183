"""Stops a change whose client goes away while the database works on it."""

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

POLL_S: Final = 0.1
"""How often it is looked whether the client is gone, in seconds."""


@contextmanager
def watched(is_cancelled: Callable[[], bool], stop: Callable[[], None]) -> Generator[None]:
    """Call ``stop`` from another thread if the call is cancelled meanwhile.

    The thread has ended when this returns, because a Flight call must not be asked anything after
    its end.

    Args:
        is_cancelled: Whether the client is gone or its deadline has passed.
        stop: Ends the work within a second.
    """
    done = threading.Event()

    def watch() -> None:
        while not done.wait(POLL_S):
            if is_cancelled():
                stop()
                return

    thread = threading.Thread(target=watch, name="flight-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
