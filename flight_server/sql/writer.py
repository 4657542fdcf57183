"""Writes an admitted tree as SQL text; decides nothing about what is allowed or meant.

The text that reaches a database is written here and nowhere else: each name is quoted, each string
escaped, comments and everything that the tree does not hold are gone. sqlglot's own generator is
not used, because it rewrites what it knows for thirty dialects.
"""

from collections.abc import Callable, Mapping
from typing import Final, cast

from sqlglot import exp

from flight_client.protocol.errors import UnsupportedSql
from flight_server.sql.hana import RegexFunction, RegexPredicate
from flight_server.sql.strict import Niladic, TemporalLiteral, TypeName

MARKER_NUMBER: Final = "number"
"""Key in a placeholder's ``meta``: its number in the order of the caller's text, from 1."""

INFIX: Final[Mapping[type[exp.Expr], str]] = {
    exp.Add: "+",
    exp.And: "AND",
    exp.DPipe: "||",
    exp.Div: "/",
    exp.EQ: "=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.IntDiv: "//",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.Mod: "%",
    exp.Mul: "*",
    exp.NEQ: "<>",
    exp.Or: "OR",
    exp.Sub: "-",
}

_SET_WORDS: Final[Mapping[type[exp.Expr], str]] = {
    exp.Union: "UNION",
    exp.Intersect: "INTERSECT",
    exp.Except: "EXCEPT",
}


def quoted(name: str) -> str:
    """A name as a delimited identifier."""
    return '"' + name.replace('"', '""') + '"'


def string(text: str) -> str:
    """A text as a string literal; neither HANA nor DuckDB knows other escapes."""
    return "'" + text.replace("'", "''") + "'"


def child(node: exp.Expr, slot: str) -> exp.Expr | None:
    """The one node in a slot, if there is one."""
    found = node.args.get(slot)
    return found if isinstance(found, exp.Expr) else None


def children(node: exp.Expr, slot: str = "expressions") -> list[exp.Expr]:
    """The nodes in a list slot."""
    return cast("list[exp.Expr]", node.args.get(slot) or [])


def word(node: exp.Expr, slot: str) -> str:
    """The word in a slot, empty if there is none."""
    found = node.args.get(slot)
    return found if isinstance(found, str) else ""


def spine(node: exp.Expr, kind: type[exp.Expr]) -> list[exp.Expr]:
    """The operands of ``a || b || c``, walked and not recursed, so that long chains work."""
    operands: list[exp.Expr] = []
    while isinstance(node, kind):
        operands.append(node.args["expression"])
        node = node.args["this"]
    return [node, *reversed(operands)]


