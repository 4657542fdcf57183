"""Which HANA types behave alike in comparisons; does not know values, SQL or Arrow."""

import enum
from typing import Final

from flight_client.protocol.catalog import HanaType


class Family(enum.Enum):
    """A group of types that compare with the same constants and take the same operators."""

    INTEGER = enum.auto()
    DECIMAL = enum.auto()
    """Exact, with declared precision and scale."""
    FLOATING_DECIMAL = enum.auto()
    """Exact; every value has a scale of its own."""
    FLOAT = enum.auto()
    BOOLEAN = enum.auto()
    TEXT = enum.auto()
    LARGE_TEXT = enum.auto()
    BYTES = enum.auto()
    LARGE_BYTES = enum.auto()
    DATE = enum.auto()
    TIME = enum.auto()
    TIMESTAMP = enum.auto()
    OTHER = enum.auto()
    """Vectors, geometries and what this project does not know: NULL or not is all one can ask."""


_FAMILIES: Final = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT"), Family.INTEGER),
    **dict.fromkeys(("DECIMAL", "SMALLDECIMAL"), Family.FLOATING_DECIMAL),
    **dict.fromkeys(("REAL", "DOUBLE"), Family.FLOAT),
    "BOOLEAN": Family.BOOLEAN,
    **dict.fromkeys(("NVARCHAR", "VARCHAR", "CHAR", "NCHAR", "ALPHANUM", "SHORTTEXT"), Family.TEXT),
    **dict.fromkeys(("NCLOB", "CLOB", "TEXT", "BINTEXT"), Family.LARGE_TEXT),
    **dict.fromkeys(("VARBINARY", "BINARY"), Family.BYTES),
    "BLOB": Family.LARGE_BYTES,
    "DATE": Family.DATE,
    "TIME": Family.TIME,
    **dict.fromkeys(("SECONDDATE", "TIMESTAMP"), Family.TIMESTAMP),
}

COMPARABLE: Final = frozenset(Family) - {Family.LARGE_TEXT, Family.LARGE_BYTES, Family.OTHER}
"""Families with an order: HANA refuses LOBs in ORDER BY and in comparisons [SQL reference, LOB]."""

SLICEABLE: Final = frozenset(
    {Family.INTEGER, Family.DECIMAL, Family.TEXT, Family.BYTES, Family.DATE, Family.TIMESTAMP}
)
"""Families whose equal values have equal bytes, so that a hash cuts them into disjoint parts."""


def family(declared: HanaType) -> Family:
    """The family of a declared type; OTHER for one without a row here."""
    match declared:
        case HanaType("DECIMAL", int(), int()):
            return Family.DECIMAL
        case _:
            return _FAMILIES.get(declared.name, Family.OTHER)
