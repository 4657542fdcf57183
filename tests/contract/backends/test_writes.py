"""What is written is there, exactly, once it is committed, and not before."""

from decimal import Decimal

import pyarrow as pa
import pytest

from flight_client.protocol.catalog import Column, HanaType
from flight_client.protocol.errors import (
    DataError,
    Error,
    InvalidRequest,
    TableExists,
    UnknownColumn,
    UnknownEntity,
    UnsupportedType,
)
from flight_server.backends.base import Backend
from tests.contract.backends import shared_tables
from tests.contract.backends.reading import admitted, batches, read
from tests.contract.backends.shared_tables import SPACE
from tests.contract.backends.writing import (
    BATCH_BYTES,
    ITEMS,
    begun,
    change_of,
    columns_for,
    ids,
    item_batch,
    items,
    made,
    new_name,
    rows_in,
)

pytestmark = pytest.mark.needs("writes")


# values


@pytest.mark.parametrize("column", shared_tables.EXTREMES)
def test_extremes_and_null_of_every_type_arrive_exactly(writable: Backend, column: str) -> None:
    kind, ends = shared_tables.EXTREMES[column]
    table = pa.table({"VALUE": pa.array([*ends, None], kind)})

    name = made(writable, columns_for(table.schema), table)

    found = read(writable, name)["VALUE"]
    assert found.type == kind
    assert sorted(map(repr, found.to_pylist())) == sorted(map(repr, [*ends, None]))


def test_rows_of_all_types_arrive_in_several_batches(writable: Backend) -> None:
    table = shared_tables.types()

    name = made(writable, columns_for(table.schema), pa.concat_tables([table, table]))

    found = read(writable, name)
    assert found.num_rows == 6
    assert found.column_names == table.column_names


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array(["a", "b"]).dictionary_encode(), ["a", "b"]),
        (pa.array(["a", None], pa.large_utf8()), ["a", None]),
        (pa.array(["a", "b"], pa.string_view()), ["a", "b"]),
    ],
    ids=["dictionary", "large_string", "string_view"],
)
def test_text_of_other_arrow_types_is_taken(
    writable: Backend, values: "pa.Array[pa.Scalar]", expected: list[str | None]
) -> None:
    name = made(writable, [Column("VALUE", HanaType("NVARCHAR", 5))])

    with begun(writable) as transaction:
        transaction.insert(SPACE, name, pa.record_batch([values], names=["VALUE"]))
        transaction.commit()

    found = read(writable, name)["VALUE"].to_pylist()
    assert sorted(found, key=str) == sorted(expected, key=str)


@pytest.mark.parametrize(
    "values",
    [
        pa.array([7], pa.int64()),
        pa.array([7], pa.uint8()),
        pa.array([Decimal("7.00")], pa.decimal128(5, 2)),
        pa.array([7.0], pa.float64()),
    ],
    ids=["int64", "uint8", "decimal", "double"],
)
def test_number_of_another_type_is_taken_where_it_fits(
    writable: Backend, values: "pa.Array[pa.Scalar]"
) -> None:
    name = made(writable, [Column("VALUE", HanaType("DECIMAL", 15, 2))])

    with begun(writable) as transaction:
        transaction.insert(SPACE, name, pa.record_batch([values], names=["VALUE"]))
        transaction.commit()

    assert read(writable, name)["VALUE"].to_pylist() == [Decimal("7.00")]


def test_columns_are_found_by_name_and_those_left_out_are_null(writable: Backend) -> None:
    name = made(writable)
    batch = pa.record_batch({"NAME": ["a"], "ID": pa.array([1], pa.int32())})

    with begun(writable) as transaction:
        assert transaction.insert(SPACE, name, batch) == 1
        transaction.commit()

    assert read(writable, name).to_pylist() == [{"ID": 1, "NAME": "a", "AMOUNT": None}]


