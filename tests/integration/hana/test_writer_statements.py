"""What a reader answers on a connection to write with: the real hdbcli against the emulator."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from flight_client.protocol.catalog import Column, HanaType
from flight_server.backends.hana.messages import (
    Begin,
    Cancel,
    Change,
    Changed,
    Connect,
    Connected,
    Describe,
    Described,
    End,
    Enough,
    Failed,
    Finished,
    Insert,
    Ping,
    Prepare,
    Reply,
)
from flight_server.backends.hana.opening import WRITABLE
from tests.hana_emulator.engine import DuckEngine
from tests.hana_emulator.server import EmulatorServer
from tests.support.hana_engine_double import PASSWORD, USER
from tests.support.patience import eventually
from tests.support.reader_process import Asked, options_of, run_of

TABLE = f'"{USER}"."T"'
INSERT = f'INSERT INTO {TABLE} ("ID", "TEXT") VALUES (?, ?)'
NUMBERS = (Column("ID", HanaType("INTEGER")),)


@dataclass
class Hana:
    """An emulator and a reader that has logged on to it to write."""

    server: EmulatorServer
    engine: DuckEngine
    asked: Asked

    def change(self, sql: str, *rows: tuple[Any, ...], first_row: int = 1) -> Reply:
        return self.asked.ask(Change(sql=sql, rows=rows or ((),), first_row=first_row))

    def insert(self, sql: str, first_row: int = 1, **columns: pa.Array) -> Reply:
        batch = pa.record_batch(columns)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
        data = sink.getvalue().to_pybytes()
        return self.asked.ask(Insert(sql=sql, batch=data, first_row=first_row))

    def end(self, *, keep: bool) -> None:
        assert isinstance(self.asked.ask(End(keep)), Connected)

    def committed(self, sql: str = f'SELECT "ID" FROM {TABLE} ORDER BY "ID"') -> list[Any]:
        """The rows that another session sees."""
        session = self.engine.open(USER, 0)
        try:
            cursor = session.query(session.prepare(sql), [])
            rows = cursor.fetch(1_000_000)
        finally:
            session.close()
        return [row[0] if len(row) == 1 else tuple(row) for row in rows]


@pytest.fixture(scope="module")
def emulator() -> Iterator[tuple[EmulatorServer, DuckEngine]]:
    engine = DuckEngine({USER: PASSWORD})
    with EmulatorServer(engine) as server:
        yield server, engine
    engine.close()


@pytest.fixture
def hana(emulator: tuple[EmulatorServer, DuckEngine]) -> Iterator[Hana]:
    server, engine = emulator
    engine.run_script(f'CREATE TABLE {TABLE} ("ID" INTEGER PRIMARY KEY, "TEXT" NVARCHAR(10))')
    server.faults.clear()
    with Asked() as asked:
        reply = asked.ask(Connect(options_of(server.port), WRITABLE, writes=True))
        assert isinstance(reply, Connected)
        assert reply.refused == ()
        assert isinstance(asked.ask(Begin()), Connected)
        yield Hana(server, engine, asked)
    assert server.wait_for_connections(0)
    engine.run_script(f"DROP TABLE {TABLE}")


def counted(reply: Reply) -> int | None:
    assert isinstance(reply, Changed), reply
    return reply.rows


def refused(reply: Reply) -> Failed:
    assert isinstance(reply, Failed), reply
    return reply


def test_rows_are_kept_by_the_commit_and_not_before(hana: Hana) -> None:
    assert counted(hana.change(INSERT, (1, "a"), (2, None))) == 2
    assert hana.committed() == []

    hana.end(keep=True)

    assert hana.committed() == [1, 2]


def test_rows_are_undone_by_the_rollback(hana: Hana) -> None:
    hana.change(INSERT, (1, "a"))

    hana.end(keep=False)

    assert hana.committed() == []


def test_transactions_follow_each_other_on_one_connection(hana: Hana) -> None:
    for number in range(3):
        assert isinstance(hana.asked.ask(Begin({"APPLICATIONUSER": f"user {number}"})), Connected)
        hana.change(INSERT, (number, "a"))
        hana.end(keep=number != 1)

    assert hana.committed() == [0, 2]


def test_session_variables_last_for_the_transaction(hana: Hana) -> None:
    asked = run_of(
        "SELECT SESSION_CONTEXT('APPLICATIONUSER') AS \"U\" FROM DUMMY",
        (Column("U", HanaType("NVARCHAR", 5000)),),
    )

    def user() -> Any:
        batches, reply = hana.asked.run(asked)
        assert isinstance(reply, Finished), reply
        return batches[0]["U"].to_pylist()

    hana.asked.ask(Begin({"APPLICATIONUSER": "alice"}))
    assert [user(), user()] == [["alice"], ["alice"]]
    hana.end(keep=True)
    assert user() == [None]


def test_counts_are_those_of_all_rows_together(hana: Hana) -> None:
    hana.change(INSERT, *((number, "a") for number in range(10)))

    assert (
        counted(hana.change(f'UPDATE {TABLE} SET "TEXT" = ? WHERE "ID" < ?', ("b", 5), ("c", 3)))
        == 8
    )
    assert counted(hana.change(f'DELETE FROM {TABLE} WHERE "ID" >= 4')) == 6
    upsert = f'UPSERT {TABLE} ("ID", "TEXT") VALUES (?, ?) WITH PRIMARY KEY'
    assert counted(hana.change(upsert, (3, "new"), (4, "new"))) == 2


def test_statement_without_markers_runs_for_each_empty_row(hana: Hana) -> None:
    hana.change(INSERT, (1, "a"))
    update = f'UPDATE {TABLE} SET "ID" = "ID" + 1'

    assert counted(hana.change(update, (), ())) == 2
    hana.end(keep=True)
    assert hana.committed() == [3]


def test_failing_row_is_told_by_its_number(hana: Hana) -> None:
    failed = refused(hana.change(INSERT, (1, "a"), (2, "b"), (1, "c"), first_row=101))

    assert (failed.code, failed.details, failed.connection_lost) == (301, {"row": 103}, False)


def test_row_that_the_driver_refuses_is_told_by_its_number(hana: Hana) -> None:
    failed = refused(hana.insert(INSERT, ID=pa.array(["1", "x"]), TEXT=pa.array(["a", "b"])))

    assert failed.code == -10427
    assert failed.details == {"row": 2}


def test_value_that_the_driver_would_change_is_refused_with_its_row(hana: Hana) -> None:
    failed = refused(hana.change(INSERT, (1, "a"), (2.5, "b"), first_row=11))

    assert failed.kind == "PARAMETER_INVALID"
    assert failed.details == {"marker": 1, "row": 12}
    hana.end(keep=True)
    assert hana.committed() == []


def test_text_that_is_too_long_is_refused(hana: Hana) -> None:
    assert refused(hana.change(INSERT, (1, "a"), (2, "x" * 11))).code == 274


def test_statement_goes_on_after_a_row_that_failed(hana: Hana) -> None:
    refused(hana.change(INSERT, (1, "a"), (1, "b")))

    assert counted(hana.change(INSERT, (2, "c"))) == 1


def test_table_that_changed_is_prepared_anew(hana: Hana) -> None:
    hana.change(INSERT, (1, "a"))
    hana.change(f'ALTER TABLE {TABLE} ALTER ("TEXT" NVARCHAR(20))')

    assert counted(hana.change(INSERT, (2, "x" * 20))) == 1


def test_definitions_are_undone_with_the_rows(hana: Hana) -> None:
    hana.change(INSERT, (1, "a"))
    hana.end(keep=True)
    hana.change(f"DROP TABLE {TABLE}")
    hana.change(f'CREATE COLUMN TABLE {TABLE} ("ID" INTEGER, "TEXT" NVARCHAR(3))')
    hana.change(INSERT, (7, "b"))

    hana.end(keep=False)

    assert hana.committed() == [1]


def test_definitions_are_kept_with_the_rows(hana: Hana) -> None:
    other = f'"{USER}"."OTHER"'
    hana.change(f'CREATE COLUMN TABLE {other} ("ID" INTEGER)')
    hana.change(f"INSERT INTO {other} VALUES (?)", (1,), (2,))
    hana.end(keep=True)

    assert hana.committed(f"SELECT COUNT(*) FROM {other}") == [2]
    hana.change(f"DROP TABLE {other}")
    hana.end(keep=True)


VALUES = {
    "DECIMAL(38, 10)": (pa.decimal128(38, 10), [Decimal("0.0000000001"), Decimal("-1E+3")]),
    "DECIMAL": (pa.utf8(), ["1.5", "0.0000000001"]),
    "REAL_VECTOR(2)": (pa.list_(pa.float32(), 2), [[1.5, 2.5], [0.0, -1.0]]),
    "NCLOB": (pa.large_utf8(), ["x" * 300_000, "\U0001f600" * 2000]),
    "BLOB": (pa.large_binary(), [b"\0" * 300_000, b""]),
}


@pytest.mark.parametrize("declared", VALUES)
def test_values_of_a_batch_arrive_exactly(hana: Hana, declared: str) -> None:
    kind, values = VALUES[declared]
    hana.change(f'CREATE COLUMN TABLE "{USER}"."V" ("ID" INTEGER, "V" {declared})')
    column = pa.array([*values, None], kind)
    sql = f'INSERT INTO "{USER}"."V" ("ID", "V") VALUES (?, ?)'

    assert counted(hana.insert(sql, ID=pa.array(range(3), pa.int32()), V=column)) == 3

    name, _, size = declared.partition("(")
    sizes = [int(size) for size in size.strip(")").split(",")] if size else []
    columns = (Column("V", HanaType(name, *sizes)),)
    found = hana.asked.read(f'SELECT "V" FROM "{USER}"."V" ORDER BY "ID"', columns)
    assert found["V"].to_pylist() == column.to_pylist()
    hana.end(keep=False)


def test_lobs_are_read_inside_of_the_transaction(hana: Hana) -> None:
    hana.change(f'CREATE COLUMN TABLE "{USER}"."L" ("L" NCLOB)')
    hana.change(f'INSERT INTO "{USER}"."L" VALUES (?)', ("x" * 50_000,))

    found = hana.asked.read(f'SELECT "L" FROM "{USER}"."L"', (Column("L", HanaType("NCLOB")),))

    assert found["L"].to_pylist() == ["x" * 50_000]
    hana.end(keep=True)
    assert hana.committed(f'SELECT COUNT(*) FROM "{USER}"."L"') == [1]
    hana.change(f'DROP TABLE "{USER}"."L"')
    hana.end(keep=True)


def test_rows_end_when_they_are_enough(hana: Hana) -> None:
    hana.change(INSERT, (1, "a"))
    sql = 'SELECT ELEMENT_NUMBER AS "ID" FROM SERIES_GENERATE_INTEGER(1, 0, 300000)'
    batches = hana.asked.start(run_of(sql, (Column("ID", HanaType("BIGINT")),), batch_bytes=8192))
    assert not isinstance(batches, Failed)
    batches.read_next_batch()

    hana.asked.process.send(Enough())
    rows = sum(batch.num_rows for batch in batches)
    reply = hana.asked.process.receive()

    assert isinstance(reply, Finished)
    assert rows < 300_000
    hana.end(keep=True)
    assert hana.committed() == [1]


def test_cancel_of_an_array_insert_rolls_back(hana: Hana) -> None:
    hana.change(INSERT, (1, "a"))
    ids = pa.array(range(10, 200_010), pa.int32())
    replies: list[Reply] = []
    text = pa.array(["x"] * len(ids))
    writing = threading.Thread(
        target=lambda: replies.append(hana.insert(INSERT, ID=ids, TEXT=text))
    )
    writing.start()
    statements = next(iter(hana.server._open.values()))._session._statements
    assert statements is not None
    work: Any = statements._session
    eventually(lambda: len(work._transaction.journal) == 2)  # the first packet has been inserted

    hana.asked.process.send(Cancel())
    writing.join()

    assert refused(replies[0]).code == 139
    hana.asked.ask(End(keep=True))  # refused, where the cancel came late and cost the connection
    eventually(lambda: hana.committed() == [])


@pytest.mark.parametrize("request_", [Ping(), Describe(f"SELECT * FROM {TABLE}")], ids=repr)
def test_other_questions_leave_the_transaction(hana: Hana, request_: Any) -> None:
    hana.change(INSERT, (1, "a"))

    assert not isinstance(hana.asked.ask(request_), Failed)

    hana.end(keep=True)
    assert hana.committed() == [1]


def test_markers_of_a_change_have_types_and_nothing_runs(hana: Hana) -> None:
    hana.change(
        f'CREATE COLUMN TABLE "{USER}"."W" ("A" TINYINT, "B" DECIMAL(5, 2), "C" SECONDDATE, '
        '"D" TIMESTAMP, "E" REAL_VECTOR(3), "F" NCLOB, "G" VARBINARY(7), "H" SMALLDECIMAL)'
    )
    hana.end(keep=True)

    reply = hana.asked.ask(Prepare(f'INSERT INTO "{USER}"."W" VALUES (?, ?, ?, ?, ?, ?, ?, ?)'))

    assert reply == Described(
        (),
        (
            HanaType("TINYINT"), HanaType("DECIMAL", 5, 2), HanaType("SECONDDATE"),
            HanaType("TIMESTAMP"), HanaType("REAL_VECTOR", 3), HanaType("NCLOB"),
            HanaType("VARBINARY", 7), HanaType("SMALLDECIMAL", 16),
        ),
    )  # fmt: skip
    assert hana.committed(f'SELECT COUNT(*) FROM "{USER}"."W"') == [0]
    hana.change(f'DROP TABLE "{USER}"."W"')
    hana.end(keep=True)


def test_error_of_a_described_query_has_its_place_in_the_query(hana: Hana) -> None:
    failed = refused(hana.asked.ask(Describe("SELECT FROM")))

    assert "(at pos 8)" in failed.text


def test_reader_that_reads_takes_no_changes(hana: Hana) -> None:
    with Asked() as asked:
        asked.connect(hana.server.port)

        for request in (Begin(), Change(sql=INSERT, rows=[(1, "a")]), End(keep=True), Prepare("X")):
            failed = refused(asked.ask(request))
            assert failed.kind == "INTERNAL"


def test_connection_that_is_lost_is_told_as_lost(hana: Hana) -> None:
    hana.server.faults.set("session_dropped", statement_like="INSERT%", times=1)

    failed = refused(hana.change(INSERT, (1, "a")))

    assert failed.connection_lost
    assert refused(hana.asked.ask(End(keep=True))).kind == "INTERNAL"
