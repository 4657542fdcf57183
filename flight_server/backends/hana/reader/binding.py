"""Values as hdbcli sends them unchanged, beside the types of their markers; knows no cursor.

hdbcli converts a value to the type that HANA describes for its marker, and often says nothing where
that changes it. Seen with 2.30.27 against the emulator: 2.5 beside an INTEGER becomes 2, Decimal
1E+3 becomes 1, 9.4215392820603268213981181E-13 loses two of its digits, 7 beside a DATE is its
seventh day, and "abc" beside a VARBINARY is the bytes 0A BC. What would be changed is refused.
"""

from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Context, Decimal, InvalidOperation
from typing import Final, TypeAlias

from flight_client.protocol.errors import InvalidParameter
from flight_client.protocol.literals import LiteralValue
from flight_server.planning.constants import describe

Marker: TypeAlias = tuple[str, int, str, int, int, int, int, bool]
"""Name, type code, mode, two sizes, precision, scale, whether it may be NULL."""

SECONDDATE_SIZE: Final = (19, 0)
"""Precision and scale that tell a SECONDDATE from a TIMESTAMP, which has 27 and 7."""

_INT64: Final = range(-(2**63), 2**63)
_EXACT: Final = Context(prec=400)
_FLOATING: Final = frozenset({(34, 0), (16, 0)})  # DECIMAL without a scale, and SMALLDECIMAL


def bindable(
    values: Sequence[LiteralValue | None], markers: Sequence[Marker]
) -> tuple[object, ...]:
    """What to hand to hdbcli for the values of a statement.

    Raises:
        InvalidParameter: The type of a marker cannot hold its value.
    """
    pairs = enumerate(zip(values, markers, strict=True), start=1)
    return tuple(_bindable(value, marker, number) for number, (value, marker) in pairs)


def _bindable(value: LiteralValue | None, marker: Marker, number: int) -> object:
    wanted = None if value is None else _misses(value, marker)
    if value is not None and wanted is not None:
        raise InvalidParameter(
            f"The marker (?) number {number} stands for {wanted}; got {describe(value)}: pass one, "
            "or write CAST(? AS ...) with a type that holds this value.",
            marker=number,
        )
    match value:
        case Decimal():
            return format(value, "f")
        case int() if value not in _INT64:
            return str(value)
        case _:
            return value


def _misses(value: LiteralValue, marker: Marker) -> str | None:
    """What the type of a marker wants, where hdbcli would change this value silently."""
    _, code, _, _, _, precision, scale, _ = marker
    is_number = isinstance(value, int | float | Decimal)
    match code:
        case 1 | 2 | 3 | 4:
            return None if _places(value) <= 0 else "an integer"
        case 5 if (precision, scale) not in _FLOATING:
            return None if _places(value) <= scale else f"a decimal with {scale} places"
        case 12 | 13:
            return "bytes" if isinstance(value, str) else None
        case 8 | 9 | 10 | 11 | 29 | 30:
            return "a text" if isinstance(value, bytes) else None
        case 14:
            is_cut = isinstance(value, datetime) and value.time() != time()
            return "a date" if is_number or is_cut else None
        case 15:
            is_cut = isinstance(value, time) and value.microsecond
            return "a time of whole seconds" if is_number or is_cut or _is_day(value) else None
        case 16:
            if is_number:
                return "a timestamp"
            is_cut = isinstance(value, datetime) and value.microsecond
            is_of_seconds = (precision, scale) == SECONDDATE_SIZE
            return "a timestamp of whole seconds" if is_cut and is_of_seconds else None
        case 28:
            return "True or False" if is_number and value not in (0, 1) else None
        case _:
            return None


def _is_day(value: LiteralValue) -> bool:
    return isinstance(value, date)  # a datetime too


def _places(value: LiteralValue) -> int:
    """Places behind the point that a number, or a text that is one, needs."""
    if not isinstance(value, int | float | Decimal | str):
        return 0
    try:
        number = Decimal(repr(value) if isinstance(value, float) else value)
    except InvalidOperation:
        return 0  # no number, which hdbcli refuses
    exponent = _EXACT.normalize(number).as_tuple().exponent if number.is_finite() else 0
    return -exponent if isinstance(exponent, int) else 0
