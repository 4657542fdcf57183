"""Rows of hdbcli as Arrow arrays, by declared type; knows no cursor.

A converter is made for each column once. Most types go to ``pa.array`` as they come, which was
measured to be the fastest that Python can do (hana-wire.md 10); the others say why they do not.
What hdbcli makes of a value was tried with 2.30.27 against the emulator, not with a live HANA:

- Empty dates and timestamps come as None, and 24:00:00 as 00:00:00; nobody can tell afterwards.
- Days before 1582-10-15 keep their Julian year, month and day.
- The 7th digit of a TIMESTAMP is cut.
- Decimals come without trailing zeros.
- Text with half of a surrogate pair comes as the bytes of its UTF-16.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Context, Decimal, Inexact, InvalidOperation
from itertools import accumulate
from struct import Struct
from typing import Any, Final, TypeAlias, cast

import pyarrow as pa

from flight_client.protocol.catalog import Column, HanaType
from flight_client.protocol.errors import DataError
from flight_client.protocol.schemas import arrow_type, to_field

Values: TypeAlias = Sequence[Any]
Convert: TypeAlias = Callable[[Values], "pa.Array[Any]"]

HALF_PAIR: Final = "half a surrogate pair"
"""What ``RowConverter.replaced`` counts texts under whose halves became U+FFFD."""

_MAX_SHOWN: Final = 60
_VECTOR_LENGTH: Final = Struct("<i")
_ELEMENT_BYTES: Final = 4


class RowConverter:
    """Makes record batches of rows.

    Attributes:
        schema: Of every batch: names and types, without metadata.
        replaced: How many values were repaired, by what was wrong with them.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        """For columns as they are read.

        Raises:
            UnsupportedType: Naming the column whose type has no Arrow counterpart.
        """
        self.replaced: Counter[str] = Counter()
        fields: list[pa.Field[Any]] = [to_field(column).remove_metadata() for column in columns]
        self.schema: pa.Schema = pa.schema(fields)
        self._converters: Final = [self._converter(column) for column in columns]

    def batch(self, rows: Sequence[Sequence[object]]) -> pa.RecordBatch:
        """The record batch of some rows, at least one.

        Raises:
            DataError: Naming the column and the value that its type cannot hold.
        """
        columns = zip(*rows, strict=True)
        pairs = zip(self._converters, columns, strict=True)
        return pa.record_batch([convert(values) for convert, values in pairs], schema=self.schema)

    def _converter(self, column: Column) -> Convert:
        arrow = arrow_type(column.read_as or column.type)
        if is_floating(column.type) and pa.types.is_string(arrow):
            return _plain_digits
        if is_floating(column.type) and pa.types.is_floating(arrow):
            return _nearest(column, arrow)
        if pa.types.is_decimal(arrow):
            return _exact(column, arrow)
        if pa.types.is_string(arrow) or pa.types.is_large_string(arrow):
            return self._text(arrow)
        if pa.types.is_binary(arrow) or pa.types.is_large_binary(arrow):
            return _binaries(arrow)
        if arrow == pa.timestamp("s"):
            return _whole_seconds(column, arrow)
        if pa.types.is_list(arrow) or pa.types.is_fixed_size_list(arrow):
            return _vectors(column, arrow)
        return _as_it_comes(column, arrow)

    def _text(self, arrow: pa.DataType) -> Convert:
        def convert(values: Values) -> "pa.Array[Any]":
            # Arrow would take the bytes for UTF-8, and some UTF-16 is that too
            if memoryview in map(type, values):
                self.replaced[HALF_PAIR] += sum(type(value) is memoryview for value in values)
                values = [repaired(value) for value in values]
            return cast("pa.Array[Any]", pa.array(values, arrow))

        return convert


def is_floating(declared: HanaType) -> bool:
    """Whether each value of a type has a scale of its own."""
    return declared.name == "SMALLDECIMAL" or (
        declared.name == "DECIMAL" and declared.scale is None
    )


def _as_it_comes(column: Column, arrow: pa.DataType) -> Convert:
    def convert(values: Values) -> "pa.Array[Any]":
        try:
            return cast("pa.Array[Any]", pa.array(values, arrow))
        except (pa.ArrowException, OverflowError, TypeError):
            raise _misfit(column, next(filter(_refused(arrow), values)), arrow) from None

    return convert


def _binaries(arrow: pa.DataType) -> Convert:
    """Bytes of the views that hdbcli gives; ``pa.array`` of pyarrow 26 leaks 400 bytes of each."""

    def convert(values: Sequence[memoryview | None]) -> "pa.Array[Any]":
        copies = [None if value is None else bytes(value) for value in values]
        return cast("pa.Array[Any]", pa.array(copies, arrow))

    return convert


