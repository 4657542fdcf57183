"""HANA types as Arrow types and back, with the declaration in the field's metadata."""

from typing import Any

import pyarrow as pa
import pytest

from flight_client.protocol.catalog import Column, HanaType
from flight_client.protocol.errors import UnsupportedType
from flight_client.protocol.schemas import (
    CONSISTENCY_KEY,
    PER_ENDPOINT,
    arrow_type,
    hana_type,
    to_columns,
    to_field,
    to_schema,
)

# facts/datasphere-hana.md, section 4.1, row by row.
ARRIVES_AS = [
    (HanaType("TINYINT"), pa.uint8()),
    (HanaType("SMALLINT"), pa.int16()),
    (HanaType("INTEGER"), pa.int32()),
    (HanaType("BIGINT"), pa.int64()),
    (HanaType("DECIMAL", 1, 0), pa.decimal128(1, 0)),
    (HanaType("DECIMAL", 15, 2), pa.decimal128(15, 2)),
    (HanaType("DECIMAL", 38, 38), pa.decimal128(38, 38)),
    (HanaType("DECIMAL"), pa.utf8()),
    (HanaType("DECIMAL", 34), pa.utf8()),
    (HanaType("SMALLDECIMAL"), pa.utf8()),
    (HanaType("REAL"), pa.float32()),
    (HanaType("DOUBLE"), pa.float64()),
    (HanaType("BOOLEAN"), pa.bool_()),
    (HanaType("NVARCHAR", 5000), pa.utf8()),
    (HanaType("VARCHAR", 10), pa.utf8()),
    (HanaType("CHAR", 1), pa.utf8()),
    (HanaType("NCHAR", 1), pa.utf8()),
    (HanaType("ALPHANUM", 127), pa.utf8()),
    (HanaType("SHORTTEXT", 10), pa.utf8()),
    (HanaType("NCLOB"), pa.large_utf8()),
    (HanaType("CLOB"), pa.large_utf8()),
    (HanaType("TEXT"), pa.large_utf8()),
    (HanaType("BINTEXT"), pa.large_utf8()),
    (HanaType("VARBINARY", 16), pa.binary()),
    (HanaType("BINARY", 16), pa.binary()),
    (HanaType("BLOB"), pa.large_binary()),
    (HanaType("DATE"), pa.date32()),
    (HanaType("TIME"), pa.time32("s")),
    (HanaType("SECONDDATE"), pa.timestamp("s")),
    (HanaType("TIMESTAMP"), pa.timestamp("us")),
    (HanaType("REAL_VECTOR", 3), pa.list_(pa.float32(), 3)),
    (HanaType("REAL_VECTOR", 65_000), pa.list_(pa.float32(), 65_000)),
    (HanaType("REAL_VECTOR", 0), pa.list_(pa.float32())),
    (HanaType("REAL_VECTOR"), pa.list_(pa.float32())),
]

# Without a declaration: the nearest HANA type that holds every value.
STORED_AS = [
    (pa.uint8(), HanaType("TINYINT")),
    (pa.int8(), HanaType("SMALLINT")),
    (pa.int16(), HanaType("SMALLINT")),
    (pa.uint16(), HanaType("INTEGER")),
    (pa.int32(), HanaType("INTEGER")),
    (pa.uint32(), HanaType("BIGINT")),
    (pa.int64(), HanaType("BIGINT")),
    (pa.uint64(), HanaType("DECIMAL", 20, 0)),
    (pa.float16(), HanaType("REAL")),
    (pa.float32(), HanaType("REAL")),
    (pa.float64(), HanaType("DOUBLE")),
    (pa.bool_(), HanaType("BOOLEAN")),
    (pa.utf8(), HanaType("NVARCHAR")),
    (pa.string_view(), HanaType("NVARCHAR")),
    (pa.large_utf8(), HanaType("NCLOB")),
    (pa.binary(), HanaType("VARBINARY")),
    (pa.binary_view(), HanaType("VARBINARY")),
    (pa.binary(16), HanaType("VARBINARY", 16)),
    (pa.large_binary(), HanaType("BLOB")),
    (pa.date32(), HanaType("DATE")),
    (pa.date64(), HanaType("DATE")),
    (pa.time32("s"), HanaType("TIME")),
    (pa.timestamp("s"), HanaType("SECONDDATE")),
    (pa.timestamp("ms"), HanaType("TIMESTAMP")),
    (pa.timestamp("us"), HanaType("TIMESTAMP")),
    (pa.timestamp("ns"), HanaType("TIMESTAMP")),
    (pa.decimal32(9, 2), HanaType("DECIMAL", 9, 2)),
    (pa.decimal64(18, 2), HanaType("DECIMAL", 18, 2)),
    (pa.decimal128(38, 10), HanaType("DECIMAL", 38, 10)),
    (pa.decimal256(38, 0), HanaType("DECIMAL", 38, 0)),
    (pa.list_(pa.float32(), 3), HanaType("REAL_VECTOR", 3)),
    (pa.dictionary(pa.int32(), pa.utf8()), HanaType("NVARCHAR")),
    (pa.dictionary(pa.int8(), pa.int64()), HanaType("BIGINT")),
]


