"""Queries of a principal: prepared, bound, executed into endpoints, read, cancelled."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from flight_client.protocol.errors import (
    AccessDenied,
    Cancelled,
    ExpiredTicket,
    ForgedTicket,
    InvalidParameter,
    InvalidSql,
    RefusedSql,
    UnknownColumn,
    UnknownEntity,
    UnknownTransaction,
)
from flight_client.protocol.tickets import Compression
from flight_server.service.options import Options
from tests.support.statements import NO_OPTIONS, SPACES, Desk, desk, drained

BIG = f"""{SPACES}
CREATE TABLE "S"."BIG" AS
    SELECT range::INTEGER AS "A", range::INTEGER % 7 AS "B" FROM range(1200000);
CREATE VIEW "S"."V" AS SELECT * FROM "S"."T";
"""


@pytest.fixture
def sql() -> Iterator[Desk]:
    with desk() as opened:
        yield opened


@pytest.fixture(scope="module")
def large() -> Iterator[Desk]:
    with desk(BIG) as opened:
        yield opened


# prepare and bind


def test_prepared_query_tells_its_columns_and_markers(sql: Desk) -> None:
    prepared = sql.of().prepare("SELECT A, B FROM T WHERE A > ?", NO_OPTIONS, None)
    assert prepared.schema is not None
    assert prepared.schema.names == ["A", "B"]
    assert [str(kind) for kind in prepared.parameters] == ["INTEGER"]


def test_preparing_a_query_costs_one_describe(sql: Desk) -> None:
    sql.of().prepare("SELECT A FROM T WHERE A > ?", NO_OPTIONS, None)
    asked = [name for name in sql.backend.asked if "query" in name or "change" in name]
    assert asked == ["prepare_query"]


def test_preparing_a_change_costs_one_describe_and_changes_nothing(sql: Desk) -> None:
    prepared = sql.of().prepare("DELETE FROM T WHERE A > ?", NO_OPTIONS, None)
    asked = [name for name in sql.backend.asked if "query" in name or "change" in name]
    assert asked == ["prepare_change"]
    assert prepared.schema is None
    assert [str(kind) for kind in prepared.parameters] == ["INTEGER"]
    assert len(sql.table()) == 2


def test_preparing_a_definition_asks_nothing(sql: Desk) -> None:
    prepared = sql.of().prepare("CREATE TABLE N (A INTEGER)", NO_OPTIONS, None)
    assert (prepared.schema, prepared.parameters) == (None, ())
    assert "prepare_change" not in sql.backend.asked


def test_each_bound_row_is_an_endpoint_in_their_order(sql: Desk) -> None:
    prepared = sql.of().prepare("SELECT B FROM T WHERE A = ?", NO_OPTIONS, None)
    handle = sql.of().bind(prepared.handle, [(2,), (None,), (1,)])
    info = sql.of().execute_prepared(handle)
    assert len(info.tickets) == 3
    assert [sql.read(ticket) for ticket in info.tickets] == [[("y",)], [], [("x",)]]


def test_no_bound_row_is_no_endpoint(sql: Desk) -> None:
    prepared = sql.of().prepare("SELECT B FROM T WHERE A = ?", NO_OPTIONS, None)
    info = sql.of().execute_prepared(sql.of().bind(prepared.handle, []))
    assert (info.schema.names, info.tickets, info.total_rows) == (["B"], (), 0)


def test_values_that_were_not_bound_are_missing(sql: Desk) -> None:
    prepared = sql.of().prepare("SELECT B FROM T WHERE A = ?", NO_OPTIONS, None)
    with pytest.raises(InvalidParameter, match=r"1 markers .* no values are bound"):
        sql.of().execute_prepared(prepared.handle)


def test_rows_whose_tickets_would_be_too_long_are_refused(sql: Desk) -> None:
    text = f"SELECT B FROM T WHERE A = ? /* {'x' * 20_000} */"
    prepared = sql.of().prepare(text, NO_OPTIONS, None)
    handle = sql.of().bind(prepared.handle, [(number,) for number in range(1000)])
    with pytest.raises(InvalidParameter, match="fewer rows in one execution"):
        sql.of().execute_prepared(handle)


def test_query_without_markers_needs_no_values(sql: Desk) -> None:
    prepared = sql.of().prepare("SELECT B FROM T ORDER BY A", NO_OPTIONS, None)
    assert sql.rows(sql.of().execute_prepared(prepared.handle)) == [("x",), ("y",)]


def test_handle_of_another_principal_executes_nothing(sql: Desk) -> None:
    prepared = sql.of("ada").prepare("SELECT B FROM T", NO_OPTIONS, None)
    for call in (sql.of("bob").execute_prepared, sql.of("bob").schema_of):
        with pytest.raises(ForgedTicket):
            call(prepared.handle)


def test_handle_is_good_on_another_replica(sql: Desk) -> None:
    prepared = sql.of().prepare("SELECT A FROM T WHERE A = ?", NO_OPTIONS, None)
    with desk() as other:
        handle = other.of().bind(prepared.handle, [(1,)])
        assert other.rows(other.of().execute_prepared(handle)) == [(1,)]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("SELECT", InvalidSql),
        ("SELECT X FROM T", UnknownColumn),
        ("SELECT A FROM NONE", UnknownEntity),
        ("INSERT INTO NONE VALUES (1)", UnknownEntity),
        ("INSERT INTO LOCKED.L VALUES (1)", AccessDenied),
        ("GRANT SELECT ON T TO BOB", RefusedSql),
    ],
)
@pytest.mark.parametrize("call", ["prepare", "execute", "schema"])
def test_wrong_statement_is_refused_by_every_call(
    sql: Desk, call: str, text: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        getattr(sql.of(), call)(text, NO_OPTIONS, None)


def test_values_for_another_number_of_markers_are_refused(sql: Desk) -> None:
    with pytest.raises(InvalidParameter):
        sql.of().execute("SELECT A FROM T WHERE A = ?", NO_OPTIONS, None)


# schema


def test_schema_runs_nothing_and_is_that_of_the_endpoints(sql: Desk) -> None:
    text = "SELECT A, COUNT(*) AS N FROM T GROUP BY A"
    assert (
        sql.of().schema(text, NO_OPTIONS, None) == sql.of().execute(text, NO_OPTIONS, None).schema
    )


@pytest.mark.parametrize("rows", [None, [(1,)], []])
def test_schema_of_a_handle_is_that_of_the_query(sql: Desk, rows: list[tuple[int]] | None) -> None:
    handle = sql.of().prepare("SELECT B FROM T WHERE A = ?", NO_OPTIONS, None).handle
    bound = handle if rows is None else sql.of().bind(handle, rows)
    assert sql.of().schema_of(bound).names == ["B"]


def test_schema_of_a_change_has_no_column_and_changes_nothing(sql: Desk) -> None:
    text = "DELETE FROM T"
    handle = sql.of().prepare(text, NO_OPTIONS, None).handle
    assert sql.of().schema(text, NO_OPTIONS, None).names == []
    assert sql.of().schema_of(handle).names == []
    assert len(sql.table()) == 2


# endpoints


def test_small_scan_is_one_endpoint_of_known_size(sql: Desk) -> None:
    info = sql.of().execute("SELECT B, A FROM T", NO_OPTIONS, None)
    assert (len(info.tickets), info.total_rows) == (1, 2)
    assert sorted(sql.rows(info)) == [("x", 1), ("y", 2)]


def test_large_scan_is_cut(large: Desk) -> None:
    info = large.of().execute("SELECT B, A FROM BIG", NO_OPTIONS, None)
    assert (len(info.tickets), info.total_rows) == (2, 1_200_000)
    rows = large.rows(info)
    assert len(rows) == 1_200_000
    assert len({row[1] for row in rows}) == 1_200_000


def test_large_scan_has_no_more_endpoints_than_the_server_gives(large: Desk) -> None:
    services = replace(large.services, limits=replace(large.services.limits, scan_parts=1))
    info = services.statements("ada").execute("SELECT B, A FROM BIG", NO_OPTIONS, None)
    assert (len(info.tickets), info.total_rows) == (1, 1_200_000)


@pytest.mark.parametrize("transaction", [False, True])
def test_scan_is_cut_as_the_session_wishes(large: Desk, transaction: bool) -> None:
    begun = large.of().begin() if transaction else None
    info = large.of().execute("SELECT A FROM BIG WHERE A < 1000", Options(partitions=3), begun)
    assert len(info.tickets) == 3
    assert sorted(large.rows(info)) == [(number,) for number in range(1000)]


def test_one_partition_is_one_endpoint(large: Desk) -> None:
    info = large.of().execute("SELECT A FROM BIG", Options(partitions=1), None)
    assert len(info.tickets) == 1


def test_scan_with_bound_values_is_cut_too(large: Desk) -> None:
    prepared = large.of().prepare(
        "SELECT A FROM BIG WHERE A >= ? AND A < ?", Options(partitions=2), None
    )
    info = large.of().execute_prepared(large.of().bind(prepared.handle, [(10, 20)]))
    assert len(info.tickets) == 2
    assert sorted(large.rows(info)) == [(number,) for number in range(10, 20)]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT A + 1 AS A FROM BIG",
        "SELECT A FROM BIG ORDER BY A LIMIT 5",
        "SELECT B, COUNT(*) AS N FROM BIG GROUP BY B",
        "SELECT X.A FROM BIG X JOIN T ON T.A = X.A",
        "SELECT A FROM BIG WHERE MOD(A, 2) = 0",
    ],
)
def test_query_that_is_more_than_a_scan_is_one_endpoint(large: Desk, text: str) -> None:
    info = large.of().execute(text, Options(partitions=3), None)
    assert (len(info.tickets), info.total_rows) == (1, None)
    assert large.rows(info)


def test_scan_that_cannot_be_planned_stays_a_query(large: Desk) -> None:
    text = "SELECT A FROM BIG WHERE A = '7'"
    assert large.rows(large.of().execute(text, Options(partitions=3), None)) == [(7,)]


def test_columns_are_called_the_same_whichever_way_they_are_read(large: Desk) -> None:
    names = [
        large.of().execute(text, NO_OPTIONS, None).schema.names
        for text in ("SELECT * FROM V", "SELECT * FROM V ORDER BY 1")
    ]
    assert names[0] == names[1] == ["A", "B"]


def test_options_of_the_session_reach_the_stream(sql: Desk) -> None:
    options = Options(space="S", batch_bytes=65536, compression=Compression.LZ4)
    for text in ("SELECT A FROM T", "SELECT A FROM T ORDER BY A"):
        (ticket,) = sql.of().execute(text, options, None).tickets
        opened = sql.of().open(ticket)
        opened.stream.close()
        assert opened.compression is Compression.LZ4


def test_space_of_the_session_finds_unqualified_names(sql: Desk) -> None:
    with pytest.raises(UnknownEntity):
        sql.query("SELECT A FROM T", options=Options(space="LOCKED"))


# tickets


def test_expired_ticket_opens_nothing_and_a_renewed_one_does(sql: Desk) -> None:
    (ticket,) = sql.of().execute("SELECT A FROM T ORDER BY A", NO_OPTIONS, None).tickets
    sql.clock.now += 1800
    renewed = sql.of().renew(ticket)
    sql.clock.now += 1800
    with pytest.raises(ExpiredTicket):
        sql.of().open(ticket)
    with pytest.raises(ExpiredTicket):
        sql.of().renew(ticket)
    assert sql.read(renewed) == [(1,), (2,)]


def test_ticket_of_another_principal_opens_nothing(sql: Desk) -> None:
    (ticket,) = sql.of().execute("SELECT A FROM T", NO_OPTIONS, None).tickets
    for call in (
        sql.of("bob").open,
        sql.of("bob").renew,
        lambda each: sql.of("bob").cancel([each]),
    ):
        with pytest.raises(ForgedTicket):
            call(ticket)


def test_handle_is_no_ticket(sql: Desk) -> None:
    with pytest.raises(ForgedTicket, match="a prepared statement"):
        sql.of().open(sql.of().prepare("SELECT A FROM T", NO_OPTIONS, None).handle)


def test_cancelled_statement_stops_and_its_other_endpoints_are_refused(large: Desk) -> None:
    info = large.of().execute("SELECT A FROM BIG", NO_OPTIONS, None)
    stream = large.of().open(info.tickets[0]).stream
    assert stream.read() is not None
    assert large.of().cancel(info.tickets) is True
    with pytest.raises(Cancelled):
        drained(stream)
    stream.close()
    with pytest.raises(Cancelled, match="execute it again"):
        large.of().open(info.tickets[1])
    assert large.read(large.of().execute("SELECT A FROM T", NO_OPTIONS, None).tickets[0])


def test_cancelling_what_can_still_be_opened_says_so(sql: Desk) -> None:
    info = sql.of().execute("SELECT A FROM T", NO_OPTIONS, None)
    assert sql.of().cancel(info.tickets) is True


def test_cancelling_what_has_expired_and_does_not_run_says_so(sql: Desk) -> None:
    info = sql.of().execute("SELECT A FROM T", NO_OPTIONS, None)
    sql.clock.now += 3600
    assert sql.of().cancel(info.tickets) is False


def test_running_statement_is_cancelled_with_an_expired_ticket(large: Desk) -> None:
    info = large.of().execute("SELECT A FROM BIG", NO_OPTIONS, None)
    stream = large.of().open(info.tickets[0]).stream
    large.clock.now += 3600
    assert large.of().cancel(info.tickets) is True
    with pytest.raises(Cancelled):
        drained(stream)
    stream.close()


def test_query_in_an_unknown_transaction_is_refused(sql: Desk) -> None:
    begun = sql.of().begin()
    sql.of().rollback(begun)
    for call in (sql.of().execute, sql.of().prepare, sql.of().schema):
        with pytest.raises(UnknownTransaction, match="it was rolled back"):
            call("SELECT A FROM T", NO_OPTIONS, begun)
