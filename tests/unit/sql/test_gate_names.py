"""How names are found: spaces, entities, CTEs, aliases and columns, and what is said if not."""

import pytest

from flight_client.protocol.errors import (
    AmbiguousEntity,
    InvalidSql,
    UnknownColumn,
    UnknownEntity,
    UnknownSpace,
)
from flight_server.sql.gate import AdmittedQuery, admit
from tests.support.hana_sql import Landscape, admitted


def test_unquoted_name_is_read_in_upper_case() -> None:
    assert admitted("SELECT id FROM Sales.Orders").tables == {("SALES", "ORDERS")}


def test_quoted_name_must_fit_in_case() -> None:
    with pytest.raises(UnknownEntity, match="did you mean 'ORDERS'") as caught:
        admitted('SELECT 1 FROM "orders"')

    assert caught.value.details == {"space": "SALES", "entity": "orders", "nearest": ["ORDERS"]}


def test_unquoted_name_of_a_mixed_case_entity_is_unknown_with_the_right_spelling() -> None:
    with pytest.raises(UnknownEntity, match=r"no entity 'ITEMS' in space 'SALES'.*'Items'"):
        admitted("SELECT 1 FROM items")


def test_unknown_space_names_the_nearest() -> None:
    with pytest.raises(UnknownSpace, match="did you mean 'SALES'") as caught:
        admitted("SELECT 1 FROM sale.orders")

    assert caught.value.details == {"space": "SALE", "nearest": ["SALES"]}


def test_unlike_names_are_not_suggested() -> None:
    with pytest.raises(UnknownEntity, match="check the name") as caught:
        admitted("SELECT 1 FROM quite_something_else")

    assert caught.value.details["nearest"] == []


def test_default_space_is_not_left_for_others() -> None:
    with pytest.raises(UnknownEntity):
        admitted("SELECT 1 FROM notes")


def test_without_default_space_a_name_in_one_space_is_found() -> None:
    assert admitted("SELECT id FROM notes", space=None).tables == {("S#U", "NOTES")}


def test_without_default_space_a_name_in_two_spaces_is_ambiguous() -> None:
    with pytest.raises(AmbiguousEntity, match=r'"HR"\."ORDERS"') as caught:
        admitted("SELECT 1 FROM orders", space=None)

    assert caught.value.details == {"entity": "ORDERS", "spaces": ["HR", "SALES"]}


def test_without_default_space_an_unknown_name_is_looked_for_everywhere() -> None:
    with pytest.raises(UnknownEntity, match="in any space; did you mean 'NOTES'"):
        admitted("SELECT 1 FROM note", space=None)


def test_cte_wins_over_an_entity() -> None:
    query = admitted("WITH orders AS (SELECT 1 AS a FROM dummy) SELECT a FROM orders")

    assert query.tables == frozenset()
    assert query.sql.endswith('FROM "ORDERS"')


def test_cte_of_an_inner_query_is_not_seen_outside() -> None:
    text = "SELECT * FROM (WITH c AS (SELECT 1 AS a FROM dummy) SELECT a FROM c) q, c"

    with pytest.raises(UnknownEntity, match="'C'"):
        admitted(text)


def test_cte_of_an_outer_query_is_seen_inside() -> None:
    query = admitted(
        "WITH c AS (SELECT 1 AS a FROM dummy) SELECT (SELECT a FROM c) AS x FROM orders"
    )

    assert query.tables == {("SALES", "ORDERS")}


def test_cte_does_not_see_itself() -> None:
    with pytest.raises(UnknownEntity):
        admitted("WITH c AS (SELECT * FROM c) SELECT * FROM c")


def test_cte_that_differs_in_case_is_another_name() -> None:
    query = admitted('WITH "orders" AS (SELECT 1 AS a FROM dummy) SELECT id FROM orders')

    assert query.tables == {("SALES", "ORDERS")}


def test_two_ctes_of_one_name_are_invalid() -> None:
    with pytest.raises(InvalidSql, match="Two queries"):
        admitted("WITH c AS (SELECT 1 FROM dummy), c AS (SELECT 2 FROM dummy) SELECT * FROM c")


def test_cte_called_dummy_is_invalid() -> None:
    with pytest.raises(InvalidSql, match="DUMMY"):
        admitted("WITH dummy AS (SELECT 1 AS a FROM orders) SELECT a FROM dummy")


def test_cte_with_more_names_than_columns_is_invalid() -> None:
    with pytest.raises(InvalidSql, match="names 2 columns"):
        admitted("WITH c (a, b) AS (SELECT 1 FROM dummy) SELECT a FROM c")


def test_schema_of_dummy_is_dropped() -> None:
    assert admitted("SELECT 1 AS a FROM sys.dummy").sql == 'SELECT 1 AS "A" FROM "DUMMY"'