@pytest.mark.parametrize(("declared", "arrow"), ARRIVES_AS, ids=str)
def test_declared_type_arrives_as_its_arrow_type(declared: HanaType, arrow: pa.DataType) -> None:
    assert arrow_type(declared) == arrow


@pytest.mark.parametrize(("declared", "arrow"), ARRIVES_AS, ids=str)
def test_declaration_survives_the_arrow_field(declared: HanaType, arrow: pa.DataType) -> None:
    assert hana_type(to_field(Column("A", declared))) == declared


@pytest.mark.parametrize(("arrow", "declared"), STORED_AS, ids=str)
def test_undeclared_arrow_type_is_stored_as_the_nearest(
    arrow: pa.DataType, declared: HanaType
) -> None:
    assert hana_type(pa.field("A", arrow)) == declared


@pytest.mark.parametrize(
    "declared",
    [
        *("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "REAL", "DOUBLE", "BOOLEAN", "NVARCHAR"),
        *("NCLOB", "VARBINARY", "BLOB", "DATE", "TIME", "SECONDDATE", "TIMESTAMP"),
    ],
)
def test_type_that_is_alone_with_its_arrow_type_is_its_own_nearest(declared: str) -> None:
    assert hana_type(pa.field("A", arrow_type(HanaType(declared)))) == HanaType(declared)


@pytest.mark.parametrize(
    "declared",
    [
        HanaType("ST_GEOMETRY"),
        HanaType("ARRAY"),
        HanaType("integer"),
        HanaType(""),
        HanaType("DECIMAL", 39, 2),
        HanaType("DECIMAL", 0, 0),
        HanaType("DECIMAL", 5, 6),
        HanaType("DECIMAL", 5, -1),
        HanaType("DECIMAL", None, 2),
        HanaType("REAL_VECTOR", -1),
        HanaType("REAL_VECTOR", 65_001),
    ],
    ids=str,
)
def test_type_without_a_row_is_refused_by_name(declared: HanaType) -> None:
    with pytest.raises(
        UnsupportedType, match="has no Arrow counterpart; leave the column out"
    ) as it:
        arrow_type(declared)

    assert it.value.details == {"type": str(declared)}


def test_field_of_a_refused_type_names_its_column() -> None:
    with pytest.raises(UnsupportedType, match=r"^Column 'SHAPE': The type ST_POINT has no") as it:
        to_schema([Column("A", HanaType("DATE")), Column("SHAPE", HanaType("ST_POINT"))])

    assert it.value.details == {"column": "SHAPE", "type": "ST_POINT"}


@pytest.mark.parametrize(
    "arrow",
    [
        pa.null(),
        pa.time32("ms"),
        pa.time64("us"),
        pa.timestamp("us", "UTC"),
        pa.duration("s"),
        pa.decimal256(39, 2),
        pa.decimal128(5, -1),
        pa.decimal128(5, 6),
        pa.list_(pa.float32()),
        pa.list_(pa.float64(), 3),
        pa.list_(pa.utf8()),
        pa.struct([("a", pa.int8())]),
        pa.map_(pa.utf8(), pa.utf8()),
        pa.dictionary(pa.int8(), pa.duration("s")),
        pa.uuid(),
    ],
    ids=str,
)
def test_arrow_type_without_a_counterpart_is_refused_by_name(arrow: pa.DataType) -> None:
    with pytest.raises(UnsupportedType, match=r"Column 'A' of Arrow type .* has no HANA") as it:
        hana_type(pa.field("A", arrow))

    assert it.value.details == {"column": "A"}


@pytest.mark.parametrize(
    "metadata",
    [
        {b"hana.type": b"\xff"},
        {b"hana.type": b"DECIMAL", b"hana.length": b"many"},
        {b"hana.type": b"DECIMAL", b"hana.length": b"5", b"hana.scale": b""},
    ],
)
def test_declaration_that_cannot_be_read_is_refused(metadata: dict[bytes, bytes]) -> None:
    with pytest.raises(UnsupportedType, match="metadata of column 'A' is no declared type"):
        hana_type(pa.field("A", pa.utf8(), metadata=metadata))


def test_metadata_of_others_does_not_matter() -> None:
    assert hana_type(pa.field("A", pa.utf8(), metadata={b"PARQUET:field_id": b"1"})) == HanaType(
        "NVARCHAR"
    )


def test_field_carries_declaration_and_comment() -> None:
    field = to_field(Column("A", HanaType("DECIMAL", 15, 2), comment="Größe"))

    assert field.metadata == {
        b"hana.type": b"DECIMAL",
        b"hana.length": b"15",
        b"hana.scale": b"2",
        b"hana.comment": "Größe".encode(),
    }


def test_field_leaves_out_what_is_not_declared() -> None:
    assert to_field(Column("A", HanaType("DATE"))).metadata == {b"hana.type": b"DATE"}


@pytest.mark.parametrize("nullable", [True, False])
def test_field_is_nullable_whatever_the_catalogue_says(nullable: bool) -> None:
    assert to_field(Column("A", HanaType("DATE"), nullable=nullable)).nullable


def test_schema_keeps_order_and_promises_consistency_per_endpoint() -> None:
    schema = to_schema([Column("B", HanaType("DATE")), Column("A", HanaType("BIGINT"))])

    assert schema.names == ["B", "A"]
    assert schema.metadata == {CONSISTENCY_KEY: PER_ENDPOINT}


def test_columns_through_a_schema_keep_name_type_and_comment() -> None:
    columns = (Column("A", HanaType("DECIMAL", 15, 2), comment="c"), Column("A", HanaType("NCLOB")))

    assert to_columns(to_schema(columns)) == columns


def test_columns_of_a_foreign_schema_keep_its_nullability() -> None:
    fields: list[pa.Field[Any]] = [pa.field("A", pa.int64(), nullable=False)]

    assert to_columns(pa.schema(fields)) == (Column("A", HanaType("BIGINT"), nullable=False),)


def test_comment_that_is_no_utf8_does_not_hide_the_column() -> None:
    field = pa.field("A", pa.int64(), metadata={b"hana.comment": b"\xff"})

    assert to_columns(pa.schema([field]))[0].comment == "\ufffd"


def test_columns_of_a_schema_without_counterpart_are_refused_by_name() -> None:
    with pytest.raises(UnsupportedType, match="Column 'B'"):
        to_columns(pa.schema([("A", pa.int64()), ("B", pa.duration("s"))]))


@pytest.mark.parametrize(
    ("declared", "read_as", "arrow"),
    [
        (HanaType("DECIMAL"), HanaType("DOUBLE"), pa.float64()),
        (HanaType("SMALLDECIMAL"), HanaType("DECIMAL", 38, 6), pa.decimal128(38, 6)),
        (HanaType("TIMESTAMP"), HanaType("NVARCHAR", 27), pa.utf8()),
    ],
)
def test_column_arrives_as_it_is_read_and_says_how_it_is_declared(
    declared: HanaType, read_as: HanaType, arrow: pa.DataType
) -> None:
    field = to_field(Column("A", declared, read_as=read_as))

    assert field.type == arrow
    assert hana_type(field) == declared
