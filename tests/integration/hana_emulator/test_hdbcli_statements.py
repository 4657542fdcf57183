"""hdbcli runs statements: results over many packets, batches, transactions, errors."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hdbcli import dbapi

from tests.hana_emulator.values import DeclaredType, HanaError, ResultColumn, Row
from tests.support.hana_double_process import DoubleServer
from tests.support.hana_engine_double import Table

_COLUMNS = (
    ResultColumn("ID", DeclaredType("INTEGER"), nullable=False),
    ResultColumn("NAME", DeclaredType("NVARCHAR", 100)),
)


def _rows_without_end() -> Iterator[Row]:
    n = 0
    while True:
        yield (n, "x" * 50)
        n += 1


def _refuse_odd(row: Row) -> None:
    if row[0] % 2:
        raise HanaError(301, f"unique constraint violated: {row[0]}", sqlstate="23000")


@pytest.fixture
def cursor(connection: Any) -> Iterator[Any]:
    opened = connection.cursor()
    yield opened
    opened.close()


@pytest.mark.parametrize("rows", [0, 1, 31, 32, 33, 100_000])
def test_result_of_any_length_is_whole(server: DoubleServer, cursor: Any, rows: int) -> None:
    server.add("T", Table(_COLUMNS, [(n, f"name {n}") for n in range(rows)]))

    cursor.execute("SELECT * FROM T")

    fetched = cursor.fetchall()
    assert [tuple(row) for row in fetched] == [(n, f"name {n}") for n in range(rows)]
    assert server.sessions()[-1].open_cursors == 0


@pytest.mark.parametrize("packet_bytes", [65_536, 16 << 20])
def test_packet_size_of_the_client_is_respected(
    server: DoubleServer, connect: Callable[..., Any], packet_bytes: int
) -> None:
    server.add("T", Table(_COLUMNS, [(n, "x" * 100) for n in range(50_000)]))
    cursor = connect(packetSize=packet_bytes).cursor()

    cursor.execute("SELECT * FROM T")

    assert len(cursor.fetchall()) == 50_000
    cursor.close()


def test_fetch_size_of_the_cursor_is_respected(server: DoubleServer, cursor: Any) -> None:
    server.add("T", Table(_COLUMNS, [(n, "x") for n in range(1000)]))
    cursor.setfetchsize(10)

    cursor.execute("SELECT * FROM T")

    assert len(cursor.fetchmany(100)) == 100
    assert len(cursor.fetchall()) == 900


def test_result_without_end_streams_and_is_closed_early(server: DoubleServer, cursor: Any) -> None:
    server.add("T", Table(_COLUMNS, _rows_without_end))

    cursor.execute("SELECT * FROM T")
    rows = cursor.fetchmany(200_000)
    cursor.close()

    assert rows[-1][0] == 199_999
    server.wait(lambda server: server.sessions()[-1].open_cursors == 0)


def test_two_results_are_read_in_turn(server: DoubleServer, connection: Any) -> None:
    server.add("T", Table(_COLUMNS, [(n, "x") for n in range(1000)]))
    first, second = connection.cursor(), connection.cursor()
    first.execute("SELECT * FROM T")
    second.execute("SELECT * FROM T")

    pairs = [(first.fetchone()[0], second.fetchone()[0]) for _ in range(1000)]

    assert pairs == [(n, n) for n in range(1000)]
    first.close()
    second.close()


def test_parameter_of_a_query_is_compared(server: DoubleServer, cursor: Any) -> None:
    server.add("T", Table(_COLUMNS, [(1, "a"), (2, "b")]))

    cursor.execute("SELECT * FROM T WHERE ID = ?", (2,))

    assert [tuple(row) for row in cursor.fetchall()] == [(2, "b")]


def test_batch_of_150_000_rows_arrives(server: DoubleServer, cursor: Any) -> None:
    server.add("W", Table(_COLUMNS))

    cursor.executemany("INSERT INTO W VALUES (?, ?)", [(n, "name") for n in range(150_000)])

    assert cursor.rowcount == 150_000
    assert [row[0] for row in server.rows("W")] == list(range(150_000))


def test_failed_rows_of_a_batch_are_named(server: DoubleServer, cursor: Any) -> None:
    server.add("W", Table(_COLUMNS, [], _refuse_odd))

    with pytest.raises(dbapi.ExecuteManyError) as raised:
        cursor.executemany(
            "INSERT INTO W VALUES (?, ?)", [(n, "name") for n in range(5)], batcherrors=True
        )

    assert [
        (entry.rownumber, entry.errorcode, entry.errortext) for entry in raised.value.errors
    ] == [
        (2, 301, "unique constraint violated: 1"),
        (4, 301, "unique constraint violated: 3"),
    ]  # hdbcli numbers rows from 1
    assert cursor.getrowsaffectedcounts() == (1, 0, 1, 0, 1)
    assert [row[0] for row in server.rows("W")] == [0, 2, 4]


def test_batch_without_batcherrors_raises_its_first_error(
    server: DoubleServer, cursor: Any
) -> None:
    server.add("W", Table(_COLUMNS, [], _refuse_odd))

    with pytest.raises(dbapi.IntegrityError) as raised:
        cursor.executemany("INSERT INTO W VALUES (?, ?)", [(n, "name") for n in range(5)])

    assert raised.value.errortext == "unique constraint violated: 1"


def test_rows_affected_are_counted(server: DoubleServer, cursor: Any) -> None:
    server.add("W", Table(_COLUMNS, [(n, "x") for n in range(7)]))

    cursor.execute("DELETE FROM W")

    assert cursor.rowcount == 7


@pytest.mark.parametrize(
    ("text", "code", "kind"),
    [
        ("SELECT * FROM NOWHERE", 259, dbapi.ProgrammingError),
        ("SELEKT", 257, dbapi.ProgrammingError),
    ],
)
def test_error_has_its_code_and_class(
    cursor: Any, text: str, code: int, kind: type[Exception]
) -> None:
    with pytest.raises(kind) as raised:
        cursor.execute(text)

    assert raised.value.errorcode == code


def test_error_leaves_the_connection_usable(connection: Any, cursor: Any) -> None:
    with pytest.raises(dbapi.Error):
        cursor.execute("SELEKT")

    cursor.execute("SELECT * FROM DUMMY")

    assert cursor.fetchone()[0] == "X"


def test_rollback_and_commit_reach_the_engine(
    server: DoubleServer, connection: Any, cursor: Any
) -> None:
    server.add("W", Table(_COLUMNS))
    connection.setautocommit(False)

    cursor.execute("INSERT INTO W VALUES (?, ?)", (1, "gone"))
    connection.rollback()
    cursor.execute("INSERT INTO W VALUES (?, ?)", (2, "kept"))
    connection.commit()
    connection.rollback()

    assert server.rows("W") == [(2, "kept")]


def test_result_outlives_a_commit(server: DoubleServer, connection: Any, cursor: Any) -> None:
    server.add("T", Table(_COLUMNS, [(n, "x") for n in range(1000)]))
    connection.setautocommit(False)
    cursor.execute("SELECT * FROM T")
    cursor.fetchone()

    connection.commit()

    assert len(cursor.fetchall()) == 999


def test_scrolling_is_refused_by_the_driver(cursor: Any) -> None:
    cursor.execute("SELECT * FROM DUMMY")

    with pytest.raises(dbapi.NotSupportedError):
        cursor.scroll(1)
