"""The watch over a change: it stops what nobody waits for, and never outlives the call."""

import threading

import pytest

from flight_server.wire.watching import watched
from tests.support.patience import PATIENCE_S


def watchers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "flight-watch"]


def test_cancelled_call_is_stopped_while_it_works() -> None:
    stopped = threading.Event()
    with watched(lambda: True, stopped.set):
        assert stopped.wait(PATIENCE_S)
    assert watchers() == []


def test_call_that_is_wanted_is_left_alone() -> None:
    stopped = threading.Event()
    with watched(lambda: False, stopped.set):
        assert len(watchers()) == 1
    assert watchers() == []
    assert not stopped.is_set()


def test_error_of_the_work_passes_and_ends_the_watch() -> None:
    with pytest.raises(ZeroDivisionError), watched(lambda: False, lambda: None):
        raise ZeroDivisionError
    assert watchers() == []


def test_call_is_asked_nothing_after_its_end() -> None:
    over = threading.Event()
    asked_late = []
    asked = threading.Event()

    def is_cancelled() -> bool:
        asked.set()
        asked_late.append(over.is_set())
        return False

    with watched(is_cancelled, lambda: None):
        assert asked.wait(PATIENCE_S)
    over.set()
    assert not any(asked_late)


def test_call_is_stopped_once() -> None:
    stops = []
    first = threading.Event()

    def stop() -> None:
        stops.append(1)
        first.set()

    with watched(lambda: True, stop):
        assert first.wait(PATIENCE_S)
        (watcher,) = watchers() or [None]
        if watcher is not None:
            watcher.join(PATIENCE_S)
    assert len(stops) == 1
