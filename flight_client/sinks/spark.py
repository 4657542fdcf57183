"""A reader's rows as a Spark DataFrame, and how Arrow's types conform to Spark's; without Flight.

Spark takes few Arrow types, and those exactly [pyspark 4.3: to_arrow_schema; the first batch is
compared with it]. What it lacks is cast to the next type that holds every value, column by column;
a column that conforms already is handed on without a copy.
"""
# pyarrow's stubs leave the types of fields and of nested types half unknown:
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false
# pyright: reportUnknownVariableType=false

from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

import pyarrow as pa
import pyarrow.compute as pc

from flight_client.protocol.errors import DataError, InvalidRead, UnknownColumn, UnsupportedType
from flight_client.protocol.schemas import COMMENT_KEY
from flight_client.sinks import MissingDependency

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import DataType, StructField, StructType

Column: TypeAlias = "pa.Array[Any]"

MICROSECONDS: Final = pa.timestamp("us")
INSTANTS: Final = pa.timestamp("us", "UTC")

_PLAIN: Final[dict[str, pa.DataType]] = {
    "NullType": pa.null(),
    "BooleanType": pa.bool_(),
    "ByteType": pa.int8(),
    "ShortType": pa.int16(),
    "IntegerType": pa.int32(),
    "LongType": pa.int64(),
    "FloatType": pa.float32(),
    "DoubleType": pa.float64(),
    "StringType": pa.string(),
    "BinaryType": pa.binary(),
    "DateType": pa.date32(),
    "TimestampType": INSTANTS,
    "TimestampNTZType": MICROSECONDS,
    "DayTimeIntervalType": pa.duration("us"),
}
"""What Spark takes for its types without parameters, by their names in ``pyspark.sql.types``."""

_WISHED: Final[dict[str, pa.DataType]] = {
    **_PLAIN,
    "CharType": pa.string(),
    "VarcharType": pa.string(),
    "TimeType": pa.time64("ns"),
}
"""The same for types that no column becomes by itself: a user's schema may name them."""

_SPARK_NAMES: Final = {arrow: name for name, arrow in _PLAIN.items()}

_WIDER: Final[dict[pa.DataType, pa.DataType]] = {
    pa.uint8(): pa.int16(),
    pa.uint16(): pa.int32(),
    pa.uint32(): pa.int64(),
    pa.uint64(): pa.decimal128(20, 0),
    pa.float16(): pa.float32(),
    pa.large_string(): pa.string(),
    pa.string_view(): pa.string(),
    pa.large_binary(): pa.binary(),
    pa.binary_view(): pa.binary(),
    pa.date64(): pa.date32(),
    pa.time32("s"): pa.string(),  # Spark has TIME since 4.1 only, and not everywhere
    pa.time32("ms"): pa.string(),
    pa.time64("us"): pa.string(),
    pa.time64("ns"): pa.string(),
    pa.duration("s"): pa.duration("us"),
    pa.duration("ms"): pa.duration("us"),
}

MAX_PRECISION: Final = 38


def to_spark(reader: pa.RecordBatchReader, spark: "SparkSession") -> "DataFrame":
    """All rows of a reader as a DataFrame; they pass through the driver's memory.

    Args:
        reader: Read to its end.
        spark: Classic or Connect session of Spark 4.0 or newer.

    Raises:
        MissingDependency: pyspark is not installed.
        UnsupportedType: A column that no Spark type holds.
    """
    schema = spark_schema(reader.schema)
    target = arrow_schema(schema)
    batches = [conform(batch, target) for batch in reader]
    # pyspark 4.3 fails on a timestamp without a chunk
    table = pa.Table.from_batches(batches, target) if batches else target.empty_table()
    return spark.createDataFrame(table, schema=schema)


def spark_session() -> "SparkSession":
    """The session of this process; a new one where there is none.

    Raises:
        MissingDependency: pyspark is not installed.
    """
    try:
        from pyspark.sql import SparkSession
    except ModuleNotFoundError:
        raise MissingDependency("pyspark", "spark") from None
    return SparkSession.builder.getOrCreate()


