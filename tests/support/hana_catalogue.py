"""Rows of HANA's catalogue as a test writes them, and a pool of readers that answers with them."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from flight_client.protocol.catalog import Column, HanaType
from flight_client.protocol.errors import Error, UnknownTransaction
from flight_client.protocol.schemas import to_schema
from flight_server.backends.base import BatchStream
from flight_server.backends.hana.access import DatabaseUser
from flight_server.backends.hana.entities import DetailRow
from flight_server.backends.hana.messages import Change, Described, Insert, Run
from flight_server.backends.hana.system_views import NAME_COLUMNS
from tests.support.scripted import ScriptedStream


def _row(part: str, entity: str, name: str, space: str, **more: Any) -> DetailRow:
    empty = {"POSITION": 0, "TYPE": None, "LENGTH": None, "SCALE": None, "FLAG": None, "NOTE": None}
    return {"PART": part, "SPACE": space, "ENTITY": entity, "NAME": name, **empty, **more}  # type: ignore[return-value]


def relation(kind: str, name: str, comment: str | None = None, space: str = "S") -> DetailRow:
    return _row(kind, name, name, space, NOTE=comment)


def column(  # noqa: PLR0917 - as a row of the system view has them
    entity: str,
    name: str,
    position: int,
    kind: str,
    length: int | None = None,
    scale: int | None = None,
    *,
    flag: str = "TRUE",
    note: str | None = None,
    space: str = "S",
) -> DetailRow:
    return _row(
        "column",
        entity,
        name,
        space,
        POSITION=position,
        TYPE=kind,
        LENGTH=length,
        SCALE=scale,
        FLAG=flag,
        NOTE=note,
    )


def key(entity: str, name: str, space: str = "S") -> DetailRow:
    return _row("key", entity, name, space)


def parameter(
    entity: str,
    name: str,
    position: int,
    kind: str,
    *,
    length: int | None = None,
    default: str | None = None,
    space: str = "S",
) -> DetailRow:
    return _row(
        "parameter",
        entity,
        name,
        space,
        POSITION=position,
        TYPE=kind,
        LENGTH=length,
        FLAG="FALSE" if default is None else "TRUE",
        NOTE=default,
    )


@dataclass
class ScriptedTransaction:
    """A ``Transaction`` that notes what it is asked, and whose counts are scripted.

    Attributes:
        counts: The answers to changes, in order; an error is raised, and 1 is the last of them.
        described: What a query returns.
        relations: What the catalogue says, whatever is asked.
        make: The stream of another run.
        asked: Requests in order; ``commit``, ``close`` and the like as words.
    """

    counts: list[int | Error | None] = field(default_factory=list)
    described: tuple[Column, ...] = ()
    relations: list[DetailRow] = field(default_factory=list)
    make: Callable[[pa.Schema], BatchStream] = lambda schema: ScriptedStream(schema, [])
    refused: tuple[str, ...] = ()
    asked: list[Any] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)
    ended: Error | None = None

    @property
    def is_open(self) -> bool:
        return self.ended is None

    @property
    def changes(self) -> list[Any]:
        return [each for each in self.asked if isinstance(each, Change | Insert)]

    def describe(self, sql: str, subject: str) -> Described:
        self.asked.append(sql)
        return Described(self.described)

    def change(self, request: Change | Insert, subject: str) -> int | None:
        self.asked.append(request)
        self.subjects.append(subject)
        count = self.counts.pop(0) if self.counts else 1
        if isinstance(count, Error):
            raise count
        return count

    def open(self, run: Run, schema: pa.Schema, subject: str) -> BatchStream:
        self.asked.append(run)
        if "SYS." not in run.sql:
            return self.make(schema)
        found: list[Any] = [{name: row[name] for name in schema.names} for row in self.relations]
        batches = pa.Table.from_pylist(found, schema).to_batches()
        return ScriptedStream(schema, [lambda _, batch=batch: batch for batch in batches])

    def commit(self) -> None:
        self.asked.append("commit")
        self.ended = UnknownTransaction("committed")

    def end(self, reason: Error) -> None:
        self.asked.append("end")
        self.ended = reason

    def roll_back(self, reason: Error) -> None:
        self.asked.append("roll back")
        self.ended = reason

    def close(self) -> None:
        self.asked.append("close")


@dataclass
class ScriptedPool:
    """A ``Pool`` whose catalogue is a list of rows for each user, and whose streams are scripted.

    Attributes:
        rows: By the label of the user.
        described: What a query returns.
        markers: What the markers of a statement stand for.
        transaction: Which begins for whoever asks.
        answer: Rows of a table that is not of the catalogue.
        failing: What the catalogue says to some users instead, by their label.
        make: The stream of a run.
    """

    rows: dict[str, list[DetailRow]]
    described: tuple[Column, ...] = ()
    markers: tuple[HanaType | None, ...] = ()
    transaction: ScriptedTransaction = field(default_factory=ScriptedTransaction)
    answer: pa.Table | Error | None = None
    failing: dict[str, Error] = field(default_factory=dict)
    make: Callable[[pa.Schema], BatchStream] = lambda schema: ScriptedStream(schema, [])
    asked: list[tuple[str, Run]] = field(default_factory=list)
    opened: list[tuple[str, Run, str, str]] = field(default_factory=list)
    described_sql: list[str] = field(default_factory=list)
    prepared: list[tuple[str, str]] = field(default_factory=list)
    begun: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    closed: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def describe(self, user: DatabaseUser, sql: str, *, subject: str) -> Described:
        self.described_sql.append(sql)
        return Described(self.described, self.markers)

    def prepare(self, user: DatabaseUser, sql: str, *, subject: str) -> Described:
        self.prepared.append((user.label, sql))
        return Described((), self.markers)

    def begin(self, user: DatabaseUser, client_info: Mapping[str, str]) -> ScriptedTransaction:
        self.begun.append((user.label, dict(client_info)))
        return self.transaction

    def table(self, user: DatabaseUser, run: Run, *, subject: str) -> pa.Table:
        with self.lock:
            self.asked.append((user.label, run))
        if "SYS." not in run.sql:
            if isinstance(self.answer, Error):
                raise self.answer
            assert self.answer is not None
            return self.answer
        if user.label in self.failing:
            raise self.failing[user.label]
        schema = to_schema(run.columns)
        rows: list[Any] = [row for row in self.rows[user.label] if _asked_for(row, run)]
        if run.columns == NAME_COLUMNS:
            rows = [row for row in rows if row["PART"] in ("table", "view")]
        found = [{name: row[name] for name in schema.names} for row in rows]
        return pa.Table.from_pylist(found, schema)

    def open(
        self, user: DatabaseUser, run: Run, *, schema: pa.Schema, slot: str, subject: str
    ) -> BatchStream:
        self.opened.append((user.label, run, slot, subject))
        return self.make(schema)

    def close(self) -> None:
        self.closed = True


def _asked_for(row: DetailRow, run: Run) -> bool:
    """Each arm of the question binds the same values: a schema, a name, both or none."""
    bound = [
        place
        for place, marker in (("SPACE", "SCHEMA_NAME = ?"), ("ENTITY", "TABLE_NAME = ?"))
        if marker in run.sql
    ]
    return all(dict(row)[place] == value for place, value in zip(bound, run.values, strict=False))
