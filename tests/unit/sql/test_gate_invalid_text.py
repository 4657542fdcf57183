"""Texts that mean nothing, or too much: one short sentence each, and quickly."""

import pytest

from flight_client.protocol.errors import (
    InvalidSql,
    RefusedSql,
)
from flight_server.sql.gate import MAX_NESTING, MAX_TEXT_CHARACTERS, CallerDialect
from tests.support.hana_sql import admitted


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ;; ",
        "-- only a comment",
        "SELECT",
        "SELECT FROM orders",
        "SELECT id FROM",
        "SELECT id FROM orders WHERE",
        "SELECT id FROM orders GROUP BY",
        "SELECT id FROM orders ORDER BY",
        "SELECT (1 FROM dummy",
        "SELECT 1) FROM dummy",
        "SELECT 'abc FROM dummy",
        'SELECT "abc FROM dummy',
        "SELECT /* abc FROM dummy",
        "SELECT 1 FROM dummy WHERE id IN ()",
        "SELECT COUNT(DISTINCT) FROM orders",
        "SELECT id FROM orders OFFSET 5",
        "SELECT id FROM orders LIMIT 99999999999",
        "SELECT id FROM orders LIMIT -1",
        "SELECT id FROM orders LIMIT 'a'",
        "SELECT id FROM orders LIMIT 1.5",
        "SELECT CAST(id AS NOSUCHTYPE) FROM orders",
        "SELECT CAST(id INTEGER) FROM orders",
        "SELECT CAST(id AS DECIMAL(1e5)) FROM orders",
        "SELECT CAST(id AS DECIMAL(1, 2, 3)) FROM orders",
        "SELECT CAST(id AS NVARCHAR(1.5)) FROM orders",
        "SELECT CAST(id AS INTEGER(5)) FROM orders",
        "SELECT CAST(id AS NVARCHAR(999999)) FROM orders",
        'SELECT CAST(id AS "INTEGER") FROM orders',
        "SELECT id::INTEGER FROM orders",
        "SELECT id % 2 FROM orders",
        "SELECT id ? id FROM orders",
        "SELECT :name FROM orders",
        "SELECT $1 FROM orders",
        "SELECT @x FROM orders",
        "SELECT id -> 'a' FROM orders",
        "SELECT SUBSTRING(name) FROM orders",
        "SELECT SUBSTRING(name, 1, 2, 3) FROM orders",
        "SELECT COALESCE(name) FROM orders",
        "SELECT ABS(*) FROM orders",
        "SELECT ABS(DISTINCT id) FROM orders",
        "SELECT COUNT(DISTINCT id, name) FROM orders",
        "SELECT SUM(id ORDER BY id) FROM orders",
        "SELECT RANK() FROM orders",
        "SELECT ABS(id) OVER () FROM orders",
        "SELECT ABS(id => 1) FROM orders",
        "SELECT PERCENTILE_CONT(0.5) FROM orders",
        "SELECT SUM(id) WITHIN GROUP (ORDER BY id) FROM orders",
        "SELECT EXTRACT(CENTURY FROM day) FROM orders",
        "SELECT DATE'2024-02-30' FROM dummy",
        "SELECT DATE'20240131' FROM dummy",
        "SELECT TIME'24:00:00' FROM dummy",
        "SELECT TIMESTAMP'2024-01-31' FROM dummy",
        "SELECT TIMESTAMP'2024-01-31 00:00:00.12345678' FROM dummy",
        "SELECT X'ABC' FROM dummy",
        "SELECT 1e9999 FROM dummy",
        "SELECT (id, net) = (1, 2) FROM orders",
        "SELECT id FROM orders WHERE (id, net) IN ((1, 2), (3))",
        "SELECT id FROM orders WHERE (id, net) IN ((1, 2), (3, 4, 5))",
        "SELECT id FROM orders WHERE id = 1 = 2",
        "SELECT id FROM orders WHERE name LIKE 'a' LIKE 'b'",
        "SELECT id FROM orders TABLESAMPLE BERNOULLI (0)",
        "SELECT id FROM orders TABLESAMPLE BERNOULLI (101)",
        "SELECT id FROM orders TABLESAMPLE NOSUCH (10)",
        'SELECT * FROM orders JOIN "Items"',
        'SELECT * FROM orders LEFT JOIN "Items"',
        'SELECT * FROM orders OUTER JOIN "Items" ON 1 = 1',
        'SELECT * FROM orders LEFT INNER JOIN "Items" ON 1 = 1',
        'SELECT * FROM orders CROSS JOIN "Items" ON 1 = 1',
        "SELECT id FROM orders UNION SELECT id FROM orders INTERSECT SELECT id FROM orders",
        "SELECT RANK() OVER (ORDER BY id ROWS BETWEEN 1 AND CURRENT ROW) FROM orders",
        "SELECT (FROM orders)",
        "SELECT |> EXCEPT SELECT 1",
        "SELECT id FROM orders LIMIT 1, 2",
        "SELECT * FROM (orders) o",
        "SELECT * FROM (orders JOIN dummy ON 1 = 1) o",
        "SELECT id FROM orders WHERE name LIKE_REGEXPR",
        "SELECT REPLACE_REGEXPR('a' WITH 'b') FROM dummy",
        "SELECT * FROM by_year(p_year => 1, 2)",
        "SELECT * FROM by_year(DISTINCT 1)",
        "SELECT 1 AS \u00e4 FROM dummy",
        "SELECT n\u00e4me FROM orders",
        'SELECT 1 AS "" FROM dummy',
    ],
)
def test_text_that_means_nothing_is_invalid(text: str) -> None:
    with pytest.raises((InvalidSql, RefusedSql)):
        admitted(text)


