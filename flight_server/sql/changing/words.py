"""The small parts that statements which change data are read from: words, names, lists, targets."""

import re
from collections.abc import Callable
from typing import NoReturn, TypeVar

from sqlglot import exp
from sqlglot.tokenizer_core import Token, TokenType

from flight_client.protocol.errors import RefusedSql
from flight_server.sql.changing.nodes import Row
from flight_server.sql.strict import StrictParser

_Item = TypeVar("_Item")


def refused(construct: str, advice: str) -> RefusedSql:
    """The error for a construct that parses and is not taken."""
    return RefusedSql(
        f"The SQL uses {construct}, which is not taken; {advice}.", construct=construct
    )


class WordParser(StrictParser):
    """Adds what all statements share."""

    def read(self, tokens: list[Token], text: str) -> list[exp.Expr | None]:
        """The trees of the statements in ``tokens``, each read by ``statement``."""
        return self._parse(lambda _: self.statement(), tokens, text)

    def statement(self) -> exp.Expr:
        """The statement that begins here."""
        raise NotImplementedError

    def fail(self, message: str) -> NoReturn:
        """Raise ParseError; sqlglot's own says that it returns."""
        self.raise_error(message)
        raise AssertionError(message)  # the error level is IMMEDIATE

    def said(self) -> str:
        """What comes next, fit for a message."""
        if not self._curr:
            return "nothing"
        return re.sub(r"[^\x20-\x7e]", "?", self._curr.text[:40]).upper()

    def takes(self, *expected: str) -> bool:
        """Whether these words come next; then they are behind."""
        return bool(self._match_text_seq(*expected))

    def sees(self, *expected: str) -> bool:
        """Whether these words come next."""
        return bool(self._match_text_seq(*expected, advance=False))

    def expect(self, *expected: str) -> None:
        """Take these words, or fail."""
        if not self.takes(*expected):
            self.fail(f"Expected {' '.join(expected)}")

    def takes_primary_key(self) -> bool:
        """Whether PRIMARY KEY, one word to the tokenizer, comes next."""
        return bool(self._match(TokenType.PRIMARY_KEY))

    def opens(self) -> bool:
        """Whether a bracket comes next; then it is behind."""
        return bool(self._match(TokenType.L_PAREN))

    def in_brackets(self, item: Callable[[], _Item]) -> list[_Item]:
        """One item or more in brackets."""
        if not self.opens():
            self.fail("Expected (")
        found = self.listed(item)
        if not self._match(TokenType.R_PAREN):
            self.fail("Expected )")
        return found

    def listed(self, item: Callable[[], _Item]) -> list[_Item]:
        """One item or more with commas."""
        found = [item()]
        while self._match(TokenType.COMMA):
            found.append(item())
        return found

    def name(self) -> exp.Identifier:
        """One name."""
        found = self._parse_id_var(any_token=False)
        if not isinstance(found, exp.Identifier):
            self.fail("Expected a name")
        return found

    def names(self) -> list[exp.Identifier]:
        """A name with those that qualify it."""
        found = [self.name()]
        while self._match(TokenType.DOT):
            found.append(self.name())
        return found

    def target(self) -> exp.Table:
        """The table that a statement changes."""
        parts = self.names()
        return self.table_of(parts)

    def table_of(self, parts: list[exp.Identifier]) -> exp.Table:
        """A table of one or two names."""
        if len(parts) > 2:
            raise refused("a table name of three parts", "write the schema and the table")
        return self.expression(exp.Table(this=parts[-1], db=parts[0] if len(parts) == 2 else None))

    def aliased(self, table: exp.Table, *before: str) -> exp.Table:
        """The table with the alias behind it, if there is one; ``before`` are words that end it."""
        if self.takes("AS") or not any(self.sees(word) for word in before):
            alias = self.name()
            table.set("alias", self.expression(exp.TableAlias(this=alias)))
        return table

    def value(self) -> exp.Expr:
        """One value or condition."""
        found = self._parse_disjunction()
        if found is None:
            self.fail("Expected a value")
        return found

    def row(self, item: Callable[[], exp.Expr]) -> Row:
        """The values of a row, in brackets."""
        return self.expression(Row(expressions=self.in_brackets(item)))

    def condition(self) -> exp.Where | None:
        """WHERE."""
        if not self.takes("WHERE"):
            return None
        return self.expression(exp.Where(this=self.value()))

    def sees_query(self) -> bool:
        """Whether a query comes next, in brackets or not."""
        kinds = (TokenType.SELECT, TokenType.WITH)
        if self._curr.token_type in kinds:
            return True
        return self._curr.token_type == TokenType.L_PAREN and self._next.token_type in (
            *kinds,
            TokenType.L_PAREN,
        )

    def query(self) -> exp.Expr:
        """A query."""
        found = self._parse_ddl_select() if self.sees_query() else None
        if found is None:
            self.fail("Expected a query")
        return found
