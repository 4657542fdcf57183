"""Streams read at once: order, bounds, failures and endings."""

import threading
import time
from collections.abc import Callable, Iterator

import pyarrow as pa
import pytest

from flight_client.protocol.errors import Cancelled, DataError, Unavailable
from flight_client.streaming import OrderedStreams

EMPTY = pa.record_batch({"n": pa.array([], pa.int64())})


def _batch(number: int) -> pa.RecordBatch:
    return pa.record_batch({"n": [number]})


class ScriptedStream:
    """Gives batches by number, empty ones for None, and raises errors; blocks at ``BLOCK``."""

    BLOCK = object()

    def __init__(self, script: list[object], pause_s: float = 0.0) -> None:
        self._script = iter(script)
        self._pause_s = pause_s
        self._cancelled = threading.Event()
        self.taken = 0
        self.cancels = 0

    def read(self) -> pa.RecordBatch | None:
        if self._cancelled.wait(self._pause_s):
            raise Cancelled("The stream was cancelled.")
        match next(self._script, "end"):
            case "end":
                return None
            case None:
                return EMPTY
            case Exception() as error:
                raise error
            case self.BLOCK:
                self._cancelled.wait(10)
                raise Cancelled("The stream was cancelled.")
            case int() as number:
                self.taken += 1
                return _batch(number)

    def cancel(self) -> None:
        self.cancels += 1
        self._cancelled.set()


@pytest.fixture(autouse=True)
def no_threads_left() -> Iterator[None]:
    yield
    left = [thread for thread in threading.enumerate() if thread.name.startswith("flight-client")]
    assert left == []


def _open(
    *scripts: list[object], parallelism: int = 8, depth: int | None = 2, **more: float
) -> tuple[OrderedStreams, list[ScriptedStream]]:
    streams = [ScriptedStream(script, more.get("pause_s", 0.0)) for script in scripts]
    openers = [lambda stream=stream: stream for stream in streams]
    idle = more.get("idle_timeout_s")
    return (
        OrderedStreams(openers, parallelism=parallelism, depth=depth, idle_timeout_s=idle),
        streams,
    )


def _numbers(batches: OrderedStreams) -> list[int]:
    return [batch["n"][0].as_py() for batch in batches]


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.parametrize("parallelism", [1, 2, 8])
@pytest.mark.parametrize("depth", [1, 4, None])
def test_batches_come_in_order_of_the_streams(parallelism: int, depth: int | None) -> None:
    scripts = [[10 * stream + n for n in range(stream % 4)] for stream in range(9)]
    batches, _ = _open(*scripts, parallelism=parallelism, depth=depth)
    assert _numbers(batches) == [number for script in scripts for number in script]


def test_slow_first_stream_does_not_change_the_order() -> None:
    slow, fast = ScriptedStream([1, 2], pause_s=0.05), ScriptedStream([3, 4])
    batches = OrderedStreams([lambda: slow, lambda: fast], parallelism=2, depth=4)
    assert _numbers(batches) == [1, 2, 3, 4]


def test_no_stream_at_all_is_no_batch() -> None:
    batches, _ = _open()
    assert _numbers(batches) == []


def test_empty_batches_are_skipped() -> None:
    batches, _ = _open([None, 1, None, None, 2, None])
    assert _numbers(batches) == [1, 2]


def test_nothing_is_opened_before_the_first_batch_is_asked_for() -> None:
    opened: list[int] = []
    with OrderedStreams([lambda: opened.append(1)], parallelism=1, depth=1):
        assert opened == []


def test_streams_are_read_at_once() -> None:
    batches, _ = _open(*[[n] for n in range(4)], parallelism=4, pause_s=0.1)
    started = time.monotonic()
    assert _numbers(batches) == [0, 1, 2, 3]
    assert time.monotonic() - started < 0.5


def test_streams_are_opened_one_after_the_other_in_order() -> None:
    events: list[str] = []

    def opener(number: int) -> Callable[[], ScriptedStream]:
        def open_it() -> ScriptedStream:
            events.append(f"opens {number}")
            time.sleep(0.01)
            events.append(f"is open {number}")
            return ScriptedStream([number])

        return open_it

    with OrderedStreams([opener(n) for n in range(5)], parallelism=5, depth=1) as batches:
        assert _numbers(batches) == [0, 1, 2, 3, 4]

    assert events == [f"{word} {n}" for n in range(5) for word in ("opens", "is open")]


def test_no_more_streams_are_open_than_parallelism_allows() -> None:
    opened: list[int] = []

    def opener(number: int) -> ScriptedStream:
        opened.append(number)
        return ScriptedStream([number, ScriptedStream.BLOCK])

    openers = [lambda number=number: opener(number) for number in range(5)]
    with OrderedStreams(openers, parallelism=2, depth=1) as batches:
        assert next(batches) == _batch(0)
        time.sleep(0.05)
        assert sorted(opened) == [0, 1]


