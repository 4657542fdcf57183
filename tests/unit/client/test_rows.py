"""Whatever holds rows, as batches of a size to send."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_client.protocol.errors import InvalidRequest
from flight_client.rows import BATCH_BYTES, cut, rows_of

TABLE = pa.table({"A": [1, 2, 3]})


class OnlyArray:
    """Speaks the protocol of a single batch."""

    def __arrow_c_array__(self, requested_schema: object = None) -> object:
        return TABLE.to_batches()[0].__arrow_c_array__(requested_schema)


class OnlyStream:
    """Speaks the protocol of a stream."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return TABLE.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize(
    "data",
    [TABLE, TABLE.to_batches()[0], pl.DataFrame(TABLE), TABLE.to_pandas(), OnlyArray()],
    ids=lambda data: type(data).__name__,
)
def test_rows_in_memory_are_known_as_a_whole(data: object) -> None:
    found = rows_of(data)
    assert found.table is not None
    assert found.table.to_pylist() == TABLE.to_pylist()


@pytest.mark.parametrize(
    "data",
    [TABLE.to_reader(), OnlyStream(), iter(TABLE.to_batches()), [TABLE], [OnlyArray]],
    ids=["reader", "stream", "batches", "tables", "classes"],
)
def test_streams_are_taken_as_they_come(data: object) -> None:
    if data == [OnlyArray]:
        with pytest.raises(InvalidRequest, match="item 1 is of type type"):
            rows_of(data)
        return
    found = rows_of(data)
    assert found.table is None
    assert pa.Table.from_batches(found.batches).to_pylist() == TABLE.to_pylist()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (7, "got int"),
        ("text", "got str"),
        ({"A": [1]}, "got dict"),
        ([], "not one batch"),
        ([{"A": 1}], "item 1 is of type dict"),
        (pl.LazyFrame({"A": [1]}), r"collect\(\) it first"),
        (pl.Series([1]), "this Series holds no columns"),
        (pd.DataFrame({"A": [1], "B": [[1, "x"]]}), "Column 'B' has values"),
        (pd.DataFrame([[1, 2]], columns=["A", "A"]), "two columns 'A'"),
        (pd.DataFrame({"A": [1, "x"]}), "Column 'A' has values"),
        (pd.DataFrame({"A": [1]}, index=pd.Index([2], name="A")), "name of its column 'A'"),
        (pd.DataFrame({"A": [1]}, index=pd.Index([2], name="\ud800")), "cannot be taken"),
        (pd.DataFrame({"A": pd.Series(["\ud800"], dtype=object)}), "Column 'A' has values"),
        (pl.DataFrame({"A": pl.Series([object()], dtype=pl.Object)}), "'A' holds Python objects"),
    ],
)
def test_what_holds_no_rows_is_refused(data: object, said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        rows_of(data)


def test_named_levels_of_an_index_are_columns() -> None:
    index = pd.MultiIndex.from_tuples([(1, "a")], names=["X", "Y"])
    found = rows_of(pd.DataFrame({"V": [1.5]}, index=index))
    assert found.schema.names == ["X", "Y", "V"]


def test_missing_values_of_pandas_are_null() -> None:
    found = rows_of(pd.DataFrame({"A": [1.0, float("nan")], "B": ["x", None]}))
    assert found.table is not None
    assert found.table.to_pylist() == [{"A": 1.0, "B": "x"}, {"A": None, "B": None}]


def test_dictionaries_are_decoded() -> None:
    first = pa.record_batch({"A": pa.array(["x", "y"]).dictionary_encode()})
    second = pa.record_batch({"A": pa.array(["z"]).dictionary_encode()})
    found = rows_of([first, second])
    assert found.schema.field("A").type == pa.utf8()
    assert pa.Table.from_batches(found.batches)["A"].to_pylist() == ["x", "y", "z"]


def test_categories_of_pandas_are_texts() -> None:
    found = rows_of(pd.DataFrame({"A": pd.Categorical(["x", "y", "x"])}))
    assert not pa.types.is_dictionary(found.schema.field("A").type)


@pytest.mark.parametrize("kind", [pl.Categorical, pl.Enum(["x", "y"])], ids=str)
def test_categories_of_polars_are_texts(kind: Any) -> None:
    found = rows_of(pl.DataFrame({"A": pl.Series(["x", None, "y"], dtype=kind)}))
    assert found.table is not None
    assert found.table["A"].to_pylist() == ["x", None, "y"]


def test_dictionary_of_views_in_a_stream_is_decoded() -> None:
    values = pa.array([b"x", b"y"], pa.binary_view())
    batch = pa.record_batch({"A": pa.DictionaryArray.from_arrays([1, 0], values)})
    assert pa.Table.from_batches(rows_of([batch]).batches)["A"].to_pylist() == [b"y", b"x"]


@pytest.mark.parametrize(
    "values",
    [
        [date(2024, 1, 1), datetime(2024, 1, 1, 5)],
        [datetime(2024, 1, 1), datetime(2024, 1, 1, tzinfo=UTC)],
        [datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 1)],
        [pd.Timestamp("2024-01-01 00:00:00.000000001")],
        [time(5, tzinfo=UTC)],
        [b"x", "y"],
    ],
    ids=["time of day", "zone", "no zone", "nanosecond", "zone of a time", "text beside bytes"],
)
def test_object_that_arrow_would_change_is_refused(values: list[object]) -> None:
    with pytest.raises(InvalidRequest, match="Column 'A' has values") as caught:
        rows_of(pd.DataFrame({"A": pd.Series([None, *values], dtype=object)}))
    assert caught.value.details["column"] == "A"


