"""Messages, segments and parts as bytes and back; knows nothing of what a part holds."""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tests.hana_emulator.wire.codes import PartAttribute, PartKind, SegmentKind
from tests.hana_emulator.wire.text import WireError

Buffer: TypeAlias = bytes | bytearray | memoryview

MESSAGE_HEADER = struct.Struct("<qiIIhbbI4x")
_SEGMENT_HEADER = struct.Struct("<iihhb")
_REQUEST_FIELDS = struct.Struct("<bbb8x")
_REPLY_HEADER = struct.Struct("<iihhbbh8x")
_PART_HEADER = struct.Struct("<bbhiii")

HELLO_BYTES = 14
_HELLO_ANSWER = bytes((4, 0x14, 0, 4, 1, 0, 0, 0))
_LZ4_FLAG = 2

# Clients announce the largest reply they like; go-hdb and rust-hdbconnect announce the size of
# their own packet instead, which is small and means nothing.
_SMALLEST_LIMIT_MEANT = 4096
_NO_LIMIT_BYTES = 16 << 20
_LONGEST_MESSAGE_BYTES = 1 << 30  # node-hdb's largest packet; HANA's own bound is unverified
_LARGEST_SHORT_COUNT = 32767


@dataclass(frozen=True, slots=True)
class Part:
    """A part to be sent.

    Attributes:
        kind: What it holds.
        count: Its number of arguments.
        body: Pieces that are sent one behind the other.
        attributes: See `PartAttribute`.
    """

    kind: PartKind
    count: int = 0
    body: Sequence[Buffer] = ()
    attributes: PartAttribute = PartAttribute.NONE


@dataclass(frozen=True, slots=True)
class ReceivedPart:
    """A part of a request; ``kind`` may be one that we do not know."""

    kind: int
    attributes: PartAttribute
    count: int
    body: memoryview


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One segment of a request.

    Attributes:
        session_id: 0 before the connection has one.
        packet_number: Echoed in the reply.
        reply_limit_bytes: The largest reply that the client likes.
        message_type: Its number; it may be one that we do not know.
        autocommit: The commit flag.
        command_options: For example 8, hold cursors over commit.
        parts: In order.
    """

    session_id: int
    packet_number: int
    reply_limit_bytes: int
    message_type: int
    autocommit: bool
    command_options: int
    parts: tuple[ReceivedPart, ...]

    def part(self, kind: PartKind) -> ReceivedPart | None:
        """The first part of a kind."""
        return next((part for part in self.parts if part.kind == kind), None)

    def need(self, kind: PartKind) -> ReceivedPart:
        """The first part of a kind.

        Raises:
            WireError: there is none.
        """
        part = self.part(kind)
        if part is None:
            message = f"message type {self.message_type} lacks the part {kind.name}"
            raise WireError(message)
        return part


def answer_hello(hello: bytes) -> bytes:
    """The 8 bytes that answer the 14 bytes a client begins with.

    Raises:
        WireError: it is another protocol.
    """
    if hello[:4] != b"\xff\xff\xff\xff" or len(hello) != HELLO_BYTES:
        raise WireError("the connection does not start with FF FF FF FF")
    if hello[12:13] == b"\x01" and hello[13:14] == b"\x00":
        raise WireError("big-endian clients are not supported")
    return _HELLO_ANSWER


def body_length(header: bytes) -> int:
    """Bytes that follow a message header of 32 bytes.

    Raises:
        WireError: they are more than the protocol allows.
    """
    length: int = MESSAGE_HEADER.unpack(header)[2]
    if length > _LONGEST_MESSAGE_BYTES:
        message = f"a message of {length} bytes is longer than {_LONGEST_MESSAGE_BYTES}"
        raise WireError(message)
    return length


def packet_number(header: bytes) -> int:
    """The number of a message, which its reply repeats."""
    number: int = MESSAGE_HEADER.unpack(header)[1]
    return number


def parse_request(header: bytes, body: bytes) -> Request:
    """The request in a message.

    Raises:
        WireError: the lengths contradict each other, or it is compressed.
    """
    session, packet, _length, size, segments, options, _, _ = MESSAGE_HEADER.unpack(header)
    if options & _LZ4_FLAG:
        raise WireError("the message is compressed, which was not agreed")
    if segments != 1:
        message = f"the message has {segments} segments, not one"
        raise WireError(message)
    data = memoryview(body)
    try:
        _, _, parts, _, kind = _SEGMENT_HEADER.unpack_from(data)
        message_type, commit, command_options = _REQUEST_FIELDS.unpack_from(data, 13)
        if kind != SegmentKind.REQUEST:
            message = f"segment kind {kind} is no request"
            raise WireError(message)
        received = tuple(_parts(data, parts))
    except struct.error:
        raise WireError("the message ends inside a header") from None
    return Request(
        session_id=session,
        packet_number=packet,
        reply_limit_bytes=size if size >= _SMALLEST_LIMIT_MEANT else _NO_LIMIT_BYTES,
        message_type=message_type,
        autocommit=bool(commit),
        command_options=command_options,
        parts=received,
    )


def _parts(data: memoryview, count: int) -> Iterable[ReceivedPart]:
    offset = 24
    for _ in range(count):
        kind, attributes, short, long, length, _ = _PART_HEADER.unpack_from(data, offset)
        start = offset + _PART_HEADER.size
        if length < 0 or start + length > len(data):
            message = f"part {kind} of {length} bytes does not fit its message"
            raise WireError(message)
        yield ReceivedPart(
            kind=kind,
            attributes=PartAttribute(attributes & 0x1F),
            count=long if short == -1 else short,
            body=data[start : start + length],
        )
        offset = start + length + -length % 8


def encode_reply(
    parts: Sequence[Part],
    *,
    session_id: int,
    packet_number: int,
    function: int = 0,
    kind: SegmentKind = SegmentKind.REPLY,
) -> list[Buffer]:
    """A message of one segment as buffers to be sent in order; bodies are not copied."""
    pieces: list[Buffer] = []
    length = 24
    for part in parts:
        size = sum(map(len, part.body))
        short = part.count <= _LARGEST_SHORT_COUNT
        header = _PART_HEADER.pack(
            part.kind,
            part.attributes,
            part.count if short else -1,
            0 if short else part.count,
            size,
            0,
        )
        pieces.extend((header, *part.body, bytes(-size % 8)))
        length += len(header) + size + -size % 8
    segment = _REPLY_HEADER.pack(length, 0, len(parts), 1, kind, 0, function)
    message = MESSAGE_HEADER.pack(session_id, packet_number, length, length, 1, 0, 0, 0)
    return [message + segment, *pieces]
