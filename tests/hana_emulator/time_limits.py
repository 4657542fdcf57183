"""The query timeout that a client sets for a statement; knows neither wire nor engine."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.hana_emulator.values import HanaError

_CANCELLED, _TIMED_OUT = 139, 613


@contextmanager
def limited(seconds: int, cancel: Callable[[], None]) -> Iterator[None]:
    """End what runs in the block after so many seconds, with error 613; 0 is no limit.

    Args:
        seconds: As the client sent it; that HANA counts seconds is unverified.
        cancel: Ends the running statement with error 139; called by another thread.
    """
    if seconds <= 0:
        yield
        return
    expired = threading.Event()

    def expire() -> None:
        expired.set()
        cancel()

    timer = threading.Timer(seconds, expire)
    timer.start()
    try:
        yield
    except HanaError as error:
        if expired.is_set() and error.code == _CANCELLED:
            raise HanaError(_TIMED_OUT, "execution aborted by timeout") from None
        raise
    finally:
        timer.cancel()
        timer.join()  # so that it cancels this statement and not the next one
