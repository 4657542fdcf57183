"""Statements that change data: what they change, count, and say where they fail."""

from decimal import Decimal

import pytest

from flight_client.protocol.errors import (
    DataError,
    TableExists,
)
from flight_server.backends.base import Backend
from tests.contract.backends import shared_tables
from tests.contract.backends.reading import read
from tests.contract.backends.shared_tables import SPACE
from tests.contract.backends.writing import (
    begun,
    change_of,
    columns_for,
    ids,
    items,
    made,
    new_name,
    rows_in,
)

pytestmark = pytest.mark.needs("sql")


def test_insert_with_many_rows_of_values_counts_them(writable: Backend) -> None:
    name = made(writable)
    change = change_of(writable, f"INSERT INTO {name} (ID, NAME, AMOUNT) VALUES (?, ?, ?)")

    with begun(writable) as transaction:
        values = ((number, f"n{number}", Decimal(number) / 4) for number in range(1000))
        assert transaction.change(change, values) == 1000
        transaction.commit()

    found = rows_in(
        writable, writable, f"SELECT COUNT(*) AS N, SUM(AMOUNT) AS S, MAX(NAME) AS M FROM {name}"
    )
    assert found == [{"N": 1000, "S": Decimal(999 * 1000) / 8, "M": "n999"}]


def test_update_and_delete_count_the_rows_of_all_values(writable: Backend) -> None:
    name = made(writable, rows=items(1, *"abcde"))
    update = change_of(writable, f"UPDATE {name} SET AMOUNT = ? WHERE ID >= ?")
    delete = change_of(writable, f"DELETE FROM {name} WHERE ID = ?")

    with begun(writable) as transaction:
        assert transaction.change(update, [(1, 4), (2, 5)]) == 3
        assert transaction.change(delete, [(1,), (2,), (77,)]) == 2
        transaction.commit()

    found = rows_in(writable, writable, f"SELECT ID, AMOUNT FROM {name} ORDER BY ID")
    assert [tuple(row.values()) for row in found] == [(3, None), (4, Decimal(1)), (5, Decimal(2))]


def test_change_without_values_runs_once(writable: Backend) -> None:
    name = made(writable, rows=items(1, *"abc"))

    with begun(writable) as transaction:
        assert transaction.change(change_of(writable, f"UPDATE {name} SET AMOUNT = 1"), [()]) == 3
        transaction.commit()

    assert rows_in(writable, writable, f"SELECT SUM(AMOUNT) AS S FROM {name}") == [
        {"S": Decimal(3)}
    ]


def test_change_for_no_row_of_values_changes_nothing(writable: Backend) -> None:
    name = made(writable, rows=items(1, *"abc"))

    with begun(writable) as transaction:
        assert transaction.change(change_of(writable, f"DELETE FROM {name} WHERE ID=?"), []) == 0
        transaction.commit()

    assert ids(writable, writable, name) == [1, 2, 3]


def test_rows_of_a_query_are_inserted(writable: Backend) -> None:
    source, name = made(writable, rows=items(1, *"abc")), made(writable)
    change = change_of(
        writable, f"INSERT INTO {name} (ID, NAME) SELECT ID, NAME FROM {source} WHERE ID > ?"
    )

    with begun(writable) as transaction:
        assert transaction.change(change, [(1,)]) == 2
        transaction.commit()

    assert ids(writable, writable, name) == [2, 3]


def test_upsert_changes_what_is_there_and_inserts_what_is_not(writable: Backend) -> None:
    name = made(writable, rows=items(1, "a", "b"))
    change = change_of(writable, f"UPSERT {name} (ID, NAME) VALUES (?, ?) WITH PRIMARY KEY")

    with begun(writable) as transaction:
        transaction.change(change, [(2, "new"), (3, "c")])
        transaction.commit()

    found = rows_in(writable, writable, f"SELECT ID, NAME FROM {name} ORDER BY ID")
    assert [row["NAME"] for row in found] == ["a", "new", "c"]


def test_null_and_every_kind_of_value_can_be_bound(writable: Backend) -> None:
    table = shared_tables.types()
    name = made(writable, columns_for(table.schema))
    columns = ", ".join(f'"{column}"' for column in table.column_names)
    markers = ", ".join("?" * table.num_columns)
    change = change_of(writable, f"INSERT INTO {name} ({columns}) VALUES ({markers})")

    with begun(writable) as transaction:
        assert transaction.change(change, [tuple(row.values()) for row in table.to_pylist()]) == 3
        transaction.commit()

    found = read(writable, name)
    assert found.sort_by("ROW").to_pylist() == table.to_pylist()


@pytest.mark.parametrize("bad", [(2, None), (2, "b"), ("x", "c")], ids=["null", "key", "type"])
def test_row_of_values_that_fails_is_told_by_its_number(
    writable: Backend, bad: tuple[object, ...]
) -> None:
    name = made(writable)
    change = change_of(writable, f"INSERT INTO {name} (ID, NAME) VALUES (?, ?)")

    with begun(writable) as transaction:
        with pytest.raises(DataError) as caught:
            transaction.change(change, [(1, "a"), (2, "b"), bad])
        transaction.rollback()

    assert caught.value.details.get("row", 3) == 3
    assert ids(writable, writable, name) == []


def test_definitions_are_changes_without_a_count(writable: Backend) -> None:
    name = new_name()
    with begun(writable) as transaction:
        create = change_of(writable, f"CREATE TABLE {name} (ID INTEGER PRIMARY KEY)")
        assert transaction.change(create, [()]) is None
        entity = transaction.table(SPACE, name)
        alter = change_of(writable, f"ALTER TABLE {name} ADD (LABEL NVARCHAR(5))", entity)
        assert transaction.change(alter, [()]) is None
        transaction.commit()

    found = writable.entity(SPACE, name)
    assert found is not None
    assert [column.name for column in found.columns] == ["ID", "LABEL"]


def test_definition_of_a_table_that_is_there_is_refused(writable: Backend) -> None:
    name = made(writable)

    with begun(writable) as transaction, pytest.raises(TableExists):
        transaction.change(change_of(writable, f"CREATE TABLE {name} (ID INTEGER)"), [()])
