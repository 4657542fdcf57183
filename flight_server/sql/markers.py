"""What the markers of an admitted statement stand for, by what they are held against. Pure.

A database that types its markers is asked instead. What stands here is only what every database
would say: a marker beside a column has the column's type. Where there is any doubt it has none.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from sqlglot import exp

from flight_client.protocol.catalog import Column, HanaType
from flight_server.sql.changing import nodes
from flight_server.sql.strict import TypeName
from flight_server.sql.writer import MARKER_NUMBER, child, children

ColumnsOf: TypeAlias = Callable[[str, str], Sequence[Column] | None]
"""The columns of the entity of a space and a name; None where there is none."""

_TEXT: Final = HanaType("NVARCHAR")

CastType: TypeAlias = Callable[[str], HanaType]
"""The type that a CAST names as ``DECIMAL(15,2)``."""

_COMPARISONS: Final = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)

_OF_ARGUMENTS: Final = frozenset({"COALESCE", "IFNULL", "NULLIF", "GREATEST", "LEAST"})
"""Functions whose arguments and result are of one type."""

_EXTREMES: Final = frozenset({"MAX", "MIN"})

_OF_TEXT: Final = frozenset(
    {
        "CONCAT", "LCASE", "LENGTH", "LOWER", "LTRIM", "RTRIM", "SUBSTR", "SUBSTRING", "UCASE",
        "UPPER",
    }
)  # fmt: skip
"""Functions whose first argument is a text."""

_COUNTS: Final = frozenset({"COUNT", "LENGTH"})


@dataclass(frozen=True, slots=True)
class _Known:
    """The sources of one query or change, by the name that columns are qualified with."""

    sources: Mapping[str, Sequence[Column] | None]
    """None for what is no entity, such as a derived table."""

    def column(self, table: str, name: str) -> tuple[bool, HanaType | None]:
        """Whether the search ends here, and the type."""
        if table:
            key = _same(table, self.sources)
            if key is None:
                return False, None
            return True, _type_of(name, self.sources[key] or ())
        if None in self.sources.values():
            return True, None
        found = [_type_of(name, columns or ()) for columns in self.sources.values()]
        types = [kind for kind in found if kind is not None]
        return bool(types), types[0] if len(types) == 1 else None


def hana_cast(declared: str) -> HanaType:
    """The type of a CAST in HANA's SQL."""
    name, _, numbers = declared.rstrip(")").partition("(")
    match [int(number) for number in numbers.split(",") if number.isdigit()]:
        case [precision] if name == "DECIMAL":
            return HanaType(name, precision, 0)
        case found:
            return HanaType(name, *found[:2])


def marker_types(
    tree: exp.Expr, count: int, columns_of: ColumnsOf, cast_type: CastType
) -> tuple[HanaType | None, ...]:
    """The type of each marker, in the order of the caller's values.

    Args:
        tree: Of an admitted statement: tables qualified, markers numbered.
        count: Number of markers.
        columns_of: The catalogue.
        cast_type: The types of the dialect that ``tree`` is in.
    """
    typed = _Typed(columns_of, cast_type)
    found: dict[int, HanaType | None] = {}
    for marker in tree.find_all(exp.Placeholder):
        found[int(marker.meta[MARKER_NUMBER])] = typed.marker(marker)
    return tuple(found.get(number) for number in range(1, count + 1))


def columns_of_values(tree: exp.Expr, count: int, columns: Sequence[str]) -> list[str] | None:
    """The columns that the values go to, one by one, where a change does no more than that.

    It is an INSERT of one row of markers, in the order of the values.

    Args:
        tree: Of an admitted change.
        count: Number of its markers.
        columns: Of its target, in order.
    """
    if not isinstance(tree, nodes.InsertInto):
        return None
    values = [value for row in children(tree, "rows") for value in children(row)]
    numbers = [value.meta.get(MARKER_NUMBER) for value in values]
    if not count or numbers != list(range(1, count + 1)):
        return None
    names = [column.name for column in children(tree, "columns")] or list(columns)
    return names if len(names) == count else None


