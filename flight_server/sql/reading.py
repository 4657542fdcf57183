"""From a caller's text to the tokens of its statements, and the boundary to sqlglot's errors.

What a statement may be is judged elsewhere; here only size, characters and nesting are.
"""

import re
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final, cast

from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from flight_client.protocol.errors import InvalidSql, RefusedSql

MAX_TEXT_CHARACTERS: Final = 256 * 1024
"""Longest accepted text, in characters. sqlglot reads about 100 kB a second and holds the
interpreter meanwhile; ten thousand keys in an IN list fit."""

MAX_NESTING: Final = 40
"""Deepest accepted nesting of brackets; beyond it the recursive parser meets Python's own limit."""

_OPENS: Final = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE})
_CLOSES: Final = frozenset({TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE})
_QUERY_STARTS: Final = frozenset({TokenType.SELECT, TokenType.WITH, TokenType.L_PAREN})
_MESSAGE_CHARACTERS: Final = 200
_NEAR_CHARACTERS: Final = 20
_FOREIGN_MARKERS: Final = ("%", ":")


@contextmanager
def reading() -> Generator[None]:
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
    said = re.sub(r"Required keyword: .* missing for <.*", "something is missing", said)
    said = said.replace("Invalid expression / Unexpected token", "unexpected text")
    said = re.sub(r"[^\x20-\x7e]+", "?", said)
    near = re.sub(r"[^\x20-\x7e]+", "?", str(facts.get("highlight") or ""))[:_NEAR_CHARACTERS]
    place = f" at line {facts.get('line')}, column {facts.get('col')}" if facts else ""
    said = said[:_MESSAGE_CHARACTERS].rstrip(".")
    if near and "'" not in said:
        said += f" at '{near}'"
    if near in _FOREIGN_MARKERS:
        said += "; a value is marked with ?"
    return f"The SQL does not parse{place}: {said}."


def statements(text: str, dialect: type[Dialect]) -> list[list[Token]]:
    """The tokens of each statement of a text, empty ones left out; one at least.

    Raises:
        InvalidSql: There is none, it is too long, it is no text of SQL, or its brackets are nested
            too deeply.
    """
    found: list[list[Token]] = [[]]
    depth = 0
    for token in _tokens(text, dialect):
        if token.token_type == TokenType.SEMICOLON:
            found.append([])
            continue
        found[-1].append(token)
        depth += (token.token_type in _OPENS) - (token.token_type in _CLOSES)
        if depth > MAX_NESTING:
            raise InvalidSql(
                f"The SQL nests brackets more than {MAX_NESTING} deep; split it with WITH."
            )
    found = [statement for statement in found if statement]
    if not found:
        raise InvalidSql("The SQL is empty; write one statement.")
    return found


def only(found: list[list[Token]]) -> list[Token]:
    """The one statement.

    Raises:
        RefusedSql: There are several.
    """
    if len(found) > 1:
        raise RefusedSql(
            f"The SQL has {len(found)} statements; send one at a time.",
            construct="several statements",
        )
    return found[0]


def starts_query(statement: list[Token]) -> bool:
    """Whether a statement begins as a query does."""
    return statement[0].token_type in _QUERY_STARTS


def first_word(statement: list[Token]) -> str:
    """How a statement begins, fit for a message."""
    return re.sub(r"[^\x20-\x7e]", "?", statement[0].text[:40]).upper()


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
    with reading():
        return dialect().tokenize(text)
