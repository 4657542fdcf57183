import decimal
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hana_emulator.engine import decimals
from tests.hana_emulator.values import HanaError

CONTEXT = decimal.Context(prec=34, Emin=-20_000, Emax=20_000, rounding=decimal.ROUND_HALF_UP)
numbers = st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent, CONTEXT),
    st.integers(-(10**34) + 1, 10**34 - 1),
    st.integers(-6000, 6000),
)


@given(numbers)
def test_number_comes_back_from_its_text(number: Decimal) -> None:
    assert decimals.decode(decimals.encode(number)) == number


@given(numbers, numbers)
def test_texts_sort_as_the_numbers_do(one: Decimal, other: Decimal) -> None:
    assert (decimals.encode(one) < decimals.encode(other)) == (one < other)


@given(numbers)
def test_scale_makes_no_other_number(number: Decimal) -> None:
    sign, digits, exponent = number.as_tuple()
    wider = Decimal((sign, (*digits, 0, 0), exponent - 2))
    assert decimals.encode(wider) == decimals.encode(number)


@given(numbers, numbers, st.sampled_from("+-*"))
def test_arithmetic_is_that_of_34_digits(one: Decimal, other: Decimal, operator: str) -> None:
    calculate = {"+": CONTEXT.add, "-": CONTEXT.subtract, "*": CONTEXT.multiply}[operator]
    expected = calculate(one, other)
    if expected.adjusted() < 6145:
        found = decimals.calculate(operator, decimals.encode(one), decimals.encode(other))
        assert decimals.decode(found) == expected


def test_division_by_zero_is_error_304() -> None:
    with pytest.raises(HanaError) as caught:
        decimals.calculate("/", decimals.encode(Decimal(1)), decimals.encode(Decimal(0)))
    assert caught.value.code == 304


def test_number_that_is_too_large_is_error_314() -> None:
    with pytest.raises(HanaError) as caught:
        decimals.encode(Decimal("1E6145"))
    assert caught.value.code == 314


@pytest.mark.parametrize("text", ["", "one", "NaN", "Infinity", "1_000"])
def test_text_that_is_no_number_is_error_339(text: str) -> None:
    with pytest.raises(HanaError) as caught:
        decimals.number(text)
    assert caught.value.code == 339


def test_small_decimal_keeps_16_digits() -> None:
    text = decimals.encode(Decimal("1.23456789012345678"), decimals.SMALL_DIGITS)
    assert decimals.decode(text) == Decimal("1.234567890123457")


def test_cut_does_not_round() -> None:
    assert decimals.cut(Decimal("-1.999"), 2) == "-1.99"
