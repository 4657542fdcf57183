"""Reads one statement that changes data; knows its form and not what its names mean.

sqlglot reads the queries and values in it. The statements themselves are read here, because what
is read is then exactly what is meant to be taken [SQL:insert, upsert, update, delete, merge-into].
"""

from collections.abc import Callable, Mapping
from typing import ClassVar, Final

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ErrorLevel
from sqlglot.tokenizer_core import Token, TokenType

from flight_client.protocol.errors import InvalidSql, RefusedSql
from flight_server.sql.changing import nodes
from flight_server.sql.changing.definitions import DefinitionParser
from flight_server.sql.changing.words import refused
from flight_server.sql.duckdb import DuckDbParser, DuckDbSql
from flight_server.sql.hana import Hana, HanaParser
from flight_server.sql.reading import first_word, only, reading, starts_query
from flight_server.sql.rules import CallerDialect

_TRANSACTION_WORDS = frozenset(
    {"ABORT", "BEGIN", "COMMIT", "END", "RELEASE", "ROLLBACK", "SAVEPOINT", "START"}
)
_OTHER_WORDS: Final = frozenset({
    "ANALYZE", "ANNOTATE", "ATTACH", "BACKUP", "CALL", "CHECKPOINT", "CLOSE", "COMMENT", "CONNECT",
    "COPY", "DEALLOCATE", "DECLARE", "DESC", "DESCRIBE", "DETACH", "DISCONNECT", "DO", "EXEC",
    "EXECUTE", "EXPLAIN", "EXPORT", "FETCH", "FORCE", "FROM", "GRANT", "IMPORT", "INSTALL", "KILL",
    "LOAD", "LOCK", "OPEN", "PIVOT", "PRAGMA", "PREPARE", "RECOVER", "REFRESH", "REINDEX", "RENAME",
    "REPLACE", "RESET", "REVOKE", "SELECT", "SET", "SHOW", "SUMMARIZE", "TABLE", "UNLOAD", "UNLOCK",
    "UNPIVOT", "UNSET", "UPSERT", "USE", "VACUUM", "VALIDATE", "VALUES", "WITH",
})  # fmt: skip
"""Further words that a statement begins with, in HANA, in DuckDB or elsewhere."""


