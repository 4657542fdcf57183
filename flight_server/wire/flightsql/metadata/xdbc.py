"""HANA types as JDBC and ODBC number them; one table, read by type information and column metadata.

Sizes: SAP HANA Cloud SQL reference, data types. Codes: XdbcDataType of the Flight SQL
specification, which has no number for BOOLEAN (JDBC: 16; told as BIT) and none for vectors.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from flight_client.protocol.catalog import HanaType
from flight_server.wire.flightsql.metadata.schemas import XDBC_TYPE_INFO

_UNKNOWN, _CHAR, _DECIMAL, _INTEGER, _SMALLINT, _REAL, _DOUBLE, _DATETIME = 0, 1, 3, 4, 5, 7, 8, 9
_VARCHAR, _DATE, _TIME, _TIMESTAMP = 12, 91, 92, 93
_LONGVARCHAR, _BINARY, _VARBINARY, _LONGVARBINARY, _BIGINT, _TINYINT, _BIT = (
    -1,
    -2,
    -3,
    -4,
    -5,
    -6,
    -7,
)
_WCHAR, _WVARCHAR = -8, -9

_NOT_SEARCHABLE, _BY_LIKE_ONLY, _ALL_BUT_LIKE, _BY_ALL = 0, 1, 2, 3
_SUBCODES: Final = {_DATE: 1, _TIME: 2, _TIMESTAMP: 3}
_NULLABLE: Final = 1
_LOB_BYTES: Final = 2**31 - 1
"""A LOB in memory holds 2 GB [SAP HANA Cloud, system limitations]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class XdbcType:
    """What JDBC and ODBC want to know of a type.

    Attributes:
        code: Its number in XdbcDataType.
        size: Most characters, bytes, digits or bits; None where that means nothing.
        literal: What a literal stands between; None where there are none.
        parameters: What a declaration takes in brackets.
        searchable: With which operators WHERE takes it.
        scales: Least and most digits behind the point; None where that means nothing.
        radix: 10 where ``size`` counts digits, 2 where it counts bits.
        digits: Decimal digits of an approximate number.
        text: Whether upper and lower case matter.
        unsigned: Of a number: whether it has no sign.
    """

    code: int
    size: int | None = None
    literal: tuple[str, str] | None = None
    parameters: tuple[str, ...] = ()
    searchable: int = _ALL_BUT_LIKE
    scales: tuple[int, int] | None = None
    radix: int | None = None
    digits: int | None = None
    text: bool = False
    unsigned: bool = False


def _integer(code: int, digits: int, *, unsigned: bool = False) -> XdbcType:
    return XdbcType(code=code, size=digits, scales=(0, 0), radix=10, unsigned=unsigned)


def _text(code: int, size: int, *, declared: bool = True) -> XdbcType:
    return XdbcType(
        code=code,
        size=size,
        literal=("'", "'"),
        parameters=("length",) if declared else (),
        searchable=_BY_ALL if declared else _BY_LIKE_ONLY,  # LOBs take LIKE and IS NULL only
        text=True,
    )


def _binary(code: int, size: int, *, declared: bool = True) -> XdbcType:
    return XdbcType(
        code=code,
        size=size,
        literal=("X'", "'"),
        parameters=("length",) if declared else (),
        searchable=_ALL_BUT_LIKE if declared else _NOT_SEARCHABLE,
    )


