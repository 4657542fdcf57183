"""Open transactions: lazy, one thread at a time, and ended in any case."""

import threading
from collections.abc import Callable, Iterator

import pytest

from flight_client.protocol.errors import (
    Cancelled,
    DataError,
    InvalidRequest,
    Unavailable,
    UnknownTransaction,
)
from flight_server.backends.base import BatchStream
from flight_server.service.pinned import Pinned
from flight_server.service.transactions import FORGOTTEN_S, MAX_REMEMBERED, Transactions
from tests.support.patience import PATIENCE_S, eventually
from tests.support.scripted import ScriptedStream, silence
from tests.support.scripted_writes import SCHEMA, Clock, ScriptedWrite

IDLE_S = 60.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def table(clock: Clock) -> Iterator[Transactions]:
    transactions = Transactions(idle_s=IDLE_S, max_pinned=2, clock=clock, busy_s=0.05)
    yield transactions
    transactions.close()


def _pinned(table: Transactions, write: ScriptedWrite | None = None) -> tuple[str, ScriptedWrite]:
    write = write or ScriptedWrite()
    identifier = table.begin("ada")
    with table.changing(identifier, "ada", lambda: write):
        pass
    return identifier, write


class Elsewhere(threading.Thread):
    """Runs work in another thread, and keeps what it raised."""

    def __init__(self, work: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self.raised: Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            self._work()
        except Exception as error:  # noqa: BLE001 - looked at by the test
            self.raised = error

    def ended(self) -> Exception | None:
        """What it raised, once it has ended."""
        self.join(PATIENCE_S)
        assert not self.is_alive()
        return self.raised


def _read_inside(table: Transactions, identifier: str, stream: BatchStream) -> BatchStream:
    return table.open(identifier, "ada", lambda _pinned: stream)


def _reason(table: Transactions, identifier: str) -> str:
    with (
        pytest.raises(UnknownTransaction, match="roll back and begin again") as caught,
        table.looking(identifier, "ada"),
    ):
        pass
    return caught.value.message


def _spoil(pinned: Pinned) -> None:
    pinned.is_spoiled = True
    raise DataError("Row 2 does not fit.")


# begin, change, commit


def test_transaction_without_a_change_holds_no_connection(table: Transactions) -> None:
    identifier = table.begin("ada")
    with table.looking(identifier, "ada") as pinned:
        assert pinned is None
    table.commit(identifier, "ada")


def test_first_change_pins_a_connection_and_later_ones_share_it(table: Transactions) -> None:
    identifier, write = _pinned(table)
    with table.changing(identifier, "ada", ScriptedWrite) as pinned:
        assert pinned.write is write
    with table.looking(identifier, "ada") as seen:
        assert seen is not None
        assert seen.write is write


def test_commit_commits_and_gives_the_connection_back(table: Transactions) -> None:
    identifier, write = _pinned(table)
    table.commit(identifier, "ada")
    assert write.done == ["commit"]
    assert write.closed.is_set()


def test_change_alone_that_the_closing_server_stops_may_be_run_again(table: Transactions) -> None:
    write = ScriptedWrite()

    def stopped() -> None:
        with table.alone(lambda: write):
            table.close()
            raise Cancelled("The change was stopped.")

    with pytest.raises(Unavailable, match="server is closing"):
        stopped()
    assert write.closed.is_set()


def test_rollback_closes_without_a_commit(table: Transactions) -> None:
    identifier, write = _pinned(table)
    table.rollback(identifier, "ada")
    assert write.done == []
    assert write.closed.is_set()


def test_committing_twice_says_that_it_was_committed(table: Transactions) -> None:
    identifier, _ = _pinned(table)
    table.commit(identifier, "ada")
    with pytest.raises(UnknownTransaction, match="it was committed"):
        table.commit(identifier, "ada")


def test_rolling_back_twice_succeeds(table: Transactions) -> None:
    identifier, _ = _pinned(table)
    table.rollback(identifier, "ada")
    table.rollback(identifier, "ada")


def test_commit_after_a_rollback_is_refused(table: Transactions) -> None:
    identifier, write = _pinned(table)
    table.rollback(identifier, "ada")
    with pytest.raises(UnknownTransaction, match="it was rolled back"):
        table.commit(identifier, "ada")
    assert write.done == []


def test_commit_of_an_unknown_one_is_refused(table: Transactions) -> None:
    with pytest.raises(UnknownTransaction, match="another replica has it"):
        table.commit("none", "ada")


def test_rollback_of_an_unknown_one_succeeds(table: Transactions) -> None:
    table.rollback("none", "ada")


def test_another_principal_neither_uses_nor_ends_it(table: Transactions) -> None:
    identifier, write = _pinned(table)
    with pytest.raises(UnknownTransaction, match="no such transaction"):
        table.commit(identifier, "bob")
    table.rollback(identifier, "bob")
    assert not write.closed.is_set()


def test_failed_commit_is_raised_and_ends_it(table: Transactions) -> None:
    def fail() -> None:
        raise Unavailable("The connection broke.")

    identifier, write = _pinned(table, ScriptedWrite(on_commit=fail))
    with pytest.raises(Unavailable, match="broke"):
        table.commit(identifier, "ada")
    assert write.closed.is_set()
    assert "its commit failed (The connection broke.)" in _reason(table, identifier)


# errors within


def test_error_that_leaves_it_open_can_be_followed_by_a_commit(table: Transactions) -> None:
    identifier, write = _pinned(table)
    with pytest.raises(DataError), table.changing(identifier, "ada", ScriptedWrite):
        raise DataError("It does not fit.")
    table.commit(identifier, "ada")
    assert write.done == ["commit"]


def test_error_by_which_the_database_ended_it_is_named_later(table: Transactions) -> None:
    identifier, write = _pinned(table)
    with pytest.raises(DataError), table.changing(identifier, "ada", ScriptedWrite):
        write.fail_for_good(DataError("A deadlock."))
    assert write.closed.is_set()
    assert "undone by the database (A deadlock.)" in _reason(table, identifier)


def test_change_that_broke_off_halfway_undoes_it(table: Transactions) -> None:
    identifier, write = _pinned(table)
    with pytest.raises(DataError), table.changing(identifier, "ada", ScriptedWrite) as pinned:
        _spoil(pinned)
    assert write.closed.is_set()
    assert write.done == []
    assert "failed halfway, and all was undone (Row 2" in _reason(table, identifier)


def test_failure_of_ours_undoes_it(table: Transactions) -> None:
    identifier, write = _pinned(table)
    with pytest.raises(ZeroDivisionError), table.changing(identifier, "ada", ScriptedWrite):
        raise ZeroDivisionError
    assert write.closed.is_set()
    assert "the server failed" in _reason(table, identifier)


def test_connection_that_cannot_be_had_leaves_it_as_it_was(table: Transactions) -> None:
    identifier = table.begin("ada")

    def fail() -> ScriptedWrite:
        raise Unavailable("No connection is free.")

    for _ in range(3):  # more often than there are connections
        with pytest.raises(Unavailable, match="free"), table.changing(identifier, "ada", fail):
            pass
    with table.changing(identifier, "ada", ScriptedWrite):
        pass


def test_more_than_so_many_are_not_pinned_at_a_time(table: Transactions) -> None:
    first, _ = _pinned(table)
    _pinned(table)
    third = table.begin("ada")
    with (
        pytest.raises(Unavailable, match=r"writes\.max_transactions allows; try again later"),
        table.changing(third, "ada", ScriptedWrite),
    ):
        pass
    table.rollback(first, "ada")
    with table.changing(third, "ada", ScriptedWrite):
        pass


# two at once


def test_second_statement_waits_for_the_first(clock: Clock) -> None:
    table = Transactions(clock=clock, busy_s=PATIENCE_S)
    identifier, _ = _pinned(table)
    order: list[str] = []

    def second() -> None:
        with table.changing(identifier, "ada", ScriptedWrite):
            order.append("second")

    with table.changing(identifier, "ada", ScriptedWrite):
        thread = Elsewhere(second)
        order.append("first")
    assert thread.ended() is None
    assert order == ["first", "second"]
    table.close()


def test_statement_that_waits_too_long_is_refused(table: Transactions) -> None:
    identifier, write = _pinned(table)
    with (
        table.changing(identifier, "ada", ScriptedWrite),
        pytest.raises(InvalidRequest, match="read it to its end or close it"),
        table.looking(identifier, "ada"),
    ):
        pass
    assert write.is_open


def test_stream_holds_the_connection_until_it_is_closed(table: Transactions) -> None:
    identifier, write = _pinned(table)
    stream = _read_inside(table, identifier, ScriptedStream(SCHEMA, []))
    with pytest.raises(InvalidRequest, match="still being read"):
        table.commit(identifier, "ada")
    stream.close()
    stream.close()
    table.commit(identifier, "ada")
    assert write.done == ["commit"]


def test_stream_that_cannot_be_opened_holds_nothing(table: Transactions) -> None:
    identifier, _ = _pinned(table)

    def fail(_pinned: Pinned) -> BatchStream:
        raise DataError("No.")

    with pytest.raises(DataError):
        table.open(identifier, "ada", fail)
    table.commit(identifier, "ada")


def test_stream_of_a_transaction_without_a_connection_is_refused(table: Transactions) -> None:
    identifier = table.begin("ada")
    with pytest.raises(UnknownTransaction):
        _read_inside(table, identifier, ScriptedStream(SCHEMA, []))


def test_read_by_which_the_database_ended_it_ends_it(table: Transactions) -> None:
    identifier, write = _pinned(table)
    stream = _read_inside(table, identifier, ScriptedStream(SCHEMA, []))
    write.open = False
    stream.close()
    assert write.closed.is_set()
    assert "undone by the database" in _reason(table, identifier)


def test_late_cancel_of_a_closed_stream_does_not_reach_the_next_statement(
    table: Transactions,
) -> None:
    identifier, _ = _pinned(table)
    inner = ScriptedStream(SCHEMA, [])
    stream = _read_inside(table, identifier, inner)
    stream.close()
    stream.cancel()
    assert not inner.cancelled.is_set()


def test_rollback_stops_a_change_in_work(table: Transactions) -> None:
    identifier, write = _pinned(table)
    working = threading.Event()

    def change() -> None:
        with table.changing(identifier, "ada", ScriptedWrite):
            working.set()
            write.work_until_cancelled()

    thread = Elsewhere(change)
    assert working.wait(PATIENCE_S)
    table.rollback(identifier, "ada")
    assert isinstance(thread.ended(), Cancelled)
    assert write.closed.is_set()
    assert "it was rolled back" in _reason(table, identifier)


def test_rollback_does_not_disturb_a_commit_in_work(table: Transactions) -> None:
    identifier, write = _pinned(table)
    write.on_commit = lambda: table.rollback(identifier, "ada")
    table.commit(identifier, "ada")
    assert write.done == ["commit"]
    assert not write.cancelled.is_set()
    assert "it was committed" in _reason(table, identifier)


def test_rollback_ends_a_stream_that_nobody_reads(table: Transactions) -> None:
    identifier, write = _pinned(table)
    stream = _read_inside(table, identifier, ScriptedStream(SCHEMA, []))
    table.rollback(identifier, "ada")
    assert write.closed.is_set()
    with pytest.raises(Cancelled, match="it was rolled back"):
        stream.read()
    stream.close()


def test_rollback_stops_a_stream_that_is_being_read(table: Transactions) -> None:
    identifier, write = _pinned(table)
    inner = ScriptedStream(SCHEMA, [silence(PATIENCE_S, lambda _stream: None)])
    stream = _read_inside(table, identifier, inner)

    def read() -> None:
        try:
            stream.read()
        finally:
            stream.close()

    thread = Elsewhere(read)
    eventually(lambda: inner.reads)
    table.rollback(identifier, "ada")
    assert isinstance(thread.ended(), Cancelled)
    assert write.closed.is_set()


# idle


def test_pinned_transaction_that_nothing_uses_is_rolled_back(
    table: Transactions, clock: Clock
) -> None:
    identifier, write = _pinned(table)
    clock.now += IDLE_S - 1
    table.sweep()
    assert write.is_open
    clock.now += 1
    table.sweep()
    assert write.closed.is_set()
    assert write.done == []
    assert "nothing used it for 60 s" in _reason(table, identifier)


def test_use_begins_the_idle_time_anew(table: Transactions, clock: Clock) -> None:
    identifier, write = _pinned(table)
    clock.now += IDLE_S - 1
    with table.looking(identifier, "ada"):
        pass
    clock.now += IDLE_S - 1
    table.sweep()
    assert write.is_open


def test_change_in_work_is_not_idle(table: Transactions, clock: Clock) -> None:
    identifier, write = _pinned(table)
    with table.changing(identifier, "ada", ScriptedWrite):
        clock.now += 10 * IDLE_S
        table.sweep()
    assert write.is_open


def test_stream_that_is_being_read_is_not_idle(table: Transactions, clock: Clock) -> None:
    identifier, write = _pinned(table)
    inner = ScriptedStream(SCHEMA, [silence(PATIENCE_S, lambda _stream: None)])
    stream = _read_inside(table, identifier, inner)
    thread = Elsewhere(stream.read)
    eventually(lambda: inner.reads)
    clock.now += 10 * IDLE_S
    table.sweep()
    assert write.is_open
    stream.cancel()
    assert isinstance(thread.ended(), Cancelled)
    stream.close()


def test_stream_that_nobody_reads_on_is_idle_and_its_transaction_ends(
    table: Transactions, clock: Clock
) -> None:
    identifier, write = _pinned(table)
    inner = ScriptedStream(SCHEMA, [])
    stream = _read_inside(table, identifier, inner)
    clock.now += IDLE_S
    table.sweep()
    assert inner.closed.is_set()
    assert write.closed.is_set()
    with pytest.raises(Cancelled, match="nothing used it for 60 s"):
        stream.read()
    stream.close()


def test_each_read_begins_the_idle_time_anew(table: Transactions, clock: Clock) -> None:
    identifier, write = _pinned(table)
    stream = _read_inside(table, identifier, ScriptedStream(SCHEMA, []))
    clock.now += IDLE_S - 1
    stream.read()
    clock.now += IDLE_S - 1
    table.sweep()
    assert write.is_open
    stream.close()


def test_reaper_looks_by_itself_and_ends_with_the_table() -> None:
    table = Transactions(idle_s=0.1)
    _, write = _pinned(table)
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
    alive, write = _pinned(table)
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


# alone


def test_change_alone_is_committed_and_closed(table: Transactions) -> None:
    write = ScriptedWrite()
    with table.alone(lambda: write):
        assert write.done == []
    assert write.done == ["commit"]
    assert write.closed.is_set()


def test_change_alone_that_fails_is_closed_without_a_commit(table: Transactions) -> None:
    write = ScriptedWrite()
    with pytest.raises(DataError), table.alone(lambda: write):
        raise DataError("No.")
    assert write.done == []
    assert write.closed.is_set()


# the end of the server


def test_close_rolls_back_what_is_open(table: Transactions) -> None:
    _, first = _pinned(table)
    _, second = _pinned(table)
    table.close()
    assert (first.done, second.done) == ([], [])
    assert first.closed.is_set()
    assert second.closed.is_set()


def test_close_stops_changes_in_work(table: Transactions) -> None:
    write, working = ScriptedWrite(), threading.Event()

    def change() -> None:
        with table.alone(lambda: write):
            working.set()
            write.work_until_cancelled()

    thread = Elsewhere(change)
    assert working.wait(PATIENCE_S)
    table.close()
    assert isinstance(thread.ended(), Unavailable)
    assert write.done == []


def test_closed_table_takes_nothing_more(table: Transactions) -> None:
    identifier, _ = _pinned(table)
    table.close()
    with pytest.raises(Unavailable, match="closing"):
        table.begin("ada")
    with pytest.raises(Unavailable, match="closing"):
        table.commit(identifier, "ada")
    with pytest.raises(Unavailable, match="closing"), table.alone(ScriptedWrite):
        pass
