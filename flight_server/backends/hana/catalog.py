"""What the users of HANA may read, kept for a while; does not know how HANA is asked.

A name that was found is good for the time to live; that a name is unknown is good for seconds only,
so that a view made a moment ago is found when it is asked for by name.
"""

import logging
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Final, TypeAlias, cast

import pyarrow as pa

from flight_client.protocol.catalog import Column, Entity
from flight_client.protocol.errors import InvalidRead
from flight_client.protocol.tickets import check_name
from flight_server.backends.hana.access import DatabaseUser
from flight_server.backends.hana.entities import Delivery, DetailRow, entities_of
from flight_server.backends.hana.kept import Kept
from flight_server.backends.hana.system_views import (
    DETAIL_COLUMNS,
    NAME_COLUMNS,
    Place,
    details_question,
    names_question,
)
from flight_server.sql.compose import name as sql_name
from flight_server.sql.statement import Statement

_log: Final = logging.getLogger(__name__)

UNKNOWN_S: Final = 3.0
"""How long it is believed that there is nothing of a name, in seconds."""

Ask: TypeAlias = Callable[[DatabaseUser, Statement, tuple[Column, ...]], pa.Table]
"""Runs a statement as a user and returns its rows in these columns."""

_Names: TypeAlias = Mapping[str, tuple[str, ...]]


class Catalogue:
    """The catalogue of each user. Methods are called from many threads at once."""

    def __init__(self, ask: Ask, *, ttl_s: float, delivery: Delivery) -> None:
        """``ttl_s`` is how long an answer is good, in seconds."""
        self._ask = ask
        self._ttl_s = ttl_s
        self._delivery = delivery
        self._names: Kept[_Names] = Kept()
        self._entities: Kept[tuple[Entity, ...]] = Kept()
        self._left_out: set[str] = set()

    def names(self, user: DatabaseUser) -> _Names:
        """The names of the entities by space, both in order; without columns."""
        return self._names.get(user.label, lambda: self._fetch_names(user))

    def entities(self, user: DatabaseUser, space: str | None) -> tuple[Entity, ...]:
        """The entities of a space or of all, by space and name."""
        place = Place(space)
        return self._entities.get(_key(user, place), lambda: self._fetch(user, place))

    def find(self, user: DatabaseUser, name: str) -> tuple[Entity, ...]:
        """The entities of exactly this name, ordered by space."""
        place = Place(entity=name)
        return self._entities.get(_key(user, place), lambda: self._fetch(user, place))

    def entity(self, user: DatabaseUser, space: str, name: str) -> Entity | None:
        """The entity of exactly these names."""
        place = Place(space, name)
        found = self._entities.get(_key(user, place), lambda: self._fetch(user, place))
        return next(iter(found), None)

    def forget(self, user: DatabaseUser, name: str) -> None:
        """Ask again for entities of this name: they are other than they were thought to be."""
        self._entities.forget_all(
            lambda key: isinstance(key, tuple) and _tells_of(cast("_Key", key), user, name)
        )

    def forget_everywhere(self, name: str) -> None:
        """The same for all users, and what names there are."""
        self._names.forget_all(lambda _: True)
        self._entities.forget_all(
            lambda key: isinstance(key, tuple) and cast("_Key", key)[1].entity in (None, name)
        )

    def _fetch_names(self, user: DatabaseUser) -> tuple[_Names, float]:
        rows = self._ask(user, names_question(Place()), NAME_COLUMNS).to_pylist()
        names: dict[str, list[str]] = {}
        for row in sorted(rows, key=lambda row: (row["SPACE"], row["ENTITY"])):
            if self._speakable(f"{row['SPACE']}.{row['ENTITY']}", (row["SPACE"], row["ENTITY"])):
                names.setdefault(row["SPACE"], []).append(row["ENTITY"])
        return {space: tuple(dict.fromkeys(found)) for space, found in names.items()}, self._ttl_s

    def _fetch(self, user: DatabaseUser, place: Place) -> tuple[tuple[Entity, ...], float]:
        table = self._ask(user, details_question(place), DETAIL_COLUMNS)
        rows = cast("list[DetailRow]", table.to_pylist())
        found = tuple(
            entity
            for entity in entities_of(rows, self._delivery)
            if self._speakable(f"{entity.space}.{entity.name}", _names_in(entity))
        )
        known = self._names.peek(user.label)
        if known is not None and _listed(known, place) != {(e.space, e.name) for e in found}:
            self._names.forget(user.label)
        for entity in found:
            at = Place(entity.space, entity.name)
            if at != place:
                self._entities.keep(_key(user, at), (entity,), self._ttl_s)
        return found, self._ttl_s if found else min(UNKNOWN_S, self._ttl_s)

    def _speakable(self, what: str, names: Iterable[str]) -> bool:
        """Whether tickets and SQL can hold these names; the log says once where they cannot."""
        try:
            for name in names:
                check_name(name, "HANA")
                sql_name(name)
        except InvalidRead as error:
            if what not in self._left_out:
                self._left_out.add(what)
                _log.warning("%.200r is left out of the catalogue: %s", what, error)
            return False
        return True


def _listed(known: _Names, place: Place) -> set[tuple[str, str]]:
    return {
        (space, name)
        for space, names in known.items()
        if place.space in (None, space)
        for name in names
        if place.entity in (None, name)
    }


_Key: TypeAlias = tuple[str, Place]


def _key(user: DatabaseUser, place: Place) -> Hashable:
    return (user.label, place)


def _tells_of(key: _Key, user: DatabaseUser, name: str) -> bool:
    label, place = key
    return label == user.label and place.entity in (None, name)


def _names_in(entity: Entity) -> Iterable[str]:
    yield entity.space
    yield entity.name
    yield from (column.name for column in entity.columns)
    yield from (parameter.name for parameter in entity.parameters)
