"""The gate for changes: a caller's text in, one change of one writable table out, or a refusal.

It works as the read-only gate does, and shares its lists: parsed, every node compared with a list,
every name resolved, the SQL written anew from the tree. What is changed lies in a space to write to
and is named in the result; whether the principal may write at all was decided before.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlglot import exp

from flight_client.protocol.errors import Error, InvalidSql, RefusedSql, UnsupportedSql
from flight_server.sql import calls, grammar
from flight_server.sql.changes import AdmittedChange, ChangeKind
from flight_server.sql.changing import nodes
from flight_server.sql.changing.grammar import DUCKDB_CHANGES, HANA_CHANGES
from flight_server.sql.changing.names import ChangeResolver
from flight_server.sql.changing.parsing import parse_change, require_start
from flight_server.sql.changing.writing import ChangeWriter, DuckDbChangeWriter
from flight_server.sql.completing import complete, number_markers
from flight_server.sql.hints import without_hints
from flight_server.sql.lookup import TableLookup
from flight_server.sql.names import fold
from flight_server.sql.reading import starts_query, statements
from flight_server.sql.rules import RULES, CallerDialect
from flight_server.sql.shapes import check_shapes
from flight_server.sql.writer import child

_KINDS: Final[Mapping[type[nodes.Statement], ChangeKind]] = {
    nodes.InsertInto: ChangeKind.INSERT,
    nodes.UpsertInto: ChangeKind.UPSERT,
    nodes.UpdateTable: ChangeKind.UPDATE,
    nodes.DeleteFrom: ChangeKind.DELETE,
    nodes.MergeInto: ChangeKind.MERGE,
    nodes.TruncateTable: ChangeKind.TRUNCATE,
    nodes.CreateTable: ChangeKind.CREATE_TABLE,
    nodes.AddColumns: ChangeKind.ALTER_TABLE,
    nodes.AlterColumns: ChangeKind.ALTER_TABLE,
    nodes.DropColumns: ChangeKind.ALTER_TABLE,
    nodes.RenameColumn: ChangeKind.ALTER_TABLE,
    nodes.DropTable: ChangeKind.DROP_TABLE,
}


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the caller brings beside the text."""

    dialect: CallerDialect
    default_space: str | None
    lookup: TableLookup
    writable: frozenset[str]
    parameter_count: int | None
    falls_back: bool


def is_query(text: str, dialect: CallerDialect) -> bool:
    """Whether a text begins as a query does, comments aside.

    A text that cannot be read counts as a query, whose gate says what is wrong with it.

    Raises:
        InvalidSql: It begins as no statement does.
    """
    try:
        first = statements(text, RULES[dialect].dialect)[0]
    except Error:
        return True
    require_start(first, dialect)
    return starts_query(first)


def admit_change(
    text: str,
    *,
    dialect: CallerDialect,
    default_space: str | None,
    lookup: TableLookup,
    writable: frozenset[str],
    parameter_count: int | None,
    falls_back: bool = True,
) -> AdmittedChange:
    """Lets one change of one table pass, rewritten.

    Args:
        text: What the caller wrote.
        dialect: The SQL it is written in.
        default_space: Where unqualified names are looked for; that of the changed table only where
            it is writable.
        lookup: What the caller may read; also the columns of the changed table.
        writable: The spaces whose tables the caller may change.
        parameter_count: How many values the caller gave for ``?``; None takes any number.
        falls_back: Whether the changed table may be in the only writable space, where
            ``default_space`` is another and the text names none.

    Raises:
        InvalidSql: The text does not parse, or its names and values do not fit together.
        RefusedSql: It parses, and is no change that is taken; the message names the construct.
        UnsupportedSql: It is one that cannot be rewritten.
        AccessDenied: It changes a table outside ``writable``.
        UnknownSpace, UnknownEntity, AmbiguousEntity, UnknownColumn: A name is not known.
        InvalidParameter: The number of ``?`` is not ``parameter_count``.
    """
    try:
        return _admit(
            text, _Asked(dialect, default_space, lookup, writable, parameter_count, falls_back)
        )
    except RecursionError:
        raise InvalidSql("The SQL is nested too deeply; split it with WITH.") from None


def _admit(text: str, asked: _Asked) -> AdmittedChange:
    rules, hana_sql = RULES[asked.dialect], asked.dialect is CallerDialect.HANA
    found = statements(text, rules.dialect)
    if hana_sql and without_hints(found[-1])[1]:
        raise RefusedSql("The SQL gives hints to a change; leave them out.", construct="hint")
    tree = parse_change(found, text, asked.dialect)
    calls.mark_words(tree, rules.calls)
    grammar.check(tree, HANA_CHANGES if hana_sql else DUCKDB_CHANGES, grammar.CHANGE_ADVICE)
    calls.check(tree, rules.calls)
    check_shapes(tree)
    _check_shapes(tree)
    markers = number_markers(tree, asked.parameter_count)
    kind = _KINDS[type(tree)]
    if markers and kind.is_definition:
        raise InvalidSql(f"{kind.value} takes no markers (?); write the values.")
    if hana_sql:
        fold(tree)
        complete(tree)
    resolver = ChangeResolver(
        asked.lookup,
        asked.default_space,
        rules.exact_names,
        writable=asked.writable,
        falls_back=asked.falls_back,
    )
    target = resolver.change(tree)
    values = rules.writer()
    sql = (ChangeWriter if hana_sql else DuckDbChangeWriter)(values).write(tree)
    if hana_sql and values.markers != list(range(1, markers + 1)):
        raise UnsupportedSql("The markers (?) would change their order; write it otherwise.")
    limited = kind in (ChangeKind.UPDATE, ChangeKind.DELETE)
    return AdmittedChange(
        sql=sql,
        kind=kind,
        dialect=asked.dialect,
        target=target,
        tables=frozenset(resolver.tables),
        parameter_count=markers,
        has_where=not limited or child(tree, "where") is not None,
        expression=tree,
    )


def _check_shapes(tree: exp.Expr) -> None:
    """Refuses a DEFAULT of a column that is no constant: only digits stand behind a minus."""
    for column in tree.find_all(nodes.ColumnDefinition):
        default = child(column, "default")
        number = default.this if isinstance(default, exp.Neg) else None
        if isinstance(number, exp.Expr) and (
            not isinstance(number, exp.Literal) or number.is_string
        ):
            raise InvalidSql("DEFAULT takes a constant; write a number behind the minus.")
