"""Reads: what is known before a read runs, what opens, what is explained."""

import logging
from dataclasses import replace

import pytest

from flight_client.protocol.catalog import HanaType, Parameter
from flight_client.protocol.errors import (
    DeadlineExceeded,
    Error,
    InvalidParameter,
    InvalidRead,
    Unauthenticated,
    Unavailable,
    UnknownEntity,
    UnknownSpace,
    UnsupportedSql,
)
from flight_client.protocol.filters import And, Comparison, Or
from flight_client.protocol.schemas import CONSISTENCY_KEY, to_schema
from flight_client.protocol.tickets import (
    MAX_BATCH_BYTES,
    Compression,
    Partition,
    PartitionMethod,
    ReadTicket,
    Sample,
    SqlTicket,
)
from flight_server.backends.base import GaveUp
from flight_server.planning.plan import KeyRange
from flight_server.planning.read import Limits
from flight_server.service.discovery import Discovery
from flight_server.service.reads import CatalogLookup, Reads
from tests.support.scripted import NUMBERS, ScriptedBackend

READ = ReadTicket(space="TEST", entity="NUMBERS")


def _reads(backend: ScriptedBackend | None = None) -> Reads:
    backend = backend or ScriptedBackend(rows=100)
    return Reads(backend, Discovery(backend), Limits())


def test_info_of_a_whole_entity_knows_schema_size_and_one_ticket() -> None:
    info = _reads().info(ReadTicket(entity="NUMBERS"))
    assert info.schema.equals(to_schema(NUMBERS.columns), check_metadata=True)
    assert info.tickets == (READ,)
    assert info.total_rows == 100


def test_info_runs_nothing() -> None:
    backend = ScriptedBackend()
    _reads(backend).info(READ)
    _reads(backend).explain(READ)
    assert backend.streams == []


@pytest.mark.parametrize(
    ("ticket", "rows"),
    [
        (replace(READ, limit=10), 10),
        (replace(READ, limit=10, offset=95), 5),
        (replace(READ, offset=200), 0),
        (replace(READ, where=Comparison("N", ">", (1,))), None),
        (replace(READ, sample=Sample(0.5)), None),
        (replace(READ, partition=Partition(4)), 100),
    ],
)
def test_size_is_told_only_where_it_is_certain(ticket: ReadTicket, rows: int | None) -> None:
    assert _reads().info(ticket).total_rows == rows


def test_size_is_unknown_where_the_backend_does_not_know() -> None:
    assert _reads(ScriptedBackend(rows=None)).info(READ).total_rows is None


def test_partitions_are_tickets_with_numbers() -> None:
    info = _reads().info(replace(READ, partition=Partition(3)))
    numbers = [ticket.partition.number for ticket in info.tickets if ticket.partition]
    assert numbers == [0, 1, 2]


def test_ranges_of_a_column_are_tickets_with_a_filter_more() -> None:
    backend = ScriptedBackend(ranges=True, extremes=KeyRange(0, 8))
    info = _reads(backend).info(replace(READ, partition=Partition(3)))
    assert info.tickets == (
        replace(READ, where=Or((Comparison("N", "<", (3,)), Comparison("N", "is null")))),
        replace(READ, where=And((Comparison("N", ">=", (3,)), Comparison("N", "<", (6,))))),
        replace(READ, where=Comparison("N", ">=", (6,))),
    )


def test_extremes_are_asked_for_once_and_under_the_filter_of_the_read() -> None:
    backend = ScriptedBackend(ranges=True, extremes=KeyRange(0, 8))
    where = Comparison("T", "=", ("x",))
    _reads(backend).info(replace(READ, where=where, partition=Partition(3)))
    ((plan, column),) = backend.ranged
    assert (plan.where, plan.slice, column.name) == (where, None, "N")


def test_parts_by_range_are_as_many_rows_as_the_whole() -> None:
    backend = ScriptedBackend(ranges=True, extremes=KeyRange(0, 8), rows=100)
    assert _reads(backend).info(replace(READ, partition=Partition(3))).total_rows == 100


