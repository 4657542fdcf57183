"""Whether a constant compares with a HANA type, and as which value of that type.

A bound value takes the type of the column it stands beside, and the database raises an error where
it does not fit: 300 beside a TINYINT, half a cent beside a DECIMAL(15,2). So constants are brought
into their column's type here, where the order of numbers is known and nothing overflows. This
module does not know filters or SQL.
"""

import struct
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import ROUND_FLOOR, Context, Decimal
from typing import Final, TypeAlias

from flight_client.protocol.catalog import HanaType
from flight_client.protocol.literals import LiteralValue
from flight_server.planning.families import Family, family

_RANGES: Final = {
    "TINYINT": (0, 2**8 - 1),
    "SMALLINT": (-(2**15), 2**15 - 1),
    "INTEGER": (-(2**31), 2**31 - 1),
    "BIGINT": (-(2**63), 2**63 - 1),
}
"""Integer types, both ends included [HANA Cloud SQL reference, numeric data types]."""

_DIGITS: Final = {"DECIMAL": 34, "SMALLDECIMAL": 16}
"""Most digits of the decimals without declared scale [same]."""

_MAX_REAL: Final = 3.4028234663852886e38
_FLOOR: Final = Context(prec=80, rounding=ROUND_FLOOR)
"""Wide enough that only the wanted rounding rounds: constants have 38 digits at most."""


class Mismatch(Exception):
    """A constant has no meaning beside a type; the text continues "Column 'X' ..."."""


@dataclass(frozen=True, slots=True)
class Fit:
    """Where a constant stands among the values of a type.

    Attributes:
        value: The greatest value of the type that is not above the constant; None where the
            constant is below all of them.
        exact: The value equals the constant.
    """

    value: LiteralValue | None
    exact: bool = True


_Number: TypeAlias = int | float | Decimal


def fit(constant: LiteralValue, declared: HanaType) -> Fit:
    """Bring a constant into a type.

    Integers, decimals and floats without a fraction compare with every numeric type; a float with
    a fraction only with REAL and DOUBLE, because it rarely is the decimal that its reader sees. A
    constant beside REAL or DOUBLE first becomes the nearest value of that type, as the stored
    values did. A date beside a timestamp is its midnight. Nothing else is converted.

    Raises:
        Mismatch: The constant has no meaning beside the type.
    """
    match family(declared), constant:
        case Family.BOOLEAN, bool():
            return Fit(constant)
        case _, bool():
            raise Mismatch(_explain(constant, declared))
        case ((Family.TEXT | Family.LARGE_TEXT), str()):
            return Fit(constant)
        case ((Family.BYTES | Family.LARGE_BYTES), bytes()):
            return Fit(constant)
        case Family.DATE, date() if not isinstance(constant, datetime):
            return Fit(constant)
        case Family.TIME, time():
            seconds = constant.replace(microsecond=0)
            return Fit(seconds, exact=seconds == constant)
        case Family.TIMESTAMP, date():
            return _fit_timestamp(constant, declared)
        case Family.FLOAT, (int() | float() | Decimal()):
            return _fit_float(constant, declared)
        case (
            (Family.INTEGER | Family.DECIMAL | Family.FLOATING_DECIMAL),
            (int() | float() | Decimal()),
        ):
            if isinstance(constant, float) and not constant.is_integer():
                raise Mismatch(_explain(constant, declared))
            return _fit_exact(Decimal(constant), declared)
        case _:
            raise Mismatch(_explain(constant, declared))


def _fit_timestamp(constant: date, declared: HanaType) -> Fit:
    moment = constant if isinstance(constant, datetime) else datetime.combine(constant, time())
    if declared.name == "TIMESTAMP":
        return Fit(moment)
    seconds = moment.replace(microsecond=0)
    return Fit(seconds, exact=seconds == moment)


def _fit_float(constant: _Number, declared: HanaType) -> Fit:
    number = float(constant) + 0.0  # HANA stores no -0.0
    if declared.name == "DOUBLE":
        return Fit(number)
    try:
        (single,) = struct.unpack("<f", struct.pack("<f", number))
    except OverflowError:
        return Fit(_MAX_REAL, exact=False) if number > 0 else Fit(None, exact=False)
    return Fit(single)


