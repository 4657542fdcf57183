"""What the gate lets pass, and how it writes it."""

from pathlib import Path

import pytest
from sqlglot import exp

from flight_client.protocol.errors import InvalidParameter
from flight_server.sql.writer import Writer
from tests.support.hana_sql import admitted

GOLDEN = Path(__file__).parents[2] / "golden" / "gate_hana.txt"


def golden_pairs() -> list[tuple[str, str]]:
    """The pairs of the file: what a caller writes, and what the gate makes of it."""
    blocks = GOLDEN.read_text(encoding="utf-8").split("-- input\n")[1:]
    split = (block.split("-- output\n") for block in blocks)
    return [(before.strip(), after.strip()) for before, after in split]


@pytest.mark.parametrize(("before", "after"), golden_pairs())
def test_golden_query_is_rewritten_to_its_golden_text(before: str, after: str) -> None:
    assert admitted(before, values=before.count("?")).sql == after


@pytest.mark.parametrize("after", [after for _, after in golden_pairs()])
def test_rewritten_query_is_rewritten_to_itself(after: str) -> None:
    markers = len(
        list(admitted(after, values=after_markers(after)).expression.find_all(exp.Placeholder))
    )
    assert admitted(after, values=markers).sql == after


def after_markers(text: str) -> int:
    """Markers outside quoted names and strings."""
    outside = "".join(part for part in text.replace("'", '"').split('"')[0::2])
    return outside.count("?")


def test_tables_lists_what_is_read_and_not_dummy_or_ctes() -> None:
    query = admitted(
        'WITH c AS (SELECT id FROM orders) SELECT c.id FROM c, dummy, "S#U".notes n '
        "WHERE EXISTS (SELECT 1 FROM hr.orders)"
    )

    assert query.tables == {("SALES", "ORDERS"), ("S#U", "NOTES"), ("HR", "ORDERS")}


def test_body_has_no_hints_and_sql_has_them() -> None:
    query = admitted("SELECT id FROM orders WITH HINT(NO_USE_HEX_PLAN)")

    assert query.body == 'SELECT "ID" FROM "SALES"."ORDERS"'
    assert query.hints == ("NO_USE_HEX_PLAN",)
    assert query.sql == query.body + " WITH HINT(NO_USE_HEX_PLAN)"


def test_expression_writes_the_body() -> None:
    query = admitted("SELECT id, ? FROM orders", values=1)

    assert Writer().write(query.expression) == query.body


def test_empty_statements_around_the_query_are_dropped() -> None:
    assert admitted(" ;; SELECT id FROM orders ;\n; ").sql == 'SELECT "ID" FROM "SALES"."ORDERS"'


def test_comments_of_every_kind_are_dropped() -> None:
    text = "SELECT /* a; DROP TABLE x */ id -- b\nFROM orders /*+ hint */ -- ?"

    assert admitted(text).sql == 'SELECT "ID" FROM "SALES"."ORDERS"'


def test_comment_marks_inside_strings_and_names_stay() -> None:
    query = admitted("SELECT '-- /* ; ?' AS \"-- /* ; ?\" FROM dummy")

    assert query.sql == 'SELECT \'-- /* ; ?\' AS "-- /* ; ?" FROM "DUMMY"'
    assert query.parameter_count == 0


def test_quotes_in_names_and_strings_stay_escaped() -> None:
    query = admitted("""SELECT 'it''s' AS "a""b" FROM "SALES"."\"\"; DROP TABLE x --" """)

    assert query.sql == """SELECT 'it''s' AS "a""b" FROM "SALES"."\"\"; DROP TABLE x --\""""


def test_backslash_is_no_escape() -> None:
    assert r"'\'" in admitted(r"SELECT '\' AS a FROM dummy").sql


def test_computed_column_without_a_name_gets_its_text_cut_to_what_hana_takes() -> None:
    query = admitted(f"SELECT '{'x' * 300}' FROM dummy")

    alias = query.expression.expressions[0].alias
    assert alias.startswith("'xxx")
    assert len(alias) == 120


def test_line_break_in_a_string_does_not_reach_the_name() -> None:
    query = admitted("SELECT 'a\nb' FROM dummy")

    assert query.expression.expressions[0].alias == "'a b'"


@pytest.mark.parametrize("values", [0, 1, 3])
def test_number_of_markers_must_be_the_number_of_values(values: int) -> None:
    with pytest.raises(InvalidParameter, match="2 markers") as caught:
        admitted("SELECT id FROM orders WHERE id = ? OR net = ?", values=values)

    assert caught.value.details == {"markers": 2, "values": values}


def test_markers_are_numbered_in_the_order_of_the_text() -> None:
    query = admitted(
        "WITH c AS (SELECT ? AS x FROM dummy) "
        "SELECT ?, CASE WHEN id = ? THEN ? END FROM orders, c WHERE id IN (?, ?) "
        "GROUP BY id HAVING COUNT(*) > ? ORDER BY ?",
        values=8,
    )

    assert query.parameter_count == 8
    assert after_markers(query.sql) == 8


def test_long_chains_of_operators_do_not_need_deep_recursion() -> None:
    conditions = " OR ".join(f"id = {number}" for number in range(2000))

    assert admitted(f"SELECT id FROM orders WHERE {conditions}").sql.count("OR") == 1999 + 1


def test_ten_thousand_members_of_an_in_list_pass() -> None:
    members = ", ".join(f"'{number:08}'" for number in range(10_000))

    assert admitted(f"SELECT id FROM orders WHERE name IN ({members})").sql.count(",") == 9_999
