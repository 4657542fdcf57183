"""Day numbers of HANA."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hana_emulator.wire import calendar

_LAST_DAY = calendar.day_number(9999, 12, 31)


@pytest.mark.parametrize(
    ("date", "number"),
    [
        ((1, 1, 1), 1),
        ((1582, 10, 4), 577737),
        ((1582, 10, 15), 577738),
        ((1970, 1, 1), 719165),
        ((9999, 12, 31), 3652061),
    ],
)
def test_known_days_have_known_numbers(date: tuple[int, int, int], number: int) -> None:
    assert calendar.day_number(*date) == number
    assert calendar.year_month_day(number) == date


@given(st.integers(1, _LAST_DAY))
def test_every_number_is_the_number_of_its_day(number: int) -> None:
    assert calendar.day_number(*calendar.year_month_day(number)) == number


@given(st.dates(min_value=dt.date(1582, 10, 15)))
def test_gregorian_days_are_those_of_python(day: dt.date) -> None:
    assert calendar.day_number(day.year, day.month, day.day) == day.toordinal() + 2


def test_julian_year_1500_has_a_leap_day() -> None:
    assert calendar.year_month_day(calendar.day_number(1500, 2, 28) + 1) == (1500, 2, 29)


@given(st.integers(1, _LAST_DAY), st.integers(0, 86399), st.integers(0, 9_999_999))
def test_timestamp_splits_into_its_parts(day: int, second: int, ticks: int) -> None:
    assert calendar.split_longdate(calendar.longdate(day, second, ticks)) == (day, second, ticks)


def test_last_timestamp_is_one_below_null() -> None:
    assert calendar.longdate(_LAST_DAY, 86399, 9_999_999) == 3155380704000000000
