"""Which syntax trees are a plain read: every node, and every slot of every node, is listed here.

What is not in the table is refused, so a construct that sqlglot learns tomorrow stays out until
somebody adds it. Names of functions, tables and columns are not this module's business.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias, cast

from sqlglot import exp

from flight_client.protocol.errors import RefusedSql
from flight_server.sql.hana import RegexFunction, RegexPredicate
from flight_server.sql.strict import Niladic, TemporalLiteral, TypeName

Node: TypeAlias = type[exp.Expr]


@dataclass(frozen=True, slots=True)
class Slot:
    """What one argument of a node may hold: nodes (one, or a list), or words.

    Attributes:
        nodes: Classes of the child nodes, exactly; subclasses are not meant.
        many: Whether it is a list of nodes.
        words: Values that are not nodes.
        pattern: Any text that matches entirely.
    """

    nodes: frozenset[Node] = frozenset()
    many: bool = False
    words: frozenset[str | bool] = frozenset()
    pattern: re.Pattern[str] | None = None

    def admits(self, value: object) -> bool:
        """Whether ``value`` may stand here; its own slots are checked elsewhere."""
        if isinstance(value, list):
            items = cast("list[object]", value)
            return self.many and all(type(item) in self.nodes for item in items)
        if isinstance(value, exp.Expr):
            return not self.many and type(value) in self.nodes
        if isinstance(value, str) and self.pattern is not None:
            return self.pattern.fullmatch(value) is not None
        if isinstance(value, str):
            return value.upper() in self.words
        return isinstance(value, bool) and value in self.words


Grammar: TypeAlias = Mapping[Node, Mapping[str, Slot]]


def _one(*nodes: Node) -> Slot:
    return Slot(frozenset(nodes))


def _many(*nodes: Node) -> Slot:
    return Slot(frozenset(nodes), many=True)


def _words(*words: str | bool) -> Slot:
    return Slot(words=frozenset(words))


def _text(pattern: str) -> Slot:
    return Slot(pattern=re.compile(pattern, re.DOTALL))


_COMPARISONS: Final = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_ARITHMETIC: Final = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.DPipe)
_QUERIES: Final = (exp.Select, exp.Union, exp.Intersect, exp.Except, exp.Subquery)
_VALUES: Final[tuple[Node, ...]] = (
    *_COMPARISONS,
    *_ARITHMETIC,
    exp.And,
    exp.Anonymous,
    exp.Between,
    exp.Boolean,
    exp.Case,
    exp.Cast,
    exp.Column,
    exp.Escape,
    exp.Exists,
    exp.Extract,
    exp.Filter,
    exp.HexString,
    exp.ILike,
    exp.In,
    exp.IntDiv,
    exp.Is,
    exp.Like,
    exp.Literal,
    exp.Mod,
    exp.Neg,
    exp.Not,
    exp.Null,
    exp.Or,
    exp.Paren,
    exp.Placeholder,
    exp.Subquery,
    exp.Trim,
    exp.Window,
    exp.WithinGroup,
    Niladic,
    RegexFunction,
    RegexPredicate,
    TemporalLiteral,
)

_VALUE: Final = _one(*_VALUES)
_LIST: Final = _many(*_VALUES)
_NAME: Final = _one(exp.Identifier)
_SOURCE: Final = _one(exp.Table, exp.Subquery)
_TAIL: Final = {
    "order": _one(exp.Order),
    "limit": _one(exp.Limit),
    "offset": _one(exp.Offset),
    "with_": _one(exp.With),
}
_SET_OPERATION: Final = {
    "this": _one(*_QUERIES),
    "expression": _one(*_QUERIES),
    "distinct": _words(True),
    **_TAIL,
}
_BINARY: Final = {"this": _VALUE, "expression": _VALUE}
_COMPARISON: Final = {"this": _VALUE, "expression": _one(*_VALUES, exp.Any, exp.All)}
_BOUND: Final = Slot(
    frozenset({exp.Literal}), words=frozenset({"UNBOUNDED", "CURRENT ROW"}), many=False
)

_SHARED: Final[Grammar] = {
    # queries
    exp.Select: {
        "expressions": _many(*_VALUES, exp.Star, exp.Alias),
        "distinct": _one(exp.Distinct),
        "from_": _one(exp.From),
        "joins": _many(exp.Join),
        "where": _one(exp.Where),
        "group": _one(exp.Group),
        "having": _one(exp.Having),
        **_TAIL,
    },
    exp.Union: {**_SET_OPERATION, "distinct": _words(True, False)},
    exp.Intersect: _SET_OPERATION,
    exp.Except: _SET_OPERATION,
    exp.Subquery: {
        "this": _one(*_QUERIES, exp.Table),
        "alias": _one(exp.TableAlias),
        "joins": _many(exp.Join),
        **_TAIL,
    },
    exp.With: {"expressions": _many(exp.CTE)},
    exp.CTE: {"this": _one(*_QUERIES), "alias": _one(exp.TableAlias)},
    exp.TableAlias: {"this": _NAME, "columns": _many(exp.Identifier)},
    exp.From: {"this": _SOURCE},
    exp.Join: {
        "this": _SOURCE,
        "on": _VALUE,
        "side": _words("LEFT", "RIGHT", "FULL"),
        "kind": _words("INNER", "OUTER", "CROSS"),
    },
    exp.Table: {
        "this": _one(exp.Identifier, exp.Anonymous),
        "db": _NAME,
        "alias": _one(exp.TableAlias),
        "sample": _one(exp.TableSample),
        "joins": _many(exp.Join),
    },
    exp.TableSample: {"method": _one(exp.Var), "percent": _one(exp.Literal)},
    exp.Where: {"this": _VALUE},
    exp.Having: {"this": _VALUE},
    exp.Group: {"expressions": _many(*_VALUES, exp.Tuple, exp.Rollup, exp.Cube, exp.GroupingSets)},
    exp.Rollup: {"expressions": _many(*_VALUES, exp.Tuple)},
    exp.Cube: {"expressions": _many(*_VALUES, exp.Tuple)},
    exp.GroupingSets: {"expressions": _many(*_VALUES, exp.Tuple)},
    exp.Order: {"this": _one(*_VALUES), "expressions": _many(exp.Ordered)},
    exp.Ordered: {
        "this": _VALUE,
        "desc": _words(True, False),
        "nulls_first": _words(True, False),
    },
    exp.Limit: {"expression": _one(exp.Literal)},
    exp.Offset: {"expression": _one(exp.Literal)},
    # values
    exp.Alias: {"this": _VALUE, "alias": _NAME},
    exp.And: _BINARY,
    exp.Or: _BINARY,
    **dict.fromkeys(_COMPARISONS, _COMPARISON),
    **dict.fromkeys(_ARITHMETIC, _BINARY),
    exp.DPipe: {**_BINARY, "safe": _words(True)},
    exp.Any: {"this": _one(*_QUERIES)},
    exp.All: {"this": _one(*_QUERIES)},
    exp.Anonymous: {
        "this": Slot(frozenset({exp.Identifier}), pattern=re.compile(r"[A-Za-z_][A-Za-z0-9_]*")),
        "expressions": _many(*_VALUES, exp.Star, exp.Distinct, exp.Order, exp.Var, exp.Kwarg),
    },
    exp.Between: {"this": _VALUE, "low": _VALUE, "high": _VALUE},
    exp.Boolean: {"this": _words(True, False)},
    exp.Case: {"this": _VALUE, "ifs": _many(exp.If), "default": _VALUE},
    exp.If: {"this": _VALUE, "true": _VALUE},
    exp.Cast: {"this": _VALUE, "to": _one(TypeName)},
    exp.Column: {"this": _one(exp.Identifier, exp.Star), "table": _NAME, "db": _NAME},
    exp.Distinct: {"expressions": _LIST},
    exp.Escape: {"this": _one(exp.Like), "expression": _one(exp.Literal, exp.Placeholder)},
    exp.Exists: {"this": _one(*_QUERIES)},
    exp.Extract: {"this": _one(exp.Var), "expression": _VALUE},
    exp.HexString: {"this": _text(r"(?:[0-9A-Fa-f]{2})*")},
    exp.Identifier: {
        "this": _text(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,128}"),
        "quoted": _words(True, False),
    },
    exp.In: {
        "this": _one(*_VALUES, exp.Tuple),
        "expressions": _many(*_VALUES, exp.Tuple),
        "query": _one(exp.Subquery),
    },
    exp.Is: {"this": _VALUE, "expression": _one(exp.Null)},
    exp.Kwarg: {"this": _NAME, "expression": _VALUE},
    exp.Like: {**_BINARY, "negate": _words(True)},
    exp.Literal: {
        "this": Slot(words=frozenset({""}), pattern=re.compile(r"[^\x00]*", re.DOTALL)),
        "is_string": _words(True, False),
    },
    exp.Neg: {"this": _VALUE},
    exp.Not: {"this": _VALUE},
    exp.Null: {},
    exp.Paren: {"this": _VALUE},
    exp.Placeholder: {},
    exp.Star: {},
    exp.Trim: {
        "this": _VALUE,
        "expression": _VALUE,
        "position": _words("BOTH", "LEADING", "TRAILING"),
    },
    exp.Tuple: {"expressions": _LIST},
    exp.Var: {"this": _text(r"[A-Z_]+")},
    exp.Window: {
        "this": _one(exp.Anonymous, exp.WithinGroup),
        "partition_by": _LIST,
        "order": _one(exp.Order),
        "spec": _one(exp.WindowSpec),
        "over": _words("OVER"),
    },
    exp.WindowSpec: {
        "kind": _words("ROWS", "GROUPS"),
        "start": _BOUND,
        "start_side": _words("PRECEDING", "FOLLOWING"),
        "end": _BOUND,
        "end_side": _words("PRECEDING", "FOLLOWING"),
    },
    exp.WithinGroup: {"this": _one(exp.Anonymous), "expression": _one(exp.Order)},
}

_TEMPORAL: Final = _words("DATE", "TIME", "TIMESTAMP")

HANA: Final[Grammar] = {
    **_SHARED,
    Niladic: {"this": _text(r"[A-Z_]+")},
    TemporalLiteral: {"this": _one(exp.Literal), "kind": _TEMPORAL},
    TypeName: {"this": _text(r"[A-Z]+"), "expressions": _many(exp.Literal)},
    RegexFunction: {
        "this": _words("REPLACE_REGEXPR", "SUBSTRING_REGEXPR", "OCCURRENCES_REGEXPR"),
        "pattern": _VALUE,
        "flag": _one(exp.Literal),
        "subject": _VALUE,
        "replacement": _VALUE,
        "start": _VALUE,
        "occurrence": _one(*_VALUES, exp.Var),
        "group": _VALUE,
    },
    RegexPredicate: {"this": _VALUE, "pattern": _VALUE, "flag": _one(exp.Literal)},
}
"""A read in HANA's SQL."""

