"""One job in a classic local session and one over Spark Connect, each in a process of its own."""

import json
import os
import subprocess
import sys

import pytest

from flight_client.client import Client
from tests.spark.conftest import EVENTS_ROWS
from tests.support.java import needs_java
from tests.support.sql_service import SqlService


@needs_java
@pytest.mark.timeout(400)  # two Java machines and a dozen Python processes on two busy cores
@pytest.mark.parametrize(
    ("landscape", "remote"),
    [("duckdb", "classic"), ("hana@emulator", "local[2]")],
    ids=["classic", "connect"],
    indirect=["landscape"],
)
def test_job_reads_and_writes_in_each_way(
    uri: str, service: SqlService, client: Client, remote: str
) -> None:
    pytest.importorskip("pyspark.sql")
    if remote != "classic":
        pytest.importorskip("grpc_status", reason="pyspark[connect] is not installed")

    done = subprocess.run(
        [sys.executable, "-m", "tests.spark.job", uri, service.uri, remote],
        capture_output=True,
        env={**os.environ, "PYSPARK_PYTHON": sys.executable},
        text=True,
        timeout=380,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-4000:]
    found = json.loads(done.stdout.splitlines()[-1])
    error, write_error = found.pop("error"), found.pop("write_error")
    assert found == {
        "rows": EVENTS_ROWS,
        "columns": ["ID", "TEXT"],
        "pushed": [998, 999],
        "view": sum(range(EVENTS_ROWS)),
        "mapped": len(range(0, EVENTS_ROWS, 3)),
    }
    assert "UnknownEntity: There is no entity 'NIX'" in error
    assert "has no value for column 'ID'" in write_error
    saved = client.table("SAVED", order_by=["ID"]).to_arrow()
    assert saved["ID"].to_pylist() == list(range(8))
    assert saved["TEXT"].to_pylist()[4:] == ["50%_\\1", *["new"] * 3]
