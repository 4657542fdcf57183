"""A plain pyarrow.flight client lists, describes and reads; it knows nothing of our client."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa
import pyarrow.flight as fl
import pytest

from flight_client.protocol.catalog import Column, HanaType, Parameter
from flight_client.protocol.commands import ACTIONS
from flight_client.protocol.schemas import CONSISTENCY_KEY, to_schema
from flight_server.wire.flightsql.flight_sql import ACTIONS as SQL_ACTIONS
from tests.support.scripted import NUMBERS, ScriptedBackend
from tests.support.serving import plain_client

ODD = replace(NUMBERS, name="ODD", columns=(*NUMBERS.columns, Column("L", HanaType("INTEGER[]"))))
VIEW = replace(NUMBERS, name="VIEW", parameters=(Parameter("P", HanaType("INTEGER")),))


@pytest.fixture
def client() -> Iterator[fl.FlightClient]:
    with plain_client(ScriptedBackend(found=(NUMBERS, ODD, VIEW))) as found:
        yield found


def _listed(client: fl.FlightClient, criteria: bytes = b"") -> dict[str, fl.FlightInfo]:
    return {b"/".join(i.descriptor.path).decode(): i for i in client.list_flights(criteria)}


def test_list_flights_shows_each_entity_with_its_schema(client: fl.FlightClient) -> None:
    listed = _listed(client)
    assert set(listed) == {"TEST/NUMBERS", "TEST/ODD", "TEST/VIEW"}
    assert listed["TEST/NUMBERS"].schema.equals(to_schema(NUMBERS.columns), check_metadata=True)


def test_list_flights_takes_a_space_as_criteria(client: fl.FlightClient) -> None:
    assert len(_listed(client, b'{"version":1,"space":"TEST"}')) == 3
    with pytest.raises(fl.FlightError, match="SPACE_UNKNOWN"):
        _listed(client, b'{"version":1,"space":"NONE"}')


def test_listed_entity_can_be_read_by_its_endpoint(client: fl.FlightClient) -> None:
    (endpoint,) = _listed(client)["TEST/NUMBERS"].endpoints
    assert client.do_get(endpoint.ticket).read_all().num_rows == 3


def test_listed_entity_leaves_out_what_arrow_cannot_hold(client: fl.FlightClient) -> None:
    info = _listed(client)["TEST/ODD"]
    assert info.schema.names == ["N", "T"]
    assert client.do_get(info.endpoints[0].ticket).read_all().column_names == ["N", "T"]


def test_listed_view_with_mandatory_parameters_has_no_endpoint(client: fl.FlightClient) -> None:
    assert _listed(client)["TEST/VIEW"].endpoints == []


@pytest.mark.parametrize("path", [("TEST", "NUMBERS"), ("NUMBERS",)])
def test_path_descriptor_names_an_entity(client: fl.FlightClient, path: tuple[str]) -> None:
    info = client.get_flight_info(fl.FlightDescriptor.for_path(*path))
    assert info.total_records == 3
    assert len(info.endpoints) == 1
    assert client.do_get(info.endpoints[0].ticket).read_all().num_rows == 3


def test_command_descriptor_is_json_that_anyone_can_write(client: fl.FlightClient) -> None:
    body = json.dumps({"version": 1, "kind": "read", "entity": "NUMBERS", "columns": ["T"]})
    info = client.get_flight_info(fl.FlightDescriptor.for_command(body))
    assert info.schema.names == ["T"]


def test_client_written_ticket_is_read_without_asking_first(client: fl.FlightClient) -> None:
    body = json.dumps({"version": 1, "kind": "read", "entity": "NUMBERS"})
    table = client.do_get(fl.Ticket(body)).read_all()
    assert table.to_pydict() == {"N": [0, 1, 2], "T": ["t0", "t1", "t2"]}


def test_get_schema_equals_the_schema_of_the_stream(client: fl.FlightClient) -> None:
    descriptor = fl.FlightDescriptor.for_path("NUMBERS")
    schema = client.get_schema(descriptor).schema
    (endpoint,) = client.get_flight_info(descriptor).endpoints
    streamed = client.do_get(endpoint.ticket).schema
    assert schema.equals(streamed, check_metadata=True)
    assert schema.metadata[CONSISTENCY_KEY] == b"per-endpoint"
    assert schema.field("T").metadata == {b"hana.type": b"NVARCHAR", b"hana.length": b"20"}


def test_endpoints_stay_on_the_connection_and_expire(client: fl.FlightClient) -> None:
    (endpoint,) = client.get_flight_info(fl.FlightDescriptor.for_path("NUMBERS")).endpoints
    assert endpoint.locations == []
    assert endpoint.expiration_time is not None


def test_partitions_are_endpoints(client: fl.FlightClient) -> None:
    body = json.dumps(
        {"version": 1, "kind": "read", "entity": "NUMBERS", "partition": {"of": 4, "by": "N"}}
    )
    info = client.get_flight_info(fl.FlightDescriptor.for_command(body))
    assert len(info.endpoints) == 4
    assert len({endpoint.ticket.ticket for endpoint in info.endpoints}) == 4


def test_schema_of_a_wish_for_ranges_runs_nothing() -> None:
    backend = ScriptedBackend(ranges=True)
    body = json.dumps({"version": 1, "kind": "read", "entity": "NUMBERS", "partition": {"of": 4}})
    with plain_client(backend) as client:
        client.get_schema(fl.FlightDescriptor.for_command(body))
    assert backend.ranged == []


def test_flight_info_and_schema_run_nothing() -> None:
    backend = ScriptedBackend()
    with plain_client(backend) as client:
        client.get_flight_info(fl.FlightDescriptor.for_path("NUMBERS"))
        client.get_schema(fl.FlightDescriptor.for_path("NUMBERS"))
        list(client.list_flights())
    assert backend.streams == []


def test_list_actions_names_each_action_with_a_description(client: fl.FlightClient) -> None:
    listed = {found.type: found.description for found in client.list_actions()}
    assert listed == {**ACTIONS, **SQL_ACTIONS}
    assert all(listed.values())


def _act(client: fl.FlightClient, name: str, body: object = None) -> list[object]:
    text = b"" if body is None else json.dumps(body).encode()
    return [json.loads(r.body.to_pybytes()) for r in client.do_action((name, text))]


def test_catalogue_actions_answer_in_json(client: fl.FlightClient) -> None:
    assert _act(client, "datasphere.list_spaces") == [{"name": "TEST", "comment": ""}]
    names = [found["name"] for found in _act(client, "datasphere.list_entities")]
    assert names == ["NUMBERS", "ODD", "VIEW"]
    (view,) = _act(client, "datasphere.describe_entity", {"version": 1, "entity": "VIEW"})
    assert view["parameters"][0]["name"] == "P"
    assert view["parameters"][0]["mandatory"] is True


def test_explain_shows_the_statement(client: fl.FlightClient) -> None:
    ticket = {"version": 1, "kind": "read", "entity": "NUMBERS"}
    (found,) = _act(client, "datasphere.explain", ticket)
    assert found == {"dialect": "scripted", "sql": "READ NUMBERS", "parameters": []}


@pytest.mark.parametrize("codec", ["lz4", "zstd"])
def test_compression_is_used_when_asked_for(codec: str) -> None:
    body = {"version": 1, "kind": "read", "entity": "NUMBERS", "compression": codec}
    with plain_client(ScriptedBackend()) as client:
        table = client.do_get(fl.Ticket(json.dumps(body))).read_all()
    assert table.num_rows == 3


def test_advertised_locations_are_those_configured() -> None:
    where = "grpc+tls://flight.example.com:443"
    with plain_client(ScriptedBackend(), advertise=[where]) as client:
        (endpoint,) = client.get_flight_info(fl.FlightDescriptor.for_path("NUMBERS")).endpoints
    assert [found.uri.decode() for found in endpoint.locations] == [where]


def test_schema_of_an_empty_read_still_comes() -> None:
    with plain_client(ScriptedBackend(script=lambda _: [])) as client:
        table = client.do_get(
            fl.Ticket(b'{"version":1,"kind":"read","entity":"NUMBERS"}')
        ).read_all()
    assert table.num_rows == 0
    assert table.schema.field("N").type == pa.int64()