def _fit_exact(constant: Decimal, declared: HanaType) -> Fit:
    match declared:
        case HanaType("DECIMAL", int(precision), int(scale)):
            return _fit_decimal(constant, precision, scale)
        case HanaType("DECIMAL" | "SMALLDECIMAL"):
            context = Context(prec=_DIGITS[declared.name], rounding=ROUND_FLOOR)
            floor = context.plus(constant)
            return Fit(_unsigned_zero(floor), exact=floor == constant)
        case _:
            lowest, highest = _RANGES[declared.name]
            return _fit_integer(constant, lowest, highest)


def _fit_integer(constant: Decimal, lowest: int, highest: int) -> Fit:
    floor = int(constant.to_integral_value(ROUND_FLOOR))
    if floor < lowest:
        return Fit(None, exact=False)
    if floor > highest:
        return Fit(highest, exact=False)
    return Fit(floor, exact=floor == constant)


def _fit_decimal(constant: Decimal, precision: int, scale: int) -> Fit:
    highest = Decimal((0, (9,) * precision, -scale))
    if constant > highest:
        return Fit(highest, exact=False)
    if constant < highest.copy_negate():
        return Fit(None, exact=False)
    floor = constant.quantize(Decimal((0, (1,), -scale)), context=_FLOOR)
    return Fit(_unsigned_zero(floor), exact=floor == constant)


def _unsigned_zero(number: Decimal) -> Decimal:
    return number.copy_abs() if number.is_zero() else number


_EXPECTED: Final = {
    Family.INTEGER: "an int",
    Family.DECIMAL: "a decimal.Decimal or an int",
    Family.FLOATING_DECIMAL: "a decimal.Decimal or an int",
    Family.FLOAT: "a number",
    Family.BOOLEAN: "True or False",
    Family.TEXT: "a str",
    Family.LARGE_TEXT: "a str",
    Family.BYTES: "bytes",
    Family.LARGE_BYTES: "bytes",
    Family.DATE: "a datetime.date",
    Family.TIME: "a datetime.time",
    Family.TIMESTAMP: "a datetime.datetime",
}


def _explain(constant: LiteralValue, declared: HanaType) -> str:
    wanted = family(declared)
    if wanted is Family.OTHER:
        return f"is {declared}, which compares with no constant; use 'is null' or 'is not null'."
    better = _same_meaning(constant, wanted)
    return f"is {declared}; got {describe(constant)}: pass {better or _EXPECTED[wanted]}."


def describe(constant: LiteralValue) -> str:
    """A constant in the words of a message."""
    match constant:
        case bool():
            return f"the boolean {constant}"
        case int():
            return f"the integer {constant}"
        case float():
            return f"the float {constant}"
        case Decimal():
            return f"the decimal {constant}"
        case str():
            return f"the text {constant!r:.80}"
        case datetime():
            return f"the timestamp {constant}"
        case date():
            return f"the date {constant}"
        case time():
            return f"the time {constant}"
        case bytes():
            return f"{len(constant)} bytes"


def _same_meaning(constant: LiteralValue, wanted: Family) -> str | None:
    """The Python expression that the caller probably meant, if there is an obvious one."""
    with suppress(ValueError, ArithmeticError):
        match wanted, constant:
            case Family.DATE, datetime():
                return repr(constant.date())
            case Family.DATE, str():
                return repr(date.fromisoformat(constant))
            case Family.TIME, str():
                return repr(time.fromisoformat(constant))
            case Family.TIMESTAMP, str():
                return repr(datetime.fromisoformat(constant))
            case Family.INTEGER, str():
                return repr(int(constant))
            case ((Family.DECIMAL | Family.FLOATING_DECIMAL), (float() | str())):
                return repr(Decimal(str(constant)))
            case Family.FLOAT, str():
                return repr(float(constant))
            case Family.BOOLEAN, int() if constant in (0, 1):
                return repr(bool(constant))
            case ((Family.TEXT | Family.LARGE_TEXT), (int() | float() | Decimal())):
                return repr(str(constant))
            case _:
                return None
    return None
