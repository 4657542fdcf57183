"""Whatever text reaches the gate: an error of the protocol, or a query that is only a read."""

import contextlib
import re

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from flight_client.protocol.errors import Error, InvalidParameter
from flight_server.sql.gate import AdmittedQuery, CallerDialect
from flight_server.sql.translate import to_duckdb
from tests.support.hana_sql import TABLES, admitted, database

WORDS = re.findall(
    r"\S+",
    """
    SELECT FROM WHERE GROUP BY HAVING ORDER LIMIT OFFSET UNION ALL EXCEPT MINUS INTERSECT WITH AS
    JOIN LEFT OUTER INNER CROSS ON AND OR NOT IN IS NULL LIKE BETWEEN CASE WHEN THEN ELSE END EXISTS
    DISTINCT TOP CAST ( ) , . * + - / || = <> < > ? ; 'a' '' "x" "" ID NET NAME ORDERS "Items"
    DUMMY SALES 1 2.5 1e3 0 DATE '2024-01-01' OVER PARTITION ROWS COUNT SUM AVG ADD_DAYS TO_DATE
    LOCATE ROUND ROUND_HALF_UP CURRENT_DATE STRING_AGG NVARCHAR INTEGER HINT TABLESAMPLE BERNOULLI
    LIKE_REGEXPR FLAG REPLACE_REGEXPR => := :: [ ] { } % ^ & | ~ ! @ # $ : -- /* */ N'x' X'00' TRUE
    FALSE ANY SOME FOR UPDATE INTO VALUES LATERAL UNNEST PIVOT INTERVAL QUALIFY WINDOW FETCH FIRST
    ROW ONLY USING NATURAL RECURSIVE ESCAPE EXTRACT YEAR TRIM BOTH WITHIN FILTER IGNORE NULLS ASC
    DESC LAST ROLLUP CUBE GROUPING SETS START CONNECT PRIOR |> -> ->> COLLATE AT TIME ZONE
    MATCH_RECOGNIZE STRUCT MAP ARRAY DELETE INSERT DROP read_csv NEXTVAL SESSION_USER MATERIALIZED
    SUMMARIZE DESCRIBE TABLE
    """,
)

QUERIES = [
    "SELECT ID , SUM ( NET ) FROM ORDERS WHERE ID > 1 GROUP BY ID ORDER BY 2 LIMIT 5",
    'WITH A AS ( SELECT ID FROM ORDERS ) SELECT * FROM A JOIN "Items" I ON I . ORDER_ID = A . ID',
    "SELECT CASE WHEN ID = 1 THEN 'x' END , CAST ( NET AS NVARCHAR ( 5 ) ) FROM ORDERS",
    "SELECT RANK ( ) OVER ( PARTITION BY ID ORDER BY NET ROWS 1 PRECEDING ) FROM ORDERS",
    "SELECT * FROM ORDERS WHERE ( ID , NET ) IN ( ( 1 , 2 ) ) AND NAME LIKE 'a' ESCAPE 'b'",
    "SELECT 1 FROM DUMMY UNION ALL ( SELECT ID FROM ORDERS ORDER BY ID LIMIT 1 )",
    "SELECT ADD_DAYS ( DAY , ? ) FROM ORDERS WHERE EXISTS ( SELECT 1 FROM DUMMY )",
]

WRITES = (
    exp.Insert,
    exp.Update,
    exp.Delete,
    exp.Merge,
    exp.Create,
    exp.Drop,
    exp.Alter,
    exp.Command,
    exp.Into,
    exp.Lock,
    exp.Set,
    exp.Copy,
    exp.Attach,
    exp.Pragma,
)

words = st.lists(st.sampled_from(WORDS), max_size=20).map(" ".join)
starts = words.map(lambda rest: f"SELECT {rest}")


