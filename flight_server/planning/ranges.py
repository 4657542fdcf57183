"""Cutting a read into ranges of a column between its extremes; knows no SQL and asks nobody.

The parts are half-open, the first has no lower and the last no upper bound, and NULL belongs to the
first: whatever rows come or go after the extremes were looked up, each is in exactly one part. A
part is the read itself with a filter more, so any replica reads it again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Context, Decimal
from itertools import pairwise
from typing import Final, cast

from flight_client.protocol.catalog import Column, Entity, HanaType
from flight_client.protocol.errors import InvalidFilter, InvalidRead
from flight_client.protocol.filters import And, Comparison, Filter, Or, comparisons
from flight_client.protocol.literals import LiteralValue
from flight_client.protocol.tickets import ReadTicket
from flight_server.planning.conditions import MAX_COMPARISONS, MAX_CONSTANTS
from flight_server.planning.constants import Mismatch, fit
from flight_server.planning.families import Family, family
from flight_server.planning.names import find_column
from flight_server.planning.partitions import parts_wished
from flight_server.planning.plan import KeyRange

_BY_CHOICE: Final = (Family.INTEGER, Family.DATE, Family.TIMESTAMP, Family.DECIMAL)
"""Families with evenly spaced values; where no key can cut, the first of these that there is."""

_ADDED: Final = 3
"""Most comparisons, and more than constants, that a part adds to a filter."""

_FIRST: Final = datetime(1, 1, 1)  # noqa: DTZ001 - HANA's timestamps have no zone
_SECOND: Final = timedelta(seconds=1)
_MICROSECOND: Final = timedelta(microseconds=1)


def range_column(ticket: ReadTicket, entity: Entity, *, preferred: bool) -> Column | None:
    """The column whose ranges cut a read; None where it is cut by other means, or not at all.

    It is the column named, else the first of the key, the first integer, date, timestamp or decimal
    that can.

    Args:
        ticket: A read.
        entity: What it reads.
        preferred: Whether ranges are taken where the ticket leaves the method open.

    Raises:
        UnknownColumn: The column named is none of the entity.
        InvalidRead: Ranges are asked for and there is no such column, or no room for the filter.
    """
    wish = parts_wished(ticket)
    if wish is None or wish.method == "hash" or (wish.method is None and not preferred):
        return None
    named = None if wish.by is None else find_column(entity, wish.by)
    column = _first(entity) if named is None else named if _can_cut(named) else None
    if column is not None and _has_room(ticket.where, column):
        return column
    if wish.method is None:
        return None
    raise _refusal(entity, named, column)


def key_range(least: object, greatest: object, column: Column) -> KeyRange | None:
    """The extremes that a database gave for a column; None where they are NULL or out of its type.

    Args:
        least: The least value as a driver gives it; None for NULL.
        greatest: The greatest.
        column: Of integers, decimals with a scale, dates or timestamps.
    """
    low, high = _fitted(least, column), _fitted(greatest, column)
    return None if low is None or high is None else KeyRange(low, high)


def split_by_range(
    ticket: ReadTicket, entity: Entity, column: Column, extremes: KeyRange | None
) -> tuple[ReadTicket, ...]:
    """One ticket per endpoint, with the space filled in.

    Args:
        ticket: With a wish for parts.
        entity: What it reads.
        column: From ``range_column``.
        extremes: Of the column; None where no row has a value in it.

    Returns:
        As many as are wished for; fewer where there are fewer values between the extremes.
    """
    wish = parts_wished(ticket)
    whole = replace(ticket, space=entity.space, partition=None)
    if wish is None or extremes is None:
        return (whole,)
    bounds = boundaries(extremes, column.type, wish.of)
    if not bounds:
        return (whole,)
    may_be_null = column.nullable or entity.kind != "table"  # views do not know
    return tuple(
        replace(whole, where=_and(ticket.where, part))
        for part in _parts(column.name, bounds, may_be_null=may_be_null)
    )


def boundaries(extremes: KeyRange, declared: HanaType, parts: int) -> tuple[LiteralValue, ...]:
    """Values that cut the range into equal parts: ascending, over the least, up to the greatest.

    Args:
        extremes: Values of the type, the least first.
        declared: Integers, a decimal with a scale, DATE, SECONDDATE or TIMESTAMP.
        parts: How many, from 1.

    Returns:
        ``parts - 1`` values; fewer where there are fewer values in the range.
    """
    scale = _scale(declared)
    low, high = scale.position(extremes.least), scale.position(extremes.greatest)
    count = high - low + 1
    parts = min(parts, count)
    return tuple(scale.value(low + count * number // parts) for number in range(1, parts))


@dataclass(frozen=True, slots=True)
class _Scale:
    """The values of a type as whole numbers in the same order, without gaps, and back."""

    position: Callable[[LiteralValue], int]
    value: Callable[[int], LiteralValue]


def _scale(declared: HanaType) -> _Scale:
    match family(declared), declared:
        case Family.DECIMAL, HanaType(_, _, int(digits)):
            exact = Context(prec=80)
            return _Scale(
                lambda value: int(exact.scaleb(Decimal(cast("Decimal", value)), digits)),
                lambda position: exact.scaleb(Decimal(position), -digits),
            )
        case Family.DATE, _:
            return _Scale(lambda value: cast("date", value).toordinal(), date.fromordinal)
        case Family.TIMESTAMP, _:
            step = _SECOND if declared.name == "SECONDDATE" else _MICROSECOND
            return _Scale(
                lambda value: (cast("datetime", value) - _FIRST) // step,
                lambda position: _FIRST + position * step,
            )
        case _:
            return _Scale(lambda value: cast("int", value), lambda position: position)


def _parts(
    name: str, bounds: tuple[LiteralValue, ...], *, may_be_null: bool
) -> Iterator[tuple[Filter, ...]]:
    """The terms of each part; all of them must hold."""
    first = Comparison(name, "<", (bounds[0],))
    yield (Or((first, Comparison(name, "is null"))) if may_be_null else first,)
    for low, high in pairwise(bounds):
        yield Comparison(name, ">=", (low,)), Comparison(name, "<", (high,))
    yield (Comparison(name, ">=", (bounds[-1],)),)


def _and(where: Filter | None, part: tuple[Filter, ...]) -> Filter:
    """Both, without a further level where the filter is a list of terms already."""
    terms = where.terms if isinstance(where, And) else () if where is None else (where,)
    both = (*terms, *part)
    return both[0] if len(both) == 1 else And(both)


def _has_room(where: Filter | None, column: Column) -> bool:
    """Whether a filter takes the terms of a part and stays within what a ticket and a read may."""
    leaves = comparisons(where)
    constants = sum(len(leaf.values) for leaf in leaves)
    if len(leaves) + _ADDED > MAX_COMPARISONS or constants + _ADDED > MAX_CONSTANTS:
        return False
    null = Comparison(column.name, "is null")
    try:
        _and(where, (Or((null, null)),))
    except InvalidFilter:  # too many levels
        return False
    return True


def _first(entity: Entity) -> Column | None:
    able = [column for column in entity.columns if _can_cut(column)]
    of_key = (column for column in able if column.key)
    by_type = (column for kind in _BY_CHOICE for column in able if family(column.type) is kind)
    return next(of_key, None) or next(by_type, None)


def _can_cut(column: Column) -> bool:
    return family(column.type) in _BY_CHOICE


def _fitted(value: object, column: Column) -> LiteralValue | None:
    if value is None:
        return None
    try:
        return fit(cast("LiteralValue", value), column.type).value
    except Mismatch:
        return None


def _refusal(entity: Entity, named: Column | None, column: Column | None) -> InvalidRead:
    where = f"{entity.space}.{entity.name}"
    if column is not None:
        return InvalidRead(
            f"The filter of this read of {where} leaves no room for the bounds of its parts; make "
            "it shorter or flatter, or cut by 'hash'.",
        )
    if named is not None:
        return InvalidRead(
            f"Column {named.name!r} is {named.type} and has no ranges; name one of integers, "
            "decimals with a scale, dates or timestamps, or cut by 'hash'.",
            column=named.name,
        )
    return InvalidRead(
        f"{where} has no column of integers, decimals with a scale, dates or timestamps to cut it "
        "into ranges; cut by 'hash', or read it without partitions."
    )
