"""The plan of a read: a ticket whose every name and value was checked against the catalogue."""

from dataclasses import dataclass

import pyarrow as pa

from flight_client.protocol.catalog import Column, Entity, Parameter
from flight_client.protocol.filters import Filter
from flight_client.protocol.literals import LiteralValue
from flight_client.protocol.schemas import to_schema
from flight_client.protocol.tickets import Compression, OrderKey, Sample


@dataclass(frozen=True, slots=True)
class Argument:
    """The value given to an input parameter, of the parameter's type."""

    parameter: Parameter
    value: LiteralValue


@dataclass(frozen=True, slots=True)
class Slice:
    """Part ``number`` (from 0) of ``of`` disjoint parts, by the value of a column.

    Integers are cut by their remainder, other types by a hash; NULL belongs to part 0.
    """

    number: int
    of: int
    by: Column


@dataclass(frozen=True, slots=True)
class KeyRange:
    """Least and greatest value of a column, both of its type."""

    least: LiteralValue
    greatest: LiteralValue


@dataclass(frozen=True, slots=True)
class RowRun:
    """Run ``number`` (from 0) of ``of`` runs of rows, equal in length give or take one.

    Only for backends whose rows keep their position.
    """

    number: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPlan:
    """What a backend executes. Attributes mean what they mean in ``ReadTicket``.

    Every column name is exact and every constant is a value of its column's type.
    ``slice`` and ``limit``, ``offset`` or ``order_by`` never stand together.
    """

    entity: Entity
    columns: tuple[Column, ...]
    arguments: tuple[Argument, ...] = ()
    where: Filter | None = None
    order_by: tuple[OrderKey, ...] = ()
    limit: int | None = None
    offset: int = 0
    sample: Sample | None = None
    slice: Slice | RowRun | None = None
    batch_bytes: int
    compression: Compression = Compression.NONE

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema of the batches."""
        return to_schema(self.columns)
