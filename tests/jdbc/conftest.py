"""Each driver before the real server, over DuckDB and over HANA's emulator with hdbcli."""

from collections.abc import Iterator
from itertools import count

import pytest

from tests.jdbc.calls import Jdbc
from tests.jdbc.drivers import NEWEST, OLDEST, NotInstalled, driver, java
from tests.support.sql_service import LANDSCAPES, Landscape, SqlService
from tests.support.sql_tables import WRITE

_numbers = count(1)


@pytest.fixture(scope="session", params=[OLDEST, NEWEST])
def jdbc(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Jdbc]:
    try:
        found, jar = java(), driver(request.param)
    except NotInstalled as reason:
        pytest.skip(str(reason))
    made = Jdbc(found, jar, tmp_path_factory.mktemp("jdbc") / "java.log")
    yield made
    made.close()


@pytest.fixture(scope="session", params=LANDSCAPES)
def landscape(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Landscape]:
    with LANDSCAPES[request.param](tmp_path_factory.mktemp("landscape")) as made:
        yield made


@pytest.fixture(scope="session")
def service(landscape: Landscape) -> Iterator[SqlService]:
    """The server of most tests."""
    with landscape.serving() as made:
        yield made


@pytest.fixture
def url(service: SqlService) -> str:
    return f"jdbc:arrow-flight-sql://127.0.0.1:{service.port}?useEncryption=false"


@pytest.fixture
def connection(jdbc: Jdbc, url: str, service: SqlService) -> Iterator[str]:
    """An open connection; the server is at rest after the test."""
    with jdbc.connected(url) as name:
        yield name
    service.wait_for_rest()


@pytest.fixture
def table() -> str:
    """The name of a table in LAB that is not there yet."""
    return f"{WRITE}.J{next(_numbers)}"
