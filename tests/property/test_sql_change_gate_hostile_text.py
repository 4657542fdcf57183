"""Whatever text reaches the gate for changes: a protocol error, or a change of one table."""

import contextlib
import re
from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flight_client.protocol.errors import Error, InvalidSql
from flight_server.sql.change_gate import is_query
from flight_server.sql.changes import AdmittedChange, ChangeKind
from flight_server.sql.gate import CallerDialect
from flight_server.sql.translate import to_duckdb_change
from tests.support.hana_changes import WRITABLE, admitted_change
from tests.support.hana_sql import TABLES, database

WORDS = re.findall(
    r"\S+",
    """
    INSERT INTO UPSERT REPLACE UPDATE DELETE FROM MERGE USING TRUNCATE CREATE ALTER DROP RENAME
    TABLE COLUMN ROW SET VALUES DEFAULT WHERE WITH PRIMARY KEY WHEN MATCHED NOT THEN ON AND OR
    AS SELECT ADD UNIQUE NULL IF EXISTS CASCADE RESTRICT NO DATA TO DUMMY ORDERS HR SALES
    "Items" "S#U" NOTES X ID NET NAME "Mixed" ( ) , . = * + - ? ; 1 2.5 'a' '' INTEGER NVARCHAR
    DECIMAL TYPE TOP LIMIT CONFLICT RETURNING HINT COMMIT GRANT VIEW SCHEMA SYS MAIN TEMP
    CURRENT_DATE UPPER COUNT MAX read_csv NEXTVAL IN LIKE BETWEEN UNION ALL /* */ -- "x" "" [ ]
    { } : $ \\ % => ::
    """,
)

CHANGES = [
    "INSERT INTO ORDERS ( ID , NET ) VALUES ( ? , 2.5 )",
    "INSERT INTO ORDERS ( ID ) SELECT ID FROM HR . ORDERS WHERE ID > 1",
    "INSERT INTO SALES . ORDERS ( ID , NAME ) VALUES ( DEFAULT , UPPER ( 'a' ) )",
    "UPSERT ORDERS ( ID , NET ) VALUES ( 1 , ? ) WHERE ID = 1",
    "UPSERT ORDERS ( ID ) VALUES ( 7 ) WITH PRIMARY KEY",
    "UPDATE ORDERS SET NET = NET + 1 , NAME = 'a' WHERE ID IN ( SELECT ID FROM HR . ORDERS )",
    "UPDATE ORDERS AS O SET O . NET = ( SELECT MAX ( ID ) FROM HR . ORDERS )",
    'DELETE FROM "S#U" . NOTES WHERE ID = ?',
    "DELETE FROM ORDERS",
    "MERGE INTO ORDERS O USING HR . ORDERS H ON O . ID = H . ID WHEN MATCHED THEN UPDATE SET "
    "NET = H . ID WHEN NOT MATCHED THEN INSERT ( ID ) VALUES ( H . ID )",
    "TRUNCATE TABLE ORDERS",
    "CREATE COLUMN TABLE X ( ID INTEGER NOT NULL DEFAULT 1 , NAME NVARCHAR ( 5 ) , PRIMARY KEY "
    "( ID ) )",
    "CREATE TABLE X AS ( SELECT ID FROM ORDERS ) WITH NO DATA",
    "ALTER TABLE ORDERS ADD ( X INTEGER DEFAULT 1 )",
    "ALTER TABLE ORDERS DROP ( NET )",
    "RENAME COLUMN ORDERS . NET TO X",
    "DROP TABLE ORDERS",
]

STARTS = {
    ChangeKind.INSERT: "INSERT INTO ",
    ChangeKind.UPSERT: "UPSERT ",
    ChangeKind.UPDATE: "UPDATE ",
    ChangeKind.DELETE: "DELETE FROM ",
    ChangeKind.MERGE: "MERGE INTO ",
    ChangeKind.TRUNCATE: "TRUNCATE TABLE ",
    ChangeKind.CREATE_TABLE: "CREATE ",
    ChangeKind.ALTER_TABLE: "ALTER TABLE |RENAME COLUMN ",
    ChangeKind.DROP_TABLE: "DROP TABLE ",
}