@pytest.mark.parametrize(("method", "endpoints"), [("range", 1), (None, 3)])
def test_column_without_a_value_makes_one_range_or_is_left_to_the_hash(
    method: PartitionMethod | None, endpoints: int
) -> None:
    backend = ScriptedBackend(ranges=True, extremes=None)
    info = _reads(backend).info(replace(READ, partition=Partition(3, method=method)))
    assert len(info.tickets) == endpoints
    assert [ticket.partition is None for ticket in info.tickets] == [endpoints == 1] * endpoints


def test_extremes_that_take_too_long_leave_the_read_to_the_hash(
    caplog: pytest.LogCaptureFixture,
) -> None:
    backend = ScriptedBackend(ranges=True, extremes=GaveUp(60))
    with caplog.at_level(logging.INFO):
        info = _reads(backend).info(replace(READ, partition=Partition(3)))
    numbers = [ticket.partition.number for ticket in info.tickets if ticket.partition]
    assert numbers == [0, 1, 2]
    (message,) = caplog.messages
    assert "'N' of TEST.NUMBERS did not come within 60 s; the read is cut by a hash" in message


def test_extremes_that_take_too_long_fail_a_read_that_asks_for_ranges() -> None:
    backend = ScriptedBackend(ranges=True, extremes=GaveUp(60))
    with pytest.raises(InvalidRead, match=r'within 60 s, .* partition_method="hash"'):
        _reads(backend).info(replace(READ, partition=Partition(3, method="range")))


@pytest.mark.parametrize("method", [None, "range"])
@pytest.mark.parametrize("error", [Unavailable("It broke."), DeadlineExceeded("It broke.")])
def test_other_errors_of_the_extremes_stay(method: PartitionMethod | None, error: Error) -> None:
    backend = ScriptedBackend(ranges=True, extremes=error)
    with pytest.raises(type(error), match="broke"):
        _reads(backend).info(replace(READ, partition=Partition(3, method=method)))


@pytest.mark.parametrize(
    ("ticket", "asked"),
    [
        (ReadTicket(entity="GONE"), None),
        (SqlTicket(sql="SELECT N FROM GONE"), None),
        (SqlTicket(sql="SELECT N FROM AWAY.NUMBERS"), "AWAY"),
        (SqlTicket(sql="SELECT N FROM GONE", space="TEST"), "TEST"),
    ],
)
def test_name_that_may_be_where_nobody_answers_is_not_called_unknown(
    ticket: ReadTicket | SqlTicket, asked: str | None
) -> None:
    backend = ScriptedBackend(silent={asked: Unauthenticated("The user is locked.")})
    with pytest.raises(Unauthenticated, match="locked"):
        _reads(backend).info(ticket)


def test_name_that_is_found_is_read_although_another_space_does_not_answer() -> None:
    backend = ScriptedBackend(silent={None: Unauthenticated("The user is locked.")})
    assert len(_reads(backend).info(ReadTicket(entity="NUMBERS")).tickets) == 1


@pytest.mark.parametrize(
    ("ranges", "wish"),
    [
        (True, Partition(3, method="hash")),
        (True, Partition(3, by="T")),
        (False, Partition(3)),
    ],
)
def test_other_wishes_for_parts_are_cut_by_hash_and_ask_nothing(
    ranges: bool, wish: Partition
) -> None:
    backend = ScriptedBackend(ranges=ranges, extremes=KeyRange(0, 8))
    info = _reads(backend).info(replace(READ, partition=wish))
    numbers = [ticket.partition.number for ticket in info.tickets if ticket.partition]
    assert numbers == [0, 1, 2]
    assert backend.ranged == []


def test_ranges_are_cut_on_any_backend_where_they_are_asked_for() -> None:
    backend = ScriptedBackend(ranges=False, extremes=KeyRange(0, 8))
    info = _reads(backend).info(replace(READ, partition=Partition(3, method="range")))
    assert [ticket.partition for ticket in info.tickets] == [None, None, None]


