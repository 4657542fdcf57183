"""Turns: first come, first served, and nobody waits who is not wanted any more."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from flight_client.protocol.errors import Cancelled, Unavailable
from flight_server.backends.hana.pool.calls import Call, Turns
from tests.support.fake_readers import PATIENCE_S, eventually


def call(queue_s: float = PATIENCE_S) -> Call:
    return Call(queue_s=queue_s)


class Work:
    """What works for a call."""

    def __init__(self) -> None:
        self.stops = 0

    def stop(self) -> None:
        self.stops += 1


def queued(turns: Turns, calls: list[Call], do: Callable[[Call], None]) -> list[Future[None]]:
    """Let each call wait in a thread of its own, in this order."""
    executor = ThreadPoolExecutor(len(calls))
    futures = []
    for count, waiting in enumerate(calls, start=1):
        futures.append(executor.submit(do, waiting))
        assert eventually(lambda count=count: turns.waiting == count)
    executor.shutdown(wait=False)
    return futures


def test_free_place_is_taken_at_once() -> None:
    turns = Turns(2, "All busy")

    turns.enter(call())

    assert turns.free == 1


def test_waiting_calls_get_their_turn_in_the_order_in_which_they_came() -> None:
    turns = Turns(1, "All busy")
    turns.enter(call())
    calls = [call() for _ in range(5)]
    came: list[Call] = []

    def enter(waiting: Call) -> None:
        turns.enter(waiting)
        came.append(waiting)
        turns.leave()

    futures = queued(turns, calls, enter)
    turns.leave()

    for future in futures:
        future.result(PATIENCE_S)
    assert came == calls
    assert turns.free == 1


def test_cancelled_call_leaves_the_queue_and_the_next_one_gets_its_turn() -> None:
    turns = Turns(1, "All busy")
    turns.enter(call())
    calls = [call(), call()]
    first, second = queued(turns, calls, turns.enter)

    calls[0].end(Cancelled("The read was cancelled."))

    with pytest.raises(Cancelled):
        first.result(PATIENCE_S)
    assert turns.waiting == 1
    turns.leave()
    second.result(PATIENCE_S)


def test_call_that_waited_too_long_is_told_who_is_busy() -> None:
    turns = Turns(1, "All 7 are busy")
    turns.enter(call())

    with pytest.raises(Unavailable, match="All 7 are busy; try again later"):
        turns.enter(call(queue_s=0.01))

    assert turns.waiting == 0


def test_place_that_comes_with_the_cancel_goes_to_the_next() -> None:
    """Whoever gives up and whoever hands over meet in every order; no place gets lost."""
    for _ in range(200):
        turns = Turns(1, "All busy")
        turns.enter(call())
        calls = [call()]
        (waiting,) = queued(turns, calls, turns.enter)
        leaver = threading.Thread(target=turns.leave)
        leaver.start()
        calls[0].end(Cancelled("The read was cancelled."))
        leaver.join()
        if waiting.exception(PATIENCE_S) is None:
            turns.leave()
        assert turns.free == 1


def test_ended_call_takes_no_place() -> None:
    turns, ended = Turns(1, "All busy"), call()
    ended.end(Cancelled("The read was cancelled."))

    with pytest.raises(Cancelled):
        turns.enter(ended)

    assert turns.free == 1


def test_nobody_is_overtaken_by_who_does_not_wait() -> None:
    turns = Turns(1, "All busy")
    turns.enter(call())
    (waiting,) = queued(turns, [call()], turns.enter)

    assert not turns.try_enter()

    turns.leave()
    waiting.result(PATIENCE_S)


def test_first_reason_stays() -> None:
    ended = call()
    ended.end(Cancelled("The read was cancelled."))
    ended.end(Unavailable("The server is closing its database."))

    with pytest.raises(Cancelled):
        ended.check()


def test_pause_ends_with_the_call() -> None:
    paused = call()
    timer = threading.Timer(0.05, paused.end, [Cancelled("The read was cancelled.")])
    timer.start()

    with pytest.raises(Cancelled):
        paused.pause(PATIENCE_S)

    timer.join()


def test_what_works_for_a_call_is_stopped_with_it() -> None:
    working, work = call(), Work()
    working.hold(work)

    working.end(Cancelled("The read was cancelled."))

    assert work.stops == 1


def test_nothing_begins_to_work_for_an_ended_call() -> None:
    ended = call()
    ended.end(Cancelled("The read was cancelled."))

    with pytest.raises(Cancelled):
        ended.hold(Work())


def test_what_is_given_back_is_not_stopped() -> None:
    working, work = call(), Work()
    working.hold(work)
    working.hold(None)

    working.end(Cancelled("The read was cancelled."))

    assert work.stops == 0
