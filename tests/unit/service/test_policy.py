"""Who may change what, and where a table without a space goes."""

import pytest

from flight_client.protocol.errors import AccessDenied, InvalidRequest
from flight_server.service.policy import WritePolicy

ONE = WritePolicy(frozenset({"A"}))
TWO = WritePolicy(frozenset({"A", "B"}))


def test_nothing_may_be_changed_unless_it_is_said() -> None:
    assert not WritePolicy().is_on
    with pytest.raises(AccessDenied, match=r"sets writes\.enabled = true .* writes\.spaces"):
        WritePolicy().writable()


@pytest.mark.parametrize(
    ("policy", "asked", "default", "target"),
    [
        (ONE, "A", None, "A"),
        (ONE, "A", "B", "A"),
        (ONE, None, None, "A"),
        (ONE, None, "X", "A"),
        (TWO, None, "B", "B"),
        (TWO, "A", "B", "A"),
    ],
)
def test_target_is_the_one_named_or_the_only_one_meant(
    policy: WritePolicy, asked: str | None, default: str | None, target: str
) -> None:
    assert policy.target(asked, default) == target


def test_other_spaces_are_refused_with_those_that_are_writable() -> None:
    with pytest.raises(AccessDenied, match="'X' is not one to write to; writable are A, B"):
        TWO.target("X", "A")


@pytest.mark.parametrize("default", [None, "X"])
def test_table_without_a_space_needs_one_where_there_are_several(default: str | None) -> None:
    with pytest.raises(InvalidRequest, match="name one of A, B"):
        TWO.target(None, default)


def test_no_target_where_writing_is_off() -> None:
    with pytest.raises(AccessDenied, match="switched off"):
        WritePolicy().target("A", None)