@st.composite
def mutations(draw: st.DrawFn) -> str:
    """A good query with a few words replaced, added or lost."""
    parts = draw(st.sampled_from(QUERIES)).split(" ")
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(parts) - 1))
        word = draw(st.sampled_from(WORDS))
        parts[place : place + draw(st.integers(0, 2))] = [word] * draw(st.integers(0, 2))
        parts = parts or ["SELECT"]
    return " ".join(parts)


hostile = st.one_of(
    st.text(max_size=80), st.text().map(lambda text: f"SELECT {text}"), words, starts, mutations()
)


def passed(text: str, dialect: CallerDialect) -> AdmittedQuery | None:
    """The admitted query, or None for an error of the protocol; anything else fails the test."""
    for values in (0, 1, 2, 3):
        try:
            return admitted(text, values=values, dialect=dialect)
        except InvalidParameter:
            continue
        except Error as error:
            said = error.message
            if len(said) > 400 or {"\n", "\x1b", "\r"} & set(said):
                pytest.fail(f"a message must be one short line: {said!r}")
            return None
    return None


@pytest.mark.parametrize("dialect", list(CallerDialect))
@settings(max_examples=300, deadline=None)
@given(text=hostile)
def test_any_text_gives_a_read_or_an_error_of_the_protocol(
    dialect: CallerDialect, text: str
) -> None:
    query = passed(text, dialect)

    if query is not None:
        assert isinstance(query.expression, exp.Query)
        assert not list(query.expression.find_all(*WRITES))
        assert query.tables <= set(TABLES)
        assert query.sql.lstrip("(").startswith(("SELECT", "WITH"))


@pytest.mark.parametrize("dialect", list(CallerDialect))
@settings(max_examples=150, deadline=None)
@given(text=mutations())
def test_admitted_query_is_admitted_again_unchanged(dialect: CallerDialect, text: str) -> None:
    query = passed(text, dialect)

    if query is not None and not (dialect is CallerDialect.DUCKDB and query.parameter_count):
        again = admitted(query.sql, values=query.parameter_count, dialect=dialect)
        assert (again.sql, again.tables) == (query.sql, query.tables)


@settings(max_examples=150, deadline=None)
@given(text=mutations())
def test_translated_query_is_one_statement_of_duckdb(text: str) -> None:
    query = passed(text, CallerDialect.HANA)

    if query is not None:
        try:
            translated = to_duckdb(query)
        except Error:
            return
        statements = duckdb.extract_statements(translated)
        assert [statement.type for statement in statements] == [duckdb.StatementType.SELECT]


names = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30)


@settings(max_examples=100, deadline=None)
@given(name=names, text=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=50))
def test_any_name_and_any_text_come_back_from_the_database(name: str, text: str) -> None:
    quoted, literal = name.replace('"', '""'), text.replace("'", "''")
    query = admitted(f"SELECT '{literal}' AS \"{quoted}\" FROM dummy")

    cursor = duckdb.execute(to_duckdb(query))

    assert [column[0] for column in cursor.description or []] == [name]
    assert cursor.fetchall() == [(text,)]


@settings(max_examples=60, deadline=None)
@given(text=mutations())
def test_nothing_in_the_database_changes(text: str) -> None:
    query = passed(text, CallerDialect.HANA)
    if query is None:
        return
    connection = database()
    with contextlib.suppress(Error, duckdb.Error):
        connection.execute(to_duckdb(query), [1] * query.parameter_count).fetchall()
    counts = connection.execute(
        'SELECT (SELECT COUNT(*) FROM "SALES"."ORDERS"), (SELECT COUNT(*) FROM "SALES"."Items")'
    ).fetchall()
    tables = connection.execute("SELECT COUNT(*) FROM duckdb_tables()").fetchall()

    assert (counts, tables) == ([(3, 3)], [(5,)])
    connection.close()


def test_queries_that_are_mutated_pass_when_they_are_whole() -> None:
    assert all(passed(query, CallerDialect.HANA) for query in QUERIES)
