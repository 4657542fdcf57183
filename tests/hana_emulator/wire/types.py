"""Which type code, precision and scale stand for a declared type in a data format version."""

from dataclasses import dataclass

from tests.hana_emulator.values import DeclaredType
from tests.hana_emulator.wire.codes import TypeCode

LATEST_FORMAT = 8  # the data format version from which on all of this module is in use

FLOATING_SCALE = 32767  # go-hdb takes this scale for a decimal whose scale differs by value
_LONGEST = 32767

# Digits or characters where nothing is declared. What HANA puts there is unverified; hdbcli shows
# them in cursor.description and uses none of them.
_PRECISIONS = {
    "TINYINT": 3,
    "SMALLINT": 5,
    "INTEGER": 10,
    "BIGINT": 19,
    "REAL": 7,
    "DOUBLE": 15,
    "BOOLEAN": 1,
    "DECIMAL": 34,
    "SMALLDECIMAL": 16,
    "DATE": 10,
    "TIME": 8,
    "SECONDDATE": 19,
    "TIMESTAMP": 27,
}

_CODES = {
    "TINYINT": TypeCode.TINYINT,
    "SMALLINT": TypeCode.SMALLINT,
    "INTEGER": TypeCode.INT,
    "INT": TypeCode.INT,
    "BIGINT": TypeCode.BIGINT,
    "REAL": TypeCode.REAL,
    "DOUBLE": TypeCode.DOUBLE,
    "FLOAT": TypeCode.DOUBLE,
    "BOOLEAN": TypeCode.BOOLEAN,
    "DECIMAL": TypeCode.DECIMAL,
    "SMALLDECIMAL": TypeCode.DECIMAL,
    "CHAR": TypeCode.CHAR,
    "VARCHAR": TypeCode.VARCHAR,
    "NCHAR": TypeCode.NCHAR,
    "NVARCHAR": TypeCode.NVARCHAR,
    "STRING": TypeCode.STRING,
    "NSTRING": TypeCode.NSTRING,
    "SHORTTEXT": TypeCode.SHORTTEXT,
    "ALPHANUM": TypeCode.ALPHANUM,
    "BINARY": TypeCode.BINARY,
    "VARBINARY": TypeCode.VARBINARY,
    "DATE": TypeCode.DAYDATE,
    "TIME": TypeCode.SECONDTIME,
    "SECONDDATE": TypeCode.SECONDDATE,
    "TIMESTAMP": TypeCode.LONGDATE,
    "CLOB": TypeCode.CLOB,
    "NCLOB": TypeCode.NCLOB,
    "BLOB": TypeCode.BLOB,
    "TEXT": TypeCode.TEXT,
    "REAL_VECTOR": TypeCode.REAL_VECTOR,
    "ST_GEOMETRY": TypeCode.ST_GEOMETRY,
    "ST_POINT": TypeCode.ST_POINT,
}

_BEFORE_3 = {
    TypeCode.DAYDATE: TypeCode.DATE,
    TypeCode.SECONDTIME: TypeCode.TIME,
    TypeCode.SECONDDATE: TypeCode.TIMESTAMP,
    TypeCode.LONGDATE: TypeCode.TIMESTAMP,
}

# hdbcli reads these only where a newer format was agreed; before, they are plain strings. The
# versions are those where hdbcli 2.30 begins to read them, HANA's own are unverified.
_PLAIN_BEFORE = {
    TypeCode.ALPHANUM: (6, TypeCode.NVARCHAR),
    TypeCode.REAL_VECTOR: (8, TypeCode.VARBINARY),
}

LOB_CODES = frozenset((TypeCode.CLOB, TypeCode.NCLOB, TypeCode.BLOB, TypeCode.TEXT))


@dataclass(frozen=True, slots=True)
class WireType:
    """A type as metadata show it and rows use it.

    Attributes:
        code: The layout.
        precision: Characters, bytes, digits or elements; at most 32767.
        scale: Digits behind the point; `FLOATING_SCALE` for decimals without a scale of their own.
    """

    code: TypeCode
    precision: int
    scale: int

    @property
    def is_lob(self) -> bool:
        return self.code in LOB_CODES


def wire_type(declared: DeclaredType, data_format: int) -> WireType:
    """How a declared type is sent in a data format version.

    Raises:
        ValueError: the engine declares a type that the protocol does not have.
    """
    name = declared.name.upper()
    code = _CODES.get(name)
    if code is None:
        message = f"{declared.name} is no type of the protocol; known are {', '.join(_CODES)}"
        raise ValueError(message)
    precision = declared.length
    if precision is None:
        precision = _PRECISIONS.get(name, 0)
    if code is TypeCode.DECIMAL:
        return _decimal(precision, declared.scale, data_format)
    if data_format < 3:
        code = _BEFORE_3.get(code, code)
    since, plain = _PLAIN_BEFORE.get(code, (0, code))
    if data_format < since:
        return WireType(plain, precision, 0)
    if code is TypeCode.BOOLEAN and data_format < 7:
        code = TypeCode.TINYINT
    scale = 7 if name == "TIMESTAMP" else declared.scale or 0
    return WireType(code, min(precision, _LONGEST), scale)


def _decimal(precision: int, scale: int | None, data_format: int) -> WireType:
    if scale is None:
        return WireType(TypeCode.DECIMAL, precision, FLOATING_SCALE)
    if data_format < 8:
        return WireType(TypeCode.DECIMAL, precision, scale)
    if precision <= 18:
        return WireType(TypeCode.FIXED8, precision, scale)
    code = TypeCode.FIXED12 if precision <= 28 else TypeCode.FIXED16
    return WireType(code, precision, scale)
