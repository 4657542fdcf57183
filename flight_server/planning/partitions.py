"""Cutting a read into parts that anybody can cut again: by hash or position; knows no SQL."""

from collections.abc import Iterator
from dataclasses import replace

from flight_client.protocol.catalog import Column, Entity
from flight_client.protocol.errors import InvalidRead
from flight_client.protocol.tickets import Partition, ReadTicket
from flight_server.planning.families import SLICEABLE, Family, family
from flight_server.planning.names import find_column
from flight_server.planning.plan import RowRun, Slice


def split(
    ticket: ReadTicket, entity: Entity, *, by_position: bool = False
) -> tuple[ReadTicket, ...]:
    """One ticket per endpoint, with the space filled in.

    A wish for parts becomes as many tickets as parts. There is one ticket for a read that is a part
    already, and for one with an order, a limit or an offset: only one statement can keep those.

    Raises:
        UnknownColumn: The column to cut by is none of the entity.
        InvalidRead: It cannot cut, or there is none that can.
    """
    placed = replace(ticket, space=entity.space)
    partition = ticket.partition
    if partition is None or partition.number is not None:
        return (placed,)
    if partition.by is not None:
        _cutting_column(partition, entity)
    if parts_wished(ticket) is None:
        return (replace(placed, partition=None),)
    positional = _is_positional(partition, by_position=by_position)
    by = None if positional else _cutting_column(partition, entity).name
    return tuple(
        replace(placed, partition=replace(partition, number=number, by=by))
        for number in range(partition.of)
    )


def resolve_slice(
    ticket: ReadTicket, entity: Entity, *, by_position: bool = False
) -> Slice | RowRun | None:
    """The part that a ticket asks for; None for the whole.

    Args:
        ticket: A read.
        entity: What it reads.
        by_position: Whether rows keep their position, so that no column has to be chosen.

    Raises:
        UnknownColumn: The column to cut by is none of the entity.
        InvalidRead: It cannot cut, or the ticket has an order, a limit or an offset too.
    """
    partition = ticket.partition
    if partition is None or partition.number is None:
        return None
    positional = _is_positional(partition, by_position=by_position)
    column = None if positional else _cutting_column(partition, entity)
    if _has_one_statement(ticket):
        raise InvalidRead(
            "A part of a read has no limit, offset or order_by: the first rows of a part are not "
            "a part of the first rows; leave them or the partition out."
        )
    if partition.of == 1:
        return None
    if column is None:
        return RowRun(partition.number, partition.of)
    return Slice(partition.number, partition.of, column)


def parts_wished(ticket: ReadTicket) -> Partition | None:
    """The wish for several parts; None where there is none, or one statement must do."""
    partition = ticket.partition
    if partition is None or partition.number is not None or partition.of == 1:
        return None
    return None if _has_one_statement(ticket) else partition


def _is_positional(partition: Partition, *, by_position: bool) -> bool:
    return by_position and partition.by is None and partition.method != "hash"


def _has_one_statement(ticket: ReadTicket) -> bool:
    return bool(ticket.order_by) or ticket.limit is not None or ticket.offset > 0


def _cutting_column(partition: Partition, entity: Entity) -> Column:
    """The column named, else the first of the key, the first integer, the first that can cut."""
    if partition.by is None:
        found = next(_candidates(entity), None)
        if found is None:
            raise InvalidRead(
                f"{entity.space}.{entity.name} has no column that can cut it into parts; read it "
                "without partitions."
            )
        return found
    column = find_column(entity, partition.by)
    if family(column.type) not in SLICEABLE:
        raise InvalidRead(
            f"Column {column.name!r} is {column.type} and cannot cut a read into parts; name one "
            "of integers, decimals with a scale, characters, bytes, dates or timestamps.",
            column=column.name,
        )
    return column


def _candidates(entity: Entity) -> Iterator[Column]:
    able = [column for column in entity.columns if family(column.type) in SLICEABLE]
    yield from (column for column in able if column.key)
    yield from (column for column in able if family(column.type) is Family.INTEGER)
    yield from able
