"""Errors, metadata and the small parts."""

import struct

import pytest

from tests.hana_emulator.values import DeclaredType, HanaError, Marker, ResultColumn
from tests.hana_emulator.wire import metadata, parts
from tests.hana_emulator.wire.codes import PartAttribute, TransactionFlag
from tests.hana_emulator.wire.framing import Part, ReceivedPart
from tests.hana_emulator.wire.text import WireError
from tests.hana_emulator.wire.types import wire_type


def _body(part: Part) -> bytes:
    return b"".join(part.body)


def _received(body: bytes, count: int = 1) -> ReceivedPart:
    return ReceivedPart(57, PartAttribute.NONE, count, memoryview(body))


def test_single_error_ends_in_a_zero_byte_that_counts() -> None:
    part = parts.error_part([HanaError(259, "no", position=7, sqlstate="HY000")])

    assert _body(part).hex(" ") == "03 01 00 00 07 00 00 00 02 00 00 00 01 48 59 30 30 30 6e 6f 00"


def test_several_errors_are_padded_to_eight_bytes_each() -> None:
    part = parts.error_part([HanaError(301, "unique"), HanaError(287, "null", fatal=True)])

    assert part.count == 2
    assert len(_body(part)) == 48
    assert struct.unpack_from("<i", _body(part), 24) == (287,)
    assert _body(part)[24 + 12] == 2


def test_rows_affected_are_four_bytes_each() -> None:
    assert _body(parts.rows_affected_part([1, -3])).hex() == "01000000fdffffff"


def test_transaction_flags_are_options() -> None:
    part = parts.transaction_flags_part(TransactionFlag.COMMITTED)

    assert (part.count, _body(part).hex()) == (1, "011c01")


@pytest.mark.parametrize("count", [1, 2])
def test_client_info_is_read_whatever_its_count_means(count: int) -> None:
    body = b"\x03KEY\x05value\x01A\xff"

    assert parts.read_client_info(_received(body, count)) == {"KEY": "value", "A": None}


@pytest.mark.parametrize("body", [b"\x03KEY", b"\x05KEY", b"\xf6"])
def test_broken_client_info_is_refused(body: bytes) -> None:
    with pytest.raises(WireError):
        parts.read_client_info(_received(body))


@pytest.mark.parametrize("body", [b"", b"\0\0\0\0", b"\xff\xff\xff\xff"])
def test_fetch_size_below_one_is_refused(body: bytes) -> None:
    with pytest.raises(WireError):
        parts.read_fetch_size(_received(body))


def test_short_identifier_is_refused() -> None:
    with pytest.raises(WireError):
        parts.read_id(_received(b"\x01"))


def test_result_metadata_write_each_name_once() -> None:
    columns = [
        ResultColumn("ID", DeclaredType("INTEGER"), nullable=False, schema="S", table="T"),
        ResultColumn("T", DeclaredType("DECIMAL", 10, 2)),
    ]

    part = metadata.result_metadata(columns, [wire_type(column.type, 8) for column in columns])

    assert part.count == 2
    assert _body(part).hex(" ", -8) == (
        "010300000a000000 0000000002000000 0400000004000000"  # not null, INT; names at 0, 2, 4
        " 025102000a000000 ffffffffffffffff 0000000000000000"  # nullable, FIXED8, scale 2
        " 0154015302494400"
    ).removesuffix("00")


def test_parameter_metadata_describe_input() -> None:
    marker = Marker(DeclaredType("DECIMAL", 10, 2), "P")

    part = metadata.parameter_metadata([marker], [wire_type(marker.type, 8)])

    assert _body(part).hex(" ", -8) == "0251010000000000 0a00020000000000 0150"
