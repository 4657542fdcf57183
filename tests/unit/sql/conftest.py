"""One small database for the tests of meaning; nothing writes to it."""

from collections.abc import Iterator

import duckdb
import pytest

from tests.support.hana_sql import database


@pytest.fixture(scope="session")
def landscape() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = database()
    yield connection
    connection.close()
