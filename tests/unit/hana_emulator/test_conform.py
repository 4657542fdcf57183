"""Parameters as values of the declared types."""

import struct
from decimal import Decimal
from typing import Any

import pytest

from tests.hana_emulator.conform import conform
from tests.hana_emulator.values import DeclaredType, HanaError
from tests.hana_emulator.wire import calendar
from tests.hana_emulator.wire.codes import TypeCode
from tests.hana_emulator.wire.parameters import IncomingLob, SentValue

_C = TypeCode
_DAY = calendar.day_number(2024, 2, 29)
_NOON = calendar.longdate(_DAY, 43200, 1_234_567)
_NOON_SECOND = calendar.seconddate(_DAY, 43200)


@pytest.mark.parametrize(
    ("code", "value", "name", "expected"),
    [
        (_C.INT, 5, "BIGINT", 5),
        (_C.STRING, "5", "INTEGER", 5),
        (_C.FIXED8, Decimal("5.9"), "INTEGER", 5),
        (_C.INT, 5, "DECIMAL", Decimal(5)),
        (_C.STRING, " 1.50 ", "DECIMAL", Decimal("1.50")),
        (_C.INT, 5, "DOUBLE", 5.0),
        (_C.STRING, "1e3", "DOUBLE", 1000.0),
        (_C.INT, 1, "BOOLEAN", True),
        (_C.STRING, "false", "BOOLEAN", False),
        (_C.STRING, "abc", "NVARCHAR", "abc"),
        (_C.INT, 5, "NVARCHAR", "5"),
        (_C.BOOLEAN, True, "NVARCHAR", "TRUE"),
        (_C.DAYDATE, _DAY, "NVARCHAR", "2024-02-29"),
        (_C.SECONDTIME, 3662, "NVARCHAR", "01:01:01"),
        (_C.LONGDATE, _NOON, "NVARCHAR", "2024-02-29 12:00:00.1234567"),
        (_C.BINARY, b"x", "VARBINARY", b"x"),
        (_C.STRING, "x", "VARBINARY", b"x"),
        (_C.DAYDATE, _DAY, "DATE", _DAY),
        (_C.LONGDATE, _NOON, "DATE", _DAY),
        (_C.DAYDATE, _DAY, "TIMESTAMP", calendar.longdate(_DAY)),
        (_C.SECONDDATE, _NOON_SECOND, "TIMESTAMP", _NOON - 1_234_567),
        (_C.LONGDATE, _NOON, "SECONDDATE", _NOON_SECOND),
        (_C.TIMESTAMP, _NOON, "TIMESTAMP", _NOON),
        (_C.LONGDATE, _NOON, "TIME", 43201),
        (_C.SECONDTIME, 86401, "TIME", 86401),
        (_C.DAYDATE, 0, "DATE", 0),
        (_C.STRING, "", "DATE", 0),
        (_C.STRING, "2024-02-29", "DATE", _DAY),
        (_C.STRING, "2024-02-29 12:00:00.1234567", "TIMESTAMP", _NOON),
        (_C.STRING, "2024-02-29T12:00:00", "SECONDDATE", _NOON_SECOND),
        (_C.STRING, "12:00:00", "TIME", 43201),
        (_C.BINARY, struct.pack("<i2f", 2, 1.0, 2.5), "REAL_VECTOR", [1.0, 2.5]),
        (_C.STRING, "[1, 2.5]", "REAL_VECTOR", [1.0, 2.5]),
        (_C.STRING, None, "INTEGER", None),
    ],
)
def test_value_becomes_one_of_the_declared_type(
    code: TypeCode, value: Any, name: str, expected: Any
) -> None:
    conformed = conform(SentValue(code, value), DeclaredType(name))

    assert (conformed, type(conformed)) == (expected, type(expected))


def test_complete_large_object_is_its_value() -> None:
    lob = IncomingLob(is_text=True, complete=True, pieces=[b"a", b"b"])

    assert conform(SentValue(_C.NCLOB, lob), DeclaredType("NCLOB")) == "ab"


@pytest.mark.parametrize(
    ("code", "value", "name", "error"),
    [
        (_C.STRING, "x", "INTEGER", 339),
        (_C.STRING, "yes", "BOOLEAN", 266),
        (_C.STRING, "2024-02-30", "DATE", 303),
        (_C.STRING, "today", "TIMESTAMP", 303),
        (_C.STRING, "12:00", "DATE", 303),
        (_C.DOUBLE, 1.5, "DATE", 266),
        (_C.INT, 5, "TIMESTAMP", 266),
        (_C.SECONDTIME, 5, "DATE", 266),
        (_C.BINARY, b"\x09\0\0\0", "REAL_VECTOR", 266),
    ],
)
def test_value_without_a_conversion_has_the_error_of_hana(
    code: TypeCode, value: Any, name: str, error: int
) -> None:
    with pytest.raises(HanaError) as raised:
        conform(SentValue(code, value), DeclaredType(name))

    assert raised.value.code == error
