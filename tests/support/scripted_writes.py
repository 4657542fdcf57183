"""A write transaction by hand: notes what is done to it, and waits where a test says so."""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

import pyarrow as pa

from flight_client.protocol.catalog import Column, Entity
from flight_client.protocol.errors import Cancelled, Error
from flight_server.backends.base import ParameterRow
from flight_server.sql.changes import AdmittedChange
from flight_server.sql.gate import AdmittedQuery
from tests.support.patience import PATIENCE_S
from tests.support.scripted import ScriptedStream

SCHEMA = pa.schema([("N", pa.int64())])


@dataclass(eq=False)
class ScriptedWrite:
    """Plays a ``WriteTransaction``; ``on_commit`` runs before its commit."""

    on_commit: Callable[[], None] = lambda: None
    done: list[str] = field(default_factory=list)
    open: bool = True
    closed: threading.Event = field(default_factory=threading.Event)
    cancelled: threading.Event = field(default_factory=threading.Event)
    streams: list[ScriptedStream] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        return self.open

    def table(self, space: str, name: str) -> Entity | None:
        return None

    def change(self, change: AdmittedChange, rows: Iterable[ParameterRow]) -> int | None:
        return sum(1 for _ in rows)

    def create_table(self, space: str, name: str, columns: Sequence[Column]) -> None:
        self.done.append("create")

    def drop_table(self, space: str, name: str) -> None:
        self.done.append("drop")

    def insert(self, space: str, name: str, batch: pa.RecordBatch) -> int:
        self.done.append("insert")
        return batch.num_rows

    def upsert(self, space: str, name: str, keys: Sequence[str], batch: pa.RecordBatch) -> int:
        self.done.append("upsert")
        return batch.num_rows

    def open_query(
        self, query: AdmittedQuery, parameters: ParameterRow, batch_bytes: int
    ) -> ScriptedStream:
        self.streams.append(ScriptedStream(SCHEMA, []))
        return self.streams[-1]

    def commit(self) -> None:
        self.on_commit()
        self.done.append("commit")
        self.open = False

    def rollback(self) -> None:
        self.done.append("rollback")
        self.open = False

    def cancel(self) -> None:
        self.open = False
        self.cancelled.set()

    def close(self) -> None:
        assert not self.closed.is_set(), "closed twice by its owner"
        self.open = False
        self.closed.set()

    def fail_for_good(self, error: Error) -> NoReturn:
        """What an error does by which the database undoes the transaction."""
        self.open = False
        raise error

    def work_until_cancelled(self) -> None:
        """What a long change does: it ends with a cancel."""
        assert self.cancelled.wait(PATIENCE_S)
        raise Cancelled("The change was cancelled.")


@dataclass
class Clock:
    """Seconds that pass when a test says so."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now
