"""Arrow tables into the database, whole columns at a time."""

from collections.abc import Mapping

import duckdb
import pyarrow as pa

from tests.hana_emulator.engine import calendar, types
from tests.hana_emulator.engine.types import Family, family, storage
from tests.hana_emulator.values import DeclaredType

_TYPES = {
    pa.int8(): types.SMALLINT,
    pa.uint8(): types.TINYINT,
    pa.int16(): types.SMALLINT,
    pa.uint16(): types.INTEGER,
    pa.int32(): types.INTEGER,
    pa.uint32(): types.BIGINT,
    pa.int64(): types.BIGINT,
    pa.float32(): types.REAL,
    pa.float64(): types.DOUBLE,
    pa.bool_(): types.BOOLEAN,
    pa.utf8(): types.TEXT,
    pa.large_utf8(): types.NCLOB,
    pa.binary(): types.BYTES,
    pa.large_binary(): types.BLOB,
    pa.date32(): types.DATE,
    pa.time32("s"): types.TIME,
    pa.timestamp("s"): types.SECONDDATE,
    pa.timestamp("ms"): types.TIMESTAMP,
    pa.timestamp("us"): types.TIMESTAMP,
    pa.timestamp("ns"): types.TIMESTAMP,
}


def declared_type(field: pa.Field) -> DeclaredType:
    """What a field's metadata says (``hana.type``, ``hana.length``, ``hana.scale``), else its type.

    Raises:
        TypeError: HANA has no such type.
    """
    metadata = {key.decode(): value.decode() for key, value in (field.metadata or {}).items()}
    if name := metadata.get("hana.type"):
        length, scale = metadata.get("hana.length"), metadata.get("hana.scale")
        known = types.declared(name, ())
        if name == "DECIMAL" and scale is not None:
            return DeclaredType(name, int(length or 38), int(scale))
        if known is None or family(known) not in {Family.TEXT, Family.BYTES, Family.VECTOR}:
            return known or types.TEXT
        return DeclaredType(known.name, int(length) if length else types.MAX_LENGTH)
    if pa.types.is_decimal(field.type):
        return DeclaredType("DECIMAL", field.type.precision, field.type.scale)
    if pa.types.is_fixed_size_list(field.type):
        return DeclaredType("REAL_VECTOR", field.type.list_size)
    if pa.types.is_fixed_size_binary(field.type):
        return DeclaredType("VARBINARY", field.type.byte_width)
    if field.type not in _TYPES:
        raise TypeError(f"HANA has no type for {field.type} of {field.name}")
    return _TYPES[field.type]


def stored_sql(name: str, field: pa.Field, declared: DeclaredType) -> str:
    """A column of Arrow as DuckDB reads it, in storage form."""
    day = f"h_day(year({name}), month({name}), day({name}))"
    match family(declared):
        case Family.DATE:
            return f"CASE WHEN {name} IS NOT NULL THEN {day} END"
        case Family.TIME:
            return f"CAST(epoch({name}) AS INTEGER) + 1"
        case Family.SECONDDATE | Family.TIMESTAMP as kind:
            return _moment(name, field, kind, day)
        case Family.FLOATING if not pa.types.is_string(field.type):
            return f"h_number(CAST({name} AS VARCHAR))"
        case Family.FLOATING:
            return f"h_number({name})"
        case _:
            return f"CAST({name} AS {storage(declared)})"


def _moment(name: str, field: pa.Field, kind: Family, day: str) -> str:
    midnight = f"date_trunc('day', CAST({name} AS TIMESTAMP))"
    if kind is Family.SECONDDATE:
        rest = f"epoch_us(CAST({name} AS TIMESTAMP)) - epoch_us({midnight})"
        sql = f"(CAST({day} AS BIGINT) - 1) * {calendar.DAY_SECONDS} + ({rest}) // 1000000 + 1"
    elif field.type == pa.timestamp("ns"):
        rest = f"epoch_ns({name}) - epoch_us({midnight}) * 1000"
        sql = f"(CAST({day} AS BIGINT) - 1) * {calendar.DAY_TICKS} + ({rest}) // 100 + 1"
    else:
        rest = f"epoch_us(CAST({name} AS TIMESTAMP)) - epoch_us({midnight})"
        sql = f"(CAST({day} AS BIGINT) - 1) * {calendar.DAY_TICKS} + ({rest}) * 10 + 1"
    return f"CASE WHEN {name} IS NOT NULL THEN {sql} END"


def load(
    connection: duckdb.DuckDBPyConnection, stored: str, table: pa.Table,
    declared: Mapping[str, DeclaredType],
) -> None:  # fmt: skip
    """Append an Arrow table to a stored one whose columns are c1, c2, ... in the same order."""
    renamed = table.rename_columns([f"a{number}" for number in range(1, table.num_columns + 1)])
    connection.register("incoming", renamed)
    items = [
        stored_sql(f"a{number}", field, declared[field.name])
        for number, field in enumerate(table.schema, 1)
    ]
    try:
        connection.execute(f"INSERT INTO {stored} SELECT {', '.join(items)} FROM incoming")
    finally:
        connection.unregister("incoming")
