"""Finds what can be read: spaces, entities, columns and parameters; reads no rows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import overload

import pyarrow as pa

from flight_client.display import cell, html_table, text_table
from flight_client.protocol.catalog import (
    Column,
    Entity,
    HanaType,
    Parameter,
    Space,
    decode_entity,
    decode_space,
)
from flight_client.protocol.commands import (
    DESCRIBE_ENTITY,
    LIST_ENTITIES,
    LIST_SPACES,
    EntityQuery,
    encode_entity_query,
)
from flight_client.protocol.errors import (
    AmbiguousEntity,
    InternalError,
    UnknownEntity,
    UnsupportedType,
)
from flight_client.protocol.schemas import arrow_type, to_schema
from flight_client.protocol.tickets import check_name
from flight_client.transport import Transport


class Entities(Sequence[Entity]):
    """Tables and views, ordered by space and name; found by number or name, shown as a table."""

    def __init__(self, entities: Iterable[Entity]) -> None:
        self._entities = tuple(sorted(entities, key=lambda entity: (entity.space, entity.name)))

    @overload
    def __getitem__(self, index: int | str) -> Entity: ...

    @overload
    def __getitem__(self, index: slice) -> "Entities": ...

    def __getitem__(self, index: int | str | slice) -> "Entity | Entities":
        if isinstance(index, str):
            return self._named(index)
        if isinstance(index, slice):
            return Entities(self._entities[index])
        return self._entities[index]

    def __contains__(self, item: object) -> bool:
        return item in self._entities or any(entity.name == item for entity in self._entities)

    def __len__(self) -> int:
        return len(self._entities)

    def to_text(self, width: int | None = None) -> str:
        """The table as text, in lines of at most ``width`` characters."""
        if not self._entities:
            return "No tables or views."
        return text_table(_HEADER, self._rows(), width=width)

    def __repr__(self) -> str:
        return self.to_text()

    def _repr_html_(self) -> str:
        return html_table(_HEADER, self._rows())

    def _named(self, name: str) -> Entity:
        found = [entity for entity in self._entities if entity.name == name]
        if not found:
            raise UnknownEntity(
                f"{name!r:.80} is none of these {len(self)} tables and views; names are exact in "
                "case."
            )
        if len(found) > 1:
            spaces = ", ".join(entity.space for entity in found)
            raise AmbiguousEntity(
                f"{name!r:.80} stands in the spaces {spaces}; ask for tables(space) of one."
            )
        return found[0]

    def _rows(self) -> list[list[str]]:
        return [
            [
                cell(entity.space),
                cell(entity.name),
                entity.kind,
                str(len(entity.columns)),
                cell(", ".join(parameter.name for parameter in entity.parameters)),
                cell(entity.comment),
            ]
            for entity in self._entities
        ]


_HEADER = ["space", "name", "kind", "columns", "parameters", "comment"]
_COLUMNS = ["column", "HANA type", "Arrow type", "key", "nullable", "comment"]
_PARAMETERS = ["parameter", "HANA type", "mandatory", "default", "comment"]


@dataclass(frozen=True, slots=True, repr=False)
class Description:
    """One table or view: columns, HANA and Arrow types, parameters, comments."""

    entity: Entity

    @property
    def space(self) -> str:
        """Exact name of its space."""
        return self.entity.space

    @property
    def name(self) -> str:
        """Its exact name."""
        return self.entity.name

    @property
    def comment(self) -> str:
        """What its maker wrote about it; may be empty."""
        return self.entity.comment

    @property
    def columns(self) -> tuple[Column, ...]:
        """Its columns in declared order."""
        return self.entity.columns

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Its input parameters in declared order."""
        return self.entity.parameters

    @property
    def schema(self) -> pa.Schema:
        """Arrow schema of all its columns.

        Raises:
            UnsupportedType: Naming the first column that cannot be read.
        """
        return to_schema(self.entity.columns)

    def to_text(self, width: int | None = None) -> str:
        """All of it as text, its tables in lines of at most ``width`` characters."""
        parts = [self._title(), text_table(_COLUMNS, self._column_rows(), width=width)]
        if self.parameters:
            parts.append(text_table(_PARAMETERS, self._parameter_rows(), width=width))
        return "\n\n".join(parts)

    def __repr__(self) -> str:
        return self.to_text()

    def _repr_html_(self) -> str:
        title = html_table([self._title()], [])
        tables = [html_table(_COLUMNS, self._column_rows())]
        if self.parameters:
            tables.append(html_table(_PARAMETERS, self._parameter_rows()))
        return title + "".join(tables)

    def _title(self) -> str:
        title = cell(f"{self.entity.kind} {self.space}.{self.name}")
        return f"{title}: {cell(self.comment)}" if self.comment else title

    def _column_rows(self) -> list[list[str]]:
        return [
            [
                cell(column.name),
                str(column.type),
                arrow_name(column.read_as or column.type),
                "key" if column.key else "",
                "yes" if column.nullable else "no",
                cell(column.comment),
            ]
            for column in self.columns
        ]

    def _parameter_rows(self) -> list[list[str]]:
        return [
            [
                cell(parameter.name),
                str(parameter.type),
                "yes" if parameter.mandatory else "no",
                "" if parameter.default is None else cell(parameter.default),
                cell(parameter.comment),
            ]
            for parameter in self.parameters
        ]


def arrow_name(declared: HanaType) -> str:
    """The Arrow type in which a column arrives, or that it cannot be read."""
    try:
        return str(arrow_type(declared))
    except UnsupportedType:
        return "(cannot be read)"


def list_spaces(transport: Transport) -> tuple[Space, ...]:
    """The spaces that the caller may read."""
    return tuple(decode_space(body) for body in transport.act(LIST_SPACES))


def list_entities(transport: Transport, space: str | None) -> Entities:
    """The tables and views that the caller may read, of one space or of all."""
    body = encode_entity_query(EntityQuery(space=space))
    return Entities(decode_entity(answer) for answer in transport.act(LIST_ENTITIES, body))


def describe(transport: Transport, entity: str, space: str | None) -> Description:
    """One table or view.

    Raises:
        UnknownEntity: None of this name that the caller may read.
        AmbiguousEntity: Several spaces have one; name the space.
    """
    check_name(entity, "entity")
    body = encode_entity_query(EntityQuery(space=space, entity=entity))
    answers = transport.act(DESCRIBE_ENTITY, body)
    if len(answers) != 1:
        raise InternalError(f"The server described {entity!r} {len(answers)} times, not once.")
    return Description(decode_entity(answers[0]))
