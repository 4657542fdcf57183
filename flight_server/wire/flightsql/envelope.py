"""Flight SQL messages in and out of the google.protobuf.Any that they travel in.

The public type name is written and read here and not by protobuf, because our generated copy of the
messages lives under a private package name.
"""

from typing import Final, TypeVar

from google.protobuf.message import DecodeError, Message

from flight_client.protocol.errors import InvalidTicket
from flight_server.wire.flightsql.messages import datasphere_flight_sql_pb2 as pb

PREFIX: Final = "type.googleapis.com/arrow.flight.protocol.sql."
_Message = TypeVar("_Message", bound=Message)
_PREFIX_BYTES: Final = PREFIX.encode()

MESSAGES: Final[dict[str, type[Message]]] = {
    found.__name__: found
    for found in (
        pb.ActionBeginSavepointRequest,
        pb.ActionBeginTransactionRequest,
        pb.ActionBeginTransactionResult,
        pb.ActionCancelQueryRequest,
        pb.ActionCancelQueryResult,
        pb.ActionClosePreparedStatementRequest,
        pb.ActionCreatePreparedStatementRequest,
        pb.ActionCreatePreparedStatementResult,
        pb.ActionCreatePreparedSubstraitPlanRequest,
        pb.ActionEndSavepointRequest,
        pb.ActionEndTransactionRequest,
        pb.CommandGetCatalogs,
        pb.CommandGetCrossReference,
        pb.CommandGetDbSchemas,
        pb.CommandGetExportedKeys,
        pb.CommandGetImportedKeys,
        pb.CommandGetPrimaryKeys,
        pb.CommandGetSqlInfo,
        pb.CommandGetTableTypes,
        pb.CommandGetTables,
        pb.CommandGetXdbcTypeInfo,
        pb.CommandPreparedStatementQuery,
        pb.CommandPreparedStatementUpdate,
        pb.CommandStatementIngest,
        pb.CommandStatementQuery,
        pb.CommandStatementSubstraitPlan,
        pb.CommandStatementUpdate,
        pb.TicketStatementQuery,
    )
}
"""What may stand in an Any, by the name that follows ``PREFIX``."""


def is_flight_sql(body: bytes) -> bool:
    """Whether these bytes are an Any of a Flight SQL message.

    An Any begins with its first field: a tag byte, the length in one byte or two, the type name. A
    ticket of ours is a line of JSON and never has that name there.
    """
    return body[:1] == b"\n" and (
        body.startswith(_PREFIX_BYTES, 2) or body.startswith(_PREFIX_BYTES, 3)
    )


def pack(message: Message) -> bytes:
    """The Any of a message."""
    name = type(message).__name__
    any_of = pb.Envelope(type_url=PREFIX + name, value=message.SerializeToString())
    return any_of.SerializeToString()


def unpack(body: bytes) -> Message | str:
    """The message in an Any, or only its name where it is one that this server does not know.

    Raises:
        InvalidTicket: Not an Any of a Flight SQL message, or its content is broken.
    """
    try:
        any_of = pb.Envelope.FromString(body)
    except DecodeError:
        raise InvalidTicket(
            "The bytes are no google.protobuf.Any; Flight SQL sends its messages in one."
        ) from None
    if not any_of.type_url.startswith(PREFIX):
        raise InvalidTicket(
            f"The message is of type {any_of.type_url!r:.120}; Flight SQL messages begin with "
            f"{PREFIX}."
        )
    name = any_of.type_url.removeprefix(PREFIX)
    if name not in MESSAGES:
        return name
    return parse(MESSAGES[name], any_of.value)


def parse(kind: type[_Message], body: bytes) -> _Message:
    """The message of these bytes, without an Any around it.

    Raises:
        InvalidTicket: They are none of this kind.
    """
    try:
        return kind.FromString(body)
    except DecodeError:
        raise InvalidTicket(
            f"The bytes are no {kind.__name__}; they were cut or changed."
        ) from None
