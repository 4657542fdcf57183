"""The rows of a cursor as record batches: how many are fetched at a time, and when a batch leaves.

Knows neither pipes nor messages.
"""

import math
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol, TypeAlias, cast

import pyarrow as pa

from flight_client.protocol.catalog import Column
from flight_client.protocol.errors import ResourceExhausted
from flight_server.backends.hana.reader.columns import RowConverter, repaired
from flight_server.backends.hana.reader.driver import Lob, Row, read_lob
from flight_server.backends.sizing import sized

Fetch: TypeAlias = Callable[[int], Sequence[Row]]

FIRST_ROWS: Final = 32
"""Rows of the first fetch. They come with the reply to the statement (the emulator sends as many;
HANA's own number is unverified) and tell how wide rows are."""

MAX_ROWS: Final = 512
"""Most rows of a fetch. Of ten columns they still fit a core's cache as Python objects: 2,870 ns of
CPU a row beside 3,330 with 4,096 and 3,000 with 256, the best of three, hdbcli included."""

CHUNK_BYTES: Final = 1024 * 1024
"""Arrow bytes that a fetch aims at. As Python objects the same rows are about six times as much."""

MAX_CHUNK_BYTES: Final = 64 * 1024 * 1024
"""No fetch asks for more rows than would be this large if each were as wide as it may be."""

FIRST_BATCH_BYTES: Final = 1024 * 1024
"""The first batch leaves early, where larger ones are wanted."""

PATIENCE_S: Final = 2.0
"""Rows of a slow statement leave after this time, however few they are."""

_LONGEST: Final = 5000  # characters or bytes of NVARCHAR and VARBINARY [HANA SQL reference]
_CHARACTER_BYTES: Final = 3  # in UTF-8, of one that HANA counts as one
_VALUE_BYTES: Final = 16


class RowSource(Protocol):
    """The side of a ``driver.Cursor`` that is seen here."""

    def fetch(self, rows: int) -> Sequence[Row]:
        """The next rows, with whole LOBs; none at the end."""
        ...

    def fetch_with_lobs(self) -> Row | None:
        """The next row, with a ``Lob`` where one is not NULL; None at the end."""
        ...


def fetch_of(
    cursor: RowSource,
    columns: Sequence[Column],
    lobs: Mapping[int, type[str] | type[bytes]],
    lob_bytes: int,
) -> Fetch:
    """How rows of a cursor are fetched.

    Where there are LOBs, it is one by one: only then can hdbcli read a part of a LOB, and release
    the GIL while it reads it.
    """
    if not lobs:
        return cursor.fetch

    def fetch(rows: int) -> Sequence[Row]:
        found: list[Row] = []
        size = 0
        while len(found) < rows and size < CHUNK_BYTES:
            raw = cursor.fetch_with_lobs()
            if raw is None:
                break
            row = list(raw)
            for at, kind in lobs.items():
                if row[at] is not None:
                    value = _value(cast("Lob", row[at]), kind, columns[at], lob_bytes)
                    row[at] = value
                    size += len(value)
            found.append(row)
        return found

    return fetch


def batches(
    fetch: Fetch, converter: RowConverter, columns: Iterable[Column], batch_bytes: int
) -> Generator[pa.RecordBatch]:
    """All rows as batches of about a size; the first one and those of slow rows may be smaller.

    Raises:
        DataError: A value does not fit its column.
        ResourceExhausted: A row or a LOB is too large.
    """
    chunks = _chunks(fetch, converter, columns, batch_bytes)
    most_bytes = FIRST_BATCH_BYTES if batch_bytes >= 2 * FIRST_BATCH_BYTES else math.inf
    for chunk in chunks:
        yield from sized(_burst(chunk, chunks, most_bytes), batch_bytes)
        most_bytes = math.inf


def _burst(
    first: pa.RecordBatch, rest: Iterator[pa.RecordBatch], most_bytes: float
) -> Generator[pa.RecordBatch]:
    """Chunks up to a size, or for as long as patience lasts."""
    until = time.monotonic() + PATIENCE_S
    yield first
    size = first.nbytes
    while size < most_bytes and time.monotonic() < until:
        chunk = next(rest, None)
        if chunk is None:
            return
        size += chunk.nbytes
        yield chunk


def _chunks(
    fetch: Fetch, converter: RowConverter, columns: Iterable[Column], batch_bytes: int
) -> Generator[pa.RecordBatch]:
    target_bytes = min(CHUNK_BYTES, batch_bytes * 3 // 4)  # one that ``sized`` need not cut
    most = max(1, min(MAX_ROWS, MAX_CHUNK_BYTES // sum(map(_widest, columns))))
    asked = min(FIRST_ROWS, most)
    while rows := fetch(asked):
        chunk = converter.batch(rows)
        row_bytes = max(1, chunk.nbytes / chunk.num_rows)
        asked = max(1, min(most, int(target_bytes / row_bytes)))
        yield chunk


def _widest(column: Column) -> int:
    """Bytes of the widest value that a column may hold; of a LOB the little that is always read."""
    match (column.read_as or column.type).name:
        case "NVARCHAR" | "VARCHAR" | "CHAR" | "NCHAR" | "ALPHANUM" | "SHORTTEXT":
            return _CHARACTER_BYTES * (column.type.length or _LONGEST)
        case "VARBINARY" | "BINARY":
            return column.type.length or _LONGEST
        case "REAL_VECTOR":
            return 4 * (column.type.length or _LONGEST)
        case _:
            return _VALUE_BYTES


def _value(
    lob: Lob, kind: type[str] | type[bytes], column: Column, lob_bytes: int
) -> str | memoryview:
    value = read_lob(lob, lob_bytes + 1)
    if value is None:
        return "" if kind is str else memoryview(b"")
    size = len(value)
    if kind is str and size <= lob_bytes < 4 * size:
        size = len((repaired(value) or "").encode())
    if size > lob_bytes:
        raise ResourceExhausted(
            f"Column {column.name!r} holds a LOB of more than {lob_bytes:,} bytes; cut it in a "
            "view, leave the column out, or have hana.lob_bytes raised.",
            column=column.name,
        )
    return value
