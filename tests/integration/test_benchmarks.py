"""The benchmarks run and print one JSON object; their numbers are not judged here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.java import needs_java


@pytest.mark.parametrize(
    ("arguments", "ratios"),
    [
        (
            ["read_throughput", "--rows", "50000", "--rounds", "1"],
            {"memory_vs_cpp_stream", "duckdb_vs_cpp_stream"},
        ),
        (
            ["hana_read", "--rows", "5000", "--rounds", "1", "--delay-ms", "1"],
            {"two_partitions_vs_one", "ours_arrow_vs_fedml_pandas", "server_rss_growth"},
        ),
        (
            ["write_back", "--rows", "2000", "--fedml-rows", "50"],
            {"hana_vs_fedml_insert", "duckdb_vs_fedml_insert"},
        ),
        pytest.param(
            [
                "spark_read",
                "--rows",
                "40000",
                "--rounds",
                "1",
                "--fedml-rows",
                "20000",
                "--fedml-off-rows",
                "2000",
            ],
            {"source_vs_create_dataframe_pandas", "source_vs_fedml"},
            marks=needs_java,
        ),
        (["memory", "--rows", "200000", "--pause-ms", "1"], {"slow_vs_fast_peak_rss"}),
        pytest.param(
            ["flight_sql", "--scale", "0.01", "--rounds", "1", "--queries", "5"],
            {"ours_vs_roapi_4_columns", "ours_vs_roapi_all_columns"},
            marks=pytest.mark.skipif(
                not Path(sys.executable).with_name("roapi").exists(),
                reason="roapi is not installed; 'make bench' installs it",
            ),
        ),
    ],
    ids=["read_throughput", "hana_read", "write_back", "spark_read", "memory", "flight_sql"],
)
def test_benchmark_prints_one_json_object(arguments: list[str], ratios: set[str]) -> None:
    name, *options = arguments
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", "--json", *options],
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    report = json.loads(done.stdout)
    assert set(report) == {"figures", "ratios", "environment"}
    assert ratios <= set(report["ratios"])
    numbers = [*report["figures"].values(), *report["ratios"].values()]
    assert all(isinstance(number, int | float) and number >= 0 for number in numbers)
    assert {"python", "cores", "pyarrow", "duckdb"} <= set(report["environment"])
