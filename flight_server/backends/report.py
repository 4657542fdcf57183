"""What a look at a database told, for whoever sets the server up; looks at nothing itself."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Report:
    """What ``flight-server check`` shows.

    Attributes:
        facts: For programs; JSON.
        sentences: For people: what there is, and what is missing that may be meant so.
        problems: What keeps the server from being used, a sentence each.
    """

    facts: Mapping[str, object]
    sentences: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def count_of_entities(space: str, count: int) -> str:
    """The sentence about a space."""
    return f"Space {space!r} has {count} {'entity' if count == 1 else 'entities'}."
