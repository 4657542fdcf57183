"""What DuckDB must know to compute with stored values: macros, and functions in Python.

Everything begins with ``h_``. Integers for moments are those of `calendar.py`; texts for floating
decimals those of `decimals.py`.
"""

import functools
from collections.abc import Callable
from typing import Any, Final

import duckdb

from tests.hana_emulator.engine import calendar, decimals
from tests.hana_emulator.engine.types import Family
from tests.hana_emulator.values import HanaError

_G: Final = calendar.GREGORIAN
_GS: Final = (_G - 1) * calendar.DAY_SECONDS
_GT: Final = (_G - 1) * calendar.DAY_TICKS
_EPOCH_US: Final = (calendar.day_number(1970, 1, 1) - 1) * calendar.DAY_SECONDS * 1_000_000
_MACROS: Final = f"""
CREATE MACRO h_error(code, message) AS error('HANA<' || code || '>: ' || message);
CREATE MACRO h_encoded(t) AS CAST(49999 + length(t) AS VARCHAR) || rtrim(t, '0');
CREATE MACRO h_integer(n) AS CASE WHEN n = 0 THEN '1' WHEN n > 0
  THEN '2' || h_encoded(CAST(n AS VARCHAR)) ELSE '0' || translate(
  h_encoded(ltrim(CAST(n AS VARCHAR), '-')), '0123456789', '9876543210') || '~' END;
CREATE MACRO h_gregorian(n) AS DATE '0001-01-01' + CAST(n - 3 AS INTEGER);
CREATE MACRO h_clock(seconds) AS make_timestamp((seconds - 1) * 1000000 - {_EPOCH_US});
CREATE MACRO h_year(n) AS CASE WHEN n >= {_G} THEN CAST(year(h_gregorian(n)) AS INTEGER)
  ELSE h_part(n, 0) END;
CREATE MACRO h_month(n) AS CASE WHEN n >= {_G} THEN CAST(month(h_gregorian(n)) AS INTEGER)
  ELSE h_part(n, 1) END;
CREATE MACRO h_dom(n) AS CASE WHEN n >= {_G} THEN CAST(day(h_gregorian(n)) AS INTEGER)
  ELSE h_part(n, 2) END;
CREATE MACRO h_day(y, m, d) AS CASE WHEN y * 10000 + m * 100 + d >= 15821015
  THEN CAST(make_date(y, m, d) - DATE '0001-01-01' + 3 AS INTEGER)
  ELSE h_make(CAST(y AS INTEGER), CAST(m AS INTEGER), CAST(d AS INTEGER)) END;
CREATE MACRO h_valid_day(n) AS CASE WHEN n BETWEEN 1 AND {calendar.LAST_DAY}
  THEN CAST(n AS INTEGER)
  WHEN n IS NOT NULL THEN h_error(303, 'invalid DATE, TIME or TIMESTAMP value') END;
CREATE MACRO h_valid_moment(n, most) AS CASE WHEN n BETWEEN 1 AND most THEN CAST(n AS BIGINT)
  WHEN n IS NOT NULL THEN h_error(303, 'invalid DATE, TIME or TIMESTAMP value') END;
CREATE MACRO h_seconds_of_day(n) AS CASE WHEN n = 0 THEN CAST(0 AS BIGINT)
  ELSE (CAST(n AS BIGINT) - 1) * 86400 + 1 END;
CREATE MACRO h_ticks_of_seconds(n) AS CASE WHEN n = 0 THEN CAST(0 AS BIGINT)
  ELSE (n - 1) * 10000000 + 1 END;
CREATE MACRO h_seconds_of_ticks(n) AS CASE WHEN n = 0 THEN CAST(0 AS BIGINT)
  ELSE (n - 1) // 10000000 + 1 END;
CREATE MACRO h_day_of_seconds(n) AS CASE WHEN n = 0 THEN CAST(0 AS INTEGER)
  ELSE CAST((n - 1) // 86400 + 1 AS INTEGER) END;
CREATE MACRO h_time_of_seconds(n) AS CASE WHEN n = 0 THEN CAST(1 AS INTEGER)
  ELSE CAST((n - 1) % 86400 + 1 AS INTEGER) END;
CREATE MACRO h_pad(n, width) AS lpad(CAST(n AS VARCHAR), width, '0');
CREATE MACRO h_clock_text(s) AS
  h_pad(s // 3600, 2) || ':' || h_pad(s // 60 % 60, 2) || ':' || h_pad(s % 60, 2);
CREATE MACRO h_time_text(n) AS h_clock_text(n - 1);
CREATE MACRO h_date_text(n) AS CASE WHEN n >= {_G} THEN CAST(h_gregorian(n) AS VARCHAR)
  ELSE h_write_date(n, '{calendar.DATE_FORMAT}') END;
CREATE MACRO h_seconddate_text(n) AS CASE WHEN n > {_GS} THEN CAST(h_clock(n) AS VARCHAR)
  ELSE h_write_seconddate(n, '{calendar.FORMATS[Family.SECONDDATE]}') END;
CREATE MACRO h_timestamp_text(n) AS CASE WHEN n > {_GT} THEN
  CAST(h_clock((n - 1) // 10000000 + 1) AS VARCHAR) || '.' || h_pad((n - 1) % 10000000, 7)
  ELSE h_write_timestamp(n, '{calendar.FORMATS[Family.TIMESTAMP]}') END;
CREATE MACRO h_wide(s) AS CASE WHEN strlen(s) = length(s) THEN 0 ELSE
  length(regexp_replace(s, '[^\\x{{10000}}-\\x{{10D7FF}}\\x{{10E000}}-\\x{{10FFFF}}]', '', 'g'))
  END;
CREATE MACRO h_length(s) AS CAST(length(s) + h_wide(s) AS INTEGER);
CREATE MACRO h_left(s, n) AS CASE WHEN h_wide(s) = 0 THEN left(s, n) ELSE h_units(s, n) END;
CREATE MACRO h_divide(a, b) AS CASE WHEN b = 0 THEN h_error(304, 'division by zero undefined')
  ELSE a / b END;
CREATE MACRO h_mod(a, b) AS CASE WHEN b = 0 THEN a ELSE a % b END;
CREATE MACRO h_boolean(s) AS CASE WHEN upper(trim(s)) IN ('TRUE', '1') THEN true
  WHEN upper(trim(s)) IN ('FALSE', '0') THEN false
  WHEN s IS NOT NULL THEN h_error(339, 'invalid number: ' || s) END;
"""


