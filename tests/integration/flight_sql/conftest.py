"""Flight SQL clients before the real server, over DuckDB and over HANA's emulator with hdbcli."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from typing import Any

import pytest
from adbc_driver_flightsql import dbapi

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
    with landscape.serving(writes={"max_transactions": 6}) as made:
        yield made


@pytest.fixture
def connect(service: SqlService) -> Iterator[Callable[..., dbapi.Connection]]:
    """Connect with ADBC; closed after the test, and the server is at rest then."""
    with ExitStack() as opened:

        def connection(uri: str = service.uri, **options: Any) -> dbapi.Connection:
            return opened.enter_context(dbapi.connect(uri, **{"autocommit": True, **options}))

        yield connection
    service.wait_for_rest()


@pytest.fixture
def cursor(connect: Callable[..., dbapi.Connection]) -> Iterator[dbapi.Cursor]:
    """Of a connection that commits each statement."""
    with connect().cursor() as made:
        yield made


@pytest.fixture
def table() -> str:
    """The name of a table in LAB that is not there yet."""
    return f"T{next(_numbers)}"


@pytest.fixture
def target(cursor: dbapi.Cursor, table: str) -> str:
    """A table in LAB of ID and NAME, with a row; qualified."""
    qualified = f"{WRITE}.{table}"
    cursor.execute(f"CREATE TABLE {qualified} (ID INTEGER PRIMARY KEY, NAME NVARCHAR(20))")
    cursor.execute(f"INSERT INTO {qualified} VALUES (1, 'one')")
    return qualified
