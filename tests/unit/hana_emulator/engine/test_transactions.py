"""Transactions: what a failure takes back, who sees what when, who waits."""

import threading

import pytest

from tests.hana_emulator.engine import DuckEngine
from tests.hana_emulator.values import HanaError
from tests.support.hana_engine_client import Client, running


@pytest.fixture
def table(client: Client) -> Client:
    client.run("CREATE TABLE T (A INTEGER PRIMARY KEY, B INTEGER)")
    client.run("CREATE TABLE PLAIN (A INTEGER)")
    return client


def count(client: Client, table: str = "T") -> int:
    return client.value(f"SELECT COUNT(*) FROM {table}")


def test_rollback_takes_back_everything(table: Client) -> None:
    table.later("INSERT INTO T VALUES (1, 1)")
    table.later("UPDATE T SET B = 2")
    assert count(table) == 1

    table.session.rollback()

    assert count(table) == 0


def test_commit_makes_it_seen_by_others(engine: DuckEngine, table: Client) -> None:
    other = Client(engine, number=2)
    table.later("INSERT INTO T VALUES (1, 1)")
    assert (count(table), count(other)) == (1, 0)

    table.session.commit()

    assert count(other) == 1


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("INSERT INTO T VALUES (1, 9)", 301),
        ("UPDATE T SET B = 1 / (B - B)", 304),  # fails while rows are computed
        ("INSERT INTO T SELECT A + 1, 1 / 0 FROM T", 304),
        ("DELETE FROM T WHERE 1 / (A - A) = 1", 304),
        ("UPDATE T SET B = 'x'", 339),
    ],
)
def test_failing_statement_undoes_only_itself(table: Client, sql: str, code: int) -> None:
    table.later("INSERT INTO T VALUES (1, 1)")
    table.later("INSERT INTO PLAIN VALUES (5)")

    assert table.outcomes(sql, autocommit=False) == [code]

    assert table.rows("SELECT A, B FROM T") == [(1, 1)]
    table.later("INSERT INTO T VALUES (2, 2)")
    table.session.commit()
    assert (count(table), count(table, "PLAIN")) == (2, 1)


def test_failing_query_leaves_the_transaction_as_it_was(table: Client) -> None:
    table.later("INSERT INTO T VALUES (1, 1)")

    assert table.code("SELECT 1 / (A - 1) FROM T") == 304

    assert count(table) == 1
    table.session.commit()
    assert count(table) == 1


def test_autocommit_keeps_good_rows_of_a_batch(table: Client) -> None:
    assert table.outcomes("INSERT INTO T VALUES (?, 0)", (1,), (1,), (2,)) == [1, 301, 1]

    table.session.rollback()

    assert count(table) == 2


def test_definition_commits_what_was_before(table: Client) -> None:
    table.later("INSERT INTO T VALUES (1, 1)")
    table.run("CREATE TABLE U (A INTEGER)")

    table.session.rollback()

    assert count(table) == 1


def test_definition_is_taken_back_where_it_does_not_commit(table: Client) -> None:
    table.run("SET TRANSACTION AUTOCOMMIT DDL OFF")
    table.later("INSERT INTO T VALUES (1, 1)")
    table.later("CREATE TABLE U (A INTEGER)")
    table.later("INSERT INTO U VALUES (1)")
    assert count(table, "U") == 1

    table.session.rollback()

    assert count(table) == 0
    assert table.code("SELECT * FROM U") == 259
    table.run("CREATE TABLE U (A INTEGER)")
    assert count(table, "U") == 0


def test_undone_definition_brings_back_nothing_of_another_session(
    engine: DuckEngine, table: Client
) -> None:
    other = Client(engine, number=2)
    for client in (table, other):
        client.run("SET TRANSACTION AUTOCOMMIT DDL OFF")
    table.later("CREATE TABLE U (A INTEGER)")
    with pytest.raises(HanaError) as caught:  # while the table is there, unfinished
        other.later("CREATE TABLE U (A INTEGER)")
    assert caught.value.code == 288

    table.session.rollback()
    other.session.rollback()

    assert other.code("SELECT * FROM U") == 259


def test_undone_definition_leaves_those_that_others_made_meanwhile(
    engine: DuckEngine, table: Client
) -> None:
    other = Client(engine, number=2)
    table.run("SET TRANSACTION AUTOCOMMIT DDL OFF")
    table.later("CREATE TABLE U (A INTEGER)")
    other.run("CREATE TABLE V (A INTEGER)")

    table.session.rollback()

    assert count(other, "V") == 0


def test_read_only_session_changes_nothing(table: Client) -> None:
    table.run("SET TRANSACTION READ ONLY")

    assert table.code("INSERT INTO T VALUES (1, 1)") == 7
    assert table.code("CREATE TABLE U (A INTEGER)") == 7
    assert table.rows("SELECT * FROM T") == []

    table.run("SET TRANSACTION READ WRITE")
    assert table.run("INSERT INTO T VALUES (1, 1)") == 1


