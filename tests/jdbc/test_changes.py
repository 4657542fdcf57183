"""Prepared statements and changes through the JDBC driver: every type, counts, batches."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.jdbc.calls import Jdbc
from tests.support.sql_service import SqlService
from tests.support.sql_tables import READ

pytestmark = [pytest.mark.jdbc, pytest.mark.timeout(180)]


@dataclass(frozen=True)
class Value:
    """A value as a setter takes it, and as it is read afterwards.

    Attributes:
        kind: Type of its column.
        setter: Without "set".
        text: As ``bind`` in JdbcCalls.java reads it.
        read: By ``getString``; None for the same text.
    """

    kind: str
    setter: str
    text: str
    read: str | None = None


VALUES = [
    Value("TINYINT", "Int", "127"),
    Value("SMALLINT", "Short", "-32768"),
    Value("INTEGER", "Int", "-2147483648"),
    Value("BIGINT", "Long", "9223372036854775807"),
    Value("DECIMAL(15,2)", "BigDecimal", "-9999999999999.99"),
    Value("REAL", "Float", "1.5"),
    Value("DOUBLE", "Double", "-0.1"),
    Value("BOOLEAN", "Boolean", "true"),
    Value("NVARCHAR(40)", "String", "Größe 🎁 'x' \t東京\n"),
    Value("VARBINARY(16)", "Bytes", "00ff10"),
    Value("DATE", "Date", "2024-02-29"),
    Value("TIME", "Time", "23:59:58"),
    Value("SECONDDATE", "Timestamp", "2024-07-01 12:34:56", "2024-07-01 12:34:56.0"),
    Value("TIMESTAMP", "Timestamp", "2024-07-01 12:34:56.789"),
]
NO_COUNT = (
    "PreparedStatement.execute of a change shows an empty result and no count; executeUpdate does."
)
NULLS = [
    ("INTEGER", "INTEGER"),
    ("DECIMAL(15,2)", "DECIMAL"),
    ("DOUBLE", "DOUBLE"),
    ("BOOLEAN", "BOOLEAN"),
    ("NVARCHAR(40)", "VARCHAR"),
    ("VARBINARY(16)", "VARBINARY"),
    ("DATE", "DATE"),
    ("TIME", "TIME"),
    ("TIMESTAMP", "TIMESTAMP"),
]


def once(jdbc: Jdbc, call: str, connection: str, sql: str, *values: str) -> dict[str, Any]:
    """Prepare, run or update once, close."""
    jdbc.call("prepare", "p", connection, sql)
    try:
        return jdbc.call(call, "p", *values)
    finally:
        jdbc.call("drop", "p")


@pytest.fixture
def numbers(jdbc: Jdbc, connection: str, table: str) -> str:
    """A table in LAB with three rows."""
    jdbc.call(
        "execute", connection, f"CREATE TABLE {table} (ID INTEGER PRIMARY KEY, T NVARCHAR(9))"
    )
    for at in (1, 2, 3):
        jdbc.call("execute", connection, f"INSERT INTO {table} VALUES ({at}, 'old')")
    return table


@pytest.mark.feature("parameters", client="JDBC")
@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.kind)
def test_prepared_insert_writes_a_value_that_a_query_reads(
    jdbc: Jdbc, connection: str, table: str, value: Value
) -> None:
    jdbc.call("execute", connection, f"CREATE TABLE {table} (V {value.kind})")

    assert once(
        jdbc, "update", connection, f"INSERT INTO {table} VALUES (?)", value.setter, value.text
    ) == {"count": 1}

    found = jdbc.call("query", connection, f"SELECT V FROM {table}")
    shown = found["rows" if value.setter == "Bytes" else "texts"]
    assert shown == [[value.read or value.text]]


@pytest.mark.feature("parameters", client="JDBC")
@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.kind)
def test_prepared_query_finds_the_row_of_a_value(
    jdbc: Jdbc, connection: str, table: str, value: Value
) -> None:
    jdbc.call("execute", connection, f"CREATE TABLE {table} (ID INTEGER, V {value.kind})")
    bound = (value.setter, value.text)
    insert = f"INSERT INTO {table} VALUES (?, ?)"
    once(jdbc, "update", connection, insert, "Int", "7", *bound)

    found = once(jdbc, "run", connection, f"SELECT ID FROM {table} WHERE V = ?", *bound)

    assert found["rows"] == [["7"]]


@pytest.mark.feature("parameters: NULL", client="JDBC")
@pytest.mark.parametrize(("kind", "null"), NULLS, ids=[kind for kind, _ in NULLS])
def test_prepared_insert_writes_null(
    jdbc: Jdbc, connection: str, table: str, kind: str, null: str
) -> None:
    jdbc.call("execute", connection, f"CREATE TABLE {table} (V {kind})")

    once(jdbc, "update", connection, f"INSERT INTO {table} VALUES (?)", "Null", null)

    assert jdbc.call("query", connection, f"SELECT V FROM {table}")["rows"] == [[None]]


@pytest.mark.feature("prepared statements", client="JDBC")
def test_prepared_query_runs_again_with_other_values(jdbc: Jdbc, connection: str) -> None:
    sql = f"SELECT STATUS FROM {READ}.ORDERS WHERE ORDER_ID BETWEEN ? AND ? ORDER BY ORDER_ID"
    described = jdbc.call("prepare", "p", connection, sql)

    first = jdbc.call("run", "p", "Long", "1", "Long", "2")["rows"]
    second = jdbc.call("run", "p", "Long", "3", "Long", "9")["rows"]
    jdbc.call("drop", "p")

    assert (first, second) == ([["OPEN"], ["OPEN"]], [["PAID"], [None]])
    assert [column["label"] for column in described["columns"]] == ["STATUS"]
    assert len(described["parameters"]) == 2


@pytest.mark.feature("prepared statements", client="JDBC")
def test_prepared_statements_side_by_side_keep_their_values(jdbc: Jdbc, connection: str) -> None:
    jdbc.call("prepare", "a", connection, f"SELECT STATUS FROM {READ}.ORDERS WHERE ORDER_ID = ?")
    jdbc.call("prepare", "b", connection, f"SELECT LABEL FROM {READ}.BIG WHERE ID = ?")

    found = [
        jdbc.call("run", "a", "Long", "3")["rows"],
        jdbc.call("run", "b", "Long", "42")["rows"],
        jdbc.call("run", "a", "Long", "1")["rows"],
    ]
    jdbc.call("drop", "a")
    jdbc.call("drop", "b")

    assert found == [[["PAID"]], [["label 42"]], [["OPEN"]]]


@pytest.mark.feature("changes: PreparedStatement.execute", client="JDBC")
@pytest.mark.xfail(reason=NO_COUNT, raises=AssertionError, strict=True)
def test_prepared_change_that_is_executed_tells_its_count(
    jdbc: Jdbc, connection: str, numbers: str
) -> None:
    found = once(jdbc, "run", connection, f"UPDATE {numbers} SET T = ?", "String", "new")

    assert found == {"count": 3}


def test_prepared_change_that_is_executed_runs_once(
    jdbc: Jdbc, connection: str, numbers: str, service: SqlService
) -> None:
    once(jdbc, "run", connection, f"UPDATE {numbers} SET ID = ID + 10 WHERE ID > ?", "Int", "1")

    assert service.rows(f"SELECT ID FROM {numbers} ORDER BY ID") == [(1,), (12,), (13,)]


@pytest.mark.feature("changes: INSERT, UPDATE, DELETE", client="JDBC")
def test_changes_tell_how_many_rows_they_changed(
    jdbc: Jdbc, connection: str, numbers: str, service: SqlService
) -> None:
    counts = [
        jdbc.call("execute", connection, sql)
        for sql in (
            f"UPDATE {numbers} SET T = 'new' WHERE ID > 1",
            f"DELETE FROM {numbers} WHERE ID = 1",
            f"INSERT INTO {numbers} SELECT ID + 10, T FROM {numbers}",
            f"UPDATE {numbers} SET T = 'never' WHERE ID > 99",
        )
    ]

    assert counts == [{"has_rows": False, "count": count} for count in (2, 1, 2, 0)]
    rows = service.rows(f"SELECT ID, T FROM {numbers} ORDER BY ID")
    assert rows == [(2, "new"), (3, "new"), (12, "new"), (13, "new")]


@pytest.mark.feature("changes: definitions", client="JDBC")
def test_table_is_made_and_dropped(jdbc: Jdbc, connection: str, table: str) -> None:
    made = jdbc.call("execute", connection, f"CREATE TABLE {table} (ID INTEGER)")
    jdbc.call("execute", connection, f"DROP TABLE {table}")

    assert made["has_rows"] is False
    assert (
        table.rpartition(".")[2] in jdbc.failure("query", connection, f"SELECT * FROM {table}").text
    )


@pytest.mark.feature("changes: addBatch", client="JDBC")
def test_batch_of_a_prepared_statement_writes_every_row(
    jdbc: Jdbc, connection: str, numbers: str, service: SqlService
) -> None:
    rows = [
        ("Int", str(at), *value, ";")
        for at, value in enumerate(
            (("String", "ten"), ("Null", "VARCHAR"), ("String", "twelve")), 10
        )
    ]
    jdbc.call("prepare", "p", connection, f"INSERT INTO {numbers} VALUES (?, ?)")

    answer = jdbc.call("run-batch", "p", *(field for row in rows for field in row))
    jdbc.call("drop", "p")

    assert answer == {"counts": [3]}  # the driver adds them up
    found = service.rows(f"SELECT ID, T FROM {numbers} WHERE ID > 9 ORDER BY ID")
    assert found == [(10, "ten"), (11, None), (12, "twelve")]


@pytest.mark.feature("changes: all or nothing", client="JDBC")
def test_batch_with_a_row_that_fails_writes_nothing(
    jdbc: Jdbc, connection: str, numbers: str, service: SqlService
) -> None:
    jdbc.call("prepare", "p", connection, f"INSERT INTO {numbers} VALUES (?, 'new')")

    failed = jdbc.failure("run-batch", "p", "Int", "8", ";", "Int", "2", ";", "Int", "9", ";")
    jdbc.call("drop", "p")

    assert "Traceback" not in failed.text
    assert service.rows(f"SELECT COUNT(*) FROM {numbers}") == [(3,)]


@pytest.mark.feature("changes: what is refused", client="JDBC")
def test_change_of_a_schema_that_is_read_only_is_refused(jdbc: Jdbc, connection: str) -> None:
    failed = jdbc.failure("execute", connection, f"DELETE FROM {READ}.ORDERS")

    assert READ in failed.text
    assert jdbc.call("query", connection, f"SELECT COUNT(*) AS N FROM {READ}.ORDERS")["rows"] == [
        ["4"]
    ]


@pytest.mark.feature("errors: message", client="JDBC")
def test_change_that_the_database_refuses_tells_why(
    jdbc: Jdbc, connection: str, numbers: str
) -> None:
    failed = jdbc.failure("execute", connection, f"INSERT INTO {numbers} VALUES (1, 'again')")

    assert "unique" in failed.text.lower() or "duplicate" in failed.text.lower()
    assert "Traceback" not in failed.text
    assert jdbc.call("query", connection, f"SELECT COUNT(*) AS N FROM {numbers}")["rows"] == [["3"]]
