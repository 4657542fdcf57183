"""SQL as a principal sends it: prepared, bound, queried, changed, cancelled; knows no Flight SQL.

Everything that a client holds between two calls is sealed bytes, good on any replica. Only an open
transaction lives in one process.
"""

import secrets
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Final

import pyarrow as pa

from flight_client.protocol.catalog import HanaType
from flight_client.protocol.errors import ExpiredTicket, InvalidParameter, UnknownTransaction
from flight_client.protocol.tickets import SqlTicket
from flight_server.backends.base import Backend, ParameterRow
from flight_server.service.handles import Endpoint, Handle, Handles
from flight_server.service.ingest import IngestTarget, ingest
from flight_server.service.options import Options
from flight_server.service.policy import WritePolicy
from flight_server.service.queries import Queries, Rows
from flight_server.service.reads import OpenRead, Reads
from flight_server.service.running import Running, Work
from flight_server.service.seal import Seal
from flight_server.service.successors import Successors
from flight_server.service.transactions import COMMITTED, ROLLED_BACK, Transactions
from flight_server.service.writes import Writes
from flight_server.sql.change_gate import is_query

__all__ = ["IngestTarget", "Options", "Prepared", "StatementInfo", "Statements"]

_NO_COLUMNS: Final = pa.schema([])


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What preparing tells the client.

    Attributes:
        handle: Sealed; to be sent with values or executed.
        schema: Of the rows of a query; None for a change.
        parameters: The type of each marker; None where the database cannot tell.
    """

    handle: bytes
    schema: pa.Schema | None
    parameters: tuple[HanaType | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementInfo:
    """What executing a statement gives.

    Attributes:
        schema: Of every endpoint; of no column for a change.
        tickets: Sealed, one an endpoint; none for a change, which has been run.
        total_rows: Exact number of rows, or of changed rows; None where it is not known.
    """

    schema: pa.Schema
    tickets: tuple[bytes, ...]
    total_rows: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """The statements of one principal, for one call of a client.

    Attributes:
        principal: Who.
        backend: Acting for the principal.
        reads: Its reads.
        seal: Of what the client holds.
        policy: What may be changed.
        transactions: Of this process.
        running: Streams of this process.
        successors: Which transaction of this process follows which.
        peer: Names the connection of the call, where it is the client's own.
        work: The change that this call runs.
    """

    principal: str
    backend: Backend
    reads: Reads
    seal: Seal
    policy: WritePolicy
    transactions: Transactions
    running: Running
    successors: Successors
    peer: str | None = None
    work: Work = field(default_factory=Work)

    def prepare(self, sql: str, options: Options, transaction: bytes | None) -> Prepared:
        """Check a statement and ask the database once what it returns and takes.

        Raises:
            Error: The gate refuses it, or what the database said.
        """
        identifier = self._identifier(transaction)
        is_change = not self._is_query(sql)
        if is_change:
            change = self._writes.admit(sql, options, identifier, None)
            described = self._writes.describe(change, identifier)
        else:
            described = self._queries.describe(sql, options, identifier)
        handle = Handle(
            sql=sql,
            options=options,
            transaction=identifier,
            is_change=is_change,
            markers=len(described.parameters),
        )
        return Prepared(
            handle=self._handles.seal_handle(handle),
            schema=described.schema,
            parameters=described.parameters,
        )

    def bind(self, handle: bytes, rows: Iterable[ParameterRow]) -> bytes:
        """The handle with values for the markers of a query, once for each row.

        Raises:
            InvalidParameter: Too many rows or bytes, or not one value for each marker.
        """
        return self._handles.seal_handle(self._opened(handle).bound(rows))

    def schema(self, sql: str, options: Options, transaction: bytes | None) -> pa.Schema:
        """Schema of a query; nothing is run. Of no column for a change."""
        identifier = self._identifier(transaction)
        if not self._is_query(sql):
            self._writes.admit(sql, options, identifier, None)
            return _NO_COLUMNS
        return self._queries.describe(sql, options, identifier).schema or _NO_COLUMNS

    def schema_of(self, handle: bytes) -> pa.Schema:
        """The same of a prepared statement."""
        opened = self._opened(handle)
        if opened.is_change:
            return _NO_COLUMNS
        asked = opened.sql, opened.options, opened.transaction
        with _own_transaction():
            if opened.rows:
                return self._queries.schema(*asked, opened.rows[0])
            return self._queries.describe(*asked).schema or _NO_COLUMNS

    def execute(self, sql: str, options: Options, transaction: bytes | None) -> StatementInfo:
        """Endpoints of a query; a change is run before this returns.

        That is because clients that cannot tell the two apart (ADBC's ``execute``) ask for the
        endpoints of both.
        """
        statement = Handle(
            sql=sql,
            options=options,
            transaction=self._identifier(transaction),
            is_change=not self._is_query(sql),
            markers=0,
        )
        if statement.is_change:
            return _changed(self._changed(statement, ()))
        return self._executed(statement, ((),))

    def execute_prepared(self, handle: bytes) -> StatementInfo:
        """The same for a prepared statement with the values bound in its handle.

        Raises:
            InvalidParameter: It takes values and has none.
        """
        opened = self._opened(handle)
        rows = opened.rows
        if opened.markers == 0:
            rows = ((),)
        elif rows is None:
            raise InvalidParameter(
                f"The statement has {opened.markers} markers (?) and no values are bound; bind one "
                "for each."
            )
        if not opened.is_change and not rows:
            return StatementInfo(schema=self.schema_of(handle), tickets=(), total_rows=0)
        with _own_transaction():
            if opened.is_change:
                return _changed(self._changed(opened, rows))
            return self._executed(opened, rows)

    def open(self, ticket: bytes) -> OpenRead:
        """The stream of an endpoint.

        Raises:
            Cancelled: Its statement was cancelled.
            UnknownTransaction: It was to be read in a transaction that has ended.
        """
        endpoint = self._handles.open_endpoint(ticket)
        self.running.require_wanted(endpoint.statement)
        match endpoint:
            case Endpoint(ticket=SqlTicket() as asked, transaction=str(inside), more=more):
                opened = self._queries.open_inside(asked, more, inside)
            case _:
                opened = self._queries.open(endpoint.ticket)
        stream = self.running.follow(endpoint.statement, opened.stream)
        return OpenRead(stream, opened.compression)

    def update(self, sql: str, options: Options, transaction: bytes | None) -> int | None:
        """Run a change; the number of changed rows."""
        statement = Handle(
            sql=sql,
            options=options,
            transaction=self._identifier(transaction),
            is_change=True,
            markers=0,
        )
        return self._changed(statement, ())

    def update_prepared(self, handle: bytes, rows: Iterable[ParameterRow]) -> int | None:
        """Run a prepared change once for each row of values, all or none of it.

        One that takes no values is run once, whatever the rows. Where none come, those that are
        bound in the handle are taken.
        """
        opened = self._opened(handle)
        if opened.markers > 0 and opened.rows:
            given = iter(rows)
            first = next(given, None)
            rows = opened.rows if first is None else chain((first,), given)
        with _own_transaction():
            return self._changed(opened, rows)

    def ingest(
        self,
        target: IngestTarget,
        schema: pa.Schema,
        batches: Iterator[pa.RecordBatch],
        options: Options,
        transaction: bytes | None,
    ) -> int:
        """Write batches into a table, all or none of them; the number of rows."""
        identifier = self._identifier(transaction)
        space = self.policy.target(target.space, options.space)
        with self._writes.writing(space, identifier) as pinned:
            return ingest(pinned, space, target, schema, batches)

    def stop(self) -> None:
        """Stop the change that another thread runs by this object, now or as soon as it begins.

        Its call raises Cancelled within a second and nothing of the change is kept, unless it is
        over already.
        """
        self.work.stop()

    def begin(self) -> bytes:
        """Begin a transaction; its sealed identifier."""
        identifier = self.transactions.begin(self.principal)
        if self.peer is not None:
            is_open = self.transactions.is_open
            self.successors.began(identifier, self.principal, self.peer, is_open)
        return self._handles.seal_transaction(identifier)

    def commit(self, transaction: bytes) -> None:
        """Commit it.

        Raises:
            UnknownTransaction: It has ended, or another replica has it.
        """
        identifier = self._handles.open_transaction(transaction)
        self.transactions.commit(identifier, self.principal)
        if self.peer is not None:
            self.successors.ended(identifier, self.peer)

    def rollback(self, transaction: bytes) -> None:
        """Roll it back; also one that is not known any more, since that has been rolled back."""
        identifier = self._handles.open_transaction(transaction)
        if self.transactions.rollback(identifier, self.principal) and self.peer is not None:
            self.successors.ended(identifier, self.peer)

    def cancel(self, tickets: Iterable[bytes]) -> bool:
        """Stop the statements of these endpoints; whether this replica ran or refused any."""
        stopped = False
        for ticket in tickets:
            try:
                endpoint, good = self._handles.open_endpoint(ticket), True
            except ExpiredTicket:  # nobody can open it now, but it may be running
                endpoint, good = self._handles.open_endpoint(ticket, even_expired=True), False
            ran = self.running.cancel(endpoint.statement, refuse=good)
            stopped = stopped or ran or good
        return stopped

    def renew(self, ticket: bytes) -> bytes:
        """The ticket with a new term."""
        return self._handles.seal_endpoint(self._handles.open_endpoint(ticket))

    @property
    def _handles(self) -> Handles:
        return Handles(self.seal, self.principal)

    @property
    def _queries(self) -> Queries:
        return Queries(
            principal=self.principal,
            backend=self.backend,
            reads=self.reads,
            transactions=self.transactions,
        )

    @property
    def _writes(self) -> Writes:
        return Writes(
            principal=self.principal,
            backend=self.backend,
            reads=self.reads,
            policy=self.policy,
            transactions=self.transactions,
            work=self.work,
        )

    def _identifier(self, transaction: bytes | None) -> str | None:
        return None if transaction is None else self._handles.open_transaction(transaction)

    def _opened(self, handle: bytes) -> Handle:
        """A prepared statement, in the transaction that its client means now.

        That is the one in which it was prepared, or where the client ended that and began another
        one with certainty, that other one.
        """
        opened = self._handles.open_handle(handle)
        prepared_in = opened.transaction
        if prepared_in is None or self.peer is None or self.transactions.is_open(prepared_in):
            return opened
        means = self.successors.successor(prepared_in, self.principal, self.peer)
        return opened if means is None else replace(opened, transaction=means)

    def _is_query(self, sql: str) -> bool:
        return is_query(sql, self.backend.caller_dialect)

    def _changed(self, statement: Handle, rows: Iterable[ParameterRow]) -> int | None:
        change = self._writes.admit(
            statement.sql, statement.options, statement.transaction, statement.markers
        )
        return self._writes.run(change, rows, statement.transaction)

    def _executed(self, statement: Handle, rows: Rows) -> StatementInfo:
        found = self._queries.execute(statement.sql, statement.options, statement.transaction, rows)
        identifier = secrets.token_hex(16)
        transaction = statement.transaction if found.is_pinned else None
        tickets = tuple(
            self._handles.seal_endpoint(
                Endpoint(
                    statement=identifier, ticket=ticket, transaction=transaction, more=found.more
                )
            )
            for ticket in found.info.tickets
        )
        return StatementInfo(
            schema=found.info.schema, tickets=tickets, total_rows=found.info.total_rows
        )


@contextmanager
def _own_transaction() -> Generator[None]:
    """A prepared statement ends with the transaction it was prepared in; that is said here.

    Raises:
        UnknownTransaction: With what to do about the statement, where the client ended it itself.
    """
    try:
        yield
    except UnknownTransaction as error:
        if error.details.get("reason") not in (COMMITTED, ROLLED_BACK):
            raise
        raise UnknownTransaction(
            "The transaction in which this statement was prepared has ended: "
            f"{error.details['reason']}; prepare it again (in DB-API, take a new cursor).",
            reason=error.details["reason"],
        ) from error


def _changed(rows: int | None) -> StatementInfo:
    return StatementInfo(schema=_NO_COLUMNS, tickets=(), total_rows=rows)
