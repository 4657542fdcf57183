"""Whole queries mean on DuckDB what they mean on HANA, or are refused."""

from datetime import date
from decimal import Decimal

import duckdb
import pytest
from sqlglot import exp

from flight_client.protocol.errors import InvalidSql, UnsupportedSql
from flight_server.sql import functions
from flight_server.sql.gate import AdmittedQuery, CallerDialect
from flight_server.sql.translate import aggregates
from flight_server.sql.translate.queries import _FUNCTIONS, to_duckdb
from tests.support.hana_sql import admitted, ask, value

NOT_TRANSLATED = {
    "ADD_MONTHS_LAST", "ADD_NANO100", "BITSET", "BITUNSET", "CORR_SPEARMAN", "HAMMING_DISTANCE",
    "INITCAP", "LOCALTOUTC", "SOUNDEX", "TO_BLOB", "TO_SMALLDECIMAL", "UTCTOLOCAL", "WEIGHTED_AVG",
}  # fmt: skip


def test_every_function_of_the_gate_is_translated_or_known_not_to_be() -> None:
    translated = set(_FUNCTIONS) | set(aggregates.FUNCTIONS)

    assert set(functions.HANA) - translated == NOT_TRANSLATED


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("net", [3, 1, 2]),
        ("net ASC", [3, 1, 2]),
        ("net DESC", [2, 1, 3]),
        ("net NULLS LAST", [1, 2, 3]),
        ("net DESC NULLS FIRST", [3, 2, 1]),
        ("2", [3, 1, 2]),
        ("net + 1 DESC", [2, 1, 3]),
    ],
)
def test_null_is_the_smallest_value_in_any_order(
    landscape: duckdb.DuckDBPyConnection, order: str, expected: list[int]
) -> None:
    answer = ask(landscape, f"SELECT id, net FROM orders ORDER BY {order}")

    assert [row[0] for row in answer.rows] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT dummy FROM dummy", [("X",)]),
        ("SELECT d.dummy FROM dummy d", [("X",)]),
        ("SELECT 1", [(1,)]),
        ("SELECT o.id, dummy.dummy FROM orders o, dummy WHERE o.id = 1", [(1, "X")]),
        ("SELECT TOP 1 id FROM orders ORDER BY id DESC", [(3,)]),
        ("SELECT id FROM orders ORDER BY id LIMIT 1 OFFSET 1", [(2,)]),
        ("SELECT id FROM orders WHERE flag = TRUE", [(1,)]),
        ("SELECT id FROM orders WHERE NOT flag = TRUE", [(2,)]),
        ("SELECT id FROM orders WHERE net IS NULL", [(3,)]),
        ("SELECT id FROM orders WHERE net IS NOT NULL ORDER BY 1", [(1,), (2,)]),
        ("SELECT id FROM orders WHERE id NOT IN (1, 2)", [(3,)]),
        ("SELECT id FROM orders WHERE net BETWEEN 10 AND 11", [(1,)]),
        ("SELECT 1 FROM dummy UNION SELECT 1 FROM dummy", [(1,)]),
        ("SELECT 1 FROM dummy UNION ALL SELECT 1 FROM dummy", [(1,), (1,)]),
        ("SELECT id FROM orders MINUS SELECT 1 FROM dummy ORDER BY id", [(2,), (3,)]),
        ("SELECT id FROM orders EXCEPT SELECT 1 FROM dummy ORDER BY id", [(2,), (3,)]),
        ("SELECT id FROM orders INTERSECT SELECT 1 FROM dummy", [(1,)]),
        (
            "(SELECT 1 FROM dummy UNION SELECT 2 FROM dummy) INTERSECT SELECT 2 FROM dummy",
            [(2,)],
        ),
        (
            "SELECT 1 FROM dummy UNION (SELECT 2 FROM dummy INTERSECT SELECT 3 FROM dummy)",
            [(1,)],
        ),
        (
            "SELECT TOP 1 id FROM orders WHERE id > 1 UNION ALL SELECT id FROM orders ORDER BY 1",
            [(1,), (2,), (2,), (3,)],
        ),
        ("WITH c (x) AS (SELECT id FROM orders) SELECT MAX(x) FROM c", [(3,)]),
        (
            'SELECT o.id, i."id" AS item FROM orders o LEFT JOIN "Items" i ON i.order_id = o.id '
            "ORDER BY 1, 2",
            [(1, 10), (1, 11), (2, 12), (3, None)],
        ),
        ('SELECT COUNT(*) FROM orders CROSS JOIN "Items"', [(9,)]),
        ('SELECT COUNT(*) FROM orders, "Items"', [(9,)]),
        (
            'SELECT COUNT(*) FROM (orders JOIN "Items" i ON i.order_id = orders.id) '
            "JOIN dummy ON 1 = 1",
            [(3,)],
        ),
        (
            "SELECT id FROM orders o WHERE EXISTS "
            '(SELECT 1 FROM "Items" i WHERE i.order_id = o.id) ORDER BY id',
            [(1,), (2,)],
        ),
        (
            'SELECT id FROM orders WHERE id = ANY (SELECT order_id FROM "Items") ORDER BY 1',
            [(1,), (2,)],
        ),
        ('SELECT id FROM orders WHERE id > ALL (SELECT order_id FROM "Items")', [(3,)]),
        ("SELECT (SELECT MAX(id) FROM orders) FROM dummy", [(3,)]),
        ("SELECT id FROM orders TABLESAMPLE BERNOULLI (100) ORDER BY id", [(1,), (2,), (3,)]),
        ("SELECT COUNT(*) FROM orders o TABLESAMPLE SYSTEM (100)", [(3,)]),
        ("SELECT COUNT(*) FROM orders TABLESAMPLE (100)", [(3,)]),
        ("SELECT id FROM orders WHERE id = 1 WITH HINT(NO_USE_HEX_PLAN)", [(1,)]),
        ("SELECT UPPER(name) AS name FROM orders WHERE name = 'one'", [("ONE",)]),
        (
            "SELECT LENGTH(name), COUNT(*) FROM orders GROUP BY LENGTH(name) ORDER BY 1",
            [(None, 1), (3, 2)],
        ),
        ("SELECT name, COUNT(*) FROM orders GROUP BY name HAVING COUNT(*) > 1", []),
        ('SELECT DISTINCT order_id FROM "Items" ORDER BY 1', [(1,), (2,)]),
        ('SELECT "x""y" FROM (SELECT 1 AS "x""y" FROM dummy)', [(1,)]),
        ("SELECT id / 2 + 1 FROM orders WHERE id / 2 = 1", [(2,)]),
        (
            "SELECT CASE id WHEN 1 THEN 'a' ELSE 'b' END FROM orders WHERE id < 3 ORDER BY id",
            [("a",), ("b",)],
        ),
        ("SELECT day FROM orders WHERE day > DATE'2024-02-01'", [(date(2024, 2, 29),)]),
        ("SELECT net FROM orders WHERE net >= 20.25", [(Decimal("20.25"),)]),
    ],
)
def test_query_means_what_hana_means(
    landscape: duckdb.DuckDBPyConnection, text: str, expected: list[tuple[object, ...]]
) -> None:
    assert ask(landscape, text).rows == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("(id, name) IN ((1, 'one'), (3, NULL))", [1]),
        ("(id, name) IN ((1, 'two'), (2, 'two'))", [2]),
        ("NOT (id, name) IN ((1, 'one'), (2, NULL))", [3]),
        ("NOT (id, name) IN ((1, 'one'))", [2, 3]),
    ],
)
def test_rows_with_null_are_equal_to_nothing(
    landscape: duckdb.DuckDBPyConnection, condition: str, expected: list[int]
) -> None:
    answer = ask(landscape, f"SELECT id FROM orders WHERE {condition} ORDER BY id")

    assert [row[0] for row in answer.rows] == expected


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("by_year(p_year => 2024)", (2024, 100)),
        ('by_year("P_YEAR" => 2024, "p 2" => 3)', (2024, 300)),
        ("by_year(2024, 3)", (2024, 300)),
        ('"SALES"."BY_YEAR"(p_year => -1) AS y', (-1, 100)),
        ("by_year(p_year => 'it''s')", ("it's", 100)),
    ],
)
def test_view_with_parameters_is_a_table_macro(
    landscape: duckdb.DuckDBPyConnection, call: str, expected: tuple[object, ...]
) -> None:
    assert ask(landscape, f"SELECT * FROM {call}").rows == [expected]


