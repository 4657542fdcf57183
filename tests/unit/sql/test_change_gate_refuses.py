"""What must never pass the gate for changes, and what it says instead."""

import pytest

from flight_client.protocol.errors import (
    AccessDenied,
    InvalidSql,
    RefusedSql,
    UnknownEntity,
)
from flight_server.sql.gate import MAX_NESTING, MAX_TEXT_CHARACTERS, CallerDialect
from tests.support.hana_changes import admitted_change

BOTH = list(CallerDialect)


@pytest.mark.parametrize("dialect", BOTH)
@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("GRANT SELECT ON orders TO x", "GRANT"),
        ("REVOKE SELECT ON orders FROM x", "REVOKE"),
        ("CALL p()", "CALL"),
        ("DO BEGIN DELETE FROM orders; END", "DO"),
        ("SET 'APPLICATIONUSER' = 'x'", "SET"),
        ("UNSET 'x'", "UNSET"),
        ("IMPORT FROM CSV FILE 'x' INTO orders", "IMPORT"),
        ("EXPORT orders AS CSV INTO 'x'", "EXPORT"),
        ("LOAD orders ALL", "LOAD"),
        ("UNLOAD orders", "UNLOAD"),
        ("COMMENT ON TABLE orders IS 'x'", "COMMENT"),
        ("EXPLAIN PLAN FOR DELETE FROM orders", "EXPLAIN"),
        ("LOCK TABLE orders IN EXCLUSIVE MODE", "LOCK"),
        ("PRAGMA database_list", "PRAGMA"),
        ("ATTACH 'x.db'", "ATTACH"),
        ("DETACH x", "DETACH"),
        ("COPY orders TO 'x.csv'", "COPY"),
        ("INSTALL httpfs", "INSTALL"),
        ("USE x", "USE"),
        ("VACUUM", "VACUUM"),
        ("CHECKPOINT", "CHECKPOINT"),
        ("EXECUTE IMMEDIATE 'x'", "EXECUTE"),
        ("PREPARE x AS DELETE FROM orders", "PREPARE"),
        ("CONNECT x PASSWORD y", "CONNECT"),
        ("'INSERT' INTO orders VALUES (1)", "INSERT"),
        ('"DELETE" FROM orders', "DELETE"),
    ],
)
def test_statement_that_is_no_change_is_refused_by_its_first_word(
    text: str, word: str, dialect: CallerDialect
) -> None:
    with pytest.raises(RefusedSql, match="a change is one of ALTER, CREATE, DELETE") as caught:
        admitted_change(text, dialect=dialect)

    assert caught.value.details["construct"] == word


@pytest.mark.parametrize("dialect", BOTH)
@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("SELEC 1", "SELEC"),
        ("selekt 1 FROM dummy", "SELEKT"),
        ("INSRT INTO orders VALUES (1)", "INSRT"),
        ("orders", "ORDERS"),
        ('"orders" x', "ORDERS"),
        ("1 + 1", "1"),
        (") DROP TABLE orders", r"\)"),
        ("SELEC 1; DROP TABLE orders", "SELEC"),
        ("\uff24\uff25\uff2c\uff25\uff34\uff25 FROM orders", r"\?{6}"),
    ],
)
def test_text_that_starts_as_no_statement_is_told_how_statements_start(
    text: str, word: str, dialect: CallerDialect
) -> None:
    said = f"starts with '{word}', as no statement does; write SELECT, WITH or one of ALTER, CREATE"
    with pytest.raises(InvalidSql, match=said):
        admitted_change(text, dialect=dialect)


@pytest.mark.parametrize("dialect", BOTH)
@pytest.mark.parametrize(
    "text", ["COMMIT", "rollback work", "BEGIN", "SAVEPOINT x", "START TRANSACTION", "END"]
)
def test_transaction_statement_is_refused_with_what_to_use(
    text: str, dialect: CallerDialect
) -> None:
    with pytest.raises(RefusedSql, match="use the transaction of the connection"):
        admitted_change(text, dialect=dialect)


@pytest.mark.parametrize("dialect", BOTH)
@pytest.mark.parametrize(
    "text",
    ["SELECT 1 FROM dummy", "(SELECT 1)", "WITH x AS (SELECT 1) INSERT INTO orders SELECT 1"],
)
def test_query_is_refused_as_a_change(text: str, dialect: CallerDialect) -> None:
    with pytest.raises(RefusedSql, match="is a query and changes nothing"):
        admitted_change(text, dialect=dialect)


