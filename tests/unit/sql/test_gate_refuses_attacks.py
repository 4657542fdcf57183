"""What must never pass the gate, in the disguises that attackers use."""

import pytest

from flight_client.protocol.errors import (
    InvalidSql,
    NotFound,
    RefusedSql,
    UnknownColumn,
    UnknownEntity,
)
from flight_server.sql.gate import CallerDialect
from tests.support.hana_sql import admitted

STATEMENTS = [
    ("DELETE FROM orders", "DELETE"),
    ("/* SELECT */ delete from orders", "DELETE"),
    ("-- SELECT\nDROP TABLE orders", "DROP"),
    ("INSERT INTO orders SELECT * FROM orders", "INSERT"),
    ("UPDATE orders SET id = 1", "UPDATE"),
    ("UPSERT orders VALUES (1) WITH PRIMARY KEY", "UPSERT"),
    ("MERGE INTO orders USING dummy ON 1=1 WHEN MATCHED THEN DELETE", "MERGE"),
    ("TRUNCATE TABLE orders", "TRUNCATE"),
    ("CREATE TABLE x AS SELECT * FROM orders", "CREATE"),
    ("ALTER TABLE orders ADD (x INT)", "ALTER"),
    ("GRANT SELECT ON orders TO x", "GRANT"),
    ("CALL p()", "CALL"),
    ("DO BEGIN SELECT 1 FROM dummy; END", "DO"),
    ("BEGIN", "BEGIN"),
    ("SET 'APPLICATIONUSER' = 'x'", "SET"),
    ("UNSET 'x'", "UNSET"),
    ("EXPLAIN PLAN FOR SELECT 1 FROM dummy", "EXPLAIN"),
    ("LOCK TABLE orders IN EXCLUSIVE MODE", "LOCK"),
    ("PRAGMA database_list", "PRAGMA"),
    ("ATTACH 'x.db'", "ATTACH"),
    ("COPY orders TO 'x.csv'", "COPY"),
    ("INSTALL httpfs", "INSTALL"),
    ("LOAD httpfs", "LOAD"),
    ("EXPORT DATABASE 'x'", "EXPORT"),
    ("USE x", "USE"),
    ("SHOW TABLES", "SHOW"),
    ("DESCRIBE orders", "DESCRIBE"),
    ("SUMMARIZE orders", "SUMMARIZE"),
    ("VALUES (1)", "VALUES"),
    ("FROM orders", "FROM"),
    ("TABLE orders", "TABLE"),
    ("EXECUTE IMMEDIATE 'x'", "EXECUTE"),
    ("\uff33\uff25\uff2c\uff25\uff23\uff34 1", "??????"),
    ("'SELECT'", "SELECT"),
    ('"SELECT" 1', "SELECT"),
]


@pytest.mark.parametrize("dialect", list(CallerDialect))
@pytest.mark.parametrize(("text", "construct"), STATEMENTS)
def test_statement_that_is_no_query_is_refused_by_its_first_word(
    text: str, construct: str, dialect: CallerDialect
) -> None:
    with pytest.raises(RefusedSql, match="only SELECT is answered") as caught:
        admitted(text, dialect=dialect)

    assert caught.value.details["construct"] == construct


@pytest.mark.parametrize("dialect", list(CallerDialect))
@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1 FROM dummy; DROP TABLE orders",
        "SELECT 1 FROM dummy;; SELECT 2 FROM dummy",
        "SELECT 1 FROM dummy /* ; */; DELETE FROM orders --",
        "SELECT ';' FROM dummy; SELECT 1 FROM dummy",
        "SELECT 1 FROM dummy; COMMIT",
    ],
)
def test_second_statement_is_refused(text: str, dialect: CallerDialect) -> None:
    with pytest.raises(RefusedSql, match="statements") as caught:
        admitted(text, dialect=dialect)

    assert caught.value.details["construct"] == "several statements"


