"""Actions of Flight SQL, message by message: transactions, cancelling, renewing, refusing."""

from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa
import pyarrow.flight as fl
import pytest

from flight_client.protocol.tickets import ReadTicket
from flight_server.wire.flightsql.envelope import PREFIX, pack
from flight_server.wire.flightsql.messages import datasphere_flight_sql_pb2 as pb
from tests.support.flight_sql_client import (
    CANCELLED,
    FORBIDDEN,
    INVALID,
    UNIMPLEMENTED,
    SqlClient,
    duckdb_tables,
    prepared,
    prepared_update,
    refused,
    serving_sql,
    sql_client,
    statement,
    update,
)
from tests.support.patience import eventually
from tests.support.scripted import batch, silence
from tests.support.scripted_sql import ScriptedSql
from tests.support.serving import command

ADD = "INSERT INTO LAB.NOTES VALUES (1, 'a')"
ALL = "SELECT ID, NOTE FROM LAB.NOTES ORDER BY ID"
ITEMS = "SELECT ID, NAME FROM SALES.ITEMS"


@pytest.fixture
def client() -> Iterator[SqlClient]:
    with sql_client(duckdb_tables()) as client:
        yield client


# Transactions


def test_committed_change_is_seen_by_all(client: SqlClient) -> None:
    transaction = client.begin()
    assert client.update(update(ADD, transaction)) == 1
    assert client.read(statement(ALL)) == []
    assert client.read(statement(ALL, transaction)) == [(1, "a")]
    client.commit(transaction)
    assert client.read(statement(ALL)) == [(1, "a")]


def test_rolled_back_change_is_gone(client: SqlClient) -> None:
    transaction = client.begin()
    client.update(update(ADD, transaction))
    client.rollback(transaction)
    assert client.read(statement(ALL)) == []


def test_prepared_statement_stays_in_its_transaction(client: SqlClient) -> None:
    transaction = client.begin()
    client.update(update(ADD, transaction))
    handle = client.prepare(ALL, transaction).prepared_statement_handle
    assert client.read(prepared(handle)) == [(1, "a")]
    client.rollback(transaction)


def test_prepared_statement_goes_on_in_the_transaction_begun_next(client: SqlClient) -> None:
    first = client.begin()
    handle = client.prepare(ADD, first).prepared_statement_handle
    client.update(prepared_update(handle))
    client.rollback(first)
    second = client.begin()
    client.update(prepared_update(handle))
    assert client.read(statement(ALL)) == []
    client.commit(second)
    assert client.read(statement(ALL)) == [(1, "a")]


@pytest.mark.parametrize("place", range(4))
def test_prepared_statement_ends_with_its_transaction_behind_a_proxy(
    client: SqlClient, place: int
) -> None:
    calls = [client] * 4
    calls[place] = replace(client, headers=((b"x-forwarded-for", b"10.0.0.1"),))
    begun, ended, again, executed = calls
    first = begun.begin()
    handle = client.prepare(ADD, first).prepared_statement_handle
    ended.commit(first)
    again.begin()
    with refused(INVALID, "TRANSACTION_UNKNOWN.*prepare it again"):
        executed.update(prepared_update(handle))


def test_prepared_statement_follows_no_transaction_of_another_connection() -> None:
    with (
        serving_sql(duckdb_tables()) as server,
        fl.connect(server.uri) as one,
        fl.connect(server.uri) as other,
    ):
        client, stranger = SqlClient(one), SqlClient(other)
        first = client.begin()
        handle = client.prepare(ADD, first).prepared_statement_handle
        client.commit(first)
        stranger.begin()
        for each in (client, stranger):
            with refused(INVALID, "TRANSACTION_UNKNOWN.*prepare it again"):
                each.update(prepared_update(handle))


