"""Values of HANA SQL: literals, names, arithmetic, calls, CASE; asks others for queries."""

from collections.abc import Callable
from typing import Final

from tests.hana_emulator.engine import tree
from tests.hana_emulator.engine.lexer import Token
from tests.hana_emulator.engine.reader import RESERVED, Reader

NILADIC: Final = frozenset(
    [
        "CURRENT_CONNECTION",
        "CURRENT_DATE",
        "CURRENT_DATABASE",
        "CURRENT_SCHEMA",
        "CURRENT_TIME",
        "CURRENT_TIMESTAMP",
        "CURRENT_USER",
        "CURRENT_UTCDATE",
        "CURRENT_UTCTIME",
        "CURRENT_UTCTIMESTAMP",
        "SESSION_USER",
        "SYSUUID",
        "CURRENT_TRANSACTION_ISOLATION_LEVEL",
    ]
)
"""Functions that are written without brackets."""

_ROUNDING: Final = frozenset(
    [
        "ROUND_HALF_UP",
        "ROUND_HALF_DOWN",
        "ROUND_HALF_EVEN",
        "ROUND_UP",
        "ROUND_DOWN",
        "ROUND_CEILING",
        "ROUND_FLOOR",
    ]
)
_CALLABLE: Final = frozenset({"LEFT", "RIGHT", "CHAR", "NCHAR", "IF", "REVERSE"})
"""Reserved words that are functions too."""

_REGEX: Final = frozenset(
    {"REPLACE_REGEXPR", "SUBSTRING_REGEXPR", "SUBSTR_REGEXPR", "OCCURRENCES_REGEXPR",
     "LOCATE_REGEXPR"}
)  # fmt: skip
_LITERALS: Final = {"string", "integer", "decimal", "double", "binary"}


