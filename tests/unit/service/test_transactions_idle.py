"""What nothing uses ends by itself, and is forgotten in the end."""

import threading

import pytest

from flight_client.protocol.errors import (
    Cancelled,
    UnknownTransaction,
)
from flight_server.service.transactions import FORGOTTEN_S, MAX_REMEMBERED, Transactions
from tests.support.patience import PATIENCE_S, eventually
from tests.support.scripted import ScriptedStream, silence
from tests.support.scripted_writes import SCHEMA, Clock, ScriptedWrite
from tests.support.threads import InThread
from tests.support.transactions import IDLE_S, pin, read_inside, reason


def test_pinned_transaction_that_nothing_uses_is_rolled_back(
    table: Transactions, clock: Clock
) -> None:
    identifier, write = pin(table)
    clock.now += IDLE_S - 1
    table.sweep()
    assert write.is_open
    clock.now += 1
    table.sweep()
    assert write.closed.is_set()
    assert write.done == []
    assert "nothing used it for 60 s" in reason(table, identifier)


def test_use_begins_the_idle_time_anew(table: Transactions, clock: Clock) -> None:
    identifier, write = pin(table)
    clock.now += IDLE_S - 1
    with table.looking(identifier, "ada"):
        pass
    clock.now += IDLE_S - 1
    table.sweep()
    assert write.is_open


def test_change_in_work_is_not_idle(table: Transactions, clock: Clock) -> None:
    identifier, write = pin(table)
    with table.changing(identifier, "ada", ScriptedWrite):
        clock.now += 10 * IDLE_S
        table.sweep()
    assert write.is_open


def test_stream_that_is_being_read_is_not_idle(table: Transactions, clock: Clock) -> None:
    identifier, write = pin(table)
    inner = ScriptedStream(SCHEMA, [silence(PATIENCE_S, lambda _stream: None)])
    stream = read_inside(table, identifier, inner)
    thread = InThread(stream.read)
    eventually(lambda: inner.reads)
    clock.now += 10 * IDLE_S
    table.sweep()
    assert write.is_open
    stream.cancel()
    assert isinstance(thread.join(), Cancelled)
    stream.close()


def test_stream_that_nobody_reads_on_is_idle_and_its_transaction_ends(
    table: Transactions, clock: Clock
) -> None:
    identifier, write = pin(table)
    inner = ScriptedStream(SCHEMA, [])
    stream = read_inside(table, identifier, inner)
    clock.now += IDLE_S
    table.sweep()
    assert inner.closed.is_set()
    assert write.closed.is_set()
    with pytest.raises(Cancelled, match="nothing used it for 60 s"):
        stream.read()
    stream.close()


def test_each_read_begins_the_idle_time_anew(table: Transactions, clock: Clock) -> None:
    identifier, write = pin(table)
    stream = read_inside(table, identifier, ScriptedStream(SCHEMA, []))
    clock.now += IDLE_S - 1
    stream.read()
    clock.now += IDLE_S - 1
    table.sweep()
    assert write.is_open
    stream.close()


def test_reaper_looks_by_itself_and_ends_with_the_table() -> None:
    table = Transactions(idle_s=0.1)
    _, write = pin(table)
    assert write.closed.wait(PATIENCE_S)
    table.close()
    assert not [each for each in threading.enumerate() if each.name == "flight-transactions"]


def test_transaction_without_a_connection_outlives_the_idle_time_and_not_a_day(
    table: Transactions, clock: Clock
) -> None:
    identifier = table.begin("ada")
    clock.now += FORGOTTEN_S - 1
    table.sweep()
    with table.looking(identifier, "ada"):
        pass
    clock.now += FORGOTTEN_S
    table.sweep()
    with pytest.raises(UnknownTransaction, match="no such transaction"):
        table.commit(identifier, "ada")


def test_transaction_that_is_just_getting_its_connection_is_not_forgotten(
    table: Transactions,
) -> None:
    identifier = table.begin("ada")
    write = ScriptedWrite()

    def slow() -> ScriptedWrite:
        for _ in range(MAX_REMEMBERED):
            table.begin("ada")
        return write

    with table.changing(identifier, "ada", slow):
        pass
    table.commit(identifier, "ada")
    assert write.closed.is_set()


def test_table_is_bounded_and_forgets_what_ended_first(table: Transactions) -> None:
    alive, write = pin(table)
    unpinned = table.begin("ada")
    over = table.begin("ada")
    table.commit(over, "ada")
    for _ in range(MAX_REMEMBERED):
        table.commit(table.begin("ada"), "ada")
    with pytest.raises(UnknownTransaction, match="no such transaction"):
        table.commit(over, "ada")
    table.commit(unpinned, "ada")
    table.commit(alive, "ada")
    assert write.done == ["commit"]
