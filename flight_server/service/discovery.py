"""Finds spaces and entities by name; says what is near where a name is unknown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flight_client.protocol.catalog import Entity, Space
from flight_client.protocol.errors import AmbiguousEntity, UnknownEntity, UnknownSpace
from flight_server.backends.base import Backend, ForeignKey, PrimaryKey, TableName
from flight_server.planning.names import nearest, suggestion

ADVICE: Final = "list what there is and take a name from there"


@dataclass(frozen=True, slots=True)
class Discovery:
    """The catalogue of a backend.

    Attributes:
        backend: As the principal meets it.
        writable: The spaces that may be written. They are listed also where a backend knows spaces
            by what is in them (HANA) and these are empty: the first table has to go somewhere.
    """

    backend: Backend
    writable: frozenset[str] = frozenset()

    def spaces(self) -> tuple[Space, ...]:
        """The spaces, ordered by name."""
        found = {space.name: space for space in self.backend.spaces()}
        empty = {name: Space(name) for name in self.writable if name not in found}
        return tuple(space for _, space in sorted({**found, **empty}.items()))

    def entities(self, space: str | None = None) -> tuple[Entity, ...]:
        """The entities of a space or of all spaces, ordered by space and name.

        Raises:
            UnknownSpace: There is no space of this name.
        """
        found = tuple(self.backend.entities(space))
        if not found and space is not None:
            self._require_space(space)
        return found

    def entity(self, name: str, space: str | None = None) -> Entity:
        """The entity of exactly this name.

        Raises:
            UnknownSpace: There is no space of this name.
            UnknownEntity: No entity has this name; the nearest names are in the message.
            AmbiguousEntity: No space is given and several hold an entity of this name.
            Error: It was not found, and a space where it may be cannot be asked.
        """
        found = self._found(name, space)
        if not found:
            self.backend.require_answers(space)
            raise self._unknown(name, space)
        if len(found) > 1:
            places = [entity.space for entity in found]
            raise AmbiguousEntity(
                f"{name!r} stands in the spaces {', '.join(places)}; say which one you mean.",
                entity=name,
                spaces=places,
            )
        return found[0]

    def names(self, space: str | None = None) -> tuple[str, ...]:
        """The names of entities of a space or of all, in order, each once; cheaper than they are.

        There are none where the space is unknown.
        """
        return tuple(self.backend.entity_names(space))

    def find(self, space: str | None, name: str | None) -> tuple[Entity, ...]:
        """The entities of exactly these names, by space and name; None stands for any.

        There are none where a name is unknown.

        Raises:
            Error: The space is given and cannot be asked.
        """
        if name is None:
            return tuple(self.backend.entities(space))
        if space is None:
            return tuple(self.backend.find(name))
        found = self.backend.entity(space, name)
        return () if found is None else (found,)

    def primary_keys(self, of: TableName) -> tuple[PrimaryKey, ...]:
        """The primary keys of tables, by space; none where a name is unknown."""
        return tuple(self.backend.primary_keys(of))

    def foreign_keys(self, of: TableName | None, to: TableName | None) -> tuple[ForeignKey, ...]:
        """The foreign keys of some tables that refer to some tables; None stands for any."""
        return tuple(self.backend.foreign_keys(of, to))

    def _found(self, name: str, space: str | None) -> Sequence[Entity]:
        if space is None:
            return self.backend.find(name)
        entity = self.backend.entity(space, name)
        if entity is None:  # asked last, because a backend may keep the list of its spaces
            self._require_space(space)
            return ()
        return (entity,)

    def _require_space(self, space: str) -> None:
        known = [found.name for found in self.spaces()]
        if space not in known:
            near = nearest(space, known)
            raise UnknownSpace(
                f"There is no space {space!r}{suggestion(near, ADVICE)}", space=space, nearest=near
            )

    def _unknown(self, name: str, space: str | None) -> UnknownEntity:
        near = nearest(name, self.backend.entity_names(space))
        where = f" in space {space!r}" if space else ""
        return UnknownEntity(
            f"There is no entity {name!r}{where}{suggestion(near, ADVICE)}",
            entity=name,
            nearest=near,
        )
