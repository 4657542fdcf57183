"""Prints what a benchmark measured: one JSON object, or lines for people; progress on stderr."""

import json
import os
import platform
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("pyarrow", "duckdb", "hdbcli", "datasphere-flight")


def environment() -> dict[str, str | int | float]:
    """What the numbers depend on."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu": _cpu(),
        "cores": os.cpu_count() or 0,
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "load_average_before": round(os.getloadavg()[0], 2),
        **{name: version(name) for name in PACKAGES},
    }


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def progress(message: str) -> None:
    """Say what is being measured."""
    print(message, file=sys.stderr, flush=True)


def print_report(
    figures: Mapping[str, float],
    ratios: Mapping[str, float],
    environment: Mapping[str, str | int | float],
    *,
    as_json: bool,
) -> None:
    """Print one JSON object, or the same for people."""
    report = {"figures": dict(figures), "ratios": dict(ratios), "environment": dict(environment)}
    if as_json:
        print(json.dumps(report))
        return
    for title, table in report.items():
        print(f"{title}:")
        for name, value in table.items():
            print(f"  {name:<44} {value}")
