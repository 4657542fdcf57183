"""Spark's filters as filters of a ticket, where both keep exactly the same rows; pure.

A filter that has no exact counterpart stays with Spark: a wrong guess would lose rows in silence.
Which column takes which comparison is decided by its declared HANA type as well, because columns
may be read as another type than the database compares (a DECIMAL without a scale as text).
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, TypeAlias

import pyarrow as pa
from pyspark.sql import datasource as spark

from flight_client.protocol.errors import InvalidFilter, UnsupportedType
from flight_client.protocol.filters import And, Comparison, Filter, Operator, conjunction
from flight_client.protocol.schemas import hana_type
from flight_client.sinks.spark import conforming_type

Field: TypeAlias = "pa.Field[Any]"

TICK: Final = timedelta(microseconds=1)
"""Spark sees whole microseconds; HANA keeps a digit more, which its driver cuts."""

_VALUES: Final[dict[tuple[str, str], type]] = {
    ("TINYINT", "uint8"): int,
    ("SMALLINT", "int16"): int,
    ("INTEGER", "int32"): int,
    ("BIGINT", "int64"): int,
    ("REAL", "float"): float,
    ("DOUBLE", "double"): float,
    ("NVARCHAR", "string"): str,
    ("VARCHAR", "string"): str,
    ("BOOLEAN", "bool"): bool,
    ("DATE", "date32[day]"): date,
    ("SECONDDATE", "timestamp[s]"): datetime,
    ("TIMESTAMP", "timestamp[us]"): datetime,
}
"""Of which type a value is, by the declared type of the column and the Arrow type it is read as;
DECIMAL beside these. Padded and numeric texts, LOBs, times and vectors compare otherwise."""

_ORDERS: Final[dict[type[spark.Filter], Operator]] = {
    spark.GreaterThan: ">",
    spark.GreaterThanOrEqual: ">=",
    spark.LessThan: "<",
    spark.LessThanOrEqual: "<=",
}
_LATER: Final[dict[Operator, Operator]] = {"<": "<", "<=": "<", ">": ">=", ">=": ">="}


def push(
    filters: Sequence[spark.Filter], schema: pa.Schema, target: pa.Schema
) -> tuple[Filter | None, list[spark.Filter]]:
    """What the database filters, and what stays with Spark.

    Args:
        filters: Joined by AND.
        schema: What the server sends, with the declared types in the metadata of its fields.
        target: What Spark takes; a column that a user's schema reads as another type stays out.
    """
    sent: list[Field] = list(schema)
    taken: list[Field] = list(target)
    types = {field.name: field.type for field in taken}
    fields = {
        field.name: field
        for field in sent
        if field.name in types and types[field.name].equals(conforming_type(field.type))
    }
    pushed: list[Filter] = []
    left: list[spark.Filter] = []
    for each in filters:
        exact = _exact(each, fields)
        if exact is None:
            left.append(each)
        else:
            pushed.append(exact)
    return conjunction(*pushed), left


def _exact(wanted: spark.Filter, fields: dict[str, Field]) -> Filter | None:
    inner = wanted.child if isinstance(wanted, spark.Not) else wanted
    path: tuple[str, ...] = getattr(inner, "attribute", ())
    field = fields.get(path[0]) if len(path) == 1 else None
    wished = None if field is None else _value_type(field)
    if field is None or wished is None:
        return None
    try:
        if isinstance(wanted, spark.Not):
            return _negated(wanted.child, field, wished)
        return _plain(wanted, field, wished)
    except (InvalidFilter, OverflowError):  # NaN, NUL in a text, the end of time
        return None


def _value_type(field: Field) -> type | None:
    """The type of values that compare with a column as they do in Spark; None if none does."""
    try:
        declared = hana_type(field)
    except UnsupportedType:
        return None
    if declared.name == "DECIMAL" and declared.scale is not None:
        return Decimal if isinstance(field.type, pa.Decimal128Type) else None
    return _VALUES.get((declared.name, str(field.type)))


def _plain(wanted: spark.Filter, field: Field, wished: type) -> Filter | None:
    name = field.name
    match wanted:
        case spark.IsNull():
            return Comparison(name, "is null")
        case spark.IsNotNull():
            return Comparison(name, "is not null")
        case spark.EqualTo(_, value) | spark.EqualNullSafe(_, value):
            if not _fits(value, field, wished):
                return None
            if field.type == pa.timestamp("us"):
                at_least = Comparison(name, ">=", (value,))
                return And((at_least, Comparison(name, "<", (value + TICK,))))
            return Comparison(name, "=", (value,))
        case spark.In(_, values):
            # NULL among the values finds no row
            return _listed("in", [each for each in values if each is not None], field, wished)
        case spark.StringStartsWith(_, text):
            return _like("{}%", text, field, wished)
        case spark.StringEndsWith(_, text):
            return _like("%{}", text, field, wished)
        case spark.StringContains(_, text):
            return _like("%{}%", text, field, wished)
        case _:
            return _ordered(wanted, field, wished)


def _ordered(wanted: spark.Filter, field: Field, wished: type) -> Filter | None:
    op = _ORDERS.get(type(wanted))
    value: Any = getattr(wanted, "value", None)
    if op is None or wished is bool or not _fits(value, field, wished):
        return None
    if wished is str and not value.isascii():
        return None  # past ASCII, encodings sort differently
    if field.type == pa.timestamp("us"):
        moved = value + TICK if op in ("<=", ">") else value
        return Comparison(field.name, _LATER[op], (moved,))
    return Comparison(field.name, op, (value,))


def _negated(inner: spark.Filter, field: Field, wished: type) -> Filter | None:
    """NULL satisfies neither a comparison nor its NOT, in Spark as in the database."""
    match inner:
        case spark.IsNull():
            return Comparison(field.name, "is not null")
        case spark.IsNotNull():
            return Comparison(field.name, "is null")
        case spark.EqualTo(_, value):
            return _listed("!=", [value], field, wished)
        case spark.In(_, values):
            return _listed("not in", list(values), field, wished)
        case _:
            return None


def _listed(op: Operator, values: list[Any], field: Field, wished: type) -> Filter | None:
    if field.type == pa.timestamp("us"):
        return None  # each value is a range of a microsecond there
    if not all(_fits(value, field, wished) for value in values):
        return None
    return Comparison(field.name, op, tuple(values))


def _fits(value: object, field: Field, wished: type) -> bool:
    """Whether a value has exactly the type of its column; a datetime is no date, a bool no int."""
    if type(value) is not wished:
        return False
    return field.type != pa.timestamp("s") or not getattr(value, "microsecond", 0)


def _like(form: str, text: object, field: Field, wished: type) -> Filter | None:
    if wished is not str or not isinstance(text, str):
        return None
    escaped = "".join(f"\\{each}" if each in "\\%_" else each for each in text)
    return Comparison(field.name, "like", (form.format(escaped),))
