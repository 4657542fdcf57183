"""Tables made, dropped and filled: composed statements for both dialects; knows no connection."""

from collections.abc import Iterator, Sequence
from typing import Final, LiteralString

from flight_client.protocol.catalog import Column, HanaType
from flight_client.protocol.errors import InvalidRequest, UnsupportedType
from flight_server.sql.compose import EMPTY, Fragment, join, name, number, quoted, sql, statement
from flight_server.sql.duckdb_select import duckdb_type
from flight_server.sql.statement import Statement

MAX_LENGTH: Final = 5000
"""Most characters of an NVARCHAR and bytes of a VARBINARY, and what is declared where no length is
known: without one HANA makes NVARCHAR(1) [HANA SQL reference, character string and binary types].
"""

MAX_PRECISION: Final = 38
"""Most digits of a DECIMAL [HANA SQL reference, numeric data types]."""

_PLAIN: Final[dict[str, LiteralString]] = {
    "TINYINT": "TINYINT",
    "SMALLINT": "SMALLINT",
    "INTEGER": "INTEGER",
    "BIGINT": "BIGINT",
    "REAL": "REAL",
    "DOUBLE": "DOUBLE",
    "SMALLDECIMAL": "SMALLDECIMAL",
    "BOOLEAN": "BOOLEAN",
    "NCLOB": "NCLOB",
    "CLOB": "NCLOB",
    "TEXT": "NCLOB",
    "BINTEXT": "NCLOB",
    "BLOB": "BLOB",
    "DATE": "DATE",
    "TIME": "TIME",
    "SECONDDATE": "SECONDDATE",
    "TIMESTAMP": "TIMESTAMP",
}
"""Column types of HANA Cloud that are written as they are; the legacy text types become NCLOB."""

_WITH_LENGTH: Final[dict[str, LiteralString]] = {
    "NVARCHAR": "NVARCHAR({})",
    "VARCHAR": "NVARCHAR({})",
    "CHAR": "NVARCHAR({})",
    "NCHAR": "NVARCHAR({})",
    "ALPHANUM": "NVARCHAR({})",
    "SHORTTEXT": "NVARCHAR({})",
    "VARBINARY": "VARBINARY({})",
    "BINARY": "VARBINARY({})",
}
"""VARCHAR is an alias of NVARCHAR in HANA Cloud; the legacy types are not in its list of types."""


def hana_create_table(space: str, table: str, columns: Sequence[Column]) -> Statement:
    """``CREATE COLUMN TABLE`` for HANA, with a length for every text and a comment where there is.

    Raises:
        InvalidRequest: There is no column, or two have the same name.
        UnsupportedType: HANA has no column of a type; the column is named.
    """
    _require_columns(columns)
    definitions = (
        sql(
            "{} {}{}{}",
            name(column.name),
            _hana_type(column),
            _not_null(column),
            sql(" COMMENT {}", quoted(column.comment)) if column.comment else EMPTY,
        )
        for column in columns
    )
    listed = join(", ", [*definitions, *_primary_key(columns)])
    return statement(sql("CREATE COLUMN TABLE {} ({})", name(space, table), listed))


def duckdb_create_table(space: str, table: str, columns: Sequence[Column]) -> Statement:
    """``CREATE TABLE`` for DuckDB, which keeps no lengths of texts; comments are left out.

    Raises:
        InvalidRequest: There is no column, or two have the same name.
        UnsupportedType: DuckDB has no counterpart of a type; the column is named.
    """
    _require_columns(columns)
    definitions = (
        sql("{} {}{}", name(column.name), _duckdb_type(column), _not_null(column))
        for column in columns
    )
    listed = join(", ", [*definitions, *_primary_key(columns)])
    return statement(sql("CREATE TABLE {} ({})", name(space, table), listed))


def drop_table(space: str, table: str) -> Statement:
    """``DROP TABLE``, in both dialects; nothing that depends on the table is dropped with it."""
    return statement(sql("DROP TABLE {}", name(space, table)))


def hana_insert(space: str, table: str, columns: Sequence[str]) -> Statement:
    """``INSERT`` of one row for HANA, with a marker for each column; rows are bound as an array."""
    markers = join(", ", (sql("?") for _ in columns))
    return statement(
        sql("INSERT INTO {} ({}) VALUES ({})", name(space, table), _listed(columns), markers)
    )


