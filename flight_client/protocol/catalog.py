"""What can be read: spaces, entities, columns and input parameters, and their JSON form."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from flight_client.protocol.literals import LiteralValue, literal_from_json, literal_to_json
from flight_client.protocol.strict_json import (
    Fields,
    array,
    boolean,
    dumps,
    integer,
    loads,
    one_of,
    text,
    whole,
)

EntityKind: TypeAlias = Literal["table", "view"]


@dataclass(frozen=True, slots=True)
class HanaType:
    """A declared HANA type, as SYS.TABLE_COLUMNS shows it.

    Attributes:
        name: DATA_TYPE_NAME, for example ``DECIMAL``.
        length: Characters, bytes, vector elements, or digits of a decimal; None where not declared.
        scale: Digits behind the point; None for other types and for floating DECIMAL.
    """

    name: str
    length: int | None = None
    scale: int | None = None

    def __str__(self) -> str:
        inner = [str(part) for part in (self.length, self.scale) if part is not None]
        return f"{self.name}({','.join(inner)})" if inner else self.name


@dataclass(frozen=True, slots=True)
class Column:
    """A column of an entity.

    Attributes:
        name: Exact.
        type: As it is declared.
        nullable: False only where the database promises it.
        comment: Business name or description.
        key: Whether it belongs to the primary key.
        read_as: The HANA type as which the server delivers it, where that is set to another than
            the declared one: floating decimals as numbers, timestamps as text.
    """

    name: str
    type: HanaType
    nullable: bool = True
    comment: str = ""
    key: bool = False
    read_as: HanaType | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """An input parameter of a view; mandatory where it has no default."""

    name: str
    type: HanaType
    mandatory: bool = True
    default: LiteralValue | None = None
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Space:
    """A Datasphere space: a schema with entities to read."""

    name: str
    comment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A table or view of a space, with its columns in declared order."""

    space: str
    name: str
    kind: EntityKind
    columns: tuple[Column, ...]
    parameters: tuple[Parameter, ...] = ()
    comment: str = ""

    def column(self, name: str) -> Column | None:
        """The column of exactly this name."""
        return next((column for column in self.columns if column.name == name), None)


def encode_space(space: Space) -> bytes:
    """The bytes of a space in a catalogue answer."""
    return dumps({"name": space.name, "comment": space.comment})


def decode_space(body: bytes) -> Space:
    """The space of these bytes; raises InvalidTicket where they are none."""
    return whole(loads(body), lambda at: Space(at.need("name", text), at.take("comment", text, "")))


def encode_entity(entity: Entity) -> bytes:
    """The bytes of an entity in a catalogue answer."""
    return dumps(
        {
            "space": entity.space,
            "name": entity.name,
            "kind": entity.kind,
            "comment": entity.comment,
            "columns": [_column_to_json(column) for column in entity.columns],
            "parameters": [_parameter_to_json(parameter) for parameter in entity.parameters],
        }
    )


def decode_entity(body: bytes) -> Entity:
    """The entity of these bytes; raises InvalidTicket where they are none."""
    return whole(
        loads(body),
        lambda at: Entity(
            space=at.need("space", text),
            name=at.need("name", text),
            kind=at.need("kind", _entity_kind),
            comment=at.take("comment", text, ""),
            columns=at.need("columns", array(_column)),
            parameters=at.take("parameters", array(_parameter), ()),
        ),
    )


def type_to_json(declared: HanaType) -> dict[str, object]:
    """The JSON form of a declared type."""
    return {"name": declared.name, "length": declared.length, "scale": declared.scale}


def _column_to_json(column: Column) -> dict[str, object]:
    form: dict[str, object] = {
        "name": column.name,
        "type": type_to_json(column.type),
        "nullable": column.nullable,
        "comment": column.comment,
        "key": column.key,
    }
    if column.read_as is not None:
        form["read_as"] = type_to_json(column.read_as)
    return form


def _parameter_to_json(parameter: Parameter) -> dict[str, object]:
    default = parameter.default
    return {
        "name": parameter.name,
        "type": type_to_json(parameter.type),
        "mandatory": parameter.mandatory,
        "default": None if default is None else literal_to_json(default),
        "comment": parameter.comment,
    }


def _entity_kind(form: object, where: str) -> EntityKind:
    words: dict[str, EntityKind] = {"table": "table", "view": "view"}
    return one_of(form, where, words)


def type_from_json(form: object, where: str) -> HanaType:
    """The declared type of its JSON form."""
    return whole(
        Fields(form, where),
        lambda at: HanaType(
            at.need("name", text),
            at.take("length", integer, None),
            at.take("scale", integer, None),
        ),
    )


def _column(form: object, where: str) -> Column:
    return whole(
        Fields(form, where),
        lambda at: Column(
            name=at.need("name", text),
            type=at.need("type", type_from_json),
            nullable=at.take("nullable", boolean, True),
            comment=at.take("comment", text, ""),
            key=at.take("key", boolean, False),
            read_as=at.take("read_as", type_from_json, None),
        ),
    )


def _parameter(form: object, where: str) -> Parameter:
    return whole(
        Fields(form, where),
        lambda at: Parameter(
            name=at.need("name", text),
            type=at.need("type", type_from_json),
            mandatory=at.take("mandatory", boolean, True),
            default=at.take("default", lambda form, _: literal_from_json(form), None),
            comment=at.take("comment", text, ""),
        ),
    )
