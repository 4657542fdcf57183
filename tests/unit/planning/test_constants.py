"""Constants brought into the type of a column."""

from datetime import date, datetime, time
from decimal import Decimal

import pytest

from flight_client.protocol.catalog import HanaType
from flight_client.protocol.literals import LiteralValue
from flight_server.planning.constants import Fit, Mismatch, describe, fit

TINYINT = HanaType("TINYINT")
BIGINT = HanaType("BIGINT")
MONEY = HanaType("DECIMAL", 15, 2)
WIDEST_FRACTION = HanaType("DECIMAL", 38, 38)
FLOATING = HanaType("DECIMAL")
SMALL = HanaType("SMALLDECIMAL")
DOUBLE = HanaType("DOUBLE")
REAL = HanaType("REAL")
TEXT = HanaType("NVARCHAR", 10)
BYTES = HanaType("VARBINARY", 16)
BOOLEAN = HanaType("BOOLEAN")
DATE = HanaType("DATE")
TIME = HanaType("TIME")
SECONDS = HanaType("SECONDDATE")
MICROSECONDS = HanaType("TIMESTAMP")


@pytest.mark.parametrize(
    ("constant", "declared", "value"),
    [
        (7, TINYINT, 7),
        (Decimal("7.00"), TINYINT, 7),
        (7.0, TINYINT, 7),
        (-(2**63), BIGINT, -(2**63)),
        (7, MONEY, Decimal("7.00")),
        (Decimal("7.1"), MONEY, Decimal("7.10")),
        (Decimal("1E+5"), MONEY, Decimal("100000.00")),
        (7.0, MONEY, Decimal("7.00")),
        (7, FLOATING, Decimal(7)),
        (Decimal("1E-30"), FLOATING, Decimal("1E-30")),
        (7, DOUBLE, 7.0),
        (Decimal("0.1"), DOUBLE, 0.1),
        (2**53 + 1, DOUBLE, float(2**53)),
        (0.1, REAL, 0.10000000149011612),
        ("Süd", TEXT, "Süd"),
        ("long", HanaType("NCLOB"), "long"),
        (b"\x00\xff", BYTES, b"\x00\xff"),
        (b"", HanaType("BLOB"), b""),
        (True, BOOLEAN, True),
        (date(1, 1, 1), DATE, date(1, 1, 1)),
        (time(23, 59, 59), TIME, time(23, 59, 59)),
        (datetime(2024, 1, 1, 1, 2, 3, 4), MICROSECONDS, datetime(2024, 1, 1, 1, 2, 3, 4)),
        (datetime(2024, 1, 1, 1, 2, 3), SECONDS, datetime(2024, 1, 1, 1, 2, 3)),
        (date(2024, 1, 1), MICROSECONDS, datetime(2024, 1, 1)),
        (date(2024, 1, 1), SECONDS, datetime(2024, 1, 1)),
    ],
)
def test_constant_of_the_type_becomes_its_value(
    constant: LiteralValue, declared: HanaType, value: LiteralValue
) -> None:
    assert fit(constant, declared) == Fit(value)


@pytest.mark.parametrize(
    ("constant", "declared", "below"),
    [
        (300, TINYINT, 255),
        (-1, TINYINT, None),
        (Decimal("2.5"), TINYINT, 2),
        (Decimal("-2.5"), BIGINT, -3),
        (10**37, BIGINT, 2**63 - 1),
        (-(10**37), BIGINT, None),
        (1e300, BIGINT, 2**63 - 1),
        (Decimal("1.005"), MONEY, Decimal("1.00")),
        (Decimal("-1.005"), MONEY, Decimal("-1.01")),
        (10**20, MONEY, Decimal("9999999999999.99")),
        (-(10**20), MONEY, None),
        (1, WIDEST_FRACTION, Decimal("0." + "9" * 38)),
        (Decimal(-1), WIDEST_FRACTION, None),
        (10**37 + 1, FLOATING, Decimal("1" + "0" * 33 + "E4")),
        (Decimal(-12345678901234567), SMALL, Decimal("-1234567890123457E+1")),
        (1e300, REAL, 3.4028234663852886e38),
        (-1e300, REAL, None),
        (time(1, 2, 3, 4), TIME, time(1, 2, 3)),
        (datetime(2024, 1, 1, 1, 2, 3, 4), SECONDS, datetime(2024, 1, 1, 1, 2, 3)),
    ],
)
def test_constant_between_the_values_of_a_type_stands_above_the_nearest_lower(
    constant: LiteralValue, declared: HanaType, below: LiteralValue | None
) -> None:
    assert fit(constant, declared) == Fit(below, exact=False)


