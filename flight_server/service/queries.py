"""Queries: what one returns, the endpoints it is read by, and their streams; changes nothing."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

import pyarrow as pa

from flight_client.protocol.catalog import Entity
from flight_client.protocol.errors import InvalidParameter, InvalidRequest
from flight_client.protocol.literals import LiteralValue
from flight_client.protocol.tickets import Partition, ReadTicket, SqlTicket, Ticket
from flight_server.backends.base import Backend, BatchStream, Described, ParameterRow
from flight_server.service.chained_stream import ChainedStream
from flight_server.service.options import Options
from flight_server.service.pinned import Pinned
from flight_server.service.pinned_lookup import lookup_of
from flight_server.service.reads import (
    MAX_TICKETS_BYTES,
    CatalogLookup,
    OpenRead,
    ReadInfo,
    Reads,
)
from flight_server.service.transactions import Transactions
from flight_server.sql.gate import AdmittedQuery
from flight_server.sql.scans import scan_of

Rows: TypeAlias = tuple[tuple[LiteralValue | None, ...], ...]

LARGE_ROWS: Final = 1_000_000
"""From so many rows on a scan is cut into several endpoints, where the session leaves that open."""

PART_ROWS: Final = 500_000
"""Fewer are not worth an endpoint of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """What a query gives.

    Attributes:
        info: Schema, tickets and size.
        is_pinned: Whether the one ticket is read on the connection of the transaction, and again
            with each of the values of ``more``: two streams cannot be open there.
        more: Rows of values.
    """

    info: ReadInfo
    is_pinned: bool
    more: Rows = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Queries:
    """The queries of one principal.

    Attributes:
        principal: Who.
        backend: Acting for the principal.
        reads: Its reads.
        transactions: Of this process.
    """

    principal: str
    backend: Backend
    reads: Reads
    transactions: Transactions

    def describe(self, sql: str, options: Options, transaction: str | None) -> Described:
        """What a query returns and takes, before there are values; the database is asked once."""
        with self._seeing(transaction) as pinned:
            query = self._admitted(sql, options, None, pinned)
            if pinned is None or not pinned.defined:
                return self.backend.prepare_query(query)
            unknown = (None,) * query.parameter_count
            return Described(self._schema_inside(pinned, query, unknown), unknown)

    def schema(
        self,
        sql: str,
        options: Options,
        transaction: str | None,
        row: Sequence[LiteralValue | None],
    ) -> pa.Schema:
        """Schema of a query with these values; nothing is run."""
        with self._seeing(transaction) as pinned:
            return self._schema(self._admitted(sql, options, len(row), pinned), row, pinned)

    def execute(
        self,
        sql: str,
        options: Options,
        transaction: str | None,
        rows: Rows,
    ) -> Executed:
        """The endpoints of a query: for each row of values those of one read.

        Nothing is run here, but for a scan that is cut by ranges of a column: then the database is
        asked for the least and the greatest value.
        """
        tickets = tuple(_ticket(sql, row, options) for row in rows)
        _require_short(sql, len(tickets))
        with self._seeing(transaction) as pinned:
            if pinned is not None:
                query = self._admitted(sql, options, len(rows[0]), pinned)
                info = ReadInfo(self._schema(query, rows[0], pinned), tickets[:1], None)
                return Executed(info=info, is_pinned=True, more=rows[1:])
        lookup = CatalogLookup(self.backend)
        query = self.reads.admit(sql, options.space, len(rows[0]), lookup)
        schema = self.backend.describe_query(query, rows[0])
        info = self._scanned(query, tickets[0], schema, options, lookup) if len(rows) == 1 else None
        return Executed(info=info or ReadInfo(schema, tickets, None), is_pinned=False)

    def open(self, ticket: Ticket) -> OpenRead:
        """The stream of a ticket; the database starts with its first batch."""
        return self.reads.open(ticket)

    def open_inside(self, ticket: SqlTicket, more: Rows, transaction: str) -> OpenRead:
        """The stream of a query on the connection of a transaction, for each row of values."""

        def opened(pinned: Pinned) -> BatchStream:
            query = self.reads.admit(
                ticket.sql,
                ticket.space,
                len(ticket.parameters),
                lookup_of(CatalogLookup(self.backend), pinned),
            )
            size = self.reads.limits.batch_bytes(ticket.batch_bytes)
            return ChainedStream(
                partial(pinned.write.open_query, query, row, size)
                for row in (ticket.parameters, *more)
            )

        stream = self.transactions.open(transaction, self.principal, opened)
        return OpenRead(stream, ticket.compression)

    def _scanned(
        self,
        query: AdmittedQuery,
        ticket: SqlTicket,
        schema: pa.Schema,
        options: Options,
        lookup: CatalogLookup,
    ) -> ReadInfo | None:
        """The query as reads of one entity; None where it is more, or cannot be planned so."""
        scan = scan_of(query, ticket.parameters)
        entity = None if scan is None else lookup.entity(scan.space, scan.entity)
        if scan is None or entity is None:
            return None
        try:
            read = ReadTicket(
                space=scan.space,
                entity=scan.entity,
                columns=scan.columns,
                where=scan.where,
                partition=self._wished(entity, options.partitions),
                batch_bytes=ticket.batch_bytes,
                compression=ticket.compression,
            )
            info = self.reads.info(read, entity)
        except InvalidRequest:  # the statement itself is still good
            return None
        # Columns that are read as another type are so by reads, not by queries.
        same = (info.schema.names, info.schema.types) == (schema.names, schema.types)
        return info if same else None

    def _wished(self, entity: Entity, partitions: int | None) -> Partition | None:
        if partitions is not None:
            return Partition(partitions) if partitions > 1 else None
        rows = self.backend.row_count(entity)
        if rows is None or rows < LARGE_ROWS:
            return None
        parts = min(self.reads.limits.scan_parts, rows // PART_ROWS)
        return Partition(parts) if parts > 1 else None

    def _admitted(
        self, sql: str, options: Options, markers: int | None, pinned: Pinned | None
    ) -> AdmittedQuery:
        return self.reads.admit(
            sql, options.space, markers, lookup_of(CatalogLookup(self.backend), pinned)
        )

    def _schema(
        self, query: AdmittedQuery, values: Sequence[LiteralValue | None], pinned: Pinned | None
    ) -> pa.Schema:
        if pinned is not None and pinned.defined:
            return self._schema_inside(pinned, query, values)
        return self.backend.describe_query(query, values)

    def _schema_inside(
        self, pinned: Pinned, query: AdmittedQuery, values: ParameterRow
    ) -> pa.Schema:
        """Schema of a query over tables that only the transaction sees; nothing is run."""
        stream = pinned.write.open_query(query, values, self.reads.limits.default_batch_bytes)
        try:
            return stream.schema
        finally:
            stream.close()

    @contextmanager
    def _seeing(self, transaction: str | None) -> Generator[Pinned | None]:
        if transaction is None:
            yield None
            return
        with self.transactions.looking(transaction, self.principal) as pinned:
            yield pinned


def _require_short(sql: str, tickets: int) -> None:
    """Each ticket repeats the statement, and all of them are one message."""
    if tickets > 1 and tickets * len(sql.encode()) > MAX_TICKETS_BYTES:
        raise InvalidParameter(
            f"{tickets} rows of values for a statement of {len(sql.encode()):,} bytes would be "
            f"over {MAX_TICKETS_BYTES:,} bytes of tickets; send fewer rows in one execution."
        )


def _ticket(sql: str, row: Sequence[LiteralValue | None], options: Options) -> SqlTicket:
    return SqlTicket(
        sql=sql,
        parameters=tuple(row),
        space=options.space,
        batch_bytes=options.batch_bytes,
        compression=options.compression,
    )
