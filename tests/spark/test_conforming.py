"""How Arrow's types conform to Spark's: values stay, what is equal is not copied. No session."""

import math
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest

from flight_client.protocol.errors import DataError, InvalidRead, UnknownColumn, UnsupportedType
from flight_client.sinks.spark import arrow_schema, conform, conforming_type, spark_schema

MOMENT = datetime(2024, 2, 29, 12, 30, 15)
BERLIN = MOMENT.replace(tzinfo=ZoneInfo("Europe/Berlin"))

SAME = [
    pa.null(), pa.bool_(), pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.float32(),
    pa.float64(), pa.string(), pa.binary(), pa.date32(), pa.duration("us"), pa.timestamp("us"),
    pa.timestamp("us", "UTC"), pa.decimal128(38, 10), pa.list_(pa.string()),
    pa.map_(pa.string(), pa.int32()), pa.struct([("a", pa.int32())]),
]  # fmt: skip

CAST: list[tuple[pa.DataType, object, pa.DataType, object]] = [
    (pa.uint8(), 255, pa.int16(), 255),
    (pa.uint16(), 65535, pa.int32(), 65535),
    (pa.uint32(), 2**32 - 1, pa.int64(), 2**32 - 1),
    (pa.uint64(), 2**64 - 1, pa.decimal128(20, 0), Decimal(2**64 - 1)),
    (pa.float16(), 1.5, pa.float32(), 1.5),
    (pa.decimal32(5, 2), Decimal("1.25"), pa.decimal128(5, 2), Decimal("1.25")),
    (pa.decimal256(38, 2), Decimal("1.25"), pa.decimal128(38, 2), Decimal("1.25")),
    (pa.timestamp("s"), MOMENT, pa.timestamp("us"), MOMENT),
    (pa.timestamp("ms"), MOMENT, pa.timestamp("us"), MOMENT),
    (pa.timestamp("s", "Europe/Berlin"), BERLIN, pa.timestamp("us", "UTC"), BERLIN),
    (pa.date64(), date(2024, 2, 29), pa.date32(), date(2024, 2, 29)),
    (pa.time32("s"), time(23, 59, 59), pa.string(), "23:59:59"),
    (pa.time64("us"), time(1, 2, 3, 4), pa.string(), "01:02:03.000004"),
    (pa.duration("s"), timedelta(seconds=5), pa.duration("us"), timedelta(seconds=5)),
    (pa.large_string(), "ä", pa.string(), "ä"),
    (pa.string_view(), "ä", pa.string(), "ä"),
    (pa.large_binary(), b"\0", pa.binary(), b"\0"),
    (pa.binary_view(), b"\0", pa.binary(), b"\0"),
    (pa.binary(2), b"ab", pa.binary(), b"ab"),
    (pa.dictionary(pa.int8(), pa.large_string()), "a", pa.string(), "a"),
    (pa.list_(pa.float32(), 2), [1.0, 2.0], pa.list_(pa.float32()), [1.0, 2.0]),
    (pa.large_list(pa.uint8()), [1], pa.list_(pa.int16()), [1]),
    (pa.map_(pa.large_string(), pa.uint8()), [("a", 1)], pa.map_(pa.string(), pa.int16()),
     [("a", 1)]),
    (pa.struct([("a", pa.time32("s"))]), {"a": time(1, 0)}, pa.struct([("a", pa.string())]),
     {"a": "01:00:00"}),
]  # fmt: skip


def conformed(column: "pa.Array[Any]", kind: pa.DataType) -> "pa.Array[Any]":
    batch = pa.record_batch({"C": column})
    return conform(batch, pa.schema([("C", kind)])).column(0)


@pytest.mark.parametrize("kind", SAME, ids=str)
def test_type_that_spark_takes_stays_and_is_not_copied(kind: pa.DataType) -> None:
    column = pa.array([None, None], kind)

    assert conforming_type(kind) == kind
    assert [each and each.address for each in conformed(column, kind).buffers()] == [
        each and each.address for each in column.buffers()
    ]


@pytest.mark.parametrize(("kind", "value", "target", "expected"), CAST, ids=str)
def test_other_type_becomes_one_that_holds_its_values(
    kind: pa.DataType, value: object, target: pa.DataType, expected: object
) -> None:
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    column = pa.array([value, None], plain)
    column = column.dictionary_encode().cast(kind) if plain is not kind else column

    assert conforming_type(kind) == target
    assert conformed(column, target).to_pylist() == [expected, None]


def test_nanoseconds_are_cut_towards_the_past() -> None:
    column = pa.array([-1, 1999, None], pa.timestamp("ns"))

    assert conformed(column, pa.timestamp("us")).cast(pa.int64()).to_pylist() == [-1, 1, None]


@pytest.mark.parametrize(
    "kind", [pa.decimal256(76, 0), pa.month_day_nano_interval(), pa.list_(pa.decimal256(40, 0))]
)
def test_type_that_spark_cannot_hold_is_refused_by_name(kind: pa.DataType) -> None:
    pytest.importorskip("pyspark.sql.types")

    with pytest.raises(UnsupportedType, match="Column 'C': Spark has no type for Arrow's"):
        spark_schema(pa.schema([("C", kind)]))


