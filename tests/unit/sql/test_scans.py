"""Which queries are plain scans, and that a scan finds what its query finds."""

from datetime import date, datetime, time
from typing import Any

import duckdb
import pytest

from flight_client.protocol.catalog import Column, Entity, HanaType
from flight_client.protocol.errors import InvalidFilter
from flight_client.protocol.filters import And, Comparison, Filter, Or
from flight_client.protocol.literals import LiteralValue
from flight_client.protocol.tickets import ReadTicket
from flight_server.planning.read import Limits, plan_read
from flight_server.sql.duckdb_select import duckdb_select
from flight_server.sql.gate import CallerDialect
from flight_server.sql.scans import MAX_WHOLE_NUMBER, Scan, scan_of
from flight_server.sql.translate import to_duckdb
from tests.support.hana_sql import admitted

ENTITY = Entity(
    space="SALES",
    name="ORDERS",
    kind="table",
    columns=(
        Column("ID", HanaType("INTEGER")),
        Column("NET", HanaType("DECIMAL", 10, 2)),
        Column("PRICE", HanaType("DOUBLE")),
        Column("NAME", HanaType("NVARCHAR", 20)),
        Column("DAY", HanaType("DATE")),
        Column("MOMENT", HanaType("TIMESTAMP")),
        Column("FLAG", HanaType("BOOLEAN")),
        Column("Mixed", HanaType("NVARCHAR", 20)),
    ),
)


def scan(text: str, *values: LiteralValue | None) -> Scan | None:
    return scan_of(admitted(text, values=len(values)), values)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("SELECT * FROM orders", None),
        ("SELECT o.* FROM sales.orders o", None),
        ('SELECT name, "Mixed", id FROM orders', ("NAME", "Mixed", "ID")),
        ("SELECT o.id, o.net AS net FROM orders AS o", ("ID", "NET")),
        ("SELECT orders.id, sales.orders.net FROM orders", ("ID", "NET")),
        ("SELECT ID FROM orders; -- done", ("ID",)),
    ],
)
def test_columns_of_one_entity_are_a_scan(text: str, columns: tuple[str, ...] | None) -> None:
    assert scan(text) == Scan("SALES", "ORDERS", columns, None)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT id AS number FROM orders",
        "SELECT id, id FROM orders",
        "SELECT id, id AS id FROM orders",
        "SELECT *, id FROM orders",
        "SELECT id + 1 AS id FROM orders",
        "SELECT UPPER(name) AS name FROM orders",
        "SELECT 1 FROM orders",
        "SELECT COUNT(*) FROM orders",
        "SELECT DISTINCT id FROM orders",
        "SELECT TOP 5 id FROM orders",
        "SELECT id FROM orders LIMIT 5",
        "SELECT id FROM orders ORDER BY id",
        "SELECT id FROM orders GROUP BY id",
        "SELECT id FROM orders HAVING 1 = 1",
        "SELECT id FROM orders TABLESAMPLE (10)",
        "SELECT id FROM orders WITH HINT(NO_USE_HEX_PLAN)",
        "SELECT o.id FROM orders o, dummy",
        "SELECT o.id FROM orders o JOIN hr.orders h ON o.id = h.id",
        "SELECT id FROM (SELECT id FROM orders) q",
        "WITH q AS (SELECT id FROM orders) SELECT id FROM q",
        "SELECT id FROM orders UNION ALL SELECT id FROM orders",
        "(SELECT id FROM orders)",
        "SELECT * FROM by_year(2024)",
        "SELECT * FROM dummy",
        "SELECT 1",
    ],
)
def test_more_than_columns_of_one_entity_is_no_scan(text: str) -> None:
    assert scan(text) is None


def comparison(column: str, op: Any, *values: LiteralValue) -> Comparison:
    return Comparison(column, op, values)


CONDITIONS: list[tuple[str, Filter]] = [
    ("id = 1", comparison("ID", "=", 1)),
    ("id <> -1", comparison("ID", "!=", -1)),
    ("id < 1 AND id <= 2 AND id > 3", And((
        comparison("ID", "<", 1), comparison("ID", "<=", 2), comparison("ID", ">", 3),
    ))),
    ("id >= 1 OR (id = 2 AND flag = TRUE)", Or((
        comparison("ID", ">=", 1),
        And((comparison("ID", "=", 2), comparison("FLAG", "=", True))),
    ))),
    ("name IN ('a', 'it''s', '')", comparison("NAME", "in", "a", "it's", "")),
    ("name NOT IN ('a', 'b')", comparison("NAME", "not in", "a", "b")),
    ("id BETWEEN 1 AND 2", comparison("ID", "between", 1, 2)),
    ("name IS NULL", comparison("NAME", "is null")),
    ("name IS NOT NULL", comparison("NAME", "is not null")),
    ("NOT name IS NULL", comparison("NAME", "is not null")),
    ("name LIKE 'a%_'", comparison("NAME", "like", "a%_")),
    ("name NOT LIKE 'a%'", comparison("NAME", "not like", "a%")),
    (r"name LIKE 'a\%'", comparison("NAME", "like", r"a\\%")),
    (r"name LIKE 'a\%' ESCAPE '\'", comparison("NAME", "like", r"a\%")),
    (r"name NOT LIKE 'a\%' ESCAPE '\'", comparison("NAME", "not like", r"a\%")),
    ("day = DATE'2024-01-31'", comparison("DAY", "=", date(2024, 1, 31))),
    ("moment > TIMESTAMP'2024-01-31 01:02:03.456'",
     comparison("MOMENT", ">", datetime(2024, 1, 31, 1, 2, 3, 456000))),
    ("moment > TIME'01:02:03'", comparison("MOMENT", ">", time(1, 2, 3))),
    ("o.id = 1 AND o.name = 'x'", And((comparison("ID", "=", 1), comparison("NAME", "=", "x")))),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), CONDITIONS)