def spark_schema(schema: pa.Schema) -> "StructType":
    """The Spark schema that holds every row of an Arrow schema; each column may be NULL.

    Raises:
        MissingDependency: pyspark is not installed.
        UnsupportedType: A column that no Spark type holds.
    """
    try:
        from pyspark.sql.types import StructField, StructType
    except ModuleNotFoundError:
        raise MissingDependency("pyspark", "spark") from None

    def held(field: "pa.Field[Any]") -> "StructField":
        try:
            kind = _spark_type(conforming_type(field.type))
        except UnsupportedType as error:
            raise UnsupportedType(f"Column {field.name!r}: {error.message}") from None
        comment = (field.metadata or {}).get(COMMENT_KEY)
        described = {"comment": comment.decode("utf-8", "replace")} if comment else None
        return StructField(field.name, kind, nullable=True, metadata=described)

    return StructType([held(field) for field in schema])


def conforming_type(kind: pa.DataType) -> pa.DataType:
    """The Arrow type, of those that Spark takes, that holds every value of another.

    Raises:
        UnsupportedType: None does.
    """
    if kind in _SPARK_NAMES:
        return kind
    if kind in _WIDER:
        return _WIDER[kind]
    match kind:
        case pa.TimestampType():
            return MICROSECONDS if kind.tz is None else INSTANTS
        case pa.Decimal32Type() | pa.Decimal64Type() | pa.Decimal128Type() | pa.Decimal256Type():
            if kind.precision <= MAX_PRECISION and 0 <= kind.scale <= kind.precision:
                return pa.decimal128(kind.precision, kind.scale)
        case pa.DictionaryType():
            return conforming_type(kind.value_type)
        case pa.FixedSizeBinaryType():
            return pa.binary()
        case pa.MapType():
            return pa.map_(conforming_type(kind.key_type), conforming_type(kind.item_type))
        case pa.ListType() | pa.LargeListType() | pa.FixedSizeListType():
            return pa.list_(_element(conforming_type(kind.value_type)))
        case pa.StructType():
            return pa.struct([pa.field(each.name, conforming_type(each.type)) for each in kind])
        case _:
            pass
    raise UnsupportedType(f"Spark has no type for Arrow's {kind}; cast it in the query.")


def _element(kind: pa.DataType, *, nullable: bool = True) -> "pa.Field[Any]":
    return _field("element", kind, nullable=nullable)


def _field(name: str, kind: pa.DataType, *, nullable: bool) -> "pa.Field[Any]":
    """An array() of Spark has elements that are nothing but NULL, and never NULL."""
    return pa.field(name, kind, nullable=nullable or pa.types.is_null(kind))


def _spark_type(kind: pa.DataType) -> "DataType":
    """The Spark type of one that conforms."""
    from pyspark.sql import types

    match kind:
        case pa.Decimal128Type():
            return types.DecimalType(kind.precision, kind.scale)
        case pa.MapType():
            return types.MapType(_spark_type(kind.key_type), _spark_type(kind.item_type))
        case pa.ListType():
            return types.ArrayType(_spark_type(kind.value_type))
        case pa.StructType():
            fields = [types.StructField(each.name, _spark_type(each.type)) for each in kind]
            return types.StructType(fields)
        case _:
            plain: type[DataType] = getattr(types, _SPARK_NAMES[kind])
            return plain()


def arrow_schema(schema: "StructType") -> pa.Schema:
    """The Arrow schema that Spark takes for one of its own.

    Raises:
        UnsupportedType: A type that no table here has.
    """
    return pa.schema([_arrow_field(field) for field in schema.fields])


def _arrow_field(field: "StructField") -> "pa.Field[Any]":
    return _field(field.name, _arrow_type(field.dataType), nullable=field.nullable)


