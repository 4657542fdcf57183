"""Statements that make, drop and fill tables: exact text, refused by name, taken by databases."""

import duckdb
import pytest

from flight_client.protocol.catalog import Column, HanaType
from flight_client.protocol.errors import InvalidRead, InvalidRequest, UnsupportedType
from flight_server.sql.tables import (
    drop_table,
    duckdb_create_table,
    duckdb_insert_from,
    hana_create_table,
    hana_insert,
)
from tests.hana_emulator.engine import DuckEngine
from tests.support.hana_engine_client import SPACE, USER, Client

COLUMNS = (
    Column("ID", HanaType("INTEGER"), nullable=False, key=True),
    Column("YEAR", HanaType("SMALLINT"), key=True),
    Column("Mixed Case", HanaType("NVARCHAR", 10), nullable=False, comment="it's a name"),
    Column("AMOUNT", HanaType("DECIMAL", 15, 2)),
)


def one(name: str, length: int | None = None, scale: int | None = None) -> list[Column]:
    return [Column("C", HanaType(name, length, scale))]


def test_table_for_hana_has_lengths_keys_and_comments() -> None:
    assert hana_create_table("S#U", "T", COLUMNS).text == (
        'CREATE COLUMN TABLE "S#U"."T" ("ID" INTEGER NOT NULL, "YEAR" SMALLINT NOT NULL, '
        """"Mixed Case" NVARCHAR(10) NOT NULL COMMENT 'it''s a name', "AMOUNT" DECIMAL(15, 2), """
        'PRIMARY KEY ("ID", "YEAR"))'
    )


def test_table_for_duckdb_has_its_own_types_and_no_comments() -> None:
    assert duckdb_create_table("S", "T", COLUMNS).text == (
        'CREATE TABLE "S"."T" ("ID" INTEGER NOT NULL, "YEAR" SMALLINT NOT NULL, '
        '"Mixed Case" VARCHAR NOT NULL, "AMOUNT" DECIMAL(15, 2), PRIMARY KEY ("ID", "YEAR"))'
    )


@pytest.mark.parametrize(
    ("declared", "written"),
    [
        (one("NVARCHAR"), "NVARCHAR(5000)"),  # without a length HANA makes NVARCHAR(1)
        (one("NVARCHAR", 36), "NVARCHAR(36)"),
        (one("NVARCHAR", 5001), "NCLOB"),
        (one("VARCHAR", 3), "NVARCHAR(3)"),
        (one("CHAR", 3), "NVARCHAR(3)"),
        (one("VARBINARY"), "VARBINARY(5000)"),
        (one("BINARY", 16), "VARBINARY(16)"),
        (one("VARBINARY", 5001), "BLOB"),
        (one("DECIMAL", 38, 38), "DECIMAL(38, 38)"),
        (one("DECIMAL"), "DECIMAL"),
        (one("DECIMAL", 34), "DECIMAL"),
        (one("SMALLDECIMAL", 16), "SMALLDECIMAL"),
        (one("CLOB"), "NCLOB"),
        (one("TEXT"), "NCLOB"),
        (one("BLOB"), "BLOB"),
        (one("REAL_VECTOR", 3), "REAL_VECTOR(3)"),
        (one("REAL_VECTOR", 0), "REAL_VECTOR"),
        (one("TIMESTAMP"), "TIMESTAMP"),
        (one("TINYINT"), "TINYINT"),
    ],
    ids=lambda value: str(value[0].type) if isinstance(value, list) else None,
)
def test_type_of_a_column_in_hana(declared: list[Column], written: str) -> None:
    assert hana_create_table("S", "T", declared).text == (
        f'CREATE COLUMN TABLE "S"."T" ("C" {written})'
    )


@pytest.mark.parametrize(
    "declared",
    [one("ST_GEOMETRY"), one("INTERVAL"), one("DECIMAL", 39, 2), one("DECIMAL", 5, 6)],
    ids=lambda columns: str(columns[0].type),
)
def test_type_that_no_hana_column_has_is_refused_by_name(declared: list[Column]) -> None:
    with pytest.raises(UnsupportedType, match="Column 'C'") as caught:
        hana_create_table("S", "T", declared)

    assert caught.value.details["column"] == "C"


def test_type_that_no_duckdb_column_has_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedType, match="ST_GEOMETRY"):
        duckdb_create_table("S", "T", one("ST_GEOMETRY"))


@pytest.mark.parametrize("create", [hana_create_table, duckdb_create_table])
def test_table_without_columns_is_refused(create: object) -> None:
    assert callable(create)
    with pytest.raises(InvalidRequest, match="one column"):
        create("S", "T", [])


@pytest.mark.parametrize("create", [hana_create_table, duckdb_create_table])
def test_table_with_a_column_twice_is_refused(create: object) -> None:
    assert callable(create)
    with pytest.raises(InvalidRequest, match="twice"):
        create("S", "T", one("INTEGER") * 2)


def test_name_that_sql_cannot_hold_is_refused() -> None:
    with pytest.raises(InvalidRead):
        hana_create_table("S", "T\0", one("INTEGER"))


def test_names_are_quoted_everywhere() -> None:
    evil = '"; DROP TABLE x --'
    quoted = '"""; DROP TABLE x --"'

    assert drop_table(evil, evil).text == f"DROP TABLE {quoted}.{quoted}"
    assert hana_insert(evil, evil, [evil]).text == (
        f"INSERT INTO {quoted}.{quoted} ({quoted}) VALUES (?)"
    )


def test_insert_for_hana_has_a_marker_for_each_column() -> None:
    insert = hana_insert("S", "T", ["A", "B", "C"])

    assert insert.text == 'INSERT INTO "S"."T" ("A", "B", "C") VALUES (?, ?, ?)'
    assert insert.values == ()


def test_insert_for_duckdb_takes_columns_by_name_from_a_source() -> None:
    insert = duckdb_insert_from("S", "T", COLUMNS[2:], "the rows")

    assert insert.text == (
        'INSERT INTO "S"."T" ("Mixed Case", "AMOUNT") SELECT CAST(s."Mixed Case" AS VARCHAR), '
        'CAST(s."AMOUNT" AS DECIMAL(15, 2)) FROM "the rows" AS s'
    )


def test_duckdb_takes_these_statements() -> None:
    with duckdb.connect() as connection:
        connection.execute('CREATE SCHEMA "S"')
        connection.execute('CREATE TABLE "rows" AS SELECT \'a\' AS "Mixed Case", 1 AS "ID"')
        connection.execute(duckdb_create_table("S", "T", COLUMNS[:1] + COLUMNS[2:]).text)
        connection.execute(duckdb_insert_from("S", "T", (COLUMNS[2], COLUMNS[0]), "rows").text)

        assert connection.execute('SELECT * FROM "S"."T"').fetchall() == [(1, "a", None)]
        connection.execute(drop_table("S", "T").text)


def test_emulated_hana_takes_these_statements() -> None:
    engine = DuckEngine()
    engine.add_space(SPACE)
    engine.add_user(USER, "Sesame-open-1")
    engine.run_script(f'GRANT ALL PRIVILEGES ON SCHEMA "{SPACE}" TO "{USER}"')
    client = Client(engine)
    client.run(hana_create_table(SPACE, "T", COLUMNS).text)
    client.run(hana_insert(SPACE, "T", ["ID", "YEAR", "Mixed Case"]).text, 1, 2024, "a")

    assert client.rows(f'SELECT * FROM "{SPACE}"."T"') == [(1, 2024, "a", None)]
    client.run(drop_table(SPACE, "T").text)
    engine.close()
