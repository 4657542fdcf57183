"""Rows reach the memory of a GPU with every value, and the user's memory resource stays."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from flight_client.protocol.errors import DataError
from flight_client.sinks.cudf import to_cudf, to_cupy

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
COLUMNS: dict[str, tuple[pa.Array, list[object]]] = {
    "bool": (pa.array([True, None, False]), [True, None, False]),
    "uint8": (pa.array([0, None, 255], pa.uint8()), [0, None, 255]),
    "int16": (pa.array([-1, None, 2**15 - 1], pa.int16()), [-1, None, 2**15 - 1]),
    "int64": (pa.array([2**63 - 1, None, -(2**63)]), [2**63 - 1, None, -(2**63)]),
    "float16": (pa.array([1.5, None, -2.0], pa.float32()).cast(pa.float16()), [1.5, None, -2.0]),
    "float64": (pa.array([0.1, None, -1e300]), [0.1, None, -1e300]),
    "decimal": (
        pa.array([Decimal("1.20"), None, Decimal("-0.01")], pa.decimal128(15, 2)),
        [Decimal("1.20"), None, Decimal("-0.01")],
    ),
    "wide": (
        pa.array([Decimal(10**37), None, Decimal(-(10**37))], pa.decimal128(38, 0)),
        [Decimal(10**37), None, Decimal(-(10**37))],
    ),
    "utf8": (pa.array(["Grüße 🎉", None, ""]), ["Grüße 🎉", None, ""]),
    "large_utf8": (pa.array(["x", None, "y"], pa.large_string()), ["x", None, "y"]),
    "string_view": (pa.array(["x", None, "y" * 20], pa.string_view()), ["x", None, "y" * 20]),
    "date32": (
        pa.array([date(2024, 1, 31), None, date(1, 1, 1)]),
        [datetime(2024, 1, 31), None, datetime(1, 1, 1)],
    ),
    "date64": (pa.array([date(1969, 1, 31), None, date(9999, 12, 31)], pa.date64()),
               [datetime(1969, 1, 31), None, datetime(9999, 12, 31)]),
    "time32": (pa.array([time(1), None, time(0)], pa.time32("s")), [HOUR, None, 0 * DAY]),
    "time64": (pa.array([time(1), None, time(0)], pa.time64("us")), [HOUR, None, 0 * DAY]),
    "timestamp_s": (
        pa.array([datetime(2024, 1, 31, 1), None, datetime(1, 1, 1)], pa.timestamp("s")),
        [datetime(2024, 1, 31, 1), None, datetime(1, 1, 1)],
    ),
    "timestamp_us": (
        pa.array([datetime(2024, 1, 31, 1, 2, 3, 4), None, datetime(9999, 12, 31)]),
        [datetime(2024, 1, 31, 1, 2, 3, 4), None, datetime(9999, 12, 31)],
    ),
    "vector": (
        pa.array([[1.0, None], None, [3.0, 4.0]], pa.list_(pa.float32(), 2)),
        [[1.0, None], None, [3.0, 4.0]],
    ),
    "dictionary": (pa.array(["a", None, "b"]).dictionary_encode(), ["a", None, "b"]),
    "null": (pa.nulls(3), [None, None, None]),
}  # fmt: skip
"""One column of each type of docs/gpu.md, and the values that it has in cuDF."""


def _values(frame: Any) -> dict[str, list[object]]:
    return frame.to_arrow().to_pydict()


def _reader(table: pa.Table, rows: int = 1) -> pa.RecordBatchReader:
    return table.to_reader(max_chunksize=rows)


@pytest.mark.parametrize("piece_bytes", [1, 2**26], ids=["many pieces", "one piece"])
@pytest.mark.parametrize("name", COLUMNS)
def test_column_has_the_same_values_in_cudf(name: str, piece_bytes: int) -> None:
    column, values = COLUMNS[name]
    frame = to_cudf(_reader(pa.table({name: column})), piece_bytes=piece_bytes)
    assert _values(frame) == {name: values}


@pytest.mark.parametrize("name", COLUMNS)
def test_column_without_rows_has_the_type_of_one_with_rows(name: str) -> None:
    table = pa.table({name: COLUMNS[name][0]})
    empty, full = to_cudf(_reader(table.slice(0, 0))), to_cudf(_reader(table))
    assert len(empty) == 0
    assert empty[name].dtype == full[name].dtype


def test_dictionaries_that_differ_keep_their_values() -> None:
    kind = pa.dictionary(pa.int8(), pa.string())
    schema = pa.schema([("S", kind)])
    batches = [
        pa.record_batch([pa.array(values).dictionary_encode().cast(kind)], schema=schema)
        for values in (["a", "b"], ["c", "b"], ["b", "a"])
    ]
    reader = pa.RecordBatchReader.from_batches(schema, batches)
    assert _values(to_cudf(reader, piece_bytes=1)) == {"S": ["a", "b", "c", "b", "b", "a"]}


@pytest.mark.parametrize("piece_bytes", [1, 2**26])
def test_decimal_keeps_its_precision(piece_bytes: int) -> None:
    table = pa.table({"D": COLUMNS["decimal"][0]})
    dtype = to_cudf(_reader(table), piece_bytes=piece_bytes)["D"].dtype
    assert (dtype.precision, dtype.scale) == (15, 2)


def test_nan_stays_a_value_beside_null() -> None:
    column = to_cudf(_reader(pa.table({"X": [float("nan"), None, 1.0]})))["X"].to_arrow()
    assert column.null_count == 1
    assert column[0].as_py() != column[0].as_py()


def test_rows_stand_in_order_under_a_plain_index() -> None:
    table = pa.table({"N": pa.array(range(10_000), pa.int64())})
    frame = to_cudf(_reader(table, 100), piece_bytes=5_000)
    assert _values(frame)["N"] == list(range(10_000))
    assert frame.index.to_arrow().to_pylist() == list(range(10_000))


def test_memory_resource_of_the_user_stays() -> None:
    import rmm

    before = rmm.mr.get_current_device_resource()
    counting = rmm.mr.StatisticsResourceAdaptor(rmm.mr.CudaMemoryResource())
    rmm.mr.set_current_device_resource(counting)
    try:
        frame = to_cudf(_reader(pa.table({"N": pa.array(range(1000), pa.int64())}), 100))
        assert rmm.mr.get_current_device_resource() is counting
        assert counting.allocation_counts.current_bytes >= 8000
        del frame
    finally:
        rmm.mr.set_current_device_resource(before)


NUMBERS = pa.table(
    {
        "N": pa.array([1, 2, 3], pa.int16()),
        "BIG": pa.array([2**63 - 1, -(2**63), 0], pa.int64()),
        "X": pa.array([0.1, -1.5, 2.0]),
        "OK": [True, False, True],
        "V": pa.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], pa.list_(pa.float32(), 2)),
    }
)


@pytest.mark.parametrize("piece_bytes", [1, 2**26])
def test_numbers_become_arrays_of_their_own_types(piece_bytes: int) -> None:
    arrays = to_cupy(_reader(NUMBERS), None, piece_bytes=piece_bytes)
    assert {name: array.dtype.name for name, array in arrays.items()} == {
        "N": "int16", "BIG": "int64", "X": "float64", "OK": "bool", "V": "float32",
    }  # fmt: skip
    assert {name: array.get().tolist() for name, array in arrays.items()} == NUMBERS.to_pydict()


def test_arrays_speak_dlpack_without_a_copy() -> None:
    import cupy

    array = to_cupy(_reader(NUMBERS.select(["V"])), None)["V"]
    shared = cupy.from_dlpack(array)
    assert shared.data.ptr == array.data.ptr


def test_null_is_an_error_on_the_way_to_an_array() -> None:
    with pytest.raises(DataError, match="Column 'N' has NULL"):
        to_cupy(_reader(pa.table({"N": [1, None]})), None)


def test_failure_of_the_source_leaves_no_memory_behind() -> None:
    import gc

    import rmm

    before = rmm.mr.get_current_device_resource()
    counting = rmm.mr.StatisticsResourceAdaptor(rmm.mr.CudaMemoryResource())
    rmm.mr.set_current_device_resource(counting)
    batch = pa.record_batch({"N": pa.array(range(1000), pa.int64())})

    def batches() -> Any:
        yield batch
        raise OSError("the line was cut")

    try:
        with pytest.raises(OSError, match="the line was cut"):
            to_cudf(pa.RecordBatchReader.from_batches(batch.schema, batches()), piece_bytes=1)
        gc.collect()
        assert counting.allocation_counts.current_bytes == 0
    finally:
        rmm.mr.set_current_device_resource(before)
