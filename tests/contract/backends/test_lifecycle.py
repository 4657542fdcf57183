"""Streams end when they are told to, backends when they are closed; many threads at once."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from itertools import zip_longest

import pyarrow as pa
import pytest

from flight_client.protocol.errors import Cancelled, Error, Unavailable
from flight_client.protocol.filters import Comparison
from flight_server.backends.base import Backend
from tests.contract.backends import shared_tables
from tests.contract.backends.reading import MIN_BATCH_BYTES, batches, plan_of, read
from tests.contract.backends.subjects import Subject


@pytest.fixture
def mortal(subject: Subject) -> Iterator[Backend]:
    """A backend of its own for a test that closes it."""
    made = subject.make({"LONG": shared_tables.long(), "LOGIC": shared_tables.logic()})
    yield made
    made.close()


def test_stream_cancelled_by_another_thread_raises_on_the_next_read(backend: Backend) -> None:
    with closing(backend.open(plan_of(backend, "LONG", batch_bytes=MIN_BATCH_BYTES))) as stream:
        assert stream.read() is not None
        other = threading.Thread(target=stream.cancel)
        other.start()
        other.join(timeout=5)

        with pytest.raises(Cancelled):
            stream.read()


def test_stream_cancelled_before_it_starts_reads_nothing(backend: Backend) -> None:
    with closing(backend.open(plan_of(backend, "LONG"))) as stream:
        stream.cancel()

        with pytest.raises(Cancelled):
            stream.read()


def test_stream_cancelled_while_it_is_read_ends_with_cancelled(backend: Backend) -> None:
    plan = plan_of(backend, "LONG", batch_bytes=MIN_BATCH_BYTES)
    with closing(backend.open(plan)) as stream:
        reading = threading.Event()

        def cancel() -> None:
            reading.wait(5)
            stream.cancel()

        other = threading.Thread(target=cancel)
        other.start()

        def read_slowly() -> None:
            for _ in batches(stream):
                reading.set()
                other.join(0.001)

        with pytest.raises(Cancelled):
            read_slowly()
        other.join(5)


def test_stream_can_be_cancelled_twice_and_after_its_end(backend: Backend) -> None:
    with closing(backend.open(plan_of(backend, "LOGIC"))) as stream:
        list(batches(stream))
        stream.cancel()
        stream.cancel()


def test_stream_can_be_closed_twice(backend: Backend) -> None:
    stream = backend.open(plan_of(backend, "LONG"))
    stream.read()

    stream.close()
    stream.close()


def test_stream_can_be_closed_before_it_is_read(backend: Backend) -> None:
    stream = backend.open(plan_of(backend, "LONG"))

    stream.close()


def test_closed_stream_never_looks_finished(backend: Backend) -> None:
    stream = backend.open(plan_of(backend, "LONG"))
    stream.close()

    with pytest.raises(Cancelled):
        stream.read()


def test_cancelled_stream_leaves_others_alone(backend: Backend) -> None:
    plan = plan_of(backend, "LONG", batch_bytes=MIN_BATCH_BYTES)
    with closing(backend.open(plan)) as doomed, closing(backend.open(plan)) as other:
        doomed.read()
        other.read()
        doomed.cancel()

        assert other.read() is not None


def test_closed_backend_ends_its_open_streams(mortal: Backend) -> None:
    plan = plan_of(mortal, "LONG", batch_bytes=MIN_BATCH_BYTES)
    with closing(mortal.open(plan)) as stream:
        stream.read()
        mortal.close()

        with pytest.raises(Unavailable):
            list(batches(stream))


def test_backend_can_be_closed_twice(mortal: Backend) -> None:
    mortal.close()
    mortal.close()


def test_backend_closed_under_busy_readers_raises_errors_of_ours_only(mortal: Backend) -> None:
    plan = plan_of(mortal, "LONG", batch_bytes=MIN_BATCH_BYTES)
    started = threading.Barrier(5)

    def work(_: int) -> None:
        with closing(mortal.open(plan)) as stream, suppress(Error):
            stream.read()
            started.wait(30)
            list(batches(stream))

    with ThreadPoolExecutor(4) as pool:
        done = pool.map(work, range(4))
        started.wait(30)
        mortal.close()
        assert list(done) == [None] * 4


def test_eight_threads_read_different_things_at_once(backend: Backend) -> None:
    def work(thread: int) -> list[int]:
        where = Comparison("ID", "between", (thread * 100, thread * 100 + 99))
        return [
            read(backend, "NUMBERS", columns=("ID",), where=where)["ID"].to_pylist()[0]
            for _ in range(10)
        ]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(work, range(8)))

    assert found == [[thread * 100] * 10 for thread in range(8)]


def test_two_streams_are_read_in_turn(backend: Backend) -> None:
    plan = plan_of(backend, "LONG", batch_bytes=MIN_BATCH_BYTES)
    with closing(backend.open(plan)) as first, closing(backend.open(plan)) as second:
        # HANA's readers send what they have after a while, so that batches may differ, not rows
        pairs = list(zip_longest(batches(first), batches(second)))
        one, other = (
            pa.Table.from_batches(filter(None, each)) for each in zip(*pairs, strict=True)
        )

        assert one.num_rows > 0
        assert one.equals(other)