def test_batch_without_rows_inserts_none(writable: Backend) -> None:
    name = made(writable)

    with begun(writable) as transaction:
        assert transaction.insert(SPACE, name, item_batch(1, "a").slice(0, 0)) == 0
        transaction.commit()

    assert read(writable, name).num_rows == 0


def test_names_that_need_quoting_are_written(writable: Backend) -> None:
    table = shared_tables.names()

    name = made(writable, columns_for(table.schema), table)

    assert read(writable, name).to_pylist() == table.to_pylist()


# tables


def test_new_table_is_listed_with_its_types_keys_and_nullability(writable: Backend) -> None:
    name = made(writable)

    entity = writable.entity(SPACE, name)

    assert entity is not None
    assert entity.kind == "table"
    facts = [
        (column.name, column.type.name, column.nullable, column.key) for column in entity.columns
    ]
    assert facts == [
        ("ID", "INTEGER", False, True),
        ("NAME", "NVARCHAR", False, False),
        ("AMOUNT", "DECIMAL", True, False),
    ]


def test_transaction_sees_its_own_table(writable: Backend) -> None:
    with begun(writable) as transaction:
        name = new_name()
        transaction.create_table(SPACE, name, ITEMS)

        found = transaction.table(SPACE, name)
        assert found is not None
        assert [column.name for column in found.columns] == ["ID", "NAME", "AMOUNT"]


@pytest.mark.needs("hidden_definitions")
def test_nobody_else_sees_a_table_before_the_commit(writable: Backend) -> None:
    with begun(writable) as transaction:
        name = new_name()
        transaction.create_table(SPACE, name, ITEMS)

        assert writable.entity(SPACE, name) is None


def test_table_that_is_there_is_not_made_again(writable: Backend) -> None:
    name = made(writable, rows=items(1, "a"))

    with begun(writable) as transaction, pytest.raises(TableExists, match=name):
        transaction.create_table(SPACE, name, ITEMS)

    assert ids(writable, writable, name) == [1]


def test_dropped_table_is_gone(writable: Backend) -> None:
    name = made(writable)

    with begun(writable) as transaction:
        transaction.drop_table(SPACE, name)
        assert transaction.table(SPACE, name) is None
        transaction.commit()

    assert writable.entity(SPACE, name) is None


def test_table_is_replaced_in_one_transaction(writable: Backend) -> None:
    name = made(writable, rows=items(1, "a"))

    with begun(writable) as transaction:
        transaction.drop_table(SPACE, name)
        transaction.create_table(SPACE, name, [Column("OTHER", HanaType("BIGINT"))])
        transaction.insert(SPACE, name, pa.record_batch({"OTHER": [7]}))
        transaction.commit()

    assert read(writable, name).to_pylist() == [{"OTHER": 7}]


def test_table_that_is_not_there_is_not_dropped(writable: Backend) -> None:
    with begun(writable) as transaction, pytest.raises(UnknownEntity, match="NOWHERE"):
        transaction.drop_table(SPACE, "NOWHERE")


def test_table_of_a_type_that_no_column_has_is_refused_by_the_column(writable: Backend) -> None:
    columns = [Column("SHAPE", HanaType("ST_GEOMETRY"))]

    with begun(writable) as transaction, pytest.raises(UnsupportedType, match="SHAPE"):
        transaction.create_table(SPACE, new_name(), columns)


def test_table_without_columns_is_refused(writable: Backend) -> None:
    with begun(writable) as transaction, pytest.raises(InvalidRequest):
        transaction.create_table(SPACE, new_name(), [])


# rows that do not fit


def test_row_for_a_table_that_is_not_there_is_refused(writable: Backend) -> None:
    with begun(writable) as transaction, pytest.raises(UnknownEntity, match="NOWHERE"):
        transaction.insert(SPACE, "NOWHERE", item_batch(1, "a"))


