"""The transport over a real wire: errors, retries, deadlines, TLS and credentials."""

import os
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from flight_client.config import read_config
from flight_client.protocol.commands import LIST_SPACES
from flight_client.protocol.errors import (
    DeadlineExceeded,
    Error,
    InvalidRequest,
    Unavailable,
    error_classes,
)
from flight_client.protocol.tickets import ReadTicket, encode_ticket
from flight_client.transport import TRIES, RowStream, Transport
from tests.support.certificates import certificates
from tests.support.flight_double import Behaviour, FlightDouble
from tests.support.patience import PATIENCE_S

ORDERS = encode_ticket(ReadTicket(entity="ORDERS"))


@contextmanager
def _serving(behaviour: Behaviour | None = None, **more: object) -> Iterator[FlightDouble]:
    with FlightDouble(behaviour, **more) as server:
        yield server


@contextmanager
def _connected(
    uri: str, sleep: Callable[[float], None] = lambda _: None, **settings: object
) -> Iterator[Transport]:
    transport = Transport(read_config({}, uri=uri, **settings), sleep)
    try:
        yield transport
    finally:
        transport.close()


def _drain(stream: RowStream) -> None:
    while stream.read() is not None:
        pass


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.mark.parametrize("kind", sorted(error_classes(), key=lambda kind: kind.code))
def test_every_error_class_survives_the_wire(kind: type[Error]) -> None:
    sent = kind("Column 'X' of 'Ä' is unknown.", incident="ab12cd", column="X", near=["Y", "Z"])
    with _serving(Behaviour(failure=sent)) as server, _connected(server.uri) as transport:
        with pytest.raises(kind) as caught:
            transport.act(LIST_SPACES)
        found = caught.value
    assert type(found) is kind
    assert (found.message, found.incident, found.details) == (sent.message, "ab12cd", sent.details)


def test_error_of_get_flight_info_and_of_a_stream_survive_the_wire() -> None:
    failure = Unavailable("The database went away.", database="D")
    behaviour = Behaviour(fail_at=(0, 1), failure=failure)
    with _serving(behaviour) as server, _connected(server.uri) as transport:
        with pytest.raises(Error, match="did you mean") as unknown:
            transport.describe(encode_ticket(ReadTicket(entity="NOPE")))
        stream = transport.open(transport.describe(ORDERS).tickets[0])
        assert stream.read().num_rows == 10
        with pytest.raises(Unavailable) as broken:
            stream.read()
    assert unknown.value.code == "ENTITY_UNKNOWN"
    assert (broken.value.message, broken.value.details) == (failure.message, {"database": "D"})


def test_call_is_tried_again_while_the_server_is_not_available() -> None:
    pauses: list[float] = []
    with (
        _serving(Behaviour(unavailable=2)) as server,
        _connected(server.uri, pauses.append) as transport,
    ):
        assert len(transport.act(LIST_SPACES)) == 1
    assert len(pauses) == 2
    assert 0 < pauses[0] < 0.5
    assert 0 < pauses[1] < 1


def test_call_is_given_up_after_three_tries() -> None:
    pauses: list[float] = []
    with _serving(Behaviour(unavailable=99)) as server:
        with (
            _connected(server.uri, pauses.append) as transport,
            pytest.raises(Unavailable, match="starting"),
        ):
            transport.describe(ORDERS)
        assert server.behaviour.unavailable == 99 - TRIES


def test_no_try_begins_after_the_timeout() -> None:
    pauses: list[float] = []
    with (
        _serving(Behaviour(unavailable=99)) as server,
        _connected(server.uri, pauses.append, timeout_s=0.05) as transport,
        pytest.raises(Error),
    ):
        transport.describe(ORDERS)
    assert pauses == []


def test_error_that_stays_is_not_tried_again() -> None:
    with _serving() as server, _connected(server.uri) as transport:
        with pytest.raises(Error):
            transport.describe(encode_ticket(ReadTicket(entity="NOPE")))
        assert len(server.seen.tickets) == 1


