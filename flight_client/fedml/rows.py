"""FedML's rows and headers, made of Arrow tables and of what the catalogue says."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final, TypeAlias, cast

import pyarrow as pa

from flight_client.protocol.catalog import Entity
from flight_client.protocol.errors import UnsupportedType
from flight_client.protocol.schemas import hana_type

Rows: TypeAlias = list[tuple[Any, ...]]
"""Tuples of Python values, as hdbcli gives them."""

Answer: TypeAlias = tuple[Rows, list[str]]
"""Rows, and the names of their columns."""

_VIEWS: Final = ["VIEW_NAME", "VIEW_TYPE"]
_TABLES: Final = ["TABLE_NAME", "SCHEMA_NAME", "TABLE_TYPE", "COMMENTS", "CREATE_TIME"]
_COLUMNS: Final = [
    "POSITION",
    "COLUMN_NAME",
    "DATA_TYPE_NAME",
    "LENGTH",
    "IS_NULLABLE",
    "SCALE",
    "DEFAULT_VALUE",
    "INDEX_TYPE",
    "GENERATION_TYPE",
    "COMMENTS",
]
_FLOATING: Final = frozenset({"DECIMAL", "SMALLDECIMAL"})


def answer_of(table: pa.Table) -> Answer:
    """Rows and headers of a table, converted column by column."""
    fields: list[pa.Field[Any]] = list(table.schema)
    columns = [_values(field, column) for field, column in zip(fields, table.columns, strict=True)]
    return list(zip(*columns, strict=True)), [field.name for field in fields]


def _values(field: "pa.Field[Any]", column: "pa.ChunkedArray[Any]") -> list[Any]:
    values = cast("list[Any]", column.to_pylist())
    if pa.types.is_string(field.type) and _declared(field) in _FLOATING:
        return [None if value is None else Decimal(value) for value in values]
    return values


def _declared(field: "pa.Field[Any]") -> str:
    try:
        return hana_type(field).name
    except UnsupportedType:
        return ""


def views(entities: Iterable[Entity], like: str = "%") -> Answer:
    """The views among them whose names are like a pattern, without regard to case."""
    pattern = _pattern(like)
    found = [
        (entity.name, None)
        for entity in entities
        if entity.kind == "view" and pattern.fullmatch(entity.name)
    ]
    return cast("Rows", found), list(_VIEWS)


def tables(entities: Iterable[Entity]) -> Answer:
    """The tables among them."""
    found = [
        (entity.name, entity.space, None, entity.comment or None, None)
        for entity in entities
        if entity.kind == "table"
    ]
    return cast("Rows", found), list(_TABLES)


def columns_of(entity: Entity) -> Answer:
    """The columns of a table or view; None for what the catalogue does not carry."""
    rows = [
        (
            position,
            column.name,
            column.type.name,
            column.type.length,
            "TRUE" if column.nullable else "FALSE",
            column.type.scale,
            None,
            None,
            None,
            column.comment or None,
        )
        for position, column in enumerate(entity.columns, 1)
    ]
    return cast("Rows", rows), list(_COLUMNS)


def _pattern(like: str) -> re.Pattern[str]:
    """What a pattern of LIKE takes: ``%`` any text, ``_`` any letter."""
    wild = {"%": ".*", "_": "."}
    return re.compile(
        "".join(wild.get(each, re.escape(each)) for each in like), re.IGNORECASE | re.DOTALL
    )
