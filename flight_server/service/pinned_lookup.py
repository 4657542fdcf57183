"""The catalogue as a transaction sees it that has created or dropped tables; reads no data."""

from flight_server.service.pinned import Pinned
from flight_server.sql.lookup import TableLookup


def lookup_of(catalogue: TableLookup, pinned: Pinned | None) -> TableLookup:
    """What a statement may name: the catalogue's entities, but its own tables as it left them."""
    if pinned is None or not pinned.defined:
        return catalogue
    return PinnedLookup(catalogue, pinned)


class PinnedLookup:
    """A ``TableLookup`` for one statement."""

    def __init__(self, catalogue: TableLookup, pinned: Pinned) -> None:
        self._catalogue = catalogue
        self._pinned = pinned
        self._own: dict[tuple[str, str], tuple[str, ...] | None] = {}

    def spaces(self) -> tuple[str, ...]:
        """Names of the spaces."""
        return self._catalogue.spaces()

    def entities(self, space: str) -> tuple[str, ...]:
        """Names of a space's entities."""
        names = set(self._catalogue.entities(space))
        for at, name in self._pinned.defined:
            if at == space:
                (names.discard if self._columns(at, name) is None else names.add)(name)
        return tuple(sorted(names))

    def columns(self, space: str, entity: str) -> tuple[str, ...] | None:
        """Names of an entity's columns; None if there is no such entity."""
        if (space, entity) in self._pinned.defined:
            return self._columns(space, entity)
        return self._catalogue.columns(space, entity)

    def _columns(self, space: str, name: str) -> tuple[str, ...] | None:
        if (space, name) not in self._own:
            found = self._pinned.write.table(space, name)
            columns = None if found is None else tuple(column.name for column in found.columns)
            self._own[space, name] = columns
        return self._own[space, name]
