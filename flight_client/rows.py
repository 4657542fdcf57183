"""Whatever holds rows as a schema and record batches: frames, tables, readers, iterables.

No frame library is loaded: who has made a frame has done that.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from itertools import chain
from typing import Any, Final, cast

import pyarrow as pa

from flight_client.protocol.errors import InvalidRequest

BATCH_BYTES: Final = 4 * 1024 * 1024
"""Size of a batch that is sent, in bytes, unless one row alone has more."""

_TAKES: Final = (
    "write takes a pandas or polars frame, an Arrow table, batch or reader, record batches, or "
    "anything else with __arrow_c_stream__"
)


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows to be sent, once.

    Attributes:
        schema: Of every batch; no column of it is dictionary encoded.
        batches: As they come.
        table: The same rows, where all of them are in memory.
    """

    schema: pa.Schema
    batches: Iterator[pa.RecordBatch]
    table: pa.Table | None = None


def rows_of(data: object) -> Rows:
    """The rows of whatever a caller has.

    A named index of a pandas frame becomes columns, an unnamed one is dropped.

    Raises:
        InvalidRequest: It holds no rows, or a column that Arrow cannot take; the column is named.
    """
    kind = type(data).__name__
    table = _table(data)
    if table is not None:
        plain = _plain_table(table)
        return Rows(plain.schema, iter(plain.to_batches()), plain)
    if hasattr(data, "__arrow_c_stream__"):
        reader = _foreign_reader(data)
        return _stream(reader.schema, reader)
    if isinstance(data, Iterable) and not isinstance(data, str | bytes | Mapping):
        return _of_batches(iter(cast("Iterable[object]", data)))
    raise InvalidRequest(f"{_TAKES}; got {kind}.")


def _table(data: object) -> pa.Table | None:
    """The rows as a table, where they are in memory as a whole."""
    if isinstance(data, pa.Table):
        return data
    if isinstance(data, pa.RecordBatch):
        return pa.Table.from_batches([data])
    if _is("pandas", "DataFrame", data):
        return _of_pandas(data)
    if _is("polars", "DataFrame", data):
        _require_values(cast("Any", data))
        return _foreign_table(data)
    if _is("polars", "LazyFrame", data):
        raise InvalidRequest("A LazyFrame has no rows yet; collect() it first.")
    if hasattr(data, "__arrow_c_array__") and not hasattr(data, "__arrow_c_stream__"):
        return pa.Table.from_batches([pa.record_batch(cast("Any", data))])
    return None


def cut(batches: Iterable[pa.RecordBatch], batch_rows: int | None) -> Iterator[pa.RecordBatch]:
    """The same rows in batches that are sent one by one; small ones are joined.

    Args:
        batches: Of one schema.
        batch_rows: Most rows of a batch; None for about ``BATCH_BYTES``.
    """
    held: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        for piece in _pieces(batch, batch_rows):
            if held and _is_over(rows + piece.num_rows, size + piece.nbytes, batch_rows):
                yield _joined(held)
                held, rows, size = [], 0, 0
            held.append(piece)
            rows, size = rows + piece.num_rows, size + piece.nbytes
    if held:
        yield _joined(held)


