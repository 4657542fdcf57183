"""How fast rows reach the memory of a GPU, beside FedML's way in the same run.

Each speed is GB of Arrow a second; the best round counts. ``numbers``: eight columns of numbers in
host memory, because FedML's ``cudf.DataFrame(cupy.asarray(rows))`` takes nothing else, ``rows``
being the tuples that a database driver gives; it is measured over fewer rows, since it takes so
long. ``items``: the table of the other benchmarks, with text, decimals and dates; ``from_arrow`` is
cuDF's own way for a table that stands in host memory as a whole, ``flight`` reads from our server
over loopback.

Needs a GPU, and an environment with the extras cudf, server and hana. No machine with one has run
it yet.
"""

import time
from collections.abc import Callable
from typing import Any

import click
import pyarrow as pa

import flight_client
from benchmarks import servers, tables
from benchmarks.report import environment, print_report, progress
from flight_client.sinks import MissingDependency, NoDevice
from flight_client.sinks.cudf import require_cudf, require_cupy, to_cudf, to_cupy


def numbers(rows: int) -> pa.Table:
    """Eight columns of numbers, 56 bytes a row, in batches as they come off the wire."""
    whole = pa.array(range(rows), pa.int64())
    kinds = [pa.int64(), pa.int32(), pa.float64(), pa.int64()] * 2
    columns = {f"C{at}": whole.cast(kind) for at, kind in enumerate(kinds)}
    return pa.Table.from_batches(pa.table(columns).to_batches(max_chunksize=65_536))


class Stopwatch:
    """Times ways to the device; each result is waited for and dropped."""

    def __init__(self, rounds: int, synchronize: Callable[[], None]) -> None:
        self._rounds = rounds
        self._synchronize = synchronize
        self.gb_s: dict[str, float] = {}

    def time(self, name: str, size: int, work: Callable[[], Any]) -> None:
        """Measure a way that moves so many bytes of Arrow."""
        for _ in range(self._rounds):
            started = time.perf_counter()
            result = work()
            self._synchronize()
            speed = size / 1e9 / (time.perf_counter() - started)
            self.gb_s[name] = max(self.gb_s.get(name, 0.0), speed)
            del result
        progress(f"{name:<20} {self.gb_s[name]:8.3f} GB/s")


def device_of(cupy: Any) -> dict[str, str | int | float]:
    """What GPU it is."""
    properties = cupy.cuda.runtime.getDeviceProperties(0)
    return {
        "gpu": properties["name"].decode(),
        "gpu_memory_gb": round(properties["totalGlobalMem"] / 1e9, 1),
        "cuda_driver": cupy.cuda.runtime.driverGetVersion(),
    }


def _numbers(watch: Stopwatch, table: pa.Table, fedml_rows: int, cudf: Any, cupy: Any) -> None:
    few = table.slice(0, fedml_rows)
    rows = list(zip(*(column.to_pylist() for column in few.columns), strict=True))
    watch.time("numbers_to_cudf", table.nbytes, lambda: to_cudf(table.to_reader()))
    watch.time("numbers_to_cupy", table.nbytes, lambda: to_cupy(table.to_reader(), None))
    watch.time("numbers_fedml", few.nbytes, lambda: cudf.DataFrame(cupy.asarray(rows)))


def _items(watch: Stopwatch, table: pa.Table, cudf: Any) -> None:
    watch.time("items_to_cudf", table.nbytes, lambda: to_cudf(table.to_reader()))
    watch.time("items_from_arrow", table.nbytes, lambda: cudf.DataFrame.from_arrow(table))
    with (
        servers.running("memory", str(table.num_rows)) as (uri, _),
        flight_client.connect(uri) as client,
    ):
        watch.time("items_flight", table.nbytes, client.table("ITEMS", space="SALES").to_cudf)


@click.command()
@click.option("--rows", default=20_000_000, show_default=True, help="Rows of each table.")
@click.option("--fedml-rows", default=200_000, show_default=True, help="Rows of FedML's way.")
@click.option("--rounds", default=3, show_default=True, help="The best round counts.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def main(rows: int, fedml_rows: int, rounds: int, *, as_json: bool) -> None:
    """Measure and print."""
    try:
        cudf, cupy = require_cudf(), require_cupy()
    except (MissingDependency, NoDevice) as error:
        raise click.ClickException(str(error)) from None
    where = environment() | device_of(cupy)
    watch = Stopwatch(rounds, cupy.cuda.runtime.deviceSynchronize)

    _numbers(watch, numbers(rows), fedml_rows, cudf, cupy)
    _items(watch, tables.in_memory(rows), cudf)

    figures = {f"{name}_gb_s": round(speed, 4) for name, speed in watch.gb_s.items()}
    ratios = {
        f"{ours}_vs_{theirs}": round(watch.gb_s[ours] / watch.gb_s[theirs], 3)
        for ours, theirs in (
            ("numbers_to_cudf", "numbers_fedml"),
            ("numbers_to_cupy", "numbers_fedml"),
            ("items_to_cudf", "items_from_arrow"),
        )
    }
    sizes = {"rows": rows, "fedml_rows": fedml_rows}
    print_report(sizes | figures, ratios, where, as_json=as_json)


if __name__ == "__main__":
    main()
