"""Batches on their way into a table: columns by name, and which row does not fit."""

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_client.protocol.catalog import Column, Entity, HanaType
from flight_client.protocol.errors import (
    DataError,
    InvalidRequest,
    UnknownColumn,
    UnsupportedType,
)
from flight_server.backends.incoming import fitted, key_of, last_of_each

TABLE = Entity(
    space="S",
    name="T",
    kind="table",
    columns=(
        Column("ID", HanaType("INTEGER"), nullable=False),
        Column("NAME", HanaType("NVARCHAR", 10)),
        Column("SHAPE", HanaType("ST_GEOMETRY")),
    ),
)


def batch(**columns: object) -> pa.RecordBatch:
    return pa.record_batch(dict(columns))


def test_columns_come_in_the_order_of_the_rows_and_in_the_types_of_the_table() -> None:
    rows = fitted(batch(NAME=["a"], ID=pa.array([1], pa.int64())), TABLE)

    assert [column.name for column in rows.columns] == ["NAME", "ID"]
    assert rows.batch.schema.names == ["NAME", "ID"]
    assert rows.batch.schema.types == [pa.utf8(), pa.int32()]


def test_column_that_has_the_type_already_is_not_copied() -> None:
    values = pa.array([1, 2], pa.int32())

    rows = fitted(batch(ID=values), TABLE)

    assert rows.batch.column(0).buffers()[1].address == values.buffers()[1].address


def test_unknown_column_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownColumn, match="did you mean 'NAME'") as caught:
        fitted(batch(NAMES=["a"]), TABLE)

    assert caught.value.details["column"] == "NAMES"


@pytest.mark.parametrize("at", [0, 1, 4, 999])
def test_first_row_that_does_not_fit_is_told(at: int) -> None:
    numbers = list(range(1000))
    numbers[at] = 2**40
    numbers[-1] = 2**41

    with pytest.raises(DataError, match=f"Row {at + 1} ") as caught:
        fitted(batch(ID=numbers), TABLE)

    assert dict(caught.value.details) == {"column": "ID", "row": at + 1}


def test_null_where_none_is_allowed_is_told_with_its_row() -> None:
    with pytest.raises(DataError, match="takes no NULL") as caught:
        fitted(batch(ID=[1, 2, None, None]), TABLE)

    assert dict(caught.value.details) == {"column": "ID", "row": 3}


def test_values_of_another_kind_are_refused_with_both_types() -> None:
    with pytest.raises(DataError, match=r"INTEGER.* string") as caught:
        fitted(batch(ID=["a"]), TABLE)

    assert dict(caught.value.details) == {"column": "ID"}


def test_column_of_a_type_that_is_not_written_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedType, match="ST_GEOMETRY"):
        fitted(batch(SHAPE=[b"x"]), TABLE)


def test_column_twice_is_refused() -> None:
    values = pa.array([1], pa.int32())

    with pytest.raises(InvalidRequest, match="two columns 'ID'"):
        fitted(pa.record_batch([values, values], names=["ID", "ID"]), TABLE)


def test_rows_without_columns_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="no column"):
        fitted(pa.record_batch([], names=[]), TABLE)