def test_definitions_can_be_switched_off(table: Client) -> None:
    table.run("SET TRANSACTION DDL OFF")

    assert table.code("CREATE TABLE U (A INTEGER)") == 720
    assert table.run("INSERT INTO T VALUES (1, 1)") == 1


def test_read_committed_sees_new_rows_at_the_next_statement(
    engine: DuckEngine, table: Client
) -> None:
    other = Client(engine, number=2)
    assert count(other) == 0

    table.run("INSERT INTO T VALUES (1, 1)")

    assert count(other) == 1


def test_repeatable_read_keeps_its_snapshot(engine: DuckEngine, table: Client) -> None:
    other = Client(engine, number=2)
    other.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    assert other.expression("CURRENT_TRANSACTION_ISOLATION_LEVEL") == "REPEATABLE READ"
    assert count(other) == 0
    table.run("INSERT INTO T VALUES (1, 1)")
    assert count(other) == 0

    other.session.commit()

    assert count(other) == 1


def test_cursor_outlives_other_statements_and_the_commit(table: Client) -> None:
    table.later("INSERT INTO T SELECT GENERATED_PERIOD_START, 0 FROM"
                " SERIES_GENERATE_INTEGER(1, 0, 30000)")  # fmt: skip
    prepared = table.session.prepare("SELECT A FROM T ORDER BY A")
    cursor = table.session.query(prepared, ())
    assert len(cursor.fetch(10)) == 10

    assert count(table) == 30_000
    table.later("DELETE FROM T")
    table.session.commit()

    assert len(cursor.fetch(50_000)) == 29_990
    cursor.close()


def test_two_cursors_are_read_in_turn(table: Client) -> None:
    prepared = table.session.prepare(
        "SELECT GENERATED_PERIOD_START FROM SERIES_GENERATE_INTEGER(1, 0, 100000)"
    )
    one, other = (table.session.query(prepared, ()) for _ in range(2))

    for start in range(0, 100_000, 20_000):
        assert one.fetch(20_000)[0] == other.fetch(20_000)[0] == (start,)
    one.close()
    other.close()


def test_other_session_waits_for_a_locked_table() -> None:
    with running(lock_wait_s=0.2) as engine:
        one, other = Client(engine), Client(engine, number=2)
        one.run("CREATE TABLE T (A INTEGER PRIMARY KEY)")
        one.later("INSERT INTO T VALUES (1)")

        with pytest.raises(HanaError) as caught:
            other.later("INSERT INTO T VALUES (2)")
        assert caught.value.code == 131

        one.session.commit()
        assert other.outcomes("INSERT INTO T VALUES (?)", (1,), (2,)) == [301, 1]


def test_waiting_session_goes_on_when_the_lock_is_free(engine: DuckEngine, table: Client) -> None:
    other = Client(engine, number=2)
    table.later("INSERT INTO T VALUES (1, 1)")
    found: list[int] = []
    waiting = threading.Thread(target=lambda: found.append(other.run("UPDATE T SET B = 5")))
    waiting.start()

    table.session.commit()
    waiting.join(30)

    assert found == [1]
    assert table.rows("SELECT B FROM T") == [(5,)]


def test_tables_without_a_key_take_rows_side_by_side(engine: DuckEngine, table: Client) -> None:
    other = Client(engine, number=2)
    table.later("INSERT INTO PLAIN VALUES (1)")
    other.later("INSERT INTO PLAIN VALUES (2)")
    table.session.commit()
    other.session.commit()

    assert count(table, "PLAIN") == 2


def test_closing_a_session_rolls_back_and_frees_its_locks(
    engine: DuckEngine, table: Client
) -> None:
    other = Client(engine, number=2)
    other.later("INSERT INTO T VALUES (1, 1)")

    other.session.close()

    assert table.run("INSERT INTO T VALUES (1, 1)") == 1
    assert [one.connection_id for one in engine.sessions()] == [1]


def test_variables_are_set_and_unset(client: Client) -> None:
    client.run("SET 'my_key' = 'a'")
    client.session.set_variable("APPLICATION", "flight")
    assert client.expression("SESSION_CONTEXT('MY_KEY') || SESSION_CONTEXT('APPLICATION')") == (
        "aflight"
    )

    client.run("UNSET 'MY_KEY'")
    client.session.set_variable("APPLICATION", None)
    assert client.expression("SESSION_CONTEXT('MY_KEY')") is None
    assert client.expression("SESSION_CONTEXT('APPLICATION')") is None
    assert client.code("SET 'XS_USER' = 'x'") == 597
