"""Rows as cuDF and CuPy take them, still in host memory; knows no GPU and no Flight.

What cuDF lacks is cast to a type that keeps every value, or refused by name before a row is read.
The tables are those of cuDF 26.10 (``pylibcudf.DataType.from_arrow``); docs/gpu.md shows them.
"""
# numpy comes with CuPy and ships with none of our extras; pyarrow's stubs leave it half untyped:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, TypeAlias, TypeVar, cast

import pyarrow as pa

from flight_client.protocol.errors import DataError, InvalidRead, UnsupportedType

Column: TypeAlias = "pa.Array[Any]"
HostArray: TypeAlias = Any
"""A ``numpy.ndarray``."""

PIECE_BYTES: Final = 64 * 1024 * 1024
"""Least bytes that are copied to the device at once: few large copies, and a flat host memory."""

MAX_ROWS: Final = 2**31 - 1
"""Most rows of a cuDF column: libcudf counts them in 32 bits."""

INTEGERS: Final = frozenset(
    {
        *(pa.int8(), pa.int16(), pa.int32(), pa.int64()),
        *(pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()),
    }
)

NUMBERS: Final = INTEGERS | {pa.bool_(), pa.float16(), pa.float32(), pa.float64()}
"""What an array of numpy and CuPy holds as it is."""

KEPT: Final = (NUMBERS - {pa.float16()}) | {
    *(pa.string(), pa.large_string(), pa.string_view()),
    pa.date32(),
}
"""What cuDF takes as it is, of the types without parameters."""

HostT = TypeVar("HostT")
DeviceT = TypeVar("DeviceT")


def gathered(
    names: Sequence[str],
    pieces: Iterable[Sequence[HostT]],
    to_device: Callable[[HostT], DeviceT],
    joined: Callable[[list[DeviceT]], DeviceT],
) -> dict[str, DeviceT]:
    """Each column of the pieces on the device, by name.

    A piece leaves the host before the next one is asked for, and the parts of a column leave the
    device before those of the next one are joined.

    Args:
        names: Names of the columns, each once.
        pieces: At least one; the columns of each in the order of the names.
        to_device: Copies one column of one piece.
        joined: Makes one column of its parts, in their order.
    """
    parts: list[list[DeviceT]] = [[] for _ in names]
    for piece in pieces:
        for held, column in zip(parts, piece, strict=True):
            held.append(to_device(column))
    found: dict[str, DeviceT] = {}
    for name, held in zip(names, parts, strict=True):
        found[name] = joined(held)
        held.clear()
    return found


def frame_pieces(
    reader: pa.RecordBatchReader, piece_bytes: int
) -> Iterator[list["pa.ChunkedArray[Any]"]]:
    """The columns of a reader's rows in types that cuDF has, piece by piece; at least one piece.

    Raises:
        InvalidRead: Two columns of one name, or more rows than a cuDF column holds.
        UnsupportedType: Columns whose types cuDF lacks; all are named.
    """
    target = frame_schema(reader.schema)
    rows = 0

    def conformed() -> Iterator[pa.RecordBatch]:
        nonlocal rows
        for batch in reader:
            rows += batch.num_rows
            check_rows(rows)
            columns = [
                conform(column, field.type)
                for column, field in zip(batch.columns, target, strict=True)
            ]
            yield pa.RecordBatch.from_arrays(columns, schema=target)

    # Chunked arrays: libcudf imports a plain pyarrow array through another door
    for piece in pieces(conformed(), target, piece_bytes):
        yield piece.columns


def check_rows(rows: int) -> None:
    """Refuse what no column of cuDF holds.

    Raises:
        InvalidRead: There are more rows.
    """
    if rows > MAX_ROWS:
        raise InvalidRead(
            f"A cuDF column holds at most {MAX_ROWS:,} rows, and there are more; "
            "read fewer with limit or where."
        )


def frame_schema(schema: pa.Schema) -> pa.Schema:
    """The schema, of types that cuDF takes, that holds every row of another.

    Raises:
        InvalidRead: Two columns of one name.
        UnsupportedType: Columns whose types cuDF lacks; all are named.
    """
    _check_names(schema, "cuDF frame")
    kinds = [frame_type(field.type) for field in schema]
    refused = [field for field, kind in zip(schema, kinds, strict=True) if kind is None]
    if refused:
        raise UnsupportedType(
            f"cuDF has no type for {_listed(refused)}; leave such columns out or cast them in "
            "the query, or read them with to_arrow()."
        )
    # Nullable whatever the source says, as everywhere: views do not know
    return pa.schema(
        [(field.name, kind) for field, kind in zip(schema, kinds, strict=True) if kind is not None]
    )


def frame_type(kind: pa.DataType) -> pa.DataType | None:
    """The type, of those that cuDF takes, that holds every value of another; None where none does.

    A time of day becomes the time since midnight, because cuDF has durations and no times.
    """
    if kind in KEPT:
        return kind
    match kind:
        case pa.Decimal32Type() | pa.Decimal64Type() | pa.Decimal128Type():
            return kind
        case pa.TimestampType() | pa.DurationType():
            return kind
        case pa.Time32Type() | pa.Time64Type():
            return pa.duration(kind.unit)
        case pa.DictionaryType():
            return frame_type(kind.value_type)
        case pa.ListType() | pa.FixedSizeListType():
            same = frame_type(kind.value_type) == kind.value_type
            return pa.list_(kind.value_type) if same else None
        case _:
            return _WIDER.get(kind)


