"""Order with the place of NULL, limit and offset."""

import pytest

from flight_client.protocol.filters import Comparison
from flight_client.protocol.tickets import OrderKey
from flight_server.backends.base import Backend
from tests.contract.backends import shared_tables
from tests.contract.backends.reading import read

ASCENDING = [0, 1, 2, 3, 4, 5]
BY_ROW = OrderKey("ROW")


def rows_ordered_by(backend: Backend, *keys: OrderKey) -> list[int]:
    return read(backend, "LOGIC", columns=("ROW",), order_by=(*keys, BY_ROW))["ROW"].to_pylist()


@pytest.mark.parametrize(
    ("key", "rows"),
    [
        (OrderKey("NUMBER"), [6, 7, *ASCENDING]),
        (OrderKey("NUMBER", nulls="first"), [6, 7, *ASCENDING]),
        (OrderKey("NUMBER", nulls="last"), [*ASCENDING, 6, 7]),
        (OrderKey("NUMBER", descending=True), [*reversed(ASCENDING), 6, 7]),
        (OrderKey("NUMBER", descending=True, nulls="last"), [*reversed(ASCENDING), 6, 7]),
        (OrderKey("NUMBER", descending=True, nulls="first"), [6, 7, *reversed(ASCENDING)]),
        (OrderKey("FLAG"), [2, 5, 1, 4, 7, 0, 3, 6]),
        (OrderKey("TEXT"), [7, 6, 1, 0, 3, 4, 2, 5]),
        (OrderKey("DAY", descending=True), [6, 5, 4, 3, 2, 1, 0, 7]),
        (OrderKey("AMOUNT", descending=True), [6, 5, 4, 3, 2, 1, 0, 7]),
    ],
)
def test_order_puts_null_where_it_is_told_to(
    backend: Backend, key: OrderKey, rows: list[int]
) -> None:
    assert rows_ordered_by(backend, key) == rows


def test_first_key_of_an_order_is_the_most_significant(backend: Backend) -> None:
    keys = (OrderKey("FLAG", descending=True), OrderKey("NUMBER", descending=True))

    assert rows_ordered_by(backend, *keys) == [3, 0, 6, 4, 1, 7, 5, 2]


def test_order_sorts_by_a_column_that_is_not_read(backend: Backend) -> None:
    found = read(backend, "LOGIC", columns=("TEXT",), order_by=(OrderKey("ROW", descending=True),))

    assert found.column_names == ["TEXT"]
    assert found["TEXT"].to_pylist() == shared_tables.logic()["TEXT"].to_pylist()[::-1]


@pytest.mark.parametrize("column", shared_tables.EXTREMES)
def test_every_type_orders_its_minimum_before_its_maximum(backend: Backend, column: str) -> None:
    low, high = shared_tables.EXTREMES[column][1]

    found = read(
        backend,
        "TYPES",
        columns=("ROW",),
        order_by=(OrderKey(column),),
        where=Comparison(column, "is not null"),
    )

    assert found["ROW"].to_pylist() == ([0, 1] if low < high else [1, 0])


@pytest.mark.parametrize(
    ("limit", "offset", "rows"),
    [
        (3, 0, [0, 1, 2]),
        (3, 6, [6, 7]),
        (None, 6, [6, 7]),
        (0, 0, []),
        (100, 0, list(range(8))),
        (5, 100, []),
        (2**62, 7, [7]),
    ],
)
def test_limit_and_offset_cut_the_ordered_rows(
    backend: Backend, limit: int | None, offset: int, rows: list[int]
) -> None:
    found = read(backend, "LOGIC", columns=("ROW",), order_by=(BY_ROW,), limit=limit, offset=offset)

    assert found["ROW"].to_pylist() == rows


def test_limit_counts_the_rows_that_the_filter_lets_through(backend: Backend) -> None:
    found = read(
        backend,
        "NUMBERS",
        columns=("ID",),
        where=Comparison("GROUP", "=", (3,)),
        order_by=(OrderKey("VALUE"),),
        limit=4,
    )

    table = shared_tables.numbers().to_pylist()
    expected = sorted((row["VALUE"], row["ID"]) for row in table if row["GROUP"] == 3)[:4]
    assert found["ID"].to_pylist() == [number for _, number in expected]


def test_limit_without_an_order_returns_that_many_rows(backend: Backend) -> None:
    assert read(backend, "LONG", columns=("ID",), limit=12_345).num_rows == 12_345