def test_spark_schema_becomes_the_arrow_schema_that_spark_compares() -> None:
    to_arrow_schema = pytest.importorskip("pyspark.sql.pandas.types").to_arrow_schema
    kinds = [*SAME, *(target for _, _, target, _ in CAST)]
    schema = pa.schema([(f"C{at}", kind) for at, kind in enumerate(kinds)])

    ours = spark_schema(schema)

    assert arrow_schema(ours) == to_arrow_schema(ours, timezone="UTC") == schema


def test_users_schema_may_name_types_that_no_column_becomes() -> None:
    types = pytest.importorskip("pyspark.sql.types")
    schema = (
        types.StructType()
        .add("A", types.VarcharType(3))
        .add("B", types.TimeType(6))
        .add("C", types.ArrayType(types.CharType(2)))
    )

    assert arrow_schema(schema).types == [pa.string(), pa.time64("ns"), pa.list_(pa.string())]


def test_users_schema_with_a_foreign_type_is_refused_by_name() -> None:
    types = pytest.importorskip("pyspark.sql.types")

    with pytest.raises(UnsupportedType, match="Spark's type variant"):
        arrow_schema(types.StructType().add("A", types.VariantType()))


def test_columns_are_taken_by_name() -> None:
    batch = pa.record_batch({"A": [1], "B": ["x"]})

    assert conform(batch, pa.schema([("B", pa.string())])).to_pylist() == [{"B": "x"}]


def test_columns_named_alike_are_taken_in_their_order() -> None:
    batch = pa.record_batch([pa.array([1]), pa.array([2])], names=["A", "A"])

    assert [each.to_pylist() for each in conform(batch, batch.schema)] == [[1], [2]]


def test_one_of_several_columns_named_alike_is_refused() -> None:
    batch = pa.record_batch([pa.array([1]), pa.array([2])], names=["A", "A"])

    with pytest.raises(InvalidRead, match="Several columns are named 'A'"):
        conform(batch, pa.schema([("A", pa.int64())]))


def test_column_that_is_not_there_is_an_error() -> None:
    with pytest.raises(UnknownColumn, match="no column 'B'; they have A"):
        conform(pa.record_batch({"A": [1]}), pa.schema([("B", pa.int64())]))


def test_null_where_the_schema_forbids_it_is_an_error() -> None:
    target = pa.schema([pa.field("A", pa.int64(), nullable=False)])

    with pytest.raises(DataError, match="Column 'A' has NULL"):
        conform(pa.record_batch({"A": pa.array([None], pa.int64())}), target)


def test_value_that_does_not_fit_is_an_error_and_not_cut() -> None:
    with pytest.raises(DataError, match="Column 'C' of type int64 cannot be read as int8"):
        conformed(pa.array([300]), pa.int8())


@pytest.mark.parametrize(
    ("value", "kind", "target"),
    [
        (1e300, pa.float64(), pa.float32()),
        (5, pa.int64(), pa.bool_()),
        (0.5, pa.float64(), pa.bool_()),
        (MOMENT, pa.timestamp("us"), pa.date32()),
        (MOMENT, pa.timestamp("us"), pa.time64("ns")),
    ],
    ids=str,
)
def test_value_that_pyarrow_would_change_is_an_error(
    value: object, kind: pa.DataType, target: pa.DataType
) -> None:
    with pytest.raises(
        DataError, match=r"Column 'C' of type .* cannot be read as .*: values would"
    ):
        conformed(pa.array([None, value], kind), target)


@pytest.mark.parametrize(
    ("value", "kind", "target", "expected"),
    [
        (math.inf, pa.float64(), pa.float32(), math.inf),
        (1 / 3, pa.float64(), pa.float32(), np.float32(1 / 3)),
        (1, pa.int64(), pa.bool_(), True),
        (datetime(1, 1, 1), pa.timestamp("us"), pa.date32(), date(1, 1, 1)),
    ],
    ids=str,
)
def test_value_that_another_type_holds_is_read_as_it(
    value: object, kind: pa.DataType, target: pa.DataType, expected: object
) -> None:
    assert conformed(pa.array([None, value], kind), target).to_pylist() == [None, expected]


def test_elements_of_no_type_are_a_type_of_arrow() -> None:
    types = pytest.importorskip("pyspark.sql.types")
    empty = types.ArrayType(types.NullType(), containsNull=False)

    schema = arrow_schema(types.StructType().add("A", empty, nullable=False))

    assert schema.types == [pa.list_(pa.null())]


def test_map_with_keys_of_no_type_is_refused_by_name() -> None:
    types = pytest.importorskip("pyspark.sql.types")
    empty = types.MapType(types.NullType(), types.NullType(), valueContainsNull=False)

    with pytest.raises(UnsupportedType, match="Spark's type map<void,void>"):
        arrow_schema(types.StructType().add("A", empty))
