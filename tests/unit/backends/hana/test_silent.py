"""One user who cannot be asked among several: what the others still give, and what is said."""

import logging
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from flight_client.protocol.catalog import Column, HanaType
from flight_client.protocol.errors import (
    Cancelled,
    Error,
    Unauthenticated,
    Unavailable,
    UnknownEntity,
    UnknownSpace,
)
from flight_client.protocol.tickets import ReadTicket, SqlTicket, Ticket
from flight_server.backends.hana.backend import HanaBackend
from flight_server.backends.hana.entities import Delivery
from flight_server.backends.hana.shared import Reading, Shared
from flight_server.backends.hana.users import Users
from flight_server.config import HanaSection
from flight_server.planning.read import Limits
from flight_server.service.discovery import Discovery
from flight_server.service.reads import Reads
from tests.support.hana_catalogue import ScriptedPool, column, relation

REFUSED = Unauthenticated("The database refuses the user or password.", hana_code=10)
ROWS = {
    f"{space}#U": [
        row
        for name in ("BOTH", f"ONLY_{space}")
        for row in (
            relation("view", name, space=space),
            column(name, "ID", 1, "BIGINT", space=space),
        )
    ]
    for space in ("A", "B")
}


def made(pool: ScriptedPool, **changes: Any) -> HanaBackend:
    """A backend with a user for each of the spaces A and B; ``changes`` are those of A's."""
    spaces = {space: {"user": f"{space}#U", "password": "p"} for space in ("A", "B")}
    if changes:
        spaces["A"] = {"user": "A#U", **changes}
    section = HanaSection.model_validate({"address": "h", "spaces": spaces})
    # nothing is kept, so that each call asks
    return HanaBackend(
        Shared(
            pool, Users(section), Reading(delivery=Delivery(), lob_bytes=1024, catalog_ttl_s=0.0)
        )
    )


def pool_without_a(error: Error = REFUSED) -> ScriptedPool:
    return ScriptedPool(dict(ROWS), failing={"A#U": error})


def reads(of: HanaBackend) -> Reads:
    return Reads(of, Discovery(of), Limits())


@pytest.fixture(params=["refused", "no secret"])
def of(request: pytest.FixtureRequest, tmp_path: Path) -> HanaBackend:
    """A backend whose user of A cannot log on, in two ways."""
    if request.param == "refused":
        return made(pool_without_a())
    return made(ScriptedPool(dict(ROWS)), password_file=str(tmp_path / "none"))


def test_lists_leave_out_the_spaces_of_a_user_who_cannot_log_on(of: HanaBackend) -> None:
    assert [space.name for space in of.spaces()] == ["B"]
    assert [entity.name for entity in of.entities(None)] == ["BOTH", "ONLY_B"]
    assert of.entity_names(None) == ["BOTH", "ONLY_B"]
    assert [entity.space for entity in of.find("BOTH")] == ["B"]


@pytest.mark.parametrize(
    "ticket",
    [
        ReadTicket(entity="BOTH"),
        ReadTicket(entity="ONLY_B", space="B"),
        ReadTicket(entity="ONLY_B"),
    ],
)
def test_other_spaces_are_read(of: HanaBackend, ticket: ReadTicket) -> None:
    (endpoint,) = reads(of).info(ticket).tickets
    assert isinstance(endpoint, ReadTicket)
    assert endpoint.space == "B"


@pytest.mark.parametrize(
    "ticket",
    [
        ReadTicket(entity="ONLY_A", space="A"),
        SqlTicket(sql="SELECT ID FROM A.ONLY_A"),
        SqlTicket(sql="SELECT ID FROM ONLY_A", space="A"),
    ],
)
def test_read_in_the_space_itself_fails_with_its_own_reason(
    of: HanaBackend, ticket: Ticket
) -> None:
    words = r"refuses|the secret of hana\.spaces\.A"
    with pytest.raises((Unauthenticated, Unavailable), match=words):
        reads(of).info(ticket)


@pytest.mark.parametrize(
    "ticket", [ReadTicket(entity="ONLY_A"), SqlTicket(sql="SELECT ID FROM ONLY_A")]
)
def test_name_that_is_found_nowhere_else_names_the_space_that_does_not_answer(
    of: HanaBackend, ticket: Ticket
) -> None:
    with pytest.raises((Unauthenticated, Unavailable), match=r"cannot be asked \(A, A#U\)"):
        reads(of).info(ticket)


@pytest.mark.parametrize(
    ("ticket", "error"),
    [
        (ReadTicket(entity="NONE", space="B"), UnknownEntity),
        (SqlTicket(sql="SELECT ID FROM B.NONE"), UnknownEntity),
        (ReadTicket(entity="NONE", space="C"), UnknownSpace),
        (SqlTicket(sql="SELECT ID FROM C.NONE"), UnknownSpace),
    ],
)
def test_name_that_a_space_does_not_have_is_unknown_there(
    of: HanaBackend, ticket: Ticket, error: type[Error]
) -> None:
    with pytest.raises(error):
        reads(of).info(ticket)


def test_listing_of_the_space_itself_fails(of: HanaBackend) -> None:
    for call in (of.entities, of.entity_names):
        with pytest.raises((Unauthenticated, Unavailable)):
            call("A")


def test_query_of_no_space_is_sent_as_a_user_who_answers() -> None:
    pool = pool_without_a()
    pool.described = (Column("N", HanaType("INTEGER")),)
    with closing(reads(made(pool)).open(SqlTicket(sql="SELECT 1 AS N FROM DUMMY")).stream):
        assert [label for label, *_ in pool.opened] == ["B#U"]


def test_log_says_it_once_until_the_user_answers(caplog: pytest.LogCaptureFixture) -> None:
    pool = pool_without_a()
    of = made(pool)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            of.spaces()
            of.find("BOTH")
        first = list(caplog.messages)
        pool.failing.clear()
        assert [space.name for space in of.spaces()] == ["A", "B"]
        pool.failing["A#U"] = REFUSED
        of.spaces()
    assert len(first) == 1
    assert first[0].startswith("A#U cannot be asked, and listings leave out")
    assert caplog.messages == first * 2


def test_log_names_the_file_of_a_secret_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "secret"
    of = made(ScriptedPool(dict(ROWS)), password_file=str(path))
    with caplog.at_level(logging.WARNING):
        of.spaces()
        for _ in range(2):
            with pytest.raises(Unavailable) as raised:
                of.entity("A", "ONLY_A")
    (message,) = caplog.messages
    assert str(path) in message
    assert str(path) not in raised.value.message


def test_secret_that_is_there_again_is_read(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    of = made(ScriptedPool(dict(ROWS)), password_file=str(path))
    assert [space.name for space in of.spaces()] == ["B"]
    path.write_text("p")
    assert [space.name for space in of.spaces()] == ["A", "B"]


def test_name_is_unknown_again_once_all_answer(of: HanaBackend) -> None:
    of.spaces()
    of._shared.silent.answered("A#U")
    of.require_answers(None)


def test_everybody_silent_is_an_error_and_no_empty_list() -> None:
    pool = pool_without_a()
    pool.failing["B#U"] = Unavailable("The database cannot be reached just now.")
    of = made(pool)
    for call in (of.spaces, lambda: of.entities(None), lambda: of.find("BOTH")):
        with pytest.raises(Unauthenticated, match="refuses"):
            call()


def test_listing_that_was_cancelled_leaves_nothing_out() -> None:
    with pytest.raises(Cancelled):
        made(pool_without_a(Cancelled("The read was cancelled."))).spaces()
