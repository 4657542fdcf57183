"""Arrow values in another Arrow type, every one exactly or none; knows no table.

Arrow's own casts do more than that: whole numbers become days, times of day are dropped, what is
too large for a REAL becomes infinite, and texts of decimals lose digits [run, pyarrow 26].
"""

import enum
from typing import Any, Final, cast

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import types


class NoSuchCast(Exception):
    """Values of the one type are none of the other."""


class _Kind(enum.Enum):
    BOOLEAN = enum.auto()
    INTEGER = enum.auto()
    DECIMAL = enum.auto()
    FLOATING = enum.auto()
    TEXT = enum.auto()
    BINARY = enum.auto()
    DATE = enum.auto()
    TIME = enum.auto()
    TIMESTAMP = enum.auto()
    VECTOR = enum.auto()
    OTHER = enum.auto()


_NUMBERS: Final = frozenset({_Kind.INTEGER, _Kind.DECIMAL, _Kind.FLOATING})

_INTEGER_DIGITS: Final = 20
"""Of the largest number of 64 bits."""

_FROM: Final[dict[_Kind, frozenset[_Kind]]] = {
    _Kind.BOOLEAN: frozenset({_Kind.BOOLEAN}),
    _Kind.INTEGER: _NUMBERS | {_Kind.BOOLEAN},
    _Kind.DECIMAL: _NUMBERS,
    _Kind.FLOATING: _NUMBERS,
    _Kind.TEXT: frozenset({_Kind.TEXT}),
    _Kind.BINARY: frozenset({_Kind.BINARY}),
    _Kind.DATE: frozenset({_Kind.DATE, _Kind.TIMESTAMP}),
    _Kind.TIME: frozenset({_Kind.TIME}),
    _Kind.TIMESTAMP: frozenset({_Kind.DATE, _Kind.TIMESTAMP}),
    _Kind.VECTOR: frozenset({_Kind.VECTOR}),
    _Kind.OTHER: frozenset(),
}
"""Of which kinds a column takes values."""


def exact(array: "pa.Array[Any]", wanted: pa.DataType) -> "pa.Array[Any]":
    """The same values as another type. Floating numbers are rounded to the scale of a decimal.

    Raises:
        NoSuchCast: Whatever the values are.
        pa.ArrowInvalid: A value has no equal in the other type.
    """
    if types.is_dictionary(array.type):
        array = _decoded(cast("pa.DictionaryArray[Any, Any]", array))
    if array.type == wanted or types.is_null(array.type):
        return array.cast(wanted)
    if _kind(array.type) not in _FROM[_kind(wanted)]:
        raise NoSuchCast
    if array.null_count == len(array):
        # Arrow 26 crashes where lists that came through IPC, all NULL, get a fixed size.
        return cast("pa.Array[Any]", cast("Any", pa).nulls(len(array), wanted))
    if _kind(wanted) is _Kind.DECIMAL and _kind(array.type) is _Kind.INTEGER:
        # Arrow wants digits for the largest integer in the type, whatever the values are.
        scale = cast("pa.Decimal128Type[Any, Any]", wanted).scale
        array = array.cast(pa.decimal256(_INTEGER_DIGITS + scale, scale))
    try:
        found = array.cast(wanted, safe=True)
    except pa.ArrowNotImplementedError:
        raise NoSuchCast from None
    _require_kept(array, found)
    return found


def _decoded(array: "pa.DictionaryArray[Any, Any]") -> "pa.Array[Any]":
    """The values of a dictionary array; polars' are string views, which Arrow cannot take from."""
    values = cast("pa.Array[Any]", array.dictionary)  # pyright: ignore[reportUnknownMemberType]
    if values.type == pa.string_view():
        values = values.cast(pa.large_utf8())
    elif values.type == pa.binary_view():
        values = values.cast(pa.large_binary())
    indices = cast("pa.Array[Any]", array.indices)  # pyright: ignore[reportUnknownMemberType]
    return cast("pa.Array[Any]", values.take(indices))


def _require_kept(array: "pa.Array[Any]", found: "pa.Array[Any]") -> None:
    """Refuse what Arrow let pass."""
    if types.is_date32(found.type) and types.is_timestamp(array.type):
        if not found.cast(array.type).equals(array):
            raise pa.ArrowInvalid("a time of day would be lost")
    elif types.is_float32(found.type) and _infinite(found) > _infinite(array):
        raise pa.ArrowInvalid("a number is too large")


def _infinite(array: "pa.Array[Any]") -> int:
    if not types.is_floating(array.type):
        return 0
    flags = cast("pa.BooleanArray", pc.call_function("is_inf", [array]))  # pyright: ignore[reportUnknownMemberType]
    return flags.true_count


def _kind(of: pa.DataType) -> _Kind:
    tests = (
        (_Kind.BOOLEAN, types.is_boolean),
        (_Kind.INTEGER, types.is_integer),
        (_Kind.DECIMAL, types.is_decimal),
        (_Kind.FLOATING, types.is_floating),
        (_Kind.DATE, types.is_date),
        (_Kind.TIME, types.is_time),
    )
    if of in (pa.utf8(), pa.large_utf8(), pa.string_view()):
        return _Kind.TEXT
    if types.is_fixed_size_binary(of) or of in (pa.binary(), pa.large_binary(), pa.binary_view()):
        return _Kind.BINARY
    if types.is_timestamp(of):
        return _Kind.OTHER if of.tz else _Kind.TIMESTAMP  # what day it is depends on the zone
    if types.is_list(of) or types.is_large_list(of) or types.is_fixed_size_list(of):
        return _Kind.VECTOR if types.is_floating(of.value_type) else _Kind.OTHER
    return next((kind for kind, test in tests if test(of)), _Kind.OTHER)
