"""What runs and can be stopped: streams of statements, changes in work."""

import threading

import pytest

from flight_client.protocol.errors import Cancelled
from flight_server.service import running as module
from flight_server.service.running import Running, Work
from tests.support.patience import PATIENCE_S
from tests.support.scripted import ScriptedStream
from tests.support.scripted_writes import SCHEMA, Clock, ScriptedWrite


def _stream() -> ScriptedStream:
    return ScriptedStream(SCHEMA, [])


def test_followed_stream_is_the_stream() -> None:
    stream = _stream()
    followed = Running().follow("s", stream)
    assert followed.schema is stream.schema
    assert followed.may_block is stream.may_block
    assert followed.read() is None
    followed.close()
    followed.close()
    assert stream.closed.is_set()


def test_cancel_stops_every_stream_of_the_statement_and_no_other() -> None:
    running = Running()
    mine, beside, other = _stream(), _stream(), _stream()
    for statement, stream in (("s", mine), ("s", beside), ("o", other)):
        running.follow(statement, stream)
    assert running.cancel("s", refuse=True) is True
    cancelled = [stream.cancelled.is_set() for stream in (mine, beside, other)]
    assert cancelled == [True, True, False]


def test_closed_stream_is_not_cancelled() -> None:
    running, stream = Running(), _stream()
    running.follow("s", stream).close()
    assert running.cancel("s", refuse=True) is False
    assert not stream.cancelled.is_set()


def test_cancelled_statement_is_refused_afterwards() -> None:
    running, stream = Running(), _stream()
    running.cancel("s", refuse=True)
    with pytest.raises(Cancelled, match="execute it again"):
        running.require_wanted("s")
    with pytest.raises(Cancelled):
        running.follow("s", stream)
    assert stream.closed.is_set()
    running.require_wanted("o")


def test_statement_that_cannot_be_opened_any_more_is_not_remembered() -> None:
    running = Running()
    running.cancel("s", refuse=False)
    running.require_wanted("s")


def test_refusal_ends_with_the_tickets() -> None:
    clock = Clock()
    running = Running(refused_s=60, clock=clock)
    running.cancel("s", refuse=True)
    clock.now += 59
    with pytest.raises(Cancelled):
        running.require_wanted("s")
    clock.now += 1
    running.require_wanted("s")


def test_memory_of_the_refused_is_bounded() -> None:
    running = Running(refused_s=60)
    for number in range(module.MAX_REFUSED + 1):
        running.cancel(str(number), refuse=True)
    running.require_wanted("0")
    with pytest.raises(Cancelled):
        running.require_wanted("1")
    assert len(running._refused) == module.MAX_REFUSED


def test_what_is_refused_no_longer_makes_room() -> None:
    clock = Clock()
    running = Running(refused_s=60, clock=clock)
    running.cancel("old", refuse=True)
    clock.now += 60
    running.cancel("new", refuse=True)
    assert set(running._refused) == {"new"}


# changes


def test_stopped_work_is_cancelled_on_its_connection() -> None:
    work, write, working = Work(), ScriptedWrite(), threading.Event()
    raised: list[Exception] = []

    def change() -> None:
        try:
            with work.on(write):
                working.set()
                write.work_until_cancelled()
        except Cancelled as error:
            raised.append(error)

    thread = threading.Thread(target=change)
    thread.start()
    assert working.wait(PATIENCE_S)
    work.stop()
    thread.join(PATIENCE_S)
    assert len(raised) == 1


def test_work_stopped_before_it_begins_does_not_begin() -> None:
    work, write = Work(), ScriptedWrite()
    work.stop()
    with pytest.raises(Cancelled, match="nothing of it was kept"), work.on(write):
        pytest.fail("it began")
    assert not write.cancelled.is_set()


def test_work_stopped_at_its_end_is_not_committed() -> None:
    work = Work()
    with pytest.raises(Cancelled, match="nothing of it was kept"), work.on(ScriptedWrite()):
        work.stop()


def test_work_that_is_over_is_not_stopped() -> None:
    work, write = Work(), ScriptedWrite()
    with work.on(write):
        pass
    work.stop()
    assert not write.cancelled.is_set()
