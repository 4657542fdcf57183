"""A database in memory stays there."""

from contextlib import closing
from pathlib import Path

import pytest

from flight_client.protocol.errors import ResourceExhausted
from flight_client.protocol.tickets import OrderKey, ReadTicket
from flight_server.backends.duckdb.backend import DuckDbBackend
from flight_server.planning.read import Limits, plan_read

SCRIPT = """
CREATE SCHEMA "S";
CREATE VIEW "S"."V" AS SELECT hash(range) // 3 AS "A", md5(CAST(range AS VARCHAR)) AS "B"
FROM range(3000000);
"""


def test_statement_over_the_memory_limit_fails_in_a_sentence_and_writes_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with closing(
        DuckDbBackend.open_database(
            None, read_only=False, memory_limit="40MB", threads=2, init_script=SCRIPT
        )
    ) as backend:
        entity = backend.entity("S", "V")
        assert entity is not None
        ticket = ReadTicket(entity="V", order_by=(OrderKey("B"),))
        with (
            closing(backend.open(plan_read(ticket, entity, Limits()))) as stream,
            pytest.raises(ResourceExhausted, match="more memory"),
        ):
            stream.read()
    assert list(tmp_path.iterdir()) == []
