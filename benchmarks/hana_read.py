"""How fast rows of HANA reach a client, FedML's way and ours, measured side by side in one run.

HANA is the emulator of the tests, in a process of its own, which replays result sets that were
encoded before: there is no engine, no disk and no network behind these numbers, only what clients
and our server cost. ``dumb_reader`` takes the replies and throws them away; it bounds all others.

Each reading is a process of its own; the best of the rounds counts, because whatever else the
machine does only slows. ``delayed_...`` is the same with every reply held back ``--delay-ms``.
``server_rss_growth`` is the peak memory of our server and its reader processes for four times the
rows against that for the rows, with a client that drops what it reads.
"""

import json
import subprocess
import sys
from contextlib import ExitStack

import click
import psutil

from benchmarks import servers
from benchmarks.hana_clients import PATHS
from benchmarks.report import environment, print_report, progress

MEASURED = (
    "dumb_reader",
    "driver_rows",
    "fedml_pandas",
    "driver_arrow",
    "ours_1_arrow",
    "ours_2_arrow",
    "ours_1_pandas",
    "ours_2_pandas",
)
DELAYED = ("fedml_pandas", "ours_1_arrow", "ours_2_arrow")
GROWTH = 4


def reading(path: str, target: str, rows: int) -> dict[str, float]:
    """One reading in a process of its own: rows, seconds and peak memory."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.hana_clients", path, target],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=600,
    )
    found: dict[str, float] = json.loads(done.stdout)
    if found["rows"] != rows:
        raise click.ClickException(f"{path} read {found['rows']} rows; {rows} were expected")
    return found


def family_peak_rss_mb(pid: int) -> float:
    """Peak memory of a server and of its reader processes, added up, in MB."""
    readers = psutil.Process(pid).children(recursive=True)
    return sum(servers.peak_rss_mb(member) for member in (pid, *(r.pid for r in readers)))


@click.command()
@click.option("--rows", default=1_000_000, show_default=True, help="Rows of the table.")
@click.option("--rounds", default=3, show_default=True, help="The best round counts.")
@click.option("--delay-ms", default=20.0, show_default=True, help="Of each reply, in the 2nd part.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def main(rows: int, rounds: int, delay_ms: float, *, as_json: bool) -> None:
    """Measure and print."""
    where = environment()
    figures: dict[str, float] = {"rows": rows, "delay_ms": delay_ms}
    figures |= _side_by_side(rows, rounds, 0.0, MEASURED, "")
    figures |= _side_by_side(rows, rounds, delay_ms, DELAYED, "delayed_")
    small, large = _memory(rows), _memory(GROWTH * rows)
    figures |= {"server_peak_rss_mb": small, f"server_peak_rss_mb_{GROWTH}x_rows": large}

    def over(path: str, other: str) -> float:
        return round(figures[f"{path}_rows_per_s"] / figures[f"{other}_rows_per_s"], 3)

    ratios = {
        "two_partitions_vs_one": over("ours_2_arrow", "ours_1_arrow"),
        "ours_arrow_vs_fedml_pandas": over("ours_1_arrow", "fedml_pandas"),
        "ours_two_partitions_vs_fedml_pandas": over("ours_2_arrow", "fedml_pandas"),
        "ours_pandas_vs_fedml_pandas": over("ours_1_pandas", "fedml_pandas"),
        **{f"{path}_delayed_vs_not": over(f"delayed_{path}", path) for path in DELAYED},
        "server_rss_growth": round(large / small, 3),
    }
    print_report(figures, ratios, where, as_json=as_json)


def _side_by_side(
    rows: int, rounds: int, delay_ms: float, paths: tuple[str, ...], prefix: str
) -> dict[str, float]:
    """Rows per second and peak memory of each path, the best of the rounds."""
    figures: dict[str, float] = {}
    with ExitStack() as stack:
        port, _ = stack.enter_context(servers.running("hana", str(rows), str(delay_ms)))
        uri, _ = stack.enter_context(servers.running("datasphere", port))
        for number in range(rounds + 1):  # the first one makes the recordings and is not counted
            for path in paths:
                found = reading(path, uri if path.startswith("ours") else port, rows)
                speed = round(rows / found["seconds"])
                progress(f"round {number}: {prefix}{path:<14} {speed:>10,} rows/s")
                if number:
                    key = f"{prefix}{path}"
                    figures[f"{key}_rows_per_s"] = max(figures.get(f"{key}_rows_per_s", 0), speed)
                    figures[f"{key}_peak_rss_mb"] = found["peak_rss_mb"]
    return figures


def _memory(rows: int) -> float:
    """Peak memory of the server and its readers while a client reads the rows and drops them."""
    with ExitStack() as stack:
        port, _ = stack.enter_context(servers.running("hana", str(rows), "0"))
        uri, pid = stack.enter_context(servers.running("datasphere", port))
        progress(f"Memory for {rows:,} rows")
        reading("ours_1_dropped", uri, rows)
        return round(family_peak_rss_mb(pid))


if __name__ == "__main__":
    assert set(MEASURED) | set(DELAYED) <= set(PATHS)
    main()
