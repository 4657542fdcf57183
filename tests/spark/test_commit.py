"""Commit and abort of a writer, as Spark calls them in the driver, without a session."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import flight_client
from flight_client.client import Client
from flight_client.protocol.errors import DataError, OutcomeUnknown
from flight_server.app import RunningServer, open_backend
from flight_server.config import Configuration
from pyspark_flight import staging
from pyspark_flight.staging import MARK
from pyspark_flight.write_options import write_options

pytest.importorskip("pyspark")

from pyspark.sql.types import LongType, StructField, StructType

from pyspark_flight.writing import FlightWriter, Staged, begin_write

SCHEMA = StructType([StructField("ID", LongType())])
ROWS = pa.record_batch({"ID": pa.array([1, 2], pa.int64())})


class Doubt:
    """A backend, or a transaction of it, whose commits end in doubt once that is wanted."""

    wanted = False

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def acting_for(self, principal: str) -> "Doubt":
        return Doubt(self._inner.acting_for(principal))

    def begin(self, space: str) -> "Doubt":
        return Doubt(self._inner.begin(space))

    def commit(self) -> None:
        self._inner.commit()
        if Doubt.wanted:
            raise OutcomeUnknown("The connection broke; look at the data.")


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    script = tmp_path / "make.sql"
    script.write_text('CREATE SCHEMA LAB; CREATE TABLE LAB.T ("ID" BIGINT PRIMARY KEY)')
    configuration = Configuration.model_validate(
        {
            "server": {"port": 0},
            "database": {"read_only": False, "init_script": script},
            "writes": {"enabled": True, "spaces": ("LAB",)},
        }
    )
    backend: Any = Doubt(open_backend(configuration))
    with (
        RunningServer(backend, configuration) as running,
        flight_client.connect(running.uri, space="LAB", progress=False) as made,
    ):
        yield made
    Doubt.wanted = False


def begun(client: Client, *, overwrite: bool = False) -> FlightWriter:
    """A writer whose one attempt, 7, wrote two rows."""
    uri = repr(client).rpartition(" ")[2].rstrip(">")
    options = write_options({"uri": uri, "space": "LAB", "table": "T"}, {}, overwrite=overwrite)
    writer = begin_write(options, SCHEMA)
    staging.append(client, writer._stage, options, 7, [ROWS])
    return writer


def stages(client: Client) -> list[str]:
    return [table.name for table in client.tables() if MARK in table.name]


def ids(client: Client) -> list[int]:
    return sorted(client.table("T").to_arrow()["ID"].to_pylist())


def test_commit_keeps_the_rows_and_drops_the_stage(client: Client) -> None:
    begun(client).commit([Staged(7, 2), Staged(8, 0)])

    assert (ids(client), stages(client)) == ([1, 2], [])


@pytest.mark.parametrize("overwrite", [False, True])
def test_commit_in_doubt_says_so_and_keeps_the_stage(client: Client, overwrite: bool) -> None:
    writer = begun(client, overwrite=overwrite)
    Doubt.wanted = True

    with pytest.raises(OutcomeUnknown, match=rf"The rows are also in LAB\.T{MARK}") as caught:
        writer.commit([Staged(7, 2)])
    Doubt.wanted = False
    writer.abort([Staged(7, 2)])

    assert caught.value.details["outcome"] == "unknown"
    assert len(stages(client)) == 1


def test_commit_that_fails_drops_the_stage(client: Client) -> None:
    writer = begun(client)

    with pytest.raises(DataError, match="has 2 of the 3 rows"):
        writer.commit([Staged(7, 2), Staged(8, 1)])
    writer.abort([Staged(7, 2), Staged(8, 1)])

    assert (ids(client), stages(client)) == ([], [])


@pytest.mark.parametrize("messages", [[None], [Staged(7, 2), None]])
def test_abort_after_a_failed_task_drops_the_stage(client: Client, messages: list[Any]) -> None:
    begun(client).abort(messages)

    assert (ids(client), stages(client)) == ([], [])
