"""Rows of parameters as clients send them."""

import struct
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hana_emulator.values import DeclaredType
from tests.hana_emulator.wire import calendar
from tests.hana_emulator.wire.codes import PartAttribute, TypeCode
from tests.hana_emulator.wire.framing import ReceivedPart
from tests.hana_emulator.wire.parameters import IncomingLob, read_parameters
from tests.hana_emulator.wire.text import WireError
from tests.hana_emulator.wire.types import WireType, wire_type

_T = DeclaredType
_INT, _TEXT, _LOB = (wire_type(_T(name), 8) for name in ("INTEGER", "NVARCHAR", "NCLOB"))


def _read(data: bytes, *types: WireType, rows: int = 1) -> list[list[Any]]:
    part = ReceivedPart(32, PartAttribute.NONE, rows, memoryview(data))
    return [[sent.value for sent in row] for row in read_parameters(part, types)]


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ("01ff", 255),
        ("02feff", -2),
        ("03feffffff", -2),
        ("04feffffffffffffff", -2),
        ("060000c03f", 1.5),
        ("07000000000000f83f", 1.5),
        ("1c02", True),
        ("1c00", False),
        ("1c01", None),
        ("056e000000000000000000000000003c30", Decimal("1.10")),
        ("0500000000000000000000000000000070", None),
        ("1d03616263", "abc"),
        ("0d0200ff", b"\x00\xff"),
        ("3f01000000", 1),
        ("3fdeb93700", None),
        ("4081510100", 86401),
        ("3e0100000000000000", 1),
        ("3d0100000000000000", 1),
        ("0ee887011d", calendar.day_number(2024, 2, 29)),
        ("0e00000000", None),
        ("0f8101e803", 3662),
        ("0f00000000", None),
        ("10e887011d8000dc05", calendar.longdate(calendar.day_number(2024, 2, 29), 1, 5_000_000)),
        ("100000000000000000", None),
    ],
)
def test_value_is_read_by_the_type_that_was_sent(data: str, value: Any) -> None:
    assert _read(bytes.fromhex(data), _TEXT) == [[value]]


@pytest.mark.parametrize("code", [0x8B, 0x8E, 0x8F, 0x90, 0xD1, 0xB0, 0x83, 0xFF])
def test_null_has_no_value(code: int) -> None:
    assert _read(bytes((code, 3, 1, 0, 0, 0)), _TEXT, _INT) == [[None, 1]]


@pytest.mark.parametrize(("code", "width"), [(81, 8), (82, 12), (76, 16)])
def test_fixed_decimal_has_the_described_scale(code: int, width: int) -> None:
    data = bytes((code,)) + (-12345).to_bytes(width, "little", signed=True)

    assert _read(data, wire_type(_T("DECIMAL", 38, 3), 8)) == [[Decimal("-12.345")]]


def _row_with_objects(start: int, *, from_row: bool) -> bytes:
    """Two objects whose positions count as hdbcli counts, or as node-hdb does."""
    first = 1 + 20 if from_row else start + 20
    values = b"\x1a" + struct.pack("<Bii", 6, 2, first)
    values += b"\x1b" + struct.pack("<Bii", 2, 3, first + 2)
    return values + b"hi" + b"xyz"


@pytest.mark.parametrize("from_row", [False, True])
def test_data_of_large_objects_follow_their_row(from_row: bool) -> None:
    row = _row_with_objects(0, from_row=from_row)
    data = row + _row_with_objects(len(row), from_row=from_row)

    for first, second in _read(data, _LOB, _LOB, rows=2):
        assert (first.value, first.complete) == ("hi", True)
        assert (second.value, second.complete) == (b"xyz", False)


def test_data_at_another_place_are_refused() -> None:
    with pytest.raises(WireError, match="at 99"):
        _read(b"\x1a" + struct.pack("<Bii", 6, 2, 99) + b"hi", _LOB)


def test_object_without_data_yet_is_incomplete() -> None:
    (lob,) = _read(b"\x1a" + struct.pack("<Bii", 2, 0, 0), _LOB)[0]
    assert isinstance(lob, IncomingLob)

    lob.append(b"ab", last=False)
    lob.append(b"c", last=True)

    assert (lob.value, lob.complete) == ("abc", True)


def test_null_object_is_null() -> None:
    assert _read(b"\x1a" + struct.pack("<Bii", 1, 0, 0), _LOB) == [[None]]


def test_rows_follow_each_other() -> None:
    data = bytes.fromhex("0301000000 1d0161") + bytes.fromhex("83 8b")

    assert _read(data, _INT, _TEXT, rows=2) == [[1, "a"], [None, None]]


def test_unknown_type_is_named() -> None:
    with pytest.raises(WireError, match="code 99"):
        _read(b"\x63", _TEXT)


@pytest.mark.parametrize("data", [b"", b"\x03\x01", b"\x1d\x05ab", b"\x51\x01", b"\x1a\x02"])
def test_missing_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        _read(data, _INT)


@given(st.binary(max_size=40), st.integers(0, 4))
def test_any_bytes_are_refused_or_read(data: bytes, rows: int) -> None:
    with suppress(WireError):
        _read(data, _INT, _LOB, rows=rows)


def test_every_layout_of_a_type_code_can_be_read() -> None:
    sent_by_nobody = {TypeCode.REAL_VECTOR, TypeCode.ST_GEOMETRY, TypeCode.ST_POINT}

    for code in set(TypeCode) - sent_by_nobody:
        assert _read(bytes((code,)) + bytes(40), _TEXT)