def test_ended_transaction_is_refused_and_rolled_back_in_peace(client: SqlClient) -> None:
    transaction = client.begin()
    client.commit(transaction)
    with refused(INVALID, "TRANSACTION_UNKNOWN"):
        client.update(update(ADD, transaction))
    with refused(INVALID, "TRANSACTION_UNKNOWN"):
        client.commit(transaction)
    client.rollback(transaction)


@pytest.mark.parametrize("transaction", [b"", b"forged"])
def test_forged_transaction_is_refused(client: SqlClient, transaction: bytes) -> None:
    with refused(FORBIDDEN, "TICKET_FORGED"):
        client.commit(transaction)
    with refused(FORBIDDEN, "TICKET_FORGED"):
        client.rollback(transaction)


@pytest.mark.parametrize("action", [0, 3])
def test_end_of_no_known_kind_is_refused(client: SqlClient, action: int) -> None:
    transaction = client.begin()
    with refused(INVALID, "commit .1. or rollback .2."):
        client.end(transaction, action)


# What is refused


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        ("BeginSavepoint", pb.ActionBeginSavepointRequest(name="s")),
        ("EndSavepoint", pb.ActionEndSavepointRequest()),
        ("CreatePreparedSubstraitPlan", pb.ActionCreatePreparedSubstraitPlanRequest()),
    ],
)
def test_what_is_not_built_is_unimplemented(
    client: SqlClient, name: str, request_: pb.ActionBeginSavepointRequest
) -> None:
    with refused(UNIMPLEMENTED, "This server (has|takes) no") as refusal:
        client.act_sql(name, request_)
    assert refusal.reason == "ACTION_UNKNOWN"


SQL_ACTIONS = [
    "CreatePreparedStatement",
    "ClosePreparedStatement",
    "BeginTransaction",
    "EndTransaction",
    "CancelQuery",
]
OWN_ACTIONS = [
    "CancelFlightInfo",
    "RenewFlightEndpoint",
    "SetSessionOptions",
    "GetSessionOptions",
    "CloseSession",
]


@pytest.mark.parametrize("body", [b"", b"\xff", b"{}"])
@pytest.mark.parametrize("name", SQL_ACTIONS)
def test_body_that_is_no_any_is_refused(client: SqlClient, name: str, body: bytes) -> None:
    with refused(INVALID, "TICKET_INVALID"):
        client.act(name, body)


@pytest.mark.parametrize("name", SQL_ACTIONS)
def test_any_of_another_message_is_refused(client: SqlClient, name: str) -> None:
    with refused(INVALID, "takes a Action.* got a 'CommandGetTables'"):
        client.act(name, pack(pb.CommandGetTables()))
    newer = pb.Envelope(type_url=PREFIX + "ActionOfTheFuture").SerializeToString()
    with refused(INVALID, "got a 'ActionOfTheFuture'"):
        client.act(name, newer)


@pytest.mark.parametrize("name", OWN_ACTIONS)
def test_broken_body_of_an_action_of_flight_is_refused(client: SqlClient, name: str) -> None:
    with refused(INVALID, "TICKET_INVALID"):
        client.act(name, b"\x0a\xff")


@pytest.mark.parametrize("name", ["CancelFlightInfo", "RenewFlightEndpoint"])
def test_bytes_inside_that_are_broken_are_refused(client: SqlClient, name: str) -> None:
    body = pb.CancelFlightInfoRequest(info=b"\xff\xff").SerializeToString()
    with refused(INVALID, "TICKET_INVALID"):
        client.act(name, body)


def test_every_action_is_listed_with_a_sentence(client: SqlClient) -> None:
    listed = {found.type: found.description for found in client.flight.list_actions()}
    assert set(SQL_ACTIONS + OWN_ACTIONS) < set(listed)
    assert all(listed.values())
    assert "BeginSavepoint" not in listed


# Renewing


def renewed(client: SqlClient, endpoint: fl.FlightEndpoint) -> fl.FlightEndpoint:
    request = pb.RenewFlightEndpointRequest(endpoint=endpoint.serialize())
    (answer,) = client.act("RenewFlightEndpoint", request.SerializeToString())
    return fl.FlightEndpoint.deserialize(answer)


