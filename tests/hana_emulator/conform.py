"""A parameter as it was sent -> a value of the declared type of its marker, as HANA converts."""

import re
import struct
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from tests.hana_emulator.values import DeclaredType, HanaError, Value
from tests.hana_emulator.wire import calendar
from tests.hana_emulator.wire.codes import TypeCode
from tests.hana_emulator.wire.parameters import IncomingLob, SentValue

_INTEGERS = frozenset(("TINYINT", "SMALLINT", "INTEGER", "INT", "BIGINT"))
_FLOATS = frozenset(("REAL", "DOUBLE", "FLOAT"))
_DECIMALS = frozenset(("DECIMAL", "SMALLDECIMAL"))
_BINARIES = frozenset(("BINARY", "VARBINARY", "BLOB", "ST_GEOMETRY", "ST_POINT"))
_COUNT = struct.Struct("<i")
_DATE_AND_TIME = re.compile(
    r"(?:(\d{4})-(\d{2})-(\d{2}))?[ T]?(?:(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,7}))?)?)?"
)
_INSTANT_CODES = {TypeCode.DAYDATE, TypeCode.DATE, TypeCode.SECONDDATE}
_INSTANT_CODES |= {TypeCode.LONGDATE, TypeCode.TIMESTAMP}


def conform(sent: SentValue, declared: DeclaredType) -> Value:
    """The value that the engine gets; large objects must be complete.

    Raises:
        HanaError: 266, 303 or 339 where HANA has no conversion, or none of this value.
    """
    value = sent.value.value if isinstance(sent.value, IncomingLob) else sent.value
    if value is None:
        return None
    name = declared.name.upper()
    if name in _TEMPORALS:
        return _temporal(sent.code, value, name)
    if name in _INTEGERS:
        return value if type(value) is int else int(_number(value, name))
    if name in _DECIMALS:
        return value if isinstance(value, Decimal) else _number(value, name)
    if name in _FLOATS:
        return float(value if isinstance(value, int | float) else _number(value, name))
    if name == "BOOLEAN":
        return _boolean(value)
    if name == "REAL_VECTOR":
        return _vector(value)
    if name in _BINARIES:
        return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
    return _text(sent.code, value)


def _number(value: Value, name: str) -> Decimal:
    try:
        return Decimal(value.strip() if isinstance(value, str) else value)
    except (InvalidOperation, TypeError, ValueError):
        message = f"invalid number: {value!r} is not of type {name}"
        raise HanaError(339, message) from None


def _boolean(value: Value) -> bool:
    if isinstance(value, str):
        text = value.strip().upper()
        if text not in ("TRUE", "FALSE", "1", "0"):
            raise HanaError(266, f"inconsistent datatype: {value!r} is not BOOLEAN")
        return text in ("TRUE", "1")
    return bool(value)


def _vector(value: Value) -> list[float]:
    """Clients send the count and the elements as a binary (node-hdb), or a text."""
    try:
        if isinstance(value, str):
            return [float(item) for item in value.strip("[] ").split(",")]
        (count,) = _COUNT.unpack_from(value)
        return list(struct.unpack(f"<{count}f", value[4:]))
    except (struct.error, ValueError, TypeError):
        raise HanaError(266, "inconsistent datatype: no REAL_VECTOR") from None


def _text(code: TypeCode, value: Value) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if code in _INSTANT_CODES:
        day, second, ticks = calendar.split_longdate(_as_longdate(code, value))
        date = "{:04}-{:02}-{:02}".format(*calendar.year_month_day(day))
        return date if code is TypeCode.DAYDATE else f"{date} {_clock(second)}.{ticks:07}"
    if code in (TypeCode.SECONDTIME, TypeCode.TIME):
        return _clock(value - 1)
    return str(value).upper() if isinstance(value, bool) else str(value)


def _clock(second: int) -> str:
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"


def _as_longdate(code: TypeCode, value: int) -> int:
    if code in (TypeCode.DAYDATE, TypeCode.DATE):
        return calendar.longdate(value)
    if code is TypeCode.SECONDDATE:
        return (value - 1) * calendar.TICKS_A_SECOND + 1
    return value


def _temporal(code: TypeCode, value: Value, name: str) -> int:
    if isinstance(value, str):
        return _parsed(value, name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise HanaError(266, f"inconsistent datatype: {value!r} is not {name}")
    if name == "TIME" and code in (TypeCode.SECONDTIME, TypeCode.TIME):
        return value
    if value == 0:
        return 0
    if code not in _INSTANT_CODES:
        raise HanaError(266, f"inconsistent datatype: {code.name} is not {name}")
    return _TEMPORALS[name](_as_longdate(code, value))


def _parsed(text: str, name: str) -> int:
    if not text.strip():
        return 0
    match = _DATE_AND_TIME.fullmatch(text.strip())
    if match is None or (name != "TIME" and match[1] is None):
        raise HanaError(303, f"invalid DATE, TIME or TIMESTAMP value: {text!r}")
    year, month, day, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
    number = calendar.day_number(year, month, day) if match[1] else 1
    if match[1] and calendar.year_month_day(number) != (year, month, day):
        raise HanaError(303, f"invalid DATE, TIME or TIMESTAMP value: {text!r}")
    ticks = int((match[7] or "").ljust(7, "0"))
    return _TEMPORALS[name](calendar.longdate(number, hour * 3600 + minute * 60 + second, ticks))


_TEMPORALS: dict[str, Callable[[int], int]] = {
    "DATE": lambda longdate: calendar.split_longdate(longdate)[0],
    "TIME": lambda longdate: calendar.split_longdate(longdate)[1] + 1,
    "SECONDDATE": lambda longdate: (longdate - 1) // calendar.TICKS_A_SECOND + 1,
    "TIMESTAMP": lambda longdate: longdate,
}
