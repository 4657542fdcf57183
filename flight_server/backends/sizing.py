"""Record batches of a wanted size: large ones cut, small ones merged; knows no database."""

import math
from collections.abc import Iterable, Iterator
from typing import Final

import pyarrow as pa

from flight_client.protocol.errors import ResourceExhausted
from flight_client.protocol.tickets import MAX_BATCH_BYTES

VARIABLE_BYTES: Final = 256
"""Width in bytes assumed for a text or binary value that nobody has seen. High on purpose: too low
costs memory (5,000 characters are 20 times this), too high a copy when small batches are merged."""

MAX_ROWS: Final = 122_880
"""Most rows to ask of a database at once; a row group of DuckDB."""


MAX_BUFFER_BYTES: Final = MAX_BATCH_BYTES - 256 * 1024
"""Most bytes of buffers in a batch. A message holds a header too, some hundred bytes and about a
hundred for each column, and the message is what clients limit."""


def sized(batches: Iterable[pa.RecordBatch], target_bytes: int) -> Iterator[pa.RecordBatch]:
    """The same rows in batches between half of the target and the target.

    The last batch may be smaller, and so may one that does not fit together with the next. Values
    of very different width make batches over the target, never over 16 MiB. A batch that is large
    enough is cut without a copy; smaller ones are copied once. Batches without rows are dropped.

    Raises:
        ResourceExhausted: One row alone is over 16 MiB.
    """
    small: list[pa.RecordBatch] = []
    small_bytes = 0
    for batch in batches:
        if batch.num_rows == 0:
            continue
        nbytes = batch.nbytes
        if small and small_bytes + nbytes > target_bytes:
            yield _merged(small)
            small, small_bytes = [], 0
        if small or 2 * nbytes < target_bytes:
            small.append(batch)
            small_bytes += nbytes
        else:
            yield from _cut(batch, target_bytes)
    if small:
        yield _merged(small)


def width_varies(schema: pa.Schema) -> bool:
    """Whether rows of a schema differ in width, so that only rows tell it."""
    return any(_width(kind) is None for kind in schema.types)


def assumed_width(schema: pa.Schema) -> float:
    """Bytes of a row of which only the schema is known."""
    widths = (_width(kind) for kind in schema.types)
    return sum(VARIABLE_BYTES if width is None else width for width in widths)


def rows_to_ask(row_bytes: float, target_bytes: int) -> int:
    """How many rows of a width make a batch that ``sized`` passes on as it is, most of the time."""
    return max(1, min(MAX_ROWS, int(target_bytes * 3 / 4 / max(row_bytes, 1 / 8))))


def _width(kind: pa.DataType) -> float | None:
    try:
        return kind.bit_width / 8
    except ValueError:  # pyarrow's way to say that the width varies
        return None


def _merged(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    if len(batches) == 1:
        return batches[0]
    (merged,) = pa.Table.from_batches(batches).combine_chunks().to_batches()
    return merged


def _cut(batch: pa.RecordBatch, target_bytes: int) -> Iterator[pa.RecordBatch]:
    nbytes = batch.nbytes
    # Offsets and bitmaps round up in every part; without room for them each part is cut again.
    if nbytes <= min(target_bytes + target_bytes // 8, MAX_BUFFER_BYTES):
        yield batch
    elif batch.num_rows == 1:
        if nbytes > MAX_BUFFER_BYTES:
            raise _too_wide(batch)
        yield batch
    else:
        rows = math.ceil(batch.num_rows / math.ceil(nbytes / target_bytes))
        for start in range(0, batch.num_rows, rows):
            yield from _cut(batch.slice(start, rows), target_bytes)


def _too_wide(row: pa.RecordBatch) -> ResourceExhausted:
    widths = [row.column(at).nbytes for at in range(row.num_columns)]
    widest = row.schema.names[widths.index(max(widths))]
    return ResourceExhausted(
        f"One row has {row.nbytes:,} bytes, {max(widths):,} of them in column {widest!r}; a record "
        f"batch holds {MAX_BUFFER_BYTES:,}: leave the column out or shorten it in a view.",
        column=widest,
    )
