"""A backend by hand: one entity, and a stream that does what a test scripts."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from flight_client.protocol.catalog import Column, Entity, HanaType, Space
from flight_client.protocol.errors import Cancelled, Error, UnsupportedSql
from flight_client.protocol.literals import LiteralValue
from flight_server.backends.base import ForeignKey, PrimaryKey, TableName
from flight_server.planning.plan import KeyRange, ReadPlan
from flight_server.sql.gate import AdmittedQuery, CallerDialect
from flight_server.sql.statement import Statement

NUMBERS = Entity(
    space="TEST",
    name="NUMBERS",
    kind="table",
    columns=(Column("N", HanaType("BIGINT"), key=True), Column("T", HanaType("NVARCHAR", 20))),
)

Step = Callable[["ScriptedStream"], pa.RecordBatch | None]


def batch(schema: pa.Schema, rows: int = 3) -> Step:
    """A step that gives a batch of so many rows."""

    def step(_stream: "ScriptedStream") -> pa.RecordBatch:
        data = {"N": list(range(rows)), "T": [f"t{n}" for n in range(rows)]}
        return pa.RecordBatch.from_pydict({name: data[name] for name in schema.names}, schema)

    return step


def silence(seconds: float, then: Step) -> Step:
    """A step that takes its time; a cancel ends it at once."""

    def step(stream: "ScriptedStream") -> pa.RecordBatch | None:
        if stream.cancelled.wait(seconds):
            raise Cancelled("The read was cancelled.")
        return then(stream)

    return step


def failure(error: Exception) -> Step:
    """A step that raises."""

    def step(_stream: "ScriptedStream") -> pa.RecordBatch | None:
        raise error

    return step


@dataclass
class ScriptedStream:
    """Plays its steps and notes what was done to it."""

    schema: pa.Schema
    steps: list[Step]
    cancelled: threading.Event = field(default_factory=threading.Event)
    closed: threading.Event = field(default_factory=threading.Event)
    cancelled_at: float | None = None
    may_block: bool = True
    reads: int = 0

    def read(self) -> pa.RecordBatch | None:
        assert not self.closed.is_set(), "read after close"
        self.reads += 1
        return self.steps.pop(0)(self) if self.steps else None

    def cancel(self) -> None:
        self.cancelled_at = self.cancelled_at or time.monotonic()
        self.cancelled.set()

    def close(self) -> None:
        self.closed.set()


@dataclass
class ScriptedBackend:
    """Backend over entities without data; ``script`` makes the steps of each stream."""

    script: Callable[[pa.Schema], list[Step]] = lambda schema: [batch(schema)]
    found: tuple[Entity, ...] = (NUMBERS,)
    rows: int | None = 3
    streams: list[ScriptedStream] = field(default_factory=list)
    principals: list[str] = field(default_factory=list)
    closed: bool = False
    ranges: bool = False
    extremes: KeyRange | Exception | None = None
    silent: dict[str | None, Error] = field(default_factory=dict)
    ranged: list[tuple[ReadPlan, Column]] = field(default_factory=list)
    primary: tuple[PrimaryKey, ...] = ()
    foreign: tuple[ForeignKey, ...] = ()

    kind = "scripted"
    caller_dialect = CallerDialect.HANA
    has_row_positions = False

    def acting_for(self, principal: str) -> "ScriptedBackend":
        self.principals.append(principal)
        return self

    def prefers_ranges(self, entity: Entity) -> bool:
        return self.ranges

    def key_range(self, plan: ReadPlan, column: Column) -> KeyRange | None:
        self.ranged.append((plan, column))
        if isinstance(self.extremes, Exception):
            raise self.extremes
        return self.extremes

    def require_answers(self, space: str | None) -> None:
        if space in self.silent:
            raise self.silent[space]

    def spaces(self) -> Sequence[Space]:
        return [Space(name) for name in sorted({entity.space for entity in self.found})]

    def entities(self, space: str | None) -> Sequence[Entity]:
        found = [entity for entity in self.found if space in (None, entity.space)]
        return found if space else sorted(found, key=lambda entity: (entity.space, entity.name))

    def entity_names(self, space: str | None) -> Sequence[str]:
        return sorted({entity.name for entity in self.entities(space)})

    def find(self, name: str) -> Sequence[Entity]:
        return [entity for entity in self.entities(None) if entity.name == name]

    def entity(self, space: str, name: str) -> Entity | None:
        return next((e for e in self.found if (e.space, e.name) == (space, name)), None)

    def primary_keys(self, of: TableName) -> Sequence[PrimaryKey]:
        return [key for key in self.primary if _is(of, key.space, key.table)]

    def foreign_keys(self, of: TableName | None, to: TableName | None) -> Sequence[ForeignKey]:
        return [
            key
            for key in self.foreign
            if _is(of, key.space, key.table) and _is(to, key.to_space, key.to_table)
        ]

    def row_count(self, entity: Entity) -> int | None:
        return self.rows

    def open(self, plan: ReadPlan) -> ScriptedStream:
        stream = ScriptedStream(plan.schema, self.script(plan.schema))
        self.streams.append(stream)
        return stream

    def explain(self, plan: ReadPlan) -> Statement:
        return Statement(f"READ {plan.entity.name}", ())

    def describe_query(
        self, query: AdmittedQuery, parameters: Sequence[LiteralValue | None]
    ) -> pa.Schema:
        raise UnsupportedSql("The scripted backend has no SQL.")

    def open_query(
        self,
        query: AdmittedQuery,
        parameters: Sequence[LiteralValue | None],
        batch_bytes: int,
    ) -> ScriptedStream:
        raise UnsupportedSql("The scripted backend has no SQL.")

    def explain_query(
        self, query: AdmittedQuery, parameters: Sequence[LiteralValue | None]
    ) -> Statement:
        raise UnsupportedSql("The scripted backend has no SQL.")

    def close(self) -> None:
        self.closed = True


def _is(wanted: TableName | None, space: str, name: str) -> bool:
    return wanted is None or (wanted.space in (None, space) and wanted.name == name)
