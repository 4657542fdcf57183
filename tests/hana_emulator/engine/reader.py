"""Walks along tokens; knows no grammar but names, lists and types."""

from collections.abc import Callable
from typing import NoReturn, TypeVar

from tests.hana_emulator.engine.errors import syntax_error
from tests.hana_emulator.engine.lexer import Token, tokens
from tests.hana_emulator.engine.types import declared
from tests.hana_emulator.values import DeclaredType, HanaError

T = TypeVar("T")

RESERVED = frozenset(
    [
        "ALL",
        "ALTER",
        "AS",
        "BEFORE",
        "BEGIN",
        "BOTH",
        "CASE",
        "CHAR",
        "CONDITION",
        "CONNECT",
        "CROSS",
        "CUBE",
        "CURRENT_CONNECTION",
        "CURRENT_DATE",
        "CURRENT_SCHEMA",
        "CURRENT_TIME",
        "CURRENT_TIMESTAMP",
        "CURRENT_USER",
        "CURRENT_UTCDATE",
        "CURRENT_UTCTIME",
        "CURRENT_UTCTIMESTAMP",
        "CURRVAL",
        "CURSOR",
        "DECLARE",
        "DEFERRED",
        "DISTINCT",
        "ELSE",
        "ELSEIF",
        "END",
        "EXCEPT",
        "EXCEPTION",
        "EXEC",
        "FALSE",
        "FOR",
        "FROM",
        "FULL",
        "GROUP",
        "HAVING",
        "IF",
        "IN",
        "INNER",
        "INOUT",
        "INTERSECT",
        "INTO",
        "IS",
        "JOIN",
        "LATERAL",
        "LEADING",
        "LEFT",
        "LIMIT",
        "LOOP",
        "MINUS",
        "NATURAL",
        "NCHAR",
        "NEXTVAL",
        "NULL",
        "ON",
        "ORDER",
        "OUT",
        "PRIOR",
        "RETURN",
        "RETURNS",
        "REVERSE",
        "RIGHT",
        "ROLLUP",
        "ROWID",
        "SELECT",
        "SESSION_USER",
        "SET",
        "SQL",
        "START",
        "SYSUUID",
        "TABLESAMPLE",
        "TOP",
        "TRAILING",
        "TRUE",
        "UNION",
        "UNKNOWN",
        "USING",
        "UTCTIMESTAMP",
        "VALUES",
        "WHEN",
        "WHERE",
        "WHILE",
        "WITH",
    ]
)
"""Reserved words of HANA: as a name they need quotes [HANA Cloud SQL reference]."""

_NO_ALIAS = RESERVED | frozenset(
    [
        "AND",
        "OR",
        "NOT",
        "BETWEEN",
        "LIKE",
        "LIKE_REGEXPR",
        "OFFSET",
        "NULLS",
        "ESCAPE",
        "FLAG",
        "ASC",
        "DESC",
        "THEN",
        "PARTITION",
        "ROWS",
        "RANGE",
        "OCCURRENCE",
        "EXISTS",
    ]
)


class Reader:
    """The tokens of one statement and how far they were read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.at = 0
        self.marker_names: list[str] = []
        """The name of each marker so far, empty for ``?``."""

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def ahead(self, distance: int = 1) -> Token:
        return self.tokens[min(self.at + distance, len(self.tokens) - 1)]

    def next(self) -> Token:
        token = self.tokens[self.at]
        if token.kind != "end":
            self.at += 1
        return token

    def fail(self, token: Token | None = None) -> NoReturn:
        """257 at a token."""
        token = token or self.token
        near = self.text[token.start : token.end] or "end of statement"
        raise syntax_error(near, token.position)

    def sees(self, *words: str) -> bool:
        """Whether the next tokens are these unquoted words or symbols."""
        for distance, word in enumerate(words):
            token = self.ahead(distance)
            if token.kind not in {"word", "symbol"} or token.text != word:
                return False
        return True

    def takes(self, *words: str) -> bool:
        """Read these words or symbols if they come next."""
        if not self.sees(*words):
            return False
        self.at += len(words)
        return True

    def takes_one(self, *words: str) -> str:
        """Read one of these words; empty if none comes next."""
        return next((word for word in words if self.takes(word)), "")

    def expect(self, *words: str) -> None:
        for word in words:
            if not self.takes(word):
                self.fail()

    def name(self) -> str:
        """A name: quoted as it is, else folded to upper case.

        Raises:
            HanaError: 257 for a reserved word, 286 for more than 127 characters.
        """
        token = self.token
        if token.kind != "quoted" and (token.kind != "word" or token.text in RESERVED):
            self.fail()
        if len(token.text) > 127:
            raise HanaError(286, f"identifier is too long: {token.text}", position=token.position)
        return self.next().text

    def names(self) -> tuple[str, ...]:
        """``A.B.C``."""
        parts = [self.name()]
        while self.takes("."):
            parts.append(self.name())
        return tuple(parts)

    def has_alias(self) -> bool:
        """Whether a name that may stand without AS comes next."""
        return self.token.kind == "quoted" or (
            self.token.kind == "word" and self.token.text not in _NO_ALIAS
        )

    def alias(self) -> str | None:
        """``AS "name"`` or just the name."""
        return self.name() if self.takes("AS") or self.has_alias() else None

    def commas(self, one: Callable[[], T]) -> tuple[T, ...]:
        """``one, one, one``."""
        found = [one()]
        while self.takes(","):
            found.append(one())
        return tuple(found)

    def bracketed_names(self) -> tuple[str, ...]:
        """``("A", "B")``."""
        self.expect("(")
        found = self.commas(self.name)
        self.expect(")")
        return found

    def integer(self) -> int:
        if self.token.kind != "integer":
            self.fail()
        return int(self.next().text)

    def string(self) -> str:
        if self.token.kind != "string":
            self.fail()
        return self.next().text

    def type_name(self) -> DeclaredType:
        """``DECIMAL(10, 2)``.

        Raises:
            HanaError: 257 for an unknown type, 318 and 319 for a precision or scale out of range.
        """
        token = self.next()
        if token.kind != "word":
            self.fail(token)
        numbers: tuple[int, ...] = ()
        if self.takes("("):
            numbers = self.commas(self.integer)
            self.expect(")")
        found = declared(token.text, numbers, token.position)
        return found if found is not None else self.fail(token)
