"""What interferes with a transaction leaves the tables as they were."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress

import pytest

from flight_client.protocol.errors import Cancelled, Error, Unavailable
from flight_server.backends.base import Backend, WriteTransaction
from tests.contract.backends.reading import admitted
from tests.contract.backends.shared_tables import SPACE
from tests.contract.backends.subjects import Subject
from tests.contract.backends.writing import (
    BATCH_BYTES,
    ITEMS,
    begun,
    change_of,
    ids,
    item_batch,
    items,
    made,
    new_name,
)

STOPPED_WITHIN_S = 3
"""A second is promised; the rest is for a busy machine."""


@pytest.fixture
def mortal(subject: Subject) -> Iterator[Backend]:
    """A backend of its own for a test that closes it."""
    backend = subject.make_writable()
    yield backend
    backend.close()


def long_change(backend: Backend, name: str) -> str:
    """A change that takes minutes."""
    return (
        f'UPDATE {name} SET AMOUNT = (SELECT COUNT(*) FROM "NUMBERS" AS A, "NUMBERS" AS B, '
        '"NUMBERS" AS C WHERE A."VALUE" + B."VALUE" * C."VALUE" > 7)'
    )


@pytest.mark.needs("sql")
def test_cancel_from_another_thread_stops_a_change_and_rolls_back(writable: Backend) -> None:
    name = made(writable, rows=items(1, "a"))
    change = change_of(writable, long_change(writable, name))
    with begun(writable) as transaction, ThreadPoolExecutor(1) as pool:
        transaction.insert(SPACE, name, item_batch(2, "b"))
        running = pool.submit(transaction.change, change, [()])
        time.sleep(0.3)  # nothing tells that a statement has arrived in the database
        started = time.monotonic()
        transaction.cancel()
        with pytest.raises(Cancelled):
            running.result(30)
        took_s = time.monotonic() - started

        assert took_s < STOPPED_WITHIN_S
        assert not transaction.is_open
    assert ids(writable, writable, name) == [1]


@pytest.mark.needs("sql")
def test_cancel_stops_a_change_between_rows_of_values(writable: Backend) -> None:
    name = made(writable, rows=items(1, "a"))
    change = change_of(writable, f"UPDATE {name} SET AMOUNT = ? WHERE ID = ?")
    with begun(writable) as transaction:
        cancelled = threading.Event()

        def values() -> Iterator[tuple[int, int]]:
            for number in range(1_000_000):
                if number == 20:
                    transaction.cancel()
                    cancelled.set()
                yield number, 1

        with pytest.raises(Cancelled):
            transaction.change(change, values())
        assert cancelled.is_set()

    assert ids(writable, writable, name) == [1]


def test_cancel_between_statements_rolls_back(writable: Backend) -> None:
    name = made(writable)
    with begun(writable) as transaction:
        transaction.insert(SPACE, name, item_batch(1, "a"))
        transaction.cancel()
        transaction.cancel()

        assert not transaction.is_open
        with pytest.raises(Error):
            transaction.commit()
    assert ids(writable, writable, name) == []


@pytest.mark.needs("sql")
def test_cancelled_query_ends_its_transaction(writable: Backend) -> None:
    name = made(writable)
    query = admitted(writable, "SELECT ID FROM NUMBERS")
    with begun(writable) as transaction:
        transaction.insert(SPACE, name, item_batch(1, "a"))
        with closing(transaction.open_query(query, (), BATCH_BYTES)) as stream:
            stream.read()
            stream.cancel()
            with pytest.raises(Cancelled):
                stream.read()

        assert not transaction.is_open
    assert ids(writable, writable, name) == []


def test_transaction_after_an_error_is_rolled_back_whole(writable: Backend) -> None:
    name = made(writable, rows=items(1, "a"))
    with begun(writable) as transaction:
        transaction.insert(SPACE, name, item_batch(2, "b"))
        with pytest.raises(Error):
            transaction.insert(SPACE, name, item_batch(1, "again"))
        transaction.rollback()

        assert not transaction.is_open
    assert ids(writable, writable, name) == [1]


def update_both(
    backend: Backend, first: WriteTransaction, second: WriteTransaction, name: str
) -> list[Error]:
    """Two transactions change the same row and commit; the errors of both."""
    errors: list[Error] = []

    def work(transaction: WriteTransaction, amount: int) -> None:
        change = change_of(backend, f"UPDATE {name} SET AMOUNT = ? WHERE ID = 1")
        transaction.change(change, [(amount,)])

    work(first, 1)
    try:
        work(second, 2)
        second.commit()
    except Error as error:
        errors.append(error)
    first.commit()
    return errors


@pytest.mark.needs("sql")
def test_of_two_writers_of_the_same_row_one_is_told_to_try_again(writable: Backend) -> None:
    name = made(writable, rows=items(1, "a"))
    with begun(writable) as first, begun(writable) as second:
        errors = update_both(writable, first, second, name)

    assert [type(error) for error in errors] == [Unavailable]


def test_of_two_that_upsert_the_same_row_one_is_told_to_try_again(writable: Backend) -> None:
    name = made(writable, rows=items(1, "a"))
    errors: list[Error] = []
    with begun(writable) as first, begun(writable) as second:
        first.upsert(SPACE, name, (), item_batch(1, "first"))
        for transaction, text in ((second, "second"), (first, None)):
            try:
                if text is not None:
                    transaction.upsert(SPACE, name, (), item_batch(1, text))
                transaction.commit()
            except Error as error:
                errors.append(error)

    assert [type(error) for error in errors] == [Unavailable]


def test_writers_of_different_tables_do_not_disturb_each_other(writable: Backend) -> None:
    names = [made(writable) for _ in range(4)]

    def work(name: str) -> None:
        with begun(writable) as transaction:
            for first in range(0, 50, 10):
                transaction.insert(SPACE, name, item_batch(first, *"abcdefghij"))
            transaction.commit()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, names))

    assert [len(ids(writable, writable, name)) for name in names] == [50] * 4


def test_closed_backend_ends_its_open_transactions(mortal: Backend) -> None:
    with begun(mortal) as transaction:
        transaction.create_table(SPACE, new_name(), ITEMS)
        mortal.close()

        assert not transaction.is_open
        with pytest.raises(Error):
            transaction.commit()


def test_backend_closed_under_a_busy_writer_raises_errors_of_ours_only(mortal: Backend) -> None:
    name = made(mortal)
    started = threading.Event()

    def work() -> None:
        with suppress(Error), begun(mortal) as transaction:
            for first in range(0, 100_000, 2):
                transaction.insert(SPACE, name, item_batch(first, "a", "b"))
                started.set()

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(work)
        assert started.wait(30)
        mortal.close()
        assert done.result(30) is None
