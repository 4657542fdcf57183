"""Arrow values in another type: the same ones, or an error."""

from datetime import date, datetime, time
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_server.backends.exact import NoSuchCast, exact

MIDNIGHT, NOON = datetime(2024, 2, 29), datetime(2024, 2, 29, 12)
TEXTS = pa.array(["a", None])


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (pa.array([7, None]), pa.decimal128(15, 2)),
        (pa.array([2**64 - 1], pa.uint64()), pa.decimal128(38, 0)),
        (pa.array([2**63 - 1]), pa.decimal128(38, 19)),
        (pa.array([7.0]), pa.int16()),
        (pa.array([Decimal("7.00")]), pa.uint8()),
        (pa.array([Decimal("7.50")]), pa.decimal128(15, 1)),
        (pa.array([Decimal(7)], pa.decimal256(50, 0)), pa.decimal128(5, 2)),
        (pa.array([True, None]), pa.int32()),
        (pa.array([1.5], pa.float16()), pa.float32()),
        (pa.array([float("inf"), float("-inf")]), pa.float32()),
        (TEXTS.dictionary_encode(), pa.utf8()),
        (pa.DictionaryArray.from_arrays(pa.array([1, 0, None]), TEXTS), pa.utf8()),
        (  # as polars sends a Categorical
            pa.DictionaryArray.from_arrays(
                pa.array([0, None], pa.uint32()), pa.array(["a"], pa.string_view())
            ),
            pa.utf8(),
        ),
        (TEXTS.cast(pa.large_utf8()), pa.utf8()),
        (TEXTS.cast(pa.string_view()), pa.large_utf8()),
        (pa.array([b"ab"], pa.binary(2)), pa.binary()),
        (pa.array([date(2024, 2, 29)]), pa.timestamp("us")),
        (pa.array([MIDNIGHT], pa.timestamp("ns")), pa.date32()),
        (pa.array([date(2024, 2, 29)], pa.date64()), pa.date32()),
        (pa.array([NOON], pa.timestamp("ns")), pa.timestamp("s")),
        (pa.array([time(1, 2, 3)]), pa.time32("s")),
        (pa.array([[1.0, 2.0]]), pa.list_(pa.float32(), 2)),
        (pa.array([None, None]), pa.decimal128(5, 2)),
        (pa.array([None]), pa.list_(pa.float32(), 3)),
    ],
    ids=lambda value: str(value if isinstance(value, pa.DataType) else value.type),
)
def test_values_that_fit_are_the_same(values: "pa.Array[pa.Scalar]", wanted: pa.DataType) -> None:
    found = exact(values, wanted)

    assert found.type == wanted
    before, after = values.to_pylist(), found.to_pylist()
    if pa.types.is_temporal(wanted):
        before, after = [str(value)[:10] for value in before], [str(value)[:10] for value in after]
    assert after == before


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (pa.array([1.5]), pa.int32()),
        (pa.array([2**31]), pa.int32()),
        (pa.array([-1]), pa.uint8()),
        (pa.array([10**13]), pa.decimal128(15, 2)),
        (pa.array([Decimal("1.005")]), pa.decimal128(15, 2)),
        (pa.array([1e20]), pa.decimal128(15, 2)),
        (pa.array([2**53 + 1]), pa.float64()),
        (pa.array([1e300]), pa.float32()),
        (pa.array([NOON]), pa.date32()),
        (pa.array([datetime(1969, 12, 31, 23)]), pa.date32()),
        (pa.array([datetime(2024, 1, 1, 0, 0, 0, 5)]), pa.timestamp("s")),
        (pa.array([time(1, 2, 3, 4)]), pa.time32("s")),
        (pa.array([date(9999, 12, 31)]), pa.timestamp("ns")),
        (pa.array([[1.0, 2.0, 3.0]]), pa.list_(pa.float32(), 2)),
    ],
    ids=lambda value: str(value if isinstance(value, pa.DataType) else value.to_pylist()),
)
def test_value_that_does_not_fit_is_an_error(
    values: "pa.Array[pa.Scalar]", wanted: pa.DataType
) -> None:
    with pytest.raises(pa.ArrowInvalid):
        exact(values, wanted)


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (pa.array([7]), pa.date32()),
        (pa.array([7]), pa.timestamp("us")),
        (pa.array([7]), pa.bool_()),
        (pa.array([7]), pa.utf8()),
        (pa.array(["7.01"]), pa.decimal128(38, 38)),
        (pa.array(["7"]), pa.int32()),
        (pa.array([b"a"]), pa.utf8()),
        (pa.array(["a"]), pa.binary()),
        (pa.array([NOON], pa.timestamp("us", "Europe/Berlin")), pa.timestamp("us")),
        (pa.array([[1, 2]]), pa.list_(pa.float32(), 2)),
        (pa.array([{"a": 1}]), pa.utf8()),
        (pa.array([time(1)]), pa.timestamp("us")),
    ],
    ids=lambda value: str(value if isinstance(value, pa.DataType) else value.type),
)
def test_values_of_another_kind_are_none_of_this_type(
    values: "pa.Array[pa.Scalar]", wanted: pa.DataType
) -> None:
    with pytest.raises(NoSuchCast):
        exact(values, wanted)


@given(
    st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), min_size=1),
    st.integers(1, 38),
    st.integers(0, 38),
)
def test_integers_become_decimals_exactly_or_not_at_all(
    numbers: list[int | None], precision: int, scale: int
) -> None:
    wanted = pa.decimal128(max(precision, scale, 1), scale)
    try:
        found = exact(pa.array(numbers, pa.int64()), wanted)
    except pa.ArrowInvalid:
        digits = max(len(str(abs(number))) for number in numbers if number is not None)
        assert digits > wanted.precision - wanted.scale
    else:
        assert found.to_pylist() == numbers


@given(st.lists(st.none() | st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)), min_size=1))
def test_moments_become_days_only_at_midnight(moments: list[datetime | None]) -> None:
    values = pa.array(moments, pa.timestamp("us"))
    try:
        found = exact(values, pa.date32())
    except pa.ArrowInvalid:
        assert any(moment and moment.time() != time() for moment in moments)
    else:
        assert [day and datetime.combine(day, time()) for day in found.to_pylist()] == moments


def test_vectors_that_came_over_the_wire_may_all_be_null() -> None:
    sent = pa.record_batch({"V": pa.array([None, None], pa.list_(pa.float32()))})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, sent.schema) as stream:
        stream.write(sent)
    received = pa.ipc.open_stream(sink.getvalue()).read_all()["V"].chunk(0)

    found = exact(received, pa.list_(pa.float32(), 2))

    assert (found.type, found.to_pylist()) == (pa.list_(pa.float32(), 2), [None, None])