def _refused(arrow: pa.DataType) -> Callable[[object], bool]:
    def is_refused(value: object) -> bool:
        try:
            pa.scalar(value, arrow)
        except (pa.ArrowException, OverflowError, TypeError):
            return True
        return False

    return is_refused


def _exact(column: Column, arrow: pa.DataType) -> Convert:
    """Decimals with a scale; what does not fit is an error, and nothing is rounded."""
    kind = cast("pa.Decimal128Type[Any, Any]", arrow)
    step = Decimal(1).scaleb(-kind.scale)
    exactly = Context(prec=kind.precision, traps=[Inexact, InvalidOperation])

    def scaled(value: Decimal | None) -> Decimal | None:
        if value is None:
            return None
        try:
            return value.quantize(step, context=exactly)
        except (Inexact, InvalidOperation):
            raise _misfit(column, value, arrow) from None

    def convert(values: Values) -> "pa.Array[Any]":
        try:
            return cast("pa.Array[Any]", pa.array(values, arrow))
        except pa.ArrowInvalid:  # also for 1E+2, which has a place
            return cast("pa.Array[Any]", pa.array([scaled(value) for value in values], arrow))

    return convert


def _plain_digits(values: Values) -> "pa.Array[Any]":
    """Decimals as text: digits, a point where there is a fraction, never an exponent."""
    texts = [None if value is None else format(value, "f") for value in values]
    return cast("pa.Array[Any]", pa.array(texts, pa.utf8()))


def _nearest(column: Column, arrow: pa.DataType) -> Convert:
    """Decimals as the nearest float, which was asked for; too large a one is an error."""

    def convert(values: Values) -> "pa.Array[Any]":
        floats = [None if value is None else float(value) for value in values]
        if math.inf in floats or -math.inf in floats:
            at = next(at for at, value in enumerate(floats) if value and math.isinf(value))
            raise _misfit(column, values[at], arrow)
        return cast("pa.Array[Any]", pa.array(floats, arrow))

    return convert


def _whole_seconds(column: Column, arrow: pa.DataType) -> Convert:
    """A fraction would be cut without a word; a column that became a TIMESTAMP brings one."""

    def convert(values: Sequence[datetime | None]) -> "pa.Array[Any]":
        for value in values:
            if value is not None and value.microsecond:
                raise _misfit(column, value, arrow)
        return cast("pa.Array[Any]", pa.array(values, arrow))

    return convert


def _vectors(column: Column, arrow: pa.DataType) -> Convert:
    """Vectors: each is a number of elements and the elements, in little-endian bytes."""
    kind = cast("pa.ListType[Any] | pa.FixedSizeListType[Any, Any]", arrow)
    fixed = kind.list_size if isinstance(kind, pa.FixedSizeListType) else None
    absent = b"" if fixed is None else bytes(_ELEMENT_BYTES * fixed)

    def elements(value: memoryview | None) -> bytes | memoryview:
        if value is None:
            return absent
        length = _VECTOR_LENGTH.unpack_from(value)[0] if len(value) >= _VECTOR_LENGTH.size else -1
        if len(value) != _VECTOR_LENGTH.size + _ELEMENT_BYTES * length:
            raise _misfit(column, f"{len(value)} bytes", arrow)
        if fixed is not None and length != fixed:
            raise _misfit(column, f"a vector of {length}", arrow)
        return value[_VECTOR_LENGTH.size :]

    def convert(values: Sequence[memoryview | None]) -> "pa.Array[Any]":
        pieces = [elements(value) for value in values]
        data = pa.py_buffer(b"".join(pieces))
        count = data.size // _ELEMENT_BYTES
        floats = cast("pa.Array[Any]", pa.Array.from_buffers(pa.float32(), count, [None, data]))
        missing = pa.array([value is None for value in values], pa.bool_())
        if fixed is not None:
            whole = cast("Any", pa.FixedSizeListArray).from_arrays(floats, fixed, mask=missing)
        else:
            lengths = (len(piece) // _ELEMENT_BYTES for piece in pieces)
            offsets = pa.array(list(accumulate(lengths, initial=0)), pa.int32())
            whole = cast("Any", pa.ListArray).from_arrays(offsets, floats, mask=missing)
        return cast("pa.Array[Any]", whole)

    return convert


def repaired(value: str | memoryview | None) -> str | None:
    """Text as hdbcli gives it, with U+FFFD for each half of a surrogate pair."""
    return bytes(value).decode("utf-16-le", "replace") if isinstance(value, memoryview) else value


def _misfit(column: Column, value: object, arrow: pa.DataType) -> DataError:
    shown = str(value)
    if len(shown) > _MAX_SHOWN:
        shown = shown[:_MAX_SHOWN] + "..."
    return DataError(
        f"Column {column.name!r} holds {shown}, which {arrow} cannot hold exactly; cast it in a "
        "view, or leave the column out.",
        column=column.name,
    )
