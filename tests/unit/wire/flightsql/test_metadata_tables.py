"""Schemas, tables and their columns as GetDbSchemas and GetTables answer."""

import logging
import time
from typing import Any

import pyarrow as pa
import pytest

from flight_client.protocol.catalog import Column, Entity, HanaType
from flight_client.protocol.errors import Unavailable
from flight_client.protocol.schemas import to_field
from flight_server.service.discovery import Discovery
from flight_server.wire.flightsql import metadata
from flight_server.wire.flightsql.messages import datasphere_flight_sql_pb2 as pb
from flight_server.wire.flightsql.metadata.selection import ONE_BY_ONE
from tests.support.flight_sql_facts import facts
from tests.support.orders import ORDERS, REVENUE, SHAPES, STRANGE, TEXTUAL
from tests.support.scripted import ScriptedBackend

FACTS = facts(writable=frozenset({"GEO"}))
LANDSCAPE = (ORDERS, REVENUE, TEXTUAL, STRANGE, SHAPES)
PREFIX = b"ARROW:FLIGHT:SQL:"


class AskedBackend(ScriptedBackend):
    """Remembers what the catalogue was asked."""

    def __init__(self, *found: Entity) -> None:
        super().__init__(found=found)
        self.asked: list[tuple[object, ...]] = []

    def spaces(self) -> Any:
        self.asked.append(("spaces",))
        return super().spaces()

    def entities(self, space: str | None) -> Any:
        self.asked.append(("entities", space))
        return super().entities(space)

    def entity_names(self, space: str | None) -> Any:
        self.asked.append(("names", space))
        return sorted({each.name for each in self.found if space in (None, each.space)})

    def find(self, name: str) -> Any:
        self.asked.append(("find", name))
        return sorted(
            (each for each in self.found if each.name == name), key=lambda each: each.space
        )

    def entity(self, space: str, name: str) -> Entity | None:
        self.asked.append(("entity", space, name))
        return super().entity(space, name)


def answer(command: Any, backend: Any = None) -> pa.Table:
    discovery = Discovery(backend or ScriptedBackend(found=LANDSCAPE))
    found = metadata.answer(type(command).__name__, command, discovery, FACTS)
    found.validate(full=True)
    assert found.schema.equals(metadata.schema(type(command).__name__, command))
    return found


def listed(backend: Any = None, **filters: Any) -> list[str]:
    return answer(pb.CommandGetTables(**filters), backend).column("table_name").to_pylist()


def schemas_of(command: pb.CommandGetTables, backend: Any = None) -> dict[str, pa.Schema]:
    return {
        row["table_name"]: pa.ipc.read_schema(pa.py_buffer(row["table_schema"]))
        for row in answer(command, backend).to_pylist()
    }


def facts_of(field: "pa.Field[Any]") -> dict[str, str]:
    return {
        key.removeprefix(PREFIX).decode(): value.decode()
        for key, value in field.metadata.items()
        if key.startswith(PREFIX)
    }


def test_there_is_no_catalogue() -> None:
    assert answer(pb.CommandGetCatalogs()).num_rows == 0


def test_schemas_are_the_spaces_in_order_without_catalogue() -> None:
    assert answer(pb.CommandGetDbSchemas()).to_pylist() == [
        {"catalog_name": None, "db_schema_name": name} for name in ("GEO", "SALES", "SALES#ETL")
    ]


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"catalog": ""}, ["GEO", "SALES", "SALES#ETL"]),
        ({"catalog": "SALES"}, []),
        ({"db_schema_filter_pattern": "SALES"}, ["SALES"]),
        ({"db_schema_filter_pattern": "SALES%"}, ["SALES", "SALES#ETL"]),
        ({"db_schema_filter_pattern": "sales"}, []),
        ({"db_schema_filter_pattern": ""}, []),
        ({"db_schema_filter_pattern": "NOWHERE"}, []),
    ],
)
def test_schemas_are_filtered(filters: dict[str, str], names: list[str]) -> None:
    found = answer(pb.CommandGetDbSchemas(**filters))
    assert found.column("db_schema_name").to_pylist() == names


def test_table_types_are_those_of_entities() -> None:
    assert answer(pb.CommandGetTableTypes()).column("table_type").to_pylist() == ["TABLE", "VIEW"]


