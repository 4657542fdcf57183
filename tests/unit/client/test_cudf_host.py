"""What a GPU is handed, up to the copy: types, pieces, dictionaries, and the errors without one."""

import sys
import types
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_client.protocol.errors import DataError, InvalidRead, UnsupportedType
from flight_client.protocol.tickets import ReadTicket
from flight_client.reading import Result
from flight_client.sinks import MissingDependency, NoDevice
from flight_client.sinks.cudf import require_cudf, to_cudf, to_cupy
from flight_client.sinks.cudf.host import (
    MAX_ROWS,
    array_pieces,
    check_rows,
    frame_pieces,
    frame_schema,
    frame_type,
    gathered,
    pieces,
)

PAGE = Path(__file__).parents[3] / "docs" / "gpu.md"
VECTOR = pa.list_(pa.float32(), 2)
TABLE = pa.table(
    {
        "N": pa.array([1, None, 3], pa.int32()),
        "D": pa.array([Decimal("1.20"), None, Decimal("-0.01")], pa.decimal128(15, 2)),
        "S": ["Grüße 🎉", None, ""],
        "DAY": [date(2024, 1, 31), None, date(1, 1, 1)],
        "AT": pa.array([time(1, 2, 3), None, time(0)], pa.time32("s")),
        "FINE": pa.array([time(1, 2, 3, 4), None, time(23, 59, 59)], pa.time64("us")),
        "TS": pa.array([datetime(2024, 1, 31, 1, 2, 3, 4), None, datetime(9999, 12, 31)]),
        "OLD": pa.array([date(1969, 1, 31), None, date(1, 1, 1)], pa.date64()),
        "H": pa.array([1.5, None, -2.0], pa.float32()).cast(pa.float16()),
        "V": pa.array([[1.0, None], None, [3.0, 4.0]], VECTOR),
        "NONE": pa.nulls(3),
    }
)
ROWS = {
    **TABLE.drop(["AT", "FINE", "OLD"]).to_pydict(),
    "AT": [timedelta(hours=1, minutes=2, seconds=3), None, timedelta(0)],
    "FINE": [
        timedelta(hours=1, minutes=2, seconds=3, microseconds=4),
        None,
        timedelta(hours=23, minutes=59, seconds=59),
    ],
    "OLD": [datetime(1969, 1, 31), None, datetime(1, 1, 1)],
}


