"""What the gate asks about the catalogue, and how it words that a name is not there."""

from typing import Final, Protocol

_MESSAGE_CHARACTERS: Final = 60


class TableLookup(Protocol):
    """What the caller may read. Names are exact; spaces and entities are those of the catalogue."""

    def spaces(self) -> tuple[str, ...]:
        """Spaces that the caller may see."""
        ...

    def entities(self, space: str) -> tuple[str, ...]:
        """Entities of a space that the caller may read."""
        ...

    def columns(self, space: str, entity: str) -> tuple[str, ...] | None:
        """Columns in order; None if there is no such entity, or none that the caller may read."""
        ...


def clipped(name: str) -> str:
    """A name as it fits into a sentence."""
    return name if len(name) <= _MESSAGE_CHARACTERS else f"{name[: _MESSAGE_CHARACTERS - 3]}..."


def suggestion(names: list[str]) -> str:
    """The end of a sentence about an unknown name."""
    return f"; did you mean '{clipped(names[0])}'?" if names else "; check the name."
