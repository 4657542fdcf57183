"""Cancelling and transactions through the JDBC driver."""

import pytest

from tests.jdbc.calls import Jdbc, JdbcFailed
from tests.support.sql_service import SqlService
from tests.support.sql_tables import ENDLESS, READ

pytestmark = [pytest.mark.jdbc, pytest.mark.timeout(180)]

ONE = "SELECT 1 AS N FROM DUMMY"
EMPTY_STUB = (
    "The driver has no transactions: its commit and rollback are empty, and it never begins one."
)
NO_STATEMENT_BATCHES = "The driver fails by itself on a batch of texts; it sends nothing."


@pytest.mark.feature("cancel: query", client="JDBC")
def test_cancelled_query_stops_in_the_database_and_the_connection_goes_on(
    jdbc: Jdbc, connection: str, service: SqlService
) -> None:
    before = service.counts.started
    jdbc.call("start", connection, ENDLESS)
    service.wait_for_work(before)

    jdbc.call("cancel", "")

    service.wait_for_rest()
    assert jdbc.failure("finish", "").text
    assert jdbc.call("query", connection, ONE)["rows"] == [["1"]]


@pytest.mark.feature("cancel: query", client="JDBC")
def test_query_cancelled_between_rows_stops_in_the_database(
    jdbc: Jdbc, connection: str, service: SqlService
) -> None:
    before = service.counts.started
    jdbc.call("start", connection, f"SELECT A.ID FROM {READ}.BIG A CROSS JOIN {READ}.BIG B")
    service.wait_for_work(before)

    jdbc.call("cancel", "")

    service.wait_for_rest()
    assert jdbc.failure("finish", "").text
    assert jdbc.call("query", connection, ONE)["rows"] == [["1"]]


@pytest.mark.feature("transactions: commit and rollback", client="JDBC")
def test_committed_change_is_there(
    jdbc: Jdbc, connection: str, table: str, service: SqlService
) -> None:
    jdbc.call("execute", connection, f"CREATE TABLE {table} (ID INTEGER)")
    jdbc.call("connection", connection, "setAutoCommit", "false")
    jdbc.call("execute", connection, f"INSERT INTO {table} VALUES (1)")

    jdbc.call("connection", connection, "commit")

    assert service.rows(f"SELECT ID FROM {table}") == [(1,)]


@pytest.mark.feature("transactions: commit and rollback", client="JDBC")
@pytest.mark.xfail(reason=EMPTY_STUB, raises=AssertionError, strict=True)
def test_change_that_is_rolled_back_is_gone(
    jdbc: Jdbc, connection: str, table: str, service: SqlService
) -> None:
    jdbc.call("execute", connection, f"CREATE TABLE {table} (ID INTEGER)")
    jdbc.call("connection", connection, "setAutoCommit", "false")
    jdbc.call("execute", connection, f"INSERT INTO {table} VALUES (1)")

    jdbc.call("connection", connection, "rollback")

    assert service.rows(f"SELECT ID FROM {table}") == []


@pytest.mark.feature("changes: addBatch of texts", client="JDBC")
@pytest.mark.xfail(reason=NO_STATEMENT_BATCHES, raises=JdbcFailed, strict=True)
def test_batch_of_texts_is_run(jdbc: Jdbc, connection: str, table: str) -> None:
    jdbc.call("execute", connection, f"CREATE TABLE {table} (ID INTEGER)")
    texts = [f"INSERT INTO {table} VALUES ({at})" for at in (1, 2)]

    assert jdbc.call("batch", connection, *texts) == {"counts": [1, 1]}
