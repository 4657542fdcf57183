"""Which admitted queries are a plain scan of one entity, so that a read by ticket means the same.

A scan can be cut into parts, a query cannot. Where there is any doubt whether both mean the same,
the query stays a query. Types of columns are not known here: planning refuses a constant that does
not belong to its column's type, and the caller then keeps the query too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Final

from sqlglot import exp

from flight_client.protocol.errors import InvalidFilter
from flight_client.protocol.filters import And, Comparison, Filter, Operator, Or
from flight_client.protocol.literals import LiteralValue
from flight_server.sql.gate import AdmittedQuery, CallerDialect
from flight_server.sql.strict import TemporalLiteral
from flight_server.sql.writer import MARKER_NUMBER, child, children, spine, word

MAX_WHOLE_NUMBER: Final = 2**24
"""Largest number of a condition, either sign. Beyond it, and with a fraction, a ticket compares
with a REAL column as with a number of single precision, and a query may not."""

_COMPARISONS: Final[Mapping[type[exp.Expr], Operator]] = {
    exp.EQ: "=",
    exp.NEQ: "!=",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_NEGATED: Final[Mapping[Operator, Operator]] = {
    "in": "not in",
    "like": "not like",
    "is null": "is not null",
}


@dataclass(frozen=True, slots=True)
class Scan:
    """A read of one entity.

    Attributes:
        space: Exact name.
        entity: Exact name.
        columns: In the order of the result; None for all.
        where: Which rows; None for all.
    """

    space: str
    entity: str
    columns: tuple[str, ...] | None
    where: Filter | None


class _Doubt(Exception):
    """The query is more than a scan, or may mean something else as one."""


def scan_of(query: AdmittedQuery, parameters: Sequence[LiteralValue | None]) -> Scan | None:
    """The scan that a query of HANA's SQL is; None for every other query.

    Its columns have the names that the query would give them.

    Args:
        query: What passed the gate.
        parameters: The values of its markers.
    """
    select = query.expression
    if query.dialect is not CallerDialect.HANA or query.hints or not isinstance(select, exp.Select):
        return None
    try:
        return _scan(select, parameters)
    except (_Doubt, InvalidFilter, RecursionError):
        return None


def _scan(select: exp.Select, parameters: Sequence[LiteralValue | None]) -> Scan:
    table: exp.Expr | None = _only(select, "expressions", "from_", "where").args["from_"].this
    if not isinstance(table, exp.Table) or not isinstance(table.this, exp.Identifier):
        raise _Doubt
    space = child(_only(table, "this", "db", "alias"), "db")
    if space is None:  # DUMMY, or a query of WITH
        raise _Doubt
    where = child(select, "where")
    condition = _Conditions(parameters).read(where.this) if where is not None else None
    return Scan(space.name, table.name, _columns(select), condition)


def _only(node: exp.Expr, *slots: str) -> exp.Expr:
    """The node, if nothing but these slots is filled."""
    if any(value for slot, value in node.args.items() if slot not in slots):
        raise _Doubt
    return node


def _columns(select: exp.Select) -> tuple[str, ...] | None:
    items = children(select)
    if len(items) == 1 and _is_star(items[0]):
        return None
    names = tuple(map(_plain_name, items))
    if len(set(names)) != len(names):
        raise _Doubt
    return names


def _is_star(item: exp.Expr) -> bool:
    return isinstance(item, exp.Star) or (
        isinstance(item, exp.Column) and isinstance(item.this, exp.Star)
    )


def _plain_name(item: exp.Expr) -> str:
    """The name of a column that keeps it."""
    column = item.this if isinstance(item, exp.Alias) else item
    if not isinstance(column, exp.Column) or _is_star(column) or item.alias_or_name != column.name:
        raise _Doubt
    return column.name


class _Conditions:
    """Reads a WHERE as a filter."""

    def __init__(self, parameters: Sequence[LiteralValue | None]) -> None:
        self._parameters = parameters
        self._readers: dict[type[exp.Expr], Callable[[exp.Expr], Filter]] = {
            exp.And: lambda node: And(tuple(map(self.read, spine(node, exp.And)))),
            exp.Or: lambda node: Or(tuple(map(self.read, spine(node, exp.Or)))),
            exp.Paren: lambda node: self.read(node.this),
            exp.Between: self._between,
            exp.Escape: self._escaped,
            exp.In: self._in,
            exp.Is: lambda node: Comparison(self._column(node), "is null"),
            exp.Like: self._like,
            exp.Not: self._not,
            **dict.fromkeys(_COMPARISONS, self._comparison),
        }

    def read(self, node: exp.Expr) -> Filter:
        """The filter that a condition is."""
        reader = self._readers.get(type(node))
        if reader is None:
            raise _Doubt
        return reader(node)

    def _column(self, node: exp.Expr) -> str:
        column = node.this
        if not isinstance(column, exp.Column):
            raise _Doubt
        return column.name

    def _comparison(self, node: exp.Expr) -> Filter:
        value = self._constant(node.args["expression"])
        return Comparison(self._column(node), _COMPARISONS[type(node)], (value,))

    def _between(self, node: exp.Expr) -> Filter:
        bounds = self._constant(node.args["low"]), self._constant(node.args["high"])
        return Comparison(self._column(node), "between", bounds)

    def _in(self, node: exp.Expr) -> Filter:
        if child(node, "query") is not None:
            raise _Doubt
        return Comparison(self._column(node), "in", tuple(map(self._constant, children(node))))

    def _like(self, node: exp.Expr) -> Filter:
        """LIKE; HANA has no escape character by default, and filters have the backslash."""
        pattern = self._text(node.args["expression"]).replace("\\", "\\\\")
        return Comparison(self._column(node), "not like" if _negates(node) else "like", (pattern,))

    def _escaped(self, node: exp.Expr) -> Filter:
        like = node.this
        if self._text(node.args["expression"]) != "\\":
            raise _Doubt
        pattern = self._text(like.args["expression"])
        return Comparison(self._column(like), "not like" if _negates(like) else "like", (pattern,))

    def _not(self, node: exp.Expr) -> Filter:
        inner = node.this
        found = self.read(inner.this if isinstance(inner, exp.Paren) else inner)
        if not isinstance(found, Comparison) or found.op not in _NEGATED:
            raise _Doubt
        return Comparison(found.column, _NEGATED[found.op], found.values)

    def _text(self, node: exp.Expr) -> str:
        value = self._constant(node)
        if not isinstance(value, str):
            raise _Doubt
        return value

    def _constant(self, node: exp.Expr) -> LiteralValue:
        """The value of a literal or a marker that both ways of reading compare with alike."""
        value = self._value(node)
        if isinstance(value, bool | str | bytes | date | time):
            return value
        if isinstance(value, int) and abs(value) <= MAX_WHOLE_NUMBER:
            return value
        raise _Doubt

    def _value(self, node: exp.Expr) -> LiteralValue | None:
        match node:
            case exp.Placeholder():
                return self._parameters[int(node.meta[MARKER_NUMBER]) - 1]
            case exp.Boolean():
                return bool(node.this)
            case exp.Literal() if node.is_string:
                return node.name
            case exp.Literal() if node.name.isdecimal():
                return int(node.name)
            case exp.Neg(this=exp.Literal() as number) if number.name.isdecimal():
                return None if number.is_string else -int(number.name)
            case TemporalLiteral():
                return _moment(word(node, "kind"), node.this.name)
            case _:
                return None


def _negates(like: exp.Expr) -> bool:
    return bool(like.args.get("negate"))


def _moment(kind: str, text: str) -> LiteralValue | None:
    """A literal of the gate; None for a seventh digit of a second, which Python cannot hold."""
    if kind == "DATE":
        return date.fromisoformat(text)
    if kind == "TIME":
        return time.fromisoformat(text)
    return None if len(text) > len("2024-01-31 23:59:59.123456") else datetime.fromisoformat(text)
