"""DoAction of Flight SQL: preparing, transactions, cancelling, renewing. Sessions are elsewhere."""

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

import pyarrow as pa
import pyarrow.flight as fl
from google.protobuf.message import Message

from flight_client.protocol.errors import InvalidRequest, InvalidTicket, UnknownAction
from flight_server.wire.flightsql.calls import Call
from flight_server.wire.flightsql.envelope import is_flight_sql, pack, parse, unpack
from flight_server.wire.flightsql.messages import datasphere_flight_sql_pb2 as pb
from flight_server.wire.flightsql.metadata import result_schema
from flight_server.wire.flightsql.parameters import parameter_schema
from flight_server.wire.flightsql.queries import transaction_of

_M = TypeVar("_M", bound=Message)
_End = pb.ActionEndTransactionRequest

DESCRIPTIONS: Final = {
    "CreatePreparedStatement": "Prepare a statement; its handle is good on every replica.",
    "ClosePreparedStatement": "Forget a prepared statement; the server holds nothing of it.",
    "BeginTransaction": "Begin a transaction.",
    "EndTransaction": "Commit a transaction or roll it back.",
    "CancelFlightInfo": "Stop the statement of these endpoints.",
    "CancelQuery": "The same, for clients older than CancelFlightInfo.",
    "RenewFlightEndpoint": "Give an endpoint a new term.",
}

_NO_SAVEPOINTS: Final = (
    "This server has no savepoints; commit or roll back the transaction instead."
)
REFUSED: Final = {
    "BeginSavepoint": _NO_SAVEPOINTS,
    "EndSavepoint": _NO_SAVEPOINTS,
    "CreatePreparedSubstraitPlan": "This server takes no Substrait plans; send the query as SQL.",
}


def answer(call: Call, name: str, body: bytes) -> list[bytes]:
    """The results of an action of ``DESCRIPTIONS`` or ``REFUSED``.

    Raises:
        UnknownAction: This server does not do it.
        Error: What the services said.
    """
    if name in REFUSED:
        raise UnknownAction(REFUSED[name])
    return _ANSWERS[name](call, body)


def _prepare(call: Call, body: bytes) -> list[bytes]:
    request = _unwrapped(pb.ActionCreatePreparedStatementRequest, body)
    prepared = call.statements.prepare(request.query, call.options, transaction_of(request))
    found = prepared.schema
    result = pb.ActionCreatePreparedStatementResult(
        prepared_statement_handle=prepared.handle,
        dataset_schema=b"" if found is None else _encapsulated(result_schema(found)),
        parameter_schema=_encapsulated(parameter_schema(prepared.parameters)),
        is_update=prepared.schema is None,
    )
    return [pack(result)]


def _close(_call: Call, body: bytes) -> list[bytes]:
    """Nothing is held, so that a handle need not be known to be closed."""
    _unwrapped(pb.ActionClosePreparedStatementRequest, body)
    return []


def _begin(call: Call, body: bytes) -> list[bytes]:
    _unwrapped(pb.ActionBeginTransactionRequest, body)
    return [pack(pb.ActionBeginTransactionResult(transaction_id=call.statements.begin()))]


def _end(call: Call, body: bytes) -> list[bytes]:
    request = _unwrapped(_End, body)
    match request.action:
        case _End.END_TRANSACTION_COMMIT:
            call.statements.commit(request.transaction_id)
        case _End.END_TRANSACTION_ROLLBACK:
            call.statements.rollback(request.transaction_id)
        case _:
            raise InvalidRequest(
                f"A transaction ends by commit (1) or rollback (2); got {request.action}."
            )
    return []


def _cancel_info(call: Call, body: bytes) -> list[bytes]:
    request = parse(pb.CancelFlightInfoRequest, body)
    status = _cancelled(call, request.info)
    return [pb.CancelFlightInfoResult(status=status).SerializeToString()]


def _cancel_query(call: Call, body: bytes) -> list[bytes]:
    request = _unwrapped(pb.ActionCancelQueryRequest, body)
    name = pb.CancelStatus.Name(_cancelled(call, request.info))
    result = name.replace("CANCEL_STATUS_", "CANCEL_RESULT_")
    return [pack(pb.ActionCancelQueryResult(result=result))]


def _cancelled(call: Call, info: bytes) -> pb.CancelStatus:
    try:
        endpoints = fl.FlightInfo.deserialize(info).endpoints
    except (pa.ArrowException, ValueError, OSError):
        raise InvalidTicket(
            "The bytes to cancel are no FlightInfo; send back the one that GetFlightInfo gave."
        ) from None
    handles = [handle for each in endpoints if (handle := _handle_in(each.ticket.ticket))]
    if handles and call.statements.cancel(handles):
        return pb.CANCEL_STATUS_CANCELLED
    return pb.CANCEL_STATUS_NOT_CANCELLABLE


def _renew(call: Call, body: bytes) -> list[bytes]:
    request = parse(pb.RenewFlightEndpointRequest, body)
    try:
        endpoint = fl.FlightEndpoint.deserialize(request.endpoint)
    except (pa.ArrowException, ValueError, OSError):
        raise InvalidTicket(
            "The bytes to renew are no FlightEndpoint; send back one that GetFlightInfo gave."
        ) from None
    return [call.endpoints.endpoint(_renewed(call, endpoint.ticket.ticket)).serialize()]


def _renewed(call: Call, ticket: bytes) -> bytes:
    handle = _handle_in(ticket)
    if handle is not None:
        return pack(pb.TicketStatementQuery(statement_handle=call.statements.renew(handle)))
    if is_flight_sql(ticket):
        return ticket  # metadata: its ticket never ends
    seal = call.endpoints.seal
    return seal.seal(seal.open(ticket, call.principal), call.principal)


def _handle_in(ticket: bytes) -> bytes | None:
    """The sealed bytes in the ticket of an executed query; None in any other."""
    if not is_flight_sql(ticket):
        return None
    message = unpack(ticket)
    return message.statement_handle if isinstance(message, pb.TicketStatementQuery) else None


def _unwrapped(kind: type[_M], body: bytes) -> _M:
    message = unpack(body)
    if isinstance(message, kind):
        return message
    found = message if isinstance(message, str) else type(message).__name__
    raise InvalidTicket(f"This action takes a {kind.__name__}; got a {found!r:.80}.")


def _encapsulated(schema: pa.Schema) -> bytes:
    """A schema as an encapsulated IPC message."""
    return schema.serialize().to_pybytes()


_ANSWERS: Final[Mapping[str, Callable[[Call, bytes], list[bytes]]]] = {
    "CreatePreparedStatement": _prepare,
    "ClosePreparedStatement": _close,
    "BeginTransaction": _begin,
    "EndTransaction": _end,
    "CancelFlightInfo": _cancel_info,
    "CancelQuery": _cancel_query,
    "RenewFlightEndpoint": _renew,
}
