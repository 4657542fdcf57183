"""polars reads and writes through an ADBC connection, and by a URI."""

from collections.abc import Callable

import polars as pl
import pytest
from adbc_driver_flightsql import dbapi

from tests.support.sql_service import SqlService
from tests.support.sql_tables import BIG_ROWS, READ, WRITE

Connect = Callable[..., dbapi.Connection]


@pytest.fixture
def connection(connect: Connect) -> dbapi.Connection:
    return connect(autocommit=False)


@pytest.fixture
def frame() -> pl.DataFrame:
    return pl.DataFrame({"ID": [1, 2], "NAME": ["one", None], "AMOUNT": [1.5, None]})


def _ids(service: SqlService, table: str) -> list[int]:
    return [row[0] for row in service.rows(f"SELECT ID FROM {WRITE}.{table} ORDER BY ID")]


@pytest.mark.feature("read_database", client="polars")
def test_read_database_gives_a_frame(connection: dbapi.Connection) -> None:
    frame = pl.read_database(f"SELECT * FROM {READ}.ORDERS ORDER BY ORDER_ID", connection)
    assert frame["STATUS"].to_list() == ["OPEN", "OPEN", "PAID", None]
    assert frame.schema["AMOUNT"] == pl.Decimal(15, 2)


@pytest.mark.feature("read_database", client="polars")
def test_read_database_in_batches_gives_every_row(connection: dbapi.Connection) -> None:
    frames = pl.read_database(
        f"SELECT ID FROM {READ}.BIG", connection, iter_batches=True, batch_size=10_000
    )
    assert sum(frame.height for frame in frames) == BIG_ROWS


@pytest.mark.feature("read_database: parameters", client="polars")
def test_read_database_binds_values(connection: dbapi.Connection) -> None:
    frame = pl.read_database(
        f"SELECT ORDER_ID FROM {READ}.ORDERS WHERE ORDER_ID > ? ORDER BY ORDER_ID",
        connection,
        execute_options={"parameters": [2]},
    )
    assert frame["ORDER_ID"].to_list() == [3, 4]


def test_write_database_takes_categories(
    connection: dbapi.Connection, service: SqlService, table: str
) -> None:
    frame = pl.DataFrame({"C": pl.Series(["b", "a", None, "b"], dtype=pl.Categorical)})
    frame.write_database(f"{WRITE}.{table}", connection, engine="adbc")
    assert service.rows(f"SELECT * FROM {WRITE}.{table}") == [("b",), ("a",), (None,), ("b",)]


@pytest.mark.feature("write_database: fail", client="polars")
def test_write_database_creates_the_table(
    connection: dbapi.Connection, service: SqlService, frame: pl.DataFrame, table: str
) -> None:
    assert frame.write_database(f"{WRITE}.{table}", connection, engine="adbc") == 2
    assert service.rows(f"SELECT * FROM {WRITE}.{table} ORDER BY ID") == [
        (1, "one", 1.5), (2, None, None)
    ]  # fmt: skip


@pytest.mark.feature("write_database: fail", client="polars")
def test_write_database_fails_where_the_table_is_there(
    connection: dbapi.Connection, service: SqlService, frame: pl.DataFrame, table: str
) -> None:
    frame.write_database(f"{WRITE}.{table}", connection, engine="adbc")
    with pytest.raises(dbapi.Error, match="TABLE_EXISTS"):
        frame.write_database(f"{WRITE}.{table}", connection, engine="adbc")
    connection.rollback()
    assert _ids(service, table) == [1, 2]


@pytest.mark.feature("write_database: append", client="polars")
def test_write_database_appends_and_creates_what_is_missing(
    connection: dbapi.Connection, service: SqlService, frame: pl.DataFrame, table: str
) -> None:
    for number in (0, 2):
        more = frame.with_columns(pl.col("ID") + number)
        more.write_database(f"{WRITE}.{table}", connection, engine="adbc", if_table_exists="append")
    assert _ids(service, table) == [1, 2, 3, 4]


@pytest.mark.feature("write_database: replace", client="polars")
def test_write_database_replaces(
    connection: dbapi.Connection, service: SqlService, frame: pl.DataFrame, table: str
) -> None:
    frame.write_database(f"{WRITE}.{table}", connection, engine="adbc")
    other = pl.DataFrame({"ID": [9], "ELSE": ["x"]})
    other.write_database(f"{WRITE}.{table}", connection, engine="adbc", if_table_exists="replace")
    assert service.rows(f"SELECT * FROM {WRITE}.{table}") == [(9, "x")]