def test_parameter_of_a_view_may_be_a_marker(landscape: duckdb.DuckDBPyConnection) -> None:
    answer = ask(landscape, 'SELECT * FROM by_year("p 2" => ?, p_year => ?)', 5, 2024)

    assert answer.rows == [(2024, 500)]


def test_markers_keep_their_numbers_when_a_form_repeats_them(
    landscape: duckdb.DuckDBPyConnection,
) -> None:
    text = "SELECT MOD(?, ?), GREATEST(?, ?), ? / ? FROM orders WHERE id = ? LIMIT 1"

    assert ask(landscape, text, 7, 4, "a", "b", 9, 2, 1).rows == [(3, "b", 4.5)]


def test_every_marker_is_numbered_and_none_is_left() -> None:
    text = to_duckdb(admitted("SELECT ? AS a FROM orders WHERE id IN (?, ?) LIMIT 1", values=3))

    assert [f"${number}" in text for number in (1, 2, 3)] == [True, True, True]
    assert "?" not in text


def test_names_of_computed_columns_are_those_of_the_gate(
    landscape: duckdb.DuckDBPyConnection,
) -> None:
    answer = ask(
        landscape, 'SELECT COUNT(*), SUM(id) AS s, id / 2, "Mixed" FROM orders GROUP BY id, "Mixed"'
    )

    assert answer.names == ["COUNT(*)", "S", "ID / 2", "Mixed"]


