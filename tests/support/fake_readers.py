"""Readers over ``fake_reader`` processes, and what a test wants to know of them."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa

from flight_client.protocol.catalog import Column, HanaType
from flight_server.backends.hana.access import DatabaseUser
from flight_server.backends.hana.messages import Run
from flight_server.backends.hana.pool.readers import Readers
from flight_server.backends.hana.pool.settings import ReaderSettings
from flight_server.backends.hana.pool.stream import HanaStream
from tests.support import fake_reader

START = (
    "import sys; sys.modules['numpy'] = None; "  # two thirds of what it costs to import pyarrow
    "from tests.support.fake_reader import main; main()"
)
COMMAND = (sys.executable, "-P", "-c", START)
COLUMNS = (Column("N", HanaType("BIGINT")),)
PATIENCE_S = 20


@dataclass
class Fakes:
    """Readers under test; ``log`` is what the fakes noted, a line each."""

    readers: Readers
    log: Path
    opened: list[HanaStream] = field(default_factory=list)

    def user(self, name: str = "SALES#FLIGHT", **options: Any) -> DatabaseUser:
        return DatabaseUser(name, {"user": name, "log": str(self.log), **options})

    def open(
        self,
        sql: str,
        *,
        user: DatabaseUser | None = None,
        slot: str = "SALES",
        schema: pa.Schema = fake_reader.SCHEMA,
    ) -> HanaStream:
        stream = self.readers.open(
            user or self.user(), run(sql), schema=schema, slot=slot, subject="SALES.ORDERS"
        )
        self.opened.append(stream)
        return stream

    def lines(self, word: str) -> list[str]:
        """What the fakes noted with this word: ``pid word ...``."""
        text = self.log.read_text() if self.log.exists() else ""
        return [line for line in text.splitlines() if line.split(" ", 1)[1].startswith(word)]

    def pids(self, word: str = "Run") -> list[str]:
        return [line.split(" ", 1)[0] for line in self.lines(word)]


def run(sql: str, columns: tuple[Column, ...] = COLUMNS) -> Run:
    return Run(sql=sql, columns=columns, batch_bytes=65536, lob_bytes=1024)


@contextmanager
def fakes(folder: Path, **settings: Any) -> Iterator[Fakes]:
    """Readers that leave no process behind, whatever the test does."""
    before = children()
    settings = {"backoff_s": 0.01, "command": COMMAND, **settings}
    made = Fakes(Readers(ReaderSettings(**settings)), folder / "log")
    try:
        yield made
    finally:
        for stream in made.opened:
            stream.close()
        made.readers.close()
        assert children() <= before, "a reader process is left"


def children() -> set[int]:
    """Ids of the processes of this one, zombies among them."""
    return {child.pid for child in psutil.Process(os.getpid()).children()}


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether something becomes true before patience ends."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.01)
    return holds()


def rows(stream: HanaStream) -> int:
    """Number of rows to the end of a stream."""
    count = 0
    while (batch := stream.read()) is not None:
        count += batch.num_rows
    return count
