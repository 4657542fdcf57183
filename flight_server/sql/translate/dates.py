"""Dates and times: HANA's functions in DuckDB's SQL.

HANA keeps the type of its input (DATE stays DATE); DuckDB turns every sum into a TIMESTAMP, so
``cast_to_type`` brings it back, whatever the type is. Facts: datasphere-hana.md 6.4; examples and
rules from [SQL: the page of each function]. [U]: what MONTHS_BETWEEN and YEARS_BETWEEN say at the
end of a month (here 31 January to 29 February is one month); the type of ADD_SECONDS of a DATE.
"""

import re
from typing import Final

from flight_server.sql.translate.call import Call, Translation, Translations, template

_TIME_OF_DAY: Final = re.compile(r"\d{1,2}:\d{1,2}(:\d{1,2}(\.\d+)?)?")


def _added(interval: str) -> Translation:
    def translate(call: Call) -> str:
        if call.arguments[0].literal is not None:
            raise call.refuse("of a text has no translation; write DATE'...' or TO_DATE('...').")
        return call.fill(f"cast_to_type(#0 + {interval}(CAST(trunc(#1) AS INTEGER)), #0)")

    return translate


def _between(unit: str, form: str) -> Translation:
    """The number of entire units, as [SQL:days-between] says; texts count as timestamps."""
    return template(form.format(f"datesub('{unit}', CAST(#0 AS TIMESTAMP), CAST(#1 AS TIMESTAMP))"))


def _part(form: str, *, of_time: bool = False) -> Translation:
    """A part of a date; HANA reads a text there as a timestamp, or as a time of day."""

    def translate(call: Call) -> str:
        text = call.arguments[0].literal
        if text is None:
            return call.fill(form)
        kind = "TIME" if of_time and _TIME_OF_DAY.fullmatch(text) else "TIMESTAMP"
        return call.fill(form.replace("#0", f"CAST(#0 AS {kind})"))

    return translate


def _integer(expression: str) -> str:
    return f"CAST({expression} AS INTEGER)"


def _quarter(call: Call) -> str:
    """``2011-Q4``; the year may start in another month [SQL:quarter]."""
    shift = 0
    if len(call.arguments) == 2:
        month = call.arguments[1].number or ""
        if not re.fullmatch(r"[1-9]|1[0-2]", month):
            raise call.refuse("takes the number of a month, 1 to 12, as its start.")
        shift = int(month) - 1
    moved = f"(CAST(#0 AS TIMESTAMP) - to_months({shift}))"
    return call.fill(f"(strftime({moved}, '%Y') || '-Q' || quarter({moved}))")


SECOND: Final = _part("(CAST(microsecond(#0) AS DECIMAL(18, 0)) * 0.000001)", of_time=True)
"""Seconds with their fraction [SQL:second]."""

PARTS: Final[Translations] = {
    "YEAR": _part(_integer("year(#0)")),
    "MONTH": _part(_integer("month(#0)")),
    "DAY": _part(_integer("day(#0)")),
    "HOUR": _part(_integer("hour(#0)"), of_time=True),
    "MINUTE": _part(_integer("minute(#0)"), of_time=True),
    "SECOND": SECOND,
}
"""EXTRACT(part FROM ...), and the functions of the same names."""

FUNCTIONS: Final[Translations] = {
    **PARTS,
    "ADD_DAYS": _added("to_days"),
    "ADD_MONTHS": _added("to_months"),
    "ADD_YEARS": _added("to_years"),
    "ADD_SECONDS": template("(#0 + to_seconds(#1))"),
    "DAYNAME": _part("dayname(#0)"),
    "DAYOFMONTH": PARTS["DAY"],
    "DAYOFYEAR": _part(_integer("dayofyear(#0)")),
    "DAYS_BETWEEN": _between("day", _integer("{}")),
    "ISOWEEK": _part("strftime(#0, '%G-W%V')"),
    "LAST_DAY": _part("last_day(#0)"),
    "MONTHNAME": _part("monthname(#0)"),
    "MONTHS_BETWEEN": _between("month", _integer("{}")),
    "NANO100_BETWEEN": _between("microsecond", "({} * 10)"),
    "NEXT_DAY": template("cast_to_type(#0 + to_days(1), #0)"),
    "NOW": template("localtimestamp"),
    "QUARTER": _quarter,
    "SECONDS_BETWEEN": _between("second", "{}"),
    "WEEK": _part(
        _integer("(dayofyear(#0) + isodow(date_trunc('year', #0)) - 2) // 7 + 1"),
    ),
    "WEEKDAY": _part(_integer("isodow(#0) - 1")),
    "YEARS_BETWEEN": _between("year", _integer("{}")),
}
"""ADD_MONTHS_LAST, ADD_NANO100, ADD_WORKDAYS, UTCTOLOCAL and LOCALTOUTC have no counterpart."""

_UTC: Final = "timezone('UTC', now())"

NILADIC: Final = {
    "CURRENT_DATE": "CAST(localtimestamp AS DATE)",
    "CURRENT_TIME": "CAST(date_trunc('second', localtimestamp) AS TIME)",
    "CURRENT_TIMESTAMP": "localtimestamp",
    "CURRENT_UTCDATE": f"CAST({_UTC} AS DATE)",
    "CURRENT_UTCTIME": f"CAST(date_trunc('second', {_UTC}) AS TIME)",
    "CURRENT_UTCTIMESTAMP": _UTC,
}
"""Functions without brackets; HANA's have no zone [SQL:current-timestamp]."""
