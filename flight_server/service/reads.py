"""Reads: what a ticket would give, and the stream that it gives."""

import logging
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from flight_client.protocol.catalog import Entity
from flight_client.protocol.commands import Explanation
from flight_client.protocol.errors import (
    InvalidRead,
    UnknownEntity,
    UnknownSpace,
)
from flight_client.protocol.tickets import (
    Compression,
    ReadTicket,
    SqlTicket,
    Ticket,
    encode_ticket,
)
from flight_server.backends.base import Backend, BatchStream, GaveUp
from flight_server.planning.plan import ReadPlan
from flight_server.planning.ranges import range_column, split_by_range
from flight_server.planning.read import Limits, known_rows, plan_read, split
from flight_server.service.discovery import Discovery
from flight_server.sql.gate import AdmittedQuery, TableLookup, admit

_log: Final = logging.getLogger(__name__)

MAX_TICKETS_BYTES: Final = 8 * 1024 * 1024
"""Most bytes of tickets in one answer: each endpoint repeats the whole read."""


@dataclass(frozen=True, slots=True)
class ReadInfo:
    """What is known of a read before it runs.

    Attributes:
        schema: Of every endpoint.
        tickets: One an endpoint; their rows together are the read.
        total_rows: Exact number of rows, or None where only running the read would tell.
    """

    schema: pa.Schema
    tickets: tuple[Ticket, ...]
    total_rows: int | None


@dataclass(frozen=True, slots=True)
class OpenRead:
    """A stream, and how it is sent. The caller closes the stream."""

    stream: BatchStream
    compression: Compression


