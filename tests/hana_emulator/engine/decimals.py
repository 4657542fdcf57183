"""Decimals with a scale of their own: bare DECIMAL (34 digits) and SMALLDECIMAL (16 digits).

DuckDB has no such type. A value is stored as a text that sorts as the number does: a sign, the
exponent and the digits of the value without trailing zeros. Equality, order, GROUP BY, MIN and MAX
then need no care; arithmetic is done here with Python's `decimal`. Trailing zeros are lost, as they
are on the wire [facts hana-wire 5]. Rounding to 34 digits is half up [U].
"""

import decimal
from decimal import Decimal
from typing import Final

from tests.hana_emulator.values import HanaError

DECIMAL_DIGITS: Final = 34
SMALL_DIGITS: Final = 16
_BIAS: Final = 50_000
_FLIP: Final = str.maketrans("0123456789", "9876543210")
_WIDE: Final = decimal.Context(
    prec=100, rounding=decimal.ROUND_HALF_UP, Emin=-20_000, Emax=20_000, traps=[decimal.Overflow]
)
_CONTEXTS: Final = {
    digits: decimal.Context(
        prec=digits,
        rounding=decimal.ROUND_HALF_UP,
        Emin=-20_000,
        Emax=20_000,
        traps=[decimal.InvalidOperation, decimal.DivisionByZero, decimal.Overflow],
    )
    for digits in (SMALL_DIGITS, DECIMAL_DIGITS)
}
LARGEST: Final = {DECIMAL_DIGITS: 6145, SMALL_DIGITS: 385}
"""First exponent (scientific notation) that is too large; also the negative one, roughly."""


def encode(value: Decimal, digits: int = DECIMAL_DIGITS) -> str:
    """The text that stands for a number.

    Raises:
        HanaError: 314 if it is too large, 339 if it is not finite.
    """
    if not value.is_finite():
        raise HanaError(339, f"invalid number: {value}")
    value = _CONTEXTS[digits].plus(value)
    if not value:
        return "1"
    if value.adjusted() >= LARGEST[digits]:
        raise HanaError(314, f"numeric overflow: {value}")
    mantissa, _, power = format(value, "E").partition("E")
    text = mantissa.lstrip("-").replace(".", "").rstrip("0")
    exponent = f"{int(power) + _BIAS:05d}"
    if value > 0:
        return f"2{exponent}{text}"
    return "0" + (exponent + text).translate(_FLIP) + "~"


def decode(text: str) -> Decimal:
    """The number that a text stands for, without trailing zeros."""
    if text == "1":
        return Decimal(0)
    negative = text[0] == "0"
    body = text[1:-1].translate(_FLIP) if negative else text[1:]
    digits = body[5:]
    exponent = int(body[:5]) - _BIAS - len(digits) + 1
    return Decimal(f"{'-' if negative else ''}{digits}E{exponent}")


def number(text: str) -> Decimal:
    """A number as a text writes it.

    Raises:
        HanaError: 339.
    """
    try:
        found = Decimal(text.strip())
    except decimal.InvalidOperation:
        raise HanaError(339, f"invalid number: {text}", sqlstate="22018") from None
    if not found.is_finite() or "_" in text:
        raise HanaError(339, f"invalid number: {text}", sqlstate="22018")
    return found


def plain(value: Decimal) -> str:
    """The digits of a number without an exponent."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def cut(value: Decimal, scale: int) -> str:
    """The digits of a number, cut (not rounded) behind so many decimals [facts 6.4]."""
    quantum = Decimal(1).scaleb(-scale)
    return format(value.quantize(quantum, decimal.ROUND_DOWN, context=_WIDE), "f")


def calculate(operator: str, left: str, right: str) -> str:
    """``+ - * / %`` of two stored numbers; MOD(x, 0) is x [facts 2.5].

    Raises:
        HanaError: 304, 314.
    """
    one, other, context = decode(left), decode(right), _CONTEXTS[DECIMAL_DIGITS]
    try:
        match operator:
            case "+":
                return encode(context.add(one, other))
            case "-":
                return encode(context.subtract(one, other))
            case "*":
                return encode(context.multiply(one, other))
            case "%":
                return encode(_WIDE.remainder(one, other) if other else one)
            case _:
                return encode(context.divide(one, other))
    except (decimal.DivisionByZero, decimal.InvalidOperation):
        raise HanaError(304, "division by zero undefined") from None
    except decimal.Overflow:
        raise HanaError(314, "numeric overflow") from None


_ROUNDINGS: Final = {
    "ROUND_HALF_UP": decimal.ROUND_HALF_UP,
    "ROUND_HALF_DOWN": decimal.ROUND_HALF_DOWN,
    "ROUND_HALF_EVEN": decimal.ROUND_HALF_EVEN,
    "ROUND_UP": decimal.ROUND_UP,
    "ROUND_DOWN": decimal.ROUND_DOWN,
    "ROUND_CEILING": decimal.ROUND_CEILING,
    "ROUND_FLOOR": decimal.ROUND_FLOOR,
}


def rounded(value: Decimal, places: int, mode: str) -> Decimal:
    """ROUND with one of HANA's seven modes [SQL:round]."""
    return value.quantize(Decimal(1).scaleb(-places), _ROUNDINGS[mode], context=_WIDE)


def total(texts: list[str]) -> str:
    """The sum of stored numbers."""
    context = _CONTEXTS[DECIMAL_DIGITS]
    result = Decimal(0)
    for text in texts:
        result = context.add(result, decode(text))
    return encode(result)


def mean(texts: list[str]) -> str:
    """The average of stored numbers; there is at least one."""
    return calculate("/", total(texts), encode(Decimal(len(texts))))
