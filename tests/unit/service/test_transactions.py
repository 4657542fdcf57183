"""Open transactions: lazy, one thread at a time, and ended in any case."""

import threading

import pytest

from flight_client.protocol.errors import (
    Cancelled,
    DataError,
    Unavailable,
    UnknownTransaction,
)
from flight_server.service.transactions import Transactions
from tests.support.patience import PATIENCE_S
from tests.support.scripted_writes import ScriptedWrite
from tests.support.threads import InThread
from tests.support.transactions import pin, reason, spoil

# begin, change, commit


def test_transaction_without_a_change_holds_no_connection(table: Transactions) -> None:
    identifier = table.begin("ada")
    with table.looking(identifier, "ada") as pinned:
        assert pinned is None
    table.commit(identifier, "ada")


def test_first_change_pins_a_connection_and_later_ones_share_it(table: Transactions) -> None:
    identifier, write = pin(table)
    with table.changing(identifier, "ada", ScriptedWrite) as pinned:
        assert pinned.write is write
    with table.looking(identifier, "ada") as seen:
        assert seen is not None
        assert seen.write is write


def test_commit_commits_and_gives_the_connection_back(table: Transactions) -> None:
    identifier, write = pin(table)
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
    identifier, write = pin(table)
    table.rollback(identifier, "ada")
    assert write.done == []
    assert write.closed.is_set()


def test_committing_twice_says_that_it_was_committed(table: Transactions) -> None:
    identifier, _ = pin(table)
    table.commit(identifier, "ada")
    with pytest.raises(UnknownTransaction, match="it was committed"):
        table.commit(identifier, "ada")


def test_rolling_back_twice_succeeds(table: Transactions) -> None:
    identifier, _ = pin(table)
    table.rollback(identifier, "ada")
    table.rollback(identifier, "ada")


def test_commit_after_a_rollback_is_refused(table: Transactions) -> None:
    identifier, write = pin(table)
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
    identifier, write = pin(table)
    with pytest.raises(UnknownTransaction, match="no such transaction"):
        table.commit(identifier, "bob")
    table.rollback(identifier, "bob")
    assert not write.closed.is_set()


def test_failed_commit_is_raised_and_ends_it(table: Transactions) -> None:
    def fail() -> None:
        raise Unavailable("The connection broke.")

    identifier, write = pin(table, ScriptedWrite(on_commit=fail))
    with pytest.raises(Unavailable, match="broke"):
        table.commit(identifier, "ada")
    assert write.closed.is_set()
    assert "its commit failed (The connection broke.)" in reason(table, identifier)


# errors within


def test_error_that_leaves_it_open_can_be_followed_by_a_commit(table: Transactions) -> None:
    identifier, write = pin(table)
    with pytest.raises(DataError), table.changing(identifier, "ada", ScriptedWrite):
        raise DataError("It does not fit.")
    table.commit(identifier, "ada")
    assert write.done == ["commit"]


def test_error_by_which_the_database_ended_it_is_named_later(table: Transactions) -> None:
    identifier, write = pin(table)
    with pytest.raises(DataError), table.changing(identifier, "ada", ScriptedWrite):
        write.fail_for_good(DataError("A deadlock."))
    assert write.closed.is_set()
    assert "undone by the database (A deadlock.)" in reason(table, identifier)


def test_change_that_broke_off_halfway_undoes_it(table: Transactions) -> None:
    identifier, write = pin(table)
    with pytest.raises(DataError), table.changing(identifier, "ada", ScriptedWrite) as pinned:
        spoil(pinned)
    assert write.closed.is_set()
    assert write.done == []
    assert "failed halfway, and all was undone (Row 2" in reason(table, identifier)


def test_failure_of_ours_undoes_it(table: Transactions) -> None:
    identifier, write = pin(table)
    with pytest.raises(ZeroDivisionError), table.changing(identifier, "ada", ScriptedWrite):
        raise ZeroDivisionError
    assert write.closed.is_set()
    assert "the server failed" in reason(table, identifier)


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
    first, _ = pin(table)
    pin(table)
    third = table.begin("ada")
    with (
        pytest.raises(Unavailable, match=r"writes\.max_transactions allows; try again later"),
        table.changing(third, "ada", ScriptedWrite),
    ):
        pass
    table.rollback(first, "ada")
    with table.changing(third, "ada", ScriptedWrite):
        pass


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
    _, first = pin(table)
    _, second = pin(table)
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

    thread = InThread(change)
    assert working.wait(PATIENCE_S)
    table.close()
    assert isinstance(thread.join(), Unavailable)
    assert write.done == []


def test_closed_table_takes_nothing_more(table: Transactions) -> None:
    identifier, _ = pin(table)
    table.close()
    with pytest.raises(Unavailable, match="closing"):
        table.begin("ada")
    with pytest.raises(Unavailable, match="closing"):
        table.commit(identifier, "ada")
    with pytest.raises(Unavailable, match="closing"), table.alone(ScriptedWrite):
        pass