class Writer:
    """HANA SQL. Other dialects override what they spell differently."""

    def __init__(self) -> None:
        self.markers: list[int] = []
        """Numbers of the placeholders, in the order they were written."""
        self._writers: dict[type[exp.Expr], Callable[[exp.Expr], str]] = {
            **dict.fromkeys(INFIX, self.infix),
            **dict.fromkeys(_SET_WORDS, self.set_operation),
            exp.Alias: self.alias,
            exp.All: lambda node: f"ALL {self.query(node.this)}",
            exp.Anonymous: self.function,
            exp.Any: lambda node: f"ANY {self.query(node.this)}",
            exp.Between: self.between,
            exp.Boolean: lambda node: "TRUE" if node.this else "FALSE",
            exp.CTE: self.cte,
            exp.Case: self.case,
            exp.Cast: self.cast,
            exp.Column: self.column,
            exp.Cube: lambda node: f"CUBE({self.commas(node)})",
            exp.Distinct: lambda node: f"DISTINCT {self.commas(node)}",
            exp.Escape: lambda node: f"{self.part(node, 'this')} ESCAPE {self.part(node)}",
            exp.Exists: lambda node: f"EXISTS {self.query(node.this)}",
            exp.Extract: self.extract,
            exp.Filter: lambda node: f"{self.part(node, 'this')} FILTER ({self.part(node)})",
            exp.GroupingSets: lambda node: f"GROUPING SETS({self.commas(node)})",
            exp.Having: lambda node: f"HAVING {self.part(node, 'this')}",
            exp.HexString: self.binary,
            exp.ILike: lambda node: self.like(node, "ILIKE"),
            exp.Identifier: lambda node: quoted(node.name),
            exp.In: self.membership,
            exp.Is: lambda node: f"{self.part(node, 'this')} IS NULL",
            exp.Join: self.join,
            exp.Kwarg: lambda node: f"{self.part(node, 'this')} => {self.part(node)}",
            exp.Like: lambda node: self.like(node, "LIKE"),
            exp.Limit: lambda node: f"LIMIT {self.part(node)}",
            exp.Literal: lambda node: string(node.name) if node.is_string else node.name,
            exp.Neg: self.negative,
            exp.Not: lambda node: f"NOT {self.part(node, 'this')}",
            exp.Null: lambda _: "NULL",
            exp.Offset: lambda node: f"OFFSET {self.part(node)}",
            exp.Order: self.order,
            exp.Ordered: self.ordered,
            exp.Paren: lambda node: f"({self.part(node, 'this')})",
            exp.Placeholder: self.marker,
            exp.Rollup: lambda node: f"ROLLUP({self.commas(node)})",
            exp.Select: self.select,
            exp.Star: lambda _: "*",
            exp.Subquery: self.subquery,
            exp.Table: self.table,
            exp.TableAlias: self.table_alias,
            exp.TableSample: self.sample,
            exp.Trim: self.trim,
            exp.Tuple: lambda node: f"({self.commas(node)})",
            exp.Var: lambda node: node.name,
            exp.Where: lambda node: f"WHERE {self.part(node, 'this')}",
            exp.Window: self.window,
            exp.WindowSpec: self.frame,
            exp.With: lambda node: f"WITH {self.commas(node)}",
            exp.WithinGroup: lambda node: (
                f"{self.part(node, 'this')} WITHIN GROUP ({self.part(node)})"
            ),
            Niladic: self.niladic,
            RegexFunction: self.regex_function,
            RegexPredicate: self.regex_predicate,
            TemporalLiteral: self.temporal,
            TypeName: self.type_name,
        }

    def write(self, node: exp.Expr) -> str:
        """The text of one node.

        Raises:
            UnsupportedSql: The node has no spelling in this dialect.
        """
        writer = self._writers.get(type(node))
        if writer is None:
            raise UnsupportedSql(
                f"{type(node).__name__} has no counterpart here; write the query without it.",
                construct=type(node).__name__,
            )
        return writer(node)

    def part(self, node: exp.Expr, slot: str = "expression") -> str:
        """The text of what is in a slot; empty if it is empty."""
        found = child(node, slot)
        return "" if found is None else self.write(found)

    def commas(self, node: exp.Expr, slot: str = "expressions") -> str:
        """The texts of a list slot, with commas."""
        return ", ".join(self.write(item) for item in children(node, slot))

    # queries

    def query(self, node: exp.Expr) -> str:
        """A query in brackets, exactly one pair."""
        text = self.write(node)
        return text if isinstance(node, exp.Subquery) else f"({text})"

    def select(self, node: exp.Expr) -> str:
        """SELECT, with its CTEs in front and its tail behind."""
        words = [
            self.part(node, "with_"),
            "SELECT DISTINCT" if child(node, "distinct") else "SELECT",
            self.commas(node),
        ]
        source = child(node, "from_")
        if source is not None:
            words.append("FROM " + self.part(source, "this") + self.joins(node))
        words += [self.part(node, "where"), self.group(node), self.part(node, "having")]
        return " ".join(filter(None, [*words, *self.tail(node)]))

    def tail(self, node: exp.Expr) -> list[str]:
        """What stands behind a query's body."""
        return [self.part(node, slot) for slot in ("order", "limit", "offset")]

    def group(self, node: exp.Expr) -> str:
        """GROUP BY."""
        found = child(node, "group")
        return "" if found is None else f"GROUP BY {self.commas(found)}"

    def set_operation(self, node: exp.Expr) -> str:
        """UNION, INTERSECT or EXCEPT; an operand with its own tail or CTEs needs brackets."""
        operator = _SET_WORDS[type(node)]
        if not node.args.get("distinct"):
            operator += " ALL"
        words = [
            self.part(node, "with_"),
            self.operand(node, "this"),
            operator,
            self.operand(node, "expression"),
            *self.tail(node),
        ]
        return " ".join(filter(None, words))

    def operand(self, node: exp.Expr, slot: str) -> str:
        """One side of a set operation."""
        side: exp.Expr = node.args[slot]
        own_tail = any(child(side, tail) for tail in ("order", "limit", "offset", "with_"))
        grouped = slot == "expression" and not isinstance(side, exp.Select)
        return self.query(side) if own_tail or grouped else self.write(side)

    def subquery(self, node: exp.Expr) -> str:
        """A query or a join in brackets."""
        with_ = self.part(node, "with_")
        body = f"({self.part(node, 'this')}){self.name_after(node)}{self.joins(node)}"
        return " ".join(filter(None, [with_, body, *self.tail(node)]))

    def cte(self, node: exp.Expr) -> str:
        """``"name" ("column") AS (query)``."""
        return f"{self.part(node, 'alias')} AS {self.query(node.this)}"

    def table(self, node: exp.Expr) -> str:
        """A table or a parametrised view, its alias, sample and joins."""
        space = self.part(node, "db")
        name = self.entity(node.this)
        text = f"{space}.{name}" if space else name
        return f"{text}{self.name_after(node)}{self.part(node, 'sample')}{self.joins(node)}"

    def entity(self, node: exp.Expr) -> str:
        """The last part of a table's name, with the parameters of a parametrised view."""
        if isinstance(node, exp.Anonymous):
            return f"{self.write(node.this)}({self.commas(node)})"
        return self.write(node)

    def name_after(self, node: exp.Expr) -> str:
        """`` AS "name"``."""
        found = self.part(node, "alias")
        return f" AS {found}" if found else ""

    def table_alias(self, node: exp.Expr) -> str:
        """``"name"`` or ``"name" ("column")``."""
        columns = self.commas(node, "columns")
        return self.part(node, "this") + (f" ({columns})" if columns else "")

    def joins(self, node: exp.Expr) -> str:
        """What is joined to a FROM or a table in brackets."""
        return "".join(self.write(join) for join in children(node, "joins"))

    def join(self, node: exp.Expr) -> str:
        """One join, with what stands before it."""
        on = child(node, "on")
        kinds = " ".join(filter(None, (word(node, "side"), word(node, "kind"))))
        if not kinds and on is None:
            return f", {self.part(node, 'this')}"
        text = f" {kinds} JOIN " if kinds else " JOIN "
        return text + self.part(node, "this") + (f" ON {self.write(on)}" if on else "")

    def sample(self, node: exp.Expr) -> str:
        """`` TABLESAMPLE BERNOULLI (10)``; HANA counts in percent."""
        method = self.part(node, "method")
        return f" TABLESAMPLE {method + ' ' if method else ''}({self.part(node, 'percent')})"

    def order(self, node: exp.Expr) -> str:
        """ORDER BY of a query, a window or, behind its last argument, an aggregate."""
        before = self.part(node, "this")
        return f"{before + ' ' if before else ''}ORDER BY {self.commas(node)}"

    def ordered(self, node: exp.Expr) -> str:
        """One sort key; where NULLs go is always said."""
        direction = "DESC" if node.args.get("desc") else "ASC"
        nulls = "FIRST" if node.args.get("nulls_first") else "LAST"
        return f"{self.part(node, 'this')} {direction} NULLS {nulls}"

    # values

    def infix(self, node: exp.Expr) -> str:
        """``a + b + c``; the left spine is walked, not recursed, so that long chains work."""
        chain: list[exp.Expr] = []
        spine: exp.Expr = node
        while type(spine) in INFIX and self._writers[type(spine)] == self.infix:
            chain.append(spine)
            spine = spine.args["this"]
        words = [self.write(spine)]
        for link in reversed(chain):
            words += [INFIX[type(link)], self.part(link)]
        return " ".join(words)

    def alias(self, node: exp.Expr) -> str:
        """``value AS "name"``."""
        return f"{self.part(node, 'this')} AS {self.part(node, 'alias')}"

    def column(self, node: exp.Expr) -> str:
        """``"T"."C"`` or ``"T".*``."""
        return ".".join(filter(None, (self.part(node, slot) for slot in ("db", "table", "this"))))

    def between(self, node: exp.Expr) -> str:
        """``x BETWEEN low AND high``."""
        value, low, high = (self.part(node, slot) for slot in ("this", "low", "high"))
        return f"{value} BETWEEN {low} AND {high}"

    def like(self, node: exp.Expr, operator: str) -> str:
        """LIKE and its kin."""
        negation = "NOT " if node.args.get("negate") else ""
        return f"{self.part(node, 'this')} {negation}{operator} {self.part(node)}"

    def membership(self, node: exp.Expr) -> str:
        """IN a list or a query."""
        value, query = self.part(node, "this"), child(node, "query")
        return f"{value} IN {f'({self.commas(node)})' if query is None else self.query(query)}"

    def case(self, node: exp.Expr) -> str:
        """Both forms of CASE."""
        words = ["CASE", self.part(node, "this")]
        for branch in children(node, "ifs"):
            words += ["WHEN", self.part(branch, "this"), "THEN", self.part(branch, "true")]
        default = child(node, "default")
        words += ["ELSE", self.write(default)] if default else []
        return " ".join(filter(None, [*words, "END"]))

    def negative(self, node: exp.Expr) -> str:
        """A minus sign, kept from becoming the start of a comment."""
        text = self.part(node, "this")
        return f"- {text}" if text.startswith("-") else f"-{text}"

    def marker(self, node: exp.Expr) -> str:
        """A placeholder."""
        self.markers.append(int(node.meta[MARKER_NUMBER]))
        return "?"

    def binary(self, node: exp.Expr) -> str:
        """``X'00AB'``."""
        return f"X'{node.name}'"

    def temporal(self, node: exp.Expr) -> str:
        """``DATE'2024-01-31'``."""
        return word(node, "kind") + self.part(node, "this")

    def cast(self, node: exp.Expr) -> str:
        """CAST."""
        return f"CAST({self.part(node, 'this')} AS {self.part(node, 'to')})"

    def type_name(self, node: exp.Expr) -> str:
        """``DECIMAL(10, 2)``."""
        numbers = self.commas(node)
        return node.name + (f"({numbers})" if numbers else "")

    def extract(self, node: exp.Expr) -> str:
        """``EXTRACT(YEAR FROM d)``."""
        return f"EXTRACT({self.part(node, 'this')} FROM {self.part(node)})"

    def trim(self, node: exp.Expr) -> str:
        """``TRIM(BOTH 'x' FROM s)``."""
        words = " ".join(filter(None, (word(node, "position"), self.part(node))))
        return f"TRIM({words + ' FROM ' if words else ''}{self.part(node, 'this')})"

    def niladic(self, node: exp.Expr) -> str:
        """A function without brackets."""
        return node.name

    def function(self, node: exp.Expr) -> str:
        """A call, its name in upper case."""
        return f"{node.name.upper()}({self.commas(node)})"

    def regex_function(self, node: exp.Expr) -> str:
        """``REPLACE_REGEXPR('p' FLAG 'i' IN s WITH r OCCURRENCE ALL)``."""
        words = [
            ("", "pattern"),
            ("FLAG ", "flag"),
            ("IN ", "subject"),
            ("WITH ", "replacement"),
            ("FROM ", "start"),
            ("OCCURRENCE ", "occurrence"),
            ("GROUP ", "group"),
        ]
        texts = (before + self.part(node, slot) for before, slot in words if child(node, slot))
        return f"{node.name}({' '.join(texts)})"

    def regex_predicate(self, node: exp.Expr) -> str:
        """``s LIKE_REGEXPR 'p' FLAG 'i'``."""
        text = f"{self.part(node, 'this')} LIKE_REGEXPR {self.part(node, 'pattern')}"
        flag = self.part(node, "flag")
        return f"{text} FLAG {flag}" if flag else text

    def window(self, node: exp.Expr) -> str:
        """``f(x) OVER (...)``."""
        return f"{self.part(node, 'this')} OVER ({self.window_body(node)})"

    def window_body(self, node: exp.Expr) -> str:
        """What stands in the brackets of OVER."""
        partition = self.commas(node, "partition_by")
        words = (
            f"PARTITION BY {partition}" if partition else "",
            self.part(node, "order"),
            self.part(node, "spec"),
        )
        return " ".join(filter(None, words))

    def frame(self, node: exp.Expr) -> str:
        """``ROWS BETWEEN 1 PRECEDING AND CURRENT ROW``."""
        start, end = self.bound(node, "start"), self.bound(node, "end")
        kind = word(node, "kind").upper()
        return f"{kind} BETWEEN {start} AND {end}" if end else f"{kind} {start}"

    def bound(self, node: exp.Expr, slot: str) -> str:
        """One end of a frame."""
        value = self.part(node, slot) if child(node, slot) else word(node, slot)
        return " ".join(filter(None, (value, word(node, f"{slot}_side").upper())))
