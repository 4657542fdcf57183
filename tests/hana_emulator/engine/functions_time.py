"""Functions on dates and times, by arithmetic on the stored numbers."""

from datetime import UTC, datetime
from typing import Any, Final

from tests.hana_emulator.engine import calendar, tree, types
from tests.hana_emulator.engine.build import SessionFacts
from tests.hana_emulator.engine.errors import inconsistent
from tests.hana_emulator.engine.functions import Arguments, function
from tests.hana_emulator.engine.terms import Term, cast, convert, quoted
from tests.hana_emulator.engine.types import Family
from tests.hana_emulator.values import DeclaredType

_UNITS: Final = {  # of a day, and of a second
    Family.DATE: (1, None),
    Family.SECONDDATE: (calendar.DAY_SECONDS, 1),
    Family.TIMESTAMP: (calendar.DAY_TICKS, calendar.TICKS),
}
_LAST: Final = {
    Family.SECONDDATE: calendar.LAST_DAY * calendar.DAY_SECONDS,
    Family.TIMESTAMP: calendar.LAST_DAY * calendar.DAY_TICKS,
}


def moment(arguments: Arguments, at: int, *, time: bool = False) -> Term:
    """An argument as a date with or without a time; a text is taken as a TIMESTAMP [U]."""
    term = arguments.term(at, types.TIMESTAMP)
    if term.family in types.MOMENTS or (time and term.family is Family.TIME):
        return term
    if term.family in types.TEXTS or term.type.name == "NULL":
        return convert(term, types.TIMESTAMP, arguments.position)
    raise inconsistent(f"{term.type.name} is no date", arguments.position)


def _day(term: Term) -> str:
    return convert(term, types.DATE).sql


def _valid(term: Term, sql: str) -> Term:
    if term.family is Family.DATE:
        return term.like(f"h_valid_day({sql})")
    return term.like(f"h_valid_moment({sql}, {_LAST[term.family]})")


@function("ADD_DAYS", 2)
def _add_days(arguments: Arguments) -> Term:
    """The type of the date is kept [facts 6.4]."""
    term, count = moment(arguments, 0), arguments.whole(1)
    return _valid(term, f"({term.sql} + CAST({count.sql} AS BIGINT) * {_UNITS[term.family][0]})")


@function("ADD_SECONDS", 2)
def _add_seconds(arguments: Arguments) -> Term:
    term = moment(arguments, 0)
    unit = _UNITS[term.family][1]
    if unit is None:
        term, unit = convert(term, types.SECONDDATE), 1
    count = arguments.number(1)
    scaled = f"CAST(trunc({convert(count, types.DOUBLE).sql} * {unit}) AS BIGINT)"
    return _valid(term, f"({term.sql} + {scaled})")


@function("ADD_NANO100", 2)
def _add_nano100(arguments: Arguments) -> Term:
    term = convert(moment(arguments, 0), types.TIMESTAMP)
    return _valid(term, f"({term.sql} + CAST({arguments.whole(1).sql} AS BIGINT))")


@function("ADD_MONTHS ADD_YEARS", 2)
def _add_months(arguments: Arguments) -> Term:
    term, count = moment(arguments, 0), arguments.whole(1)
    months = f"CAST({count.sql} AS BIGINT)"
    if arguments.call.name == "ADD_YEARS":
        months = f"({months} * 12)"
    day = f"h_add_months({_day(term)}, {months})"
    if term.family is Family.DATE:
        return term.like(day)
    unit = _UNITS[term.family][0]
    return term.like(f"((CAST({day} AS BIGINT) - 1) * {unit} + ({term.sql} - 1) % {unit} + 1)")


def _pair(arguments: Arguments) -> tuple[Term, Term]:
    one, other = moment(arguments, 0, time=True), moment(arguments, 1, time=True)
    result = types.common(one.type, other.type)
    if result is None:
        raise inconsistent(f"{one.type.name} and {other.type.name}", arguments.position)
    return convert(one, result), convert(other, result)


