"""Which of Spark's filters the database takes, and as what; values keep their exact meaning."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from flight_client.protocol.catalog import Column, HanaType
from flight_client.protocol.filters import And, Comparison
from flight_client.protocol.schemas import to_schema

spark = pytest.importorskip("pyspark.sql.datasource")

from flight_client.sinks.spark import conforming_type  # noqa: E402
from pyspark_flight.pushdown import push  # noqa: E402

SCHEMA = to_schema(
    (
        Column("INT", HanaType("INTEGER")),
        Column("NET", HanaType("DECIMAL", 15, 2)),
        Column("FLOATING", HanaType("DECIMAL")),
        Column("WEIGHT", HanaType("DOUBLE")),
        Column("TEXT", HanaType("NVARCHAR", 10)),
        Column("PADDED", HanaType("NCHAR", 10)),
        Column("NOTE", HanaType("NCLOB")),
        Column("FLAG", HanaType("BOOLEAN")),
        Column("DAY", HanaType("DATE")),
        Column("HOUR", HanaType("TIME")),
        Column("SHIPPED", HanaType("SECONDDATE")),
        Column("CHANGED", HanaType("TIMESTAMP")),
        Column("PRECISE", HanaType("TIMESTAMP"), read_as=HanaType("NVARCHAR", 27)),
    )
)
TARGET = pa.schema([(field.name, conforming_type(field.type)) for field in SCHEMA])
END_OF_TIME = datetime(9999, 12, 31, 23, 59, 59, 999999)
SECOND = datetime(2024, 2, 29, 12)
TICK = datetime(2024, 2, 29, 12, 0, 0, 1)


def pushed(wanted: Any, target: pa.Schema = TARGET) -> object:
    found, left = push([wanted], SCHEMA, target)
    assert left == ([wanted] if found is None else [])
    return found


def compare(column: str, op: Any, *values: Any) -> Comparison:
    return Comparison(column, op, values)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (spark.EqualTo(("INT",), 5), compare("INT", "=", 5)),
        (spark.EqualNullSafe(("INT",), 5), compare("INT", "=", 5)),
        (spark.Not(spark.EqualTo(("INT",), 5)), compare("INT", "!=", 5)),
        (spark.GreaterThan(("NET",), Decimal("1E+2")), compare("NET", ">", Decimal("1E+2"))),
        (spark.LessThanOrEqual(("WEIGHT",), 0.1), compare("WEIGHT", "<=", 0.1)),
        (spark.In(("INT",), (1, None, 2)), compare("INT", "in", 1, 2)),
        (spark.Not(spark.In(("INT",), (1, 2))), compare("INT", "not in", 1, 2)),
        (spark.IsNull(("TEXT",)), compare("TEXT", "is null")),
        (spark.IsNotNull(("CHANGED",)), compare("CHANGED", "is not null")),
        (spark.Not(spark.IsNull(("TEXT",))), compare("TEXT", "is not null")),
        (spark.EqualTo(("FLAG",), True), compare("FLAG", "=", True)),
        (spark.Not(spark.EqualTo(("FLAG",), True)), compare("FLAG", "!=", True)),
        (spark.EqualTo(("TEXT",), "ä"), compare("TEXT", "=", "ä")),
        (spark.GreaterThanOrEqual(("TEXT",), "202401"), compare("TEXT", ">=", "202401")),
        (spark.StringStartsWith(("TEXT",), "5%_\\"), compare("TEXT", "like", "5\\%\\_\\\\%")),
        (spark.StringEndsWith(("TEXT",), "x"), compare("TEXT", "like", "%x")),
        (spark.StringContains(("TEXT",), "x"), compare("TEXT", "like", "%x%")),
        (spark.LessThan(("DAY",), date(2024, 1, 1)), compare("DAY", "<", date(2024, 1, 1))),
        (spark.EqualTo(("SHIPPED",), SECOND), compare("SHIPPED", "=", SECOND)),
    ],
    ids=str,
)
def test_filter_with_an_exact_counterpart_is_pushed(wanted: Any, expected: Comparison) -> None:
    assert pushed(wanted) == expected


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (spark.GreaterThanOrEqual(("CHANGED",), SECOND), compare("CHANGED", ">=", SECOND)),
        (spark.LessThan(("CHANGED",), SECOND), compare("CHANGED", "<", SECOND)),
        (spark.GreaterThan(("CHANGED",), SECOND), compare("CHANGED", ">=", TICK)),
        (spark.LessThanOrEqual(("CHANGED",), SECOND), compare("CHANGED", "<", TICK)),
        (
            spark.EqualTo(("CHANGED",), SECOND),
            And((compare("CHANGED", ">=", SECOND), compare("CHANGED", "<", TICK))),
        ),
    ],
    ids=str,
)
def test_moment_means_its_whole_microsecond(wanted: Any, expected: object) -> None:
    """HANA keeps 100 ns, of which Spark sees whole microseconds."""
    assert pushed(wanted) == expected


@pytest.mark.parametrize(
    "wanted",
    [
        spark.EqualTo(("INT", "nested"), 5),
        spark.EqualTo(("NO_SUCH",), 5),
        spark.EqualTo(("INT",), None),
        spark.EqualTo(("INT",), True),
        spark.EqualTo(("INT",), 5.5),
        spark.Not(spark.EqualNullSafe(("INT",), 5)),
        spark.Not(spark.In(("INT",), (1, None))),
        spark.In(("INT",), (None,)),
        spark.EqualTo(("FLOATING",), "1.0"),
        spark.IsNull(("NOTE",)),
        spark.EqualTo(("PADDED",), "a"),
        spark.EqualTo(("HOUR",), "12:00:00"),
        spark.EqualTo(("PRECISE",), "2024"),
        spark.EqualTo(("WEIGHT",), float("nan")),
        spark.LessThan(("WEIGHT",), float("inf")),
        spark.GreaterThan(("TEXT",), "ä"),
        spark.EqualTo(("TEXT",), "a\0"),
        spark.GreaterThan(("FLAG",), False),
        spark.EqualTo(("DAY",), SECOND),
        spark.EqualTo(("SHIPPED",), TICK),
        spark.EqualTo(("CHANGED",), SECOND.replace(tzinfo=UTC)),
        spark.EqualTo(("CHANGED",), END_OF_TIME),
        spark.In(("CHANGED",), (SECOND,)),
        spark.Not(spark.EqualTo(("CHANGED",), SECOND)),
        spark.Not(spark.StringContains(("TEXT",), "x")),
    ],
    ids=str,
)
def test_filter_without_an_exact_counterpart_is_given_back(wanted: Any) -> None:
    assert pushed(wanted) is None


def test_column_that_spark_reads_as_another_type_is_given_back() -> None:
    target = pa.schema([("WEIGHT", pa.float32())])

    assert pushed(spark.EqualTo(("WEIGHT",), 0.5), target) is None


def test_several_filters_are_joined_and_parted() -> None:
    takes, stays = spark.EqualTo(("INT",), 5), spark.EqualTo(("NOTE",), "x")
    more = spark.IsNotNull(("TEXT",))

    found, left = push([takes, stays, more], SCHEMA, TARGET)

    assert found == And((compare("INT", "=", 5), compare("TEXT", "is not null")))
    assert left == [stays]
