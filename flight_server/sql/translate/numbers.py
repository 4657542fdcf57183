"""Numbers: HANA's operators and functions in DuckDB's SQL.

Facts: datasphere-hana.md 6.4; rules from [SQL: the page of each function]. HANA has neither NaN nor
infinity: what would give one is an error here too. The quotient of integers or decimals is a
DECIMAL on HANA and a DOUBLE here: equal to about 15 digits, and of another type [U: HANA's
precision and scale]. [U]: the codes of HANA's errors other than 304, division by zero.
"""

import re
from typing import Final

from flight_server.sql.translate.call import (
    Argument,
    Call,
    Translation,
    Translations,
    failure,
    same,
    template,
)

DIVISION_BY_ZERO: Final = "HANA 304: division by zero"
"""How the message of the database starts when a divisor is 0 [SQL:sql-error-codes]."""

OUT_OF_RANGE: Final = "HANA 314: numeric overflow"
"""How the message of the database starts when a result is not a finite number [U: the code]."""


def quotient(dividend: Argument, divisor: Argument) -> str:
    """``a / b``, which fails for a divisor of 0 as it does on HANA."""
    call = Call("Division", (dividend, divisor))
    number = divisor.number
    if number is not None and re.search(r"[1-9]", re.split("[eE]", number)[0]):
        return call.fill("(#0 / #1)")
    return call.fill(f"(CASE WHEN #1 = 0 THEN {failure(DIVISION_BY_ZERO)} ELSE #0 / #1 END)")


def _finite(form: str) -> Translation:
    """A function whose result must be a finite number, or it fails."""
    return template(
        f"(CASE WHEN NOT isfinite({form}) THEN {failure(OUT_OF_RANGE)} ELSE {form} END)"
    )


def _round(call: Call) -> str:
    """ROUND with its mode [SQL:round]; the default rounds half away from zero, as DuckDB does."""
    names = {"ROUND_HALF_UP": "round", "ROUND_HALF_EVEN": "round_even", "ROUND_DOWN": "trunc"}
    mode = call.arguments[2].text if len(call.arguments) == 3 else "ROUND_HALF_UP"
    if mode not in names:
        raise call.refuse(f"with {mode} has no translation; use one of {', '.join(names)}.")
    value, *rest = call.arguments
    return f"{names[mode]}({value.text}, {rest[0].text if rest else '0'})"


def _extreme(name: str) -> Translation:
    """GREATEST and LEAST; NULL wins on HANA, and DuckDB would skip it."""

    def translate(call: Call) -> str:
        slots = [f"#{place}" for place in range(len(call.arguments))]
        missing = " OR ".join(f"{slot} IS NULL" for slot in slots)
        return call.fill(f"(CASE WHEN {missing} THEN NULL ELSE {name}({', '.join(slots)}) END)")

    return translate


def _map(call: Call) -> str:
    """MAP(x, search, result, ..., default) is a CASE; DuckDB's MAP is a type."""
    texts = [argument.text for argument in call.arguments]
    subject, rest = texts[0], texts[1:]
    pairs = zip(rest[0::2], rest[1::2], strict=False)
    words = [f"WHEN {search} THEN {result}" for search, result in pairs]
    default = f" ELSE {rest[-1]}" if len(rest) % 2 else ""
    return f"(CASE {subject} {' '.join(words)}{default} END)"


FUNCTIONS: Final[Translations] = {
    "ABS": same("abs"),
    "ACOS": _finite("acos(#0)"),
    "ASIN": _finite("asin(#0)"),
    "ATAN": same("atan"),
    "ATAN2": same("atan2"),
    "BITAND": template("(#0 & #1)"),
    "BITCOUNT": template("CAST(bit_count(#0) AS INTEGER)"),
    "BITNOT": template("(~#0)"),
    "BITOR": template("(#0 | #1)"),
    "BITXOR": template("xor(#0, #1)"),
    "CEIL": same("ceil"),
    "COALESCE": same("coalesce"),
    "COS": same("cos"),
    "COSH": _finite("cosh(#0)"),
    "COT": _finite("cot(#0)"),
    "EXP": _finite("exp(#0)"),
    "FLOOR": same("floor"),
    "GREATEST": _extreme("greatest"),
    "GROUPING": same("grouping"),
    "IFNULL": same("coalesce"),
    "LEAST": _extreme("least"),
    "LN": _finite("ln(#0)"),
    "LOG": _finite("log(#0, #1)"),
    "MAP": _map,
    "MOD": template("(CASE WHEN #1 = 0 THEN #0 ELSE #0 % #1 END)"),
    "NDIV0": template("(CASE WHEN #1 = 0 THEN 0 ELSE #0 / #1 END)"),
    "NULLIF": same("nullif"),
    "POWER": _finite("power(#0, #1)"),
    "RAND": same("random"),
    "ROUND": _round,
    "SIGN": template("CAST(sign(#0) AS INTEGER)"),
    "SIN": same("sin"),
    "SINH": _finite("sinh(#0)"),
    "SQRT": _finite("sqrt(#0)"),
    "TAN": _finite("tan(#0)"),
    "TANH": same("tanh"),
}
"""BITSET and BITUNSET have no counterpart."""