def _arrow_type(kind: "DataType") -> pa.DataType:
    from pyspark.sql import types

    match kind:
        case types.DecimalType():
            return pa.decimal128(kind.precision, kind.scale)
        case types.ArrayType():
            return pa.list_(_element(_arrow_type(kind.elementType), nullable=kind.containsNull))
        case types.MapType():
            keys = _arrow_type(kind.keyType)
            if pa.types.is_null(keys):
                raise _foreign(kind)  # map() alone has such keys, and Arrow has none
            values: Any = _field(
                "value", _arrow_type(kind.valueType), nullable=kind.valueContainsNull
            )
            return pa.map_(keys, values)
        case types.StructType():
            return pa.struct([_arrow_field(field) for field in kind.fields])
        case _:
            found = _WISHED.get(type(kind).__name__)
    if found is None:
        raise _foreign(kind)
    return found


def _foreign(kind: "DataType") -> UnsupportedType:
    return UnsupportedType(
        f"The schema names Spark's type {kind.simpleString()}, which no column here becomes; "
        "read it as another type and cast it in Spark."
    )


def conform(batch: pa.RecordBatch, target: pa.Schema) -> pa.RecordBatch:
    """The columns that ``target`` names, in its order and of its types.

    Raises:
        UnknownColumn: One of them is not there.
        InvalidRead: Several have the name of one.
        DataError: A value that the type wanted cannot hold, or NULL where there may be none.
    """
    places = _places(batch.schema.names, target.names)
    columns = [_column(batch.column(at), field) for at, field in zip(places, target, strict=True)]
    return pa.RecordBatch.from_arrays(columns, schema=target)


def _places(names: list[str], wanted: list[str]) -> list[int]:
    if names == wanted:  # some may be named alike
        return list(range(len(names)))
    for name in wanted:
        if name not in names:
            raise UnknownColumn(
                f"The rows have no column {name!r}; they have {', '.join(names):.200}.", column=name
            )
        if names.count(name) > 1:
            raise InvalidRead(f"Several columns are named {name!r}; name each in the query.")
    return [names.index(name) for name in wanted]


def _column(column: Column, field: "pa.Field[Any]") -> Column:
    if not field.nullable and column.null_count:
        raise DataError(
            f"Column {field.name!r} has NULL, which its schema forbids; leave NOT NULL out."
        )
    if column.type.equals(field.type):
        return column
    try:
        found = _cast(column, field.type)
    except pa.ArrowException as error:
        raise _unfit(column, field, str(error).splitlines()[0]) from None
    if _is_changed(column, found):
        raise _unfit(column, field, "values would change")
    return found


def _unfit(column: Column, field: "pa.Field[Any]", said: str) -> DataError:
    return DataError(
        f"Column {field.name!r} of type {column.type} cannot be read as {field.type}: {said}."
    )


def _cast(column: Column, kind: pa.DataType) -> Column:
    source = column.type
    if isinstance(source, pa.DictionaryType):
        return _cast(cast("pa.DictionaryArray[Any, Any]", column).dictionary_decode(), kind)
    if isinstance(source, pa.TimestampType) and source.unit == "ns":
        # Spark keeps microseconds; a cast alone refuses what is finer, or rounds towards zero
        column = pc.floor_temporal(column, unit="microsecond")
    return column.cast(kind)


def _is_changed(column: Column, found: Column) -> bool:
    """Whether a cast that pyarrow lets pass lost more than digits of a float."""
    source, kind = column.type, found.type
    is_float = pa.types.is_floating(source)
    if is_float and pa.types.is_floating(kind):
        return not pc.is_inf(column).equals(pc.is_inf(found))
    is_number = is_float or pa.types.is_integer(source)
    is_moment = pa.types.is_timestamp(source)
    if (is_number and pa.types.is_boolean(kind)) or (is_moment and pa.types.is_date(kind)):
        return not found.cast(source).equals(column)
    return is_moment and pa.types.is_time(kind)
