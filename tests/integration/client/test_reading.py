"""Results over a real wire: lazy, in order, bounded, faithful in failure."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import flight_client
from flight_client.client import Client
from flight_client.protocol.errors import (
    DataError,
    Error,
    ExpiredTicket,
    Unavailable,
    UnknownEntity,
)
from flight_client.protocol.schemas import COMMENT_KEY
from flight_client.protocol.tickets import ReadTicket, SqlTicket
from flight_client.reading import Result
from tests.support.flight_double import ORDERS, Behaviour, FlightDouble, orders, read_threads
from tests.support.patience import PATIENCE_S, eventually

ROWS = orders(100)
FAILURE = DataError("Division by zero in column 'NET_AMOUNT'.", column="NET_AMOUNT")

Setup = Callable[..., AbstractContextManager[tuple[Client, FlightDouble]]]


@contextmanager
def _connected(behaviour: Behaviour | None = None, **more: object) -> Iterator[tuple]:
    settings = more.pop("settings", {})
    with (
        FlightDouble(behaviour, **more) as server,
        flight_client.connect(server.uri, **settings) as client,
    ):
        yield client, server


@pytest.fixture(autouse=True)
def no_threads_left() -> Iterator[None]:
    yield
    eventually(lambda: not read_threads())


def _consume_batches(result: Result) -> None:
    for _ in result.to_batches():
        pass


def _consume_duckdb(result: Result) -> None:
    with duckdb.connect() as connection:
        result.to_duckdb(connection, "t")


EVERY_WAY = [
    _consume_batches,
    _consume_duckdb,
    Result.to_arrow,
    Result.to_pandas,
    Result.to_polars,
    lambda result: result.to_reader().read_all(),
]


def test_catalogue_is_found_and_described() -> None:
    with _connected() as (client, _):
        assert [space.name for space in client.spaces()] == ["SALES"]
        assert [entity.name for entity in client.tables()] == ["ORDERS", "REVENUE"]
        assert list(client.tables("NONE")) == []
        assert client.describe("ORDERS").entity == ORDERS


def test_default_space_narrows_the_catalogue() -> None:
    with _connected(settings={"space": "NONE"}) as (client, _):
        assert list(client.tables()) == []


def test_unknown_entity_is_said_with_the_nearest_name() -> None:
    with _connected() as (client, _):
        with pytest.raises(UnknownEntity, match="did you mean 'ORDERS'"):
            client.describe("ORDER")
        with pytest.raises(UnknownEntity, match="did you mean 'ORDERS'"):
            client.table("ORDER").to_arrow()


def test_schema_and_size_are_known_without_reading_and_asked_for_once() -> None:
    with _connected(Behaviour(endpoints=3)) as (client, server):
        result = client.table("ORDERS")
        assert server.seen.tickets == []
        assert result.schema.names == ROWS.schema.names
        assert result.schema.field("REGION").metadata[COMMENT_KEY] == b"Where it was sold"
        assert (result.total_rows, len(result.endpoints())) == (100, 3)
        assert server.seen.tickets == [ReadTicket(entity="ORDERS")]
        assert server.seen.streams == 0


def test_unknown_size_is_none() -> None:
    with _connected(Behaviour(counts_rows=False)) as (client, _):
        result = client.table("ORDERS")
        assert result.total_rows is None
        assert "unknown rows" in repr(result)


@pytest.mark.parametrize("endpoints", [1, 2, 7])
@pytest.mark.parametrize("parallelism", [1, 8])
def test_rows_come_whole_and_in_order_of_the_endpoints(endpoints: int, parallelism: int) -> None:
    behaviour = Behaviour(endpoints=endpoints, batch_rows=7, heartbeats=1)
    with _connected(behaviour, settings={"parallelism": parallelism}) as (client, server):
        found = client.table("ORDERS").to_arrow()
        assert found.equals(ROWS)
        assert server.seen.most_open <= parallelism


def test_endpoints_are_read_at_once() -> None:
    with _connected(Behaviour(endpoints=4, batch_rows=25, pause_s=0.5)) as (client, server):
        client.table("ORDERS").to_arrow()
        assert server.seen.most_open > 1


def test_every_sink_gets_the_same_rows() -> None:
    with _connected(Behaviour(endpoints=2, heartbeats=1)) as (client, _):
        result = client.table("ORDERS")
        with duckdb.connect() as connection:
            assert result.to_duckdb(connection, "orders").to_arrow_table().to_pylist() == (
                ROWS.to_pylist()
            )
        assert result.to_polars().to_dicts() == ROWS.to_pylist()
        assert pa.Table.from_pandas(result.to_pandas(), schema=ROWS.schema).equals(ROWS)
        assert result.to_reader().read_all().equals(ROWS)
        assert pa.Table.from_batches(result.to_batches()).equals(ROWS)


def test_pandas_types_are_arrow_by_default_and_classic_where_asked() -> None:
    with _connected() as (client, _):
        result = client.table("ORDERS")
        assert result.to_pandas()["NET_AMOUNT"].dtype == pd.ArrowDtype(pa.decimal128(15, 2))
        assert result.to_pandas(dtype_backend="numpy")["ORDER_ID"].dtype == "int32"


def test_other_arrow_libraries_take_the_result_itself() -> None:
    with _connected(Behaviour(endpoints=2)) as (client, server):
        result = client.table("ORDERS")
        assert pa.table(result).equals(ROWS)
        assert pl.DataFrame(result).height == 100
        assert duckdb.sql("SELECT count(*), max(ORDER_ID) FROM result").fetchall() == [(100, 99)]
        assert pa.RecordBatchReader.from_stream(result).read_all().num_rows == 100
        assert server.seen.streams == 8
        assert len(server.seen.tickets) == 1


def test_result_without_rows_has_its_schema_in_every_sink() -> None:
    with _connected() as (client, _):
        result = client.table("ORDERS", limit=0)
        assert result.to_arrow().schema.equals(ROWS.schema)
        assert result.to_pandas().shape == (0, 5)
        assert result.to_polars().shape == (0, 5)
        assert list(result.to_batches()) == []


def test_sql_sends_text_and_values() -> None:
    with _connected() as (client, server):
        found = client.sql("SELECT YEAR FROM REVENUE WHERE YEAR > ?", parameters=[2000]).to_arrow()
        assert found.num_rows == 2
        assert server.seen.tickets == [
            SqlTicket(sql="SELECT YEAR FROM REVENUE WHERE YEAR > ?", parameters=(2000,))
        ]


def test_entity_of_the_catalogue_is_described_and_read() -> None:
    with _connected() as (client, server):
        entity = client.tables()["ORDERS"]
        assert client.describe(entity).entity == entity
        assert client.table(entity).to_arrow().equals(ROWS)
        assert server.seen.tickets == [ReadTicket(entity="ORDERS", space="SALES")]


def test_explanation_is_asked_without_reading() -> None:
    with _connected() as (client, server):
        found = client.table("ORDERS").explain()
        assert (found.sql, found.parameters) == ("SELECT * FROM T WHERE A = ?", (7,))
        assert server.seen.streams == 0


def test_shown_result_has_schema_rows_and_endpoints_and_fetches_nothing() -> None:
    with _connected(Behaviour(endpoints=3)) as (client, server):
        result = client.table("ORDERS")
        shown = repr(result)
        assert shown.splitlines()[0] == "Result of ORDERS: 100 rows, 3 endpoints"
        assert "NET_AMOUNT  DECIMAL(15,2)  decimal128(15, 2)" in shown
        assert "<td>DECIMAL(15,2)</td>" in result._repr_html_()
        assert server.seen.streams == 0
        assert len(server.seen.tickets) == 1


def test_shown_result_says_what_failed_instead_of_raising() -> None:
    with _connected() as (client, _):
        result = client.table("<NOPE>")
        assert repr(result).startswith("<Result of <NOPE>: ENTITY_UNKNOWN: ")
        assert "&lt;NOPE&gt;" in result._repr_html_()
        assert "Result of SELECT 1" in repr(client.sql("SELECT\n 1"))


@pytest.mark.parametrize("consume", EVERY_WAY)
def test_failure_in_the_middle_is_an_error_and_never_a_short_result(consume: Callable) -> None:
    with _connected(Behaviour(endpoints=2, fail_at=(1, 2), failure=FAILURE)) as (client, _):
        with pytest.raises(DataError) as caught:
            consume(client.table("ORDERS"))
        assert (caught.value.message, caught.value.details) == (FAILURE.message, FAILURE.details)


def test_failure_in_the_middle_leaves_no_duckdb_table() -> None:
    with (
        _connected(Behaviour(fail_at=(0, 5), failure=FAILURE)) as (client, _),
        duckdb.connect() as connection,
    ):
        with pytest.raises(DataError):
            client.table("ORDERS").to_duckdb(connection, "t")
        assert connection.sql("SELECT * FROM duckdb_tables()").fetchall() == []


def test_failure_through_the_c_stream_has_the_sentence_in_it() -> None:
    with (
        _connected(Behaviour(fail_at=(0, 5), failure=FAILURE)) as (client, _),
        pytest.raises(pa.ArrowException, match="Division by zero"),
    ):
        pa.table(client.table("ORDERS"))


def test_failure_of_a_later_endpoint_ends_to_arrow_at_once() -> None:
    behaviour = Behaviour(endpoints=2, fail_at=(1, 0), failure=FAILURE, batch_rows=1, pause_s=0.1)
    with _connected(behaviour, rows=1_200) as (client, server):
        started = time.monotonic()
        with pytest.raises(DataError):
            client.table("ORDERS").to_arrow()
        assert time.monotonic() - started < PATIENCE_S  # the first endpoint alone takes 60 s
        eventually(lambda: not server.seen.open_streams)


def test_unavailable_in_the_middle_is_not_read_again() -> None:
    behaviour = Behaviour(fail_at=(0, 5), failure=Unavailable("Gone."))
    with _connected(behaviour) as (client, server):
        with pytest.raises(Unavailable):
            client.table("ORDERS").to_arrow()
        assert server.seen.streams == 1


def test_rows_before_a_failure_are_handed_on_first() -> None:
    with _connected(Behaviour(endpoints=2, fail_at=(1, 1), failure=FAILURE)) as (client, _):
        batches = client.table("ORDERS").to_batches()
        found = [next(batches).num_rows for _ in range(6)]
        assert found == [10] * 6
        with pytest.raises(DataError):
            next(batches)


@pytest.mark.parametrize("consume", EVERY_WAY)
def test_tickets_that_expired_are_asked_for_anew_once(consume: Callable) -> None:
    with _connected(Behaviour(expire=1)) as (client, server):
        consume(client.table("ORDERS"))
        assert (len(server.seen.tickets), server.seen.streams) == (2, 2)


def test_tickets_that_stay_expired_are_an_error() -> None:
    with _connected(Behaviour(expire=9)) as (client, server):
        with pytest.raises(ExpiredTicket):
            client.table("ORDERS").to_arrow()
        assert len(server.seen.tickets) == 2


def test_ticket_that_expires_after_rows_were_handed_on_is_an_error() -> None:
    behaviour = Behaviour(fail_at=(0, 1), failure=ExpiredTicket("Too late."))
    with _connected(behaviour) as (client, server):
        batches = client.table("ORDERS").to_batches()
        assert next(batches).num_rows == 10
        with pytest.raises(ExpiredTicket):
            next(batches)
        assert len(server.seen.tickets) == 1


def test_columns_that_changed_meanwhile_are_an_error_and_no_other_rows() -> None:
    with (
        _connected(Behaviour(expire=1, renamed_after=1)) as (client, _),
        pytest.raises(ExpiredTicket, match="columns changed"),
    ):
        client.table("ORDERS").to_arrow()


def test_consuming_twice_runs_the_query_twice() -> None:
    with _connected() as (client, server):
        result = client.table("ORDERS")
        result.to_arrow()
        result.to_arrow()
        assert (server.seen.streams, len(server.seen.tickets)) == (2, 1)


def test_closing_the_batches_early_cancels_every_stream() -> None:
    behaviour = Behaviour(endpoints=4, batch_rows=1, pause_s=0.02)
    with _connected(behaviour, rows=10_000) as (client, server):
        batches = client.table("ORDERS").to_batches()
        next(batches)
        batches.close()
        eventually(lambda: not server.seen.open_streams)
        assert server.seen.batches_sent < 5_000


def test_dropping_a_reader_early_cancels_every_stream() -> None:
    behaviour = Behaviour(endpoints=2, batch_rows=1, pause_s=0.02)
    with _connected(behaviour) as (client, server):
        reader = client.table("ORDERS").to_reader()
        reader.read_next_batch()
        del reader
        eventually(lambda: not server.seen.open_streams)


def test_leaving_a_loop_early_leaves_no_thread_behind() -> None:
    with _connected(Behaviour(endpoints=2, batch_rows=1)) as (client, server):
        for batch in client.table("ORDERS").to_batches():
            assert batch.num_rows == 1
            break
        eventually(lambda: not server.seen.open_streams)


def test_stalled_consumer_does_not_fill_memory() -> None:
    batch_rows, rows = 200_000, 20_000_000
    table = pa.table({"N": pa.array(range(batch_rows), pa.int64())})
    many = pa.concat_tables([table] * (rows // batch_rows))
    with _connected(Behaviour(batch_rows=batch_rows), tables={"MANY": many}) as (client, server):
        batches = client.table("MANY").to_batches()
        next(batches)
        time.sleep(0.3)
        assert server.seen.batches_sent < 40
        batches.close()


def test_closing_the_client_ends_a_read_with_an_error() -> None:
    with _connected(Behaviour(batch_rows=1, pause_s=0.02)) as (client, _):
        batches = client.table("ORDERS").to_batches()
        next(batches)
        client.close()
        with pytest.raises(Error) as caught:
            list(batches)
        assert caught.value.code == "CANCELLED"


def test_result_of_a_closed_client_says_so() -> None:
    with _connected() as (client, _):
        result = client.table("ORDERS")
        client.close()
        with pytest.raises(Error, match="closed"):
            result.to_arrow()


def test_silent_server_is_given_up_after_the_idle_timeout() -> None:
    behaviour = Behaviour(pause_s=1.0)
    with (
        _connected(behaviour, settings={"idle_timeout_s": 0.2}) as (client, _),
        pytest.raises(Unavailable, match="silent"),
    ):
        client.table("ORDERS").to_arrow()


def test_heartbeats_keep_a_slow_read_alive() -> None:
    behaviour = Behaviour(batch_rows=100, heartbeats=15, pause_s=0.1)
    with _connected(behaviour, settings={"idle_timeout_s": 1.0}) as (client, _):
        assert client.table("ORDERS").to_arrow().num_rows == 100


def test_threads_may_share_a_client_and_a_result() -> None:
    with _connected(Behaviour(endpoints=2)) as (client, server):
        result = client.table("ORDERS")
        found: list[int] = []
        threads = [
            threading.Thread(target=lambda: found.append(result.to_arrow().num_rows))
            for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [100] * 6
        assert len(server.seen.tickets) == 1


def test_progress_is_silent_off_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with _connected() as (client, _):
        client.table("ORDERS").to_arrow()
    assert capsys.readouterr().err == ""


def test_progress_counts_rows_on_stderr_where_asked(capsys: pytest.CaptureFixture[str]) -> None:
    with _connected(Behaviour(batch_rows=10, pause_s=0.15)) as (client, _):
        client.table("ORDERS", progress=True).to_arrow()
    found = capsys.readouterr()
    assert "100/100" in found.err.replace(" ", "")
    assert found.out == ""


def test_progress_of_a_quick_read_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with _connected(settings={"progress": True}) as (client, _):
        client.table("ORDERS").to_arrow()
    assert "100" not in capsys.readouterr().err


def test_computed_column_of_a_type_no_table_has_is_shown_without_a_hana_type() -> None:
    odd = pa.table({"M": pa.array([[("a", 1)]], pa.map_(pa.utf8(), pa.int64()))})
    with _connected(tables={"ODD": odd}) as (client, _):
        assert "map<string, int64" in repr(client.table("ODD"))
