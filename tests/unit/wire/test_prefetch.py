"""Reading ahead: order, back-pressure, silence, failure, and who closes the stream."""

import threading
import time

import pyarrow as pa
import pytest

from flight_client.protocol.errors import Cancelled, DataError
from flight_client.protocol.schemas import to_schema
from flight_server.wire.prefetch import DEPTH, Prefetch, reading
from tests.support.scripted import NUMBERS, ScriptedStream, Step, batch, failure, silence

SCHEMA = to_schema(NUMBERS.columns)


def _started(*steps: Step) -> tuple[Prefetch, ScriptedStream]:
    stream = ScriptedStream(SCHEMA, list(steps))
    prefetch = Prefetch(stream)
    prefetch.start()
    return prefetch, stream


def _sizes(prefetch: Prefetch) -> list[int]:
    sizes = []
    while (found := prefetch.next(5)) is not None:
        sizes.append(found.num_rows)
    return sizes


def test_stream_that_never_waits_is_read_in_the_callers_thread() -> None:
    stream = ScriptedStream(SCHEMA, [batch(SCHEMA, 1), batch(SCHEMA, 2)], may_block=False)
    threads = threading.active_count()
    source = reading(stream)
    assert threading.active_count() == threads
    assert [source.next(0), source.next(0), source.next(0)][2] is None
    source.stop()
    assert stream.closed.is_set()


def test_stream_that_may_wait_is_read_ahead() -> None:
    stream = ScriptedStream(SCHEMA, [batch(SCHEMA, 1)])
    source = reading(stream)
    found = source.next(5)
    assert found is not None
    assert found.num_rows == 1
    assert source.next(5) is None
    source.stop()


def test_batches_come_in_order_and_the_stream_is_closed() -> None:
    prefetch, stream = _started(*(batch(SCHEMA, rows) for rows in (1, 2, 3, 4, 5)))
    assert _sizes(prefetch) == [1, 2, 3, 4, 5]
    assert stream.closed.wait(5)


def test_end_is_said_again_when_asked_again() -> None:
    prefetch, _ = _started()
    assert prefetch.next(5) is None
    assert prefetch.next(5) is None


def test_nobody_taking_bounds_what_is_read() -> None:
    prefetch, stream = _started(*(batch(SCHEMA) for _ in range(50)))
    time.sleep(0.2)
    assert stream.reads == DEPTH
    assert len(_sizes(prefetch)) == 50


def test_silence_is_a_timeout_and_then_the_batch_comes() -> None:
    prefetch, _ = _started(silence(0.3, batch(SCHEMA)))
    with pytest.raises(TimeoutError):
        prefetch.next(0.05)
    found = prefetch.next(5)
    assert isinstance(found, pa.RecordBatch)


def test_failure_comes_after_the_batches_before_it() -> None:
    prefetch, stream = _started(batch(SCHEMA), failure(DataError("Division by zero.")))
    assert prefetch.next(5) is not None
    with pytest.raises(DataError, match="Division by zero"):
        prefetch.next(5)
    assert stream.closed.is_set()


def test_stop_cancels_a_silent_statement_and_closes() -> None:
    prefetch, stream = _started(silence(60, batch(SCHEMA)))
    started = time.monotonic()
    prefetch.stop()
    assert prefetch.join(5)
    assert time.monotonic() - started < 1
    assert stream.cancelled.is_set()
    assert stream.closed.is_set()
    with pytest.raises(Cancelled):
        prefetch.next(1)


def test_stop_while_nobody_takes_closes() -> None:
    prefetch, stream = _started(*(batch(SCHEMA) for _ in range(50)))
    prefetch.stop()
    assert prefetch.join(5)
    assert stream.closed.is_set()


def test_stop_after_the_end_cancels_nothing() -> None:
    prefetch, stream = _started(batch(SCHEMA))
    assert _sizes(prefetch) == [3]
    assert prefetch.join(5)
    prefetch.stop()
    assert not stream.cancelled.is_set()


def test_stop_does_not_wait_for_a_deaf_database() -> None:
    release = threading.Event()

    def deaf(_stream: ScriptedStream) -> None:
        release.wait(10)

    prefetch, stream = _started(deaf)
    started = time.monotonic()
    prefetch.stop()
    assert time.monotonic() - started < 0.5
    assert not stream.closed.is_set(), "closed while another thread reads"
    release.set()
    assert prefetch.join(5)
    assert stream.closed.is_set()
