"""Row filters: a tree of AND and OR over comparisons of one column with typed constants."""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

from flight_client.protocol.errors import InvalidFilter
from flight_client.protocol.literals import (
    LiteralValue,
    check_literal,
    literal_from_json,
    literal_to_json,
)
from flight_client.protocol.strict_json import Fields, array, text

Operator: TypeAlias = Literal[
    "=", "!=", "<", "<=", ">", ">=",
    "in", "not in", "between", "like", "not like", "is null", "is not null",
]  # fmt: skip

OPERATORS: Final[tuple[Operator, ...]] = get_args(Operator)
MAX_IN_VALUES: Final = 65_535
"""Most values of one IN list [HANA Cloud system limitations]."""
MAX_DEPTH: Final = 32
"""Deepest nesting of AND and OR."""

_TOO_DEEP: Final = f"A filter has {MAX_DEPTH} levels of AND and OR at most; join more terms in one."


@dataclass(frozen=True, slots=True)
class Comparison:
    """One column compared with constants; NULL never satisfies it, but for ``is null``.

    Attributes:
        column: Exact name of the column.
        op: The operator. ``like`` knows ``%`` and ``_``, and the backslash escapes them.
        values: None for ``is null`` and ``is not null``, two for ``between`` (both inclusive), one
            or more for ``in`` and ``not in``, one for the others.

    Raises:
        InvalidFilter: An unknown operator, a wrong number of values, or a value HANA cannot hold.
    """

    column: str
    op: Operator
    values: tuple[LiteralValue, ...] = ()

    def __post_init__(self) -> None:
        _check_operator(self.op)
        self._check_count()
        for value in self.values:
            check_literal(value)
        if self.op in ("like", "not like") and not isinstance(self.values[0], str):
            raise InvalidFilter(
                f"{self.op!r} on column {self.column!r} needs a text pattern; "
                f"got {self.values[0]!r:.80}."
            )

    def _check_count(self) -> None:
        count = len(self.values)
        match self.op:
            case "is null" | "is not null":
                wanted, fits = "no value", count == 0
            case "between":
                wanted, fits = "two values", count == 2
            case "in" | "not in":
                wanted, fits = f"1 to {MAX_IN_VALUES} values", 1 <= count <= MAX_IN_VALUES
            case _:
                wanted, fits = "one value", count == 1
        if not fits:
            raise InvalidFilter(
                f"{self.op!r} on column {self.column!r} takes {wanted}; got {count}.",
                column=self.column,
            )


@dataclass(frozen=True, slots=True)
class And:
    """Rows that satisfy every term; two terms at least, 32 levels of AND and OR at most."""

    terms: "tuple[Filter, ...]"

    def __post_init__(self) -> None:
        _check_terms("and", self.terms)


@dataclass(frozen=True, slots=True)
class Or:
    """Rows that satisfy some term; two terms at least, 32 levels of AND and OR at most."""

    terms: "tuple[Filter, ...]"

    def __post_init__(self) -> None:
        _check_terms("or", self.terms)


Filter: TypeAlias = Comparison | And | Or


def _check_terms(word: str, terms: tuple[Filter, ...]) -> None:
    if len(terms) < 2:
        raise InvalidFilter(f"{word!r} joins two terms or more; got {len(terms)}.")
    if 1 + max(map(_depth, terms)) > MAX_DEPTH:
        raise InvalidFilter(_TOO_DEEP)


def _depth(tree: Filter) -> int:
    return 0 if isinstance(tree, Comparison) else 1 + max(map(_depth, tree.terms))


def _check_operator(op: str) -> Operator:
    if op not in OPERATORS:
        raise InvalidFilter(f"{op!r:.80} is no operator; use one of {', '.join(OPERATORS)}.")
    return op


def conjunction(*terms: Filter | None) -> Filter | None:
    """The terms joined by AND; those that are None are left out."""
    present = tuple(term for term in terms if term is not None)
    if not present:
        return None
    return present[0] if len(present) == 1 else And(present)


def comparisons(tree: Filter | None) -> tuple[Comparison, ...]:
    """The leaves of a tree, left to right."""
    match tree:
        case None:
            return ()
        case Comparison():
            return (tree,)
        case And(terms) | Or(terms):
            return tuple(leaf for term in terms for leaf in comparisons(term))


def filter_to_json(tree: Filter) -> dict[str, object]:
    """The JSON form of a filter."""
    match tree:
        case And(terms):
            return {"and": [filter_to_json(term) for term in terms]}
        case Or(terms):
            return {"or": [filter_to_json(term) for term in terms]}
        case Comparison(column, op, values):
            form: dict[str, object] = {"column": column, "op": op}
            if op in ("in", "not in", "between"):
                form["values"] = [literal_to_json(value) for value in values]
            elif values:
                form["value"] = literal_to_json(values[0])
            return form


def filter_from_json(form: object, where: str, depth: int = MAX_DEPTH) -> Filter:
    """The filter of a JSON form.

    Raises:
        InvalidTicket: The form is not one of ``filter_to_json``.
        InvalidFilter: The form is right and its meaning is not, or it is over 32 levels deep.
    """
    fields = Fields(form, where)
    for word, build in (("and", And), ("or", Or)):
        if fields.has(word):
            if depth == 0:
                raise InvalidFilter(_TOO_DEEP)
            terms = fields.need(word, array(lambda item, at: filter_from_json(item, at, depth - 1)))
            fields.finish()
            return build(terms)
    column = fields.need("column", text)
    op = _check_operator(fields.need("op", text))
    if op in ("in", "not in", "between"):
        values = fields.need("values", array(_literal))
    elif op in ("is null", "is not null"):
        values = ()
    else:
        values = (fields.need("value", _literal),)
    fields.finish()
    return Comparison(column, op, values)


def _literal(form: object, _where: str) -> LiteralValue:
    return literal_from_json(form)