CONSTRUCTS = [
    ("SELECT id INTO x FROM orders", "SELECT ... INTO"),
    ("SELECT id FROM orders FOR UPDATE", "FOR UPDATE"),
    ("SELECT id FROM orders FOR SHARE LOCK", None),
    ("SELECT id FROM (SELECT id FROM orders FOR UPDATE) q", "FOR UPDATE"),
    ("WITH c AS (DELETE FROM orders) SELECT 1 FROM dummy", "DELETE"),
    ("WITH c AS (INSERT INTO orders VALUES (1)) SELECT 1 FROM dummy", "INSERT"),
    ("WITH c AS (UPDATE orders SET id = 1) SELECT 1 FROM dummy", "UPDATE"),
    ("WITH c AS (DROP TABLE orders) SELECT 1 FROM dummy", "DROP"),
    ("WITH c AS (MERGE INTO orders USING x ON 1=1 WHEN MATCHED THEN DELETE) SELECT 1", "MERGE"),
    ("WITH RECURSIVE c AS (SELECT 1 FROM dummy) SELECT * FROM c", "WITH RECURSIVE"),
    ("WITH c AS MATERIALIZED (SELECT 1 FROM dummy) SELECT * FROM c", "MATERIALIZED"),
    ("WITH c AS NOT MATERIALIZED (SELECT 1 FROM dummy) SELECT * FROM c", "MATERIALIZED"),
    ("SELECT * FROM orders FOR SYSTEM_TIME AS OF '2024-01-01'", "FOR SYSTEM_TIME"),
    ("SELECT * FROM orders, LATERAL (SELECT 1 FROM dummy) l", "LATERAL"),
    ("SELECT * FROM UNNEST([1, 2])", "UNNEST"),
    ("SELECT * FROM (VALUES (1), (2)) v", "VALUES"),
    ("SELECT * FROM orders NATURAL JOIN hr.orders", "NATURAL, ASOF or POSITIONAL JOIN"),
    ('SELECT * FROM orders JOIN "Items" USING (id)', "JOIN ... USING"),
    ("SELECT * FROM orders SEMI JOIN hr.orders ON 1 = 1", "this kind of join"),
    ("SELECT * FROM orders ANTI JOIN hr.orders ON 1 = 1", "this kind of join"),
    ("SELECT * FROM a.b.c", "a table name of three parts"),
    ("SELECT a.b.c.d FROM orders", "a column name of four parts"),
    ("SELECT id FROM orders QUALIFY 1 = 1", "QUALIFY"),
    ("SELECT id FROM orders WINDOW w AS (ORDER BY id)", "a WINDOW clause"),
    ("SELECT SUM(id) OVER w FROM orders", "WINDOW with alias"),
    (
        "SELECT SUM(id) OVER (ORDER BY id RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) FROM orders",
        "a window frame other than ROWS or GROUPS",
    ),
    ("SELECT DISTINCT ON (id) id FROM orders", "DISTINCT ON"),
    ("SELECT id FROM orders FETCH FIRST 5 ROWS ONLY", "FETCH FIRST (write LIMIT)"),
    ("SELECT id FROM orders LIMIT (SELECT 1 FROM dummy)", "a LIMIT that is not a number"),
    ("SELECT id FROM orders LIMIT 1 + 1", "a LIMIT that is not a number"),
    ("SELECT id FROM orders LIMIT 5 OFFSET id", "an OFFSET that is not a number"),
    ("SELECT TOP (1 + 1) id FROM orders", "a LIMIT that is not a number"),
    ("SELECT * FROM orders PIVOT (SUM(id) FOR name IN ('a'))", "PIVOT"),
    ("SELECT id FROM orders EXCEPT ALL SELECT id FROM hr.orders", "EXCEPT ALL"),
    ("SELECT id FROM orders INTERSECT ALL SELECT id FROM hr.orders", "INTERSECT ALL"),
    ("SELECT [1, 2] FROM dummy", "a list"),
    ("SELECT {'a': 1} FROM dummy", None),
    ("SELECT name[1] FROM orders", "square brackets"),
    ("SELECT (SELECT 1, 2 FROM dummy).a FROM dummy", "a dot behind a value"),
    ("SELECT day + INTERVAL 1 DAY FROM orders", "INTERVAL (write ADD_DAYS and the like)"),
    ("SELECT 'a' 'b' FROM dummy", "texts beside one another without ||"),
    ("SELECT * EXCEPT (id) FROM orders", None),
    ("SELECT id FROM orders WHERE name LIKE ANY ('a', 'b')", "LIKE with expression"),
    ("SELECT id FROM orders WHERE id IN name", "IN without brackets"),
    ("SELECT id FROM orders WHERE id IS DISTINCT FROM 1", "NULL SAFE NEQ"),
    ("SELECT id FROM orders WHERE id IS TRUE", "IS with expression"),
    ("SELECT moment AT TIME ZONE 'UTC' FROM orders", "AT TIME ZONE"),
    ("SELECT id FROM orders START WITH id = 1 CONNECT BY PRIOR id = net", "CONNECT"),
    ("SELECT id FROM orders CLUSTER BY id", "CLUSTER"),
    ("SELECT id FROM orders LIMIT 10 TOTAL ROWCOUNT", "TOTAL ROWCOUNT"),
    ("SELECT COUNT(*) FILTER (WHERE id = 1) FROM orders", "FILTER"),
    ("SELECT FIRST_VALUE(id) IGNORE NULLS OVER (ORDER BY id) FROM orders", "IGNORE NULLS"),
    ("SELECT AVG(id ORDER BY id LIMIT 1) FROM orders", None),
    ("SELECT COALESCE(id AS x, 1) FROM orders", "a list, a query or an alias as an argument"),
    ("SELECT ABS((1, 2)) FROM dummy", "a list, a query or an alias as an argument"),
    ("SELECT 1 AS ? FROM dummy", None),
    ("SELECT * FROM ?", None),
    ("SELECT * FROM orders AS o (a, b)", "alias with columns"),
    ("SELECT * FROM orders PARTITION (1, 3)", None),
    ("(1 + 2)", "no query"),
    ("SELECT id FROM orders TABLESAMPLE (5 ROWS)", None),
    ("SELECT id FROM orders TABLESAMPLE BERNOULLI (5) REPEATABLE (1)", None),
    ('SELECT "abs"(id) FROM orders', None),
    ("SELECT sys.abs(id) FROM orders", "a dot behind a value"),
    ('SELECT "S"."f"(1) FROM dummy', "a dot behind a value"),
]


