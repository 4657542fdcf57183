"""Entities and descriptions as they are shown; no server needed."""

from datetime import date

import pytest

from flight_client.discovery import Description, Entities
from flight_client.protocol.catalog import Column, Entity, HanaType, Parameter
from flight_client.protocol.errors import AmbiguousEntity, UnknownEntity, UnsupportedType

T = Entity(space="S", name="T", kind="table", columns=(Column("A", HanaType("INTEGER")),))
V = Entity(
    space="S",
    name="V",
    kind="view",
    comment="Umsätze <EUR>\x1b[31m",
    columns=(
        Column("K", HanaType("NVARCHAR", 4), nullable=False, key=True, comment="Key"),
        Column("D", HanaType("DECIMAL", 15, 2)),
        Column("P", HanaType("ST_POINT")),
    ),
    parameters=(
        Parameter("P_DAY", HanaType("DATE"), mandatory=False, default=date(2024, 1, 31)),
        Parameter("P_CUR", HanaType("NVARCHAR", 3), comment="ISO"),
    ),
)


def test_entities_are_a_sequence_ordered_by_space_and_name() -> None:
    other = Entity(space="A", name="Z", kind="table", columns=())
    found = Entities([V, T, other])
    assert [entity.name for entity in found] == ["Z", "T", "V"]
    assert (len(found), found[0], found[1:]._entities, V in found) == (3, other, (T, V), True)


def test_entities_are_found_by_name() -> None:
    found = Entities([V, T])
    assert (found["T"], found["V"]) == (T, V)
    assert ("T" in found, "t" in found, T in found, 5 in found) == (True, False, True, False)


def test_name_that_is_none_of_the_entities_is_refused() -> None:
    with pytest.raises(UnknownEntity, match="'t' is none of these 2 tables and views"):
        Entities([V, T])["t"]


def test_name_that_stands_in_several_spaces_is_refused_with_them() -> None:
    with pytest.raises(AmbiguousEntity, match="spaces A, S"):
        Entities([T, Entity(space="A", name="T", kind="table", columns=())])["T"]


@pytest.mark.parametrize("found", [Entities([V, T]), Description(V)])
def test_text_fits_a_width(found: Entities | Description) -> None:
    lines = found.to_text(40).splitlines()
    assert max(len(line) for line in lines) <= 40 < max(map(len, repr(found).splitlines()))


def test_entities_are_shown_as_a_table() -> None:
    lines = repr(Entities([V, T])).splitlines()
    assert lines[0].split() == ["space", "name", "kind", "columns", "parameters", "comment"]
    assert lines[3].split()[:6] == ["S", "V", "view", "3", "P_DAY,", "P_CUR"]


def test_no_entities_are_said_to_be_none() -> None:
    assert repr(Entities([])) == "No tables or views."


def test_html_of_entities_is_escaped() -> None:
    shown = Entities([V])._repr_html_()
    assert "&lt;EUR&gt;" in shown
    assert "\x1b" not in shown


def test_description_shows_types_keys_and_parameters() -> None:
    shown = repr(Description(V))
    assert "view S.V: Umsätze <EUR>·[31m" in shown
    rows = [line.split() for line in shown.splitlines()]
    assert ["K", "NVARCHAR(4)", "string", "key", "no", "Key"] in rows
    assert ["D", "DECIMAL(15,2)", "decimal128(15,", "2)", "yes"] in rows
    assert ["P", "ST_POINT", "(cannot", "be", "read)", "yes"] in rows
    assert ["P_DAY", "DATE", "no", "2024-01-31"] in rows
    assert ["P_CUR", "NVARCHAR(3)", "yes", "ISO"] in rows


def test_description_without_parameters_has_no_table_of_them() -> None:
    assert "parameter" not in repr(Description(T))
    assert Description(T)._repr_html_().count("<table>") == 2


def test_html_of_a_description_is_escaped() -> None:
    shown = Description(V)._repr_html_()
    assert "<EUR>" not in shown
    assert shown.count("<table>") == 3


def test_description_has_the_facts_as_attributes() -> None:
    found = Description(T)
    assert (found.space, found.name, found.comment) == ("S", "T", "")
    assert (found.columns, found.parameters) == (T.columns, ())
    assert found.schema.names == ["A"]


def test_schema_of_a_column_that_cannot_be_read_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedType, match="'P'"):
        _ = Description(V).schema
