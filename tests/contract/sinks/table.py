"""The table that every sink of the contract suite is given, as Arrow and as the values it holds."""

from itertools import cycle, islice
from typing import Any

import pyarrow as pa

from tests.contract.backends import shared_tables

SPACE = "CONTRACT"
TYPES = "TYPES"
"""The entity with rows."""
EMPTY = "EMPTY"
"""The same without any."""

ROWS = 1_200
"""Enough for several batches of 64 KiB."""

COLUMNS: dict[str, tuple[pa.DataType, list[Any]]] = {
    **shared_tables.EXTREMES,
    "NCLOB": (pa.large_utf8(), ["", "Größe 🎁\n" * 100]),
    "BLOB": (pa.large_binary(), [b"", bytes(range(256)) * 2]),
    "REAL_VECTOR": (
        pa.list_(pa.float32(), 2),
        [[-3.4028234663852886e38, 1.401298464324817e-45], [0.0, 1.5]],
    ),
}
"""An Arrow type for each HANA type, and values at both ends of it; NULL comes beside them."""

VALUES: dict[str, list[Any]] = {
    "ROW": list(range(ROWS)),
    **{
        # the columns begin at different places, so that no row is NULL throughout
        name: list(islice(cycle([*ends, None]), at % 3, at % 3 + ROWS))
        for at, (name, (_, ends)) in enumerate(COLUMNS.items())
    },
}
"""What the columns of TYPES hold, as Python values; ROW numbers the rows."""

SCHEMA = pa.schema([("ROW", pa.int32()), *((name, kind) for name, (kind, _) in COLUMNS.items())])


def tables() -> dict[str, pa.Table]:
    """By the name of the entity; TYPES in chunks of uneven size."""
    whole = pa.table(VALUES, schema=SCHEMA)
    chunks = [whole.slice(0, 7), whole.slice(7, 700), whole.slice(707)]
    return {TYPES: pa.concat_tables(chunks), EMPTY: whole.slice(0, 0)}


CODES = ["new", "paid", None, "paid", "", "new", "Größe", "paid", None, "new"]
"""Values of a column that arrives as dictionaries, another one with each batch."""


def codes() -> pa.Table:
    """CODES in chunks of two, each with a dictionary of its own in an order of its own."""
    kind = pa.dictionary(pa.int8(), pa.string())
    chunks = [
        pa.array(CODES[at : at + 2], pa.string()).dictionary_encode().cast(kind)
        for at in range(0, len(CODES), 2)
    ]
    return pa.table({"CODE": pa.chunked_array(chunks, kind)})
