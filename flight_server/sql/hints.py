"""Takes ``WITH HINT(...)`` off the end of a HANA query; which hints may be is data elsewhere."""

import re
from typing import Final

from sqlglot.tokenizer_core import Token, TokenType

from flight_client.protocol.errors import InvalidSql, RefusedSql
from flight_server.sql.functions import HANA_HINTS

_NAMES: Final = (TokenType.STRING, TokenType.IDENTIFIER)


def without_hints(tokens: list[Token]) -> tuple[list[Token], tuple[str, ...]]:
    """Splits a statement into its query and its hints, each hint written anew.

    HANA heeds hints at the end of the outermost query only, so that is where they may stand.

    Raises:
        RefusedSql: A hint is not in the list of those that callers may give.
        InvalidSql: The hints do not stand at the end, or their brackets do not fit.
    """
    starts = [
        index
        for index in range(len(tokens) - 1)
        if _is_word(tokens[index], "WITH")
        and _is_word(tokens[index + 1], "HINT")
        and (index + 2 == len(tokens) or tokens[index + 2].token_type == TokenType.L_PAREN)
    ]
    if not starts:
        return tokens, ()
    start = starts[-1]
    hints: list[str] = []
    rest = tokens[start + 2 :]
    while rest and rest[0].token_type in (TokenType.L_PAREN, TokenType.COMMA):
        hint, rest = _hint(rest[1:])
        hints.append(hint)
    if [token.token_type for token in rest] != [TokenType.R_PAREN]:
        raise InvalidSql("WITH HINT(...) stands at the very end of a query; write it there.")
    return tokens[:start], tuple(hints)


def _is_word(token: Token, text: str) -> bool:
    return token.token_type not in _NAMES and token.text.upper() == text


def _hint(tokens: list[Token]) -> tuple[str, list[Token]]:
    """One hint with its arguments, and the tokens behind it."""
    name = tokens[0].text.upper() if tokens and tokens[0].token_type not in _NAMES else ""
    rest = tokens[1:]
    arguments: list[str] = []
    if rest and rest[0].token_type == TokenType.L_PAREN:
        while rest and rest[0].token_type in (TokenType.L_PAREN, TokenType.COMMA):
            arguments.append(_argument(rest[1:2]))
            rest = rest[2:]
        if not rest or rest[0].token_type != TokenType.R_PAREN:
            raise InvalidSql("The brackets of WITH HINT(...) do not fit; close each one.")
        rest = rest[1:]
    if HANA_HINTS.get(name) != len(arguments):
        said = re.sub(r"[^A-Z0-9_]", "?", name)[:60]
        raise RefusedSql(f"The hint '{said}' may not be given so; leave it out.", construct="hint")
    return f"{name}({', '.join(arguments)})" if arguments else name, rest


def _argument(tokens: list[Token]) -> str:
    """A number, or a string of plain characters."""
    for token in tokens:
        if token.token_type == TokenType.NUMBER and re.fullmatch(r"[0-9]{1,9}", token.text):
            return token.text
        if token.token_type == TokenType.STRING and re.fullmatch(r"[A-Za-z0-9_]+", token.text):
            return f"'{token.text}'"
    raise InvalidSql("An argument of a hint is neither a number nor a plain string; correct it.")
