"""A client of the HANA protocol that decodes nothing: it logs on, runs a text and counts bytes.

What a server sends can be seen as it is, and a reply can be thrown away as fast as it comes.
"""

import hashlib
import hmac
import socket
import ssl
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

MESSAGE = struct.Struct("<qiIIhbbI4x")
SEGMENT = struct.Struct("<iihhb")
PART = struct.Struct("<bbhiii")
HELLO = bytes.fromhex("ffffffff04001404000100010101")


@dataclass(frozen=True, slots=True)
class RawPart:
    """A part of a reply; the body is empty where it was thrown away."""

    kind: int
    attributes: int
    count: int
    body: bytes


@dataclass(frozen=True, slots=True)
class RawReply:
    """A reply: its segment kind, function code and parts."""

    kind: int
    function: int
    parts: tuple[RawPart, ...]
    size_bytes: int

    def part(self, kind: int) -> RawPart:
        return next(part for part in self.parts if part.kind == kind)


def request(message_type: int, *parts: tuple[int, int, bytes], limit_bytes: int = 0) -> bytes:
    """A request of parts ``(kind, count, body)``."""
    pieces = []
    for kind, count, body in parts:
        short, long = (count, 0) if count < 32768 else (-1, count)
        pieces.append(PART.pack(kind, 0, short, long, len(body), 0) + body + bytes(-len(body) % 8))
    length = 24 + sum(map(len, pieces))
    segment = SEGMENT.pack(length, 0, len(parts), 1, 1) + struct.pack("<bbb8x", message_type, 1, 0)
    return (
        MESSAGE.pack(0, 0, length, limit_bytes or length, 1, 0, 0, 0) + segment + b"".join(pieces)
    )


def fields(*items: bytes) -> bytes:
    """Fields of an AUTHENTICATION part."""
    return struct.pack("<h", len(items)) + b"".join(bytes((len(item),)) + item for item in items)


def parse_reply(data: bytes) -> RawReply:
    """A reply with the bytes of its parts."""
    _, _, count, _, kind = SEGMENT.unpack_from(data, MESSAGE.size)
    (function,) = struct.unpack_from("<h", data, MESSAGE.size + 14)
    parts, at = [], MESSAGE.size + 24
    for _ in range(count):
        part, attributes, short, long, length, _ = PART.unpack_from(data, at)
        body = data[at + PART.size : at + PART.size + length]
        parts.append(RawPart(part, attributes, long if short == -1 else short, body))
        at += PART.size + length + -length % 8
    return RawReply(kind, function, tuple(parts), len(data))


def proof_of(password: str, challenge: bytes, client_challenge: bytes) -> bytes:
    """The proof of SCRAMSHA256 for the AUTHENTICATION part of a server."""
    salt, server = challenge[-65:-49], challenge[-48:]
    key = hashlib.sha256(hmac.digest(password.encode(), salt, "sha256")).digest()
    stored = hashlib.sha256(key).digest()
    signature = hmac.digest(stored, salt + server + client_challenge, "sha256")
    return bytes(a ^ b for a, b in zip(key, signature, strict=True))


class RawClient:
    """A connection of which the first 14 bytes are answered.

    Args:
        limit_bytes: The largest reply, as announced; 0 announces none.
    """

    def __init__(
        self,
        port: int,
        *,
        tls: ssl.SSLContext | None = None,
        limit_bytes: int = 0,
        timeout_s: float | None = 30,
    ) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout_s)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self._limit_bytes = limit_bytes
        self._buffer = bytearray(1 << 20)
        self.socket.sendall(HELLO)
        self.hello = self._read(8)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.socket.close()

    def ask(self, message_type: int, *parts: tuple[int, int, bytes]) -> RawReply:
        """Send a request and take its reply."""
        self.send(message_type, *parts)
        return self.take()

    def send(self, message_type: int, *parts: tuple[int, int, bytes]) -> None:
        self.socket.sendall(request(message_type, *parts, limit_bytes=self._limit_bytes))

    def log_on(self, user: str, password: str) -> RawReply:
        """SCRAMSHA256; the reply to CONNECT."""
        challenge = b"\x07" * 64
        offer = fields(user.encode(), b"SCRAMSHA256", challenge)
        reply = self.ask(65, (33, 1, offer))
        proof = proof_of(password, reply.part(33).body, challenge)
        connect = fields(user.encode(), b"SCRAMSHA256", fields(proof))
        options = struct.pack("<bbi", 23, 3, 8)
        return self.ask(66, (33, 1, connect), (42, 1, options))

    def execute(self, text: str) -> RawReply:
        return self.ask(2, (3, 1, text.encode()))

    def take(self) -> RawReply:
        """The next reply with all of its bytes."""
        header = self._read(MESSAGE.size)
        return parse_reply(header + self._read(MESSAGE.unpack(header)[2]))

    def drain(self, text: str, fetch_rows: int = 32767) -> Iterator[tuple[int, int]]:
        """Run a query and throw its rows away, asking one reply ahead: rows and bytes of each."""
        reply = self.execute(text)
        identifier = reply.part(13).body
        result = reply.part(5)
        yield result.count, reply.size_bytes
        fetch = (13, 1, identifier), (45, 1, struct.pack("<i", fetch_rows))
        last = result.attributes & 16
        if not last:
            self.send(71, *fetch)
        while not last:
            header = self._read(MESSAGE.size)
            size = MESSAGE.unpack(header)[2]
            head = self._read(24 + PART.size)
            context = PART.unpack_from(head, 24)[4]
            head = self._read(context + -context % 8 + PART.size)
            _, last, short, long, _, _ = PART.unpack_from(head, len(head) - PART.size)
            last &= 16
            if not last:
                self.send(71, *fetch)
            self._skip(size - 24 - 2 * PART.size - context - -context % 8)
            yield (long if short == -1 else short), size + MESSAGE.size

    def _read(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            received = self.socket.recv(size - len(data))
            if not received:
                raise EOFError
            data += received
        return bytes(data)

    def _skip(self, size: int) -> None:
        view = memoryview(self._buffer)
        while size:
            received = self.socket.recv_into(view[: min(size, len(view))])
            if not received:
                raise EOFError
            size -= received


def rows_per_second(port: int, user: str, password: str, text: str, limit_bytes: int) -> float:
    """How fast a server sends the rows of a query to a client that throws them away."""
    with RawClient(port, limit_bytes=limit_bytes, timeout_s=300) as client:
        client.log_on(user, password)
        started = time.perf_counter()
        rows = sum(count for count, _ in client.drain(text, fetch_rows=1 << 20))
        return rows / (time.perf_counter() - started)