DUCKDB: Final[Grammar] = {
    **_SHARED,
    Niladic: HANA[Niladic],
    TemporalLiteral: HANA[TemporalLiteral],
    TypeName: HANA[TypeName],
    exp.Table: {slot: rule for slot, rule in _SHARED[exp.Table].items() if slot != "sample"},
    exp.Filter: {"this": _one(exp.Anonymous), "expression": _one(exp.Where)},
    exp.ILike: {**_BINARY, "negate": _words(True)},
    exp.IntDiv: _BINARY,
    exp.Mod: _BINARY,
}
"""A read in DuckDB's SQL."""

_SAYS_NOTHING: Final = frozenset(
    {("Between", "symmetric"), ("Div", "typed"), ("Div", "safe"), ("DPipe", "safe")}
)
"""Slots that the parser fills with False where the text says nothing; elsewhere False speaks."""

_SPOKEN: Final = {
    "Alias.alias": "an alias that is not a name",
    "Anonymous.expressions": "a list, a query or an alias as an argument",
    "Anonymous.this": "a function whose name has other characters than letters, digits and _",
    "Array": "a list",
    "AtTimeZone": "AT TIME ZONE",
    "Bracket": "square brackets",
    "CTE.materialized": "MATERIALIZED",
    "Column.catalog": "a column name of four parts",
    "Concat": "texts beside one another without ||",
    "DataType": "a type where a value belongs",
    "Distinct.on": "DISTINCT ON",
    "Dot": "a dot behind a value",
    "Except.distinct": "EXCEPT ALL",
    "Fetch": "FETCH FIRST (write LIMIT)",
    "HexString.this": "a binary literal with an odd number of digits",
    "In.field": "IN without brackets",
    "Intersect.distinct": "INTERSECT ALL",
    "Interval": "INTERVAL (write ADD_DAYS and the like)",
    "Identifier.this": "a name that is empty, too long or has control characters",
    "Into": "SELECT ... INTO",
    "Join.kind": "this kind of join",
    "Join.method": "NATURAL, ASOF or POSITIONAL JOIN",
    "Join.using": "JOIN ... USING",
    "Limit.expression": "a LIMIT that is not a number",
    "Literal.this": "a literal with a NUL character",
    "Lock": "FOR UPDATE",
    "Offset.expression": "an OFFSET that is not a number",
    "Select.kind": "SELECT AS STRUCT",
    "Select.windows": "a WINDOW clause",
    "Table.catalog": "a table name of three parts",
    "Table.this": "a table name that is no name",
    "Tuple": "a list of values in brackets outside IN",
    "Unnest": "UNNEST",
    "Values": "VALUES",
    "Version": "FOR SYSTEM_TIME",
    "WindowSpec.kind": "a window frame other than ROWS or GROUPS",
    "With.recursive": "WITH RECURSIVE",
}
"""How messages call a node, or a slot of one; the others go by the name of their class."""