def _units(text: str, count: int) -> str:
    """The first so many UTF-16 units, not cutting a character."""
    taken = 0
    for at, character in enumerate(text):
        wide = 0x10000 <= ord(character) < 0x10D800 or ord(character) >= 0x10E000
        taken += 1 + wide
        if taken > count:
            return text[:at]
    return text


def _quarter(number: int) -> str:
    year, month, _ = calendar.day_parts(number)
    return f"{year:04d}-Q{(month + 2) // 3}"


def _add_months(number: int, count: int) -> int:
    year, month, day = calendar.day_parts(number)
    months = year * 12 + month - 1 + count
    year, month = months // 12, months % 12 + 1
    for last in (day, 30, 29, 28):
        try:
            return calendar.day_number(year, month, min(day, last))
        except HanaError:
            continue
    raise HanaError(303, "invalid DATE, TIME or TIMESTAMP value")


def _last_day(number: int) -> int:
    year, month, _ = calendar.day_parts(number)
    return _add_months(calendar.day_number(year, month, 1), 1) - 1 if (
        (year, month) != (9999, 12)) else calendar.LAST_DAY  # fmt: skip


def _months_between(start: int, end: int) -> int:
    """Entire months between two timestamps."""
    one, other = (calendar.unpack(Family.TIMESTAMP, number) for number in (start, end))
    months = (other.year - one.year) * 12 + other.month - one.month
    if months > 0 and other[2:] < one[2:]:
        return months - 1
    return months + 1 if months < 0 and other[2:] > one[2:] else months


def _day_of_year(number: int) -> int:
    return number - calendar.day_number(calendar.day_parts(number)[0], 1, 1) + 1


def _week(number: int) -> int:
    """The first of January is in week 1, which ends with the first Sunday."""
    first = calendar.day_number(calendar.day_parts(number)[0], 1, 1)
    return (number - first + (first + 4) % 7) // 7 + 1


def _number(text: str) -> str:
    return decimals.encode(decimals.number(text))


