"""Endpoints are read one by one, by whoever has their bytes."""

from collections.abc import Iterator
from contextlib import suppress

import pyarrow as pa
import pytest

import flight_client
from flight_client.client import Client
from flight_server.app import RunningServer
from flight_server.backends.duckdb.backend import DuckDbBackend
from flight_server.backends.memory import MemoryBackend
from flight_server.config import Configuration
from tests.support.patience import eventually
from tests.support.serving import serving

ROWS = 1_000
NUMBERS = pa.table({"N": pa.array(range(ROWS), pa.int64())})


@pytest.fixture(scope="module")
def uri() -> Iterator[str]:
    script = f"""CREATE TABLE "NUMBERS" AS SELECT range AS "N" FROM range({ROWS});"""
    backend = DuckDbBackend.open_database(None, read_only=False, init_script=script)
    with serving(backend) as running:
        yield running.uri


@pytest.fixture
def client(uri: str) -> Iterator[Client]:
    with flight_client.connect(uri) as made:
        yield made


@pytest.mark.parametrize("method", ["range", "hash"])
def test_endpoints_of_another_client_are_the_parts_of_its_read(
    client: Client, uri: str, method: str
) -> None:
    with flight_client.connect(uri) as other:
        whole = other.table("NUMBERS", partitions=3, partition_by="N", partition_method=method)
        tickets, schema = whole.endpoints(), whole.schema

    parts = [client.endpoint(ticket) for ticket in tickets]

    assert all(part.schema.equals(schema) for part in parts)
    assert sorted(pa.concat_tables(map(pa.table, parts))["N"].to_pylist()) == list(range(ROWS))
    assert all(0 < part.to_arrow().num_rows < ROWS for part in parts)


def test_endpoint_of_a_statement_is_read_with_its_values(client: Client) -> None:
    (ticket,) = client.sql("SELECT N FROM NUMBERS WHERE N < ?", parameters=[3]).endpoints()

    assert sorted(client.endpoint(ticket).to_arrow()["N"].to_pylist()) == [0, 1, 2]


def test_endpoint_is_read_as_often_as_wanted(client: Client) -> None:
    (ticket,) = client.table("NUMBERS").endpoints()
    part = client.endpoint(ticket)

    assert part.to_arrow().num_rows == part.to_pandas().shape[0] == ROWS


def test_endpoint_is_shown_explained_and_counted_without_its_read(client: Client) -> None:
    (ticket,) = client.table("NUMBERS").endpoints()
    part = client.endpoint(ticket)

    assert repr(part).startswith("Result of an endpoint: 1,000 rows, 1 endpoint\n")
    assert '"NUMBERS"' in part.explain().sql
    assert part.ticket == ticket


def test_what_is_no_bytes_is_refused_at_once(client: Client) -> None:
    with pytest.raises(flight_client.InvalidRead, match=r"Result\.endpoints\(\) gave; got 'T'"):
        client.endpoint("T")  # type: ignore[arg-type]


def test_forged_endpoint_is_refused(client: Client) -> None:
    (ticket,) = client.table("NUMBERS").endpoints()
    forged = ticket.replace(b"NUMBERS", b"SECRETS")
    assert forged != ticket

    with pytest.raises(flight_client.ForgedTicket):
        client.endpoint(forged).to_arrow()


def test_bytes_that_are_no_ticket_are_refused(client: Client) -> None:
    with pytest.raises(flight_client.InvalidTicket):
        client.endpoint(b"nonsense").to_arrow()


def test_expired_endpoint_says_so_and_is_not_asked_for_anew() -> None:
    configuration = Configuration.model_validate(
        {"server": {"port": 0}, "tickets": {"lifetime_s": 1}}
    )
    backend = MemoryBackend({"S": {"NUMBERS": NUMBERS}})
    with (
        RunningServer(backend, configuration) as running,
        flight_client.connect(running.uri) as client,
    ):
        (ticket,) = client.table("NUMBERS").endpoints()

        def has_expired() -> bool:
            with suppress(flight_client.ExpiredTicket):
                client.endpoint(ticket).to_arrow()
                return False
            return True

        eventually(has_expired)
        with pytest.raises(flight_client.ExpiredTicket, match="ask for new endpoints"):
            client.endpoint(ticket).to_arrow()
