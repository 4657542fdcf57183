"""The emulator in a process of its own, and connections of the real hdbcli to it."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from hdbcli import dbapi

from tests.support.hana_double_process import DoubleServer
from tests.support.hana_engine_double import PASSWORD, USER


@pytest.fixture(scope="module")
def server() -> Iterator[DoubleServer]:
    with DoubleServer() as started:
        yield started


@pytest.fixture
def connect(server: DoubleServer) -> Iterator[Callable[..., Any]]:
    """Opens connections that are closed behind the test; none may be left at the server."""
    opened = []

    def open_connection(**properties: Any) -> Any:
        given = {"address": "127.0.0.1", "port": server.port, "user": USER, "password": PASSWORD}
        connection = dbapi.connect(**(given | properties))
        opened.append(connection)
        return connection

    yield open_connection
    for connection in opened:
        with suppress(dbapi.Error):
            connection.close()
    server.arm("")
    server.wait(lambda server: server.connections() == 0)


@pytest.fixture
def connection(connect: Callable[..., Any]) -> Any:
    return connect()
