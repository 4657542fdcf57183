"""A HANA that says nothing and keeps the connection: every request ends in bounded time."""

import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from flight_client.protocol.errors import Cancelled, DeadlineExceeded, Error, Unavailable
from tests.support.hana_requests import REQUESTS
from tests.support.hana_service import hana_service
from tests.support.patience import PATIENCE_S, eventually

LIMIT_S = 3.0
SHORT_CALLS = ("cut into partitions", "describe", "describe a query")


def at_once(asks: list[Callable[[], int]]) -> list[int | Error]:
    """What all of them answer or raise, asked at the same time, in bounded time."""

    def ask(one: Callable[[], int]) -> int | Error:
        try:
            return one()
        except Error as error:
            return error

    started = time.monotonic()
    with ThreadPoolExecutor(len(asks)) as callers:
        found = list(callers.map(ask, asks))
    assert time.monotonic() - started < 10 * LIMIT_S
    return found


def test_communication_timeout_ends_every_request() -> None:
    with hana_service(
        communication_timeout_s=LIMIT_S, statements_per_space=8, max_readers=12
    ) as service:
        service.assert_whole()
        asks = [request.prepare(service) for request in REQUESTS.values()]
        service.server.faults.set("silent_hang")

        found = at_once(asks)

        assert [type(each) for each in found] == [DeadlineExceeded] * len(REQUESTS), found
        service.assert_whole()


def test_short_calls_end_without_it_and_succeed_when_repeated() -> None:
    with hana_service(settings={"short_s": LIMIT_S}) as service:
        service.assert_whole()
        requests = [REQUESTS[name] for name in SHORT_CALLS]
        asks = [request.prepare(service) for request in requests]
        service.server.faults.set("silent_hang", times=len(asks))

        assert at_once(asks) == [request.answer for request in requests]

        assert service.server.faults._armed["silent_hang"].times == 0
        service.assert_whole()


def test_log_on_that_nobody_answers_ends_with_the_connect_timeout() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        hana_service(port=silent.getsockname()[1], connect_timeout_s=1.0) as service,
    ):
        started = time.monotonic()
        with pytest.raises(Unavailable):
            service.check()

        assert time.monotonic() - started < 10 * LIMIT_S
        eventually(service.at_rest)


def test_cancel_during_a_log_on_that_nobody_answers_frees_the_turn() -> None:
    with hana_service(connect_timeout_s=60) as service:
        (ticket,) = service.table().endpoints()
        service.drop_connections()
        service.server.close()
        with socket.create_server(("127.0.0.1", service.server.port)) as silent:
            silent.settimeout(PATIENCE_S)
            stream = service.client._transport.open(ticket)
            caller, _ = silent.accept()
            stream.cancel()

            with caller:
                assert eventually(service.at_rest) < LIMIT_S
            with pytest.raises(Cancelled):
                stream.read()
