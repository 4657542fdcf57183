"""The error tree, its stable codes, and its two forms on the wire."""

import base64
import copy
import json
import pickle
from pathlib import Path
from urllib.parse import quote

import pytest

from flight_client.protocol import errors
from flight_client.protocol.errors import (
    Error,
    ExpiredTicket,
    InternalError,
    Retry,
    Status,
    Unavailable,
    UnknownColumn,
    error_class,
    error_classes,
    from_wire,
    to_wire,
)

CLASSES = sorted(error_classes(), key=lambda found: found.code)
STABLE = Path(__file__).parents[2] / "golden" / "protocol_v1" / "error_codes.json"


def test_codes_with_status_and_retry_rule_are_those_that_v1_promised() -> None:
    promised = json.loads(STABLE.read_text(encoding="utf-8"))

    assert {
        found.code: {"status": found.status.value, "retry": found.retry.value} for found in CLASSES
    } == promised


def test_codes_are_unique() -> None:
    assert len({found.code for found in CLASSES}) == len(CLASSES)


def test_names_are_unique_and_public() -> None:
    assert all(getattr(errors, found.__name__) is found for found in CLASSES)


def test_tree_in_the_docstring_shows_every_class_with_its_parent() -> None:
    shown: dict[str, str] = {}
    above: dict[int, str] = {}
    for line in (errors.__doc__ or "").splitlines():
        drawn = line.replace("|", " ").replace("+--", "   ")
        if not line.startswith("    ") or not drawn.strip():
            continue
        depth, name = (len(drawn) - len(drawn.lstrip())) // 4, drawn.split()[0]
        above[depth] = name
        shown[name] = above.get(depth - 1, "Exception")

    assert shown == {found.__name__: found.__bases__[0].__name__ for found in CLASSES}


@pytest.mark.parametrize("found", CLASSES)
def test_class_is_found_by_its_code(found: type[Error]) -> None:
    assert error_class(found.code) is found


def test_code_of_a_newer_peer_gives_the_root() -> None:
    assert error_class("QUANTUM_UNAVAILABLE") is Error


@pytest.mark.parametrize("found", CLASSES)
def test_error_through_the_wire_is_the_same(found: type[Error]) -> None:
    error = found("Column 'A' is unknown; say 'B'.", incident="0a1b", column="A", near=["B"], at=3)

    read = from_wire(*to_wire(error))

    assert type(read) is found
    assert read is not None
    assert (read.message, read.incident) == (error.message, error.incident)
    assert read.details == error.details


@pytest.mark.parametrize("found", CLASSES)
def test_message_alone_gives_class_sentence_and_incident(found: type[Error]) -> None:
    message, _ = to_wire(found("Column 'A' is unknown; say 'B'.", incident="0a1b"))

    read = from_wire(message, b"")

    assert type(read) is found
    assert read is not None
    assert (read.message, read.incident) == ("Column 'A' is unknown; say 'B'.", "0a1b")


def test_message_is_code_sentence_and_incident() -> None:
    message, body = to_wire(Unavailable("Try later.", incident="0a1b", wait_s=3))

    assert message == "[UNAVAILABLE] Try later. (incident 0a1b)"
    assert json.loads(body) == {
        "code": "UNAVAILABLE",
        "message": "Try later.",
        "incident": "0a1b",
        "details": {"wait_s": 3},
    }


def test_error_without_incident_says_none() -> None:
    message, body = to_wire(Unavailable("Try later."))

    assert message == "[UNAVAILABLE] Try later."
    assert "incident" not in json.loads(body)


# What pyarrow 26.0.1 makes of "[UNAVAILABLE] Gone. (incident 0ab1)" on its way, verb by verb [run].
ARROW_TAILS = [
    pytest.param("{}. Detail: Unavailable", id="get_flight_info"),
    pytest.param(
        "{0}. Detail: Unavailable. gRPC client debug context: UNAVAILABLE:{0}. Detail: Unavailable."
        " Client context: IOError: Server never sent a data message. Detail: Internal",
        id="do_get",
    ),
    pytest.param(
        "{0}. Detail: Unavailable. gRPC client debug context: UNAVAILABLE:{0}. Detail: Unavailable."
        " Client context: OK",
        id="do_put",
    ),
    pytest.param(
        "Unknown error: {}. Detail: Python exception: Traceback (most recent call last):\n"
        '  File "server.py", line 10, in get_schema\nFlightUnavailableError: {}\n. Detail: Failed',
        id="get_schema",
    ),
    pytest.param("Flight returned unavailable error, with message: {}", id="older releases"),
    pytest.param("{}. Client context: OK", id="client context"),
]


@pytest.mark.parametrize("tail", ARROW_TAILS)
@pytest.mark.parametrize("incident", [None, "0ab1"])
def test_what_arrow_puts_around_a_message_is_left_out(tail: str, incident: str | None) -> None:
    message, _ = to_wire(Unavailable("Gone.", incident=incident))

    read = from_wire(tail.format(message, message), b"")

    assert type(read) is Unavailable
    assert read is not None
    assert (read.message, read.incident) == ("Gone.", incident)