words = st.lists(st.sampled_from(WORDS), max_size=20).map(" ".join)


@st.composite
def mutations(draw: st.DrawFn) -> str:
    """A good change with a few words replaced, added or lost."""
    parts = draw(st.sampled_from(CHANGES)).split(" ")
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(parts) - 1))
        word = draw(st.sampled_from(WORDS))
        parts[place : place + draw(st.integers(0, 2))] = [word] * draw(st.integers(0, 2))
        parts = parts or ["DELETE"]
    return " ".join(parts)


verbs = st.sampled_from(["INSERT INTO", "UPDATE", "DELETE FROM", "CREATE TABLE", "MERGE INTO"])
hostile = st.one_of(
    st.text(max_size=80),
    st.builds("{} {}".format, verbs, st.text(max_size=60)),
    words,
    st.builds("{} {}".format, verbs, words),
    mutations(),
)


def passed(text: str, dialect: CallerDialect) -> AdmittedChange | None:
    """The admitted change, or None for an error of the protocol; anything else fails the test."""
    try:
        return admitted_change(text, dialect=dialect)
    except Error as error:
        said = error.message
        if len(said) > 400 or {"\n", "\x1b", "\r"} & set(said):
            pytest.fail(f"a message must be one short line: {said!r}")
        return None


@pytest.mark.parametrize("dialect", list(CallerDialect))
@settings(max_examples=300, deadline=None)
@given(text=hostile)
def test_any_text_gives_a_change_of_a_writable_table_or_an_error_of_the_protocol(
    dialect: CallerDialect, text: str
) -> None:
    change = passed(text, dialect)

    if change is not None:
        assert change.target[0] in WRITABLE
        assert change.tables <= set(TABLES)
        assert not is_query(change.sql, dialect)
        if dialect is CallerDialect.HANA:
            assert re.match(STARTS[change.kind], change.sql)


@pytest.mark.parametrize("dialect", list(CallerDialect))
@settings(max_examples=200, deadline=None)
@given(text=mutations())
def test_admitted_change_is_admitted_again_unchanged(dialect: CallerDialect, text: str) -> None:
    change = passed(text, dialect)

    if change is not None and not (dialect is CallerDialect.DUCKDB and change.parameter_count):
        again = admitted_change(change.sql, dialect=dialect)
        assert (again.sql, again.target, again.tables) == (change.sql, change.target, change.tables)


@settings(max_examples=100, deadline=None)
@given(text=hostile)
def test_whether_a_text_is_a_query_is_told_or_refused_in_words(text: str) -> None:
    with contextlib.suppress(InvalidSql):
        assert is_query(text, CallerDialect.HANA) in (True, False)


# what it does


CONTENTS = "SELECT * FROM {} ORDER BY ALL"
SHAPES = """SELECT schema_name, table_name, column_name, data_type, is_nullable, column_default
    FROM duckdb_columns() WHERE NOT internal ORDER BY ALL"""
OTHERS = """SELECT (SELECT list(schema_name ORDER BY schema_name) FROM duckdb_schemas()),
    (SELECT list(view_name ORDER BY view_name) FROM duckdb_views() WHERE NOT internal),
    (SELECT count(*) FROM duckdb_functions() WHERE NOT internal),
    (SELECT list(database_name ORDER BY database_name) FROM duckdb_databases()),
    (SELECT list(name || value ORDER BY name) FROM duckdb_settings()),
    (SELECT count(*) FROM duckdb_sequences()), (SELECT count(*) FROM duckdb_types())"""


def quoted(space: str, table: str) -> str:
    return ".".join('"' + name.replace('"', '""') + '"' for name in (space, table))


