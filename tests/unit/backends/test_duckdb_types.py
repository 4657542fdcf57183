"""DuckDB's types as HANA's, against the database itself."""

import duckdb
import pytest

from flight_client.protocol.catalog import HanaType
from flight_client.protocol.errors import UnsupportedType
from flight_client.protocol.schemas import arrow_type
from flight_server.backends.duckdb.types import hana_type

KNOWN = {
    "BOOLEAN": "BOOLEAN",
    "TINYINT": "SMALLINT",
    "UTINYINT": "TINYINT",
    "SMALLINT": "SMALLINT",
    "USMALLINT": "INTEGER",
    "INTEGER": "INTEGER",
    "UINTEGER": "BIGINT",
    "BIGINT": "BIGINT",
    "UBIGINT": "DECIMAL(20,0)",
    "HUGEINT": "DECIMAL(38,0)",
    "FLOAT": "REAL",
    "DOUBLE": "DOUBLE",
    "DECIMAL(15, 2)": "DECIMAL(15,2)",
    "DECIMAL(38, 38)": "DECIMAL(38,38)",
    "VARCHAR": "NVARCHAR",
    "VARCHAR(10)": "NVARCHAR",
    "ENUM('small', 'large)')": "NVARCHAR",
    "UUID": "NVARCHAR(36)",
    "BLOB": "VARBINARY",
    "DATE": "DATE",
    "TIME": "TIME",
    "TIMESTAMP": "TIMESTAMP",
    "TIMESTAMP_S": "SECONDDATE",
    "TIMESTAMP_MS": "TIMESTAMP",
}
UNKNOWN = (
    "UHUGEINT", "INTEGER[]", "INTEGER[3]", "STRUCT(A INTEGER)", "MAP(INTEGER, VARCHAR)", "INTERVAL",
    "BIT", "TIMESTAMP_NS", "TIMESTAMPTZ", "TIMETZ", "ENUM('a', 'b')[]",
)  # fmt: skip


def as_duckdb_writes(declared: str) -> str:
    """How the catalogue shows a type, which is not always how it was declared."""
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE t (c {declared})")
        ((shown,),) = connection.execute(
            "SELECT data_type FROM duckdb_columns() WHERE table_name = 't'"
        ).fetchall()
    return shown


@pytest.mark.parametrize(("declared", "expected"), KNOWN.items())
def test_type_is_listed_as_the_hana_type_that_holds_it(declared: str, expected: str) -> None:
    assert str(hana_type(as_duckdb_writes(declared))) == expected


@pytest.mark.parametrize("declared", KNOWN)
def test_listed_type_has_an_arrow_counterpart(declared: str) -> None:
    arrow_type(hana_type(as_duckdb_writes(declared)))


@pytest.mark.parametrize("declared", UNKNOWN)
def test_type_without_a_counterpart_is_refused_under_the_name_duckdb_gives_it(
    declared: str,
) -> None:
    shown = as_duckdb_writes(declared)

    assert hana_type(shown) == HanaType(shown)
    with pytest.raises(UnsupportedType):
        arrow_type(hana_type(shown))


def test_bare_null_of_a_query_is_text() -> None:
    with duckdb.connect() as connection:
        (declared,) = connection.sql("SELECT NULL AS n").types

    assert hana_type(str(declared)) == HanaType("NVARCHAR")