@pytest.mark.parametrize(
    ("message", "body"),
    [
        ("", b""),
        ("Connection refused", b""),
        ("ssl: [SSL] certificate verify failed", b""),
        ("[unavailable] lower case", b""),
        ("[UNAVAILABLE]", b""),
        ("Connection refused", b"\xff"),
        ("Connection refused", b"[]"),
        ("Connection refused", b"{}"),
        ("Connection refused", b'{"code":1,"message":"a"}'),
        ("Connection refused", b'{"code":"UNAVAILABLE"}'),
        ("Connection refused", b"[" * 100_000),
        ("Connection refused", b"9" * 5_000),
    ],
)
def test_bytes_of_somebody_else_are_no_error_of_ours(message: str, body: bytes) -> None:
    assert from_wire(message, body) is None


def test_body_of_somebody_else_does_not_hide_our_message() -> None:
    assert type(from_wire("[COLUMN_UNKNOWN] Which?", b'{"a":1}')) is UnknownColumn


def test_body_with_the_code_of_a_newer_peer_keeps_its_sentence() -> None:
    read = from_wire("", b'{"code":"QUANTUM","message":"Both."}')

    assert type(read) is Error
    assert str(read) == "Both."


@pytest.mark.parametrize("incident", ["", "x", "0A", "ab cd", "a" * 65, "0\n", 7, None, ["a"]])
def test_incident_that_is_no_id_is_left_out(incident: object) -> None:
    body = json.dumps({"code": "INTERNAL", "message": "Sorry.", "incident": incident}).encode()

    read = from_wire("", body)

    assert type(read) is InternalError
    assert read is not None
    assert read.incident is None


def test_details_of_other_types_are_left_out() -> None:
    details = {"a": "x", "b": 1, "c": ["y", 2, "z"], "d": 1.5, "e": {}, "f": None}
    body = json.dumps({"code": "INTERNAL", "message": "Sorry.", "details": details}).encode()

    read = from_wire("", body)

    assert read is not None
    assert read.details == {"a": "x", "b": 1, "c": ["y", "z"]}


@pytest.mark.parametrize("name", ["message", "self", "code", "status", "retry", "details", "args"])
def test_detail_may_be_named_like_anything_else(name: str) -> None:
    error = UnknownColumn("Which?", **{name: "value"})  # type: ignore[arg-type]

    read = from_wire(*to_wire(error))

    assert read is not None
    assert read.details == {name: "value"}
    assert (read.message, read.code) == ("Which?", "COLUMN_UNKNOWN")


def wire_bytes(message: str, body: bytes) -> int:
    return len(quote(message)) + len(base64.b64encode(body))


@pytest.mark.parametrize(
    "character", ["a", " ", "ä", "🛒", "\n", "\0", "\x1f", '"', "\\", "%", "\ud800"]
)
def test_endless_sentence_is_cut_to_fit_the_headers(character: str) -> None:
    message, body = to_wire(InternalError(character * 100_000, incident="f" * 32))

    assert wire_bytes(message, body) < 4096
    assert message.endswith("... (incident ffffffffffffffffffffffffffffffff)")


def test_cut_sentence_is_the_same_in_message_and_body() -> None:
    message, body = to_wire(InternalError("ä" * 5_000))

    assert message == f"[INTERNAL] {json.loads(body)['message']}"


def test_details_that_do_not_fit_are_left_out_and_the_sentence_stays() -> None:
    message, body = to_wire(UnknownColumn("Which?", near=["x" * 200] * 50))

    assert message == "[COLUMN_UNKNOWN] Which?"
    assert json.loads(body) == {"code": "COLUMN_UNKNOWN", "message": "Which?"}


def test_half_surrogate_pairs_in_details_do_not_stop_an_error() -> None:
    read = from_wire(*to_wire(UnknownColumn("Which \ud800?", column="\udc00")))

    assert read is not None
    assert (read.message, read.details) == ("Which ??", {"column": "?"})


def test_error_shows_its_sentence() -> None:
    assert str(ExpiredTicket("Ask again.")) == "Ask again."


def test_error_with_incident_shows_both() -> None:
    assert str(InternalError("Sorry.", incident="0a1b")) == "Sorry. (incident 0a1b)"


@pytest.mark.parametrize("clone", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])  # noqa: S301
def test_error_crosses_processes_whole(clone: object) -> None:
    error = clone(ExpiredTicket("Ask again.", incident="0a", age_s=3))  # type: ignore[operator]

    assert type(error) is ExpiredTicket
    assert (error.message, error.incident, error.details) == ("Ask again.", "0a", {"age_s": 3})


def test_only_what_may_succeed_again_says_so() -> None:
    assert {found.code: found.retry for found in CLASSES if found.retry is not Retry.NEVER} == {
        "TICKET_EXPIRED": Retry.AFRESH,
        "TICKET_FORGED": Retry.AFRESH,
        "UNAVAILABLE": Retry.LATER,
    }


def test_every_status_is_in_use() -> None:
    assert {found.status for found in CLASSES} == set(Status)
