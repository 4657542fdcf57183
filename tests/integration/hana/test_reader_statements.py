"""What a reader answers, with the real hdbcli against the emulator."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import psutil
import pytest

from flight_client.protocol.catalog import Column, HanaType
from flight_server.backends.hana.errors import error_of
from flight_server.backends.hana.messages import (
    Connect,
    Connected,
    Describe,
    Failed,
    Finished,
    Ping,
    Running,
)
from flight_server.backends.hana.pool.process import ReaderProcess
from tests.hana_emulator.faults import parse_fault
from tests.hana_emulator.server import EmulatorServer
from tests.hana_emulator.values import DeclaredType, ResultColumn
from tests.support.hana_engine_double import PASSWORD, EngineDouble, SessionDouble, Table
from tests.support.reader_process import COMMAND, Asked, connected, options_of, run_of

NUMBERS = (Column("N", HanaType("INTEGER")), Column("T", HanaType("NVARCHAR", 20)))
ROWS = 20_000
TINY = Decimal("0.00000000000094215392820603268213981181")


@dataclass
class Hana:
    """An emulator and a reader that has logged on to it."""

    server: EmulatorServer
    engine: EngineDouble
    asked: Asked

    @property
    def session(self) -> SessionDouble:
        return self.engine.sessions[-1]

    def break_with(self, fault: str) -> None:
        self.server.faults.add(parse_fault(fault))

    def is_whole(self) -> bool:
        """Whether a statement gives all rows, on the connection that there is."""
        return self.asked.read("SELECT * FROM NUMBERS", NUMBERS).num_rows == ROWS


@pytest.fixture(scope="module")
def emulator() -> Iterator[tuple[EmulatorServer, EngineDouble]]:
    columns = (
        ResultColumn("N", DeclaredType("INTEGER")),
        ResultColumn("T", DeclaredType("NVARCHAR", 20)),
    )
    lobs = (ResultColumn("N", DeclaredType("INTEGER")), ResultColumn("L", DeclaredType("NCLOB")))
    engine = EngineDouble(
        NUMBERS=Table(columns, [(at, f"text {at}") for at in range(ROWS)]),
        NOTHING=Table(columns),
        LOBS=Table(lobs, [(at, "x" * (1000 + 50_000 * (at == 40))) for at in range(50)]),
        TWICE=Table((columns[0], columns[0]), [(1, 2)]),
        TINY=Table((ResultColumn("N", DeclaredType("DECIMAL", 38, 38)),), [(TINY,)]),
    )
    with EmulatorServer(engine) as server:
        yield server, engine


@pytest.fixture
def hana(emulator: tuple[EmulatorServer, EngineDouble]) -> Iterator[Hana]:
    server, engine = emulator
    server.faults.clear()
    with connected(server.port) as asked:
        yield Hana(server, engine, asked)
    server.faults.clear()


def test_all_rows_arrive_in_order(hana: Hana) -> None:
    found = hana.asked.read("SELECT * FROM NUMBERS", NUMBERS, batch_bytes=64 * 1024)

    assert found["N"].to_pylist() == list(range(ROWS))
    assert found["T"][-1].as_py() == f"text {ROWS - 1}"


def test_a_statement_without_rows_finishes_without_a_batch(hana: Hana) -> None:
    batches, reply = hana.asked.run(run_of("SELECT * FROM NOTHING", NUMBERS))

    assert batches == []
    assert isinstance(reply, Finished)
    assert reply.rows == 0


def test_statements_follow_each_other_on_one_connection(hana: Hana) -> None:
    before = len(hana.engine.sessions)

    assert [hana.is_whole() for _ in range(3)] == [True] * 3
    assert len(hana.engine.sessions) == before


def test_columns_of_one_name_arrive_by_position(hana: Hana) -> None:
    columns = (NUMBERS[0], NUMBERS[0])

    found = hana.asked.read("SELECT * FROM TWICE", columns)

    assert [column.to_pylist() for column in found.columns] == [[1], [2]]


def test_values_are_bound(hana: Hana) -> None:
    found = hana.asked.read("SELECT * FROM NUMBERS WHERE N = ?", NUMBERS, values=(7,))

    assert found.to_pylist() == [{"N": 7, "T": "text 7"}]


def test_an_integer_of_more_than_64_bits_is_bound(hana: Hana) -> None:
    batches, reply = hana.asked.run(
        run_of("SELECT * FROM NUMBERS WHERE N = ?", NUMBERS, values=(10**20,))
    )

    assert batches == []
    assert isinstance(reply, Failed)  # HANA says that it is too large; the driver sent it
    assert hana.is_whole()


def test_a_decimal_whose_text_has_an_exponent_is_bound_exactly(hana: Hana) -> None:
    column = Column("N", HanaType("DECIMAL", 38, 38))

    found = hana.asked.read("SELECT * FROM TINY WHERE N = ?", [column], values=(TINY,))

    assert found["N"].to_pylist() == [TINY]


def test_a_value_that_the_driver_would_change_is_refused(hana: Hana) -> None:
    _, reply = hana.asked.run(run_of("SELECT * FROM NUMBERS WHERE N = ?", NUMBERS, values=(7.5,)))

    assert isinstance(reply, Failed)
    assert reply.kind == "PARAMETER_INVALID"
    assert hana.is_whole()


def test_a_value_that_the_driver_cannot_convert_costs_no_connection(hana: Hana) -> None:
    _, reply = hana.asked.run(run_of("SELECT * FROM NUMBERS WHERE N = ?", NUMBERS, values=(b"x",)))

    assert isinstance(reply, Failed)
    assert error_of(reply, "The query").code == "DATA_ERROR"
    assert not reply.connection_lost


def test_session_variables_are_set_for_a_statement_and_taken_back(hana: Hana) -> None:
    info = {"APPLICATION": "flight", "APPLICATIONUSER": "alice"}

    hana.asked.read("SELECT * FROM NUMBERS", NUMBERS, client_info=info)
    during = dict(hana.session.variables)
    hana.is_whole()

    assert info.items() <= during.items()
    assert not info.keys() & {key for key, value in hana.session.variables.items() if value}


def test_session_variables_are_taken_back_after_a_failure(hana: Hana) -> None:
    hana.asked.run(run_of("SELECT * FROM NIX", NUMBERS, client_info={"APPLICATIONUSER": "alice"}))
    hana.is_whole()

    assert not hana.session.variables.get("APPLICATIONUSER")


def test_lobs_are_read_outside_autocommit_and_it_comes_back(hana: Hana) -> None:
    columns = (NUMBERS[0], Column("L", HanaType("NCLOB")))

    hana.asked.read("SELECT * FROM LOBS", columns)

    assert hana.session.log[-1] == "rollback"
    assert hana.is_whole()
    assert hana.session.log[-1] == "SELECT * FROM NUMBERS"


def test_a_refused_statement_fails_alone_and_the_reader_goes_on(hana: Hana) -> None:
    failed = hana.asked.start(run_of("SELECT * FROM NIX", NUMBERS))

    assert isinstance(failed, Failed)
    assert failed.code == 259
    assert not failed.connection_lost
    assert hana.is_whole()


def test_an_error_between_fetches_ends_the_stream_and_is_told(hana: Hana) -> None:
    hana.break_with("error_on_fetch:after_fetches=1,times=1,code=2048,statement_like=%NUMBERS%")

    batches, reply = hana.asked.run(run_of("SELECT * FROM NUMBERS", NUMBERS))

    assert sum(batch.num_rows for batch in batches) < ROWS
    assert isinstance(reply, Failed)
    assert reply.code == 2048
    assert not reply.connection_lost
    assert hana.is_whole()


@pytest.mark.parametrize(
    "fault", ["session_dropped:times=1", "cut_mid_packet:times=1", "wrong_part_length:times=1"]
)
def test_a_connection_that_breaks_at_the_statement_is_lost(hana: Hana, fault: str) -> None:
    hana.break_with(fault)

    failed = hana.asked.start(run_of("SELECT * FROM NUMBERS", NUMBERS))

    assert isinstance(failed, Failed)
    assert failed.connection_lost


def test_a_connection_that_breaks_between_fetches_ends_the_stream_and_is_lost(hana: Hana) -> None:
    hana.break_with("session_dropped:after_fetches=1,times=1")

    _, reply = hana.asked.run(run_of("SELECT * FROM NUMBERS", NUMBERS))

    assert isinstance(reply, Failed)
    assert reply.connection_lost


def test_a_reader_that_lost_its_connection_connects_again(hana: Hana) -> None:
    hana.break_with("session_dropped:times=1")
    hana.asked.run(run_of("SELECT * FROM NUMBERS", NUMBERS))

    assert isinstance(hana.asked.ask(Ping()), Failed)
    assert isinstance(hana.asked.connect(hana.server.port), Connected)
    assert hana.is_whole()


@pytest.mark.parametrize(
    "columns",
    [
        NUMBERS[:1],
        (NUMBERS[1], NUMBERS[0]),
        (NUMBERS[0], Column("T", HanaType("DATE"))),
        (NUMBERS[0], Column("t", HanaType("NVARCHAR", 20))),
    ],
)
def test_a_view_that_changed_is_told_before_any_batch(
    hana: Hana, columns: tuple[Column, ...]
) -> None:
    failed = hana.asked.start(run_of("SELECT * FROM NUMBERS", columns))

    assert isinstance(failed, Failed)
    assert failed.kind == "READ_INVALID"
    assert failed.code is None
    assert hana.is_whole()


def test_a_lob_over_its_bound_fails_the_read_by_its_column(hana: Hana) -> None:
    columns = (NUMBERS[0], Column("L", HanaType("NCLOB")))

    _, reply = hana.asked.run(run_of("SELECT * FROM LOBS", columns, lob_bytes=10_000))

    assert isinstance(reply, Failed)
    assert reply.kind == "RESOURCE_EXHAUSTED"
    assert reply.details == {"column": "L"}
    assert not reply.connection_lost
    assert hana.is_whole()


def test_a_query_is_described_without_a_row(hana: Hana) -> None:
    hana.asked.ask(Describe("SELECT * FROM NUMBERS WHERE N = ?"))

    described = 'SELECT * FROM (SELECT * FROM NUMBERS WHERE N = ?) AS "described" WHERE 1 = 0'
    assert described in hana.session.log


def test_a_query_that_hana_refuses_is_not_described(hana: Hana) -> None:
    failed = hana.asked.ask(Describe("SELECT * FROM NIX"))

    assert isinstance(failed, Failed)
    assert failed.code == 259
    assert hana.is_whole()


def test_ping_makes_a_round_trip(hana: Hana) -> None:
    before = len(hana.session.log)

    reply = hana.asked.ask(Ping())

    assert isinstance(reply, Connected)
    assert reply.resident_bytes > 1_000_000
    assert len(hana.session.log) > before


def test_statements_of_a_connection_run_and_refused_ones_are_told(
    emulator: tuple[EmulatorServer, EngineDouble],
) -> None:
    server, engine = emulator
    with Asked() as asked:
        reply = asked.connect(server.port, "SET SCHEMA A", "SET NONSENSE")

    assert isinstance(reply, Connected)
    assert len(reply.refused) == 1
    assert reply.refused[0].startswith("SET NONSENSE: sql syntax error")
    assert "SET SCHEMA A" in engine.sessions[-1].log


def test_connecting_again_closes_the_connection_before(hana: Hana) -> None:
    old = hana.session

    hana.asked.connect(hana.server.port)

    assert old.closed.wait(20)
    assert hana.is_whole()


@pytest.mark.parametrize(
    ("options", "code"),
    [({"password": "wrong-0"}, 10), ({"user": "LOCKED"}, 416), ({"port": 1}, -10709)],
)
def test_a_log_on_that_fails_is_told_with_its_number(
    emulator: tuple[EmulatorServer, EngineDouble], options: dict[str, object], code: int
) -> None:
    server, _ = emulator
    with Asked() as asked:
        reply = asked.connect(server.port, **options)

        assert isinstance(reply, Failed)
        assert reply.code == code
        assert reply.connection_lost
        assert "wrong-0" not in repr(reply)
        assert isinstance(asked.connect(server.port), Connected)


def test_a_run_without_a_connection_is_refused() -> None:
    with Asked() as asked:
        failed = asked.start(run_of("SELECT * FROM NUMBERS", NUMBERS))

        assert isinstance(failed, Failed)
        assert failed.kind == "INTERNAL"


def test_without_the_driver_every_connect_says_what_to_install() -> None:
    start = (
        "import runpy, sys; sys.modules['hdbcli'] = None; "
        "runpy.run_module('flight_server.backends.hana.reader', run_name='__main__')"
    )
    process = ReaderProcess((sys.executable, "-c", start))
    try:
        for _ in range(2):
            process.send(Connect(options_of(1)))
            reply = process.receive()
            assert isinstance(reply, Failed)
            assert "pip install 'datasphere-flight[hana]'" in reply.text
    finally:
        process.bury(10)


def test_the_process_loads_nothing_that_it_does_not_need(hana: Hana) -> None:
    hana.is_whole()

    maps = {mapped.path for mapped in psutil.Process(hana.asked.process.pid).memory_maps()}

    heavy = ("duckdb", "arrow_flight", "grpc", "numpy", "pandas", "pydantic_core", "sqlglot")
    assert not [path for path in maps for name in heavy if name in path.rpartition("/")[2]]
    assert not [path for path in maps if "/pydantic_core/" in path]


def test_the_password_stands_in_no_argument_and_no_variable(hana: Hana) -> None:
    process = psutil.Process(hana.asked.process.pid)

    assert PASSWORD not in " ".join(process.cmdline())
    assert PASSWORD not in " ".join(process.environ().values())
    assert process.cmdline()[: len(COMMAND)] == list(COMMAND)


def test_running_is_said_before_the_rows_are_there(hana: Hana) -> None:
    hana.break_with("silent_hang:after_fetches=1,times=1,statement_like=%NUMBERS%")

    hana.asked.process.send(run_of("SELECT * FROM NUMBERS", NUMBERS))

    assert isinstance(hana.asked.process.receive(), Running)