def test_condition_of_columns_and_constants_is_a_filter(text: str, expected: Filter) -> None:
    found = scan(f"SELECT id FROM orders o WHERE {text}")

    assert found == Scan("SALES", "ORDERS", ("ID",), expected)


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("id = ?", 5, comparison("ID", "=", 5)),
        ("name LIKE ?", "a%", comparison("NAME", "like", "a%")),
        ("day < ?", date(2024, 1, 1), comparison("DAY", "<", date(2024, 1, 1))),
        ("flag = ?", True, comparison("FLAG", "=", True)),
        ("name IN ('x', ?)", "y", comparison("NAME", "in", "x", "y")),
    ],
)
def test_marker_is_its_value(text: str, value: LiteralValue, expected: Filter) -> None:
    assert scan(f"SELECT id FROM orders WHERE {text}", value) == Scan(
        "SALES", "ORDERS", ("ID",), expected
    )


@pytest.mark.parametrize(
    "text",
    [
        "1 = id",
        "id = net",
        "id = id",
        "id + 1 = 2",
        "id = 1 + 1",
        "ABS(id) = 1",
        "id = ABS(1)",
        "id = NULL",
        "id = 2.5",
        "id = 1e3",
        f"id = {MAX_WHOLE_NUMBER + 1}",
        "id IN (1, NULL)",
        "id IN (SELECT id FROM hr.orders)",
        "(id, net) IN ((1, 2))",
        "id = (SELECT 1 FROM dummy)",
        "EXISTS (SELECT 1 FROM dummy)",
        "name LIKE 'a' ESCAPE 'x'",
        "name LIKE name",
        "name LIKE_REGEXPR 'a'",
        "NOT id = 1",
        "NOT (id = 1 OR id = 2)",
        "id NOT BETWEEN 1 AND 2",
        "day = CURRENT_DATE",
        "day = ADD_DAYS(DATE'2024-01-01', 1)",
        "moment = TIMESTAMP'2024-01-31 01:02:03.1234567'",
        "CASE WHEN id = 1 THEN 1 ELSE 2 END = 1",
        "CAST(id AS NVARCHAR) = '1'",
        "id = ANY (SELECT 1 FROM dummy)",
    ],
)
def test_condition_with_a_doubt_is_no_scan(text: str) -> None:
    assert scan(f"SELECT id FROM orders WHERE {text}") is None


def test_pattern_that_escapes_a_letter_is_refused_by_planning_so_that_the_query_stays() -> None:
    found = scan(r"SELECT id FROM orders WHERE name LIKE 'a\b' ESCAPE '\'")

    with pytest.raises(InvalidFilter, match="backslash"):
        planned(found)


@pytest.mark.parametrize("value", [None, 2.5, 2.0, MAX_WHOLE_NUMBER + 1])
def test_value_of_a_marker_with_a_doubt_is_no_scan(value: LiteralValue | None) -> None:
    assert scan("SELECT id FROM orders WHERE id = ?", value) is None


def test_deep_conditions_are_no_scan_and_long_ones_are() -> None:
    deep = "id = 1"
    for number in range(35):
        deep = f"(id = {number} {'AND' if number % 2 else 'OR'} {deep})"
    long = " OR ".join(f"id = {number}" for number in range(500))

    assert scan(f"SELECT id FROM orders WHERE {deep}") is None
    assert scan(f"SELECT id FROM orders WHERE {long}") is not None


def test_query_of_duckdb_is_no_scan() -> None:
    query = admitted("SELECT * FROM orders", dialect=CallerDialect.DUCKDB)

    assert scan_of(query, ()) is None


def planned(found: Scan | None) -> Any:
    assert found is not None
    ticket = ReadTicket(
        space=found.space, entity=found.entity, columns=found.columns, where=found.where
    )
    return duckdb_select(plan_read(ticket, ENTITY, Limits()))


@pytest.mark.parametrize("condition", [text for text, _ in CONDITIONS if "TIME'01" not in text])
def test_scan_finds_what_its_query_finds(
    landscape: duckdb.DuckDBPyConnection, condition: str
) -> None:
    query = admitted(f"SELECT name, id FROM orders o WHERE {condition}")
    statement = planned(scan_of(query, ()))

    asked = landscape.execute(to_duckdb(query))
    names, rows = [one[0] for one in asked.description or []], asked.fetchall()
    read = landscape.execute(statement.text, list(statement.values))
    assert [one[0] for one in read.description or []] == names
    assert sorted(read.fetchall(), key=str) == sorted(rows, key=str)