def test_ranges_of_a_column_without_are_refused_before_the_backend_is_asked() -> None:
    backend = ScriptedBackend(ranges=True, extremes=KeyRange(0, 8))
    with pytest.raises(InvalidRead, match=r"'T' is .* has no ranges"):
        _reads(backend).info(replace(READ, partition=Partition(3, by="T", method="range")))
    assert backend.ranged == []


@pytest.mark.parametrize("call", ["schema", "open", "explain"])
def test_only_info_asks_for_extremes(call: str) -> None:
    backend = ScriptedBackend(ranges=True, extremes=KeyRange(0, 8))
    getattr(_reads(backend), call)(replace(READ, partition=Partition(3)))
    assert backend.ranged == []


def test_schema_is_that_of_the_info() -> None:
    ticket = replace(READ, columns=("T",))
    schema = _reads().schema(ticket)
    assert schema.equals(_reads().info(ticket).schema, check_metadata=True)
    assert (schema.metadata or {})[CONSISTENCY_KEY] == b"per-endpoint"


@pytest.mark.parametrize("ranges", [False, True])
def test_many_parts_of_a_long_ticket_are_refused(ranges: bool) -> None:
    backend = ScriptedBackend(ranges=ranges, extremes=KeyRange(0, 10_000))
    where = Comparison("T", "in", tuple(f"value-{n:08}" for n in range(2000)))
    with pytest.raises(InvalidRead, match="fewer parts"):
        _reads(backend).info(replace(READ, where=where, partition=Partition(1024)))


def test_columns_choose_the_schema() -> None:
    assert _reads().info(replace(READ, columns=("T",))).schema.names == ["T"]


def test_open_gives_a_stream_of_the_planned_schema_with_the_ticket_s_wishes() -> None:
    backend = ScriptedBackend()
    opened = _reads(backend).open(replace(READ, columns=("T",), compression=Compression.LZ4))
    assert opened.stream is backend.streams[0]
    assert opened.stream.schema.names == ["T"]
    assert opened.compression is Compression.LZ4


@pytest.mark.parametrize(
    ("asked", "given"), [(None, 4 * 2**20), (2**20, 2**20), (MAX_BATCH_BYTES, MAX_BATCH_BYTES)]
)
def test_batch_bytes_are_those_asked_for(asked: int | None, given: int) -> None:
    assert _reads().plan(replace(READ, batch_bytes=asked)).batch_bytes == given


def test_explain_shows_the_backend_s_statement() -> None:
    explained = _reads().explain(READ)
    assert (explained.dialect, explained.sql) == ("scripted", "READ NUMBERS")


@pytest.mark.parametrize(
    ("ticket", "error"),
    [
        (ReadTicket(entity="NUMBER"), UnknownEntity),
        (ReadTicket(space="TSET", entity="NUMBERS"), UnknownSpace),
        (SqlTicket(sql="SELECT 1 FROM DUMMY"), UnsupportedSql),
    ],
)
@pytest.mark.parametrize("call", ["info", "open", "explain"])
def test_errors_come_the_same_from_every_call(
    call: str, ticket: ReadTicket | SqlTicket, error: type[Exception]
) -> None:
    with pytest.raises(error):
        getattr(_reads(), call)(ticket)


def test_missing_parameter_opens_nothing() -> None:
    view = replace(NUMBERS, parameters=(Parameter("P", HanaType("INTEGER")),))
    backend = ScriptedBackend(found=(view,))
    with pytest.raises(InvalidParameter, match="P"):
        _reads(backend).open(READ)
    assert backend.streams == []


def test_lookup_of_the_gate_knows_names_only() -> None:
    lookup = CatalogLookup(ScriptedBackend())
    assert lookup.spaces() == ("TEST",)
    assert lookup.entities("TEST") == ("NUMBERS",)
    assert lookup.columns("TEST", "NUMBERS") == ("N", "T")
    assert lookup.columns("TEST", "NONE") is None
