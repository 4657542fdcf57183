"""Aggregates mean on DuckDB what HANA's documentation says; [SQL] marks its own examples."""

from decimal import Decimal

import duckdb
import pytest

from flight_client.protocol.errors import UnsupportedSql
from flight_server.sql.gate import admit
from tests.support.hana_sql import Landscape, ask, to_duckdb
from tests.support.hana_sql import admitted as admitted_here

PRODUCTS = Landscape(
    {("S", "R1"): ("A", "STR", "GRP"), ("S", "P"): ("PRICE", "AMOUNT", "CATEGORY")}
)


@pytest.fixture(scope="module")
def examples() -> duckdb.DuckDBPyConnection:
    """The tables of the examples in [SQL:string-agg] and [SQL:avg]."""
    connection = duckdb.connect()
    connection.execute("""
        CREATE SCHEMA "S"; CREATE TABLE "S"."R1" ("A" INTEGER, "STR" VARCHAR, "GRP" INTEGER);
        INSERT INTO "S"."R1" VALUES (3, 'str2', 0), (0, 'str1', 0), (NULL, 'NULL', 0),
            (5, 'str3', 0), (3, 'val3', 1), (6, 'val6', 1), (NULL, 'NULL', 1), (1, 'val1', 1);
        CREATE TABLE "S"."P" ("PRICE" DECIMAL(10, 2), "AMOUNT" INTEGER, "CATEGORY" VARCHAR);
        INSERT INTO "S"."P" VALUES (20.99, 32, 'Clothes'), (99.49, 16, 'Clothes'),
            (32.99, 30, 'Clothes'), (129.99, 5, 'Clothes'), (89.49, 3, NULL);
    """)
    return connection


def rows(connection: duckdb.DuckDBPyConnection, text: str) -> list[tuple[object, ...]]:
    query = admit(text, default_space="S", lookup=PRODUCTS, parameter_count=0)
    return connection.execute(to_duckdb(query)).fetchall()


def test_string_agg_in_ascending_order_starts_with_null(
    examples: duckdb.DuckDBPyConnection,
) -> None:
    found = rows(
        examples, "SELECT grp, STRING_AGG(str, ',' ORDER BY a) FROM r1 GROUP BY grp ORDER BY 1"
    )

    assert found == [(0, "NULL,str1,str2,str3"), (1, "NULL,val1,val3,val6")]  # [SQL]


def test_string_agg_in_descending_order_ends_with_null(
    examples: duckdb.DuckDBPyConnection,
) -> None:
    found = rows(
        examples, "SELECT grp, STRING_AGG(str, ',' ORDER BY a DESC) FROM r1 GROUP BY grp ORDER BY 1"
    )

    assert found == [(0, "str3,str2,str1,NULL"), (1, "val6,val3,val1,NULL")]  # [SQL]


def test_string_agg_counts_null_as_an_empty_text(examples: duckdb.DuckDBPyConnection) -> None:
    found = rows(examples, "SELECT STRING_AGG(category, '|' ORDER BY amount) FROM p")

    assert found == [("|Clothes|Clothes|Clothes|Clothes",)]


def test_string_agg_without_delimiter_has_none(examples: duckdb.DuckDBPyConnection) -> None:
    found = rows(examples, "SELECT STRING_AGG(amount ORDER BY amount) FROM p")

    assert found == [("35163032",)]


def test_string_agg_with_a_number_as_delimiter_joins_with_it(
    examples: duckdb.DuckDBPyConnection,
) -> None:
    found = rows(examples, "SELECT STRING_AGG(amount, 0 ORDER BY amount) FROM p")

    assert found == [("305016030032",)]  # as [SQL:string-agg] says of its delimiter


