"""flight-server as a user types it: output, exit codes, signals."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow.flight as fl
import pytest

from flight_client.protocol.tickets import ReadTicket
from tests.support.patience import PATIENCE_S
from tests.support.serving import as_ticket

COMMAND = [sys.executable, "-m", "flight_server"]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "sales.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute('CREATE SCHEMA "S"; CREATE TABLE "S"."T" AS SELECT range AS "A" '
                           "FROM range(5)")  # fmt: skip
    return path


@pytest.fixture
def large_view(tmp_path: Path) -> Path:
    path = tmp_path / "large.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute('CREATE SCHEMA "S"')
        connection.execute('CREATE VIEW "S"."T" AS SELECT range AS "A" FROM range(1000000000)')
    return path


def _run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FLIGHT_SERVER_")}
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("command", [(), ("serve",), ("demo",), ("check",), ("show-config",)])
def test_help_explains_each_command(command: tuple[str, ...]) -> None:
    done = _run(*command, "--help")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) > 5


def test_unknown_option_is_wrong_usage() -> None:
    done = _run("serve", "--prot", "1")
    assert done.returncode == 2
    assert "No such option" in done.stderr


def test_check_says_what_callers_would_find(database: Path) -> None:
    done = _run("check", FLIGHT_SERVER_DATABASE__PATH=str(database))
    assert done.returncode == 0
    assert "Space 'S' has 1 entity." in done.stdout


def test_check_in_json(database: Path) -> None:
    done = _run("check", "--json", FLIGHT_SERVER_DATABASE__PATH=str(database))
    assert json.loads(done.stdout) == {"backend": "duckdb", "spaces": {"S": 1}, "writable": []}


def test_check_of_an_empty_database_says_so() -> None:
    done = _run("check")
    assert done.returncode == 0
    assert "callers would find nothing" in done.stdout


def test_check_reports_all_problems_and_no_traceback(tmp_path: Path) -> None:
    path = tmp_path / "server.toml"
    path.write_text("[server]\nprot = 1\n[limts]\n", encoding="utf-8")
    done = _run("check", "--config", str(path))
    assert done.returncode == 2
    assert "server.prot: unknown key" in done.stderr
    assert "limts: unknown section" in done.stderr
    assert "Traceback" not in done.stderr


def test_check_of_a_missing_database_fails_in_a_sentence(tmp_path: Path) -> None:
    done = _run("check", FLIGHT_SERVER_DATABASE__PATH=str(tmp_path / "none.duckdb"))
    assert done.returncode in (1, 2)
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr


def test_check_of_an_unsafe_listener_fails() -> None:
    done = _run("check", FLIGHT_SERVER_SERVER__HOST="0.0.0.0")
    assert done.returncode == 2
    assert "allow_insecure" in done.stderr


def test_show_config_masks_secrets() -> None:
    secret = "s3cr3t-" * 8
    done = _run("show-config", FLIGHT_SERVER_TICKETS__SIGNING_KEY=secret)
    assert done.returncode == 0
    assert 'signing_key = "**********"' in done.stdout
    assert "s3cr3t" not in done.stdout + done.stderr


def test_show_config_in_json_holds_every_section() -> None:
    shown = json.loads(_run("show-config", "--json").stdout)
    assert {"server", "database", "tickets", "limits", "log"} <= set(shown)


@contextmanager
def _started(*command: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """A process that does not outlive its test."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("FLIGHT_SERVER_")}
    with subprocess.Popen(
        command,
        env=environment | variables,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def _serving(
    database: Path, *, command: Sequence[str] = (*COMMAND, "serve"), **variables: str
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server that listens, and its address."""
    settings = {
        "FLIGHT_SERVER_DATABASE__PATH": str(database),
        "FLIGHT_SERVER_SERVER__PORT": "0",
    }
    with _started(*command, **settings, **variables) as process:
        yield process, _line(process, "Listening on ").split()[-1]


def _line(process: subprocess.Popen[str], start: str) -> str:
    """The next line of its stderr that begins so."""
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith(start):
            return line
    raise AssertionError(f"the process ended without a line {start!r}")


@contextmanager
def _stalled_read(uri: str) -> Iterator[None]:
    """A client that takes one chunk of a read and no more."""
    with fl.connect(uri) as client:
        reader = client.do_get(as_ticket(ReadTicket(entity="T")))
        reader.read_chunk()
        yield


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_answers_until_a_signal_and_exits_cleanly(
    database: Path, number: signal.Signals
) -> None:
    with _serving(database) as (process, uri):
        with fl.connect(uri) as client:
            ticket = as_ticket(ReadTicket(entity="T"))
            assert client.do_get(ticket).read_all().num_rows == 5
        process.send_signal(number)
        assert process.wait(PATIENCE_S) == 0
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()


SIGNAL_TO_ANOTHER_THREAD = """
import signal, sys, threading
from flight_server.__main__ import main

def take_the_signal():
    sys.stdin.readline()
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
    threading.Event().wait()

threading.Thread(target=take_the_signal, daemon=True).start()
sys.argv[1:] = ["serve"]
main()
"""


def test_signal_that_another_thread_takes_stops_the_server_too(database: Path) -> None:
    command = (sys.executable, "-c", SIGNAL_TO_ANOTHER_THREAD)
    with _serving(database, command=command) as (process, _):
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.wait(PATIENCE_S) == 0


def test_serve_of_a_taken_port_fails_in_a_sentence(database: Path) -> None:
    with _serving(database) as (_, uri):
        port = uri.rpartition(":")[2]
        done = _run("serve", FLIGHT_SERVER_SERVER__PORT=port)
    assert done.returncode == 2
    assert "Cannot listen" in done.stderr
    assert "Traceback" not in done.stderr


def test_client_that_takes_nothing_does_not_keep_the_server_alive(large_view: Path) -> None:
    with (
        _serving(large_view, FLIGHT_SERVER_SERVER__GRACE_S="1") as (process, uri),
        _stalled_read(uri),
    ):
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 1
        assert process.stderr is not None
        assert "were cut" in process.stderr.read()


def test_second_signal_does_not_wait(large_view: Path) -> None:
    with (
        _serving(large_view, FLIGHT_SERVER_SERVER__GRACE_S="3600") as (process, uri),
        _stalled_read(uri),
    ):
        process.send_signal(signal.SIGTERM)
        _line(process, "Stopping")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == -signal.SIGTERM


def test_end_that_hangs_is_ended_by_the_kernel() -> None:
    code = (
        "import threading\n"
        "from flight_server.cli import end_within\n"
        "end_within(0.1)\n"
        "threading.Event().wait()\n"
    )
    with _started(sys.executable, "-c", code) as process:
        assert process.wait(PATIENCE_S) == -signal.SIGALRM


def test_demo_shows_the_product_and_ends_by_itself() -> None:
    done = _run("demo", "--items", "5000")
    assert done.returncode == 0
    for shown in ("REVENUE_BY_REGION", "P_CURRENCY", "pushed down", "2024-Q1", "rows per second"):
        assert shown in done.stdout
    assert "nanobind" not in done.stderr
    assert "Traceback" not in done.stderr


def test_demo_that_is_interrupted_says_nothing_more() -> None:
    with _started(*COMMAND, "demo", "--items", "5000000") as process:
        assert process.stderr is not None
        assert "sample landscape" in process.stderr.readline()
        time.sleep(1.0)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 130
        assert "Traceback" not in process.stderr.read()


def test_missing_extra_is_named() -> None:
    code = (
        "import sys; sys.modules['pydantic'] = None\n"
        "from flight_server.__main__ import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert done.stderr.strip() == (
        "error: pydantic is not installed; run: pip install 'datasphere-flight[server]'"
    )
