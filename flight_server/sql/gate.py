"""The read-only gate: a caller's text in, one SELECT that we wrote ourselves out, or a refusal.

The text is parsed, every node of the tree is compared with a list of what a read consists of, every
name with what the caller may read, and the SQL is then written anew from the tree. Nothing of the
text itself goes on. Translation for another database is not this module's business.
"""

import enum
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, cast

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ErrorLevel, ParseError, SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from flight_client.protocol.errors import InvalidParameter, InvalidSql, RefusedSql, UnsupportedSql
from flight_server.sql import calls, duckdb, functions, grammar, hana
from flight_server.sql.duckdb_writer import DuckDbWriter
from flight_server.sql.hints import without_hints
from flight_server.sql.lookup import TableLookup
from flight_server.sql.names import DUMMY, Resolver, fold
from flight_server.sql.shapes import check_shapes
from flight_server.sql.strict import MARKER_OFFSET
from flight_server.sql.writer import MARKER_NUMBER, Writer, child, children

__all__ = ["AdmittedQuery", "CallerDialect", "TableLookup", "admit"]

MAX_TEXT_CHARACTERS: Final = 256 * 1024
"""Longest accepted text, in characters. sqlglot reads about 100 kB a second and holds the
interpreter meanwhile; ten thousand keys in an IN list fit."""

MAX_NESTING: Final = 40
"""Deepest accepted nesting of brackets; beyond it the recursive parser meets Python's own limit."""

_OPENS: Final = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE})
_CLOSES: Final = frozenset({TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE})
_STARTS: Final = frozenset({TokenType.SELECT, TokenType.WITH, TokenType.L_PAREN})
_MESSAGE_CHARACTERS: Final = 200


class CallerDialect(enum.Enum):
    """Which SQL callers write."""

    HANA = "hana"
    DUCKDB = "duckdb"


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
    parameter_count: int


@dataclass(frozen=True, slots=True)
class _Rules:
    """What differs between the dialects of callers."""

    dialect: type[Dialect]
    grammar: grammar.Grammar
    calls: calls.Rules
    exact_names: bool
    writer: type[Writer]


_RULES: Final[Mapping[CallerDialect, _Rules]] = {
    CallerDialect.HANA: _Rules(
        hana.Hana,
        grammar.HANA,
        calls.Rules(
            functions.HANA,
            functions.HANA_NILADIC,
            hana.NILADIC,
            functions.DISTINCT,
            hana.ROUNDING_MODES,
        ),
        exact_names=True,
        writer=Writer,
    ),
    CallerDialect.DUCKDB: _Rules(
        duckdb.DuckDbSql,
        grammar.DUCKDB,
        calls.Rules(
            functions.DUCKDB,
            functions.DUCKDB_NILADIC,
            duckdb.NILADIC,
            functions.DUCKDB_DISTINCT,
            frozenset(),
        ),
        exact_names=False,
        writer=DuckDbWriter,
    ),
}


def admit(
    text: str,
    *,
    dialect: CallerDialect = CallerDialect.HANA,
    default_space: str | None,
    lookup: TableLookup,
    parameter_count: int,
) -> AdmittedQuery:
    """Lets one SELECT pass, rewritten.

    Args:
        text: What the caller wrote.
        dialect: The SQL it is written in.
        default_space: Where unqualified names are looked for; None means in all spaces.
        lookup: What the caller may read.
        parameter_count: How many values the caller gave for ``?``.

    Raises:
        InvalidSql: The text does not parse.
        RefusedSql: It parses, and is not a plain read; the message names the construct.
        UnsupportedSql: It is a read that cannot be rewritten.
        UnknownSpace, UnknownEntity, AmbiguousEntity, UnknownColumn: A name is not known.
        InvalidParameter: The number of ``?`` is not ``parameter_count``.
    """
    rules = _RULES[dialect]
    try:
        return _admit(text, dialect, rules, _Asked(default_space, lookup, parameter_count))
    except RecursionError:
        raise InvalidSql("The SQL is nested too deeply; split it with WITH.") from None


def _admit(text: str, dialect: CallerDialect, rules: _Rules, asked: _Asked) -> AdmittedQuery:
    hana_sql = dialect is CallerDialect.HANA
    tokens = _single_statement(_tokens(text, rules.dialect))
    hints: tuple[str, ...] = ()
    if hana_sql:
        tokens, hints = without_hints(tokens)
        _refuse_row_count(tokens)
    tree = _parse(tokens, text, rules.dialect)
    calls.mark_words(tree, rules.calls)
    grammar.check(tree, rules.grammar)
    calls.check(tree, rules.calls)
    check_shapes(tree)
    markers = _number_markers(tree, asked.parameter_count)
    if hana_sql:
        fold(tree)
        _complete(tree)
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


@contextmanager
def _reading() -> Generator[None]:
    """The boundary to sqlglot: whatever it raises on a hostile text becomes InvalidSql."""
    try:
        yield
    except ParseError as error:
        raise InvalidSql(_parse_message(error)) from None
    except (SqlglotError, ValueError, TypeError, AttributeError, LookupError, AssertionError):
        raise InvalidSql("The SQL cannot be read; check quotes and brackets.") from None


