"""Queries, prepared ones and metadata in Flight SQL, message by message."""

import time
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.flight as fl
import pytest

from flight_client.protocol.tickets import ReadTicket, SqlTicket
from flight_server.wire.flightsql.envelope import PREFIX, pack, unpack
from flight_server.wire.flightsql.messages import datasphere_flight_sql_pb2 as pb
from tests.support.flight_sql_client import (
    FORBIDDEN,
    INVALID,
    UNIMPLEMENTED,
    SqlClient,
    duckdb_tables,
    prepared,
    refused,
    sql_client,
    statement,
)
from tests.support.serving import as_ticket, command

ITEMS = "SELECT ID, NAME FROM SALES.ITEMS"
ORDERED = f"{ITEMS} ORDER BY ID"
BY_ID = f"{ITEMS} WHERE ID = ?"


@pytest.fixture(scope="module")
def client() -> Iterator[SqlClient]:
    with sql_client(duckdb_tables()) as client:
        yield client


def ids(*values: int | None) -> pa.RecordBatch:
    return pa.record_batch({"1": pa.array(values, pa.int32())})


def read_schema(body: bytes) -> pa.Schema:
    return pa.ipc.read_schema(pa.py_buffer(body))


def test_query_has_a_schema_and_one_endpoint_with_its_rows(client: SqlClient) -> None:
    info = client.info(statement(ORDERED))
    assert info.schema.names == ["ID", "NAME"]
    assert info.schema.types == [pa.int32(), pa.utf8()]
    assert len(info.endpoints) == 1
    assert client.rows(info) == [(1, "one"), (2, "two"), (3, None)]


def test_endpoint_is_a_statement_ticket_that_expires(client: SqlClient) -> None:
    info = client.info(statement(ORDERED))
    (endpoint,) = info.endpoints
    assert isinstance(unpack(endpoint.ticket.ticket), pb.TicketStatementQuery)
    assert endpoint.locations == []
    left_s = endpoint.expiration_time.value / 1e9 - time.time()
    assert 3000 < left_s <= 3600
    assert info.ordered


def test_ticket_may_be_read_twice(client: SqlClient) -> None:
    info = client.info(statement(ORDERED))
    assert client.rows(info) == client.rows(info)


def test_rows_are_counted_where_that_costs_nothing(client: SqlClient) -> None:
    assert client.info(statement(ITEMS)).total_records == 3
    assert client.info(statement("SELECT 1 AS A FROM DUMMY")).total_records == -1


def test_schema_alone_is_that_of_the_query(client: SqlClient) -> None:
    assert client.schema(statement(ORDERED)) == client.info(statement(ORDERED)).schema


def test_empty_transaction_is_none(client: SqlClient) -> None:
    assert client.read(statement(ORDERED, transaction=b"")) == client.read(statement(ORDERED))


def test_prepared_query_tells_its_rows_and_its_markers(client: SqlClient) -> None:
    found = client.prepare(BY_ID)
    assert not found.is_update
    assert found.HasField("is_update")
    assert read_schema(found.dataset_schema).names == ["ID", "NAME"]
    parameters = read_schema(found.parameter_schema)
    assert parameters.names == ["1"]
    assert len(parameters.types) == 1


def test_prepared_query_without_markers_is_executed_as_it_is(client: SqlClient) -> None:
    found = client.prepare(ORDERED)
    assert read_schema(found.parameter_schema) == pa.schema([])
    assert len(client.read(prepared(found.prepared_statement_handle))) == 3


def test_empty_batch_for_a_query_without_markers_changes_nothing(client: SqlClient) -> None:
    handle = client.prepare(ORDERED).prepared_statement_handle
    bound = client.bind(handle, pa.record_batch([], schema=pa.schema([])))
    assert len(client.read(prepared(bound))) == 3


def test_bound_values_travel_in_the_new_handle(client: SqlClient) -> None:
    handle = client.prepare(BY_ID).prepared_statement_handle
    bound = client.bind(handle, ids(2))
    assert bound != handle
    assert client.schema(prepared(bound)).names == ["ID", "NAME"]
    assert client.read(prepared(bound)) == [(2, "two")]


def test_handle_may_be_bound_again(client: SqlClient) -> None:
    bound = client.bind(client.prepare(BY_ID).prepared_statement_handle, ids(2))
    assert client.read(prepared(client.bind(bound, ids(1)))) == [(1, "one")]


def test_every_row_of_values_is_an_endpoint_in_its_order(client: SqlClient) -> None:
    handle = client.prepare(BY_ID).prepared_statement_handle
    info = client.info(prepared(client.bind(handle, ids(3, 1, None))))
    assert len(info.endpoints) == 3
    assert client.rows(info) == [(3, None), (1, "one")]


