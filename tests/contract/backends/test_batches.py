"""Batches are counted in bytes."""

from contextlib import closing

import pyarrow as pa
import pytest

from flight_client.protocol.filters import Comparison
from flight_client.protocol.tickets import MAX_BATCH_BYTES, MIN_BATCH_BYTES, OrderKey
from flight_server.backends.base import Backend
from tests.contract.backends import shared_tables
from tests.contract.backends.reading import batches, plan_of

MIB = 1024 * 1024
TARGETS = [MIN_BATCH_BYTES, MIB, 4 * MIB, MAX_BATCH_BYTES]


def sizes(backend: Backend, entity: str, **ticket: object) -> list[int]:
    with closing(backend.open(plan_of(backend, entity, **ticket))) as stream:
        return [batch.nbytes for batch in batches(stream)]


def are_mostly_large(found: list[int], target: int) -> bool:
    """Whether but a few have half of the size; rows that come slowly may leave before."""
    large = [size for size in found if 2 * size >= target]
    return len(large) >= min(0.8 * len(found), len(found) - 2)


@pytest.mark.parametrize("target", TARGETS)
def test_no_batch_is_much_over_the_wanted_size(backend: Backend, target: int) -> None:
    assert max(sizes(backend, "LONG", batch_bytes=target)) <= min(target * 9 / 8, MAX_BATCH_BYTES)


@pytest.mark.parametrize("target", TARGETS)
def test_most_batches_have_half_of_the_wanted_size(backend: Backend, target: int) -> None:
    assert are_mostly_large(sizes(backend, "LONG", batch_bytes=target), target)


def test_selective_filter_does_not_make_tiny_batches(backend: Backend) -> None:
    # One row in a hundred: DuckDB's vectors come out almost empty.
    where = Comparison("TEXT", "like", ("%37",))

    assert len(sizes(backend, "LONG", where=where)) == 1


def test_ordered_rows_come_in_batches_of_the_wanted_size(backend: Backend) -> None:
    order = (OrderKey("ID", descending=True),)

    found = sizes(backend, "LONG", order_by=order, batch_bytes=MIB)

    assert max(found) <= MIB * 9 / 8
    assert are_mostly_large(found, MIB)


def test_wide_values_among_narrow_ones_stay_under_the_ceiling(backend: Backend) -> None:
    found = sizes(backend, "SKEWED", batch_bytes=MIB)

    assert max(found) <= 2 * MIB


def test_small_table_is_one_batch(backend: Backend) -> None:
    assert len(sizes(backend, "NUMBERS")) == 1


def test_no_batch_is_empty(backend: Backend) -> None:
    with closing(backend.open(plan_of(backend, "LONG", batch_bytes=MIB))) as stream:
        rows = [batch.num_rows for batch in batches(stream)]

    assert min(rows) > 0
    assert sum(rows) == shared_tables.LONG_ROWS


def test_batch_survives_the_stream_that_it_came_from(backend: Backend) -> None:
    with closing(backend.open(plan_of(backend, "LOGIC"))) as stream:
        batch = stream.read()

    assert isinstance(batch, pa.RecordBatch)
    batch.validate(full=True)
    assert batch.num_rows == 8
