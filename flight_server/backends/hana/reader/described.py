"""What hdbcli says of a result's columns as declared types, and whether it is what was expected.

The type codes are those that hdbcli 2.30.27 was seen to report against the emulator; none of it was
tried on a live HANA. A code without a row is refused by its number.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from flight_client.protocol.catalog import Column, HanaType
from flight_client.protocol.errors import InvalidRead, UnsupportedType
from flight_server.backends.hana.reader.binding import SECONDDATE_SIZE, Marker
from flight_server.backends.hana.reader.driver import Description

DECIMAL: Final = 5
REAL_VECTOR: Final = 96
SECONDDATE: Final = HanaType("SECONDDATE")
_TIMESTAMP: Final = 16

LOBS: Final[Mapping[int, type[str] | type[bytes]]] = {25: str, 26: str, 27: bytes}
"""The codes of LOBs, and what their values are."""

_NAMES: Final[Mapping[int, str]] = {
    1: "TINYINT",
    2: "SMALLINT",
    3: "INTEGER",
    4: "BIGINT",
    DECIMAL: "DECIMAL",  # also FIXED8, FIXED12, FIXED16 and SMALLDECIMAL
    6: "REAL",
    7: "DOUBLE",
    8: "CHAR",
    9: "VARCHAR",
    10: "NCHAR",
    11: "NVARCHAR",  # also ALPHANUM and SHORTTEXT
    12: "BINARY",
    13: "VARBINARY",  # also ST_GEOMETRY and ST_POINT, as WKB
    14: "DATE",
    15: "TIME",
    _TIMESTAMP: "TIMESTAMP",  # also SECONDDATE, which its precision tells
    25: "CLOB",
    26: "NCLOB",  # also TEXT
    27: "BLOB",
    28: "BOOLEAN",
    29: "NVARCHAR",
    30: "NVARCHAR",
    REAL_VECTOR: "REAL_VECTOR",
}

_WITH_LENGTH: Final = frozenset({8, 9, 10, 11, 12, 13, 29, 30, REAL_VECTOR})

_FLOATING: Final = {34: HanaType("DECIMAL", 34), 16: HanaType("SMALLDECIMAL", 16)}
"""What a decimal of scale 0 may be, by its precision. hdbcli says the same of DECIMAL(34,0) and of
DECIMAL without a scale, and of DECIMAL(16,0) and SMALLDECIMAL, so that only the one which holds
every value of both is right."""

_TEXT: Final = frozenset({8, 9, 10, 11, 29, 30})
_BINARY: Final = frozenset({12, 13})
_INTEGER: Final = frozenset({1, 2, 3, 4})
_MOMENT: Final = frozenset({16})

_EXPECTED: Final[Mapping[str, frozenset[int]]] = {
    "TINYINT": _INTEGER,
    "SMALLINT": _INTEGER,
    "INTEGER": _INTEGER,
    "BIGINT": _INTEGER,
    "DECIMAL": frozenset({DECIMAL}),
    "SMALLDECIMAL": frozenset({DECIMAL}),
    "REAL": frozenset({6}),
    "DOUBLE": frozenset({6, 7}),
    "BOOLEAN": frozenset({28}),
    "DATE": frozenset({14}),
    "TIME": frozenset({15}),
    "SECONDDATE": _MOMENT,
    "TIMESTAMP": _MOMENT,
    "REAL_VECTOR": frozenset({REAL_VECTOR}),
    "VARBINARY": _BINARY,
    "BINARY": _BINARY,
    "BLOB": _BINARY | {27},
    **dict.fromkeys(("NVARCHAR", "VARCHAR", "CHAR", "NCHAR", "ALPHANUM", "SHORTTEXT"), _TEXT),
    **dict.fromkeys(("NCLOB", "CLOB", "TEXT", "BINTEXT"), _TEXT | {25, 26}),
}
"""The codes whose values arrive exactly, or fail, as a declared type. A REAL is not read from a
DOUBLE, which would round it; an INTEGER is from a BIGINT, since too large a value is an error."""


def described(description: Description) -> tuple[Column, ...]:
    """The columns of a result; two may have the same name.

    Raises:
        UnsupportedType: Naming the column whose type code is not known.
    """
    return tuple(
        Column(name=name, type=_declared(name, code, precision, scale), nullable=nullable)
        for name, code, _, _, precision, scale, nullable in description
    )


def parameters(markers: Sequence[Marker]) -> tuple[HanaType | None, ...]:
    """What the markers of a statement stand for; None where the type code is not known."""
    return tuple(
        _known(code, precision, scale) for _, code, _, _, _, precision, scale, _ in markers
    )


def check(columns: Sequence[Column], description: Description) -> None:
    """Compare what was described once with what a cursor returns now.

    Raises:
        InvalidRead: The view or table was changed in between.
    """
    if len(columns) != len(description):
        raise InvalidRead(
            f"The database now returns {len(description)} columns where {len(columns)} were "
            "described; describe it again and read anew.",
            changed=1,
        )
    for column, (name, code, *_) in zip(columns, description, strict=True):
        if name != column.name or code not in _codes_of(column):
            raise InvalidRead(
                f"The database now returns {name!r} of type {_NAMES.get(code, code)} where "
                f"{column.name!r} of type {column.type} was described; describe it again and read "
                "anew.",
                column=column.name,
                changed=1,
            )


def may_be_lob(column: Column) -> bool:
    """Whether values of a column may come as LOBs."""
    return not LOBS.keys().isdisjoint(_codes_of(column))


def lobs_of(description: Description) -> dict[int, type[str] | type[bytes]]:
    """The positions of LOBs in a row, and what their values are."""
    return {at: LOBS[code] for at, (_, code, *_) in enumerate(description) if code in LOBS}


def _codes_of(column: Column) -> frozenset[int]:
    declared, delivered = column.type, column.read_as
    if declared.name == "TIMESTAMP" and delivered is not None:
        declared = delivered  # the statement makes text of it
    return _EXPECTED.get(declared.name, frozenset())


def _declared(name: str, code: int, precision: int, scale: int) -> HanaType:
    found = _known(code, precision, scale)
    if found is None:
        raise UnsupportedType(
            f"Column {name!r} has a type that is not known here, number {code} of hdbcli; cast it "
            "in the query, for example by TO_NVARCHAR.",
            column=name,
            type=str(code),
        )
    return found


def _known(code: int, precision: int, scale: int) -> HanaType | None:
    found = _NAMES.get(code)
    if found is None:
        return None
    if code == DECIMAL:
        if scale == 0 and precision in _FLOATING:
            return _FLOATING[precision]
        return HanaType(found, precision, scale)
    if (code, precision, scale) == (_TIMESTAMP, *SECONDDATE_SIZE):
        return SECONDDATE
    return HanaType(found, precision if code in _WITH_LENGTH and precision > 0 else None)
