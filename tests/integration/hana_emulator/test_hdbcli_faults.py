"""hdbcli meets every fault: what it raises, and that nothing is left behind."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from hdbcli import dbapi

from tests.hana_emulator.values import DeclaredType, ResultColumn
from tests.support.hana_double_process import DoubleServer
from tests.support.hana_engine_double import Table

_COLUMNS = (
    ResultColumn("ID", DeclaredType("INTEGER")),
    ResultColumn("NAME", DeclaredType("NVARCHAR", 100)),
)


@pytest.fixture(autouse=True)
def table(server: DoubleServer) -> None:
    server.add("T", Table(_COLUMNS, [(n, "x" * 100) for n in range(100_000)]))


def _read(connection: Any) -> list[Any]:
    cursor = connection.cursor()
    try:
        cursor.execute("SELECT * FROM T")
        return cursor.fetchall()
    finally:
        cursor.close()


@pytest.mark.parametrize(
    "fault",
    [
        "cut_mid_packet",
        "cut_mid_packet:after_fetches=2",
        "session_dropped",
        "session_dropped:after_fetches=1",
    ],
)
def test_lost_connection_is_an_error(
    server: DoubleServer, connect: Callable[..., Any], fault: str
) -> None:
    connection = connect(reconnect=False)
    server.arm(f"{fault},times=1" if ":" in fault else f"{fault}:times=1")

    with pytest.raises(dbapi.Error) as raised:
        _read(connection)

    assert raised.value.errorcode in {-10807, -10709, -10108}
    server.wait(lambda server: server.connections() == 0)


def _disconnect_while_idle(server: DoubleServer, connect: Callable[..., Any]) -> None:
    """Ends the connection opened last, by a statement on another."""
    last = server.sessions()[-1].connection_id
    cursor = connect().cursor()
    cursor.execute(f"ALTER SYSTEM DISCONNECT SESSION '{last}'")
    cursor.close()
    server.wait(lambda server: server.connections() == 1)


def test_connection_lost_while_idle_is_replaced_silently(
    server: DoubleServer, connect: Callable[..., Any]
) -> None:
    connection = connect()
    _disconnect_while_idle(server, connect)

    assert len(_read(connection)) == 100_000


def test_connection_lost_while_idle_is_an_error_without_reconnect(
    server: DoubleServer, connect: Callable[..., Any]
) -> None:
    connection = connect(reconnect=False)
    _disconnect_while_idle(server, connect)

    with pytest.raises(dbapi.Error) as raised:
        _read(connection)

    assert raised.value.errorcode == -10807


@pytest.mark.parametrize("after_fetches", [0, 1])
def test_wrong_part_length_is_an_error(
    server: DoubleServer, connect: Callable[..., Any], after_fetches: int
) -> None:
    connection = connect(reconnect=False)
    server.arm(f"wrong_part_length:times=1,after_fetches={after_fetches}")

    with pytest.raises(dbapi.Error):
        _read(connection)


def test_silent_server_is_bounded_by_the_communication_timeout(
    server: DoubleServer, connect: Callable[..., Any]
) -> None:
    connection = connect(communicationTimeout=500, reconnect=False)
    server.arm("silent_hang:times=1")
    started = time.monotonic()

    with pytest.raises(dbapi.Error):
        _read(connection)

    assert time.monotonic() - started < 10
    server.wait(lambda server: server.connections() == 0)


def test_slow_packets_are_read_whole(server: DoubleServer, connect: Callable[..., Any]) -> None:
    connection = connect()
    server.arm("slow_packets:seconds=0.01,piece_bytes=1000,times=1")

    assert len(_read(connection)) == 100_000


@pytest.mark.parametrize("code", [4, 129, 131, 2048])
def test_error_on_a_fetch_arrives_after_the_rows_before_it(
    server: DoubleServer, connect: Callable[..., Any], code: int
) -> None:
    server.arm(f"error_on_fetch:after_fetches=2,code={code}")
    cursor = connect().cursor()
    cursor.execute("SELECT * FROM T")
    rows = 0

    def fetch_all() -> None:
        nonlocal rows
        while batch := cursor.fetchmany(1000):
            rows += len(batch)

    with pytest.raises(dbapi.Error) as raised:
        fetch_all()

    assert raised.value.errorcode == code
    assert 0 < rows < 100_000
    cursor.close()
    assert server.sessions()[-1].open_cursors == 0


def test_error_on_execute_takes_the_place_of_the_statement(
    server: DoubleServer, connect: Callable[..., Any]
) -> None:
    connection = connect()
    server.arm("error_on_execute:code=616,times=1,statement_like=%FROM T")
    cursor = connection.cursor()
    cursor.execute("SELECT * FROM DUMMY")

    with pytest.raises(dbapi.Error) as raised:
        cursor.execute("SELECT * FROM T")

    assert raised.value.errorcode == 616
    cursor.execute("SELECT * FROM T")
    cursor.close()


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("overloaded:times=2", 1038),
        ("overloaded:times=2,code=1034", 1034),
        ("overloaded:times=2,code=616", 616),
        ("locked:times=2", 416),
        ("force_password_change:times=2", 414),
    ],
)
def test_log_on_fails_so_often_and_then_works(
    server: DoubleServer, connect: Callable[..., Any], fault: str, code: int
) -> None:
    server.arm(fault)

    for _ in range(2):
        with pytest.raises(dbapi.Error) as raised:
            connect()
        assert raised.value.errorcode == code

    assert connect().isconnected()


def test_refused_connection_is_an_error(server: DoubleServer, connect: Callable[..., Any]) -> None:
    server.arm("refuse_connect")

    with pytest.raises(dbapi.Error) as raised:
        connect(connectTimeout=3000)

    assert raised.value.errorcode in {-10709, -10108, -10807}


def test_client_arms_and_disarms_faults_by_statement(connect: Callable[..., Any]) -> None:
    cursor = connect().cursor()
    cursor.execute("EMULATOR FAULT 'error_on_execute:code=131,statement_like=%DUMMY%'")
    with pytest.raises(dbapi.Error) as raised:
        cursor.execute("SELECT * FROM DUMMY")
    cursor.execute("EMULATOR FAULT NONE")
    cursor.execute("SELECT * FROM DUMMY")
    cursor.close()

    assert raised.value.errorcode == 131


def test_client_counts_the_connections(connect: Callable[..., Any]) -> None:
    first, _ = connect(), connect()
    cursor = first.cursor()

    cursor.execute("EMULATOR CONNECTIONS")

    assert cursor.fetchone()[0] == 2
    cursor.close()


def test_client_that_names_no_fault_learns_the_names(connect: Callable[..., Any]) -> None:
    cursor = connect().cursor()

    with pytest.raises(dbapi.ProgrammingError, match="silent_hang"):
        cursor.execute("EMULATOR FAULT 'nonsense'")

    cursor.close()