class ChangeParser(DefinitionParser):
    """Reads a statement from its first word."""

    def statement(self) -> exp.Expr:
        """The statement that begins here."""
        read = self._verbs()[self._curr.text.upper()]
        self._advance()
        return read()

    def _verbs(self) -> dict[str, Callable[[], nodes.Statement]]:
        verbs: dict[str, Callable[[], nodes.Statement]] = {
            "INSERT": self.insert,
            "UPDATE": self.update,
            "DELETE": self.delete,
            "MERGE": self.merge,
            "TRUNCATE": self.truncate,
            "CREATE": self.create,
            "ALTER": self.alter,
            "DROP": self.drop,
        }
        if self.HANA_FORMS:
            verbs |= {"UPSERT": self.upsert, "REPLACE": self.upsert, "RENAME": self.rename}
        return verbs

    def verbs(self) -> frozenset[str]:
        """The words that a change begins with."""
        return frozenset(self._verbs())

    # rows in

    def insert(self) -> nodes.Statement:
        """Behind INSERT."""
        if self.takes("OR"):
            raise refused(f"INSERT OR {self.said()}", "write MERGE INTO")
        self.expect("INTO")
        found = nodes.InsertInto(this=self.target(), columns=self._columns())
        if not self.takes("VALUES"):
            found.set("query", self._source_query())
            return self.expression(found)
        rows = self.listed(lambda: self.row(self._value_or_default))
        if self.HANA_FORMS and len(rows) > 1:
            raise refused(
                "several rows behind VALUES", "write one row of markers (?) and bind the rows"
            )
        found.set("rows", rows)
        if self.takes("ON"):
            raise refused("ON CONFLICT", "write MERGE INTO")
        return self.expression(found)

    def _columns(self) -> list[exp.Identifier]:
        is_list = self._curr.token_type == TokenType.L_PAREN and not self.sees_query()
        return self.in_brackets(self.name) if is_list else []

    def _source_query(self) -> exp.Expr:
        if not self.sees_query():
            self.fail("Expected VALUES or a query")
        return self.query()

    def _value_or_default(self) -> exp.Expr:
        if self._curr.token_type == TokenType.DEFAULT and self.takes("DEFAULT"):
            return self.expression(nodes.DefaultValue())
        return self.value()

    def upsert(self) -> nodes.Statement:
        """Behind UPSERT or REPLACE, which are the same."""
        found = nodes.UpsertInto(this=self.target(), columns=self._columns())
        if self.takes("VALUES"):
            found.set("row", self.row(self.value))
            found.set("where", self.condition())
            if self._curr.token_type == TokenType.COMMA:
                raise refused(
                    "several rows behind VALUES", "write one row of markers (?) and bind the rows"
                )
        else:
            found.set("query", self._source_query())
        if found.args.get("where") is None and self.takes("WITH"):
            if not self.takes_primary_key():
                self.fail("Expected PRIMARY KEY behind WITH")
            found.set("by_key", True)
        if found.args.get("row") and not (found.args.get("where") or found.args.get("by_key")):
            raise refused(
                "UPSERT ... VALUES without WHERE or WITH PRIMARY KEY",
                "write which rows it replaces",
            )
        return self.expression(found)

    # rows changed

    def update(self) -> nodes.Statement:
        """Behind UPDATE."""
        if self.sees("TOP"):
            raise refused("UPDATE TOP", "say which rows with WHERE")
        table = self.aliased(self.target(), "SET", "WHERE")
        self.expect("SET")
        found = nodes.UpdateTable(this=table, assignments=self.listed(self._assignment))
        if self.sees("FROM"):
            raise refused("UPDATE ... FROM", "write MERGE INTO, or a query behind SET")
        found.set("where", self.condition())
        return self.expression(found)

    def _assignment(self) -> nodes.Assignment:
        if self._curr.token_type == TokenType.L_PAREN:
            raise refused("SET of several columns at once", "write each column = value")
        *qualifiers, column = self.names()
        if len(qualifiers) > 2:
            raise refused("a column name of four parts", "write the column alone")
        if not self._match(TokenType.EQ):
            self.fail("Expected =")
        if self.sees("DEFAULT"):
            raise refused("SET column = DEFAULT", "write the value")
        found = nodes.Assignment(this=column, expression=self.value())
        for slot, qualifier in zip(("table", "db"), reversed(qualifiers), strict=False):
            found.set(slot, qualifier)
        return self.expression(found)

    def delete(self) -> nodes.Statement:
        """Behind DELETE; HANA's has no alias."""
        self.expect("FROM")
        table = self.target()
        if self._curr and not self.sees("WHERE"):
            if self.HANA_FORMS or self.sees("USING"):
                what = f"'{self.said()}' behind the table of DELETE"
                raise refused(what, "write WHERE, with a query in it if need be")
            table = self.aliased(table, "WHERE")
        return self.expression(nodes.DeleteFrom(this=table, where=self.condition()))

    def truncate(self) -> nodes.Statement:
        """Behind TRUNCATE."""
        if not self.takes("TABLE") and self.HANA_FORMS:
            self.fail("Expected TABLE")
        return self.expression(nodes.TruncateTable(this=self.target()))

    # MERGE

    def merge(self) -> nodes.Statement:
        """Behind MERGE."""
        self.expect("INTO")
        table = self.aliased(self.target(), "USING")
        self.expect("USING")
        source = self._parse_table()
        self.expect("ON")
        found = nodes.MergeInto(this=table, source=source, on=self.value())
        branches: list[exp.Expr] = []
        while self.takes("WHEN"):
            branches.append(self._branch(branches))
        if not branches:
            self.fail("Expected WHEN")
        found.set("branches", branches)
        return self.expression(found)

    def _branch(self, before: list[exp.Expr]) -> exp.Expr:
        """One WHEN; at most one of each kind, MATCHED first [SQL:merge-into]."""
        inserts = self.takes("NOT", "MATCHED")
        if not inserts:
            self.expect("MATCHED")
        if self.sees("BY"):
            raise refused("WHEN NOT MATCHED BY", "write WHEN NOT MATCHED alone")
        kinds = [isinstance(branch, nodes.MergeInsert) for branch in before]
        if True in kinds or inserts in kinds:
            self.fail("WHEN MATCHED stands once, then WHEN NOT MATCHED once")
        condition = self.value() if self.takes("AND") else None
        self.expect("THEN")
        if inserts:
            self.expect("INSERT")
            columns = self._columns()
            self.expect("VALUES")
            row = self.row(self.value)
            return self.expression(nodes.MergeInsert(condition=condition, columns=columns, row=row))
        if self.takes("DELETE"):
            return self.expression(nodes.MergeDelete(condition=condition))
        self.expect("UPDATE", "SET")
        assignments = self.listed(self._assignment)
        return self.expression(nodes.MergeUpdate(condition=condition, assignments=assignments))


