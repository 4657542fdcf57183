"""``python -m tests.hana_emulator`` as its users start it."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hdbcli import dbapi

ROOT = Path(__file__).parents[3]
_COUNT = "SELECT COUNT(*) FROM SALES.SALES_ORDERS"


@contextmanager
def _emulator(*arguments: str) -> Iterator[dict[str, str]]:
    """Start it, wait for its line, and end it; yields what it printed by first word."""
    command = [sys.executable, "-m", "tests.hana_emulator", "--port", "0", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        printed: dict[str, str] = {}
        assert process.stdout is not None
        while "listening" not in printed:
            line = process.stdout.readline()
            assert line, "it ended before it listened"
            word, _, rest = line.strip().partition(" ")
            printed[word] = rest
        yield printed
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.communicate()


def _connect(printed: dict[str, str], **properties: Any) -> Any:
    match = re.search(r":(\d+)$", printed["listening"])
    assert match
    return dbapi.connect(
        address="localhost",
        port=int(match[1]),
        user="SALES#FLIGHT",
        password="Sesame-open-1",
        **properties,
    )


def _ask(connection: Any, text: str) -> list[tuple[Any, ...]]:
    cursor = connection.cursor()
    cursor.execute(text)
    rows = [tuple(row) for row in cursor.fetchall()]
    cursor.close()
    return rows


def test_sample_is_served_over_tls() -> None:
    with _emulator("--sample", "--tls") as printed:
        roots = printed["trust"].removeprefix("store ")
        connection = _connect(printed, encrypt=True, sslTrustStore=roots)

        assert _ask(connection, _COUNT) == [(10_000,)]
        connection.close()


def test_certificate_to_trust_is_put_where_asked(tmp_path: Path) -> None:
    roots = tmp_path / "ca.pem"
    with _emulator("--tls", "--trust-store", str(roots)) as printed:
        assert printed["trust"] == f"store {roots}"
        _connect(printed, encrypt=True, sslTrustStore=str(roots)).close()


def test_recordings_outlive_the_process(tmp_path: Path) -> None:
    path = str(tmp_path / "recordings")
    with _emulator("--sample", "--replay", path) as printed:
        connection = _connect(printed)
        assert _ask(connection, _COUNT) == [(10_000,)]
        connection.close()

    with _emulator("--replay", path) as printed:
        connection = _connect(printed)
        assert _ask(connection, _COUNT) == [(10_000,)]
        connection.close()


def test_fault_is_armed_from_the_start() -> None:
    with (
        _emulator("--fault", "overloaded:code=616") as printed,
        pytest.raises(dbapi.Error) as raised,
    ):
        _connect(printed)

    assert raised.value.errorcode == 616


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--fault", "nonsense"], "there is no fault 'nonsense'"),
        (["--cert", __file__], "--cert and --key go together"),
    ],
)
def test_wrong_usage_is_said_and_exits_with_2(arguments: list[str], sentence: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.hana_emulator", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 2
    assert sentence in done.stderr
