"""Who is read with: principals and spaces as database users, secrets where they are kept."""

from pathlib import Path
from typing import Any

import pytest

from flight_client.protocol.errors import AccessDenied, Unavailable
from flight_server.backends.hana.users import Grant, Users
from flight_server.config import HanaSection

SALES: dict[str, Any] = {"user": "SALES#FLIGHT", "password": "of-sales"}
FINANCE: dict[str, Any] = {"user": "FINANCE#FLIGHT", "password": "of-finance"}
TECHNICAL: dict[str, Any] = {"user": "ALL#FLIGHT", "password": "of-all"}


def section(**keys: Any) -> HanaSection:
    return HanaSection.model_validate({"address": "hana.example", **keys})


def grants(principal: str | None = None, **keys: Any) -> tuple[Grant, ...]:
    return Users(section(**keys)).grants(principal)


def test_technical_user_serves_everybody_and_every_space() -> None:
    (grant,) = grants("alice", **TECHNICAL)
    assert grant.user.label == "ALL#FLIGHT"
    assert grant.serves("SALES")


def test_user_connects_with_its_password_and_the_options_of_all() -> None:
    (grant,) = grants(**TECHNICAL)
    assert grant.user.options["user"] == "ALL#FLIGHT"
    assert grant.user.options["password"] == "of-all"
    assert grant.user.options["address"] == "hana.example"


def test_password_shows_nowhere() -> None:
    assert "of-all" not in repr(grants(**TECHNICAL))


def test_user_of_a_space_serves_it_and_its_own_schema_only() -> None:
    (grant,) = grants(spaces={"SALES": SALES})
    assert [grant.serves(at) for at in ("SALES", "SALES#FLIGHT", "FINANCE")] == [True, True, False]


def test_technical_user_serves_the_spaces_without_a_user_of_their_own() -> None:
    own, rest = grants(spaces={"SALES": SALES}, **TECHNICAL)
    assert (own.user.label, rest.user.label) == ("SALES#FLIGHT", "ALL#FLIGHT")
    assert [rest.serves(at) for at in ("SALES", "SALES#FLIGHT", "FINANCE")] == [False, False, True]


def test_principal_with_a_user_reads_with_it_alone() -> None:
    (grant,) = grants("alice", principals={"alice": SALES}, spaces={"F": FINANCE}, **TECHNICAL)
    assert grant.user.label == "SALES#FLIGHT"
    assert grant.serves("F")


def test_principal_without_a_user_has_no_access() -> None:
    with pytest.raises(AccessDenied, match="'bob' has no user in HANA"):
        grants("bob", principals={"alice": SALES})


def test_principal_without_a_user_reads_with_the_technical_one() -> None:
    (grant,) = grants("bob", principals={"alice": SALES}, **TECHNICAL)
    assert grant.user.label == "ALL#FLIGHT"


def test_allow_list_of_schemas_limits_every_user() -> None:
    found = grants(
        schemas=["SALES", "HR"], spaces={"SALES": SALES, "FINANCE": FINANCE}, **TECHNICAL
    )
    served = [
        [space for space in ("SALES", "SALES#FLIGHT", "FINANCE", "HR", "IT") if grant.serves(space)]
        for grant in found
    ]
    assert served == [["SALES"], [], ["HR"]]


def test_secret_is_read_from_its_file_at_each_use(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("first\n")
    users = Users(section(user="A", password_file=str(path)))
    before = users.grants(None)[0].user.options["password"]
    path.write_text("second\n")
    assert (before, users.grants(None)[0].user.options["password"]) == ("first", "second")


def test_secret_is_read_from_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALES_PASSWORD", "whispered")
    (grant,) = grants(user="A", password_variable="SALES_PASSWORD")
    assert grant.user.options["password"] == "whispered"


def test_token_is_handed_over_without_a_user() -> None:
    (grant,) = grants(token="eyJ")
    assert grant.user.options["authenticationMethods"] == "jwt"
    assert grant.user.options["password"] == "eyJ"
    assert "user" not in grant.user.options


def test_tokens_of_two_tables_are_two_users() -> None:
    users = Users(section(principals={"a": {"token": "x"}, "b": {"token": "y"}}))
    assert users.grants("a")[0].user != users.grants("b")[0].user


def test_secret_that_cannot_be_read_fails_its_use_and_no_other(tmp_path: Path) -> None:
    bad = {"user": "A", "password_file": str(tmp_path / "none")}
    first, second = grants(spaces={"A": bad, "SALES": SALES})
    assert second.user.label == "SALES#FLIGHT"
    with pytest.raises(Unavailable, match=r"cannot read the secret of hana\.spaces\.A"):
        _ = first.user


def test_caller_is_not_told_where_a_secret_is_kept(tmp_path: Path) -> None:
    (grant,) = grants(user="A", password_file=str(tmp_path / "none"))
    with pytest.raises(Unavailable) as raised:
        _ = grant.user
    assert str(tmp_path) not in raised.value.message
    assert str(tmp_path / "none") in str(raised.value.__cause__)


def test_every_secret_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    users = Users(
        section(
            user="A",
            password_variable="NO_SUCH_VARIABLE",
            spaces={"S": {"user": "B", "password_file": str(tmp_path / "empty")}},
            principals={"p": SALES},
        )
    )
    technical, space = users.problems()  # for the check, which names the places
    assert "hana.password_variable: the environment variable NO_SUCH_VARIABLE is empty" in technical
    assert space.startswith("hana.spaces.S.password_file: the file ")


def test_everyone_is_every_user_by_its_place() -> None:
    users = Users(section(spaces={"SALES": SALES}, principals={"bob": FINANCE}, **TECHNICAL))
    assert {where: user.label for where, user in users.everyone().items()} == {
        "": "ALL#FLIGHT",
        "spaces.SALES": "SALES#FLIGHT",
        "principals.bob": "FINANCE#FLIGHT",
    }
