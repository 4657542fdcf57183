"""How fast SQL is answered over Flight SQL, beside ROAPI, with the same ADBC client in one run.

Both servers hold TPC-H's lineitem: ROAPI 0.12 (Rust, DataFusion) in memory, as is its default, and
ours in a DuckDB file. One ADBC client (Go) reads each in turn, round after round, drops what it
read, and the best round counts, because whatever else the machine does only slows. The ratios
compare rows a second, since the two send texts in different Arrow types.

``cpp_stream`` is the yardstick: the same table in the memory of pyarrow's own C++ server, without a
database, a gate or a second endpoint. What it reaches is all that this client can take on this
machine, whoever serves it.

``first_batch_ms`` is the time from ``execute`` to the first record batch of all columns, the best
of the rounds. Small queries read one order by its key, one query after the other; which server is
asked changes with every query, so that both meet the same machine.

``make bench`` installs roapi and tpchgen-cli, which make this comparison and its data.
"""

import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import adbc_driver_flightsql.dbapi as flight_sql
import click
import duckdb

from benchmarks import servers
from benchmarks.report import environment, print_report, progress

FOUR_COLUMNS = "l_orderkey, l_partkey, l_extendedprice, l_shipdate"
READS = {
    "4_columns": f"SELECT {FOUR_COLUMNS} FROM lineitem",
    "all_columns": "SELECT * FROM lineitem",
}
SMALL = "SELECT l_orderkey, l_linenumber, l_quantity FROM lineitem WHERE l_orderkey = {}"
START_S = 120.0


def program(name: str) -> str:
    """The path of a program that was installed beside this Python."""
    found = Path(sys.executable).with_name(name)
    if not found.exists():
        raise click.ClickException(f"{name} is not installed; run 'make bench', which installs it")
    return str(found)


