"""DuckDB's streams: lazy, stoppable within a second, in bounded memory."""

import gc
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest

from flight_client.protocol.catalog import Column, HanaType
from flight_client.protocol.errors import Cancelled, DataError, InternalError, Unavailable
from flight_client.protocol.literals import LiteralValue
from flight_client.protocol.schemas import to_schema
from flight_client.protocol.tickets import ReadTicket
from flight_server.backends.duckdb import DuckDbBackend
from flight_server.backends.duckdb.stream import DuckDbStream, Reading
from flight_server.planning.read import Limits, plan_read
from flight_server.sql.statement import Statement

BIGINT = HanaType("BIGINT")
ENDLESS = "SELECT count(*) AS n FROM range(100_000_000_000) AS r(i) WHERE i % 3 = 7"
SILENT = "SELECT i AS n FROM range(100_000_000_000) AS r(i) WHERE i % 3 = 7"
SORTING = (
    "SELECT a.i AS n FROM range(100_000) AS a(i), range(100_000) AS b(i) ORDER BY hash(a.i * b.i)"
)
ROWS = "SELECT i AS n FROM range(1_000_000) AS r(i)"


def stream_of(
    connection: duckdb.DuckDBPyConnection,
    text: str,
    *,
    column: HanaType = BIGINT,
    batch_bytes: int = 65_536,
    values: tuple[LiteralValue, ...] = (),
) -> DuckDbStream:
    return DuckDbStream(
        connection.cursor(),
        Reading(
            statement=Statement(text, values),
            schema=to_schema([Column("n", column)]),
            batch_bytes=batch_bytes,
            subject="The query",
            caller_sql=True,
        ),
    )


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(config={"threads": 2}) as opened:
        yield opened


@contextmanager
def after(seconds: float, action: Callable[[], None]) -> Iterator[None]:
    """Let another thread do something in a while."""
    timer = threading.Timer(seconds, action)
    timer.start()
    yield
    timer.join()


