import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hana_emulator.engine import calendar
from tests.hana_emulator.engine.types import Family
from tests.hana_emulator.values import HanaError


@pytest.mark.parametrize(
    ("day", "number"),
    [
        ((1, 1, 1), 1),
        ((1582, 10, 4), 577_737),
        ((1582, 10, 15), 577_738),
        ((9999, 12, 31), 3_652_061),
        ((1492, 10, 12), 544_873),  # Julian day number 2266296
        ((1500, 2, 29), 547_569),  # a leap year of the Julian calendar
    ],
)
def test_day_has_the_number_of_the_wire(day: tuple[int, int, int], number: int) -> None:
    assert calendar.day_number(*day) == number
    assert calendar.day_parts(number) == day


@given(st.integers(1, calendar.LAST_DAY))
def test_number_and_day_are_two_names_of_one_thing(number: int) -> None:
    assert calendar.day_number(*calendar.day_parts(number)) == number


@pytest.mark.parametrize("day", [(1582, 10, 5), (1582, 10, 14), (1900, 2, 29), (2024, 13, 1)])
def test_day_that_never_was_is_refused(day: tuple[int, int, int]) -> None:
    with pytest.raises(HanaError) as caught:
        calendar.day_number(*day)
    assert caught.value.code == 303


@pytest.mark.parametrize(
    ("kind", "text", "number"),
    [
        (Family.DATE, "0001-01-01", 1),
        (Family.DATE, "20240229", 738_947),
        (Family.DATE, "", 0),
        (Family.DATE, "0000-00-00", 0),
        (Family.TIME, "00:00:00", 1),
        (Family.TIME, "24:00:00", 86_401),
        (Family.SECONDDATE, "0001-01-01 00:00:01", 2),
        (Family.TIMESTAMP, "0001-01-01 00:00:00.0000001", 2),
        (Family.TIMESTAMP, "9999-12-31 23:59:59.9999999", 3_155_380_704_000_000_000),
        (Family.TIMESTAMP, "2024-01-01T12:00:00", 638_398_800_000_000_001),
    ],
)
def test_text_is_read_without_a_format(kind: Family, text: str, number: int) -> None:
    assert calendar.parse(kind, text) == number


@pytest.mark.parametrize("text", ["nonsense", "2024-02-30", "2024-01-01 25:00:00", "12:00:00"])
def test_text_that_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(HanaError) as caught:
        calendar.parse(Family.TIMESTAMP, text)
    assert caught.value.code == 303


@given(st.integers(1, calendar.LAST_DAY * calendar.DAY_TICKS))
def test_timestamp_is_written_and_read_with_all_its_digits(number: int) -> None:
    text = calendar.write(Family.TIMESTAMP, number, calendar.FORMATS[Family.TIMESTAMP])
    assert calendar.parse(Family.TIMESTAMP, text) == number


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        ("YYYYMMDD", "20240229"),
        ("DD.MM.YYYY HH24:MI:SS", "29.02.2024 13:14:15"),
        ("MON DD YYYY HH12:MI AM", "FEB 29 2024 01:14 PM"),
    ],
)
def test_format_is_written_and_read(layout: str, text: str) -> None:
    number = calendar.parse_format(Family.SECONDDATE, text, layout)
    assert calendar.write(Family.SECONDDATE, number, layout) == text


def test_format_of_unknown_letters_is_refused() -> None:
    with pytest.raises(HanaError) as caught:
        calendar.parse_format(Family.DATE, "x", "QQQQ")
    assert caught.value.code == 348
