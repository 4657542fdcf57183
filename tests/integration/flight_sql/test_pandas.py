"""pandas reads and writes through an ADBC connection."""

from collections.abc import Callable

import pandas as pd
import pytest
from adbc_driver_flightsql import dbapi

from tests.support.sql_service import SqlService
from tests.support.sql_tables import READ, WRITE

Connect = Callable[..., dbapi.Connection]
INGESTS_ALONE = pytest.mark.xfail(
    reason="ADBC 1.13 names no transaction when it ingests: use autocommit=True",
    raises=pd.errors.DatabaseError,
    strict=True,
)


@pytest.fixture
def connection(connect: Connect) -> dbapi.Connection:
    """As users make it: with transactions."""
    return connect(autocommit=False)


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame({"ID": [1, 2], "NAME": ["one", None], "AMOUNT": [1.5, float("nan")]})


def _ids(service: SqlService, table: str) -> list[int]:
    return [row[0] for row in service.rows(f"SELECT ID FROM {WRITE}.{table} ORDER BY ID")]


@pytest.mark.feature("read_sql", client="pandas")
def test_read_sql_gives_a_frame(connection: dbapi.Connection) -> None:
    frame = pd.read_sql(f"SELECT * FROM {READ}.ORDERS ORDER BY ORDER_ID", connection)
    assert frame["STATUS"].tolist()[:3] == ["OPEN", "OPEN", "PAID"]


@pytest.mark.feature("read_sql", client="pandas")
def test_read_sql_keeps_arrow_types(connection: dbapi.Connection) -> None:
    frame = pd.read_sql(f"SELECT * FROM {READ}.ORDERS", connection, dtype_backend="pyarrow")
    assert [str(kind) for kind in frame.dtypes] == [
        "int64[pyarrow]", "string[pyarrow]", "decimal128(15, 2)[pyarrow]", "date32[day][pyarrow]"
    ]  # fmt: skip


@pytest.mark.feature("read_sql", client="pandas")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_wrong_sql_is_an_error_of_pandas(connection: dbapi.Connection) -> None:
    """The cursor of a failed statement is left by pandas 3.1 to the garbage collector."""
    with pytest.raises(pd.errors.DatabaseError, match="ENTITY_UNKNOWN"):
        pd.read_sql(f"SELECT * FROM {READ}.NOTHING", connection)
    assert len(pd.read_sql(f"SELECT * FROM {READ}.ORDERS", connection)) == 4


@pytest.mark.feature("read_sql_table", client="pandas")
def test_read_sql_table_takes_schema_and_columns(connection: dbapi.Connection) -> None:
    frame = pd.read_sql_table("ORDERS", connection, schema=READ, columns=["ORDER_ID", "STATUS"])
    assert frame.shape == (4, 2)


@pytest.mark.feature("to_sql: fail", client="pandas")
def test_to_sql_creates_the_table(
    connection: dbapi.Connection, service: SqlService, frame: pd.DataFrame, table: str
) -> None:
    assert frame.to_sql(table, connection, schema=WRITE, index=False) == 2
    assert service.rows(f"SELECT * FROM {WRITE}.{table} ORDER BY ID") == [
        (1, "one", 1.5), (2, None, None)
    ]  # fmt: skip


@pytest.mark.feature("to_sql: fail", client="pandas")
def test_to_sql_fails_where_the_table_is_there(
    connection: dbapi.Connection, service: SqlService, frame: pd.DataFrame, table: str
) -> None:
    frame.to_sql(table, connection, schema=WRITE, index=False)
    with pytest.raises(ValueError, match="already exists"):
        frame.to_sql(table, connection, schema=WRITE, index=False)
    assert _ids(service, table) == [1, 2]


@pytest.mark.feature("to_sql: replace", client="pandas")
def test_to_sql_replaces(
    connect: Connect, service: SqlService, frame: pd.DataFrame, table: str
) -> None:
    connection = connect(autocommit=True)
    frame.to_sql(table, connection, schema=WRITE, index=False)
    other = pd.DataFrame({"ID": [9], "ELSE": ["x"]})
    other.to_sql(table, connection, schema=WRITE, index=False, if_exists="replace")
    assert service.rows(f"SELECT * FROM {WRITE}.{table}") == [(9, "x")]


@pytest.mark.feature("to_sql: replace without autocommit", client="pandas", backend="duckdb")
@INGESTS_ALONE
def test_to_sql_replaces_in_a_transaction(
    connection: dbapi.Connection, service: SqlService, frame: pd.DataFrame, table: str
) -> None:
    if service.engine is not None:
        pytest.skip("the emulator shows a dropped table to others as dropped before the commit")
    frame.to_sql(table, connection, schema=WRITE, index=False)
    try:
        frame.to_sql(table, connection, schema=WRITE, index=False, if_exists="replace")
    finally:
        connection.rollback()


@pytest.mark.feature("to_sql: append", client="pandas")
def test_to_sql_appends_and_creates_what_is_missing(
    connection: dbapi.Connection, service: SqlService, frame: pd.DataFrame, table: str
) -> None:
    frame.to_sql(table, connection, schema=WRITE, index=False, if_exists="append")
    more = frame.assign(ID=[3, 4])
    more.to_sql(table, connection, schema=WRITE, index=False, if_exists="append")
    assert _ids(service, table) == [1, 2, 3, 4]


@pytest.mark.feature("to_sql: delete rows", client="pandas")
def test_to_sql_deletes_rows_first(
    connect: Connect, service: SqlService, frame: pd.DataFrame, table: str
) -> None:
    connection = connect(autocommit=True)
    frame.to_sql(table, connection, schema=WRITE, index=False)
    more = frame.assign(ID=[3, 4])
    more.to_sql(table, connection, schema=WRITE, index=False, if_exists="delete_rows")
    assert _ids(service, table) == [3, 4]