def hana_upsert(space: str, table: str, columns: Sequence[str]) -> Statement:
    """The same as an ``UPSERT`` by the primary key, which the columns have to include."""
    markers = join(", ", (sql("?") for _ in columns))
    return statement(
        sql(
            "UPSERT {} ({}) VALUES ({}) WITH PRIMARY KEY",
            name(space, table),
            _listed(columns),
            markers,
        )
    )


def duckdb_insert_from(space: str, table: str, columns: Sequence[Column], source: str) -> Statement:
    """``INSERT`` of all rows of another relation of the connection, whose columns have these names.

    Raises:
        UnsupportedType: DuckDB has no counterpart of a type; the column is named.
    """
    return statement(_insert_from(space, table, columns, source))


def duckdb_upsert_from(
    space: str, table: str, columns: Sequence[Column], source: str, keys: Sequence[str]
) -> Statement:
    """The same, but rows whose key is there are set; no key may stand twice in the source.

    Raises:
        UnsupportedType: As ``duckdb_insert_from``.
    """
    others = [column.name for column in columns if column.name not in keys]
    sets = join(", ", (sql("{} = excluded.{}", name(other), name(other)) for other in others))
    return statement(
        sql(
            "{} ON CONFLICT ({}) DO {}",
            _insert_from(space, table, columns, source),
            _listed(keys),
            sql("UPDATE SET {}", sets) if others else sql("NOTHING"),
        )
    )


def _insert_from(space: str, table: str, columns: Sequence[Column], source: str) -> Fragment:
    values = (
        sql("CAST(s.{} AS {})", name(column.name), _duckdb_type(column)) for column in columns
    )
    return sql(
        "INSERT INTO {} ({}) SELECT {} FROM {} AS s",
        name(space, table),
        _listed([column.name for column in columns]),
        join(", ", values),
        name(source),
    )


def _require_columns(columns: Sequence[Column]) -> None:
    if not columns:
        raise InvalidRequest("A table needs one column at least; send a schema that has some.")
    seen: set[str] = set()
    for column in columns:
        if column.name in seen:
            raise InvalidRequest(
                f"Column {column.name!r:.100} stands twice in the new table; rename one.",
                column=column.name,
            )
        seen.add(column.name)


def _listed(columns: Sequence[str]) -> Fragment:
    return join(", ", (name(column) for column in columns))


def _not_null(column: Column) -> Fragment:
    return EMPTY if column.nullable and not column.key else sql(" NOT NULL")


def _primary_key(columns: Sequence[Column]) -> Iterator[Fragment]:
    keys = [column.name for column in columns if column.key]
    if keys:
        yield sql("PRIMARY KEY ({})", _listed(keys))


def _hana_type(column: Column) -> Fragment:
    declared = column.type
    match declared:
        case HanaType("DECIMAL", int(precision), int(scale)) if (
            0 <= scale <= precision and 0 < precision <= MAX_PRECISION
        ):
            return sql("DECIMAL({}, {})", number(precision), number(scale))
        case HanaType("DECIMAL", _, None):
            return sql("DECIMAL")  # a scale of its own for every value
        case HanaType("REAL_VECTOR", length):
            return sql("REAL_VECTOR({})", number(length)) if length else sql("REAL_VECTOR")
        case HanaType(kind, length) if kind in _WITH_LENGTH:
            if length is None or length <= 0:
                length = MAX_LENGTH
            if length <= MAX_LENGTH:
                return sql(_WITH_LENGTH[kind], number(length))
            return sql("BLOB") if "BINARY" in kind else sql("NCLOB")
        case HanaType(kind) if kind in _PLAIN:
            return sql(_PLAIN[kind])
        case _:
            raise _unsupported(column, "HANA")


def _duckdb_type(column: Column) -> Fragment:
    try:
        return duckdb_type(column.type)
    except KeyError:
        raise _unsupported(column, "DuckDB") from None


def _unsupported(column: Column, database: str) -> UnsupportedType:
    return UnsupportedType(
        f"Column {column.name!r:.100} has the type {column.type}, which no column of a {database} "
        "table has here; cast it before it is written.",
        column=column.name,
        type=str(column.type),
    )
