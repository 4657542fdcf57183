"""What HANA's system views say, as entities with columns and parameters; asks nobody.

[U]: the form in which VIEW_PARAMETERS.DEFAULT_VALUE holds a text.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypedDict

from flight_client.protocol.catalog import Column, Entity, EntityKind, HanaType, Parameter
from flight_client.protocol.literals import LiteralValue
from flight_server.planning.constants import Mismatch, fit


class DetailRow(TypedDict):
    """A row of the answer to ``details_question``."""

    PART: str
    SPACE: str
    ENTITY: str
    NAME: str
    POSITION: int
    TYPE: str | None
    LENGTH: int | None
    SCALE: int | None
    FLAG: str | None
    NOTE: str | None


@dataclass(frozen=True, slots=True)
class Delivery:
    """How types arrive that can arrive in several ways.

    Attributes:
        floating_decimal: What DECIMAL without scale and SMALLDECIMAL are read as; None: as text.
        timestamp: What TIMESTAMP is read as; None: in microseconds.
    """

    floating_decimal: HanaType | None = None
    timestamp: HanaType | None = None

    def read_as(self, declared: HanaType) -> HanaType | None:
        """What a column of this type is read as, where that is another type."""
        match declared:
            case HanaType("SMALLDECIMAL") | HanaType("DECIMAL", _, None):
                return self.floating_decimal
            case HanaType("TIMESTAMP"):
                return self.timestamp
            case _:
                return None


def entities_of(rows: Iterable[DetailRow], delivery: Delivery) -> list[Entity]:
    """The entities that the answer to ``details_question`` tells of, by space and name."""
    found: dict[tuple[str, str], dict[str, list[DetailRow]]] = {}
    for row in rows:
        parts = found.setdefault((row["SPACE"], row["ENTITY"]), {})
        parts.setdefault(row["PART"], []).append(row)
    return [
        _entity(place, parts, delivery)
        for place, parts in sorted(found.items())
        if "table" in parts or "view" in parts
    ]


def _entity(
    place: tuple[str, str], parts: Mapping[str, list[DetailRow]], delivery: Delivery
) -> Entity:
    kind: EntityKind = "table" if "table" in parts else "view"
    keys = {row["NAME"] for row in parts.get("key", ())}
    columns = sorted(parts.get("column", ()), key=lambda row: row["POSITION"])
    parameters = sorted(parts.get("parameter", ()), key=lambda row: row["POSITION"])
    return Entity(
        space=place[0],
        name=place[1],
        kind=kind,
        columns=tuple(_column(row, kind, keys, delivery) for row in columns),
        parameters=tuple(map(_parameter, parameters)),
        comment=parts[kind][0]["NOTE"] or "",
    )


def _column(row: DetailRow, kind: EntityKind, keys: set[str], delivery: Delivery) -> Column:
    declared = declared_type(row)
    return Column(
        name=row["NAME"],
        type=declared,
        nullable=kind == "view" or row["FLAG"] != "FALSE",  # what a view says is not reliable
        comment=row["NOTE"] or "",
        key=row["NAME"] in keys,
        read_as=delivery.read_as(declared),
    )


def _parameter(row: DetailRow) -> Parameter:
    declared = declared_type(row)
    has_default = row["FLAG"] == "TRUE"
    default = default_value(row["NOTE"], declared) if has_default else None
    return Parameter(row["NAME"], declared, mandatory=not has_default, default=default)


_WITH_LENGTH: Final = frozenset(
    {
        "ALPHANUM", "BINARY", "CHAR", "NCHAR", "NVARCHAR", "REAL_VECTOR", "SHORTTEXT", "VARBINARY",
        "VARCHAR",
    }
)  # fmt: skip
"""For other types LENGTH says how long a value is when it is printed."""


def declared_type(row: DetailRow) -> HanaType:
    """The type of a column or parameter; SCALE is NULL for floating DECIMAL."""
    name, length, scale = row["TYPE"] or "", row["LENGTH"], row["SCALE"]
    if name == "DECIMAL" and scale is not None:
        return HanaType(name, length, scale)
    return HanaType(name, length if name in _WITH_LENGTH else None)


_INTEGER: Final = re.compile(r"[+-]?\d{1,19}", re.ASCII)
_DECIMAL: Final = re.compile(r"[+-]?\d{1,38}(\.\d{1,38})?", re.ASCII)
_STRING: Final = re.compile(r"'((?:[^']|'')*)'")


def default_value(text: str | None, declared: HanaType) -> LiteralValue | None:
    """A default as a value, where its text leaves no doubt; it is shown and never sent."""
    if text is None:
        return None
    value: LiteralValue
    if (found := _STRING.fullmatch(text)) is not None:
        value = found[1].replace("''", "'")
    elif _INTEGER.fullmatch(text):
        value = int(text)
    elif _DECIMAL.fullmatch(text):
        value = Decimal(text)
    else:
        return None
    try:
        fitting = fit(value, declared)
    except Mismatch:
        return None
    return fitting.value if fitting.exact else None