@pytest.mark.parametrize(("text", "construct"), CONSTRUCTS)
def test_construct_that_is_no_plain_read_is_refused_by_name(
    text: str, construct: str | None
) -> None:
    with pytest.raises((RefusedSql, InvalidSql)) as caught:
        admitted(text, values=text.count("?"))

    assert len(caught.value.message) < 300
    assert not {"\n", "\x1b"} & set(caught.value.message)
    if construct is not None:
        assert isinstance(caught.value, RefusedSql), caught.value
        assert caught.value.details["construct"] == construct


FUNCTIONS = [
    "READ_CSV('/etc/passwd')",
    "READ_TEXT('/etc/passwd')",
    "READ_BLOB('x')",
    "READ_PARQUET('x')",
    "GLOB('*')",
    "QUERY('SELECT 1')",
    "QUERY_TABLE('x')",
    "GETENV('HOME')",
    "GETVARIABLE('x')",
    "CURRENT_SETTING('x')",
    "PG_READ_FILE('x')",
    "SLEEP(100)",
    "PG_SLEEP(100)",
    "NEXTVAL('s')",
    "ERROR('x')",
    "WRITE_LOG('x')",
    "SESSION_CONTEXT('APPLICATIONUSER')",
    "SESSION_USER()",
    "CURRENT_SCHEMA()",
    "CONVERT_CURRENCY(1)",
    "CONVERT_UNIT(1)",
    "GENERATE_PASSWORD(8)",
    "NVL(1, 2)",
    "PARSE_DUCKDB_LOG_MESSAGE('x')",
    "SQL_AUTO_COMPLETE('x')",
    "JSON_SERIALIZE_SQL('x')",
    "LIST_TRANSFORM(1, 2)",
    "CAN_CAST_IMPLICITLY(1, 2)",
]


@pytest.mark.parametrize("dialect", list(CallerDialect))
@pytest.mark.parametrize("call", FUNCTIONS)
@pytest.mark.parametrize(
    "query",
    [
        "SELECT {}",
        "SELECT 1 WHERE 1 = {}",
        "SELECT (SELECT {})",
        "SELECT * FROM orders WHERE id IN (SELECT {})",
        "WITH c AS (SELECT {} AS x) SELECT 1",
        "SELECT COUNT(*) FROM orders GROUP BY {}",
        "SELECT id FROM orders ORDER BY {}",
        "SELECT SUM(id) OVER (PARTITION BY {}) FROM orders",
        "SELECT ABS({})",
        "SELECT 1 UNION SELECT {}",
        "SELECT CASE WHEN 1 = 1 THEN {} END",
        "SELECT CAST({} AS INTEGER)",
    ],
)
def test_function_outside_the_list_is_refused_wherever_it_stands(
    query: str, call: str, dialect: CallerDialect
) -> None:
    with pytest.raises(RefusedSql, match=r"function|tells about the session"):
        admitted(query.format(call), dialect=dialect)


