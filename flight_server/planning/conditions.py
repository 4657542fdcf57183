"""Filters against a catalogue: every column known, every constant a value of its column's type.

What a constant cannot be is decided here and not in a database: a comparison with a value outside
its column's type becomes one that means the same (below 300 is "not NULL" for a TINYINT, and equal
to it is never). Does not know SQL.
"""

import re
from decimal import Decimal
from typing import Final

from flight_client.protocol.catalog import Column, Entity
from flight_client.protocol.errors import InvalidFilter
from flight_client.protocol.filters import And, Comparison, Filter, Operator, Or, comparisons
from flight_client.protocol.literals import LiteralValue
from flight_server.planning.constants import Fit, Mismatch, describe, fit
from flight_server.planning.families import COMPARABLE, Family, family
from flight_server.planning.names import find_column

_NULL_TESTS: Final[tuple[Operator, ...]] = ("is null", "is not null")
_LIKES: Final[tuple[Operator, ...]] = ("like", "not like")
_EQUALITIES: Final[tuple[Operator, ...]] = ("=", "!=", "in", "not in")

_PATTERN: Final = re.compile(r"(?:[^\\]|\\[\\%_])*", re.DOTALL)


MAX_CONSTANTS: Final = 65_535
"""Most constants of one filter, as many as one IN list may have: DuckDB binds them in 3 s."""

MAX_COMPARISONS: Final = 2_000
"""Most comparisons of one filter; DuckDB binds so many in half a second, and 20,000 in 11 s, which
nothing can interrupt."""


def resolve_filter(tree: Filter, entity: Entity) -> Filter:
    """The filter with the same meaning whose constants are values of their columns' types.

    Raises:
        UnknownColumn: With the nearest names.
        InvalidFilter: An operator or a constant that has no meaning for its column, or too many.
    """
    leaves = comparisons(tree)
    constants = sum(len(leaf.values) for leaf in leaves)
    if len(leaves) > MAX_COMPARISONS or constants > MAX_CONSTANTS:
        raise InvalidFilter(
            f"The filter has {len(leaves):,} comparisons and {constants:,} constants, and a read "
            f"takes {MAX_COMPARISONS:,} and {MAX_CONSTANTS:,} at most; use 'in', or join a table."
        )
    return _resolved(tree, entity)


def _resolved(tree: Filter, entity: Entity) -> Filter:
    match tree:
        case And(terms):
            return And(tuple(_resolved(term, entity) for term in terms))
        case Or(terms):
            return Or(tuple(_resolved(term, entity) for term in terms))
        case Comparison():
            column = find_column(entity, tree.column)
            _check_operator(tree, column)
            return _resolve(tree, column)


def _check_operator(comparison: Comparison, column: Column) -> None:
    """Raise InvalidFilter where the type of the column does not know the operator."""
    group, op = family(column.type), comparison.op
    if op in _NULL_TESTS:
        return
    if op in _LIKES:
        if group not in (Family.TEXT, Family.LARGE_TEXT):
            raise _invalid(column, f"is {column.type}; {op!r} needs a column of characters.")
        pattern = comparison.values[0]
        if not isinstance(pattern, str) or not _PATTERN.fullmatch(pattern):
            raise _invalid(
                column,
                f"has the pattern {pattern!r:.80}; a backslash stands before %, _ or another "
                "backslash only.",
            )
    elif group not in COMPARABLE:
        known = (*_LIKES, *_NULL_TESTS) if group is Family.LARGE_TEXT else _NULL_TESTS
        words = ", ".join(repr(word) for word in known)
        raise _invalid(column, f"is {column.type}; HANA knows only {words} for it, not {op!r}.")
    elif group is Family.BOOLEAN and op not in _EQUALITIES:
        raise _invalid(column, f"is BOOLEAN; use one of {', '.join(_EQUALITIES)}, not {op!r}.")


def _resolve(comparison: Comparison, column: Column) -> Filter:
    op = comparison.op
    if op in _NULL_TESTS or op in _LIKES:
        return comparison
    fits = [_fit(value, column, op) for value in comparison.values]
    if op == "between":
        low, high = fits
        if low.exact and high.exact:
            return _compare(column, op, low, high)
        return And((_order(column, ">=", low), _order(column, "<=", high)))
    if op in _EQUALITIES:
        held = [found for found in fits if found.exact]
        if held:
            return _compare(column, op, *held)
        return _never(column) if op in ("=", "in") else Comparison(column.name, "is not null")
    return _order(column, op, fits[0])


def _fit(value: LiteralValue, column: Column, op: Operator) -> Fit:
    try:
        found = fit(value, column.type)
    except Mismatch as mismatch:
        raise _invalid(column, str(mismatch)) from None
    if (
        family(column.type) is Family.INTEGER
        and op in _EQUALITIES
        and isinstance(value, Decimal)
        and value != value.to_integral_value()
    ):
        raise _invalid(
            column,
            f"is {column.type} and never equals {describe(value)}: pass an int, or compare with "
            "<, <=, > or >=.",
        )
    return found


def _order(column: Column, op: Operator, found: Fit) -> Filter:
    """A comparison by order with a constant that stands at, or just above, ``found.value``."""
    if found.value is None:
        return _never(column) if op in ("<", "<=") else Comparison(column.name, "is not null")
    if found.exact:
        return _compare(column, op, found)
    return _compare(column, "<=" if op in ("<", "<=") else ">", found)


def _compare(column: Column, op: Operator, *fits: Fit) -> Comparison:
    return Comparison(
        column.name, op, tuple(found.value for found in fits if found.value is not None)
    )


def _never(column: Column) -> Filter:
    """No row: the language has no constant for it, and every column can say this."""
    return And((Comparison(column.name, "is null"), Comparison(column.name, "is not null")))


def _invalid(column: Column, what: str) -> InvalidFilter:
    return InvalidFilter(f"Column {column.name!r} {what}", column=column.name)
