"""Runs changes: in a transaction of their own or in an open one, all of a change or nothing."""

from collections.abc import Callable, Generator, Iterable
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from flight_client.protocol.commands import Execution
from flight_client.protocol.errors import Error, InvalidRequest, InvalidSql
from flight_client.protocol.writes import WriteMode, WriteTicket
from flight_server.backends.base import Backend, Described, ParameterRow, WriteTransaction
from flight_server.service.handles import check_row
from flight_server.service.ingest import APPEND, CREATE, FAIL, REPLACE, IngestTarget, Told, ingest
from flight_server.service.options import Options
from flight_server.service.pinned import Pinned
from flight_server.service.pinned_lookup import lookup_of
from flight_server.service.policy import WritePolicy
from flight_server.service.reads import CatalogLookup, Reads
from flight_server.service.running import Work
from flight_server.service.transactions import Transactions
from flight_server.sql.change_gate import admit_change
from flight_server.sql.changes import AdmittedChange

_MODES: Final[dict[WriteMode, tuple[str, str]]] = {
    "create": (CREATE, FAIL),
    "append": (FAIL, APPEND),
    "replace": (CREATE, REPLACE),
    "upsert": (FAIL, APPEND),
}
"""What each mode does where the table is missing, and where it is there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Writes:
    """The changes of one principal.

    Attributes:
        principal: Who.
        backend: Acting for the principal.
        reads: Its reads.
        policy: What it may change.
        transactions: Of this process.
        work: Where another thread may stop what is run here.
    """

    principal: str
    backend: Backend
    reads: Reads
    policy: WritePolicy
    transactions: Transactions
    work: Work

    def admit(
        self,
        sql: str,
        options: Options,
        transaction: str | None,
        markers: int | None,
        *,
        falls_back: bool = True,
    ) -> AdmittedChange:
        """A change that passed the gate; ``markers`` None takes any number of ``?``.

        A session's space is for reading as well: ``falls_back`` lets what is changed be in the only
        writable one.

        Raises:
            AccessDenied: Writing is off, or the space is not one to write to.
            InvalidRequest: It changes a view, whose rows may be those of another space.
            Error: What the gate says.
        """
        writable = self.policy.writable()
        catalogue = CatalogLookup(self.backend)
        with self.seeing(transaction) as pinned, self.reads.answers_required():
            change = admit_change(
                sql,
                dialect=self.backend.caller_dialect,
                default_space=options.space,
                lookup=lookup_of(catalogue, pinned),
                writable=writable,
                parameter_count=markers,
                falls_back=falls_back,
            )
            if pinned is None or change.target not in pinned.defined:
                _require_no_view(catalogue, *change.target)
            return change

    def describe(self, change: AdmittedChange, transaction: str | None) -> Described:
        """What the markers of a change stand for; the database is asked once at most."""
        with self.seeing(transaction) as pinned:
            if change.kind.is_definition or (pinned is not None and pinned.defined):
                return Described(None, (None,) * change.parameter_count)
        return self.backend.prepare_change(change)

    def run(
        self, change: AdmittedChange, rows: Iterable[ParameterRow], transaction: str | None
    ) -> int | None:
        """Run a change once for each row of values, or once if it takes none; the changed rows.

        In a transaction that is open, a change of several rows that fails undoes all of it: what
        the earlier rows did cannot be taken back alone. One that fails as a whole leaves it open,
        where the database does.

        Raises:
            Error: Nothing was changed.
        """
        with self.writing(change.target[0], transaction) as pinned:
            if change.kind.is_definition:
                pinned.defined.add(change.target)
            if change.parameter_count == 0:
                return pinned.write.change(change, [()])
            given = _Given(rows, change.parameter_count)
            try:
                return pinned.write.change(change, given.rows())
            except Error:
                pinned.is_spoiled = given.count > 1 or (given.count > 0 and given.broke)
                raise

    def execute(self, execution: Execution) -> int | None:
        """Run a change in a transaction of its own; the rows it changed.

        Raises:
            InvalidSql: It is an UPDATE or DELETE of all rows, and that was not said to be meant.
            Error: What the gate or the database says; nothing was changed.
        """
        change = self.admit(
            execution.sql,
            Options(space=execution.space),
            None,
            len(execution.parameters),
            falls_back=False,
        )
        if not change.has_where and not execution.allow_all_rows:
            raise InvalidSql(
                f"The {change.kind.value} has no WHERE and would change every row of "
                f"{'.'.join(change.target)}; add one, or say allow_all_rows.",
                entity=change.target[1],
            )
        return self.run(change, [execution.parameters], None)

    def write(
        self, ticket: WriteTicket, schema: pa.Schema, batches: Iterable[pa.RecordBatch], told: Told
    ) -> int:
        """Write batches into a table in a transaction of its own, all or none; their rows.

        Raises:
            Error: As ``ingest``; nothing was written.
        """
        if_missing, if_exists = _MODES[ticket.mode]
        space = self.policy.target(ticket.space, None)
        target = IngestTarget(
            space=space,
            table=ticket.table,
            if_missing=if_missing,
            if_exists=if_exists,
            upserts=ticket.mode == "upsert",
            keys=ticket.keys,
            types=ticket.types,
        )
        with self.writing(space, None) as pinned:
            return ingest(pinned, space, target, schema, batches, told=told)

    @contextmanager
    def writing(self, space: str, transaction: str | None) -> Generator[Pinned]:
        """The connection for a change: of the transaction, or of one for this change alone.

        Raises:
            UnknownTransaction: It has ended, or another replica has it.
            Unavailable: No connection is free in time.
            Cancelled: The change was stopped; nothing was kept.
        """

        def begin() -> WriteTransaction:
            return self.backend.begin(space)

        with self._connected(begin, transaction) as pinned, self.work.on(pinned.write):
            yield pinned

    @contextmanager
    def seeing(self, transaction: str | None) -> Generator[Pinned | None]:
        """The connection of the transaction where it has one, to look at its own tables."""
        if transaction is None:
            yield None
            return
        with self.transactions.looking(transaction, self.principal) as pinned:
            yield pinned

    def _connected(
        self, begin: Callable[[], WriteTransaction], transaction: str | None
    ) -> AbstractContextManager[Pinned]:
        if transaction is None:
            return self.transactions.alone(begin)
        return self.transactions.changing(transaction, self.principal, begin)


def _require_no_view(catalogue: CatalogLookup, space: str, name: str) -> None:
    found = catalogue.entity(space, name)
    if found is not None and found.kind != "table":
        raise InvalidRequest(
            f"{space}.{name} is a view; changes are made to tables.", space=space, entity=name
        )


class _Given:
    """Rows of values as they are taken, one by one."""

    def __init__(self, rows: Iterable[ParameterRow], markers: int) -> None:
        self._rows = rows
        self._markers = markers
        self.count = 0
        self.broke = False

    def rows(self) -> Generator[ParameterRow]:
        """Each row, checked; ``broke`` is set where one of them cannot be had."""
        self.broke = True
        for number, row in enumerate(self._rows, start=1):
            checked = check_row(row, self._markers, number)
            self.count = number
            yield checked
        self.broke = False
