"""Exact names, and the nearest ones where a name is not there."""

import difflib
from collections.abc import Iterable
from typing import Final

from flight_client.protocol.catalog import Column, Entity
from flight_client.protocol.errors import UnknownColumn

COMPARED: Final = 5_000
"""Most names that are compared with a wrong one; more would cost seconds."""


def nearest(name: str, known: Iterable[str]) -> list[str]:
    """Up to three known names that are close to this one, those that differ in case only first."""
    wanted = name.casefold()
    folded: dict[str, list[str]] = {}
    for candidate in sorted(known)[:COMPARED]:
        folded.setdefault(candidate.casefold(), []).append(candidate)
    close = difflib.get_close_matches(wanted, folded, n=3, cutoff=0.6)
    return [candidate for key in close for candidate in folded[key]][:3]


def suggestion(close: list[str], otherwise: str) -> str:
    """The end of a sentence about an unknown name: these names, or other advice for none."""
    if not close:
        return f"; {otherwise}."
    return f"; did you mean {' or '.join(repr(name) for name in close)}?"


def find_column(entity: Entity, name: str) -> Column:
    """The column of exactly this name.

    Raises:
        UnknownColumn: With the nearest names.
    """
    found = entity.column(name)
    if found is None:
        close = nearest(name, (column.name for column in entity.columns))
        hint = suggestion(close, "describe the entity to see its columns")
        raise UnknownColumn(
            f"{entity.space}.{entity.name} has no column {name!r}{hint}",
            column=name,
            nearest=close,
        )
    return found
