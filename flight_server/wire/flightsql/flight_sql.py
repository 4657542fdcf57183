"""The verbs of Flight whose bytes are Flight SQL: each decodes, calls a service and encodes."""

# pyarrow-stubs 20 gives some of Flight's classes other types than pyarrow 26 documents and takes:
# pyright: reportUnknownArgumentType=false

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import Final

import pyarrow as pa
import pyarrow.flight as fl

from flight_server.service.context import Services
from flight_server.wire.auth import principal_of
from flight_server.wire.endpoints import Endpoints
from flight_server.wire.flightsql import actions, changes, metadata, queries, sessions
from flight_server.wire.flightsql.calls import Call
from flight_server.wire.flightsql.envelope import is_flight_sql, unpack
from flight_server.wire.flightsql.errors import boundary
from flight_server.wire.incoming import Incoming
from flight_server.wire.middleware import SessionCookie
from flight_server.wire.peers import peer_of
from flight_server.wire.streams import send
from flight_server.wire.watching import watched

ACTIONS: Final[Mapping[str, str]] = {**actions.DESCRIPTIONS, **sessions.DESCRIPTIONS}
"""The actions that ListActions names; those that are refused are not among them."""

_TAKEN: Final = frozenset({*ACTIONS, *actions.REFUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightSql:
    """Answers what ``takes...`` says is Flight SQL.

    Attributes:
        services: What is served.
        endpoints: Makes the endpoints of queries.
        heartbeat_s: Longest silence of a stream, in seconds.
    """

    services: Services
    endpoints: Endpoints
    heartbeat_s: float

    def takes(self, body: bytes) -> bool:
        """Whether a command or a ticket is Flight SQL."""
        return is_flight_sql(body)

    def takes_action(self, name: str) -> bool:
        """Whether an action is one of Flight SQL, or of Flight for its clients."""
        return name in _TAKEN

    def get_flight_info(
        self, context: fl.ServerCallContext, descriptor: fl.FlightDescriptor
    ) -> fl.FlightInfo:
        """Schema and endpoints of a query or of metadata; a change is run."""
        with boundary("GetFlightInfo", context):
            body = descriptor.command or b""
            found = queries.info(self._call(context), unpack(body), body)
            return self.endpoints.info(found.schema, descriptor, found.tickets, found.total_rows)

    def get_schema(
        self, context: fl.ServerCallContext, descriptor: fl.FlightDescriptor
    ) -> fl.SchemaResult:
        """Schema of a query or of metadata."""
        with boundary("GetSchema", context, keeps_flight_codes=False):
            return fl.SchemaResult(
                queries.schema(self._call(context), unpack(descriptor.command or b""))
            )

    def do_get(self, context: fl.ServerCallContext, ticket: fl.Ticket) -> fl.FlightDataStream:
        """The rows of an endpoint."""
        with boundary("DoGet", context):
            read = queries.opened(self._call(context), unpack(ticket.ticket), self._facts)
            return send(
                read,
                schema=metadata.result_schema(read.stream.schema),
                heartbeat_s=self.heartbeat_s,
                is_cancelled=context.is_cancelled,
                guard=lambda: boundary("DoGet", context),
            )

    def do_put(
        self,
        context: fl.ServerCallContext,
        descriptor: fl.FlightDescriptor,
        reader: fl.MetadataRecordBatchReader,
        writer: fl.FlightMetadataWriter,
    ) -> None:
        """Run a change, bind values, or write a table."""
        with boundary("DoPut", context):
            command = unpack(descriptor.command or b"")
            incoming = Incoming(reader, context)
            stalls = partial(incoming.has_stalled, self.services.transactions.idle_s)
            call = self._call(context, is_over=lambda: context.is_cancelled() or stalls())
            answer = changes.put(call, command, incoming)
            writer.write(pa.py_buffer(answer))

    def do_action(self, context: fl.ServerCallContext, action: fl.Action) -> list[fl.Result]:
        """Answer one action."""
        with boundary("DoAction", context):
            body = action.body.to_pybytes()
            if action.type in sessions.DESCRIPTIONS:
                answers = sessions.answer(
                    self.services.sessions(principal_of(context)),
                    SessionCookie(context),
                    action.type,
                    body,
                )
            else:
                answers = actions.answer(self._call(context), action.type, body)
            return [fl.Result(answer) for answer in answers]

    def _call(
        self, context: fl.ServerCallContext, is_over: Callable[[], bool] | None = None
    ) -> Call:
        """Who asks, and with what; a change stops where ``is_over``, or its client is gone."""
        principal = principal_of(context)
        return Call(
            context=context,
            principal=principal,
            statements=self.services.statements(
                principal, partial(watched, is_over or context.is_cancelled), peer_of(context)
            ),
            discovery=self.services.discovery(principal),
            endpoints=self.endpoints,
            options=sessions.options_of(self.services.sessions(principal), SessionCookie(context)),
        )

    def _facts(self) -> metadata.Facts:
        services = self.services
        return metadata.Facts(
            version=version("datasphere-flight"),
            backend=services.backend.kind,
            dialect=services.backend.caller_dialect,
            writable=services.policy.spaces or frozenset(),
            statement_timeout_ms=services.seal.lifetime_s * 1000,
            transaction_timeout_ms=int(services.transactions.idle_s * 1000),
        )