@pytest.mark.parametrize(
    "values",
    [
        [date(2024, 1, 1), pd.NaT, None],
        [datetime(2024, 1, 1), pd.NaT],
        [time(5), None],
        [b"x", None],
        [None, float("nan")],
    ],
)
def test_objects_of_one_kind_are_taken(values: list[object]) -> None:
    found = rows_of(pd.DataFrame({"A": pd.Series(values, dtype=object)}))
    assert found.table is not None
    assert found.table["A"].to_pylist() == [None if pd.isna(each) else each for each in values]


def test_batch_of_another_schema_is_refused_where_it_comes() -> None:
    found = rows_of([TABLE, pa.table({"A": ["x"]})])
    batches = iter(found.batches)
    assert next(batches).num_rows == 3
    with pytest.raises(InvalidRequest, match="Batch 2 has other columns"):
        next(batches)


def test_error_of_a_source_is_its_own() -> None:
    def rows() -> Iterator[Any]:
        yield TABLE
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(rows_of(rows()).batches)


@given(st.lists(st.integers(0, 20), max_size=12), st.integers(1, 15))
def test_cutting_keeps_every_row_in_order(sizes: list[int], most: int) -> None:
    numbers = iter(range(1000))
    batches = [
        pa.record_batch(
            {"A": [next(numbers) for _ in range(size)]}, schema=pa.schema([("A", pa.int64())])
        )
        for size in sizes
    ]
    found = list(cut(batches, most))
    assert all(0 < batch.num_rows <= most for batch in found)
    assert [row for batch in found for row in batch["A"].to_pylist()] == list(range(sum(sizes)))


def test_batches_are_cut_by_bytes() -> None:
    wide = pa.record_batch({"A": ["x" * 1000] * 10_000})
    found = list(cut([wide] * 2, None))
    assert sum(batch.num_rows for batch in found) == 20_000
    assert all(batch.nbytes <= BATCH_BYTES * 1.01 for batch in found)
    assert len(found) < 8


def test_row_larger_than_a_batch_goes_alone() -> None:
    huge = pa.record_batch({"A": ["x" * (BATCH_BYTES + 1)] * 2})
    assert [batch.num_rows for batch in cut([huge], None)] == [1, 1]