def test_endpoint_of_a_query_may_be_renewed(client: SqlClient) -> None:
    (endpoint,) = client.info(statement(ITEMS)).endpoints
    again = renewed(client, endpoint)
    assert again.expiration_time.value >= endpoint.expiration_time.value
    assert client.get(again.ticket).read_all().num_rows == 3


def test_endpoint_of_a_ticket_may_be_renewed(client: SqlClient) -> None:
    ticket = ReadTicket(entity="ITEMS")
    (endpoint,) = client.flight.get_flight_info(command(ticket)).endpoints
    assert client.get(renewed(client, endpoint).ticket).read_all().num_rows == 3


def test_endpoint_of_metadata_stays_as_it_is(client: SqlClient) -> None:
    (endpoint,) = client.info(pb.CommandGetTables()).endpoints
    assert renewed(client, endpoint).ticket == endpoint.ticket


def test_forged_endpoint_is_not_renewed(client: SqlClient) -> None:
    ticket = pack(pb.TicketStatementQuery(statement_handle=b"forged"))
    with refused(FORBIDDEN, "TICKET_FORGED"):
        renewed(client, fl.FlightEndpoint(ticket, []))


# Cancelling


def cancel(client: SqlClient, info: fl.FlightInfo) -> int:
    request = pb.CancelFlightInfoRequest(info=info.serialize())
    (answer,) = client.act("CancelFlightInfo", request.SerializeToString())
    return pb.CancelFlightInfoResult.FromString(answer).status


def cancel_query(client: SqlClient, info: fl.FlightInfo) -> int:
    request = pb.ActionCancelQueryRequest(info=info.serialize())
    return client.act_sql("CancelQuery", request).result


@pytest.mark.parametrize("how", [cancel, cancel_query])
def test_cancel_stops_a_stream_in_work(how: object) -> None:
    backend = ScriptedSql(script=lambda schema: [batch(schema), silence(60, batch(schema))])
    with sql_client(backend, writable=()) as client:
        info = client.info(statement("SELECT N, T FROM TEST.NUMBERS"))
        reader = client.get(info.endpoints[0].ticket)
        assert reader.read_chunk().data.num_rows == 3
        assert how(client, info) == pb.CANCEL_STATUS_CANCELLED
        with refused(CANCELLED, "CANCELLED"):
            while True:
                reader.read_chunk()
        eventually(backend.streams[0].closed.is_set)


def test_cancelled_query_cannot_be_read_any_more(client: SqlClient) -> None:
    info = client.info(statement(ITEMS))
    assert cancel(client, info) == pb.CANCEL_STATUS_CANCELLED
    with refused(CANCELLED, "execute it again"):
        client.rows(info)
    assert len(client.read(statement(ITEMS))) == 3


@pytest.mark.parametrize("how", [cancel, cancel_query])
def test_metadata_and_changes_cannot_be_cancelled(client: SqlClient, how: object) -> None:
    for asked in (pb.CommandGetTables(), statement(ADD)):
        assert how(client, client.info(asked)) == pb.CANCEL_STATUS_NOT_CANCELLABLE


def test_read_of_the_own_protocol_cannot_be_cancelled(client: SqlClient) -> None:
    info = client.flight.get_flight_info(command(ReadTicket(entity="ITEMS")))
    assert cancel(client, info) == pb.CANCEL_STATUS_NOT_CANCELLABLE


def test_forged_info_cannot_be_cancelled(client: SqlClient) -> None:
    ticket = pack(pb.TicketStatementQuery(statement_handle=b"forged"))
    info = fl.FlightInfo(
        pa.schema([]), fl.FlightDescriptor.for_command(b""), [fl.FlightEndpoint(ticket, [])], -1, -1
    )
    with refused(FORBIDDEN, "TICKET_FORGED"):
        cancel(client, info)