@function("DAYS_BETWEEN", 2)
def _days_between(arguments: Arguments) -> Term:
    """Entire days from the first to the second."""
    one, other = _pair(arguments)
    unit = _UNITS[one.family][0] if one.family in _UNITS else calendar.DAY_SECONDS
    sql = _whole(f"({other.sql} - {one.sql})", unit)
    return Term(cast(sql, types.INTEGER), types.INTEGER)


@function("SECONDS_BETWEEN NANO100_BETWEEN", 2)
def _seconds_between(arguments: Arguments) -> Term:
    one, other = _pair(arguments)
    if one.family is Family.TIME:
        ticks = f"(CAST({other.sql} - {one.sql} AS BIGINT) * {calendar.TICKS})"
    else:
        one, other = convert(one, types.TIMESTAMP), convert(other, types.TIMESTAMP)
        ticks = f"({other.sql} - {one.sql})"
    if arguments.call.name == "NANO100_BETWEEN":
        return Term(ticks, types.BIGINT)
    seconds = _whole(ticks, calendar.TICKS)
    return Term(cast(seconds, types.BIGINT), types.BIGINT)


@function("MONTHS_BETWEEN YEARS_BETWEEN", 2)
def _months_between(arguments: Arguments) -> Term:
    """Entire months or years."""
    one, other = (convert(term, types.TIMESTAMP) for term in _pair(arguments))
    sql = f"h_months_between({one.sql}, {other.sql})"
    if arguments.call.name == "YEARS_BETWEEN":
        sql = _whole(sql, 12)
    return Term(cast(sql, types.INTEGER), types.INTEGER)


def _whole(number: str, unit: int) -> str:
    """A quotient without its fraction."""
    return number if unit == 1 else f"({number} // {unit})"


def _clock(term: Term) -> str:
    """Seconds of the day."""
    match term.family:
        case Family.TIME:
            return f"({term.sql} - 1)"
        case Family.DATE:
            return "0"
        case _:
            return f"((({convert(term, types.SECONDDATE).sql}) - 1) % 86400)"


_DAY_PARTS: Final = {
    "YEAR": "h_year({})",
    "MONTH": "h_month({})",
    "DAYOFMONTH": "h_dom({})",
    "DAY": "h_dom({})",
    "DAYOFYEAR": "h_day_of_year({})",
    "WEEKDAY": "(({} + 4) % 7)",
    "WEEK": "h_week({})",
}
"""Monday is 0, and a week begins with it; the first of January is in week 1 [facts 6.4]."""
_CLOCK_PARTS: Final = {"HOUR": "{} // 3600", "MINUTE": "{} // 60 % 60", "SECOND": "{} % 60"}


@function("YEAR MONTH DAYOFMONTH DAYOFYEAR WEEKDAY WEEK HOUR MINUTE SECOND", 1)
def _part(arguments: Arguments) -> Term:
    return _part_of(arguments.call.name, moment(arguments, 0, time=True), arguments.position)


@function("EXTRACT", 2)
def _extract(arguments: Arguments) -> Term:
    word = arguments.call.arguments[0]
    assert isinstance(word, tree.Word)
    return _part_of(word.text, moment(arguments, 1, time=True), arguments.position)


def _part_of(part: str, term: Term, position: int) -> Term:
    if part in _CLOCK_PARTS:
        sql = _CLOCK_PARTS[part].format(_clock(term))
        if term.family is Family.DATE:
            sql = f"CASE WHEN {term.sql} IS NOT NULL THEN 0 END"
    elif term.family is Family.TIME:
        raise inconsistent(f"{part} of a TIME", position)
    else:
        sql = _DAY_PARTS[part].format(_day(term))
    return Term(cast(sql, types.INTEGER), types.INTEGER)


@function("QUARTER", 1)
def _quarter(arguments: Arguments) -> Term:
    """'2011-Q4' [facts 6.4]; a first month of the year is not taken."""
    return Term(f"h_quarter({_day(moment(arguments, 0))})", DeclaredType("NVARCHAR", 10))


@function("ISOWEEK", 1)
def _isoweek(arguments: Arguments) -> Term:
    day = _day(moment(arguments, 0))
    sql = f"strftime(h_gregorian({day}), '%G-W%V')"
    return Term(sql, DeclaredType("NVARCHAR", 10))


