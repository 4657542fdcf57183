"""DuckDB types as HANA types: one table; knows no connection."""

import re
from functools import lru_cache
from typing import Final

from flight_client.protocol.catalog import HanaType

_HANA: Final[dict[str, HanaType]] = {
    "BOOLEAN": HanaType("BOOLEAN"),
    "TINYINT": HanaType("SMALLINT"),  # HANA's TINYINT has no sign
    "UTINYINT": HanaType("TINYINT"),
    "SMALLINT": HanaType("SMALLINT"),
    "USMALLINT": HanaType("INTEGER"),
    "INTEGER": HanaType("INTEGER"),
    "UINTEGER": HanaType("BIGINT"),
    "BIGINT": HanaType("BIGINT"),
    "UBIGINT": HanaType("DECIMAL", 20, 0),
    "HUGEINT": HanaType("DECIMAL", 38, 0),
    "FLOAT": HanaType("REAL"),
    "DOUBLE": HanaType("DOUBLE"),
    "VARCHAR": HanaType("NVARCHAR"),
    "UUID": HanaType("NVARCHAR", 36),
    "BLOB": HanaType("VARBINARY"),
    "DATE": HanaType("DATE"),
    "TIME": HanaType("TIME"),
    "TIMESTAMP": HanaType("TIMESTAMP"),
    "TIMESTAMP_MS": HanaType("TIMESTAMP"),
    "TIMESTAMP_S": HanaType("SECONDDATE"),
    '"NULL"': HanaType("NVARCHAR"),  # the type of a bare NULL in a query
}

_DECIMAL: Final = re.compile(r"DECIMAL\((\d+),(\d+)\)")


@lru_cache(maxsize=1024)
def hana_type(declared: str) -> HanaType:
    """The HANA type whose values hold those of a DuckDB type.

    A type without a row (lists, structs, intervals, zoned and nanosecond timestamps) keeps DuckDB's
    name: the column is listed, and whoever reads it is refused by that name.

    Args:
        declared: As DuckDB writes a type, for example ``DECIMAL(15,2)``.
    """
    decimal = _DECIMAL.fullmatch(declared)
    if decimal:
        return HanaType("DECIMAL", int(decimal[1]), int(decimal[2]))
    if declared.startswith("ENUM(") and declared.endswith(")"):
        return HanaType("NVARCHAR")
    return _HANA.get(declared, HanaType(declared))
