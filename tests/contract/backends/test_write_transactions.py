"""A transaction keeps what it did to itself until it is committed, and then keeps all of it."""

import pytest

from flight_client.protocol.errors import (
    Error,
    InvalidRequest,
)
from flight_server.backends.base import Backend
from tests.contract.backends.reading import admitted, batches, read
from tests.contract.backends.shared_tables import SPACE
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


@pytest.mark.needs("sql")
def test_own_rows_are_seen_inside_and_not_outside_before_the_commit(writable: Backend) -> None:
    name = made(writable)
    with begun(writable) as transaction:
        transaction.insert(SPACE, name, item_batch(1, "a", "b"))

        assert ids(transaction, writable, name) == [1, 2]
        assert ids(writable, writable, name) == []
        transaction.commit()

    assert ids(writable, writable, name) == [1, 2]


@pytest.mark.needs("sql")
def test_rollback_leaves_tables_and_rows_as_they_were(writable: Backend) -> None:
    kept, dropped, new = made(writable, rows=items(1, "a")), made(writable), new_name()
    with begun(writable) as transaction:
        transaction.create_table(SPACE, new, ITEMS)
        transaction.insert(SPACE, new, item_batch(1, "a"))
        transaction.drop_table(SPACE, dropped)
        transaction.change(change_of(writable, f"DELETE FROM {kept}"), [()])
        transaction.rollback()

    assert writable.entity(SPACE, new) is None
    assert writable.entity(SPACE, dropped) is not None
    assert ids(writable, writable, kept) == [1]


def test_rollback_takes_back_rows_that_were_set_and_tables_that_were_made_anew(
    writable: Backend,
) -> None:
    kept, replaced = made(writable, rows=items(1, "a")), made(writable, rows=items(1, "b"))
    with begun(writable) as transaction:
        transaction.upsert(SPACE, kept, (), item_batch(1, "z", "new"))
        transaction.drop_table(SPACE, replaced)
        transaction.create_table(SPACE, replaced, ITEMS[:1])
        transaction.rollback()

    assert read(writable, kept)["NAME"].to_pylist() == ["a"]
    assert read(writable, replaced)["NAME"].to_pylist() == ["b"]


def test_transaction_that_is_closed_rolls_back(writable: Backend) -> None:
    name = made(writable)
    with begun(writable) as transaction:
        transaction.insert(SPACE, name, item_batch(1, "a"))

    assert ids(writable, writable, name) == []


def test_transaction_is_open_until_it_is_committed(writable: Backend) -> None:
    with begun(writable) as transaction:
        assert transaction.is_open
        transaction.commit()
        assert not transaction.is_open


def test_transaction_is_open_until_it_is_rolled_back(writable: Backend) -> None:
    with begun(writable) as transaction:
        transaction.rollback()
        assert not transaction.is_open


@pytest.mark.parametrize("end", ["commit", "rollback", "close", "cancel"])
def test_transaction_that_has_ended_takes_nothing_more(writable: Backend, end: str) -> None:
    name = made(writable)
    with begun(writable) as transaction:
        getattr(transaction, end)()

        with pytest.raises(Error):
            transaction.insert(SPACE, name, item_batch(1, "a"))
        with pytest.raises(Error):
            transaction.commit()

    assert ids(writable, writable, name) == []


def test_transaction_can_be_closed_twice(writable: Backend) -> None:
    with begun(writable) as transaction:
        transaction.close()


def test_table_is_found_with_its_exact_name_only(writable: Backend) -> None:
    with begun(writable) as transaction:
        name = made(writable)

        assert transaction.table(SPACE, name.lower()) is None


# queries inside


@pytest.mark.needs("sql")
def test_query_is_read_to_its_end_or_closed_before_anything_else(writable: Backend) -> None:
    name = made(writable, rows=items(1, "a"))
    query = admitted(writable, f"SELECT ID FROM {name}")
    with begun(writable) as transaction:
        stream = transaction.open_query(query, (), BATCH_BYTES)
        with pytest.raises(InvalidRequest):
            transaction.insert(SPACE, name, item_batch(2, "b"))
        stream.close()

        transaction.insert(SPACE, name, item_batch(3, "c"))
        transaction.commit()

    assert ids(writable, writable, name) == [1, 3]


@pytest.mark.needs("sql")
def test_query_that_came_to_its_end_leaves_the_transaction_free(writable: Backend) -> None:
    name = made(writable, rows=items(1, "a"))
    query = admitted(writable, f"SELECT ID FROM {name}")
    with begun(writable) as transaction:
        stream = transaction.open_query(query, (), BATCH_BYTES)
        assert [batch.num_rows for batch in batches(stream)] == [1]

        transaction.insert(SPACE, name, item_batch(3, "c"))
        stream.close()
        transaction.commit()

    assert ids(writable, writable, name) == [1, 3]


@pytest.mark.needs("sql")
def test_query_inside_takes_values(writable: Backend) -> None:
    name = made(writable)
    query = admitted(writable, f"SELECT NAME FROM {name} WHERE ID = ?", 1)
    with begun(writable) as transaction:
        transaction.insert(SPACE, name, item_batch(1, "a", "b"))
        stream = transaction.open_query(query, (2,), BATCH_BYTES)
        batch = stream.read()
        stream.close()

    assert batch is not None
    assert batch.to_pylist() == [{"NAME": "b"}]


@pytest.mark.needs("sql")
def test_transaction_closed_under_a_query_rolls_back(writable: Backend) -> None:
    name = made(writable)
    query = admitted(writable, f"SELECT ID FROM {name}")
    with begun(writable) as transaction:
        transaction.insert(SPACE, name, item_batch(1, "a"))
        stream = transaction.open_query(query, (), BATCH_BYTES)
        stream.read()
    stream.close()

    assert ids(writable, writable, name) == []