@pytest.mark.parametrize("dialect", list(CallerDialect))
@pytest.mark.parametrize(
    "source",
    [
        "read_csv('/etc/passwd')",
        "read_text('x')",
        "glob('*')",
        "range(10)",
        "duckdb_settings()",
        "pragma_table_info('x')",
        "query('SELECT 1')",
        "'x.csv'",
        '"x.parquet"',
        '"/etc/passwd"',
        '"s3://bucket/x.csv"',
        "sales.read_csv('x')",
        '"SALES"."read_text"(\'x\')',
        "generate_series(1, 2)",
        "sniff_csv('x')",
    ],
)
def test_table_function_or_file_is_no_entity(source: str, dialect: CallerDialect) -> None:
    with pytest.raises(UnknownEntity):
        admitted(f"SELECT * FROM {source}", dialect=dialect)


@pytest.mark.parametrize(
    "name",
    [
        "SESSION_USER",
        "CURRENT_USER",
        "current_schema",
        "USER",
        "CURRENT_CONNECTION",
        "SYSUUID",
        "CURRENT_IDENTITY_VALUE",
        "CURRENT_DATABASE",
    ],
)
def test_niladic_session_function_is_refused(name: str) -> None:
    with pytest.raises(RefusedSql, match="session"):
        admitted(f"SELECT {name} FROM dummy")


@pytest.mark.parametrize("word", ["NEXTVAL", "currval"])
def test_sequence_is_refused_although_it_looks_like_a_column(word: str) -> None:
    with pytest.raises(RefusedSql, match="sequence"):
        admitted(f"SELECT s.{word} FROM orders")


def test_quoted_sequence_word_is_an_unknown_column() -> None:
    with pytest.raises(UnknownColumn):
        admitted('SELECT orders."NEXTVAL" FROM orders')


@pytest.mark.parametrize(
    "hint",
    [
        "RESULT_CACHE_BEFORE_ANALYTIC_PRIVILEGE",
        "ROUTE_TO(1)",
        "NO_SUCH_HINT",
        "NO_USE_HEX_PLAN(1)",
        "RESULT_LAG('x')",
        '"USE_HEX_PLAN"',
        "'USE_HEX_PLAN'",
        "USE_HEX_PLAN, ROUTE_TO(1)",
    ],
)
def test_hint_outside_the_list_is_refused(hint: str) -> None:
    with pytest.raises(RefusedSql, match="hint"):
        admitted(f"SELECT id FROM orders WITH HINT({hint})")


@pytest.mark.parametrize(
    "tail",
    [
        "WITH HINT",
        "WITH HINT(",
        "WITH HINT()",
        "WITH HINT(USE_HEX_PLAN",
        "WITH HINT(USE_HEX_PLAN) LIMIT 1",
        "WITH HINT(DATA_TRANSFER_COST(1)",
        "WITH HINT(DATA_TRANSFER_COST(-1))",
        "WITH HINT(RESULT_LAG('a''b', 1))",
        "WITH HINT(RESULT_LAG(x, 1))",
        "WITH HINT(USE_HEX_PLAN) WITH HINT(USE_HEX_PLAN)",
    ],
)
def test_misplaced_or_broken_hint_is_invalid(tail: str) -> None:
    with pytest.raises((InvalidSql, RefusedSql)):
        admitted(f"SELECT id FROM orders {tail}")


def test_hint_in_a_subquery_does_not_pass() -> None:
    with pytest.raises(InvalidSql):
        admitted("SELECT * FROM (SELECT id FROM orders WITH HINT(USE_HEX_PLAN)) q")


@pytest.mark.parametrize(
    "schema", ["SYS", "_SYS_BIC", "_SYS_REPO", "SYSTEM", "INFORMATION_SCHEMA", "pg_catalog"]
)
def test_system_schema_is_refused(schema: str) -> None:
    with pytest.raises(RefusedSql, match="belongs to the system"):
        admitted(f"SELECT * FROM {schema}.tables")


@pytest.mark.parametrize("dialect", list(CallerDialect))
@pytest.mark.parametrize(
    "text",
    [text for text, _ in STATEMENTS]
    + [text for text, construct in CONSTRUCTS if construct == "SELECT ... INTO"]
    + ["SELECT \x1b[4m FROM", "SELECT " + "x" * 1000 + " y z", "SELECT 'a\nb' 'c"],
)
def test_message_is_one_short_sentence_without_escapes(text: str, dialect: CallerDialect) -> None:
    with pytest.raises((RefusedSql, InvalidSql, NotFound)) as caught:
        admitted(text, values=text.count("?"), dialect=dialect)

    message = caught.value.message
    assert len(message) < 300
    assert message.endswith((".", "?"))
    assert not {"\n", "\x1b"} & set(message)
