"""What ends a transaction of hdbcli: a cancel at any moment, a commit that is not heard."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hdbcli import dbapi

from tests.hana_emulator.values import DeclaredType, ResultColumn, Row
from tests.support.hana_double_process import DoubleServer
from tests.support.hana_engine_double import Table

COLUMNS = (ResultColumn("ID", DeclaredType("INTEGER")),)
INSERT = "INSERT INTO T VALUES (?)"
PAUSE_S = 0.6


def slowly(_row: Row) -> None:
    """Takes its time, and hears no cancel: as if parameters were read."""
    time.sleep(PAUSE_S)


@pytest.fixture
def table(server: DoubleServer) -> Iterator[str]:
    server.add("T", Table(COLUMNS))
    yield "T"
    server.arm("")


def cancelled(connection: Any, rows: list[tuple[int]]) -> list[dbapi.Error]:
    """The errors of a change that is cancelled while the server works on it."""
    errors: list[dbapi.Error] = []

    def work() -> None:
        cursor = connection.cursor()
        try:
            cursor.executemany(INSERT, rows)
        except dbapi.Error as error:
            errors.append(error)
        cursor.close()

    working = threading.Thread(target=work)
    working.start()
    while working.is_alive() and not connection.cancel():
        time.sleep(0.05)  # nothing is under way yet
    working.join(30)
    return errors


def test_cancel_that_the_engine_does_not_hear_ends_the_transaction_all_the_same(
    server: DoubleServer, connect: Callable[..., Any], table: str
) -> None:
    connection = connect(autocommit=False)
    server.add(table, Table(COLUMNS, check=slowly))

    errors = cancelled(connection, [(1,)])

    assert [error.errorcode for error in errors] == [139]
    connection.commit()
    assert server.rows(table) == []


def test_cancel_comes_too_late_for_what_is_committed(
    server: DoubleServer, connect: Callable[..., Any], table: str
) -> None:
    connection = connect(autocommit=True)
    server.add(table, Table(COLUMNS, check=slowly))

    assert cancelled(connection, [(1,)]) == []
    assert server.rows(table) == [(1,)]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("session_dropped", -10807),
        ("cut_mid_packet", -10807),
        ("error_on_execute:code=131", 131),
    ],
)
@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
def test_fault_strikes_the_end_of_a_transaction(
    server: DoubleServer, connect: Callable[..., Any], end: str, fault: str, code: int
) -> None:
    server.add("T", Table(COLUMNS))
    connection = connect(autocommit=False, reconnect=False)
    connection.cursor().execute(INSERT, (1,))
    name, _, rest = fault.partition(":")
    server.arm(f"{name}:times=1,{rest}{',' if rest else ''}statement_like={end}")

    with pytest.raises(dbapi.Error) as raised:
        connection.commit() if end == "COMMIT" else connection.rollback()

    assert raised.value.errorcode == code


def test_fault_of_any_statement_spares_the_end_of_a_transaction(
    server: DoubleServer, connect: Callable[..., Any], table: str
) -> None:
    connection = connect(autocommit=False)
    connection.cursor().execute(INSERT, (1,))
    server.arm("session_dropped")

    connection.commit()

    assert server.rows(table) == [(1,)]
