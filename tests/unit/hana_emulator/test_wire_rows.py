"""Rows as bytes; parameters are read back with the decoder where both have the same layout."""

from decimal import Decimal, Inexact
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hana_emulator.values import DeclaredType
from tests.hana_emulator.wire import calendar
from tests.hana_emulator.wire.codes import PartAttribute, TypeCode
from tests.hana_emulator.wire.framing import ReceivedPart
from tests.hana_emulator.wire.parameters import decode_decimal, read_parameters
from tests.hana_emulator.wire.rows import encode_decimal, row_encoder
from tests.hana_emulator.wire.types import LATEST_FORMAT, wire_type

_T = DeclaredType


def _encode(declared: DeclaredType, value: Any, data_format: int = LATEST_FORMAT) -> bytes:
    (row,) = row_encoder([wire_type(declared, data_format)], lambda _lob: 77)([(value,)])
    return row


def _day(*date: int) -> int:
    return calendar.day_number(*date)


@pytest.mark.parametrize(
    ("declared", "value", "data"),
    [
        (_T("TINYINT"), 255, "01ff"),
        (_T("TINYINT"), None, "00"),
        (_T("SMALLINT"), -2, "01feff"),
        (_T("INTEGER"), -2, "01feffffff"),
        (_T("INTEGER"), None, "00"),
        (_T("BIGINT"), 1, "010100000000000000"),
        (_T("REAL"), 1.5, "0000c03f"),
        (_T("REAL"), None, "ffffffff"),
        (_T("DOUBLE"), 1.5, "000000000000f83f"),
        (_T("DOUBLE"), None, "ffffffffffffffff"),
        (_T("BOOLEAN"), True, "02"),
        (_T("BOOLEAN"), False, "00"),
        (_T("BOOLEAN"), None, "01"),
        (_T("DECIMAL", 18, 2), Decimal("-1.10"), "0192ffffffffffffff"),
        (_T("DECIMAL", 28, 2), Decimal("1.1"), "016e0000000000000000000000"),
        (_T("DECIMAL", 38, 2), Decimal("1.1"), "016e000000000000000000000000000000"),
        (_T("DECIMAL", 18, 2), None, "00"),
        (_T("DECIMAL"), Decimal("1.10"), "0b000000000000000000000000003e30"),
        (_T("DECIMAL"), Decimal(-7), "070000000000000000000000000040b0"),
        (_T("DECIMAL"), None, "00000000000000000000000000000070"),
        (_T("NVARCHAR", 10), "ä", "02c3a4"),
        (_T("NVARCHAR", 10), None, "ff"),
        (_T("ALPHANUM", 10), "0012", "058430303132"),
        (_T("ALPHANUM", 10), "AB", "03024142"),
        (_T("VARBINARY", 10), b"\x00\xff", "0200ff"),
        (_T("VARBINARY", 10), None, "ff"),
        (_T("DATE"), 1, "01000000"),
        (_T("DATE"), 0, "00000000"),
        (_T("DATE"), None, "deb93700"),
        (_T("TIME"), 86401, "81510100"),
        (_T("TIME"), None, "82510100"),
        (_T("SECONDDATE"), 1, "0100000000000000"),
        (_T("SECONDDATE"), None, "81db887749000000"),
        (_T("TIMESTAMP"), 1, "0100000000000000"),
        (_T("TIMESTAMP"), None, "01c00a49082aca2b"),
        (_T("BLOB"), None, "0101"),
        (_T("CLOB"), None, "0201"),
        (_T("NCLOB"), None, "0301"),
        (_T("REAL_VECTOR", 2), [1.5, -1.0], "0c020000000000c03f000080bf"),
        (
            _T("NCLOB"),
            "ä",
            "03060000" + "0100000000000000" + "0200000000000000" + "00" * 8 + "02000000" + "c3a4",
        ),
    ],
)
def test_value_has_the_golden_bytes(declared: DeclaredType, value: Any, data: str) -> None:
    assert _encode(declared, value).hex() == data


