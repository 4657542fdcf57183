"""Sockets and threads of the server, with a client that decodes nothing."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.hana_emulator.server import EmulatorServer
from tests.hana_emulator.values import DeclaredType, ResultColumn
from tests.support.hana_engine_double import PASSWORD, USER, EngineDouble, Table
from tests.support.hana_raw_client import HELLO, MESSAGE, RawClient

_ID = ResultColumn("ID", DeclaredType("INTEGER"))


@pytest.fixture
def engine() -> EngineDouble:
    return EngineDouble(T=Table((_ID,), [(n,) for n in range(1000)]))


@pytest.fixture
def server(engine: EngineDouble) -> Iterator[EmulatorServer]:
    before = set(threading.enumerate())  # other tests keep an emulator for the whole session
    with EmulatorServer(engine) as started:
        yield started
    left = set(threading.enumerate()) - before
    assert not [thread for thread in left if thread.name.startswith("hana-")]


def _client(server: EmulatorServer) -> RawClient:
    client = RawClient(server.port)
    client.log_on(USER, PASSWORD)
    return client


def test_hello_is_answered_as_hana_does(server: EmulatorServer) -> None:
    with RawClient(server.port) as client:
        assert client.hello.hex() == "0414000401000000"


def test_connections_are_counted(server: EmulatorServer) -> None:
    with _client(server), _client(server):
        assert server.connections == 2

    assert server.wait_for_connections(0)


def test_many_clients_work_at_once(server: EmulatorServer) -> None:
    rows = []

    def read() -> None:
        with _client(server) as client:
            rows.append(sum(count for count, _ in client.drain("SELECT * FROM T", 10)))

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert rows == [1000] * 8


def test_requests_ahead_are_answered_in_order(server: EmulatorServer) -> None:
    with _client(server) as client:
        identifier = client.execute("SELECT * FROM T").part(13).body
        for size in (1, 2, 3):
            client.send(71, (13, 1, identifier), (45, 1, size.to_bytes(4, "little")))

        assert [client.take().part(5).count for _ in range(3)] == [1, 2, 3]


def test_delay_is_that_of_each_reply_not_of_their_sum(engine: EngineDouble) -> None:
    with EmulatorServer(engine, delay_s=0.5) as server, _client(server) as client:
        identifier = client.execute("SELECT * FROM T").part(13).body
        started = time.monotonic()
        for _ in range(10):
            client.send(71, (13, 1, identifier), (45, 1, (1).to_bytes(4, "little")))
        for _ in range(10):
            client.take()
        elapsed_s = time.monotonic() - started

    assert 0.5 <= elapsed_s < 4  # and not 5


def test_other_protocol_is_hung_up_on(server: EmulatorServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), 10) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")

        assert client.recv(100) == b""

    assert server.wait_for_connections(0)


def test_message_of_impossible_length_is_hung_up_on(server: EmulatorServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), 10) as client:
        client.sendall(HELLO + MESSAGE.pack(0, 0, 0xFFFFFFFF, 0, 1, 0, 0, 0))
        client.recv(8)

        assert client.recv(100) == b""


def test_client_that_says_nothing_is_closed_with_the_server(engine: EngineDouble) -> None:
    with (
        EmulatorServer(engine) as server,
        socket.create_connection(("127.0.0.1", server.port), 30) as client,
    ):
        server.wait_for_connections(1)
        started = time.monotonic()
        server.close()

        assert client.recv(1) == b""
        assert time.monotonic() - started < 10


def test_client_that_takes_nothing_is_closed_with_the_server() -> None:
    wide = ResultColumn("V", DeclaredType("NVARCHAR", 5000))
    engine = EngineDouble(W=Table((wide,), [("x" * 5000,)] * 20_000))
    with EmulatorServer(engine) as server, _client(server) as client:
        identifier = client.execute("SELECT * FROM W").part(13).body
        for _ in range(6):
            client.send(71, (13, 1, identifier), (45, 1, (32767).to_bytes(4, "little")))
        time.sleep(0.2)
        started = time.monotonic()
        server.close()

        assert time.monotonic() - started < 10
        assert engine.sessions[0].closed.is_set()


def test_vanished_client_s_statement_is_cancelled(
    server: EmulatorServer, engine: EngineDouble
) -> None:
    client = _client(server)
    client.send(2, (3, 1, b"BLOCK"))
    session = engine.sessions[0]
    assert session.blocked.wait(10)

    client.socket.close()

    assert session.closed.wait(10)
    assert "cancel" in session.log
    assert server.wait_for_connections(0)


def test_port_is_free_again_after_close(engine: EngineDouble) -> None:
    with EmulatorServer(engine) as server, _client(server):
        port = server.port

    with EmulatorServer(engine, port=port) as again:
        assert again.port == port