def _cut(text: str, scale: int) -> str:
    return decimals.cut(decimals.decode(text), scale)


def _round(text: str, places: int, mode: str) -> str:
    return decimals.encode(decimals.rounded(decimals.decode(text), places, mode))


def _small(text: str) -> str:
    return decimals.encode(decimals.decode(text), decimals.SMALL_DIGITS)


def _hex_number(text: str) -> int:
    try:
        number = int(text, 16)
    except ValueError:
        raise HanaError(339, f"invalid number: {text}") from None
    if len(text) > 16:
        raise HanaError(314, f"numeric overflow: {text}")
    return number - (1 << 64) if number >= 1 << 63 else number


def _unhex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise HanaError(339, f"invalid number: {text}") from None


def _parser(kind: Family) -> Callable[[str], int]:
    return lambda text: calendar.parse(kind, text)


def _format_parser(kind: Family) -> Callable[[str, str], int]:
    return lambda text, layout: calendar.parse_format(kind, text, layout)


def _writer(kind: Family) -> Callable[[int, str], str]:
    return lambda number, layout: calendar.write(kind, number, layout)


def _functions() -> dict[str, tuple[Callable[..., Any], list[str], str]]:
    found: dict[str, tuple[Callable[..., Any], list[str], str]] = {
        "h_units": (_units, ["VARCHAR", "INTEGER"], "VARCHAR"),
        "h_number": (_number, ["VARCHAR"], "VARCHAR"),
        "h_plain": (lambda text: decimals.plain(decimals.decode(text)), ["VARCHAR"], "VARCHAR"),
        "h_cut": (_cut, ["VARCHAR", "INTEGER"], "VARCHAR"),
        "h_small": (_small, ["VARCHAR"], "VARCHAR"),
        "h_round": (_round, ["VARCHAR", "INTEGER", "VARCHAR"], "VARCHAR"),
        "h_calculate": (decimals.calculate, ["VARCHAR", "VARCHAR", "VARCHAR"], "VARCHAR"),
        "h_total": (decimals.total, ["VARCHAR[]"], "VARCHAR"),
        "h_mean": (decimals.mean, ["VARCHAR[]"], "VARCHAR"),
        "h_part": (lambda day, at: calendar.day_parts(day)[at], ["INTEGER", "INTEGER"], "INTEGER"),
        "h_make": (calendar.day_number, ["INTEGER", "INTEGER", "INTEGER"], "INTEGER"),
        "h_add_months": (_add_months, ["INTEGER", "BIGINT"], "INTEGER"),
        "h_last_day": (_last_day, ["INTEGER"], "INTEGER"),
        "h_months_between": (_months_between, ["BIGINT", "BIGINT"], "INTEGER"),
        "h_day_of_year": (_day_of_year, ["INTEGER"], "INTEGER"),
        "h_week": (_week, ["INTEGER"], "INTEGER"),
        "h_quarter": (_quarter, ["INTEGER"], "VARCHAR"),
        "h_hex_number": (_hex_number, ["VARCHAR"], "BIGINT"),
        "h_unhex": (_unhex, ["VARCHAR"], "BLOB"),
    }
    for kind in (Family.DATE, Family.TIME, Family.SECONDDATE, Family.TIMESTAMP):
        name = kind.name.lower()
        stored = "INTEGER" if kind in {Family.DATE, Family.TIME} else "BIGINT"
        found[f"h_parse_{name}"] = (_parser(kind), ["VARCHAR"], stored)
        found[f"h_read_{name}"] = (_format_parser(kind), ["VARCHAR", "VARCHAR"], stored)
        found[f"h_write_{name}"] = (_writer(kind), [stored, "VARCHAR"], "VARCHAR")
    return found


def _marked(function: Callable[..., Any]) -> Callable[..., Any]:
    """DuckDB passes on the text of an exception only."""

    @functools.wraps(function)
    def call(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except HanaError as error:
            raise ValueError(f"HANA<{error.code}>: {error.message}") from None

    return call


def install(connection: duckdb.DuckDBPyConnection) -> None:
    """Teach a database."""
    for statement in _MACROS.split(";\n"):
        if statement.strip():
            connection.execute(statement)
    for name, (function, parameters, result) in _functions().items():
        connection.create_function(name, _marked(function), parameters, result)  # type: ignore[arg-type]
