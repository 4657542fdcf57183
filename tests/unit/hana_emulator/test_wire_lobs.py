"""Large objects in pieces."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hana_emulator.wire import lobs
from tests.hana_emulator.wire.codes import PartAttribute
from tests.hana_emulator.wire.framing import ReceivedPart
from tests.hana_emulator.wire.lobs import Lob
from tests.hana_emulator.wire.text import WireError, decode_text, encode_text, utf16_length


def _part(kind: int, body: bytes, count: int = 1) -> ReceivedPart:
    return ReceivedPart(kind, PartAttribute.NONE, count, memoryview(body))


@given(st.text(), st.integers(1, 7))
def test_pieces_of_text_make_the_text_again(text: str, units: int) -> None:
    lob, at, last, pieces = Lob.of(text), 0, False, []
    while not last:
        data, last = lob.piece(at, units)
        decode_text(data)  # no piece ends inside a character
        pieces.append(data)
        at += utf16_length(data.decode("utf-8", "surrogatepass"))

    assert b"".join(pieces) == encode_text(text)


@given(st.binary(), st.integers(1, 7))
def test_pieces_of_bytes_make_the_bytes_again(value: bytes, units: int) -> None:
    lob, at, last, pieces = Lob.of(value), 0, False, []
    while not last:
        data, last = lob.piece(at, units)
        pieces.append(data)
        at += len(data)

    assert b"".join(pieces) == value


def test_piece_does_not_end_between_surrogates() -> None:
    lob = Lob.of("a😀b")

    assert lob.piece(0, 2) == (b"a", False)
    assert lob.piece(1, 1) == (bytes.fromhex("eda0bdedb880"), False)


def test_length_is_in_characters_and_in_bytes() -> None:
    lob = Lob.of("ä😀")

    assert (lob.units, lob.size_bytes) == (3, 8)


def test_search_counts_from_the_start() -> None:
    assert Lob.of("ä😀ä").find("ä".encode(), 1) == 3
    assert Lob.of(b"abc").find(b"x", 0) == -1


def test_read_request_counts_from_one() -> None:
    wanted = lobs.read_lob_request(_part(17, struct.pack("<Qqi4x", 5, 1, 10)))

    assert (wanted.locator, wanted.start, wanted.units) == (5, 0, 10)


@pytest.mark.parametrize(
    "body", [b"", struct.pack("<Qqi4x", 5, 0, 1), struct.pack("<Qqi4x", 5, 1, -1)]
)
def test_broken_read_request_is_refused(body: bytes) -> None:
    with pytest.raises(WireError):
        lobs.read_lob_request(_part(17, body))


def test_read_reply_has_the_golden_bytes() -> None:
    part = lobs.read_lob_reply(5, b"ab", last=True)

    assert b"".join(part.body).hex(" ", -8) == "0500000000000000 0602000000000000 6162"


def test_write_request_holds_several_pieces() -> None:
    body = struct.pack("<QBqi", 1, 2, -1, 2) + b"ab" + struct.pack("<QBqi", 2, 6, -1, 1) + b"c"

    pieces = list(lobs.write_lob_requests(_part(28, body, count=2)))

    assert [(piece.locator, piece.data, piece.last) for piece in pieces] == [
        (1, b"ab", False),
        (2, b"c", True),
    ]


@pytest.mark.parametrize("body", [b"", struct.pack("<QBqi", 1, 2, -1, 9) + b"ab"])
def test_broken_write_request_is_refused(body: bytes) -> None:
    with pytest.raises(WireError):
        list(lobs.write_lob_requests(_part(28, body)))
