"""A pyarrow client runs Flight SQL by hand: cancel, renew, and the order of endpoints."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.flight as fl
import pytest
from adbc_driver_flightsql import dbapi
from google.protobuf.message import Message

from flight_server.wire.flightsql.messages import datasphere_flight_sql_pb2 as pb
from tests.support.patience import eventually
from tests.support.sql_service import Landscape, SqlService
from tests.support.sql_tables import ENDLESS, READ, WRITE

PREFIX = "type.googleapis.com/arrow.flight.protocol.sql."


def _command(message: Message) -> fl.FlightDescriptor:
    body = pb.Envelope(
        type_url=PREFIX + type(message).__name__, value=message.SerializeToString()
    ).SerializeToString()
    return fl.FlightDescriptor.for_command(body)


def _query(sql: str) -> fl.FlightDescriptor:
    return _command(pb.CommandStatementQuery(query=sql))


def _cancel(client: fl.FlightClient, info: fl.FlightInfo) -> int:
    request = pb.CancelFlightInfoRequest(info=info.serialize())
    (answer,) = client.do_action(("CancelFlightInfo", request.SerializeToString()))
    return pb.CancelFlightInfoResult.FromString(answer.body.to_pybytes()).status


def _read(stream: fl.FlightStreamReader) -> int:
    """The number of rows. ``read_all`` takes a cancelled call for Ctrl-C and interrupts Python."""
    return sum(chunk.data.num_rows for chunk in stream)


def _creates(uri: str, table: str) -> bool:
    """Whether a table can be made: nobody else holds its name."""
    with dbapi.connect(uri, autocommit=True) as connection, connection.cursor() as cursor:
        try:
            cursor.execute(f"CREATE TABLE {WRITE}.{table} (ID INTEGER)")
        except dbapi.Error:
            return False
    return True


@pytest.fixture
def client(service: SqlService) -> Iterator[fl.FlightClient]:
    with fl.connect(service.uri) as made:
        yield made
    service.wait_for_rest()


@pytest.mark.feature("fetch: Arrow", client="pyarrow")
def test_query_is_info_and_stream(client: fl.FlightClient) -> None:
    info = client.get_flight_info(_query(f"SELECT ORDER_ID FROM {READ}.ORDERS ORDER BY 1"))
    (endpoint,) = info.endpoints
    assert info.schema.names == ["ORDER_ID"]
    assert client.do_get(endpoint.ticket).read_all().to_pydict() == {"ORDER_ID": [1, 2, 3, 4]}


@pytest.mark.feature("schema of a query", client="pyarrow")
def test_schema_is_that_of_the_stream(client: fl.FlightClient) -> None:
    descriptor = _query(f"SELECT * FROM {READ}.TYPES")
    schema = client.get_schema(descriptor).schema
    (endpoint,) = client.get_flight_info(descriptor).endpoints
    assert client.do_get(endpoint.ticket).read_all().schema == schema


@pytest.mark.feature("cancel: CancelFlightInfo", client="pyarrow")
def test_cancel_of_an_info_stops_its_stream_in_the_database(
    client: fl.FlightClient, service: SqlService
) -> None:
    info = client.get_flight_info(_query(ENDLESS))
    started = service.counts.started
    stream = client.do_get(info.endpoints[0].ticket)
    service.wait_for_work(started)
    assert _cancel(client, info) == pb.CANCEL_STATUS_CANCELLED
    with pytest.raises(pa.ArrowException, match="CANCELLED"):
        _read(stream)
    service.wait_for_rest()


@pytest.mark.feature("cancel: CancelFlightInfo", client="pyarrow")
def test_cancelled_endpoint_that_was_not_opened_is_refused(client: fl.FlightClient) -> None:
    info = client.get_flight_info(_query(f"SELECT * FROM {READ}.ORDERS"))
    _cancel(client, info)
    with pytest.raises(pa.ArrowException, match="CANCELLED"):
        _read(client.do_get(info.endpoints[0].ticket))


@pytest.mark.feature("renew: RenewFlightEndpoint", client="pyarrow")
def test_renewed_endpoint_expires_later_and_is_read(client: fl.FlightClient) -> None:
    (endpoint,) = client.get_flight_info(_query(f"SELECT * FROM {READ}.ORDERS")).endpoints
    request = pb.RenewFlightEndpointRequest(endpoint=endpoint.serialize())
    (answer,) = client.do_action(("RenewFlightEndpoint", request.SerializeToString()))
    renewed = fl.FlightEndpoint.deserialize(answer.body.to_pybytes())
    assert renewed.expiration_time.value >= endpoint.expiration_time.value
    assert client.do_get(renewed.ticket).read_all().num_rows == 4


@pytest.mark.feature("ingest: client that stalls", client="pyarrow")
def test_ingest_whose_client_sends_nothing_more_is_rolled_back(landscape: Landscape) -> None:
    options = pb.CommandStatementIngest.TableDefinitionOptions(if_not_exist=1, if_exists=1)
    command = pb.CommandStatementIngest(
        table_definition_options=options, table="STALLED", schema=WRITE
    )
    batch = pa.record_batch([pa.array([1], pa.int32())], names=["ID"])
    with landscape.serving(writes={"idle_s": 1}) as server, fl.connect(server.uri) as client:
        writer, _ = client.do_put(_command(command), batch.schema)
        writer.write_batch(batch)
        server.wait_for_work()
        eventually(lambda: _creates(server.uri, "STALLED"))
        writer.write_batch(batch)
        with pytest.raises(pa.ArrowException, match="CANCELLED"):
            writer.close()
        server.wait_for_rest()


@pytest.mark.feature("any replica", client="pyarrow")
def test_endpoint_is_read_at_another_replica(landscape: Landscape, client: fl.FlightClient) -> None:
    (endpoint,) = client.get_flight_info(_query(f"SELECT * FROM {READ}.ORDERS")).endpoints
    with landscape.serving() as other, fl.connect(other.uri) as elsewhere:
        assert elsewhere.do_get(endpoint.ticket).read_all().num_rows == 4


@pytest.mark.feature("what is unknown is refused", client="pyarrow")
@pytest.mark.parametrize(
    "message",
    [
        pb.CommandStatementSubstraitPlan(plan=pb.SubstraitPlan(plan=b"x", version="1")),
        pb.ActionBeginSavepointRequest(transaction_id=b"x", name="s"),
    ],
    ids=["Substrait", "no command"],
)
def test_command_that_is_not_served_is_an_error_and_no_hang(
    client: fl.FlightClient, message: Message
) -> None:
    options = fl.FlightCallOptions(timeout=20)
    with pytest.raises((pa.ArrowException, NotImplementedError)) as caught:
        client.get_flight_info(_command(message), options)
    assert "Traceback" not in str(caught.value)


@pytest.mark.feature("what is unknown is refused", client="pyarrow")
def test_changed_ticket_is_refused(client: fl.FlightClient) -> None:
    (endpoint,) = client.get_flight_info(_query(f"SELECT * FROM {READ}.ORDERS")).endpoints
    body = bytearray(endpoint.ticket.ticket)
    body[-10] ^= 1
    with pytest.raises(pa.ArrowException, match="TICKET_FORGED") as caught:
        client.do_get(fl.Ticket(bytes(body))).read_all()
    assert "Traceback" not in str(caught.value)
