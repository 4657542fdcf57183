"""Values from the wire as they are stored, and back."""

import decimal
import struct
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, TypeAlias

import pyarrow as pa

from tests.hana_emulator.engine import calendar, decimals, types
from tests.hana_emulator.engine.errors import too_large
from tests.hana_emulator.engine.texts import Escapes, escape, unescape, units
from tests.hana_emulator.engine.types import Family, family
from tests.hana_emulator.values import DeclaredType, HanaError

Patcher: TypeAlias = Callable[[Any], Any] | None
"""What is done with every value of a column; None for nothing."""


def stored(value: Any, declared: DeclaredType, *, column: str | None = None) -> Any:
    """A value from the wire as DuckDB stores its type.

    Args:
        value: As `values.py` has it; texts are taken for numbers and moments too.
        declared: The type to store it as.
        column: Where it is to be stored; its length is checked then.

    Raises:
        HanaError: 274, 303, 314, 339 or 266 if the value is none of the type.
    """
    if value is None:
        return None
    try:
        found = _STORERS[family(declared)](value, declared)
    except (decimal.InvalidOperation, ValueError, TypeError, OverflowError):
        raise HanaError(
            339, f"invalid number: {type(value).__name__} is no {declared.name}"
        ) from None
    if column is not None and declared.length is not None:
        _check_length(found, declared, column)
    return found


def _check_length(value: Any, declared: DeclaredType, column: str) -> None:
    kind = family(declared)
    if (kind is Family.TEXT and units(value) > declared.length) or (
        kind is Family.BYTES and len(value) > declared.length
    ):
        raise too_large(column)


def _integer(value: Any, declared: DeclaredType) -> int:
    number = int(decimals.number(value)) if isinstance(value, str) else int(value)
    low, high = types.RANGES[declared.name]
    if not low <= number <= high:
        raise HanaError(314, f"numeric overflow: {number} is no {declared.name}")
    return number


def _decimal(value: Any) -> Decimal:
    if isinstance(value, str):
        return decimals.number(value)
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


def _fixed(value: Any, declared: DeclaredType) -> Decimal:
    """Cut behind the scale [SQL:numeric-data-types, the example of DECIMAL(5,4)]."""
    number = _decimal(value)
    scale, precision = declared.scale or 0, declared.length or 38
    if number and number.adjusted() >= precision - scale:
        raise HanaError(314, f"numeric overflow: {number}")
    return Decimal(decimals.cut(number, scale))


def _floating(value: Any, declared: DeclaredType) -> str:
    small = declared.name == "SMALLDECIMAL"
    return decimals.encode(
        _decimal(value), decimals.SMALL_DIGITS if small else decimals.DECIMAL_DIGITS
    )


def _approximate(value: Any, declared: DeclaredType) -> float:
    number = float(value)
    if declared.name == "REAL":
        number = struct.unpack("<f", struct.pack("<f", number))[0]
    if number != number or number in {float("inf"), float("-inf")}:  # noqa: PLR0124
        raise HanaError(339, f"invalid number: {number}")
    return number


def _text(value: Any, _: DeclaredType) -> str:
    return escape(value if isinstance(value, str) else str(value))


def _bytes(value: Any, _: DeclaredType) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


def _boolean(value: Any, _: DeclaredType) -> bool:
    if isinstance(value, str):
        if value.upper() not in {"TRUE", "FALSE"}:
            raise HanaError(339, f"invalid number: {value}")
        return value.upper() == "TRUE"
    return bool(value)


def _moment(value: Any, declared: DeclaredType) -> int:
    return calendar.parse(family(declared), value) if isinstance(value, str) else int(value)


def _vector(value: Any, declared: DeclaredType) -> list[float]:
    found = [float(one) for one in value]
    if declared.length is not None and len(found) != declared.length:
        raise HanaError(274, f"inserted value too large for column: {len(found)} dimensions")
    return found


_STORERS: Final[dict[Family, Callable[[Any, DeclaredType], Any]]] = {
    Family.INTEGER: _integer,
    Family.FIXED: _fixed,
    Family.FLOATING: _floating,
    Family.APPROXIMATE: _approximate,
    Family.TEXT: _text,
    Family.LOB_TEXT: _text,
    Family.BYTES: _bytes,
    Family.LOB_BYTES: _bytes,
    Family.BOOLEAN: _boolean,
    Family.DATE: _moment,
    Family.TIME: _moment,
    Family.SECONDDATE: _moment,
    Family.TIMESTAMP: _moment,
    Family.VECTOR: _vector,
}

_ARROW: Final = {
    "TINYINT": pa.uint8(),
    "SMALLINT": pa.int16(),
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "REAL": pa.float32(),
    "DOUBLE": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.int32(),
    "TIME": pa.int32(),
    "SECONDDATE": pa.int64(),
    "TIMESTAMP": pa.int64(),
}


@lru_cache(maxsize=512)
def arrow_type(declared: DeclaredType) -> pa.DataType:
    """How stored values of a type travel to DuckDB."""
    match family(declared):
        case Family.FIXED:
            return pa.decimal128(declared.length, declared.scale)
        case Family.FLOATING:
            return pa.utf8()
        case Family.TEXT | Family.LOB_TEXT:
            return pa.large_utf8()
        case Family.BYTES | Family.LOB_BYTES:
            return pa.large_binary()
        case Family.VECTOR:
            return pa.list_(pa.float32())
        case _:
            return _ARROW[declared.name]


def patcher(declared: DeclaredType) -> Patcher:
    """What turns a stored value, as DuckDB gives it, into one for the wire."""
    match family(declared):
        case Family.FLOATING:
            return lambda text: None if text is None else decimals.decode(text)
        case Family.TEXT | Family.LOB_TEXT if Escapes.seen:
            return unescape
        case Family.VECTOR:
            return lambda vector: None if vector is None else list(vector)
        case _:
            return None
