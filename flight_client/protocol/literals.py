"""Typed constants of filters and parameters, and their exact JSON form."""

import base64
import binascii
import math
import re
import reprlib
from datetime import date, datetime, time
from decimal import Decimal
from typing import Final, TypeAlias, cast

from flight_client.protocol.errors import InvalidFilter, InvalidTicket

LiteralValue: TypeAlias = bool | int | float | str | Decimal | date | time | datetime | bytes
"""A constant. Dates and times carry no zone, as in HANA; floats are finite."""

MAX_DIGITS: Final = 38
"""Most digits of an exact number [HANA SQL reference, numeric data types: DECIMAL(p<=38)]."""


def check_literal(value: object) -> LiteralValue:
    """Return the value if HANA can hold it.

    Raises:
        InvalidFilter: NaN, infinity, NaT, over 38 digits, parts of a microsecond, a time zone, text
            that is not Unicode, or a type that is no literal.
    """
    match value:
        case bool() | bytes():
            return value
        case int():
            if abs(value) >= 10**MAX_DIGITS:
                raise InvalidFilter(
                    f"An integer has {MAX_DIGITS} digits at most; got a longer one."
                )
            return int(value)
        case float():
            if not math.isfinite(value):
                raise InvalidFilter(
                    f"HANA stores no {value}: compare with a finite number, or use 'is null'."
                )
            return float(value)
        case Decimal():
            return _check_decimal(value)
        case str():
            return _check_text(value)
        case datetime() | time():
            if value.tzinfo is not None:
                raise InvalidFilter(
                    f"HANA timestamps have no zone; convert {value} to the zone of the data and "
                    "drop its tzinfo."
                )
            return _check_moment(value)
        case date():
            return value
        case _:
            raise InvalidFilter(
                f"{value!r:.80} of type {type(value).__name__} is no literal; use bool, int, "
                "float, str, Decimal, date, time, datetime or bytes."
            )


def _check_decimal(value: Decimal) -> Decimal:
    if not value.is_finite():
        raise InvalidFilter(f"HANA stores no {value}: compare with a finite number.")
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)  # noqa: S101  - finite, hence a number
    if max(len(digits), len(digits) + exponent, -exponent) > MAX_DIGITS:
        raise InvalidFilter(f"A decimal has {MAX_DIGITS} digits at most; got {value!s:.80}.")
    return value


def _check_moment(value: datetime | time) -> datetime | time:
    kind = "timestamp" if isinstance(value, datetime) else "time"
    if not _FORMS[kind].fullmatch(value.isoformat()):  # a subclass: pandas has nanoseconds and NaT
        raise InvalidFilter(
            f"{value} is no {kind} in whole microseconds; round it, or use 'is null' for NaT."
        )
    return value


def _check_text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidFilter(
            f"Character {error.start} of a text is half a surrogate pair; send valid Unicode."
        ) from None
    if "\0" in value:
        raise InvalidFilter("A text has a NUL character; HANA compares text without one.")
    return str(value)


def literal_to_json(value: LiteralValue) -> object:
    """JSON scalars for bool, int, float and str; a one-key object for the other types."""
    match value:
        case bool() | int() | float() | str():
            return value
        case Decimal():
            return {"decimal": str(value)}
        case datetime():
            return {"timestamp": value.isoformat()}
        case date():
            return {"date": value.isoformat()}
        case time():
            return {"time": value.isoformat()}
        case bytes():
            return {"binary": base64.b64encode(value).decode("ascii")}


_DATE: Final = r"\d{4}-\d{2}-\d{2}"
_TIME: Final = r"\d{2}:\d{2}:\d{2}(\.\d{1,6})?"
_FORMS: Final = {
    "decimal": re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d{1,3})?", re.ASCII),
    "timestamp": re.compile(f"{_DATE}T{_TIME}", re.ASCII),
    "date": re.compile(_DATE, re.ASCII),
    "time": re.compile(_TIME, re.ASCII),
    "binary": re.compile(r"[A-Za-z0-9+/]*={0,2}", re.ASCII),
}


def literal_from_json(form: object) -> LiteralValue:
    """The literal of a JSON form.

    Raises:
        InvalidTicket: The form is none that ``literal_to_json`` writes.
        InvalidFilter: HANA cannot hold the value.
    """
    if isinstance(form, bool | int | float | str):
        return check_literal(form)
    pairs = tuple(cast("dict[str, object]", form).items()) if isinstance(form, dict) else ()
    if len(pairs) == 1:
        kind, text = pairs[0]
        if kind in _FORMS and isinstance(text, str) and _FORMS[kind].fullmatch(text):
            try:
                return check_literal(_read(kind, text))
            except (ValueError, binascii.Error) as error:
                raise InvalidTicket(f"{text!r:.80} is no {kind}: {error}.") from None
    raise InvalidTicket(
        f"{reprlib.repr(cast('object', form))} is no literal; write a JSON scalar or one of "
        '{"decimal"|"date"|"time"|"timestamp"|"binary": "..."}.'
    )


def _read(kind: str, text: str) -> LiteralValue:
    match kind:
        case "decimal":
            return Decimal(text)
        case "timestamp":
            return datetime.fromisoformat(text)
        case "date":
            return date.fromisoformat(text)
        case "time":
            return time.fromisoformat(text)
        case _:
            return base64.b64decode(text, validate=True)
