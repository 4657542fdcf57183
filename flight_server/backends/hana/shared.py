"""What the backends of all principals share: reader processes, users, what the catalogue said.

Asks HANA through a ``Pool``, and does not know what a principal is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

import pyarrow as pa

from flight_client.protocol.catalog import Column
from flight_client.protocol.errors import Error
from flight_server.backends.base import BatchStream
from flight_server.backends.hana.access import DatabaseUser
from flight_server.backends.hana.catalog import Catalogue
from flight_server.backends.hana.entities import Delivery
from flight_server.backends.hana.kept import Kept
from flight_server.backends.hana.keys import Keys
from flight_server.backends.hana.messages import Change, Connected, Described, Insert, Run
from flight_server.backends.hana.silent import Silent
from flight_server.backends.hana.users import Grant, Users
from flight_server.sql.statement import Statement

_CATALOGUE: Final = "The catalogue"
TABLE_BYTES: Final = 4 * 1024 * 1024
"""Size of the batches in which the server's own questions are answered."""

DESCRIBED_S: Final = 30.0
"""How long a described query is good, in seconds: from GetFlightInfo to DoGet."""


class Transaction(Protocol):
    """One transaction in the database; ``pool.transaction.Transaction`` is one."""

    @property
    def is_open(self) -> bool:
        """Whether there is something to commit or to roll back."""
        ...

    @property
    def refused(self) -> tuple[str, ...]:
        """What the database refused of the statements after the log-on."""
        ...

    def describe(self, sql: str, subject: str) -> Described:
        """The columns of a query as this transaction sees them."""
        ...

    def change(self, request: Change | Insert, subject: str) -> int | None:
        """Make a change; the number of rows, None where the database does not say."""
        ...

    def open(self, run: Run, schema: pa.Schema, subject: str) -> BatchStream:
        """A stream over the rows of a query; nothing else may be done before it is closed."""
        ...

    def commit(self) -> None:
        """Keep what was done."""
        ...

    def end(self, reason: Error) -> None:
        """Stop what another thread does here, and roll back."""
        ...

    def roll_back(self, reason: Error) -> None:
        """Roll back."""
        ...

    def close(self) -> None:
        """Roll back what is open, and give the connection back."""
        ...


class Pool(Protocol):
    """What is asked of the reader processes; ``readers.Readers`` is one."""

    def describe(self, user: DatabaseUser, sql: str, *, subject: str) -> Described:
        """The columns and markers of a query, which is prepared and not run."""
        ...

    def prepare(self, user: DatabaseUser, sql: str, *, subject: str) -> Described:
        """The markers of a change, which is prepared and not run."""
        ...

    def begin(self, user: DatabaseUser, client_info: Mapping[str, str]) -> Transaction:
        """A transaction of a user. Whoever began it closes it."""
        ...

    def table(self, user: DatabaseUser, run: Run, *, subject: str) -> pa.Table:
        """All rows of a short answer."""
        ...

    def open(
        self, user: DatabaseUser, run: Run, *, schema: pa.Schema, slot: str, subject: str
    ) -> BatchStream:
        """A stream over the rows; nothing runs before its first batch is read."""
        ...

    def check(self, user: DatabaseUser) -> Connected:
        """Log on afresh, once."""
        ...

    def close(self) -> None:
        """End every process."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How statements run and values arrive.

    Attributes:
        delivery: Types that may arrive in several ways.
        lob_bytes: Most bytes of one LOB value.
        query_timeout_s: HANA ends a statement after so many seconds; 0 for never.
        catalog_ttl_s: How long the catalogue is good, in seconds.
    """

    delivery: Delivery
    lob_bytes: int
    query_timeout_s: int = 0
    catalog_ttl_s: float


class Shared:
    """What the backends of all principals have in common; thread-safe."""

    def __init__(self, pool: Pool, users: Users, reading: Reading) -> None:
        """Take over the reader processes; they end with ``HanaBackend.close``."""
        self.pool: Final = pool
        self.users: Final = users
        self.reading: Final = reading
        self.catalogue: Final = Catalogue(
            self._ask, ttl_s=reading.catalog_ttl_s, delivery=reading.delivery
        )
        self.keys: Final = Keys(self._ask)
        self.described: Final[Kept[Described]] = Kept()
        self.silent: Final = Silent()

    def run(
        self, statement: Statement, columns: tuple[Column, ...], batch_bytes: int = TABLE_BYTES
    ) -> Run:
        """A statement as a reader process takes it."""
        return Run(
            sql=statement.text,
            values=statement.values,
            columns=columns,
            batch_bytes=batch_bytes,
            lob_bytes=self.reading.lob_bytes,
            timeout_s=self.reading.query_timeout_s,
        )

    def delivered(self, described: Described) -> Described:
        """What a query is described as, with the types that floating decimals arrive in."""
        delivery = replace(self.reading.delivery, timestamp=None)
        columns = (replace(each, read_as=delivery.read_as(each.type)) for each in described.columns)
        return replace(described, columns=tuple(columns))

    def answers(self, grants: Iterable[Grant]) -> list[tuple[Grant, Mapping[str, tuple[str, ...]]]]:
        """The names of entities by space, of each user who can be asked.

        Raises:
            Error: None can be.
        """
        return self.silent.answers(grants, self.catalogue.names)

    def forget(self, names: Iterable[str]) -> None:
        """Ask anew for tables of these names, whoever asks: they were created, altered or dropped.

        Every described query goes too: nobody knows which of them reads these tables.
        """
        for name in names:
            self.catalogue.forget_everywhere(name)
        self.described.forget_all(lambda _: True)

    def _ask(
        self, user: DatabaseUser, statement: Statement, columns: tuple[Column, ...]
    ) -> pa.Table:
        found = self.pool.table(user, self.run(statement, columns), subject=_CATALOGUE)
        self.silent.answered(user.label)
        return found
