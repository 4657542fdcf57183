"""The read-only gate: a caller's text in, one SELECT that we wrote ourselves out, or a refusal.

The text is parsed, every node of the tree is compared with a list of what a read consists of, every
name with what the caller may read, and the SQL is then written anew from the tree. Nothing of the
text itself goes on. Translation for another database is not this module's business.
"""

from dataclasses import dataclass

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ErrorLevel
from sqlglot.tokenizer_core import Token

from flight_client.protocol.errors import InvalidSql, RefusedSql, UnsupportedSql
from flight_server.sql import calls, grammar
from flight_server.sql.completing import complete, number_markers
from flight_server.sql.hints import without_hints
from flight_server.sql.lookup import TableLookup
from flight_server.sql.names import Resolver, fold
from flight_server.sql.reading import (
    MAX_NESTING,
    MAX_TEXT_CHARACTERS,
    first_word,
    only,
    reading,
    starts_query,
    statements,
)
from flight_server.sql.rules import RULES, CallerDialect, Rules
from flight_server.sql.shapes import check_shapes

__all__ = [
    "MAX_NESTING",
    "MAX_TEXT_CHARACTERS",
    "AdmittedQuery",
    "CallerDialect",
    "TableLookup",
    "admit",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmittedQuery:
    """One SELECT that may be sent.

    Attributes:
        sql: The query written anew: tables qualified, names quoted, comments gone, hints last.
        body: ``sql`` without its hints, for use as a derived table (HANA ignores hints there).
        hints: The hints, each as it stands in ``WITH HINT(...)``.
        dialect: The SQL that ``sql`` is written in.
        tables: The (space, entity) pairs that are read.
        parameter_count: Number of markers in ``sql``: in HANA's SQL ``?`` in the order of the
            caller's text, in DuckDB's ``$1``, ``$2`` ... as often as needed.
        expression: The tree that was admitted. Copy it before changing it.
    """

    sql: str
    body: str
    hints: tuple[str, ...]
    dialect: CallerDialect
    tables: frozenset[tuple[str, str]]
    parameter_count: int
    expression: exp.Query


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the caller brings beside the text."""

    default_space: str | None
    lookup: TableLookup
    parameter_count: int | None


def admit(
    text: str,
    *,
    dialect: CallerDialect = CallerDialect.HANA,
    default_space: str | None,
    lookup: TableLookup,
    parameter_count: int | None,
) -> AdmittedQuery:
    """Lets one SELECT pass, rewritten.

    Args:
        text: What the caller wrote.
        dialect: The SQL it is written in.
        default_space: Where unqualified names are looked for; None means in all spaces.
        lookup: What the caller may read.
        parameter_count: How many values the caller gave for ``?``; None takes any number of
            markers, for a statement that is only prepared.

    Raises:
        InvalidSql: The text does not parse.
        RefusedSql: It parses, and is not a plain read; the message names the construct.
        UnsupportedSql: It is a read that cannot be rewritten.
        UnknownSpace, UnknownEntity, AmbiguousEntity, UnknownColumn: A name is not known.
        InvalidParameter: The number of ``?`` is not ``parameter_count``.
    """
    rules = RULES[dialect]
    try:
        return _admit(text, dialect, rules, _Asked(default_space, lookup, parameter_count))
    except RecursionError:
        raise InvalidSql("The SQL is nested too deeply; split it with WITH.") from None


def _admit(text: str, dialect: CallerDialect, rules: Rules, asked: _Asked) -> AdmittedQuery:
    hana_sql = dialect is CallerDialect.HANA
    tokens = _query_tokens(text, rules.dialect)
    hints: tuple[str, ...] = ()
    if hana_sql:
        tokens, hints = without_hints(tokens)
        _refuse_row_count(tokens)
    tree = _parse(tokens, text, rules.dialect)
    calls.mark_words(tree, rules.calls)
    grammar.check(tree, rules.grammar)
    calls.check(tree, rules.calls)
    check_shapes(tree)
    markers = number_markers(tree, asked.parameter_count)
    if hana_sql:
        fold(tree)
        complete(tree)
    resolver = Resolver(asked.lookup, asked.default_space, rules.exact_names)
    resolver.resolve(tree)
    writer = rules.writer()
    body = writer.write(tree)
    if hana_sql and writer.markers != list(range(1, markers + 1)):
        raise UnsupportedSql("The markers (?) would change their order; write the query otherwise.")
    return AdmittedQuery(
        sql=f"{body} WITH HINT({', '.join(hints)})" if hints else body,
        body=body,
        hints=hints,
        dialect=dialect,
        tables=frozenset(resolver.tables),
        parameter_count=markers,
        expression=tree,
    )


def _query_tokens(text: str, dialect: type[Dialect]) -> list[Token]:
    """The tokens of the one statement.

    Raises:
        InvalidSql: There is none that can be read.
        RefusedSql: There are several, or it does not start as a query does.
    """
    found = statements(text, dialect)
    if not starts_query(found[0]):
        said = first_word(found[0])
        raise RefusedSql(f"The SQL starts with '{said}'; only SELECT is answered.", construct=said)
    return only(found)


def _refuse_row_count(tokens: list[Token]) -> None:
    """LIMIT ... TOTAL ROWCOUNT fills a session variable, which nobody here could read."""
    if [token.text.upper() for token in tokens[-2:]] == ["TOTAL", "ROWCOUNT"]:
        raise RefusedSql(
            "The SQL asks for TOTAL ROWCOUNT, which is kept in a session; use SELECT COUNT(*).",
            construct="TOTAL ROWCOUNT",
        )


def _parse(tokens: list[Token], text: str, dialect: type[Dialect]) -> exp.Query:
    parser = dialect().parser(error_level=ErrorLevel.IMMEDIATE, error_message_context=0)
    with reading():
        trees = parser.parse(tokens, text)
    tree = trees[0] if len(trees) == 1 else None
    if not isinstance(tree, exp.Query):
        raise RefusedSql(
            "The SQL is a value, not a query; write SELECT before it.", construct="no query"
        )
    return tree