def test_memory_is_bounded_by_depth_per_stream() -> None:
    batches, streams = _open(list(range(50)), list(range(50)), depth=3)
    with batches:
        next(batches)
        _until(lambda: all(stream.taken >= 4 for stream in streams))
        time.sleep(0.05)
        assert streams[0].taken <= 5  # one handed on, three waiting, one in hand
        assert streams[1].taken <= 4


def test_without_depth_streams_are_read_ahead_to_their_end() -> None:
    batches, streams = _open([0, ScriptedStream.BLOCK], list(range(50)), depth=None)
    with batches:
        next(batches)
        _until(lambda: streams[1].taken == 50)


def test_failure_is_raised_where_its_batches_would_have_come() -> None:
    failure = DataError("Division by zero.")
    batches, _ = _open([1, 2], [3, failure], [4])
    found = [next(batches)["n"][0].as_py() for _ in range(3)]
    assert found == [1, 2, 3]
    with pytest.raises(DataError) as caught:
        next(batches)
    assert caught.value is failure
    assert list(batches) == []


def test_failure_anywhere_is_raised_at_once_where_nothing_is_handed_on_before_the_end() -> None:
    failure = DataError("Division by zero.")
    batches, streams = _open([1, ScriptedStream.BLOCK], [2, failure], depth=None)
    with pytest.raises(DataError) as caught:
        list(batches)
    assert caught.value is failure
    assert streams[0].cancels == 1


def test_failure_to_open_is_raised() -> None:
    def opener() -> ScriptedStream:
        raise Unavailable("Nobody there.")

    with pytest.raises(Unavailable):
        next(OrderedStreams([opener], parallelism=1, depth=1))


def test_unforeseen_failure_is_raised_too() -> None:
    batches, _ = _open([ZeroDivisionError("what")])
    with pytest.raises(ZeroDivisionError):
        next(batches)


def test_no_stream_is_opened_after_one_failed() -> None:
    batches, streams = _open([DataError("x")], *[[n] for n in range(20)], parallelism=1)
    with pytest.raises(DataError):
        next(batches)
    assert sum(stream.taken for stream in streams) == 0


def test_failure_cancels_the_other_streams() -> None:
    failing = ScriptedStream([DataError("x")], pause_s=0.1)
    other = ScriptedStream([ScriptedStream.BLOCK])
    batches = OrderedStreams([lambda: failing, lambda: other], parallelism=2, depth=1)
    with pytest.raises(DataError):
        next(batches)
    assert other.cancels == 1


def test_closing_early_cancels_every_running_stream() -> None:
    batches, streams = _open([1, ScriptedStream.BLOCK], [2, ScriptedStream.BLOCK])
    next(batches)
    _until(lambda: all(stream.taken for stream in streams))
    time.sleep(0.02)
    started = time.monotonic()
    batches.close()
    assert time.monotonic() - started < 1
    assert [stream.cancels for stream in streams] == [1, 1]


def test_closing_frees_a_thread_that_waits_for_room() -> None:
    batches, streams = _open(list(range(10)), depth=1)
    next(batches)
    _until(lambda: streams[0].taken >= 2)
    batches.close()


def test_closing_twice_and_before_the_start_is_harmless() -> None:
    batches, _ = _open([1])
    batches.close()
    batches.close()
    assert list(batches) == []


def test_closed_iterator_gives_no_more_batches() -> None:
    batches, _ = _open([1, 2, 3], depth=None)
    next(batches)
    batches.close()
    assert list(batches) == []


def test_stream_that_opens_after_closing_is_cancelled() -> None:
    gate = threading.Event()
    late = ScriptedStream([1])

    def opener() -> ScriptedStream:
        gate.wait(5)
        return late

    batches = OrderedStreams([lambda: ScriptedStream([1]), opener], parallelism=2, depth=1)
    next(batches)
    closing = threading.Thread(target=batches.close)
    closing.start()
    time.sleep(0.02)
    gate.set()
    closing.join()
    assert (late.cancels, late.taken) == (1, 0)


def test_silent_stream_is_given_up_after_the_idle_timeout() -> None:
    batches, streams = _open([1, ScriptedStream.BLOCK], idle_timeout_s=0.1)
    next(batches)
    with pytest.raises(Unavailable, match=r"0\.1 s"):
        next(batches)
    assert streams[0].cancels == 1


def test_signs_of_life_keep_a_stream_from_being_given_up() -> None:
    batches, _ = _open([None] * 12 + [1], idle_timeout_s=0.1, pause_s=0.03)
    assert _numbers(batches) == [1]


def test_slow_consumer_is_no_silence() -> None:
    batches, _ = _open(list(range(6)), depth=1, idle_timeout_s=0.1, pause_s=0.01)
    found = []
    for batch in batches:
        time.sleep(0.15)
        found.append(batch["n"][0].as_py())
    assert found == list(range(6))
