"""Results stream, and a cancel ends them."""

import threading
import time

import psutil
import pytest

from tests.hana_emulator.engine import DuckEngine
from tests.hana_emulator.values import HanaError
from tests.support.hana_engine_client import Client

HUNDRED_MILLION = (
    "SELECT GENERATED_PERIOD_START, 'a text of some length ' || ELEMENT_NUMBER"
    " FROM SERIES_GENERATE_INTEGER(1, 0, 100000000)"
)
ENDLESS = (
    "SELECT COUNT(*) FROM SERIES_GENERATE_INTEGER(1, 0, 1000000000) A"
    " CROSS JOIN SERIES_GENERATE_INTEGER(1, 0, 1000) B"
    " WHERE MOD(A.ELEMENT_NUMBER, 7) = B.ELEMENT_NUMBER"
)


def resident_mb() -> float:
    return psutil.Process().memory_info().rss / 2**20


def test_hundred_million_rows_do_not_fill_memory(reader: Client) -> None:
    cursor = reader.session.query(reader.session.prepare(HUNDRED_MILLION), ())
    cursor.fetch(10_000)
    before = resident_mb()

    for _ in range(40):
        assert len(cursor.fetch(10_000)) == 10_000

    assert resident_mb() - before < 80
    cursor.close()


def test_first_rows_come_at_once(reader: Client) -> None:
    started = time.monotonic()
    cursor = reader.session.query(reader.session.prepare(HUNDRED_MILLION), ())

    assert len(cursor.fetch(32)) == 32

    assert time.monotonic() - started < 5
    cursor.close()


def test_fetch_gives_what_was_asked_until_the_end(reader: Client) -> None:
    sql = "SELECT 1 FROM SERIES_GENERATE_INTEGER(1, 0, 25000)"
    cursor = reader.session.query(reader.session.prepare(sql), ())

    assert [len(cursor.fetch(12_000)) for _ in range(4)] == [12_000, 12_000, 1_000, 0]
    cursor.close()


def test_closed_cursor_gives_nothing(reader: Client) -> None:
    cursor = reader.session.query(reader.session.prepare(HUNDRED_MILLION), ())
    cursor.close()
    cursor.close()

    assert cursor.fetch(1) == []


def test_cancel_ends_a_running_statement_with_139(client: Client) -> None:
    prepared = client.session.prepare(ENDLESS)
    timer = threading.Timer(0.3, client.session.cancel)
    timer.start()

    with pytest.raises(HanaError) as caught:
        client.session.query(prepared, ()).fetch(1)

    timer.join()
    assert caught.value.code == 139
    assert client.expression("1") == 1


def test_cancel_between_two_fetches_ends_the_cursor(client: Client) -> None:
    cursor = client.session.query(client.session.prepare(HUNDRED_MILLION), ())
    cursor.fetch(10)

    client.session.cancel()

    with pytest.raises(HanaError) as caught:
        cursor.fetch(10)
    assert caught.value.code == 139
    assert client.expression("1") == 1


def test_cancelled_change_leaves_nothing(client: Client) -> None:
    client.run("CREATE TABLE T (A BIGINT)")
    timer = threading.Timer(0.3, client.session.cancel)
    timer.start()

    with pytest.raises(HanaError) as caught:
        client.later(f"INSERT INTO T {ENDLESS}")

    timer.join()
    assert caught.value.code == 139
    assert client.rows("SELECT * FROM T") == []


def test_cancelled_array_insert_ends_at_once(client: Client) -> None:
    client.run("CREATE TABLE T (A BIGINT)")
    prepared = client.session.prepare("INSERT INTO T VALUES (?)")
    rows = [(number,) for number in range(200_000)]
    timer = threading.Timer(0.1, client.session.cancel)
    timer.start()

    with pytest.raises(HanaError) as caught:
        client.session.change(prepared, rows, autocommit=False)

    timer.join()
    assert caught.value.code == 139


def test_cancelled_wait_for_a_lock_ends_with_139(engine: DuckEngine, client: Client) -> None:
    other = Client(engine, number=2)
    client.run("CREATE TABLE T (A INTEGER PRIMARY KEY)")
    client.later("INSERT INTO T VALUES (1)")
    timer = threading.Timer(0.3, other.session.cancel)
    timer.start()

    with pytest.raises(HanaError) as caught:
        other.later("DELETE FROM T")

    timer.join()
    assert caught.value.code == 139


def test_session_is_cancelled_from_another_one(engine: DuckEngine, client: Client) -> None:
    other = Client(engine, number=2)
    timer = threading.Timer(0.3, other.run, ["ALTER SYSTEM CANCEL SESSION '1'"])
    timer.start()

    assert client.code(ENDLESS) == 139
    timer.join()


def test_session_of_somebody_else_is_not_cancelled(engine: DuckEngine, client: Client) -> None:
    engine.add_user("OTHER", "x")
    other = Client(engine, "OTHER", 2)

    assert other.code("ALTER SYSTEM CANCEL SESSION '1'") == 258


def test_engine_closes_while_statements_run(engine: DuckEngine, client: Client) -> None:
    codes: list[int] = []
    running = threading.Thread(target=lambda: codes.append(client.code(ENDLESS)))
    running.start()
    time.sleep(0.3)

    engine.close()
    running.join(30)

    assert codes == [139]
