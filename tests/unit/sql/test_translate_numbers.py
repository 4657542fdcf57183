"""Numbers mean on DuckDB what HANA's documentation says; [SQL] marks its own examples."""

from decimal import Decimal

import duckdb
import pytest

from flight_client.protocol.errors import UnsupportedSql
from flight_server.sql.translate.numbers import DIVISION_BY_ZERO, OUT_OF_RANGE
from tests.support.hana_sql import admitted, ask, to_duckdb, value


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("7 / 2", 3.5),
        ("-7 / 2", -3.5),
        ("7 / -2", -3.5),
        ("1 / 4 / 2", 0.125),
        ("8 / (4 / 2)", 4),
        ("1 + 6 / 3 * 2 - 1", 4),
        ("7.0 / 2", 3.5),
        ("NULL / 2", None),
        ("2 / NULLIF(0, 0)", None),
        ("1 / 0.5", 2),
        ("1 / 1e1", 0.1),
        ("MOD(15, 4)", 3),  # [SQL]
        ("MOD(-15, 4)", -3),  # [SQL]
        ("MOD(15, -4)", 3),
        ("MOD(5, 0)", 5),  # [SQL: a divisor of 0 returns the number]
        ("MOD(-3, -5)", -3),
        ("MOD(NULL, 2)", None),
        ("NDIV0(1, 0)", 0),  # [SQL]
        ("NDIV0(1, 4)", 0.25),
        ("NDIV0(NULL, 4)", None),
        ("ROUND(16.16, 1)", Decimal("16.2")),  # [SQL]
        ("ROUND(16.16, -1)", 20),  # [SQL]
        ("ROUND(438.75, 1, ROUND_HALF_UP)", Decimal("438.8")),  # [SQL]
        ("ROUND(438.75, 1, ROUND_HALF_EVEN)", Decimal("438.8")),  # [SQL]
        ("ROUND(438.65, 1, ROUND_HALF_EVEN)", Decimal("438.6")),
        ("ROUND(438.79, 1, ROUND_DOWN)", Decimal("438.7")),  # [SQL]
        ("ROUND(-438.79, 1, ROUND_DOWN)", Decimal("-438.7")),
        ("ROUND(2.5)", 3),
        ("ROUND(-2.5)", -3),
        ("CEIL(14.5)", 15),
        ("FLOOR(-14.5)", -15),
        ("ABS(-1)", 1),
        ("SIGN(-2.5)", -1),
        ("SIGN(0)", 0),
        ("POWER(2, 10)", 1024),
        ("SQRT(4)", 2),
        ("EXP(0)", 1),
        ("LN(1)", 0),
        ("LOG(10, 2)", pytest.approx(0.30102999566398114)),  # [SQL]
        ("LOG(2, 8)", 3),
        ("SIN(0)", 0),
        ("COS(0)", 1),
        ("TAN(0)", 0),
        ("ASIN(0)", 0),
        ("ACOS(1)", 0),
        ("ATAN(0)", 0),
        ("ATAN2(0, 1)", 0),
        ("SINH(0)", 0),
        ("COSH(0)", 1),
        ("TANH(0)", 0),
        ("COT(1)", pytest.approx(0.6420926159343306)),
        ("BITAND(255, 123)", 123),
        ("BITOR(255, 123)", 255),
        ("BITXOR(255, 123)", 132),
        ("BITNOT(4)", -5),
        ("BITCOUNT(255)", 8),
        ("GREATEST('aa', 'ab', 'ba', 'bb')", "bb"),  # [SQL]
        ("GREATEST(1, NULL, 2)", None),  # [SQL: NULL wins]
        ("LEAST(1, NULL)", None),
        ("LEAST(3, 1, 2)", 1),
        ("GREATEST(1,2,3,4,5,6,7,8,9,10,12,11)", 12),
        ("COALESCE(NULL, NULL, 3)", 3),
        ("IFNULL(NULL, 4)", 4),
        ("NULLIF(1, 1)", None),
        ("NULLIF(1, 2)", 1),
        ("MAP(2, 1, 'a', 2, 'b', 'c')", "b"),
        ("MAP(9, 1, 'a', 2, 'b', 'c')", "c"),
        ("MAP(9, 1, 'a')", None),
        ("-(-1)", 1),
        ("- -1", 1),
        ("2 - -1", 3),
    ],
)
def test_numeric_function_means_what_hana_documents(
    landscape: duckdb.DuckDBPyConnection, expression: str, expected: object
) -> None:
    assert value(landscape, expression) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "1 / 0",
        "1 / 0.0",
        "1 / 0e5",
        "0 / 0",
        "1 / (1 - 1)",
        "1.5 / 0",
        "TO_DOUBLE(1) / 0",
        "id / (id - 1)",
        "1 / ABS(id - 1)",
        "SUM(id) / (COUNT(*) - 3)",
    ],
)
def test_division_by_zero_is_an_error_with_hanas_code(
    landscape: duckdb.DuckDBPyConnection, expression: str
) -> None:
    with pytest.raises(duckdb.Error) as caught:
        ask(landscape, f"SELECT {expression} FROM orders")

    assert DIVISION_BY_ZERO in str(caught.value)


