"""Replay: result sets kept as the bytes of their rows and served in slices, without the engine.

A benchmark of clients then measures the client. Results with large objects are not recorded,
because their locators belong to a session.
"""

import json
import mmap
import struct
import threading
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.hana_emulator.results import Batch
from tests.hana_emulator.values import (
    Cursor,
    DeclaredType,
    FunctionCode,
    Marker,
    ResultColumn,
    Row,
)
from tests.hana_emulator.wire.framing import Buffer
from tests.hana_emulator.wire.rows import EncodeRows

_ROWS_AT_ONCE = 10_000
_MAGIC = b"HANAREPLAY1\n"
_LENGTH = struct.Struct("<Q")


@dataclass(frozen=True, slots=True)
class Recording:
    """A result set as bytes.

    Attributes:
        columns: What the metadata say.
        data: Rows back to back.
        offsets: Where each row starts, and where the last one ends: one more than rows.
    """

    columns: tuple[ResultColumn, ...]
    data: Buffer
    offsets: "array[int] | memoryview"

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return len(self.offsets) - 1


@dataclass(frozen=True, slots=True)
class Replayed:
    """A statement that was recorded; see ``values.Prepared``."""

    columns: tuple[ResultColumn, ...]
    function: FunctionCode = FunctionCode.SELECT
    markers: tuple[Marker, ...] = ()


class RecordedRows:
    """A reading of a recording from its start; `tests.hana_emulator.results.Rows`."""

    def __init__(self, recording: Recording) -> None:
        self._data = memoryview(recording.data)
        self._offsets = recording.offsets
        self._rows = recording.rows
        self._at = 0

    def take(self, rows: int, limit_bytes: int) -> Batch:
        """Up to so many rows and bytes as one slice."""
        start = self._at
        most = min(start + rows, self._rows)
        limit = self._offsets[start] + limit_bytes
        end = bisect_right(self._offsets, limit, start + 1, most + 1) - 1
        end = min(max(end, start + 1), self._rows)
        self._at = end
        piece = self._data[self._offsets[start] : self._offsets[end]]
        return Batch(end - start, (piece,), last=end == self._rows)

    def close(self) -> None:
        """Nothing is held."""


def record(columns: tuple[ResultColumn, ...], cursor: Cursor, encode: EncodeRows) -> Recording:
    """Run a cursor to its end; the caller closes it."""
    data = bytearray()
    offsets = array("Q", (0,))
    while True:
        rows = cursor.fetch(_ROWS_AT_ONCE)
        for row in encode(rows):
            data += row
            offsets.append(len(data))
        if len(rows) < _ROWS_AT_ONCE:
            return Recording(columns, data, offsets)


def recording_key(statement: str, parameters: Row, data_format: int) -> str:
    """What makes two executions the same; neither user nor current schema are part of it."""
    return json.dumps([statement, repr(tuple(parameters)), data_format])


@dataclass(slots=True)
class Recordings:
    """All recordings of a server, by `recording_key`."""

    _by_key: dict[str, Recording] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: str) -> Recording | None:
        """The recording of a key."""
        with self._lock:
            return self._by_key.get(key)

    def add(self, key: str, recording: Recording) -> None:
        """Keep a recording."""
        with self._lock:
            self._by_key[key] = recording

    def save(self, path: Path) -> None:
        """Write all recordings to a file, beside it first and then in its place."""
        with self._lock:
            recordings = dict(self._by_key)
        beside = path.with_suffix(path.suffix + ".part")
        with beside.open("wb") as file:
            file.write(_MAGIC)
            for key, recording in recordings.items():
                header = json.dumps(
                    {"key": key, "columns": [_column_fields(c) for c in recording.columns]}
                ).encode()
                pieces = [header + b" " * (-len(header) % 8), recording.data]
                pieces.append(memoryview(recording.offsets).cast("B"))
                for piece in pieces:
                    file.write(_LENGTH.pack(len(piece)))
                    file.write(piece)
                    file.write(bytes(-len(piece) % 8))
        beside.replace(path)

    def load(self, path: Path) -> None:
        """Map the recordings of a file into memory; they are read as they are served.

        Raises:
            ValueError: it is no file of recordings.
        """
        with path.open("rb") as file:
            data = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        if bytes(data[: len(_MAGIC)]) != _MAGIC:
            message = f"{path} holds no recordings of the emulator"
            raise ValueError(message)
        offset = len(_MAGIC)
        while offset < len(data):
            pieces: list[memoryview] = []
            for _ in range(3):
                (length,) = _LENGTH.unpack_from(data, offset)
                offset += _LENGTH.size
                pieces.append(data[offset : offset + length])
                offset += length + -length % 8
            header = json.loads(bytes(pieces[0]))
            columns = tuple(_column(fields) for fields in header["columns"])
            self.add(header["key"], Recording(columns, pieces[1], pieces[2].cast("Q")))


def _column_fields(column: ResultColumn) -> Sequence[object]:
    kind = column.type
    declared = [kind.name, kind.length, kind.scale]
    return [column.name, declared, column.nullable, column.schema, column.table]


def _column(fields: Sequence[object]) -> ResultColumn:
    name, declared, nullable, schema, table = fields
    return ResultColumn(name, DeclaredType(*declared), nullable, schema, table)