@dataclass(frozen=True, slots=True)
class Reads:
    """Plans tickets against the catalogue and opens them in the backend."""

    backend: Backend
    discovery: Discovery
    limits: Limits

    def info(self, ticket: Ticket, entity: Entity | None = None) -> ReadInfo:
        """Schema, endpoints and size of a read.

        The database runs nothing, but for a read that is to be cut by ranges of a column: then it
        is asked for the least and the greatest value.

        Args:
            ticket: What to read.
            entity: What a ticket of one entity names, where it was looked up already.

        Raises:
            Error: The ticket does not fit the catalogue, or what the database said.
        """
        match ticket:
            case ReadTicket():
                plan = self.plan(ticket, entity)
                parts = self._split(ticket, plan)
                rows = known_rows(ticket, self.backend.row_count(plan.entity))
                return ReadInfo(plan.schema, parts, rows)
            case SqlTicket():
                return ReadInfo(self.schema(ticket), (ticket,), None)

    def schema(self, ticket: Ticket) -> pa.Schema:
        """Schema of a read; the database runs nothing.

        Raises:
            Error: The ticket does not fit the catalogue.
        """
        match ticket:
            case ReadTicket():
                return self.plan(ticket).schema
            case SqlTicket():
                return self.backend.describe_query(self._admitted(ticket), ticket.parameters)

    def open(self, ticket: Ticket) -> OpenRead:
        """The stream of a ticket; the database starts with its first batch.

        Raises:
            Error: The ticket does not fit the catalogue.
        """
        match ticket:
            case ReadTicket():
                stream = self.backend.open(self.plan(ticket))
            case SqlTicket():
                stream = self.backend.open_query(
                    self._admitted(ticket),
                    ticket.parameters,
                    self.limits.batch_bytes(ticket.batch_bytes),
                )
        return OpenRead(stream, ticket.compression)

    def explain(self, ticket: Ticket) -> Explanation:
        """The statement that the ticket becomes in the database.

        Raises:
            Error: The ticket does not fit the catalogue.
        """
        match ticket:
            case ReadTicket():
                statement = self.backend.explain(self.plan(ticket))
            case SqlTicket():
                statement = self.backend.explain_query(self._admitted(ticket), ticket.parameters)
        return Explanation(self.backend.kind, statement.text, statement.values)

    def plan(self, ticket: ReadTicket, entity: Entity | None = None) -> ReadPlan:
        """The ticket checked against the catalogue, or against the entity where it is at hand.

        Raises:
            Error: The ticket does not fit the catalogue.
        """
        found = entity or self.discovery.entity(ticket.entity, ticket.space)
        return plan_read(ticket, found, self.limits, by_position=self.backend.has_row_positions)

    def _split(self, ticket: ReadTicket, plan: ReadPlan) -> tuple[ReadTicket, ...]:
        parts = self._ranges(ticket, plan)
        if parts is None:
            parts = split(ticket, plan.entity, by_position=self.backend.has_row_positions)
        if len(parts) > 1 and len(parts) * len(encode_ticket(ticket)) > MAX_TICKETS_BYTES:
            raise InvalidRead(
                f"{len(parts)} parts of this read would be over {MAX_TICKETS_BYTES:,} bytes of "
                "tickets; ask for fewer parts or shorten its lists."
            )
        return parts

    def _ranges(self, ticket: ReadTicket, plan: ReadPlan) -> tuple[ReadTicket, ...] | None:
        """The parts by ranges of a column; None where the read is cut by other means.

        Raises:
            InvalidRead: Ranges are asked for and cannot be cut, or their extremes take too long.
        """
        entity = plan.entity
        preferred = self.backend.prefers_ranges(entity)
        column = range_column(ticket, entity, preferred=preferred)
        if column is None:
            return None
        is_asked_for = ticket.partition is not None and ticket.partition.method == "range"
        try:
            extremes = self.backend.key_range(plan, column)
        except GaveUp as late:
            what = (
                f"The least and the greatest {column.name!r} of {entity.space}.{entity.name} did "
                f"not come within {late.limit_s:g} s"
            )
            if is_asked_for:  # and not Unavailable: clients would wait for the same again
                raise InvalidRead(
                    f"{what}, and ranges need them; cut by another column (partition_by), or with "
                    'partition_method="hash", which asks for nothing first.',
                    column=column.name,
                ) from late
            _log.info("%s; the read is cut by a hash instead", what)
            return None
        if extremes is None and not is_asked_for:
            return None
        return split_by_range(ticket, entity, column, extremes)

    def admit(
        self,
        sql: str,
        space: str | None,
        parameter_count: int | None,
        lookup: TableLookup | None = None,
    ) -> AdmittedQuery:
        """A query that passed the gate.

        Args:
            sql: As the caller wrote it.
            space: Where unqualified names are looked for; None means in all spaces.
            parameter_count: How many values there are for ``?``; None where that is not known yet.
            lookup: What the caller may read; None for the catalogue.

        Raises:
            Error: The gate refuses it, or a space where a name may be cannot be asked.
        """
        with self.answers_required():
            return admit(
                sql,
                dialect=self.backend.caller_dialect,
                default_space=space,
                lookup=CatalogLookup(self.backend) if lookup is None else lookup,
                parameter_count=parameter_count,
            )

    def _admitted(self, ticket: SqlTicket) -> AdmittedQuery:
        return self.admit(ticket.sql, ticket.space, len(ticket.parameters))

    @contextmanager
    def answers_required(self) -> Generator[None]:
        """A name that is not known inside may be where a space cannot be asked: then that is said.

        Raises:
            Error: Why the space cannot be asked.
        """
        try:
            yield
        except (UnknownEntity, UnknownSpace) as error:
            space = error.details.get("space")
            self.backend.require_answers(space if isinstance(space, str) else None)
            raise


class CatalogLookup:
    """The catalogue as the SQL gate asks for it, for one statement: each name is looked up once."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._found: dict[str, dict[str, Entity]] = {}

    def spaces(self) -> tuple[str, ...]:
        """Names of the spaces."""
        return tuple(space.name for space in self._backend.spaces())

    def entities(self, space: str) -> tuple[str, ...]:
        """Names of a space's entities."""
        return tuple(self._backend.entity_names(space))

    def columns(self, space: str, entity: str) -> tuple[str, ...] | None:
        """Names of an entity's columns; None if there is no such entity."""
        found = self.entity(space, entity)
        return None if found is None else tuple(column.name for column in found.columns)

    def entity(self, space: str, name: str) -> Entity | None:
        """The entity of exactly these names."""
        if name not in self._found:
            self._found[name] = {found.space: found for found in self._backend.find(name)}
        return self._found[name].get(space)
