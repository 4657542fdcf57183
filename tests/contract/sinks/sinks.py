"""The sinks that keep the contract, each with what it says is different in it."""

from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from flight_client.reading import Result
from flight_client.sinks.cudf.host import frame_pieces, gathered
from flight_client.sinks.pandas import DtypeBackend
from tests.contract.sinks.contract import Difference, Found, Gap, Reading, Sink

PIECE_BYTES = 100_000
"""Of what is copied to a device at once: several pieces of a table."""


def _arrow(read: Callable[[Result], pa.Table]) -> Callable[[Reading], Found]:
    def found(reading: Reading) -> Found:
        table = read(reading.result())
        return Found(table.to_pydict(), {field.name: str(field.type) for field in table.schema})

    return found


def _batches(result: Result) -> pa.Table:
    return pa.Table.from_batches(result.to_batches(), result.schema)


def _pandas(dtype_backend: DtypeBackend) -> Callable[[Reading], Found]:
    def found(reading: Reading) -> Found:
        frame = reading.result().to_pandas(dtype_backend)
        values = {
            name: [
                None if is_null else value
                for value, is_null in zip(frame[name].tolist(), frame[name].isna(), strict=True)
            ]
            for name in frame.columns
        }
        return Found(values, {name: str(kind) for name, kind in frame.dtypes.items()})

    return found


def _polars(read: Callable[[Result], pl.DataFrame]) -> Callable[[Reading], Found]:
    def found(reading: Reading) -> Found:
        frame = read(reading.result())
        types = {name: str(kind) for name, kind in frame.schema.items()}
        return Found(frame.to_dict(as_series=False), types)

    return found


def _duckdb(
    read: Callable[[Result, duckdb.DuckDBPyConnection], duckdb.DuckDBPyRelation],
) -> Callable[[Reading], Found]:
    def found(reading: Reading) -> Found:
        with duckdb.connect() as connection:
            relation = read(reading.result(), connection)
            types = dict(zip(relation.columns, map(str, relation.types), strict=True))
            return Found(_by_column(relation.columns, relation.fetchall()), types)

    return found


def _by_column(names: list[str], rows: list[Any]) -> dict[str, list[Any]]:
    return {name: [row[at] for row in rows] for at, name in enumerate(names)}


def _spark(load: Callable[[Reading], Any]) -> Callable[[Reading], Found]:
    def found(reading: Reading) -> Found:
        frame = load(reading)
        types = {each.name: each.dataType.simpleString() for each in frame.schema}
        return Found(_by_column(frame.columns, frame.collect()), types)

    return found


def _spark_source(reading: Reading) -> Any:
    options = dict(reading.options)
    if "columns" in options:
        options["columns"] = ",".join(options["columns"])
    source = reading.spark().read.format("flight")
    return source.options(uri=reading.uri, table=reading.entity, **options).load()


def _on_host(reading: Reading) -> Found:
    """What cuDF would be handed, column by column and piece by piece."""
    reader = reading.result().to_reader()
    handed_on = gathered(
        reader.schema.names,
        frame_pieces(reader, PIECE_BYTES),
        lambda column: column,
        lambda parts: pa.chunked_array(
            [chunk for part in parts for chunk in part.chunks], parts[0].type
        ),
    )
    return Found(
        {name: column.to_pylist() for name, column in handed_on.items()},
        {name: str(column.type) for name, column in handed_on.items()},
    )


_FLOATS = Difference("numpy has no NULL among integers: they become floats", float)
_AS_TEXT = Difference("Spark has no time of day before 4.1", lambda value: value.isoformat())
_TUPLES = {"REAL_VECTOR": Difference("DuckDB gives its arrays as tuples", tuple)}
_TIMES = {"TIME": _AS_TEXT}

_PLAIN_SINKS = (
    Sink(name="to_arrow", read=_arrow(Result.to_arrow)),
    Sink(name="to_batches", read=_arrow(_batches)),
    Sink(name="to_reader", read=_arrow(lambda result: result.to_reader().read_all())),
    Sink(name="pyarrow takes it", read=_arrow(pa.table), raises=pa.ArrowException),
    Sink(name="to_pandas", read=_pandas("pyarrow")),
    Sink(
        name="to_pandas numpy",
        read=_pandas("numpy"),
        differences={
            **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT"), _FLOATS),
            "REAL_VECTOR": Difference(
                "an element of a column of objects is an array of numpy",
                lambda value: np.array(value, np.float32),
            ),
        },
        gaps={"types": Gap("whether integers become floats depends on their values")},
    ),
    Sink(name="to_polars", read=_polars(Result.to_polars)),
    Sink(name="polars takes it", read=_polars(pl.DataFrame), raises=pl.exceptions.PolarsError),
    Sink(
        name="to_duckdb",
        read=_duckdb(lambda result, connection: result.to_duckdb(connection, "rows")),
        differences=_TUPLES,
    ),
    Sink(
        name="duckdb takes it",
        read=_duckdb(lambda result, connection: connection.from_arrow(result)),
        raises=duckdb.Error,
        differences=_TUPLES,
    ),
    Sink(
        name="cudf on the host",
        read=_on_host,
        differences={
            "TIME": Difference(
                "cuDF has no times of day: the time since midnight",
                lambda value: pd.Timedelta(str(value)).to_pytimedelta(),
            )
        },
        refused=dict.fromkeys(("VARBINARY", "BLOB"), "cuDF has no bytes"),
    ),
)

_SPARK_SINKS = (
    Sink(
        name="to_spark",
        read=_spark(lambda reading: reading.result().to_spark(reading.spark())),
        differences=_TIMES,
    ),
    Sink(
        name="format flight",
        read=_spark(_spark_source),
        raises=Exception,
        differences=_TIMES,
        gaps={"order": Gap("rows of a Spark source have no order; it takes none", Exception)},
    ),
)

_SPARK_MARKS = [
    pytest.mark.spark,
    pytest.mark.timeout(300),  # Spark starts Python processes for most of what it does
    pytest.mark.filterwarnings("default"),  # pyspark's own are not ours to mend
]

SINKS = [
    *(pytest.param(sink, id=sink.name) for sink in _PLAIN_SINKS),
    *(pytest.param(sink, id=sink.name, marks=_SPARK_MARKS) for sink in _SPARK_SINKS),
]
