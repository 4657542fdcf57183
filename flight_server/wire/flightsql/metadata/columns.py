"""The Arrow schema of a table as GetTables tells it: each column with what JDBC and ODBC ask of it.

Names of the metadata: the Flight SQL specification. It calls the schema DB_SCHEMA_NAME where every
client and server in the wild reads and writes SCHEMA_NAME; both are given.
"""

# pyarrow-stubs 20 leaves the types of metadata open:
# pyright: reportUnknownMemberType=false

import logging
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

import pyarrow as pa

from flight_client.protocol.catalog import Column, Entity, HanaType
from flight_client.protocol.errors import UnsupportedType
from flight_client.protocol.schemas import (
    COMMENT_KEY,
    TYPE_KEY,
    arrow_type,
    declaration,
    hana_type,
)
from flight_server.wire.flightsql.metadata import xdbc

_log: Final = logging.getLogger(__name__)

_PREFIX: Final = b"ARROW:FLIGHT:SQL:"
_FLAGS: Final = {True: b"1", False: b"0"}


def table_schemas(entities: Iterable[Entity], writable: frozenset[str]) -> list[bytes]:
    """The schema message of each entity.

    A column whose type has no Arrow counterpart is of the null type and keeps its type's name, so
    that one such column hides no table; the log names the first.

    Args:
        entities: With their columns.
        writable: The spaces whose tables may be changed.
    """
    untyped: list[str] = []
    found = [_table_schema(each, writable, untyped).serialize().to_pybytes() for each in entities]
    if untyped:
        _log.info(
            "GetTables: %d columns have no Arrow type and are listed as null; %s", *_first(untyped)
        )
    return found


def result_schema(found: pa.Schema) -> pa.Schema:
    """The schema of a result with what JDBC and ODBC ask of its columns, as of those of a table.

    Without remarks, which the JDBC driver takes for the name of the column. Columns that declare no
    HANA type stay as they are.
    """
    fields: list[pa.Field[Any]] = list(found)
    metadata: Any = found.metadata
    return pa.schema(map(_told, fields), metadata=metadata)


def _told(field: "pa.Field[Any]") -> "pa.Field[Any]":
    metadata = field.metadata or {}
    if TYPE_KEY not in metadata:
        return field
    return field.with_metadata({**metadata, **_facts_of_type(hana_type(field))})


def _first(untyped: list[str]) -> tuple[int, str]:
    return len(untyped), f"the first is {untyped[0]:.300}"


def _table_schema(entity: Entity, writable: frozenset[str], untyped: list[str]) -> pa.Schema:
    is_fixed = entity.kind == "view" or entity.space not in writable
    space = entity.space.encode()
    shared = {
        _PREFIX + b"DB_SCHEMA_NAME": space,
        _PREFIX + b"SCHEMA_NAME": space,
        _PREFIX + b"TABLE_NAME": entity.name.encode(),
        _PREFIX + b"IS_READ_ONLY": _FLAGS[is_fixed],
    }
    if entity.kind == "view":  # of a table the catalogue does not tell
        shared[_PREFIX + b"IS_AUTO_INCREMENT"] = b"0"
    fields: list[pa.Field[Any]] = []
    for column in entity.columns:
        arrow = _arrow(column.read_as or column.type)
        if arrow is None:
            untyped.append(f"{entity.space}.{entity.name}.{column.name}: {column.type}")
        metadata = {**declaration(column), **shared, **_facts_of(column)}
        nullable = column.nullable or arrow is None
        fields.append(
            pa.field(column.name, pa.null() if arrow is None else arrow, nullable, metadata)
        )
    found = pa.schema(fields)
    return found.with_metadata({COMMENT_KEY: entity.comment.encode()}) if entity.comment else found


@lru_cache(maxsize=1024)
def _arrow(declared: HanaType) -> pa.DataType | None:
    """The type in which values arrive; None where there is none."""
    try:
        return arrow_type(declared)
    except UnsupportedType:
        return None


def _facts_of(column: Column) -> dict[bytes, bytes]:
    facts = dict(_facts_of_type(column.type))
    if column.comment:
        facts[_PREFIX + b"REMARKS"] = column.comment.encode()
    return facts


@lru_cache(maxsize=1024)
def _facts_of_type(declared: HanaType) -> dict[bytes, bytes]:
    facts = {
        _PREFIX + b"TYPE_NAME": declared.name.encode(),
        _PREFIX + b"IS_CASE_SENSITIVE": _FLAGS[xdbc.is_text(declared)],
        _PREFIX + b"IS_SEARCHABLE": _FLAGS[xdbc.is_searchable(declared)],
    }
    precision, scale = xdbc.precision(declared), xdbc.scale(declared)
    if precision is not None:
        facts[_PREFIX + b"PRECISION"] = b"%d" % precision
    if scale is not None:
        facts[_PREFIX + b"SCALE"] = b"%d" % scale
    return facts
