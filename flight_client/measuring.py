"""How long the texts and binaries of a table are, as HANA counts, and what to declare for them."""

from typing import Any, Final, cast

import pyarrow as pa
import pyarrow.compute as pc

from flight_client.protocol.catalog import HanaType
from flight_client.protocol.schemas import TYPE_KEY

STEPS: Final = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
"""Lengths that are declared; the last is the most that NVARCHAR and VARBINARY hold [HANA SQL
reference, character string and binary data types]."""

_SUPPLEMENTARY: Final = r"[\x{10000}-\x{10FFFF}]"
_EXTRA_BYTES: Final = 3
"""What UTF-8 spends on such a character beyond one byte."""


def measured(table: pa.Table) -> dict[str, HanaType]:
    """What to declare for the columns of texts and binaries that do not say it themselves.

    HANA counts UTF-16 units: a character outside of the basic plane is two of them [HANA SQL
    reference, character string data types].
    """
    found: dict[str, HanaType] = {}
    fields: list[pa.Field[Any]] = list(table.schema)
    for field, column in zip(fields, table.columns, strict=True):
        chunks: list[pa.Array[Any]] = column.chunks
        if TYPE_KEY in (field.metadata or {}):
            continue
        if _is_text(field.type):
            longest = max((_units(chunk) for chunk in chunks), default=0)
            found[field.name] = _declared("NVARCHAR", "NCLOB", longest)
        elif _is_binary(field.type):
            longest = max((_bytes(chunk) for chunk in chunks), default=0)
            found[field.name] = _declared("VARBINARY", "BLOB", longest)
    return found


def _declared(short: str, long: str, longest: int) -> HanaType:
    step = next((step for step in STEPS if step >= longest), None)
    return HanaType(long) if step is None else HanaType(short, step)


def _is_text(kind: pa.DataType) -> bool:
    return kind in (pa.utf8(), pa.large_utf8(), pa.string_view())


def _is_binary(kind: pa.DataType) -> bool:
    return kind in (pa.binary(), pa.large_binary(), pa.binary_view())


def _units(chunk: "pa.Array[Any]") -> int:
    """UTF-16 units of the longest text."""
    compute = cast("Any", pc)
    texts: Any = chunk.cast(pa.large_utf8())
    lengths = compute.utf8_length(texts)
    beyond = compute.max(compute.subtract(compute.binary_length(texts), lengths)).as_py()
    if (beyond or 0) >= _EXTRA_BYTES:  # else no text has such a character
        more = compute.count_substring_regex(texts, pattern=_SUPPLEMENTARY)
        lengths = compute.add(lengths, more)
    return compute.max(lengths).as_py() or 0


def _bytes(chunk: "pa.Array[Any]") -> int:
    compute = cast("Any", pc)
    return compute.max(compute.binary_length(chunk.cast(pa.large_binary()))).as_py() or 0
