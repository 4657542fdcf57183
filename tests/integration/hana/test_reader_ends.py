"""How a reader is stopped: by a cancel, its server's end, a signal; and what memory it keeps."""

import os
import signal
import socket
import subprocess
import sys
import threading
from array import array
from collections.abc import Iterator
from pathlib import Path

import psutil
import pyarrow as pa
import pytest

from flight_client.protocol.catalog import Column, HanaType
from flight_server.backends.hana.messages import Cancel, Connect, Failed, Finished, Ping, Running
from tests.hana_emulator.replay import Recording, Recordings, recording_key
from tests.hana_emulator.server import EmulatorServer
from tests.hana_emulator.values import DeclaredType, HanaError, ResultColumn, Row
from tests.support.hana_engine_double import EngineDouble, Table
from tests.support.patience import PATIENCE_S, eventually
from tests.support.reader_process import Asked, connected, options_of, run_of

N = Column("N", HanaType("BIGINT"))
NUMBER = (ResultColumn("N", DeclaredType("BIGINT")),)
FEW, MANY = 5000, 2_000_000
MIB = 1024 * 1024


def rows_of(count: int) -> Iterator[Row]:
    return ((at,) for at in range(count))


def recorded(count: int) -> Recording:
    """So many rows of one number, as the wire has them."""
    row = b"\x01" + (7).to_bytes(8, "little")
    return Recording(NUMBER, row * count, array("Q", range(0, len(row) * (count + 1), len(row))))


@pytest.fixture(scope="module")
def emulator() -> Iterator[tuple[EmulatorServer, EngineDouble]]:
    nclob = (ResultColumn("L", DeclaredType("NCLOB")),)
    engine = EngineDouble(
        FEW=Table(NUMBER, lambda: rows_of(FEW)),
        MANY=Table(NUMBER, lambda: rows_of(MANY)),
        LOBS=Table(nclob, lambda: (("x" * 4 * MIB,) for _ in range(12))),
        WIDE=Table(
            (ResultColumn("W", DeclaredType("NVARCHAR", 5000)),),
            lambda: (("x" if at < 2000 else "x" * 5000,) for at in range(12_000)),
        ),
    )
    with EmulatorServer(engine) as server:
        yield server, engine


@pytest.fixture
def replay() -> Iterator[Asked]:
    """A reader of tables that are only sent, not computed."""
    recordings = Recordings()
    for name, count in (("FEW", 100_000), ("MANY", MANY)):
        recordings.add(recording_key(f"SELECT * FROM {name}", (), 8), recorded(count))
    engine = EngineDouble(FEW=Table(NUMBER), MANY=Table(NUMBER))
    with (
        EmulatorServer(engine, recordings=recordings) as server,
        connected(server.port) as asked,
    ):
        yield asked


@pytest.fixture
def server(emulator: tuple[EmulatorServer, EngineDouble]) -> Iterator[EmulatorServer]:
    found, _ = emulator
    found.faults.clear()
    yield found
    found.faults.clear()
    assert found.wait_for_connections(0, PATIENCE_S)


@pytest.fixture
def engine(emulator: tuple[EmulatorServer, EngineDouble]) -> EngineDouble:
    return emulator[1]


@pytest.fixture
def asked(server: EmulatorServer) -> Iterator[Asked]:
    with connected(server.port) as reader:
        yield reader


def cancelled(asked: Asked) -> Failed:
    reply = asked.process.receive()
    assert isinstance(reply, Failed)
    assert reply.code == 139
    return reply


def works(asked: Asked) -> bool:
    return asked.read("SELECT * FROM FEW", [N]).num_rows == FEW


def drained(batches: pa.RecordBatchStreamReader) -> int:
    return sum(batch.num_rows for batch in batches)


# Cancel


def test_cancel_ends_a_statement_that_hana_works_on(asked: Asked, engine: EngineDouble) -> None:
    asked.process.send(run_of("BLOCK", [N]))
    assert engine.sessions[-1].blocked.wait(PATIENCE_S)

    asked.process.send(Cancel())

    assert not cancelled(asked).connection_lost
    assert works(asked)


def test_cancel_ends_a_fetch_that_hana_works_on(asked: Asked, engine: EngineDouble) -> None:
    fetching = threading.Event()

    def rows() -> Iterator[Row]:
        yield from rows_of(40)
        fetching.set()
        assert engine.sessions[-1]._cancelled.wait(PATIENCE_S)
        raise HanaError(139, "current operation cancelled by request")

    engine.tables["SLOW"] = Table(NUMBER, rows)
    asked.process.send(run_of("SELECT * FROM SLOW", [N]))
    assert isinstance(asked.process.receive(), Running)
    assert fetching.wait(PATIENCE_S)

    asked.process.send(Cancel())
    drained(asked.process.batches())

    assert not cancelled(asked).connection_lost
    assert works(asked)


def test_cancel_between_batches_ends_the_stream(asked: Asked) -> None:
    batches = asked.start(run_of("SELECT * FROM MANY", [N], batch_bytes=64 * 1024))
    assert not isinstance(batches, Failed)
    batches.read_next_batch()

    asked.process.send(Cancel())
    rows = drained(batches)

    cancelled(asked)
    assert rows < MANY


def test_cancel_ends_a_stream_of_lobs(asked: Asked) -> None:
    lobs = [Column("L", HanaType("NCLOB"))]
    batches = asked.start(run_of("SELECT * FROM LOBS", lobs, lob_bytes=8 * MIB))
    assert not isinstance(batches, Failed)

    asked.process.send(Cancel())
    drained(batches)

    cancelled(asked)


def test_cancel_that_comes_too_late_disturbs_nothing(asked: Asked) -> None:
    assert works(asked)

    asked.process.send(Cancel())

    assert works(asked)
    assert not isinstance(asked.ask(Ping()), Failed)