@pytest.mark.parametrize("dialect", BOTH)
@pytest.mark.parametrize(
    "text",
    [
        "DELETE FROM orders; DROP TABLE orders",
        "INSERT INTO orders (id) VALUES (1);; SELECT 1",
        "UPDATE orders SET id = 1 /* ; */; COMMIT --",
    ],
)
def test_second_statement_is_refused(text: str, dialect: CallerDialect) -> None:
    with pytest.raises(RefusedSql, match="statements; send one"):
        admitted_change(text, dialect=dialect)


CONSTRUCTS = [
    ("INSERT INTO orders (id) VALUES (1), (2)", "several rows behind VALUES"),
    ("INSERT INTO a.b.c VALUES (1)", "a table name of three parts"),
    ("INSERT OR REPLACE INTO orders (id) VALUES (1)", "INSERT OR REPLACE"),
    ("INSERT INTO orders (id) VALUES (1) ON CONFLICT DO NOTHING", "ON CONFLICT"),
    ("INSERT INTO orders (id) SELECT id FROM orders FOR UPDATE", "FOR UPDATE"),
    ("INSERT INTO orders (id) SELECT id INTO x FROM orders", "SELECT ... INTO"),
    ("INSERT INTO orders (id) SELECT * FROM (VALUES (1)) v", "VALUES"),
    ("INSERT INTO orders (id) WITH x AS (DELETE FROM orders) SELECT 1 FROM x", "DELETE"),
    ("INSERT INTO orders (id) VALUES ((SELECT id FROM sys.tables))", "system schema"),
    ("INSERT INTO orders (id) VALUES (s.NEXTVAL)", "NEXTVAL"),
    ("INSERT INTO orders (id) VALUES (SESSION_CONTEXT('x'))", "SESSION_CONTEXT"),
    ("INSERT INTO orders (name) VALUES (CURRENT_USER)", "CURRENT_USER"),
    ("INSERT INTO orders (id) SELECT id FROM hr.orders WITH HINT(NO_USE_HEX_PLAN)", "hint"),
    ("UPSERT orders (id) VALUES (1)", "UPSERT ... VALUES without WHERE or WITH PRIMARY KEY"),
    ("UPSERT orders (id) VALUES (1), (2) WITH PRIMARY KEY", "several rows behind VALUES"),
    ("UPDATE TOP 5 orders SET id = 1", "UPDATE TOP"),
    ("UPDATE orders SET id = h.id FROM hr.orders h", "UPDATE ... FROM"),
    ("UPDATE orders SET (id, net) = (SELECT 1, 2 FROM dummy)", "SET of several columns at once"),
    ("UPDATE orders SET a.b.c.id = 1", "a column name of four parts"),
    ("DELETE FROM orders o WHERE o.id = 1", "'O' behind the table of DELETE"),
    ("DELETE FROM orders USING hr.orders", "'USING' behind the table of DELETE"),
    (
        "MERGE INTO orders o USING hr.orders h ON o.id = h.id WHEN NOT MATCHED BY SOURCE "
        "THEN DELETE",
        "WHEN NOT MATCHED BY",
    ),
    ("CREATE VIEW v AS SELECT 1 FROM dummy", "CREATE VIEW"),
    ("CREATE PROCEDURE p AS BEGIN END", "CREATE PROCEDURE"),
    ("CREATE SCHEMA s", "CREATE SCHEMA"),
    ("CREATE USER u PASSWORD x", "CREATE USER"),
    ("CREATE INDEX i ON orders (id)", "CREATE INDEX"),
    ("CREATE OR REPLACE TABLE t (a INT)", "CREATE OR REPLACE"),
    ("CREATE LOCAL TEMPORARY TABLE t (a INT)", "CREATE LOCAL TEMPORARY"),
    ("CREATE VIRTUAL TABLE t AT x", "CREATE VIRTUAL TABLE"),
    ("CREATE TABLE t LIKE orders", "CREATE TABLE ... LIKE"),
    ("CREATE TABLE IF NOT EXISTS t (a INT)", "IF NOT EXISTS"),
    ("CREATE TABLE t (a INT GENERATED ALWAYS AS IDENTITY)", "GENERATED in a table"),
    ("CREATE TABLE t (a INT COMMENT 'x')", "COMMENT in a table"),
    ("CREATE TABLE t (a INT REFERENCES orders (id))", "REFERENCES in a table"),
    ("CREATE TABLE t (a INT, FOREIGN KEY (a) REFERENCES orders (id))", "FOREIGN KEY in a table"),
    ("CREATE TABLE t (a INT, CHECK (a > 1))", "CHECK in a table"),
    ("CREATE TABLE t (a INT, CONSTRAINT c PRIMARY KEY (a))", "CONSTRAINT in a table"),
    (
        "CREATE TABLE t (a INT) PARTITION BY HASH (a) PARTITIONS 4",
        "'PARTITION BY' behind the columns of a table",
    ),
    ("ALTER TABLE orders ADD CONSTRAINT c UNIQUE (id)", "CONSTRAINT in a table"),
    ("ALTER TABLE orders DROP PRIMARY KEY", "PRIMARY KEY in a table"),
    ("ALTER TABLE orders RENAME TO x", "ALTER TABLE ... RENAME"),
    ("ALTER VIEW v AS SELECT 1 FROM dummy", "ALTER VIEW"),
    ("ALTER SYSTEM CLEAR SQL PLAN CACHE", "ALTER SYSTEM"),
    ("RENAME TABLE orders TO x", "RENAME TABLE"),
    ("DROP VIEW v", "DROP VIEW"),
    ("DROP SCHEMA s CASCADE", "DROP SCHEMA"),
    ("DROP USER u", "DROP USER"),
    ("DROP TABLE orders CASCADE", "DROP TABLE ... CASCADE"),
    ("DROP TABLE IF EXISTS orders", "IF EXISTS"),
    ("DROP", "DROP nothing"),
]


