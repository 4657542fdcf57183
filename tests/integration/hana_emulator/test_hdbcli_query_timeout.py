"""What hdbcli's setquerytimeout does to a statement."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from hdbcli import dbapi

from tests.support.hana_double_process import DoubleServer


def test_statement_that_takes_longer_ends_with_613(connect: Callable[..., Any]) -> None:
    cursor = connect().cursor()
    cursor.execute("SELECT * FROM DUMMY")  # hdbcli sends no timeout with the first statement
    cursor.setquerytimeout(1)
    started = time.monotonic()

    with pytest.raises(dbapi.Error) as raised:
        cursor.execute("BLOCK")

    assert raised.value.errorcode == 613
    assert 0.9 < time.monotonic() - started < 30
    cursor.execute("SELECT * FROM DUMMY")
    assert cursor.fetchone()[0] == "X"
    cursor.close()


def test_statement_in_time_is_not_ended(server: DoubleServer, connect: Callable[..., Any]) -> None:
    cursor = connect().cursor()
    cursor.setquerytimeout(60)

    cursor.execute("SELECT * FROM DUMMY")

    assert cursor.fetchone()[0] == "X"
    assert "cancel" not in server.sessions()[-1].log
    cursor.close()
