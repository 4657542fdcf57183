"""Waits that Ctrl-C can end; knows nothing of what is waited for.

A call into C++ returns before Python looks at signals. Such calls run in a thread of their own
while the main thread waits where a signal reaches it.
"""

import queue
import threading
from collections.abc import Callable
from typing import Final, TypeVar

POLL_S: Final = 0.5
"""Longest uninterrupted wait in seconds; on Windows a lock hears no Ctrl-C before it times out."""

T = TypeVar("T")


def interruptible(call: Callable[[], T]) -> T:
    """What ``call`` returns or raises; an interrupted wait leaves it to end by itself.

    Other threads than the main one see no signals, so there it is called directly.
    """
    if threading.current_thread() is not threading.main_thread():
        return call()
    results: queue.SimpleQueue[T] = queue.SimpleQueue()
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.put(call())
        except BaseException as error:  # noqa: BLE001 - raised again below, in the main thread
            failures.append(error)

    worker = threading.Thread(target=run, name="flight-client-call", daemon=True)
    worker.start()
    while worker.is_alive():
        worker.join(POLL_S)
    if failures:
        raise failures[0]
    return results.get_nowait()
