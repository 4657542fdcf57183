"""The samples of docs/flight-sql.md run as they are written, one after the other."""

import re
from pathlib import Path

import pytest

from flight_server.app import start
from flight_server.config import Configuration
from flight_server.landscape import landscape_sql

ROOT = Path(__file__).parents[3]
ADDRESS = "grpc://127.0.0.1:8815"


@pytest.fixture
def uri(tmp_path: Path) -> object:
    script = tmp_path / "landscape.sql"
    script.write_text(f'{landscape_sql(2000)}\nCREATE SCHEMA "LAB";', encoding="utf-8")
    configuration = Configuration.model_validate(
        {
            "server": {"port": 0},
            "database": {"read_only": False, "init_script": script},
            "writes": {"enabled": True, "spaces": ("LAB",)},
        }
    )
    with start(configuration) as server:
        yield server.uri


def test_samples_of_the_page_run(uri: str, capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / "docs/flight-sql.md").read_text(encoding="utf-8")
    samples = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(samples) == 5
    names: dict[str, object] = {}
    try:
        for sample in samples:
            exec(sample.replace(ADDRESS, uri), names)  # noqa: S102 - our own page
        assert len(names["partitions"]) == 4
        with names["connection"].cursor() as cursor:
            cursor.execute("SELECT ID FROM LAB.FRAME ORDER BY ID")
            assert cursor.fetchall() == [(1,), (2,), (3,)]
            cursor.execute("SELECT SCORE FROM LAB.SCORES ORDER BY ORDER_ID")
            assert cursor.fetchall() == [(0.5,), (1.0,)]
    finally:
        if "connection" in names:
            names["connection"].close()
    assert "DELIVERED" in capsys.readouterr().out
