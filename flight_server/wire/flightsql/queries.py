"""GetFlightInfo, GetSchema and DoGet of Flight SQL: queries, prepared ones, metadata."""

from collections.abc import Callable

import pyarrow as pa
from google.protobuf.message import Message

from flight_client.protocol.errors import UnknownAction
from flight_client.protocol.tickets import Compression
from flight_server.service.reads import OpenRead
from flight_server.service.statements import StatementInfo
from flight_server.wire.flightsql import metadata
from flight_server.wire.flightsql.calls import Call
from flight_server.wire.flightsql.envelope import pack
from flight_server.wire.flightsql.messages import datasphere_flight_sql_pb2 as pb


def transaction_of(
    command: pb.CommandStatementQuery
    | pb.CommandStatementUpdate
    | pb.CommandStatementIngest
    | pb.ActionCreatePreparedStatementRequest,
) -> bytes | None:
    """The transaction that a message names; empty bytes name none, as some clients mean them."""
    return command.transaction_id or None


def info(call: Call, command: Message | str, body: bytes) -> StatementInfo:
    """Schema, tickets and rows of a command; a change is run.

    Args:
        call: Who asks.
        command: What was in the descriptor.
        body: The descriptor's bytes, which are the ticket of metadata.

    Raises:
        UnknownAction: It is no command of GetFlightInfo.
        Error: What the services said.
    """
    match command:
        case pb.CommandStatementQuery():
            found = call.statements.execute(command.query, call.options, transaction_of(command))
        case pb.CommandPreparedStatementQuery():
            found = call.statements.execute_prepared(command.prepared_statement_handle)
        case Message() if type(command).__name__ in metadata.COMMANDS:
            schema = metadata.schema(type(command).__name__, command)
            return StatementInfo(schema=schema, tickets=(body,), total_rows=None)
        case _:
            raise refused("GetFlightInfo", command)
    tickets = tuple(
        pack(pb.TicketStatementQuery(statement_handle=ticket)) for ticket in found.tickets
    )
    told = metadata.result_schema(found.schema)
    return StatementInfo(schema=told, tickets=tickets, total_rows=found.total_rows)


def schema(call: Call, command: Message | str) -> pa.Schema:
    """Schema of a command; nothing is run.

    Raises:
        UnknownAction: It is no command of GetSchema.
        Error: What the services said.
    """
    match command:
        case pb.CommandStatementQuery():
            found = call.statements.schema(command.query, call.options, transaction_of(command))
        case pb.CommandPreparedStatementQuery():
            found = call.statements.schema_of(command.prepared_statement_handle)
        case Message() if type(command).__name__ in metadata.COMMANDS:
            return metadata.schema(type(command).__name__, command)
        case _:
            raise refused("GetSchema", command)
    return metadata.result_schema(found)


def opened(call: Call, command: Message | str, facts: Callable[[], metadata.Facts]) -> OpenRead:
    """The stream of a ticket.

    Args:
        call: Who asks.
        command: What was in the ticket.
        facts: What metadata may tell of the server, asked for where it is needed.

    Raises:
        UnknownAction: It is no ticket of DoGet.
        Error: What the services said.
    """
    match command:
        case pb.TicketStatementQuery():
            return call.statements.open(command.statement_handle)
        case Message() if (name := type(command).__name__) in metadata.COMMANDS:
            discovery = call.discovery
            stream = Answer(
                metadata.schema(name, command),
                lambda: metadata.answer(name, command, discovery, facts()),
            )
            return OpenRead(stream, Compression.NONE)
        case _:
            raise refused("DoGet", command)


def refused(verb: str, command: Message | str) -> UnknownAction:
    """The error for a message that a verb does not take."""
    name = command if isinstance(command, str) else type(command).__name__
    if "Substrait" in name:
        return UnknownAction("This server takes no Substrait plans; send the query as SQL.")
    return UnknownAction(f"{verb} does not take a {name!r:.80} here.")


class Answer:
    """Metadata as a ``BatchStream``: the catalogue is asked while the client has the schema."""

    may_block = True

    def __init__(self, schema: pa.Schema, ask: Callable[[], pa.Table]) -> None:
        self.schema = schema
        self._ask = ask
        self._batches: list[pa.RecordBatch] | None = None

    def read(self) -> pa.RecordBatch | None:
        """The next batch, or None at the end."""
        if self._batches is None:
            self._batches = self._ask().to_batches()[::-1]
        return self._batches.pop() if self._batches else None

    def cancel(self) -> None:
        """Nothing: the catalogue answers soon."""

    def close(self) -> None:
        """Nothing is held."""
        self._batches = []
