"""Names found, names unknown, names that stand twice."""

from dataclasses import replace

import pytest

from flight_client.protocol.errors import AmbiguousEntity, UnknownEntity, UnknownSpace
from flight_server.service.discovery import Discovery
from tests.support.scripted import NUMBERS, ScriptedBackend

ORDERS = replace(NUMBERS, space="SALES", name="SALES_ORDERS")
ITEMS = replace(NUMBERS, space="SALES", name="SALES_ITEMS")
OTHER = replace(NUMBERS, space="FINANCE", name="SALES_ITEMS")


@pytest.fixture
def discovery() -> Discovery:
    return Discovery(ScriptedBackend(found=(OTHER, ITEMS, ORDERS)))


def test_spaces_are_those_of_the_backend(discovery: Discovery) -> None:
    assert [space.name for space in discovery.spaces()] == ["FINANCE", "SALES"]


def test_entities_of_all_spaces_come_in_order_of_spaces(discovery: Discovery) -> None:
    assert discovery.entities() == (OTHER, ITEMS, ORDERS)


def test_entities_of_a_space_are_its_own(discovery: Discovery) -> None:
    assert discovery.entities("SALES") == (ITEMS, ORDERS)


def test_entities_of_an_unknown_space_offer_the_nearest(discovery: Discovery) -> None:
    with pytest.raises(UnknownSpace, match="did you mean 'SALES'") as caught:
        discovery.entities("SALE")
    assert caught.value.details["nearest"] == ["SALES"]


def test_unique_name_needs_no_space(discovery: Discovery) -> None:
    assert discovery.entity("SALES_ORDERS") is ORDERS


def test_name_in_two_spaces_is_ambiguous(discovery: Discovery) -> None:
    with pytest.raises(AmbiguousEntity, match="FINANCE, SALES"):
        discovery.entity("SALES_ITEMS")


def test_space_decides_between_two(discovery: Discovery) -> None:
    assert discovery.entity("SALES_ITEMS", "FINANCE") is OTHER


def test_unknown_entity_offers_the_nearest(discovery: Discovery) -> None:
    with pytest.raises(UnknownEntity, match="did you mean 'SALES_ORDERS'") as caught:
        discovery.entity("SALES_ORDER", "SALES")
    assert caught.value.details["entity"] == "SALES_ORDER"


def test_case_is_part_of_the_name(discovery: Discovery) -> None:
    with pytest.raises(UnknownEntity, match="did you mean 'SALES_ORDERS'"):
        discovery.entity("sales_orders")


def test_nothing_near_says_what_to_do(discovery: Discovery) -> None:
    with pytest.raises(UnknownEntity, match="list what there is"):
        discovery.entity("ZZZZ")


def test_space_that_may_be_written_is_listed_though_it_is_empty() -> None:
    found = Discovery(ScriptedBackend(found=(ITEMS,)), frozenset({"LAB", ITEMS.space}))
    assert [space.name for space in found.spaces()] == sorted({"LAB", ITEMS.space})
    assert found.entities("LAB") == ()


@pytest.mark.parametrize(
    ("space", "name", "names"),
    [
        (None, None, [ITEMS.name, ORDERS.name]),
        (ITEMS.space, ITEMS.name, [ITEMS.name]),
        (None, ITEMS.name, [ITEMS.name]),
        ("NOWHERE", None, []),
        ("NOWHERE", ITEMS.name, []),
        (None, "NOTHING", []),
    ],
)
def test_finding_an_unknown_name_is_no_error(
    space: str | None, name: str | None, names: list[str]
) -> None:
    found = Discovery(ScriptedBackend(found=(ORDERS, ITEMS))).find(space, name)
    assert sorted(entity.name for entity in found) == sorted(names)


def test_names_are_listed_once() -> None:
    assert Discovery(ScriptedBackend(found=(ITEMS, ITEMS))).names() == (ITEMS.name,)
