"""Queries inside of a transaction over fake readers: they come to an end, and it goes on or not."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from flight_client.protocol.errors import (
    Cancelled,
    Error,
    InvalidRequest,
    Unavailable,
    UnknownTransaction,
)
from tests.support.fake_readers import Fakes, eventually, fakes, rows
from tests.support.fake_transactions import at_rest, begun, change, stream

ALL = "rows 1 x99999999"


@pytest.fixture
def hana(tmp_path: Path) -> Iterator[Fakes]:
    with fakes(tmp_path) as made:
        yield made
        assert eventually(lambda: at_rest(made)), "a turn or a process is missing"


def test_stream_closed_before_its_end_leaves_the_transaction(hana: Fakes) -> None:
    with closing(begun(hana)) as transaction:
        with closing(stream(transaction, ALL)) as opened:
            opened.read()
        assert transaction.is_open
        assert change(transaction) == 1
        transaction.commit()

    assert len(hana.lines("Enough")) == 1
    assert len(hana.lines("commit")) == 1


def test_stream_that_does_not_stop_costs_the_transaction(hana: Fakes) -> None:
    with closing(begun(hana)) as transaction:
        with closing(stream(transaction, "rows 1; deaf")) as opened:
            opened.read()
        assert not transaction.is_open
        with pytest.raises(Cancelled, match="did not stop in time"):
            transaction.commit()


def test_nothing_else_is_done_while_a_stream_is_open(hana: Fakes) -> None:
    with closing(begun(hana)) as transaction:
        opened = stream(transaction, "rows 1")
        with pytest.raises(InvalidRequest, match="still being read"):
            change(transaction)
        with pytest.raises(InvalidRequest, match="still being read"):
            transaction.commit()
        opened.close()
        assert change(transaction) == 1


def test_stream_that_was_closed_is_not_read(hana: Fakes) -> None:
    with closing(begun(hana)) as transaction:
        opened = stream(transaction, "rows 1")
        opened.close()
        with pytest.raises(InvalidRequest, match="closed"):
            opened.read()


def test_stream_at_its_end_stays_there(hana: Fakes) -> None:
    with closing(begun(hana)) as transaction:
        opened = stream(transaction, "rows 1")
        assert [batch is None for batch in (opened.read(), opened.read(), opened.read())] == [
            False, True, True,
        ]  # fmt: skip
        assert change(transaction) == 1
        opened.cancel()
        opened.close()
        assert transaction.is_open


def test_error_of_a_query_leaves_the_transaction(hana: Fakes) -> None:
    with closing(begun(hana)) as transaction:
        for steps in ("fail 259 no table", "running; fail 304 zero", "rows 1; fail 304 zero"):
            with closing(stream(transaction, steps)) as opened:
                with pytest.raises(Error, match="database"):
                    rows(opened)
                with pytest.raises(Error, match="database"):
                    opened.read()
        assert change(transaction) == 1


def test_cancelled_stream_ends_the_transaction(hana: Fakes) -> None:
    with (
        closing(begun(hana)) as transaction,
        closing(stream(transaction, "rows 1; hang")) as opened,
    ):
        opened.read()
        opened.cancel()

        with pytest.raises(Cancelled):
            opened.read()
        assert not transaction.is_open


def test_process_killed_under_a_stream_ends_the_transaction(hana: Fakes) -> None:
    with (
        closing(begun(hana)) as transaction,
        closing(stream(transaction, "rows 1; die 9")) as opened,
    ):
        with pytest.raises(Unavailable, match="the transaction was rolled back"):
            rows(opened)
        assert not transaction.is_open


@pytest.mark.parametrize("steps", ["rows 1", ALL, "rows 1; hang"])
def test_transaction_closed_under_a_stream_gives_its_connection_back(
    hana: Fakes, steps: str
) -> None:
    transaction = begun(hana)
    opened = stream(transaction, steps)
    opened.read()
    transaction.close()

    assert at_rest(hana)
    with pytest.raises(UnknownTransaction):
        opened.read()
    opened.close()
