"""Metadata of a running server: raw messages with every schema as promised, and ADBC's walk."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.flight as fl
import pytest
from adbc_driver_flightsql import dbapi
from google.protobuf.message import Message

from flight_server.backends.duckdb import DuckDbBackend
from flight_server.wire.flightsql import metadata
from flight_server.wire.flightsql.messages import datasphere_flight_sql_pb2 as pb
from tests.support.flight_sql_client import SqlClient, serving_sql

SCRIPT = """
CREATE SCHEMA "SALES"; CREATE SCHEMA "SALES#ETL";
CREATE TABLE "SALES"."ORDERS" (
    "REGION" VARCHAR NOT NULL, "ID" BIGINT, "NET" DECIMAL(15, 2), "AT" TIMESTAMP, "SPAN" INTERVAL,
    PRIMARY KEY ("ID", "REGION")
);
COMMENT ON COLUMN "SALES"."ORDERS"."NET" IS 'net amount';
CREATE TABLE "SALES"."LINES" (
    "ORDER_ID" BIGINT, "ORDER_REGION" VARCHAR, "SKU" VARCHAR,
    FOREIGN KEY ("ORDER_ID", "ORDER_REGION") REFERENCES "SALES"."ORDERS" ("ID", "REGION")
);
CREATE VIEW "SALES"."BIG_ORDERS" AS SELECT "ID", "NET" FROM "SALES"."ORDERS" WHERE "NET" > 100;
CREATE TABLE "SALES#ETL"."ORDERS" ("ID" BIGINT);
"""
COMMANDS = [
    *(getattr(pb, name)() for name in sorted(metadata.COMMANDS)),
    pb.CommandGetTables(include_schema=True),
    pb.CommandGetPrimaryKeys(table="ORDERS"),
    pb.CommandGetImportedKeys(table="LINES"),
]


@dataclass(frozen=True)
class Landscape:
    uri: str
    client: SqlClient

    def table(self, command: Message) -> pa.Table:
        (endpoint,) = self.client.info(command).endpoints
        return self.client.get(endpoint.ticket).read_all()


@pytest.fixture(scope="module")
def served() -> Iterator[Landscape]:
    backend = DuckDbBackend.open_database(None, read_only=False, init_script=SCRIPT)
    with (
        serving_sql(backend, writable=("SALES#ETL",)) as running,
        fl.connect(running.uri) as client,
    ):
        yield Landscape(running.uri, SqlClient(client))


@pytest.fixture(scope="module")
def adbc(served: Landscape) -> Iterator[dbapi.Connection]:
    with dbapi.connect(served.uri, autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: type(command).__name__)
def test_answer_has_the_schema_that_was_announced_and_the_specification_asks(
    served: Landscape, command: Message
) -> None:
    wanted = metadata.schema(type(command).__name__, command)
    assert served.client.info(command).schema.equals(wanted)
    assert served.client.schema(command).equals(wanted)
    assert served.table(command).schema.equals(wanted)


def test_schemas_and_tables_are_listed(served: Landscape) -> None:
    assert served.client.read(pb.CommandGetCatalogs()) == []
    assert served.client.read(pb.CommandGetDbSchemas()) == [(None, "SALES"), (None, "SALES#ETL")]
    assert served.client.read(pb.CommandGetTableTypes()) == [("TABLE",), ("VIEW",)]
    assert served.client.read(pb.CommandGetTables()) == [
        (None, "SALES", "BIG_ORDERS", "VIEW"),
        (None, "SALES", "LINES", "TABLE"),
        (None, "SALES", "ORDERS", "TABLE"),
        (None, "SALES#ETL", "ORDERS", "TABLE"),
    ]


def test_name_with_an_underscore_is_a_pattern_unless_it_is_escaped(served: Landscape) -> None:
    for pattern in ("BIG_ORDERS", r"BIG\_ORDERS", "BIG%"):
        (row,) = served.client.read(pb.CommandGetTables(table_name_filter_pattern=pattern))
        assert row[2] == "BIG_ORDERS"
    assert not served.client.read(pb.CommandGetTables(table_name_filter_pattern=r"BIG\%"))


@pytest.mark.parametrize(
    "command",
    [
        pb.CommandGetDbSchemas(db_schema_filter_pattern="NOWHERE"),
        pb.CommandGetTables(db_schema_filter_pattern="NOWHERE"),
        pb.CommandGetTables(db_schema_filter_pattern="NOWHERE", table_name_filter_pattern="ORDERS"),
        pb.CommandGetTables(catalog="memory"),
        pb.CommandGetTables(table_name_filter_pattern="%A" * 20_000),
        pb.CommandGetPrimaryKeys(db_schema="NOWHERE", table="ORDERS"),
        pb.CommandGetExportedKeys(table="NOTHING"),
    ],
    ids=lambda command: type(command).__name__,
)
def test_unknown_name_finds_nothing_and_is_no_error(served: Landscape, command: Message) -> None:
    assert served.client.read(command) == []


def test_primary_key_comes_in_its_own_order(served: Landscape) -> None:
    found = served.client.read(pb.CommandGetPrimaryKeys(db_schema="SALES", table="ORDERS"))
    assert [(row[2], row[3], row[5]) for row in found] == [
        ("ORDERS", "ID", 1),
        ("ORDERS", "REGION", 2),
    ]
    assert all(row[4] for row in found)


@pytest.mark.parametrize(
    "command",
    [
        pb.CommandGetImportedKeys(table="LINES"),
        pb.CommandGetExportedKeys(db_schema="SALES", table="ORDERS"),
        pb.CommandGetCrossReference(pk_table="ORDERS", fk_table="LINES"),
    ],
    ids=lambda command: type(command).__name__,
)
def test_foreign_key_is_found_from_both_ends(served: Landscape, command: Message) -> None:
    found = served.table(command).to_pylist()
    assert [
        (row["pk_table_name"], row["pk_column_name"], row["fk_table_name"], row["fk_column_name"])
        for row in found
    ] == [("ORDERS", "ID", "LINES", "ORDER_ID"), ("ORDERS", "REGION", "LINES", "ORDER_REGION")]
    assert [row["key_sequence"] for row in found] == [1, 2]


def test_info_of_a_server_that_writes_says_so(served: Landscape) -> None:
    found = dict(served.client.read(pb.CommandGetSqlInfo(info=[3, 8, 100, 101])))
    assert found[3] is False
    assert found[8] == 1
    assert found[100] >= 3_600_000
    assert found[101] > 0


def test_info_of_a_server_that_only_reads_says_so() -> None:
    backend = DuckDbBackend.open_database(None, read_only=False, init_script=SCRIPT)
    with serving_sql(backend, writable=()) as running, fl.connect(running.uri) as client:
        assert SqlClient(client).read(pb.CommandGetSqlInfo(info=[3])) == [(3, True)]


def _objects(adbc: dbapi.Connection, **filters: Any) -> dict[str, Any]:
    rows = adbc.adbc_get_objects(**filters).read_all().to_pylist()
    return {
        schema["db_schema_name"]: schema["db_schema_tables"]
        for row in rows
        for schema in row["catalog_db_schemas"] or ()
    }


def test_adbc_walks_from_schemas_to_columns(adbc: dbapi.Connection) -> None:
    assert set(_objects(adbc, depth="db_schemas")) == {"SALES", "SALES#ETL"}
    tables = _objects(adbc, depth="tables")["SALES"]
    assert [each["table_name"] for each in tables] == ["BIG_ORDERS", "LINES", "ORDERS"]
    (orders,) = _objects(adbc, depth="all", table_name_filter="ORDERS")["SALES"]
    assert [
        (each["column_name"], each["xdbc_type_name"], each["xdbc_data_type"])
        for each in orders["table_columns"]
    ] == [
        ("REGION", "NVARCHAR", 12),
        ("ID", "BIGINT", -5),
        ("NET", "DECIMAL", 3),
        ("AT", "TIMESTAMP", 93),
        ("SPAN", "INTERVAL", 0),
    ]
    assert {each["xdbc_scope_schema"] for each in orders["table_columns"]} == {"SALES"}


def test_adbc_gets_the_schema_of_a_table_with_a_column_that_has_no_arrow_type(
    adbc: dbapi.Connection,
) -> None:
    found = adbc.adbc_get_table_schema("ORDERS", db_schema_filter="SALES")
    assert found.types == [
        pa.utf8(), pa.int64(), pa.decimal128(15, 2), pa.timestamp("us"), pa.null()
    ]  # fmt: skip


def test_adbc_gets_the_schema_of_a_name_with_an_underscore(adbc: dbapi.Connection) -> None:
    assert adbc.adbc_get_table_schema("BIG_ORDERS", db_schema_filter="SALES").names == ["ID", "NET"]


def test_adbc_gets_table_types_and_info(adbc: dbapi.Connection) -> None:
    assert adbc.adbc_get_table_types() == ["TABLE", "VIEW"]
    info = adbc.adbc_get_info()
    assert info["vendor_name"] == "Datasphere Flight"
    assert info["vendor_version"]
    assert info["vendor_arrow_version"] == pa.__version__
