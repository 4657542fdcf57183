"""Spaces, entities, columns and parameters, and their JSON."""

import json
from typing import Any

import pytest

from flight_client.protocol.catalog import (
    Column,
    Entity,
    HanaType,
    Parameter,
    Space,
    decode_entity,
    decode_space,
    encode_entity,
    encode_space,
)
from flight_client.protocol.errors import InvalidFilter, InvalidTicket

ENTITY = Entity(
    space="SALES",
    name="ORDERS",
    kind="view",
    columns=(
        Column("ID", HanaType("BIGINT"), nullable=False, comment="number", key=True),
        Column("AMOUNT", HanaType("DECIMAL", 15, 2)),
    ),
    parameters=(
        Parameter("P_YEAR", HanaType("INTEGER")),
        Parameter("P_CURRENCY", HanaType("NVARCHAR", 3), mandatory=False, default="EUR"),
    ),
    comment="what was ordered",
)
FORM: dict[str, Any] = json.loads(encode_entity(ENTITY))


def decoded(**changes: object) -> Entity:
    return decode_entity(json.dumps({**FORM, **changes}).encode())


@pytest.mark.parametrize(
    ("declared", "shown"),
    [
        (HanaType("INTEGER"), "INTEGER"),
        (HanaType("NVARCHAR", 10), "NVARCHAR(10)"),
        (HanaType("DECIMAL", 15, 2), "DECIMAL(15,2)"),
        (HanaType("DECIMAL", 15, 0), "DECIMAL(15,0)"),
        (HanaType("DECIMAL", 34), "DECIMAL(34)"),
    ],
)
def test_type_is_shown_as_it_is_declared(declared: HanaType, shown: str) -> None:
    assert str(declared) == shown


def test_column_is_found_by_its_exact_name() -> None:
    assert ENTITY.column("AMOUNT") == ENTITY.columns[1]


@pytest.mark.parametrize("name", ["amount", "AMOUNT ", "", "PRICE"])
def test_column_of_another_name_is_none(name: str) -> None:
    assert ENTITY.column(name) is None


def test_entity_through_bytes_is_the_same() -> None:
    assert decode_entity(encode_entity(ENTITY)) == ENTITY


def test_column_read_as_another_type_through_bytes_is_the_same() -> None:
    column = Column("RATE", HanaType("DECIMAL"), read_as=HanaType("DOUBLE"))
    entity = Entity(space="S", name="T", kind="table", columns=(column,))

    assert decode_entity(encode_entity(entity)) == entity


def test_column_read_as_it_is_declared_says_nothing_of_it() -> None:
    assert b"read_as" not in encode_entity(ENTITY)


def test_space_through_bytes_is_the_same() -> None:
    assert decode_space(encode_space(Space("S", "a comment"))) == Space("S", "a comment")


def test_entity_of_the_needed_fields_only_has_the_defaults() -> None:
    body = (
        b'{"space":"S","name":"T","kind":"table","columns":[{"name":"A","type":{"name":"DATE"}}]}'
    )

    assert decode_entity(body) == Entity(
        space="S", name="T", kind="table", columns=(Column("A", HanaType("DATE")),)
    )


def test_parameter_of_the_needed_fields_only_is_mandatory() -> None:
    entity = decoded(parameters=[{"name": "P", "type": {"name": "DATE"}}])

    assert entity.parameters == (Parameter("P", HanaType("DATE")),)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"space": None}, "has no field 'space'"),
        ({"name": 1}, "'name' of the request must be a string"),
        ({"kind": "index"}, "is one of table, view; got 'index'"),
        ({"kind": None}, "has no field 'kind'"),
        ({"comment": 1}, "'comment' of the request must be a string"),
        ({"columns": None}, "has no field 'columns'"),
        ({"columns": [1]}, "item 0 of 'columns' of the request must be a JSON object"),
        ({"columns": [{}]}, "item 0 of 'columns' of the request has no field 'name'"),
        ({"columns": [{"name": "A"}]}, "has no field 'type'"),
        ({"columns": [{"name": "A", "type": "DATE"}]}, "'type' of item 0 .* must be a JSON object"),
        ({"columns": [{"name": "A", "type": {}}]}, "'type' of item 0 .* has no field 'name'"),
        (
            {"columns": [{"name": "A", "type": {"name": "DECIMAL", "length": 1.5}}]},
            "'length' of 'type' of item 0 .* must be an integer",
        ),
        (
            {"columns": [{"name": "A", "type": {"name": "DECIMAL", "scale": True}}]},
            "'scale' of 'type' of item 0 .* must be an integer",
        ),
        (
            {"columns": [{"name": "A", "type": {"name": "DATE"}, "nullable": 1}]},
            "'nullable' of item 0 .* must be true or false",
        ),
        (
            {"columns": [{"name": "A", "type": {"name": "DATE"}, "keys": True}]},
            "unknown field 'keys'; did you mean 'key'",
        ),
        (
            {"columns": [{"name": "A", "type": {"name": "DECIMAL"}, "read_as": "DOUBLE"}]},
            "'read_as' of item 0 .* must be a JSON object",
        ),
        ({"parameters": {}}, "'parameters' of the request must be a list"),
        ({"parameters": [{"name": "P"}]}, "has no field 'type'"),
        (
            {"parameters": [{"name": "P", "type": {"name": "DATE"}, "default": []}]},
            r"\[\] is no literal",
        ),
        ({"rows": 5}, "unknown field 'rows'"),
    ],
)
def test_wrong_field_of_an_entity_is_refused_with_its_place(
    changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InvalidTicket, match=sentence):
        decoded(**changes)


def test_default_that_hana_cannot_hold_is_refused() -> None:
    with pytest.raises(InvalidFilter, match="38 digits"):
        decoded(parameters=[{"name": "P", "type": {"name": "DECIMAL"}, "default": 10**38}])


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"{}", "has no field 'name'"),
        (b'{"name":1}', "'name' of the request must be a string"),
        (b'{"name":"S","entities":[]}', "unknown field 'entities'"),
    ],
)
def test_bytes_that_are_no_space_are_refused(body: bytes, sentence: str) -> None:
    with pytest.raises(InvalidTicket, match=sentence):
        decode_space(body)
