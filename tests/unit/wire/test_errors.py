"""The error boundary: every error of ours has its Flight error, and nothing else gets out."""

import logging

import pyarrow.flight as fl
import pytest

from flight_client.protocol.errors import (
    DataError,
    Error,
    InternalError,
    Status,
    UnknownEntity,
    error_classes,
    from_wire,
)
from flight_server.wire.errors import FLIGHT_ERRORS, boundary, to_flight


def test_every_status_has_a_flight_error() -> None:
    assert set(FLIGHT_ERRORS) == set(Status)


@pytest.mark.parametrize("kind", list(error_classes()), ids=lambda kind: kind.code)
def test_every_error_survives_the_wire(kind: type[Error]) -> None:
    raised = to_flight(kind("Something, said in a sentence.", entity="X"))
    assert isinstance(raised, fl.FlightError)
    back = from_wire(str(raised), raised.extra_info)
    assert type(back) is kind
    assert back.message == "Something, said in a sentence."
    assert back.details == {"entity": "X"}


def test_our_error_passes_with_its_code() -> None:
    said = r"\[ENTITY_UNKNOWN\] There is none\."
    with pytest.raises(fl.FlightServerError, match=said), boundary("GetFlightInfo"):
        raise UnknownEntity("There is none.")


def test_flight_error_passes_unchanged() -> None:
    error = fl.FlightUnavailableError("later")
    with pytest.raises(fl.FlightUnavailableError) as caught, boundary("DoGet"):
        raise error
    assert caught.value is error


def test_unforeseen_error_becomes_an_incident_that_the_log_explains(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.ERROR)
    with pytest.raises(fl.FlightInternalError) as caught, boundary("DoGet"):
        raise ZeroDivisionError("secret detail in /etc/path")
    back = from_wire(str(caught.value), caught.value.extra_info)
    assert isinstance(back, InternalError)
    assert "secret" not in str(caught.value)
    assert "Traceback" not in str(caught.value)
    assert back.incident
    assert back.incident in caplog.text
    assert "secret detail" in caplog.text


def test_refusals_are_logged_without_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), pytest.raises(fl.FlightError), boundary("DoGet"):
        raise DataError("Division by zero.")
    assert "DATA_ERROR" in caplog.text
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("signal", [KeyboardInterrupt, GeneratorExit, SystemExit])
def test_what_ends_a_program_is_not_caught(signal: type[BaseException]) -> None:
    with pytest.raises(signal), boundary("DoGet"):
        raise signal
