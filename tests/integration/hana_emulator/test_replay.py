"""Recorded results: the same rows, without the engine, faster than any client reads."""

from collections.abc import Iterator
from typing import Any

import pytest
from hdbcli import dbapi

from tests.hana_emulator.values import DeclaredType, ResultColumn
from tests.support.hana_double_process import DoubleServer
from tests.support.hana_engine_double import PASSWORD, USER, Table
from tests.support.hana_raw_client import RawClient

_COLUMNS = (
    ResultColumn("ID", DeclaredType("INTEGER"), nullable=False, schema="S", table="T"),
    ResultColumn("NAME", DeclaredType("NVARCHAR", 100)),
)
_TABLE = Table(_COLUMNS, [(n, f"name {n}") for n in range(50_000)])


@pytest.fixture(scope="module")
def replaying() -> Iterator[DoubleServer]:
    with DoubleServer(replay=True) as started:
        started.add("T", _TABLE)
        yield started


@pytest.fixture
def cursor(replaying: DoubleServer) -> Iterator[Any]:
    connection = dbapi.connect(
        address="127.0.0.1", port=replaying.port, user=USER, password=PASSWORD
    )
    opened = connection.cursor()
    yield opened
    opened.close()
    connection.close()


def test_second_execution_has_the_rows_of_the_first(replaying: DoubleServer, cursor: Any) -> None:
    cursor.execute("SELECT * FROM T")
    first, described = cursor.fetchall(), cursor.description
    replaying.add("T", Table(_COLUMNS, []))
    asked = len(replaying.sessions()[-1].log)

    cursor.execute("SELECT * FROM T")
    second = cursor.fetchall()
    replaying.add("T", _TABLE)

    assert [tuple(row) for row in second] == [tuple(row) for row in first]
    assert (len(second), cursor.description) == (50_000, described)
    assert len(replaying.sessions()[-1].log) == asked


def test_parameters_are_part_of_the_recording(cursor: Any) -> None:
    for wanted in (5, 7, 5):
        cursor.execute("SELECT * FROM T WHERE ID = ?", (wanted,))

        assert [row[0] for row in cursor.fetchall()] == [wanted]


def test_results_with_large_objects_are_not_recorded(replaying: DoubleServer, cursor: Any) -> None:
    column = (ResultColumn("L", DeclaredType("NCLOB")),)
    for text in ("x" * 5000, "y" * 5000):
        replaying.add("L", Table(column, [(text,)]))
        cursor.execute("SELECT * FROM L")

        assert cursor.fetchall()[0][0] == text


@pytest.mark.parametrize("limit_bytes", [65_536, 4 << 20])
def test_replies_respect_the_packet_size(replaying: DoubleServer, limit_bytes: int) -> None:
    with RawClient(replaying.port, limit_bytes=limit_bytes) as client:
        client.log_on(USER, PASSWORD)
        replies = list(client.drain("SELECT * FROM T", fetch_rows=1 << 20))

    assert sum(rows for rows, _ in replies) == 50_000
    assert max(size for _, size in replies) <= limit_bytes
