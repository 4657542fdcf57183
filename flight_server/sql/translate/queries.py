"""Writes an admitted HANA query as DuckDB's SQL; what has no counterpart is refused by name.

Joins, conditions and set operations mean the same in both. What differs: markers are numbered
(``$1``), because a form may need one twice; DUMMY becomes a table of one row; parametrised views
are table macros; rows are compared value by value, because DuckDB takes NULL as equal inside rows.
"""

import re
from typing import Final

from sqlglot import exp

from flight_client.protocol.errors import InvalidSql, UnsupportedSql
from flight_server.sql import growth
from flight_server.sql.functions import HANA, Kind
from flight_server.sql.gate import AdmittedQuery, CallerDialect
from flight_server.sql.hana import RegexFunction
from flight_server.sql.names import DUMMY
from flight_server.sql.strict import Niladic, TemporalLiteral
from flight_server.sql.translate import aggregates, conversions, dates, numbers, strings
from flight_server.sql.translate.aggregates import Aggregate
from flight_server.sql.translate.call import Argument, Call, Translations
from flight_server.sql.writer import (
    MARKER_NUMBER,
    Writer,
    child,
    children,
    quoted,
    spine,
    string,
    word,
)

MAX_WRITTEN_CHARACTERS: Final = 32 * 1024 * 1024
"""Most characters that a translation may write, those of the parts counted again in the whole.
Forms that repeat an argument double its length at each level of nesting."""

_FUNCTIONS: Final[Translations] = {
    **conversions.FUNCTIONS,
    **dates.FUNCTIONS,
    **numbers.FUNCTIONS,
    **strings.FUNCTIONS,
}

_GROUPINGS: Final = (exp.Group, exp.Rollup, exp.Cube, exp.GroupingSets, exp.Tuple)
"""Where a number would be a position."""

_CLOSED: Final = (
    exp.Anonymous,
    exp.Case,
    exp.Cast,
    exp.Column,
    exp.Div,
    exp.Extract,
    exp.HexString,
    exp.Literal,
    exp.Null,
    exp.Paren,
    exp.Placeholder,
    exp.Star,
    exp.Subquery,
    exp.Trim,
    exp.Var,
    exp.Window,
    Niladic,
    RegexFunction,
    TemporalLiteral,
)
"""Nodes whose text no operator beside it can bind into."""


def to_duckdb(query: AdmittedQuery) -> str:
    """DuckDB's SQL for an admitted query.

    Markers are ``$1``, ``$2`` ... in the order of the caller's values. A query that the caller
    wrote in DuckDB's own SQL is so already.

    Raises:
        UnsupportedSql: Something in the query has no counterpart with the same meaning; the
            message names it.
    """
    if query.dialect is CallerDialect.DUCKDB:
        return query.sql
    try:
        return DuckDbTranslator().write(query.expression)
    except RecursionError:
        raise InvalidSql("The SQL is nested too deeply; split it with WITH.") from None


