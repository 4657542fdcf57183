"""Each sink keeps values and types of a reader, and says which extra is missing."""

import subprocess
import sys
from datetime import date, datetime, time
from decimal import Decimal

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from flight_client.sinks import MissingDependency
from flight_client.sinks.duckdb import to_duckdb
from flight_client.sinks.pandas import to_pandas
from flight_client.sinks.polars import to_polars

TABLE = pa.table(
    {
        "N": pa.array([1, None, 3], pa.int32()),
        "U": pa.array([0, 255, None], pa.uint8()),
        "D": pa.array([Decimal("1.20"), None, Decimal("-0.01")], pa.decimal128(15, 2)),
        "S": ["Grüße 🎉", None, ""],
        "L": pa.array(["x", None, "y"], pa.large_utf8()),
        "DAY": [date(2024, 1, 31), None, date(1, 1, 1)],
        "AT": pa.array([time(1, 2, 3), None, time(0)], pa.time32("s")),
        "TS": pa.array(
            [datetime(2024, 1, 31, 1, 2, 3, 4), None, datetime(9999, 12, 31)], "timestamp[us]"
        ),
        "B": pa.array([b"\x00", None, b""]),
        "OK": [True, None, False],
        "V": pa.array([[1.0, 2.0], None, [3.0, 4.0]], pa.list_(pa.float32(), 2)),
    }
)  # fmt: skip
ROWS = TABLE.to_pylist()


def _reader(table: pa.Table = TABLE) -> pa.RecordBatchReader:
    """The table as it comes off the wire, in batches of two rows."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=2)
    return pa.ipc.open_stream(sink.getvalue())


def test_pandas_keeps_arrow_types_by_default() -> None:
    frame = to_pandas(_reader(), "pyarrow")
    assert list(frame.dtypes) == [pd.ArrowDtype(field.type) for field in TABLE.schema]
    assert pa.Table.from_pandas(frame, schema=TABLE.schema).to_pylist() == ROWS


def test_pandas_gives_classic_types_where_asked() -> None:
    frame = to_pandas(_reader(TABLE.select(["N", "OK", "S"])), "numpy")
    assert frame["N"].dtype == "float64"
    assert frame["S"].tolist()[0] == "Grüße 🎉"


def test_pandas_refuses_another_backend() -> None:
    with pytest.raises(ValueError, match="'pyarrow' or 'numpy'; got 'arrow'"):
        to_pandas(_reader(), "arrow")


def test_polars_keeps_values_and_exact_types() -> None:
    frame = to_polars(_reader())
    assert frame.schema["D"] == pl.Decimal(15, 2)
    assert frame.drop("V").to_dicts() == TABLE.drop("V").to_pylist()
    assert frame["V"].to_list() == [[1.0, 2.0], None, [3.0, 4.0]]


def test_duckdb_creates_a_table_that_stays() -> None:
    with duckdb.connect() as connection:
        relation = to_duckdb(_reader(TABLE.drop("V")), connection, "orders")
        assert relation.fetchall() == [tuple(row.values()) for row in TABLE.drop("V").to_pylist()]
        assert str(relation.types[2]) == "DECIMAL(15,2)"


@pytest.mark.parametrize("name", ['a"b', "s.t", '"; DROP TABLE x --', "select", "Grüße 🎉", " "])
def test_duckdb_takes_any_name_as_it_is(name: str) -> None:
    with duckdb.connect() as connection:
        assert to_duckdb(_reader(), connection, name).shape == (3, 11)
        found = connection.sql("SELECT table_name FROM duckdb_tables()").fetchall()
        assert found == [(name,)]


def test_duckdb_leaves_an_existing_table_alone() -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t AS SELECT 7 AS n")
        with pytest.raises(duckdb.CatalogException, match="already exists"):
            to_duckdb(_reader(), connection, "t")
        assert connection.sql("FROM t").fetchall() == [(7,)]


@pytest.mark.parametrize("rows", [0, 3])
def test_every_sink_takes_a_reader_without_rows(rows: int) -> None:
    table = TABLE.slice(0, rows)
    with duckdb.connect() as connection:
        assert to_pandas(_reader(table), "pyarrow").shape == (rows, 11)
        assert to_polars(_reader(table)).shape == (rows, 11)
        assert to_duckdb(_reader(table), connection, "t").shape == (rows, 11)


@pytest.mark.parametrize(("library", "call"), [("pandas", "(r, 'pyarrow')"), ("polars", "(r)")])
def test_missing_library_names_the_extra_that_brings_it(library: str, call: str) -> None:
    code = (
        f"import sys; sys.modules[{library!r}] = None; r = None\n"
        f"from flight_client.sinks.{library} import to_{library} as sink\n"
        f"try: sink{call}\n"
        "except ImportError as error: print(type(error).__name__, error)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=30
    ).stdout
    assert said == (
        f"MissingDependency {library} is not installed; run: "
        f"pip install 'datasphere-flight[{library}]'\n"
    )


def test_missing_dependency_is_an_import_error_with_the_name() -> None:
    error = MissingDependency("polars", "polars")
    assert isinstance(error, ImportError)
    assert error.name == "polars"
