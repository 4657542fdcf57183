"""SAP types as Arrow types and back; fields carry the declared HANA type in their metadata.

The table is that of the SAP HANA Cloud SQL reference, data types. Nothing is guessed: a type
without a row here is refused by name.
"""

from collections.abc import Iterable
from typing import Any, Final

import pyarrow as pa

from flight_client.protocol.catalog import Column, HanaType
from flight_client.protocol.errors import UnsupportedType

TYPE_KEY: Final = b"hana.type"
LENGTH_KEY: Final = b"hana.length"
SCALE_KEY: Final = b"hana.scale"
COMMENT_KEY: Final = b"hana.comment"

CONSISTENCY_KEY: Final = b"datasphere.consistency"
PER_ENDPOINT: Final = b"per-endpoint"
"""Each endpoint is one statement and one snapshot; several endpoints are several snapshots."""

MAX_PRECISION: Final = 38
MAX_VECTOR: Final = 65_000
"""Most elements of a REAL_VECTOR [HANA SQL reference, data types]."""

_TO_ARROW: Final[dict[str, pa.DataType]] = {
    "TINYINT": pa.uint8(),  # 0 to 255 in HANA
    "SMALLINT": pa.int16(),
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "REAL": pa.float32(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "NVARCHAR": pa.utf8(),
    "VARCHAR": pa.utf8(),
    "CHAR": pa.utf8(),
    "NCHAR": pa.utf8(),
    "ALPHANUM": pa.utf8(),
    "SHORTTEXT": pa.utf8(),
    "NCLOB": pa.large_utf8(),
    "CLOB": pa.large_utf8(),
    "TEXT": pa.large_utf8(),
    "BINTEXT": pa.large_utf8(),
    "VARBINARY": pa.binary(),
    "BINARY": pa.binary(),
    "BLOB": pa.large_binary(),
    "DATE": pa.date32(),
    "TIME": pa.time32("s"),
    "SECONDDATE": pa.timestamp("s"),
    "TIMESTAMP": pa.timestamp("us"),  # HANA keeps 100 ns; nanoseconds would end in 2262
    "SMALLDECIMAL": pa.utf8(),  # the scale varies from value to value, as in DECIMAL without (p,s)
}

_FROM_ARROW: Final[dict[pa.DataType, HanaType]] = {
    pa.uint8(): HanaType("TINYINT"),
    pa.int8(): HanaType("SMALLINT"),
    pa.int16(): HanaType("SMALLINT"),
    pa.uint16(): HanaType("INTEGER"),
    pa.int32(): HanaType("INTEGER"),
    pa.uint32(): HanaType("BIGINT"),
    pa.int64(): HanaType("BIGINT"),
    pa.uint64(): HanaType("DECIMAL", 20, 0),
    pa.float16(): HanaType("REAL"),
    pa.float32(): HanaType("REAL"),
    pa.float64(): HanaType("DOUBLE"),
    pa.bool_(): HanaType("BOOLEAN"),
    pa.utf8(): HanaType("NVARCHAR"),
    pa.string_view(): HanaType("NVARCHAR"),
    pa.large_utf8(): HanaType("NCLOB"),
    pa.binary(): HanaType("VARBINARY"),
    pa.binary_view(): HanaType("VARBINARY"),
    pa.large_binary(): HanaType("BLOB"),
    pa.date32(): HanaType("DATE"),
    pa.date64(): HanaType("DATE"),
    pa.time32("s"): HanaType("TIME"),
    pa.timestamp("s"): HanaType("SECONDDATE"),
    pa.timestamp("ms"): HanaType("TIMESTAMP"),
    pa.timestamp("us"): HanaType("TIMESTAMP"),
    pa.timestamp("ns"): HanaType("TIMESTAMP"),
}


def arrow_type(declared: HanaType) -> pa.DataType:
    """The Arrow type in which values of a HANA type arrive.

    DECIMAL without precision has a scale of its own for every value and arrives as text, exactly.

    Raises:
        UnsupportedType: The type has no row in the table.
    """
    match declared:
        case HanaType("DECIMAL", int(precision), int(scale)) if 0 <= scale <= precision:
            found = pa.decimal128(precision, scale) if 0 < precision <= MAX_PRECISION else None
        case HanaType("DECIMAL", _, None):
            found = pa.utf8()
        case HanaType("REAL_VECTOR", None | 0):
            found = pa.list_(pa.float32())
        case HanaType("REAL_VECTOR", int(length)) if 0 < length <= MAX_VECTOR:
            found = pa.list_(pa.float32(), length)
        case _:
            found = _TO_ARROW.get(declared.name)
    if found is None:
        raise UnsupportedType(
            f"The type {declared} has no Arrow counterpart; leave the column out or cast it in a "
            "view.",
            type=str(declared),
        )
    return found


def hana_type(field: "pa.Field[Any]") -> HanaType:
    """The HANA type of an Arrow field: the declared one if its metadata says, else the nearest.

    Raises:
        UnsupportedType: No HANA type holds every value of the Arrow type, or the declaration in
            the metadata cannot be read.
    """
    metadata = field.metadata or {}
    if TYPE_KEY in metadata:
        try:
            return HanaType(
                metadata[TYPE_KEY].decode(), _int(metadata, LENGTH_KEY), _int(metadata, SCALE_KEY)
            )
        except ValueError:  # not UTF-8, or no number: somebody else's metadata
            raise UnsupportedType(
                f"The hana.* metadata of column {field.name!r} is no declared type; remove it.",
                column=field.name,
            ) from None
    declared = _nearest(field.type)
    if declared is None:
        raise UnsupportedType(
            f"Column {field.name!r} of Arrow type {field.type} has no HANA counterpart; "
            f"{_advice(field.type)}.",
            column=field.name,
        )
    return declared


def _advice(arrow: pa.DataType) -> str:
    if pa.types.is_timestamp(arrow) and arrow.tz:
        return "convert it to the zone of the data, and send it without a zone"
    if pa.types.is_time(arrow):
        return "cast it to time32[s]"
    if pa.types.is_null(arrow):
        return "it holds nothing but NULL: give it a type, or leave it out"
    return "cast it"


def _nearest(arrow: pa.DataType) -> HanaType | None:
    if pa.types.is_dictionary(arrow):
        return _nearest(arrow.value_type)
    if pa.types.is_decimal(arrow) and 0 <= arrow.scale <= arrow.precision <= MAX_PRECISION:
        return HanaType("DECIMAL", arrow.precision, arrow.scale)
    if pa.types.is_fixed_size_binary(arrow) and not pa.types.is_decimal(arrow):
        return HanaType("VARBINARY", arrow.byte_width)
    if pa.types.is_fixed_size_list(arrow) and arrow.value_type == pa.float32():
        return HanaType("REAL_VECTOR", arrow.list_size)
    return _FROM_ARROW.get(arrow)


def _int(metadata: dict[bytes, bytes], key: bytes) -> int | None:
    return int(metadata[key]) if key in metadata else None


def declaration(column: Column) -> dict[bytes, bytes]:
    """How a column is declared, as the metadata of its field."""
    metadata = {TYPE_KEY: column.type.name.encode()}
    if column.type.length is not None:
        metadata[LENGTH_KEY] = str(column.type.length).encode()
    if column.type.scale is not None:
        metadata[SCALE_KEY] = str(column.type.scale).encode()
    if column.comment:
        metadata[COMMENT_KEY] = column.comment.encode()
    return metadata


def to_field(column: Column) -> "pa.Field[Any]":
    """The Arrow field of a column as it is delivered, with its declaration as metadata.

    It is nullable whatever the catalogue says: HANA's views do not know, and an Arrow reader trusts
    the flag.

    Raises:
        UnsupportedType: Naming the column.
    """
    try:
        arrow = arrow_type(column.read_as or column.type)
    except UnsupportedType as error:
        raise UnsupportedType(
            f"Column {column.name!r}: {error.message}", column=column.name, type=str(column.type)
        ) from None
    return pa.field(column.name, arrow, nullable=True, metadata=declaration(column))


def to_schema(columns: Iterable[Column]) -> pa.Schema:
    """The Arrow schema of a read of these columns.

    Raises:
        UnsupportedType: Naming the first column without an Arrow counterpart.
    """
    fields: list[pa.Field[Any]] = [to_field(column) for column in columns]
    return pa.schema(fields, metadata={CONSISTENCY_KEY: PER_ENDPOINT})


def to_columns(schema: pa.Schema) -> tuple[Column, ...]:
    """The columns that an Arrow schema describes.

    Raises:
        UnsupportedType: Naming the first field without a HANA counterpart.
    """
    fields: list[pa.Field[Any]] = list(schema)
    return tuple(
        Column(
            name=field.name,
            type=hana_type(field),
            nullable=field.nullable,
            comment=(field.metadata or {}).get(COMMENT_KEY, b"").decode("utf-8", "replace"),
        )
        for field in fields
    )
