"""Values for input parameters."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from flight_client.protocol.errors import InvalidParameter
from flight_client.protocol.literals import LiteralValue
from flight_server.planning.arguments import resolve_arguments
from tests.support.orders import ORDERS, REVENUE, REVENUE_ARGUMENTS


def test_arguments_come_in_the_order_of_the_view() -> None:
    found = resolve_arguments(REVENUE_ARGUMENTS[::-1], REVENUE)
    assert [(argument.parameter.name, argument.value) for argument in found] == [
        ("P_CURRENCY", "EUR"),
        ("P_FROM", date(2024, 1, 1)),
    ]


def test_table_takes_no_arguments() -> None:
    assert resolve_arguments((), ORDERS) == ()


def test_argument_takes_the_type_of_its_parameter() -> None:
    given = (*REVENUE_ARGUMENTS, ("P_LEAST", 5), ("P_AT", date(2024, 2, 1)))
    found = {
        argument.parameter.name: argument.value for argument in resolve_arguments(given, REVENUE)
    }
    assert found["P_LEAST"] == Decimal("5.00")
    assert found["P_AT"] == datetime(2024, 2, 1)


def test_missing_mandatory_parameters_are_named_together() -> None:
    with pytest.raises(InvalidParameter) as caught:
        resolve_arguments((), REVENUE)
    assert caught.value.message == (
        "SALES.Umsatz je Währung needs a value for 'P_CURRENCY' (NVARCHAR(5)), 'P_FROM' (DATE); "
        "pass it in parameters."
    )
    assert caught.value.details == {"missing": ["P_CURRENCY", "P_FROM"]}


def test_unknown_parameter_is_refused_with_the_nearest_names() -> None:
    with pytest.raises(
        InvalidParameter, match="no input parameter 'p_from'; did you mean 'P_FROM'"
    ):
        resolve_arguments((*REVENUE_ARGUMENTS, ("p_from", 1)), REVENUE)


def test_parameter_of_a_table_is_refused() -> None:
    with pytest.raises(InvalidParameter, match="no input parameter 'P_FROM'; it takes none"):
        resolve_arguments((("P_FROM", date(2024, 1, 1)),), ORDERS)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        (
            "P_FROM",
            "2024-01-01",
            "Parameter 'P_FROM' is DATE; got the text '2024-01-01': pass "
            "datetime.date(2024, 1, 1).",
        ),
        (
            "P_LEAST",
            Decimal("1.005"),
            "Parameter 'P_LEAST' is DECIMAL(10,2), which has no value equal to the decimal 1.005; "
            "pass one that it holds.",
        ),
        (
            "P_TOP",
            -(2**40),
            "Parameter 'P_TOP' is INTEGER, which has no value equal to the integer "
            "-1099511627776; pass one that it holds.",
        ),
        (
            "P_OPEN",
            1,
            "Parameter 'P_OPEN' is BOOLEAN; got the integer 1: pass True.",
        ),
    ],
)
def test_argument_that_is_no_value_of_its_type_is_refused(
    name: str, value: LiteralValue, sentence: str
) -> None:
    given = {**dict(REVENUE_ARGUMENTS), name: value}
    with pytest.raises(InvalidParameter) as caught:
        resolve_arguments(tuple(given.items()), REVENUE)
    assert caught.value.message == sentence
    assert caught.value.details == {"parameter": name}
