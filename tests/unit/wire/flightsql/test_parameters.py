"""Arrow batches as rows of values: exact or refused."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_client.protocol.catalog import HanaType
from flight_client.protocol.errors import InvalidParameter
from flight_server.wire.flightsql.parameters import ROWS_AT_ONCE, parameter_schema, rows_of


def batch(*columns: pa.Array) -> pa.RecordBatch:
    return pa.record_batch(list(columns), names=[str(at) for at in range(1, len(columns) + 1)])


def only(column: pa.Array) -> list[Any]:
    """The values of one column."""
    return [value for (value,) in rows_of([batch(column)])]


@pytest.mark.parametrize(
    ("arrow", "values"),
    [
        (pa.null(), [None, None]),
        (pa.bool_(), [True, None, False]),
        (pa.int8(), [-128, None, 127]),
        (pa.uint64(), [2**64 - 1, None]),
        (pa.int64(), [-(2**63), 2**63 - 1]),
        (pa.float32(), [1.5, None]),
        (pa.float64(), [1e300, -0.0]),
        (pa.decimal128(38, 10), [Decimal("1234.5000000000"), None]),
        (pa.decimal256(38, 0), [Decimal(10**37), None]),
        (pa.decimal32(5, 2), [Decimal("123.45")]),
        (pa.utf8(), ["", "Grüße", None]),
        (pa.large_utf8(), ["x"]),
        (pa.string_view(), ["x", None]),
        (pa.binary(), [b"\x00", b"", None]),
        (pa.large_binary(), [b"x"]),
        (pa.binary_view(), [b"x"]),
        (pa.binary(2), [b"xy", None]),
        (pa.date32(), [date(1, 1, 1), date(9999, 12, 31), None]),
        (pa.date64(), [date(2024, 2, 29)]),
        (pa.time32("s"), [time(23, 59, 59)]),
        (pa.time32("ms"), [time(1, 2, 3, 4000)]),
        (pa.time64("us"), [time(1, 2, 3, 4), None]),
        (pa.time64("ns"), [time(1, 2, 3, 4), None]),
        (pa.timestamp("s"), [datetime(2024, 2, 29, 1, 2, 3)]),
        (pa.timestamp("ms"), [datetime(2024, 2, 29, 1, 2, 3, 4000)]),
        (pa.timestamp("us"), [datetime(9999, 12, 31, 23, 59, 59, 999999), None]),
        (pa.timestamp("ns"), [datetime(2024, 2, 29, 1, 2, 3, 4), None]),
        (pa.dictionary(pa.int8(), pa.utf8()), ["a", None, "a"]),
    ],
    ids=str,
)
def test_values_of_a_type_arrive_exactly(arrow: pa.DataType, values: list[Any]) -> None:
    found = only(pa.array(values, arrow))
    assert found == values
    assert [type(value) for value in found] == [type(value) for value in values]


@pytest.mark.parametrize(
    ("column", "said"),
    [
        (pa.array([1], pa.timestamp("us", "UTC")), "zone 'UTC'"),
        (pa.array([1], pa.timestamp("ns")), "parts of a microsecond"),
        (pa.array([1], pa.time64("ns")), "parts of a microsecond"),
        (pa.array([2**63 - 1], pa.timestamp("s")), "out of range"),
        (pa.array([2**62], pa.timestamp("us")), "years 1 to 9999"),
        (pa.array([10**8], pa.date32()), "years 1 to 9999"),
        (pa.array([float("nan")]), "nan"),
        (pa.array([float("inf")]), "inf"),
        (pa.array([Decimal(10**38)], pa.decimal256(39, 0)), "38 digits"),
        (pa.array(["a\0b"]), "NUL"),
        (pa.array([[1]]), "Arrow type list"),
        (pa.array([{"a": 1}]), "Arrow type struct"),
        (pa.array([1], pa.duration("s")), "Arrow type duration"),
    ],
    ids=str,
)
def test_value_that_hana_cannot_hold_is_refused_with_its_number(
    column: pa.Array, said: str
) -> None:
    with pytest.raises(InvalidParameter, match=said) as caught:
        list(rows_of([batch(pa.array([7]), column)]))
    assert caught.value.details["parameter"] == 2
    assert "Parameter 2" in str(caught.value)


def test_row_of_a_wrong_value_counts_over_all_batches() -> None:
    good = batch(pa.array([1.0, 2.0]))
    with pytest.raises(InvalidParameter, match="in row 4") as caught:
        list(rows_of([good, batch(pa.array([3.0, float("nan")]))]))
    assert caught.value.details["row"] == 4


def test_row_of_a_wrong_date_is_named_too() -> None:
    column = pa.array([0, 10**8], pa.date32())
    with pytest.raises(InvalidParameter, match="in row 2") as caught:
        only(column)
    assert caught.value.details["row"] == 2


def test_batch_without_columns_is_one_execution_without_values() -> None:
    assert list(rows_of([pa.record_batch([], schema=pa.schema([]))])) == [()]


def test_batch_of_columns_without_rows_is_no_execution() -> None:
    assert list(rows_of([batch(pa.array([], pa.int64()))])) == []


def test_large_batch_is_cut_and_loses_nothing() -> None:
    column = pa.array(range(2 * ROWS_AT_ONCE + 3))
    assert only(column) == column.to_pylist()


def test_rows_are_made_as_they_are_taken() -> None:
    taken = []

    def batches() -> Any:
        for number in range(3):
            taken.append(number)
            yield batch(pa.array([number]))

    rows = rows_of(batches())
    assert next(rows) == (0,)
    assert taken == [0]


values = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
)


@given(st.lists(st.tuples(values, st.one_of(st.none(), st.text(max_size=5))), max_size=20))
def test_rows_come_as_they_were_sent(rows: list[tuple[int | None, str | None]]) -> None:
    rows = [(number, text and text.replace("\0", "")) for number, text in rows]
    columns = [
        pa.array([row[0] for row in rows], pa.int64()),
        pa.array([row[1] for row in rows], pa.utf8()),
    ]
    assert list(rows_of([batch(*columns)])) == rows


def test_markers_are_fields_named_by_their_number() -> None:
    types = [HanaType("INTEGER"), HanaType("DECIMAL", 10, 2), HanaType("NVARCHAR", 20)]
    assert parameter_schema(types) == pa.schema(
        [("1", pa.int32()), ("2", pa.decimal128(10, 2)), ("3", pa.utf8())]
    )


@pytest.mark.parametrize("declared", [None, HanaType("ST_GEOMETRY")])
def test_marker_of_no_known_type_is_text(declared: HanaType | None) -> None:
    assert parameter_schema([declared]) == pa.schema([("1", pa.utf8())])


@pytest.mark.parametrize(
    ("declared", "arrow"),
    [
        ("TIME", pa.time32("ms")),
        ("SECONDDATE", pa.timestamp("ms")),
        ("TIMESTAMP", pa.timestamp("ms")),
    ],
)
def test_marker_of_a_moment_counts_milliseconds_as_java_does(
    declared: str, arrow: pa.DataType
) -> None:
    assert parameter_schema([HanaType(declared)]).types == [arrow]
