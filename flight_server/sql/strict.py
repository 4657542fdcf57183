"""The part of sqlglot's grammar that callers may use; knows neither HANA nor DuckDB.

sqlglot reads some thirty dialects at once and turns functions into shared classes, which moves
arguments about (LOCATE) and renames things. This parser keeps every function as it was written,
by name and in order, and drops the operators that no caller's dialect here has. What is left over
is judged by the gate.
"""

# sqlglot leaves the tables of its parser untyped; what is put into them here is typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from collections.abc import Collection, Mapping
from typing import ClassVar

from sqlglot import exp, parser
from sqlglot.expressions.core import Expression
from sqlglot.parser import Parser
from sqlglot.tokenizer_core import Token, TokenType

MARKER_OFFSET = "offset"
"""Key in a placeholder's ``meta``: where its ``?`` stands in the text, in characters."""


class Niladic(Expression, exp.Condition):
    """A function without brackets (CURRENT_DATE); ``this`` is its name in upper case."""

    arg_types: ClassVar = {"this": True}


class TemporalLiteral(Expression, exp.Condition):
    """``DATE'...'``, ``TIME'...'`` or ``TIMESTAMP'...'``; ``this`` is the string literal."""

    arg_types: ClassVar = {"this": True, "kind": True}


class TypeName(Expression):
    """The target of a CAST: ``this`` is the dialect's own name, ``expressions`` its numbers."""

    arg_types: ClassVar = {"this": True, "expressions": False}


