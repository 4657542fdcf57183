"""Writes record batches to files, pipes and terminals, batch by batch; knows nothing of servers."""
# pyarrow's stubs leave writers and the values of arrays half untyped:
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import json
import math
import os
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, TypeAlias, cast

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from flight_client.display import cell, text_table
from flight_client.protocol.errors import InvalidRead

if TYPE_CHECKING:
    from io import IOBase

PREVIEW_ROWS: Final = 20
ROW_GROUP_BYTES: Final = 64 * 1024 * 1024
"""Size of a row group in bytes: record batches are too small to be read well from a file."""

Batches: TypeAlias = Iterable[pa.RecordBatch]
Sink: TypeAlias = Callable[[BinaryIO, pa.Schema, Batches], int]
"""Writes batches to an open file and returns how many rows."""


def write_file(path: Path, schema: pa.Schema, batches: Batches) -> int:
    """Write a file whose ending says its format; half-written data never has its name.

    Args:
        path: Replaced if it is there, once everything is written.
        schema: Of the batches, also where there are none.
        batches: Read to their end.

    Returns:
        How many rows it has.

    Raises:
        OSError: The file cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as file:
            rows = SINKS[path.suffix.lower()](file, schema, batches)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return rows


def write_parquet(file: BinaryIO, schema: pa.Schema, batches: Batches) -> int:
    """Parquet, compressed with zstd, in row groups of about 64 MiB."""
    rows = 0
    waiting: list[pa.RecordBatch] = []
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        for batch in batches:
            waiting.append(batch)
            rows += batch.num_rows
            if sum(held.nbytes for held in waiting) >= ROW_GROUP_BYTES:
                writer.write_table(pa.Table.from_batches(waiting))
                waiting.clear()
        if waiting:
            writer.write_table(pa.Table.from_batches(waiting))
    return rows


def write_arrow(file: BinaryIO, schema: pa.Schema, batches: Batches) -> int:
    """An Arrow IPC file, uncompressed, to be mapped into memory."""
    rows = 0
    with pa.ipc.new_file(cast("IOBase", file), schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows


def write_csv(file: BinaryIO, schema: pa.Schema, batches: Batches) -> int:
    """CSV with a header; NULL is empty, an empty text is quoted, binary is hexadecimal."""
    rows = 0
    flat = pa.schema([_csv_field(field) for field in _fields(schema)])
    with pa_csv.CSVWriter(file, flat) as writer:
        for batch in batches:
            columns = [_csv_column(column) for column in batch.columns]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=flat))
            rows += batch.num_rows
    return rows


def check_json_names(schema: pa.Schema) -> None:
    """Refuse columns of the same name, of which an object would hold the last alone.

    Raises:
        InvalidRead: Naming them.
    """
    repeated = [name for name, times in Counter(schema.names).items() if times > 1]
    if repeated:
        raise InvalidRead(
            f"JSON cannot hold two columns named {', '.join(repeated)}; name them apart with AS."
        )


def write_json_lines(file: BinaryIO, batches: Batches) -> int:
    """One JSON object per row; decimals are strings, moments ISO, binary hexadecimal."""
    rows = 0
    for batch in batches:
        lines = (json.dumps(to_json(row), ensure_ascii=False) for row in batch.to_pylist())
        file.write("".join(f"{line}\n" for line in lines).encode())
        rows += batch.num_rows
    return rows


SINKS: Final[dict[str, Sink]] = {
    ".parquet": write_parquet,
    ".arrow": write_arrow,
    ".csv": write_csv,
}
"""How a file is written, by its ending."""


def preview(schema: pa.Schema, batches: Batches, total_rows: int | None, width: int | None) -> str:
    """The first 20 rows as a table, and how many there are.

    Args:
        schema: Of the batches.
        batches: Not read further than needed.
        total_rows: As far as known.
        width: Most characters of a line; None for no limit.
    """
    rows: list[tuple[object, ...]] = []
    for batch in batches:
        part = batch.slice(0, PREVIEW_ROWS + 1 - len(rows))
        rows.extend(zip(*[column.to_pylist() for column in part.columns], strict=True))
        if len(rows) > PREVIEW_ROWS:
            break
    shown = rows[:PREVIEW_ROWS]
    right = [at for at, field in enumerate(_fields(schema)) if _is_number(field.type)]
    table = text_table(
        [cell(name) for name in schema.names],
        [[cell(value) for value in row] for row in shown],
        width=width,
        right=right,
    )
    return f"{table}\n\n{_footer(len(rows), total_rows)}"


def _footer(read: int, total_rows: int | None) -> str:
    if read <= PREVIEW_ROWS:
        return f"{read} row{'' if read == 1 else 's'}"
    if total_rows is None:
        return f"the first {PREVIEW_ROWS} rows; there are more"
    return f"the first {PREVIEW_ROWS} of {total_rows:,} rows"


def to_json(value: object) -> object:
    """A value in JSON's types; NaN and infinity, which JSON lacks, become null."""
    match value:
        case dict():
            return {key: to_json(item) for key, item in cast("dict[str, object]", value).items()}
        case list():
            return [to_json(item) for item in cast("list[object]", value)]
        case Decimal():
            return format(value, "f")
        case bytes():
            return value.hex()
        case date() | datetime() | time():
            return value.isoformat()
        case float() if not math.isfinite(value):
            return None
        case _:
            return value


def _fields(schema: pa.Schema) -> "list[pa.Field[Any]]":
    return list(schema)


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def _is_plain(kind: pa.DataType) -> bool:
    binary = pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
    return not (binary or pa.types.is_fixed_size_binary(kind) or pa.types.is_nested(kind))


def _csv_field(field: "pa.Field[Any]") -> "pa.Field[Any]":
    return field if _is_plain(field.type) else pa.field(field.name, pa.utf8())


def _csv_column(column: "pa.Array[Any]") -> "pa.Array[Any]":
    if _is_plain(column.type):
        return column
    values = [to_json(value) for value in cast("list[object]", column.to_pylist())]
    texts = [
        value if value is None or isinstance(value, str) else json.dumps(value) for value in values
    ]
    return pa.array(texts, pa.utf8())
