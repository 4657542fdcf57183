"""Users whom the database refused are not tried again for a while, and never by many at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from flight_client.protocol.errors import Cancelled, Unauthenticated, Unavailable
from flight_server.backends.hana.messages import Failed
from flight_server.backends.hana.pool.calls import Call
from flight_server.backends.hana.pool.failure import Failure
from flight_server.backends.hana.pool.logons import Logons
from tests.support.fake_readers import PATIENCE_S, eventually

USER = "SALES#FLIGHT"


def failing(code: int) -> Failure:
    return Failure.refused(Failed(code, "no", connection_lost=True), USER, reused=False)


def call() -> Call:
    return Call(queue_s=PATIENCE_S)


def log_on(logons: Logons, failure: Failure | None = None) -> None:
    with logons.attempt(call(), USER):
        if failure is not None:
            raise failure


@pytest.mark.parametrize("code", [10, 414, 415, 416, 663])
def test_refused_user_is_not_tried_again_for_a_while(code: int) -> None:
    logons = Logons(pause_s=PATIENCE_S)
    with pytest.raises(Failure) as first:
        log_on(logons, failing(code))

    with pytest.raises(type(first.value.error)) as again:
        log_on(logons)

    assert again.value.message == first.value.error.message
    assert again.value.details == first.value.error.details


def test_refused_user_is_tried_again_after_a_while() -> None:
    logons = Logons(pause_s=0)
    with pytest.raises(Failure):
        log_on(logons, failing(10))

    log_on(logons)


def test_database_out_of_reach_says_nothing_of_the_user() -> None:
    logons = Logons(pause_s=PATIENCE_S)
    with pytest.raises(Failure):
        log_on(logons, failing(-10709))

    log_on(logons)


def test_other_users_are_not_refused() -> None:
    logons = Logons(pause_s=PATIENCE_S)
    with pytest.raises(Failure):
        log_on(logons, failing(10))

    with logons.attempt(call(), "FINANCE#FLIGHT"):
        pass


def test_wrong_password_is_tried_once_however_many_ask() -> None:
    logons = Logons(pause_s=PATIENCE_S)
    tried: list[int] = []
    all_there = threading.Barrier(8)

    def ask() -> None:
        all_there.wait(PATIENCE_S)
        with logons.attempt(call(), USER):
            tried.append(1)
            raise failing(10)

    with ThreadPoolExecutor(8) as executor:
        errors = [future.exception() for future in [executor.submit(ask) for _ in range(8)]]

    assert len(tried) == 1
    assert sum(isinstance(error, Unauthenticated) for error in errors) == 7


def test_calls_that_waited_for_a_silent_database_go_on_together() -> None:
    logons = Logons(pause_s=PATIENCE_S)
    all_there = threading.Barrier(4)

    def ask() -> None:
        with logons.attempt(call(), USER):
            all_there.wait(PATIENCE_S)

    with ThreadPoolExecutor(4) as executor:
        with suppress(Failure), logons.attempt(call(), USER):
            asking = [executor.submit(ask) for _ in range(4)]
            assert eventually(lambda: len(logons._trying[USER].waiting) == 4)
            raise failing(-10709)
        for each in asking:
            each.result(PATIENCE_S)


def test_proven_user_logs_on_many_times_at_once() -> None:
    logons = Logons(pause_s=PATIENCE_S)
    log_on(logons)

    with logons.attempt(call(), USER):
        log_on(logons)


def test_user_who_succeeded_long_ago_is_tried_by_one_at_a_time() -> None:
    logons = Logons(pause_s=0)
    log_on(logons)

    with (
        logons.attempt(call(), USER),
        pytest.raises(Unavailable),
        logons.attempt(Call(queue_s=0.01), USER),
    ):
        pass


def test_waiting_for_the_log_on_of_another_ends_with_the_call() -> None:
    logons, waiting = Logons(pause_s=PATIENCE_S), call()
    timer = threading.Timer(0.05, waiting.end, [Cancelled("The read was cancelled.")])

    with logons.attempt(call(), USER):
        timer.start()
        with pytest.raises(Cancelled), logons.attempt(waiting, USER):
            pass

    timer.join()


def test_waiting_for_the_log_on_of_another_ends_in_time() -> None:
    logons = Logons(pause_s=PATIENCE_S)

    with (
        logons.attempt(call(), USER),
        pytest.raises(Unavailable, match=USER),
        logons.attempt(Call(queue_s=0.01), USER),
    ):
        pass