def test_string_agg_of_no_rows_is_null(examples: duckdb.DuckDBPyConnection) -> None:
    assert rows(examples, "SELECT STRING_AGG(str, ',') FROM r1 WHERE 1 = 0") == [(None,)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("AVG(price)", Decimal("74.59")),  # the sum 372.95 of [SQL:avg] by 5
        ("AVG(amount)", Decimal("17.2")),
        ("AVG(DISTINCT amount)", Decimal("17.2")),
        ("SUM(amount)", 86),
        ("SUM(price)", Decimal("372.95")),
        ("COUNT(*)", 5),
        ("COUNT(category)", 4),
        ("COUNT(DISTINCT category)", 1),
        ("MIN(amount)", 3),
        ("MAX(category)", "Clothes"),
        ("MEDIAN(amount)", 16),
        ("MEDIAN(price)", pytest.approx(89.49)),
        ("STDDEV(price)", pytest.approx(46.137, abs=1e-3)),  # [SQL: 46.13]
        ("STDDEV_SAMP(price)", pytest.approx(46.137, abs=1e-3)),
        ("STDDEV_POP(amount)", pytest.approx(12.123, abs=1e-3)),
        ("VAR(amount)", pytest.approx(183.7)),
        ("VAR_SAMP(amount)", pytest.approx(183.7)),
        ("VAR_POP(amount)", pytest.approx(146.96)),
        ("CORR(amount, amount)", pytest.approx(1.0)),
        ("FIRST_VALUE(amount ORDER BY price)", 32),
        ("LAST_VALUE(amount ORDER BY price)", 5),
        ("FIRST_VALUE(category ORDER BY amount)", None),
        ("NTH_VALUE(amount, 2 ORDER BY price)", 30),
        ("NTH_VALUE(amount, 9 ORDER BY price)", None),
        ("PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY amount)", 16),
        ("PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY amount)", 16),
    ],
)
def test_aggregate_means_what_hana_documents(
    examples: duckdb.DuckDBPyConnection, expression: str, expected: object
) -> None:
    assert rows(examples, f"SELECT {expression} FROM p") == [(expected,)]


def test_first_value_of_the_documented_example() -> None:
    connection = duckdb.connect()
    connection.execute("""
        CREATE SCHEMA "S"; CREATE TABLE "S"."P" ("PRICE" DOUBLE, "AMOUNT" DOUBLE);
        INSERT INTO "S"."P" VALUES (9, 1), (4, 5), (7, 3);
    """)

    assert rows(connection, "SELECT FIRST_VALUE(price ORDER BY amount) FROM p") == [(9,)]  # [SQL]


def test_median_of_integers_is_rounded_and_of_doubles_is_not() -> None:
    connection = duckdb.connect()
    connection.execute("""
        CREATE SCHEMA "S"; CREATE TABLE "S"."P" ("PRICE" DOUBLE, "AMOUNT" INTEGER);
        INSERT INTO "S"."P" VALUES (1, 1), (3, 3), (NULL, NULL), (2, 2), (4, 4);
    """)

    assert rows(connection, "SELECT MEDIAN(amount), MEDIAN(price) FROM p") == [(3, 2.5)]  # [SQL]


def test_average_of_integers_has_six_digits_and_of_decimals_its_scale() -> None:
    connection = duckdb.connect()
    connection.execute("""
        CREATE SCHEMA "S"; CREATE TABLE "S"."P" ("PRICE" DECIMAL(10, 2), "AMOUNT" INTEGER);
        INSERT INTO "S"."P" VALUES (1.00, 1), (1.00, 2), (1.01, 2);
    """)

    found = rows(connection, "SELECT AVG(price), AVG(amount) FROM p")

    assert found == [(Decimal("1.00"), Decimal("1.666667"))]


def test_average_of_doubles_stays_a_double(landscape: duckdb.DuckDBPyConnection) -> None:
    answer = ask(landscape, "SELECT AVG(price) AS x FROM orders")

    assert (answer.types, answer.rows) == (["DOUBLE"], [(2.0,)])


