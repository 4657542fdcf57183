"""The doors that ruff guards, because import-linter sees external packages at their root only."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def rules_broken(path: str, code: str) -> set[str]:
    """Rules that ruff finds broken by the code, as if it stood in that file."""
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format", "concise"]
    done = subprocess.run(
        [*command, "--select", "TID", "--stdin-filename", path, "-"],
        input=f'"""A module."""\n\n{code}\n',
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    return {word for word in done.stdout.split() if word.startswith("TID")}


@pytest.mark.parametrize(
    "path",
    [
        "flight_client/reading.py",
        "flight_client/protocol/tickets.py",
        "flight_client/sinks/pandas.py",
        "flight_server/app.py",
        "flight_server/service/reads.py",
        "flight_server/backends/memory/backend.py",
        "flight_server/sql/gate.py",
    ],
)
@pytest.mark.parametrize(
    "line",
    ["import pyarrow.flight", "import pyarrow.flight as fl", "from pyarrow import flight"],
)
def test_flight_outside_its_two_doors_is_refused(path: str, line: str) -> None:
    assert rules_broken(path, line) == {"TID251"}


@pytest.mark.parametrize("path", ["flight_client/transport.py", "flight_server/wire/server.py"])
def test_flight_in_its_doors_is_allowed(path: str) -> None:
    assert rules_broken(path, "import pyarrow.flight as fl") == set()


def test_frame_library_at_the_top_of_a_module_is_refused() -> None:
    assert rules_broken("flight_client/reading.py", "import pandas as pd") == {"TID253"}


def test_relative_import_is_refused() -> None:
    assert rules_broken("flight_client/reading.py", "from .config import X") == {"TID252"}
