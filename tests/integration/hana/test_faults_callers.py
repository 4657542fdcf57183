"""Callers who cancel, vanish, run out of time or crowd in: HANA stops working, turns come free.

Each is measured until the turn of the space is free and nothing runs in HANA any more.
"""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from flight_client import connect
from flight_client.protocol.errors import Cancelled, DeadlineExceeded, Error, Retry, Unavailable
from flight_client.transport import RowStream
from tests.support.hana_service import DATA, ROWS, HanaService, hana_service
from tests.support.patience import PATIENCE_S, eventually, sometimes_under

TURNS = 2
SOON_S = 1.0
FETCHING_ROWS = 1000

CLIENT = """
import sys, time
from flight_client import connect

with connect(sys.argv[1]) as client:
    next(client.table("ITEMS", space="SALES").to_batches())
    print("reading", flush=True)
    time.sleep(600)
"""


@pytest.fixture(scope="module")
def one_service() -> Iterator[HanaService]:
    with hana_service(statements_per_space=TURNS, server={"heartbeat_s": 0.1}) as made:
        made.assert_whole()
        yield made


@pytest.fixture
def service(one_service: HanaService) -> Iterator[HanaService]:
    yield one_service
    one_service.assert_whole()


class Reading:
    """A read in a thread of its own, which drops its batches; ``error`` is what ended it."""

    def __init__(self, stream: RowStream) -> None:
        self.stream = stream
        self.rows = 0
        self.error: Error | None = None
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            while (batch := self.stream.read()) is not None:
                self.rows += batch.num_rows
        except Error as error:
            self.error = error

    def join(self) -> "Reading":
        self.thread.join(PATIENCE_S)
        assert not self.thread.is_alive(), "a read does not end"
        return self


def reading(service: HanaService, **options: object) -> Reading:
    (ticket,) = service.table(**options).endpoints()
    return Reading(service.client._transport.open(ticket))


def free_turns(service: HanaService) -> int:
    return service.readers._pool.slot("SALES").free


def queued(service: HanaService) -> int:
    return service.readers._pool.slot("SALES").waiting


def all_free(service: HanaService) -> bool:
    return free_turns(service) == TURNS and service.engine.running == 0


def seconds_until_free(service: HanaService, end: Callable[[], object]) -> float:
    end()
    return eventually(lambda: all_free(service))


@pytest.mark.parametrize("held_from", [0, FETCHING_ROWS])
def test_cancel_ends_the_statement_within_a_second(service: HanaService, held_from: int) -> None:
    def measure() -> float:
        with service.engine.holding(held_from):
            read = reading(service)
            service.engine.wait_for_held(1)
            took_s = seconds_until_free(service, read.stream.cancel)
        assert isinstance(read.join().error, Cancelled)
        return took_s

    assert sometimes_under(SOON_S, measure)


def test_cancel_of_a_silent_hana_frees_the_turn_within_a_second(service: HanaService) -> None:
    def measure() -> float:
        service.server.faults.set("silent_hang", statement_like=DATA, times=1)
        read = reading(service)
        eventually(lambda: service.server.faults._armed["silent_hang"].times == 0)
        took_s = seconds_until_free(service, read.stream.cancel)
        assert isinstance(read.join().error, Cancelled)
        return took_s

    assert sometimes_under(1.5 * SOON_S, measure)


def test_cancel_in_the_queue_leaves_it_and_nobody_else_notices(service: HanaService) -> None:
    before = service.engine.started

    def measure() -> float:
        waiting = reading(service)
        eventually(lambda: queued(service) == 1)
        waiting.stream.cancel()
        took_s = eventually(lambda: queued(service) == 0)
        assert isinstance(waiting.join().error, Cancelled)
        return took_s

    with service.engine.holding():
        others = [reading(service) for _ in range(TURNS)]
        service.engine.wait_for_held(TURNS)
        assert sometimes_under(SOON_S, measure)

    assert [other.join().rows for other in others] == [ROWS] * TURNS
    assert service.engine.started - before == TURNS


def test_closed_client_ends_its_statements(service: HanaService) -> None:
    with service.engine.holding(FETCHING_ROWS):
        with connect(service.running.uri) as client:
            batches = client.table("ITEMS", space="SALES").to_batches()
            next(batches)
            service.engine.wait_for_held(1)
        service.engine.wait_for_end()
        with pytest.raises(Cancelled):
            list(batches)


