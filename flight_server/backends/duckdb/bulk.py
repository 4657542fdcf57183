"""Rows of values as Arrow batches, and which row of a batch an error means; runs nothing.

DuckDB takes half a millisecond for a row that is bound to a statement and some microseconds for one
of a batch [run, 2.0]. Its error about a batch does not say which row it was; the values may.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, cast

import pyarrow as pa

from flight_client.protocol.catalog import Column, Entity
from flight_client.protocol.errors import UnsupportedType
from flight_client.protocol.literals import LiteralValue
from flight_client.protocol.schemas import arrow_type
from flight_server.backends.base import ParameterRow
from flight_server.backends.exact import NoSuchCast, exact
from flight_server.sql.changes import AdmittedChange
from flight_server.sql.markers import columns_of_values

CHUNK_ROWS: Final = 10_000
"""Rows in hand at once."""

FEW_ROWS: Final = 100
"""Up to here rows are bound one by one: an error then names its row, whatever it is about."""

_DUPLICATE: Final = re.compile(r'[Dd]uplicate key "(?P<key>.*)"', re.DOTALL)


def chunks(rows: Iterable[ParameterRow]) -> Iterator[list[ParameterRow]]:
    """The rows in lists of at most ``CHUNK_ROWS``."""
    left = iter(rows)
    while chunk := list(islice(left, CHUNK_ROWS)):
        yield chunk


def inserted_columns(change: AdmittedChange, target: Entity) -> list[Column] | None:
    """The columns that the values of a row go to, one by one; None where a change is more."""
    names = columns_of_values(
        change.expression, change.parameter_count, [column.name for column in target.columns]
    )
    found = [target.column(name) for name in names or ()]
    columns = [column for column in found if column is not None]
    return columns if columns and len(columns) == change.parameter_count else None


def as_batch(columns: Sequence[Column], rows: Sequence[ParameterRow]) -> pa.RecordBatch | None:
    """Rows of values as a batch; None where DuckDB may make something else of a value in a row.

    So what a column cannot hold is said by DuckDB, of the very row.
    """
    if any(len(row) != len(columns) for row in rows):
        return None
    arrays: list[pa.Array[Any]] = []
    for column, values in zip(columns, zip(*rows, strict=True), strict=True):
        array = _exact(values, column)
        if array is None:
            return None
        arrays.append(array)
    return pa.record_batch(arrays, names=[column.name for column in columns])


def _exact(values: Sequence[LiteralValue | None], column: Column) -> "pa.Array[Any] | None":
    if len({type(value) for value in values if value is not None}) > 1:
        return None
    try:
        array = cast("pa.Array[Any]", pa.array(cast("list[Any]", values)))
        return exact(array, arrow_type(column.type))
    except (pa.ArrowInvalid, OverflowError, NoSuchCast, UnsupportedType):
        return None


def null_at(batch: pa.RecordBatch, column: str) -> int | None:
    """The first row, from 1, without a value in a column; None where every row lacks it."""
    values = _values(batch, column) if column in batch.schema.names else []
    return next((row for row, value in enumerate(values, 1) if value is None), None)


def duplicate_at(said: str, batch: pa.RecordBatch, keys: Sequence[str]) -> int | None:
    """The row, from 1, whose key an error of DuckDB names, where that shows.

    Args:
        said: DuckDB's message.
        batch: What was inserted.
        keys: Columns of the primary key.
    """
    found = _DUPLICATE.search(said)
    if found is None or not keys or not set(keys) <= set(batch.schema.names):
        return None
    return _second_or_only(batch, keys, found["key"])


def _second_or_only(batch: pa.RecordBatch, keys: Sequence[str], key: str) -> int | None:
    """The row whose key DuckDB writes as ``5, x`` or ``A: 5, B: x``; the second, if two have it."""
    found: list[int] = []
    rows = zip(*(_values(batch, name) for name in keys), strict=True)
    for number, values in enumerate(rows, 1):
        texts = [str(value) for value in values]
        labelled = [f"{name}: {text}" for name, text in zip(keys, texts, strict=True)]
        if key in (", ".join(texts), ", ".join(labelled)):
            found.append(number)
    return next(iter(found[1:] or found), None)


def _values(batch: pa.RecordBatch, column: str) -> list[object]:
    return cast("list[object]", batch.column(column).to_pylist())
