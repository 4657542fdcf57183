"""What can be read is listed, under exact names."""

import re

import pytest

from flight_client.protocol.catalog import decode_entity, encode_entity
from flight_server.backends.base import Backend
from tests.contract.backends import shared_tables
from tests.contract.backends.reading import plan_of
from tests.contract.backends.shared_tables import SPACE
from tests.contract.backends.subjects import VIEW, Subject


def test_spaces_are_those_that_were_made(backend: Backend) -> None:
    assert [space.name for space in backend.spaces()] == [SPACE]


def test_entities_are_listed_by_name(backend: Backend) -> None:
    names = [entity.name for entity in backend.entities(SPACE) if entity.name != VIEW]

    assert names == sorted(shared_tables.all_tables())


@pytest.mark.parametrize("space", ["contract", "Contract", "NOWHERE", "", "information_schema"])
def test_space_of_another_name_has_no_entities(backend: Backend, space: str) -> None:
    assert list(backend.entities(space)) == []
    assert list(backend.entity_names(space)) == []


@pytest.mark.parametrize(
    ("space", "name"),
    [
        (SPACE, "numbers"),
        (SPACE, "NAMES"),
        (SPACE, "NOTHING"),
        (SPACE, ""),
        ("contract", "NUMBERS"),
        (SPACE, "NUMBERS' OR '1'='1"),
    ],
)
def test_entity_is_found_by_its_exact_name_only(backend: Backend, space: str, name: str) -> None:
    assert backend.entity(space, name) is None


def test_listed_entity_is_the_one_that_is_found(backend: Backend) -> None:
    for entity in backend.entities(SPACE):
        assert backend.entity(SPACE, entity.name) == entity


def test_entity_crosses_the_wire_unchanged(backend: Backend) -> None:
    for entity in backend.entities(SPACE):
        assert decode_entity(encode_entity(entity)) == entity


def test_columns_are_described_in_order_with_their_types(backend: Backend) -> None:
    entity = backend.entity(SPACE, "TYPES")

    assert entity is not None
    # A database may bound the length of what Arrow holds without a bound.
    described = {
        column.name: re.sub(r"^(NVARCHAR|VARBINARY)\(5000\)$", r"\1", str(column.type))
        for column in entity.columns
    }
    assert list(described) == ["ROW", *shared_tables.EXTREMES]
    assert described == {"ROW": "INTEGER"} | {name: name for name in shared_tables.EXTREMES}


@pytest.mark.needs("row_count")
@pytest.mark.parametrize(
    ("name", "rows"), [("LONG", shared_tables.LONG_ROWS), ("LOGIC", 8), ("EMPTY", 0)]
)
def test_rows_of_a_table_are_counted(backend: Backend, name: str, rows: int) -> None:
    entity = backend.entity(SPACE, name)

    assert entity is not None
    assert backend.row_count(entity) == rows


def test_backend_is_called_what_it_is(backend: Backend, subject: Subject) -> None:
    assert backend.kind == subject.name


def test_explanation_names_what_is_read(backend: Backend) -> None:
    explained = backend.explain(plan_of(backend, "LOGIC", columns=("ROW",), limit=3))

    assert "LOGIC" in explained.text
    assert "3" in explained.text


def test_entities_of_all_spaces_are_those_of_each(backend: Backend) -> None:
    spaces = [space.name for space in backend.spaces()]

    each = [entity for space in spaces for entity in backend.entities(space)]

    assert list(backend.entities(None)) == each


@pytest.mark.parametrize("space", [SPACE, None])
def test_names_are_those_of_the_entities(backend: Backend, space: str | None) -> None:
    names = [entity.name for entity in backend.entities(space)]

    assert list(backend.entity_names(space)) == names


def test_entity_is_found_without_its_space(backend: Backend) -> None:
    assert list(backend.find("TYPES")) == [backend.entity(SPACE, "TYPES")]


@pytest.mark.parametrize("name", ["types", "", "no such", "TYPES "])
def test_unknown_name_is_found_nowhere(backend: Backend, name: str) -> None:
    assert list(backend.find(name)) == []
