"""A statement in a reader process: batches through, errors in our words, gone within a second."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psutil
import pyarrow as pa
import pytest

from flight_client.protocol.errors import (
    Cancelled,
    DataError,
    InternalError,
    InvalidSql,
    Unavailable,
)
from flight_server.backends.hana.pool.stream import HanaStream
from tests.support.fake_reader import SCHEMA, WIDE
from tests.support.fake_readers import Fakes, eventually, fakes, rows

SOON_S = 5.0
"""A cancel has to be done within a second; five are for a machine that is busy with other tests."""


@pytest.fixture(scope="module")
def hana(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fakes]:
    with fakes(tmp_path_factory.mktemp("readers"), max_readers=3) as made:
        yield made


@contextmanager
def while_reading(
    stream: HanaStream, action: Callable[[], None], after_s: float = 0.2
) -> Iterator[None]:
    """Do something from another thread while this one waits in ``read``."""
    timer = threading.Timer(after_s, action)
    timer.start()
    try:
        yield
    finally:
        timer.join()


def begun(hana: Fakes, sql: str, schema: pa.Schema = SCHEMA) -> HanaStream:
    stream = hana.open(sql, schema=schema)
    assert stream.read() is not None
    return stream


def running_reader(hana: Fakes) -> psutil.Process:
    return psutil.Process(int(hana.pids()[-1]))


def assert_whole(hana: Fakes) -> None:
    """Every turn is free and a statement goes through."""
    pool = hana.readers._pool
    assert pool._turns.free == 3
    assert pool._stream_turns.free == 2
    assert pool.slot("SALES").free == 4
    with closing(hana.open("rows 7")) as stream:
        assert rows(stream) == 7


def test_nothing_runs_before_the_first_read(hana: Fakes) -> None:
    before = len(hana.lines("Run"))

    hana.open("rows 1").close()

    assert len(hana.lines("Run")) == before


def test_batches_come_as_the_reader_wrote_them(hana: Fakes) -> None:
    with closing(hana.open("rows 3 x2")) as stream:
        batches = [stream.read(), stream.read(), stream.read(), stream.read()]

    assert [batch and batch.to_pydict() for batch in batches] == [{"N": [0, 1, 2]}] * 2 + [None] * 2
    assert stream.may_block


def test_result_without_rows_ends_at_once(hana: Fakes) -> None:
    with closing(hana.open("running")) as stream:
        assert stream.read() is None


def test_batches_outlive_their_stream(hana: Fakes) -> None:
    with closing(hana.open("wide 100000 x20", schema=WIDE)) as stream:
        batches = [batch for batch in iter(stream.read, None) if batch is not None]

    assert {bytes(batch["B"][0].as_py()) for batch in batches} == {b"x" * 100_000}


def test_promised_metadata_is_on_every_batch(hana: Fakes) -> None:
    promised = SCHEMA.with_metadata({"consistency": "per-endpoint"})

    with closing(hana.open("rows 1", schema=promised)) as stream:
        batch = stream.read()

    assert batch is not None
    assert batch.schema.equals(promised, check_metadata=True)


def test_other_columns_than_promised_are_an_error_of_ours(hana: Fakes) -> None:
    with closing(hana.open("rows 1", schema=WIDE)) as stream, pytest.raises(InternalError):
        stream.read()

    assert_whole(hana)


def test_replaced_values_are_one_warning(hana: Fakes, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), closing(hana.open("rows 1; replaced")) as stream:
        rows(stream)

    assert [record.getMessage() for record in caplog.records] == [
        "SALES.ORDERS: values that Arrow cannot hold were replaced: 3 of empty date"
    ]


def test_refused_statement_is_an_error_in_our_words(hana: Fakes) -> None:
    with closing(hana.open("fail 257 incorrect syntax near FORM")) as stream:
        with pytest.raises(InvalidSql, match="FORM"):
            stream.read()
        with pytest.raises(InvalidSql):
            stream.read()

    assert_whole(hana)


def test_failure_behind_the_first_batch_is_not_repeated(hana: Fakes) -> None:
    with closing(begun(hana, "rows 2; fail 133 deadlock")) as stream:
        before = len(hana.lines("Run"))
        with pytest.raises(Unavailable):
            rows(stream)

    assert len(hana.lines("Run")) == before
    assert_whole(hana)


def test_value_that_cannot_be_converted_keeps_its_class(hana: Fakes) -> None:
    stream = begun(hana, "rows 2; own DATA_ERROR Column N holds 1e40.")

    with closing(stream), pytest.raises(DataError, match="1e40"):
        rows(stream)

    assert_whole(hana)


@pytest.mark.parametrize("code", [616, 1038, 133, -10807])
def test_passing_failure_before_the_first_batch_is_not_seen(
    hana: Fakes, tmp_path: Path, code: int
) -> None:
    connects = len(hana.lines("Connect"))

    with closing(
        hana.open(f"running; once {tmp_path / 'first'} fail {code} busy; rows 4")
    ) as stream:
        assert rows(stream) == 4

    assert len(hana.lines("Connect")) > connects, "the second attempt needs a new connection"
    assert_whole(hana)


@pytest.mark.parametrize("before", ["", "running;", "rows 5 x3;"])
def test_cancel_ends_a_waiting_read(hana: Fakes, before: str) -> None:
    stream = hana.open(f"{before} hang")
    with closing(stream), while_reading(stream, stream.cancel):
        started = time.monotonic()
        with pytest.raises(Cancelled):
            rows(stream)
        assert time.monotonic() - started < SOON_S

    assert_whole(hana)


@pytest.mark.parametrize("before", ["", "running;", "rows 5 x3;"])
def test_reader_that_does_not_listen_is_killed(hana: Fakes, before: str) -> None:
    stream = hana.open(f"{before} deaf")
    with closing(stream), while_reading(stream, stream.cancel):
        started = time.monotonic()
        with pytest.raises(Cancelled):
            rows(stream)
        assert time.monotonic() - started < SOON_S

    assert_whole(hana)


def test_cancelled_reader_serves_the_next_statement(hana: Fakes) -> None:
    with closing(begun(hana, "rows 5; hang")) as stream:
        reader = running_reader(hana)
        stream.cancel()

    with closing(begun(hana, "rows 5")):
        assert running_reader(hana) == reader


def test_cancel_between_batches_is_seen_by_the_next_read(hana: Fakes) -> None:
    with closing(begun(hana, "rows 5 x1000")) as stream:
        stream.cancel()
        with pytest.raises(Cancelled):
            stream.read()

    assert_whole(hana)


def test_cancel_before_the_first_read_runs_nothing(hana: Fakes) -> None:
    before = len(hana.lines("Run"))

    with closing(hana.open("rows 1")) as stream:
        stream.cancel()
        with pytest.raises(Cancelled):
            stream.read()

    assert len(hana.lines("Run")) == before


def test_cancel_after_the_end_does_nothing(hana: Fakes) -> None:
    with closing(hana.open("rows 1")) as stream:
        rows(stream)
        stream.cancel()
        stream.cancel()

    assert_whole(hana)


@pytest.mark.parametrize("sql", ["wide 1000000 x1000", "wide 1000000; deaf"])
def test_close_of_an_unfinished_stream_is_quick(hana: Fakes, sql: str) -> None:
    stream = begun(hana, sql, WIDE)

    started = time.monotonic()
    stream.close()

    assert time.monotonic() - started < SOON_S
    stream.close()
    with pytest.raises(Cancelled):
        stream.read()
    assert_whole(hana)


@pytest.mark.parametrize("before", ["", "running;", "rows 5 x3;"])
@pytest.mark.parametrize(
    ("step", "how"),
    [("die 9", "signal 9, SIGKILL"), ("die 11", "signal 11"), ("exit 3", "status 3")],
)
def test_reader_that_dies_costs_one_stream(hana: Fakes, before: str, step: str, how: str) -> None:
    with closing(begun(hana, "rows 1 x2; sleep 0.5; rows 1")) as neighbour:
        stream = hana.open(f"{before} {step}")
        with closing(stream), pytest.raises(Unavailable, match=how) as raised:
            rows(stream)
        assert rows(neighbour) == 2

    assert "read again" in raised.value.message
    assert_whole(hana)


@pytest.mark.parametrize("step", ["cut", "junk", "tongue"])
def test_reader_that_talks_nonsense_is_replaced(hana: Fakes, step: str) -> None:
    with closing(hana.open(step)) as stream, pytest.raises(Unavailable):
        rows(stream)

    assert_whole(hana)


def test_killed_reader_is_noticed_while_its_stream_waits(hana: Fakes) -> None:
    stream = begun(hana, "rows 5; deaf")

    kill = running_reader(hana).kill
    with closing(stream), while_reading(stream, kill), pytest.raises(Unavailable, match="SIGKILL"):
        stream.read()

    assert_whole(hana)


def test_reader_that_died_between_statements_is_not_seen(hana: Fakes) -> None:
    with closing(hana.open("rows 1")) as stream:
        rows(stream)
    for pid in set(hana.pids()):
        if psutil.pid_exists(int(pid)):
            psutil.Process(int(pid)).kill()

    assert_whole(hana)


def test_stopped_reader_is_killed_by_a_cancel(hana: Fakes) -> None:
    stream = begun(hana, "rows 5; hang")
    running_reader(hana).suspend()

    with closing(stream), while_reading(stream, stream.cancel), pytest.raises(Cancelled):
        stream.read()

    assert_whole(hana)


def test_forgotten_stream_is_a_warning(hana: Fakes) -> None:
    stream = hana.open("rows 1")
    hana.opened.remove(stream)

    with pytest.warns(ResourceWarning, match="not closed"):
        del stream


def test_streams_from_many_threads_do_not_mix(hana: Fakes) -> None:
    counts: dict[int, int] = {}

    def read(number: int) -> None:
        for _ in range(5):
            with closing(hana.open(f"rows {number} x10")) as stream:
                counts[number] = rows(stream)

    threads = [threading.Thread(target=read, args=[number]) for number in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert counts == {number: 10 * number for number in range(1, 9)}
    assert_whole(hana)


def test_cancels_at_any_moment_hit_nobody_else(hana: Fakes) -> None:
    """A cancel that comes when its statement has just ended must not end the next one."""
    for turn in range(60):
        stream = hana.open("rows 5 x5")
        timer = threading.Timer(turn / 30_000, stream.cancel)
        timer.start()
        with suppress(Cancelled):
            rows(stream)
        stream.close()
        with closing(hana.open("rows 3 x3")) as following:
            assert rows(following) == 9
        timer.join()

    assert eventually(lambda: hana.readers._pool._turns.free == 3)