def _joined(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    return batches[0] if len(batches) == 1 else cast("Any", pa).concat_batches(batches)


def _is_over(rows: int, size: int, batch_rows: int | None) -> bool:
    return size > BATCH_BYTES if batch_rows is None else rows > batch_rows


def _pieces(batch: pa.RecordBatch, batch_rows: int | None) -> Iterator[pa.RecordBatch]:
    if batch_rows is None:
        batch_rows = max(1, batch.num_rows * BATCH_BYTES // max(batch.nbytes, 1))
    for start in range(0, batch.num_rows, batch_rows):
        yield batch.slice(start, batch_rows)


def _is(library: str, name: str, data: object) -> bool:
    """Whether it is of a class of a library, which then is loaded."""
    kind: object = getattr(sys.modules.get(library), name, None)
    return isinstance(kind, type) and isinstance(data, kind)


def _of_pandas(data: object) -> pa.Table:
    frame = cast("Any", data)
    levels: list[object] = [name for name in frame.index.names if name is not None]
    if twin := next((name for name in levels if name in frame.columns), None):
        raise InvalidRequest(
            f"The index of the frame has the name of its column {str(twin)!r:.100}; rename the "
            "index, or leave it out with reset_index(drop=True).",
            column=str(twin),
        )
    try:
        if levels:
            frame = frame.reset_index()
        table = pa.Table.from_pandas(frame, preserve_index=False)
    except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
        raise _misfit_of_pandas(frame, error) from None
    _require_unchanged(frame, table)
    return table


def _require_unchanged(frame: Any, table: pa.Table) -> None:  # noqa: ANN401 - pandas has no types
    """Refuse what Arrow lets pass among Python objects [run, pyarrow 26].

    The first one decides: beside a date the times of day of others are dropped, beside a time
    without a zone their zones, beside bytes a text becomes bytes; and nanoseconds are dropped.
    """
    fields: list[pa.Field[Any]] = list(table.schema)
    for at, (field, dtype) in enumerate(zip(fields, frame.dtypes, strict=True)):
        if str(dtype) != "object" or not _may_change(field.type):
            continue
        for value in frame.iloc[:, at].dropna():
            if _is_changed(value, field.type):
                raise InvalidRequest(
                    f"Column {field.name!r:.100} has values that Arrow has no one type for "
                    f"({value!r:.100} would be changed to {field.type!s}); convert them, with "
                    "astype for example.",
                    column=field.name,
                )


def _may_change(kind: pa.DataType) -> bool:
    return pa.types.is_temporal(kind) or pa.types.is_binary(kind)


def _is_changed(value: object, kind: pa.DataType) -> bool:
    match value:
        case datetime():
            if not pa.types.is_timestamp(kind):
                return True
            has_nanoseconds = bool(getattr(value, "nanosecond", 0)) and kind.unit != "ns"
            return has_nanoseconds or (value.tzinfo is None) != (kind.tz is None)
        case time():
            return value.tzinfo is not None
        case _:
            return isinstance(value, str) and pa.types.is_binary(kind)


def _misfit_of_pandas(frame: Any, error: Exception) -> InvalidRequest:  # noqa: ANN401 - pandas has no types
    names = [str(name) for name in frame.columns]
    if len(set(names)) < len(names):
        twin = next(name for at, name in enumerate(names) if name in names[:at])
        return InvalidRequest(f"The frame has two columns {twin!r:.100}; rename one.", column=twin)
    for at, name in enumerate(names):
        try:
            pa.array(frame.iloc[:, at], from_pandas=True)
        except (pa.ArrowException, ValueError, TypeError, OverflowError) as misfit:
            said = str(misfit).partition("\n")[0]
            return InvalidRequest(
                f"Column {name!r:.100} has values that Arrow has no one type for ({said:.200}); "
                "convert them, with astype for example.",
                column=name,
            )
    return InvalidRequest(f"The frame cannot be taken: {error!s:.300}")


def _require_values(frame: Any) -> None:  # noqa: ANN401 - polars is not installed everywhere
    """Refuse Python objects in a polars frame, which polars hands on as addresses of memory."""
    for name, kind in frame.schema.items():
        if str(kind) == "Object":
            raise InvalidRequest(
                f"Column {name!r:.100} holds Python objects, for which Arrow has no type; cast it.",
                column=name,
            )


def _foreign_reader(data: object) -> pa.RecordBatchReader:
    try:
        return pa.RecordBatchReader.from_stream(cast("Any", data))
    except pa.ArrowInvalid as error:
        raise InvalidRequest(
            f"{_TAKES}; this {type(data).__name__} holds no columns: {error!s:.200}"
        ) from None


def _foreign_table(data: object) -> pa.Table:
    return _foreign_reader(data).read_all()


def _of_batches(items: Iterator[object]) -> Rows:
    first = next(items, None)
    if first is None:
        raise InvalidRequest(
            "There is not one batch to write, so that nothing tells the columns; send a table or "
            "a batch without rows."
        )
    schema = _tabular(first, 1).schema
    return _stream(schema, _same(chain((first,), items), schema))


def _same(items: Iterator[object], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for number, item in enumerate(items, 1):
        found = _tabular(item, number)
        if not found.schema.equals(schema):
            raise InvalidRequest(
                f"Batch {number} has other columns than the first; give all of them the same "
                "names and types."
            )
        yield from found.to_batches() if isinstance(found, pa.Table) else (found,)


def _tabular(item: object, number: int) -> "pa.Table | pa.RecordBatch":
    if isinstance(item, pa.Table | pa.RecordBatch):
        return item
    if hasattr(item, "__arrow_c_stream__"):
        return rows_of(item).table or _foreign_table(item)
    raise InvalidRequest(f"{_TAKES}; item {number} is of type {type(item).__name__}.")


def _stream(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Rows:
    plain = _plain_schema(schema)
    if plain is schema:
        return Rows(schema, iter(batches))
    return Rows(plain, (_plain_batch(batch, plain) for batch in batches))


def _plain_table(table: pa.Table) -> pa.Table:
    plain = _plain_schema(table.schema)
    if plain is table.schema:
        return table
    batches = [_plain_batch(batch, plain) for batch in table.to_batches()]
    return pa.Table.from_batches(batches, plain)


def _plain_schema(schema: pa.Schema) -> pa.Schema:
    """Each batch may bring another dictionary, of which not every reader of Flight knows."""
    fields: list[pa.Field[Any]] = list(schema)
    if not any(pa.types.is_dictionary(field.type) for field in fields):
        return schema
    plain: list[pa.Field[Any]] = [
        field.with_type(_plain_type(cast("Any", field.type).value_type))
        if pa.types.is_dictionary(field.type)
        else field
        for field in fields
    ]
    return pa.schema(plain, metadata=cast("Any", schema.metadata))


def _plain_type(kind: pa.DataType) -> pa.DataType:
    """A type that dictionaries can be decoded to: views cannot be taken from [run, pyarrow 26]."""
    if kind == pa.string_view():
        return pa.large_utf8()
    return pa.large_binary() if kind == pa.binary_view() else kind


def _decoded(column: Any) -> "pa.Array[Any]":  # noqa: ANN401 - pyarrow-stubs leaves it half unknown
    values = column.dictionary.cast(_plain_type(column.type.value_type))
    return values.take(column.indices)


def _plain_batch(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    columns: list[Any] = [
        _decoded(column) if isinstance(column, pa.DictionaryArray) else column
        for column in cast("list[Any]", batch.columns)
    ]
    return pa.record_batch(columns, schema=schema)