def test_translation_leaves_the_admitted_tree_alone() -> None:
    query = admitted("SELECT MOD(id, 2), d.dummy FROM orders, dummy d")
    before = repr(query.expression)

    assert to_duckdb(query) == to_duckdb(query)
    assert repr(query.expression) == before


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT id FROM orders GROUP BY 1", "GROUP BY 1"),
        ("SELECT id FROM orders GROUP BY ROLLUP(1)", "GROUP BY 1"),
        ("SELECT id FROM orders GROUP BY GROUPING SETS((id), (1, net))", "GROUP BY 1"),
        ("SELECT STRING_AGG(name, ',' ORDER BY 1) FROM orders", "position"),
        ('SELECT 1 AS "a", 2 AS a FROM dummy', "differ in case only"),
        ("SELECT id, 'x' AS \"id\" FROM orders", "differ in case only"),
        ("SELECT id FROM orders WHERE (id, name) IN (SELECT id, name FROM orders)", "EXISTS"),
        ("SELECT SOUNDEX(name) FROM orders", "SOUNDEX"),
        ("SELECT id FROM orders WHERE id IN (SELECT TO_BLOB(name) FROM orders)", "TO_BLOB"),
    ],
)
def test_what_duckdb_would_take_otherwise_is_refused(text: str, message: str) -> None:
    with pytest.raises(UnsupportedSql, match=message):
        to_duckdb(admitted(text))


def test_value_of_another_type_is_not_compared_in_silence(
    landscape: duckdb.DuckDBPyConnection,
) -> None:
    with pytest.raises(duckdb.Error, match="Cannot compare"):
        ask(landscape, "SELECT id FROM orders WHERE name > id")


def test_node_that_no_writer_knows_is_refused() -> None:
    query = admitted("SELECT id FROM orders")
    strange = AdmittedQuery(
        sql="", body="", hints=(), dialect=CallerDialect.HANA, tables=frozenset(),
        parameter_count=0, expression=exp.select(exp.Mod(this=exp.Null(), expression=exp.Null())),
    )  # fmt: skip

    assert to_duckdb(query)
    with pytest.raises(UnsupportedSql, match="Mod"):
        to_duckdb(strange)


def test_tree_that_is_too_deep_is_invalid_not_a_crash() -> None:
    deep: exp.Expr = exp.Null()
    for _ in range(5_000):
        deep = exp.Neg(this=deep)
    query = AdmittedQuery(
        sql="", body="", hints=(), dialect=CallerDialect.HANA, tables=frozenset(),
        parameter_count=0, expression=exp.Select(expressions=[deep]),
    )  # fmt: skip

    with pytest.raises(InvalidSql, match="deep"):
        to_duckdb(query)


def test_null_of_a_type_passes_through_operators(landscape: duckdb.DuckDBPyConnection) -> None:
    assert value(landscape, "CAST(NULL AS INTEGER) + 1") is None
