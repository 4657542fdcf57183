"""Finds what patterns and names stand for, asking the catalogue for as little as it can."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from flight_client.protocol.catalog import Entity
from flight_server.service.discovery import Discovery
from flight_server.wire.flightsql.metadata.patterns import ALL, Pattern

ONE_BY_ONE: Final = 8
"""So many entities at most are asked for by name; for more, all of their space are, at once.

Most clients send a name as the pattern it is not, with its underscores: SALES_ORDERS. The columns
of one entity cost HANA little, those of a whole schema seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a command narrows its answer to.

    Attributes:
        catalog: The exact name of a catalogue; None for any. There is none here, so that only ""
            (things without a catalogue) and None find something.
        space: Names of spaces.
        table: Names of entities.
    """

    catalog: str | None = None
    space: Pattern = ALL
    table: Pattern = ALL

    @property
    def has_catalog(self) -> bool:
        """Whether a catalogue is named, in which nothing is."""
        return bool(self.catalog)


def spaces(discovery: Discovery, wanted: Wanted) -> list[str]:
    """The names of spaces, in order."""
    if wanted.has_catalog:
        return []
    return [each.name for each in discovery.spaces() if wanted.space.matches(each.name)]


def entities(discovery: Discovery, wanted: Wanted) -> list[Entity]:
    """The entities with their columns, by space and name."""
    if wanted.has_catalog:
        return []
    found = [
        entity
        for entity in _candidates(discovery, wanted)
        if wanted.space.matches(entity.space) and wanted.table.matches(entity.name)
    ]
    return sorted(found, key=lambda entity: (entity.space, entity.name))


def _candidates(discovery: Discovery, wanted: Wanted) -> Iterable[Entity]:
    space, name = wanted.space.literal, wanted.table.literal
    if "" in (space, name):  # nothing has the empty name
        return ()
    if name is not None or wanted.table.takes_all:
        return discovery.find(space, name)
    names = [each for each in discovery.names(space) if wanted.table.matches(each)]
    if len(names) > ONE_BY_ONE:
        return discovery.find(space, None)
    return [entity for each in names for entity in discovery.find(space, each)]
