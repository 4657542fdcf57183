"""The HANA dialect of sqlglot: how HANA SQL is read; knows nothing of what is allowed.

Base is the plain dialect: sqlglot has none for HANA, and the nearest ones (Oracle, Teradata,
Postgres) accept HANA's syntax with another meaning. Facts: datasphere-hana.md 2 and 6; HANA Cloud
SQL reference [SQL:select, data-types, datetime-data-types, replace-regexpr, like-regexpr].
"""

# sqlglot leaves the tables of its parser untyped; what is put into them here is typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

import re
from typing import ClassVar, Final

from sqlglot import exp, tokens
from sqlglot.dialects.dialect import Dialect, NormalizationStrategy
from sqlglot.expressions.core import Expression
from sqlglot.tokenizer_core import TokenType

from flight_server.sql.strict import StrictParser

NILADIC: Final = frozenset(
    {
        "CURRENT_CONNECTION",
        "CURRENT_DATE",
        "CURRENT_DATABASE",
        "CURRENT_IDENTITY_VALUE",
        "CURRENT_SCHEMA",
        "CURRENT_TIME",
        "CURRENT_TIMESTAMP",
        "CURRENT_USER",
        "CURRENT_UTCDATE",
        "CURRENT_UTCTIME",
        "CURRENT_UTCTIMESTAMP",
        "SESSION_USER",
        "SYSUUID",
        "USER",
    }
)
"""Names that are functions without brackets; as a column they need quotes."""

TYPES: Final = {
    "BIGINT": "BIGINT",
    "BINARY": "VARBINARY",
    "BLOB": "BLOB",
    "BOOLEAN": "BOOLEAN",
    "CLOB": "NCLOB",
    "DATE": "DATE",
    "DAYDATE": "DATE",
    "DEC": "DECIMAL",
    "DECIMAL": "DECIMAL",
    "DOUBLE": "DOUBLE",
    "FLOAT": "DOUBLE",
    "INT": "INTEGER",
    "INTEGER": "INTEGER",
    "LONGDATE": "TIMESTAMP",
    "NCLOB": "NCLOB",
    "NVARCHAR": "NVARCHAR",
    "REAL": "REAL",
    "SECONDDATE": "SECONDDATE",
    "SMALLDECIMAL": "SMALLDECIMAL",
    "SMALLINT": "SMALLINT",
    "TIME": "TIME",
    "TIMESTAMP": "TIMESTAMP",
    "TINYINT": "TINYINT",
    "VARBINARY": "VARBINARY",
    "VARCHAR": "NVARCHAR",
}
"""Type names of HANA Cloud and the name each is an alias of [SQL:data-types]."""

ROUNDING_MODES: Final = frozenset(
    {
        "ROUND_HALF_UP",
        "ROUND_HALF_DOWN",
        "ROUND_HALF_EVEN",
        "ROUND_UP",
        "ROUND_DOWN",
        "ROUND_CEILING",
        "ROUND_FLOOR",
    }
)
"""Words, not columns, in the third place of ROUND [SQL:round]."""


class RegexFunction(Expression, exp.Condition):
    """``REPLACE_REGEXPR('p' FLAG 'i' IN s WITH r FROM 1 OCCURRENCE ALL)`` and its kin."""

    arg_types: ClassVar = {
        "this": True,
        "pattern": True,
        "flag": False,
        "subject": True,
        "replacement": False,
        "start": False,
        "occurrence": False,
        "group": False,
    }


class RegexPredicate(Expression, exp.Condition):
    """``subject LIKE_REGEXPR 'p' FLAG 'i'``."""

    arg_types: ClassVar = {"this": True, "pattern": True, "flag": False}


class HanaTokenizer(tokens.Tokenizer):
    """HANA's words: TOP, MINUS, LIKE_REGEXPR; no brackets-less functions, no ``/*+`` hints."""

    COMMANDS: ClassVar = tokens.Tokenizer.COMMANDS - {TokenType.RENAME}
    HEX_STRINGS: ClassVar = [("x'", "'"), ("X'", "'")]
    KEYWORDS: ClassVar = {
        **{
            word: kind
            for word, kind in tokens.Tokenizer.KEYWORDS.items()
            if word not in NILADIC and word != "/*+"
        },
        "TOP": TokenType.TOP,
        "MINUS": TokenType.EXCEPT,
        "LIKE_REGEXPR": TokenType.RLIKE,
    }