TYPES: Final[Mapping[str, XdbcType]] = {
    "TINYINT": _integer(_TINYINT, 3, unsigned=True),
    "SMALLINT": _integer(_SMALLINT, 5),
    "INTEGER": _integer(_INTEGER, 10),
    "BIGINT": _integer(_BIGINT, 19),
    "DECIMAL": XdbcType(
        code=_DECIMAL, size=38, parameters=("precision", "scale"), scales=(0, 38), radix=10
    ),
    "SMALLDECIMAL": XdbcType(code=_DECIMAL, size=16, radix=10),
    "REAL": XdbcType(code=_REAL, size=24, radix=2, digits=7),
    "DOUBLE": XdbcType(code=_DOUBLE, size=53, radix=2, digits=15),
    "BOOLEAN": XdbcType(code=_BIT, size=1),
    "CHAR": _text(_CHAR, 2000),
    "NCHAR": _text(_WCHAR, 2000),
    "VARCHAR": _text(_VARCHAR, 5000),
    "ALPHANUM": _text(_VARCHAR, 127),
    "SHORTTEXT": _text(_WVARCHAR, 5000),
    "NVARCHAR": _text(_WVARCHAR, 5000),
    "CLOB": _text(_LONGVARCHAR, _LOB_BYTES, declared=False),
    "NCLOB": _text(_LONGVARCHAR, _LOB_BYTES, declared=False),
    "TEXT": _text(_LONGVARCHAR, _LOB_BYTES, declared=False),
    "BINTEXT": _text(_LONGVARCHAR, _LOB_BYTES, declared=False),
    "BINARY": _binary(_BINARY, 5000),
    "VARBINARY": _binary(_VARBINARY, 5000),
    "BLOB": _binary(_LONGVARBINARY, _LOB_BYTES, declared=False),
    "DATE": XdbcType(code=_DATE, size=10, literal=("DATE'", "'")),
    "TIME": XdbcType(code=_TIME, size=8, literal=("TIME'", "'"), scales=(0, 0)),
    "SECONDDATE": XdbcType(code=_TIMESTAMP, size=19, scales=(0, 0)),
    "TIMESTAMP": XdbcType(
        code=_TIMESTAMP, size=27, literal=("TIMESTAMP'", "'"), scales=(7, 7)
    ),  # 100 ns
    "REAL_VECTOR": XdbcType(
        code=_UNKNOWN, size=65_000, parameters=("dimension",), searchable=_NOT_SEARCHABLE
    ),
}
"""The HANA types that are served. CHAR, NCHAR, ALPHANUM, SHORTTEXT, TEXT, BINTEXT and BINARY are no
types of HANA Cloud, but columns of older tables may have them; sizes of these are unverified."""


def precision(declared: HanaType) -> int | None:
    """Characters, bytes or decimal digits of a column; None where they are not known."""
    known = TYPES.get(declared.name)
    if declared.length is not None or known is None:
        return declared.length
    if known.parameters:  # the most that could be declared is not what this one holds
        return None
    return known.digits or known.size


def scale(declared: HanaType) -> int | None:
    """Digits behind the point; None where there are none or each value has its own."""
    known = TYPES.get(declared.name)
    if declared.scale is not None or known is None or known.scales is None:
        return declared.scale
    least, most = known.scales
    return least if least == most else None


def is_text(declared: HanaType) -> bool:
    """Whether upper and lower case matter."""
    return declared.name in TYPES and TYPES[declared.name].text


def is_searchable(declared: HanaType) -> bool:
    """Whether a WHERE clause takes it with any operator."""
    return declared.name in TYPES and TYPES[declared.name].searchable != _NOT_SEARCHABLE


def type_info(code: int | None = None) -> pa.Table:
    """The answer to GetXdbcTypeInfo: the types of this code, or all for None."""
    found = [(kind.code, name) for name, kind in TYPES.items() if code in (None, kind.code)]
    return pa.Table.from_pylist([_row(name) for _, name in sorted(found)], XDBC_TYPE_INFO)


def _row(name: str) -> dict[str, object]:
    kind = TYPES[name]
    prefix, suffix = kind.literal or (None, None)
    least, most = kind.scales or (None, None)
    subcode = _SUBCODES.get(kind.code)
    is_number = kind.radix is not None
    return {
        "type_name": name,
        "data_type": kind.code,
        "column_size": kind.size,
        "literal_prefix": prefix,
        "literal_suffix": suffix,
        "create_params": list(kind.parameters) or None,
        "nullable": _NULLABLE,
        "case_sensitive": kind.text,
        "searchable": kind.searchable,
        "unsigned_attribute": kind.unsigned if is_number else None,
        "fixed_prec_scale": False,
        "auto_increment": False if is_number else None,
        "minimum_scale": least,
        "maximum_scale": most,
        "sql_data_type": kind.code if subcode is None else _DATETIME,
        "datetime_subcode": subcode,
        "num_prec_radix": kind.radix,
    }