def lineitem(folder: Path, scale: float) -> Path:
    """TPC-H's lineitem as a Parquet file."""
    subprocess.run(
        [program("tpchgen-cli"), "parquet", "-s", str(scale), "--tables=lineitem",
         "-o", str(folder)],
        check=True,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return folder / "lineitem.parquet"


def in_duckdb(parquet: Path, path: Path) -> int:
    """The same in a DuckDB file, named as HANA names it without quotes; returns its rows."""
    with duckdb.connect(str(path)) as connection:
        connection.execute('CREATE SCHEMA "TPCH"')
        rows = connection.sql("SELECT * FROM read_parquet($1)", params=[str(parquet)])
        names = ", ".join(f'"{name}" AS "{name.upper()}"' for name in rows.columns)
        connection.execute(
            f'CREATE TABLE "TPCH"."LINEITEM" AS SELECT {names} FROM read_parquet($1)',
            [str(parquet)],
        )
        ((count,),) = connection.execute('SELECT count(*) FROM "TPCH"."LINEITEM"').fetchall()
        return count


@contextmanager
def roapi(parquet: Path) -> Iterator[str]:
    """ROAPI over the file, which it loads into memory; gives the URI of its Flight SQL port."""
    http, postgres, flight = (f"127.0.0.1:{_free_port()}" for _ in range(3))
    log = parquet.with_name("roapi.log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program("roapi"), "-a", http, "-p", postgres, "--addr-flight-sql", flight,
             "-t", f"lineitem={parquet}"],
            stdout=output,
            stderr=output,
        )  # fmt: skip
    try:
        _await_port(flight, process, log)
        yield f"grpc://{flight}"
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _await_port(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    host, _, port = address.rpartition(":")
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection((host, int(port)), 1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise click.ClickException(f"ROAPI does not listen: {log.read_text()[-500:]}")


def read(connection: flight_sql.Connection, query: str, rows: int) -> tuple[float, float, int]:
    """Seconds to the first batch and to the last, and the bytes; the batches are dropped."""
    with connection.cursor() as cursor:
        started = time.perf_counter()
        cursor.execute(query)
        found = size = 0
        first_s = 0.0
        for batch in cursor.fetch_record_batch():
            first_s = first_s or time.perf_counter() - started
            found += batch.num_rows
            size += batch.nbytes
        seconds = time.perf_counter() - started
    if found != rows:
        raise click.ClickException(f"{query} gave {found} rows; {rows} were expected")
    return first_s, seconds, size


def small_queries(
    connections: dict[str, flight_sql.Connection], count: int
) -> dict[str, list[float]]:
    """Milliseconds of each small query, sorted, by server."""
    took: dict[str, list[float]] = {name: [] for name in connections}
    for number in range(count):
        for name, connection in connections.items():
            with connection.cursor() as cursor:
                started = time.perf_counter()
                cursor.execute(SMALL.format(number * 32 + 1))
                cursor.fetchall()
                took[name].append((time.perf_counter() - started) * 1000)
    return {name: sorted(each) for name, each in took.items()}


@click.command()
@click.option("--scale", default=1.0, show_default=True, help="TPC-H scale; 1 is 6 M rows.")
@click.option("--rounds", default=5, show_default=True, help="The best round counts.")
@click.option("--queries", default=1000, show_default=True, help="Small queries for latency.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def main(scale: float, rounds: int, queries: int, *, as_json: bool) -> None:
    """Measure and print."""
    where = environment() | {"roapi": _version("roapi"), "adbc": _version("adbc-driver-flightsql")}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        progress(f"Generating lineitem at scale {scale:g}")
        parquet = lineitem(Path(folder), scale)
        path = Path(folder) / "orders.duckdb"
        rows = in_duckdb(parquet, path)
        progress(f"{rows} rows; starting ROAPI and our server")
        uris = {
            "roapi": stack.enter_context(roapi(parquet)),
            "ours": stack.enter_context(servers.running("duckdb", str(path)))[0],
            "cpp_stream": stack.enter_context(servers.running("cpp-sql", str(parquet)))[0],
        }
        connections = {
            name: stack.enter_context(flight_sql.connect(uri, autocommit=True))
            for name, uri in uris.items()
        }
        figures, ratios = _throughput(connections, rows, rounds)
        progress(f"{queries} small queries of each")
        del connections["cpp_stream"]  # it knows no small query
        for name, took in small_queries(connections, queries).items():
            figures[f"{name}_small_p50_ms"] = round(statistics.median(took), 2)
            figures[f"{name}_small_p99_ms"] = round(took[int(len(took) * 0.99)], 2)
    print_report({"rows": rows, **figures}, ratios, where, as_json=as_json)


def _throughput(
    connections: dict[str, flight_sql.Connection], rows: int, rounds: int
) -> tuple[dict[str, float], dict[str, float]]:
    best: dict[tuple[str, str], tuple[float, float, int]] = {}
    for number in range(rounds):
        for what, query in READS.items():
            for name, connection in connections.items():
                first_s, seconds, size = read(connection, query, rows)
                before = best.get((name, what), (first_s, seconds, size))
                best[name, what] = (min(first_s, before[0]), min(seconds, before[1]), size)
                speed = f"{rows / seconds:12,.0f} rows/s {size / 1e6 / seconds:6.0f} MB/s"
                progress(f"round {number + 1}: {name:<10} {what:<11} {speed}")
    figures: dict[str, float] = {}
    for (name, what), (first_s, seconds, size) in best.items():
        figures[f"{name}_{what}_rows_s"] = round(rows / seconds)
        figures[f"{name}_{what}_mb_s"] = round(size / 1e6 / seconds)
        figures[f"{name}_{what}_first_batch_ms"] = round(first_s * 1000, 1)
    ratios = {
        f"{name}_vs_roapi_{what}": round(best["roapi", what][1] / best[name, what][1], 2)
        for name in ("ours", "cpp_stream")
        for what in READS
    }
    return figures, ratios


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


if __name__ == "__main__":
    main()