@pytest.mark.parametrize("constant", [Decimal("-0.00"), -0.0, Decimal("-0")])
@pytest.mark.parametrize("declared", [TINYINT, MONEY, FLOATING, DOUBLE, REAL])
def test_zero_has_no_sign(constant: LiteralValue, declared: HanaType) -> None:
    assert not str(fit(constant, declared).value).startswith("-")


@pytest.mark.parametrize(
    ("declared", "kind"),
    [(TINYINT, int), (MONEY, Decimal), (FLOATING, Decimal), (DOUBLE, float), (REAL, float)],
)
def test_number_has_the_python_type_of_its_column(declared: HanaType, kind: type) -> None:
    assert type(fit(7, declared).value) is kind


def test_decimal_has_the_scale_of_its_column() -> None:
    assert str(fit(7, HanaType("DECIMAL", 38, 10)).value) == "7.0000000000"


@pytest.mark.parametrize(
    ("constant", "declared", "sentence"),
    [
        (
            "2024-01-01",
            DATE,
            "is DATE; got the text '2024-01-01': pass datetime.date(2024, 1, 1).",
        ),
        ("soon", DATE, "is DATE; got the text 'soon': pass a datetime.date."),
        (
            datetime(2024, 1, 1, 5),
            DATE,
            "is DATE; got the timestamp 2024-01-01 05:00:00: pass datetime.date(2024, 1, 1).",
        ),
        ("10:30", TIME, "is TIME; got the text '10:30': pass datetime.time(10, 30)."),
        (
            "2024-01-01T10:30",
            SECONDS,
            "is SECONDDATE; got the text '2024-01-01T10:30': "
            "pass datetime.datetime(2024, 1, 1, 10, 30).",
        ),
        (
            time(10, 30),
            MICROSECONDS,
            "is TIMESTAMP; got the time 10:30:00: pass a datetime.datetime.",
        ),
        ("7", TINYINT, "is TINYINT; got the text '7': pass 7."),
        (2.5, TINYINT, "is TINYINT; got the float 2.5: pass an int."),
        (0.1, MONEY, "is DECIMAL(15,2); got the float 0.1: pass Decimal('0.1')."),
        ("0.1", FLOATING, "is DECIMAL; got the text '0.1': pass Decimal('0.1')."),
        ("x", MONEY, "is DECIMAL(15,2); got the text 'x': pass a decimal.Decimal or an int."),
        (True, MONEY, "is DECIMAL(15,2); got the boolean True: pass a decimal.Decimal or an int."),
        ("1.5", DOUBLE, "is DOUBLE; got the text '1.5': pass 1.5."),
        (date(2024, 1, 1), DOUBLE, "is DOUBLE; got the date 2024-01-01: pass a number."),
        (1, BOOLEAN, "is BOOLEAN; got the integer 1: pass True."),
        (2, BOOLEAN, "is BOOLEAN; got the integer 2: pass True or False."),
        (5, TEXT, "is NVARCHAR(10); got the integer 5: pass '5'."),
        (b"abc", TEXT, "is NVARCHAR(10); got 3 bytes: pass a str."),
        ("abc", BYTES, "is VARBINARY(16); got the text 'abc': pass bytes."),
        (
            Decimal("1.5"),
            HanaType("ST_POINT"),
            "is ST_POINT, which compares with no constant; use 'is null' or 'is not null'.",
        ),
    ],
)
def test_constant_of_another_kind_is_refused_with_the_one_that_was_meant(
    constant: LiteralValue, declared: HanaType, sentence: str
) -> None:
    with pytest.raises(Mismatch) as caught:
        fit(constant, declared)
    assert str(caught.value) == sentence


def test_long_text_is_cut_in_messages() -> None:
    assert len(describe("x" * 10_000)) < 100


def test_decimal_is_described_by_its_digits() -> None:
    assert describe(Decimal("1.50")) == "the decimal 1.50"
