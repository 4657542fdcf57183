"""DatabaseMetaData of the JDBC driver, walked completely."""

from typing import Any

import pytest

from tests.jdbc.calls import Jdbc
from tests.support.sql_tables import READ, TYPE_NAMES, WRITE, all_tables

pytestmark = [pytest.mark.jdbc, pytest.mark.timeout(180)]

NO_COLUMNS = (
    "The driver takes the columns of a metadata result from its first row, and has none without."
)
NO_TYPE_INFO = "The driver never asks for type info; its own list is empty."
TABLES = {*all_tables(), "SHORT_LABELS"}


def told(answer: dict[str, Any], *wanted: str) -> list[tuple[str | None, ...]]:
    """Some columns of a metadata result."""
    labels = [column["label"] for column in answer["columns"]]
    at = [labels.index(name) for name in wanted]
    return [tuple(row[place] for place in at) for row in answer["rows"]]


def tables(jdbc: Jdbc, connection: str, schema: str | None, name: str | None) -> set[str | None]:
    answer = jdbc.call("metadata", connection, "getTables", None, schema, name, None)
    return {found for (found,) in told(answer, "TABLE_NAME")} if answer["rows"] else set()


@pytest.mark.feature("metadata: info", client="JDBC")
def test_every_method_without_arguments_is_answered(jdbc: Jdbc, connection: str) -> None:
    answers = jdbc.call("walk", connection)["answers"]

    failed = {name: each["error"] for name, each in answers.items() if "error" in each}
    assert len(answers) > 130
    assert failed == {}


@pytest.mark.parametrize(
    ("method", "value"),
    [
        ("getDatabaseProductName", "Datasphere Flight"),
        ("getIdentifierQuoteString", '"'),
        ("getCatalogTerm", ""),
        ("getSchemaTerm", "space"),
        ("isReadOnly", "false"),
        ("supportsTransactions", "true"),
        ("getDefaultTransactionIsolation", "2"),  # Connection.TRANSACTION_READ_COMMITTED
        ("supportsOuterJoins", "true"),
        ("supportsGroupBy", "true"),
    ],
)
def test_method_tells_what_the_database_can(
    jdbc: Jdbc, connection: str, method: str, value: str
) -> None:
    assert jdbc.call("metadata", connection, method)["value"] == value


@pytest.mark.feature("metadata: objects", client="JDBC")
def test_there_are_no_catalogs(jdbc: Jdbc, connection: str) -> None:
    assert jdbc.call("metadata", connection, "getCatalogs")["rows"] == []


@pytest.mark.feature("metadata: filters", client="JDBC")
@pytest.mark.parametrize(
    ("pattern", "schemas"),
    [(None, {READ, WRITE}), ("SAL%", {READ}), ("_AB", {WRITE}), ("sales", set()), ("NO", set())],
)
def test_schemas_are_found_by_a_pattern(
    jdbc: Jdbc, connection: str, pattern: str | None, schemas: set[str]
) -> None:
    answer = jdbc.call("metadata", connection, "getSchemas", None, pattern)

    found = set(told(answer, "TABLE_SCHEM", "TABLE_CATALOG")) if answer["rows"] else set()
    wanted = {(name, None) for name in schemas}
    assert wanted <= found if pattern is None else found == wanted


@pytest.mark.feature("metadata: filters", client="JDBC")
@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        (None, TABLES),
        ("%", TABLES),
        ("ORD%", {"ORDERS"}),
        ("A_B", {"A_B", "AXB"}),
        ("A\\_B", {"A_B"}),
        ("P\\%", {"P%"}),
        ("", set()),
        ("orders", set()),
    ],
)
def test_tables_are_found_by_a_pattern(
    jdbc: Jdbc, connection: str, pattern: str | None, names: set[str]
) -> None:
    assert tables(jdbc, connection, READ, pattern) == names


@pytest.mark.feature("metadata: table types", client="JDBC")
def test_tables_of_a_kind_are_found(jdbc: Jdbc, connection: str) -> None:
    kinds = jdbc.call("metadata", connection, "getTableTypes")
    views = jdbc.call("metadata", connection, "getTables", None, READ, None, "VIEW")

    assert {kind for (kind,) in told(kinds, "TABLE_TYPE")} == {"TABLE", "VIEW"}
    assert told(views, "TABLE_SCHEM", "TABLE_NAME", "TABLE_TYPE") == [
        (READ, "SHORT_LABELS", "VIEW")
    ]


def test_tables_of_a_catalog_that_is_not_there_are_none(jdbc: Jdbc, connection: str) -> None:
    answer = jdbc.call("metadata", connection, "getTables", "NOWHERE", None, None, None)

    assert answer["rows"] == []


