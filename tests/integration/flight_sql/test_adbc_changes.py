"""ADBC changes data: statements, counts, many rows at once, definitions, and what is refused."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from adbc_driver_flightsql import dbapi

from tests.support.sql_service import Landscape, SqlService
from tests.support.sql_tables import READ, WRITE

Connect = Callable[..., dbapi.Connection]


def _all(service: SqlService, target: str) -> list[tuple[Any, ...]]:
    return service.rows(f"SELECT * FROM {target} ORDER BY ID")


@pytest.mark.feature("changes: INSERT, UPDATE, DELETE", client="ADBC")
def test_execute_runs_a_change_once_and_counts_its_rows(
    cursor: dbapi.Cursor, service: SqlService, target: str
) -> None:
    """ADBC's execute cannot tell a change from a query: it asks for endpoints."""
    cursor.execute(f"INSERT INTO {target} VALUES (2, 'two')")
    assert cursor.rowcount == 1
    assert cursor.fetchall() == []
    assert _all(service, target) == [(1, "one"), (2, "two")]


@pytest.mark.feature("changes: INSERT, UPDATE, DELETE", client="ADBC")
@pytest.mark.parametrize(
    ("change", "rows", "left"),
    [
        ("UPDATE {0} SET NAME = 'x' WHERE ID > 1", 2, [(1, "one"), (2, "x"), (3, "x")]),
        ("UPDATE {0} SET NAME = 'x' WHERE ID > 9", 0, [(1, "one"), (2, "two"), (3, "three")]),
        ("DELETE FROM {0} WHERE ID < 3", 2, [(3, "three")]),
        ("INSERT INTO {0} (ID) VALUES (4)", 1, [(1, "one"), (2, "two"), (3, "three"), (4, None)]),
        (
            "UPSERT {0} (ID, NAME) VALUES (1, 'uno') WITH PRIMARY KEY",
            1,
            [(1, "uno"), (2, "two"), (3, "three")],
        ),
    ],
    ids=["update", "update of none", "delete", "insert of some columns", "upsert"],
)
def test_change_changes_and_counts(  # noqa: PLR0917 - fixtures and cases
    cursor: dbapi.Cursor,
    service: SqlService,
    target: str,
    change: str,
    rows: int,
    left: list[tuple[Any, ...]],
) -> None:
    cursor.executemany(f"INSERT INTO {target} VALUES (?, ?)", [(2, "two"), (3, "three")])
    cursor.execute(change.format(target))
    assert cursor.rowcount == rows
    assert _all(service, target) == left


@pytest.mark.feature("changes: INSERT from SELECT", client="ADBC")
def test_rows_of_a_query_are_inserted(
    cursor: dbapi.Cursor, service: SqlService, target: str
) -> None:
    cursor.execute(
        f"INSERT INTO {target} SELECT ORDER_ID + ?, STATUS FROM {READ}.ORDERS"
        " WHERE STATUS IS NOT NULL",
        [10],
    )
    assert cursor.rowcount == 3
    assert [row[0] for row in _all(service, target)] == [1, 11, 12, 13]


@pytest.mark.feature("changes: parameters", client="ADBC")
def test_execute_binds_the_values_of_a_change(
    cursor: dbapi.Cursor, service: SqlService, target: str
) -> None:
    cursor.execute(f"UPDATE {target} SET NAME = ? WHERE ID = ?", ["größer", 1])
    assert cursor.rowcount == 1
    assert _all(service, target) == [(1, "größer")]


@pytest.mark.feature("changes: executemany", client="ADBC")
def test_executemany_inserts_each_row(
    cursor: dbapi.Cursor, service: SqlService, target: str
) -> None:
    rows = [(number, f"name {number}" if number % 2 else None) for number in range(2, 3000)]
    cursor.executemany(f"INSERT INTO {target} VALUES (?, ?)", rows)
    assert cursor.rowcount == len(rows)
    assert _all(service, target) == [(1, "one"), *rows]


@pytest.mark.feature("changes: executemany", client="ADBC")
def test_executemany_takes_a_reader_of_batches(
    cursor: dbapi.Cursor, service: SqlService, target: str
) -> None:
    schema = pa.schema([("0", pa.int32()), ("1", pa.utf8())])
    batches = [
        pa.record_batch([pa.array([10 * at, 10 * at + 1], pa.int32()), ["a", "b"]], schema=schema)
        for at in range(1, 4)
    ]
    reader = pa.RecordBatchReader.from_batches(schema, batches)
    cursor.executemany(f"INSERT INTO {target} VALUES (?, ?)", reader)
    assert cursor.rowcount == 6
    assert len(_all(service, target)) == 7


@pytest.mark.feature("changes: executemany", client="ADBC")
def test_executemany_updates_each_row(
    cursor: dbapi.Cursor, service: SqlService, target: str
) -> None:
    cursor.executemany(f"INSERT INTO {target} VALUES (?, ?)", [(2, "two"), (3, "three")])
    cursor.executemany(f"UPDATE {target} SET NAME = ? WHERE ID = ?", [("a", 1), ("c", 3)])
    assert cursor.rowcount == 2
    assert _all(service, target) == [(1, "a"), (2, "two"), (3, "c")]


@pytest.mark.feature("changes: executemany", client="ADBC")
def test_executemany_without_rows_changes_nothing(
    cursor: dbapi.Cursor, service: SqlService, target: str
) -> None:
    cursor.executemany(f"INSERT INTO {target} VALUES (?, ?)", [])
    assert _all(service, target) == [(1, "one")]