def test_column_that_the_table_lacks_is_named(writable: Backend) -> None:
    name = made(writable)
    batch = pa.record_batch({"ID": pa.array([1], pa.int32()), "NAMES": ["a"]})

    with begun(writable) as transaction, pytest.raises(UnknownColumn, match="NAMES") as caught:
        transaction.insert(SPACE, name, batch)

    assert caught.value.details["column"] == "NAMES"


@pytest.mark.parametrize(
    "batch",
    [
        pa.record_batch({"ID": pa.array([2, 3]), "NAME": ["b", None]}),
        pa.record_batch({"ID": pa.array([2, 2**40]), "NAME": ["b", "c"]}),
        pa.record_batch({"ID": pa.array([2.0, 2.5]), "NAME": ["b", "c"]}),
        pa.record_batch(
            {
                "ID": pa.array([2, 3]),
                "NAME": ["b", "c"],
                "AMOUNT": pa.array([Decimal("1.00"), Decimal("1.005")], pa.decimal128(10, 3)),
            }
        ),
        pa.record_batch({"ID": pa.array([2, 3])}),
        pa.record_batch({"ID": pa.array([1, 2]), "NAME": ["b", "c"]}),
        pa.record_batch({"ID": pa.array([2, 2]), "NAME": ["b", "c"]}),
    ],
    ids=[
        "null", "too large", "a fraction", "too many places", "not null left out", "key is there",
        "key twice",
    ],
)  # fmt: skip
def test_row_that_does_not_fit_is_refused_and_nothing_is_kept(
    writable: Backend, batch: pa.RecordBatch
) -> None:
    name = made(writable, rows=items(1, "a"))

    with begun(writable) as transaction:
        transaction.insert(SPACE, name, item_batch(10, "x"))
        with pytest.raises(DataError) as caught:
            transaction.insert(SPACE, name, batch)
        transaction.rollback()

    assert caught.value.details.get("row", 2) in (1, 2)
    assert ids(writable, writable, name) == [1]


def test_value_that_a_column_cannot_hold_is_told_with_column_and_row(writable: Backend) -> None:
    name = made(writable)
    batch = pa.record_batch({"ID": pa.array([2, 2**40, 3]), "NAME": ["b", "c", "d"]})

    with begun(writable) as transaction, pytest.raises(DataError, match="'ID'") as caught:
        transaction.insert(SPACE, name, batch)

    assert caught.value.details["column"] == "ID"
    assert caught.value.details["row"] == 2


@pytest.mark.needs("lengths")
def test_text_that_is_too_long_is_refused(writable: Backend) -> None:
    name = made(writable)

    with begun(writable) as transaction, pytest.raises(DataError):
        transaction.insert(SPACE, name, item_batch(1, "eleven char"))


def test_rows_with_a_column_twice_are_refused(writable: Backend) -> None:
    name = made(writable)
    values = pa.array([1], pa.int32())

    with begun(writable) as transaction, pytest.raises(InvalidRequest):
        transaction.insert(SPACE, name, pa.record_batch([values, values], names=["ID", "ID"]))


# changes


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


# transactions


def test_own_rows_are_seen_inside_and_not_outside_before_the_commit(writable: Backend) -> None:
    name = made(writable)
    with begun(writable) as transaction:
        transaction.insert(SPACE, name, item_batch(1, "a", "b"))

        assert ids(transaction, writable, name) == [1, 2]
        assert ids(writable, writable, name) == []
        transaction.commit()

    assert ids(writable, writable, name) == [1, 2]


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


def test_transaction_closed_under_a_query_rolls_back(writable: Backend) -> None:
    name = made(writable)
    query = admitted(writable, f"SELECT ID FROM {name}")
    with begun(writable) as transaction:
        transaction.insert(SPACE, name, item_batch(1, "a"))
        stream = transaction.open_query(query, (), BATCH_BYTES)
        stream.read()
    stream.close()

    assert ids(writable, writable, name) == []