class HanaParser(StrictParser):
    """HANA's own syntax, on top of the strict base."""

    TYPE_NAMES: ClassVar = TYPES

    def _parse_type_name(self) -> exp.Expr:
        """A type; FLOAT(n) is REAL up to 24 bits and DOUBLE above [SQL:data-types]."""
        is_float = self._curr.text.upper() == "FLOAT"
        found = super()._parse_type_name()
        if is_float and found.expressions:
            written = found.expressions[0].name if len(found.expressions) == 1 else ""
            bits = int(written) if re.fullmatch("[0-9]{1,2}", written) else 0
            if not 1 <= bits <= 53:
                self.raise_error("FLOAT has 1 to 53 bits")
            found.set("this", "REAL" if bits <= 24 else "DOUBLE")
            found.set("expressions", [])
        return found

    def parse_like_regexpr(self, subject: exp.Expr | None) -> exp.Expr:
        """``subject LIKE_REGEXPR 'p' [FLAG 'i']``."""
        pattern = self._parse_bitwise()
        flag = self._parse_string() if self._match_text_seq("FLAG") else None
        return self.expression(RegexPredicate(this=subject, pattern=pattern, flag=flag))

    def _regex_function(self, name: str) -> exp.Expr:
        pattern = self._parse_bitwise()
        flag = self._parse_string() if self._match_text_seq("FLAG") else None
        if not self._match(TokenType.IN):
            self.raise_error(f"Expected IN in {name}")
        subject = self._parse_bitwise()
        replacement = self._parse_bitwise() if self._match_text_seq("WITH") else None
        start = self._parse_bitwise() if self._match_text_seq("FROM") else None
        occurrence: exp.Expr | None = None
        if self._match_text_seq("OCCURRENCE"):
            every = self._match_text_seq("ALL")
            occurrence = exp.var("ALL") if every else self._parse_bitwise()
        group = self._parse_bitwise() if self._match_text_seq("GROUP") else None
        return self.expression(
            RegexFunction(
                this=name,
                pattern=pattern,
                flag=flag,
                subject=subject,
                replacement=replacement,
                start=start,
                occurrence=occurrence,
                group=group,
            )
        )

    def parse_replace_regexpr(self) -> exp.Expr:
        """``REPLACE_REGEXPR(...)`` after its bracket."""
        return self._regex_function("REPLACE_REGEXPR")

    def parse_substring_regexpr(self) -> exp.Expr:
        """``SUBSTRING_REGEXPR(...)``, also spelt ``SUBSTR_REGEXPR``."""
        return self._regex_function("SUBSTRING_REGEXPR")

    def parse_occurrences_regexpr(self) -> exp.Expr:
        """``OCCURRENCES_REGEXPR(...)``."""
        return self._regex_function("OCCURRENCES_REGEXPR")

    FUNCTION_PARSERS: ClassVar = {
        **StrictParser.FUNCTION_PARSERS,
        "REPLACE_REGEXPR": parse_replace_regexpr,
        "SUBSTR_REGEXPR": parse_substring_regexpr,
        "SUBSTRING_REGEXPR": parse_substring_regexpr,
        "OCCURRENCES_REGEXPR": parse_occurrences_regexpr,
    }
    RANGE_PARSERS: ClassVar = {**StrictParser.RANGE_PARSERS, TokenType.RLIKE: parse_like_regexpr}


class Hana(Dialect):
    """HANA SQL as sqlglot reads it."""

    NORMALIZATION_STRATEGY = NormalizationStrategy.UPPERCASE
    NULL_ORDERING = "nulls_are_small"
    TABLESAMPLE_SIZE_IS_PERCENT = True
    SUPPORTS_ORDER_BY_ALL = False
    INTERSECT_BINDS_TIGHTER_THAN_UNION_AND_EXCEPT = False

    Tokenizer = HanaTokenizer
    Parser = HanaParser