def _refusal(name: str) -> RefusedSql:
    construct = _SPOKEN.get(name)
    if construct is None:
        node, _, slot = name.partition(".")
        construct = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", node).upper()
        construct += f" with {slot.strip('_')}" if slot else ""
    return RefusedSql(
        f"The SQL uses {construct}, which a read may not; write a plain SELECT without it.",
        construct=construct,
    )


def check(tree: exp.Expr, grammar: Grammar) -> None:
    """Walks the whole tree against the table and drops the slots that say nothing.

    Raises:
        RefusedSql: A node or a slot is not in the table; the message names it.
    """
    pending = [tree]
    while pending:
        node = pending.pop()
        slots = grammar.get(type(node))
        if slots is None:
            raise _refusal(type(node).__name__)
        owner = type(node).__name__
        for name, value in list(node.args.items()):
            slot = slots.get(name)
            if slot is not None and slot.admits(value):
                pending.extend(_children(value))
            elif _says_nothing(node, name, value):
                del node.args[name]
            else:
                named = f"{owner}.{name}" in _SPOKEN
                strangers = [
                    item
                    for item in _children(value)
                    if type(item) not in grammar or (type(item) is exp.Tuple and not named)
                ]
                raise _refusal(type(strangers[0]).__name__ if strangers else f"{owner}.{name}")


def _says_nothing(node: exp.Expr, slot: str, value: object) -> bool:
    if slot in node.required_args:
        return False
    unset = value is False and (type(node).__name__, slot) in _SAYS_NOTHING
    return unset or value in (None, [], "")


def _children(value: object) -> list[exp.Expr]:
    items = cast("list[object]", value) if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, exp.Expr)]
