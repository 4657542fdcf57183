"""Queries through the JDBC driver: every type, NULL, no row, many rows, columns described."""

import struct
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.jdbc.calls import ZONE, Jdbc
from tests.support.sql_service import SqlService
from tests.support.sql_tables import BIG_ROWS, READ, TYPE_NAMES, all_tables

pytestmark = [pytest.mark.jdbc, pytest.mark.timeout(180)]

NO_UNSIGNED = "The driver reads the byte of a TINYINT with a sign: 255 is -1, whatever the getter."
TWICE = (
    "The driver lists the columns of a result without rows twice; a prepared query has them once."
)
ZONED = (
    "In a JVM outside of UTC the driver gives the wrong hour of TIME and, but for getString, of "
    "TIMESTAMP (apache/arrow-java#732); start it with -Duser.timezone=UTC."
)
TYPES = all_tables()["TYPES"]
EMPTY = f'SELECT * FROM {READ}.TYPES WHERE "ROW" < 0'
JDBC_TYPES = {
    "TINYINT": "TINYINT",
    "SMALLINT": "SMALLINT",
    "INTEGER": "INTEGER",
    "BIGINT": "BIGINT",
    "DECIMAL(15,2)": "DECIMAL",
    "DECIMAL(38,0)": "DECIMAL",
    "DECIMAL(38,38)": "DECIMAL",
    "REAL": "FLOAT",
    "DOUBLE": "DOUBLE",
    "BOOLEAN": "BOOLEAN",
    "NVARCHAR": "VARCHAR",
    "VARBINARY": "VARBINARY",
    "DATE": "DATE",
    "TIME": "TIME",
    "SECONDDATE": "TIMESTAMP",
    "TIMESTAMP": "TIMESTAMP",
}


def canonical(value: Any) -> str | None:
    """A value as JdbcCalls.java writes it."""
    match value:
        case None:
            return None
        case bool():
            return str(value).lower()
        case float():
            return struct.pack(">d", value).hex()
        case Decimal():
            return f"{value:f}"
        case bytes():
            return value.hex()
        case datetime():
            fraction = f"{value.microsecond:06d}".rstrip("0") or "0"
            return f"{value.replace(microsecond=0).isoformat(' ')}.{fraction}"
        case _:
            return str(value)


def column(name: str) -> list[Any]:
    return TYPES.column(name).to_pylist()


def select(name: str, where: str = "") -> str:
    return f'SELECT "{name}" FROM {READ}.TYPES {where} ORDER BY "ROW"'


@pytest.mark.feature("fetch: rows", client="JDBC")
@pytest.mark.parametrize("name", [each for each in TYPE_NAMES if each != "TINYINT"])
def test_values_of_a_type_arrive_exactly(jdbc: Jdbc, connection: str, name: str) -> None:
    rows = jdbc.call("query", connection, select(name))["rows"]

    assert [value for (value,) in rows] == [canonical(value) for value in column(name)]


@pytest.mark.feature("fetch: TINYINT over 127", client="JDBC")
@pytest.mark.xfail(reason=NO_UNSIGNED, raises=AssertionError, strict=True)
def test_values_of_tinyint_arrive_exactly(jdbc: Jdbc, connection: str) -> None:
    rows = jdbc.call("query", connection, select("TINYINT"))["rows"]

    assert rows == [["0"], ["255"], [None]]


@pytest.mark.feature("fetch: moments outside of UTC", client="JDBC")
@pytest.mark.xfail(reason=ZONED, raises=AssertionError, strict=True)
@pytest.mark.parametrize("name", ["TIME", "TIMESTAMP"])
def test_moments_are_the_same_in_another_time_zone(jdbc: Jdbc, url: str, name: str) -> None:
    jdbc.call("zone", "Europe/Berlin")
    try:
        with jdbc.connected(url, name="zoned") as connection:
            rows = jdbc.call("query", connection, select(name, 'WHERE "ROW" = 1'))["rows"]
    finally:
        jdbc.call("zone", ZONE)

    assert rows == [[canonical(column(name)[1])]]


@pytest.mark.feature("schema of a query", client="JDBC")
@pytest.mark.parametrize("name", TYPE_NAMES)
def test_column_of_a_type_is_described(jdbc: Jdbc, connection: str, name: str) -> None:
    (described,) = jdbc.call("query", connection, select(name, 'WHERE "ROW" = 0'))["columns"]

    assert described["label"] == described["name"] == name
    assert described["type"] == JDBC_TYPES[name]
    if name.startswith("DECIMAL"):
        precision, scale = name.removeprefix("DECIMAL(").rstrip(")").split(",")
        assert (described["precision"], described["scale"]) == (int(precision), int(scale))


