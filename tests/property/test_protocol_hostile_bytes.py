"""Whatever bytes arrive, decoding them ends in a value or in an error of the protocol."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_client.protocol.catalog import decode_entity, decode_space, encode_entity
from flight_client.protocol.commands import decode_entity_query, decode_explanation
from flight_client.protocol.errors import Error, from_wire
from flight_client.protocol.tickets import decode_ticket, encode_ticket
from tests.support import protocol_strategies as values

DECODERS = [decode_ticket, decode_space, decode_entity, decode_entity_query, decode_explanation]

FIELD_NAMES = [
    *("version", "kind", "space", "entity", "sql", "columns", "where", "parameters", "order_by"),
    *("limit", "offset", "sample", "partition", "batch_bytes", "compression", "fraction", "seed"),
    *("of", "number", "by", "column", "op", "value", "values", "and", "or", "descending", "nulls"),
    *("name", "type", "length", "scale", "nullable", "comment", "key", "mandatory", "default"),
    *("dialect", "decimal", "date", "time", "timestamp", "binary"),
]
WORDS = [
    "read",
    "sql",
    "table",
    "view",
    "=",
    "in",
    "between",
    "is null",
    "lz4",
    "first",
    "0001-01-01",
]

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([0, 1, 2, -1, 10**40, 2**63, 10**4299]),
    st.floats(),  # NaN and infinity included: Python's json writes and reads them
    st.text(st.characters()),  # half surrogate pairs included
    st.sampled_from(WORDS),
)
trees = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(FIELD_NAMES) | st.text(max_size=3), inner, max_size=6)
    ),
    max_leaves=20,
)


def only_protocol_errors(decode: Callable[[bytes], Any], body: bytes) -> None:
    with suppress(Error):
        decode(body)


@pytest.mark.parametrize("decode", DECODERS)
@given(body=st.binary())
def test_arbitrary_bytes_raise_protocol_errors_only(
    decode: Callable[[bytes], Any], body: bytes
) -> None:
    only_protocol_errors(decode, body)


@pytest.mark.parametrize("decode", DECODERS)
@given(tree=trees)
def test_arbitrary_json_raises_protocol_errors_only(
    decode: Callable[[bytes], Any], tree: object
) -> None:
    only_protocol_errors(decode, json.dumps(tree).encode())


@given(fields=st.dictionaries(st.sampled_from(FIELD_NAMES), trees), kind=st.sampled_from(WORDS))
def test_arbitrary_fields_beside_a_right_head_raise_protocol_errors_only(
    fields: dict[str, object], kind: str
) -> None:
    head = {"version": 1, "kind": kind, "entity": "ORDERS", "sql": "SELECT 1 FROM DUMMY"}

    only_protocol_errors(decode_ticket, json.dumps({**fields, **head}).encode())


def mutated(draw: st.DrawFn, tree: object) -> object:
    """The tree with one part of it replaced, dropped or doubled."""
    if isinstance(tree, dict) and tree and draw(st.booleans()):
        name = draw(st.sampled_from(sorted(tree)))
        return {**tree, name: mutated(draw, tree[name])}
    if isinstance(tree, list) and tree and draw(st.booleans()):
        at = draw(st.integers(0, len(tree) - 1))
        return [*tree[:at], mutated(draw, tree[at]), *tree[at + 1 :]]
    return draw(trees)


@st.composite
def mutated_tickets(draw: st.DrawFn) -> bytes:
    return json.dumps(mutated(draw, json.loads(encode_ticket(draw(values.tickets))))).encode()


@st.composite
def mutated_entities(draw: st.DrawFn) -> bytes:
    return json.dumps(mutated(draw, json.loads(encode_entity(draw(values.entities))))).encode()


@given(mutated_tickets())
def test_ticket_with_one_wrong_part_raises_protocol_errors_only(body: bytes) -> None:
    only_protocol_errors(decode_ticket, body)


@given(mutated_entities())
def test_entity_with_one_wrong_part_raises_protocol_errors_only(body: bytes) -> None:
    only_protocol_errors(decode_entity, body)


@given(values.tickets.map(encode_ticket), st.data())
def test_ticket_with_one_wrong_byte_raises_protocol_errors_only(
    body: bytes, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(body) - 1))
    byte = data.draw(st.binary(min_size=0, max_size=2))

    only_protocol_errors(decode_ticket, body[:at] + byte + body[at + 1 :])


@given(values.tickets.map(encode_ticket), st.data())
def test_ticket_cut_short_is_refused(body: bytes, data: st.DataObject) -> None:
    length = data.draw(st.integers(0, len(body) - 1))

    with pytest.raises(Error):
        decode_ticket(body[:length])


@given(tree=trees)
def test_what_decodes_encodes_again(tree: object) -> None:
    body = json.dumps({"version": 1, "kind": "read", "entity": "T", "where": tree}).encode()

    with suppress(Error):
        assert decode_ticket(encode_ticket(decode_ticket(body)))


@given(st.text(st.characters()), st.binary())
def test_foreign_error_bytes_never_raise(message: str, body: bytes) -> None:
    found = from_wire(message, body)

    assert found is None or isinstance(found, Error)


@given(st.text(st.characters()), trees)
def test_foreign_error_json_never_raises(message: str, tree: object) -> None:
    found = from_wire(message, json.dumps(tree).encode())

    assert found is None or isinstance(found, Error)


@given(code=scalars, message=scalars, incident=scalars, details=trees)
def test_error_body_with_wrong_types_gives_clean_facts(
    code: object, message: object, incident: object, details: object
) -> None:
    body = {"code": code, "message": message, "incident": incident, "details": details}

    found = from_wire("", json.dumps(body).encode())

    if found is not None:
        assert str(found).encode() is not None
        for detail in found.details.values():
            assert isinstance(detail, str | int) or all(isinstance(item, str) for item in detail)
