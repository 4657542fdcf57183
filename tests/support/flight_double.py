"""A Flight server by hand: speaks the protocol from tables in memory, and fails as it is told."""

import itertools
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.flight as fl

from flight_client.protocol.catalog import (
    Column,
    Entity,
    HanaType,
    Parameter,
    Space,
    encode_entity,
    encode_space,
)
from flight_client.protocol.commands import (
    DESCRIBE_ENTITY,
    EXPLAIN,
    LIST_ENTITIES,
    LIST_SPACES,
    Explanation,
    decode_entity_query,
    encode_explanation,
)
from flight_client.protocol.errors import (
    Error,
    ExpiredTicket,
    Status,
    Unavailable,
    UnknownEntity,
    to_wire,
)
from flight_client.protocol.schemas import to_schema
from flight_client.protocol.tickets import ReadTicket, Ticket, decode_ticket

FLIGHT_ERRORS = {
    Status.UNAUTHENTICATED: fl.FlightUnauthenticatedError,
    Status.FORBIDDEN: fl.FlightUnauthorizedError,
    Status.CANCELLED: fl.FlightCancelledError,
    Status.TIMED_OUT: fl.FlightTimedOutError,
    Status.UNAVAILABLE: fl.FlightUnavailableError,
    Status.INTERNAL: fl.FlightInternalError,
}

ORDERS = Entity(
    space="SALES",
    name="ORDERS",
    kind="table",
    comment="Orders of all regions",
    columns=(
        Column("ORDER_ID", HanaType("INTEGER"), nullable=False, key=True),
        Column("REGION", HanaType("NVARCHAR", 4), comment="Where it was sold"),
        Column("NET_AMOUNT", HanaType("DECIMAL", 15, 2)),
        Column("ORDERED_ON", HanaType("DATE")),
        Column("mixed Case", HanaType("BOOLEAN")),
    ),
)

REVENUE = Entity(
    space="SALES",
    name="REVENUE",
    kind="view",
    columns=(Column("YEAR", HanaType("INTEGER")), Column("AMOUNT", HanaType("DOUBLE"))),
    parameters=(
        Parameter("P_CURRENCY", HanaType("NVARCHAR", 3), comment="ISO code"),
        Parameter("P_YEAR", HanaType("INTEGER"), mandatory=False, default=2024),
    ),
)


def orders(rows: int) -> pa.Table:
    """Rows of ``ORDERS``; every seventh region is NULL."""
    return pa.table(
        {
            "ORDER_ID": pa.array(range(rows), pa.int32()),
            "REGION": pa.array(
                [None if n % 7 == 6 else ("EMEA", "APJ")[n % 2] for n in range(rows)]
            ),
            "NET_AMOUNT": pa.array([Decimal(n) / 100 for n in range(rows)], pa.decimal128(15, 2)),
            "ORDERED_ON": pa.array([date(2024, 1, 1 + n % 28) for n in range(rows)]),
            "mixed Case": pa.array([n % 2 == 0 for n in range(rows)]),
        },
        schema=to_schema(ORDERS.columns),
    )


def revenue() -> pa.Table:
    """Rows of ``REVENUE``."""
    return pa.table({"YEAR": [2023, 2024], "AMOUNT": [1.5, 2.5]}, schema=to_schema(REVENUE.columns))


@dataclass(kw_only=True)
class Behaviour:
    """How the server answers.

    Attributes:
        endpoints: Endpoints of every read; the rows are dealt out in order.
        batch_rows: Rows per batch.
        heartbeats: Empty batches before each one with rows.
        pause_s: Pause before each batch in seconds.
        silence_s: Pause before the schema in seconds.
        counts_rows: Whether GetFlightInfo tells the number of rows.
        fail_at: (endpoint, batch) before which ``failure`` is raised.
        failure: What is raised there, and by every action if ``fail_at`` is None.
        expire: How many DoGets find an expired ticket.
        unavailable: How many unary calls find the server not available.
        renamed_after: After so many GetFlightInfos the first column has another name.
    """

    endpoints: int = 1
    batch_rows: int = 10
    heartbeats: int = 0
    pause_s: float = 0.0
    silence_s: float = 0.0
    counts_rows: bool = True
    fail_at: tuple[int, int] | None = None
    failure: Error | None = None
    expire: int = 0
    unavailable: int = 0
    renamed_after: int | None = None


@dataclass
class Seen:
    """What the server was asked."""

    tickets: list[Ticket] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)
    headers: list[dict[str, list[str]]] = field(default_factory=list)
    streams: int = 0
    open_streams: int = 0
    most_open: int = 0
    batches_sent: int = 0


