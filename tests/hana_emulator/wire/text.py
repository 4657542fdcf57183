"""Text as CESU-8 and byte strings behind length indicators; knows no parts.

CESU-8 writes a supplementary character as its two UTF-16 surrogates of three bytes each, so that
unpaired surrogates, which HANA stores, have a place too.
"""

import struct

NULL = b"\xff"

_SHORT = struct.Struct("<BH")
_LONG = struct.Struct("<BI")
_U2 = struct.Struct("<H")
_U4 = struct.Struct("<I")
_ONE_BYTE = [bytes((length,)) for length in range(246)]


class WireError(Exception):
    """Bytes that do not follow the protocol; the message says which."""


def encode_text(text: str) -> bytes:
    """CESU-8 of a text that may hold unpaired surrogates."""
    if text.isascii():
        return text.encode("ascii")
    if max(text) > "\uffff":
        text = as_surrogates(text)
    return text.encode("utf-8", "surrogatepass")


def decode_text(data: bytes | memoryview) -> str:
    """The text of CESU-8; of UTF-8 too, which some clients send.

    Raises:
        WireError: the bytes are neither.
    """
    try:
        text = str(data, "utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        message = f"invalid character encoding at byte {error.start}"
        raise WireError(message) from None
    if text.isascii() or max(text) < "\ud800":
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def as_surrogates(text: str) -> str:
    """The same text with one character for each UTF-16 unit."""
    units = memoryview(text.encode("utf-16-le", "surrogatepass")).cast("H")
    return "".join(map(chr, units))


def utf16_length(text: str) -> int:
    """Characters as HANA counts them: a supplementary one is two."""
    if text.isascii() or max(text) <= "\uffff":
        return len(text)
    return len(text) + sum(character > "\uffff" for character in text)


def with_length(data: bytes) -> bytes:
    """Bytes behind their length indicator."""
    length = len(data)
    if length < 246:
        return _ONE_BYTE[length] + data
    if length < 32768:
        return _SHORT.pack(246, length) + data
    return _LONG.pack(247, length) + data


def read_with_length(data: memoryview, offset: int) -> tuple[bytes | None, int]:
    """What stands behind a length indicator, and where the next thing starts; None for NULL.

    Raises:
        WireError: the indicator is none, or promises more than there is.
    """
    indicator = data[offset]
    offset += 1
    if indicator == 255:
        return None, offset
    if indicator < 246:
        length = indicator
    elif indicator == 246:
        (length,) = _U2.unpack_from(data, offset)
        offset += 2
    elif indicator == 247:
        (length,) = _U4.unpack_from(data, offset)
        offset += 4
    else:
        message = f"length indicator {indicator} is not one"
        raise WireError(message)
    end = offset + length
    if end > len(data):
        message = f"a value of {length} bytes ends {end - len(data)} bytes behind its part"
        raise WireError(message)
    return bytes(data[offset:end]), end
