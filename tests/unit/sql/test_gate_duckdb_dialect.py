"""The gate for callers who write DuckDB's own SQL."""

import duckdb
import pytest

from flight_client.protocol.errors import InvalidSql, RefusedSql, UnknownEntity
from flight_server.sql.functions import DUCKDB, Kind
from flight_server.sql.gate import AdmittedQuery, CallerDialect
from flight_server.sql.translate import to_duckdb
from tests.support.hana_sql import admitted, database


def spoken(text: str, values: int = 0, space: str | None = "SALES") -> AdmittedQuery:
    return admitted(text, values=values, space=space, dialect=CallerDialect.DUCKDB)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("select id from orders", 'SELECT "id" FROM "SALES"."ORDERS"'),
        ('select "Id" from sales."Orders"', 'SELECT "Id" FROM "SALES"."ORDERS"'),
        (
            "select id::varchar(3) from orders",
            'SELECT CAST("id" AS VARCHAR(3)) FROM "SALES"."ORDERS"',
        ),
        ("select id // 2 % 3 from orders", 'SELECT "id" // 2 % 3 FROM "SALES"."ORDERS"'),
        ("select 1 where 'a' ilike 'A'", "SELECT 1 WHERE 'a' ILIKE 'A'"),
        ("select 1 where 'a' not ilike 'A'", "SELECT 1 WHERE 'a' NOT ILIKE 'A'"),
        (
            "select count(*) filter (where id > 1) from orders",
            'SELECT COUNT(*) FILTER (WHERE "id" > 1) FROM "SALES"."ORDERS"',
        ),
        (
            "select id from orders order by id desc",
            'SELECT "id" FROM "SALES"."ORDERS" ORDER BY "id" DESC NULLS LAST',
        ),
        ("select current_date", "SELECT CURRENT_DATE"),
        ("select random()", "SELECT RANDOM()"),
        ("select * from by_year(p_year := 1)", None),
        (
            "select * from by_year(p_year => 1)",
            'SELECT * FROM "SALES"."BY_YEAR"("p_year" => 1)',
        ),
        (
            "with C as (select 1 as x) select x from c",
            'WITH "C" AS (SELECT 1 AS "x") SELECT "x" FROM "c"',
        ),
    ],
)
def test_query_is_rewritten_in_its_own_dialect(before: str, after: str | None) -> None:
    if after is None:
        with pytest.raises((InvalidSql, RefusedSql)):
            spoken(before)
    else:
        assert spoken(before).sql == after


def test_translation_hands_it_on_with_numbered_markers() -> None:
    query = spoken("select id from orders where id = ?", values=1)

    assert to_duckdb(query) == query.sql
    assert query.sql.endswith("= $1")


@pytest.mark.parametrize(
    "text",
    [
        "select id::integer, name from orders where name ilike 'O%' order by id desc limit 2",
        "select sum(id) over (order by id rows between 1 preceding and current row) from orders",
        'select o.id, i.quantity from orders o left join "Items" i on i.order_id = o.id',
        "select strftime(day, '%Y'), date_trunc('month', moment), upper(name) from orders",
        "select name, count(distinct id) from orders group by rollup(name) having count(*) > 0",
        "select percentile_cont(0.5) within group (order by id) from orders",
        "select x'00ff', date '2024-01-31', 1.5e3, -1, null, true",
        'select id from orders where id in (select order_id from "Items") or (id, 1) in ((1, 1))',
        "select id from orders union all select 1 except select 2 order by 1",
    ],
)
def test_rewritten_query_runs(text: str) -> None:
    database().execute(to_duckdb(spoken(text))).fetchall()


def test_names_that_differ_in_case_only_find_the_one_entity() -> None:
    assert spoken("select 1 from sAlEs.iTeMs").tables == {("SALES", "Items")}


def test_name_in_several_spaces_needs_no_space_if_a_default_is_given() -> None:
    assert spoken("select 1 from orders", space="HR").tables == {("HR", "ORDERS")}


@pytest.mark.parametrize(
    "text",
    [
        "select * exclude (id) from orders",
        "select columns('i.*') from orders",
        "select [x for x in [1, 2]]",
        "select list_filter([1], x -> x > 0)",
        "select {'a': 1}.a",
        "pivot orders on id",
        "select * from orders using sample 10",
        "select * from orders tablesample bernoulli (10 percent)",
        "select * from orders at (version => 1)",
        "select * from orders positional join orders",
        "select id from orders group by all",
        "select struct_pack(a := 1)",
        "select current_user",
        "select current_schema",
        "select 1::struct(a int)",
        "select try_cast('a' as integer)",
        "select unnest([1, 2])",
        "select * from duckdb_secrets()",
        "select * from memory.main.orders",
        "select main.read_text('x')",
        "select system.main.getenv('HOME')",
        "select id from orders limit 10%",
        "select e'\\x41'",
    ],
)
def test_duckdb_construct_outside_the_list_does_not_pass(text: str) -> None:
    with pytest.raises((RefusedSql, InvalidSql, UnknownEntity)):
        spoken(text)


def test_every_function_of_the_list_exists_in_duckdb_and_touches_nothing() -> None:
    found = duckdb.connect().execute(
        "SELECT DISTINCT upper(function_name) FROM duckdb_functions() "
        "WHERE function_type IN ('scalar', 'aggregate', 'macro')"
    )
    known = {name for (name,) in found.fetchall()}
    windows = {name for name, signature in DUCKDB.items() if signature.kind is Kind.WINDOW}
    syntax = {"COALESCE", "GROUPING", "IFNULL", "NULLIF", "POSITION", "FIRST_VALUE", "LAST_VALUE",
              "NTH_VALUE", "PERCENTILE_CONT", "PERCENTILE_DISC"}  # fmt: skip

    assert set(DUCKDB) - known - windows - syntax == set()
    assert not {name for name in DUCKDB if "READ" in name or "ENV" in name or "SETTING" in name}


def test_identifier_never_leaves_its_quotes_in_a_real_database() -> None:
    connection = duckdb.connect()
    query = spoken('select 1 as "a""; select 2; --"')

    cursor = connection.execute(to_duckdb(query))

    assert (cursor.description or [])[0][0] == 'a"; select 2; --'