def _parse_message(error: ParseError) -> str:
    facts = cast("dict[str, object]", error.errors[0] if error.errors else {})
    said = str(facts.get("description") or "it cannot be read")
    said = re.sub(r"<Token .*?text: (.{0,40}?), line: .*", r"'\1'", said, flags=re.DOTALL)
    said = re.sub(r"[^\x20-\x7e]+", "?", said)
    place = f" at line {facts.get('line')}, column {facts.get('col')}" if facts else ""
    return f"The SQL does not parse{place}: {said[:_MESSAGE_CHARACTERS].rstrip('.')}."


# text and tokens


def _tokens(text: str, dialect: type[Dialect]) -> list[Token]:
    if len(text) > MAX_TEXT_CHARACTERS:
        raise InvalidSql(
            f"The SQL has {len(text)} characters and {MAX_TEXT_CHARACTERS} are read; "
            "pass long lists as a filter of a ticket."
        )
    unreadable = re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]", text)
    if unreadable is not None:
        raise InvalidSql(
            f"The SQL has the character U+{ord(unreadable[0]):04X} at position "
            f"{unreadable.start() + 1}; remove it."
        )
    with _reading():
        return dialect().tokenize(text)


def _single_statement(tokens: list[Token]) -> list[Token]:
    """The tokens of the one statement.

    Raises:
        InvalidSql: There is none, or its brackets are nested too deeply.
        RefusedSql: There are several, or it does not start as a query does.
    """
    statements: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        if token.token_type == TokenType.SEMICOLON:
            statements.append([])
            continue
        statements[-1].append(token)
        depth += (token.token_type in _OPENS) - (token.token_type in _CLOSES)
        if depth > MAX_NESTING:
            raise InvalidSql(
                f"The SQL nests brackets more than {MAX_NESTING} deep; split it with WITH."
            )
    found = [statement for statement in statements if statement]
    if not found:
        raise InvalidSql("The SQL is empty; write one SELECT.")
    first = found[0][0]
    if first.token_type not in _STARTS:
        said = re.sub(r"[^\x20-\x7e]", "?", first.text[:40]).upper()
        raise RefusedSql(f"The SQL starts with '{said}'; only SELECT is answered.", construct=said)
    if len(found) > 1:
        raise RefusedSql(
            f"The SQL has {len(found)} statements; send one at a time.",
            construct="several statements",
        )
    return found[0]


def _refuse_row_count(tokens: list[Token]) -> None:
    """LIMIT ... TOTAL ROWCOUNT fills a session variable, which nobody here could read."""
    if [token.text.upper() for token in tokens[-2:]] == ["TOTAL", "ROWCOUNT"]:
        raise RefusedSql(
            "The SQL asks for TOTAL ROWCOUNT, which is kept in a session; use SELECT COUNT(*).",
            construct="TOTAL ROWCOUNT",
        )


def _parse(tokens: list[Token], text: str, dialect: type[Dialect]) -> exp.Query:
    parser = dialect().parser(error_level=ErrorLevel.IMMEDIATE, error_message_context=0)
    with _reading():
        trees = parser.parse(tokens, text)
    tree = trees[0] if len(trees) == 1 else None
    if not isinstance(tree, exp.Query):
        raise RefusedSql(
            "The SQL is a value, not a query; write SELECT before it.", construct="no query"
        )
    return tree


# the tree


def _number_markers(tree: exp.Expr, values: int) -> int:
    """Numbers the placeholders in the order of the caller's text; returns how many there are.

    Raises:
        InvalidParameter: There are more or fewer of them than values.
    """
    markers = sorted(tree.find_all(exp.Placeholder), key=lambda node: node.meta[MARKER_OFFSET])
    if len(markers) != values:
        raise InvalidParameter(
            f"The SQL has {len(markers)} markers (?) and {values} values were given; "
            "give one value for each.",
            markers=len(markers),
            values=values,
        )
    for number, marker in enumerate(markers, 1):
        marker.meta[MARKER_NUMBER] = number
    return len(markers)


def _complete(tree: exp.Expr) -> None:
    """Says what HANA would fill in: FROM DUMMY, and a name for each computed column.

    HANA calls a column without a name after its expression [U in detail]; saying it makes the
    columns of a result the same on every database.
    """
    for query in list(tree.find_all(exp.Select)):
        if child(query, "from_") is None:
            source = exp.Table(this=exp.Identifier(this=DUMMY, quoted=True))
            query.set("from_", exp.From(this=source))
        items = children(query)
        if any(not isinstance(item, exp.Alias | exp.Column | exp.Star) for item in items):
            query.set("expressions", [_named(item) for item in items])


def _named(item: exp.Expr) -> exp.Expr:
    if isinstance(item, exp.Alias | exp.Column | exp.Star):
        return item
    said = re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", Writer().write(item).replace('"', ""))
    return exp.Alias(this=item, alias=exp.Identifier(this=said[:120], quoted=True))
