"""HANA SQL as a tree of values: what was written, before any name or type is known."""

from dataclasses import dataclass
from typing import Literal as OneOf
from typing import TypeAlias

from tests.hana_emulator.values import DeclaredType

# Values


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal. ``value`` is the text of a string or number, hex digits, or a moment's text."""

    kind: OneOf[
        "string", "integer", "decimal", "double", "binary", "date", "time", "timestamp", "null",
        "boolean",
    ]  # fmt: skip
    value: str
    position: int


@dataclass(frozen=True, slots=True)
class Name:
    """A column, perhaps with its table and schema in front."""

    parts: tuple[str, ...]
    position: int


@dataclass(frozen=True, slots=True)
class Star:
    """``*`` or ``"T".*``."""

    parts: tuple[str, ...]
    position: int


@dataclass(frozen=True, slots=True)
class MarkerRef:
    """A ``?`` (``number`` counts them from 0) or ``:name``."""

    number: int
    name: str
    position: int


@dataclass(frozen=True, slots=True)
class Unary:
    operand: "Value"
    position: int


@dataclass(frozen=True, slots=True)
class Binary:
    """``+ - * / ||``."""

    operator: str
    left: "Value"
    right: "Value"
    position: int


@dataclass(frozen=True, slots=True)
class SortKey:
    value: "Value"
    descending: bool
    nulls_first: bool


@dataclass(frozen=True, slots=True)
class Window:
    """``frame`` is its text in upper case, checked while it was read."""

    partition: tuple["Value", ...]
    order: tuple[SortKey, ...]
    frame: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function; ``star`` is COUNT(*), ``order`` stands inside the brackets."""

    name: str
    arguments: tuple["Value", ...]
    position: int
    distinct: bool = False
    star: bool = False
    order: tuple[SortKey, ...] = ()
    within: tuple[SortKey, ...] = ()
    over: Window | None = None
    brackets: bool = True


@dataclass(frozen=True, slots=True)
class Word:
    """A bare word as an argument: a rounding mode, a field of EXTRACT, a mode of TRIM."""

    text: str
    position: int


@dataclass(frozen=True, slots=True)
class Regex:
    """``REPLACE_REGEXPR(pattern FLAG f IN subject WITH r FROM s OCCURRENCE n GROUP g)``."""

    name: str
    parts: dict[str, "Value"]
    position: int


@dataclass(frozen=True, slots=True)
class Cast:
    operand: "Value"
    type: DeclaredType
    position: int


@dataclass(frozen=True, slots=True)
class Case:
    operand: "Value | None"
    branches: tuple[tuple["Value | Condition", "Value"], ...]
    default: "Value | None"
    position: int


@dataclass(frozen=True, slots=True)
class Scalar:
    query: "Query"
    position: int


@dataclass(frozen=True, slots=True)
class RowValue:
    items: tuple["Value", ...]
    position: int


Value: TypeAlias = (
    Constant | Name | Star | MarkerRef | Unary | Binary | Call | Word | Regex | Cast | Case | Scalar
    | RowValue
)  # fmt: skip

# Conditions


@dataclass(frozen=True, slots=True)
class Compare:
    operator: str
    left: Value
    right: Value
    position: int


@dataclass(frozen=True, slots=True)
class Quantified:
    operator: str
    left: Value
    quantifier: str
    query: "Query"
    position: int


@dataclass(frozen=True, slots=True)
class Between:
    value: Value
    low: Value
    high: Value
    negated: bool
    position: int


@dataclass(frozen=True, slots=True)
class Membership:
    value: Value
    items: "tuple[Value, ...] | Query"
    negated: bool
    position: int


@dataclass(frozen=True, slots=True)
class Like:
    value: Value
    pattern: Value
    escape: Value | None
    negated: bool
    position: int


@dataclass(frozen=True, slots=True)
class LikeRegex:
    value: Value
    pattern: Value
    flag: Value | None
    negated: bool
    position: int


@dataclass(frozen=True, slots=True)
class IsNull:
    value: Value
    negated: bool
    position: int


@dataclass(frozen=True, slots=True)
class Exists:
    query: "Query"
    position: int


@dataclass(frozen=True, slots=True)
class Not:
    condition: "Condition"


@dataclass(frozen=True, slots=True)
class Logic:
    """Conditions with AND or OR between them."""

    operator: OneOf["AND", "OR"]
    conditions: tuple["Condition", ...]


Condition: TypeAlias = (
    Compare | Quantified | Between | Membership | Like | LikeRegex | IsNull | Exists | Not | Logic
)

# Queries


@dataclass(frozen=True, slots=True)
class Item:
    """An item of a SELECT list; ``text`` is how it was written."""

    value: Value
    alias: str | None
    text: str


@dataclass(frozen=True, slots=True)
class TableName:
    """A table or view; ``arguments`` if brackets followed: (parameter or None, value)."""

    parts: tuple[str, ...]
    position: int
    arguments: tuple[tuple[str | None, Value], ...] | None = None
    alias: str | None = None
    sample: tuple[str, Value] | None = None


@dataclass(frozen=True, slots=True)
class Derived:
    query: "Query"
    alias: str | None
    columns: tuple[str, ...]
    position: int


@dataclass(frozen=True, slots=True)
class Join:
    """``kind`` as DuckDB spells it: INNER, LEFT, RIGHT, FULL, CROSS."""

    kind: str
    left: "Source"
    right: "Source"
    on: Condition | None


Source: TypeAlias = TableName | Derived | Join


@dataclass(frozen=True, slots=True)
class GroupItem:
    """``kind`` VALUE, ROLLUP, CUBE or SETS; the last three hold lists of values."""

    kind: str
    sets: tuple[tuple[Value, ...], ...]


@dataclass(frozen=True, slots=True)
class Select:
    items: tuple[Item, ...]
    source: Source | None
    position: int
    distinct: bool = False
    top: Value | None = None
    where: Condition | None = None
    group: tuple[GroupItem, ...] = ()
    having: Condition | None = None


@dataclass(frozen=True, slots=True)
class SetOperation:
    """UNION, INTERSECT or EXCEPT, perhaps with ALL."""

    operator: str
    left: "Body"
    right: "Body"
    position: int


@dataclass(frozen=True, slots=True)
class Common:
    """A query with a name in front of another."""

    name: str
    columns: tuple[str, ...]
    query: "Query"


@dataclass(frozen=True, slots=True)
class Query:
    body: "Body"
    position: int
    commons: tuple[Common, ...] = ()
    order: tuple[SortKey, ...] = ()
    limit: Value | None = None
    offset: Value | None = None
    hints: tuple[str, ...] = ()


Body: TypeAlias = Select | SetOperation | Query