@pytest.mark.feature("changes: all or nothing", client="ADBC")
def test_failing_row_of_executemany_leaves_the_table_as_it_was(
    cursor: dbapi.Cursor, service: SqlService, target: str
) -> None:
    rows = [(number, "x") for number in (5, 6, 1, 7)]
    with pytest.raises(dbapi.Error, match="DATA_ERROR"):
        cursor.executemany(f"INSERT INTO {target} VALUES (?, ?)", rows)
    assert _all(service, target) == [(1, "one")]


@pytest.mark.feature("changes: all or nothing", client="ADBC")
def test_failing_statement_leaves_the_table_as_it_was(
    cursor: dbapi.Cursor, service: SqlService, target: str
) -> None:
    with pytest.raises(dbapi.Error):
        cursor.execute(f"INSERT INTO {target} SELECT ORDER_ID, STATUS FROM {READ}.ORDERS")
    assert _all(service, target) == [(1, "one")]


@pytest.mark.feature("changes: definitions", client="ADBC")
def test_table_is_created_filled_changed_and_dropped(
    cursor: dbapi.Cursor, service: SqlService, table: str
) -> None:
    name = f"{WRITE}.{table}"
    cursor.execute(
        f'CREATE COLUMN TABLE {name} ("Id" BIGINT NOT NULL PRIMARY KEY, A DECIMAL(10,2), D DATE)'
    )
    cursor.execute(f"INSERT INTO {name} VALUES (1, 2.50, '2024-05-06')")
    cursor.execute(f"ALTER TABLE {name} ADD (NOTE NVARCHAR(10))")
    cursor.execute(f"UPDATE {name} SET NOTE = 'n' WHERE \"Id\" = 1")
    assert [tuple(map(str, row)) for row in service.rows(f"SELECT * FROM {name}")] == [
        ("1", "2.50", "2024-05-06", "n")
    ]
    cursor.execute(f"DROP TABLE {name}")
    with pytest.raises(dbapi.Error, match="ENTITY_UNKNOWN"):
        cursor.execute(f"SELECT * FROM {name}")


@pytest.mark.feature("changes: definitions", client="ADBC")
def test_table_is_created_from_a_query(
    cursor: dbapi.Cursor, service: SqlService, table: str
) -> None:
    name = f"{WRITE}.{table}"
    cursor.execute(f"CREATE TABLE {name} AS (SELECT * FROM {READ}.ORDERS)")
    assert len(service.rows(f"SELECT * FROM {name}")) == 4


@pytest.mark.feature("changes: definitions", client="ADBC")
def test_table_that_is_there_is_not_created_again(cursor: dbapi.Cursor, target: str) -> None:
    with pytest.raises(dbapi.Error, match="TABLE_EXISTS"):
        cursor.execute(f"CREATE TABLE {target} (A INTEGER)")


@pytest.mark.feature("changes: definitions", client="ADBC")
def test_truncate_empties_the_table(cursor: dbapi.Cursor, service: SqlService, target: str) -> None:
    cursor.execute(f"TRUNCATE TABLE {target}")
    assert _all(service, target) == []


@pytest.mark.feature("changes: what is refused", client="ADBC")
@pytest.mark.parametrize(
    ("sql", "code"),
    [
        (f"INSERT INTO {READ}.ORDERS (ORDER_ID) VALUES (9)", "ACCESS_DENIED"),
        (f"DROP TABLE {READ}.ORDERS", "ACCESS_DENIED"),
        (f"CREATE TABLE {READ}.NEW (A INTEGER)", "ACCESS_DENIED"),
        ("CREATE SCHEMA MINE", "SQL_REFUSED"),
        ("GRANT SELECT ON SCHEMA SALES TO PUBLIC", "SQL_REFUSED"),
        ("COMMIT", "SQL_REFUSED"),
        ("CALL SOMETHING()", "SQL_REFUSED"),
        ("SET 'APPLICATIONUSER' = 'x'", "SQL_REFUSED"),
        (f"CREATE VIEW {WRITE}.V AS SELECT * FROM {READ}.ORDERS", "SQL_REFUSED"),
        (f"SELECT 1 FROM DUMMY; DROP TABLE {WRITE}.T", "SQL_REFUSED"),
    ],
)
def test_statement_that_is_not_allowed_is_refused_by_its_code(
    cursor: dbapi.Cursor, service: SqlService, sql: str, code: str
) -> None:
    with pytest.raises(dbapi.Error, match=code):
        cursor.execute(sql)
    assert len(service.rows(f"SELECT * FROM {READ}.ORDERS")) == 4


@pytest.mark.feature("changes: what is refused", client="ADBC")
def test_missing_target_and_columns_are_named(cursor: dbapi.Cursor, target: str) -> None:
    with pytest.raises(dbapi.Error, match=r"ENTITY_UNKNOWN.*NOTHING"):
        cursor.execute(f"DELETE FROM {WRITE}.NOTHING")
    with pytest.raises(dbapi.Error, match=r"COLUMN_UNKNOWN.*NAMES"):
        cursor.execute(f"UPDATE {target} SET NAMES = 'x'")


@pytest.mark.feature("changes: what is refused", client="ADBC")
def test_server_without_writes_refuses_and_says_which_switch(landscape: Landscape) -> None:
    with (
        landscape.serving(writes={"enabled": False}) as server,
        dbapi.connect(server.uri, autocommit=True) as connection,
        connection.cursor() as cursor,
    ):
        with pytest.raises(dbapi.Error, match=r"ACCESS_DENIED.*writes\.enabled"):
            cursor.execute(f"CREATE TABLE {WRITE}.T (A INTEGER)")
        with pytest.raises(dbapi.Error, match="ACCESS_DENIED"):
            cursor.adbc_ingest("T", pa.table({"A": [1]}), db_schema_name=WRITE)
        assert cursor.execute(f"SELECT COUNT(*) FROM {READ}.ORDERS").fetchone() == (4,)
