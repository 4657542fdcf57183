"""Long statements of the real embedded database: heartbeats, cancel, deadline, a closed client."""

import threading
from collections.abc import Iterator

import pyarrow.flight as fl
import pytest

import flight_client
from flight_client.protocol.tickets import SqlTicket
from flight_server.backends.duckdb.backend import DuckDbBackend
from tests.support.patience import PATIENCE_S, eventually, sometimes_under
from tests.support.serving import as_ticket, serving

SCRIPT = 'CREATE SCHEMA "S"; CREATE TABLE "S"."N" AS SELECT range AS "A" FROM range(200000)'
FOREVER = as_ticket(
    SqlTicket(sql="SELECT COUNT(*) AS C FROM S.N AS X, S.N AS Y WHERE MOD(X.A, 7) <> MOD(Y.A, 11)")
)


@pytest.fixture
def uri() -> Iterator[str]:
    backend = DuckDbBackend.open_database(None, read_only=False, init_script=SCRIPT)
    with serving(backend, heartbeat_s=0.2) as server:
        yield server.uri


def _readers() -> int:
    return sum(thread.name == "flight-read" for thread in threading.enumerate())


def _seconds_until_idle() -> float:
    return eventually(lambda: not _readers())


def test_silent_database_is_bridged_by_heartbeats_and_stops_on_cancel(uri: str) -> None:
    def seconds_to_stop() -> float:
        reader = client.do_get(FOREVER)
        for _ in range(3):
            assert reader.read_chunk().data.num_rows == 0
        assert _readers() == 1
        reader.cancel()
        return _seconds_until_idle()

    with fl.connect(uri) as client:
        assert sometimes_under(1, seconds_to_stop)


def test_deadline_stops_the_database_within_a_second(uri: str) -> None:
    def seconds_to_stop() -> float:
        reader = client.do_get(FOREVER, fl.FlightCallOptions(timeout=0.5))
        with pytest.raises(fl.FlightTimedOutError):
            list(reader)
        return _seconds_until_idle()

    with fl.connect(uri) as client:
        assert sometimes_under(1, seconds_to_stop)


def test_our_client_that_gives_up_stops_the_database(uri: str) -> None:
    with flight_client.connect(uri) as client:
        batches = client.sql(
            "SELECT COUNT(*) AS C FROM S.N AS X, S.N AS Y WHERE MOD(X.A, 7) <> MOD(Y.A, 11)"
        ).to_batches()
        ended: list[str] = []

        def read() -> None:
            try:
                next(batches)
            except flight_client.Error as error:
                ended.append(error.code)

        reading = threading.Thread(target=read)
        reading.start()
        eventually(_readers)
    _seconds_until_idle()
    reading.join(PATIENCE_S)
    assert ended == ["CANCELLED"]


def test_other_reads_go_on_beside_a_long_one(uri: str) -> None:
    with fl.connect(uri) as client:
        long = client.do_get(FOREVER)
        quick = client.do_get(as_ticket(SqlTicket(sql="SELECT MAX(A) AS M FROM S.N")))
        assert quick.read_all().to_pydict() == {"M": [199_999]}
        long.cancel()
    _seconds_until_idle()
