"""SCRAMSHA256 and SCRAMPBKDF2SHA256 on the server's side; knows no parts and no users.

The server knows the password, so it computes the client's proof itself and compares.
"""

import hashlib
import hmac
import secrets
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tests.hana_emulator.wire.text import WireError

_ROUNDS = 15_000  # rust-hdbconnect refuses fewer
_SALT_BYTES = 16
_CHALLENGE_BYTES = 48
_PROOF_BYTES = 32
_COUNT = struct.Struct("<h")
_BIG_U2 = struct.Struct(">H")
_LONGEST_SHORT_FIELD = 250


class Method(StrEnum):
    """The methods that the emulator can answer, the preferred one first."""

    PBKDF2 = "SCRAMPBKDF2SHA256"
    SCRAM = "SCRAMSHA256"


def encode_fields(fields: Sequence[bytes]) -> bytes:
    """Fields of an AUTHENTICATION part."""
    pieces = [_COUNT.pack(len(fields))]
    for field in fields:
        length = len(field)
        short = length <= _LONGEST_SHORT_FIELD
        pieces.append(bytes((length,)) if short else b"\xff" + _BIG_U2.pack(length))
        pieces.append(field)
    return b"".join(pieces)


def decode_fields(data: bytes | memoryview) -> list[bytes]:
    """Fields of an AUTHENTICATION part.

    Raises:
        WireError: they end behind the data.
    """
    fields: list[bytes] = []
    try:
        (count,) = _COUNT.unpack_from(data)
        offset = _COUNT.size
        for _ in range(count):
            length = data[offset]
            offset += 1
            if length == 0xFF:
                (length,) = _BIG_U2.unpack_from(data, offset)
                offset += _BIG_U2.size
            fields.append(bytes(data[offset : offset + length]))
            offset += length
    except (IndexError, struct.error):
        offset = len(data) + 1
    if offset > len(data):
        raise WireError("the fields of AUTHENTICATION end behind their part")
    return fields


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the server asked of a client, and what it knows.

    Attributes:
        user: As it was sent.
        method: The one chosen of those offered.
        password: None for an unknown user, whose every proof is wrong.
    """

    user: str
    method: Method
    password: str | None
    salt: bytes
    server: bytes
    client: bytes
    rounds: int = _ROUNDS

    @property
    def reply(self) -> bytes:
        """The AUTHENTICATION body that asks for the proof."""
        fields = [self.salt, self.server]
        if self.method is Method.PBKDF2:
            fields.append(self.rounds.to_bytes(4, "big"))
        return encode_fields([self.method.encode("ascii"), encode_fields(fields)])

    def verify(self, proof: bytes) -> bytes | None:
        """The AUTHENTICATION body of the answer to a proof of 32 bytes; None if it is wrong."""
        if self.password is None:
            return None
        salted = self._salted(self.password.encode("utf-8"))
        key = hashlib.sha256(salted).digest()
        message = self.salt + self.server + self.client
        signature = _hmac(hashlib.sha256(key).digest(), message)
        expected = bytes(a ^ b for a, b in zip(key, signature, strict=True))
        if not hmac.compare_digest(expected, proof):
            return None
        final = b""
        if self.method is Method.PBKDF2:
            message = self.client + self.salt + self.server
            final = encode_fields([_hmac(_hmac(salted, self.salt), message)])
        return encode_fields([self.method.encode("ascii"), final])

    def _salted(self, password: bytes) -> bytes:
        if self.method is Method.SCRAM:
            return _hmac(password, self.salt)
        return hashlib.pbkdf2_hmac("sha256", password, self.salt, self.rounds, _PROOF_BYTES)


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


@dataclass(frozen=True, slots=True)
class Offer:
    """The user of an AUTHENTICATE request, and the client challenge of each method offered."""

    user: str
    challenges: dict[str, bytes]


def read_offer(body: bytes | memoryview) -> Offer:
    """The AUTHENTICATION part of AUTHENTICATE.

    Raises:
        WireError: it is not a user followed by pairs of method and data.
    """
    fields = decode_fields(body)
    if len(fields) % 2 == 0:
        raise WireError("AUTHENTICATION is not a user and pairs of method and data")
    names = [name.decode("ascii", "replace") for name in fields[1::2]]
    return Offer(fields[0].decode("utf-8", "replace"), dict(zip(names, fields[2::2], strict=True)))


def challenge(offer: Offer, methods: Sequence[Method], password: str | None) -> Challenge | None:
    """Choose the first of our methods that the client offers; None if it offers none."""
    method = next((method for method in methods if method in offer.challenges), None)
    if method is None:
        return None
    return Challenge(
        user=offer.user,
        method=method,
        password=password,
        salt=secrets.token_bytes(_SALT_BYTES),
        server=secrets.token_bytes(_CHALLENGE_BYTES),
        client=offer.challenges[method],
    )


def read_proof(body: bytes | memoryview) -> bytes:
    """The client's proof in the AUTHENTICATION part of CONNECT.

    It stands in a list of one field, whose count node-hdb writes big-endian: the proof is simply
    what comes last.

    Raises:
        WireError: there are fewer than three fields.
    """
    fields = decode_fields(body)
    if len(fields) < 3:
        raise WireError("AUTHENTICATION of CONNECT has fewer than three fields")
    return fields[2][-_PROOF_BYTES:]