def test_nothing_runs_before_the_first_read(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE TABLE t AS SELECT 1::BIGINT AS n")
    with closing(stream_of(connection, "SELECT n FROM t")) as stream:
        connection.execute("UPDATE t SET n = 2")

        batch = stream.read()

    assert batch is not None
    assert batch.to_pydict() == {"n": [2]}


def test_stream_sees_one_snapshot(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute(f"CREATE TABLE t AS {ROWS}")
    with closing(stream_of(connection, "SELECT n FROM t")) as stream:
        rows = stream.read().num_rows  # type: ignore[union-attr]
        connection.execute("DELETE FROM t")
        while (batch := stream.read()) is not None:
            rows += batch.num_rows

    assert rows == 1_000_000


@pytest.mark.parametrize("text", [ENDLESS, SILENT, SORTING])
def test_busy_statement_is_stopped_within_a_second(
    connection: duckdb.DuckDBPyConnection, text: str
) -> None:
    with closing(stream_of(connection, text)) as stream:
        started = time.monotonic()
        with after(0.3, stream.cancel), pytest.raises(Cancelled, match="was cancelled"):
            stream.read()

    assert time.monotonic() - started < 1.3


def test_cancel_that_meets_the_start_of_a_statement_is_not_lost(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    for pause_s in (0, 0.0002, 0.0005, 0.001, 0.002, 0.004):
        with (
            closing(stream_of(connection, ENDLESS)) as stream,
            after(pause_s, stream.cancel),
            pytest.raises(Cancelled),
        ):
            stream.read()


def test_cursor_is_free_for_the_next_statement_after_a_cancel(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    with (
        closing(stream_of(connection, ENDLESS)) as stream,
        after(0.1, stream.cancel),
        pytest.raises(Cancelled),
    ):
        stream.read()

    assert connection.execute("SELECT 1").fetchall() == [(1,)]


def test_first_reason_to_end_is_the_one_that_is_told(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    with closing(stream_of(connection, ROWS)) as stream:
        stream.end(Unavailable("Closing."))
        stream.cancel()

        with pytest.raises(Unavailable, match="Closing"):
            stream.read()


def test_cancel_of_an_idle_stream_returns_at_once(connection: duckdb.DuckDBPyConnection) -> None:
    with closing(stream_of(connection, ROWS)) as stream:
        stream.read()
        started = time.monotonic()
        stream.cancel()

    assert time.monotonic() - started < 0.2


def test_error_in_the_middle_of_a_stream_is_of_the_same_class_as_at_its_start(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    text = "SELECT CASE WHEN i < 18e6 THEN i ELSE error('HANA 304: division by zero') END AS n "
    with closing(stream_of(connection, text + "FROM range(20_000_000) AS r(i)")) as stream:
        assert stream.read() is not None
        with pytest.raises(DataError, match="HANA 304: division by zero") as caught:
            list(iter(stream.read, None))

        assert "\n" not in caught.value.message


def test_stream_that_failed_fails_again(connection: duckdb.DuckDBPyConnection) -> None:
    with closing(stream_of(connection, "SELECT 'x'::BIGINT AS n")) as stream:
        for _ in range(2):
            with pytest.raises(DataError, match="Could not convert"):
                stream.read()


def test_microseconds_that_do_not_fit_time_are_an_error_of_the_data(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    text = "SELECT TIME '10:00:00.5' AS n"
    with (
        closing(stream_of(connection, text, column=HanaType("TIME"))) as stream,
        pytest.raises(DataError, match="Column 'n'"),
    ):
        stream.read()


def test_whole_seconds_fit_time(connection: duckdb.DuckDBPyConnection) -> None:
    text = "SELECT TIME '10:00:01' AS n"
    with closing(stream_of(connection, text, column=HanaType("TIME"))) as stream:
        batch = stream.read()

    assert batch is not None
    assert batch.column(0).equals(pa.array([36_001], pa.time32("s")))


@pytest.mark.parametrize("value", [Decimal("1E-38"), Decimal("0." + "9" * 38)])
def test_smallest_decimals_are_bound_exactly(
    connection: duckdb.DuckDBPyConnection, value: Decimal
) -> None:
    text, declared = "SELECT $1 AS n", HanaType("DECIMAL", 38, 38)
    with closing(stream_of(connection, text, column=declared, values=(value,))) as stream:
        batch = stream.read()

    assert batch is not None
    assert batch.column(0).to_pylist() == [value]


def test_dictionaries_are_decoded(connection: duckdb.DuckDBPyConnection) -> None:
    text = "SELECT 'a'::ENUM('a', 'b') AS n"
    with closing(stream_of(connection, text, column=HanaType("NVARCHAR"))) as stream:
        batch = stream.read()

    assert batch is not None
    assert batch.column(0).equals(pa.array(["a"], pa.utf8()))


def test_columns_of_the_declared_type_are_not_copied(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    with closing(stream_of(connection, ROWS, batch_bytes=2**20)) as stream:
        first, second = stream.read(), stream.read()

    assert first is not None
    assert second is not None
    # Cut or passed on, but not merged: merged batches would have the wanted size.
    assert first.nbytes == second.nbytes < 2**20


def test_forgotten_stream_is_loud(connection: duckdb.DuckDBPyConnection) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        stream_of(connection, ROWS)
        gc.collect()

    assert [warning.category for warning in caught] == [ResourceWarning]


def test_stream_of_a_closed_cursor_is_unavailable() -> None:
    connection = duckdb.connect()
    cursor = connection.cursor()
    reading = Reading(
        statement=Statement(ROWS),
        schema=to_schema([Column("n", BIGINT)]),
        batch_bytes=2**20,
        subject="The query",
        caller_sql=True,
    )
    with closing(DuckDbStream(cursor, reading)) as stream:
        cursor.close()
        connection.close()

        with pytest.raises(Unavailable):
            stream.read()


def test_unknown_failure_is_our_fault_and_keeps_its_cause() -> None:
    class Broken:
        """A cursor whose database fails inside."""

        def execute(self, query: str) -> None:
            raise duckdb.InternalException("INTERNAL Error: /src/x.cpp")

        def close(self) -> None: ...

    reading = Reading(
        statement=Statement(ROWS),
        schema=pa.schema([]),
        batch_bytes=2**20,
        subject="The query",
        caller_sql=False,
    )
    with closing(DuckDbStream(Broken(), reading)) as stream:  # type: ignore[arg-type]
        with pytest.raises(InternalError) as caught:
            stream.read()

        assert isinstance(caught.value.__cause__, duckdb.InternalException)


STREAM_TWENTY_MILLION_ROWS = """
import resource
from contextlib import closing
from flight_server.backends.duckdb import DuckDbBackend
from flight_client.protocol.tickets import ReadTicket
from flight_server.planning.read import Limits, plan_read

script = (
    "CREATE VIEW long AS SELECT i AS a, i * 2 AS b, 'text ' || i AS c "
    "FROM range(20_000_000) AS r(i)"
)
with closing(DuckDbBackend.open_database(None, read_only=True, init_script=script)) as backend:
    plan = plan_read(ReadTicket(entity="long"), backend.entity("main", "long"), Limits())
    with closing(backend.open(plan)) as stream:
        rows = stream.read().num_rows
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        while (batch := stream.read()) is not None:
            rows += batch.num_rows
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(rows, (after - before) // 1024)
"""


def test_long_stream_runs_in_bounded_memory() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STREAM_TWENTY_MILLION_ROWS],
        capture_output=True,
        text=True,
        check=True,
    )

    rows, grown_mib = map(int, done.stdout.split())
    assert rows == 20_000_000
    assert grown_mib < 100  # the rows are 900 MiB


MANY = ", ".join(["(?)"] * 20_000)
SLOW_TO_BIND = (
    f"SELECT i AS n FROM range(100_000_000_000) AS r(i) WHERE i % 3 = 7 AND i IN (VALUES {MANY})"
)


@pytest.mark.parametrize("delay_s", [0.05, 0.3, 0.7, 1.2])
def test_cancel_while_a_statement_is_bound_is_not_lost(
    connection: duckdb.DuckDBPyConnection, delay_s: float
) -> None:
    values = tuple(range(20_000))
    with closing(stream_of(connection, SLOW_TO_BIND, values=values)) as stream:
        timer = threading.Timer(delay_s, stream.cancel)
        timer.start()
        with pytest.raises(Cancelled):
            stream.read()
        timer.join()


def test_cancel_does_not_wait_for_a_statement_that_is_bound(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    values = tuple(range(20_000))
    with closing(stream_of(connection, SLOW_TO_BIND, values=values)) as stream:
        reader = threading.Thread(target=pytest.raises, args=(Cancelled, stream.read))
        reader.start()
        time.sleep(0.1)
        begun = time.monotonic()

        stream.cancel()

        taken_s = time.monotonic() - begun
        reader.join()
    assert taken_s < 0.6


def test_wide_values_of_a_view_are_asked_for_one_vector_at_a_time() -> None:
    script = "CREATE VIEW wide AS SELECT repeat('x', 4000) AS t FROM range(10_000)"
    with closing(DuckDbBackend.open_database(None, read_only=True, init_script=script)) as backend:
        entity = backend.entity("main", "wide")
        assert entity is not None
        plan = plan_read(ReadTicket(entity="wide"), entity, Limits())
        with closing(backend.open(plan)) as stream:
            batch = stream.read()

    assert batch is not None
    held = max(buffer.size for buffer in batch["t"].buffers() if buffer is not None)
    assert held <= 2 * 2048 * 4000  # DuckDB grows a buffer by doubling; 12,288 rows are 49 MB
