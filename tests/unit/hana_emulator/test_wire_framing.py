"""Messages, segments and parts."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hana_emulator.wire import framing
from tests.hana_emulator.wire.codes import PartAttribute, PartKind, SegmentKind
from tests.hana_emulator.wire.framing import Part
from tests.hana_emulator.wire.text import WireError
from tests.support.hana_raw_client import HELLO, request


def _parse(data: bytes) -> framing.Request:
    return framing.parse_request(data[:32], data[32:])


def test_hello_of_hdbcli_is_answered() -> None:
    assert framing.answer_hello(HELLO).hex() == "0414000401000000"


@pytest.mark.parametrize(
    "hello", [b"GET / HTTP/1.", b"\xff\xff\xff\xff\x04\x00\x14\x04\x00\x01\x00\x01\x01\x00"]
)
def test_other_hello_is_refused(hello: bytes) -> None:
    with pytest.raises(WireError):
        framing.answer_hello(hello)


def test_parts_of_a_request_are_found() -> None:
    parsed = _parse(request(2, (45, 1, b"\x20\0\0\0"), (3, 1, b"SELECT"), limit_bytes=1_048_544))

    assert parsed.message_type == 2
    assert parsed.autocommit
    assert parsed.reply_limit_bytes == 1_048_544
    assert [(part.kind, part.count, bytes(part.body)) for part in parsed.parts] == [
        (45, 1, b"\x20\0\0\0"),
        (3, 1, b"SELECT"),
    ]


def test_limit_that_is_the_size_of_the_request_means_no_limit() -> None:
    assert _parse(request(2, (3, 1, b"SELECT"))).reply_limit_bytes == 16 << 20


def test_large_count_comes_from_the_second_field() -> None:
    assert _parse(request(13, (32, 65_525, b""))).parts[0].count == 65_525


def test_missing_part_is_named() -> None:
    with pytest.raises(WireError, match="COMMAND"):
        _parse(request(2)).need(PartKind.COMMAND)


@given(st.integers(0, 200), st.binary(max_size=3))
def test_damaged_request_is_refused_or_read(place: int, damage: bytes) -> None:
    data = bytearray(request(2, (3, 1, b"SELECT"), (45, 1, b"\x20\0\0\0")))
    data[32 + place : 32 + place + len(damage)] = damage

    with suppress(WireError):
        _parse(bytes(data))


def test_compressed_request_is_refused() -> None:
    data = bytearray(request(2))
    data[22] = 2

    with pytest.raises(WireError, match="compressed"):
        _parse(bytes(data))


def test_reply_has_the_golden_bytes() -> None:
    part = Part(PartKind.RESULT_SET, 1, (b"ab", b"c"), PartAttribute.LAST_PACKET)

    data = b"".join(
        framing.encode_reply(
            [part], session_id=7, packet_number=3, function=5, kind=SegmentKind.REPLY
        )
    )

    assert data.hex(" ", -8) == (
        "0700000000000000 0300000030000000 3000000001000000 0000000000000000"  # message
        " 3000000000000000 0100010002000500 0000000000000000"  # segment
        " 0501010000000000 0300000000000000"  # part
        " 6162630000000000"  # body and padding
    )


def test_count_beyond_16_bits_moves_to_the_second_field() -> None:
    data = b"".join(
        framing.encode_reply([Part(PartKind.RESULT_SET, 40_000)], session_id=0, packet_number=0)
    )

    assert data[56:64].hex() == "0500ffff409c0000"


def test_large_body_is_not_copied() -> None:
    body = memoryview(bytes(1 << 20))

    pieces = framing.encode_reply(
        [Part(PartKind.RESULT_SET, 1, (body,))], session_id=0, packet_number=0
    )

    assert any(piece is body for piece in pieces)