@pytest.mark.feature("metadata: objects", client="JDBC")
def test_columns_of_every_type_are_told(jdbc: Jdbc, connection: str) -> None:
    answer = jdbc.call("metadata", connection, "getColumns", None, READ, "TYPES", None)

    rows = told(answer, "TABLE_SCHEM", "TABLE_NAME", "COLUMN_NAME", "ORDINAL_POSITION")
    assert rows == [
        (READ, "TYPES", name, str(place)) for place, name in enumerate(("ROW", *TYPE_NAMES), 1)
    ]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("TINYINT", ("-6", "TINYINT")),
        ("BIGINT", ("-5", "BIGINT")),
        ("DECIMAL(15,2)", ("3", "DECIMAL", "15", "2")),
        ("DECIMAL(38,38)", ("3", "DECIMAL", "38", "38")),
        ("DOUBLE", ("8", "DOUBLE")),
        ("NVARCHAR", ("12", "NVARCHAR")),
        ("VARBINARY", ("-3", "VARBINARY")),
        ("DATE", ("91", "DATE")),
        ("TIME", ("92", "TIME")),
        ("SECONDDATE", ("93", "SECONDDATE")),
        ("TIMESTAMP", ("93", "TIMESTAMP")),
    ],
)
def test_column_has_the_type_of_hana_and_that_of_jdbc(
    jdbc: Jdbc, connection: str, name: str, wanted: tuple[str, ...]
) -> None:
    """The number of ``java.sql.Types``, HANA's name; of a decimal, precision and scale too."""
    answer = jdbc.call("metadata", connection, "getColumns", None, READ, "TYPES", name)

    (found,) = told(answer, "DATA_TYPE", "TYPE_NAME", "COLUMN_SIZE", "DECIMAL_DIGITS")
    assert found[: len(wanted)] == wanted


@pytest.mark.feature("metadata: constraints", client="JDBC")
def test_primary_key_of_a_table_is_told(jdbc: Jdbc, connection: str, table: str) -> None:
    jdbc.call(
        "execute", connection, f"CREATE TABLE {table} (A INTEGER, B DATE, PRIMARY KEY (A, B))"
    )

    name = table.removeprefix(f"{WRITE}.")
    answer = jdbc.call("metadata", connection, "getPrimaryKeys", None, WRITE, name)

    assert told(answer, "TABLE_SCHEM", "TABLE_NAME", "COLUMN_NAME", "KEY_SEQ") == [
        (WRITE, name, "A", "1"),
        (WRITE, name, "B", "2"),
    ]


@pytest.mark.feature("metadata: constraints", client="JDBC")
@pytest.mark.parametrize("method", ["getImportedKeys", "getExportedKeys"])
def test_there_are_no_foreign_keys(jdbc: Jdbc, connection: str, method: str) -> None:
    answer = jdbc.call("metadata", connection, method, None, READ, "ORDERS")

    assert answer["rows"] == []


@pytest.mark.feature("metadata: constraints", client="JDBC")
def test_there_is_no_cross_reference(jdbc: Jdbc, connection: str) -> None:
    answer = jdbc.call(
        "metadata", connection, "getCrossReference", None, READ, "ORDERS", None, READ, "BIG"
    )

    assert answer["rows"] == []


@pytest.mark.feature("metadata: columns of no rows", client="JDBC")
@pytest.mark.xfail(reason=NO_COLUMNS, raises=AssertionError, strict=True)
def test_metadata_without_a_row_has_its_columns(jdbc: Jdbc, connection: str) -> None:
    answer = jdbc.call("metadata", connection, "getTables", None, "NOWHERE", None, None)

    assert "TABLE_NAME" in [column["label"] for column in answer["columns"]]


@pytest.mark.feature("metadata: type info", client="JDBC")
@pytest.mark.xfail(reason=NO_TYPE_INFO, raises=AssertionError, strict=True)
def test_type_info_tells_every_type_of_hana(jdbc: Jdbc, connection: str) -> None:
    answer = jdbc.call("metadata", connection, "getTypeInfo")

    names = {name for (name,) in told(answer, "TYPE_NAME")}
    assert {name.partition("(")[0] for name in TYPE_NAMES} <= names


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("getProcedures", (None, None, "%")),
        ("getProcedureColumns", (None, None, "%", "%")),
        ("getColumnPrivileges", (None, READ, "ORDERS", "%")),
        ("getTablePrivileges", (None, READ, "%")),
        ("getVersionColumns", (None, READ, "ORDERS")),
        ("getBestRowIdentifier", (None, READ, "ORDERS", "1", "true")),
        ("getIndexInfo", (None, READ, "ORDERS", "false", "true")),
        ("getUDTs", (None, None, "%", None)),
        ("getSuperTypes", (None, None, "%")),
        ("getSuperTables", (None, None, "%")),
        ("getAttributes", (None, None, "%", "%")),
        ("getFunctions", (None, None, "%")),
        ("getFunctionColumns", (None, None, "%", "%")),
        ("getPseudoColumns", (None, None, "%", "%")),
    ],
)
def test_method_that_flight_sql_has_no_command_for_has_no_rows(
    jdbc: Jdbc, connection: str, method: str, arguments: tuple[str | None, ...]
) -> None:
    assert jdbc.call("metadata", connection, method, *arguments)["rows"] == []
