"""The retry rule: on a new connection, a bounded number of times, never for a refused user."""

import logging
import threading

import pytest

from flight_client.protocol.errors import Cancelled, Error, InternalError, InvalidSql, Unavailable
from flight_server.backends.hana.messages import Failed
from flight_server.backends.hana.pool.calls import Call
from flight_server.backends.hana.pool.failure import Failure, attempted

OVERLOAD = 616
DEADLOCK = 133
SYNTAX = 257
LOCKED_USER = 416
BROKEN = -10807


def refused(
    code: int, text: str = "said HANA", *, reused: bool = False, lost: bool = False
) -> Failure:
    return Failure.refused(Failed(code, text, connection_lost=lost), "SALES.ORDERS", reused=reused)


class Attempts:
    """Fails as it is told, then succeeds; notes whether each attempt was on a new connection."""

    def __init__(self, *failures: Failure) -> None:
        self.failures = list(failures)
        self.fresh: list[bool] = []

    def __call__(self, fresh: bool) -> str:
        self.fresh.append(fresh)
        if self.failures:
            raise self.failures.pop(0)
        return "rows"


def tried(attempts: Attempts, call: Call | None = None, *, most: int = 3) -> str:
    return attempted(attempts, call or Call(queue_s=1), attempts=most, backoff_s=0.001)


@pytest.mark.parametrize("code", [OVERLOAD, DEADLOCK])
def test_failure_that_may_pass_is_tried_again_on_new_connections(code: int) -> None:
    attempts = Attempts(refused(code), refused(code))

    assert tried(attempts) == "rows"
    assert attempts.fresh == [False, True, True]


def test_attempts_are_bounded() -> None:
    attempts = Attempts(*(refused(OVERLOAD) for _ in range(9)))

    with pytest.raises(Unavailable) as raised:
        tried(attempts)

    assert len(attempts.fresh) == 3
    assert raised.value.details["hana_code"] == OVERLOAD


@pytest.mark.parametrize("code", [SYNTAX, LOCKED_USER, 10, 414, 4, 613, 139])
def test_failure_that_stays_is_not_repeated(code: int) -> None:
    attempts = Attempts(refused(code))

    with pytest.raises(Error):
        tried(attempts)

    assert attempts.fresh == [False]


def test_connection_that_broke_while_idle_is_replaced_beside_the_attempts() -> None:
    attempts = Attempts(refused(BROKEN, reused=True, lost=True), refused(OVERLOAD))

    assert tried(attempts, most=2) == "rows"
    assert attempts.fresh == [False, True, True]


def test_lost_reader_that_was_idle_is_replaced_once() -> None:
    lost = [Failure.lost("signal 9", "SALES.ORDERS", reused=True) for _ in range(2)]
    attempts = Attempts(*lost)

    with pytest.raises(Unavailable, match="signal 9"):
        tried(attempts)

    assert attempts.fresh == [False, True]


def test_reader_lost_at_its_first_statement_is_not_replaced() -> None:
    attempts = Attempts(Failure.lost("signal 11", "SALES.ORDERS", reused=False))

    with pytest.raises(Unavailable, match="read again"):
        tried(attempts)

    assert attempts.fresh == [False]


def test_cancel_ends_the_pause_between_attempts() -> None:
    call = Call(queue_s=1)
    timer = threading.Timer(0.05, call.end, [Cancelled("The read was cancelled.")])
    timer.start()

    with pytest.raises(Cancelled):
        attempted(Attempts(*(refused(OVERLOAD) for _ in range(99))), call, attempts=99, backoff_s=9)

    timer.join()


def test_cancelled_call_does_not_try_again() -> None:
    call = Call(queue_s=1)
    attempts = Attempts(refused(139))
    call.end(Cancelled("The read was cancelled."))

    with pytest.raises(Cancelled):
        tried(attempts, call)

    assert attempts.fresh == [False]


def test_failure_of_our_own_keeps_its_class() -> None:
    failure = Failure.refused(
        Failed(None, "The query has no columns.", InvalidSql.code), "The query", reused=False
    )

    assert isinstance(failure.error, InvalidSql)


def test_words_about_the_request_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        refused(SYNTAX, "syntax error near 'secret literal'")

    assert caplog.text == ""


def test_words_that_the_caller_does_not_get_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        failure = refused(2, "general error in the index server")

    assert isinstance(failure.error, InternalError)
    assert "general error in the index server" in caplog.text


@pytest.mark.parametrize("code", [2, OVERLOAD])
def test_words_of_the_database_are_one_bounded_line_of_the_log(
    code: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        failure = refused(code, "value 'x\n2026-01-01 ERROR all is lost\r" + 1000 * "y")
        failure.final()

    assert caplog.messages
    assert all("all is lost" in message for message in caplog.messages)
    assert all(message.isprintable() and len(message) < 500 for message in caplog.messages)