@function("DAYNAME MONTHNAME", 1)
def _names(arguments: Arguments) -> Term:
    """In capital letters [U]."""
    day = _day(moment(arguments, 0))
    if arguments.call.name == "MONTHNAME":
        words, index = calendar.MONTHS, f"h_month({day})"
    else:
        words = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
        index = f"({day} + 4) % 7 + 1"
    listed = ", ".join(quoted(word) for word in words)
    return Term(f"([{listed}])[{index}]", DeclaredType("NVARCHAR", 16))


@function("LAST_DAY NEXT_DAY", 1)
def _last_day(arguments: Arguments) -> Term:
    """NEXT_DAY(d) is the day after [facts 6.4]."""
    day = _day(moment(arguments, 0))
    if arguments.call.name == "LAST_DAY":
        return Term(f"h_last_day({day})", types.DATE)
    return Term(f"h_valid_day({day} + 1)", types.DATE)


# now

_NOW: Final = {
    "CURRENT_DATE": types.DATE,
    "CURRENT_UTCDATE": types.DATE,
    "CURRENT_TIME": types.TIME,
    "CURRENT_UTCTIME": types.TIME,
    "CURRENT_TIMESTAMP": types.TIMESTAMP,
    "CURRENT_UTCTIMESTAMP": types.TIMESTAMP,
    "NOW": types.TIMESTAMP,
}


@function(" ".join(_NOW), 0)
def _now(arguments: Arguments) -> Term:
    """The server's zone is UTC."""
    declared = _NOW[arguments.call.name]
    kind = types.family(declared)

    def value(session: SessionFacts) -> Any:
        return calendar.now(kind, datetime.now(UTC))

    return arguments.compiler.build.session_value(f"now_{kind.name.lower()}", declared, value)


# formats

_CODES: Final = {"YYYY": "%Y", "MM": "%m", "DD": "%d", "HH24": "%H", "MI": "%M", "SS": "%S"}
_NATIVE: Final = {
    Family.DATE: (calendar.GREGORIAN, "h_gregorian({0})"),
    Family.SECONDDATE: (calendar.GREGORIAN * calendar.DAY_SECONDS, "h_clock({0})"),
    Family.TIMESTAMP: (
        calendar.GREGORIAN * calendar.DAY_TICKS,
        "h_clock(({0} - 1) // 10000000 + 1)",
    ),
}
"""From which number on DuckDB's own calendar is HANA's, and the value for it."""


def written(term: Term, layout: str) -> str:
    """A moment in a format: by DuckDB where it can be, by Python for rare letters and years."""
    by_python = f"h_write_{term.family.name.lower()}({term.sql}, {quoted(layout)})"
    pieces = calendar.pieces(layout)
    *front, last = pieces or ("",)
    fraction = 0
    if last.startswith("FF") and term.family is Family.TIMESTAMP:
        pieces, fraction = tuple(front), int(last[2:] or 7)
    plain = all(piece in _CODES or not piece[0].isalpha() for piece in pieces)
    if not plain or term.family not in _NATIVE or "%" in layout:
        return by_python
    first, as_native = _NATIVE[term.family]
    codes = "".join(_CODES.get(piece, piece.strip('"')) for piece in pieces)
    sql = f"strftime({as_native.format(term.sql)}, {quoted(codes)})"
    if fraction:
        sql += f" || left(h_pad(({term.sql} - 1) % {calendar.TICKS}, 7), {fraction})"
    return f"CASE WHEN {term.sql} >= {first} THEN {sql} ELSE {by_python} END"


def read(text: Term, declared: DeclaredType, layout: str) -> Term:
    """A text in a format as a moment."""
    kind = types.family(declared)
    if text.constant is not None:
        number = calendar.parse_format(kind, str(text.constant), layout)
        return Term(cast(str(number), declared), declared, nullable=False, constant=number)
    return Term(f"h_read_{kind.name.lower()}({text.sql}, {quoted(layout)})", declared)
