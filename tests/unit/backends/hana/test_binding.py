"""What is handed to hdbcli for values, beside the types of their markers."""

from datetime import date, datetime, time
from decimal import Decimal

import pytest

from flight_client.protocol.errors import InvalidParameter
from flight_client.protocol.literals import LiteralValue
from flight_server.backends.hana.reader.binding import Marker, bindable


def marker(code: int, precision: int = 10, scale: int = 0) -> Marker:
    return ("", code, "In", precision, precision, precision, scale, True)


INTEGER, BIGINT, DECIMAL, FLOATING = marker(3), marker(4, 19), marker(5, 15, 2), marker(5, 34)
DOUBLE, TEXT, BINARY = marker(7, 15), marker(11, 50), marker(13, 50)
DATE, TIME, SECONDDATE, TIMESTAMP = marker(14), marker(15, 8), marker(16, 19), marker(16, 27, 7)
BOOLEAN = marker(28, 1)

MOMENT = datetime(2024, 1, 2, 3, 4, 5, 678901)


@pytest.mark.parametrize(
    ("value", "at", "expected"),
    [
        (7, INTEGER, 7),
        (2.0, INTEGER, 2.0),
        (Decimal("1E+3"), INTEGER, "1000"),
        (10**20, BIGINT, "100000000000000000000"),
        (Decimal("9.42E-13"), marker(5, 38, 38), "0.000000000000942"),
        (Decimal("1.50"), DECIMAL, "1.50"),
        (Decimal("1.500"), DECIMAL, "1.500"),
        (0.25, DECIMAL, 0.25),
        (Decimal("1E-30"), FLOATING, "0." + "0" * 29 + "1"),
        (2.5, DOUBLE, 2.5),
        ("2024-01-02", DATE, "2024-01-02"),
        (datetime(2024, 1, 2), DATE, datetime(2024, 1, 2)),
        (time(1, 2, 3), TIME, time(1, 2, 3)),
        (MOMENT, TIMESTAMP, MOMENT),
        (date(2024, 1, 2), TIMESTAMP, date(2024, 1, 2)),
        (True, BOOLEAN, True),
        (b"ab", BINARY, b"ab"),
        ("abc", INTEGER, "abc"),
        (None, DATE, None),
    ],
)  # fmt: skip
def test_value_that_fits_is_bound_as_hdbcli_keeps_it(
    value: LiteralValue | None, at: Marker, expected: object
) -> None:
    assert bindable((value,), (at,)) == (expected,)


@pytest.mark.parametrize(
    ("value", "at", "wanted"),
    [
        (2.5, INTEGER, "an integer"),
        (Decimal("1E-7"), INTEGER, "an integer"),
        ("2.5", BIGINT, "an integer"),
        (Decimal("2.555"), DECIMAL, "a decimal with 2 places"),
        (0.1 + 0.2, DECIMAL, "a decimal with 2 places"),
        ("abc", BINARY, "bytes"),
        (b"ab", TEXT, "a text"),
        (7, DATE, "a date"),
        (MOMENT, DATE, "a date"),
        (MOMENT, TIME, "a time of whole seconds"),
        (time(1, 2, 3, 4), TIME, "a time of whole seconds"),
        (MOMENT, SECONDDATE, "a timestamp of whole seconds"),
        (7, TIMESTAMP, "a timestamp"),
        (2.5, BOOLEAN, "True or False"),
    ],
)
def test_value_that_hdbcli_would_change_is_refused(
    value: LiteralValue, at: Marker, wanted: str
) -> None:
    with pytest.raises(InvalidParameter, match=f"number 2 stands for {wanted}; got "):
        bindable((1, value), (INTEGER, at))