@pytest.mark.parametrize(
    ("declared", "value", "data_format", "data"),
    [
        (_T("BOOLEAN"), True, 6, "0101"),
        (_T("BOOLEAN"), None, 6, "00"),
        (_T("DECIMAL", 18, 2), Decimal("1.10"), 7, "0b000000000000000000000000003e30"),
        (_T("DATE"), _day(2024, 2, 29), 1, "e887011d"),
        (_T("DATE"), None, 1, "00000000"),
        (_T("TIME"), 3661 + 1, 1, "8101e803"),
        (
            _T("TIMESTAMP"),
            calendar.longdate(_day(2024, 2, 29), 1, 5_000_000),
            2,
            "e887011d8000dc05",
        ),
        (_T("SECONDDATE"), calendar.seconddate(_day(2024, 2, 29), 1), 2, "e887011d8000e803"),
        (_T("SECONDDATE"), None, 2, "0000000000000000"),
        (_T("ALPHANUM", 4), "12", 5, "023132"),
        (_T("REAL_VECTOR", 1), [1.0], 7, "08010000000000803f"),
    ],
)
def test_older_formats_have_their_bytes(
    declared: DeclaredType, value: Any, data_format: int, data: str
) -> None:
    assert _encode(declared, value, data_format).hex() == data


def test_rows_follow_column_by_column() -> None:
    types = [wire_type(_T("TINYINT"), 8), wire_type(_T("NVARCHAR", 5), 8)]

    rows = row_encoder(types, lambda _lob: 0)([(1, "a"), (None, None)])

    assert [row.hex() for row in rows] == ["01010161", "00ff"]


def test_no_rows_are_no_bytes() -> None:
    assert row_encoder([wire_type(_T("TINYINT"), 8)], lambda _lob: 0)([]) == []


def test_long_object_has_a_locator_and_no_end() -> None:
    row = _encode(_T("BLOB"), b"x" * 3000)

    assert row[:2].hex() == "0102"
    assert int.from_bytes(row[20:28], "little") == 77
    assert int.from_bytes(row[28:32], "little") == len(row) - 32


def test_value_with_more_digits_than_declared_is_the_engine_s_mistake() -> None:
    with pytest.raises(Inexact):
        _encode(_T("DECIMAL", 10, 2), Decimal("1.001"))


def test_type_that_the_protocol_lacks_is_named() -> None:
    with pytest.raises(ValueError, match="MONEY"):
        wire_type(_T("MONEY"), 8)


_DECIMALS = st.builds(
    lambda sign, digits, exponent: Decimal((sign, tuple(map(int, str(digits))), exponent)),
    st.integers(0, 1),
    st.integers(0, 10**34 - 1),
    st.integers(-6176, 6111),
)


@given(_DECIMALS)
def test_decimal_survives(value: Decimal) -> None:
    assert decode_decimal(encode_decimal(value)) == value


def test_decimal_has_a_mantissa_without_zeros_at_the_end() -> None:
    assert encode_decimal(Decimal(1000)) == encode_decimal(Decimal("1E+3"))
    assert encode_decimal(Decimal(1000))[0] == 1  # node-hdb reads 1000 x 10^0 as 1000000


def test_decimal_of_more_than_34_digits_is_rounded() -> None:
    value = Decimal("1." + "9" * 40)

    assert decode_decimal(encode_decimal(value)) == 2


_INTS = {"SMALLINT": 16, "INTEGER": 32, "BIGINT": 64}


@given(st.sampled_from(sorted(_INTS)), st.data())
def test_integer_of_a_row_is_that_of_a_parameter(name: str, data: st.DataObject) -> None:
    bits = _INTS[name]
    value = data.draw(st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1))
    kind = wire_type(_T(name), 8)

    sent = bytes((kind.code,)) + _encode(_T(name), value)[1:]
    part = ReceivedPart(32, PartAttribute.NONE, 1, memoryview(sent))

    assert read_parameters(part, [kind])[0][0].value == value


@given(st.integers(1, 38), st.data())
def test_fixed_decimal_of_a_row_is_that_of_a_parameter(precision: int, data: st.DataObject) -> None:
    scale = data.draw(st.integers(0, precision))
    digits = data.draw(st.integers(-(10**precision) + 1, 10**precision - 1))
    value = Decimal(digits).scaleb(-scale) if precision <= 28 else _scaled(digits, scale)
    declared = _T("DECIMAL", precision, scale)
    kind = wire_type(declared, 8)

    sent = bytes((kind.code,)) + _encode(declared, value)[1:]
    part = ReceivedPart(32, PartAttribute.NONE, 1, memoryview(sent))

    assert read_parameters(part, [kind])[0][0].value == value


def _scaled(digits: int, scale: int) -> Decimal:
    sign = int(digits < 0)
    return Decimal((sign, tuple(map(int, str(abs(digits)))), -scale))


@pytest.mark.parametrize("precision", [(18, TypeCode.FIXED8), (19, TypeCode.FIXED12)])
def test_width_follows_the_precision(precision: tuple[int, TypeCode]) -> None:
    digits, code = precision

    assert wire_type(_T("DECIMAL", digits, 0), 8).code is code
