"""Typed constants: what HANA can hold, and their exact JSON."""

import enum
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pandas as pd
import pytest

from flight_client.protocol.errors import InvalidFilter, InvalidTicket
from flight_client.protocol.literals import check_literal, literal_from_json, literal_to_json

FORMS = [
    pytest.param(True, True, id="true"),
    pytest.param(False, False, id="false"),
    pytest.param(1, 1, id="integer"),
    pytest.param(10**38 - 1, 10**38 - 1, id="38 digits"),
    pytest.param(1.0, 1.0, id="float"),
    pytest.param(-0.0, -0.0, id="minus zero"),
    pytest.param(5e-324, 5e-324, id="smallest float"),
    pytest.param("Grüße 🛒", "Grüße 🛒", id="text"),
    pytest.param("", "", id="empty text"),
    pytest.param(Decimal("1.0"), {"decimal": "1.0"}, id="decimal keeps its scale"),
    pytest.param(Decimal("-0"), {"decimal": "-0"}, id="decimal minus zero"),
    pytest.param(Decimal("1E+5"), {"decimal": "1E+5"}, id="decimal with positive exponent"),
    pytest.param(Decimal("1E-38"), {"decimal": "1E-38"}, id="decimal with 38 places"),
    pytest.param(Decimal("9" * 38), {"decimal": "9" * 38}, id="decimal with 38 digits"),
    pytest.param(date(1, 1, 1), {"date": "0001-01-01"}, id="first date"),
    pytest.param(date(9999, 12, 31), {"date": "9999-12-31"}, id="last date"),
    pytest.param(time(23, 59, 59), {"time": "23:59:59"}, id="time"),
    pytest.param(time(0, 0, 0, 1), {"time": "00:00:00.000001"}, id="time with a microsecond"),
    pytest.param(datetime(1, 1, 1), {"timestamp": "0001-01-01T00:00:00"}, id="first timestamp"),
    pytest.param(
        datetime(9999, 12, 31, 23, 59, 59, 999_999),
        {"timestamp": "9999-12-31T23:59:59.999999"},
        id="last timestamp",
    ),
    pytest.param(b"", {"binary": ""}, id="no bytes"),
    pytest.param(b"\0\xff", {"binary": "AP8="}, id="bytes"),
]


@pytest.mark.parametrize(("value", "form"), FORMS)
def test_literal_has_one_json_form(value: object, form: object) -> None:
    assert repr(literal_to_json(value)) == repr(form)  # type: ignore[arg-type]


@pytest.mark.parametrize(("value", "form"), FORMS)
def test_json_form_gives_the_literal_with_its_type(value: object, form: object) -> None:
    assert repr(literal_from_json(form)) == repr(value)


def test_values_that_are_equal_in_python_have_different_forms() -> None:
    forms = [literal_to_json(value) for value in (1, 1.0, True, Decimal(1), Decimal("1.0"))]

    assert len({repr(form) for form in forms}) == len(forms)


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (float("nan"), "HANA stores no nan"),
        (float("inf"), "HANA stores no inf"),
        (float("-inf"), "HANA stores no -inf"),
        (Decimal("NaN"), "HANA stores no NaN"),
        (Decimal("sNaN"), "HANA stores no sNaN"),
        (Decimal("-Infinity"), "HANA stores no -Infinity"),
        (10**38, "An integer has 38 digits at most"),
        (-(10**38), "An integer has 38 digits at most"),
        pytest.param(10**10_000, "An integer has 38 digits at most", id="10001 digits"),
        (Decimal("9" * 39), "A decimal has 38 digits at most; got 999"),
        (Decimal("1E+38"), "A decimal has 38 digits at most; got 1E"),
        (Decimal("1E-39"), "A decimal has 38 digits at most"),
        (Decimal("1E+999999"), "A decimal has 38 digits at most"),
        (datetime(2024, 1, 1, tzinfo=UTC), "HANA timestamps have no zone"),
        (time(1, tzinfo=UTC), "HANA timestamps have no zone"),
        ("a\0b", "NUL character"),
        ("ab\ud800", "Character 2 of a text is half a surrogate pair"),
        (pd.NaT, "NaT is no timestamp in whole microseconds"),
        (pd.Timestamp("2024-01-01 00:00:00.000000001"), "whole microseconds; round it"),
        (None, "None of type NoneType is no literal"),
        ([1], "of type list is no literal"),
        (bytearray(b"a"), "of type bytearray is no literal"),
        (1j, "of type complex is no literal"),
    ],
)
def test_value_that_hana_cannot_hold_is_refused_with_a_sentence(
    value: object, sentence: str
) -> None:
    with pytest.raises(InvalidFilter, match=sentence):
        check_literal(value)


