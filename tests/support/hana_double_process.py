"""The emulator with the engine double in a process of its own, told what to hold over a pipe.

hdbcli keeps the GIL while it drops a prepared statement, so a server in its own process would never
answer.
"""

import multiprocessing
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

from tests.hana_emulator.auth import Method
from tests.hana_emulator.faults import parse_fault
from tests.hana_emulator.replay import Recordings
from tests.hana_emulator.server import EmulatorServer
from tests.hana_emulator.values import Row
from tests.support.certificates import Certificates, certificates
from tests.support.hana_engine_double import EngineDouble, Table

_STOP_S = 20
_ANSWER_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the server is started; see ``EmulatorServer``."""

    tls: Certificates | None = None
    delay_s: float = 0.0
    methods: tuple[Method, ...] = tuple(Method)
    data_format: int = 8
    replay: bool = False


@dataclass(frozen=True, slots=True)
class SeenSession:
    """What the double knows of a session."""

    user: str
    connection_id: int
    variables: dict[str, str | None]
    log: list[str]
    open_cursors: int
    closed: bool
    blocked: bool


class DoubleServer:
    """A running emulator; its process ends with the ``with`` block, whatever happens."""

    def __init__(self, *, tls: bool = False, **settings: Any) -> None:
        made = certificates()
        ours, theirs = multiprocessing.get_context("spawn").Pipe()
        self._pipe = ours
        self._process = multiprocessing.get_context("spawn").Process(
            target=_serve,
            args=(theirs, Settings(tls=made if tls else None, **settings)),
            daemon=True,
        )
        self._process.start()
        theirs.close()
        self.port: int = self._ask(None)
        self.roots = made.roots

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self._pipe.close()
        self._process.join(_STOP_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        exit_code = self._process.exitcode
        self._process.close()
        assert exit_code == 0, f"the emulator ended with {exit_code}"

    def _ask(self, question: tuple[Any, ...] | None) -> Any:
        if question is not None:
            self._pipe.send(question)
        assert self._pipe.poll(_ANSWER_S), f"no answer to {question}"
        return self._pipe.recv()

    def add(self, name: str, table: Table) -> None:
        """Put a table in place, or another in its place."""
        self._ask(("add", name, table))

    def rows(self, name: str) -> list[Row]:
        """The rows of a table now."""
        return self._ask(("rows", name))

    def arm(self, text: str) -> None:
        """Arm a fault; an empty text disarms all."""
        self._ask(("arm", text))

    def sessions(self) -> list[SeenSession]:
        """Every session that was opened, in order."""
        return self._ask(("sessions",))

    def connections(self) -> int:
        """How many clients are connected."""
        return self._ask(("connections",))

    def wait(self, holds: Callable[["DoubleServer"], bool], timeout_s: float = 40) -> None:
        """Ask until something holds.

        Raises:
            AssertionError: it does not within the time.
        """
        deadline = time.monotonic() + timeout_s
        while not holds(self):
            assert time.monotonic() < deadline, "it did not come to hold in time"
            time.sleep(0.01)


def _serve(pipe: Connection, settings: Settings) -> None:
    engine = EngineDouble()
    server = EmulatorServer(
        engine,
        tls=_context(settings.tls) if settings.tls else None,
        delay_s=settings.delay_s,
        recordings=Recordings() if settings.replay else None,
        methods=settings.methods,
        data_format=settings.data_format,
    )
    with server:
        pipe.send(server.port)
        with suppress(EOFError):
            while True:
                pipe.send(_answer(engine, server, *pipe.recv()))


def _answer(engine: EngineDouble, server: EmulatorServer, verb: str, *rest: Any) -> Any:
    match verb:
        case "add":
            name, table = rest
            engine.tables[name] = table
        case "rows":
            return engine.tables[rest[0]].rows
        case "arm":
            server.faults.clear()
            if rest[0]:
                server.faults.add(parse_fault(rest[0]))
        case "connections":
            return server.connections
        case "sessions":
            return [
                SeenSession(
                    session.user,
                    session.connection_id,
                    session.variables,
                    session.log,
                    session.open_cursors,
                    session.closed.is_set(),
                    session.blocked.is_set(),
                )
                for session in engine.sessions
            ]
    return None


def _context(made: Certificates) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with TemporaryDirectory() as folder:
        chain, key = Path(folder) / "chain.pem", Path(folder) / "key.pem"
        chain.write_bytes(made.chain)
        key.write_bytes(made.key)
        context.load_cert_chain(chain, key)
    return context
