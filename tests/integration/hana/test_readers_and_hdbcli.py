"""Reader processes with the real driver on the emulator: faults end soon, and pools are whole."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import psutil
import pyarrow as pa
import pytest

from flight_client.protocol.catalog import Column, HanaType
from flight_client.protocol.errors import Cancelled, Error, Unauthenticated, Unavailable
from flight_client.protocol.schemas import to_schema
from flight_server.backends.hana.access import DatabaseUser
from flight_server.backends.hana.messages import Run
from flight_server.backends.hana.pool.readers import Readers
from flight_server.backends.hana.pool.settings import ReaderSettings
from flight_server.backends.hana.pool.stream import HanaStream
from tests.hana_emulator.engine import DuckEngine
from tests.hana_emulator.server import EmulatorServer
from tests.support.fake_readers import children, eventually, rows

USER, PASSWORD = "SALES#FLIGHT", "Sesame-open-1"
ROWS = 200_000
SOON_S = 5.0
COLUMNS = (Column("N", HanaType("BIGINT")),)
ALL = f'SELECT "N" FROM "{USER}"."NUMBERS"'
ENDLESS = (
    f'SELECT COUNT(*) AS "N" FROM "{USER}"."NUMBERS" AS A, "{USER}"."NUMBERS" AS B '
    'WHERE MOD(A."N" * B."N", 7) = 3'
)


@dataclass
class Hana:
    """An emulated HANA and readers that log on to it."""

    server: EmulatorServer
    engine: DuckEngine
    readers: Readers
    opened: list[HanaStream] = field(default_factory=list)

    def user(self, password: str = PASSWORD) -> DatabaseUser:
        options: dict[str, Any] = {
            "address": "127.0.0.1",
            "port": self.server.port,
            "user": USER,
            "password": password,
            "encrypt": False,
            "reconnect": False,
            "connectTimeout": 5000,
        }
        return DatabaseUser(USER, options)

    def open(self, sql: str = ALL, *, password: str = PASSWORD) -> HanaStream:
        run = Run(sql=sql, columns=COLUMNS, batch_bytes=65536, lob_bytes=1024)
        stream = self.readers.open(
            self.user(password), run, schema=to_schema(COLUMNS), slot="SALES", subject="NUMBERS"
        )
        self.opened.append(stream)
        return stream

    def read(self) -> int:
        with closing(self.open()) as stream:
            return rows(stream)

    def is_whole(self) -> bool:
        """Whether every turn is free, and a read gives all rows."""
        pool = self.readers._pool
        free = pool._turns.free == pool._settings.max_readers and pool.slot("SALES").free == 4
        return free and self.read() == ROWS


@pytest.fixture(scope="module")
def database() -> Iterator[tuple[EmulatorServer, DuckEngine]]:
    engine = DuckEngine({USER: PASSWORD})
    engine.load_arrow(USER, "NUMBERS", pa.table({"N": pa.array(range(ROWS), pa.int64())}))
    with EmulatorServer(engine) as server:
        yield server, engine
    engine.close()


@contextmanager
def connected(database: tuple[EmulatorServer, DuckEngine], **settings: Any) -> Iterator[Hana]:
    before, connections = children(), database[0].connections
    settings = {"backoff_s": 0.01, "refused_logon_s": 60, **settings}
    hana = Hana(*database, Readers(ReaderSettings(**settings)))
    try:
        yield hana
    finally:
        hana.server.faults.clear()
        for stream in hana.opened:
            stream.close()
        hana.readers.close()
    assert children() <= before, "a reader process is left"
    assert hana.server.wait_for_connections(connections), "a connection is left"


@pytest.fixture(scope="module")
def shared(database: tuple[EmulatorServer, DuckEngine]) -> Iterator[Hana]:
    with connected(database, max_readers=3) as hana:
        yield hana


@pytest.fixture
def hana(shared: Hana) -> Iterator[Hana]:
    yield shared
    shared.server.faults.clear()


@contextmanager
def meanwhile(action: Callable[[], object], after_s: float = 0.3) -> Iterator[None]:
    timer = threading.Timer(after_s, action)
    timer.start()
    try:
        yield
    finally:
        timer.join()


def slowly(stream: HanaStream) -> None:
    """Read without an end."""
    while True:
        stream.read()
        time.sleep(0.05)


def test_all_rows_come(hana: Hana) -> None:
    with closing(hana.open()) as stream:
        numbers = [number for batch in iter(stream.read, None) for number in batch["N"].to_pylist()]

    assert sorted(numbers) == list(range(ROWS))


def test_query_is_described_with_declared_types(hana: Hana) -> None:
    (column,) = hana.readers.describe(hana.user(), ALL, subject="The query").columns

    assert (column.name, column.type) == ("N", HanaType("BIGINT"))


def test_catalogue_is_read_as_a_table(hana: Hana) -> None:
    columns = (Column("SCHEMA_NAME", HanaType("NVARCHAR", 256)),)
    run = Run(
        sql="SELECT SCHEMA_NAME FROM SYS.SCHEMAS WHERE SCHEMA_NAME = ?",
        values=(USER,),
        columns=columns,
        batch_bytes=65536,
        lob_bytes=1024,
    )

    table = hana.readers.table(hana.user(), run, subject="The catalogue")

    assert table.to_pydict() == {"SCHEMA_NAME": [USER]}


@pytest.mark.parametrize("sql", [ENDLESS, ALL])
def test_cancel_reaches_hana_and_frees_the_turn(hana: Hana, sql: str) -> None:
    stream = hana.open(sql)
    with closing(stream), meanwhile(stream.cancel):
        started = time.monotonic()
        with pytest.raises(Cancelled):
            slowly(stream)
        assert time.monotonic() - started < SOON_S

    assert hana.is_whole()


def test_closed_stream_leaves_no_running_statement(hana: Hana) -> None:
    stream = hana.open()
    stream.read()

    stream.close()

    assert hana.is_whole()


def test_killed_reader_costs_one_stream(hana: Hana) -> None:
    before = children()
    neighbour = hana.open()
    neighbour.read()
    others = children()
    stream = hana.open()
    stream.read()
    (pid,) = (children() - others) or (max(children() - before),)

    psutil.Process(pid).kill()

    with closing(stream), pytest.raises(Unavailable, match="SIGKILL"):
        rows(stream)
    with closing(neighbour):
        rows(neighbour)
    assert hana.is_whole()


FAULTS = [
    ("cut_mid_packet", {}),
    ("wrong_part_length", {}),
    ("session_dropped", {}),
    ("error_on_execute", {"code": 2048}),
    ("error_on_execute", {"code": 616}),
    ("error_on_execute", {"code": 133}),
    ("error_on_fetch", {"code": 129}),
    ("error_on_fetch", {"code": 4}),
]


@pytest.mark.parametrize(("fault", "parameters"), FAULTS)
def test_fault_that_stays_is_an_error_and_the_pool_is_whole(
    hana: Hana, fault: str, parameters: dict[str, Any]
) -> None:
    hana.server.faults.set(fault, statement_like='%"NUMBERS"%', **parameters)

    started = time.monotonic()
    with closing(hana.open()) as stream, pytest.raises(Error):
        rows(stream)

    assert time.monotonic() - started < 2 * SOON_S
    hana.server.faults.clear()
    assert hana.is_whole()


@pytest.mark.parametrize(
    ("fault", "parameters"),
    [
        ("cut_mid_packet", {}),
        ("session_dropped", {}),
        ("error_on_execute", {"code": 616}),
        ("error_on_execute", {"code": 133}),
    ],
)
def test_fault_that_passes_before_the_first_batch_is_not_seen(
    hana: Hana, fault: str, parameters: dict[str, Any]
) -> None:
    hana.server.faults.set(fault, statement_like='%"NUMBERS"%', times=1, **parameters)

    assert hana.read() == ROWS


def test_silent_hang_ends_with_a_cancel(hana: Hana) -> None:
    hana.server.faults.set("silent_hang", statement_like='%"NUMBERS"%')
    stream = hana.open()

    with closing(stream), meanwhile(stream.cancel):
        started = time.monotonic()
        with pytest.raises(Cancelled):
            stream.read()
        assert time.monotonic() - started < SOON_S

    hana.server.faults.clear()
    assert hana.is_whole()


def test_refused_user_is_not_tried_again_for_a_while(
    database: tuple[EmulatorServer, DuckEngine],
) -> None:
    """Not even with the right password: that the answer is the same shows that nobody asked."""
    with connected(database) as hana:
        for password in ("wrong", PASSWORD):
            stream = hana.open(password=password)
            with closing(stream), pytest.raises(Unauthenticated):
                stream.read()


@pytest.mark.parametrize("fault", ["refuse_connect", "overloaded"])
def test_database_out_of_reach_is_unavailable(
    database: tuple[EmulatorServer, DuckEngine], fault: str
) -> None:
    with connected(database) as hana:
        hana.server.faults.set(fault)
        with closing(hana.open()) as stream, pytest.raises(Unavailable):
            stream.read()

        hana.server.faults.clear()
        assert hana.read() == ROWS


def test_close_leaves_no_connection(database: tuple[EmulatorServer, DuckEngine]) -> None:
    before = database[0].connections
    with connected(database) as hana:
        streams = [hana.open(), hana.open(ENDLESS)]
        streams[0].read()

        def read() -> None:
            with suppress(Unavailable):
                streams[1].read()

        reading = threading.Thread(target=read)
        reading.start()
        assert eventually(lambda: hana.server.connections == before + 2)

        started = time.monotonic()
        hana.readers.close()

        assert time.monotonic() - started < SOON_S
        assert hana.server.wait_for_connections(before)
        reading.join()
