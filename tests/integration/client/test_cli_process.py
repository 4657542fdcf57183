"""flight-client as a process: Ctrl-C, pipes, terminals of other encodings."""

import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest
from click.testing import CliRunner, Result

from flight_client.cli.commands import main
from flight_client.config import VARIABLES
from tests.support.flight_double import Behaviour, FlightDouble
from tests.support.patience import PATIENCE_S, eventually


@pytest.fixture
def server() -> Iterator[FlightDouble]:
    with FlightDouble() as found:
        yield found


def _run(*arguments: str, env: dict[str, str] | None = None) -> Result:
    cleared = dict.fromkeys(VARIABLES.values(), "")
    return CliRunner(env=cleared | (env or {})).invoke(main, list(arguments))


@contextmanager
def _started(
    server: FlightDouble,
    *arguments: str,
    stdout: int = subprocess.PIPE,
    env: dict[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """The command in a process of its own, which does not outlive its test."""
    code = "from flight_client.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, VARIABLES["uri"]: server.uri, **(env or {})},
        stdout=stdout,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _answers(
    server: FlightDouble, *arguments: str, env: dict[str, str] | None = None
) -> tuple[int, bytes, bytes]:
    """Exit code, stdout and stderr of the command in a process of its own."""
    with _started(server, *arguments, env=env) as process:
        stdout, stderr = process.communicate(timeout=PATIENCE_S)
        return process.returncode, stdout, stderr


def test_ctrl_c_ends_a_slow_read_at_once_with_130(tmp_path: Path) -> None:
    output = str(tmp_path / "orders.csv")
    with (
        FlightDouble(Behaviour(batch_rows=1, pause_s=0.2, endpoints=2), rows=1_000) as server,
        _started(server, "read", "ORDERS", "--output", output) as process,
    ):
        eventually(lambda: server.seen.batches_sent)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=PATIENCE_S)  # the read takes 100 s
    assert process.returncode == 130
    assert stderr.decode() == "interrupted\n"
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_ends_a_wait_for_a_silent_server_at_once() -> None:
    with (
        FlightDouble(Behaviour(silence_s=100)) as server,
        _started(server, "read", "ORDERS", "--json") as process,
    ):
        eventually(lambda: server.seen.streams)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 130


def test_ctrl_c_while_the_commands_are_loaded_is_quiet(server: FlightDouble) -> None:
    code = (
        "import sys\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'pyarrow': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "from flight_client.cli import main; main()\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", code, "tables"], check=False, capture_output=True, timeout=PATIENCE_S
    )
    assert (found.returncode, found.stderr) == (130, b"interrupted\n")


LATIN = {"PYTHONIOENCODING": "latin-1"}
ODD = pa.table({"Größe": ["日本 🎉"]})


def test_terminal_that_lacks_a_letter_shows_a_mark() -> None:
    with FlightDouble(tables={"ODD": ODD}) as server:
        code, stdout, stderr = _answers(server, "read", "ODD", env=LATIN)
    assert (code, stderr) == (0, b"")
    assert [line.strip() for line in stdout.decode("latin-1").splitlines()[::2]] == [
        "Größe", "?? ?", "1 row",
    ]  # fmt: skip


def test_error_with_letters_that_stderr_lacks_is_still_one_line(server: FlightDouble) -> None:
    code, _, stderr = _answers(server, "describe", "日本", env=LATIN)
    assert code == 1
    assert stderr.startswith(b"error: ENTITY_UNKNOWN: ")
    assert stderr.count(b"\n") == 1


@pytest.mark.parametrize("command", [["read", "ODD", "--json"], ["read", "ODD", "-o", "-"]])
def test_data_is_utf_8_whatever_the_terminal_speaks(command: list[str]) -> None:
    with FlightDouble(tables={"ODD": ODD}) as server:
        code, stdout, _ = _answers(server, *command, env=LATIN)
    assert code == 0
    assert "日本 🎉" in stdout.decode()


def test_reader_that_has_seen_enough_is_no_noise() -> None:
    with (
        FlightDouble(rows=20_000) as server,
        _started(server, "read", "ORDERS", "--json") as process,
    ):
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b'{"ORDER_ID": 0')
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
        process.wait(PATIENCE_S)


def test_failed_tls_handshake_is_one_line_and_no_log_of_grpc(server: FlightDouble) -> None:
    uri = server.uri.replace("grpc", "grpc+tls")
    code, stdout, stderr = _answers(server, "tables", "--uri", uri)
    assert (code, stdout) == (1, b"")
    assert re.fullmatch(rb"error: UNAVAILABLE: [^\n]*does not speak TLS[^\n]*\n", stderr)


@pytest.mark.parametrize("command", [["tables"], ["describe", "REVENUE"]])
def test_catalogue_fits_the_terminal(server: FlightDouble, command: list[str]) -> None:
    leader, follower = pty.openpty()
    with _started(server, *command, stdout=follower, env={"COLUMNS": "40"}) as process:
        os.close(follower)
        process.communicate(timeout=PATIENCE_S)
    shown = os.read(leader, 100_000).decode()
    os.close(leader)
    assert process.returncode == 0
    assert 20 < max(len(line) for line in shown.splitlines()) <= 40
