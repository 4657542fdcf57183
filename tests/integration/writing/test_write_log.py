"""What the server's log says of a write: which it was, and what was kept."""

import logging

import pyarrow as pa
import pytest

from flight_client.client import Client
from flight_client.protocol.errors import DataError
from tests.support.patience import eventually
from tests.support.sql_tables import WRITE

ROWS = pa.table({"ID": pa.array([1, 1], pa.int64())})


def test_write_is_logged_with_its_rows(
    client: Client, table: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "flight_server"):
        client.write(table, ROWS, mode="create")
        line = f"write (create) into '{WRITE}.{table}': 2 rows were kept"
        eventually(lambda: line in caplog.messages)


def test_write_that_failed_is_logged_with_its_table_and_reason(
    client: Client, table: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "flight_server"):
        with pytest.raises(DataError):
            client.write(table, ROWS, mode="create", keys=["ID"])
        eventually(lambda: any("DoPut refused: [DATA_ERROR]" in line for line in caplog.messages))
    line = f"write (create) into '{WRITE}.{table}': nothing was kept [DATA_ERROR]"
    assert line in caplog.messages