class StrictParser(parser.Parser):
    """Functions by name, ``?`` markers with their position, named arguments; little else."""

    TYPE_NAMES: ClassVar[Mapping[str, str]] = {}
    """What the dialect calls its types, and the name each is an alias of."""

    def parse_marker(self) -> exp.Expr:
        """A ``?``, remembering where it stood."""
        marker = exp.Placeholder()
        marker.meta[MARKER_OFFSET] = self._prev.start
        return self.expression(marker)

    def parse_named_argument(self, names: list[exp.Expr]) -> exp.Expr:
        """``"P" => value``, with the quotes of the name kept."""
        return self.expression(
            exp.Kwarg(this=names[0] if names else None, expression=self._parse_disjunction())
        )

    def parse_national_string(self, token: Token) -> exp.Expr:
        """``N'text'`` is the same as ``'text'``."""
        return self.expression(exp.Literal(this=token.text, is_string=True), token)

    def parse_temporal_literal(self, value: exp.Expr, kind: exp.DataType) -> exp.Expr:
        """``DATE'2024-01-31'`` and the like."""
        return self.expression(TemporalLiteral(this=value, kind=kind.this.value))

    def parse_set_operation(
        self,
        this: exp.Expr | None,
        consume_pipe: bool = False,  # noqa: FBT001, FBT002 - sqlglot's signature
        intersect_only: bool = False,  # noqa: FBT001, FBT002
    ) -> exp.SetOperation | None:
        """One set operation; INTERSECT beside another needs brackets.

        Whether INTERSECT binds tighter differs between databases, and for HANA it is [U].
        """
        found = super().parse_set_operation(this, consume_pipe, intersect_only)
        operands = (found, found.this) if found is not None else ()
        kinds = {
            type(node) is exp.Intersect for node in operands if isinstance(node, exp.SetOperation)
        }
        if len(kinds) > 1:
            self.raise_error("INTERSECT beside UNION or EXCEPT needs brackets")
        return found

    def _parse_select_query(
        self,
        nested: bool = False,  # noqa: FBT001, FBT002 - sqlglot's signature
        table: bool = False,  # noqa: FBT001, FBT002
        parse_subquery_alias: bool = True,  # noqa: FBT001, FBT002
        parse_set_operation: bool = True,  # noqa: FBT001, FBT002
    ) -> exp.Expr | None:
        """A query; sqlglot would also take one that starts with FROM."""
        if self._curr.token_type == TokenType.FROM:
            self.raise_error("Expected SELECT before FROM")
        return super()._parse_select_query(nested, table, parse_subquery_alias, parse_set_operation)

    def _parse_limit(
        self,
        this: exp.Expr | None = None,
        top: bool = False,  # noqa: FBT001, FBT002 - sqlglot's signature
        skip_limit_token: bool = False,  # noqa: FBT001, FBT002
    ) -> exp.Expr | None:
        """LIMIT or TOP; sqlglot would take ``LIMIT 1, 2`` as MySQL means it."""
        found = super()._parse_limit(this, top, skip_limit_token)
        if isinstance(found, exp.Limit) and found.args.get("offset") is not None:
            self.raise_error("Expected OFFSET, not a comma, behind LIMIT")
        return found

    def _parse_join(
        self,
        skip_join_token: bool = False,  # noqa: FBT001, FBT002 - sqlglot's signature
        parse_bracket: bool = False,  # noqa: FBT001, FBT002
        alias_tokens: Collection[TokenType] | None = None,
    ) -> exp.Join | None:
        """One join; sqlglot would take a JOIN without ON for a comma."""
        comma = self._curr.token_type == TokenType.COMMA
        found = super()._parse_join(skip_join_token, parse_bracket, alias_tokens)
        said = ("on", "using", "kind", "method")
        if found is not None and not comma and not any(found.args.get(slot) for slot in said):
            self.raise_error("Expected ON behind JOIN")
        return found

    def parse_cast(self) -> exp.Expr:
        """``CAST(x AS NVARCHAR(10))``, with the dialect's type names and nothing else."""
        value = self._parse_disjunction()
        if not self._match(TokenType.ALIAS):
            self.raise_error("Expected AS in CAST")
        return self.expression(exp.Cast(this=value, to=self._parse_type_name()))

    def _parse_type_name(self) -> exp.Expr:
        name = self.TYPE_NAMES.get(self._curr.text.upper())
        if name is None or self._curr.token_type == TokenType.IDENTIFIER:
            self.raise_error(f"'{self._curr.text[:40]}' is not a type")
        self._advance()
        numbers: list[exp.Expr | None] = []
        if self._match(TokenType.L_PAREN):
            numbers = list(self._parse_csv(self._parse_number))
            self._match_r_paren()
        return self.expression(TypeName(this=name, expressions=numbers))

    def _warn_unsupported(self) -> None:
        """Say nothing: the log must not hold callers' SQL, and the gate refuses commands."""

    FUNCTIONS: ClassVar = {}
    NO_PAREN_FUNCTIONS: ClassVar = {}
    NO_PAREN_FUNCTION_PARSERS: ClassVar = {"CASE": Parser.NO_PAREN_FUNCTION_PARSERS["CASE"]}
    FUNCTION_PARSERS: ClassVar = {
        "CAST": parse_cast,
        "EXTRACT": Parser.FUNCTION_PARSERS["EXTRACT"],
        "TRIM": Parser.FUNCTION_PARSERS["TRIM"],
    }
    FUNCTIONS_WITH_ALIASED_ARGS: ClassVar = set[str]()
    COLUMN_OPERATORS: ClassVar = {TokenType.DOT: None}
    CAST_COLUMN_OPERATORS: ClassVar = set[TokenType]()
    LAMBDAS: ClassVar = {TokenType.FARROW: parse_named_argument}
    PLACEHOLDER_PARSERS: ClassVar = {TokenType.PLACEHOLDER: parse_marker}
    STRING_PARSERS: ClassVar = {
        TokenType.STRING: Parser.STRING_PARSERS[TokenType.STRING],
        TokenType.NATIONAL_STRING: parse_national_string,
    }
    NUMERIC_PARSERS: ClassVar = {
        kind: Parser.NUMERIC_PARSERS[kind] for kind in (TokenType.NUMBER, TokenType.HEX_STRING)
    }
    PRIMARY_PARSERS: ClassVar = {
        **STRING_PARSERS,
        **NUMERIC_PARSERS,
        **{
            kind: Parser.PRIMARY_PARSERS[kind]
            for kind in (TokenType.NULL, TokenType.TRUE, TokenType.FALSE, TokenType.STAR)
        },
    }
    RANGE_PARSERS: ClassVar = {
        kind: Parser.RANGE_PARSERS[kind]
        for kind in (TokenType.BETWEEN, TokenType.IN, TokenType.IS, TokenType.LIKE)
    }
    UNARY_PARSERS: ClassVar = {
        kind: Parser.UNARY_PARSERS[kind] for kind in (TokenType.PLUS, TokenType.NOT, TokenType.DASH)
    }
    ASSIGNMENT: ClassVar = dict[TokenType, type[exp.Expr]]()
    EQUALITY: ClassVar = {TokenType.EQ: exp.EQ, TokenType.NEQ: exp.NEQ}
    BITWISE: ClassVar = dict[TokenType, type[exp.Expr]]()
    TERM: ClassVar = {TokenType.DASH: exp.Sub, TokenType.PLUS: exp.Add}
    FACTOR: ClassVar = {TokenType.SLASH: exp.Div, TokenType.STAR: exp.Mul}
    TYPE_LITERAL_PARSERS: ClassVar = dict.fromkeys(
        (exp.DType.DATE, exp.DType.TIME, exp.DType.TIMESTAMP), parse_temporal_literal
    )
    PIPE_SYNTAX_TRANSFORM_PARSERS: ClassVar = {}
