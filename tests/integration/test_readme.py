"""The samples of README.md and docs/protocol.md run as they are written."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pyarrow.flight as fl
import pytest
from click.testing import CliRunner

from flight_client.cli.commands import main
from flight_client.protocol.writes import decode_write
from flight_server.backends.duckdb.backend import DuckDbBackend
from flight_server.landscape import landscape_sql
from tests.support.serving import serving

ROOT = Path(__file__).parents[2]
ADDRESS = "grpc://127.0.0.1:8815"


@pytest.fixture(scope="module")
def uri() -> Iterator[str]:
    backend = DuckDbBackend.open_database(None, read_only=False, init_script=landscape_sql(2000))
    with serving(backend) as server:
        yield server.uri


def _blocks(page: str, language: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_ten_lines_of_the_readme_run(uri: str, capsys: pytest.CaptureFixture[str]) -> None:
    (sample,) = _blocks("README.md", "python")
    assert ADDRESS in sample
    exec(sample.replace(ADDRESS, uri), {})  # noqa: S102 - our own page
    shown = capsys.readouterr().out
    for words in ("REVENUE_BY_REGION", "parameter", "DELIVERED"):
        assert words in shown


def test_lines_for_adbc_of_the_readme_run(uri: str, capsys: pytest.CaptureFixture[str]) -> None:
    (sample,) = _blocks("README.md", "py")
    assert ADDRESS in sample
    exec(sample.replace(ADDRESS, uri), {})  # noqa: S102 - our own page
    assert "DELIVERED" in capsys.readouterr().out


def test_shell_lines_of_the_readme_run(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"^    flight-client (.*)$", text, re.MULTILINE)
    assert lines
    for line in lines:
        done = CliRunner().invoke(main, shlex.split(line), env={"FLIGHT_CLIENT_URI": uri})
        assert done.exit_code == 0, done.output
    assert (tmp_path / "orders.parquet").exists()


def test_write_of_the_protocol_page_is_one() -> None:
    (sample,) = (each for each in _blocks("docs/protocol.md", "json") if '"write"' in each)
    assert decode_write(sample.encode()).keys == ("ORDER_ID",)


def test_tickets_of_the_protocol_page_are_read(uri: str) -> None:
    samples = _blocks("docs/protocol.md", "json")
    reads = [sample for sample in samples if json.loads(sample)["kind"] != "write"]
    assert (len(samples), len(reads)) == (3, 2)
    with fl.connect(uri) as client:
        for sample in reads:
            ticket = json.dumps(json.loads(sample))
            assert client.do_get(fl.Ticket(ticket)).read_all().num_rows > 0
