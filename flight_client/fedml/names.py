"""Names of tables as FedML's users write them, found in the catalogue; composes no SQL."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, Protocol

from flight_client.discovery import Description
from flight_client.protocol.catalog import Entity
from flight_client.protocol.errors import InvalidRequest, UnknownEntity, UnknownSpace

_PART: Final = r'"(?:[^"]|"")+"|[^\W\d][\w#$]*'
_NAME: Final = re.compile(rf"(?:({_PART})\.)?({_PART})")


class Catalogue(Protocol):
    """What names are looked for in; a ``Client`` is one."""

    def describe(self, entity: str, space: str | None = None) -> Description:
        """The table or view of exactly this name."""
        ...


def spellings(text: object) -> Iterator[tuple[str | None, str]]:
    """Schema, or None, and name that a text may mean, the likeliest first.

    A name in double quotes is exact. Of others the exact name is tried first, and then upper
    case, to which HANA folds names without quotes. Any text may be an exact name: nothing is run.

    Raises:
        InvalidRequest: It is no text, or an empty one.
    """
    if not isinstance(text, str) or not text.strip():
        raise InvalidRequest(f"A table or view is named by a text; got {text!r:.80}.")
    found = _NAME.fullmatch(text.strip())
    seen: list[tuple[str | None, str]] = []
    if found is not None:
        schemas: tuple[str | None, ...] = (None,) if found[1] is None else _cases(found[1])
        seen = [(schema, name) for name in _cases(found[2]) for schema in schemas]
    yield from dict.fromkeys([*seen, (None, text)])


def find(catalogue: Catalogue, text: object, places: Sequence[str | None]) -> Entity:
    """The table or view that a text names.

    Args:
        catalogue: Is asked for one exact name after the other.
        text: ``NAME``, ``"Name"``, ``SCHEMA.NAME`` or any exact name.
        places: Schemas for names without one, the first one first; None is anywhere.

    Raises:
        InvalidRequest: The text names nothing and cannot be meant as a name.
        UnknownEntity: None of this name can be read.
    """
    unknown: UnknownEntity | UnknownSpace | None = None
    for schema, name in spellings(text):
        for place in places if schema is None else (schema,):
            try:
                return catalogue.describe(name, place).entity
            except (UnknownEntity, UnknownSpace) as error:
                unknown = unknown or error
    if unknown is None or not _NAME.fullmatch(str(text).strip()):
        raise InvalidRequest(
            f"{text!r:.80} is the name of no table or view; write NAME, "
            '"Name" or SCHEMA.NAME, and nothing else.'
        )
    raise unknown


def quoted(entity: Entity) -> str:
    """Schema and name as SQL has them, whatever they hold."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in (entity.space, entity.name))


def _cases(part: str) -> tuple[str, ...]:
    if part.startswith('"'):
        return (part[1:-1].replace('""', '"'),)
    return tuple(dict.fromkeys((part, part.upper())))