def test_empty_groups_give_null(landscape: duckdb.DuckDBPyConnection) -> None:
    answer = ask(
        landscape, "SELECT AVG(id), MEDIAN(id), SUM(id), COUNT(id) FROM orders WHERE 1 = 0"
    )

    assert answer.rows == [(None, None, None, 0)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("ROW_NUMBER() OVER (ORDER BY id)", [1, 2, 3]),
        ("RANK() OVER (ORDER BY net)", [2, 3, 1]),
        ("RANK() OVER (ORDER BY net DESC)", [2, 1, 3]),
        ("RANK() OVER (ORDER BY net NULLS LAST)", [1, 2, 3]),
        ("DENSE_RANK() OVER (ORDER BY flag)", [3, 2, 1]),
        ("NTILE(3) OVER (ORDER BY id)", [1, 2, 3]),
        ("LAG(id) OVER (ORDER BY id)", [None, 1, 2]),
        ("LEAD(id, 1, 0) OVER (ORDER BY id)", [2, 3, 0]),
        ("PERCENT_RANK() OVER (ORDER BY id)", [0, 0.5, 1]),
        ("CUME_DIST() OVER (ORDER BY id)", [pytest.approx(1 / 3), pytest.approx(2 / 3), 1]),
        ("SUM(id) OVER (ORDER BY id)", [1, 3, 6]),
        ("SUM(id) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)", [1, 3, 5]),
        (
            "SUM(id) OVER (ORDER BY id GROUPS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)",
            [6, 5, 3],
        ),
        ("SUM(id) OVER (ORDER BY id ROWS 1 PRECEDING)", [1, 3, 5]),
        ("AVG(id) OVER ()", [2, 2, 2]),
        ("AVG(net) OVER (PARTITION BY id)", [Decimal("10.5"), Decimal("20.25"), None]),
        ("COUNT(*) OVER (PARTITION BY flag)", [1, 1, 1]),
        ("MEDIAN(id) OVER ()", [2, 2, 2]),
        ("FIRST_VALUE(name) OVER (ORDER BY id DESC)", [None, None, None]),
        ("FIRST_VALUE(name ORDER BY id) OVER ()", ["one", "one", "one"]),
        ("LAST_VALUE(id ORDER BY id) OVER ()", [3, 3, 3]),
        ("NTH_VALUE(id, 2 ORDER BY id) OVER ()", [2, 2, 2]),
        ("STRING_AGG(name, ',' ORDER BY id) OVER ()", ["one,two,", "one,two,", "one,two,"]),
        ("MAX(net) OVER () - net", [Decimal("9.75"), 0, None]),
    ],
)
def test_window_function_means_what_hana_documents(
    landscape: duckdb.DuckDBPyConnection, expression: str, expected: list[object]
) -> None:
    answer = ask(landscape, f"SELECT {expression} AS x FROM orders ORDER BY id")

    assert [row[0] for row in answer.rows] == expected


def test_grouping_tells_the_rows_of_rollup(landscape: duckdb.DuckDBPyConnection) -> None:
    answer = ask(
        landscape,
        'SELECT order_id, GROUPING(order_id), SUM(quantity) FROM "Items" '
        "GROUP BY ROLLUP(order_id) ORDER BY 2, 1",
    )

    assert answer.rows == [(1, 0, 11), (2, 0, 7), (None, 1, 18)]


@pytest.mark.parametrize(
    ("expression", "construct"),
    [
        ("FIRST_VALUE(id)", "FIRST_VALUE"),
        ("LAST_VALUE(id)", "LAST_VALUE"),
        ("NTH_VALUE(id, 1)", "NTH_VALUE"),
        ("CORR_SPEARMAN(id, net)", "CORR_SPEARMAN"),
        ("WEIGHTED_AVG(id) OVER (ORDER BY id)", "WEIGHTED_AVG"),
        (
            "PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY id) OVER (PARTITION BY name)",
            "PERCENTILE_CONT with OVER",
        ),
    ],
)
def test_aggregate_without_counterpart_is_refused_by_name(expression: str, construct: str) -> None:
    with pytest.raises(UnsupportedSql) as caught:
        to_duckdb(admitted_here(f"SELECT {expression} FROM orders"))

    assert caught.value.details["construct"] == construct
