"""Each import contract is broken once, in a copy of the packages, to see that it bites."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("flight_client", "flight_server", "pyspark_flight")
CONTRACTS: dict[str, str] = {
    contract["id"]: contract["name"]
    for contract in tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
        "importlinter"
    ]["contracts"]
}

# Contract, module that gets the line, the line.
INJECTIONS = [
    ("client-layers", "flight_client.protocol.version", "import flight_client.config"),
    ("client-layers", "flight_client.sinks.pandas", "import flight_client.reading"),
    ("client-layers", "flight_client.transport", "import flight_client.streaming"),
    ("client-layers", "flight_client.utils", ""),  # a module without a floor
    ("server-layers", "flight_server.config", "import flight_server.planning.plan"),
    ("server-layers", "flight_server.planning.plan", "import flight_server.sql.statement"),
    ("server-layers", "flight_server.sql.statement", "import flight_server.backends.base"),
    ("server-layers", "flight_server.service.reads", "import flight_server.wire.streams"),
    ("server-layers", "flight_server.utils", ""),
    ("client-without-server", "flight_client.config", "import flight_server.config"),
    ("server-knows-the-language-only", "flight_server.config", "import flight_client.config"),
    ("pure-core", "flight_client.protocol.version", "import socket"),
    ("pure-core", "flight_server.planning.plan", "from time import time"),
    ("pure-core", "flight_server.sql.statement", "import urllib.request"),
    ("pure-core", "flight_server.sql.statement", "import duckdb"),
    (
        "backends-independent",
        "flight_server.backends.memory.backend",
        "import flight_server.backends.duckdb",
    ),
    ("sinks-independent", "flight_client.sinks.pandas", "import flight_client.sinks.polars"),
    ("server-duckdb-door", "flight_server.service.reads", "import duckdb"),
    ("hdbcli-door", "flight_server.service.reads", "from hdbcli import dbapi"),
    ("hdbcli-door", "flight_client.config", "from hdbcli import dbapi"),
    (
        "server-without-reader",
        "flight_server.backends.hana.pool.process",
        "import flight_server.backends.hana.reader.rows",
    ),
    ("reader-alone", "flight_server.backends.hana.reader.rows", "import flight_server.config"),
    ("frames-door", "flight_client.config", "import pandas"),
    ("frames-door", "flight_client.sinks.pandas", "import polars"),
    ("sqlglot-door", "flight_server.service.reads", "import sqlglot"),
    ("protobuf-door", "flight_server.service.reads", "from google.protobuf import message"),
    ("protobuf-door", "flight_server.wire.streams", "import google.protobuf.message"),
    ("no-cycles", "flight_client.protocol.errors", "import flight_client.protocol.version"),
]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A checkout of the packages and their contracts that may be spoilt."""
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(checkout: Path, *contracts: str) -> tuple[int, str]:
    """Exit code and report of import-linter for these contracts, or for all."""
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"]
    for contract in contracts:
        command += ["--contract", contract]
    done = subprocess.run(
        command,
        cwd=checkout,
        env=os.environ | {"COLUMNS": "300", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def inject(checkout: Path, module: str, line: str) -> None:
    """Append the line to the module, which is made where it does not exist."""
    path = checkout.joinpath(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    with path.open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")


def test_packages_as_they_are_keep_every_contract(copy: Path) -> None:
    code, report = lint(copy)

    assert code == 0, report
    assert f"{len(CONTRACTS)} kept, 0 broken" in report


@pytest.mark.parametrize(("contract", "module", "line"), INJECTIONS)
def test_forbidden_import_breaks_its_contract(
    copy: Path, contract: str, module: str, line: str
) -> None:
    inject(copy, module, line)

    code, report = lint(copy, contract)

    assert code == 1, report
    assert f"{CONTRACTS[contract]} BROKEN" in report


def test_every_contract_has_an_injection() -> None:
    assert {contract for contract, _, _ in INJECTIONS} == set(CONTRACTS)


@pytest.mark.parametrize("module", sorted({module for _, module, _ in INJECTIONS}))
def test_injected_module_exists_unless_it_stands_for_a_new_one(module: str) -> None:
    path = ROOT.joinpath(*module.split("."))

    assert path.is_dir() or path.with_suffix(".py").exists() or module.endswith(".utils")
