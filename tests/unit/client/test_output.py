"""Files, pipes and previews: what is written, exactly, and that nothing is half written."""

import io
import json
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flight_client.cli.output import (
    ROW_GROUP_BYTES,
    SINKS,
    check_json_names,
    preview,
    write_csv,
    write_file,
    write_json_lines,
    write_parquet,
)
from flight_client.protocol.errors import DataError, InvalidRead

TABLE = pa.table(
    {
        "N": pa.array([1, None], pa.int32()),
        "D": pa.array([Decimal("1.20"), None], pa.decimal128(15, 2)),
        "F": pa.array([float("nan"), 0.5]),
        "S": ['a,"b"\n', ""],
        "DAY": [date(2024, 1, 31), None],
        "AT": pa.array([time(1, 2, 3), None], pa.time32("s")),
        "TS": pa.array([datetime(2024, 1, 31, 1, 2, 3, 4), None], pa.timestamp("us")),
        "B": [b"\x00\xff", None],
        "V": pa.array([[1.0, 2.0], None], pa.list_(pa.float32(), 2)),
        "OK": [True, None],
    }
)


def test_csv_is_exact_for_every_type() -> None:
    file = io.BytesIO()
    assert write_csv(file, TABLE.schema, TABLE.to_batches(1)) == 2
    assert file.getvalue().decode() == (
        '"N","D","F","S","DAY","AT","TS","B","V","OK"\n'
        '1,1.20,nan,"a,""b""\n",2024-01-31,01:02:03,2024-01-31 01:02:03.000004,"00ff",'
        '"[1.0, 2.0]",true\n'
        ',,0.5,"",,,,,,\n'
    )


def test_json_lines_are_exact_for_every_type() -> None:
    file = io.BytesIO()
    assert write_json_lines(file, TABLE.to_batches(1)) == 2
    first, second = [json.loads(line) for line in file.getvalue().decode().splitlines()]
    assert first == {
        "N": 1,
        "D": "1.20",
        "F": None,
        "S": 'a,"b"\n',
        "DAY": "2024-01-31",
        "AT": "01:02:03",
        "TS": "2024-01-31T01:02:03.000004",
        "B": "00ff",
        "V": [1.0, 2.0],
        "OK": True,
    }
    assert second == dict.fromkeys(TABLE.column_names) | {"F": 0.5, "S": ""}


@pytest.mark.parametrize("ending", [".parquet", ".arrow"])
def test_binary_files_hold_the_same_rows(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"rows{ending}"
    assert write_file(path, TABLE.schema, TABLE.to_batches(1)) == 2
    found = pq.read_table(path) if ending == ".parquet" else pa.ipc.open_file(path).read_all()
    assert found.drop(["F", "AT"]).to_pylist() == TABLE.drop(["F", "AT"]).to_pylist()


@pytest.mark.parametrize("ending", SINKS)
def test_no_rows_at_all_is_a_file_with_the_schema(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"rows{ending}"
    assert write_file(path, TABLE.schema, []) == 0
    assert path.stat().st_size > 0


def test_parquet_row_groups_are_larger_than_batches() -> None:
    file = io.BytesIO()
    wide = pa.record_batch({"x": pa.array(range(1_000), pa.int64())})
    batches = [wide] * 20
    write_parquet(file, wide.schema, batches)
    assert pq.ParquetFile(io.BytesIO(file.getvalue())).num_row_groups == 1
    assert sum(batch.nbytes for batch in batches) < ROW_GROUP_BYTES


def test_ending_may_be_in_capitals(tmp_path: Path) -> None:
    write_file(tmp_path / "ROWS.CSV", TABLE.schema, [])
    assert (tmp_path / "ROWS.CSV").exists()


def _failing() -> Iterator[pa.RecordBatch]:
    yield TABLE.to_batches()[0]
    raise DataError("Division by zero.")


@pytest.mark.parametrize("ending", SINKS)
@pytest.mark.parametrize("before", [None, b"old"])
def test_failure_leaves_no_file_and_an_old_one_as_it_was(
    tmp_path: Path, ending: str, before: bytes | None
) -> None:
    path = tmp_path / f"rows{ending}"
    if before is not None:
        path.write_bytes(before)
    with pytest.raises(DataError):
        write_file(path, TABLE.schema, _failing())
    assert [found.name for found in tmp_path.iterdir()] == ([] if before is None else [path.name])
    assert before is None or path.read_bytes() == before


def test_old_file_is_replaced_when_all_is_written(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(b"old")
    write_file(path, TABLE.schema, TABLE.to_batches())
    assert path.read_bytes().startswith(b'"N"')


def test_missing_folder_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        write_file(tmp_path / "nowhere" / "rows.csv", TABLE.schema, [])


def test_columns_of_the_same_name_are_refused_for_json() -> None:
    schema = pa.schema([("A", pa.int32()), ("B", pa.int32()), ("A", pa.int32())])
    with pytest.raises(InvalidRead, match="two columns named A; name them apart with AS"):
        check_json_names(schema)
    check_json_names(TABLE.schema)


def _numbers(count: int) -> pa.Table:
    return pa.table({"N": list(range(count)), "T": [f"t{number}" for number in range(count)]})


@pytest.mark.parametrize(
    ("rows", "total", "footer"),
    [
        (0, 0, "0 rows"),
        (1, None, "1 row"),
        (20, 20, "20 rows"),
        (21, 1_000_000, "the first 20 of 1,000,000 rows"),
        (21, None, "the first 20 rows; there are more"),
    ],
)
def test_preview_says_how_many_of_how_many(rows: int, total: int | None, footer: str) -> None:
    table = _numbers(rows)
    lines = preview(table.schema, table.to_batches(7), total, None).splitlines()
    assert lines[-1] == footer
    assert len(lines) == 2 + min(rows, 20) + 2


def test_preview_reads_no_further_than_it_shows() -> None:
    table = _numbers(30)
    taken = 0

    def batches() -> Iterator[pa.RecordBatch]:
        nonlocal taken
        for batch in table.to_batches(3):
            taken += 1
            yield batch

    preview(table.schema, batches(), None, None)
    assert taken == 7


def test_preview_aligns_numbers_to_the_right_and_shows_null() -> None:
    table = pa.table({"N": [1, None], "T": ["x", None]})
    assert preview(table.schema, table.to_batches(), 2, None).splitlines()[2:4] == [
        "   1  x",
        "NULL  NULL",
    ]


def test_preview_keeps_columns_of_the_same_name_apart() -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["A", "A"])
    assert preview(table.schema, table.to_batches(), 1, None).splitlines()[2] == "1  2"