def _reader(table: pa.Table, rows: int = 2) -> pa.RecordBatchReader:
    """The table as it comes off the wire, in batches of so many rows."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=rows)
    return pa.ipc.open_stream(sink.getvalue())


def _values(reader: pa.RecordBatchReader, piece_bytes: int = 1) -> dict[str, list[object]]:
    """The rows after the host half, with lists for a device."""
    return gathered(
        reader.schema.names,
        frame_pieces(reader, piece_bytes),
        lambda column: column.to_pylist(),
        lambda parts: [value for part in parts for value in part],
    )


@pytest.mark.parametrize("piece_bytes", [1, 2**20])
def test_every_value_reaches_the_device_in_a_type_that_it_has(piece_bytes: int) -> None:
    assert _values(_reader(TABLE), piece_bytes) == ROWS


@given(
    values=st.lists(st.none() | st.sampled_from("abc")),
    cuts=st.lists(st.integers(0, 5)),
    piece_bytes=st.sampled_from([1, 20, 10**6]),
)
def test_dictionaries_that_differ_from_batch_to_batch_keep_their_values(
    values: list[str | None], cuts: list[int], piece_bytes: int
) -> None:
    kind = pa.dictionary(pa.int8(), pa.string())
    schema = pa.schema([("S", kind)])
    batches, left = [], values
    for cut in [*cuts, len(values)]:
        column = pa.array(left[:cut], pa.string()).dictionary_encode()
        batches.append(pa.record_batch([column.cast(kind)], schema=schema))
        left = left[cut:]
    reader = pa.RecordBatchReader.from_batches(schema, batches)
    assert _values(reader, piece_bytes) == {"S": values}


def test_dictionary_of_a_type_that_is_cast_is_decoded_and_cast() -> None:
    column = pa.array([time(1), None, time(1)], pa.time32("s")).dictionary_encode()
    assert _values(_reader(pa.table({"AT": column}))) == {
        "AT": [timedelta(hours=1), None, timedelta(hours=1)]
    }


REFUSED = {
    "BINARY": pa.binary(),
    "BLOB": pa.large_binary(),
    "WIDE": pa.decimal256(40, 2),
    "M": pa.map_(pa.string(), pa.int8()),
    "R": pa.struct([("a", pa.int8())]),
    "LL": pa.large_list(pa.int8()),
    "LT": pa.list_(pa.time32("s")),
    "F": pa.binary(3),
}


def test_columns_that_cudf_lacks_are_refused_in_one_error_that_names_all() -> None:
    schema = pa.schema([("N", pa.int32()), *REFUSED.items()])
    with pytest.raises(UnsupportedType) as refused:
        frame_schema(schema)
    for name, kind in REFUSED.items():
        assert f"{name!r} ({kind})" in refused.value.message
    assert "'N'" not in refused.value.message
    assert "to_arrow()" in refused.value.message


def _unread(schema: pa.Schema) -> pa.RecordBatchReader:
    def batches() -> Iterator[pa.RecordBatch]:
        raise AssertionError("a row was read")
        yield

    return pa.RecordBatchReader.from_batches(schema, batches())


def test_type_is_refused_before_a_row_is_read() -> None:
    with pytest.raises(UnsupportedType):
        list(frame_pieces(_unread(pa.schema([("B", pa.binary())])), 1))
    with pytest.raises(UnsupportedType):
        list(array_pieces(_unread(pa.schema([("B", pa.binary())])), None, 1))


def test_two_columns_of_one_name_are_refused() -> None:
    schema = pa.schema([("A", pa.int8()), ("A", pa.int8())])
    with pytest.raises(InvalidRead, match="'A', and a cuDF frame keeps one"):
        list(frame_pieces(_unread(schema), 1))
    with pytest.raises(InvalidRead, match="'A', and a dictionary of arrays keeps one"):
        list(array_pieces(_unread(schema), None, 1))


def test_rows_that_no_cudf_column_holds_are_refused() -> None:
    check_rows(MAX_ROWS)
    with pytest.raises(InvalidRead, match="at most 2,147,483,647 rows"):
        check_rows(MAX_ROWS + 1)


def test_zone_and_precision_stay_declared() -> None:
    for kind in (pa.timestamp("us", "UTC"), pa.decimal64(12, 3), pa.duration("ns")):
        assert frame_type(kind) == kind


def test_pieces_are_large_enough_and_one_chunk_each() -> None:
    table = pa.table({"N": pa.array(range(100), pa.int64())})
    made = list(pieces(table.to_batches(max_chunksize=10), table.schema, 200))
    assert [piece.num_rows for piece in made] == [30, 30, 30, 10]
    assert all(piece["N"].num_chunks == 1 for piece in made)


def test_pieces_are_read_one_at_a_time() -> None:
    table = pa.table({"N": pa.array(range(30), pa.int64())})
    read: list[int] = []

    def batches() -> Iterator[pa.RecordBatch]:
        for batch in table.to_batches(max_chunksize=10):
            read.append(batch.num_rows)
            yield batch

    made = pieces(batches(), table.schema, 1)
    next(made)
    assert read == [10]


def test_reader_without_rows_gives_typed_columns() -> None:
    empty = TABLE.slice(0, 0)
    [piece] = frame_pieces(_reader(empty), 1)
    assert [column.type for column in piece] == [frame_type(field.type) for field in empty.schema]
    assert [len(column) for column in piece] == [0] * empty.num_columns


NUMBERS = pa.table(
    {
        "N": pa.array([1, 2, 3], pa.int16()),
        "BIG": pa.array([2**63 - 1, -(2**63), 0], pa.int64()),
        "U": pa.array([0, 255, 7], pa.uint8()),
        "X": pa.array([0.1, -1.5, 2.0], pa.float64()),
        "OK": [True, False, True],
        "V": pa.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], VECTOR),
    }
)


def _arrays(
    table: pa.Table, null_value: float | None = None, piece_bytes: int = 1
) -> dict[str, np.ndarray]:
    read = array_pieces(_reader(table), null_value, piece_bytes)
    return gathered(table.schema.names, read, np.asarray, np.concatenate)


@pytest.mark.parametrize("piece_bytes", [1, 2**20])
def test_numbers_become_arrays_of_their_own_types(piece_bytes: int) -> None:
    found = _arrays(NUMBERS, piece_bytes=piece_bytes)
    assert {name: array.dtype.name for name, array in found.items()} == {
        "N": "int16", "BIG": "int64", "U": "uint8", "X": "float64", "OK": "bool", "V": "float32",
    }  # fmt: skip
    assert {name: array.tolist() for name, array in found.items()} == NUMBERS.to_pydict()


def test_arrays_without_rows_keep_type_and_width() -> None:
    found = _arrays(NUMBERS.slice(0, 0))
    assert found["V"].shape == (0, 2)
    assert found["N"].dtype == np.int16


def test_numbers_are_views_of_arrow_memory_until_they_are_copied() -> None:
    [[array]] = array_pieces(_reader(NUMBERS.select(["X"]), 3), None, 1)
    assert array.base is not None
    assert not array.flags.writeable


def test_columns_that_are_not_numeric_are_refused_together() -> None:
    table = TABLE.select(["D", "S"]).append_column("N", NUMBERS["N"])
    with pytest.raises(UnsupportedType, match=r"'D' \(decimal128\(15, 2\)\), 'S' \(string\); "):
        _arrays(table)


def test_null_is_an_error_that_names_the_column() -> None:
    with pytest.raises(DataError, match="Column 'N' has NULL"):
        _arrays(TABLE.select(["N"]))


def test_null_value_stands_for_null() -> None:
    table = pa.table({"N": pa.array([1, None], pa.int8()), "X": [None, 0.5]})
    found = _arrays(table, null_value=-1)
    assert found["N"].tolist() == [1, -1]
    assert found["X"].tolist() == [-1.0, 0.5]


@pytest.mark.parametrize("null_value", [1.5, float("nan"), 300])
def test_null_value_that_does_not_fit_is_refused(null_value: float) -> None:
    with pytest.raises(DataError, match=r"Column 'N' of type int8 cannot hold the null_value"):
        _arrays(pa.table({"N": pa.array([None], pa.int8())}), null_value)


def test_null_vector_is_an_error_and_null_elements_are_filled() -> None:
    with pytest.raises(DataError, match="Column 'V' has a vector that is NULL"):
        _arrays(TABLE.select(["V"]), null_value=0)
    assert _arrays(TABLE.select(["V"]).slice(0, 1), null_value=0)["V"].tolist() == [[1.0, 0.0]]


def _device(count: int | Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """A CuPy whose runtime counts so many devices, and whose arrays are numpy's."""

    def counted() -> int:
        if isinstance(count, Exception):
            raise count
        return count

    runtime = types.SimpleNamespace(getDeviceCount=counted)
    cupy = types.SimpleNamespace(
        cuda=types.SimpleNamespace(runtime=runtime), asarray=np.asarray, concatenate=np.concatenate
    )
    monkeypatch.setitem(sys.modules, "cupy", cupy)


