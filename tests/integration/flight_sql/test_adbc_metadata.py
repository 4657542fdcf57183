"""ADBC looks around: objects at each depth, filters and escapes, table schemas, types, info."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from adbc_driver_flightsql import dbapi
from adbc_driver_manager import AdbcStatusCode

from tests.contract.backends.shared_tables import types
from tests.support.sql_service import SqlService
from tests.support.sql_tables import READ, WRITE

Connect = Callable[..., dbapi.Connection]


@pytest.fixture
def connection(connect: Connect) -> dbapi.Connection:
    return connect()


def _schemas(connection: dbapi.Connection, **options: Any) -> dict[str, Any]:
    """Tables by the name of their schema; ADBC puts a catalogue without a name around them."""
    (catalog,) = connection.adbc_get_objects(**options).read_all().to_pylist()
    assert not catalog["catalog_name"]
    return {
        each["db_schema_name"]: each["db_schema_tables"] for each in catalog["catalog_db_schemas"]
    }


def _tables(connection: dbapi.Connection, **options: Any) -> set[str]:
    """The names of the tables of SALES that pass the filters."""
    found = _schemas(connection, depth="tables", db_schema_filter=READ, **options)
    return {each["table_name"] for each in found.get(READ) or ()}


@pytest.mark.feature("metadata: objects", client="ADBC")
def test_there_are_no_catalogs(connection: dbapi.Connection) -> None:
    assert connection.adbc_get_objects(depth="catalogs").read_all().num_rows == 0


@pytest.mark.feature("metadata: objects", client="ADBC")
def test_depth_of_schemas_lists_schemas_without_tables(connection: dbapi.Connection) -> None:
    found = _schemas(connection, depth="db_schemas")
    assert {READ, WRITE} <= set(found)
    assert found[READ] is None


@pytest.mark.feature("metadata: objects", client="ADBC")
def test_depth_of_tables_lists_tables_and_views_without_columns(
    connection: dbapi.Connection,
) -> None:
    found = _schemas(connection, depth="tables")[READ]
    assert {each["table_name"]: each["table_type"] for each in found} == {
        **dict.fromkeys(("AXB", "A_B", "BIG", "ORDERS", "P%", "TYPES"), "TABLE"),
        "SHORT_LABELS": "VIEW",
    }
    assert not any(each["table_columns"] for each in found)


@pytest.mark.feature("metadata: objects", client="ADBC")
def test_depth_of_columns_tells_names_types_and_places(connection: dbapi.Connection) -> None:
    found = _schemas(connection, depth="all", db_schema_filter=READ, table_name_filter="ORDERS")
    ((table,),) = (found[READ],)
    columns = table["table_columns"]
    assert [(each["column_name"], each["ordinal_position"]) for each in columns] == [
        ("ORDER_ID", 1), ("STATUS", 2), ("AMOUNT", 3), ("ORDERED", 4)
    ]  # fmt: skip
    assert [each["xdbc_type_name"] for each in columns] == ["BIGINT", "NVARCHAR", "DECIMAL", "DATE"]


@pytest.mark.feature("metadata: constraints", client="ADBC")
@pytest.mark.xfail(reason="ADBC 1.13 does not ask a Flight SQL server for keys", strict=True)
def test_primary_key_is_a_constraint(connection: dbapi.Connection, table: str, target: str) -> None:
    found = _schemas(connection, db_schema_filter=WRITE, table_name_filter=table)
    ((listed,),) = (found[WRITE],)
    (constraint,) = listed["table_constraints"]
    assert constraint["constraint_type"] == "PRIMARY KEY"
    assert constraint["constraint_column_names"] == ["ID"]


@pytest.mark.feature("metadata: filters", client="ADBC")
@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("ORDERS", {"ORDERS"}),
        ("orders", set()),
        ("O%S", {"ORDERS"}),
        ("A_B", {"A_B", "AXB"}),
        (r"A\_B", {"A_B"}),
        (r"P\%", {"P%"}),
        ("%B%", {"A_B", "AXB", "BIG", "SHORT_LABELS"}),
        ("", set()),
        ("(.*)+$", set()),
    ],
)
def test_table_filter_is_a_pattern_with_escapes(
    connection: dbapi.Connection, pattern: str, names: set[str]
) -> None:
    assert _tables(connection, table_name_filter=pattern) == names


@pytest.mark.feature("metadata: filters", client="ADBC")
def test_type_filter_tells_views_from_tables(connection: dbapi.Connection) -> None:
    assert _tables(connection, table_types_filter=["VIEW"]) == {"SHORT_LABELS"}
    assert "SHORT_LABELS" not in _tables(connection, table_types_filter=["TABLE"])
    assert _tables(connection, table_types_filter=["SOMETHING"]) == set()


@pytest.mark.feature("metadata: filters", client="ADBC")
def test_schema_filter_is_a_pattern(connection: dbapi.Connection) -> None:
    assert set(_schemas(connection, depth="db_schemas", db_schema_filter="S%S")) == {READ}


@pytest.mark.feature("metadata: filters", client="ADBC")
def test_catalog_filter_finds_nothing_but_the_nameless_one(connection: dbapi.Connection) -> None:
    rows = connection.adbc_get_objects(catalog_filter="OTHER").read_all().to_pylist()
    assert not any(row["catalog_db_schemas"] for row in rows)


@pytest.mark.feature("metadata: filters", client="ADBC")
def test_column_filter_is_a_pattern(connection: dbapi.Connection) -> None:
    found = _schemas(
        connection,
        db_schema_filter=READ,
        table_name_filter="ORDERS",
        column_name_filter="ORDER%",
    )
    ((table,),) = (found[READ],)
    assert [each["column_name"] for each in table["table_columns"]] == ["ORDER_ID", "ORDERED"]


@pytest.mark.feature("metadata: table schema", client="ADBC")
def test_schema_of_a_table_has_each_type(connection: dbapi.Connection) -> None:
    schema = connection.adbc_get_table_schema("TYPES", db_schema_filter=READ)
    assert (schema.names, schema.types) == (types().schema.names, types().schema.types)


@pytest.mark.feature("metadata: table schema", client="ADBC")
def test_fields_of_a_table_schema_carry_their_sql_type(connection: dbapi.Connection) -> None:
    field = connection.adbc_get_table_schema("ORDERS", db_schema_filter=READ).field("AMOUNT")
    assert field.metadata[b"ARROW:FLIGHT:SQL:TYPE_NAME"] == b"DECIMAL"
    assert field.metadata[b"ARROW:FLIGHT:SQL:PRECISION"] == b"15"
    assert field.metadata[b"ARROW:FLIGHT:SQL:SCALE"] == b"2"


@pytest.mark.feature("metadata: table schema", client="ADBC")
def test_schema_of_a_missing_table_is_not_found(connection: dbapi.Connection) -> None:
    with pytest.raises(dbapi.Error) as caught:
        connection.adbc_get_table_schema("NOTHING", db_schema_filter=READ)
    assert caught.value.status_code is AdbcStatusCode.NOT_FOUND


@pytest.mark.feature("metadata: table schema", client="ADBC")
def test_new_table_is_seen_at_once(connection: dbapi.Connection, table: str, target: str) -> None:
    schema = connection.adbc_get_table_schema(table, db_schema_filter=WRITE)
    assert schema.names == ["ID", "NAME"]


@pytest.mark.feature("metadata: table types", client="ADBC")
def test_table_types_are_tables_and_views(connection: dbapi.Connection) -> None:
    assert sorted(connection.adbc_get_table_types()) == ["TABLE", "VIEW"]


@pytest.mark.feature("metadata: info", client="ADBC")
def test_info_names_vendor_and_driver(connection: dbapi.Connection) -> None:
    info = connection.adbc_get_info()
    assert info["vendor_name"]
    assert info["vendor_version"]
    assert "Flight SQL" in info["driver_name"]


def test_statistics_are_not_supported_and_say_so(connection: dbapi.Connection) -> None:
    with pytest.raises(dbapi.NotSupportedError):
        connection.adbc_get_statistics()


@pytest.mark.feature("metadata: objects", client="ADBC")
def test_looking_around_reads_no_rows(connection: dbapi.Connection, service: SqlService) -> None:
    started = service.counts.started
    table = connection.adbc_get_objects().read_all()
    assert isinstance(table, pa.Table)
    assert service.counts.started == started
