from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pytest

from flight_client.protocol.catalog import Column, HanaType
from flight_client.protocol.errors import ResourceExhausted
from flight_server.backends.hana.reader.columns import RowConverter
from flight_server.backends.hana.reader.rows import (
    CHUNK_BYTES,
    FIRST_ROWS,
    MAX_ROWS,
    batches,
    fetch_of,
)

MIB = 1024 * 1024
NUMBER = Column("N", HanaType("BIGINT"))
TEXT = Column("T", HanaType("NVARCHAR", 5000))


@dataclass
class LobDouble:
    """A LOB that counts what was read of it."""

    value: str | bytes
    asked: list[int] = field(default_factory=list)

    def read(self, size: int) -> str | memoryview | None:
        self.asked.append(size)
        if not self.value:
            return None
        piece = self.value[:size]
        return memoryview(piece) if isinstance(piece, bytes) else piece


class CursorDouble:
    """Hands out rows as hdbcli does, and notes how many were asked for at a time."""

    def __init__(self, rows: Sequence[Sequence[object]]) -> None:
        self.rows = list(rows)
        self.asked: list[int] = []

    def fetch(self, rows: int) -> Sequence[Sequence[object]]:
        self.asked.append(rows)
        found, self.rows = self.rows[:rows], self.rows[rows:]
        return found

    def fetch_with_lobs(self) -> Sequence[object] | None:
        return self.rows.pop(0) if self.rows else None


def read(
    cursor: CursorDouble,
    columns: Sequence[Column],
    *,
    batch_bytes: int = MIB,
    lobs: dict[int, Any] | None = None,
    lob_bytes: int = MIB,
) -> list[pa.RecordBatch]:
    fetch = fetch_of(cursor, columns, lobs or {}, lob_bytes)
    return list(batches(fetch, RowConverter(columns), columns, batch_bytes))


def test_all_rows_arrive_in_order() -> None:
    found = read(CursorDouble([(at,) for at in range(10_000)]), [NUMBER])

    assert pa.Table.from_batches(found)["N"].to_pylist() == list(range(10_000))


def test_no_rows_make_no_batch() -> None:
    assert read(CursorDouble([]), [NUMBER]) == []


def test_the_first_fetch_is_small_and_later_ones_are_bounded() -> None:
    cursor = CursorDouble([(at,) for at in range(20_000)])

    read(cursor, [NUMBER])

    assert cursor.asked[0] == FIRST_ROWS
    assert set(cursor.asked[1:]) == {MAX_ROWS}


def test_wide_rows_are_fetched_a_few_at_a_time() -> None:
    cursor = CursorDouble([("x" * 5000,) for _ in range(2000)])

    read(cursor, [TEXT])

    assert max(cursor.asked) * 5000 <= CHUNK_BYTES


def test_many_columns_that_may_be_wide_bound_the_fetch_while_they_are_narrow() -> None:
    cursor = CursorDouble([("x",) * 100 for _ in range(1000)])

    read(cursor, [TEXT] * 100)

    assert max(cursor.asked) * 100 * 15_000 <= 64 * MIB


def test_batches_have_the_wanted_size() -> None:
    found = read(CursorDouble([("x" * 100,) for _ in range(60_000)]), [TEXT], batch_bytes=MIB)

    assert all(MIB / 2 <= batch.nbytes <= MIB * 9 / 8 for batch in found[:-1])


def test_the_first_batch_leaves_before_a_large_one_is_full() -> None:
    rows = [("x" * 1000,) for _ in range(20_000)]

    found = read(CursorDouble(rows), [TEXT], batch_bytes=8 * MIB)

    assert found[0].nbytes <= 2 * MIB
    assert found[1].nbytes >= 4 * MIB


def test_a_small_result_is_one_batch() -> None:
    assert len(read(CursorDouble([(at,) for at in range(9000)]), [NUMBER])) == 1


CLOB = Column("L", HanaType("NCLOB"))
BLOB = Column("B", HanaType("BLOB"))


def test_lobs_null_and_empty_are_told_apart() -> None:
    rows = [(LobDouble("text"),), (None,), (LobDouble(""),)]

    (found,) = read(CursorDouble(rows), [CLOB], lobs={0: str})

    assert found.column(0).to_pylist() == ["text", None, ""]


def test_binary_lobs_null_and_empty_are_told_apart() -> None:
    rows = [(LobDouble(b"\x00\xff"),), (None,), (LobDouble(b""),)]

    (found,) = read(CursorDouble(rows), [BLOB], lobs={0: bytes})

    assert found.column(0).to_pylist() == [b"\x00\xff", None, b""]


@pytest.mark.parametrize(
    ("column", "kind", "value"),
    [(CLOB, str, "x" * 100), (BLOB, bytes, b"x" * 100), (CLOB, str, "ä" * 50)],
)
def test_lob_of_just_the_allowed_size_is_read(column: Column, kind: Any, value: Any) -> None:
    (found,) = read(CursorDouble([(LobDouble(value),)]), [column], lobs={0: kind}, lob_bytes=100)

    assert found.column(0).to_pylist() == [value]


@pytest.mark.parametrize(
    ("column", "kind", "value"),
    [
        (CLOB, str, "x" * 101),
        (BLOB, bytes, b"x" * 101),
        (CLOB, str, "ä" * 51),
        (CLOB, str, "🎁" * 26),
    ],
)
def test_lob_over_the_allowed_size_is_refused_by_its_column(
    column: Column, kind: Any, value: Any
) -> None:
    with pytest.raises(ResourceExhausted, match="100 bytes") as caught:
        read(CursorDouble([(LobDouble(value),)]), [column], lobs={0: kind}, lob_bytes=100)

    assert caught.value.details == {"column": column.name}


def test_no_more_of_a_lob_is_read_than_shows_that_it_is_too_large() -> None:
    lob = LobDouble("x" * 10_000_000)

    with pytest.raises(ResourceExhausted):
        read(CursorDouble([(lob,)]), [CLOB], lobs={0: str}, lob_bytes=1000)

    assert lob.asked == [1001]


def test_rows_with_large_lobs_are_collected_up_to_a_size() -> None:
    cursor = CursorDouble([(LobDouble("x" * MIB),) for _ in range(10)])
    fetch = fetch_of(cursor, [CLOB], {0: str}, 2 * MIB)

    assert len(fetch(MAX_ROWS)) == 1


def test_a_row_that_no_batch_may_hold_is_refused_by_its_column() -> None:
    rows = [("x" * (17 * MIB),)]

    with pytest.raises(ResourceExhausted, match="column 'T'"):
        read(CursorDouble(rows), [TEXT])
