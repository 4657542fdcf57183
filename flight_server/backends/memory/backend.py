"""Arrow tables in memory as a backend; knows no SQL."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NoReturn, Self

import pyarrow as pa

from flight_client.protocol.catalog import Column, Entity, Space
from flight_client.protocol.errors import InvalidParameter, UnknownEntity, UnsupportedSql
from flight_client.protocol.literals import LiteralValue
from flight_client.protocol.schemas import to_columns, to_schema
from flight_server.backends.base import (
    Described,
    ForeignKey,
    PrimaryKey,
    TableName,
    WriteTransaction,
)
from flight_server.backends.memory.selection import extremes
from flight_server.backends.memory.stream import MemoryStream, rows_of
from flight_server.backends.memory.tables import Stored, Tables
from flight_server.backends.memory.writing import NO_SQL, MemoryWriteTransaction
from flight_server.planning.plan import KeyRange, ReadPlan
from flight_server.sql.changes import AdmittedChange
from flight_server.sql.gate import AdmittedQuery, CallerDialect
from flight_server.sql.statement import Statement


class MemoryBackend:
    """A ``Backend`` over tables that are given to it; without SQL and without parameters.

    Args:
        spaces: Tables by the name of their space and their own. Each is brought once into the
            Arrow types of the protocol (dictionaries decoded, for example); columns that have
            them already are shared, not copied, and every read shares them too.
        changes: Whether tables may be made, changed and dropped in the spaces that are given.

    Raises:
        UnsupportedType: A column whose type has no HANA counterpart.
    """

    def __init__(
        self, spaces: Mapping[str, Mapping[str, pa.Table]], *, changes: bool = False
    ) -> None:
        self._changes = changes
        self._closed = threading.Event()
        self._tables = Tables(
            {
                space: {name: _stored(space, name, table) for name, table in tables.items()}
                for space, tables in spaces.items()
            }
        )

    @property
    def kind(self) -> str:
        """Its name in messages and explanations."""
        return "memory"

    @property
    def caller_dialect(self) -> CallerDialect:
        """HANA, though no SQL is run here."""
        return CallerDialect.HANA

    @property
    def has_row_positions(self) -> bool:
        """Where its tables never change."""
        return not self._changes

    def acting_for(self, principal: str) -> Self:  # noqa: ARG002 - all read alike
        """The same for everybody: it has no users."""
        return self

    def spaces(self) -> Sequence[Space]:
        """The spaces, ordered by name."""
        return [Space(name) for name in self._tables.spaces]

    def entities(self, space: str | None) -> Sequence[Entity]:
        """The entities of a space or of all, ordered by space and name; none if unknown."""
        stored = sorted(self._tables.all().items())
        return [held.entity for (where, _), held in stored if space in (None, where)]

    def entity_names(self, space: str | None) -> Sequence[str]:
        """The names of the entities of a space or of all, in order, each once."""
        return sorted({entity.name for entity in self.entities(space)})

    def find(self, name: str) -> Sequence[Entity]:
        """The entities of exactly this name, ordered by space."""
        return [entity for entity in self.entities(None) if entity.name == name]

    def entity(self, space: str, name: str) -> Entity | None:
        """The entity of exactly these names."""
        found = self._tables.get((space, name))
        return None if found is None else found.entity

    def require_answers(self, space: str | None) -> None:
        """Nothing: every space is asked alike."""

    def primary_keys(self, of: TableName) -> Sequence[PrimaryKey]:
        """That of a table that was made here with one; tables that were given have none."""
        keys: list[PrimaryKey] = []
        for found in self.find(of.name):
            columns = tuple(column.name for column in found.columns if column.key)
            if columns and of.space in (None, found.space):
                keys.append(
                    PrimaryKey(
                        space=found.space, table=found.name, name="PRIMARY KEY", columns=columns
                    )
                )
        return keys

    def foreign_keys(
        self,
        of: TableName | None,  # noqa: ARG002
        to: TableName | None,  # noqa: ARG002
    ) -> Sequence[ForeignKey]:
        """None."""
        return ()

    def row_count(self, entity: Entity) -> int | None:
        """Number of rows."""
        return self._table(entity).num_rows

    def prefers_ranges(self, entity: Entity) -> bool:  # noqa: ARG002
        """No. Rows are cut by position, evenly and without a look at them."""
        return False

    def key_range(self, plan: ReadPlan, column: Column) -> KeyRange | None:
        """Least and greatest value of a column in the rows that the plan's filter lets through."""
        whole = replace(plan, columns=(column,), sample=None, slice=None)
        return extremes(rows_of(self._table(plan.entity), whole), column)

    def open(self, plan: ReadPlan) -> "MemoryStream":
        """A stream over the rows of a plan."""
        if plan.arguments:
            raise InvalidParameter("The memory backend has no views with input parameters.")
        return MemoryStream(self._table(plan.entity), plan, self._closed)

    def explain(self, plan: ReadPlan) -> Statement:
        """What ``open`` does, in words."""
        entity = plan.entity
        steps = [
            f"{len(plan.columns)} of {len(entity.columns)} columns of {entity.space}.{entity.name}",
            *(["filtered"] if plan.where is not None else []),
            *([f"part {plan.slice.number} of {plan.slice.of}"] if plan.slice is not None else []),
            *([f"sampled at {plan.sample.fraction}"] if plan.sample is not None else []),
            *([f"ordered by {', '.join(k.column for k in plan.order_by)}"] * bool(plan.order_by)),
            *([f"from row {plan.offset}"] if plan.offset else []),
            *([f"{plan.limit} rows at most"] if plan.limit is not None else []),
        ]
        return Statement(", ".join(steps))

    def describe_query(
        self, query: AdmittedQuery, parameters: Sequence[LiteralValue | None]
    ) -> pa.Schema:
        """Always refused."""
        self._refuse(query, parameters)

    def open_query(
        self,
        query: AdmittedQuery,
        parameters: Sequence[LiteralValue | None],
        batch_bytes: int,
    ) -> "MemoryStream":
        """Always refused."""
        self._refuse(query, parameters, batch_bytes)

    def explain_query(
        self, query: AdmittedQuery, parameters: Sequence[LiteralValue | None]
    ) -> Statement:
        """Always refused."""
        self._refuse(query, parameters)

    def prepare_query(self, query: AdmittedQuery) -> Described:
        """Always refused."""
        self._refuse(query)

    def prepare_change(self, change: AdmittedChange) -> Described:
        """Always refused."""
        self._refuse(change)

    def begin(self, space: str) -> WriteTransaction:  # noqa: ARG002 - all spaces are alike
        """A new transaction.

        Raises:
            UnsupportedSql: Its tables never change.
        """
        if not self._changes:
            raise UnsupportedSql("The memory backend was made to be read; serve a database.")
        return MemoryWriteTransaction(self._tables, self._closed)

    def close(self) -> None:
        """Streams still open end with an error."""
        self._closed.set()

    def _refuse(self, *_asked: object) -> NoReturn:
        raise UnsupportedSql(NO_SQL)

    def _table(self, entity: Entity) -> pa.Table:
        found = self._tables.get((entity.space, entity.name))
        if found is None:
            raise UnknownEntity(
                f"There is no entity {entity.name!r} in space {entity.space!r}.",
                space=entity.space,
                entity=entity.name,
            )
        return found.rows


def _stored(space: str, name: str, table: pa.Table) -> Stored:
    columns = to_columns(table.schema)
    schema = to_schema(columns)
    arrays = [
        column if column.type == kind else column.cast(kind)
        for column, kind in zip(table.columns, schema.types, strict=True)
    ]
    entity = Entity(space=space, name=name, kind="table", columns=columns)
    return Stored(entity, pa.table(arrays, schema=schema))