def test_cancel_before_anything_was_asked_disturbs_nothing(server: EmulatorServer) -> None:
    with Asked() as asked:
        asked.process.send(Cancel())
        asked.connect(server.port)

        assert works(asked)


def test_many_cancels_are_one(asked: Asked, engine: EngineDouble) -> None:
    asked.process.send(run_of("BLOCK", [N]))
    assert engine.sessions[-1].blocked.wait(PATIENCE_S)

    for _ in range(20):
        asked.process.send(Cancel())

    cancelled(asked)
    assert works(asked)


# The end of the server


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_reader_ends_with_its_message_pipe(asked: Asked) -> None:
    asked.process.dismiss()

    assert eventually(asked.process.has_ended) < PATIENCE_S


def test_reader_ends_with_its_message_pipe_while_hana_works(
    asked: Asked, engine: EngineDouble
) -> None:
    asked.process.send(run_of("BLOCK", [N]))
    assert engine.sessions[-1].blocked.wait(PATIENCE_S)

    asked.process.dismiss()

    eventually(asked.process.has_ended)


def test_reader_ends_with_its_message_pipe_while_nobody_takes_batches(asked: Asked) -> None:
    asked.process.send(run_of("SELECT * FROM MANY", [N]))
    assert isinstance(asked.process.receive(), Running)

    asked.process.dismiss()

    eventually(asked.process.has_ended)


def test_reader_ends_with_its_message_pipe_while_it_connects() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, Asked() as asked:
        asked.process.send(Connect(options_of(silent.getsockname()[1])))
        silent.accept()[0].close()

        asked.process.dismiss()

        eventually(asked.process.has_ended)


def test_reader_ends_when_nobody_reads_batches_any_more(asked: Asked) -> None:
    asked.process.send(run_of("SELECT * FROM MANY", [N]))
    assert isinstance(asked.process.receive(), Running)

    asked.process._source.end()

    eventually(asked.process.has_ended)


PARENT = """
import sys
from tests.support.reader_process import connected, run_of
from flight_client.protocol.catalog import Column, HanaType

asked = connected(int(sys.argv[1]))
asked.process.send(run_of(sys.argv[2], [Column("N", HanaType("BIGINT"))]))
print(asked.process.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("sql", ["SELECT * FROM MANY", "BLOCK"])
def test_a_killed_server_leaves_no_reader_and_no_connection(
    server: EmulatorServer, sql: str
) -> None:
    root = Path(__file__).parents[3]
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(server.port), sql],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
    ) as parent:
        assert parent.stdout is not None
        reader = int(parent.stdout.readline())
        parent.kill()

    eventually(lambda: is_gone(reader))
    assert server.wait_for_connections(0, PATIENCE_S)


# Signals


def test_interrupt_is_not_for_readers(asked: Asked) -> None:
    os.kill(asked.process.pid, signal.SIGINT)

    assert works(asked)


def test_terminate_ends_a_reader_while_hana_works(asked: Asked, engine: EngineDouble) -> None:
    asked.process.send(run_of("BLOCK", [N]))
    assert engine.sessions[-1].blocked.wait(PATIENCE_S)

    os.kill(asked.process.pid, signal.SIGTERM)

    eventually(asked.process.has_ended)


def test_descriptors_that_are_none_are_one_line_and_a_status() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "flight_server.backends.hana.reader", "x"],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("reader: ")


# Memory


def peak_bytes(asked: Asked, run_is_over: threading.Event) -> list[int]:
    process = psutil.Process(asked.process.pid)
    seen = [process.memory_info().rss]
    while not run_is_over.wait(0.005):
        seen.append(process.memory_info().rss)
    return seen


def most_resident(asked: Asked, sql: str, column: Column, lob_bytes: int = MIB) -> tuple[int, int]:
    """Rows that a statement gave, and the most memory that the reader had meanwhile."""
    over = threading.Event()
    seen: list[int] = []
    watching = threading.Thread(target=lambda: seen.extend(peak_bytes(asked, over)))
    watching.start()
    try:
        batches = asked.start(run_of(sql, [column], lob_bytes=lob_bytes))
        assert not isinstance(batches, Failed)
        rows = drained(batches)
        assert isinstance(asked.process.receive(), Finished)
    finally:
        over.set()
        watching.join()
    return rows, max(seen)


def test_memory_does_not_grow_with_the_number_of_rows(replay: Asked) -> None:
    _, few = most_resident(replay, "SELECT * FROM FEW", N)

    rows, many = most_resident(replay, "SELECT * FROM MANY", N)

    assert rows == MANY
    assert many < few + 32 * MIB  # 16 MiB of Arrow, 130 MiB as Python objects


def test_memory_holds_few_large_lobs_at_a_time(asked: Asked) -> None:
    works(asked)
    lob = Column("L", HanaType("NCLOB"))

    rows, most = most_resident(asked, "SELECT * FROM LOBS", lob, lob_bytes=8 * MIB)

    assert rows == 12
    assert most < 160 * MIB


def test_memory_is_bounded_where_rows_grow_wide_after_narrow_ones(asked: Asked) -> None:
    works(asked)

    rows, most = most_resident(asked, "SELECT * FROM WIDE", Column("W", HanaType("NVARCHAR", 5000)))

    assert rows == 12_000
    assert most < 200 * MIB  # 60 MB of text in all


def test_memory_of_a_reader_is_told(asked: Asked) -> None:
    _, reply = asked.run(run_of("SELECT * FROM FEW", [N]))

    assert isinstance(reply, Finished)
    assert 0.5 < reply.resident_bytes / psutil.Process(asked.process.pid).memory_info().rss < 2
