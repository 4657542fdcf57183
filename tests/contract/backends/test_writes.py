"""What is written is there, exactly, once it is committed, and not before."""

from decimal import Decimal

import pyarrow as pa
import pytest

from flight_client.protocol.catalog import Column, HanaType
from flight_client.protocol.errors import (
    DataError,
    InvalidRequest,
    TableExists,
    UnknownColumn,
    UnknownEntity,
    UnsupportedType,
)
from flight_server.backends.base import Backend
from tests.contract.backends import shared_tables
from tests.contract.backends.reading import read
from tests.contract.backends.shared_tables import SPACE
from tests.contract.backends.writing import (
    ITEMS,
    begun,
    columns_for,
    ids,
    item_batch,
    items,
    made,
    new_name,
)

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
