"""The services over a DuckDB database in memory, for tests of statements without a wire."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pyarrow as pa

from flight_server.backends.base import Backend, BatchStream
from flight_server.backends.duckdb.backend import DuckDbBackend
from flight_server.planning.read import Limits
from flight_server.service.context import Services
from flight_server.service.options import Options
from flight_server.service.policy import WritePolicy
from flight_server.service.seal import Seal
from flight_server.service.statements import StatementInfo, Statements
from flight_server.service.successors import Successors
from flight_server.service.transactions import Transactions
from tests.support.scripted_writes import Clock

SPACES = """
CREATE SCHEMA "S"; CREATE SCHEMA "LOCKED";
CREATE TABLE "S"."T" ("A" INTEGER PRIMARY KEY, "B" VARCHAR);
INSERT INTO "S"."T" VALUES (1, 'x'), (2, 'y');
CREATE TABLE "LOCKED"."L" ("A" INTEGER);
"""
NO_OPTIONS = Options()


@dataclass
class Counted:
    """Counts the questions to a backend by name."""

    backend: Backend
    asked: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> object:
        self.asked.append(name)
        return getattr(self.backend, name)

    def acting_for(self, principal: str) -> "Counted":
        return self


@dataclass
class Desk:
    """Where statements are sent; each call is one of its own, as on the wire."""

    services: Services
    backend: Counted
    clock: Clock

    def of(self, principal: str = "ada", peer: str | None = None) -> Statements:
        """The statements of one call, on a connection of the client's own or any."""
        return self.services.statements(principal, peer=peer)

    def rows(self, info: StatementInfo, principal: str = "ada") -> list[tuple[object, ...]]:
        """What the endpoints give, in their order."""
        return [row for ticket in info.tickets for row in self.read(ticket, principal)]

    def read(self, ticket: bytes, principal: str = "ada") -> list[tuple[object, ...]]:
        """What one endpoint gives."""
        stream = self.of(principal).open(ticket).stream
        try:
            return drained(stream)
        finally:
            stream.close()

    def query(
        self, sql: str, transaction: bytes | None = None, options: Options = NO_OPTIONS
    ) -> list[tuple[object, ...]]:
        """The rows of a query."""
        return self.rows(self.of().execute(sql, options, transaction))

    def table(self) -> list[tuple[object, ...]]:
        """The rows of S.T as everybody sees them."""
        return self.query("SELECT A, B FROM S.T ORDER BY A")


def drained(stream: BatchStream) -> list[tuple[object, ...]]:
    """The rows that a stream has left."""
    found: list[tuple[object, ...]] = []
    while (batch := stream.read()) is not None:
        found += zip(*batch.to_pydict().values(), strict=True)
    return found


@contextmanager
def desk(
    script: str = SPACES,
    *,
    writable: Sequence[str] = ("S",),
    busy_s: float = 0.2,
    backend: Backend | None = None,
) -> Iterator[Desk]:
    """A desk over a database of its own; ``writable`` nothing switches writing off."""
    opened = backend or DuckDbBackend.open_database(None, read_only=False, init_script=script)
    counted, clock = Counted(opened), Clock()
    services = Services(
        counted,  # type: ignore[arg-type]
        Limits(),
        Seal(key=b"k" * 32, lifetime_s=3600, clock=clock),
        policy=WritePolicy(frozenset(writable) if writable else None),
        transactions=Transactions(clock=clock, busy_s=busy_s),
        successors=Successors(clock),
    )
    try:
        yield Desk(services, counted, clock)
    finally:
        services.close()
        opened.close()


def table_of(**columns: Sequence[object]) -> pa.Table:
    """A table with columns of inferred types."""
    return pa.table(dict(columns))
