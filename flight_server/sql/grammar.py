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


def one(*nodes: Node) -> Slot:
    """A slot for one node of these classes."""
    return Slot(frozenset(nodes))


def many(*nodes: Node) -> Slot:
    """A slot for a list of nodes of these classes."""
    return Slot(frozenset(nodes), many=True)


def words(*values: str | bool) -> Slot:
    """A slot for one of these values."""
    return Slot(words=frozenset(values))


def _text(pattern: str) -> Slot:
    return Slot(pattern=re.compile(pattern, re.DOTALL))


_COMPARISONS: Final = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
_ARITHMETIC: Final = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.DPipe)
QUERIES: Final = (exp.Select, exp.Union, exp.Intersect, exp.Except, exp.Subquery)
VALUES: Final[tuple[Node, ...]] = (
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

VALUE: Final = one(*VALUES)
_LIST: Final = many(*VALUES)
NAME: Final = one(exp.Identifier)
SOURCE: Final = one(exp.Table, exp.Subquery)
_TAIL: Final = {
    "order": one(exp.Order),
    "limit": one(exp.Limit),
    "offset": one(exp.Offset),
    "with_": one(exp.With),
}
_SET_OPERATION: Final = {
    "this": one(*QUERIES),
    "expression": one(*QUERIES),
    "distinct": words(True),
    **_TAIL,
}
_BINARY: Final = {"this": VALUE, "expression": VALUE}
_COMPARISON: Final = {"this": VALUE, "expression": one(*VALUES, exp.Any, exp.All)}
_BOUND: Final = Slot(
    frozenset({exp.Literal}), words=frozenset({"UNBOUNDED", "CURRENT ROW"}), many=False
)

_SHARED: Final[Grammar] = {
    # queries
    exp.Select: {
        "expressions": many(*VALUES, exp.Star, exp.Alias),
        "distinct": one(exp.Distinct),
        "from_": one(exp.From),
        "joins": many(exp.Join),
        "where": one(exp.Where),
        "group": one(exp.Group),
        "having": one(exp.Having),
        **_TAIL,
    },
    exp.Union: {**_SET_OPERATION, "distinct": words(True, False)},
    exp.Intersect: _SET_OPERATION,
    exp.Except: _SET_OPERATION,
    exp.Subquery: {
        "this": one(*QUERIES, exp.Table),
        "alias": one(exp.TableAlias),
        "joins": many(exp.Join),
        **_TAIL,
    },
    exp.With: {"expressions": many(exp.CTE)},
    exp.CTE: {"this": one(*QUERIES), "alias": one(exp.TableAlias)},
    exp.TableAlias: {"this": NAME, "columns": many(exp.Identifier)},
    exp.From: {"this": SOURCE},
    exp.Join: {
        "this": SOURCE,
        "on": VALUE,
        "side": words("LEFT", "RIGHT", "FULL"),
        "kind": words("INNER", "OUTER", "CROSS"),
    },
    exp.Table: {
        "this": one(exp.Identifier, exp.Anonymous),
        "db": NAME,
        "alias": one(exp.TableAlias),
        "sample": one(exp.TableSample),
        "joins": many(exp.Join),
    },
    exp.TableSample: {"method": one(exp.Var), "percent": one(exp.Literal)},
    exp.Where: {"this": VALUE},
    exp.Having: {"this": VALUE},
    exp.Group: {"expressions": many(*VALUES, exp.Tuple, exp.Rollup, exp.Cube, exp.GroupingSets)},
    exp.Rollup: {"expressions": many(*VALUES, exp.Tuple)},
    exp.Cube: {"expressions": many(*VALUES, exp.Tuple)},
    exp.GroupingSets: {"expressions": many(*VALUES, exp.Tuple)},
    exp.Order: {"this": one(*VALUES), "expressions": many(exp.Ordered)},
    exp.Ordered: {
        "this": VALUE,
        "desc": words(True, False),
        "nulls_first": words(True, False),
    },
    exp.Limit: {"expression": one(exp.Literal)},
    exp.Offset: {"expression": one(exp.Literal)},
    # values
    exp.Alias: {"this": VALUE, "alias": NAME},
    exp.And: _BINARY,
    exp.Or: _BINARY,
    **dict.fromkeys(_COMPARISONS, _COMPARISON),
    **dict.fromkeys(_ARITHMETIC, _BINARY),
    exp.DPipe: {**_BINARY, "safe": words(True)},
    exp.Any: {"this": one(*QUERIES)},
    exp.All: {"this": one(*QUERIES)},
    exp.Anonymous: {
        "this": Slot(frozenset({exp.Identifier}), pattern=re.compile(r"[A-Za-z_][A-Za-z0-9_]*")),
        "expressions": many(*VALUES, exp.Star, exp.Distinct, exp.Order, exp.Var, exp.Kwarg),
    },
    exp.Between: {"this": VALUE, "low": VALUE, "high": VALUE},
    exp.Boolean: {"this": words(True, False)},
    exp.Case: {"this": VALUE, "ifs": many(exp.If), "default": VALUE},
    exp.If: {"this": VALUE, "true": VALUE},
    exp.Cast: {"this": VALUE, "to": one(TypeName)},
    exp.Column: {"this": one(exp.Identifier, exp.Star), "table": NAME, "db": NAME},
    exp.Distinct: {"expressions": _LIST},
    exp.Escape: {"this": one(exp.Like), "expression": one(exp.Literal, exp.Placeholder)},
    exp.Exists: {"this": one(*QUERIES)},
    exp.Extract: {"this": one(exp.Var), "expression": VALUE},
    exp.HexString: {"this": _text(r"(?:[0-9A-Fa-f]{2})*")},
    exp.Identifier: {
        "this": _text(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,128}"),
        "quoted": words(True, False),
    },
    exp.In: {
        "this": one(*VALUES, exp.Tuple),
        "expressions": many(*VALUES, exp.Tuple),
        "query": one(exp.Subquery),
    },
    exp.Is: {"this": VALUE, "expression": one(exp.Null)},
    exp.Kwarg: {"this": NAME, "expression": VALUE},
    exp.Like: {**_BINARY, "negate": words(True)},
    exp.Literal: {
        "this": Slot(words=frozenset({""}), pattern=re.compile(r"[^\x00]*", re.DOTALL)),
        "is_string": words(True, False),
    },
    exp.Neg: {"this": VALUE},
    exp.Not: {"this": VALUE},
    exp.Null: {},
    exp.Paren: {"this": VALUE},
    exp.Placeholder: {},
    exp.Star: {},
    exp.Trim: {
        "this": VALUE,
        "expression": VALUE,
        "position": words("BOTH", "LEADING", "TRAILING"),
    },
    exp.Tuple: {"expressions": _LIST},
    exp.Var: {"this": _text(r"[A-Z_]+")},
    exp.Window: {
        "this": one(exp.Anonymous, exp.WithinGroup),
        "partition_by": _LIST,
        "order": one(exp.Order),
        "spec": one(exp.WindowSpec),
        "over": words("OVER"),
    },
    exp.WindowSpec: {
        "kind": words("ROWS", "GROUPS"),
        "start": _BOUND,
        "start_side": words("PRECEDING", "FOLLOWING"),
        "end": _BOUND,
        "end_side": words("PRECEDING", "FOLLOWING"),
    },
    exp.WithinGroup: {"this": one(exp.Anonymous), "expression": one(exp.Order)},
}

_TEMPORAL: Final = words("DATE", "TIME", "TIMESTAMP")

HANA: Final[Grammar] = {
    **_SHARED,
    Niladic: {"this": _text(r"[A-Z_]+")},
    TemporalLiteral: {"this": one(exp.Literal), "kind": _TEMPORAL},
    TypeName: {"this": _text(r"[A-Z]+"), "expressions": many(exp.Literal)},
    RegexFunction: {
        "this": words("REPLACE_REGEXPR", "SUBSTRING_REGEXPR", "OCCURRENCES_REGEXPR"),
        "pattern": VALUE,
        "flag": one(exp.Literal),
        "subject": VALUE,
        "replacement": VALUE,
        "start": VALUE,
        "occurrence": one(*VALUES, exp.Var),
        "group": VALUE,
    },
    RegexPredicate: {"this": VALUE, "pattern": VALUE, "flag": one(exp.Literal)},
}
"""A read in HANA's SQL."""

DUCKDB: Final[Grammar] = {
    **_SHARED,
    Niladic: HANA[Niladic],
    TemporalLiteral: HANA[TemporalLiteral],
    TypeName: HANA[TypeName],
    exp.Table: {slot: rule for slot, rule in _SHARED[exp.Table].items() if slot != "sample"},
    exp.Filter: {"this": one(exp.Anonymous), "expression": one(exp.Where)},
    exp.ILike: {**_BINARY, "negate": words(True)},
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
    "ColumnDefinition.default": "a DEFAULT that is no constant",
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


def _refusal(name: str, advice: str) -> RefusedSql:
    construct = _SPOKEN.get(name)
    if construct is None:
        node, _, slot = name.partition(".")
        construct = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", node).upper()
        construct += f" with {slot.strip('_')}" if slot else ""
    return RefusedSql(f"The SQL uses {construct}, {advice}.", construct=construct)


READ_ADVICE: Final = "which a read may not; write a plain SELECT without it"
CHANGE_ADVICE: Final = "which a change may not; write it without"


def check(tree: exp.Expr, grammar: Grammar, advice: str = READ_ADVICE) -> None:
    """Walks the whole tree against the table and drops the slots that say nothing.

    Args:
        tree: The statement.
        grammar: What it may consist of.
        advice: The end of the sentence about anything else.

    Raises:
        RefusedSql: A node or a slot is not in the table; the message names it.
    """
    pending = [tree]
    while pending:
        node = pending.pop()
        slots = grammar.get(type(node))
        if slots is None:
            raise _refusal(type(node).__name__, advice)
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
                refused = type(strangers[0]).__name__ if strangers else f"{owner}.{name}"
                raise _refusal(refused, advice)


def _says_nothing(node: exp.Expr, slot: str, value: object) -> bool:
    if slot in node.required_args:
        return False
    unset = value is False and (type(node).__name__, slot) in _SAYS_NOTHING
    return unset or value in (None, [], "")


def _children(value: object) -> list[exp.Expr]:
    items = cast("list[object]", value) if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, exp.Expr)]