def test_refusal_of_a_giant_value_stays_short() -> None:
    with pytest.raises(InvalidFilter) as it:
        check_literal(["x" * 10_000])

    assert len(it.value.message) < 250


class Colour(enum.IntEnum):
    RED = 1


@pytest.mark.parametrize(
    ("value", "plain"),
    [(Colour.RED, 1), (type("F", (float,), {})(0.5), 0.5), (type("S", (str,), {})("a"), "a")],
)
def test_subclass_of_a_scalar_becomes_the_scalar(value: object, plain: object) -> None:
    assert type(check_literal(value)) is type(plain)
    assert check_literal(value) == plain


def test_pandas_timestamp_in_microseconds_is_a_timestamp() -> None:
    assert literal_to_json(check_literal(pd.Timestamp("2024-02-29 01:02:03.5"))) == {
        "timestamp": "2024-02-29T01:02:03.500000"
    }


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(None, id="null"),
        pytest.param([], id="list"),
        pytest.param({}, id="empty object"),
        pytest.param({"decimal": "1", "date": "2024-01-01"}, id="two kinds"),
        pytest.param({"money": "1"}, id="unknown kind"),
        pytest.param({"decimal": 1}, id="number where text belongs"),
        pytest.param({"decimal": None}, id="null where text belongs"),
        pytest.param({"decimal": ""}, id="no digits"),
        pytest.param({"decimal": " 1"}, id="space before a decimal"),
        pytest.param({"decimal": "1\n"}, id="newline after a decimal"),
        pytest.param({"decimal": "1_000"}, id="underscore in a decimal"),
        pytest.param({"decimal": "+1"}, id="plus before a decimal"),
        pytest.param({"decimal": ".5"}, id="no digit before the point"),
        pytest.param({"decimal": "NaN"}, id="NaN as a decimal"),
        pytest.param({"decimal": "Infinity"}, id="infinity as a decimal"),
        pytest.param({"decimal": "\u0661"}, id="Arabic digit"),
        pytest.param({"decimal": "1E9999"}, id="exponent of four digits"),
        pytest.param({"date": "2024-02-30"}, id="no such day"),
        pytest.param({"date": "0000-01-01"}, id="year zero"),
        pytest.param({"date": "20240101"}, id="date without hyphens"),
        pytest.param({"date": "2024-W01-1"}, id="week date"),
        pytest.param({"time": "25:00:00"}, id="no such hour"),
        pytest.param({"time": "01:02"}, id="time without seconds"),
        pytest.param({"time": "01:02:03Z"}, id="time with a zone"),
        pytest.param({"timestamp": "2024-01-01 00:00:00"}, id="space for T"),
        pytest.param({"timestamp": "2024-01-01T00:00:00+01:00"}, id="timestamp with a zone"),
        pytest.param({"timestamp": "2024-01-01T00:00:00.1234567"}, id="seven places"),
        pytest.param({"timestamp": "2024-01-01T00:00:61"}, id="no such second"),
        pytest.param({"binary": "A"}, id="base64 of no length"),
        pytest.param({"binary": "AP8"}, id="base64 without padding"),
        pytest.param({"binary": "AP-_"}, id="base64 of URLs"),
    ],
)
def test_form_that_is_no_literal_is_refused(form: object) -> None:
    with pytest.raises(InvalidTicket, match=r"is no (literal|date|time|timestamp|binary)"):
        literal_from_json(form)


def test_decimal_form_over_38_digits_is_refused_as_a_value() -> None:
    with pytest.raises(InvalidFilter, match="38 digits at most"):
        literal_from_json({"decimal": "1E+38"})


def test_form_nested_to_the_edge_of_the_stack_is_refused_with_a_short_sentence() -> None:
    form: object = []
    for _ in range(100_000):
        form = [form]

    with pytest.raises(InvalidTicket, match="is no literal") as it:
        literal_from_json(form)

    assert len(it.value.message) < 250
    while form:  # taken apart by hand: so deep a list is freed recursively otherwise
        (form,) = form  # type: ignore[misc]
