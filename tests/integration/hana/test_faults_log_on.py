"""Log-ons that fail, connections that were lost while idle, and a HANA that starts again."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from flight_client.protocol.errors import Error, Unauthenticated, Unavailable
from tests.hana_emulator.server import EmulatorServer
from tests.support.hana_service import PASSWORD, ROWS, USER, HanaService, hana_service

CALLERS = 8


@pytest.fixture(scope="module")
def one_service() -> Iterator[HanaService]:
    with hana_service(settings={"refused_logon_s": 600}) as made:
        made.assert_whole()
        yield made


@pytest.fixture
def service(one_service: HanaService) -> Iterator[HanaService]:
    forget_log_ons(one_service)
    yield one_service
    forget_log_ons(one_service)
    one_service.assert_whole()


def forget_log_ons(service: HanaService) -> None:
    """As if the last log-ons were long ago."""
    service.readers._pool._logons._refused.clear()
    service.readers._pool._logons._proven_until.clear()


def failures(service: HanaService) -> list[Error]:
    """What callers meet who all read at once."""

    def failure(_: int) -> Error:
        with pytest.raises(Error) as raised:
            service.table().to_arrow()
        return raised.value

    with ThreadPoolExecutor(CALLERS) as callers:
        return list(callers.map(failure, range(CALLERS)))


@pytest.mark.parametrize(
    ("state", "code", "words"),
    [
        ("ok", 10, "refuses the user or password"),
        ("locked", 416, "locked"),
        ("force_change", 414, "wants the password"),
    ],
)
def test_user_that_hana_refuses_is_tried_once(
    service: HanaService, state: str, code: int, words: str
) -> None:
    user = service.engine.inner.catalogue.user(USER)
    service.drop_connections()
    before = service.engine.log_ons
    user.password, user.state = "Another-1" if code == 10 else PASSWORD, state
    try:
        met = [*failures(service), *failures(service)]
    finally:
        user.password, user.state = PASSWORD, "ok"

    assert {type(error) for error in met} == {Unauthenticated}
    assert {error.details["hana_code"] for error in met} == {code}
    assert all(words in error.message for error in met)
    assert service.engine.log_ons - before == 1


def test_changed_password_leaves_open_connections_alone(service: HanaService) -> None:
    service.assert_whole()
    before = service.engine.log_ons
    user = service.engine.inner.catalogue.user(USER)
    user.password = "Another-1"
    try:
        assert service.table().to_arrow().num_rows == ROWS
    finally:
        user.password = PASSWORD
    assert service.engine.log_ons == before


@pytest.mark.parametrize("code", [616, 1034, 1038])
def test_overload_at_log_on_is_tried_again_until_it_passes(service: HanaService, code: int) -> None:
    result = service.described(service.table())
    service.drop_connections()
    before = service.engine.log_ons
    service.server.faults.set("overloaded", code=code, times=2)

    assert result.to_arrow().num_rows == ROWS

    assert service.engine.log_ons - before == 3


@pytest.mark.parametrize("code", [616, 1034, 1038])
def test_overload_that_stays_is_tried_three_times(service: HanaService, code: int) -> None:
    result = service.described(service.table())
    service.drop_connections()
    before = service.engine.log_ons
    service.server.faults.set("overloaded", code=code)

    with pytest.raises(Unavailable, match="more work than it takes"):
        result.to_arrow()

    assert service.engine.log_ons - before == 3


def test_connections_lost_while_idle_are_replaced_unseen(service: HanaService) -> None:
    service.assert_whole()
    service.drop_connections()

    assert service.table().to_arrow().num_rows == ROWS

    service.drop_connections()
    assert service.describe() == 10
    service.drop_connections()
    assert service.check() == 1


def test_hana_that_is_away_is_unavailable_and_found_again_when_it_is_back(
    service: HanaService,
) -> None:
    result = service.described(service.table())
    service.server.close()
    started = time.monotonic()

    with pytest.raises(Unavailable, match="cannot be reached just now"):
        result.to_arrow()

    assert time.monotonic() - started < 30
    service.server = EmulatorServer(service.engine, port=service.server.port)
    service.server.start()
    assert result.to_arrow().num_rows == ROWS


def test_hana_that_ends_in_the_middle_of_a_read_is_unavailable(service: HanaService) -> None:
    result = service.described(service.table())
    with service.engine.holding(from_row=5000):
        batches = result.to_batches()
        assert next(batches).num_rows
        service.engine.wait_for_held(1)
        service.server.close()
        with pytest.raises(Unavailable, match="drop what was read"):
            list(batches)

    service.server = EmulatorServer(service.engine, port=service.server.port)
    service.server.start()
    assert result.to_arrow().num_rows == ROWS
