"""The error boundary of Flight SQL: a code of gRPC and a google.rpc.Status for every error."""

from typing import Any

import pyarrow.flight as fl
import pytest

from flight_client.protocol.errors import (
    MAX_BODY_BYTES,
    DataError,
    Error,
    InvalidRequest,
    Status,
    UnknownAction,
    error_classes,
)
from flight_server.wire.errors import Untraced
from flight_server.wire.flightsql.errors import (
    DETAILS_TRAILER,
    GRPC_CODES,
    boundary,
    code_of,
    to_status,
)
from flight_server.wire.flightsql.messages import datasphere_flight_sql_pb2 as pb


class Context:
    """Notes the trailers of a call."""

    def __init__(self) -> None:
        self.trailers: list[tuple[str, Any]] = []

    def add_trailer(self, name: str, value: Any) -> None:
        self.trailers.append((name, value))


def opened(status: bytes) -> tuple[pb.Status, pb.ErrorInfo]:
    found = pb.Status.FromString(status)
    (detail,) = found.details
    assert detail.type_url == "type.googleapis.com/google.rpc.ErrorInfo"
    return found, pb.ErrorInfo.FromString(detail.value)


def test_every_status_has_a_code() -> None:
    assert set(GRPC_CODES) == set(Status)


@pytest.mark.parametrize("kind", list(error_classes()), ids=lambda kind: kind.code)
def test_every_error_leaves_with_its_code_and_one_trailer(kind: type[Error]) -> None:
    context = Context()
    with (
        pytest.raises((fl.FlightError, Untraced), match=rf"\[{kind.code}\] A sentence"),
        boundary("GetFlightInfo", context),
    ):
        raise kind("A sentence.", entity="X")
    ((name, status),) = context.trailers
    assert name == DETAILS_TRAILER
    found, info = opened(status)
    assert found.code == code_of(kind("A sentence."))
    assert found.message == f"[{kind.code}] A sentence."
    assert (info.reason, dict(info.metadata)) == (kind.code, {"entity": "X"})


@pytest.mark.parametrize(
    ("details", "said"),
    [
        ({"hana_code": 301}, "[DATA_ERROR] No. (HANA 301)"),
        ({"hana_code": 257, "position": 8}, "[DATA_ERROR] No. (HANA 257 at position 8)"),
        ({"position": 8}, "[DATA_ERROR] No."),
    ],
)
def test_number_and_position_of_hana_stand_in_the_message(
    details: dict[str, int], said: str
) -> None:
    message, status = to_status(DataError("No.", **details), 3)
    assert message == said
    assert opened(status)[0].message == said


def test_unknown_action_is_unimplemented() -> None:
    assert code_of(UnknownAction("There is none.")) == 12


def test_every_kind_of_fact_becomes_text() -> None:
    _, status = to_status(InvalidRequest("No.", number=7, text="x", names=["a", "b"]), 3)
    assert dict(opened(status)[1].metadata) == {"number": "7", "text": "x", "names": "a, b"}


def test_fact_that_does_not_fit_is_left_out_and_the_others_stay() -> None:
    _, status = to_status(InvalidRequest("No.", first=1, long="x" * 5000, last=2), 3)
    assert dict(opened(status)[1].metadata) == {"first": "1", "last": "2"}


@pytest.mark.parametrize("letter", ["x", "Ä", "\U0001f600"])
def test_status_stays_small_enough_for_a_header(letter: str) -> None:
    error = InvalidRequest(letter * 10_000, incident="0" * 12, text=letter * 1000)
    message, status = to_status(error, 3)
    assert len(status) <= MAX_BODY_BYTES
    assert message == opened(status)[0].message
    assert opened(status)[1].metadata["incident"] == "0" * 12


def test_error_of_flight_passes_unchanged() -> None:
    error = fl.FlightUnavailableError("later")
    context = Context()
    with pytest.raises(fl.FlightUnavailableError) as caught, boundary("DoGet", context):
        raise error
    assert caught.value is error
    assert context.trailers == []


def test_error_that_left_an_inner_boundary_passes_unchanged() -> None:
    context = Context()
    with pytest.raises(Untraced), boundary("DoGet", context), boundary("DoGet", context):
        raise DataError("Division by zero.")
    assert len(context.trailers) == 1


def test_schema_gives_up_codes_that_pyarrow_would_lose() -> None:
    context = Context()
    with pytest.raises(Untraced), boundary("GetSchema", context, keeps_flight_codes=False):
        raise Error("A sentence.")
    assert opened(context.trailers[0][1])[0].code == 2