class HanaChangeParser(ChangeParser, HanaParser):
    """HANA's statements."""


class DuckDbChangeParser(ChangeParser, DuckDbParser):
    """DuckDB's statements."""

    HANA_FORMS: ClassVar = False


_PARSERS: Final[Mapping[CallerDialect, tuple[type[ChangeParser], type[Dialect]]]] = {
    CallerDialect.HANA: (HanaChangeParser, Hana),
    CallerDialect.DUCKDB: (DuckDbChangeParser, DuckDbSql),
}


def parse_change(found: list[list[Token]], text: str, dialect: CallerDialect) -> nodes.Statement:
    """The tree of the only statement of a text.

    Raises:
        InvalidSql: It does not parse, or begins as no statement does.
        RefusedSql: It is none that changes data, or has a form that is not taken.
    """
    require_start(found[0], dialect)
    parser = _parser(dialect)
    _require_verb(found[0], parser.verbs())
    tokens = only(found)
    with reading():
        trees = parser.read(tokens, text)
    tree = trees[0] if len(trees) == 1 else None
    if not isinstance(tree, nodes.Statement):
        raise RefusedSql("The SQL is no statement that changes data.", construct="no change")
    return tree


def _parser(dialect: CallerDialect) -> ChangeParser:
    kind, own = _PARSERS[dialect]
    return kind(dialect=own(), error_level=ErrorLevel.IMMEDIATE, error_message_context=0)


def require_start(tokens: list[Token], dialect: CallerDialect) -> None:
    """Refuses what begins as no statement does, a mistyped word for example.

    Raises:
        InvalidSql: It does; the message names the words that are taken.
    """
    verbs = _parser(dialect).verbs()
    known = starts_query(tokens) or first_word(tokens) in verbs | _TRANSACTION_WORDS | _OTHER_WORDS
    if not known:
        raise InvalidSql(
            f"The SQL starts with '{first_word(tokens)}', as no statement does; write SELECT, WITH "
            f"or one of {', '.join(sorted(verbs))}."
        )


def _require_verb(tokens: list[Token], verbs: frozenset[str]) -> None:
    said = first_word(tokens)
    if starts_query(tokens):
        raise RefusedSql(
            "The SQL is a query and changes nothing; ask for its rows.", construct=said
        )
    if said in _TRANSACTION_WORDS:
        raise RefusedSql(
            f"The SQL starts with '{said}'; use the transaction of the connection: its methods "
            "begin, commit and roll back.",
            construct=said,
        )
    quoted = tokens[0].token_type in (TokenType.IDENTIFIER, TokenType.STRING)
    if said not in verbs or quoted:
        raise RefusedSql(
            f"The SQL starts with '{said}'; a query starts with SELECT or WITH, a change is one of "
            f"{', '.join(sorted(verbs))}.",
            construct=said,
        )