class ValueParser(Reader):
    """Reads values; a subclass knows conditions and queries."""

    condition: Callable[[], tree.Condition]
    query: Callable[[], tree.Query]

    def value(self) -> tree.Value:
        """``a || b``, the loosest of the operators [U: taken as loose as + and -]."""
        left = self._product()
        while (operator := self.token.text) in {"+", "-", "||"} and self.token.kind == "symbol":
            position = self.next().position
            left = tree.Binary(operator, left, self._product(), position)
        return left

    def _product(self) -> tree.Value:
        left = self._signed()
        while (operator := self.token.text) in {"*", "/"} and self.token.kind == "symbol":
            position = self.next().position
            left = tree.Binary(operator, left, self._signed(), position)
        return left

    def _signed(self) -> tree.Value:
        token = self.token
        if self.takes("-"):
            return tree.Unary(self._signed(), token.position)
        if self.takes("+"):
            return self._signed()
        return self._primary()

    def _primary(self) -> tree.Value:
        token = self.token
        if token.kind in _LITERALS:
            self.next()
            return tree.Constant(token.kind, token.text, token.position)  # type: ignore[arg-type]
        if token.kind in {"marker", "named"}:
            return self.marker()
        if self.takes("("):
            return self._brackets(token)
        if token.kind == "quoted":
            return self._name_or_call()
        if token.kind == "word":
            return self._word(token)
        return self.fail()

    def marker(self) -> tree.MarkerRef:
        token = self.next()
        name = token.text if token.kind == "named" else ""
        if name and name in self.marker_names:
            return tree.MarkerRef(self.marker_names.index(name), name, token.position)
        self.marker_names.append(name)
        return tree.MarkerRef(len(self.marker_names) - 1, name, token.position)

    def _brackets(self, opening: Token) -> tree.Value:
        if self.sees("SELECT") or self.sees("WITH"):
            query = self.query()
            self.expect(")")
            return tree.Scalar(query, opening.position)
        first = self.value()
        if self.takes(","):
            items = (first, *self.commas(self.value))
            self.expect(")")
            return tree.RowValue(items, opening.position)
        self.expect(")")
        return first

    def _word(self, token: Token) -> tree.Value:
        word, following = token.text, self.ahead()
        if word in {"DATE", "TIME", "TIMESTAMP"} and following.kind == "string":
            self.at += 2
            return tree.Constant(word.lower(), following.text, token.position)  # type: ignore[arg-type]
        if word in {"NULL", "TRUE", "FALSE", "UNKNOWN"}:
            self.next()
            kind = "boolean" if word in {"TRUE", "FALSE"} else "null"
            return tree.Constant(kind, word, token.position)
        if word in NILADIC:
            self.next()
            if self.takes("("):
                self.expect(")")
            return tree.Call(word, (), token.position, brackets=False)
        if word == "CASE":
            return self._case()
        return self._name_or_call()

    def _name_or_call(self) -> tree.Value:
        token, following = self.token, self.ahead()
        if following.kind == "symbol" and following.text == "(":
            if token.kind == "word" and token.text in RESERVED - _CALLABLE:
                self.fail()
            return self._call()
        parts = [self.name()]
        while self.takes("."):
            if self.takes("*"):
                return tree.Star(tuple(parts), token.position)
            parts.append(self.name())
        return tree.Name(tuple(parts), token.position)

    def _case(self) -> tree.Value:
        position = self.next().position
        operand = None if self.sees("WHEN") else self.value()
        branches: list[tuple[tree.Value | tree.Condition, tree.Value]] = []
        while self.takes("WHEN"):
            when = self.condition() if operand is None else self.value()
            self.expect("THEN")
            branches.append((when, self.value()))
        if not branches:
            self.fail()
        default = self.value() if self.takes("ELSE") else None
        self.expect("END")
        return tree.Case(operand, tuple(branches), default, position)

    # calls

    def _call(self) -> tree.Value:
        token = self.next()
        self.expect("(")
        name = token.text
        if name == "CAST":
            return self._cast(token)
        if name == "EXTRACT":
            return self._extract(token)
        if name == "TRIM":
            return self._trim(token)
        if name in _REGEX:
            return self._regex(token)
        if name == "COUNT" and self.takes("*"):
            self.expect(")")
            return self._after(tree.Call(name, (), token.position, star=True))
        distinct = self.takes("DISTINCT")
        if not distinct:
            self.takes("ALL")
        arguments = () if self.sees(")") else self.commas(self._argument)
        order = self.sort_keys() if self.takes("ORDER", "BY") else ()
        self.expect(")")
        return self._after(tree.Call(name, arguments, token.position, distinct, order=order))

    def _argument(self) -> tree.Value:
        token = self.token
        if token.kind == "word" and token.text in _ROUNDING:
            self.next()
            return tree.Word(token.text, token.position)
        return self.value()

    def _after(self, call: tree.Call) -> tree.Call:
        within: tuple[tree.SortKey, ...] = ()
        if self.takes("WITHIN", "GROUP"):
            self.expect("(", "ORDER", "BY")
            within = self.sort_keys()
            self.expect(")")
        over = self._window() if self.takes("OVER") else None
        return tree.Call(
            call.name, call.arguments, call.position, call.distinct, call.star, call.order,
            within, over,
        )  # fmt: skip

    def _window(self) -> tree.Window:
        self.expect("(")
        partition = self.commas(self.value) if self.takes("PARTITION", "BY") else ()
        order = self.sort_keys() if self.takes("ORDER", "BY") else ()
        frame = ""
        if kind := self.takes_one("ROWS", "RANGE"):
            if self.takes("BETWEEN"):
                start = self._bound()
                self.expect("AND")
                frame = f"{kind} BETWEEN {start} AND {self._bound()}"
            else:
                frame = f"{kind} {self._bound()}"
        self.expect(")")
        return tree.Window(partition, order, frame)

    def _bound(self) -> str:
        if self.takes("CURRENT", "ROW"):
            return "CURRENT ROW"
        distance = "UNBOUNDED" if self.takes("UNBOUNDED") else str(self.integer())
        side = self.takes_one("PRECEDING", "FOLLOWING")
        return f"{distance} {side}" if side else self.fail()

    def sort_keys(self) -> tuple[tree.SortKey, ...]:
        """``a DESC, b NULLS LAST``; NULL is the smallest value [facts 2.3]."""
        return self.commas(self._sort_key)

    def _sort_key(self) -> tree.SortKey:
        value = self.value()
        descending = self.takes_one("ASC", "DESC") == "DESC"
        nulls_first = not descending
        if self.takes("NULLS"):
            side = self.takes_one("FIRST", "LAST") or self.fail()
            nulls_first = side == "FIRST"
        return tree.SortKey(value, descending, nulls_first)

    def _cast(self, token: Token) -> tree.Value:
        operand = self.value()
        self.expect("AS")
        target = self.type_name()
        self.expect(")")
        return tree.Cast(operand, target, token.position)

    def _extract(self, token: Token) -> tree.Value:
        part = self.takes_one("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND") or self.fail()
        self.expect("FROM")
        operand = self.value()
        self.expect(")")
        return tree.Call("EXTRACT", (tree.Word(part, token.position), operand), token.position)

    def _trim(self, token: Token) -> tree.Value:
        mode = self.takes_one("BOTH", "LEADING", "TRAILING")
        characters: tuple[tree.Value, ...] = ()
        operand = None if self.sees("FROM") else self.value()
        if self.takes("FROM"):
            characters = () if operand is None else (operand,)
            operand = self.value()
        self.expect(")")
        if operand is None:
            self.fail(token)
        word = tree.Word(mode or "BOTH", token.position)
        return tree.Call("TRIM", (word, operand, *characters), token.position)

    def _regex(self, token: Token) -> tree.Value:
        parts: dict[str, tree.Value] = {}
        if start := self.takes_one("START", "AFTER"):
            parts["side"] = tree.Word(start, token.position)
        parts["pattern"] = self.value()
        if self.takes("FLAG"):
            parts["flag"] = self.value()
        self.expect("IN")
        parts["subject"] = self.value()
        for word, slot in (("WITH", "replacement"), ("FROM", "start")):
            if self.takes(word):
                parts[slot] = self.value()
        if self.takes("OCCURRENCE"):
            here = self.token
            every = self.takes("ALL")
            parts["occurrence"] = tree.Word("ALL", here.position) if every else self.value()
        if self.takes("GROUP"):
            parts["group"] = self.value()
        self.expect(")")
        return tree.Regex(token.text, parts, token.position)
