"""Calls into C++ leave the main thread free to hear Ctrl-C."""

import _thread
import threading
import time

import pytest

from flight_client.waiting import interruptible


def test_result_is_handed_back() -> None:
    assert interruptible(lambda: 7) == 7


def test_failure_is_raised_in_the_calling_thread() -> None:
    failure = ValueError("what")

    def fail() -> None:
        raise failure

    with pytest.raises(ValueError, match="what") as caught:
        interruptible(fail)
    assert caught.value is failure


def test_main_thread_does_not_run_the_call_itself() -> None:
    assert interruptible(threading.current_thread) is not threading.main_thread()


def test_other_threads_call_directly() -> None:
    found: list[threading.Thread] = []
    worker = threading.Thread(target=lambda: found.append(interruptible(threading.current_thread)))
    worker.start()
    worker.join()
    assert found == [worker]


def test_interrupt_ends_the_wait_and_not_the_call() -> None:
    gate = threading.Event()
    timer = threading.Timer(0.05, _thread.interrupt_main)
    timer.start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        interruptible(lambda: gate.wait(5))
    assert time.monotonic() - started < 2
    gate.set()
    timer.join()
