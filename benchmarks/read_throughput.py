"""How fast rows leave the server, beside pyarrow's own C++ server in the same run.

Three servers, each in its own process, hold the same table: pyarrow's ``RecordBatchStream`` over a
table in memory (the yardstick), ours over a table in memory, ours over a DuckDB file. One plain
pyarrow client reads each in turn, round after round, in several batch sizes and with 1, 2 and 4
endpoints in parallel; the best round counts, because whatever else the machine does only slows.

``memory_vs_cpp_stream`` and ``duckdb_vs_cpp_stream`` are geometric means over all settings. Where
the rest of DuckDB's goes: ``duckdb_alone`` reads the same file in this process, with all cores and
without Flight, and ``..._server_cpu_s_per_gb`` is what each server computes for a GB. Several
endpoints of a DuckDB table are as many statements, each over a range of the first integer column.
"""

import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from statistics import geometric_mean
from typing import TypeAlias

import click
import duckdb
import pyarrow.flight as fl

from benchmarks import servers, tables
from benchmarks.report import environment, print_report, progress
from flight_client.protocol.tickets import Partition, ReadTicket, encode_ticket

MIB = 1024 * 1024
BATCH_MIB = (1, 2, 4, 8)
ENDPOINTS = (1, 2, 4)

Speeds: TypeAlias = dict[tuple[str, int, int], float]
"""MB/s of the best round, by server, batch size in MiB and number of endpoints."""


def read_all(client: fl.FlightClient, tickets: list[fl.Ticket]) -> int:
    """Read the tickets in parallel and drop the data; returns its bytes."""
    totals = [0] * len(tickets)
    failures: list[Exception] = []

    def read(at: int) -> None:
        try:
            for chunk in client.do_get(tickets[at]):
                totals[at] += chunk.data.nbytes
        except Exception as error:  # noqa: BLE001 - raised again below, in the main thread
            failures.append(error)

    threads = [threading.Thread(target=read, args=(at,)) for at in range(len(tickets))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return sum(totals)


def cpp_tickets(row_bytes: float) -> Callable[[int, int], list[fl.Ticket]]:
    """Tickets of the yardstick: batches of as many rows as fit the size."""
    return lambda size, endpoints: [
        fl.Ticket(f"{int(size * MIB / row_bytes)} {number} {endpoints}")
        for number in range(endpoints)
    ]


def our_tickets(client: fl.FlightClient) -> Callable[[int, int], list[fl.Ticket]]:
    """Tickets that our server puts into endpoints."""

    def tickets(size: int, endpoints: int) -> list[fl.Ticket]:
        wanted = Partition(endpoints) if endpoints > 1 else None
        ticket = ReadTicket(space="SALES", entity="ITEMS", batch_bytes=size * MIB, partition=wanted)
        descriptor = fl.FlightDescriptor.for_command(encode_ticket(ticket))
        return [endpoint.ticket for endpoint in client.get_flight_info(descriptor).endpoints]

    return tickets


def duckdb_alone(path: str, row_bytes: float) -> float:
    """MB/s of DuckDB's Arrow reader in this process, nothing sent."""
    with duckdb.connect(path, read_only=True) as connection:
        started = time.perf_counter()
        reader = connection.sql('SELECT * FROM "SALES"."ITEMS"').to_arrow_reader(
            int(4 * MIB / row_bytes)
        )
        size = sum(batch.nbytes for batch in reader)
        return size / 1e6 / (time.perf_counter() - started)


@click.command()
@click.option("--rows", default=8_000_000, show_default=True, help="Rows of the table.")
@click.option("--rounds", default=5, show_default=True, help="The best round counts.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def main(rows: int, rounds: int, *, as_json: bool) -> None:
    """Measure and print."""
    where = environment()
    row_bytes = tables.in_memory(100_000).nbytes / 100_000
    figures: dict[str, float] = {"rows": rows, "row_bytes": round(row_bytes, 1)}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        path = str(Path(folder) / "items.duckdb")
        progress(f"Writing {rows} rows to a DuckDB file and to two servers' memory")
        tables.in_file(path, rows)
        arguments = {"cpp": ("cpp", str(rows)), "memory": ("memory", str(rows)),
                     "duckdb": ("duckdb", path)}  # fmt: skip
        running = {
            name: stack.enter_context(servers.running(*given)) for name, given in arguments.items()
        }
        idle_s = {name: servers.cpu_seconds(pid) for name, (_, pid) in running.items()}
        best = _measure({name: uri for name, (uri, _) in running.items()}, row_bytes, rounds)
        read_gb = rounds * len(BATCH_MIB) * len(ENDPOINTS) * rows * row_bytes / 1e9
        for name, (_, pid) in running.items():
            used_s = servers.cpu_seconds(pid) - idle_s[name]
            figures[f"{name}_server_cpu_s_per_gb"] = round(used_s / read_gb, 3)
        alone = max(duckdb_alone(path, row_bytes) for _ in range(rounds))
    figures["duckdb_alone_mb_s"] = round(alone)
    for (name, size, endpoints), speed in best.items():
        figures[f"{name}_{size}mib_{endpoints}_endpoints_mb_s"] = round(speed)
    print_report(figures, _ratios(best, alone), where, as_json=as_json)


def _ratios(best: Speeds, alone: float) -> dict[str, float]:
    def mean(name: str, endpoints: tuple[int, ...]) -> float:
        settings = product(BATCH_MIB, endpoints)
        return round(geometric_mean(best[name, s, n] / best["cpp", s, n] for s, n in settings), 3)

    ratios = {f"{name}_vs_cpp_stream": mean(name, ENDPOINTS) for name in ("memory", "duckdb")}
    for name, endpoints in product(("memory", "duckdb"), ENDPOINTS):
        ratios[f"{name}_vs_cpp_stream_{endpoints}_endpoints"] = mean(name, (endpoints,))
    yardstick = geometric_mean(best["cpp", size, 1] for size in BATCH_MIB)
    return ratios | {"duckdb_alone_vs_cpp_stream": round(alone / yardstick, 3)}


def _measure(uris: dict[str, str], row_bytes: float, rounds: int) -> Speeds:
    clients = {name: fl.connect(uri) for name, uri in uris.items()}
    make = {
        name: cpp_tickets(row_bytes) if name == "cpp" else our_tickets(client)
        for name, client in clients.items()
    }
    best: Speeds = {}
    for round_number, size, endpoints in product(range(rounds), BATCH_MIB, ENDPOINTS):
        for name, client in clients.items():
            tickets = make[name](size, endpoints)
            started = time.perf_counter()
            count = read_all(client, tickets)
            speed = count / 1e6 / (time.perf_counter() - started)
            best[name, size, endpoints] = max(best.get((name, size, endpoints), 0.0), speed)
            progress(f"round {round_number + 1}: {name:<7} {size} MiB x {endpoints}: "
                     f"{speed:6.0f} MB/s")  # fmt: skip
    for client in clients.values():
        client.close()
    return best


if __name__ == "__main__":
    main()
