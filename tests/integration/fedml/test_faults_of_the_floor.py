"""What FedML gets wrong, each fault once: tried with the same call, and gone."""

import logging
import socket
import time
from typing import Any

import pandas as pd
import pytest

from flight_client.fedml import DbConnection
from flight_client.protocol.errors import (
    DataError,
    DeadlineExceeded,
    Error,
    InvalidRequest,
    InvalidSql,
    Unavailable,
)
from tests.support.sql_tables import WRITE

HOSTILE_NAMES = [
    'ORDERS" UNION ALL SELECT * FROM "SALES"."ORDERS',
    "ORDERS UNION ALL SELECT * FROM ORDERS",
    "ORDERS; DROP TABLE ORDERS",
    'ORDERS" --',
    "ORDERS WHERE 1=1",
]
HOSTILE_CLAUSES = [
    "1=1; DROP TABLE {table}",
    "ID=1) OR (1=1",
    "ID=1 OR 1=1 --",
    "ID=1 /* ",
    "ID=1 UNION SELECT * FROM SALES.ORDERS",
    "ID=1'",
    'ID=1"',
    "",
]


@pytest.fixture
def filled(db: DbConnection, table: str) -> str:
    db.create_table(f"CREATE TABLE {table} (ID INTEGER PRIMARY KEY, NAME NVARCHAR(20))")
    db.insert_into_table(table, pd.DataFrame({"ID": [1, 2, 3], "NAME": list("abc")}))
    return table


def rows(db: DbConnection, table: str) -> list[tuple[Any, ...]]:
    return sorted(row[:2] for row in db.get_data_with_headers(table)[0])


AS_IT_WAS = [(1, "a"), (2, "b"), (3, "c")]


# SQL by string formatting


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_name_that_carries_sql_is_refused_everywhere(
    db: DbConnection, filled: str, name: str
) -> None:
    for call in (
        lambda: db.get_data_with_headers(name),
        lambda: db.get_table_size(name),
        lambda: db.get_view_metadata(name),
        lambda: db.get_table_metadata(name),
        lambda: db.insert_into_table(name, pd.DataFrame({"ID": [4]})),
        lambda: db.update_table(name, "NAME = 'x'"),
        lambda: db.delete_from_table(name),
        lambda: db.alter_table(name, "ADD (X INTEGER)"),
        lambda: db.drop_table(name),
    ):
        with pytest.raises(InvalidRequest, match="is the name of no table or view"):
            call()
    assert rows(db, filled) == AS_IT_WAS


def test_part_of_a_view_name_that_carries_sql_finds_nothing(db: DbConnection) -> None:
    assert db.get_view_by_name("x%' OR '1'='1")[0] == []


@pytest.mark.parametrize("clause", HOSTILE_CLAUSES)
def test_where_clause_that_carries_more_changes_nothing(
    db: DbConnection, filled: str, clause: str
) -> None:
    clause = clause.format(table=filled)
    for call in (
        lambda: db.delete_from_table(filled, clause),
        lambda: db.update_table(filled, "NAME = 'x'", clause),
    ):
        with pytest.raises(InvalidSql):
            call()
    assert rows(db, filled) == AS_IT_WAS


@pytest.mark.parametrize(
    "clause",
    [
        "NAME = 'x' --",
        "NAME = 'x' /*",
        "NAME = ('x'",
        "NAME = 'x' WHERE 1=1 --",
        "NAME = 'x' WHERE 1=1",
        "NAME = 'x'; DELETE FROM {table}",
        "NAME = 'x",
    ],
)
def test_set_clause_does_not_reach_the_where_clause(
    db: DbConnection, filled: str, clause: str
) -> None:
    with pytest.raises(InvalidSql):
        db.update_table(filled, clause.format(table=filled), "ID = 1")
    assert rows(db, filled) == AS_IT_WAS


@pytest.mark.parametrize(
    "clause",
    ["ADD (X INTEGER); DROP TABLE {table}", "ADD (X INTEGER) --", "RENAME TO SALES.ORDERS"],
)
def test_alter_clause_that_carries_more_is_refused(
    db: DbConnection, filled: str, clause: str
) -> None:
    with pytest.raises(InvalidRequest):
        db.alter_table(filled, clause.format(table=filled))
    assert db.get_data_with_headers(filled)[1] == ["ID", "NAME", "INSERTED_AT"]


