"""ADBC's transactions: what others see, what is undone, and how a forgotten one ends."""

from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
import pytest
from adbc_driver_flightsql import dbapi

from tests.support.forwarder import forwarding
from tests.support.patience import eventually
from tests.support.sql_service import Landscape, SqlService
from tests.support.sql_tables import READ, WRITE

Connect = Callable[..., dbapi.Connection]
IDLE_S = 1.0


@pytest.fixture
def connection(connect: Connect) -> dbapi.Connection:
    """One with transactions."""
    return connect(autocommit=False)


@pytest.fixture(scope="module")
def impatient(landscape: Landscape) -> Iterator[SqlService]:
    """A server that rolls forgotten transactions back after a second."""
    with landscape.serving(writes={"idle_s": IDLE_S}) as made:
        yield made


def _names(service: SqlService, target: str) -> list[Any]:
    return [row[0] for row in service.rows(f"SELECT NAME FROM {target} ORDER BY ID")]


@pytest.mark.feature("transactions: commit and rollback", client="ADBC")
def test_commit_makes_changes_visible(
    connection: dbapi.Connection, service: SqlService, target: str
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {target} VALUES (2, 'two')")
        cursor.execute(f"UPDATE {target} SET NAME = 'uno' WHERE ID = 1")
    connection.commit()
    assert _names(service, target) == ["uno", "two"]


@pytest.mark.feature("transactions: commit and rollback", client="ADBC")
def test_rollback_undoes_changes(
    connection: dbapi.Connection, service: SqlService, target: str
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {target}")
        assert cursor.execute(f"SELECT COUNT(*) FROM {target}").fetchone() == (0,)
    connection.rollback()
    assert _names(service, target) == ["one"]


@pytest.mark.feature("transactions: commit and rollback", client="ADBC")
def test_connection_goes_on_after_commit_and_rollback(
    connection: dbapi.Connection, service: SqlService, target: str
) -> None:
    with connection.cursor() as cursor:
        for number, end in enumerate([connection.commit, connection.rollback] * 2, 2):
            cursor.execute(f"INSERT INTO {target} VALUES ({number}, 'n{number}')")
            end()
    assert _names(service, target) == ["one", "n2", "n4"]


@pytest.mark.feature("transactions: commit and rollback", client="ADBC")
def test_commit_without_a_change_takes_no_connection(
    connection: dbapi.Connection, service: SqlService
) -> None:
    with connection.cursor() as cursor:
        assert cursor.execute(f"SELECT COUNT(*) FROM {READ}.ORDERS").fetchone() == (4,)
    service.wait_for_rest()
    connection.commit()


@pytest.mark.feature("transactions: one cursor in several", client="ADBC")
def test_cursor_runs_the_same_statement_in_the_next_transaction(
    connection: dbapi.Connection, service: SqlService, target: str
) -> None:
    """ADBC sends the handle that it prepared in the first of them."""
    with connection.cursor() as cursor:
        for number in (2, 3, 4):
            cursor.execute(f"INSERT INTO {target} VALUES (?, ?)", [number, f"n{number}"])
            connection.commit()
    assert _names(service, target) == ["one", "n2", "n3", "n4"]


@pytest.mark.feature("transactions: one cursor in several", client="ADBC")
def test_cursor_runs_the_same_change_after_a_rollback_which_undid_it(
    connection: dbapi.Connection, service: SqlService, target: str
) -> None:
    ends = [connection.rollback, connection.commit, connection.rollback, connection.commit]
    with connection.cursor() as cursor:
        for number, end in enumerate(ends, 2):
            cursor.execute(f"INSERT INTO {target} VALUES (?, ?)", [number, f"n{number}"])
            end()
    assert _names(service, target) == ["one", "n3", "n5"]


@pytest.mark.feature("transactions: one cursor in several", client="ADBC")
def test_cursor_runs_the_same_change_without_values_and_many_rows_in_the_next_transaction(
    connection: dbapi.Connection, service: SqlService, target: str
) -> None:
    with connection.cursor() as one, connection.cursor() as many:
        for number in (2, 4):
            one.execute(f"UPDATE {target} SET NAME = NAME || '+' WHERE ID = 1")
            rows = [(number, "x"), (number + 1, "y")]
            many.executemany(f"INSERT INTO {target} VALUES (?, ?)", rows)
            connection.commit()
    assert _names(service, target) == ["one++", "x", "y", "x", "y"]


@pytest.mark.feature("transactions: one cursor in several", client="ADBC")
def test_query_executed_again_after_a_commit_sees_what_was_committed(
    connection: dbapi.Connection, cursor: dbapi.Cursor, target: str
) -> None:
    count = f"SELECT COUNT(*) FROM {target} WHERE ID > ?"
    with connection.cursor() as inside:
        assert inside.execute(count, [0]).fetchone() == (1,)
        connection.commit()
        cursor.execute(f"INSERT INTO {target} VALUES (2, 'two')")
        assert inside.execute(count, [0]).fetchone() == (2,)
        with connection.cursor() as changing:
            changing.execute(f"INSERT INTO {target} VALUES (3, 'three')")
        assert inside.execute(count, [0]).fetchone() == (3,)
        connection.rollback()
        assert inside.execute(count, [0]).fetchone() == (2,)


@pytest.mark.feature("transactions: one cursor in several", client="ADBC")
def test_cursors_of_two_connections_stay_in_their_own_transactions(
    connect: Connect, service: SqlService, table: str
) -> None:
    names = [f"{WRITE}.{table}_{side}" for side in "AB"]
    for name in names:
        with connect().cursor() as cursor:
            cursor.execute(f"CREATE TABLE {name} (ID INTEGER, NAME NVARCHAR(20))")
    kept, dropped = connect(autocommit=False), connect(autocommit=False)
    with kept.cursor() as one, dropped.cursor() as other:
        for number in range(3):
            one.execute(f"INSERT INTO {names[0]} VALUES (?, 'kept')", [number])
            other.execute(f"INSERT INTO {names[1]} VALUES (?, 'dropped')", [number])
            kept.commit()
            dropped.rollback()
    assert _names(service, names[0]) == ["kept"] * 3
    assert _names(service, names[1]) == []


@pytest.mark.feature("transactions: one cursor in several", client="ADBC")
def test_statement_of_an_ended_transaction_is_refused_where_none_follows(
    connection: dbapi.Connection, service: SqlService, target: str
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {target} VALUES (?, 'x')", [2])
        connection.adbc_connection.set_autocommit(True)  # which commits
        with pytest.raises(dbapi.Error, match=r"TRANSACTION_UNKNOWN.*take a new cursor"):
            cursor.execute(f"INSERT INTO {target} VALUES (?, 'x')", [3])
    assert _names(service, target) == ["one", "x"]
    connection.adbc_connection.set_autocommit(False)


@pytest.mark.feature("transactions: definitions", client="ADBC")
def test_rollback_undoes_definitions(
    connection: dbapi.Connection, cursor: dbapi.Cursor, table: str
) -> None:
    with connection.cursor() as inside:
        inside.execute(f"CREATE TABLE {WRITE}.{table} (A INTEGER)")
        inside.execute(f"INSERT INTO {WRITE}.{table} VALUES (1)")
        assert inside.execute(f"SELECT A FROM {WRITE}.{table}").fetchall() == [(1,)]
    connection.rollback()
    with pytest.raises(dbapi.Error, match="ENTITY_UNKNOWN"):
        cursor.execute(f"SELECT A FROM {WRITE}.{table}")


@pytest.mark.feature("transactions: isolation", client="ADBC")
def test_changes_are_seen_inside_and_not_outside_before_commit(
    connection: dbapi.Connection, cursor: dbapi.Cursor, target: str
) -> None:
    count = f"SELECT COUNT(*) FROM {target}"
    with connection.cursor() as inside:
        inside.execute(f"INSERT INTO {target} VALUES (2, 'two')")
        assert inside.execute(count).fetchone() == (2,)
        assert cursor.execute(count).fetchone() == (1,)
        connection.commit()
        assert cursor.execute(count).fetchone() == (2,)


@pytest.mark.feature("transactions: isolation", client="ADBC")
def test_read_before_the_first_change_sees_what_others_committed(
    connection: dbapi.Connection, cursor: dbapi.Cursor, target: str
) -> None:
    """READ COMMITTED: a snapshot for each statement."""
    count = f"SELECT COUNT(*) FROM {target}"
    with connection.cursor() as inside:
        assert inside.execute(count).fetchone() == (1,)
        cursor.execute(f"INSERT INTO {target} VALUES (2, 'two')")
        assert inside.execute(count).fetchone() == (2,)
    connection.rollback()


@pytest.mark.feature("transactions: ingest", client="ADBC")
@pytest.mark.xfail(
    reason="ADBC 1.13 names no transaction when it ingests, so that an ingest commits by itself",
    strict=True,
)
def test_ingest_is_part_of_the_transaction(
    connection: dbapi.Connection, service: SqlService, table: str, target: str
) -> None:
    data = pa.table({"ID": [2, 3], "NAME": ["two", "three"]})
    with connection.cursor() as cursor:
        cursor.adbc_ingest(table, data, mode="append", db_schema_name=WRITE)
        connection.rollback()
        assert _names(service, target) == ["one"]
        cursor.adbc_ingest(table, data, mode="append", db_schema_name=WRITE)
        connection.commit()
    assert _names(service, target) == ["one", "two", "three"]


@pytest.mark.feature("transactions: executemany", client="ADBC")
def test_executemany_is_part_of_the_transaction(
    connection: dbapi.Connection, service: SqlService, target: str
) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {target} VALUES (?, ?)", [(2, "b"), (3, "c")])
        assert _names(service, target) == ["one"]
    connection.commit()
    assert _names(service, target) == ["one", "b", "c"]


@pytest.mark.feature("transactions: errors inside", client="ADBC")
def test_error_inside_is_followed_by_a_rollback_and_a_new_transaction(
    connection: dbapi.Connection, service: SqlService, target: str
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {target} VALUES (2, 'two')")
        with pytest.raises(dbapi.Error, match="DATA_ERROR"):
            cursor.execute(f"INSERT INTO {target} VALUES (1, 'again')")
        connection.rollback()
        cursor.execute(f"INSERT INTO {target} VALUES (3, 'three')")
    connection.commit()
    assert _names(service, target) == ["one", "three"]


@pytest.mark.feature("transactions: errors inside", client="ADBC")
def test_refused_statement_leaves_the_transaction_as_it_is(
    connection: dbapi.Connection, service: SqlService, target: str
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {target} VALUES (2, 'two')")
        with pytest.raises(dbapi.Error, match="SQL_"):
            cursor.execute("GRANT SELECT ON X TO Y")
    connection.commit()
    assert _names(service, target) == ["one", "two"]


@pytest.mark.feature("transactions: result read inside", client="ADBC")
def test_result_of_a_transaction_is_read_whole_before_the_next_change(
    connection: dbapi.Connection, service: SqlService, target: str
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {target} SELECT ID + 10, LABEL FROM {READ}.BIG")
        assert cursor.rowcount == 100_000
        assert cursor.execute(f"SELECT * FROM {target}").fetch_arrow_table().num_rows == 100_001
        cursor.execute(f"DELETE FROM {target} WHERE ID > 1")
    connection.commit()
    assert _names(service, target) == ["one"]


@pytest.mark.feature("transactions: idle timeout", client="ADBC")
def test_idle_transaction_is_rolled_back_and_says_so(impatient: SqlService, table: str) -> None:
    name = f"{WRITE}.{table}"
    with (
        dbapi.connect(impatient.uri) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(f"CREATE TABLE {name} (ID INTEGER, NAME NVARCHAR(20))")
        connection.commit()
        cursor.execute(f"INSERT INTO {name} VALUES (1, 'one')")
        impatient.wait_for_rest()
        with pytest.raises(dbapi.Error, match="TRANSACTION_UNKNOWN"):
            cursor.execute(f"INSERT INTO {name} VALUES (2, 'two')")
        connection.rollback()
        cursor.execute(f"INSERT INTO {name} VALUES (3, 'three')")
        connection.commit()
    assert _names(impatient, name) == ["three"]


@pytest.mark.feature("transactions: owner is gone", client="ADBC")
def test_transaction_of_a_broken_connection_is_rolled_back(
    impatient: SqlService, table: str
) -> None:
    name = f"{WRITE}.{table}"
    with forwarding(impatient.port) as wire:
        connection = dbapi.connect(wire.uri)
        cursor = connection.cursor()
        cursor.execute(f"CREATE TABLE {name} (ID INTEGER, NAME NVARCHAR(20))")
        connection.commit()
        cursor.execute(f"INSERT INTO {name} VALUES (1, 'one')")
        assert impatient.counts.transactions == 1
        wire.drop()
        impatient.wait_for_rest()
        assert _names(impatient, name) == []
        cursor.close()
        connection.close()


@pytest.mark.feature("transactions: owner is gone", client="ADBC")
def test_transaction_of_a_closed_connection_is_rolled_back(
    impatient: SqlService, table: str
) -> None:
    name = f"{WRITE}.{table}"
    with dbapi.connect(impatient.uri) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {name} (ID INTEGER, NAME NVARCHAR(20))")
        connection.commit()
        cursor.execute(f"INSERT INTO {name} VALUES (1, 'one')")
    impatient.wait_for_rest()
    assert _names(impatient, name) == []


@pytest.mark.feature("transactions: two writers", client="ADBC")
def test_second_writer_of_a_row_gets_an_error_or_its_turn(
    connect: Connect, service: SqlService, target: str
) -> None:
    first, second = connect(autocommit=False), connect(autocommit=True)
    with first.cursor() as one, second.cursor() as other:
        one.execute(f"UPDATE {target} SET NAME = 'first' WHERE ID = 1")
        with pytest.raises(dbapi.Error) as caught:
            other.execute(f"UPDATE {target} SET NAME = 'second' WHERE ID = 1")
        first.commit()
        assert "again" in str(caught.value)
        other.execute(f"UPDATE {target} SET NAME = 'second' WHERE ID = 1")
    assert _names(service, target) == ["second"]


@pytest.mark.feature("transactions: at most so many", client="ADBC")
def test_more_transactions_than_the_server_takes_are_told_to_wait(landscape: Landscape) -> None:
    with (
        landscape.serving(writes={"max_transactions": 1}) as server,
        dbapi.connect(server.uri) as first,
        dbapi.connect(server.uri) as second,
        first.cursor() as one,
        second.cursor() as other,
    ):
        one.execute(f"CREATE TABLE {WRITE}.ONLY_ONE (A INTEGER)")
        with pytest.raises(dbapi.Error, match=r"UNAVAILABLE.*later"):
            other.execute(f"CREATE TABLE {WRITE}.ANOTHER (A INTEGER)")
        first.rollback()
        other.execute(f"CREATE TABLE {WRITE}.ANOTHER (A INTEGER)")
        second.rollback()
        eventually(lambda: server.counts.transactions == 0)
