"""Conversions between types: TO_ functions and CAST in DuckDB's SQL.

HANA truncates towards zero where DuckDB rounds [SQL:data-type-conversion-functions]. The type of a
column is not known here, so the forms below look at it when they run. A decimal without precision
floats on HANA and has no counterpart. [U]: what texts HANA makes of DOUBLE and BOOLEAN; how it
shortens a text in CAST AS NVARCHAR(n) (here it is cut); DOUBLE to DECIMAL beyond 15 digits.
"""

import re
from collections.abc import Mapping
from typing import Final

from sqlglot import exp

from flight_server.sql.translate.call import (
    Argument,
    Call,
    Translation,
    Translations,
    failure,
    same,
    template,
)
from flight_server.sql.writer import string

_FLOATS: Final = "typeof(#0) IN ('DOUBLE', 'FLOAT')"

_INTEGERS: Final = {
    "BIGINT": "BIGINT",
    "INTEGER": "INTEGER",
    "SMALLINT": "SMALLINT",
    "TINYINT": "UTINYINT",
}

_TYPES: Final[Mapping[str, str]] = {
    **_INTEGERS,
    "BLOB": "BLOB",
    "BOOLEAN": "BOOLEAN",
    "DATE": "DATE",
    "DOUBLE": "DOUBLE",
    "NCLOB": "VARCHAR",
    "NVARCHAR": "VARCHAR",
    "REAL": "FLOAT",
    "SECONDDATE": "TIMESTAMP_S",
    "TIME": "TIME",
    "TIMESTAMP": "TIMESTAMP",
    "VARBINARY": "BLOB",
}

_OUTPUT: Final[Mapping[str, str]] = {
    "YYYY": "%Y",
    "YY": "%y",
    "MM": "%m",
    "DDD": "%j",
    "DD": "%d",
    "HH24": "%H",
    "HH12": "%I",
    "HH": "%H",
    "MI": "%M",
    "SS": "%S",
    "FF3": "%g",
    "FF6": "%f",
    "FF7": "%f0",
    "AM": "%p",
    "PM": "%p",
}
"""HANA's format words [SQL:datetime-data-types] and what writes the same in DuckDB.

Not here: D, DAY, DY, MON, MONTH (upper case on HANA), RM, Q, W, WW, SSSSS.
"""

_INPUT: Final[Mapping[str, str]] = {
    **{word: written for word, written in _OUTPUT.items() if word != "FF7"},
    "FF3": "%f",
    "MONTH": "%B",
    "MON": "%b",
}
"""The same for reading; DuckDB reads names of months in any case, and no seventh digit."""

_DEFAULTS: Final = frozenset(
    f"YYYY-MM-DD HH24:MI:SS{fraction}" for fraction in ("", ".FF", ".FF6", ".FF7")
)
"""HANA's own format of a timestamp, which needs no translation."""

_SEPARATORS: Final = frozenset(" -/.:,_T")


def _format(call: Call, argument: Argument, words: Mapping[str, str]) -> str:
    """A HANA format as DuckDB's, as a string literal.

    Raises:
        UnsupportedSql: It is no literal, or has a word without a counterpart.
    """
    rest = argument.literal
    if rest is None:
        raise call.refuse("takes a format that is written as a text.")
    known = sorted(words, key=len, reverse=True)
    written = ""
    while rest:
        found = next((each for each in known if rest.upper().startswith(each)), None)
        if found is None and rest[0] not in _SEPARATORS:
            raise call.refuse(f"with the format '{argument.literal}' has no translation.")
        written += words[found] if found else rest[0]
        rest = rest[len(found) if found else 1 :]
    return string(written)


def _integral(kind: str) -> Translation:
    """An integer type: digits behind the point are cut off, of texts too [SQL:to-integer]."""

    def translate(call: Call) -> str:
        number = call.arguments[0].number
        if number is not None:
            return call.fill(f"CAST(trunc(#0) AS {kind})")
        return call.fill(
            f"(CASE WHEN {_FLOATS} THEN CAST(trunc(CAST(#0 AS DOUBLE)) AS {kind}) "
            f"ELSE CAST(trunc(CAST(#0 AS DECIMAL(38, 9))) AS {kind}) END)"
        )

    return translate


def decimal(call: Call, precision: str | None, scale: str | None) -> str:
    """DECIMAL(p, s): digits behind the scale are cut off [SQL:to-decimal].

    To be cut, a value needs some digits behind the scale: as many as DECIMAL(38) has room for, at
    least six, so that at precisions above 32 the largest values fail. Floating numbers are rounded
    to those six digits first, so that 0.29 stays 0.29.
    """
    if precision is None:
        raise call.refuse(
            "without precision and scale floats on HANA and has no translation; write (38, 10)."
        )
    digits, places = int(precision), int(scale or 0)
    if not 1 <= digits <= 38 or places > digits:
        raise call.refuse("takes a precision of 1 to 38 and a scale up to it.")
    target = f"DECIMAL({digits}, {places})"
    if call.arguments[0].number is not None:
        return call.fill(f"CAST(trunc(#0, {places}) AS {target})")
    rough = min(38, places + 6)
    exact = max(38 - (digits - places), rough)
    return call.fill(
        f"(CASE WHEN {_FLOATS} "
        f"THEN CAST(trunc(CAST(#0 AS DECIMAL(38, {rough})), {places}) AS {target}) "
        f"ELSE CAST(trunc(CAST(#0 AS DECIMAL(38, {exact})), {places}) AS {target}) END)"
    )