def test_entity_with_parameters_counts_as_a_table() -> None:
    assert admitted("SELECT total FROM by_year(2024)").tables == {("SALES", "BY_YEAR")}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT nam FROM orders", "no column 'NAM' in 'ORDERS'; did you mean 'NAME'"),
        ("SELECT mixed FROM orders", "no column 'MIXED' in 'ORDERS'; did you mean 'Mixed'"),
        ('SELECT "Name" FROM orders', "no column 'Name' in 'ORDERS'; did you mean 'NAME'"),
        ("SELECT o.mixed FROM orders o", "no column 'MIXED' in 'O'; did you mean 'Mixed'"),
        ("SELECT p.id FROM orders o", "no table or alias 'P'; did you mean 'O'|check"),
        ('SELECT "o".id FROM orders o', "no table or alias 'o'; did you mean 'O'"),
        ("SELECT orders.id FROM orders o", "no table or alias 'ORDERS'"),
        ("SELECT hr.orders.id FROM sales.orders", "no table or alias 'ORDERS'"),
        ("SELECT x.* FROM orders", "no table or alias 'X'"),
        ("SELECT id FROM orders WHERE nam = 1", "'NAM'"),
        ("SELECT id FROM orders GROUP BY nam", "'NAM'"),
        ("SELECT id FROM orders ORDER BY nam", "'NAM'"),
        ("SELECT id FROM orders HAVING nam = 1", "'NAM'"),
        ('SELECT 1 FROM orders o JOIN "Items" i ON o.id = i.nam', "'NAM'"),
        ("SELECT SUM(nam) OVER (ORDER BY id) FROM orders", "'NAM'"),
        ("SELECT SUM(id) OVER (ORDER BY nam) FROM orders", "'NAM'"),
        ("SELECT CASE WHEN nam = 1 THEN 2 END FROM orders", "'NAM'"),
        ("SELECT q.y FROM (SELECT id AS x FROM orders) q", "no column 'Y' in 'Q'"),
        ("SELECT id FROM orders WHERE EXISTS (SELECT nam FROM dummy)", "'NAM'"),
        ("SELECT id FROM orders UNION SELECT id FROM hr.orders ORDER BY net", "'NET'"),
        ("SELECT id AS x FROM orders WHERE x = 1", "no column 'X'"),
        ("SELECT id AS x FROM orders GROUP BY x", "no column 'X'"),
        ("SELECT id AS x, x + 1 FROM orders", "no column 'X'"),
    ],
)
def test_unknown_column_is_named_with_the_nearest(text: str, message: str) -> None:
    with pytest.raises(UnknownColumn, match=message):
        admitted(text)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT id AS x FROM orders ORDER BY x",
        'SELECT COUNT(*) FROM orders ORDER BY "COUNT(*)"',
        'SELECT "SUM(ID)" FROM (SELECT SUM(id) FROM orders)',
        'SELECT id FROM orders o WHERE EXISTS (SELECT 1 FROM "Items" i WHERE i.order_id = o.id)',
        'SELECT id FROM orders WHERE id IN (SELECT order_id FROM "Items" WHERE "id" = net)',
        "SELECT x FROM (SELECT * FROM (SELECT id AS x FROM orders) a) b",
        "SELECT o.*, q.n FROM orders o, (SELECT COUNT(*) AS n FROM hr.orders) q",
        "SELECT id FROM orders UNION SELECT id FROM hr.orders ORDER BY id",
        "SELECT dummy FROM dummy",
        "SELECT dummy.dummy FROM dummy",
        "SELECT d.dummy FROM sys.dummy d",
        "SELECT a FROM (SELECT 1 AS a FROM dummy UNION SELECT 2 AS b FROM dummy)",
        "SELECT id FROM (SELECT id FROM orders ORDER BY net)",
        'SELECT (SELECT MAX(order_id) FROM "Items" WHERE order_id = id) FROM orders',
    ],
)
def test_column_that_can_be_seen_is_found(text: str) -> None:
    admitted(text)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT a FROM (SELECT 1 AS a, 2 AS a FROM dummy)",
        "SELECT q.a FROM (SELECT 1 AS a, 2 AS a FROM dummy) q",
        "SELECT id FROM orders, hr.orders h",
        "SELECT id AS x, net AS x FROM orders ORDER BY x",
    ],
)
def test_column_of_two_meanings_is_ambiguous(text: str) -> None:
    with pytest.raises(InvalidSql, match="ambiguous"):
        admitted(text)


def test_very_long_name_is_clipped_in_the_message() -> None:
    with pytest.raises(UnknownEntity) as caught:
        admitted(f'SELECT 1 FROM "{"x" * 127}"')

    assert len(caught.value.message) < 300
    assert "xxx...'" in caught.value.message


def test_many_columns_named_many_times_are_found_quickly() -> None:
    wide = {("S", "W"): tuple(f"C{number}" for number in range(5_000))}
    names = ", ".join(wide["S", "W"])

    query = admit(
        f"SELECT {names} FROM w", default_space="S", lookup=Landscape(wide), parameter_count=0
    )

    assert len(query.expression.expressions) == 5_000


def test_name_of_other_characters_needs_quotes() -> None:
    with pytest.raises(InvalidSql, match="needs double quotes"):
        admitted("SELECT id AS gr\u00f6\u00dfe FROM orders")


def test_lookup_that_shows_nothing_makes_everything_unknown() -> None:
    with pytest.raises(UnknownSpace):
        admit(
            "SELECT 1 FROM sales.orders",
            default_space=None,
            lookup=Landscape({}),
            parameter_count=0,
        )


def test_entity_that_is_listed_but_may_not_be_read_is_unknown() -> None:
    class Shy(Landscape):
        def columns(self, space: str, entity: str) -> tuple[str, ...] | None:
            return None

    with pytest.raises(UnknownEntity):
        admit("SELECT 1 FROM sales.orders", default_space=None, lookup=Shy(), parameter_count=0)


def test_same_entity_twice_is_one_table() -> None:
    query: AdmittedQuery = admitted("SELECT a.id FROM orders a, orders b WHERE a.id = b.id")

    assert query.tables == {("SALES", "ORDERS")}
