"""The tables of every space, each whole: a change puts another in its place; knows no row."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import pyarrow as pa

from flight_client.protocol.catalog import Entity

Place: TypeAlias = tuple[str, str]
"""Names of a space and of a table in it."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A table as it is at one moment; ``rows`` has the types that ``entity`` declares."""

    entity: Entity
    rows: pa.Table


class Tables:
    """Which table is where. Thread-safe; who has read a table keeps what it read."""

    def __init__(self, spaces: Mapping[str, Mapping[str, Stored]]) -> None:
        """Of tables by the name of their space and their own; the spaces stay as they are."""
        self.spaces = tuple(sorted(spaces))
        self._lock = threading.Lock()
        self._stored: Mapping[Place, Stored] = {
            (space, name): stored for space, held in spaces.items() for name, stored in held.items()
        }

    def all(self) -> Mapping[Place, Stored]:
        """Every table there is, at this moment."""
        return self._stored

    def get(self, place: Place) -> Stored | None:
        """The table that is there now."""
        return self._stored.get(place)

    def exchange(
        self, before: Mapping[Place, Stored | None], after: Mapping[Place, Stored | None]
    ) -> Place | None:
        """Put every table of ``after`` in its place, all at once; None there takes one away.

        Returns:
            None; or the first place where there is something else than ``before`` says, and then
            nothing was done.
        """
        with self._lock:
            for place in after:
                if self._stored.get(place) is not before[place]:
                    return place
            stored = {**self._stored, **after}
            self._stored = {place: held for place, held in stored.items() if held is not None}
        return None