def _to_decimal(call: Call) -> str:
    numbers = [argument.number for argument in call.arguments[1:]]
    if any(number is None or not re.fullmatch(r"[0-9]{1,2}", number) for number in numbers):
        raise call.refuse("takes precision and scale as numbers.")
    return decimal(call, *[*numbers, None, None][:2])


def _to_text(call: Call) -> str:
    """TO_NVARCHAR; a TIMESTAMP shows seven digits of its seconds [SQL:datetime-data-types]."""
    if len(call.arguments) == 2:
        return call.fill(f"strftime(#0, {_format(call, call.arguments[1], _OUTPUT)})")
    if isinstance(call.arguments[0].node, exp.Literal):
        return call.fill("CAST(#0 AS VARCHAR)")
    plain = "CAST(#0 AS VARCHAR)"
    dotted = f"(CASE WHEN contains({plain}, '.') THEN {plain} ELSE {plain} || '.' END)"
    return call.fill(
        f"(CASE typeof(#0) WHEN 'TIMESTAMP' THEN rpad({dotted}, 27, '0') ELSE {plain} END)"
    )


_ISO: Final = (
    "CAST(regexp_replace(replace(CAST(#0 AS VARCHAR), '/', '-'), "
    r"'^(\d{4})(\d{2})(\d{2})$', '\1-\2-\3') AS TIMESTAMP)"
)
"""A timestamp of a date, a timestamp, or a text as YYYY-MM-DD, YYYY/MM/DD or YYYYMMDD."""


def _moment(form: str) -> Translation:
    """TO_DATE, TO_TIMESTAMP, TO_SECONDDATE, with or without a format."""

    def translate(call: Call) -> str:
        if len(call.arguments) == 2 and call.arguments[1].literal not in _DEFAULTS:
            written = _format(call, call.arguments[1], _INPUT)
            return call.fill(form.replace("{}", f"strptime(#0, {written})"))
        return call.fill(form.replace("{}", _ISO))

    return translate


def _to_time(call: Call) -> str:
    """TO_TIME; HANA's TIME has no fractions of a second."""
    value = "CAST(#0 AS TIME)"
    if len(call.arguments) == 2:
        value = f"CAST(strptime(#0, {_format(call, call.arguments[1], _INPUT)}) AS TIME)"
    return call.fill(f"CAST(left(CAST({value} AS VARCHAR), 8) AS TIME)")


_BOOLEANS: Final = (
    "(CASE WHEN #0 IS NULL THEN NULL "
    "WHEN lower(CAST(#0 AS VARCHAR)) IN ('true', '1') THEN TRUE "
    "WHEN lower(CAST(#0 AS VARCHAR)) IN ('false', '0') THEN FALSE "
    "WHEN lower(CAST(#0 AS VARCHAR)) = 'unknown' THEN NULL "
    f"ELSE {failure('HANA 339: invalid boolean')} END)"
)
"""Everything else is an error [SQL:to-boolean; U: its code]."""

FUNCTIONS: Final[Translations] = {
    "TO_BIGINT": _integral("BIGINT"),
    "TO_BINARY": same("encode"),
    "TO_BOOLEAN": template(_BOOLEANS),
    "TO_CLOB": _to_text,
    "TO_DATE": _moment("CAST({} AS DATE)"),
    "TO_DATS": template("strftime(CAST(#0 AS TIMESTAMP), '%Y%m%d')"),
    "TO_DECIMAL": _to_decimal,
    "TO_DOUBLE": template("CAST(#0 AS DOUBLE)"),
    "TO_INT": _integral("INTEGER"),
    "TO_INTEGER": _integral("INTEGER"),
    "TO_NCLOB": _to_text,
    "TO_NVARCHAR": _to_text,
    "TO_REAL": template("CAST(#0 AS FLOAT)"),
    "TO_SECONDDATE": _moment("CAST(date_trunc('second', {}) AS TIMESTAMP_S)"),
    "TO_SMALLINT": _integral("SMALLINT"),
    "TO_TIME": _to_time,
    "TO_TIMESTAMP": _moment("CAST({} AS TIMESTAMP)"),
    "TO_TINYINT": _integral("UTINYINT"),
    "TO_VARCHAR": _to_text,
}
"""TO_SMALLDECIMAL and TO_BLOB have no counterpart."""

_CASTS: Final[Translations] = {
    **{name: _integral(kind) for name, kind in _INTEGERS.items()},
    "BOOLEAN": FUNCTIONS["TO_BOOLEAN"],
    "DATE": FUNCTIONS["TO_DATE"],
    "DOUBLE": FUNCTIONS["TO_DOUBLE"],
    "NCLOB": _to_text,
    "NVARCHAR": _to_text,
    "REAL": FUNCTIONS["TO_REAL"],
    "SECONDDATE": FUNCTIONS["TO_SECONDDATE"],
    "TIME": _to_time,
    "TIMESTAMP": FUNCTIONS["TO_TIMESTAMP"],
}
"""What bytes a text becomes in CAST AS VARBINARY or BLOB is [U]."""


def cast_to(value: Argument, name: str, numbers: list[str]) -> str:
    """CAST(value AS name(numbers)).

    Raises:
        UnsupportedSql: The type has no counterpart.
    """
    call = Call(f"CAST AS {name}", (value,))
    if name == "DECIMAL":
        return decimal(call, *[*numbers, None, None][:2])
    if isinstance(value.node, exp.Null) and name in _TYPES:
        return f"CAST(NULL AS {_TYPES[name]})"
    if name not in _CASTS:
        raise call.refuse("has no translation; name another type.")
    text = _CASTS[name](call)
    return f"left({text}, {numbers[0]})" if name == "NVARCHAR" and numbers else text
