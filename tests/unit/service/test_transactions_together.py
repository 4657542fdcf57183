"""One thread at a time uses an open transaction, and any may end it."""

import threading

import pytest

from flight_client.protocol.errors import (
    Cancelled,
    DataError,
    InvalidRequest,
    UnknownTransaction,
)
from flight_server.backends.base import BatchStream
from flight_server.service.pinned import Pinned
from flight_server.service.transactions import Transactions
from tests.support.patience import PATIENCE_S, eventually
from tests.support.scripted import ScriptedStream, silence
from tests.support.scripted_writes import SCHEMA, Clock, ScriptedWrite
from tests.support.threads import InThread
from tests.support.transactions import pin, read_inside, reason


def test_second_statement_waits_for_the_first(clock: Clock) -> None:
    table = Transactions(clock=clock, busy_s=PATIENCE_S)
    identifier, _ = pin(table)
    order: list[str] = []

    def second() -> None:
        with table.changing(identifier, "ada", ScriptedWrite):
            order.append("second")

    with table.changing(identifier, "ada", ScriptedWrite):
        thread = InThread(second)
        order.append("first")
    assert thread.join() is None
    assert order == ["first", "second"]
    table.close()


def test_statement_that_waits_too_long_is_refused(table: Transactions) -> None:
    identifier, write = pin(table)
    with (
        table.changing(identifier, "ada", ScriptedWrite),
        pytest.raises(InvalidRequest, match="read it to its end or close it"),
        table.looking(identifier, "ada"),
    ):
        pass
    assert write.is_open


def test_stream_holds_the_connection_until_it_is_closed(table: Transactions) -> None:
    identifier, write = pin(table)
    stream = read_inside(table, identifier, ScriptedStream(SCHEMA, []))
    with pytest.raises(InvalidRequest, match="still being read"):
        table.commit(identifier, "ada")
    stream.close()
    stream.close()
    table.commit(identifier, "ada")
    assert write.done == ["commit"]


def test_stream_that_cannot_be_opened_holds_nothing(table: Transactions) -> None:
    identifier, _ = pin(table)

    def fail(_pinned: Pinned) -> BatchStream:
        raise DataError("No.")

    with pytest.raises(DataError):
        table.open(identifier, "ada", fail)
    table.commit(identifier, "ada")


def test_stream_of_a_transaction_without_a_connection_is_refused(table: Transactions) -> None:
    identifier = table.begin("ada")
    with pytest.raises(UnknownTransaction):
        read_inside(table, identifier, ScriptedStream(SCHEMA, []))


def test_read_by_which_the_database_ended_it_ends_it(table: Transactions) -> None:
    identifier, write = pin(table)
    stream = read_inside(table, identifier, ScriptedStream(SCHEMA, []))
    write.open = False
    stream.close()
    assert write.closed.is_set()
    assert "undone by the database" in reason(table, identifier)


def test_late_cancel_of_a_closed_stream_does_not_reach_the_next_statement(
    table: Transactions,
) -> None:
    identifier, _ = pin(table)
    inner = ScriptedStream(SCHEMA, [])
    stream = read_inside(table, identifier, inner)
    stream.close()
    stream.cancel()
    assert not inner.cancelled.is_set()


def test_rollback_stops_a_change_in_work(table: Transactions) -> None:
    identifier, write = pin(table)
    working = threading.Event()

    def change() -> None:
        with table.changing(identifier, "ada", ScriptedWrite):
            working.set()
            write.work_until_cancelled()

    thread = InThread(change)
    assert working.wait(PATIENCE_S)
    table.rollback(identifier, "ada")
    assert isinstance(thread.join(), Cancelled)
    assert write.closed.is_set()
    assert "it was rolled back" in reason(table, identifier)


def test_rollback_does_not_disturb_a_commit_in_work(table: Transactions) -> None:
    identifier, write = pin(table)
    write.on_commit = lambda: table.rollback(identifier, "ada")
    table.commit(identifier, "ada")
    assert write.done == ["commit"]
    assert not write.cancelled.is_set()
    assert "it was committed" in reason(table, identifier)


def test_rollback_ends_a_stream_that_nobody_reads(table: Transactions) -> None:
    identifier, write = pin(table)
    stream = read_inside(table, identifier, ScriptedStream(SCHEMA, []))
    table.rollback(identifier, "ada")
    assert write.closed.is_set()
    with pytest.raises(Cancelled, match="it was rolled back"):
        stream.read()
    stream.close()


def test_rollback_stops_a_stream_that_is_being_read(table: Transactions) -> None:
    identifier, write = pin(table)
    inner = ScriptedStream(SCHEMA, [silence(PATIENCE_S, lambda _stream: None)])
    stream = read_inside(table, identifier, inner)

    def read() -> None:
        try:
            stream.read()
        finally:
            stream.close()

    thread = InThread(read)
    eventually(lambda: inner.reads)
    table.rollback(identifier, "ada")
    assert isinstance(thread.join(), Cancelled)
    assert write.closed.is_set()
