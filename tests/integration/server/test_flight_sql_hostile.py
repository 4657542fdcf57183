"""Hostile bytes in Flight SQL: a sentence for each, never an incident, never a traceback."""

from collections.abc import Callable, Iterator

import pyarrow as pa
import pyarrow.flight as fl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flight_server.wire.flightsql.envelope import MESSAGES, PREFIX
from flight_server.wire.flightsql.flight_sql import ACTIONS
from flight_server.wire.flightsql.messages import datasphere_flight_sql_pb2 as pb
from tests.support.flight_sql_client import (
    INVALID,
    SqlClient,
    duckdb_tables,
    prepared_update,
    refused,
    sql_client,
    statement,
)

LEAKS = ("Traceback", ".py", "incident")


@pytest.fixture(scope="module")
def client() -> Iterator[SqlClient]:
    with sql_client(duckdb_tables()) as client:
        yield client


def answered(ask: Callable[[], object]) -> None:
    """The call ends: with an answer, or with an error that leaks nothing and is no incident."""
    said = ""
    try:
        ask()
    except (fl.FlightError, pa.ArrowException) as error:
        said = str(error)
    assert [leak for leak in LEAKS if leak in said] == []


names = st.sampled_from([*MESSAGES, "", "CommandOfTheFuture", "Command/../x"])
fields = st.binary(max_size=20).map(lambda body: b"\x0a" + bytes([len(body)]) + body)
bodies = st.one_of(st.binary(max_size=30), fields, st.tuples(fields, fields).map(b"".join))


@settings(max_examples=60)
@given(name=names, body=bodies)
def test_any_message_with_any_bytes_is_answered(client: SqlClient, name: str, body: bytes) -> None:
    command = pb.Envelope(type_url=PREFIX + name, value=body).SerializeToString()
    descriptor = fl.FlightDescriptor.for_command(command)
    for ask in (
        lambda: client.info(command),
        lambda: client.flight.get_schema(descriptor),
        lambda: client.get(fl.Ticket(command)).read_all(),
        lambda: client.put(command),
    ):
        answered(ask)


@settings(max_examples=60)
@given(name=st.sampled_from(list(ACTIONS)), message=names, body=bodies, bare=st.booleans())
def test_any_action_with_any_bytes_is_answered(
    client: SqlClient, name: str, message: str, body: bytes, bare: bool
) -> None:
    whole = pb.Envelope(type_url=PREFIX + message, value=body).SerializeToString()
    answered(lambda: client.act(name, body if bare else whole))


SEALED = [b"{}\n", b"\n" * 70, b"\xff" * 70, b'{"kind":"session"}\n' + b"0" * 64]


@pytest.mark.parametrize("handle", SEALED)
def test_bytes_that_look_sealed_are_refused(client: SqlClient, handle: bytes) -> None:
    for command in (
        pb.CommandPreparedStatementQuery(prepared_statement_handle=handle),
        pb.CommandStatementQuery(query="SELECT 1 AS A FROM DUMMY", transaction_id=handle),
    ):
        with pytest.raises(fl.FlightUnauthorizedError, match="TICKET_FORGED"):
            client.info(command)


@pytest.mark.parametrize("sql", ["", " ", ";", "\0", "SELECT 1; SELECT 2", "(" * 5000, "-- x"])
def test_text_that_is_no_statement_is_refused(client: SqlClient, sql: str) -> None:
    for ask in (lambda: client.info(statement(sql)), lambda: client.prepare(sql)):
        with pytest.raises((fl.FlightError, pa.ArrowException)) as caught:
            ask()
        assert [leak for leak in LEAKS if leak in str(caught.value)] == []


def test_stream_whose_columns_change_is_refused(client: SqlClient) -> None:
    """A second schema in one DoPut: pyarrow's writer sends none, so a wrong batch stands for it."""
    handle = client.prepare("INSERT INTO LAB.NOTES VALUES (?, ?)").prepared_statement_handle
    command = pb.CommandPreparedStatementUpdate(prepared_statement_handle=handle)
    wrong = pa.record_batch({"1": ["no number"], "2": ["x"]})
    with pytest.raises((fl.FlightError, pa.ArrowException)) as caught:
        client.put(command, [wrong], wrong.schema)
    assert [leak for leak in LEAKS if leak in str(caught.value)] == []
    assert client.read(statement("SELECT ID FROM LAB.NOTES")) == []


def test_column_whose_name_is_no_text_is_refused(client: SqlClient) -> None:
    schema = pa.ipc.read_schema(
        pa.py_buffer(
            pa.schema([("NAME", pa.int64())]).serialize().to_pybytes().replace(b"NAME", b"\x80AME")
        )
    )
    handle = client.prepare("INSERT INTO LAB.NOTES (ID) VALUES (?)").prepared_statement_handle
    with refused(INVALID, "no UTF-8 text"):
        client.put(prepared_update(handle), schema=schema)
