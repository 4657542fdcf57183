"""Every value of the protocol survives its bytes exactly, types included."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_client.protocol.catalog import (
    decode_entity,
    decode_space,
    encode_entity,
    encode_space,
)
from flight_client.protocol.commands import (
    decode_entity_query,
    decode_explanation,
    encode_entity_query,
    encode_explanation,
)
from flight_client.protocol.filters import Filter, filter_from_json, filter_to_json
from flight_client.protocol.literals import LiteralValue, literal_from_json, literal_to_json
from flight_client.protocol.strict_json import dumps, loads
from flight_client.protocol.tickets import Ticket, decode_ticket, encode_ticket
from tests.support import protocol_strategies as values


@given(values.literals)
def test_literal_through_json_keeps_value_and_type(value: LiteralValue) -> None:
    fields = loads(dumps({"value": literal_to_json(value)}))

    read = fields.need("value", lambda form, _: literal_from_json(form))

    # repr tells 1 from 1.0, True and Decimal("1.0"), and 0.0 from -0.0; == does not.
    assert repr(read) == repr(value)


@given(values.filters)
def test_filter_through_json_keeps_tree_and_types(tree: Filter) -> None:
    assert repr(filter_from_json(filter_to_json(tree), "the filter")) == repr(tree)


@given(values.tickets)
def test_ticket_through_bytes_is_the_same_ticket(ticket: Ticket) -> None:
    read = decode_ticket(encode_ticket(ticket))

    assert read == ticket
    assert repr(read) == repr(ticket)


@given(values.tickets)
def test_ticket_encoded_twice_gives_the_same_bytes(ticket: Ticket) -> None:
    body = encode_ticket(ticket)

    assert encode_ticket(decode_ticket(body)) == body


@pytest.mark.parametrize(
    ("strategy", "encode", "decode"),
    [
        pytest.param(values.spaces, encode_space, decode_space, id="space"),
        pytest.param(values.entities, encode_entity, decode_entity, id="entity"),
        pytest.param(values.entity_queries, encode_entity_query, decode_entity_query, id="query"),
        pytest.param(values.explanations, encode_explanation, decode_explanation, id="explanation"),
    ],
)
@given(data=st.data())
def test_value_through_bytes_is_the_same_value(
    strategy: st.SearchStrategy[Any],
    encode: Callable[[Any], bytes],
    decode: Callable[[bytes], Any],
    data: st.DataObject,
) -> None:
    value = data.draw(strategy)

    assert repr(decode(encode(value))) == repr(value)
