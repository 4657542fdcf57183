"""Our client writing to the real server, over DuckDB and over HANA's emulator with hdbcli."""

from collections.abc import Iterator
from itertools import count

import pytest

import flight_client
from flight_client.client import Client
from tests.support.sql_service import LANDSCAPES, Landscape, SqlService
from tests.support.sql_tables import WRITE

_numbers = count(1)


@pytest.fixture(scope="session", params=LANDSCAPES)
def landscape(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Landscape]:
    with LANDSCAPES[request.param](tmp_path_factory.mktemp("landscape")) as made:
        yield made


@pytest.fixture(scope="session")
def service(landscape: Landscape) -> Iterator[SqlService]:
    """The server of most tests; nothing that a test leaves open is left."""
    with landscape.serving() as made:
        yield made


@pytest.fixture
def client(service: SqlService) -> Iterator[Client]:
    """A client of it; the server is at rest when it is closed."""
    with flight_client.connect(service.uri, space=WRITE, progress=False) as made:
        yield made
    service.wait_for_rest()


@pytest.fixture
def table() -> str:
    """The name of a table in LAB that is not there yet."""
    return f"W{next(_numbers)}"
