"""HANA's calendar on stored numbers: days, seconds, ticks and the texts they are written as.

Numbers are those of `values.py`: day 1 is 0001-01-01, Julian before 1582-10-15 [facts hana-wire 5];
0 is the empty date. Formats: [SQL:date-time formats]; letters that are not listed here are refused.
"""

import re
from datetime import date, datetime
from functools import lru_cache
from typing import Final, NamedTuple

from tests.hana_emulator.engine.types import Family
from tests.hana_emulator.values import HanaError

GREGORIAN: Final = 577_738
"""Day number of 1582-10-15, the first day of the Gregorian calendar."""
DAY_SECONDS: Final = 86_400
TICKS: Final = 10_000_000
DAY_TICKS: Final = DAY_SECONDS * TICKS
LAST_DAY: Final = 3_652_061
_JULIAN_EPOCH: Final = 1_721_423
"""Julian day number of day 0."""

DATE_FORMAT: Final = "YYYY-MM-DD"
TIME_FORMAT: Final = "HH24:MI:SS"
FORMATS: Final = {
    Family.DATE: DATE_FORMAT,
    Family.TIME: TIME_FORMAT,
    Family.SECONDDATE: f"{DATE_FORMAT} {TIME_FORMAT}",
    Family.TIMESTAMP: f"{DATE_FORMAT} {TIME_FORMAT}.FF7",
}
"""How each moment reads as a text where no format is given; the session's defaults."""

MONTHS: Final = (
    "JANUARY", "FEBRUARY", "MARCH", "APRIL", "MAY", "JUNE", "JULY", "AUGUST", "SEPTEMBER",
    "OCTOBER", "NOVEMBER", "DECEMBER",
)  # fmt: skip


class Moment(NamedTuple):
    """A point on the calendar with all its parts; ``tick`` counts 100 ns."""

    year: int = 1
    month: int = 1
    day: int = 1
    hour: int = 0
    minute: int = 0
    second: int = 0
    tick: int = 0


