"""Record batches as rows for hdbcli: every value exactly, or an error that names its place."""

import datetime as dt
import struct
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from flight_client.protocol.errors import DataError
from flight_server.backends.hana.reader.incoming import rows_of


def column(values: list[Any], kind: pa.DataType) -> list[Any]:
    """The values of a batch of one column."""
    batch = pa.record_batch({"C": pa.array(values, kind)})
    return [value for (value,) in rows_of(batch)]


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (pa.int64(), [2**63 - 1, -(2**63)]),
        (pa.uint8(), [0, 255]),
        (pa.bool_(), [True, False]),
        (pa.float64(), [0.1, 1e300]),
        (pa.utf8(), ["", "a\0b", "\U0001f600"]),
        (pa.large_utf8(), ["x" * 70_000]),
        (pa.binary(), [b"", b"\0\xff"]),
        (pa.date32(), [dt.date(1, 1, 1), dt.date(1500, 2, 28), dt.date(9999, 12, 31)]),
        (pa.time32("s"), [dt.time(0, 0), dt.time(23, 59, 59)]),
        (pa.timestamp("s"), [dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59)]),
        (pa.timestamp("us"), [dt.datetime(9999, 12, 31, 23, 59, 59, 999999)]),
    ],
    ids=str,
)
def test_values_are_those_of_python_and_null_is_none(kind: pa.DataType, values: list[Any]) -> None:
    found = column([*values, None], kind)

    assert found == [*values, None]
    assert list(map(type, found[:-1])) == list(map(type, values))


def test_decimals_are_plain_digits() -> None:
    values = [Decimal("1.50"), Decimal("-0.000000000000000000000000000001"), None]

    assert column(values, pa.decimal128(38, 30)) == [
        "1.500000000000000000000000000000",
        "-0.000000000000000000000000000001",
        None,
    ]


@pytest.mark.parametrize("kind", [pa.list_(pa.float32(), 2), pa.list_(pa.float32())], ids=str)
def test_vectors_are_their_length_and_their_elements(kind: pa.DataType) -> None:
    found = column([[9.0, 9.0], [1.5, 2.5], None, [3.5, 4.5]], kind)

    assert found[1:] == [struct.pack("<iff", 2, 1.5, 2.5), None, struct.pack("<iff", 2, 3.5, 4.5)]


@pytest.mark.parametrize("kind", [pa.list_(pa.float32(), 2), pa.list_(pa.float32())], ids=str)
def test_vectors_of_a_slice_are_its_own(kind: pa.DataType) -> None:
    batch = pa.record_batch({"C": pa.array([[9.0, 9.0], None, [1.5, 2.5]], kind)}).slice(1)

    assert rows_of(batch) == [(None,), (struct.pack("<iff", 2, 1.5, 2.5),)]


def test_vector_with_a_missing_element_is_refused() -> None:
    with pytest.raises(DataError, match="an element that is NULL") as raised:
        column([[1.0, None]], pa.list_(pa.float32()))

    assert raised.value.details == {"column": "C"}


@pytest.mark.parametrize(
    ("kind", "far"),
    [(pa.timestamp("us"), 2**62), (pa.timestamp("s"), 2**40), (pa.date32(), 2**31 - 1)],
    ids=str,
)
def test_moment_beyond_the_calendar_is_refused_with_its_row(kind: pa.DataType, far: int) -> None:
    numbers = pa.array([0, None, far], pa.int32() if kind == pa.date32() else pa.int64())

    with pytest.raises(DataError, match=r"Row 43 has .* for column 'C'") as raised:
        rows_of(pa.record_batch({"C": numbers.cast(kind)}), 41)

    assert raised.value.details == {"column": "C", "row": 43}


def test_rows_are_made_across_columns() -> None:
    batch = pa.record_batch({"A": pa.array([1, 2]), "B": pa.array(["x", None])})

    assert rows_of(batch) == [(1, "x"), (2, None)]


@pytest.mark.parametrize("kind", [pa.date32(), pa.timestamp("us")], ids=str)
def test_day_between_the_calendars_is_refused_with_its_row(kind: pa.DataType) -> None:
    days = [dt.datetime(1582, 10, 4), dt.datetime(1582, 10, 15), dt.datetime(1582, 10, 14)]
    with pytest.raises(DataError, match="Row 3 has 1582-10-14") as caught:
        column(days, kind)
    assert caught.value.details == {"column": "C", "row": 3}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("kind", [pa.float32(), pa.float64()])
def test_number_that_is_not_finite_is_named(value: float, kind: pa.DataType) -> None:
    batch = pa.record_batch({"A": pa.array([1.5, None, value], kind)})
    with pytest.raises(DataError, match=f"Row 13 has {value} for column 'A'") as caught:
        rows_of(batch, 11)
    assert caught.value.details == {"column": "A", "row": 13}
