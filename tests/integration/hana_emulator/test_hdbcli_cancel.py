"""What ends a statement: cancel(), a client that vanishes, a server that closes."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from hdbcli import dbapi

from tests.hana_emulator.values import DeclaredType, ResultColumn
from tests.support.hana_double_process import DoubleServer
from tests.support.hana_engine_double import PASSWORD, USER, Table, rows_after_a_pause

_COLUMNS = (ResultColumn("ID", DeclaredType("INTEGER")),)


class _Running(threading.Thread):
    """Runs a call and keeps what came of it."""

    def __init__(self, call: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._call = call
        self.error: dbapi.Error | None = None
        self.start()

    def run(self) -> None:
        try:
            self._call()
        except dbapi.Error as error:
            self.error = error

    def end(self) -> dbapi.Error | None:
        self.join(30)
        assert not self.is_alive()
        return self.error


def _wait_blocked(server: DoubleServer, sessions: int) -> None:
    server.wait(
        lambda server: len(server.sessions()) > sessions and server.sessions()[sessions].blocked
    )


def test_cancel_ends_the_running_statement_with_139(
    server: DoubleServer, connect: Callable[..., Any]
) -> None:
    before = len(server.sessions())
    connection = connect()
    cursor = connection.cursor()
    running = _Running(lambda: cursor.execute("BLOCK"))
    _wait_blocked(server, before)

    assert connection.cancel()

    error = running.end()
    assert error is not None
    assert error.errorcode == 139
    cursor.execute("SELECT * FROM DUMMY")
    assert cursor.fetchone()[0] == "X"
    cursor.close()


def test_cancel_is_a_second_connection_of_the_same_user(
    server: DoubleServer, connect: Callable[..., Any]
) -> None:
    before = len(server.sessions())
    connection = connect()
    cursor = connection.cursor()
    running = _Running(lambda: cursor.execute("BLOCK"))
    _wait_blocked(server, before)

    connection.cancel()

    running.end()
    _, second = server.sessions()[before:]
    assert second.user == USER
    server.wait(lambda server: server.connections() == 1)
    cursor.close()


@pytest.mark.parametrize("read", [1, 50])
def test_cancel_while_nothing_waits_asks_nobody(
    server: DoubleServer, connect: Callable[..., Any], read: int
) -> None:
    server.add("T", Table(_COLUMNS, [(n,) for n in range(100_000)]))
    connection = connect()
    cursor = connection.cursor()
    cursor.execute("SELECT * FROM T")
    cursor.fetchmany(read)
    sessions = len(server.sessions())

    connection.cancel()

    assert len(server.sessions()) == sessions
    assert len(cursor.fetchall()) == 100_000 - read
    cursor.close()


@pytest.mark.parametrize(("user", "code"), [(USER, 2), ("OTHER", 258)])
def test_session_of_nobody_or_of_another_user_is_not_cancelled(
    server: DoubleServer, connect: Callable[..., Any], user: str, code: int
) -> None:
    mine = connect()
    connection_id = server.sessions()[-1].connection_id
    if user == USER:
        mine.close()
        server.wait(lambda server: server.connections() == 0)
    cursor = connect(user=user).cursor()

    with pytest.raises(dbapi.Error) as raised:
        cursor.execute(f"ALTER SYSTEM CANCEL SESSION '{connection_id}'")

    assert raised.value.errorcode == code
    cursor.close()


def test_cancel_while_fetching_ends_the_fetch(
    server: DoubleServer, connect: Callable[..., Any]
) -> None:
    server.add("SLOW", Table(_COLUMNS, rows_after_a_pause))
    before = len(server.sessions())
    connection = connect()
    cursor = connection.cursor()
    cursor.execute("SELECT * FROM SLOW")
    running = _Running(cursor.fetchall)
    _wait_blocked(server, before)

    connection.cancel()

    error = running.end()
    assert error is not None
    assert error.errorcode == 139
    server.wait(lambda server: server.sessions()[before].open_cursors == 0)
    cursor.close()


_VICTIM = """
import sys
from hdbcli import dbapi
connection = dbapi.connect(address="127.0.0.1", port=int(sys.argv[1]), user=sys.argv[2],
                           password=sys.argv[3])
connection.cursor().execute("BLOCK")
"""


def test_vanished_client_s_statement_is_cancelled_and_its_session_closed(
    server: DoubleServer,
) -> None:
    before = len(server.sessions())
    victim = subprocess.Popen([sys.executable, "-c", _VICTIM, str(server.port), USER, PASSWORD])
    try:
        _wait_blocked(server, before)
    finally:
        victim.kill()
        victim.wait()

    server.wait(lambda server: server.sessions()[before].closed)
    assert "cancel" in server.sessions()[before].log
    server.wait(lambda server: server.connections() == 0)


def test_closing_server_ends_a_blocked_statement_in_bounded_time() -> None:
    with DoubleServer() as server:
        connection = dbapi.connect(
            address="127.0.0.1", port=server.port, user=USER, password=PASSWORD, reconnect=False
        )
        cursor = connection.cursor()
        running = _Running(lambda: cursor.execute("BLOCK"))
        _wait_blocked(server, 0)
        started = time.monotonic()

    assert running.end() is not None
    assert time.monotonic() - started < 20


def test_waiting_for_a_statement_leaves_the_gil_to_others(
    server: DoubleServer, connect: Callable[..., Any]
) -> None:
    before = len(server.sessions())
    connection = connect()
    cursor = connection.cursor()
    running = _Running(lambda: cursor.execute("BLOCK"))
    _wait_blocked(server, before)

    time.sleep(0.01)  # comes back only because hdbcli does not hold the GIL

    assert running.is_alive()
    connection.cancel()
    running.end()
    cursor.close()
