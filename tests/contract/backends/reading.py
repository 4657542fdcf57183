"""How the contract suite reads: through the planner, as a service does."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pyarrow as pa

from flight_client.protocol.filters import Filter
from flight_client.protocol.tickets import MIN_BATCH_BYTES, ReadTicket
from flight_server.backends.base import Backend, BatchStream
from flight_server.planning.plan import ReadPlan
from flight_server.planning.read import Limits, plan_read
from flight_server.service.discovery import Discovery
from flight_server.service.reads import Reads
from flight_server.sql.gate import AdmittedQuery, admit
from tests.contract.backends.shared_tables import SPACE

__all__ = [
    "MIN_BATCH_BYTES", "admitted", "batches", "parts", "plan_of", "read", "rows_of", "table_of",
]  # fmt: skip


def plan_of(backend: Backend, entity: str, **ticket: Any) -> ReadPlan:
    """The plan of a ticket with these fields."""
    found = backend.entity(SPACE, entity)
    assert found is not None
    wish = ReadTicket(entity=entity, space=SPACE, **ticket)
    return plan_read(wish, found, Limits(), by_position=backend.has_row_positions)


def batches(stream: BatchStream) -> Iterator[pa.RecordBatch]:
    """All batches of a stream that somebody else closes."""
    while (batch := stream.read()) is not None:
        yield batch


def table_of(stream: BatchStream) -> pa.Table:
    """All rows of a stream that somebody else closes."""
    return pa.Table.from_batches(list(batches(stream)), stream.schema)


def read(backend: Backend, entity: str, **ticket: Any) -> pa.Table:
    """The rows of a ticket with these fields."""
    with closing(backend.open(plan_of(backend, entity, **ticket))) as stream:
        return table_of(stream)


def parts(backend: Backend, entity: str, **ticket: Any) -> list[pa.Table]:
    """The rows of each endpoint of a ticket with these fields, as a service makes endpoints."""
    reads = Reads(backend, Discovery(backend), Limits())
    found = []
    for endpoint in reads.info(ReadTicket(entity=entity, space=SPACE, **ticket)).tickets:
        with closing(reads.open(endpoint).stream) as stream:
            found.append(table_of(stream))
    return found


def rows_of(backend: Backend, where: Filter) -> list[int]:
    """The numbers of the rows of LOGIC that satisfy a filter."""
    return sorted(read(backend, "LOGIC", columns=("ROW",), where=where)["ROW"].to_pylist())


class Lookup:
    """The catalogue of a backend as the gate asks for it."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def spaces(self) -> tuple[str, ...]:
        return tuple(space.name for space in self._backend.spaces())

    def entities(self, space: str) -> tuple[str, ...]:
        return tuple(entity.name for entity in self._backend.entities(space))

    def columns(self, space: str, entity: str) -> tuple[str, ...] | None:
        found = self._backend.entity(space, entity)
        return None if found is None else tuple(column.name for column in found.columns)


def admitted(backend: Backend, text: str, parameter_count: int = 0) -> AdmittedQuery:
    """A query that passed the gate."""
    return admit(
        text,
        dialect=backend.caller_dialect,
        default_space=SPACE,
        lookup=Lookup(backend),
        parameter_count=parameter_count,
    )