class _Typed:
    def __init__(self, columns_of: ColumnsOf, cast_type: CastType) -> None:
        self._columns_of = columns_of
        self._cast_type = cast_type
        self._known: dict[int, _Known] = {}

    def marker(self, marker: exp.Expr) -> HanaType | None:
        """What a marker stands for; None where it is not held against a column or a cast."""
        node = marker
        while isinstance(node.parent, exp.Paren):
            node = node.parent
        match node.parent:
            case exp.Like():
                return _TEXT
            case exp.In() | exp.Between() as condition:
                return self._first(node, condition.iter_expressions())
            case exp.Cast() as cast:
                return self._cast(cast)
            case exp.DPipe() | exp.Trim():
                return _TEXT
            case exp.Anonymous() as call:
                return self._argument(call, node)
            case nodes.Assignment() as assignment:
                return _type_of(assignment.this.name, self._target(assignment) or ())
            case nodes.Row() as row:
                at = next(at for at, value in enumerate(children(row)) if value is node)
                return self._value_of_row(row, at)
            case exp.Expr() as parent if isinstance(parent, _COMPARISONS):
                return self._first(node, parent.iter_expressions())
            case _:
                return None

    def _argument(self, call: exp.Expr, node: exp.Expr) -> HanaType | None:
        name, arguments = call.name.upper(), children(call)
        if name in _OF_ARGUMENTS:
            return self._first(node, arguments)
        return _TEXT if name in _OF_TEXT and arguments[0] is node else None

    def _first(self, marker: exp.Expr, beside: Iterable[exp.Expr]) -> HanaType | None:
        types = (self._expression(other) for other in beside if other is not marker)
        return next((kind for kind in types if kind is not None), None)

    def _expression(self, node: exp.Expr) -> HanaType | None:
        """The type of what a marker is held against; None for most that is not a column."""
        match node:
            case exp.Column():
                return self._column(node)
            case exp.Paren():
                return self._expression(node.this)
            case exp.Cast():
                return self._cast(node)
            case exp.DPipe() | exp.Trim():
                return _TEXT
            case exp.Literal() if node.is_string:
                return _TEXT
            case exp.Anonymous():
                return self._call(node)
            case _:
                return None

    def _call(self, call: exp.Expr) -> HanaType | None:
        name, arguments = call.name.upper(), children(call)
        if name in _COUNTS:
            return HanaType("BIGINT")
        if name in _OF_TEXT:
            return _TEXT
        if name in _OF_ARGUMENTS | _EXTREMES and arguments:
            return self._expression(arguments[0])
        return None

    def _cast(self, cast: exp.Expr) -> HanaType | None:
        to = child(cast, "to")
        if not isinstance(to, TypeName):
            return None
        numbers = ",".join(number.name for number in children(to))
        return self._cast_type(f"{to.name}({numbers})" if numbers else to.name)

    def _column(self, column: exp.Column) -> HanaType | None:
        around: exp.Expr | None = column.parent
        while around is not None:
            if isinstance(around, exp.Select | nodes.Statement):
                ends, found = self._sources(around).column(column.table, column.name)
                if ends:
                    return found
            around = around.parent
        return None

    def _sources(self, node: exp.Expr) -> _Known:
        known = self._known.get(id(node))
        if known is None:
            known = self._known[id(node)] = _Known(dict(self._listed(node)))
        return known

    def _listed(self, node: exp.Expr) -> Iterator[tuple[str, Sequence[Column] | None]]:
        if isinstance(node, exp.Select):
            from_ = child(node, "from_")
            joined = [join.this for join in children(node, "joins")]
            sources = joined if from_ is None else [from_.this, *joined]
        else:
            source = child(node, "source")
            sources = [node.this] if source is None else [node.this, source]
        for source in sources:
            yield source.alias_or_name, self._entity(source)

    def _entity(self, source: exp.Expr) -> Sequence[Column] | None:
        if not isinstance(source, exp.Table) or not isinstance(source.this, exp.Identifier):
            return None  # a derived table, or a view with arguments
        return self._columns_of(source.db, source.name) if source.db else None

    def _value_of_row(self, row: exp.Expr, at: int) -> HanaType | None:
        columns = self._target(row) or ()
        names = children(row.parent, "columns") if row.parent is not None else []
        if names:
            return _type_of(names[at].name, columns) if at < len(names) else None
        return columns[at].type if at < len(columns) else None

    def _target(self, node: exp.Expr) -> Sequence[Column] | None:
        statement = node.find_ancestor(nodes.Statement)
        return None if statement is None else self._entity(statement.this)


def _type_of(name: str, columns: Sequence[Column]) -> HanaType | None:
    types = {column.name: column.type for column in columns}
    key = _same(name, types)
    return None if key is None else types[key]


def _same(name: str, known: Mapping[str, object]) -> str | None:
    """The exact name, or the only one in another case: DuckDB's own SQL does not tell them apart.

    In HANA's SQL names were found exactly before.
    """
    if name in known:
        return name
    close = [candidate for candidate in known if candidate.lower() == name.lower()]
    return close[0] if len(close) == 1 else None