def test_failed_stream_is_not_opened_again() -> None:
    behaviour = Behaviour(fail_at=(0, 0), failure=Unavailable("x"))
    with _serving(behaviour) as server, _connected(server.uri) as transport:
        stream = transport.open(transport.describe(ORDERS).tickets[0])
        with pytest.raises(Unavailable):
            stream.read()
        assert server.seen.streams == 1


def test_refused_connection_names_the_address_and_what_to_check() -> None:
    uri = f"grpc://127.0.0.1:{_free_port()}"
    with _connected(uri) as transport, pytest.raises(Unavailable) as caught:
        transport.act(LIST_SPACES)
    assert uri in caught.value.message
    assert "refused" in caught.value.message
    assert caught.value.details == {"reached": False, "address": uri}


def test_host_without_an_address_is_named() -> None:
    with (
        _connected("grpc://no-such-host.invalid:1") as transport,
        pytest.raises(Unavailable, match=r"no-such-host\.invalid"),
    ):
        transport.act(LIST_SPACES)


def test_silent_listener_is_given_up_after_the_connect_timeout() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        uri = f"grpc://127.0.0.1:{listener.getsockname()[1]}"
        started = time.monotonic()
        with (
            _connected(uri, connect_timeout_s=0.2, timeout_s=60) as transport,
            pytest.raises(Unavailable, match="is it a Flight server"),
        ):
            transport.act(LIST_SPACES)
        assert time.monotonic() - started < PATIENCE_S


def test_slow_answer_ends_at_the_timeout() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        uri = f"grpc://127.0.0.1:{listener.getsockname()[1]}"
        with (
            _connected(uri, timeout_s=0.2) as transport,
            pytest.raises((DeadlineExceeded, Unavailable)),
        ):
            transport.act(LIST_SPACES)


def test_stream_ends_at_its_timeout_where_it_has_one() -> None:
    with (
        _serving(Behaviour(pause_s=0.3)) as server,
        _connected(server.uri, stream_timeout_s=0.2) as transport,
    ):
        stream = transport.open(transport.describe(ORDERS).tickets[0])
        with pytest.raises(DeadlineExceeded):
            stream.read()


def test_closed_transport_refuses_calls_and_cancels_streams() -> None:
    with _serving(Behaviour(pause_s=0.05)) as server, _connected(server.uri) as transport:
        stream = transport.open(transport.describe(ORDERS).tickets[0])
        transport.close()
        transport.close()
        with pytest.raises(Error) as cancelled:
            _drain(stream)
        with pytest.raises(InvalidRequest, match="closed"):
            transport.act(LIST_SPACES)
    assert cancelled.value.code == "CANCELLED"


def test_forgotten_connection_warns() -> None:
    with _serving() as server:
        transport = Transport(read_config({}, uri=server.uri))
        transport.act(LIST_SPACES)
        with pytest.warns(ResourceWarning, match="was not closed"):
            del transport


def test_transport_that_never_connected_does_not_warn() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        transport = Transport(read_config({}, uri="grpc://localhost:1"))
        del transport


@pytest.mark.parametrize(
    ("settings", "header"),
    [
        ({"token": "abc"}, "Bearer abc"),
        ({"user": "me", "password": "sécret:1"}, "Basic bWU6c8OpY3JldDox"),
    ],
)
def test_credentials_travel_in_the_authorization_header(
    settings: dict[str, object], header: str
) -> None:
    with _serving() as server, _connected(server.uri, **settings) as transport:
        transport.act(LIST_SPACES)
        transport.open(transport.describe(ORDERS).tickets[0]).cancel()
        assert [seen["authorization"] for seen in server.seen.headers] == [[header]] * 3


def test_further_headers_go_with_every_call() -> None:
    with _serving() as server, _connected(server.uri, headers={"X-Team": "a"}) as transport:
        transport.act(LIST_SPACES)
        assert server.seen.headers[0]["x-team"] == ["a"]


@pytest.fixture(scope="module")
def tls_server() -> Iterator[FlightDouble]:
    pem = certificates()
    with FlightDouble(tls_certificates=[(pem.chain, pem.key)]) as server:
        yield server


def test_tls_with_the_right_roots_is_trusted(tls_server: FlightDouble, tmp_path: Path) -> None:
    roots = tmp_path / "roots.pem"
    roots.write_bytes(certificates().roots)
    with _connected(tls_server.uri, tls_roots=roots, token="t") as transport:
        assert len(transport.act(LIST_SPACES)) == 1


