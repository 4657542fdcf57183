"""How fast rows of the server become rows of Spark: our data source beside the ways without it.

One local session with two cores and one server over a DuckDB file, in a process of its own, on the
same machine. Each way ends with a ``noop`` write, which makes Spark compute every row and keep
none:

- ``source``: ``format("flight")``, one Spark partition for each endpoint.
- ``create_dataframe_pandas``: our client's ``to_pandas("numpy")``, a frame of pandas' own types,
  then ``createDataFrame`` with Arrow on.
- ``create_dataframe_arrow_backed_pandas``: the same with ``to_pandas()``, of Arrow columns.
  Spark takes those almost as they are, and all rows pass through the driver's memory, which costs
  nothing where driver and executors are one process, as here.
- ``fedml``: Python rows, a DataFrame of them, ``createDataFrame``, as FedML does it. The rows are
  in memory before the clock starts, where FedML has to fetch them first, and there are fewer of
  them: what is compared is rows a second. Arrow is on; ``fedml_arrow_off`` is Spark's default.

Every way runs once unmeasured, with few rows. Then they take turns, and the best round of each
counts, because whatever else the machine does only slows.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any, TypeAlias

import click
import pandas as pd
import pyspark
from pyspark.sql import SparkSession

import flight_client
from benchmarks import servers, tables
from benchmarks.report import environment, print_report, progress

ARROW = "spark.sql.execution.arrow.pyspark.enabled"
WARM_ROWS = 20_000

Way: TypeAlias = Callable[[int], None]


def consume(frame: Any) -> None:
    """Have Spark compute every row."""
    frame.write.format("noop").mode("overwrite").save()


class Ways:
    """The ways from the server to rows of Spark; each takes how many rows, from the first."""

    def __init__(self, spark: Any, client: flight_client.Client, uri: str, partitions: int) -> None:
        """Ways of one session and one server."""
        self._spark, self._client = spark, client
        self._uri, self._partitions = uri, partitions
        self.rows: list[tuple[object, ...]] = []
        self.names: list[str] = []

    def prepare_rows(self, count: int) -> None:
        """Fetch the Python rows that FedML's way begins with."""
        table = self._client.table("ITEMS", limit=count).to_arrow()
        self.names = table.column_names
        self.rows = list(zip(*(column.to_pylist() for column in table), strict=True))

    def source(self, rows: int) -> None:
        """``format("flight")``; the whole table, or a query of its first rows."""
        options: dict[str, object] = {"table": "ITEMS", "partitions": self._partitions}
        if rows == WARM_ROWS:
            options = {"query": f'SELECT * FROM "ITEMS" LIMIT {rows}'}
        consume(self._spark.read.format("flight").options(uri=self._uri, **options).load())

    def pandas_numpy(self, rows: int) -> None:
        """By a pandas frame of classic types."""
        self._by_pandas(self._fetched(rows).to_pandas("numpy"))

    def pandas_arrow(self, rows: int) -> None:
        """By a pandas frame of Arrow's types."""
        self._by_pandas(self._fetched(rows).to_pandas("pyarrow"))

    def fedml(self, rows: int) -> None:
        """By Python rows and a pandas frame of them."""
        self._by_pandas(pd.DataFrame(self.rows[:rows], columns=self.names))

    def fedml_arrow_off(self, rows: int) -> None:
        """The same with Spark's default."""
        self._by_pandas(pd.DataFrame(self.rows[:rows], columns=self.names), arrow=False)

    def _fetched(self, rows: int) -> flight_client.Result:
        if rows == WARM_ROWS:
            return self._client.table("ITEMS", limit=rows)
        return self._client.table("ITEMS", partitions=self._partitions)

    def _by_pandas(self, frame: pd.DataFrame, *, arrow: bool = True) -> None:
        self._spark.conf.set(ARROW, str(arrow).lower())
        consume(self._spark.createDataFrame(frame))


def session() -> Any:
    """Two cores, and memory enough for frames that pass through the driver."""
    os.environ["PYSPARK_PYTHON"] = os.path.relpath(sys.executable)  # spaces: see docs/spark.md
    builder = SparkSession.builder.master("local[2]").appName("spark_read")
    settings = {"spark.ui.enabled": "false", "spark.driver.memory": "6g",
                "spark.driver.host": "127.0.0.1", "spark.ui.showConsoleProgress": "false",
                 "spark.log.level": "ERROR"}  # fmt: skip
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def measure(ways: dict[Way, int], rounds: int) -> dict[str, float]:
    """Rows a second of each way in its best round; the ways take turns."""
    for way in ways:
        way(WARM_ROWS)
    best = dict.fromkeys((way.__name__ for way in ways), 0.0)
    for round_number, (way, rows) in product(range(rounds), ways.items()):
        started = time.perf_counter()
        way(rows)
        speed = rows / (time.perf_counter() - started)
        best[way.__name__] = max(best[way.__name__], speed)
        progress(f"round {round_number + 1}: {way.__name__:<16} {speed:12,.0f} rows/s")
    return best


@click.command()
@click.option("--rows", default=4_000_000, show_default=True, help="Rows of the table.")
@click.option("--fedml-rows", default=300_000, show_default=True, help="Rows of FedML's way.")
@click.option("--fedml-off-rows", default=50_000, show_default=True, help="The same, Arrow off.")
@click.option("--partitions", default=4, show_default=True, help="Endpoints of our source.")
@click.option("--rounds", default=3, show_default=True, help="The best round counts.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def main(
    rows: int, fedml_rows: int, fedml_off_rows: int, partitions: int, rounds: int, *, as_json: bool
) -> None:
    """Measure and print."""
    where = environment() | {"pyspark": pyspark.__version__, "pandas": pd.__version__}
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "items.duckdb")
        progress(f"Writing {rows} rows to a DuckDB file")
        tables.in_file(path, rows)
        with servers.running("duckdb", path) as (uri, _), flight_client.connect(uri) as client:
            spark = session()
            ways = Ways(spark, client, uri, partitions)
            ways.prepare_rows(max(fedml_rows, fedml_off_rows, WARM_ROWS))
            speeds = measure(
                {
                    ways.source: rows,
                    ways.pandas_numpy: rows,
                    ways.pandas_arrow: rows,
                    ways.fedml: fedml_rows,
                    ways.fedml_arrow_off: fedml_off_rows,
                },
                rounds,
            )
            spark.stop()
    figures = {f"{name}_rows_per_s": round(speed) for name, speed in speeds.items()}
    counts = {"rows": rows, "fedml_rows": fedml_rows, "fedml_off_rows": fedml_off_rows,
              "partitions": partitions}  # fmt: skip
    print_report(counts | figures, _ratios(speeds), where, as_json=as_json)


def _ratios(speeds: dict[str, float]) -> dict[str, float]:
    others = {
        "create_dataframe_pandas": "pandas_numpy",
        "create_dataframe_arrow_backed_pandas": "pandas_arrow",
        "fedml": "fedml",
        "fedml_arrow_off": "fedml_arrow_off",
    }
    return {
        f"source_vs_{name}": round(speeds["source"] / speeds[way], 2)
        for name, way in others.items()
    }


if __name__ == "__main__":
    main()
