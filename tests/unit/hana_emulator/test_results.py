"""Result sets: computed as they are asked for, or replayed."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.hana_emulator.replay import RecordedRows, Recording, Recordings, record, recording_key
from tests.hana_emulator.results import CursorRows, Locators, Rows
from tests.hana_emulator.values import DeclaredType, HanaError, ResultColumn, Row
from tests.hana_emulator.wire.lobs import Lob

_COLUMNS = (
    ResultColumn("N", DeclaredType("DECIMAL", 5, 2), nullable=False, schema="S", table="T"),
    ResultColumn("D", DeclaredType("DECIMAL")),
)


class _Cursor:
    """Rows that are their own numbers; knows how far it was asked."""

    def __init__(self, rows: int) -> None:
        self.left = rows
        self.computed = 0
        self.closed = False

    def fetch(self, rows: int) -> list[Row]:
        count = min(rows, self.left)
        start, self.computed, self.left = self.computed, self.computed + count, self.left - count
        return [(n,) for n in range(start, start + count)]

    def close(self) -> None:
        self.closed = True


def _encode(rows: Sequence[Row]) -> list[bytes]:
    return [b"%04d" % row[0] for row in rows]


def _computed(rows: int) -> Rows:
    return CursorRows(_Cursor(rows), _encode)


def _replayed(rows: int) -> Rows:
    return RecordedRows(record(_COLUMNS, _Cursor(rows), _encode))


_KINDS = pytest.mark.parametrize("make", [_computed, _replayed])


@_KINDS
@pytest.mark.parametrize("rows", [0, 1, 2, 3, 7])
@pytest.mark.parametrize("asked", [1, 2, 3, 100])
def test_every_row_arrives_once_and_the_end_is_known(
    make: Callable[[int], Rows], rows: int, asked: int
) -> None:
    result, batches = make(rows), []
    while not batches or not batches[-1].last:
        batches.append(result.take(asked, 1000))

    data = b"".join(bytes(piece) for batch in batches for piece in batch.pieces)
    assert data == b"".join(_encode([(n,) for n in range(rows)]))
    assert sum(batch.count for batch in batches) == rows
    assert len(batches) == max(1, -(-rows // asked))


@_KINDS
def test_batch_stays_below_its_limit(make: Callable[[int], Rows]) -> None:
    batch = make(100).take(50, 30)

    assert (batch.count, batch.last) == (7, False)


@_KINDS
def test_row_beyond_the_limit_comes_alone(make: Callable[[int], Rows]) -> None:
    assert make(5).take(50, 1).count == 1


def test_rows_are_not_computed_far_ahead() -> None:
    cursor = _Cursor(100_000_000)
    result = CursorRows(cursor, _encode)

    result.take(32, 1_000_000)
    result.take(1_000_000, 1000)

    assert cursor.computed < 10_000


def test_closing_closes_the_cursor() -> None:
    cursor = _Cursor(5)

    CursorRows(cursor, _encode).close()

    assert cursor.closed


def test_recording_survives_a_file(tmp_path: Path) -> None:
    path = tmp_path / "recordings"
    kept, loaded = Recordings(), Recordings()
    key = recording_key("SELECT", (1, "x"), 8)
    kept.add(key, record(_COLUMNS, _Cursor(12_345), lambda rows: [b"abc"] * len(rows)))
    kept.add("empty", record(_COLUMNS[:1], _Cursor(0), _encode))

    kept.save(path)
    loaded.load(path)

    again, empty = loaded.get(key), loaded.get("empty")
    assert again is not None
    assert empty is not None
    assert (again.columns, again.rows, bytes(again.data)) == (_COLUMNS, 12_345, b"abc" * 12_345)
    assert empty.rows == 0
    assert RecordedRows(again).take(10**6, 10**6).count == 12_345


def test_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other"
    path.write_bytes(b"x" * 100)

    with pytest.raises(ValueError, match="no recordings"):
        Recordings().load(path)


def test_other_parameters_are_another_recording() -> None:
    recordings = Recordings()
    recordings.add(recording_key("SELECT", (1,), 8), Recording(_COLUMNS, b"", memoryview(b"")))

    assert recordings.get(recording_key("SELECT", (2,), 8)) is None
    assert recordings.get(recording_key("SELECT", ("1",), 8)) is None
    assert recordings.get(recording_key("SELECT", (1,), 7)) is None


def test_locator_finds_its_object_until_the_transaction_ends() -> None:
    locators = Locators()
    locator = locators.add(Lob.of("abc"))

    assert locators.get(locator).data == "abc"
    locators.clear()
    with pytest.raises(HanaError):
        locators.get(locator)


def test_old_objects_go_when_they_are_too_many() -> None:
    locators = Locators(limit_bytes=10)
    first, second = locators.add(Lob.of(b"x" * 8)), locators.add(Lob.of(b"y" * 8))

    assert locators.get(second).data == b"y" * 8
    with pytest.raises(HanaError):
        locators.get(first)