class DuckDbTranslator(Writer):
    """The writer of HANA's SQL, with everything that DuckDB means otherwise overridden."""

    def __init__(self) -> None:
        super().__init__()
        for foreign in (exp.Filter, exp.ILike, exp.IntDiv, exp.Mod):
            del self._writers[foreign]
        self._writers[exp.DPipe] = self.concatenation
        self._writers[exp.Div] = self.division
        self._writers[exp.WithinGroup] = self.within_group
        self._written = 0

    def write(self, node: exp.Expr) -> str:
        """The text of one node, unless it all grows beyond what a database should read."""
        text = super().write(node)
        self._written += len(text)
        if self._written > MAX_WRITTEN_CHARACTERS:
            raise UnsupportedSql(
                "The SQL grows too long in DuckDB's dialect; nest fewer functions.",
                construct="length",
            )
        return text

    def argument(self, node: exp.Expr) -> Argument:
        """A node as an argument of a form."""
        text = self.write(node)
        return Argument(node, text if isinstance(node, _CLOSED) else f"({text})")

    def arguments(self, node: exp.Expr) -> tuple[Argument, ...]:
        """The arguments of a call."""
        return tuple(self.argument(item) for item in children(node))

    # queries

    def select(self, node: exp.Expr) -> str:
        """SELECT, unless DuckDB would mix up two of its columns."""
        seen: dict[str, str] = {}
        for item in children(node):
            name = item.alias_or_name
            other = seen.setdefault(name.casefold(), name)
            if other != name:
                raise UnsupportedSql(
                    f"The columns '{other}' and '{name}' differ in case only, which DuckDB does "
                    "not tell apart; rename one.",
                    construct="column names",
                )
        return super().select(node)

    def group(self, node: exp.Expr) -> str:
        """GROUP BY; a number is a constant on HANA and a position here."""
        found = child(node, "group")
        literals = list[exp.Expr](found.find_all(exp.Literal)) if found is not None else []
        for item in literals:
            if isinstance(item.parent, _GROUPINGS):
                raise UnsupportedSql(
                    f"GROUP BY {item.name} has no translation; name the column.",
                    construct="GROUP BY",
                )
        return super().group(node)

    def table(self, node: exp.Expr) -> str:
        """A table; DUMMY, which has no space, becomes a row."""
        if child(node, "db") is not None or node.name != DUMMY:
            return super().table(node)
        name = self.part(node, "alias") or quoted(DUMMY)
        row = f"(SELECT 'X' AS {quoted(DUMMY)}) AS {name}"
        return f"{row}{self.part(node, 'sample')}{self.joins(node)}"

    def entity(self, node: exp.Expr) -> str:
        """A parametrised view is a table macro, its parameters named by ``:=``."""
        if not isinstance(node, exp.Anonymous):
            return super().entity(node)
        given = (
            f"{self.part(item, 'this')} := {self.part(item)}"
            if isinstance(item, exp.Kwarg)
            else self.write(item)
            for item in children(node)
        )
        return f"{self.write(node.this)}({', '.join(given)})"

    def sample(self, node: exp.Expr) -> str:
        """TABLESAMPLE."""
        method = (self.part(node, "method") or "SYSTEM").lower()
        return f" TABLESAMPLE {method}({self.part(node, 'percent')} PERCENT)"

    # values

    def marker(self, node: exp.Expr) -> str:
        """A placeholder by its number."""
        return f"${node.meta[MARKER_NUMBER]}"

    def division(self, node: exp.Expr) -> str:
        """``a / b``, which fails for 0."""
        return numbers.quotient(self.argument(node.this), self.argument(node.args["expression"]))

    def concatenation(self, node: exp.Expr) -> str:
        """``a || b || c``."""
        return growth.concatenated([self.argument(each).text for each in spine(node, exp.DPipe)])

    def binary(self, node: exp.Expr) -> str:
        """A binary literal."""
        return f"unhex({string(node.name)})"

    def temporal(self, node: exp.Expr) -> str:
        """A literal of a date or time; DuckDB keeps six digits of a second."""
        text, kind = node.this.name, word(node, "kind")
        if re.search(r"\.\d{6}[1-9]", text):
            raise UnsupportedSql(
                f"The literal '{text}' has a seventh digit of a second, which DuckDB does not "
                "keep; write six.",
                construct=kind,
            )
        kept = re.sub(r"(\.\d{6})0$", r"\1", text)
        return f"CAST({string(kept)} AS {kind})"

    def cast(self, node: exp.Expr) -> str:
        """CAST."""
        to = node.args["to"]
        given = [item.name for item in children(to)]
        return conversions.cast_to(self.argument(node.this), to.name, given)

    def extract(self, node: exp.Expr) -> str:
        """EXTRACT is the function of the same name."""
        value = self.argument(node.args["expression"])
        return dates.PARTS[node.this.name](Call("EXTRACT", (value,)))

    def trim(self, node: exp.Expr) -> str:
        """TRIM."""
        removed = child(node, "expression")
        return strings.trimmed(
            word(node, "position"),
            self.argument(node.this),
            self.argument(removed) if removed is not None else None,
        )

    def membership(self, node: exp.Expr) -> str:
        """IN; rows are compared value by value."""
        if not isinstance(node.this, exp.Tuple):
            return super().membership(node)
        if child(node, "query") is not None:
            raise UnsupportedSql(
                "IN of several values and a query has no translation; use EXISTS.",
                construct="IN",
            )
        left = self.arguments(node.this)
        rows = (
            " AND ".join(
                f"{one.text} = {other.text}"
                for one, other in zip(left, self.arguments(row), strict=True)
            )
            for row in children(node)
        )
        return f"({' OR '.join(f'({row})' for row in rows)})"

    def niladic(self, node: exp.Expr) -> str:
        """A function without brackets."""
        return dates.NILADIC[node.name]

    def function(self, node: exp.Expr) -> str:
        """A call, by the tables of translations; what is not in them is refused."""
        name = node.name.upper()
        if HANA[name].kind is not Kind.SCALAR:
            return self.aggregate(node, "")
        translate = _FUNCTIONS.get(name)
        if translate is None:
            raise _unknown(name)
        return translate(Call(name, self.arguments(node)))

    def aggregate(self, node: exp.Expr, over: str) -> str:
        """An aggregate or a window function with what stands behind it."""
        name = node.name.upper()
        translate = aggregates.FUNCTIONS.get(name)
        if translate is None:
            raise _unknown(name)
        items, order, distinct = children(node), "", False
        if items and isinstance(items[-1], exp.Order):
            if any(isinstance(key.this, exp.Literal) for key in children(items[-1])):
                raise UnsupportedSql(
                    f"{name} ordered by a position has no translation; name the column.",
                    construct=name,
                )
            order = f" ORDER BY {self.commas(items[-1])}"
            items = [*items[:-1], items[-1].this]
        if items and isinstance(items[0], exp.Distinct):
            distinct, items = True, children(items[0])
        arguments = tuple(self.argument(item) for item in items)
        return translate(
            Aggregate(name=name, arguments=arguments, distinct=distinct, order=order, over=over)
        )

    def within_group(self, node: exp.Expr) -> str:
        """PERCENTILE_CONT and PERCENTILE_DISC."""
        if isinstance(node.parent, exp.Window):
            raise _unknown(f"{node.this.name.upper()} with OVER")
        return f"{self.part(node, 'this')} WITHIN GROUP ({self.part(node)})"

    def window(self, node: exp.Expr) -> str:
        """A function over a window."""
        if isinstance(node.this, exp.WithinGroup):
            return self.write(node.this)
        return self.aggregate(node.this, f" OVER ({self.window_body(node)})")

    def regex_predicate(self, node: exp.Expr) -> str:
        """LIKE_REGEXPR; it looks for the pattern anywhere."""
        pattern = self.pattern(node, "LIKE_REGEXPR")
        return f"regexp_matches({self.part(node, 'this')}, {pattern})"

    def pattern(self, node: exp.Expr, name: str) -> str:
        """The pattern of a regular expression with its flags."""
        return strings.pattern(self.argument(node.args["pattern"]), child(node, "flag"), name)

    def regex_function(self, node: exp.Expr) -> str:
        """REPLACE_REGEXPR, SUBSTRING_REGEXPR and OCCURRENCES_REGEXPR."""
        name = node.name
        pattern, subject = self.pattern(node, name), self.part(node, "subject")
        start, occurrence = self.part(node, "start"), self.part(node, "occurrence")
        if start not in ("", "1"):
            raise UnsupportedSql(f"{name} with FROM has no translation.", construct=name)
        if name == "REPLACE_REGEXPR":
            scopes = {"": ", 'g'", "ALL": ", 'g'", "1": ""}
            if occurrence not in scopes:
                raise UnsupportedSql(
                    f"{name} of one occurrence behind the first has no translation; use ALL or 1.",
                    construct=name,
                )
            replacement = self.part(node, "replacement") or "''"
            return growth.regex_replaced(subject, pattern, replacement, scopes[occurrence])
        found = f"regexp_extract_all({subject}, {pattern}, {self.part(node, 'group') or '0'})"
        if name == "OCCURRENCES_REGEXPR":
            return f"CAST(len({found}) AS INTEGER)"
        return f"({found})[{occurrence or '1'}]"


def _unknown(name: str) -> UnsupportedSql:
    return UnsupportedSql(
        f"The function {name} has no translation for the embedded database; write it otherwise.",
        construct=name,
    )
