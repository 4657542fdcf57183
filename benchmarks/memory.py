"""How much memory the server takes while it streams many rows, to a fast and to a slow client.

The table is a DuckDB file; the server runs in a process of its own and the kernel reports its peak.
``server_peak_rss_mb`` is of a server whose DuckDB is bounded by ``database.memory_limit``
(``--memory-limit``), as in a small container. Without a bound DuckDB keeps the pages that it has
read in memory, up to 80 % of the machine; ``unbounded_peak_rss_mb`` shows what that comes to.
"""

import tempfile
import time
from pathlib import Path

import click
import pyarrow.flight as fl

from benchmarks import servers, tables
from benchmarks.report import environment, print_report, progress
from flight_client.protocol.tickets import ReadTicket, encode_ticket


def read(uri: str, pause_s: float) -> tuple[int, float]:
    """Read the table and pause after each batch; returns rows and seconds."""
    ticket = fl.Ticket(encode_ticket(ReadTicket(space="SALES", entity="ITEMS")))
    started = time.perf_counter()
    rows = 0
    with fl.connect(uri) as client:
        for chunk in client.do_get(ticket):
            rows += chunk.data.num_rows
            time.sleep(pause_s)
    return rows, time.perf_counter() - started


@click.command()
@click.option("--rows", default=50_000_000, show_default=True, help="Rows of the table.")
@click.option("--memory-limit", default="24MB", show_default=True, help="Of DuckDB.")
@click.option("--pause-ms", default=20.0, show_default=True, help="Of the slow client, a batch.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def main(rows: int, memory_limit: str, pause_ms: float, *, as_json: bool) -> None:
    """Measure and print."""
    where = environment()
    figures: dict[str, float] = {"rows": rows}
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "items.duckdb")
        progress(f"Writing {rows} rows to a DuckDB file")
        tables.in_file(path, rows)
        figures["file_mb"] = round(Path(path).stat().st_size / 1e6)
        for name, pause_s, limit in (
            ("fast", 0.0, [memory_limit]),
            ("slow", pause_ms / 1000, [memory_limit]),
            ("unbounded", 0.0, []),
        ):
            with servers.running("duckdb", path, *limit) as (uri, pid):
                figures[f"{name}_idle_rss_mb"] = round(servers.peak_rss_mb(pid))
                progress(f"Reading: {name}")
                count, seconds = read(uri, pause_s)
                if count != rows:
                    raise click.ClickException(f"{count} rows came; {rows} were expected")
                figures[f"{name}_peak_rss_mb"] = round(servers.peak_rss_mb(pid))
                figures[f"{name}_rows_per_s"] = round(rows / seconds)
    figures["server_peak_rss_mb"] = max(figures["fast_peak_rss_mb"], figures["slow_peak_rss_mb"])
    ratios = {"slow_vs_fast_peak_rss": round(
        figures["slow_peak_rss_mb"] / figures["fast_peak_rss_mb"], 3)}  # fmt: skip
    print_report(figures, ratios, where, as_json=as_json)


if __name__ == "__main__":
    main()
