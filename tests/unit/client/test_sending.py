"""Batches through one call: how far ahead, how it ends, and who hears what."""

import threading
import time
from collections.abc import Iterator
from queue import SimpleQueue
from typing import Any

import pyarrow as pa
import pytest

from flight_client.protocol.errors import (
    DataError,
    Error,
    InternalError,
    OutcomeUnknown,
    Unavailable,
)
from flight_client.protocol.writes import Sent, Written, decode_sent, encode_written
from flight_client.sending import AHEAD, Sending
from tests.support.patience import PATIENCE_S, eventually

BATCH = pa.record_batch({"A": [1, 2]})


class Line:
    """A call whose answers a test gives."""

    def __init__(self) -> None:
        self.written: list[pa.RecordBatch] = []
        self.said: list[Sent] = []
        self.ended = threading.Event()
        self.last: Error | None = None
        self.answers_the_end: Written | None = None
        self._answers: SimpleQueue[bytes | Error | None] = SimpleQueue()

    def write(self, batch: pa.RecordBatch) -> None:
        self.written.append(batch)

    def say(self, metadata: bytes) -> None:
        self.said.append(decode_sent(metadata))
        if self.said[-1].is_end and self.answers_the_end:
            self.tell(self.answers_the_end, None)

    def answer(self) -> bytes | None:
        found = self._answers.get(timeout=PATIENCE_S)
        if isinstance(found, Error):
            raise found
        return found

    def end(self) -> None:
        self.ended.set()

    def close(self) -> None:
        if self.last is not None:
            raise self.last

    def tell(self, *answers: Written | Error | None) -> None:
        for each in answers:
            self._answers.put(encode_written(each) if isinstance(each, Written) else each)


@pytest.fixture
def line() -> Iterator[Line]:
    made = Line()
    yield made
    made.tell(None)


def test_rows_are_kept_once_the_server_says_so(line: Line) -> None:
    line.answers_the_end = Written(2, committed=True)
    with Sending(lambda: line, idle_timeout_s=None) as sending:
        sending.send(BATCH)
        line.tell(Written(2))
        assert sending.finish() == 2
    assert line.said[-1] == Sent(2, is_end=True)
    assert sending.may_be_kept


def test_rows_that_the_server_has_taken_are_told_while_they_grow(line: Line) -> None:
    taken: list[int] = []
    line.answers_the_end = Written(4, committed=True)
    with Sending(lambda: line, idle_timeout_s=None, taken=taken.append) as sending:
        for rows in (2, 4):
            sending.send(BATCH)
            line.tell(Written(rows))
        sending.finish()
    assert taken == sorted(taken)
    assert taken[-1] == 4


def test_only_a_few_batches_are_ahead_of_the_answers(line: Line) -> None:
    with Sending(lambda: line, idle_timeout_s=None) as sending:
        for _ in range(AHEAD):
            sending.send(BATCH)
        late = threading.Thread(target=sending.send, args=(BATCH,), daemon=True)
        late.start()
        late.join(0.2)
        assert late.is_alive()
        line.tell(Written(2))
        late.join(PATIENCE_S)
        assert not late.is_alive()
        line.tell(None)


def test_end_is_not_said_before_the_server_has_taken_all(line: Line) -> None:
    with Sending(lambda: line, idle_timeout_s=None) as sending:
        sending.send(BATCH)
        waiting = threading.Thread(target=sending.finish, daemon=True)
        waiting.start()
        waiting.join(0.2)
        assert not any(sent.is_end for sent in line.said)
        assert not sending.may_be_kept
        line.tell(Written(2))
        eventually(lambda: line.said[-1:] == [Sent(2, is_end=True)])
        line.tell(Written(2, committed=True), None)
        waiting.join(PATIENCE_S)


def test_what_leaves_before_the_end_says_none(line: Line) -> None:
    line.tell(Written(2), None)
    with Sending(lambda: line, idle_timeout_s=None) as sending:
        sending.send(BATCH)
    assert line.ended.is_set()
    assert not any(sent.is_end for sent in line.said)
    assert not sending.may_be_kept


def test_what_is_given_up_while_the_server_is_silent_ends_at_once(line: Line) -> None:
    with Sending(lambda: line, idle_timeout_s=None, join_s=0.01) as sending:
        sending.send(BATCH)
    assert line.ended.wait(PATIENCE_S / 3)  # the line gives up by itself after PATIENCE_S
    assert not any(sent.is_end for sent in line.said)


@pytest.mark.parametrize("at_last", [False, True], ids=["as an answer", "at last"])
def test_word_of_the_server_is_what_the_caller_hears(line: Line, at_last: bool) -> None:
    error = DataError("Row 7.")
    line.last = error if at_last else None
    line.tell(None if at_last else error)
    with (
        pytest.raises(DataError, match="Row 7"),
        Sending(lambda: line, idle_timeout_s=None) as sending,
    ):
        sending.finish()


@pytest.mark.parametrize("answers", [(), (Written(0),)])
def test_end_without_a_commit_is_an_error(line: Line, answers: tuple[Any, ...]) -> None:
    line.tell(*answers, None)
    with (  # the one where the end was not said by then
        pytest.raises((InternalError, OutcomeUnknown)),
        Sending(lambda: line, idle_timeout_s=None) as sending,
    ):
        sending.finish()


def test_silent_server_is_given_up(line: Line) -> None:
    started = time.monotonic()
    with Sending(lambda: line, idle_timeout_s=0.2, join_s=0.1) as sending:
        sending.send(BATCH)
        with pytest.raises(Unavailable, match=r"silent for 0\.2 s"):
            sending.finish()
    assert time.monotonic() - started < PATIENCE_S


def test_server_that_is_silent_after_the_end_leaves_it_open(line: Line) -> None:
    with Sending(lambda: line, idle_timeout_s=1, join_s=0.1) as sending:
        with pytest.raises(OutcomeUnknown, match="silent for 1 s since"):
            sending.finish()
        assert sending.may_be_kept


def test_server_that_ends_after_the_end_without_a_word_leaves_it_open(line: Line) -> None:
    def end() -> None:
        eventually(lambda: any(sent.is_end for sent in line.said))
        line.tell(None)

    server = threading.Thread(target=end)
    with Sending(lambda: line, idle_timeout_s=None) as sending:
        server.start()
        with pytest.raises(OutcomeUnknown, match="without saying that it was kept"):
            sending.finish()
    server.join()


def test_server_hears_of_a_source_that_is_slow(line: Line) -> None:
    with Sending(lambda: line, idle_timeout_s=None):
        eventually(lambda: Sent(0) in line.said)
        line.tell(None)


def test_call_that_opens_after_the_caller_gave_up_is_ended(line: Line) -> None:
    opens = threading.Event()

    def open_call() -> Line:
        assert opens.wait(PATIENCE_S)
        return line

    with (
        pytest.raises(KeyboardInterrupt),
        Sending(open_call, idle_timeout_s=None, join_s=0.01),
    ):
        raise KeyboardInterrupt
    opens.set()
    assert line.ended.wait(PATIENCE_S)
    assert line.said == []


def test_call_that_does_not_open_raises_what_it_says() -> None:
    def open_call() -> Line:
        raise Unavailable("No connection.")

    with (
        pytest.raises(Unavailable, match="No connection"),
        Sending(open_call, idle_timeout_s=None) as sending,
    ):
        sending.finish()
    assert not sending.may_be_kept
