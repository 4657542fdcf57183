"""Declared HANA types: names, families, how DuckDB stores each, what two have in common.

Storage keeps what DuckDB's own types lose: moments are integers (100 ns ticks, the empty date, hour
24, year 9999 and the Julian calendar need no care then), a bare DECIMAL is a text that sorts by
value (`decimals.py`). Sources: facts/datasphere-hana.md 4.1; [SQL:data-types]. The rules for common
types are [U] beyond what the operators page says of precision and scale.
"""

import enum

from tests.hana_emulator.values import DeclaredType, HanaError


class Family(enum.Enum):
    """What can be computed with a type."""

    INTEGER = "integer"
    FIXED = "decimal with a scale"
    FLOATING = "decimal with a scale per value"
    APPROXIMATE = "binary float"
    TEXT = "text"
    LOB_TEXT = "large text"
    BYTES = "bytes"
    LOB_BYTES = "large bytes"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    SECONDDATE = "date and second"
    TIMESTAMP = "date and 100 ns"
    VECTOR = "vector"
    NULL = "null"


TINYINT = DeclaredType("TINYINT")
SMALLINT = DeclaredType("SMALLINT")
INTEGER = DeclaredType("INTEGER")
BIGINT = DeclaredType("BIGINT")
REAL = DeclaredType("REAL")
DOUBLE = DeclaredType("DOUBLE")
BOOLEAN = DeclaredType("BOOLEAN")
DECIMAL = DeclaredType("DECIMAL", 34)
SMALLDECIMAL = DeclaredType("SMALLDECIMAL", 16)
DATE = DeclaredType("DATE")
TIME = DeclaredType("TIME")
SECONDDATE = DeclaredType("SECONDDATE")
TIMESTAMP = DeclaredType("TIMESTAMP")
NCLOB = DeclaredType("NCLOB")
BLOB = DeclaredType("BLOB")
MAX_LENGTH = 5000
TEXT = DeclaredType("NVARCHAR", MAX_LENGTH)
BYTES = DeclaredType("VARBINARY", MAX_LENGTH)
NULL = DeclaredType("NULL")
"""The type of NULL before anything else says one; never leaves the engine."""

_ALIASES = {
    "INT": "INTEGER",
    "DEC": "DECIMAL",
    "VARCHAR": "NVARCHAR",
    "CLOB": "NCLOB",
    "BINARY": "VARBINARY",
    "DAYDATE": "DATE",
    "SECONDTIME": "TIME",
    "LONGDATE": "TIMESTAMP",
}
_FAMILIES = {
    "TINYINT": Family.INTEGER,
    "SMALLINT": Family.INTEGER,
    "INTEGER": Family.INTEGER,
    "BIGINT": Family.INTEGER,
    "SMALLDECIMAL": Family.FLOATING,
    "REAL": Family.APPROXIMATE,
    "DOUBLE": Family.APPROXIMATE,
    "NVARCHAR": Family.TEXT,
    "NCHAR": Family.TEXT,
    "SHORTTEXT": Family.TEXT,
    "ALPHANUM": Family.TEXT,
    "NCLOB": Family.LOB_TEXT,
    "TEXT": Family.LOB_TEXT,
    "VARBINARY": Family.BYTES,
    "BLOB": Family.LOB_BYTES,
    "BOOLEAN": Family.BOOLEAN,
    "DATE": Family.DATE,
    "TIME": Family.TIME,
    "SECONDDATE": Family.SECONDDATE,
    "TIMESTAMP": Family.TIMESTAMP,
    "REAL_VECTOR": Family.VECTOR,
    "NULL": Family.NULL,
}
_STORAGE = {
    "TINYINT": "UTINYINT",
    "REAL": "FLOAT",
    "DATE": "INTEGER",
    "TIME": "INTEGER",
    "SECONDDATE": "BIGINT",
    "TIMESTAMP": "BIGINT",
    "NULL": "INTEGER",
}
_BY_FAMILY = {
    Family.FLOATING: "VARCHAR",
    Family.TEXT: "VARCHAR",
    Family.LOB_TEXT: "VARCHAR",
    Family.BYTES: "BLOB",
    Family.LOB_BYTES: "BLOB",
    Family.VECTOR: "FLOAT[]",
}
INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT")
RANGES = {
    "TINYINT": (0, 255),
    "SMALLINT": (-(2**15), 2**15 - 1),
    "INTEGER": (-(2**31), 2**31 - 1),
    "BIGINT": (-(2**63), 2**63 - 1),
}
DIGITS = {"TINYINT": 3, "SMALLINT": 5, "INTEGER": 10, "BIGINT": 19}
TEXTS = frozenset({Family.TEXT, Family.LOB_TEXT})
LOBS = frozenset({Family.LOB_TEXT, Family.LOB_BYTES})
EXACT = frozenset({Family.INTEGER, Family.FIXED, Family.FLOATING})
NUMERIC = EXACT | {Family.APPROXIMATE}
MOMENTS = frozenset({Family.DATE, Family.SECONDDATE, Family.TIMESTAMP})


