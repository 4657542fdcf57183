"""The catalogue of HANA: asked once, kept for a while, each user its own."""

import logging
from collections.abc import Sequence

import pytest

from flight_client.protocol.catalog import Entity
from flight_server.backends.hana import catalog
from flight_server.backends.hana.access import DatabaseUser
from flight_server.backends.hana.catalog import Catalogue
from flight_server.backends.hana.entities import Delivery, DetailRow
from flight_server.backends.hana.shared import Reading, Shared
from flight_server.backends.hana.users import Users
from flight_server.config import HanaSection
from tests.support.hana_catalogue import ScriptedPool, column, relation

ALICE = DatabaseUser("ALICE", {})
BOB = DatabaseUser("BOB", {})
SECTION = HanaSection.model_validate({"address": "h", "user": "ALICE", "password": "p"})


def table(name: str, space: str = "S") -> list[DetailRow]:
    return [
        relation("table", name, space=space),
        column(name, "A", 1, "INTEGER", space=space),
    ]


def landscape() -> ScriptedPool:
    rows = [*table("T2"), *table("T1"), *table("T1", "R")]
    return ScriptedPool({"ALICE": rows, "BOB": table("T9")})


def over(pool: ScriptedPool, ttl_s: float = 300.0) -> Catalogue:
    reading = Reading(delivery=Delivery(), lob_bytes=1024, catalog_ttl_s=ttl_s)
    return Shared(pool, Users(SECTION), reading).catalogue


def places(found: Sequence[Entity]) -> list[tuple[str, str]]:
    return [(entity.space, entity.name) for entity in found]


def test_names_stand_by_space() -> None:
    assert over(landscape()).names(ALICE) == {"R": ("T1",), "S": ("T1", "T2")}


def test_entities_of_all_spaces_stand_by_space_and_name() -> None:
    found = over(landscape()).entities(ALICE, None)
    assert places(found) == [("R", "T1"), ("S", "T1"), ("S", "T2")]


def test_entities_of_a_space_are_fetched_at_once_and_known_one_by_one() -> None:
    pool = landscape()
    found = over(pool)
    assert places(found.entities(ALICE, "S")) == [("S", "T1"), ("S", "T2")]
    assert found.entity(ALICE, "S", "T2") == found.entities(ALICE, "S")[1]
    assert len(pool.asked) == 1


def test_entity_alone_is_one_question() -> None:
    pool = landscape()
    entity = over(pool).entity(ALICE, "S", "T1")
    assert entity is not None
    assert len(pool.asked) == 1


def test_name_is_found_in_every_space() -> None:
    assert places(over(landscape()).find(ALICE, "T1")) == [("R", "T1"), ("S", "T1")]


def test_users_have_catalogues_of_their_own() -> None:
    found = over(landscape())
    assert places(found.entities(ALICE, "S")) == [("S", "T1"), ("S", "T2")]
    assert places(found.entities(BOB, "S")) == [("S", "T9")]
    assert found.entity(BOB, "S", "T1") is None


def test_answer_is_not_asked_for_twice() -> None:
    pool = landscape()
    found = over(pool)
    for _ in range(3):
        found.names(ALICE)
        found.find(ALICE, "T1")
        found.find(ALICE, "nothing")
    assert len(pool.asked) == 3


def test_time_to_live_of_zero_asks_every_time() -> None:
    pool = landscape()
    found = over(pool, ttl_s=0)
    found.names(ALICE)
    found.names(ALICE)
    assert len(pool.asked) == 2


def test_name_that_was_unknown_is_asked_for_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog, "UNKNOWN_S", 0.0)
    pool = landscape()
    found = over(pool)
    assert found.entity(ALICE, "S", "NEW") is None
    pool.rows["ALICE"] += table("NEW")
    assert found.entity(ALICE, "S", "NEW") is not None


def test_new_entity_that_was_found_stands_among_the_names() -> None:
    pool = landscape()
    found = over(pool)
    found.names(ALICE)
    pool.rows["ALICE"] += table("NEW", "N")
    assert found.find(ALICE, "NEW")
    assert found.names(ALICE)["N"] == ("NEW",)


def test_entity_that_is_gone_stands_no_more_among_the_names() -> None:
    pool = landscape()
    found = over(pool)
    found.names(ALICE)
    pool.rows["ALICE"] = table("T2")
    assert not found.find(ALICE, "T1")
    assert found.names(ALICE) == {"S": ("T2",)}


def test_known_entity_leaves_the_names_as_they_are() -> None:
    pool = landscape()
    found = over(pool)
    found.names(ALICE)
    found.entity(ALICE, "S", "T1")
    found.names(ALICE)
    assert len(pool.asked) == 2


def test_forgotten_entity_is_asked_for_again_however_it_was_found() -> None:
    pool = landscape()
    found = over(pool)
    found.entities(ALICE, "S")
    found.find(ALICE, "T1")
    pool.rows["ALICE"].append(column("T1", "B", 2, "DATE"))
    found.forget(ALICE, "T1")
    for entity in (
        found.entity(ALICE, "S", "T1"),
        found.find(ALICE, "T1")[1],
        found.entities(ALICE, "S")[0],
    ):
        assert entity is not None
        assert len(entity.columns) == 2


def test_forgetting_one_name_keeps_the_others() -> None:
    pool = landscape()
    found = over(pool)
    found.entity(ALICE, "S", "T2")
    found.entity(BOB, "S", "T9")
    found.forget(ALICE, "T9")
    found.entity(ALICE, "S", "T2")
    found.entity(BOB, "S", "T9")
    assert len(pool.asked) == 2


@pytest.mark.parametrize("name", ["bad\x00name", "x" * 128])
def test_name_that_no_ticket_can_hold_is_left_out_with_one_warning(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    pool = landscape()
    pool.rows["BOB"] += table(name)
    pool.rows["BOB"] += [column("T9", "B", 2, "DATE")]
    found = over(pool, ttl_s=0)
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert places(found.entities(BOB, None)) == [("S", "T9")]
            assert found.names(BOB) == {"S": ("T9",)}
    assert len(caplog.records) == 1
