"""Statements composed of what FedML's users give: clauses, and a definition of a table.

The server parses each statement whole and takes one change alone. What is looked at here keeps one
clause out of the next: brackets, quotes and comments end where they began.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from flight_client.protocol.errors import InvalidSql

INSERTED_AT: Final = "INSERTED_AT"
"""The column that FedML adds to each table that it makes, and fills."""

_DECLARATION: Final = f'"{INSERTED_AT}" TIMESTAMP NOT NULL'
_TOKEN: Final = re.compile(
    r"""
      (?P<blank>\s+)
    | (?P<comment>--[^\n]*|/\*.*?\*/)
    | (?P<text>'(?:[^']|'')*')
    | (?P<quoted>"(?:[^"]|"")*")
    | (?P<word>[^\W\d][\w$\#]*)
    | (?P<broken>['"]|/\*)
    | (?P<mark>.)
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of SQL that matters here.

    Attributes:
        kind: ``comment``, ``text`` (in single quotes), ``quoted`` (a name), ``word`` or ``mark``.
        text: As it stands there.
        start: Where it begins.
        depth: Brackets that are open around it; a closing one counts as the opening one does.
    """

    kind: str
    text: str
    start: int
    depth: int


def tokens(sql: str, what: str) -> Iterator[Token]:
    """The pieces of a text, blanks left out.

    Args:
        sql: The text.
        what: How a message calls it.

    Raises:
        InvalidSql: A quote, comment or bracket does not end, or ends without a beginning.
    """
    depth = 0
    for found in _TOKEN.finditer(sql):
        kind = found.lastgroup or ""
        if kind == "broken":
            raise InvalidSql(f"{what} opens {found[0]} and does not close it; close it.")
        if kind == "blank":
            continue
        depth -= found[0] == ")"
        if depth < 0:
            raise InvalidSql(f"{what} closes a bracket that it does not open; remove it.")
        yield Token(kind, found[0], found.start(), depth)
        depth += found[0] == "("
    if depth:
        raise InvalidSql(f"{what} opens a bracket and does not close it; close it.")


def clause(sql: object, what: str) -> str:
    """A part of a statement that stays a part of it.

    Raises:
        InvalidSql: It is no text, is empty, ends the statement, holds a comment, or reaches out of
            its place by a bracket or quote.
    """
    if not isinstance(sql, str) or not sql.strip():
        raise InvalidSql(f"{what} is a text of SQL; got {sql!r:.80}.")
    for token in tokens(sql, what):
        if token.kind == "comment":
            raise InvalidSql(f"{what} holds a comment; leave it out.")
        if token.text == ";":
            raise InvalidSql(f"{what} holds a semicolon; write one statement at a time.")
    return sql.strip()


def update(table: str, set_clause: object, where_clause: object) -> str:
    """An UPDATE of a table whose name is quoted."""
    assignments = clause(set_clause, "The set_clause")
    return f"UPDATE {table} SET\n{assignments}\n{_where(where_clause)}"


def delete(table: str, where_clause: object) -> str:
    """A DELETE from a table whose name is quoted."""
    return f"DELETE FROM {table}\n{_where(where_clause)}"  # noqa: S608 - checked


def alter(table: str, change: object) -> str:
    """An ALTER TABLE of a table whose name is quoted."""
    return f"ALTER TABLE {table}\n{clause(change, 'The clause')}"


def _where(where_clause: object) -> str:
    return "" if where_clause is None else f"WHERE (\n{clause(where_clause, 'The where_clause')}\n)"


def with_inserted_at(query: object) -> str:
    """A CREATE TABLE with the column INSERTED_AT at the end, unless it has one.

    Raises:
        InvalidSql: It has no list of columns to add one to, or its brackets and quotes do not fit.
    """
    what = "The statement"
    if not isinstance(query, str) or not query.strip():
        raise InvalidSql(f"create_table takes the text of a CREATE TABLE; got {query!r:.80}.")
    seen = [token for token in tokens(query, what) if token.kind != "comment"]
    outside = [token for token in seen if token.depth == 0]
    opening = next((token for token in outside if token.text == "("), None)
    if opening is None or _is_query(outside, opening):
        raise InvalidSql(
            "create_table adds a column to the list of columns, and this statement has none; list "
            "the columns, or use client.execute of flight_client."
        )
    if any(token.depth == 1 and _is_inserted_at(token) for token in seen):
        return query
    closing = next(token for token in outside if token.text == ")" and token.start > opening.start)
    return f"{query[: closing.start]}\n, {_DECLARATION}{query[closing.start :]}"


def _is_query(outside: list[Token], opening: Token) -> bool:
    """Whether a table is made of a query or of another table."""
    before = {token.text.upper() for token in outside if token.start < opening.start}
    return bool({"AS", "LIKE"} & before)


def _is_inserted_at(token: Token) -> bool:
    if token.kind == "quoted":
        return token.text == f'"{INSERTED_AT}"'
    return token.kind == "word" and token.text.upper() == INSERTED_AT