def test_tls_with_an_unknown_certificate_is_refused(tls_server: FlightDouble) -> None:
    with _connected(tls_server.uri) as transport, pytest.raises(Unavailable, match="No connection"):
        transport.act(LIST_SPACES)


def test_tls_verification_is_skipped_only_where_that_is_said(tls_server: FlightDouble) -> None:
    with _connected(tls_server.uri, tls_verify=False) as transport:
        assert len(transport.act(LIST_SPACES)) == 1


def test_tls_client_says_that_a_plaintext_server_speaks_none() -> None:
    with _serving() as server:
        uri = server.uri.replace("grpc://", "grpc+tls://")
        with _connected(uri) as transport, pytest.raises(Unavailable, match="does not speak TLS"):
            transport.act(LIST_SPACES)


def test_plaintext_client_of_a_tls_server_is_told_to_use_tls(tls_server: FlightDouble) -> None:
    uri = tls_server.uri.replace("grpc+tls://", "grpc://")
    with (
        _connected(uri) as transport,
        pytest.raises(Unavailable, match=r"^No connection to [^\n]*use grpc\+tls:// [^\n]*$"),
    ):
        transport.act(LIST_SPACES)


def test_certificate_of_another_host_is_said_to_be_one() -> None:
    authority = trustme.CA()
    other = authority.issue_cert("other.example.com")
    pem = (other.cert_chain_pems[0].bytes(), other.private_key_pem.bytes())
    with (
        FlightDouble(tls_certificates=[pem]) as server,
        _connected(server.uri, tls_roots=authority.cert_pem.bytes()) as transport,
        pytest.raises(Unavailable, match="names another host"),
    ):
        transport.act(LIST_SPACES)


def test_error_of_a_call_shows_no_thread_of_ours() -> None:
    failure = DeadlineExceeded("Too slow.")
    with (
        _serving(Behaviour(failure=failure)) as server,
        _connected(server.uri) as transport,
        pytest.raises(DeadlineExceeded) as caught,
    ):
        transport.act(LIST_SPACES)
    names = [entry.name for entry in caught.traceback]
    assert names[-2:] == ["act", "_unary"]


_FORKED = """
import gc, os, sys
import flight_client

client = flight_client.connect(sys.argv[1])
entities = client.tables()
batches = client.table("ORDERS").to_batches()
next(batches)
if sys.argv[2] == "closed":
    client.close()
child = os.fork()
if child == 0:
    other = flight_client.connect(sys.argv[1])
    for use in (client.tables, client.table("ORDERS").to_arrow, other.tables):
        try:
            use()
        except flight_client.InvalidRequest as error:
            print(error)
    client.close()
    del batches, client, use
    gc.collect()
    sys.exit(7)
_, status = os.waitpid(child, 0)
print(os.waitstatus_to_exitcode(status))
client.close()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("state", ["open", "closed"])
def test_forked_child_is_refused_and_ends_instead_of_waiting_for_ever(state: str) -> None:
    with _serving() as server:
        found = subprocess.run(
            [sys.executable, "-c", _FORKED, server.uri, state],
            check=True,
            capture_output=True,
            cwd=Path(__file__).parents[3],
            text=True,
            timeout=60,
        )
    assert found.stderr == ""
    *refusals, status = found.stdout.splitlines()
    assert len(refusals) == 3
    assert all("gRPC does not survive a fork" in refusal for refusal in refusals)
    assert status == "7"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_child_forked_before_the_first_connection_may_connect() -> None:
    code = (
        "import os, sys, flight_client\n"
        "with flight_client.connect(sys.argv[1]) as client:\n"
        "    child = os.fork()\n"
        "    if child: sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n"
        "    print(len(client.tables()))\n"
    )
    with _serving() as server:
        found = subprocess.run(
            [sys.executable, "-c", code, server.uri],
            check=True,
            capture_output=True,
            cwd=Path(__file__).parents[3],
            text=True,
            timeout=60,
        )
    assert found.stdout == "2\n"
