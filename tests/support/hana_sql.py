"""A small catalogue for the gate, and a DuckDB that says what a translated query means."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import duckdb

from flight_server.sql.gate import AdmittedQuery, CallerDialect, admit
from flight_server.sql.translate import to_duckdb

TABLES: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("SALES", "ORDERS"): ("ID", "NET", "PRICE", "NAME", "DAY", "MOMENT", "FLAG", "Mixed"),
    ("SALES", "Items"): ("id", "ORDER_ID", "QUANTITY"),
    ("SALES", '"; DROP TABLE x --'): ("A",),
    ("SALES", "BY_YEAR"): ("YEAR", "TOTAL"),
    ("S#U", "NOTES"): ("ID", "TEXT"),
    ("HR", "ORDERS"): ("ID",),
}
"""Entities of the catalogue and their columns; BY_YEAR takes the parameters P_YEAR and "p 2"."""


class Landscape:
    """A lookup that knows TABLES, or the tables it is given."""

    def __init__(self, tables: Mapping[tuple[str, str], tuple[str, ...]] = TABLES) -> None:
        self.tables = dict(tables)

    def spaces(self) -> tuple[str, ...]:
        return tuple(sorted({space for space, _ in self.tables}))

    def entities(self, space: str) -> tuple[str, ...]:
        return tuple(entity for owner, entity in self.tables if owner == space)

    def columns(self, space: str, entity: str) -> tuple[str, ...] | None:
        return self.tables.get((space, entity))


def admitted(
    text: str,
    *,
    values: int = 0,
    space: str | None = "SALES",
    dialect: CallerDialect = CallerDialect.HANA,
) -> AdmittedQuery:
    """What the gate makes of ``text`` in this landscape."""
    return admit(
        text, dialect=dialect, default_space=space, lookup=Landscape(), parameter_count=values
    )


def database() -> duckdb.DuckDBPyConnection:
    """The landscape as a database with a few rows, NULLs among them."""
    connection = duckdb.connect()
    connection.execute("""
        CREATE SCHEMA "SALES"; CREATE SCHEMA "HR"; CREATE SCHEMA "S#U";
        CREATE TABLE "SALES"."ORDERS" ("ID" INTEGER, "NET" DECIMAL(10, 2), "PRICE" DOUBLE,
            "NAME" VARCHAR, "DAY" DATE, "MOMENT" TIMESTAMP, "FLAG" BOOLEAN, "Mixed" VARCHAR);
        INSERT INTO "SALES"."ORDERS" VALUES
            (1, 10.50, 1.5, 'one', '2024-01-31', '2024-01-31 23:00:00', TRUE, 'a'),
            (2, 20.25, 2.5, 'two', '2024-02-29', '2024-02-29 01:02:03.456', FALSE, 'b'),
            (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
        CREATE TABLE "SALES"."Items" ("id" INTEGER, "ORDER_ID" INTEGER, "QUANTITY" INTEGER);
        INSERT INTO "SALES"."Items" VALUES (10, 1, 5), (11, 1, 6), (12, 2, 7);
        CREATE TABLE "S#U"."NOTES" ("ID" INTEGER, "TEXT" VARCHAR);
        CREATE TABLE "HR"."ORDERS" ("ID" INTEGER);
        CREATE TABLE "SALES"."\"\"; DROP TABLE x --" ("A" INTEGER);
        CREATE MACRO "SALES"."BY_YEAR"("P_YEAR", "p 2" := 1) AS TABLE
            SELECT "P_YEAR" AS "YEAR", "p 2" * 100 AS "TOTAL";
    """)
    return connection


class Answer(NamedTuple):
    """What the database said."""

    names: list[str]
    types: list[str]
    rows: list[tuple[Any, ...]]


def ask(connection: duckdb.DuckDBPyConnection, text: str, *values: object) -> Answer:
    """Admits, translates and runs a HANA query."""
    query = admitted(text, values=len(values))
    found = connection.execute(to_duckdb(query), list(values))
    described = found.description or []
    rows = found.fetchall()
    return Answer(
        [column[0] for column in described], [str(column[1]) for column in described], rows
    )


def value(connection: duckdb.DuckDBPyConnection, expression: str, *values: object) -> Any:
    """The value of one HANA expression."""
    return ask(connection, f"SELECT {expression} FROM DUMMY", *values).rows[0][0]
