"""Foreign errors become ours: completely, once, and with a sentence that helps."""

import pyarrow as pa
import pyarrow.flight as fl
import pytest

from flight_client.config import parse_address
from flight_client.protocol.errors import (
    Cancelled,
    DeadlineExceeded,
    Error,
    InternalError,
    InvalidRequest,
    NotFound,
    Unauthenticated,
    Unavailable,
    UnknownAction,
    error_classes,
    to_wire,
)
from flight_client.transport import FOREIGN_ERRORS, translate

ADDRESS = parse_address("grpc://localhost:8815")


def _subclasses(root: type) -> list[type]:
    return [root, *(found for kind in root.__subclasses__() for found in _subclasses(kind))]


@pytest.mark.parametrize("kind", _subclasses(fl.FlightError))
def test_every_flight_error_has_a_meaning_of_its_own(kind: type) -> None:
    assert kind in FOREIGN_ERRORS


@pytest.mark.parametrize(
    "kind", sorted({*_subclasses(fl.FlightError), *_subclasses(pa.ArrowException)}, key=str)
)
def test_no_foreign_error_is_left_untranslated(kind: type[Exception]) -> None:
    sizes = (1, 2) if kind is fl.FlightWriteSizeExceededError else ()
    found = translate(kind("x", *sizes), ADDRESS)
    assert type(found) is not Error
    assert found.details["address"] == "grpc://localhost:8815"


@pytest.mark.parametrize("kind", sorted(set(error_classes()), key=lambda kind: kind.code))
@pytest.mark.parametrize("carrier", [fl.FlightServerError, fl.FlightUnavailableError])
def test_error_of_the_server_arrives_as_it_was_sent(
    kind: type[Error], carrier: type[fl.FlightError]
) -> None:
    sent = kind("Column 'X' is unknown.", incident="ab12", column="X", near=["Y", "Z"])
    message, body = to_wire(sent)
    found = translate(carrier(f"{message}. Detail: Failed", body), ADDRESS)
    assert type(found) is kind
    assert (found.message, found.incident) == (sent.message, "ab12")
    assert (found.details, found.retry, found.status) == (sent.details, kind.retry, kind.status)


@pytest.mark.parametrize("kind", sorted(set(error_classes()), key=lambda kind: kind.code))
def test_error_is_known_by_its_message_where_the_body_is_lost(kind: type[Error]) -> None:
    message, _ = to_wire(kind("One sentence.", incident="ab12"))
    text = f"{message}. Detail: Unavailable"
    noisy = f"{text}. gRPC client debug context: UNAVAILABLE:{text}. Client context: OK"
    found = translate(fl.FlightServerError(noisy), ADDRESS)
    assert (type(found), found.message, found.incident) == (kind, "One sentence.", "ab12")


@pytest.mark.parametrize(
    ("error", "kind", "sentence"),
    [
        (
            fl.FlightUnavailableError(
                "Flight returned unavailable error, with message: failed to connect to all "
                "addresses; last error: UNKNOWN: ipv4:127.0.0.1:1: Failed to connect to remote "
                "host: Connection refused"
            ),
            Unavailable,
            "No connection to grpc://localhost:8815: the connection was refused",
        ),
        (
            fl.FlightUnavailableError("... Domain name not found]"),
            Unavailable,
            "has no address",
        ),
        (
            fl.FlightUnavailableError("... SSL routines::certificate verify failed"),
            Unavailable,
            "tls_roots=",
        ),
        (
            fl.FlightUnavailableError(
                "... SSL_ERROR_SSL: error: SSL routines::wrong version number"
            ),
            Unavailable,
            "does not speak TLS",
        ),
        (
            fl.FlightUnavailableError(
                "Flight returned unavailable error, with message: Socket closed"
            ),
            Unavailable,
            "use grpc+tls:// if it speaks TLS",
        ),
        (
            fl.FlightUnavailableError(
                "... failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:1: "
                "Hostname Verification Check failed: 127.0.0.1 is not in peer certificate"
            ),
            Unavailable,
            "names another host",
        ),
        (
            fl.FlightUnavailableError("Flight returned ..., with message: empty address list: "),
            Unavailable,
            "has no address",
        ),
        (fl.FlightUnavailableError("... Stream removed"), Unavailable, "broke; read again"),
        (pa.ArrowException("Unknown error: Stream removed"), Unavailable, "broke; read again"),
        (
            fl.FlightTimedOutError(
                "Flight returned timeout error, with message: Deadline Exceeded"
            ),
            DeadlineExceeded,
            "raise timeout_s",
        ),
        (
            fl.FlightCancelledError("Flight cancelled call, with message: Stream removed"),
            Cancelled,
            "was cancelled",
        ),
        (
            fl.FlightUnauthenticatedError(
                "Flight returned unauthenticated error, with message: no token"
            ),
            Unauthenticated,
            "answered: no token.",
        ),
        (pa.ArrowKeyError("nothing here"), NotFound, "nothing here"),
        (pa.ArrowNotImplementedError("no such verb"), UnknownAction, "no such verb"),
        (pa.ArrowInvalid("wrong"), InvalidRequest, "answered: wrong."),
        (OSError("stream broke"), Unavailable, "stream broke"),
        (fl.FlightServerError(""), InternalError, "answered: nothing."),
    ],
)
def test_foreign_error_says_what_happened_where(
    error: Exception, kind: type[Error], sentence: str
) -> None:
    found = translate(error, ADDRESS)
    assert type(found) is kind
    assert sentence in found.message
    assert "with message" not in found.message


def test_traceback_of_a_foreign_server_is_cut_off() -> None:
    error = pa.ArrowInvalid("x. Detail: Python exception: Traceback (most recent call last):\n a")
    found = translate(error, ADDRESS)
    assert found.message == "grpc://localhost:8815 answered: x."


def test_long_message_of_a_foreign_server_is_cut() -> None:
    assert len(translate(fl.FlightServerError("x" * 10_000), ADDRESS).message) <= 400


@pytest.mark.parametrize(
    ("said", "details"),
    [
        ("failed to connect to all addresses; last error: Connection refused", {"reached": False}),
        ("Socket closed", {}),
    ],
)
def test_connection_that_was_never_made_is_told_from_one_that_broke(
    said: str, details: dict[str, object]
) -> None:
    found = translate(fl.FlightUnavailableError(said), ADDRESS)
    assert found.details == {"address": str(ADDRESS), **details}