def test_tables_are_listed_by_schema_and_name() -> None:
    assert answer(pb.CommandGetTables()).to_pylist() == [
        {
            "catalog_name": None,
            "db_schema_name": each.space,
            "table_name": each.name,
            "table_type": each.kind.upper(),
        }
        for each in sorted(LANDSCAPE, key=lambda each: (each.space, each.name))
    ]


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"catalog": "HXE"}, []),
        ({"catalog": "", "db_schema_filter_pattern": "GEO"}, ["SHAPES"]),
        ({"db_schema_filter_pattern": "S%ETL"}, [STRANGE.name]),
        ({"db_schema_filter_pattern": "NOWHERE"}, []),
        ({"db_schema_filter_pattern": "NOWHERE", "table_name_filter_pattern": "ORDERS"}, []),
        ({"table_name_filter_pattern": "ORDERS"}, ["ORDERS"]),
        ({"table_name_filter_pattern": "_RDERS"}, ["ORDERS"]),
        ({"table_name_filter_pattern": r"\_RDERS"}, []),
        ({"table_name_filter_pattern": "%E%S"}, ["SHAPES", "CHANGES", "ORDERS"]),
        ({"table_name_filter_pattern": ""}, []),
        ({"table_name_filter_pattern": "orders"}, []),
        ({"table_types": ["VIEW"]}, [REVENUE.name]),
        ({"table_types": ["TABLE", "VIEW"], "table_name_filter_pattern": "ORD%"}, ["ORDERS"]),
        ({"table_types": ["SYSTEM TABLE"]}, []),
        ({"table_types": ["SYSTEM TABLE", "TABLE"], "db_schema_filter_pattern": "GEO"}, ["SHAPES"]),
    ],
)
def test_tables_are_filtered(filters: dict[str, Any], names: list[str]) -> None:
    assert listed(**filters) == names


@pytest.mark.parametrize(
    ("filters", "asked"),
    [
        ({}, [("entities", None)]),
        ({"catalog": "HXE"}, []),
        ({"table_types": ["SYSTEM TABLE"]}, []),
        ({"table_name_filter_pattern": ""}, []),
        ({"db_schema_filter_pattern": "SALES"}, [("entities", "SALES")]),
        ({"db_schema_filter_pattern": "SA%"}, [("entities", None)]),
        ({"table_name_filter_pattern": "%"}, [("entities", None)]),
        ({"table_name_filter_pattern": "ORDERS"}, [("find", "ORDERS")]),
        (
            {"db_schema_filter_pattern": "SALES", "table_name_filter_pattern": "ORDERS"},
            [("entity", "SALES", "ORDERS")],
        ),
        (
            {"db_schema_filter_pattern": "SALES", "table_name_filter_pattern": "ORDER_"},
            [("names", "SALES"), ("entity", "SALES", "ORDERS")],
        ),
        (
            {"table_name_filter_pattern": "ORDER_", "db_schema_filter_pattern": "SAL_S"},
            [("names", None), ("find", "ORDERS")],
        ),
    ],
)
def test_catalogue_is_asked_for_as_little_as_possible(
    filters: dict[str, Any], asked: list[tuple[object, ...]]
) -> None:
    backend = AskedBackend(*LANDSCAPE)
    listed(backend, **filters, include_schema=True)
    assert backend.asked == asked


def test_pattern_of_many_names_asks_for_all_at_once() -> None:
    many = [
        Entity(space="S", name=f"T_{number:02}", kind="table", columns=())
        for number in range(ONE_BY_ONE + 1)
    ]
    backend = AskedBackend(*many)
    assert len(listed(backend, table_name_filter_pattern="T_%")) == len(many)
    assert backend.asked == [("names", None), ("entities", None)]


def test_space_that_cannot_be_asked_is_an_error_where_it_is_named() -> None:
    class Silent(ScriptedBackend):
        def entities(self, space: str | None) -> Any:
            raise Unavailable("The space cannot be asked; try again.")

    with pytest.raises(Unavailable):
        listed(Silent(), db_schema_filter_pattern="SALES")


def test_schema_of_a_table_has_its_columns_in_order() -> None:
    found = schemas_of(pb.CommandGetTables(include_schema=True))
    assert found["ORDERS"].names == [column.name for column in ORDERS.columns]
    assert found["ORDERS"].field("NET").type == pa.decimal128(15, 2)


def test_column_tells_jdbc_and_odbc_what_they_ask() -> None:
    entity = Entity(
        space="GEO",
        name="T",
        kind="table",
        columns=(Column("NET", HanaType("DECIMAL", 15, 2), nullable=False, comment="net"),),
    )
    backend = ScriptedBackend(found=(entity,))
    field = schemas_of(pb.CommandGetTables(include_schema=True), backend)["T"].field("NET")
    assert not field.nullable
    assert field.metadata[b"hana.type"] == b"DECIMAL"
    assert facts_of(field) == {
        "DB_SCHEMA_NAME": "GEO",
        "SCHEMA_NAME": "GEO",
        "TABLE_NAME": "T",
        "TYPE_NAME": "DECIMAL",
        "PRECISION": "15",
        "SCALE": "2",
        "IS_CASE_SENSITIVE": "0",
        "IS_READ_ONLY": "0",
        "IS_SEARCHABLE": "1",
        "REMARKS": "net",
    }


