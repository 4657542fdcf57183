"""Translated functions against models of what HANA documents, with values nobody thought of."""

import calendar
import math
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal

import duckdb
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.support.hana_sql import database, value

CONNECTION = database()
few = settings(max_examples=60, deadline=None)

integers = st.integers(-10_000, 10_000)
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"], max_codepoint=0xFFFF), max_size=12)
days = st.dates(date(1900, 1, 1), date(2200, 12, 31))
moments = st.datetimes(datetime(1900, 1, 1), datetime(2200, 12, 31))


@few
@given(integers, integers)
def test_mod_is_the_remainder_with_the_sign_of_the_dividend(left: int, right: int) -> None:
    model = left if right == 0 else int(math.fmod(left, right))

    assert value(CONNECTION, "MOD(?, ?)", left, right) == model


@few
@given(integers, integers)
def test_division_gives_the_quotient_or_error_304(left: int, right: int) -> None:
    if right == 0:
        with pytest.raises(duckdb.Error, match="HANA 304"):
            value(CONNECTION, "? / ?", left, right)
    else:
        assert value(CONNECTION, "? / ?", left, right) == left / right


@few
@given(integers, integers)
def test_ndiv0_gives_the_quotient_or_0(left: int, right: int) -> None:
    assert value(CONNECTION, "NDIV0(?, ?)", left, right) == (left / right if right else 0)


@few
@given(texts, st.integers(-5, 20), st.integers(-5, 20))
def test_substring_starts_at_1_and_never_counts_from_the_end(
    text: str, start: int, length: int
) -> None:
    first = max(start, 1) - 1
    model = text[first : first + max(length, 0)]

    assert value(CONNECTION, "SUBSTRING(?, ?, ?)", text, start, length) == model


@few
@given(texts, st.integers(-5, 20))
def test_left_and_right_of_less_than_1_are_empty(text: str, count: int) -> None:
    count_model = max(count, 0)

    assert value(CONNECTION, "LEFT(?, ?)", text, count) == text[:count_model]
    assert value(CONNECTION, "RIGHT(?, ?)", text, count) == (
        text[-count_model:] if count_model else ""
    )


@few
@given(texts, texts)
def test_locate_finds_the_needle_in_the_haystack(haystack: str, needle: str) -> None:
    assert value(CONNECTION, "LOCATE(?, ?)", haystack, needle) == haystack.find(needle) + 1


@few
@given(texts, texts)
def test_substr_before_and_after_meet_at_the_pattern(text: str, pattern: str) -> None:
    assume(pattern)
    before, found, after = text.partition(pattern)

    assert value(CONNECTION, "SUBSTR_BEFORE(?, ?)", text, pattern) == (before if found else "")
    assert value(CONNECTION, "SUBSTR_AFTER(?, ?)", text, pattern) == (after if found else "")


@few
@given(texts, st.integers(-3, 20), st.text("ab", min_size=1, max_size=3))
def test_lpad_fills_or_cuts_to_the_length(text: str, width: int, fill: str) -> None:
    room = max(width, 0)
    missing = room - len(text)
    padding = (fill * room)[: max(missing, 0)]

    assert value(CONNECTION, "LPAD(?, ?, ?)", text, width, fill) == (padding + text)[:room]
    assert value(CONNECTION, "RPAD(?, ?, ?)", text, width, fill) == (text + padding)[:room]


@few
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12))
def test_length_counts_utf16_units(text: str) -> None:
    assert value(CONNECTION, "LENGTH(?)", text) == len(text.encode("utf-16-le")) // 2


@few
@given(st.lists(st.one_of(st.none(), integers), min_size=2, max_size=4))
def test_greatest_and_least_of_null_are_null(values: list[int | None]) -> None:
    markers = ", ".join("CAST(? AS INTEGER)" for _ in values)
    known = [number for number in values if number is not None]
    whole = len(known) == len(values)

    assert value(CONNECTION, f"GREATEST({markers})", *values) == (max(known) if whole else None)
    assert value(CONNECTION, f"LEAST({markers})", *values) == (min(known) if whole else None)


@few
@given(st.decimals(-(10**6), 10**6, allow_nan=False, places=5), st.integers(0, 4))
def test_to_decimal_cuts_towards_zero(number: Decimal, places: int) -> None:
    model = number.quantize(Decimal(1).scaleb(-places), ROUND_DOWN)

    assert value(CONNECTION, f"TO_DECIMAL(?, 20, {places})", number) == model
    assert value(CONNECTION, f"TO_DECIMAL(?, 20, {places})", str(number)) == model
    assert value(CONNECTION, "TO_BIGINT(?)", number) == int(number)
    assert value(CONNECTION, "TO_BIGINT(?)", float(number)) == int(number)


@few
@given(days, st.integers(-5000, 5000))
def test_add_days_keeps_dates_dates(day: date, count: int) -> None:
    assert value(CONNECTION, "ADD_DAYS(?, ?)", day, count) == day + timedelta(days=count)


@few
@given(days, st.integers(-500, 500))
def test_add_months_stays_in_the_month(day: date, count: int) -> None:
    month = day.year * 12 + day.month - 1 + count
    year, month = divmod(month, 12)
    last = calendar.monthrange(year, month + 1)[1]

    assert value(CONNECTION, "ADD_MONTHS(?, ?)", day, count) == date(
        year, month + 1, min(day.day, last)
    )


@few
@given(moments, moments)
def test_days_between_counts_entire_days(start: datetime, end: datetime) -> None:
    seconds = (end - start) / timedelta(days=1)

    assert value(CONNECTION, "DAYS_BETWEEN(?, ?)", start, end) == math.trunc(seconds)


@few
@given(days)
def test_parts_of_a_date_are_those_of_the_calendar(day: date) -> None:
    first_weekday = date(day.year, 1, 1).weekday()
    week = (day.timetuple().tm_yday + first_weekday - 1) // 7 + 1
    iso = day.isocalendar()

    assert value(CONNECTION, "WEEKDAY(?)", day) == day.weekday()
    assert value(CONNECTION, "WEEK(?)", day) == week
    assert value(CONNECTION, "ISOWEEK(?)", day) == f"{iso.year}-W{iso.week:02}"
    assert value(CONNECTION, "QUARTER(?)", day) == f"{day.year}-Q{(day.month + 2) // 3}"


@few
@given(st.lists(st.one_of(st.none(), texts), min_size=1, max_size=6))
def test_string_agg_joins_null_as_an_empty_text(values: list[str | None]) -> None:
    rows = " UNION ALL ".join(
        f"SELECT {place} AS p, CAST(? AS NVARCHAR) AS x FROM dummy" for place in range(len(values))
    )
    found = value(CONNECTION, f"(SELECT STRING_AGG(x, '|' ORDER BY p) FROM ({rows}))", *values)

    assert found == "|".join(text or "" for text in values)


@few
@given(st.lists(st.one_of(st.none(), integers), min_size=1, max_size=6))
def test_order_puts_null_first_and_descending_last(values: list[int | None]) -> None:
    rows = " UNION ALL ".join("SELECT CAST(? AS INTEGER) AS x FROM dummy" for _ in values)
    model = sorted(values, key=lambda number: (number is not None, number or 0))

    for direction, expected in (("ASC", model), ("DESC", model[::-1])):
        text = f"STRING_AGG(IFNULL(TO_NVARCHAR(x), 'null'), ',' ORDER BY x {direction})"
        found = value(CONNECTION, f"(SELECT {text} FROM ({rows}))", *values)
        assert found == ",".join("null" if number is None else str(number) for number in expected)