# names without quotes


@pytest.mark.parametrize("word", ["Order", "select", "a b", 'say "hi"', "naïve", "x;y", "--"])
def test_every_name_can_be_used(db: DbConnection, table: str, word: str) -> None:
    name = f"{word} {table}"
    quoted = '"' + name.replace('"', '""') + '"'
    db.create_table(f'CREATE TABLE {quoted} ("group" INTEGER PRIMARY KEY, "Size" NVARCHAR(9))')
    assert db.insert_into_table(name, pd.DataFrame({"group": [1], "Size": ["a"]})) == 1
    assert db.update_table(name, "\"Size\" = 'b'", '"group" = 1') == 1
    assert rows(db, name) == [(1, "b")]
    assert db.delete_from_table(name, '"group" = 1') == 1
    db.drop_table(quoted)


# a guard that looks at the first word


@pytest.mark.parametrize(
    "query",
    [
        "WITH N AS (SELECT COUNT(*) AS N FROM ORDERS) SELECT N FROM N",
        "-- how many\nSELECT COUNT(*) AS N FROM ORDERS",
        "(SELECT COUNT(*) AS N FROM ORDERS)",
        "  select count(*) as n from SALES.ORDERS ;  ",
    ],
)
def test_query_may_begin_as_a_query_may(db: DbConnection, query: str) -> None:
    assert db.execute_query(query) == ([(4,)], ["N"])


# create_table cuts the last character


@pytest.mark.parametrize("end", [")", ");", ") ;\n", ")\n-- the end"])
def test_text_of_a_table_may_end_as_it_likes(db: DbConnection, table: str, end: str) -> None:
    db.create_table(f"CREATE COLUMN TABLE {table} (ID INTEGER, NAME NVARCHAR(10) DEFAULT ')'{end}")
    assert db.get_data_with_headers(table)[1] == ["ID", "NAME", "INSERTED_AT"]


def test_table_with_its_own_inserted_at_is_made(db: DbConnection, table: str) -> None:
    db.create_table(f"CREATE TABLE {table} (ID INTEGER, INSERTED_AT TIMESTAMP)")
    assert db.get_data_with_headers(table)[1] == ["ID", "INSERTED_AT"]


# one INSERT per row, half of them kept


def test_insert_that_fails_keeps_no_row(db: DbConnection, filled: str) -> None:
    frame = pd.DataFrame({"ID": [10, 11, 2, 12], "NAME": list("wxyz")})
    with pytest.raises(DataError) as caught:
        db.insert_into_table(filled, frame)
    assert caught.value.details["outcome"] == "nothing"
    assert rows(db, filled) == AS_IT_WAS


# errors swallowed or swapped


def test_call_that_fails_raises_once_and_logs_nothing(
    db: DbConnection, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "flight_client"), pytest.raises(Error):
        db.execute_query("SELECT NO_SUCH_COLUMN FROM ORDERS")
    assert [each for each in caplog.records if each.name.startswith("flight_client")] == []


def test_no_handler_is_put_on_any_logger(db: DbConnection) -> None:
    before = list(logging.getLogger().handlers)
    db.get_table_size("ORDERS")
    assert logging.getLogger().handlers == before
    ours = [name for name in logging.root.manager.loggerDict if name.startswith("flight_client")]
    assert [name for name in ours if logging.getLogger(name).handlers] == []


# waits without end


def test_server_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        keys = {"flight_uri": f"grpc://127.0.0.1:{silent.getsockname()[1]}", "timeout_s": 0.5}
        started = time.monotonic()
        with (
            DbConnection(dict_obj=keys) as db,
            pytest.raises((DeadlineExceeded, Unavailable)),
        ):
            db.get_table_size("ORDERS")
        assert time.monotonic() - started < 20


# a configuration that is changed


def test_keys_of_the_caller_are_not_changed(db: DbConnection) -> None:
    keys = {"flight_uri": "grpc://127.0.0.1:1", "schema": WRITE}
    given = dict(keys)
    DbConnection(dict_obj=keys).close()
    assert keys == given
