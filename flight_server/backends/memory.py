"""Arrow tables in memory as a backend: for examples and tests, and to hold databases against."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, NoReturn, Self

import pyarrow as pa

from flight_client.protocol.catalog import Column, Entity, Space
from flight_client.protocol.errors import (
    Cancelled,
    DataError,
    Error,
    InvalidParameter,
    Unavailable,
    UnknownEntity,
    UnsupportedSql,
)
from flight_client.protocol.literals import LiteralValue
from flight_client.protocol.schemas import to_columns, to_schema
from flight_server.backends.base import (
    Described,
    ForeignKey,
    PrimaryKey,
    TableName,
    WriteTransaction,
)
from flight_server.backends.selection import extremes, selected
from flight_server.backends.sizing import sized
from flight_server.planning.plan import KeyRange, ReadPlan
from flight_server.sql.changes import AdmittedChange
from flight_server.sql.gate import AdmittedQuery, CallerDialect
from flight_server.sql.statement import Statement

_NO_SQL: Final = "The memory backend reads entities only; serve a database to send it SQL."


class MemoryBackend:
    """A ``Backend`` over tables that are given to it; without SQL and without parameters.

    Args:
        spaces: Tables by the name of their space and their own. Each is brought once into the
            Arrow types of the protocol (dictionaries decoded, for example); columns that have
            them already are shared, not copied, and every read shares them too.

    Raises:
        UnsupportedType: A column whose type has no HANA counterpart.
    """

    def __init__(self, spaces: Mapping[str, Mapping[str, pa.Table]]) -> None:
        self._entities: dict[str, dict[str, Entity]] = {}
        self._tables: dict[tuple[str, str], pa.Table] = {}
        self._closed = threading.Event()
        for space, tables in spaces.items():
            self._entities[space] = {}
            for name, table in tables.items():
                columns = to_columns(table.schema)
                self._entities[space][name] = Entity(
                    space=space, name=name, kind="table", columns=columns
                )
                self._tables[space, name] = _declared(table, to_schema(columns))

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
        """Its tables never change."""
        return True

    def acting_for(self, principal: str) -> Self:  # noqa: ARG002 - all read alike
        """The same for everybody: it has no users."""
        return self

    def spaces(self) -> Sequence[Space]:
        """The spaces, ordered by name."""
        return [Space(name) for name in sorted(self._entities)]

    def entities(self, space: str | None) -> Sequence[Entity]:
        """The entities of a space or of all, ordered by space and name; none if unknown."""
        spaces = sorted(self._entities) if space is None else [space]
        tables = [self._entities.get(each, {}) for each in spaces]
        return [found[name] for found in tables for name in sorted(found)]

    def entity_names(self, space: str | None) -> Sequence[str]:
        """The names of the entities of a space or of all, in order, each once."""
        return sorted({entity.name for entity in self.entities(space)})

    def find(self, name: str) -> Sequence[Entity]:
        """The entities of exactly this name, ordered by space."""
        return [entity for entity in self.entities(None) if entity.name == name]

    def entity(self, space: str, name: str) -> Entity | None:
        """The entity of exactly these names."""
        return self._entities.get(space, {}).get(name)

    def require_answers(self, space: str | None) -> None:
        """Nothing: every space is asked alike."""

    def primary_keys(self, of: TableName) -> Sequence[PrimaryKey]:  # noqa: ARG002
        """None: Arrow has no keys."""
        return ()

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
        return extremes(_selected(self._table(plan.entity), whole), column)

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

    def begin(self, space: str) -> WriteTransaction:
        """Always refused: its tables never change."""
        self._refuse(space)

    def close(self) -> None:
        """Streams still open end with an error."""
        self._closed.set()

    def _refuse(self, *_asked: object) -> NoReturn:
        raise UnsupportedSql(_NO_SQL)

    def _table(self, entity: Entity) -> pa.Table:
        try:
            return self._tables[entity.space, entity.name]
        except KeyError:
            raise UnknownEntity(
                f"There is no entity {entity.name!r} in space {entity.space!r}.",
                space=entity.space,
                entity=entity.name,
            ) from None


class MemoryStream:
    """A ``BatchStream`` over a table; the plan is evaluated by the first ``read``."""

    def __init__(self, table: pa.Table, plan: ReadPlan, backend_closed: threading.Event) -> None:
        self._schema = plan.schema
        self._batches = self._run(table, plan)
        self._backend_closed = backend_closed
        self._ended: Error | None = None

    @property
    def schema(self) -> pa.Schema:
        """Schema of every batch."""
        return self._schema

    @property
    def may_block(self) -> bool:
        """All is in memory."""
        return False

    def read(self) -> pa.RecordBatch | None:
        """The next batch, or None at the end."""
        self._raise_if_ended()
        try:
            batch = next(self._batches, None)
        except Error as error:
            self._ended = error
            raise
        self._raise_if_ended()
        return batch

    def cancel(self) -> None:
        """Let ``read`` raise from now on; an evaluation that runs comes to its end first."""
        self._ended = self._ended or Cancelled("The read was cancelled.")

    def close(self) -> None:
        """Let go of the table."""
        self._ended = self._ended or Cancelled("The stream is closed.")
        self._batches = iter(())

    def _raise_if_ended(self) -> None:
        if self._ended is None and self._backend_closed.is_set():
            self._ended = Unavailable("The server is closing; read again elsewhere.")
        if self._ended is not None:
            raise self._ended

    def _run(self, table: pa.Table, plan: ReadPlan) -> Iterator[pa.RecordBatch]:
        rows = _selected(table, plan)
        declared = pa.table(rows.columns, schema=self._schema)
        yield from sized(declared.to_batches(), plan.batch_bytes)


def _selected(table: pa.Table, plan: ReadPlan) -> pa.Table:
    try:
        return selected(table, plan)
    except pa.ArrowInvalid as error:
        name = f"{plan.entity.space}.{plan.entity.name}"
        raise DataError(f"{name} cannot be evaluated: {error!s:.200}.") from error


def _declared(table: pa.Table, schema: pa.Schema) -> pa.Table:
    columns = [
        column if column.type == kind else column.cast(kind)
        for column, kind in zip(table.columns, schema.types, strict=True)
    ]
    return pa.table(columns, schema=schema)
