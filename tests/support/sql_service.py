"""The real server over a landscape, SALES to read and LAB to write: on DuckDB or emulated HANA."""

import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, Final, Protocol, Self

import duckdb

import flight_client
from flight_server.app import RunningServer, open_backend
from flight_server.backends.base import Backend
from flight_server.config import Configuration
from tests.hana_emulator.engine import DuckEngine
from tests.hana_emulator.server import EmulatorServer
from tests.support.patience import eventually
from tests.support.sql_tables import READ, SECRET, VIEW, WRITE, all_tables
from tests.support.watched_engine import WatchedEngine

SIGNING_KEY: Final = "a key that both replicas of a test have"
WRITES: Final[dict[str, Any]] = {"enabled": True, "spaces": (WRITE,)}


@dataclass
class Counts:
    """What of a backend is open now; and what has ever been started, begun and made of tables."""

    streams: int = 0
    transactions: int = 0
    working: int = 0
    started: int = 0
    begun: int = 0
    made: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, name: str, number: int) -> None:
        with self.lock:
            setattr(self, name, getattr(self, name) + number)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        self.add("started", 1)
        self.add("working", 1)
        try:
            yield
        finally:
            self.add("working", -1)


class _Counted:
    """Something that a backend opened and somebody has to close."""

    def __init__(self, inner: Any, counts: Counts, name: str) -> None:
        self._inner, self._counts, self._name = inner, counts, name
        self._is_closed = False
        counts.add(name, 1)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def close(self) -> None:
        self._inner.close()
        if not self._is_closed:
            self._is_closed = True
            self._counts.add(self._name, -1)


class _CountedStream(_Counted):
    def read(self) -> Any:
        with self._counts.at_work():
            return self._inner.read()


class _CountedTransaction(_Counted):
    def create_table(self, space: str, name: str, columns: Any) -> Any:
        self._counts.made.append(name)
        return self._inner.create_table(space, name, columns)

    def change(self, change: Any, rows: Any) -> Any:
        with self._counts.at_work():
            return self._inner.change(change, rows)

    def insert(self, space: str, name: str, batch: Any) -> int:
        with self._counts.at_work():
            return self._inner.insert(space, name, batch)

    def open_query(self, *given: Any) -> Any:
        return _CountedStream(self._inner.open_query(*given), self._counts, "streams")


class CountedBackend:
    """Another backend whose streams and transactions are counted."""

    def __init__(self, inner: Backend, counts: Counts) -> None:
        self._inner, self.counts = inner, counts

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def acting_for(self, principal: str) -> Self:
        return type(self)(self._inner.acting_for(principal), self.counts)

    def open(self, plan: Any) -> Any:
        return _CountedStream(self._inner.open(plan), self.counts, "streams")

    def open_query(self, *given: Any) -> Any:
        return _CountedStream(self._inner.open_query(*given), self.counts, "streams")

    def begin(self, space: str) -> Any:
        self.counts.add("begun", 1)
        return _CountedTransaction(self._inner.begin(space), self.counts, "transactions")


@dataclass(frozen=True)
class SqlService:
    """A running server.

    Attributes:
        name: Of its database: ``duckdb`` or ``hana@emulator``.
        engine: What stands behind the emulated HANA.
    """

    name: str
    running: RunningServer
    counts: Counts
    engine: WatchedEngine | None

    @property
    def uri(self) -> str:
        return self.running.uri

    @property
    def port(self) -> int:
        return int(self.uri.rpartition(":")[2])

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What is committed, read with a ticket and not through Flight SQL."""
        with flight_client.connect(self.uri) as client:
            found = client.sql(sql, progress=False).to_arrow()
            return [tuple(row.values()) for row in found.to_pylist()]

    def wait_for_work(self, started: int = 0) -> None:
        """Wait until a statement that began after so many others works."""
        eventually(lambda: self.counts.started > started and self.counts.working > 0)

    def wait_for_rest(self) -> None:
        """Wait until no stream and no transaction is open, and nothing runs in the database."""
        counts = self.counts
        eventually(lambda: not (counts.streams or counts.transactions or counts.working))
        if self.engine is not None:
            self.engine.wait_for_end()


class Landscape(Protocol):
    """A database with the tables; servers come and go."""

    name: str

    def serving(self, **sections: dict[str, Any]) -> Any:
        """A server with these sections of the configuration, over the usual ones."""
        ...


@dataclass(frozen=True)
class DuckDbLandscape:
    """A file; each server has a copy of its own, since one process opens a file one way only."""

    path: Path
    name: str = "duckdb"
    copies: Iterator[int] = field(default_factory=count)

    def serving(self, **sections: dict[str, Any]) -> Any:
        path = self.path.with_stem(f"copy{next(self.copies)}")
        shutil.copy(self.path, path)
        return _serving(
            self.name, {"database": {"path": path, "read_only": False}, **sections}, None
        )


@dataclass(frozen=True)
class HanaLandscape:
    """An emulator; LAB is the schema of the database user, as write access in Datasphere is."""

    port: int
    engine: WatchedEngine
    name: str = "hana@emulator"

    def serving(self, **sections: dict[str, Any]) -> Any:
        hana = {
            "address": "127.0.0.1",
            "port": self.port,
            "allow_plaintext": True,
            "user": WRITE,
            "password": SECRET,
            "max_readers": 8,
            "statements_per_space": 6,
        }
        return _serving(self.name, {"hana": hana, **sections}, self.engine)


@contextmanager
def duckdb_landscape(folder: Path) -> Iterator[DuckDbLandscape]:
    """The tables in a file of this folder."""
    path = folder / "landscape.duckdb"
    with duckdb.connect(str(path)) as connection:
        for space in (READ, WRITE):
            connection.execute(f'CREATE SCHEMA "{space}"')
        for name, table in all_tables().items():
            connection.register("incoming", table)
            connection.execute(f'CREATE TABLE "{READ}"."{name}" AS SELECT * FROM incoming')
            connection.unregister("incoming")
        connection.execute(VIEW)
    yield DuckDbLandscape(path)


@contextmanager
def hana_landscape() -> Iterator[HanaLandscape]:
    """The tables in an emulator."""
    with ExitStack() as stack:
        inner = DuckEngine({WRITE: SECRET}, lock_wait_s=0.5)
        inner.add_space(READ)
        for name, table in all_tables().items():
            inner.load_arrow(READ, name, table)
        inner.run_script(VIEW)
        inner.grant_read(WRITE, READ)
        engine = WatchedEngine(inner, f'"{READ}"."BIG"')
        stack.callback(engine.close)
        emulator = stack.enter_context(EmulatorServer(engine))
        yield HanaLandscape(emulator.port, engine)


@contextmanager
def _serving(
    name: str, sections: dict[str, Any], engine: WatchedEngine | None
) -> Iterator[SqlService]:
    configuration = Configuration.model_validate(
        {
            **sections,
            "server": {"port": 0, "grace_s": 2, **sections.get("server", {})},
            "tickets": {"signing_key": SIGNING_KEY, **sections.get("tickets", {})},
            "writes": {**WRITES, **sections.get("writes", {})},
        }
    )
    counts = Counts()
    backend: Any = CountedBackend(open_backend(configuration), counts)
    with RunningServer(backend, configuration) as running:
        yield SqlService(name, running, counts, engine)


LANDSCAPES: Final[Mapping[str, Callable[[Path], AbstractContextManager[Landscape]]]] = {
    "duckdb": duckdb_landscape,
    "hana@emulator": lambda _folder: hana_landscape(),
}
"""By the name of the backend; each is given a folder of its own."""
