"""The whole product before an emulated HANA: emulator, server and client here, readers beside."""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import psutil

from benchmarks import tables
from flight_client import Client, connect
from flight_client.protocol.errors import Error, error_class
from flight_client.reading import Result
from flight_server.app import RunningServer
from flight_server.backends.hana.backend import HanaBackend
from flight_server.backends.hana.check import examined
from flight_server.backends.hana.opening import reader_settings, reading
from flight_server.backends.hana.pool.readers import Readers
from flight_server.backends.hana.shared import Shared
from flight_server.backends.hana.users import Users
from flight_server.config import Configuration
from tests.hana_emulator.engine import DuckEngine
from tests.hana_emulator.server import EmulatorServer
from tests.support.fake_readers import children
from tests.support.patience import eventually
from tests.support.watched_engine import WatchedEngine

USER, PASSWORD = "SALES#FLIGHT", "Sesame-open-1"
ROWS = 15_000
FEW_ROWS = 1000
WATCHED = 'FROM "SALES"."ITEMS"'
DATA = f"%{WATCHED}%"
"""The statements of reads, as ``statement_like`` of a fault."""
CATALOGUE = "%FROM SYS.%COLUMNS%"
DESCRIPTION = '% AS "described" %'

SMALL_BATCH_BYTES = 65_536
SECTION: dict[str, Any] = {
    "address": "127.0.0.1",
    "allow_plaintext": True,
    "user": USER,
    "password": PASSWORD,
    "packet_bytes": 65_536,
    "connect_timeout_s": 20,
    "max_readers": 5,
}
QUICK: dict[str, Any] = {"backoff_s": 0.02, "refused_logon_s": 0.2}


@dataclass
class HanaService:
    """One of everything; ``hana_service`` makes it."""

    engine: WatchedEngine
    server: EmulatorServer
    shared: Shared
    readers: Readers
    running: RunningServer
    client: Client
    others: set[int]
    texts: Iterator[int] = field(default_factory=count)

    def table(self, **options: Any) -> Result:
        return self.client.table("ITEMS", space="SALES", progress=False, **options)

    def query(self) -> Result:
        """A query with a text of its own, so that it is described anew."""
        sql = f'SELECT * FROM "SALES"."ITEMS" WHERE ORDER_ID >= -{next(self.texts)}'
        return self.client.sql(sql, space="SALES", progress=False)

    def described(self, result: Result) -> Result:
        """A read of which everything is known but its rows."""
        _ = result.schema
        return result

    def describe(self) -> int:
        """Ask HANA, not what is kept of it, for a table; the number of its columns."""
        self.shared.catalogue.forget(self._user, "ITEMS")
        return len(self.client.describe("ITEMS", "SALES").entity.columns)

    def check(self) -> int:
        """As the command does; the number of entities."""
        for name in list(self.shared.users.everyone().values()):
            self.shared.catalogue._names.forget(name.label)
        report = examined(self.shared, "emulator")
        if report.problems:
            users: Any = report.facts["users"]
            raise error_class(users[0]["error"])(report.problems[0])
        found: Any = report.facts["spaces"]
        return found["SALES"]

    def drop_connections(self) -> None:
        """End every connection from HANA's side, while nobody uses them."""
        for connection in list(self.server._open.values()):
            connection.stop()
        assert self.server.wait_for_connections(0)

    def at_rest(self) -> bool:
        """Whether no turn is taken, and each process and connection is an idle one of the pool."""
        pool = self.readers._pool
        slots = all(
            turns.free == pool._settings.statements_per_space and not turns.waiting
            for turns in pool._slots.values()
        )
        free = pool._turns.free == pool._settings.max_readers
        with pool._lock:
            idle = [reader for reader in pool._idle if not reader.process.has_ended()]
            counted = len(idle) == pool._processes and not pool._leased
            pids = {reader.process.pid for reader in idle}
        connected = self.server.connections <= len(idle)
        return slots and free and counted and connected and self.live_readers() == pids

    def live_readers(self) -> set[int]:
        """The reader processes, other than those of a service that was there before."""
        return {pid for pid in children() - self.others if _is_reader(pid)}

    def assert_whole(self) -> None:
        """The next read succeeds, and nothing of those before it is left."""
        self.server.faults.clear()
        self.engine.release()
        eventually(self._reads)
        self.engine.wait_for_end()
        eventually(self.at_rest)

    def _reads(self) -> bool:
        """A read; not so for as long as a refused log-on is not repeated."""
        try:
            return self.table(limit=FEW_ROWS).to_arrow().num_rows == FEW_ROWS
        except Error as error:
            if error.code not in ("UNAUTHENTICATED", "ACCESS_DENIED"):
                raise
            return False

    @property
    def _user(self) -> Any:
        return next(iter(self.shared.users.everyone().values()))


@contextmanager
def hana_service(
    *, settings: dict[str, Any] | None = None, server: dict[str, Any] | None = None, **section: Any
) -> Iterator[HanaService]:
    """A service that leaves no process and no connection behind, whatever is done with it.

    Args:
        settings: Of the reader processes, over ``QUICK``.
        server: Of the section of that name.
        section: Of the configuration's section for HANA, over ``SECTION``.
    """
    before = children()
    inner = DuckEngine({USER: PASSWORD})
    inner.add_space("SALES")
    inner.load_arrow("SALES", "ITEMS", tables.of_hana(ROWS), key=("ORDER_ID",))
    inner.grant_read(USER, "SALES")
    engine = WatchedEngine(inner, WATCHED)
    with contextlib.closing(engine), EmulatorServer(engine) as emulator:
        hana = {**SECTION, "port": emulator.port, **section}
        configuration = Configuration.model_validate(
            {
                "server": {"port": 0, "grace_s": 2, **(server or {})},
                "hana": hana,
                "limits": {"batch_bytes": SMALL_BATCH_BYTES},
            }
        )
        chosen = replace(reader_settings(configuration.hana), **{**QUICK, **(settings or {})})
        readers = Readers(chosen)
        shared = Shared(readers, Users(configuration.hana), reading(configuration.hana))
        with (
            RunningServer(HanaBackend(shared), configuration) as running,
            connect(running.uri) as client,
        ):
            made = HanaService(engine, emulator, shared, readers, running, client, before)
            try:
                yield made
            finally:
                made.server.faults.clear()
                engine.release()
        assert made.server.wait_for_connections(0), "a connection is left"
        made.server.close()
        eventually(lambda: children() <= before)


def _is_reader(pid: int) -> bool:
    try:
        return "flight_server.backends.hana.reader" in psutil.Process(pid).cmdline()
    except psutil.Error:
        return False
