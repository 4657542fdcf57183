"""Conditions and queries of HANA SQL."""

from tests.hana_emulator.engine import tree
from tests.hana_emulator.engine.errors import unsupported
from tests.hana_emulator.engine.parse_values import ValueParser
from tests.hana_emulator.values import HanaError

_COMPARISONS = {"=": "=", "<>": "<>", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_SETS = {"UNION": "UNION", "INTERSECT": "INTERSECT", "EXCEPT": "EXCEPT", "MINUS": "EXCEPT"}
_JOINS = {"INNER": "INNER", "LEFT": "LEFT", "RIGHT": "RIGHT", "FULL": "FULL", "CROSS": "CROSS"}


class QueryParser(ValueParser):
    """Reads conditions and queries."""

    # conditions

    def condition(self) -> tree.Condition:
        """``a OR b``. A value alone is no condition [facts 2.2]."""
        found = [self._conjunction()]
        while self.takes("OR"):
            found.append(self._conjunction())
        return found[0] if len(found) == 1 else tree.Logic("OR", tuple(found))

    def _conjunction(self) -> tree.Condition:
        found = [self._negation()]
        while self.takes("AND"):
            found.append(self._negation())
        return found[0] if len(found) == 1 else tree.Logic("AND", tuple(found))

    def _negation(self) -> tree.Condition:
        if self.takes("NOT"):
            return tree.Not(self._negation())
        if self.sees("EXISTS", "("):
            position = self.next().position
            self.next()
            query = self.query()
            self.expect(")")
            return tree.Exists(query, position)
        if not self.sees("("):
            return self._predicate()
        return self._bracketed()

    def _bracketed(self) -> tree.Condition:
        """``(a = 1)`` is a condition, ``(a) = 1`` and ``(a, b) IN ...`` begin with a value."""
        start, markers = self.at, len(self.marker_names)
        try:
            return self._predicate()
        except HanaError as as_value:
            furthest = self.at
            self.at = start
            del self.marker_names[markers:]
            self.expect("(")
            try:
                found = self.condition()
                self.expect(")")
            except HanaError:
                if furthest > self.at:
                    raise as_value from None
                raise
            return found

    def _predicate(self) -> tree.Condition:
        left = self.value()
        token = self.token
        if token.kind == "symbol" and token.text in _COMPARISONS:
            self.next()
            return self._comparison(left, _COMPARISONS[token.text], token.position)
        if self.takes("IS"):
            negated = self.takes("NOT")
            self.expect("NULL")
            return tree.IsNull(left, negated, token.position)
        negated = self.takes("NOT")
        if self.takes("BETWEEN"):
            low = self.value()
            self.expect("AND")
            return tree.Between(left, low, self.value(), negated, token.position)
        if self.takes("IN"):
            return self._membership(left, token.position, negated=negated)
        if self.takes("LIKE"):
            pattern = self.value()
            escape = self.value() if self.takes("ESCAPE") else None
            return tree.Like(left, pattern, escape, negated, token.position)
        if self.takes("LIKE_REGEXPR"):
            pattern = self.value()
            flag = self.value() if self.takes("FLAG") else None
            return tree.LikeRegex(left, pattern, flag, negated, token.position)
        return self.fail()

    def _comparison(self, left: tree.Value, operator: str, position: int) -> tree.Condition:
        if quantifier := self.takes_one("ANY", "SOME", "ALL"):
            self.expect("(")
            query = self.query()
            self.expect(")")
            word = "ALL" if quantifier == "ALL" else "ANY"
            return tree.Quantified(operator, left, word, query, position)
        return tree.Compare(operator, left, self.value(), position)

    def _membership(self, left: tree.Value, position: int, *, negated: bool) -> tree.Condition:
        self.expect("(")
        items: tuple[tree.Value, ...] | tree.Query
        if self.sees("SELECT") or self.sees("WITH"):
            items = self.query()
        else:
            items = self.commas(self.value)
        self.expect(")")
        if isinstance(items, tuple) and len(items) > 65_535:
            raise HanaError(2048, "column store error: more than 65535 elements in IN")
        return tree.Membership(left, items, negated, position)

    # queries

    def query(self) -> tree.Query:
        """A SELECT with everything in front of it and behind it."""
        position = self.token.position
        commons = self.commas(self._common) if self.takes("WITH") else ()
        body = self._body()
        order = self.sort_keys() if self.takes("ORDER", "BY") else ()
        limit = offset = None
        if self.takes("LIMIT"):
            limit = self._count()
            offset = self._count() if self.takes("OFFSET") else None
            if self.takes("TOTAL"):
                raise unsupported("TOTAL ROWCOUNT", self.token.position)
        if self.sees("FOR"):
            raise unsupported("FOR UPDATE and its kin", self.token.position)
        hints = self._hints() if self.takes("WITH", "HINT") else ()
        return tree.Query(body, position, commons, order, limit, offset, hints)

    def _count(self) -> tree.Value:
        if self.token.kind in {"marker", "named"}:
            return self.marker()
        if self.token.kind != "integer":
            self.fail()
        token = self.next()
        return tree.Constant("integer", token.text, token.position)

    def _hints(self) -> tuple[str, ...]:
        self.expect("(")
        found = self.commas(self._hint)
        self.expect(")")
        return found

    def _hint(self) -> str:
        word = self.name()
        if self.takes("("):
            while not self.takes(")"):
                if self.next().kind == "end":
                    self.fail()
        return word

    def _common(self) -> tree.Common:
        name = self.name()
        columns = self.bracketed_names() if self.sees("(") else ()
        self.expect("AS", "(")
        query = self.query()
        self.expect(")")
        return tree.Common(name, columns, query)

    def _body(self) -> tree.Body:
        """Set operations from left to right: [U] that none binds tighter."""
        left = self._operand()
        while word := self.takes_one(*_SETS):
            position = self.token.position
            operator = _SETS[word]
            if self.takes("ALL"):
                operator += " ALL"
            else:
                self.takes("DISTINCT")
            left = tree.SetOperation(operator, left, self._operand(), position)
        return left

    def _operand(self) -> tree.Body:
        if self.takes("("):
            query = self.query()
            self.expect(")")
            return query
        return self._select()

    def _select(self) -> tree.Select:
        position = self.token.position
        self.expect("SELECT")
        top = self._count() if self.takes("TOP") else None
        distinct = self.takes("DISTINCT")
        if not distinct:
            self.takes("ALL")
        items = self.commas(self._item)
        if self.sees("INTO"):
            self.fail()
        source = self._sources() if self.takes("FROM") else None
        return tree.Select(
            items,
            source,
            position,
            distinct,
            top,
            self.condition() if self.takes("WHERE") else None,
            self.commas(self._group_item) if self.takes("GROUP", "BY") else (),
            self.condition() if self.takes("HAVING") else None,
        )

    def _item(self) -> tree.Item:
        token = self.token
        if self.takes("*"):
            return tree.Item(tree.Star((), token.position), None, "*")
        value = self.value()
        text = self.text[token.start : self.tokens[self.at - 1].end]
        return tree.Item(value, self.alias(), text)

    def _group_item(self) -> tree.GroupItem:
        if kind := self.takes_one("ROLLUP", "CUBE"):
            self.expect("(")
            sets = self.commas(self._group_set)
            self.expect(")")
            return tree.GroupItem(kind, sets)
        if self.takes("GROUPING", "SETS"):
            self.expect("(")
            sets = self.commas(self._group_set)
            self.expect(")")
            return tree.GroupItem("SETS", sets)
        return tree.GroupItem("VALUE", ((self.value(),),))

    def _group_set(self) -> tuple[tree.Value, ...]:
        if not self.takes("("):
            return (self.value(),)
        found = () if self.sees(")") else self.commas(self.value)
        self.expect(")")
        return found

    # sources

    def _sources(self) -> tree.Source:
        left = self._joined()
        while self.takes(","):
            left = tree.Join("CROSS", left, self._joined(), None)
        return left

    def _joined(self) -> tree.Source:
        left = self._source()
        while (kind := self._join_kind()) is not None:
            right = self._source()
            on = None
            if kind != "CROSS":
                self.expect("ON")
                on = self.condition()
            left = tree.Join(kind, left, right, on)
        return left

    def _join_kind(self) -> str | None:
        if self.takes("JOIN"):
            return "INNER"
        for word, kind in _JOINS.items():
            if self.sees(word) and (self.ahead().text in {"JOIN", "OUTER", "MANY", "ONE"}):
                self.next()
                self.takes("OUTER")
                while self.takes_one("MANY", "ONE", "TO", "EXACT"):  # a cardinality is a promise
                    pass
                self.expect("JOIN")
                return kind
        return None

    def _source(self) -> tree.Source:
        token = self.token
        if self.takes("("):
            if not (self.sees("SELECT") or self.sees("WITH") or self.sees("(")):
                source = self._sources()
                self.expect(")")
                return source
            query = self.query()
            self.expect(")")
            alias = self.alias()
            columns = self.bracketed_names() if alias and self.sees("(") else ()
            return tree.Derived(query, alias, columns, token.position)
        parts = self.names()
        arguments = None
        if self.takes("("):
            arguments = () if self.sees(")") else self.commas(self._view_argument)
            self.expect(")")
        alias = self.alias()
        sample = self._sample() if self.takes("TABLESAMPLE") else None
        return tree.TableName(parts, token.position, arguments, alias, sample)

    def _view_argument(self) -> tuple[str | None, tree.Value]:
        following = self.ahead()
        if following.kind == "symbol" and following.text == "=>":
            name = self.name()
            self.next()
            return name, self.value()
        return None, self.value()

    def _sample(self) -> tuple[str, tree.Value]:
        method = self.takes_one("BERNOULLI", "SYSTEM") or "SYSTEM"
        self.expect("(")
        if self.token.kind not in {"integer", "decimal", "double"}:
            self.fail()
        percent = self.value()
        self.expect(")")
        return method, percent
