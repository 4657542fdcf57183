"""A reader process without a driver: does what the SQL text says, so that tests can break things.

Steps, separated by ``;``:

    rows N [xK]          K batches of N rows of the one BIGINT column
    wide N xK            K batches of N bytes
    hang                 until cancelled          deaf       as hang, and a cancel changes nothing
    sleep S              seconds, deaf            running    say Running now, before any batch
    fail CODE WORDS      Failed                   lost CODE  Failed, the connection with it
    own KIND WORDS       Failed without a number
    die N                kill itself with signal  exit N     leave with a status
    cut                  write half a message and die
    junk                 write what is no message
    tongue               answer with the wrong message
    grow N               say that memory has grown by N bytes
    replaced             say that values were replaced
    environment          one batch of the names of the environment
    once PATH STEP       STEP, but only where PATH is not there yet; it is made

Connect does the steps of its option ``script`` in the same way, Ping those of option ``ping``, End
those of ``commit`` or ``rollback``; all append ``pid word`` lines to the file of option ``log``.
A Change does its text for as many rows as it has. Enough ends ``hang`` and ``rows`` quietly.
"""

import os
import signal
import sys
import threading
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pyarrow as pa

from flight_client.protocol.catalog import Column, HanaType
from flight_server.backends.hana.messages import (
    Begin,
    Cancel,
    Change,
    Changed,
    Connect,
    Connected,
    Describe,
    Described,
    End,
    Enough,
    Failed,
    Finished,
    Insert,
    Ping,
    Prepare,
    Run,
    Running,
)

MEMORY = 100_000_000

SCHEMA = pa.schema([pa.field("N", pa.int64())])
WIDE = pa.schema([pa.field("B", pa.large_binary())])
TEXT = pa.schema([pa.field("T", pa.string())])


