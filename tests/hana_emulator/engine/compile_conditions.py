"""Conditions and calls of HANA SQL as SQL of DuckDB."""

from typing import Final

from tests.hana_emulator.engine import functions_more, functions_time, tree, types
from tests.hana_emulator.engine.aggregates import aggregate
from tests.hana_emulator.engine.compile_values import ValueCompiler
from tests.hana_emulator.engine.errors import inconsistent, syntax_error, unsupported
from tests.hana_emulator.engine.functions import Arguments, apply
from tests.hana_emulator.engine.functions_text import regex
from tests.hana_emulator.engine.scope import Scope
from tests.hana_emulator.engine.terms import Term, convert, quoted
from tests.hana_emulator.engine.types import Family
from tests.hana_emulator.values import HanaError

PACKED_FROM: Final = 40
"""IN lists of constants from this length on are one parameter: DuckDB binds it much faster."""

assert functions_more
assert functions_time


class ConditionCompiler(ValueCompiler):
    """Compiles conditions, calls and sort keys."""

    def condition(self, node: tree.Condition, scope: Scope) -> str:
        """A condition; SQL's three values work alike in both."""
        match node:
            case tree.Logic():
                joined = f" {node.operator} ".join(
                    self.condition(one, scope) for one in node.conditions
                )
                return f"({joined})"
            case tree.Not():
                return f"(NOT {self.condition(node.condition, scope)})"
            case tree.Compare():
                return self._compare(node, scope)
            case tree.IsNull():
                word = "IS NOT NULL" if node.negated else "IS NULL"
                return f"({self.typed(node.value, scope).sql} {word})"
            case tree.Between():
                return self._between(node, scope)
            case tree.Membership():
                return self._membership(node, scope)
            case tree.Like():
                return self._like(node, scope)
            case tree.LikeRegex():
                return self._like_regex(node, scope)
            case tree.Exists():
                return f"EXISTS ({self.query(node.query, scope).sql})"
            case tree.Quantified():
                return self._quantified(node, scope)

    def _compare(self, node: tree.Compare, scope: Scope) -> str:
        if isinstance(node.left, tree.RowValue) or isinstance(node.right, tree.RowValue):
            raise syntax_error(node.operator, node.position)  # no row values here [facts 2.3]
        left, right = self.pair(
            self.value(node.left, scope), self.value(node.right, scope), node.position
        )
        return f"({left.sql} {node.operator} {right.sql})"

    def _between(self, node: tree.Between, scope: Scope) -> str:
        value = self.value(node.value, scope)
        low, high = self.value(node.low, scope), self.value(node.high, scope)
        if value.marker is not None:
            value = self.build.settle(value, low.type if low.marker is None else types.TEXT)
        least, low = self.pair(value, low, node.position)
        most, high = self.pair(value, high, node.position)
        sql = f"({least.sql} >= {low.sql} AND {most.sql} <= {high.sql})"
        return f"(NOT {sql})" if node.negated else sql

    def _membership(self, node: tree.Membership, scope: Scope) -> str:
        word = "NOT IN" if node.negated else "IN"
        if isinstance(node.value, tree.RowValue):
            return self._row_membership(node, node.value, scope)
        if isinstance(node.items, tree.Query):
            compiled = self.query(node.items, scope)
            if len(compiled.fields) != 1:
                raise HanaError(269, "too many values", position=node.position)
            value = self.build.settle(self.value(node.value, scope), compiled.fields[0].type)
            alias = self.build.alias()
            found = compiled.under(alias)[0].term()
            value, found = self.pair(value, found, node.position)
            return f"({value.sql} {word} (SELECT {found.sql} FROM ({compiled.sql}) AS {alias}))"
        if any(isinstance(item, tree.RowValue) for item in node.items):
            raise syntax_error("(", node.position)
        value = self.value(node.value, scope)
        items = [self.value(item, scope) for item in node.items]
        return self._list(value, items, word, node.position)

    def _list(self, value: Term, items: list[Term], word: str, position: int) -> str:
        if value.marker is not None:
            typed = next((item for item in items if item.marker is None), None)
            value = self.build.settle(value, types.TEXT if typed is None else typed.type)
        plain = all(item.marker is not None or item.constant is not None for item in items)
        if len(items) >= PACKED_FROM and plain and value.family is not Family.FLOATING:
            kinds = {item.type for item in items if item.marker is None}
            if all(types.common(value.type, kind) == value.type for kind in kinds):
                for item in items:
                    self.build.settle(item, value.type)
                name = self.build.pack(value.type, items)
                listed = f"unnest(CAST(${name} AS {types.storage(value.type)}[]))"
                return f"({value.sql} {word} (SELECT {listed}))"
        pairs = [self.pair(value, item, position) for item in items]
        subjects = {pair[0].sql for pair in pairs}
        if len(subjects) == 1:
            listed = ", ".join(item.sql for _, item in pairs)
            return f"({subjects.pop()} {word} ({listed}))"
        either = " OR ".join(f"{one.sql} = {other.sql}" for one, other in pairs)
        return f"(NOT ({either}))" if word == "NOT IN" else f"({either})"

    def _row_membership(self, node: tree.Membership, row: tree.RowValue, scope: Scope) -> str:
        if isinstance(node.items, tree.Query):
            compiled = self.query(node.items, scope)
            alias = self.build.alias()
            others = [field.term() for field in compiled.under(alias)]
            sides = self._pairs(row, others, scope, node.position)
            same = " AND ".join(f"{one.sql} = {other.sql}" for one, other in sides)
            rows = f"SELECT 1 FROM ({compiled.sql}) AS {alias} WHERE"
            sql = f"CASE WHEN EXISTS ({rows} {same}) THEN true "
            sql += f"WHEN EXISTS ({rows} ({same}) IS NULL) THEN NULL ELSE false END"
            return f"(NOT {sql})" if node.negated else f"({sql})"
        choices = []
        for item in node.items:
            if not isinstance(item, tree.RowValue):
                raise syntax_error("IN", node.position)
            others = [self.value(one, scope) for one in item.items]
            sides = self._pairs(row, others, scope, node.position)
            choices.append(" AND ".join(f"{one.sql} = {other.sql}" for one, other in sides))
        either = " OR ".join(f"({choice})" for choice in choices)
        return f"(NOT ({either}))" if node.negated else f"({either})"

    def _pairs(
        self, row: tree.RowValue, others: list[Term], scope: Scope, position: int
    ) -> list[tuple[Term, Term]]:
        if len(others) != len(row.items):
            code = 269 if len(others) > len(row.items) else 270
            words = "too many values" if code == 269 else "not enough values"
            raise HanaError(code, words, position=position)
        values = [self.value(one, scope) for one in row.items]
        return [self.pair(one, other, position)
                for one, other in zip(values, others, strict=True)]  # fmt: skip

    def _like(self, node: tree.Like, scope: Scope) -> str:
        value = self.typed(node.value, scope)
        if value.family not in types.TEXTS:
            value = convert(value, types.TEXT, node.position)
        pattern = self.typed(node.pattern, scope)
        if pattern.family not in types.TEXTS:
            raise inconsistent("LIKE takes texts", node.position)
        word = "NOT LIKE" if node.negated else "LIKE"
        sql = f"{value.sql} {word} {pattern.sql}"
        if node.escape is None:
            return f"({sql})"  # neither HANA nor DuckDB has an escape by default
        if not (isinstance(node.escape, tree.Constant) and len(node.escape.value) == 1):
            raise HanaError(273, "not a single character string", position=node.position)
        return f"({sql} ESCAPE {quoted(node.escape.value)})"

    def _like_regex(self, node: tree.LikeRegex, scope: Scope) -> str:
        value, pattern = self.typed(node.value, scope), self.typed(node.pattern, scope)
        flag = ""
        if node.flag is not None:
            if not isinstance(node.flag, tree.Constant):
                raise unsupported("a computed FLAG", node.position)
            flag = f", {quoted(node.flag.value)}"
        sql = f"regexp_matches({value.sql}, {pattern.sql}{flag})"
        return f"(NOT {sql})" if node.negated else sql

    def _quantified(self, node: tree.Quantified, scope: Scope) -> str:
        compiled = self.query(node.query, scope)
        if len(compiled.fields) != 1:
            raise HanaError(269, "too many values", position=node.position)
        alias = self.build.alias()
        value = self.build.settle(self.value(node.left, scope), compiled.fields[0].type)
        value, found = self.pair(value, compiled.under(alias)[0].term(), node.position)
        inner = f"SELECT {found.sql} FROM ({compiled.sql}) AS {alias}"
        return f"({value.sql} {node.operator} {node.quantifier} ({inner}))"

    # calls

    def call(self, node: tree.Call, scope: Scope) -> Term:
        """A function, an aggregate, or a window function."""
        if node.within:
            for key in node.within:
                self.typed(key.value, scope)
        arguments = Arguments(self, node, scope)  # type: ignore[arg-type]
        order = self.order(node.order, scope)
        over = "" if node.over is None else self._over(node.over, scope)
        found = aggregate(arguments, order, over)
        if found is not None:
            return found
        if over or node.distinct or node.order or node.within:
            raise syntax_error(node.name, node.position)
        return apply(arguments)

    def regex(self, node: tree.Regex, scope: Scope) -> Term:
        return regex(self, node, scope)

    def _over(self, window: tree.Window, scope: Scope) -> str:
        parts = []
        if window.partition:
            listed = ", ".join(self.sortable(one, scope) for one in window.partition)
            parts.append(f"PARTITION BY {listed}")
        if window.order:
            parts.append(self.order(window.order, scope).strip())
        if window.frame:
            parts.append(window.frame)
        return f" OVER ({' '.join(parts)})"

    def order(self, keys: tuple[tree.SortKey, ...], scope: Scope) -> str:
        """`` ORDER BY ...`` of a window or an aggregate; empty without keys."""
        if not keys:
            return ""
        listed = ", ".join(f"{self.sortable(key.value, scope)}{direction(key)}" for key in keys)
        return f" ORDER BY {listed}"

    def sortable(self, node: tree.Value, scope: Scope, where: str = "ORDER BY") -> str:
        """A value by which rows are sorted or grouped.

        Raises:
            HanaError: 264 for a LOB.
        """
        term = self.typed(node, scope)
        refuse_lob(term, where, getattr(node, "position", 0))
        return term.sql


def refuse_lob(term: Term, where: str, position: int = 0) -> None:
    """264 for a LOB where rows are sorted, grouped or compared [facts 2.3]."""
    if term.family in types.LOBS:
        raise HanaError(
            264, f"invalid datatype: LOB type in {where.lower()} clause", position=position
        )


def direction(key: tree.SortKey) -> str:
    """`` DESC NULLS LAST``."""
    words = " DESC" if key.descending else " ASC"
    return words + (" NULLS FIRST" if key.nulls_first else " NULLS LAST")