_WIDER: Final[dict[pa.DataType, pa.DataType]] = {
    pa.float16(): pa.float32(),
    pa.date64(): pa.timestamp("ms"),
    pa.null(): pa.string(),  # a column that is NULL throughout; cuDF does the same
}


def conform(column: Column, kind: pa.DataType) -> Column:
    """The same values in the type that ``frame_type`` gives.

    Dictionaries are decoded here, batch by batch: cuDF may join chunks of different dictionaries
    by their codes, which gives wrong values and no error.
    """
    if isinstance(column.type, pa.DictionaryType):
        decoded = cast("pa.DictionaryArray[Any, Any]", column).dictionary_decode()
        return conform(decoded, kind)
    if column.type.equals(kind):
        return column
    match column.type:
        case pa.Time32Type():
            return column.cast(pa.int32()).cast(pa.int64()).cast(kind)
        case pa.Time64Type():
            return column.cast(pa.int64()).cast(kind)
        case _:
            return column.cast(kind)


def array_pieces(
    reader: pa.RecordBatchReader, null_value: float | None, piece_bytes: int
) -> Iterator[list[HostArray]]:
    """The columns of a reader's rows as numpy arrays, piece by piece; at least one piece.

    A column of numbers is one-dimensional and keeps its type; one of vectors has a row of the
    array for each row. Most are views of Arrow's memory, so they cannot be written to.

    Raises:
        InvalidRead: Two columns of one name.
        UnsupportedType: Columns that are not numeric; all are named.
        DataError: NULL without a ``null_value``, or one that a column cannot hold.
    """
    schema = reader.schema
    _check_names(schema, "dictionary of arrays")
    refused = [field for field in schema if not _is_numeric(field.type)]
    if refused:
        raise UnsupportedType(
            f"to_cupy() takes numbers, booleans and vectors, not {_listed(refused)}; leave such "
            "columns out or cast them in the query, or use to_cudf()."
        )
    for piece in pieces(reader, schema, piece_bytes):
        yield [
            _array(_single(column), field.name, null_value)
            for column, field in zip(piece.columns, schema, strict=True)
        ]


def _is_numeric(kind: pa.DataType) -> bool:
    if isinstance(kind, pa.FixedSizeListType):
        return kind.value_type in NUMBERS
    return kind in NUMBERS


def _array(column: Column, name: str, null_value: float | None) -> HostArray:
    """One column as a numpy array."""
    if not isinstance(column.type, pa.FixedSizeListType):
        return _without_null(column, name, null_value).to_numpy(zero_copy_only=False)
    if column.null_count:
        raise DataError(
            f"Column {name!r} has a vector that is NULL, which an array cannot hold; "
            "leave such rows out with where."
        )
    values = cast("pa.FixedSizeListArray[Any, Any]", column).flatten()
    flat = _without_null(values, name, null_value).to_numpy(zero_copy_only=False)
    return flat.reshape(len(column), column.type.list_size)


def _without_null(column: Column, name: str, null_value: float | None) -> Column:
    if not column.null_count:
        return column
    if null_value is None:
        raise DataError(
            f"Column {name!r} has NULL, which an array cannot hold; give a null_value, "
            "or leave such rows out with where."
        )
    try:
        filling = pa.scalar(null_value).cast(column.type)
    except pa.ArrowException:
        raise DataError(
            f"Column {name!r} of type {column.type} cannot hold the null_value {null_value!r}; "
            "give another, or leave rows with NULL out with where."
        ) from None
    return column.fill_null(filling)


def pieces(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema, piece_bytes: int
) -> Iterator[pa.Table]:
    """The batches in tables of at least ``piece_bytes``, but for the last; never none at all.

    A column of a table is one chunk, so that each takes one copy to the device.
    """
    held: list[pa.RecordBatch] = []
    size = 0
    handed_on = False
    for batch in batches:
        if batch.num_rows:
            held.append(batch)
            size += batch.nbytes
        if size >= piece_bytes:
            piece = pa.Table.from_batches(held, schema)
            held, size = [], 0
            handed_on = True
            yield piece.combine_chunks()
    if held or not handed_on:
        yield pa.Table.from_batches(held, schema).combine_chunks()


def _single(column: "pa.ChunkedArray[Any]") -> Column:
    if column.num_chunks == 1:
        return cast("Column", column.chunk(0))  # the stubs call a chunk chunked
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def _check_names(schema: pa.Schema, place: str) -> None:
    names = schema.names
    for name in names:
        if names.count(name) > 1:
            raise InvalidRead(
                f"Several columns are named {name!r}, and a {place} keeps one; "
                "name each in the query."
            )


def _listed(fields: Iterable["pa.Field[Any]"]) -> str:
    return ", ".join(f"{field.name!r} ({field.type})" for field in fields)
