"""Reads: what is known before a read runs, what opens, what is explained."""

from dataclasses import replace

import pytest

from flight_client.protocol.catalog import HanaType, Parameter
from flight_client.protocol.errors import (
    InvalidParameter,
    InvalidRead,
    UnknownEntity,
    UnknownSpace,
    UnsupportedSql,
)
from flight_client.protocol.filters import Comparison
from flight_client.protocol.schemas import to_schema
from flight_client.protocol.tickets import (
    MAX_BATCH_BYTES,
    Compression,
    Partition,
    ReadTicket,
    Sample,
    SqlTicket,
)
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


def test_many_parts_of_a_long_ticket_are_refused() -> None:
    where = Comparison("T", "in", tuple(f"value-{n:08}" for n in range(2000)))
    with pytest.raises(InvalidRead, match="fewer parts"):
        _reads().info(replace(READ, where=where, partition=Partition(1024)))


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
