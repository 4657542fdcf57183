"""The error boundary of the wire: our errors become Flight errors, and nothing else gets out.

pyarrow sends a traceback with file paths for any exception that is no Flight error, so every verb
and every generator runs inside ``boundary``.
"""

import logging
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import pyarrow.flight as fl

from flight_client.protocol.errors import Error, InternalError, Status, to_wire

logger = logging.getLogger(__name__)

FLIGHT_ERRORS: Final[dict[Status, type[fl.FlightError]]] = {
    # pyarrow has no class for these three; the code in the message and body tells them apart
    Status.INVALID: fl.FlightServerError,
    Status.NOT_FOUND: fl.FlightServerError,
    Status.EXHAUSTED: fl.FlightServerError,
    Status.UNAUTHENTICATED: fl.FlightUnauthenticatedError,
    Status.FORBIDDEN: fl.FlightUnauthorizedError,
    Status.CANCELLED: fl.FlightCancelledError,
    Status.TIMED_OUT: fl.FlightTimedOutError,
    Status.UNAVAILABLE: fl.FlightUnavailableError,
    Status.INTERNAL: fl.FlightInternalError,
}


def to_flight(error: Error) -> fl.FlightError:
    """The Flight error that carries an error of ours."""
    message, body = to_wire(error)
    return FLIGHT_ERRORS[error.status](message, body)


class Untraced(Exception):
    """An exception that pyarrow cannot format, which keeps the traceback off the wire.

    Where an exception is no Flight error, and in GetSchema even there, pyarrow formats the
    traceback with the standard library and sends it; where that fails it sends only the name of the
    type. A test holds pyarrow to it.
    """

    @property
    def __cause__(self) -> BaseException | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        raise RuntimeError("this exception has no traceback to show")


class UntracedError(Untraced):
    """Carries a message out of GetSchema."""


@contextmanager
def untraced() -> Generator[None]:
    """Let a Flight error leave GetSchema without a traceback; its code stays in the message."""
    try:
        yield
    except fl.FlightError as error:
        raise UntracedError(str(error)) from None


def told(verb: str, raised: Exception) -> Error:
    """The error that a caller is told for whatever was raised, which is logged here.

    What we did not foresee is logged in full under an incident id; the caller gets the id.
    """
    if isinstance(raised, Error):
        logger.info("%s refused: [%s] %s", verb, raised.code, raised.message)
        return raised
    incident = secrets.token_hex(6)
    logger.error("%s failed (incident %s)", verb, incident, exc_info=raised)
    return InternalError(
        "The server failed at this request; give the incident id to whoever runs it.",
        incident=incident,
    )


@contextmanager
def boundary(verb: str) -> Generator[None]:
    """Turn whatever is raised inside into a Flight error without a traceback."""
    try:
        yield
    except fl.FlightError:
        raise
    except Exception as error:  # noqa: BLE001 - the boundary: a traceback must not reach the wire
        raise to_flight(told(verb, error)) from None
