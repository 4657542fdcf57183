"""Sealed tickets: what opens, what is refused, and that nothing in them can be changed."""

import hashlib
import hmac
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_client.protocol.errors import (
    Error,
    ExpiredTicket,
    ForgedTicket,
    InvalidTicket,
    Retry,
    UnsupportedVersion,
)
from flight_client.protocol.filters import Comparison
from flight_client.protocol.strict_json import text
from flight_client.protocol.tickets import Partition, ReadTicket, SqlTicket, encode_ticket
from flight_server.service.seal import KEY_BYTES, Seal, random_key

READ = ReadTicket(
    space="SALES",
    entity="ORDERS",
    where=Comparison("NAME", "=", ("Müller\n😀",)),
    partition=Partition(4, 1, "ID"),
)
SQL = SqlTicket(sql="SELECT 1 FROM DUMMY", parameters=(None, 2))
SEAL = Seal(key=b"k" * 32, lifetime_s=60, clock=lambda: 1000.0)


@pytest.mark.parametrize("ticket", [READ, SQL])
def test_sealed_ticket_opens_as_what_was_sealed(ticket: ReadTicket | SqlTicket) -> None:
    assert SEAL.open(SEAL.seal(ticket, "ada"), "ada") == ticket


@pytest.mark.parametrize("ticket", [READ, SQL])
def test_unsealed_ticket_of_a_client_opens(ticket: ReadTicket | SqlTicket) -> None:
    assert SEAL.open(encode_ticket(ticket), "ada") == ticket


def test_pretty_printed_ticket_of_a_client_opens() -> None:
    body = b'{\n  "version": 1,\n  "kind": "read",\n  "entity": "ORDERS"\n}\n'
    assert SEAL.open(body, "ada") == ReadTicket(entity="ORDERS")


def test_sealed_ticket_is_readable() -> None:
    assert b'"entity":"ORDERS"' in SEAL.seal(READ, "ada")


def test_other_principal_is_refused() -> None:
    with pytest.raises(ForgedTicket, match="another principal"):
        SEAL.open(SEAL.seal(READ, "ada"), "bob")


def test_other_key_is_refused_and_asks_for_new_endpoints() -> None:
    other = replace(SEAL, key=b"o" * 32)
    with pytest.raises(ForgedTicket, match="signature") as caught:
        other.open(SEAL.seal(READ, "ada"), "ada")
    assert caught.value.retry is Retry.AFRESH


def test_replica_with_the_same_key_opens() -> None:
    assert replace(SEAL).open(SEAL.seal(READ, "ada"), "ada") == READ


@pytest.mark.parametrize(("age_s", "opens"), [(0, True), (59, True), (60, False), (10_000, False)])
def test_ticket_opens_until_its_lifetime_ends(age_s: int, *, opens: bool) -> None:
    body = SEAL.seal(READ, "ada")
    later = replace(SEAL, clock=lambda: 1000.0 + age_s)
    if opens:
        assert later.open(body, "ada") == READ
        return
    with pytest.raises(ExpiredTicket, match="ask for new endpoints") as caught:
        later.open(body, "ada")
    assert caught.value.retry is Retry.AFRESH


@given(at=st.integers(0, 10_000), change=st.integers(1, 255))
def test_any_changed_byte_is_refused(at: int, change: int) -> None:
    body = bytearray(SEAL.seal(READ, "ada"))
    body[at % len(body)] ^= change
    with pytest.raises(InvalidTicket):
        SEAL.open(bytes(body), "ada")


@given(st.binary(max_size=200))
def test_arbitrary_bytes_raise_only_our_errors(body: bytes) -> None:
    with pytest.raises(Error):
        SEAL.open(body, "ada")


def test_stripped_seal_is_no_ticket() -> None:
    line = SEAL.seal(READ, "ada").partition(b"\n")[0]
    with pytest.raises(InvalidTicket):
        SEAL.open(line, "ada")


def _signed(line: bytes) -> bytes:
    import hashlib
    import hmac

    return line + b"\n" + hmac.new(SEAL.key, line, hashlib.sha256).hexdigest().encode()


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b'{"version":2,"ticket":{},"principal":"ada","expires":2000}', UnsupportedVersion),
        (b'{"version":1,"ticket":{},"principal":"ada","expires":2000}', InvalidTicket),
        (b'{"version":1,"principal":"ada","expires":2000}', InvalidTicket),
        (b'{"version":1,"ticket":{"version":1,"kind":"read","entity":"X"},"principal":"ada",'
         b'"expires":2000,"more":1}', InvalidTicket),
        (b"not json", InvalidTicket),
    ],
)  # fmt: skip
def test_signed_nonsense_is_refused(line: bytes, error: type[Error]) -> None:
    with pytest.raises(error):
        SEAL.open(_signed(line), "ada")


def test_random_keys_differ_and_are_long_enough() -> None:
    assert random_key() != random_key()
    assert len(random_key()) == KEY_BYTES


def test_key_is_not_shown() -> None:
    assert "kkk" not in repr(SEAL)


def test_bytes_of_a_sealed_ticket_are_those_of_earlier_releases() -> None:
    line, _, signature = SEAL.seal(SQL, "ada").partition(b"\n")
    assert line == (
        b'{"version":1,"ticket":{"version":1,"kind":"sql","sql":"SELECT 1 FROM DUMMY",'
        b'"parameters":[null,2]},"principal":"ada","expires":1060}'
    )
    assert signature == hmac.new(SEAL.key, line, hashlib.sha256).hexdigest().encode()


def test_form_of_an_unknown_field_is_no_form() -> None:
    sealed = SEAL.seal_form("session", {"space": "S", "more": 1}, "ada")
    with pytest.raises(InvalidTicket, match="unknown field 'more'"):
        SEAL.open_form("session", sealed, "ada", lambda fields: fields.take("space", text, None))
