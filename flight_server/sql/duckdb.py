"""DuckDB's own dialect, for callers of an embedded database that is switched to it.

Only what a plain read needs: no lambdas, structs, lists, PIVOT, ``FROM``-first or EXCLUDE.
"""

# sqlglot leaves the tables of its parser untyped; what is put into them here is typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from typing import ClassVar, Final

from sqlglot import exp, tokens
from sqlglot.dialects.dialect import Dialect, NormalizationStrategy
from sqlglot.parser import Parser
from sqlglot.tokenizer_core import TokenType

from flight_server.sql.strict import StrictParser

NILADIC: Final = frozenset(
    {
        "CURRENT_CATALOG",
        "CURRENT_DATABASE",
        "CURRENT_DATE",
        "CURRENT_ROLE",
        "CURRENT_SCHEMA",
        "CURRENT_TIME",
        "CURRENT_TIMESTAMP",
        "CURRENT_USER",
        "LOCALTIME",
        "LOCALTIMESTAMP",
        "SESSION_USER",
        "USER",
    }
)
"""Names that DuckDB reads as functions without brackets."""

TYPES: Final = {
    "BIGINT": "BIGINT",
    "BLOB": "BLOB",
    "BOOL": "BOOLEAN",
    "BOOLEAN": "BOOLEAN",
    "DATE": "DATE",
    "DECIMAL": "DECIMAL",
    "DOUBLE": "DOUBLE",
    "FLOAT": "FLOAT",
    "HUGEINT": "HUGEINT",
    "INT": "INTEGER",
    "INTEGER": "INTEGER",
    "NUMERIC": "DECIMAL",
    "REAL": "FLOAT",
    "SMALLINT": "SMALLINT",
    "STRING": "VARCHAR",
    "TEXT": "VARCHAR",
    "TIME": "TIME",
    "TIMESTAMP": "TIMESTAMP",
    "TINYINT": "TINYINT",
    "UBIGINT": "UBIGINT",
    "UINTEGER": "UINTEGER",
    "USMALLINT": "USMALLINT",
    "UTINYINT": "UTINYINT",
    "UUID": "UUID",
    "VARCHAR": "VARCHAR",
}
"""The types a cast may name."""


class DuckDbTokenizer(tokens.Tokenizer):
    """DuckDB's words that a plain read needs."""

    HEX_STRINGS: ClassVar = [("x'", "'"), ("X'", "'")]
    KEYWORDS: ClassVar = {
        **{
            word: kind
            for word, kind in tokens.Tokenizer.KEYWORDS.items()
            if word not in NILADIC and word not in ("/*+", "DIV")
        },
        "//": TokenType.DIV,
    }


class DuckDbParser(StrictParser):
    """The strict base with ``::``, ``//``, ``%`` and ILIKE."""

    def _parse_dcolon(self) -> exp.Expr | None:
        return self._parse_type_name()

    def build_double_colon(self, value: exp.Expr | None, to: exp.Expr | None) -> exp.Expr:
        """``x::INTEGER`` is a CAST."""
        return self.expression(exp.Cast(this=value, to=to))

    TYPE_NAMES: ClassVar = TYPES
    COLUMN_OPERATORS: ClassVar = {TokenType.DOT: None, TokenType.DCOLON: build_double_colon}
    CAST_COLUMN_OPERATORS: ClassVar = {TokenType.DCOLON}
    RANGE_PARSERS: ClassVar = {
        **StrictParser.RANGE_PARSERS,
        TokenType.ILIKE: Parser.RANGE_PARSERS[TokenType.ILIKE],
    }
    FACTOR: ClassVar = {
        **StrictParser.FACTOR,
        TokenType.DIV: exp.IntDiv,
        TokenType.MOD: exp.Mod,
    }


class DuckDbSql(Dialect):
    """DuckDB's SQL as callers may write it; the name keeps sqlglot's own DuckDB registered."""

    NORMALIZATION_STRATEGY = NormalizationStrategy.CASE_INSENSITIVE
    NULL_ORDERING = "nulls_are_last"
    SUPPORTS_ORDER_BY_ALL = False
    INTERSECT_BINDS_TIGHTER_THAN_UNION_AND_EXCEPT = False

    Tokenizer = DuckDbTokenizer
    Parser = DuckDbParser
