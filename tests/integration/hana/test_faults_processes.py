"""Processes and connections that end in the middle of their work, and what is left of them."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from flight_client.protocol.errors import Error, Unavailable
from tests.hana_emulator.faults import Fault
from tests.support.fake_readers import children
from tests.support.hana_service import DATA, ROWS, HanaService, hana_service
from tests.support.patience import PATIENCE_S, eventually

STREAMS = 4
HELD_FROM = 1000
ROUNDS = 3
SLACK = 4
"""Descriptors that gRPC and DuckDB may open on the way, in all rounds together."""


@pytest.fixture(scope="module")
def one_service() -> Iterator[HanaService]:
    with hana_service() as made:
        made.assert_whole()
        yield made


@pytest.fixture
def service(one_service: HanaService) -> Iterator[HanaService]:
    yield one_service
    one_service.assert_whole()


class Reading:
    """A read of the whole table in a thread; ``rows`` or ``error`` is how it ended."""

    def __init__(self, service: HanaService) -> None:
        self.rows: int | None = None
        self.error: Exception | None = None
        self._result = service.described(service.table())
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.rows = self._result.to_arrow().num_rows
        except Error as error:
            self.error = error

    def join(self) -> "Reading":
        self._thread.join(PATIENCE_S)
        assert not self._thread.is_alive(), "a read does not end"
        return self


def leased(service: HanaService) -> set[int]:
    """The processes at work."""
    with service.readers._pool._lock:
        return {lease.reader.process.pid for lease in service.readers._pool._leased}


def test_killed_reader_is_seen_by_its_own_caller_only(service: HanaService) -> None:
    with service.engine.holding(HELD_FROM):
        mine = Reading(service)
        service.engine.wait_for_held(1)
        (pid,) = leased(service)
        others = [Reading(service) for _ in range(STREAMS - 1)]
        service.engine.wait_for_held(STREAMS)

        psutil.Process(pid).kill()

        error = mine.join().error
        assert isinstance(error, Unavailable)
        assert "signal 9" in error.message
        assert not psutil.pid_exists(pid) or pid not in service.live_readers()

    assert [other.join().rows for other in others] == [ROWS] * (STREAMS - 1)


def test_reader_killed_while_idle_is_not_noticed(service: HanaService) -> None:
    for pid in service.live_readers():
        psutil.Process(pid).kill()

    assert service.table().to_arrow().num_rows == ROWS

    service.readers._pool._sweep()  # which buries the others that were killed


def test_connection_cut_by_hana_is_seen_by_its_own_caller_only(service: HanaService) -> None:
    with service.engine.holding(HELD_FROM):
        reads = [Reading(service) for _ in range(STREAMS)]
        service.engine.wait_for_held(STREAMS)
        busy = [
            each for each in service.server._open.values() if each._session._statements._results
        ]
        assert len(busy) == STREAMS

        busy[0].stop()
        eventually(lambda: any(read.error for read in reads))

    errors = [read.join().error for read in reads]
    assert [type(error) for error in errors if error] == [Unavailable]
    assert [read.rows for read in reads].count(ROWS) == STREAMS - 1


def test_readers_hold_no_pipe_of_each_other_and_children_of_the_server_none(
    service: HanaService,
) -> None:
    service.table(partitions=3).to_arrow()
    with service.engine.holding():
        reads = [Reading(service) for _ in range(3)]
        service.engine.wait_for_held(3)
        ends = [pipes(pid) for pid in service.live_readers()]
        ours = pipes(os.getpid())
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=-1, close_fds=False)
        inherited = pipes(child.pid)
        child.communicate(b"\n")

    assert [read.join().rows for read in reads] == [ROWS] * 3
    shared = pipes(os.getpid(), (0, 1, 2))
    for one in ends:
        assert len(one - shared) >= 2, "control and data"
        assert one & ours - shared, "we hold the other end of the data"
        for other in ends:
            assert other is one or not (one & other) - shared
        assert not (one & inherited) - shared


def pipes(pid: int, descriptors: tuple[int, ...] | None = None) -> set[str]:
    """The pipes and sockets that a process has open."""
    folder = Path(f"/proc/{pid}/fd")
    found: set[str] = set()
    for entry in folder.iterdir():
        if descriptors is None or int(entry.name) in descriptors:
            try:
                target = str(entry.readlink())
            except FileNotFoundError:  # closed meanwhile
                continue
            if target.startswith(("pipe:", "socket:")):
                found.add(target)
    return found


def test_closed_server_ends_its_reads_its_readers_and_their_connections() -> None:
    before = children()
    with hana_service(server={"grace_s": 0.2}) as service:
        service.assert_whole()
        with service.engine.holding(HELD_FROM):
            reads = [Reading(service) for _ in range(STREAMS)]
            service.engine.wait_for_held(STREAMS)
            started = time.monotonic()

            assert not service.running.close()

            assert time.monotonic() - started < 15
            errors = [read.join().error for read in reads]
            assert [type(error) for error in errors] == [Unavailable] * STREAMS
            assert children() <= before
            assert service.server.wait_for_connections(0)
            service.engine.wait_for_end()


def test_idle_readers_and_their_connections_end() -> None:
    with hana_service(settings={"idle_s": 0.2}) as service:
        service.table(partitions=2).to_arrow()
        eventually(lambda: not service.live_readers())
        assert service.server.wait_for_connections(0)
        assert service.table().to_arrow().num_rows == ROWS


def test_faults_leave_no_descriptor_and_no_thread() -> None:
    with hana_service(settings={"idle_s": 0.2, "refused_logon_s": 0.0}) as service:
        go_through_faults(service)
        rest(service)
        descriptors, threads = psutil.Process().num_fds(), python_threads()
        for _ in range(ROUNDS):
            go_through_faults(service)
            rest(service)
        eventually(lambda: python_threads() <= threads)
        eventually(lambda: psutil.Process().num_fds() <= descriptors + SLACK)


def rest(service: HanaService) -> None:
    eventually(lambda: not service.live_readers())
    assert service.server.wait_for_connections(0)


def python_threads() -> int:
    """Threads that Python started; those of gRPC come and go."""
    return sum(not thread.name.startswith("Dummy") for thread in threading.enumerate())


def go_through_faults(service: HanaService) -> None:
    """Meet every fault that ends by itself, and a reader that is killed."""
    for fault in sorted({*Fault} - {Fault.SILENT_HANG}):
        result = service.described(service.table())
        service.server.faults.set(fault, statement_like=DATA, seconds=0.001, times=1)
        with suppress(Error):
            result.to_arrow()
        service.server.faults.clear()
    with service.engine.holding(HELD_FROM):
        batches = service.table().to_batches()
        next(batches)
        service.engine.wait_for_held(1)
        for pid in service.live_readers():
            psutil.Process(pid).kill()
        with pytest.raises(Unavailable):
            list(batches)
    service.engine.wait_for_end()