def test_closing_a_prepared_statement_succeeds_whatever_the_handle(client: SqlClient) -> None:
    request = pb.ActionClosePreparedStatementRequest(prepared_statement_handle=b"anything")
    assert client.act_sql("ClosePreparedStatement", request) is None


def test_query_without_its_values_is_refused(client: SqlClient) -> None:
    handle = client.prepare(BY_ID).prepared_statement_handle
    with refused(INVALID, r"\[PARAMETER_INVALID\].*no values are bound"):
        client.info(prepared(handle))


@pytest.mark.parametrize(
    ("batch", "said"),
    [
        (pa.record_batch({"1": [1], "2": [2]}), "has 2 values for 1 marker"),
        (pa.record_batch({"1": pa.array([[1]])}), "Parameter 1 is of Arrow type list"),
        (
            pa.record_batch({"1": pa.array([1], pa.timestamp("us", "UTC"))}),
            "Parameter 1 is a timestamp with the zone",
        ),
    ],
)
def test_values_that_do_not_fit_are_refused(
    client: SqlClient, batch: pa.RecordBatch, said: str
) -> None:
    handle = client.prepare(BY_ID).prepared_statement_handle
    with refused(INVALID, said):
        client.bind(handle, batch)


def test_metadata_comes_with_the_command_as_its_ticket(client: SqlClient) -> None:
    wanted = pb.CommandGetDbSchemas()
    info = client.info(wanted)
    assert [endpoint.ticket.ticket for endpoint in info.endpoints] == [pack(wanted)]
    assert info.schema == client.schema(wanted)
    assert client.rows(info) == [(None, "LAB"), (None, "SALES")]


def test_metadata_without_rows_is_a_schema_alone(client: SqlClient) -> None:
    reader = client.get(fl.Ticket(pack(pb.CommandGetCatalogs())))
    assert reader.schema.names == ["catalog_name"]
    assert reader.read_all().num_rows == 0


def test_tickets_of_the_own_protocol_are_served_beside(client: SqlClient) -> None:
    info = client.flight.get_flight_info(command(SqlTicket(sql=ORDERED)))
    assert len(client.rows(info)) == 3
    assert client.get(as_ticket(ReadTicket(entity="ITEMS"))).read_all().num_rows == 3


UNTAKEN = [
    (pb.CommandStatementSubstraitPlan(), "no Substrait plans"),
    (pb.CommandStatementUpdate(query="DELETE FROM LAB.NOTES"), "'CommandStatementUpdate'"),
    (pb.CommandPreparedStatementUpdate(), "'CommandPreparedStatementUpdate'"),
    (pb.TicketStatementQuery(), "'TicketStatementQuery'"),
    (pb.ActionBeginTransactionRequest(), "'ActionBeginTransactionRequest'"),
]


@pytest.mark.parametrize(("message", "said"), UNTAKEN)
def test_message_that_is_no_command_is_unimplemented(
    client: SqlClient, message: pb.CommandStatementUpdate, said: str
) -> None:
    with refused(UNIMPLEMENTED, said):
        client.info(message)
    with refused(UNIMPLEMENTED, said):
        client.schema(message)


@pytest.mark.parametrize(
    "message", [pb.CommandStatementQuery(query=ITEMS), pb.CommandStatementSubstraitPlan()]
)
def test_message_that_is_no_ticket_is_unimplemented(
    client: SqlClient, message: pb.CommandStatementQuery
) -> None:
    with refused(UNIMPLEMENTED, "ACTION_UNKNOWN"):
        client.get(fl.Ticket(pack(message))).read_all()


def test_command_of_a_newer_specification_is_unimplemented(client: SqlClient) -> None:
    body = pb.Envelope(type_url=PREFIX + "CommandOfTheFuture").SerializeToString()
    with refused(UNIMPLEMENTED, "CommandOfTheFuture"):
        client.info(body)


def test_broken_command_is_refused(client: SqlClient) -> None:
    body = pb.Envelope(type_url=PREFIX + "CommandGetTables", value=b"\xff").SerializeToString()
    with refused(INVALID, r"\[TICKET_INVALID\].*no CommandGetTables"):
        client.info(body)


@pytest.mark.parametrize("handle", [b"", b"{}", b"forged\n" + b"0" * 64])
def test_forged_handles_are_refused(client: SqlClient, handle: bytes) -> None:
    ticket = fl.Ticket(pack(pb.TicketStatementQuery(statement_handle=handle)))
    with refused(FORBIDDEN, "TICKET_FORGED"):
        client.get(ticket).read_all()
    with refused(FORBIDDEN, "TICKET_FORGED"):
        client.info(prepared(handle))


def test_handle_of_another_kind_is_refused(client: SqlClient) -> None:
    handle = client.prepare(ORDERED).prepared_statement_handle
    with refused(FORBIDDEN, "TICKET_FORGED"):
        client.get(fl.Ticket(pack(pb.TicketStatementQuery(statement_handle=handle)))).read_all()
