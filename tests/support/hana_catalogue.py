"""Rows of HANA's catalogue as a test writes them, and a pool of readers that answers with them."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from flight_client.protocol.catalog import Column
from flight_client.protocol.errors import Error
from flight_client.protocol.schemas import to_schema
from flight_server.backends.base import BatchStream
from flight_server.backends.hana.access import DatabaseUser
from flight_server.backends.hana.entities import DetailRow
from flight_server.backends.hana.messages import Run
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
class ScriptedPool:
    """A ``Pool`` whose catalogue is a list of rows for each user, and whose streams are scripted.

    Attributes:
        rows: By the label of the user.
        described: What a query returns.
        answer: Rows of a table that is not of the catalogue.
        failing: What the catalogue says to some users instead, by their label.
        make: The stream of a run.
    """

    rows: dict[str, list[DetailRow]]
    described: tuple[Column, ...] = ()
    answer: pa.Table | Error | None = None
    failing: dict[str, Error] = field(default_factory=dict)
    make: Callable[[pa.Schema], BatchStream] = lambda schema: ScriptedStream(schema, [])
    asked: list[tuple[str, Run]] = field(default_factory=list)
    opened: list[tuple[str, Run, str, str]] = field(default_factory=list)
    described_sql: list[str] = field(default_factory=list)
    closed: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def describe(self, user: DatabaseUser, sql: str, *, subject: str) -> tuple[Column, ...]:
        self.described_sql.append(sql)
        return self.described

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
