"""What importing the protocol loads."""

import subprocess
import sys

import pytest

HEAVY = {"pyarrow.flight", "pyarrow._flight", "pandas", "polars", "duckdb", "sqlglot", "pydantic"}


def loaded_by(module: str) -> set[str]:
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("module", ["tickets", "commands", "errors"])
def test_protocol_loads_no_arrow_at_all(module: str) -> None:
    assert not {"pyarrow", *HEAVY} & loaded_by(f"flight_client.protocol.{module}")


def test_schemas_load_arrow_without_flight_and_frames() -> None:
    loaded = loaded_by("flight_client.protocol.schemas")

    assert "pyarrow" in loaded
    assert not HEAVY & loaded
