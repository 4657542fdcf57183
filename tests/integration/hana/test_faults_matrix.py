"""Every fault of the emulator meets every request of a client, through the whole product.

Each ends in the right error or succeeds where the retry rule says so; afterwards the pool is whole.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from flight_client.protocol.errors import (
    AccessDenied,
    DataError,
    DeadlineExceeded,
    Error,
    ResourceExhausted,
    Retry,
    Unauthenticated,
    Unavailable,
    UnknownEntity,
)
from tests.hana_emulator.faults import Fault
from tests.support.hana_requests import READS, REQUESTS
from tests.support.hana_service import HanaService, hana_service

FETCHES = 5
"""Replies after which batches have left: the first one takes two, those ahead some more."""


PASSING = [
    (Fault.SLOW_PACKETS, {"seconds": 0.002, "piece_bytes": 4000}),
    (Fault.CUT_MID_PACKET, {}),
    (Fault.WRONG_PART_LENGTH, {}),
    (Fault.SESSION_DROPPED, {}),
    (Fault.ERROR_ON_EXECUTE, {"code": 616}),
    (Fault.ERROR_ON_EXECUTE, {"code": 133}),
]
"""Once, before the first batch, and gone: the caller does not notice."""

STAYING = [
    (Fault.CUT_MID_PACKET, {}, Unavailable),
    (Fault.WRONG_PART_LENGTH, {}, Unavailable),
    (Fault.SESSION_DROPPED, {}, Unavailable),
    (Fault.ERROR_ON_EXECUTE, {"code": 4}, ResourceExhausted),
    (Fault.ERROR_ON_EXECUTE, {"code": 258}, AccessDenied),
    (Fault.ERROR_ON_EXECUTE, {"code": 259}, UnknownEntity),
    (Fault.ERROR_ON_EXECUTE, {"code": 613}, DeadlineExceeded),
    (Fault.ERROR_ON_EXECUTE, {"code": 616}, Unavailable),
    (Fault.ERROR_ON_EXECUTE, {"code": 2048}, DataError),
]

LOG_ON_PASSING = [Fault.REFUSE_CONNECT, Fault.OVERLOADED]
LOG_ON_STAYING = [
    (Fault.REFUSE_CONNECT, Unavailable),
    (Fault.OVERLOADED, Unavailable),
    (Fault.LOCKED, Unauthenticated),
    (Fault.FORCE_PASSWORD_CHANGE, Unauthenticated),
]

AFTER_BATCHES = [
    (Fault.CUT_MID_PACKET, {}, Unavailable),
    (Fault.WRONG_PART_LENGTH, {}, Unavailable),
    (Fault.SESSION_DROPPED, {}, Unavailable),
    (Fault.ERROR_ON_FETCH, {"code": 4}, ResourceExhausted),
    (Fault.ERROR_ON_FETCH, {"code": 616}, Unavailable),
    (Fault.ERROR_ON_FETCH, {"code": 2048}, DataError),
]


@pytest.fixture(scope="module")
def one_service() -> Iterator[HanaService]:
    with hana_service() as made:
        made.assert_whole()
        yield made


@pytest.fixture
def service(one_service: HanaService) -> Iterator[HanaService]:
    yield one_service
    one_service.assert_whole()


def name(value: object) -> str | None:
    match value:
        case Fault():
            return value.value
        case dict():
            return str(value.get("code", "-"))
        case type():
            return value.__name__
        case _:
            return None


every_request = pytest.mark.parametrize("request_name", REQUESTS)


@every_request
@pytest.mark.parametrize(("fault", "parameters"), PASSING, ids=name)
def test_fault_that_passes_before_the_first_batch_is_not_noticed(
    service: HanaService, request_name: str, fault: Fault, parameters: dict[str, Any]
) -> None:
    request = REQUESTS[request_name]
    ask = request.prepare(service)
    service.server.faults.set(fault, times=1, statement_like=request.like, **parameters)

    assert ask() == request.answer

    assert service.server.faults._armed[fault].times == 0


@every_request
@pytest.mark.parametrize(("fault", "parameters", "error"), STAYING, ids=name)
def test_fault_that_stays_is_the_error_of_its_meaning(
    service: HanaService,
    request_name: str,
    fault: Fault,
    parameters: dict[str, Any],
    error: type[Error],
) -> None:
    request = REQUESTS[request_name]
    ask = request.prepare(service)
    service.server.faults.set(fault, statement_like=request.like, **parameters)

    with pytest.raises(Error) as raised:
        ask()

    assert type(raised.value) is error, str(raised.value)
    assert (raised.value.retry is Retry.LATER) == (error is Unavailable)


@pytest.mark.parametrize("request_name", [each for each in REQUESTS if each != "check"])
@pytest.mark.parametrize("fault", LOG_ON_PASSING, ids=name)
def test_refused_log_on_is_repeated_after_a_pause(
    service: HanaService, request_name: str, fault: Fault
) -> None:
    request = REQUESTS[request_name]
    ask = request.prepare(service)
    service.drop_connections()
    service.server.faults.set(fault, times=2)

    assert ask() == request.answer

    assert service.server.faults._armed[fault].times == 0


@every_request
@pytest.mark.parametrize(("fault", "error"), LOG_ON_STAYING, ids=name)
def test_log_on_that_stays_refused_is_the_error_of_its_meaning(
    service: HanaService, request_name: str, fault: Fault, error: type[Error]
) -> None:
    ask = REQUESTS[request_name].prepare(service)
    service.drop_connections()
    service.server.faults.set(fault)

    with pytest.raises(Error) as raised:
        ask()

    assert type(raised.value) is error, str(raised.value)


@pytest.mark.parametrize("request_name", READS)
@pytest.mark.parametrize(("fault", "parameters", "error"), AFTER_BATCHES, ids=name)
def test_fault_after_batches_left_is_an_error_and_repeats_nothing(
    service: HanaService,
    request_name: str,
    fault: Fault,
    parameters: dict[str, Any],
    error: type[Error],
) -> None:
    request = REQUESTS[request_name]
    ask = request.prepare(service)
    before = service.engine.started
    service.server.faults.set(
        fault, statement_like=request.like, after_fetches=FETCHES, **parameters
    )

    with pytest.raises(Error) as raised:
        ask()

    assert type(raised.value) is error, str(raised.value)
    service.engine.wait_for_end()
    assert service.engine.started - before <= (3 if request_name == "partitioned read" else 1)
