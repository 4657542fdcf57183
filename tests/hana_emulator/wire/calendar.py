"""Day numbers, seconds and ticks as years, months and days, and back; knows no bytes.

Day 1 is 0001-01-01. Before 1582-10-15 the calendar is the Julian one, as HANA counts.
"""

GREGORIAN_START = 577738  # the day number of 1582-10-15
SECONDS_A_DAY = 86400
TICKS_A_SECOND = 10_000_000

_JULIAN_DAY_ZERO = 1721423  # the Julian day number of the day before 0001-01-01 (Julian calendar)


def day_number(year: int, month: int, day: int) -> int:
    """The number of a day; 1 for 0001-01-01."""
    shift = (14 - month) // 12
    years = year + 4800 - shift
    months = month + 12 * shift - 3
    julian = day + (153 * months + 2) // 5 + 365 * years + years // 4 - 32083
    if (year, month, day) >= (1582, 10, 15):
        julian += 38 - years // 100 + years // 400
    return julian - _JULIAN_DAY_ZERO


def year_month_day(number: int) -> tuple[int, int, int]:
    """The day of a number from 1 on."""
    julian = number + _JULIAN_DAY_ZERO
    if number >= GREGORIAN_START:
        shifted = julian + 32044
        centuries = (4 * shifted + 3) // 146097
        rest = shifted - 146097 * centuries // 4
    else:
        centuries = 0
        rest = julian + 32082
    years = (4 * rest + 3) // 1461
    days = rest - 1461 * years // 4
    months = (5 * days + 2) // 153
    day = days - (153 * months + 2) // 5 + 1
    return 100 * centuries + years - 4800 + months // 10, months + 3 - 12 * (months // 10), day


def longdate(day: int, seconds: int = 0, ticks: int = 0) -> int:
    """The value of a TIMESTAMP from its day number, second of the day and ticks of 100 ns."""
    return ((day - 1) * SECONDS_A_DAY + seconds) * TICKS_A_SECOND + ticks + 1


def seconddate(day: int, seconds: int = 0) -> int:
    """The value of a SECONDDATE from its day number and second of the day."""
    return (day - 1) * SECONDS_A_DAY + seconds + 1


def split_longdate(value: int) -> tuple[int, int, int]:
    """Day number, second of the day and ticks of 100 ns of a TIMESTAMP."""
    seconds, ticks = divmod(value - 1, TICKS_A_SECOND)
    days, second = divmod(seconds, SECONDS_A_DAY)
    return days + 1, second, ticks
