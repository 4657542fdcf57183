"""Search patterns against a matcher that tries everything."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_server.wire.flightsql.metadata.patterns import ALL, Pattern

patterns = st.text("ab%_\\", max_size=8)
names = st.text("ab%_\\", max_size=8)


def naive(pattern: str, name: str) -> bool:
    if not pattern:
        return not name
    head, rest = pattern[0], pattern[1:]
    if head == "\\" and rest[:1] in {"%", "_", "\\"}:
        return name[:1] == rest[0] and naive(rest[1:], name[1:])
    if head == "%":
        return any(naive(rest, name[at:]) for at in range(len(name) + 1))
    if head == "_":
        return bool(name) and naive(rest, name[1:])
    return name[:1] == head and naive(rest, name[1:])


@given(patterns, names)
def test_pattern_fits_what_trying_everything_fits(pattern: str, name: str) -> None:
    assert Pattern.parse(pattern).matches(name) == naive(pattern, name)


@given(patterns, st.lists(names, max_size=4))
def test_literal_is_the_only_name_that_fits(pattern: str, others: list[str]) -> None:
    parsed = Pattern.parse(pattern)
    if parsed.literal is not None:
        assert parsed.matches(parsed.literal)
        assert [name for name in others if parsed.matches(name)] == [
            name for name in others if name == parsed.literal
        ]


@given(patterns, names)
def test_pattern_that_takes_all_takes_it(pattern: str, name: str) -> None:
    parsed = Pattern.parse(pattern)
    assert not parsed.takes_all or parsed.matches(name)


@pytest.mark.parametrize(
    ("pattern", "literal"),
    [
        ("ORDERS", "ORDERS"),
        (r"SALES\_ORDERS", "SALES_ORDERS"),
        (r"50\%", "50%"),
        (r"C:\\DIR", r"C:\DIR"),
        (r"C:\DIR", r"C:\DIR"),  # a backslash before anything else is one
        ("END\\", "END\\"),
        ("", ""),
        ("SALES_ORDERS", None),
        ("%", None),
    ],
)
def test_pattern_without_wildcards_is_a_name(pattern: str, literal: str | None) -> None:
    assert Pattern.parse(pattern).literal == literal


@pytest.mark.parametrize("pattern", ["%", "%%", "%" * 5000])
def test_percent_alone_takes_all(pattern: str) -> None:
    assert Pattern.parse(pattern) == ALL
    assert ALL.takes_all


def test_letters_of_another_case_are_other_letters() -> None:
    assert not Pattern.parse("orders%").matches("ORDERS")


def test_underscore_stands_for_one_character_beyond_the_basic_plane() -> None:
    assert Pattern.parse("_").matches("\N{GRINNING FACE}")


@pytest.mark.parametrize(
    "pattern",
    ["%" * 20_000 + "B", "%A" * 20_000, "%_" * 20_000, ("%" + "A" * 40) * 3 + "B", "_" * 40_000],
)
def test_hostile_pattern_is_answered_at_once(pattern: str) -> None:
    parsed = Pattern.parse(pattern)
    name = "A" * 127
    begin = time.process_time()
    for _ in range(200):
        parsed.matches(name)
    assert time.process_time() - begin < 1
