"""DDL."""

import pytest

from tests.hana_emulator.engine import DuckEngine
from tests.support.hana_engine_client import Client


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("CREATE TABLE T (A INTEGER)", 288),
        ("CREATE VIEW T AS SELECT 1 AS A FROM DUMMY", 322),
        ("CREATE VIEW W AS SELECT NOSUCH FROM T", 260),
        ("CREATE VIEW W AS SELECT 1 AS A, 2 AS A FROM DUMMY", 272),
        ("CREATE VIEW W AS SELECT ? AS A FROM DUMMY", 257),
        ("CREATE TABLE U (A INTEGER, A INTEGER)", 272),
        ("CREATE TABLE U (A INTEGER, PRIMARY KEY (B))", 260),
        ("CREATE TABLE U (A NOSUCH)", 257),
        ("CREATE TABLE U ()", 257),
        ("DROP TABLE NOWHERE", 259),
        ("DROP VIEW T", 321),
        ("ALTER TABLE T ADD (A INTEGER)", 308),
        ("ALTER TABLE T DROP (A)", 350),
        ("ALTER TABLE T DROP (Z)", 260),
        ("ALTER TABLE T ALTER (B DATE)", 7),
        ("RENAME TABLE T TO T", 288),
        ("CREATE SEQUENCE S", 7),
    ],
)
def test_definition_that_cannot_be_has_its_number(client: Client, sql: str, code: int) -> None:
    client.run("CREATE TABLE T (A INTEGER PRIMARY KEY, B NVARCHAR(5))")

    assert client.code(sql) == code


def test_column_is_added_with_its_default_and_dropped(client: Client) -> None:
    client.run("CREATE TABLE T (A INTEGER)")
    client.run("INSERT INTO T VALUES (1)")

    client.run("ALTER TABLE T ADD (B NVARCHAR(5) DEFAULT 'x' NOT NULL, C INTEGER)")
    assert client.rows("SELECT * FROM T") == [(1, "x", None)]

    client.run("ALTER TABLE T DROP (A)")
    client.run("ALTER TABLE T ADD (A DATE)")
    assert client.rows("SELECT * FROM T") == [("x", None, None)]


def test_column_is_made_wider(client: Client) -> None:
    client.run("CREATE TABLE T (A INTEGER, B NVARCHAR(1))")
    client.run("ALTER TABLE T ALTER (A BIGINT, B NVARCHAR(9))")
    client.run("INSERT INTO T VALUES (3000000000, 'wide')")

    assert client.rows("SELECT * FROM T") == [(3_000_000_000, "wide")]


def test_table_and_column_are_renamed(client: Client) -> None:
    client.run("CREATE TABLE T (A INTEGER PRIMARY KEY)")
    client.run("INSERT INTO T VALUES (1)")

    client.run("RENAME TABLE T TO U")
    client.run("RENAME COLUMN U.A TO B")

    assert client.code("SELECT * FROM T") == 259
    assert client.rows("SELECT B FROM U") == [(1,)]
    assert client.outcomes("INSERT INTO U VALUES (1)") == [301]


def test_table_is_truncated(client: Client) -> None:
    client.run("CREATE TABLE T (A INTEGER)")
    client.run("INSERT INTO T VALUES (1)")
    client.run("TRUNCATE TABLE T")

    assert client.rows("SELECT * FROM T") == []


def test_table_is_made_like_another_or_of_a_query(client: Client) -> None:
    client.run("CREATE TABLE T (A INTEGER, B NVARCHAR(5))")
    client.run("INSERT INTO T VALUES (1, 'x')")

    client.run("CREATE COLUMN TABLE V AS (SELECT B, A + 1 AS C FROM T) WITH DATA")
    client.run("CREATE COLUMN TABLE W LIKE T")

    assert client.rows("SELECT * FROM V") == [("x", 2)]
    assert client.type_of("B", "V") == "NVARCHAR(5)"
    assert client.rows("SELECT * FROM W") == []


def test_comments_are_set_and_taken_away(client: Client) -> None:
    client.run("CREATE TABLE T (A INTEGER COMMENT 'a')")
    client.run("COMMENT ON TABLE T IS 'the table'")
    client.run("COMMENT ON COLUMN T.A IS NULL")

    assert client.value("SELECT COMMENTS FROM TABLES") == "the table"
    assert client.value("SELECT COMMENTS FROM TABLE_COLUMNS") is None


def test_view_over_a_dropped_table_is_invalid_until_it_is_back(client: Client) -> None:
    client.run("CREATE TABLE T (A INTEGER)")
    client.run("CREATE VIEW V AS SELECT A FROM T")
    client.run("DROP TABLE T")
    assert client.code("SELECT * FROM V") == 391

    client.run("CREATE TABLE T (A INTEGER)")
    assert client.rows("SELECT * FROM V") == []


def test_view_of_all_columns_keeps_those_that_there_were(client: Client) -> None:
    client.run("CREATE TABLE T (A INTEGER, B INTEGER)")
    client.run("CREATE VIEW V AS SELECT * FROM T")
    client.run("ALTER TABLE T ADD (C INTEGER)")

    assert [one.name for one in client.columns("SELECT * FROM V")] == ["A", "B"]


def test_view_is_replaced(client: Client) -> None:
    client.run("CREATE VIEW V AS SELECT 1 AS A FROM DUMMY")
    client.run("CREATE OR REPLACE VIEW V (B) AS SELECT 2 AS A FROM DUMMY")

    assert client.rows("SELECT B FROM V") == [(2,)]


def test_prepared_statement_follows_the_catalogue(client: Client) -> None:
    client.run("CREATE TABLE T (A INTEGER)")
    prepared = client.session.prepare("SELECT * FROM T")
    client.run("DROP TABLE T")
    client.run("CREATE TABLE T (B NVARCHAR(1))")
    client.run("INSERT INTO T VALUES ('x')")

    cursor = client.session.query(prepared, ())

    assert cursor.fetch(2) == [("x",)]
    cursor.close()


def test_schema_is_dropped_with_what_is_in_it(engine: DuckEngine) -> None:
    engine.run_script("CREATE SCHEMA S; CREATE TABLE S.T (A INTEGER)")
    client = Client(engine, "SYSTEM", 9)

    assert client.code("DROP SCHEMA S") == 419
    client.run("DROP SCHEMA S CASCADE")
    assert client.code("SELECT * FROM S.T") == 259


def test_local_temporary_table_belongs_to_its_session(engine: DuckEngine) -> None:
    one, other = Client(engine), Client(engine, number=2)
    one.run('CREATE LOCAL TEMPORARY TABLE "#x" (A INTEGER)')
    one.run('INSERT INTO "#x" VALUES (1)')

    assert one.rows('SELECT * FROM "#x"') == [(1,)]
    assert other.code('SELECT * FROM "#x"') == 259
    one.run('DROP TABLE "#x"')
    assert one.code('SELECT * FROM "#x"') == 259
