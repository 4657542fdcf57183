"""SCRAM as a server sees it."""

import hashlib
import hmac

import pytest

from tests.hana_emulator import auth
from tests.hana_emulator.auth import Challenge, Method
from tests.hana_emulator.wire.text import WireError

_CLIENT = b"c" * 64


def _challenge(method: Method, *, known: bool = True) -> Challenge:
    return Challenge(
        user="U",
        method=method,
        password="secret" if known else None,
        salt=b"s" * 16,
        server=b"v" * 48,
        client=_CLIENT,
    )


def _proof(salted: bytes) -> bytes:
    key = hashlib.sha256(salted).digest()
    message = b"s" * 16 + b"v" * 48 + _CLIENT
    signature = hmac.digest(hashlib.sha256(key).digest(), message, "sha256")
    return bytes(a ^ b for a, b in zip(key, signature, strict=True))


def test_proof_of_scram_is_accepted() -> None:
    salted = hmac.digest(b"secret", b"s" * 16, "sha256")

    assert _challenge(Method.SCRAM).verify(_proof(salted)) == auth.encode_fields(
        [b"SCRAMSHA256", b""]
    )


def test_proof_of_pbkdf2_is_accepted_and_the_server_proves_itself() -> None:
    salted = hashlib.pbkdf2_hmac("sha256", b"secret", b"s" * 16, 15_000, 32)

    final = _challenge(Method.PBKDF2).verify(_proof(salted))

    assert final is not None
    name, inner = auth.decode_fields(final)
    key = hmac.digest(salted, b"s" * 16, "sha256")
    expected = hmac.digest(key, _CLIENT + b"s" * 16 + b"v" * 48, "sha256")
    assert (name, auth.decode_fields(inner)) == (b"SCRAMPBKDF2SHA256", [expected])


@pytest.mark.parametrize("method", Method)
def test_wrong_proof_is_refused(method: Method) -> None:
    assert _challenge(method).verify(bytes(32)) is None


def test_unknown_user_has_no_right_proof() -> None:
    assert _challenge(Method.SCRAM, known=False).verify(bytes(32)) is None


def test_first_of_our_methods_that_is_offered_is_chosen() -> None:
    offer = auth.Offer("U", {"LDAP": b"", "SCRAMSHA256": b"a", "SCRAMPBKDF2SHA256": b"b"})

    chosen = auth.challenge(offer, list(Method), "secret")

    assert chosen is not None
    assert (chosen.method, chosen.client) == (Method.PBKDF2, b"b")


def test_no_common_method_is_none() -> None:
    assert auth.challenge(auth.Offer("U", {"LDAP": b""}), list(Method), "secret") is None


def test_challenge_of_pbkdf2_names_rounds_big_endian() -> None:
    _, inner = auth.decode_fields(_challenge(Method.PBKDF2).reply)

    assert auth.decode_fields(inner)[2] == (15_000).to_bytes(4, "big")


def test_long_field_has_a_big_endian_length() -> None:
    data = auth.encode_fields([b"x" * 300])

    assert data[:5].hex() == "0100ff012c"
    assert auth.decode_fields(data) == [b"x" * 300]


@pytest.mark.parametrize(
    "data", [b"", b"\x01", b"\x01\x00", b"\x01\x00\x05ab", b"\x01\x00\xff\x01"]
)
def test_broken_fields_are_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        auth.decode_fields(data)


def test_offer_without_pairs_is_refused() -> None:
    with pytest.raises(WireError):
        auth.read_offer(auth.encode_fields([b"U", b"SCRAMSHA256"]))


def test_proof_is_the_end_of_the_third_field() -> None:
    big_endian_count = b"\x00\x01\x20" + b"p" * 32  # as node-hdb writes it

    assert auth.read_proof(auth.encode_fields([b"U", b"M", big_endian_count])) == b"p" * 32
