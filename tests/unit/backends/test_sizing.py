"""Batches cut and merged to a size in bytes."""

from itertools import pairwise

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import given

from flight_client.protocol.errors import ResourceExhausted
from flight_client.protocol.tickets import MAX_BATCH_BYTES
from flight_server.backends.sizing import (
    MAX_BUFFER_BYTES,
    MAX_ROWS,
    VARIABLE_BYTES,
    assumed_width,
    rows_to_ask,
    sized,
    width_varies,
)

KIB = 1024
NUMBERS = pa.schema([pa.field("N", pa.int64())])


def numbers(rows: int, start: int = 0) -> pa.RecordBatch:
    return pa.record_batch([pa.array(range(start, start + rows), pa.int64())], schema=NUMBERS)


def texts(*lengths: int) -> pa.RecordBatch:
    return pa.record_batch({"SHORT": ["s"] * len(lengths), "T": ["x" * size for size in lengths]})


def sizes(batches: list[pa.RecordBatch], target: int) -> list[int]:
    return [batch.nbytes for batch in sized(batches, target)]


def test_batch_of_the_wanted_size_passes_as_it_is() -> None:
    batch = numbers(KIB)

    assert list(sized([batch], 8 * KIB)) == [batch]


def test_large_batch_is_cut_into_equal_parts_without_a_copy() -> None:
    batch = numbers(10 * KIB)

    parts = list(sized([batch], 8 * KIB))

    assert [part.num_rows for part in parts] == [KIB] * 10
    first = batch.column(0).buffers()[1]
    assert all(part.column(0).buffers()[1].address == first.address for part in parts)


def test_part_that_rounds_up_a_little_is_not_cut_again() -> None:
    # Each part of texts needs one more offset than its share of the whole.
    batch = texts(*[4] * 2000)

    assert len(sizes([batch], batch.nbytes // 2)) == 2


def test_small_batches_are_merged_up_to_the_wanted_size() -> None:
    batches = [numbers(100, 100 * at) for at in range(30)]

    merged = list(sized(batches, 8 * KIB))

    assert [batch.num_rows for batch in merged] == [1000, 1000, 1000]
    assert merged[1].column(0).to_pylist() == list(range(1000, 2000))


def test_single_small_batch_at_the_end_is_not_copied() -> None:
    batch = numbers(3)

    (only,) = sized([batch], 8 * KIB)

    assert only is batch


def test_small_batch_joins_a_larger_one_that_follows() -> None:
    assert [batch.num_rows for batch in sized([numbers(10), numbers(900)], 8 * KIB)] == [910]


def test_small_batch_goes_alone_before_one_that_leaves_no_room() -> None:
    batches = [numbers(500), numbers(1000), numbers(10)]

    assert [batch.num_rows for batch in sized(batches, 8 * KIB)] == [500, 1000, 10]


def test_batches_without_rows_are_dropped() -> None:
    assert list(sized([numbers(0), numbers(0)], 8 * KIB)) == []


def test_batches_are_taken_one_by_one() -> None:
    taken = []

    def source():  # noqa: ANN202
        for at in range(3):
            taken.append(at)
            yield numbers(KIB)

    next(sized(source(), 8 * KIB))

    assert taken == [0]


def test_wide_value_does_not_drag_its_neighbours_over_the_ceiling() -> None:
    batch = texts(*[1] * 50, *[10 * KIB * KIB] * 3, *[1] * 50)

    found = sizes([batch], MAX_BATCH_BYTES)

    assert max(found) <= MAX_BUFFER_BYTES


def test_row_over_the_target_and_under_the_ceiling_is_a_batch() -> None:
    assert [batch.num_rows for batch in sized([texts(100 * KIB)], 8 * KIB)] == [1]


def test_row_over_the_ceiling_is_refused_naming_its_widest_column() -> None:
    with pytest.raises(ResourceExhausted, match="column 'T'") as caught:
        list(sized([texts(MAX_BATCH_BYTES)], 8 * KIB))

    assert caught.value.details == {"column": "T"}


@given(
    lengths=st.lists(st.lists(st.integers(0, 3 * KIB), max_size=40), max_size=12),
    target=st.integers(KIB, 16 * KIB),
)
def test_rows_arrive_in_order_in_batches_near_the_target(
    lengths: list[list[int]], target: int
) -> None:
    batches = [texts(*group) for group in lengths]

    found = list(sized(batches, target))

    rows = [len(text) for batch in found for text in batch.column("T").to_pylist()]
    assert rows == [size for group in lengths for size in group]
    assert all(batch.num_rows == 1 or batch.nbytes <= target * 9 / 8 for batch in found)


@given(rows=st.lists(st.integers(0, 3000), max_size=30), target=st.integers(KIB, 16 * KIB))
def test_no_two_neighbours_are_both_under_half_of_the_target(rows: list[int], target: int) -> None:
    found = sizes([numbers(count) for count in rows], target)

    assert all(max(pair) >= target / 2 for pair in pairwise(found))


def test_width_of_fixed_types_is_known() -> None:
    schema = pa.schema({"A": pa.int64(), "B": pa.decimal128(38, 2), "C": pa.bool_()})

    assert not width_varies(schema)
    assert assumed_width(schema) == 8 + 16 + 1 / 8


@pytest.mark.parametrize("kind", [pa.utf8(), pa.large_utf8(), pa.binary(), pa.list_(pa.float32())])
def test_width_of_other_types_is_assumed(kind: pa.DataType) -> None:
    schema = pa.schema({"A": kind})

    assert width_varies(schema)
    assert assumed_width(schema) == VARIABLE_BYTES


def test_rows_asked_for_leave_room_below_the_target() -> None:
    assert rows_to_ask(100, 100_000) == 750


@pytest.mark.parametrize("width", [0, 1 / 8])
def test_narrow_rows_are_asked_for_in_bounded_numbers(width: float) -> None:
    assert rows_to_ask(width, MAX_BATCH_BYTES) == MAX_ROWS


def test_rows_wider_than_a_batch_are_asked_for_one_by_one() -> None:
    assert rows_to_ask(1e9, MAX_BATCH_BYTES) == 1


def test_largest_batch_is_a_message_that_every_client_takes() -> None:
    columns = {f"C{at}": ["x"] for at in range(300)} | {"T": ["x" * (MAX_BUFFER_BYTES - 10_000)]}
    (batch,) = sized([pa.RecordBatch.from_pydict(columns)], MAX_BATCH_BYTES)

    assert batch.serialize().size <= MAX_BATCH_BYTES
