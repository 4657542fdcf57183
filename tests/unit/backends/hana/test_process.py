"""One reader process: what it is given, what it cannot see, and that it never outlives us."""

import os
import resource
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from flight_client.protocol.errors import Unavailable
from flight_server.backends.hana.messages import Connected, Ping
from flight_server.backends.hana.pool.process import ReaderLost, ReaderProcess, child_environment
from flight_server.backends.hana.pool.settings import MODULE, ReaderSettings
from tests.support.fake_reader import TEXT
from tests.support.fake_readers import COMMAND, children, eventually, fakes, rows


@pytest.fixture
def process() -> Iterator[ReaderProcess]:
    started = ReaderProcess(COMMAND)
    yield started
    started.bury(0)


def test_environment_of_a_reader_has_no_setting_of_the_server() -> None:
    ours = {
        "PATH": "/bin",
        "LC_ALL": "C.UTF-8",
        "FLIGHT_SERVER_HANA__PASSWORD": "secret",
        "MY_HANA_PASSWORD": "secret",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }

    passed = child_environment(ours)

    assert set(passed) == {"PATH", "LC_ALL", "PYTHONPATH"}


def test_variable_that_only_begins_like_a_known_one_is_not_passed_on() -> None:
    ours = {
        "PYTHONHOME": "/usr",
        "PYTHON_KEYRING_PASSWORD": "secret",
        "LD_LIBRARY_PATH": "/lib",
        "LD_SDK_KEY": "secret",
        "OPENSSL_CONF": "/etc/ssl/openssl.cnf",
        "OPENSSL_KEY_PASSWORD": "secret",
        "ARROW_TOKEN": "secret",
    }

    passed = child_environment(ours)

    assert set(passed) == {"PYTHONHOME", "LD_LIBRARY_PATH", "OPENSSL_CONF", "PYTHONPATH"}


def test_reader_leaves_no_core_file_with_its_password() -> None:
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (before[1], before[1]))
    process = ReaderProcess(ReaderSettings().command)
    try:
        process.send(Ping())
        process.receive()
        soft, _ = psutil.Process(process.pid).rlimit(psutil.RLIMIT_CORE)
    finally:
        process.bury(0)
        resource.setrlimit(resource.RLIMIT_CORE, before)

    assert soft == 0


def test_reader_finds_the_modules_that_we_find() -> None:
    passed = child_environment({"PYTHONPATH": "/of/the/shell"})

    assert passed["PYTHONPATH"].split(os.pathsep) == [path or str(Path.cwd()) for path in sys.path]


def test_module_path_of_a_program_may_hold_what_is_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    before = child_environment({})
    monkeypatch.setattr(sys, "path", [Path("/of/a/program"), *sys.path])

    assert child_environment({}) == before


def test_password_is_in_no_argument_and_no_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLIGHT_SERVER_HANA__PASSWORD", "open sesame")
    with fakes(tmp_path) as hana:
        user = hana.user(password="open sesame")
        with closing(hana.open("environment", user=user, schema=TEXT)) as stream:
            batch = stream.read()
        (pid,) = hana.pids()
        arguments = psutil.Process(int(pid)).cmdline()

    assert batch is not None
    assert "open sesame" not in " ".join([*batch["T"].to_pylist(), *arguments])
    assert "open sesame" not in repr(user)


def test_second_reader_does_not_hold_the_pipes_of_the_first() -> None:
    """Else the first would not see the end of its pipe while the second lives."""
    first, second = ReaderProcess(COMMAND), ReaderProcess(COMMAND)

    assert first.bury(20) == "exit status 0"
    second.send(Ping())
    assert isinstance(second.receive(), Connected)
    second.bury(0)


def test_foreign_child_does_not_hold_the_pipes(process: ReaderProcess) -> None:
    sleeper = subprocess.Popen(["sleep", "60"], close_fds=False)

    how = process.bury(20)

    sleeper.kill()
    sleeper.wait()
    assert how == "exit status 0"


def test_killed_server_leaves_no_reader(tmp_path: Path) -> None:
    script = textwrap.dedent(
        f"""
        import pathlib, time
        from tests.support.fake_readers import COMMAND, Fakes, Readers, ReaderSettings
        readers = Readers(ReaderSettings(command=COMMAND))
        hana = Fakes(readers, pathlib.Path({str(tmp_path / "log")!r}))
        streams = [hana.open(f"rows 1; {{sql}}") for sql in ("hang", "deaf", "rows 1 x99999999")]
        for stream in streams:
            stream.read()
        print("ready", flush=True)
        time.sleep(60)
        """
    )
    server = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    assert server.stdout.readline() == "ready\n"
    readers = psutil.Process(server.pid).children()

    server.send_signal(signal.SIGKILL)

    server.wait()
    server.stdout.close()
    assert len(readers) == 3
    assert psutil.wait_procs(readers, timeout=20)[1] == []


def test_ctrl_c_at_the_terminal_does_not_reach_a_reader(process: ReaderProcess) -> None:
    assert os.getpgid(process.pid) != os.getpgid(0)


def test_kill_wakes_whoever_waits_for_a_reply(process: ReaderProcess) -> None:
    process.kill()

    with pytest.raises(ReaderLost, match="SIGKILL"):
        process.receive()


def test_request_to_a_dead_reader_says_how_it_died(process: ReaderProcess) -> None:
    process.kill()
    assert eventually(process.has_ended)

    with pytest.raises(ReaderLost, match="signal 9"):
        process.send(Ping())


def test_buried_reader_is_no_zombie() -> None:
    process = ReaderProcess(COMMAND)
    process.kill()

    process.bury(0)

    assert process.pid not in children()


def test_buried_reader_leaves_no_descriptor() -> None:
    before = psutil.Process().num_fds()

    ReaderProcess(COMMAND).bury(0)

    assert psutil.Process().num_fds() == before


def test_command_that_does_not_exist_is_told(tmp_path: Path) -> None:
    before = psutil.Process().num_fds()

    with pytest.raises(Unavailable, match="cannot start a reader process: No such file"):
        ReaderProcess((str(tmp_path / "nothing"),))

    assert psutil.Process().num_fds() == before


def test_reader_that_does_not_start_is_told(tmp_path: Path) -> None:
    command = (sys.executable, "-c", "raise SystemExit(3)")
    with (
        fakes(tmp_path, command=command) as hana,
        closing(hana.open("rows 1")) as stream,
        pytest.raises(Unavailable, match="exit status 3"),
    ):
        rows(stream)


def test_reader_is_started_by_module_name() -> None:
    command = ReaderSettings().command

    assert command[-2:] == ("-m", MODULE)
    assert "-P" in command
