"""The error boundary of Flight SQL: our errors become gRPC statuses that SQL clients understand.

pyarrow has no Flight error for a wrong argument, for what is not found and for what is not built,
so its Arrow errors stand for these. The facts beside the sentence travel as google.rpc.Status with
one google.rpc.ErrorInfo, where ADBC finds them (``error.details``).
"""

# pyarrow-stubs 20 gives these other types than pyarrow 26 documents and takes:
# pyright: reportArgumentType=false

from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import pyarrow as pa
import pyarrow.flight as fl

from flight_client.protocol.errors import MAX_BODY_BYTES, Error, Status, UnknownAction, to_wire
from flight_server.wire.errors import FLIGHT_ERRORS, Untraced, UntracedError, told
from flight_server.wire.flightsql.messages import datasphere_flight_sql_pb2 as pb

DOMAIN: Final = "datasphere-flight"
DETAILS_TRAILER: Final = "grpc-status-details-bin"
_ERROR_INFO: Final = "type.googleapis.com/google.rpc.ErrorInfo"

_UNKNOWN: Final = 2
_INVALID_ARGUMENT: Final = 3
_NOT_FOUND: Final = 5
_UNIMPLEMENTED: Final = 12

GRPC_CODES: Final[dict[Status, int]] = {
    Status.INVALID: _INVALID_ARGUMENT,
    Status.NOT_FOUND: _NOT_FOUND,
    Status.UNAUTHENTICATED: 16,
    Status.FORBIDDEN: 7,
    Status.CANCELLED: 1,
    Status.TIMED_OUT: 4,
    Status.UNAVAILABLE: 14,
    Status.EXHAUSTED: _UNKNOWN,  # neither pyarrow nor Arrow has a class for RESOURCE_EXHAUSTED
    Status.INTERNAL: 13,
}
"""The gRPC code that reaches the client for each kind of failure."""


class InvalidArgumentError(Untraced, pa.ArrowInvalid):
    """Leaves as INVALID_ARGUMENT."""


class NotFoundError(Untraced, pa.ArrowKeyError):
    """Leaves as NOT_FOUND."""


class UnimplementedError(Untraced, pa.ArrowNotImplementedError):
    """Leaves as UNIMPLEMENTED."""


_ARROW_ERRORS: Final[dict[int, type[Exception]]] = {
    _INVALID_ARGUMENT: InvalidArgumentError,
    _NOT_FOUND: NotFoundError,
    _UNIMPLEMENTED: UnimplementedError,
}


@contextmanager
def boundary(
    verb: str, context: fl.ServerCallContext, *, keeps_flight_codes: bool = True
) -> Generator[None]:
    """Turn whatever is raised inside into a gRPC status without a traceback.

    Args:
        verb: For the log.
        context: Of the call, which still lives.
        keeps_flight_codes: False for GetSchema, where pyarrow loses the code of Flight errors.
    """
    try:
        yield
    except (fl.FlightError, Untraced):
        raise
    except Exception as error:  # noqa: BLE001 - the boundary: a traceback must not reach the wire
        shown = told(verb, error)
        code = code_of(shown)
        if not keeps_flight_codes and code not in _ARROW_ERRORS:
            code = _UNKNOWN
        message, status = to_status(shown, code)
        context.add_trailer(DETAILS_TRAILER, status)
        raise _raisable(shown, code, message, keeps_flight_codes=keeps_flight_codes) from None


def code_of(error: Error) -> int:
    """The gRPC code of an error of ours."""
    return _UNIMPLEMENTED if isinstance(error, UnknownAction) else GRPC_CODES[error.status]


def to_status(error: Error, code: int) -> tuple[str, bytes]:
    """The message of an error and its google.rpc.Status, which is small enough for a trailer.

    Details are left out where they do not fit beside the sentence.
    """
    message = to_wire(error)[0] + _said_by_hana(error)
    info = pb.ErrorInfo(reason=error.code, domain=DOMAIN)
    if error.incident is not None:
        info.metadata["incident"] = error.incident
    status = _status(code, message, info)
    for name, fact in error.details.items():
        info.metadata[name] = ", ".join(fact) if isinstance(fact, list) else str(fact)
        larger = _status(code, message, info)
        if len(larger) > MAX_BODY_BYTES:
            del info.metadata[name]
        else:
            status = larger
    return message, status


def _said_by_hana(error: Error) -> str:
    """HANA's number and position, for clients that show the message alone."""
    code, position = error.details.get("hana_code"), error.details.get("position")
    if not isinstance(code, int):
        return ""
    return f" (HANA {code})" if position is None else f" (HANA {code} at position {position})"


def _status(code: int, message: str, info: pb.ErrorInfo) -> bytes:
    detail = pb.Envelope(type_url=_ERROR_INFO, value=info.SerializeToString())
    return pb.Status(code=code, message=message, details=[detail]).SerializeToString()


def _raisable(error: Error, code: int, message: str, *, keeps_flight_codes: bool) -> Exception:
    if code in _ARROW_ERRORS:
        return _ARROW_ERRORS[code](message)
    if not keeps_flight_codes:
        return UntracedError(message)
    return FLIGHT_ERRORS[error.status](message)