def test_parse_error_tells_line_and_column() -> None:
    with pytest.raises(InvalidSql, match="line 2, column 6: Expected table name but got '\\)'"):
        admitted("SELECT id\nFROM )x")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SELECT id FORM orders", "column 21: unexpected text at 'orders'"),
        ("SELECT id FROM orders WHERE id = %s", r"something is missing at '%'; a value .* with \?"),
        ("SELECT id FROM orders WHERE id = :s", r"something is missing at ':'; a value .* with \?"),
        ("SELECT COUNT(* FROM orders", r"Expecting \) at 'FROM'"),
    ],
)
def test_parse_error_says_where_in_the_words_of_the_caller(text: str, said: str) -> None:
    with pytest.raises(InvalidSql, match=said) as caught:
        admitted(text)
    assert "sqlglot" not in caught.value.message


def test_parameter_of_a_view_must_be_a_constant() -> None:
    for argument in ("(SELECT 1 FROM dummy)", "id", "ABS(1)"):
        with pytest.raises(RefusedSql, match="constant"):
            admitted(f"SELECT * FROM by_year(p_year => {argument})")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("SELECT 1 \x00 FROM dummy", "U+0000"),
        ("SELECT '\x00' FROM dummy", "U+0000"),
        ("SELECT '\ud800' FROM dummy", "U+D800"),
        ("SELECT 1 \x1b[31m FROM dummy", "U+001B"),
        ("SELECT 1 \x7f FROM dummy", "U+007F"),
    ],
)
def test_control_character_or_half_character_is_named(text: str, named: str) -> None:
    with pytest.raises(InvalidSql) as caught:
        admitted(text)

    assert named in caught.value.message


@pytest.mark.parametrize("dialect", list(CallerDialect))
@pytest.mark.parametrize(
    "text",
    [
        "SELECT " + "(" * 10_000 + "1" + ")" * 10_000,
        "SELECT * FROM " + "(SELECT * FROM " * 100 + "orders" + ")" * 100,
        "SELECT " + "ABS(" * 500 + "1" + ")" * 500,
        "SELECT " + "[" * 5_000,
        "SELECT " + "- " * 5_000 + "1",
        "SELECT id FROM orders WHERE " + "NOT " * 5_000 + "id = 1",
        "SELECT " + "CASE WHEN 1 = 1 THEN " * 500 + "1" + " END" * 500,
        " UNION ALL ".join(["SELECT id FROM orders"] * 3_000),
    ],
)
def test_deep_nesting_is_invalid_and_quick(text: str, dialect: CallerDialect) -> None:
    with pytest.raises(InvalidSql, match="deep"):
        admitted(text, dialect=dialect)


def test_nesting_up_to_the_limit_passes() -> None:
    depth = MAX_NESTING - 1
    text = "SELECT * FROM " + "(SELECT * FROM " * depth + "orders" + ")" * depth

    assert admitted(text).tables == {("SALES", "ORDERS")}


def test_text_beyond_the_limit_is_not_even_read() -> None:
    with pytest.raises(InvalidSql, match=str(MAX_TEXT_CHARACTERS)):
        admitted("SELECT '" + "x" * 5_000_000 + "' FROM dummy")


def test_stars_of_stars_do_not_multiply_without_end() -> None:
    ctes = ", ".join(f"c{n} AS (SELECT * FROM c{n - 1} a, c{n - 1} b)" for n in range(1, 25))

    with pytest.raises(InvalidSql, match="columns"):
        admitted(f"WITH c0 AS (SELECT * FROM orders), {ctes} SELECT 1 FROM c24")


@pytest.mark.parametrize("dialect", list(CallerDialect))
def test_join_without_from_is_refused_and_not_dropped(dialect: CallerDialect) -> None:
    with pytest.raises(InvalidSql, match="no FROM before it"):
        admitted('SELECT 1 JOIN "Items" i ON 1 = 1', dialect=dialect)
