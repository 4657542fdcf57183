"""Changes in Flight SQL: DoPut message by message, and what a client that is gone leaves behind."""

import subprocess
import sys
import threading
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.flight as fl
import pytest

from flight_server.wire.flightsql.envelope import pack
from flight_server.wire.flightsql.messages import datasphere_flight_sql_pb2 as pb
from tests.support.flight_sql_client import (
    FORBIDDEN,
    INVALID,
    NOT_FOUND,
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

INSERT = "INSERT INTO LAB.NOTES VALUES (?, ?)"
ALL = "SELECT ID, NOTE FROM LAB.NOTES ORDER BY ID"
NOTES = pa.schema([("ID", pa.int32()), ("NOTE", pa.utf8())])

Table = pb.CommandStatementIngest.TableDefinitionOptions


@pytest.fixture
def client() -> Iterator[SqlClient]:
    with sql_client(duckdb_tables()) as client:
        yield client


def notes(*rows: tuple[int | None, str | None]) -> pa.RecordBatch:
    found = [{"ID": number, "NOTE": note} for number, note in rows]
    return pa.RecordBatch.from_pylist(found, schema=NOTES)


def ingest(table: str = "NOTES", **fields: object) -> pb.CommandStatementIngest:
    options = Table(
        if_not_exist=Table.TABLE_NOT_EXIST_OPTION_CREATE,
        if_exists=Table.TABLE_EXISTS_OPTION_APPEND,
    )
    return pb.CommandStatementIngest(
        **{"table": table, "schema": "LAB", "table_definition_options": options} | fields
    )


def test_definition_answers_with_no_rows_and_not_with_an_unknown_number(
    client: SqlClient,
) -> None:
    """The JDBC driver takes -1 for a query and asks for its endpoints, which runs it again."""
    assert client.update(update("CREATE TABLE LAB.MADE (ID INTEGER)")) == 0


def test_update_answers_with_the_number_of_rows(client: SqlClient) -> None:
    assert client.update(update("INSERT INTO LAB.NOTES SELECT ID, NAME FROM SALES.ITEMS")) == 3
    assert client.read(statement(ALL)) == [(1, "one"), (2, "two"), (3, None)]


def test_update_of_nothing_says_zero_in_bytes(client: SqlClient) -> None:
    assert client.put(update("DELETE FROM LAB.NOTES")) == b"\x08\x00"


def test_definition_counts_no_rows(client: SqlClient) -> None:
    assert client.update(update("CREATE TABLE LAB.MADE (A INTEGER)")) in (-1, 0)
    assert client.read(statement("SELECT A FROM LAB.MADE")) == []


def test_change_asked_for_as_a_query_is_run_at_once(client: SqlClient) -> None:
    info = client.info(statement("INSERT INTO LAB.NOTES VALUES (1, 'a')"))
    assert (len(info.endpoints), info.total_records) == (0, 1)
    assert info.schema == pa.schema([])
    assert client.read(statement(ALL)) == [(1, "a")]


def test_prepared_change_has_no_dataset_schema(client: SqlClient) -> None:
    found = client.prepare(INSERT)
    assert found.is_update
    assert found.dataset_schema == b""
    parameters = pa.ipc.read_schema(pa.py_buffer(found.parameter_schema))
    assert parameters.names == ["1", "2"]


def test_prepared_change_runs_once_for_each_row_of_all_batches(client: SqlClient) -> None:
    handle = client.prepare(INSERT).prepared_statement_handle
    batches = [notes((1, "a"), (2, None)), notes((3, "c"))]
    assert client.update(prepared_update(handle), batches, NOTES) == 3
    assert client.read(statement(ALL)) == [(1, "a"), (2, None), (3, "c")]


def test_prepared_change_without_markers_runs_once(client: SqlClient) -> None:
    handle = client.prepare("INSERT INTO LAB.NOTES VALUES (1, 'a')").prepared_statement_handle
    assert client.update(prepared_update(handle)) == 1


def test_prepared_change_of_no_rows_changes_nothing(client: SqlClient) -> None:
    handle = client.prepare(INSERT).prepared_statement_handle
    assert client.update(prepared_update(handle), [], NOTES) == 0


def test_prepared_change_asked_for_as_a_query_takes_its_bound_values(client: SqlClient) -> None:
    handle = client.bind(client.prepare(INSERT).prepared_statement_handle, notes((1, "a")))
    assert client.info(prepared(handle)).total_records == 1
    assert client.read(statement(ALL)) == [(1, "a")]


def test_one_wrong_row_leaves_none(client: SqlClient) -> None:
    handle = client.prepare(INSERT).prepared_statement_handle
    with refused(INVALID, "DATA_ERROR"):
        client.update(prepared_update(handle), [notes((1, "a"), (1, "twice"))], NOTES)
    assert client.read(statement(ALL)) == []


def test_one_value_that_cannot_be_bound_leaves_none(client: SqlClient) -> None:
    handle = client.prepare("INSERT INTO LAB.NOTES VALUES (?, 'x')").prepared_statement_handle
    schema = pa.schema([("1", pa.float64())])
    batches = [pa.record_batch([pa.array([n])], schema=schema) for n in (1.0, float("nan"))]
    with refused(INVALID, "Parameter 1 in row 2") as refusal:
        client.update(prepared_update(handle), batches, schema)
    assert refusal.details == {"parameter": "1", "row": "2"}
    assert client.read(statement(ALL)) == []


def test_query_is_no_update(client: SqlClient) -> None:
    with refused(FORBIDDEN, "is a query and changes nothing"):
        client.update(update(ALL))


def test_space_that_is_not_writable_is_refused(client: SqlClient) -> None:
    with refused(FORBIDDEN, "SALES"):
        client.update(update("DELETE FROM SALES.ITEMS"))


def test_ingest_creates_appends_and_counts(client: SqlClient) -> None:
    batches = [notes((1, "a")), notes((2, "b"), (3, None))]
    assert client.update(ingest("MADE"), batches, NOTES) == 3
    assert client.update(ingest("MADE"), [notes((4, "d"))], NOTES) == 1
    assert len(client.read(statement("SELECT ID FROM LAB.MADE"))) == 4


def test_ingest_may_replace(client: SqlClient) -> None:
    client.update(ingest("MADE"), [notes((1, "a"))], NOTES)
    options = Table(
        if_not_exist=Table.TABLE_NOT_EXIST_OPTION_FAIL,
        if_exists=Table.TABLE_EXISTS_OPTION_REPLACE,
    )
    schema = pa.schema([("X", pa.int64())])
    batch = pa.record_batch([pa.array([7])], schema=schema)
    assert client.update(ingest("MADE", table_definition_options=options), [batch], schema) == 1
    assert client.read(statement("SELECT X FROM LAB.MADE")) == [(7,)]


@pytest.mark.parametrize(
    ("mode", "table", "code", "said"),
    [
        ("CREATE FAIL", "NOTES", INVALID, "TABLE_EXISTS"),
        ("FAIL APPEND", "MISSING", NOT_FOUND, "ENTITY_UNKNOWN"),
        ("UNSPECIFIED APPEND", "NOTES", INVALID, "set both table definition options"),
        ("CREATE UNSPECIFIED", "NOTES", INVALID, "set both table definition options"),
    ],
)
def test_ingest_keeps_to_its_mode(
    client: SqlClient, mode: str, table: str, code: int, said: str
) -> None:
    missing, exists = mode.split()
    options = Table(
        if_not_exist=f"TABLE_NOT_EXIST_OPTION_{missing}",
        if_exists=f"TABLE_EXISTS_OPTION_{exists}",
    )
    with refused(code, said):
        client.update(ingest(table, table_definition_options=options), [notes((1, "a"))], NOTES)
    assert client.read(statement(ALL)) == []


@pytest.mark.parametrize(
    ("fields", "code", "said"),
    [
        ({"temporary": True}, UNIMPLEMENTED, "no temporary tables"),
        ({"catalog": "C"}, INVALID, "no catalog 'C'"),
        ({"options": {"speed": "high"}}, INVALID, "'speed'"),
        ({"table": ""}, INVALID, "''"),
        ({"schema": "SALES"}, FORBIDDEN, "SALES"),
    ],
)
def test_ingest_that_there_is_not_is_refused(
    client: SqlClient, fields: dict[str, object], code: int, said: str
) -> None:
    with refused(code, said):
        client.update(ingest(**fields), [notes((1, "a"))], NOTES)


def test_empty_catalog_of_an_ingest_is_none(client: SqlClient) -> None:
    assert client.update(ingest(catalog=""), [notes((1, "a"))], NOTES) == 1


def test_ingest_of_no_batch_creates_the_table(client: SqlClient) -> None:
    assert client.update(ingest("MADE"), [], NOTES) == 0
    assert client.schema(statement("SELECT * FROM LAB.MADE")).names == ["ID", "NOTE"]


@pytest.mark.parametrize(
    "message",
    [
        pb.CommandStatementQuery(query=ALL),
        pb.CommandStatementSubstraitPlan(),
        pb.CommandGetTables(),
        pb.TicketStatementQuery(),
    ],
    ids=lambda message: type(message).__name__,
)
def test_message_that_is_no_change_is_unimplemented(
    client: SqlClient, message: pb.CommandStatementQuery
) -> None:
    with refused(UNIMPLEMENTED, "ACTION_UNKNOWN"):
        client.put(message)


def test_writing_is_off_unless_it_is_switched_on() -> None:
    with sql_client(duckdb_tables(), writable=()) as client:
        for command in (update("DELETE FROM LAB.NOTES"), ingest()):
            with refused(FORBIDDEN, "writes.enabled"):
                client.update(command, [notes((1, "a"))], NOTES)
        with refused(FORBIDDEN, "writes.enabled"):
            client.prepare(INSERT)


# Clients that are gone

SEND_AND_DIE = """
import os, sys
import pyarrow as pa, pyarrow.flight as fl
uri, command = sys.argv[1:]
ids, notes = pa.array([1, 2, 3], pa.int32()), pa.array(["a", "b", "c"])
batch = pa.record_batch([ids, notes], names=["ID", "NOTE"])
client = fl.connect(uri)
writer, _ = client.do_put(fl.FlightDescriptor.for_command(bytes.fromhex(command)), batch.schema)
writer.write_batch(batch)
os._exit(1)
"""


def changes_in_work() -> int:
    """Changes and queries that this process works on."""
    return sum(thread.name == "flight-watch" for thread in threading.enumerate())


def test_client_that_dies_in_the_middle_of_an_ingest_leaves_nothing() -> None:
    with serving_sql(duckdb_tables()) as running, fl.connect(running.uri) as flight:
        client = SqlClient(flight)
        command = [sys.executable, "-c", SEND_AND_DIE, running.uri, pack(ingest()).hex()]
        assert subprocess.run(command, check=False, timeout=60).returncode == 1
        eventually(lambda: changes_in_work() == 0)
        assert client.read(statement(ALL)) == []
        assert client.update(update("INSERT INTO LAB.NOTES VALUES (1, 'mine')")) == 1


@pytest.mark.parametrize("prepares", [False, True])
def test_deadline_in_the_middle_of_a_stream_leaves_nothing(
    client: SqlClient, prepares: bool
) -> None:
    handle = client.prepare(INSERT).prepared_statement_handle
    command = prepared_update(handle) if prepares else ingest()
    descriptor = fl.FlightDescriptor.for_command(pack(command))
    writer, _ = client.flight.do_put(descriptor, NOTES, fl.FlightCallOptions(timeout=0.3))
    writer.write_batch(notes((1, "a")))
    eventually(lambda: changes_in_work() == 1)
    eventually(lambda: changes_in_work() == 0)
    with pytest.raises((fl.FlightError, pa.ArrowException)):
        writer.close()
    assert client.read(statement(ALL)) == []


ENDLESS = (
    "FROM SALES.BIG A CROSS JOIN SALES.BIG B CROSS JOIN SALES.BIG C "
    "WHERE MOD(A.N + B.N + C.N, 7) = 9"
)
BIG = "CREATE TABLE SALES.BIG AS SELECT range AS N FROM range(100000);"


@pytest.mark.parametrize("asks_for_rows", [False, True])
def test_deadline_stops_the_database(asks_for_rows: bool) -> None:
    sql = f"INSERT INTO LAB.NOTES SELECT 1, 'x' {ENDLESS}"
    with sql_client(duckdb_tables(BIG)) as client:
        hurried = SqlClient(client.flight, timeout_s=0.5)
        with pytest.raises(fl.FlightTimedOutError):
            _ = hurried.info(statement(sql)) if asks_for_rows else hurried.update(update(sql))
        eventually(lambda: changes_in_work() == 0)
        assert client.read(statement(ALL)) == []
        assert client.update(update("INSERT INTO LAB.NOTES VALUES (1, 'mine')")) == 1


def test_stopped_change_ends_its_transaction() -> None:
    with sql_client(duckdb_tables(BIG)) as client:
        transaction = client.begin()
        client.update(update("INSERT INTO LAB.NOTES VALUES (1, 'first')", transaction))
        hurried = SqlClient(client.flight, timeout_s=0.5)
        with pytest.raises(fl.FlightTimedOutError):
            hurried.update(update(f"INSERT INTO LAB.NOTES SELECT 2, 'x' {ENDLESS}", transaction))
        eventually(lambda: changes_in_work() == 0)
        with refused(INVALID, "TRANSACTION_UNKNOWN"):
            client.commit(transaction)
        client.rollback(transaction)
        assert client.read(statement(ALL)) == []