class _Series(list[Any]):
    """A column of a cuDF that keeps everything in lists."""

    @classmethod
    def from_arrow(cls, column: pa.ChunkedArray) -> "_Series":
        assert isinstance(column, pa.ChunkedArray)
        return cls(column.to_pylist())


def _cudf(monkeypatch: pytest.MonkeyPatch) -> None:
    def concat(parts: list[_Series], *, ignore_index: bool) -> _Series:
        assert ignore_index
        return _Series(value for part in parts for value in part)

    double = types.SimpleNamespace(Series=_Series, concat=concat, DataFrame=dict)
    monkeypatch.setitem(sys.modules, "cudf", double)


@pytest.mark.parametrize("piece_bytes", [1, 2**20])
def test_frame_is_made_of_one_series_per_column(
    piece_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    _device(1, monkeypatch)
    _cudf(monkeypatch)
    assert to_cudf(_reader(TABLE), piece_bytes=piece_bytes) == ROWS


def test_arrays_are_made_with_cupy_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    _device(1, monkeypatch)
    monkeypatch.setitem(sys.modules, "cudf", None)
    found = to_cupy(_reader(NUMBERS), None, piece_bytes=1)
    assert {name: array.tolist() for name, array in found.items()} == NUMBERS.to_pydict()


WITHOUT_DRIVER = RuntimeError(
    "cudaErrorInsufficientDriver: CUDA driver version is insufficient for CUDA runtime version"
)
"""What CuPy 14.2 raised on a machine without GPU and driver."""


@pytest.mark.parametrize(
    ("count", "cause"),
    [
        (0, "the CUDA runtime counts no device"),
        (WITHOUT_DRIVER, "insufficient for CUDA runtime version .* no NVIDIA driver is installed"),
        (
            RuntimeError("cudaErrorNoDevice: no CUDA-capable device is detected"),
            "cudaErrorNoDevice",
        ),
    ],
    ids=["none", "no driver", "no device"],
)
def test_no_device_is_one_error_with_cause_and_way_out(
    count: int | Exception, cause: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _device(count, monkeypatch)
    with pytest.raises(NoDevice, match=rf"No GPU can be used here: .*{cause}.*to_arrow\(\)"):
        to_cudf(_unread(TABLE.schema))
    with pytest.raises(NoDevice, match=cause):
        to_cupy(_unread(NUMBERS.schema), None)


@pytest.mark.parametrize("library", ["cupy", "cudf"])
def test_missing_library_names_extra_and_what_it_takes(
    library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _device(1, monkeypatch)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingDependency) as missing:
        to_cudf(_unread(TABLE.schema))
    said = str(missing.value)
    assert said.startswith(
        f"{library} is not installed; run: pip install 'datasphere-flight[cudf]'"
    )
    assert "environment of its own, because cuDF needs pandas older than 3.1" in said


def test_library_that_does_not_load_is_no_missing_dependency(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _device(1, monkeypatch)
    said = "raise RuntimeError('libcufile.so.0: cannot open shared object file.')\n"
    (tmp_path / "cudf.py").write_text(said, encoding="utf-8")
    monkeypatch.delitem(sys.modules, "cudf", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(NoDevice, match=r"cuDF does not load \(libcufile\.so\.0: cannot open"):
        require_cudf()


@pytest.mark.parametrize("method", ["to_cudf", "to_cupy"])
def test_server_is_asked_for_nothing_without_a_device(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _device(0, monkeypatch)
    transport: Any = None  # whatever is asked of it is an AttributeError
    result = Result(transport, ReadTicket(space="S", entity="E"), parallelism=1, progress=None)
    with pytest.raises(NoDevice):
        getattr(result, method)()


ARROW = {
    "bool": pa.bool_(),
    "uint8": pa.uint8(),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "float16": pa.float16(),
    "float32": pa.float32(),
    "float64": pa.float64(),
    "decimal32(p,s)": pa.decimal32(9, 2),
    "decimal64(p,s)": pa.decimal64(18, 2),
    "decimal128(p,s)": pa.decimal128(38, 2),
    "decimal256": pa.decimal256(40, 2),
    "utf8": pa.string(),
    "large_utf8": pa.large_string(),
    "string_view": pa.string_view(),
    "binary": pa.binary(),
    "large_binary": pa.large_binary(),
    "fixed_size_binary": pa.binary(3),
    "date32": pa.date32(),
    "date64": pa.date64(),
    "time32[s]": pa.time32("s"),
    "time64[us]": pa.time64("us"),
    "timestamp[s]": pa.timestamp("s"),
    "timestamp[us]": pa.timestamp("us"),
    "timestamp[ms]": pa.timestamp("ms"),
    "duration[s]": pa.duration("s"),
    "duration[us]": pa.duration("us"),
    "null": pa.null(),
    "dictionary": pa.dictionary(pa.int8(), pa.string()),
    "fixed_size_list<float32>": VECTOR,
    "list<float32>": pa.list_(pa.float32()),
    "large_list": pa.large_list(pa.int8()),
    "struct": pa.struct([("a", pa.int8())]),
    "map": pa.map_(pa.string(), pa.int8()),
}
"""The types of docs/gpu.md, by the names it gives them."""


def test_page_says_what_each_type_becomes() -> None:
    told: dict[str, str] = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("| `"):
            sources, becomes, *_ = line.strip("| ").replace("\\", "").split(" | ")
            told.update((name.strip("`"), becomes) for name in sources.split(", "))
    for name, becomes in told.items():
        kind = frame_type(ARROW[name])
        if becomes == "refused":
            assert kind is None, name
        elif becomes == "the same":
            assert kind == ARROW[name], name
        else:
            assert kind == ARROW[becomes.strip("`")], name
    assert {name for name in ARROW if name not in told} <= {"timestamp[ms]"}
