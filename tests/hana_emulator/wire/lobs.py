"""Large objects: in a row, and the parts that read and write them piece by piece.

Offsets and lengths count characters (UTF-16 units) of text and bytes of binaries; no piece ends
inside a surrogate pair, because the client counts what it got and goes on from there.
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from tests.hana_emulator.wire.codes import LobOption, LobSource, PartKind
from tests.hana_emulator.wire.framing import Part, ReceivedPart
from tests.hana_emulator.wire.text import WireError, as_surrogates, decode_text, encode_text

INLINE_UNITS = 1024  # of each large object travel in its row; HANA's own number is unverified

_ROW_HEADER = struct.Struct("<BBxxqqQi")
_READ_REQUEST = struct.Struct("<Qqi4x")
_READ_REPLY = struct.Struct("<QBi3x")
_WRITE_REQUEST = struct.Struct("<QBqi")
_FIND_REQUEST = struct.Struct("<Qqi")
_FOUND = struct.Struct("<q")
_LOCATOR = struct.Struct("<Q")


@dataclass(frozen=True, slots=True)
class Lob:
    """A large object that can be cut by its own units.

    Attributes:
        data: Bytes, or text with one character for each UTF-16 unit.
        units: Its length in characters or bytes.
        size_bytes: Its length as it is sent.
    """

    data: str | bytes
    units: int
    size_bytes: int

    @classmethod
    def of(cls, value: str | bytes) -> "Lob":
        """A large object of a value."""
        if isinstance(value, bytes):
            return cls(value, len(value), len(value))
        size = len(encode_text(value))
        if not value.isascii() and max(value) > "\uffff":
            value = as_surrogates(value)
        return cls(value, len(value), size)

    def find(self, pattern: bytes, start: int) -> int:
        """The 0-based place of a pattern from a place on; -1 if it is not there."""
        if isinstance(self.data, bytes):
            return self.data.find(pattern, start)
        return self.data.find(as_surrogates(decode_text(pattern)), start)

    def piece(self, start: int, units: int) -> tuple[bytes, bool]:
        """Up to so many units from a 0-based offset, and whether they are the last ones."""
        end = min(start + units, self.units)
        if isinstance(self.data, bytes):
            return self.data[start:end], end == self.units
        if start < end < self.units and "\ud800" <= self.data[end - 1] <= "\udbff":
            end += -1 if end - start > 1 else 1
        return encode_text(self.data[start:end]), end == self.units


def encode_lob(source: LobSource, lob: Lob, locate: Callable[[Lob], int]) -> bytes:
    """A large object in a row; ``locate`` is asked for a locator if more must be read."""
    data, last = lob.piece(0, INLINE_UNITS)
    options = LobOption.DATA_INCLUDED | (LobOption.LAST_DATA if last else LobOption.NONE)
    locator = 0 if last else locate(lob)
    return _ROW_HEADER.pack(source, options, lob.units, lob.size_bytes, locator, len(data)) + data


@dataclass(frozen=True, slots=True)
class LobRead:
    """A request for a piece; ``start`` counts from 0."""

    locator: int
    start: int
    units: int


def read_lob_request(part: ReceivedPart) -> LobRead:
    """READLOBREQUEST.

    Raises:
        WireError: it is too short, or asks for less than nothing.
    """
    try:
        locator, offset, units = _READ_REQUEST.unpack_from(part.body)
    except struct.error:
        raise WireError("READLOBREQUEST is too short") from None
    if offset < 1 or units < 0:
        message = f"READLOBREQUEST asks for {units} units from {offset}; offsets count from 1"
        raise WireError(message)
    return LobRead(locator, offset - 1, units)


def read_lob_reply(locator: int, data: bytes, *, last: bool) -> Part:
    """READLOBREPLY."""
    options = LobOption.DATA_INCLUDED | (LobOption.LAST_DATA if last else LobOption.NONE)
    header = _READ_REPLY.pack(locator, options, len(data))
    return Part(PartKind.READ_LOB_REPLY, 1, (header, data))


@dataclass(frozen=True, slots=True)
class LobWrite:
    """A piece that is appended."""

    locator: int
    data: bytes
    last: bool


@dataclass(frozen=True, slots=True)
class LobSearch:
    """A request for the place of a pattern; ``start`` counts from 0."""

    locator: int
    start: int
    pattern: bytes


def find_lob_request(part: ReceivedPart) -> LobSearch:
    """FINDLOBREQUEST.

    Raises:
        WireError: it is too short.
    """
    try:
        locator, offset, length = _FIND_REQUEST.unpack_from(part.body)
    except struct.error:
        raise WireError("FINDLOBREQUEST is too short") from None
    start = _FIND_REQUEST.size
    return LobSearch(locator, max(offset, 0), bytes(part.body[start : start + length]))


def find_lob_reply(position: int) -> Part:
    """FINDLOBREPLY: the place of the pattern from 0 on, -1 if it is not there."""
    return Part(PartKind.FIND_LOB_REPLY, 1, (_FOUND.pack(position),))


def write_lob_requests(part: ReceivedPart) -> Iterator[LobWrite]:
    """WRITELOBREQUEST: pieces of one or more objects.

    Raises:
        WireError: a piece ends behind the part.
    """
    offset = 0
    for _ in range(part.count):
        try:
            locator, options, _at, length = _WRITE_REQUEST.unpack_from(part.body, offset)
        except struct.error:
            raise WireError("WRITELOBREQUEST is too short") from None
        offset += _WRITE_REQUEST.size
        data = bytes(part.body[offset : offset + length])
        if length < 0 or len(data) != length:
            raise WireError("WRITELOBREQUEST ends behind its part")
        offset += length
        yield LobWrite(locator, data, bool(options & LobOption.LAST_DATA))


def write_lob_reply(locators: Sequence[int]) -> Part:
    """WRITELOBREPLY: the objects that wait for more."""
    body = b"".join(map(_LOCATOR.pack, locators))
    return Part(PartKind.WRITE_LOB_REPLY, len(locators), (body,))