def day_number(year: int, month: int, day: int) -> int:
    """The number of a day.

    Raises:
        HanaError: 303 if there is no such day.
    """
    if (year, month, day) >= (1582, 10, 15):
        try:
            return date(year, month, day).toordinal() + 2
        except ValueError:
            raise _invalid(f"{year:04d}-{month:02d}-{day:02d}") from None
    leap = year % 4 == 0
    lengths = (31, 28 + leap, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    if not (1 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= lengths[month - 1]):
        raise _invalid(f"{year:04d}-{month:02d}-{day:02d}")
    shift = (14 - month) // 12
    years, months = year + 4800 - shift, month + 12 * shift - 3
    number = day + (153 * months + 2) // 5 + 365 * years + years // 4 - 32083 - _JULIAN_EPOCH
    if number >= GREGORIAN:  # the ten days that were left out
        raise _invalid(f"{year:04d}-{month:02d}-{day:02d}")
    return number


def day_parts(number: int) -> tuple[int, int, int]:
    """Year, month and day of a number from 1."""
    if number >= GREGORIAN:
        found = date.fromordinal(number - 2)
        return found.year, found.month, found.day
    rest = number + _JULIAN_EPOCH + 32082
    years = (4 * rest + 3) // 1461
    rest -= 1461 * years // 4
    months = (5 * rest + 2) // 153
    return (
        years - 4800 + months // 10,
        months + 3 - 12 * (months // 10),
        rest - (153 * months + 2) // 5 + 1,
    )


def pack(kind: Family, moment: Moment) -> int:
    """The stored number of a moment."""
    seconds = moment.hour * 3600 + moment.minute * 60 + moment.second
    if kind is Family.TIME:
        return seconds + 1
    day = day_number(moment.year, moment.month, moment.day)
    if kind is Family.DATE:
        return day
    if kind is Family.SECONDDATE:
        return (day - 1) * DAY_SECONDS + seconds + 1
    return (day - 1) * DAY_TICKS + seconds * TICKS + moment.tick + 1


def unpack(kind: Family, number: int) -> Moment:
    """The moment of a stored number from 1."""
    if kind is Family.DATE:
        return Moment(*day_parts(number))
    if kind is Family.TIME:
        return Moment(1, 1, 1, *_clock(number - 1))
    per_day = DAY_SECONDS if kind is Family.SECONDDATE else DAY_TICKS
    day, rest = divmod(number - 1, per_day)
    seconds, tick = (rest, 0) if kind is Family.SECONDDATE else divmod(rest, TICKS)
    return Moment(*day_parts(day + 1), *_clock(seconds), tick)


def _clock(seconds: int) -> tuple[int, int, int]:
    return seconds // 3600, seconds // 60 % 60, seconds % 60


def now(kind: Family, at: datetime) -> int:
    """A moment of Python's clock, in microseconds."""
    return pack(
        kind,
        Moment(at.year, at.month, at.day, at.hour, at.minute, at.second, at.microsecond * 10),
    )


_DATE_TEXT: Final = r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|(\d{2})(\d{2}))"
_TIME_TEXT: Final = r"(\d{1,2}):(\d{1,2})(?::(\d{1,2}))?(?:\.(\d{1,9}))?"
_DATE: Final = re.compile(rf"\s*{_DATE_TEXT}(?:[ T]+{_TIME_TEXT})?\s*")
_TIME: Final = re.compile(rf"\s*(?:{_DATE_TEXT}[ T]+)?{_TIME_TEXT}\s*")


@lru_cache(maxsize=4096)
def parse(kind: Family, text: str) -> int:
    """A moment as it is written without a format: ISO, or YYYYMMDD.

    Raises:
        HanaError: 303.
    """
    if not text.strip() or (kind is not Family.TIME and text.strip("0-:. ") == ""):
        return 0  # the empty date [facts 4.3]
    found = (_TIME if kind is Family.TIME else _DATE).fullmatch(text)
    if found is None:
        raise _invalid(text)
    year, month, day, month2, day2, hour, minute, second, fraction = found.groups()
    moment = Moment(
        int(year or 1), int(month or month2 or 1), int(day or day2 or 1), int(hour or 0),
        int(minute or 0), int(second or 0), int((fraction or "0").ljust(7, "0")[:7]),
    )  # fmt: skip
    return pack(kind, _checked(moment, text))


def _checked(moment: Moment, text: str) -> Moment:
    midnight = (moment.hour, moment.minute, moment.second) == (24, 0, 0)
    if not midnight and (moment.hour > 23 or moment.minute > 59 or moment.second > 59):
        raise _invalid(text)
    return moment


_PIECE: Final = re.compile(
    r"YYYY|MONTH|MON|MM|MI|DDD|DD|HH24|HH12|HH|SS|FF[1-7]?|AM|PM|TZR|TZH|TZM|\"[^\"]*\"|[^A-Za-z]",
    re.IGNORECASE,
)


@lru_cache(maxsize=256)
def pieces(layout: str) -> tuple[str, ...]:
    """A format, cut into its letters and what stands between them.

    Raises:
        HanaError: 348 for letters that mean nothing here.
    """
    found, at = [], 0
    while at < len(layout):
        match = _PIECE.match(layout, at)
        if match is None:
            raise HanaError(348, f"invalid datetime format: {layout}")
        found.append(match.group().upper() if match.group()[0].isalpha() else match.group())
        at = match.end()
    return tuple(found)


_PATTERNS: Final = {
    "YYYY": r"(?P<year>\d{4})",
    "MM": r"(?P<month>\d{1,2})",
    "MON": r"(?P<monthname>[A-Za-z]{3})",
    "MONTH": r"(?P<monthname>[A-Za-z]+)",
    "DD": r"(?P<day>\d{1,2})",
    "HH24": r"(?P<hour>\d{1,2})",
    "HH12": r"(?P<hour>\d{1,2})",
    "HH": r"(?P<hour>\d{1,2})",
    "MI": r"(?P<minute>\d{1,2})",
    "SS": r"(?P<second>\d{1,2})",
    "AM": r"(?P<half>[AP]M)",
    "PM": r"(?P<half>[AP]M)",
}


@lru_cache(maxsize=256)
def _pattern(layout: str) -> re.Pattern[str]:
    words = []
    for piece in pieces(layout):
        if piece.startswith("FF"):
            words.append(r"(?P<fraction>\d{1,7})")
        elif piece in _PATTERNS:
            words.append(_PATTERNS[piece])
        elif piece[0].isalpha():
            raise HanaError(348, f"invalid datetime format: {layout}")
        else:
            words.append(re.escape(piece.strip('"')))
    # Digits without separators have their full width.
    exact = "".join(words)
    if re.fullmatch(r"[A-Z0-9]+", layout.upper()):
        exact = exact.replace(r"\d{1,2}", r"\d{2}")
    return re.compile(r"\s*" + exact + r"\s*", re.IGNORECASE)


def parse_format(kind: Family, text: str, layout: str) -> int:
    """A moment as a format says it is written.

    Raises:
        HanaError: 303 if the text is not of the format, 348 if the format is none.
    """
    if not text.strip():
        return 0
    found = _pattern(layout).fullmatch(text)
    if found is None:
        raise _invalid(text)
    parts = found.groupdict()
    hour = int(parts.get("hour") or 0)
    if half := parts.get("half"):
        hour = hour % 12 + (12 if half.upper() == "PM" else 0)
    moment = Moment(
        int(parts.get("year") or 1), _month(parts, text), int(parts.get("day") or 1), hour,
        int(parts.get("minute") or 0), int(parts.get("second") or 0),
        int((parts.get("fraction") or "0").ljust(7, "0")),
    )  # fmt: skip
    return pack(kind, _checked(moment, text))


def _month(parts: dict[str, str | None], text: str) -> int:
    if name := parts.get("monthname"):
        for number, month in enumerate(MONTHS, 1):
            if name.upper() in {month, month[:3]}:
                return number
        raise _invalid(text)
    return int(parts.get("month") or 1)


def write(kind: Family, number: int, layout: str) -> str:
    """A stored moment in a format; the empty date as an empty text.

    Raises:
        HanaError: 348.
    """
    if number == 0 and kind is not Family.TIME:
        return ""
    moment = unpack(kind, number)
    return "".join(_written(piece, moment, layout) for piece in pieces(layout))


def _written(piece: str, at: Moment, layout: str) -> str:  # noqa: C901, PLR0912
    match piece:
        case "YYYY":
            return f"{at.year:04d}"
        case "MM":
            return f"{at.month:02d}"
        case "MON":
            return MONTHS[at.month - 1][:3]
        case "MONTH":
            return MONTHS[at.month - 1]
        case "DD":
            return f"{at.day:02d}"
        case "DDD":
            first = day_number(at.year, 1, 1)
            return f"{day_number(at.year, at.month, at.day) - first + 1:03d}"
        case "HH24":
            return f"{at.hour:02d}"
        case "HH" | "HH12":
            return f"{(at.hour + 11) % 12 + 1:02d}"
        case "MI":
            return f"{at.minute:02d}"
        case "SS":
            return f"{at.second:02d}"
        case "AM" | "PM":
            return "PM" if at.hour >= 12 else "AM"
    if piece.startswith("FF"):
        return f"{at.tick:07d}"[: int(piece[2:] or 7)]
    if piece[0].isalpha():
        raise HanaError(348, f"invalid datetime format: {layout}")
    return piece.strip('"')


def _invalid(text: str) -> HanaError:
    return HanaError(303, f"invalid DATE, TIME or TIMESTAMP value: {text}", sqlstate="22007")
