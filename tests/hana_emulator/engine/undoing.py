"""Takes back what one definition changed in the catalogue, and nothing that others changed."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from tests.hana_emulator.engine.catalogue import Catalogue, Grant, Relation, Schema


@dataclass(frozen=True, slots=True)
class Before:
    """The catalogue as it was: what it held, and how each relation was."""

    schemas: dict[str, Schema]
    held: dict[str, dict[str, Relation]]
    relations: list[tuple[Relation, Relation]]
    grants: dict[tuple[str, str, str, str], Grant]


def look(catalogue: Catalogue) -> Before:
    """How the catalogue is now."""
    return Before(
        schemas=dict(catalogue.schemas),
        held={name: dict(one.relations) for name, one in catalogue.schemas.items()},
        relations=[(one, copy.copy(one)) for one in catalogue.relations()],
        grants=dict(catalogue.grants),
    )


def taking_back(catalogue: Catalogue, before: Before) -> Callable[[], None]:
    """What undoes the changes since ``before``; both are looked at under the catalogue's lock."""
    steps: list[Callable[[], None]] = [
        _resetting(catalogue.schemas, before.schemas),
        _resetting(catalogue.grants, before.grants),
    ]
    steps += [
        _resetting(catalogue.schemas[name].relations, held)
        for name, held in before.held.items()
        if name in catalogue.schemas
    ]
    steps += [_refilling(one, was) for one, was in before.relations]

    def take_back() -> None:
        with catalogue.lock:
            for step in steps:
                step()
            catalogue.touched()

    return take_back


def _resetting(now: dict[Any, Any], before: Mapping[Any, Any]) -> Callable[[], None]:
    added = [key for key in now if key not in before]
    others = {key: value for key, value in before.items() if now.get(key) is not value}

    def reset() -> None:
        for key in added:
            now.pop(key, None)
        now.update(others)

    return reset


def _refilling(one: Relation, was: Relation) -> Callable[[], None]:
    changed = {
        each.name: getattr(was, each.name)
        for each in fields(was)
        if getattr(one, each.name) is not getattr(was, each.name)
    }

    def refill() -> None:
        for name, value in changed.items():
            setattr(one, name, value)

    return refill
