"""Servers in processes of their own, so that what is measured does not share a GIL with its client.

Run as ``python -m benchmarks.servers KIND ...``; prints its URI and serves until stdin ends.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.flight as fl
import pyarrow.parquet as pq

from benchmarks import tables
from benchmarks.hana_clients import PASSWORD, USER
from flight_server.app import RunningServer, start
from flight_server.backends.duckdb.backend import DuckDbBackend
from flight_server.backends.memory import MemoryBackend
from flight_server.config import Configuration, ServerSection, WritesSection
from tests.hana_emulator.engine import DuckEngine
from tests.hana_emulator.replay import Recordings
from tests.hana_emulator.server import EmulatorServer


class CppServer(fl.FlightServerBase):
    """pyarrow's own server: a table in memory, streamed by C++ from start to end.

    A ticket is ``ROWS_PER_BATCH NUMBER OF``: the number-th of so many equal slices.
    """

    def __init__(self, table: pa.Table) -> None:
        super().__init__("grpc://127.0.0.1:0")
        self._table = table

    def do_get(self, context: fl.ServerCallContext, ticket: fl.Ticket) -> fl.RecordBatchStream:
        """Stream a slice."""
        batch_rows, number, of = map(int, ticket.ticket.split())
        first = self._table.num_rows * number // of
        last = self._table.num_rows * (number + 1) // of
        return fl.RecordBatchStream(
            self._table.slice(first, last - first).to_reader(max_chunksize=batch_rows)
        )


class CppSqlServer(fl.FlightServerBase):
    """The least that answers ADBC: a Parquet file in memory, streamed by C++ from start to end.

    ``SELECT *`` gives all columns, every other text the four of ``benchmarks.flight_sql``.
    """

    FOUR = ("l_orderkey", "l_partkey", "l_extendedprice", "l_shipdate")
    BATCH_BYTES = 4 * 1024 * 1024

    def __init__(self, parquet: str) -> None:
        super().__init__("grpc://127.0.0.1:0")
        table = pq.read_table(parquet)
        plain = [
            field.with_type(pa.utf8()) if field.type == pa.string_view() else field
            for field in table.schema
        ]  # a slice of string views would be sent with all of their texts
        self._all = table.cast(pa.schema(plain)).combine_chunks()
        self._four = self._all.select(list(self.FOUR))

    def get_flight_info(
        self, context: fl.ServerCallContext, descriptor: fl.FlightDescriptor
    ) -> fl.FlightInfo:
        """One endpoint for every text."""
        if b"CommandStatementQuery" not in descriptor.command:
            raise NotImplementedError
        wanted = b"*" if b"*" in descriptor.command else b"4"
        endpoint = fl.FlightEndpoint(fl.Ticket(wanted), [])
        return fl.FlightInfo(self._table(wanted).schema, descriptor, [endpoint], -1, -1)

    def do_get(self, context: fl.ServerCallContext, ticket: fl.Ticket) -> fl.RecordBatchStream:
        """Stream the table."""
        table = self._table(ticket.ticket)
        batch_rows = self.BATCH_BYTES * table.num_rows // table.nbytes
        return fl.RecordBatchStream(table.to_reader(max_chunksize=batch_rows))

    def do_action(self, context: fl.ServerCallContext, action: fl.Action) -> list[bytes]:
        """Nothing is prepared; ADBC goes on without."""
        raise NotImplementedError

    def _table(self, wanted: bytes) -> pa.Table:
        return self._all if wanted == b"*" else self._four


@contextmanager
def running(*arguments: str) -> Iterator[tuple[str, int]]:
    """Start ``python -m benchmarks.servers`` with these arguments; gives its URI and process id."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.servers", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        uri = process.stdout.readline().strip()
        if not uri:
            raise RuntimeError(f"the server {arguments} did not start")
        yield uri, process.pid
    finally:
        process.stdin.close()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def peak_rss_mb(pid: int) -> float:
    """Largest resident memory that a process has had so far, in MB (10^6 bytes)."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError("the kernel does not report VmHWM")


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used so far, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def main() -> None:
    """Serve until stdin ends."""
    kind, *rest = sys.argv[1:]
    configuration = Configuration(server=ServerSection(port=0))
    match kind, rest:
        case "cpp", [rows]:
            server = CppServer(tables.in_memory(int(rows)))
            _serve(f"grpc://127.0.0.1:{server.port}")
            server.shutdown()
        case "cpp-sql", [parquet]:
            server = CppSqlServer(parquet)
            _serve(f"grpc://127.0.0.1:{server.port}")
            server.shutdown()
        case "memory", [rows]:
            backend = MemoryBackend({"SALES": {"ITEMS": tables.in_memory(int(rows))}})
            with RunningServer(backend, configuration) as running_server:
                _serve(running_server.uri)
        case "duckdb", [path, *settings]:
            limit = settings[0] if settings else None
            backend = DuckDbBackend.open_database(path, read_only=True, memory_limit=limit)
            with RunningServer(backend, configuration) as running_server:
                _serve(running_server.uri)
        case "duckdb-writable", [path]:
            backend = DuckDbBackend.open_database(
                path, read_only=False, init_script='CREATE SCHEMA IF NOT EXISTS "SALES"'
            )
            with RunningServer(backend, _writing(configuration)) as running_server:
                _serve(running_server.uri)
        case "hana", [rows, delay_ms]:
            _emulate_hana(int(rows), float(delay_ms))
        case "hana-writable", []:
            _emulate_writable_hana()
        case "datasphere", [port]:
            hana = {"address": "127.0.0.1", "port": port, "allow_plaintext": True,
                    "user": USER, "password": PASSWORD}  # fmt: skip
            with start(Configuration(server=configuration.server, hana=hana)) as running_server:
                _serve(running_server.uri)
        case "datasphere-writable", [port]:
            hana = {"address": "127.0.0.1", "port": port, "allow_plaintext": True,
                    "user": USER, "password": PASSWORD}  # fmt: skip
            readable = Configuration(server=configuration.server, hana=hana)
            with start(_writing(readable)) as running_server:
                _serve(running_server.uri)
        case _:
            raise SystemExit(f"no such server: {sys.argv[1:]}")


def _writing(configuration: Configuration) -> Configuration:
    """The same, with changes allowed in SALES."""
    writes = WritesSection(enabled=True, spaces=("SALES",))
    return configuration.model_copy(update={"writes": writes})


def _emulate_hana(rows: int, delay_ms: float) -> None:
    """The emulator with the table SALES.ITEMS; it encodes each result once and replays it."""
    engine = DuckEngine()
    engine.add_space("SALES")
    engine.add_user(USER, PASSWORD)
    engine.load_arrow("SALES", "ITEMS", tables.of_hana(rows))
    engine.run_script(f'GRANT SELECT ON SCHEMA "SALES" TO "{USER}"')
    recordings = Recordings()
    with EmulatorServer(engine, delay_s=delay_ms / 1000, recordings=recordings) as server:
        _serve(str(server.port))
    engine.close()


def _emulate_writable_hana() -> None:
    """The emulator with an empty space SALES to write to."""
    engine = DuckEngine()
    engine.add_space("SALES")
    engine.add_user(USER, PASSWORD)
    engine.run_script(f'GRANT SELECT ON SCHEMA "SALES" TO "{USER}"')
    engine.run_script(f'GRANT ALL PRIVILEGES ON SCHEMA "SALES" TO "{USER}"')
    with EmulatorServer(engine) as server:
        _serve(str(server.port))
    engine.close()


def _serve(uri: str) -> None:
    print(uri, flush=True)
    while sys.stdin.read(1):
        time.sleep(0.01)


if __name__ == "__main__":
    main()
