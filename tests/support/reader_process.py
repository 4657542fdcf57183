"""A reader process with the real hdbcli, asked over its pipes as the server asks it."""

import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from flight_client.protocol.catalog import Column
from flight_server.backends.hana.messages import (
    Connect,
    Connected,
    Failed,
    Finished,
    Reply,
    Request,
    Run,
    Running,
)
from flight_server.backends.hana.pool.process import ReaderProcess
from tests.support.hana_engine_double import PASSWORD, USER

COMMAND = (sys.executable, "-m", "flight_server.backends.hana.reader")
_GRACE_S = 10


class Asked:
    """A running reader; its process ends with the ``with`` block, whatever happens."""

    def __init__(self) -> None:
        self.process = ReaderProcess(COMMAND)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.bury(_GRACE_S)

    def ask(self, request: Request) -> Reply:
        """Ask for something other than a Run."""
        self.process.send(request)
        return self.process.receive()

    def connect(self, port: int, /, *statements: str, **options: Any) -> Reply:
        """Log on as the user of the engine double."""
        return self.ask(Connect(options_of(port) | options, statements))

    def start(self, run: Run) -> "pa.RecordBatchStreamReader | Failed":
        """Send a Run; its batches, or why it failed before there were any."""
        self.process.send(run)
        reply = self.process.receive()
        if isinstance(reply, Failed):
            return reply
        assert isinstance(reply, Running)
        return self.process.batches()

    def run(self, run: Run) -> tuple[list[pa.RecordBatch], Finished | Failed]:
        """All batches of a Run, and how it ended."""
        batches = self.start(run)
        if isinstance(batches, Failed):
            return [], batches
        found = list(batches)
        reply = self.process.receive()
        assert isinstance(reply, Finished | Failed)
        return found, reply

    def read(self, sql: str, columns: Sequence[Column], **settings: Any) -> pa.Table:
        """The rows of a Run that succeeds."""
        batches, reply = self.run(run_of(sql, columns, **settings))
        assert isinstance(reply, Finished), reply
        assert reply.rows == sum(batch.num_rows for batch in batches)
        return pa.Table.from_batches(batches) if batches else pa.table({})


def connected(port: int, *statements: str, **options: Any) -> Asked:
    """A reader that has logged on."""
    asked = Asked()
    reply = asked.connect(port, *statements, **options)
    assert isinstance(reply, Connected), reply
    return asked


def options_of(port: int) -> dict[str, Any]:
    """What a connection to an emulator needs."""
    return {
        "address": "127.0.0.1",
        "port": port,
        "user": USER,
        "password": PASSWORD,
        "reconnect": False,
        "encrypt": False,
        "connectTimeout": 15_000,
    }


def run_of(sql: str, columns: Sequence[Column], **settings: Any) -> Run:
    """A Run with the usual bounds."""
    bounds = {"batch_bytes": 1024 * 1024, "lob_bytes": 1024 * 1024}
    return Run(sql=sql, columns=tuple(columns), **{**bounds, **settings})