def test_killed_client_ends_its_statements(service: HanaService) -> None:
    with service.engine.holding(FETCHING_ROWS):
        client = subprocess.Popen(
            [sys.executable, "-c", CLIENT, service.running.uri], stdout=subprocess.PIPE
        )
        try:
            assert client.stdout.readline() == b"reading\n"
            service.engine.wait_for_held(1)
        finally:
            client.kill()
            client.wait()
            client.stdout.close()
        eventually(lambda: all_free(service))


@pytest.mark.parametrize("held_from", [0, FETCHING_ROWS])
def test_deadline_of_the_client_ends_the_statement(service: HanaService, held_from: int) -> None:
    with (
        service.engine.holding(held_from),
        connect(service.running.uri, stream_timeout_s=2.0) as client,
    ):
        result = client.table("ITEMS", space="SALES", progress=False)
        with pytest.raises(DeadlineExceeded):
            result.to_arrow()
        eventually(lambda: all_free(service))


def test_deadline_ends_a_silent_hana(service: HanaService) -> None:
    service.server.faults.set("silent_hang", statement_like=DATA)
    with connect(service.running.uri, stream_timeout_s=2.0) as client:
        result = client.table("ITEMS", space="SALES", progress=False)
        with pytest.raises(DeadlineExceeded):
            result.to_arrow()
        eventually(lambda: all_free(service))


def test_slow_packets_are_bridged_by_heartbeats(service: HanaService) -> None:
    service.server.faults.set(
        "slow_packets", statement_like=DATA, after_fetches=4, seconds=0.3, piece_bytes=8192
    )
    with connect(service.running.uri, idle_timeout_s=1.0) as client:
        assert client.table("ITEMS", space="SALES", progress=False).to_arrow().num_rows == ROWS


def test_no_more_statements_of_a_space_run_than_it_may(service: HanaService) -> None:
    service.engine.most_running = 0

    with service.engine.holding():
        reads = [reading(service) for _ in range(3 * TURNS)]
        service.engine.wait_for_held(TURNS)
        eventually(lambda: queued(service) == 2 * TURNS)

    assert [read.join().rows for read in reads] == [ROWS] * (3 * TURNS)
    assert service.engine.most_running == TURNS


def test_statements_of_a_space_run_in_the_order_in_which_they_came(service: HanaService) -> None:
    columns = ["ORDER_ID", "CUSTOMER_ID", "DOCUMENT_ID", "QUANTITY"]
    with service.engine.holding():
        reads = [reading(service) for _ in range(TURNS)]
        service.engine.wait_for_held(TURNS)
        for place, column in enumerate(columns, 1):
            reads.append(reading(service, columns=[column]))
            eventually(lambda place=place: queued(service) == place)
        before = service.engine.started
        for started in range(1, len(columns) + 1):
            service.engine.let_one_go()
            eventually(lambda started=started: service.engine.started == before + started)
            service.engine.wait_for_held(TURNS)

    assert [read.join().rows for read in reads] == [ROWS] * len(reads)
    texts = service.engine.texts[before:]
    assert [text.split('"')[1] for text in texts] == columns


def test_catalogue_answers_while_every_turn_is_taken(service: HanaService) -> None:
    with service.engine.holding():
        reads = [reading(service) for _ in range(3 * TURNS)]
        service.engine.wait_for_held(TURNS)
        assert service.describe() == 10

    assert [read.join().rows for read in reads] == [ROWS] * len(reads)


def test_partitions_take_turns_too(service: HanaService) -> None:
    service.engine.most_running = 0

    with ThreadPoolExecutor(2) as callers:
        found = list(callers.map(lambda parts: service.table(partitions=parts).to_arrow(), [5, 4]))

    assert [table.num_rows for table in found] == [ROWS, ROWS]
    assert service.engine.most_running <= TURNS + 2  # the least and greatest values are short calls


def test_read_that_waited_too_long_for_its_turn_may_be_repeated_later() -> None:
    with hana_service(statements_per_space=1, queue_s=0.5) as service:
        result = service.described(service.table())
        with service.engine.holding():
            first = reading(service)
            service.engine.wait_for_held(1)
            with pytest.raises(
                Unavailable, match=r"'SALES' .* were taken for 0\.5 s; try again later"
            ) as raised:
                result.to_arrow()
            assert raised.value.retry is Retry.LATER

        assert first.join().rows == ROWS
        service.assert_whole()
