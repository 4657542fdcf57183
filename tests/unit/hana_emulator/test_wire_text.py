"""CESU-8 and length indicators."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hana_emulator.wire.text import (
    WireError,
    decode_text,
    encode_text,
    read_with_length,
    utf16_length,
    with_length,
)

_ANY_CHARACTER = st.characters(codec=None, exclude_categories=())
_ANY_TEXT = st.text(_ANY_CHARACTER)


def _joined(text: str) -> str:
    """Surrogates that follow each other are one character, whatever they were before."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


@given(_ANY_TEXT)
def test_any_text_survives(text: str) -> None:
    assert decode_text(encode_text(text)) == _joined(text)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("", ""),
        ("A", "41"),
        ("ä€", "c3a4e282ac"),
        ("😀", "eda0bdedb880"),
        ("\ud83dx", "eda0bd78"),
    ],
)
def test_text_is_written_as_cesu8(text: str, data: str) -> None:
    assert encode_text(text).hex() == data


def test_utf8_of_a_supplementary_character_is_read_too() -> None:
    assert decode_text("😀".encode()) == "😀"


def test_bytes_of_no_text_are_refused() -> None:
    with pytest.raises(WireError, match="byte 1"):
        decode_text(b"a\xff")


@given(_ANY_TEXT)
def test_length_counts_utf16_units(text: str) -> None:
    assert utf16_length(text) == len(text.encode("utf-16-le", "surrogatepass")) // 2


@pytest.mark.parametrize(
    ("length", "indicator"),
    [
        (0, "00"),
        (245, "f5"),
        (246, "f6f600"),
        (32767, "f6ff7f"),
        (32768, "f700800000"),
        (70000, "f770110100"),
    ],
)
def test_indicator_grows_with_the_length(length: int, indicator: str) -> None:
    framed = with_length(b"x" * length)

    assert framed[: len(indicator) // 2].hex() == indicator
    assert read_with_length(memoryview(framed), 0) == (b"x" * length, len(framed))


def test_null_has_an_indicator_of_its_own() -> None:
    assert read_with_length(memoryview(b"\xff\x00"), 0) == (None, 1)


@pytest.mark.parametrize("data", [b"\x05abcd", b"\xf6\x10\x00ab", b"\xf8"])
def test_broken_length_is_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        read_with_length(memoryview(data), 0)
