"""Rows whose primary key is there are set, others are added; nothing else is a key."""

import pyarrow as pa
import pytest

from flight_client.protocol.catalog import Column, HanaType
from flight_client.protocol.errors import DataError, InvalidRequest, UnknownColumn, UnknownEntity
from flight_server.backends.base import Backend
from tests.contract.backends.reading import read
from tests.contract.backends.shared_tables import SPACE
from tests.contract.backends.writing import begun, item_batch, items, made, new_name

PARTS = (
    Column("ID", HanaType("INTEGER"), nullable=False, key=True),
    Column("PART", HanaType("NVARCHAR", 10), nullable=False, key=True),
    Column("N", HanaType("BIGINT")),
)


def rows(backend: Backend, name: str) -> list[tuple[object, ...]]:
    return sorted(zip(*read(backend, name).to_pydict().values(), strict=True))


def upserted(
    backend: Backend, name: str, *batches: pa.RecordBatch, keys: tuple[str, ...] = ()
) -> int:
    with begun(backend) as transaction:
        count = sum(transaction.upsert(SPACE, name, keys, batch) for batch in batches)
        transaction.commit()
    return count


def test_rows_are_set_or_added(writable: Backend) -> None:
    name = made(writable, rows=items(1, "a", "b"))
    assert upserted(writable, name, item_batch(2, "B", "c")) == 2
    assert rows(writable, name) == [(1, "a", None), (2, "B", None), (3, "c", None)]


def test_last_row_of_a_key_counts(writable: Backend) -> None:
    name = made(writable, rows=items(1, "a"))
    twice = pa.record_batch({"ID": pa.array([1, 2, 1], pa.int32()), "NAME": ["p", "q", "r"]})
    assert upserted(writable, name, twice, item_batch(2, "s")) == 4
    assert rows(writable, name) == [(1, "r", None), (2, "s", None)]


def test_columns_that_are_not_given_stay(writable: Backend) -> None:
    name = made(writable, rows=items(1, "a"))
    amounts = pa.record_batch({"ID": pa.array([1], pa.int32()), "NAME": ["a"], "AMOUNT": [7]})
    upserted(writable, name, amounts)
    upserted(writable, name, item_batch(1, "z"))
    assert [row[:2] for row in rows(writable, name)] == [(1, "z")]
    assert read(writable, name)["AMOUNT"].null_count == 0


def test_key_of_several_columns(writable: Backend) -> None:
    name = made(writable, PARTS)
    first = pa.record_batch({"ID": [1, 1, 2], "PART": ["a", "b", "a"], "N": [1, 2, 3]})
    upserted(writable, name, first)
    second = pa.record_batch({"N": [9, 8], "PART": ["b", "b"], "ID": [1, 2]})
    upserted(writable, name, second, keys=("PART", "ID"))
    assert rows(writable, name) == [(1, "a", 1), (1, "b", 9), (2, "a", 3), (2, "b", 8)]


def test_key_alone_adds_what_is_missing(writable: Backend) -> None:
    name = made(writable, PARTS[:1])
    batch = pa.record_batch({"ID": pa.array([1, 2, 1], pa.int32())})
    upserted(writable, name, batch, batch)
    assert rows(writable, name) == [(1,), (2,)]


def test_rows_of_the_same_transaction_are_set(writable: Backend) -> None:
    name = made(writable)
    upserted(writable, name, *(item_batch(1, text, text) for text in "abc"))
    assert rows(writable, name) == [(1, "c", None), (2, "c", None)]


def test_batch_without_rows_changes_nothing(writable: Backend) -> None:
    name = made(writable, rows=items(1, "a"))
    assert upserted(writable, name, item_batch(1, "z").slice(0, 0)) == 0
    assert rows(writable, name) == [(1, "a", None)]


@pytest.mark.parametrize(
    ("keys", "batch", "said"),
    [
        (("NAME",), item_batch(1, "a"), "is ID, not NAME"),
        (("ID", "NAME"), item_batch(1, "a"), "is ID, not ID, NAME"),
        ((), pa.record_batch({"NAME": ["a"]}), "lack 'ID'"),
    ],
)
def test_other_key_is_refused(
    writable: Backend, keys: tuple[str, ...], batch: pa.RecordBatch, said: str
) -> None:
    name = made(writable)
    with begun(writable) as transaction, pytest.raises(InvalidRequest, match=said):
        transaction.upsert(SPACE, name, keys, batch)


def test_table_without_a_key_is_refused(writable: Backend) -> None:
    name = made(writable, [Column("ID", HanaType("INTEGER"))])
    batch = pa.record_batch({"ID": pa.array([1], pa.int32())})
    with begun(writable) as transaction, pytest.raises(InvalidRequest, match="no primary key"):
        transaction.upsert(SPACE, name, (), batch)


def test_missing_table_and_column_are_named(writable: Backend) -> None:
    name = made(writable)
    odd = pa.record_batch({"ID": pa.array([1], pa.int32()), "NAMES": ["a"]})
    with begun(writable) as transaction:
        with pytest.raises(UnknownEntity):
            transaction.upsert(SPACE, new_name(), (), item_batch(1, "a"))
        with pytest.raises(UnknownColumn):
            transaction.upsert(SPACE, name, (), odd)


@pytest.mark.parametrize(
    ("batch", "row", "column"),
    [
        (pa.record_batch({"ID": [1, None], "NAME": ["a", "b"]}), 2, "ID"),
        (pa.record_batch({"ID": [1.0, 2.5], "NAME": ["a", "b"]}), 2, "ID"),
        (item_batch(5, "a", None), 2, "NAME"),
    ],
    ids=["no key", "fraction", "no value"],
)
def test_bad_row_is_named_and_rolled_back(
    writable: Backend, batch: pa.RecordBatch, row: int, column: str
) -> None:
    name = made(writable, rows=items(1, "old"))
    with begun(writable) as transaction:
        transaction.upsert(SPACE, name, (), item_batch(1, "new"))
        with pytest.raises(DataError) as raised:
            transaction.upsert(SPACE, name, (), batch)
    assert (raised.value.details["row"], raised.value.details["column"]) == (row, column)
    assert rows(writable, name) == [(1, "old", None)]