@pytest.mark.parametrize(("text", "construct"), CONSTRUCTS)
def test_construct_that_is_not_taken_is_refused_by_name(text: str, construct: str) -> None:
    with pytest.raises(RefusedSql) as caught:
        admitted_change(text)

    assert caught.value.details["construct"] == construct


@pytest.mark.parametrize(
    ("text", "construct"),
    [
        ("INSERT OR IGNORE INTO orders (id) VALUES (1)", "INSERT OR IGNORE"),
        ("INSERT INTO orders (id) VALUES (1) ON CONFLICT DO NOTHING", "ON CONFLICT"),
        ("UPDATE orders SET id = h.id FROM hr.orders h", "UPDATE ... FROM"),
        ("DELETE FROM orders USING hr.orders", "'USING' behind the table of DELETE"),
        ("CREATE TEMP TABLE t (a INTEGER)", "CREATE TEMP TABLE"),
        ("CREATE MACRO m(a) AS a", "CREATE MACRO"),
        ("CREATE SECRET s (TYPE s3)", "CREATE SECRET"),
        ("ALTER TABLE orders RENAME TO x", "RENAME of a table"),
        ("ALTER TABLE orders SET SCHEMA hr", "ALTER TABLE ... SET"),
        ("DROP MACRO m", "DROP MACRO"),
        ("INSERT INTO orders (id) VALUES (getvariable('x'))", "GETVARIABLE"),
        ("INSERT INTO orders (id) VALUES ([1, 2])", "ARRAY"),
    ],
)
def test_construct_of_duckdb_that_is_not_taken_is_refused_by_name(
    text: str, construct: str
) -> None:
    with pytest.raises(RefusedSql) as caught:
        admitted_change(text, dialect=CallerDialect.DUCKDB)

    assert caught.value.details["construct"] in (construct, "a list")


@pytest.mark.parametrize(
    "text",
    [
        "INSERT",
        "INSERT INTO orders",
        "INSERT INTO orders ()",
        "INSERT INTO orders VALUES",
        "INSERT INTO orders VALUES ()",
        "INSERT INTO orders VALUES (1",
        "INSERT INTO orders VALUES (1,)",
        "INSERT INTO orders (id,) VALUES (1)",
        "INSERT INTO orders DEFAULT VALUES",
        "INSERT INTO orders (id) VALUES (1) RETURNING id",
        "INSERT orders VALUES (1)",
        "UPSERT INTO orders VALUES (1) WITH PRIMARY KEY",
        "UPSERT orders (id) VALUES (1) WITH KEY",
        "UPSERT orders (id) VALUES (1) WHERE id = 1 WITH PRIMARY KEY",
        "UPDATE",
        "UPDATE orders",
        "UPDATE orders SET",
        "UPDATE orders SET id",
        "UPDATE orders SET id = 1,",
        "UPDATE orders SET id = 1 WHERE",
        "UPDATE orders SET id = DEFAULT",
        "DELETE",
        "DELETE orders",
        "DELETE FROM",
        "DELETE FROM orders WHERE",
        "DELETE FROM orders WHERE id = 1 LIMIT 5",
        "TRUNCATE orders",
        "TRUNCATE TABLE orders, hr.orders",
        "MERGE INTO orders USING hr.orders h",
        "MERGE INTO orders USING hr.orders h ON orders.id = h.id",
        "MERGE INTO orders USING hr.orders h ON orders.id = h.id WHEN MATCHED THEN INSERT "
        "VALUES (1)",
        "MERGE INTO orders USING hr.orders h ON orders.id = h.id WHEN NOT MATCHED THEN INSERT "
        "(id) VALUES (1) WHEN MATCHED THEN DELETE",
        "MERGE INTO orders USING hr.orders h ON orders.id = h.id WHEN MATCHED THEN DELETE "
        "WHEN MATCHED THEN DELETE",
        "CREATE TABLE",
        "CREATE TABLE t",
        "CREATE TABLE t ()",
        "CREATE TABLE t (PRIMARY KEY (a))",
        "CREATE TABLE t (a)",
        "CREATE TABLE t (a INT INT)",
        "CREATE TABLE t (a NOTYPE)",
        "CREATE TABLE t (a INT NOT NULL NOT NULL)",
        "CREATE TABLE t (a INT DEFAULT)",
        "CREATE TABLE t (a INT DEFAULT - 'x')",
        "CREATE TABLE t (a INT DEFAULT - - 1)",
        "CREATE TABLE t (a DECIMAL(1, 2, 3))",
        "CREATE TABLE t (a INT) x.y",
        "CREATE TABLE t AS",
        "CREATE TABLE t AS (SELECT id FROM orders) WITH NO",
        "CREATE TABLE t AS (SELECT id FROM orders) WITH HINT",
        "ALTER TABLE orders ADD a INT",
        "ALTER TABLE orders DROP ()",
        "RENAME COLUMN net TO x",
        "RENAME COLUMN orders.net",
        "DROP TABLE",
        "DROP TABLE orders x",
        "DROP TABLE orders, hr.orders",
        "INSERT INTO orders (\x00) VALUES (1)",
        "INSERT INTO orders (id) VALUES ('open)",
        "",
        " ; ",
    ],
)
def test_text_that_is_no_whole_statement_is_invalid_or_refused(text: str) -> None:
    with pytest.raises((InvalidSql, RefusedSql)):
        admitted_change(text)