def test_division_by_a_parameter_of_zero_is_an_error(
    landscape: duckdb.DuckDBPyConnection,
) -> None:
    assert value(landscape, "10 / ?", 4) == 2.5
    with pytest.raises(duckdb.Error, match="HANA 304"):
        value(landscape, "10 / ?", 0)


def test_division_that_is_not_reached_does_not_fail(
    landscape: duckdb.DuckDBPyConnection,
) -> None:
    answer = ask(
        landscape,
        "SELECT CASE WHEN id = 1 THEN 0 ELSE 1 / (id - 1) END AS x FROM orders ORDER BY id",
    )

    assert [row[0] for row in answer.rows] == [0, 1, 0.5]


def test_divisor_that_is_a_number_needs_no_guard() -> None:
    text = to_duckdb(admitted("SELECT id / 100, id / -2.5, id / 1e-3 FROM orders"))

    assert "CASE" not in text.replace('"CASE', "")


@pytest.mark.parametrize(
    "expression",
    [
        "LN(0)",
        "LN(-1)",
        "LOG(10, 0)",
        "SQRT(-1)",
        "POWER(0, -1)",
        "POWER(-8, 0.5)",
        "EXP(1000)",
        "ACOS(2)",
        "ASIN(-2)",
        "COT(0)",
        "SINH(1000)",
        "COSH(1000)",
    ],
)
def test_result_that_is_no_number_is_an_error(
    landscape: duckdb.DuckDBPyConnection, expression: str
) -> None:
    with pytest.raises(duckdb.Error) as caught:
        value(landscape, expression)

    message = str(caught.value)
    assert OUT_OF_RANGE in message or "undefined" in message or "logarithm" in message


def test_null_passes_through_guarded_functions(landscape: duckdb.DuckDBPyConnection) -> None:
    answer = ask(landscape, "SELECT LN(price), price / net, MOD(id, net) FROM orders WHERE id = 3")

    assert answer.rows == [(None, None, None)]


def test_random_numbers_lie_between_0_and_1_and_differ(
    landscape: duckdb.DuckDBPyConnection,
) -> None:
    found = [row[0] for row in ask(landscape, "SELECT RAND() FROM orders").rows]

    assert all(0 <= number < 1 for number in found)
    assert len(set(found)) == 3


@pytest.mark.parametrize(
    "expression",
    [
        "1 / RAND()",
        "MOD(1, RAND())",
        "GREATEST(RAND(), 1)",
        "SQRT(RAND())",
        "AVG(RAND())",
        "1 / (1 + RAND())",
        "LEFT('a', RAND())",
    ],
)
def test_random_value_that_would_be_written_twice_is_refused(expression: str) -> None:
    with pytest.raises(UnsupportedSql, match="random"):
        to_duckdb(admitted(f"SELECT {expression} FROM orders"))


@pytest.mark.parametrize(
    ("expression", "construct"),
    [
        ("ROUND(net, 1, ROUND_UP)", "ROUND"),
        ("ROUND(net, 1, ROUND_CEILING)", "ROUND"),
        ("BITSET(X'00', 1, 1)", "BITSET"),
        ("BITUNSET(X'00', 1, 1)", "BITUNSET"),
    ],
)
def test_numeric_form_without_counterpart_is_refused_by_name(
    expression: str, construct: str
) -> None:
    with pytest.raises(UnsupportedSql) as caught:
        to_duckdb(admitted(f"SELECT {expression} FROM orders"))

    assert caught.value.details["construct"] == construct


def test_forms_that_double_at_each_level_stop_before_they_fill_the_memory() -> None:
    nested = "id"
    for _ in range(38):
        nested = f"MOD(1, {nested})"

    with pytest.raises(UnsupportedSql, match="too long"):
        to_duckdb(admitted(f"SELECT {nested} FROM orders"))


def test_many_forms_that_double_stop_too() -> None:
    nested = "id"
    for _ in range(14):
        nested = f"MOD(1, {nested})"

    with pytest.raises(UnsupportedSql, match="too long"):
        to_duckdb(admitted(f"SELECT {', '.join([nested] * 1000)} FROM orders"))
