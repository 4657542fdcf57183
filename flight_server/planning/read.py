"""From a ticket to a plan: every name and value checked, every default filled in; knows no SQL."""

from dataclasses import dataclass
from typing import Final

from flight_client.protocol.catalog import Column, Entity
from flight_client.protocol.errors import InvalidRead
from flight_client.protocol.schemas import to_schema
from flight_client.protocol.tickets import OrderKey, ReadTicket
from flight_server.planning.arguments import resolve_arguments
from flight_server.planning.conditions import resolve_filter
from flight_server.planning.families import COMPARABLE, family
from flight_server.planning.names import find_column
from flight_server.planning.partitions import resolve_slice, split
from flight_server.planning.plan import ReadPlan

__all__ = ["Limits", "known_rows", "plan_read", "split"]

MIB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the server allows a read.

    Attributes:
        default_batch_bytes: Size of record batches where the ticket names none.
        max_batch_bytes: Largest size that a ticket gets.
        scan_parts: Most endpoints of a large scan in SQL, where the caller leaves that open.
    """

    default_batch_bytes: int = 4 * MIB
    max_batch_bytes: int = 16 * MIB
    scan_parts: int = 4

    def batch_bytes(self, asked: int | None) -> int:
        """The size of batches for a ticket that asks for this one, or for none."""
        return min(asked or self.default_batch_bytes, self.max_batch_bytes)


def plan_read(
    ticket: ReadTicket, entity: Entity, limits: Limits, *, by_position: bool = False
) -> ReadPlan:
    """The plan of a ticket.

    Args:
        ticket: Its entity and space are not looked at: ``entity`` is what they name.
        entity: The entity to read.
        limits: Of the server.
        by_position: Whether the backend can cut a read into runs of rows.

    Raises:
        UnknownColumn: With the nearest names.
        InvalidFilter: A comparison without meaning for its column.
        InvalidParameter: An input parameter is missing, unknown or of a wrong type.
        InvalidRead: Columns, order or partition do not fit the entity.
        UnsupportedType: A column to read has no Arrow type.
    """
    columns = _columns(ticket, entity)
    to_schema(columns)  # raises for a type without counterpart, before anything is opened
    return ReadPlan(
        entity=entity,
        columns=columns,
        arguments=resolve_arguments(ticket.parameters, entity),
        where=None if ticket.where is None else resolve_filter(ticket.where, entity),
        order_by=_order(ticket.order_by, entity),
        limit=ticket.limit,
        offset=ticket.offset,
        sample=ticket.sample,
        slice=resolve_slice(ticket, entity, by_position=by_position),
        batch_bytes=limits.batch_bytes(ticket.batch_bytes),
        compression=ticket.compression,
    )


def known_rows(ticket: ReadTicket, row_count: int | None) -> int | None:
    """How many rows a ticket returns, where that follows from the rows of its entity.

    Args:
        ticket: Of a whole read or of one part.
        row_count: Exact number of rows of the entity; None where not known.

    Returns:
        None for a filter, a sample, parameters or one of several parts: those must be counted.
    """
    partition = ticket.partition
    is_part = partition is not None and partition.number is not None and partition.of > 1
    if row_count is None or ticket.where is not None or ticket.parameters or is_part:
        return None
    if ticket.sample is not None and ticket.sample.fraction < 1:
        return None
    rows = max(row_count - ticket.offset, 0)
    return rows if ticket.limit is None else min(rows, ticket.limit)


def _columns(ticket: ReadTicket, entity: Entity) -> tuple[Column, ...]:
    if ticket.columns is None:
        return entity.columns
    seen: set[str] = set()
    for name in ticket.columns:
        if name in seen:
            raise InvalidRead(f"Column {name!r} is asked for twice; name it once.", column=name)
        seen.add(name)
    return tuple(find_column(entity, name) for name in ticket.columns)


def _order(keys: tuple[OrderKey, ...], entity: Entity) -> tuple[OrderKey, ...]:
    for key in keys:
        column = find_column(entity, key.column)
        if family(column.type) not in COMPARABLE:
            raise InvalidRead(
                f"Column {column.name!r} is {column.type}, which has no order; order by another.",
                column=column.name,
            )
    return keys
