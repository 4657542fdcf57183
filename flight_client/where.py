"""Filters as users write them: tuples in lists, or a pyarrow expression; pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, TypeAlias, cast

import pyarrow.compute as pc

from flight_client.expressions import from_expression
from flight_client.protocol.errors import InvalidFilter, InvalidRead
from flight_client.protocol.filters import And, Comparison, Filter, Operator, Or, conjunction
from flight_client.protocol.literals import LiteralValue, check_literal
from flight_client.protocol.tickets import OrderKey
from flight_client.scalars import to_python

Condition: TypeAlias = tuple[str, str] | tuple[str, str, object]
"""One comparison: column, operator and, but for ``is null`` and ``is not null``, its value."""

Where: TypeAlias = (
    Condition | Sequence[Condition] | Sequence[Sequence[Condition]] | pc.Expression | Filter
)
"""AND inside a list, OR between lists."""

Order: TypeAlias = str | tuple[str, str] | OrderKey
"""A column, ascending; or the column and ``asc`` or ``desc``."""

_ALIASES: Final = {"==": "=", "<>": "!="}
_NULL_ADVICE: Final = {"=": "is null", "!=": "is not null"}
_LIST_ADVICE: Final = {"=": "in", "!=": "not in"}
_FORM: Final = "write (column, operator, value), a list of those, or a list of such lists"


def to_filter(where: Where | None) -> Filter | None:
    """The filter that a user's ``where`` means; None for all rows.

    Raises:
        InvalidFilter: Another form, an unknown operator, or a value that cannot be compared.
    """
    match where:
        case None:
            return None
        case And() | Or() | Comparison():
            return where
        case pc.Expression():
            return from_expression(where)
        case list() | tuple():
            items = cast("Sequence[object]", where)
            return _comparison(items) if _is_condition(items) else _alternatives(items)
        case _:
            raise InvalidFilter(f"{where!r:.80} is no filter; {_FORM}.")


def _alternatives(where: Sequence[object]) -> Filter | None:
    if all(_is_condition(item) for item in where):
        return conjunction(*[_comparison(item) for item in where])
    if not all(_is_list(item) for item in where):
        raise InvalidFilter(f"{where!r:.80} is no filter; {_FORM}.")
    terms = [_all_of(cast("Sequence[object]", item)) for item in where]
    return terms[0] if len(terms) == 1 else Or(tuple(terms))


def _is_list(item: object) -> bool:
    return isinstance(item, list | tuple) and not _is_condition(cast("object", item))


def _is_condition(item: object) -> bool:
    parts = cast("tuple[object, ...]", item) if isinstance(item, tuple) else ()
    return bool(parts) and isinstance(parts[0], str)


def _all_of(items: Sequence[object]) -> Filter:
    joined = conjunction(*[_comparison(item) for item in items])
    if joined is None:
        raise InvalidFilter("An inner list of a filter is empty; leave it out.")
    return joined


def _comparison(item: object) -> Comparison:
    parts = cast("tuple[object, ...]", item) if isinstance(item, tuple) else ()
    match parts:
        case (str(column), str(word)):
            return Comparison(column, _operator(word))
        case (str(column), str(word), value):
            op = _operator(word)
            if op in ("is null", "is not null"):
                if value is None:
                    return Comparison(column, op)
                raise InvalidFilter(
                    f"{op!r} takes no value; write ({column!r}, {op!r}).", column=column
                )
            return Comparison(column, op, _values(column, op, value))
        case _:
            raise InvalidFilter(f"{item!r:.80} is no condition; {_FORM}.")


def _operator(word: str) -> Operator:
    plain = " ".join(word.lower().split())
    return cast("Operator", _ALIASES.get(plain, plain))  # Comparison refuses an unknown one


def _values(column: str, op: Operator, value: object) -> tuple[LiteralValue, ...]:
    if op not in ("in", "not in", "between"):
        if op in _LIST_ADVICE and isinstance(value, list | tuple | set | frozenset):
            raise InvalidFilter(
                f"{op!r} on column {column!r} takes one value; write ({column!r}, "
                f"{_LIST_ADVICE[op]!r}, [...]) for any of several.",
                column=column,
            )
        return (_compared(column, op, value),)
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        wanted = "two values" if op == "between" else "a list of values"
        raise InvalidFilter(
            f"{op!r} on column {column!r} takes {wanted}; got {value!r:.80}.", column=column
        )
    return tuple(_compared(column, op, item) for item in cast("Iterable[object]", value))


def _compared(column: str, op: Operator, value: object) -> LiteralValue:
    plain = to_python(value)
    if plain is None:
        advice = _NULL_ADVICE.get(op, "is null")
        raise InvalidFilter(
            f"{op!r} on column {column!r} is never true for NULL; write ({column!r}, {advice!r}).",
            column=column,
        )
    try:
        return check_literal(plain)
    except InvalidFilter as error:
        raise InvalidFilter(f"Column {column!r}: {error.message}", column=column) from None


def to_order(order_by: object) -> tuple[OrderKey, ...]:
    """The sort keys that a user's ``order_by`` means: ``Order`` in a list, or None.

    Raises:
        InvalidRead: Another form.
    """
    match order_by:
        case None:
            return ()
        case str():
            raise InvalidRead(f"order_by is a list of columns; write [{order_by!r:.80}].")
        case (str(), str(direction)) if isinstance(order_by, tuple) and _is_direction(direction):
            raise InvalidRead(f"order_by is a list of sort keys; write [{order_by!r:.80}].")
        case Iterable():
            return tuple(_order_key(item) for item in cast("Iterable[object]", order_by))
        case _:
            raise InvalidRead(f"order_by is a list of columns; got {order_by!r:.80}.")


def _is_direction(word: str) -> bool:
    return word.lower() in ("asc", "desc")


def _order_key(item: object) -> OrderKey:
    match item:
        case OrderKey():
            return item
        case str():
            return OrderKey(item)
        case (str(column), str(direction)) if _is_direction(direction):
            return OrderKey(column, descending=direction.lower() == "desc")
        case _:
            raise InvalidRead(
                f"{item!r:.80} is no sort key; write a column, (column, 'asc') or (column, 'desc')."
            )