def test_text_that_is_no_unicode_is_refused_before_it_reaches_a_database() -> None:
    buffers = [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0"), pa.py_buffer(b"\xff")]
    broken = pa.Array.from_buffers(pa.utf8(), 1, buffers)

    with pytest.raises(DataError, match="no valid Arrow data"):
        fitted(batch(NAME=broken), TABLE)


def test_offsets_beyond_the_data_are_refused() -> None:
    buffers = [None, pa.py_buffer(b"\0\0\0\0\xff\xff\xff\0\1\0\0\0"), pa.py_buffer(b"a")]
    broken = pa.Array.from_buffers(pa.utf8(), 2, buffers)

    with pytest.raises(DataError, match="no valid Arrow data"):
        fitted(pa.record_batch([broken], names=["NAME"]), TABLE)


FLOATING = Entity(
    space="S",
    name="T",
    kind="table",
    columns=(
        Column("DECIMAL", HanaType("DECIMAL", 34)),
        Column("SMALL", HanaType("SMALLDECIMAL", 16)),
    ),
)


@pytest.mark.parametrize("name", ["DECIMAL", "SMALL"])
@pytest.mark.parametrize(
    ("array", "texts"),
    [
        (pa.array([1, -20, None]), ["1", "-20", None]),
        (pa.array([0.1, 1e16]), ["0.1", "10000000000000000"]),
        (pa.array([Decimal("1.50")], pa.decimal128(38, 2)), ["1.50"]),
        (pa.array(["1.5"]), ["1.5"]),
    ],
    ids=str,
)
def test_decimal_without_a_scale_takes_numbers_of_every_kind(
    name: str, array: pa.Array, texts: list[str | None]
) -> None:
    found = fitted(pa.record_batch({name: array}), FLOATING)

    assert found.batch.column(0).to_pylist() == texts


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("SMALL", pa.array([0, 12345678901234567])),
        ("SMALL", pa.array([0.5, 0.1 + 0.2])),
        ("DECIMAL", pa.array([Decimal(1), Decimal(10**37 + 1)], pa.decimal128(38, 0))),
    ],
)
def test_number_with_too_many_digits_for_a_decimal_is_refused(name: str, array: pa.Array) -> None:
    with pytest.raises(DataError, match="Row 2 has a number of more than") as raised:
        fitted(pa.record_batch({name: array}), FLOATING)

    assert raised.value.details == {"column": name, "row": 2}


@pytest.mark.parametrize(
    ("text", "size"), [("x" * 11, 11), ("😀" * 6, 12), ("ä" * 11, 11)], ids=["ascii", "pairs", "ä"]
)
def test_text_that_is_too_long_is_told_with_its_row(text: str, size: int) -> None:
    with pytest.raises(DataError, match=f"Row 3 has a value of length {size}") as caught:
        fitted(batch(NAME=["a", None, text]), TABLE)

    assert caught.value.details == {"row": 3, "column": "NAME"}


@pytest.mark.parametrize("text", ["x" * 10, "😀" * 5, "ä" * 10, "€" * 10])
def test_text_of_the_length_of_its_column_fits(text: str) -> None:
    assert fitted(batch(NAME=[text]), TABLE).batch["NAME"].to_pylist() == [text]


KEYED = Entity(
    space="S",
    name="K",
    kind="table",
    columns=(
        Column("N", HanaType("BIGINT")),
        Column("A", HanaType("INTEGER"), nullable=False, key=True),
        Column("B", HanaType("NVARCHAR", 10), nullable=False, key=True),
    ),
)


def test_key_is_that_of_the_table_whatever_the_order() -> None:
    assert key_of(KEYED, ("B", "A"), ["B", "N", "A"]) == ("A", "B")
    assert key_of(KEYED, (), ["A", "B"]) == ("A", "B")


@pytest.mark.parametrize(
    ("asked", "given_", "said"),
    [
        (("A",), ["A", "B"], "is A, B, not A"),
        (("A", "B", "N"), ["A", "B"], "is A, B, not A, B, N"),
        ((), ["A", "N"], "lack 'B'"),
    ],
)
def test_other_key_is_refused(asked: tuple[str, ...], given_: list[str], said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        key_of(KEYED, asked, given_)


def test_table_without_a_key_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="has no primary key"):
        key_of(TABLE, (), ["ID"])


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["x", "y", "z"])), max_size=30))
def test_last_row_of_each_key_stays_in_its_place(keys: list[tuple[int, str]]) -> None:
    rows = pa.record_batch(
        {
            "A": pa.array([a for a, _ in keys], pa.int64()),
            "B": pa.array([b for _, b in keys], pa.utf8()),
            "N": pa.array(range(len(keys)), pa.int64()),
        }
    )
    last = {key: number for number, key in enumerate(keys)}

    found = last_of_each(rows, ["A", "B"])

    assert found["N"].to_pylist() == sorted(last.values())