class World:
    """Everything in a database but one table."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, target: tuple[str, str]) -> None:
        shapes = connection.execute(SHAPES).fetchall()
        tables = {(shape[0], shape[1]) for shape in shapes} - {target}
        self.shapes = [shape for shape in shapes if shape[:2] != target]
        self.rows = {
            table: connection.execute(CONTENTS.format(quoted(*table))).fetchall()
            for table in tables
        }
        self.others = connection.execute(OTHERS).fetchall()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, World) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    found = database()
    found.execute('INSERT INTO "HR"."ORDERS" VALUES (1), (7)')
    yield found
    found.close()


@pytest.mark.parametrize("dialect", list(CallerDialect))
@settings(max_examples=50, deadline=None)
@given(text=mutations())
def test_nothing_but_the_target_changes(
    connection: duckdb.DuckDBPyConnection, dialect: CallerDialect, text: str
) -> None:
    change = passed(text, dialect)
    if change is None:
        return
    try:
        sql = to_duckdb_change(change)
    except Error:
        return
    before = World(connection, change.target)
    connection.execute("BEGIN")
    try:
        with contextlib.suppress(duckdb.Error):
            connection.execute(sql, [1] * change.parameter_count)
        with contextlib.suppress(duckdb.Error):  # an error may have ended the transaction
            assert World(connection, change.target) == before
    finally:
        connection.execute("ROLLBACK")


@settings(max_examples=100, deadline=None)
@given(text=mutations())
def test_translated_change_is_statements_of_its_kind(text: str) -> None:
    change = passed(text, CallerDialect.HANA)
    if change is None:
        return
    try:
        sql = to_duckdb_change(change)
    except Error:
        return
    kinds = {statement.type for statement in duckdb.extract_statements(sql)}

    expected = {
        ChangeKind.INSERT: {duckdb.StatementType.INSERT},
        ChangeKind.UPSERT: {duckdb.StatementType.INSERT, duckdb.StatementType.MERGE_INTO},
        ChangeKind.UPDATE: {duckdb.StatementType.UPDATE},
        ChangeKind.DELETE: {duckdb.StatementType.DELETE},
        ChangeKind.MERGE: {duckdb.StatementType.MERGE_INTO},
        ChangeKind.TRUNCATE: {duckdb.StatementType.DELETE},
        ChangeKind.CREATE_TABLE: {duckdb.StatementType.CREATE},
        ChangeKind.ALTER_TABLE: {duckdb.StatementType.ALTER},
        ChangeKind.DROP_TABLE: {duckdb.StatementType.DROP},
    }
    assert len(kinds) == 1
    assert kinds <= expected[change.kind]


names = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30)


@settings(max_examples=30, deadline=None)
@given(table=names, column=names, text=st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_any_name_and_any_text_come_back_from_the_database(
    table: str, column: str, text: str
) -> None:
    tables = {("SALES", table): (column,)}
    quoted_column, literal = column.replace('"', '""'), text.replace("'", "''")
    place = quoted("SALES", table)
    found = duckdb.connect()
    try:
        found.execute('CREATE SCHEMA "SALES"')
        for change in (
            f"CREATE TABLE {place} (\"{quoted_column}\" NVARCHAR(100) DEFAULT '{literal}')",
            f"INSERT INTO {place} VALUES (DEFAULT)",
            f"INSERT INTO {place} (\"{quoted_column}\") VALUES ('{literal}')",
        ):
            found.execute(to_duckdb_change(admitted_change(change, tables=tables)))
        cursor = found.execute(f"SELECT * FROM {place}")
        assert [one[0] for one in cursor.description or []] == [column]
        assert cursor.fetchall() == [(text,), (text,)]
    finally:
        found.close()


def test_changes_that_are_mutated_pass_when_they_are_whole() -> None:
    assert all(passed(change, CallerDialect.HANA) for change in CHANGES)