@pytest.mark.parametrize("dialect", BOTH)
@pytest.mark.parametrize(
    "default", ["?", "(SELECT 1 FROM dummy)", "id", "1 + 1", "UPPER('x')", "- id", "NOT TRUE"]
)
def test_default_that_is_no_constant_is_refused(default: str, dialect: CallerDialect) -> None:
    with pytest.raises((InvalidSql, RefusedSql)) as caught:
        admitted_change(f"CREATE TABLE t (a INTEGER DEFAULT {default})", dialect=dialect)
    assert "a read" not in caught.value.message


@pytest.mark.parametrize("text", ["CREATE TABLE t AS (SELECT ? AS a FROM dummy)"])
def test_definition_takes_no_markers(text: str) -> None:
    with pytest.raises(InvalidSql, match=r"CREATE TABLE takes no markers"):
        admitted_change(text)


@pytest.mark.parametrize("dialect", BOTH)
def test_limits_of_reads_hold(dialect: CallerDialect) -> None:
    depth = MAX_NESTING - 2
    deep = f"DELETE FROM orders WHERE id = {'(' * depth}1{')' * depth}"
    assert admitted_change(deep, dialect=dialect)

    with pytest.raises(InvalidSql, match="nests brackets"):
        admitted_change(f"DELETE FROM orders WHERE id = {'(' * 50}1{')' * 50}", dialect=dialect)
    with pytest.raises(InvalidSql, match=str(MAX_TEXT_CHARACTERS)):
        admitted_change("DELETE FROM orders --" + "x" * MAX_TEXT_CHARACTERS, dialect=dialect)


@pytest.mark.parametrize("dialect", BOTH)
def test_sources_are_what_the_caller_may_read(dialect: CallerDialect) -> None:
    with pytest.raises(UnknownEntity):
        admitted_change("INSERT INTO orders (id) SELECT id FROM secrets", dialect=dialect)
    with pytest.raises(UnknownEntity):
        admitted_change(
            "INSERT INTO orders (id) SELECT * FROM read_csv('/etc/passwd')", dialect=dialect
        )


@pytest.mark.parametrize("dialect", BOTH)
@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO hr.orders (id) VALUES (1)",
        "UPDATE hr.orders SET id = 1",
        "DELETE FROM hr.orders",
        "TRUNCATE TABLE hr.orders",
        "CREATE TABLE hr.t (a INTEGER)",
        "DROP TABLE hr.orders",
        "MERGE INTO hr.orders o USING sales.orders s ON o.id = s.id WHEN MATCHED THEN DELETE",
        "INSERT INTO sys.users VALUES (1)",
        "INSERT INTO main.x VALUES (1)",
        'INSERT INTO "".x VALUES (1)',
    ],
)
def test_target_outside_the_writable_spaces_is_denied(text: str, dialect: CallerDialect) -> None:
    with pytest.raises((AccessDenied, RefusedSql)):
        admitted_change(text, dialect=dialect)