class FlightDouble(fl.FlightServerBase):
    """Serves ``ORDERS`` (100 rows unless told) and ``REVENUE`` on a free port of the loopback."""

    def __init__(
        self,
        behaviour: Behaviour | None = None,
        *,
        rows: int = 100,
        tables: dict[str, pa.Table] | None = None,
        **listening: object,
    ) -> None:
        """Start to listen; ``tables`` adds tables that the catalogue does not name."""
        self.behaviour = behaviour or Behaviour()
        self.seen = Seen()
        self._tables = {"ORDERS": orders(rows), "REVENUE": revenue(), **(tables or {})}
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._slices: dict[bytes, tuple[int, pa.Table]] = {}
        self._numbers = itertools.count()
        scheme = "grpc+tls" if "tls_certificates" in listening else "grpc"
        super().__init__(
            f"{scheme}://127.0.0.1:0", middleware={"headers": _Headers(self.seen)}, **listening
        )
        self.uri = f"{scheme}://localhost:{self.port}"

    def __exit__(self, *raised: object) -> None:
        """Stop, without the pauses that are left."""
        self._over.set()
        super().__exit__(*raised)

    def get_flight_info(
        self, context: fl.ServerCallContext, descriptor: fl.FlightDescriptor
    ) -> fl.FlightInfo:
        """Schema and endpoints of a read."""
        self._stumble()
        ticket = decode_ticket(descriptor.command)
        self.seen.tickets.append(ticket)
        table = self._rows(ticket)
        count = self.behaviour.endpoints
        step = -(-table.num_rows // count) or 1
        names = []
        for number in range(count):
            name = b"endpoint %d" % next(self._numbers)
            self._slices[name] = (number, table.slice(number * step, step))
            names.append(name)
        return fl.FlightInfo(
            table.schema,
            descriptor,
            [fl.FlightEndpoint(name, []) for name in names],
            table.num_rows if self.behaviour.counts_rows else -1,
            -1,
        )

    def do_get(self, context: fl.ServerCallContext, ticket: fl.Ticket) -> fl.FlightDataStream:
        """The batches of one endpoint."""
        with self._lock:
            self.seen.streams += 1
            expired = self.behaviour.expire > 0
            self.behaviour.expire -= expired
        if expired:
            _fail(ExpiredTicket("The ticket expired; ask for new endpoints."))
        self._over.wait(self.behaviour.silence_s)
        number, table = self._slices[ticket.ticket]
        return fl.GeneratorStream(table.schema, self._batches(number, table))

    def do_action(self, context: fl.ServerCallContext, action: fl.Action) -> Iterator[fl.Result]:
        """The catalogue and EXPLAIN."""
        self._stumble()
        self.seen.actions.append(action.type)
        if self.behaviour.failure is not None and self.behaviour.fail_at is None:
            _fail(self.behaviour.failure)
        return iter([fl.Result(body) for body in self._answers(action)])

    def _answers(self, action: fl.Action) -> list[bytes]:
        body = action.body.to_pybytes()
        if action.type == LIST_SPACES:
            return [encode_space(Space("SALES", "Orders and revenue"))]
        if action.type == EXPLAIN:
            ticket = decode_ticket(body)
            self.seen.tickets.append(ticket)
            return [encode_explanation(Explanation("hana", "SELECT * FROM T WHERE A = ?", (7,)))]
        query = decode_entity_query(body)
        known = [entity for entity in (ORDERS, REVENUE) if query.space in (None, entity.space)]
        if action.type == LIST_ENTITIES:
            return [encode_entity(entity) for entity in known]
        assert action.type == DESCRIBE_ENTITY
        found = [entity for entity in known if entity.name == query.entity]
        if not found:
            _fail(UnknownEntity(f"No entity {query.entity!r}; did you mean 'ORDERS'?"))
        return [encode_entity(found[0])]

    def _rows(self, ticket: Ticket) -> pa.Table:
        if not isinstance(ticket, ReadTicket):
            return self._tables["REVENUE"]
        if ticket.entity not in self._tables:
            _fail(UnknownEntity(f"No entity {ticket.entity!r}; did you mean 'ORDERS'?"))
        table = self._tables[ticket.entity].slice(ticket.offset, ticket.limit)
        if ticket.columns:
            table = table.select(ticket.columns)
        limit = self.behaviour.renamed_after
        if limit is not None and len(self.seen.tickets) > limit:
            table = table.rename_columns(["RENAMED", *table.column_names[1:]])
        return table

    def _batches(self, number: int, table: pa.Table) -> Iterator[pa.RecordBatch]:
        with self._lock:
            self.seen.open_streams += 1
            self.seen.most_open = max(self.seen.most_open, self.seen.open_streams)
        empty = table.slice(0, 0).combine_chunks().to_batches()
        heartbeat = empty[0] if empty else pa.RecordBatch.from_pylist([], table.schema)
        try:
            for at, batch in enumerate(table.to_batches(self.behaviour.batch_rows)):
                for _ in range(self.behaviour.heartbeats):
                    self._over.wait(self.behaviour.pause_s)
                    yield heartbeat
                self._over.wait(self.behaviour.pause_s)
                if self.behaviour.fail_at == (number, at) and self.behaviour.failure is not None:
                    _fail(self.behaviour.failure)
                self.seen.batches_sent += 1
                yield batch
        finally:
            with self._lock:
                self.seen.open_streams -= 1

    def _stumble(self) -> None:
        with self._lock:
            stumbles = self.behaviour.unavailable > 0
            self.behaviour.unavailable -= stumbles
        if stumbles:
            _fail(Unavailable("The database is starting; try again."))


class _Headers(fl.ServerMiddlewareFactory):
    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    def start_call(self, info: fl.CallInfo, headers: dict[str, list[str]]) -> None:
        """Note the headers of a call."""
        self._seen.headers.append(dict(headers))


def _fail(error: Error) -> None:
    raise FLIGHT_ERRORS.get(error.status, fl.FlightServerError)(*to_wire(error))


def read_threads() -> Sequence[str]:
    """Names of the client's threads that are still alive."""
    return [t.name for t in threading.enumerate() if t.name.startswith("flight-client-")]