@pytest.mark.feature("schema of a query: no rows", client="JDBC")
@pytest.mark.xfail(reason=TWICE, raises=AssertionError, strict=True)
def test_result_without_a_row_has_its_columns(jdbc: Jdbc, connection: str) -> None:
    found = jdbc.call("query", connection, EMPTY)

    assert found["rows"] == []
    assert [each["label"] for each in found["columns"]] == ["ROW", *TYPE_NAMES]


def test_prepared_result_without_a_row_has_its_columns(jdbc: Jdbc, connection: str) -> None:
    jdbc.call("prepare", "p", connection, EMPTY)
    found = jdbc.call("run", "p")
    jdbc.call("drop", "p")

    assert found["rows"] == []
    assert [each["label"] for each in found["columns"]] == ["ROW", *TYPE_NAMES]


@pytest.mark.feature("fetch: rows", client="JDBC")
def test_hundred_thousand_rows_arrive(jdbc: Jdbc, connection: str) -> None:
    found = jdbc.call("count", connection, f"SELECT ID, LABEL, AMOUNT FROM {READ}.BIG")

    assert found == {"rows": BIG_ROWS, "sum": BIG_ROWS * (BIG_ROWS - 1) // 2}


def test_ordered_query_arrives_in_order(jdbc: Jdbc, connection: str) -> None:
    sql = f"SELECT ID, LABEL FROM {READ}.BIG WHERE ID < 300 ORDER BY ID DESC"

    rows = jdbc.call("query", connection, sql)["rows"]

    assert rows == [[str(at), f"label {at % 100}"] for at in reversed(range(300))]


def test_joined_and_grouped_query_is_answered(jdbc: Jdbc, connection: str) -> None:
    sql = (
        f"SELECT o.STATUS, COUNT(*) AS N, SUM(o.AMOUNT) AS S FROM {READ}.ORDERS o"
        f" JOIN {READ}.BIG b ON b.ID = o.ORDER_ID WHERE o.STATUS IS NOT NULL"
        " GROUP BY o.STATUS ORDER BY o.STATUS"
    )

    rows = jdbc.call("query", connection, sql)["rows"]

    assert [(status, n, Decimal(s)) for status, n, s in rows] == [
        ("OPEN", "2", Decimal("19.99")),
        ("PAID", "1", Decimal("0.01")),
    ]


@pytest.mark.feature("errors: message", client="JDBC")
@pytest.mark.parametrize(
    ("sql", "code"),
    [
        (f"SELEC * FROM {READ}.BIG", "SQL_INVALID"),
        (f"SELECT NOWHERE FROM {READ}.BIG", "NOWHERE"),
        (f"SELECT * FROM {READ}.NOWHERE", "NOWHERE"),
    ],
)
def test_wrong_sql_is_refused_in_a_sentence_and_the_connection_goes_on(
    jdbc: Jdbc, connection: str, sql: str, code: str
) -> None:
    failed = jdbc.failure("query", connection, sql)

    assert code in failed.text
    assert "Traceback" not in failed.text
    assert ".py" not in failed.text
    assert jdbc.call("query", connection, "SELECT 1 AS N FROM DUMMY")["rows"] == [["1"]]


@pytest.mark.feature("results that are dropped", client="JDBC")
def test_result_closed_in_the_middle_leaves_connection_and_server_at_rest(
    jdbc: Jdbc, connection: str, service: SqlService
) -> None:
    sql = f"SELECT A.ID FROM {READ}.BIG A CROSS JOIN {READ}.BIG B"

    assert jdbc.call("part", connection, sql, 10) == {"rows": 10}

    service.wait_for_rest()
    assert jdbc.call("query", connection, "SELECT 1 AS N FROM DUMMY")["rows"] == [["1"]]


def test_days_of_the_first_year_are_those_of_the_database(jdbc: Jdbc, connection: str) -> None:
    """Told as text, because Java's old calendar has another first year."""
    texts = jdbc.call("query", connection, select("DATE"))["texts"]

    assert texts == [["0001-01-01"], [str(date(9999, 12, 31))], [None]]