class Fake:
    def __init__(self, control: Connection, data: int) -> None:
        self.control = control
        self.data = open(data, "wb", buffering=0)  # noqa: SIM115 - lives as long as the process
        self.requests: list[Any] = []
        self.working_on: Any = None
        self.arrived = threading.Condition()
        self.cancelled = threading.Event()
        self.enough = threading.Event()
        self.options: Any = {}
        self.memory = MEMORY
        self.replaced: dict[str, int] = {}
        self.writer: Any = None
        self.is_running = False
        self.rows = 0

    def listen(self) -> None:
        while True:
            try:
                request = self.control.recv()
            except EOFError:
                os._exit(0)
            if isinstance(request, Enough):
                self.note("Enough")
                self.enough.set()
                continue
            if isinstance(request, Cancel):
                if not isinstance(self.working_on, End):  # nothing cancels that
                    self.cancelled.set()
                    self.enough.set()
                continue
            with self.arrived:
                self.requests.append(request)
                self.arrived.notify()

    def work(self) -> None:
        threading.Thread(target=self.listen, daemon=True).start()
        while True:
            with self.arrived:
                self.arrived.wait_for(lambda: bool(self.requests))
                request = self.working_on = self.requests.pop(0)
            self.cancelled.clear()
            self.enough.clear()
            self.control.send(self.answer(request))

    def answer(self, request: Any) -> Any:
        if isinstance(request, Connect):
            self.options = request.options
        self.note(type(request).__name__)
        match request:
            case Connect():
                self.note(f"as {self.options['user']}")
                self.note(f"to {'write' if request.writes else 'read'}")
                refused = tuple(f"{text} is refused." for text in request.statements)
                return self.steps(self.options.get("script", "")) or Connected(refused, self.memory)
            case Ping():
                return self.steps(self.options.get("ping", "")) or Connected((), self.memory)
            case Describe():
                columns = (Column("N", HanaType("BIGINT")),)
                return self.steps(request.sql) or Described(columns)
            case Run():
                return self.run(request)
            case Prepare():
                return self.steps(request.sql) or Described((), (HanaType("BIGINT"), None))
            case Begin():
                info = " ".join(f"{k}={v}" for k, v in request.client_info.items())
                self.note(f"context {info}")
                return Connected((), self.memory)
            case Change():
                return self.steps(request.sql) or Changed(len(request.rows), self.memory)
            case Insert():
                rows = pa.ipc.open_stream(request.batch).read_next_batch().num_rows
                return self.steps(request.sql) or Changed(rows, self.memory)
            case End():
                word = "commit" if request.keep else "rollback"
                self.note(word)
                return self.steps(self.options.get(word, "")) or Connected((), self.memory)

    def run(self, request: Run) -> Any:
        self.rows, self.writer, self.is_running, self.replaced = 0, None, False, {}
        self.note("context " + " ".join(f"{k}={v}" for k, v in request.client_info.items()))
        failed = self.steps(request.sql)
        if self.is_running or failed is None:
            self.open(SCHEMA)
            self.writer.close()
        return failed or Finished(self.rows, self.memory, self.replaced)

    def open(self, schema: pa.Schema) -> None:
        self.say_running()
        if self.writer is None:
            self.writer = pa.ipc.new_stream(pa.PythonFile(self.data, "w"), schema)

    def say_running(self) -> None:
        if not self.is_running:
            self.is_running = True
            self.control.send(Running())

    def steps(self, text: str) -> Failed | None:
        for step in filter(None, map(str.strip, text.split(";"))):
            if (failed := self.step(step)) is not None:
                return failed
            if self.cancelled.is_set():
                return Failed(139, "cancelled by the fake")
        return None

    def step(self, step: str) -> Failed | None:  # noqa: C901, PLR0912, PLR0915 - a case a word
        word, _, rest = step.partition(" ")
        match word:
            case "rows":
                count, _, times = rest.partition(" x")
                self.write(pa.record_batch([pa.array(range(int(count)))], schema=SCHEMA), times)
            case "wide":
                count, _, times = rest.partition(" x")
                column = pa.array([b"x" * int(count)], pa.large_binary())
                self.write(pa.record_batch([column], schema=WIDE), times)
            case "environment":
                names = [f"{name}={value}" for name, value in os.environ.items()]
                self.write(pa.record_batch([pa.array(names)], schema=TEXT), "1")
            case "hang":
                self.enough.wait()
            case "deaf":
                threading.Event().wait()
            case "sleep":
                time.sleep(float(rest))
            case "running":
                self.say_running()
            case "fail":
                code, _, words = rest.partition(" ")
                return Failed(int(code), words)
            case "lost":
                return Failed(int(rest), "the connection is gone", connection_lost=True)
            case "own":
                kind, _, words = rest.partition(" ")
                return Failed(None, words, kind)
            case "die":
                os.kill(os.getpid(), int(rest))
                signal.pause()
            case "exit":
                os._exit(int(rest))
            case "cut":
                self.open(SCHEMA)
                self.data.write(b"\xff\xff\xff\xff\x00\x10\x00\x00half")
                os._exit(0)
            case "junk":
                self.say_running()
                self.data.write(b"\xff\xff\xff\xff\x10\x00\x00\x00 no Arrow here. ")
            case "tongue":
                return Described(())  # type: ignore[return-value]
            case "grow":
                self.memory += int(rest)
            case "replaced":
                self.replaced = {"empty date": 3}
            case "once":
                path, _, then = rest.partition(" ")
                if not Path(path).exists():
                    Path(path).touch()
                    return self.step(then)
            case _:
                raise AssertionError(step)
        return None

    def write(self, batch: pa.RecordBatch, times: str) -> None:
        self.open(batch.schema)
        for _ in range(int(times or 1)):
            if self.enough.is_set():
                return
            self.writer.write_batch(batch)
            self.rows += batch.num_rows

    def note(self, words: str) -> None:
        if "log" in self.options:
            with Path(self.options["log"]).open("a") as log:
                log.write(f"{os.getpid()} {words}\n")


def main() -> None:
    Fake(Connection(int(sys.argv[1])), int(sys.argv[2])).work()
