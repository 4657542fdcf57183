"""Names as FedML's users write them: which spellings are tried, and that nothing else is one."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_client.discovery import Description
from flight_client.fedml.names import find, quoted, spellings
from flight_client.protocol.catalog import Column, Entity, HanaType
from flight_client.protocol.errors import InvalidRequest, UnknownEntity, UnknownSpace

COLUMNS = (Column("ID", HanaType("INTEGER")),)


def entity(space: str, name: str) -> Entity:
    return Entity(space=space, name=name, kind="table", columns=COLUMNS)


@dataclass
class CatalogueDouble:
    """Knows some names by space; answers as a server does."""

    known: set[tuple[str, str]]
    asked: list[tuple[str | None, str]] = field(default_factory=list)

    def describe(self, entity_name: str, space: str | None = None) -> Description:
        self.asked.append((space, entity_name))
        spaces = {known for known, _ in self.known}
        if space is not None and space not in spaces:
            raise UnknownSpace(f"There is no space {space!r}.")
        for each in sorted(self.known):
            if each[1] == entity_name and space in (None, each[0]):
                return Description(entity(*each))
        raise UnknownEntity(f"There is no {entity_name!r} in {space!r}.")


CATALOGUE = {
    ("SALES", "ORDERS"),
    ("SALES", "orders"),
    ("SALES", "Monthly Sales"),
    ("SALES", "A.B"),
    ("SALES#FLIGHT", "PREDICTIONS"),
    ("SALES#FLIGHT", "ORDERS"),
}
PLACES = ("SALES", "SALES#FLIGHT")


def found(text: object, places: tuple[str | None, ...] = PLACES) -> tuple[str, str]:
    made = find(CatalogueDouble(CATALOGUE), text, places)
    return made.space, made.name


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("ORDERS", ("SALES", "ORDERS")),
        ("orders", ("SALES", "orders")),
        ("Orders", ("SALES", "ORDERS")),
        ('"orders"', ("SALES", "orders")),
        ("predictions", ("SALES#FLIGHT", "PREDICTIONS")),
        ("SALES.ORDERS", ("SALES", "ORDERS")),
        ("sales.Orders", ("SALES", "ORDERS")),
        ('"SALES#FLIGHT"."ORDERS"', ("SALES#FLIGHT", "ORDERS")),
        ("SALES#FLIGHT.ORDERS", ("SALES#FLIGHT", "ORDERS")),
        (" ORDERS\n", ("SALES", "ORDERS")),
        ("Monthly Sales", ("SALES", "Monthly Sales")),
        ('"Monthly Sales"', ("SALES", "Monthly Sales")),
        ("A.B", ("SALES", "A.B")),
    ],
)
def test_name_is_found_as_it_was_meant(text: str, place: tuple[str, str]) -> None:
    assert found(text) == place


def test_first_place_wins() -> None:
    assert found("ORDERS", ("SALES#FLIGHT", "SALES")) == ("SALES#FLIGHT", "ORDERS")


def test_name_in_quotes_is_not_folded() -> None:
    with pytest.raises(UnknownEntity):
        found('"Orders"')


def test_schema_that_is_not_there_yet_is_passed_over() -> None:
    assert found("ORDERS", ("LAB", "SALES")) == ("SALES", "ORDERS")


def test_exact_name_takes_one_question() -> None:
    catalogue = CatalogueDouble(CATALOGUE)
    find(catalogue, "ORDERS", PLACES)
    assert catalogue.asked == [("SALES", "ORDERS")]


def test_error_about_an_unknown_name_is_the_servers() -> None:
    with pytest.raises(UnknownEntity, match="There is no 'NOPE' in 'SALES'"):
        found("NOPE")


@pytest.mark.parametrize(
    "text",
    [
        'ORDERS" UNION SELECT * FROM "SECRET',
        "ORDERS; DROP TABLE ORDERS",
        "ORDERS WHERE 1=1",
        "ORDERS --",
        "A.B.C",
        '"ORDERS',
        "(SELECT 1 FROM DUMMY)",
    ],
)
def test_text_that_is_more_than_a_name_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="is the name of no table or view; write NAME"):
        found(text)


@pytest.mark.parametrize("text", ["", "  ", None, 5, b"ORDERS"])
def test_what_is_no_text_is_refused(text: object) -> None:
    with pytest.raises(InvalidRequest, match="named by a text"):
        found(text)


@given(st.text(min_size=1).filter(str.strip))
def test_every_text_is_looked_for_as_an_exact_name(text: str) -> None:
    assert (None, text) in list(spellings(text))


@given(
    st.text(min_size=1).filter(lambda name: name.strip()),
    st.text(min_size=1).filter(lambda name: name.strip()),
)
def test_what_is_quoted_names_the_same_again(space: str, name: str) -> None:
    assert next(iter(spellings(quoted(entity(space, name))))) == (space, name)
