"""A transaction over fake readers: its connection, its end in every way, what it leaves behind."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from flight_client.protocol.errors import (
    Cancelled,
    Error,
    OutcomeUnknown,
    Unavailable,
    UnknownTransaction,
)
from tests.support.fake_readers import Fakes, eventually, fakes, rows
from tests.support.fake_transactions import at_rest, begun, change, read, stream
from tests.support.threads import InThread

SOON_S = 5.0


@pytest.fixture
def hana(tmp_path: Path) -> Iterator[Fakes]:
    with fakes(tmp_path) as made:
        yield made
        assert eventually(lambda: at_rest(made)), "a turn or a process is missing"


# the connection


def test_statements_share_a_connection_that_was_opened_to_write(hana: Fakes) -> None:
    with closing(begun(hana)) as transaction:
        assert change(transaction, count=3) == 3
        with closing(stream(transaction, "rows 5")) as opened:
            assert rows(opened) == 5
        transaction.commit()

    assert [line.split(" ", 1)[1] for line in hana.log.read_text().splitlines()] == [
        "Connect", "as SALES#FLIGHT", "to write", "Begin", "context APPLICATIONUSER=alice",
        "Change", "Run", "context ", "End", "commit",
    ]  # fmt: skip
    assert len(set(hana.pids(""))) == 1


def test_reads_and_transactions_never_share_a_connection(hana: Fakes) -> None:
    for _ in range(2):
        read(hana)
        with closing(begun(hana)) as transaction:
            change(transaction)

    writes, reads = set(hana.pids("Change")), set(hana.pids("Run"))
    assert len(writes) == len(reads) == 1
    assert writes.isdisjoint(reads)
    assert [line.split()[-1] for line in hana.lines("to ")] == ["read", "write"]


def test_connection_that_changes_its_kind_is_a_new_one(tmp_path: Path) -> None:
    with fakes(tmp_path, max_readers=2) as hana:
        with closing(begun(hana)):
            hana.readers.describe(hana.user("B#1"), "", subject="The query")
        read(hana)  # both processes are taken, and none of them reads as this user

        assert [line.split()[-1] for line in hana.lines("to ")] == ["write", "read", "read"]
        assert set(hana.pids("Run")) < set(hana.pids("Connect"))
        assert len(set(hana.pids("Connect"))) == 2


def test_idle_connection_shows_that_it_lives_before_a_transaction(hana: Fakes) -> None:
    for _ in range(2):
        begun(hana).close()

    assert len(hana.lines("Ping")) == 1
    assert len(hana.lines("Connect")) == 1


def test_connection_that_was_lost_while_idle_is_replaced(hana: Fakes, tmp_path: Path) -> None:
    begun(hana, ping=f"once {tmp_path / 'lost'} lost -10807").close()

    with closing(begun(hana)) as transaction:
        assert change(transaction) == 1
    assert len(hana.lines("Connect")) == 2


def test_process_that_died_while_idle_is_replaced(hana: Fakes) -> None:
    begun(hana, ping="die 9").close()

    with closing(begun(hana)) as transaction:
        assert change(transaction) == 1


def test_log_on_that_fails_for_a_while_is_repeated(hana: Fakes, tmp_path: Path) -> None:
    with closing(begun(hana, script=f"once {tmp_path / 'busy'} fail 1038 busy")) as transaction:
        assert change(transaction) == 1


def test_log_on_that_fails_leaves_nothing(hana: Fakes) -> None:
    with pytest.raises(Unavailable):
        begun(hana, script="fail 1038 busy")


# turns


def test_transaction_holds_a_turn_and_one_is_left_for_short_calls(tmp_path: Path) -> None:
    with fakes(tmp_path, max_readers=2, queue_s=0.1) as hana, closing(begun(hana)):
        with pytest.raises(Unavailable, match=r"for reads \(hana\.max_readers = 2"):
            begun(hana)
        with pytest.raises(Unavailable):
            read(hana)

        assert hana.readers.describe(hana.user(), "", subject="The query").columns
        assert len(hana.readers.prepare(hana.user(), "", subject="The INSERT").parameters) == 2


def test_transaction_takes_no_turn_of_a_space(tmp_path: Path) -> None:
    with (
        fakes(tmp_path, statements_per_space=1) as hana,
        closing(begun(hana)) as one,
        closing(begun(hana)) as other,
    ):
        assert (change(one), change(other), read(hana)) == (1, 1, 1)


def test_waiting_for_a_turn_ends_with_the_pool(tmp_path: Path) -> None:
    with fakes(tmp_path, max_readers=2) as hana:
        with closing(begun(hana)):
            waiting = InThread(lambda: begun(hana))
            assert eventually(lambda: hana.readers._pool._stream_turns.waiting == 1)
            hana.readers.close()
        assert isinstance(waiting.join(), Unavailable)


# its end


@pytest.mark.parametrize(
    ("end", "said"),
    [
        (lambda transaction: transaction.commit(), "commit"),
        (lambda transaction: transaction.roll_back(UnknownTransaction("x")), "rollback"),
        (lambda transaction: transaction.close(), "rollback"),
        (lambda transaction: transaction.end(Cancelled("x")), "rollback"),
    ],
    ids=["commit", "roll back", "close", "end"],
)
def test_transaction_that_ended_gave_its_connection_back(hana: Fakes, end: Any, said: str) -> None:
    with closing(begun(hana)) as transaction:
        change(transaction)
        end(transaction)

        assert not transaction.is_open
        assert at_rest(hana)
        with pytest.raises(Error):
            change(transaction)
    assert [line.split()[1] for line in hana.lines("commit") + hana.lines("rollback")] == [said]
    assert read(hana) == 1


def test_reason_of_the_first_end_stays(hana: Fakes) -> None:
    with closing(begun(hana)) as transaction:
        transaction.end(Unavailable("first"))
        transaction.end(Cancelled("second"))

        with pytest.raises(Unavailable, match="first"):
            change(transaction)


def test_ended_transaction_never_stops_the_next_one(hana: Fakes) -> None:
    with closing(begun(hana)) as old:
        old.commit()
        with closing(begun(hana)) as new:
            old.end(Cancelled("late"))
            old.close()

            assert change(new, "sleep 0.7") == 1


@pytest.mark.parametrize("code", [131, 133, 139, 613, 616, 2048])
def test_error_that_ends_the_transaction_ends_it(hana: Fakes, code: int) -> None:
    with closing(begun(hana)) as transaction:
        with pytest.raises(Error, match="the transaction was rolled back; begin it again"):
            change(transaction, f"fail {code} words")

        assert not transaction.is_open
        assert len(hana.lines("rollback")) == 1
        with pytest.raises(UnknownTransaction, match="rolled back by an error"):
            change(transaction)


@pytest.mark.parametrize("steps", ["fail 301 twice", "fail 259 no table", "own DATA_ERROR No."])
def test_error_of_a_statement_leaves_the_transaction(hana: Fakes, steps: str) -> None:
    with closing(begun(hana)) as transaction:
        with pytest.raises(Error):
            change(transaction, steps)

        assert change(transaction) == 1
        transaction.commit()
    assert len(hana.lines("commit")) == 1


def test_lost_connection_says_that_all_was_rolled_back(hana: Fakes) -> None:
    with closing(begun(hana)) as transaction:
        with pytest.raises(Unavailable, match="broke, and the transaction was rolled back"):
            change(transaction, "lost -10807")
        assert not transaction.is_open
    assert hana.lines("rollback") == []


def test_killed_process_says_that_all_was_rolled_back(hana: Fakes) -> None:
    with closing(begun(hana)) as transaction:
        with pytest.raises(
            Unavailable, match=r"ended \(signal 9, SIGKILL\), and the transaction was rolled back"
        ):
            change(transaction, "die 9")
        assert not transaction.is_open


@pytest.mark.parametrize("steps", ["die 9", "lost -10807"])
def test_loss_at_the_commit_promises_nothing(hana: Fakes, steps: str) -> None:
    with closing(begun(hana, commit=steps)) as transaction:
        change(transaction)
        with pytest.raises(OutcomeUnknown, match="nobody knows whether its changes were kept"):
            transaction.commit()
        assert not transaction.is_open


def test_commit_that_the_database_refuses_kept_nothing(hana: Fakes) -> None:
    with closing(begun(hana, commit="fail 131 lock")) as transaction:
        change(transaction)
        with pytest.raises(Unavailable, match="the transaction was rolled back"):
            transaction.commit()
        assert not transaction.is_open


def test_connection_that_does_not_roll_back_is_not_used_again(hana: Fakes) -> None:
    begun(hana, rollback="fail 2048 no").close()
    begun(hana).close()

    assert len(set(hana.pids("Begin"))) == 2


def test_rollback_without_an_answer_ends_with_the_process(tmp_path: Path) -> None:
    with fakes(tmp_path, roll_back_s=0.2) as hana:
        started = time.monotonic()
        begun(hana, rollback="deaf").close()

        assert time.monotonic() - started < SOON_S
        assert at_rest(hana)


# other threads


@pytest.mark.parametrize("steps", ["hang", "deaf"])
def test_end_stops_what_another_thread_does(hana: Fakes, steps: str) -> None:
    with closing(begun(hana)) as transaction:
        working = InThread(lambda: change(transaction, steps))
        assert eventually(lambda: len(hana.lines("Change")) == 1)
        started = time.monotonic()
        transaction.end(Cancelled("enough"))

        assert isinstance(working.join(), Cancelled)
        assert time.monotonic() - started < SOON_S
        assert not transaction.is_open


def test_end_that_came_too_late_rolls_back_too(hana: Fakes) -> None:
    with closing(begun(hana)) as transaction:
        working = InThread(lambda: change(transaction, "sleep 0.2"))
        assert eventually(lambda: len(hana.lines("Change")) == 1)
        transaction.end(Cancelled("enough"))

        assert isinstance(working.join(), Cancelled)
        assert hana.lines("commit") == []


def test_commit_that_works_is_not_cancelled(hana: Fakes) -> None:
    with closing(begun(hana, commit="sleep 0.2")) as transaction:
        working = InThread(transaction.commit)
        assert eventually(lambda: len(hana.lines("commit")) == 1)
        transaction.end(Cancelled("too late"))

        assert working.join() is None


def test_closing_pool_ends_idle_and_busy_transactions(tmp_path: Path) -> None:
    with fakes(tmp_path) as hana, closing(begun(hana)) as idle, closing(begun(hana)) as busy:
        working = InThread(lambda: change(busy, "hang"))
        assert eventually(lambda: len(hana.lines("Change")) == 1)
        started = time.monotonic()
        hana.readers.close()

        assert isinstance(working.join(), Unavailable)
        assert time.monotonic() - started < SOON_S
        assert not idle.is_open
        assert not busy.is_open
        with pytest.raises(Unavailable):
            idle.commit()


def test_worn_process_serves_a_transaction_to_its_end(tmp_path: Path) -> None:
    with fakes(tmp_path, recycle_statements=2) as hana:
        for _ in range(2):
            with closing(begun(hana)) as transaction:
                assert [change(transaction) for _ in range(5)] == [1] * 5
                transaction.commit()

        assert len(set(hana.pids("commit"))) == 2


def test_transaction_that_nobody_closed_is_told(hana: Fakes) -> None:
    transaction = begun(hana)
    with pytest.warns(ResourceWarning, match="was not closed"):
        transaction.__del__()
    transaction.close()
