"""The Flight verbs: each decodes its bytes, calls one service and encodes the answer."""

# pyarrow-stubs 20 gives several verbs other types than pyarrow 26 documents and takes:
# pyright: reportIncompatibleMethodOverride=false, reportArgumentType=false
# pyright: reportOptionalIterable=false, reportUnknownArgumentType=false

import os
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import cast

import pyarrow.flight as fl

from flight_client.protocol.catalog import Column, Entity, encode_entity, encode_space
from flight_client.protocol.commands import (
    ACTIONS,
    DESCRIBE_ENTITY,
    EXECUTE,
    EXPLAIN,
    LIST_ENTITIES,
    LIST_SPACES,
    Executed,
    Execution,
    decode_entity_query,
    decode_execution,
    encode_executed,
    encode_explanation,
)
from flight_client.protocol.errors import (
    InvalidRead,
    InvalidTicket,
    UnknownAction,
    UnsupportedType,
)
from flight_client.protocol.schemas import arrow_type, to_schema
from flight_client.protocol.tickets import ReadTicket, Ticket
from flight_server.service.context import Services
from flight_server.service.reads import ReadInfo, Reads
from flight_server.wire import auth, middleware, peers
from flight_server.wire.auth import principal_of
from flight_server.wire.endpoints import Endpoints
from flight_server.wire.errors import boundary, untraced
from flight_server.wire.flightsql.flight_sql import ACTIONS as SQL_ACTIONS
from flight_server.wire.flightsql.flight_sql import FlightSql
from flight_server.wire.streams import send
from flight_server.wire.watching import watched
from flight_server.wire.writes import Streams, put


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Where and how the server listens.

    Attributes:
        location: For example ``grpc://127.0.0.1:8815``; port 0 takes a free one.
        tls: Certificate chain and private key, both PEM; None for plaintext.
        advertise: Locations put into endpoints; with none, clients stay on their connection.
        heartbeat_s: Longest silence of a stream in seconds.
    """

    location: str
    tls: tuple[bytes, bytes] | None = None
    advertise: tuple[str, ...] = ()
    heartbeat_s: float = 5.0


_servers: "weakref.WeakSet[FlightServer]" = weakref.WeakSet()


def _leave_to_parent() -> None:
    """Called in every forked child, whose end would wait for ever for gRPC's threads.

    pyarrow shuts a server down when the interpreter ends, by a ``weakref.finalize`` of its own
    [run, pyarrow 26].
    """
    for server in _servers:
        for reference in weakref.getweakrefs(server):
            finalizer = cast("object", reference.__callback__)
            if isinstance(finalizer, weakref.finalize):
                finalizer.atexit = False


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=_leave_to_parent)


class FlightServer(fl.FlightServerBase):
    """An Arrow Flight server over the services. It is live once constructed.

    What is Flight SQL goes to ``FlightSql``; the rest are tickets and actions of our own.
    ``shutdown`` ends it; call it from another thread than one of its own.
    """

    def __init__(self, services: Services, listener: Listener) -> None:
        self._services = services
        self._listener = listener
        self._endpoints = Endpoints(services.seal, listener.advertise)
        self._sql = FlightSql(
            services=services, endpoints=self._endpoints, heartbeat_s=listener.heartbeat_s
        )
        try:
            super().__init__(
                listener.location,
                auth_handler=auth.Handshake(),
                tls_certificates=[listener.tls] if listener.tls else None,
                middleware={
                    auth.MIDDLEWARE: auth.TokenFactory(),
                    middleware.MIDDLEWARE: middleware.SessionFactory(),
                    peers.MIDDLEWARE: peers.DirectFactory(),
                },
            )
        except BaseException:
            del self._services, self._sql  # pyarrow never frees a server that did not start
            raise
        _servers.add(self)

    def get_flight_info(
        self, context: fl.ServerCallContext, descriptor: fl.FlightDescriptor
    ) -> fl.FlightInfo:
        """Schema and endpoints of a read."""
        if self._is_sql(descriptor):
            return self._sql.get_flight_info(context, descriptor)
        with boundary("GetFlightInfo"):
            info = self._reads(context).info(self._ticket(descriptor, context))
            return self._encode_info(info, descriptor, context)

    def get_schema(
        self, context: fl.ServerCallContext, descriptor: fl.FlightDescriptor
    ) -> fl.SchemaResult:
        """Schema of a read."""
        if self._is_sql(descriptor):
            return self._sql.get_schema(context, descriptor)
        with untraced(), boundary("GetSchema"):
            schema = self._reads(context).schema(self._ticket(descriptor, context))
            return fl.SchemaResult(schema)

    def do_get(self, context: fl.ServerCallContext, ticket: fl.Ticket) -> fl.FlightDataStream:
        """The rows of a ticket that this server sealed or a client wrote."""
        if self._sql.takes(ticket.ticket):
            return self._sql.do_get(context, ticket)
        with boundary("DoGet"):
            opened = self._services.seal.open(ticket.ticket, principal_of(context))
            return send(
                self._reads(context).open(opened),
                heartbeat_s=self._listener.heartbeat_s,
                is_cancelled=context.is_cancelled,
            )

    def list_flights(
        self, context: fl.ServerCallContext, criteria: bytes
    ) -> Iterator[fl.FlightInfo]:
        """Every entity, or those of the space that the criteria name (an EntityQuery)."""
        with boundary("ListFlights"):
            space = _space_of("ListFlights", criteria)
            found = self._services.discovery(principal_of(context)).entities(space)
            return iter([self._listed(entity, context) for entity in found])

    def list_actions(self, context: fl.ServerCallContext) -> Sequence[fl.ActionType]:
        """The actions of ``flight_client.protocol.commands`` and those of Flight SQL."""
        every = {**ACTIONS, **SQL_ACTIONS}
        return [fl.ActionType(name, description) for name, description in every.items()]

    def do_action(self, context: fl.ServerCallContext, action: fl.Action) -> Iterator[fl.Result]:
        """Answer one action."""
        if self._sql.takes_action(action.type):
            return iter(self._sql.do_action(context, action))
        with boundary("DoAction"):
            body = action.body.to_pybytes()
            return iter([fl.Result(answer) for answer in self._answers(action.type, body, context)])

    def do_put(
        self,
        context: fl.ServerCallContext,
        descriptor: fl.FlightDescriptor,
        reader: fl.MetadataRecordBatchReader,
        writer: fl.FlightMetadataWriter,
    ) -> None:
        """A change of Flight SQL, or the rows of a write of ours."""
        if self._is_sql(descriptor):
            self._sql.do_put(context, descriptor, reader, writer)
            return
        with boundary("DoPut"):
            if descriptor.descriptor_type != fl.DescriptorType.CMD:
                raise InvalidTicket(
                    "A DoPut needs a command: a write of ours, or one of Flight SQL such as "
                    "CommandStatementIngest."
                )
            command = descriptor.command or b""
            put(
                self._services,
                context,
                command,
                Streams(reader, writer),
                self._listener.heartbeat_s,
            )

    def do_exchange(
        self,
        context: fl.ServerCallContext,
        descriptor: fl.FlightDescriptor,
        reader: fl.MetadataRecordBatchReader,
        writer: fl.FlightMetadataWriter,
    ) -> None:
        """Refused: this release reads."""
        with boundary("DoExchange"):
            raise UnknownAction("This server does not exchange data (DoExchange); it serves reads.")

    def _answers(self, name: str, body: bytes, context: fl.ServerCallContext) -> list[bytes]:
        discovery = self._services.discovery(principal_of(context))
        match name:
            case _ if name == LIST_SPACES:
                return [encode_space(space) for space in discovery.spaces()]
            case _ if name == LIST_ENTITIES:
                space = _space_of(LIST_ENTITIES, body)
                return [encode_entity(entity) for entity in discovery.entities(space)]
            case _ if name == DESCRIBE_ENTITY:
                query = decode_entity_query(body)
                if query.entity is None:
                    raise InvalidRead(f"{DESCRIBE_ENTITY} needs the name of an entity.")
                return [encode_entity(discovery.entity(query.entity, query.space))]
            case _ if name == EXPLAIN:
                ticket = self._services.seal.open(body, principal_of(context))
                return [encode_explanation(self._reads(context).explain(ticket))]
            case _ if name == EXECUTE:
                return [encode_executed(Executed(self._executed(decode_execution(body), context)))]
            case _:
                raise UnknownAction(
                    f"There is no action {name!r:.80}; known are {', '.join(ACTIONS)}."
                )

    def _executed(self, execution: Execution, context: fl.ServerCallContext) -> int | None:
        watching = partial(watched, context.is_cancelled)
        return self._services.writes(principal_of(context), watching).execute(execution)

    def _is_sql(self, descriptor: fl.FlightDescriptor) -> bool:
        return descriptor.descriptor_type == fl.DescriptorType.CMD and self._sql.takes(
            descriptor.command
        )

    def _reads(self, context: fl.ServerCallContext) -> Reads:
        return self._services.reads(principal_of(context))

    def _ticket(self, descriptor: fl.FlightDescriptor, context: fl.ServerCallContext) -> Ticket:
        """A command holds a ticket; a path names an entity, with or without its space."""
        if descriptor.descriptor_type == fl.DescriptorType.CMD:
            return self._services.seal.open(descriptor.command, principal_of(context))
        if descriptor.descriptor_type == fl.DescriptorType.PATH:
            match [_decoded(part) for part in descriptor.path]:
                case [entity]:
                    return ReadTicket(entity=entity)
                case [space, entity]:
                    return ReadTicket(space=space, entity=entity)
                case path:
                    raise InvalidTicket(f"A path is SPACE/ENTITY or ENTITY; got {len(path)} parts.")
        raise InvalidTicket("A descriptor is a command (a ticket) or a path (SPACE/ENTITY).")

    def _listed(self, entity: Entity, context: fl.ServerCallContext) -> fl.FlightInfo:
        """What a plain Flight client sees of an entity: the columns that can be read.

        It has no endpoint where a ticket would lack the value of a mandatory parameter.
        """
        readable = tuple(column for column in entity.columns if _has_arrow_type(column))
        descriptor = fl.FlightDescriptor.for_path(entity.space, entity.name)
        whole = readable == entity.columns
        ticket = ReadTicket(
            space=entity.space,
            entity=entity.name,
            columns=None if whole or not readable else tuple(found.name for found in readable),
        )
        needs_more = not readable or any(found.mandatory for found in entity.parameters)
        info = ReadInfo(to_schema(readable), () if needs_more else (ticket,), None)
        return self._encode_info(info, descriptor, context)

    def _encode_info(
        self, info: ReadInfo, descriptor: fl.FlightDescriptor, context: fl.ServerCallContext
    ) -> fl.FlightInfo:
        principal = principal_of(context)
        tickets = [self._services.seal.seal(ticket, principal) for ticket in info.tickets]
        return self._endpoints.info(info.schema, descriptor, tickets, info.total_rows)


def _space_of(verb: str, body: bytes) -> str | None:
    query = decode_entity_query(body)
    if query.entity is not None:
        raise InvalidRead(f"{verb} takes a space and no entity; {DESCRIBE_ENTITY} takes both.")
    return query.space


def _has_arrow_type(column: Column) -> bool:
    try:
        arrow_type(column.read_as or column.type)
    except UnsupportedType:
        return False
    return True


def _decoded(part: bytes) -> str:
    try:
        return part.decode()
    except UnicodeDecodeError:
        raise InvalidTicket("A path is UTF-8 text.") from None