def family(declared_type: DeclaredType) -> Family:
    if declared_type.name == "DECIMAL":
        return Family.FLOATING if declared_type.scale is None else Family.FIXED
    return _FAMILIES[declared_type.name]


def storage(declared_type: DeclaredType) -> str:
    """DuckDB's type of the stored value."""
    kind = family(declared_type)
    if kind is Family.FIXED:
        return f"DECIMAL({declared_type.length}, {declared_type.scale})"
    if kind in _BY_FAMILY:
        return _BY_FAMILY[kind]
    return _STORAGE.get(declared_type.name, declared_type.name)


def declared(name: str, numbers: tuple[int, ...], position: int = 0) -> DeclaredType | None:
    """A type as SQL writes it; None if there is no such type.

    Raises:
        HanaError: 318, 319 or 267 for numbers out of range.
    """
    name = _ALIASES.get(name, name)
    if name == "DECIMAL":
        return _decimal(numbers, position)
    if name == "FLOAT":
        return REAL if numbers and numbers[0] < 25 else DOUBLE
    if name not in _FAMILIES or name == "NULL":
        return None
    kind = _FAMILIES[name]
    if name == "SMALLDECIMAL":
        return SMALLDECIMAL
    if kind in {Family.TEXT, Family.BYTES}:
        length = numbers[0] if numbers else 1  # 1 by default in DDL [facts 5]
        if not 1 <= length <= MAX_LENGTH:
            raise HanaError(267, f"specified length too long for its datatype: {length}")
        return DeclaredType(name, length)
    if kind is Family.VECTOR:
        return DeclaredType(name, numbers[0] if numbers else None)
    return DeclaredType(name)


def _decimal(numbers: tuple[int, ...], position: int) -> DeclaredType:
    if not numbers:
        return DECIMAL
    precision, scale = (*numbers, 0)[:2]
    if not 1 <= precision <= 38:
        raise HanaError(318, f"decimal precision specifier is out of range: {precision}",
                        position=position)  # fmt: skip
    if scale > precision:
        raise HanaError(319, f"decimal scale specifier is out of range: {scale}", position=position)
    return DeclaredType("DECIMAL", precision, scale)


def fixed(precision: int, scale: int) -> DeclaredType:
    """DECIMAL(p,s), or the floating DECIMAL where p would exceed 38 [SQL:operators]."""
    return DeclaredType("DECIMAL", precision, scale) if precision <= 38 else DECIMAL


def digits(declared_type: DeclaredType) -> tuple[int, int]:
    """Precision and scale of an integer or fixed type."""
    if declared_type.name in DIGITS:
        return DIGITS[declared_type.name], 0
    return declared_type.length or 0, declared_type.scale or 0


def common(left: DeclaredType, right: DeclaredType) -> DeclaredType | None:
    """The type that holds the values of both; None if there is none."""
    if left == right or right.name == "NULL":
        return left
    if left.name == "NULL":
        return right
    kinds = {family(left), family(right)}
    if kinds <= NUMERIC:
        return _common_number(left, right, kinds)
    if kinds <= TEXTS:
        if Family.LOB_TEXT in kinds:
            return NCLOB
        return DeclaredType("NVARCHAR", max(left.length or 1, right.length or 1))
    if kinds <= {Family.BYTES, Family.LOB_BYTES}:
        if Family.LOB_BYTES in kinds:
            return BLOB
        return DeclaredType("VARBINARY", max(left.length or 1, right.length or 1))
    if kinds <= MOMENTS:
        return TIMESTAMP if Family.TIMESTAMP in kinds else SECONDDATE
    return None


def _common_number(left: DeclaredType, right: DeclaredType, kinds: set[Family]) -> DeclaredType:
    if Family.APPROXIMATE in kinds:
        return REAL if left.name == right.name == "REAL" else DOUBLE
    if Family.FLOATING in kinds:
        return DECIMAL
    if kinds == {Family.INTEGER}:
        return max(left, right, key=lambda kind: INTEGERS.index(kind.name))
    (precision, scale), (other, other_scale) = digits(left), digits(right)
    both = max(scale, other_scale)
    return fixed(max(precision - scale, other - other_scale) + both, both)