@pytest.mark.parametrize(
    ("name", "precision", "scale", "searchable", "case_sensitive"),
    [
        ("REGION", "10", None, "1", "1"),
        ("ORDER_ID", "19", "0", "1", "0"),
        ("LINES", "3", "0", "1", "0"),
        ("RATE", None, None, "1", "0"),
        ("WEIGHT", "15", None, "1", "0"),
        ("SCORE", "7", None, "1", "0"),
        ("PAID", "1", None, "1", "0"),
        ("ORDERED_ON", "10", None, "1", "0"),
        ("PICKUP", "8", "0", "1", "0"),
        ("CHANGED_AT", "27", "7", "1", "0"),
        ("SHIPPED_AT", "19", "0", "1", "0"),
        ("GUID", "16", None, "1", "0"),
        ("NOTE", "2147483647", None, "1", "1"),
        ("SCAN", "2147483647", None, "0", "0"),
        ("EMBEDDING", "3", None, "0", "0"),
    ],
)
def test_column_tells_its_size(
    name: str, precision: str | None, scale: str | None, searchable: str, case_sensitive: str
) -> None:
    field = schemas_of(pb.CommandGetTables(include_schema=True))["ORDERS"].field(name)
    found = facts_of(field)
    assert (found.get("PRECISION"), found.get("SCALE")) == (precision, scale)
    assert (found["IS_SEARCHABLE"], found["IS_CASE_SENSITIVE"]) == (searchable, case_sensitive)


@pytest.mark.parametrize(
    ("table", "read_only"), [("ORDERS", "1"), ("SHAPES", "0"), (REVENUE.name, "1")]
)
def test_column_is_read_only_where_nobody_may_write(table: str, read_only: str) -> None:
    found = schemas_of(pb.CommandGetTables(include_schema=True))
    assert facts_of(found[table].field(0))["IS_READ_ONLY"] == read_only


def test_column_without_arrow_type_is_listed_as_null_with_its_type_name(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        found = schemas_of(pb.CommandGetTables(include_schema=True))
    shape = found["SHAPES"].field("SHAPE")
    assert shape.type == pa.null()
    assert facts_of(shape)["TYPE_NAME"] == "ST_GEOMETRY"
    assert "GEO.SHAPES.SHAPE: ST_GEOMETRY" in caplog.text


def test_column_that_is_read_as_another_type_has_that_type_and_its_own_name() -> None:
    field = schemas_of(pb.CommandGetTables(include_schema=True))["CHANGES"].field("CHANGED_AT")
    assert field.type == pa.utf8()
    assert facts_of(field)["TYPE_NAME"] == "TIMESTAMP"


def test_comment_of_an_entity_is_in_its_schema() -> None:
    entity = Entity(space="S", name="T", kind="view", columns=(), comment="all of it")
    backend = ScriptedBackend(found=(entity,))
    found = schemas_of(pb.CommandGetTables(include_schema=True), backend)["T"]
    assert found.metadata == {b"hana.comment": b"all of it"}


def test_many_wide_tables_are_answered_soon_in_batches_that_a_message_holds() -> None:
    columns = tuple(
        Column(f"COLUMN_{number}", HanaType("DECIMAL", 15, 2), comment="what it is")
        for number in range(30)
    )
    many = tuple(
        Entity(space="S", name=f"T{number}", kind="view", columns=columns) for number in range(200)
    )
    backend = AskedBackend(*many)
    begin = time.process_time()
    found = answer(pb.CommandGetTables(include_schema=True), backend)
    spent_s = time.process_time() - begin
    assert found.num_rows == 200
    assert backend.asked == [("entities", None)]
    assert max(batch.nbytes for batch in found.to_batches()) < 3 * 1024 * 1024
    assert spent_s < 1  # a tenth of what may take two seconds, and room for a busy machine


def test_schema_of_a_result_tells_of_declared_columns_what_a_table_does_but_no_remarks() -> None:
    column = Column("NET", HanaType("DECIMAL", 15, 2), comment="Net amount")
    found = pa.schema([to_field(column), ("KEY", pa.int32())], metadata={"a": "b"})

    told = metadata.result_schema(found)

    assert told.equals(found)
    assert told.metadata == found.metadata
    assert told.field("KEY").metadata is None
    facts_of_net = told.field("NET").metadata
    assert found.field("NET").metadata.items() <= facts_of_net.items()
    assert facts_of_net[PREFIX + b"PRECISION"] == b"15"
    assert facts_of_net[PREFIX + b"SCALE"] == b"2"
    assert PREFIX + b"REMARKS" not in facts_of_net
