"""The bodies and answers of the actions beside reading."""

from decimal import Decimal

import pytest

from flight_client.protocol import commands
from flight_client.protocol.commands import (
    ACTIONS,
    EntityQuery,
    Explanation,
    decode_entity_query,
    decode_explanation,
    encode_entity_query,
    encode_explanation,
)
from flight_client.protocol.errors import InvalidRead, InvalidTicket, UnsupportedVersion


def test_every_action_is_described_in_one_sentence() -> None:
    assert set(ACTIONS) == {
        commands.LIST_SPACES,
        commands.LIST_ENTITIES,
        commands.DESCRIBE_ENTITY,
        commands.EXPLAIN,
        commands.EXECUTE,
    }
    assert all(sentence.endswith(".") for sentence in ACTIONS.values())


def test_empty_body_asks_for_every_entity() -> None:
    assert decode_entity_query(b"") == EntityQuery()


@pytest.mark.parametrize(
    ("query", "body"),
    [
        (EntityQuery(), b'{"version":1}'),
        (EntityQuery("S"), b'{"version":1,"space":"S"}'),
        (EntityQuery(None, "T"), b'{"version":1,"entity":"T"}'),
        (EntityQuery("S", "T"), b'{"version":1,"space":"S","entity":"T"}'),
    ],
)
def test_query_has_one_form(query: EntityQuery, body: bytes) -> None:
    assert encode_entity_query(query) == body
    assert decode_entity_query(body) == query


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"{}", "has no field 'version'"),
        (b'{"version":1,"space":1}', "'space' of the request must be a string"),
        (b'{"version":1,"name":"T"}', "unknown field 'name'"),
    ],
)
def test_bytes_that_are_no_query_are_refused(body: bytes, sentence: str) -> None:
    with pytest.raises(InvalidTicket, match=sentence):
        decode_entity_query(body)


def test_query_of_a_newer_version_is_refused_before_its_fields() -> None:
    with pytest.raises(UnsupportedVersion, match="version 9"):
        decode_entity_query(b'{"version":9,"label":"T"}')


@pytest.mark.parametrize("query", [("", None), (None, "a\n"), (None, "a" * 128)])
def test_query_for_a_name_that_none_can_be_is_refused(query: tuple[str, str]) -> None:
    with pytest.raises(InvalidRead, match=r"is no (space|entity) name"):
        EntityQuery(*query)


def test_explanation_keeps_null_and_types_of_its_parameters() -> None:
    explanation = Explanation("duckdb", "SELECT ?, ?", (None, Decimal("1.0")))

    assert repr(decode_explanation(encode_explanation(explanation))) == repr(explanation)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"{}", "has no field 'dialect'"),
        (b'{"dialect":"d"}', "has no field 'sql'"),
        (b'{"dialect":"d","sql":"s"}', "has no field 'parameters'"),
        (b'{"dialect":"d","sql":"s","parameters":[[]]}', r"\[\] is no literal"),
        (b'{"dialect":"d","sql":"s","parameters":[],"plan":1}', "unknown field 'plan'"),
    ],
)
def test_bytes_that_are_no_explanation_are_refused(body: bytes, sentence: str) -> None:
    with pytest.raises(InvalidTicket, match=sentence):
        decode_explanation(body)


def test_explanation_is_printed_as_the_statement_and_its_values() -> None:
    explained = Explanation("hana", "SELECT A FROM T WHERE B = ? AND C = ?", ("x", None))
    assert str(explained) == "SELECT A FROM T WHERE B = ? AND C = ?\n-- ? 1: 'x'\n-- ? 2: None"
