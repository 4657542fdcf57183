"""Queries of HANA SQL as SQL of DuckDB, with the names and types of their columns."""

from dataclasses import replace

from tests.hana_emulator.engine import tree, types
from tests.hana_emulator.engine.compile_conditions import direction, refuse_lob
from tests.hana_emulator.engine.compile_sources import SourceCompiler
from tests.hana_emulator.engine.errors import syntax_error
from tests.hana_emulator.engine.scope import Compiled, Field, Scope
from tests.hana_emulator.engine.terms import Term, convert
from tests.hana_emulator.values import DeclaredType, HanaError


class QueryCompiler(SourceCompiler):
    """Compiles whole queries."""

    def query(self, node: tree.Query, outer: Scope | None) -> Compiled:
        """A query; ``outer`` is what a correlated one may refer to."""
        scope, commons = outer, []
        for common in node.commons:
            compiled, name = self._common(common, scope), self.build.alias()
            commons.append(f"{name} AS ({compiled.sql})")
            known = Compiled(name, compiled.fields)
            scope = Scope(scope, commons={common.name: known})
        if isinstance(node.body, tree.Select):
            found = self._select(node.body, node, scope)
        else:
            found = self._tail(self._body(node.body, scope), node, scope)
        if commons:
            return replace(found, sql=f"WITH {', '.join(commons)} {found.sql}")
        return found

    def _common(self, node: tree.Common, scope: Scope | None) -> Compiled:
        compiled = self.query(node.query, scope)
        return renamed(compiled, node.columns, node.query.position)

    def _body(self, node: tree.Body, scope: Scope | None) -> Compiled:
        match node:
            case tree.Query():
                return self.query(node, scope)
            case tree.Select():
                return self._select(node, None, scope)
            case tree.SetOperation():
                return self._set_operation(node, scope)

    def _set_operation(self, node: tree.SetOperation, scope: Scope | None) -> Compiled:
        left, right = self._body(node.left, scope), self._body(node.right, scope)
        if len(left.fields) != len(right.fields):
            many = len(right.fields) > len(left.fields)
            words = "too many values" if many else "not enough values"
            raise HanaError(269 if many else 270, words, position=node.position)
        kinds: list[DeclaredType] = []
        for one, other in zip(left.fields, right.fields, strict=True):
            kind = types.common(one.type, other.type)
            if kind is None:
                raise HanaError(
                    266,
                    f"inconsistent datatype: {one.type.name} and {other.type.name} in {one.name}",
                    position=node.position,
                )
            if not node.operator.endswith("ALL"):
                refuse_lob(Term("", kind), node.operator, node.position)
            kinds.append(kind)
        sides = [self._as(side, kinds) for side in (left, right)]
        fields = tuple(
            Field(one.name, "", kind, one.nullable or other.nullable)
            for one, other, kind in zip(left.fields, right.fields, kinds, strict=True)
        )
        return Compiled(f"({sides[0]}) {node.operator} ({sides[1]})", fields)

    def _as(self, side: Compiled, kinds: list[DeclaredType]) -> str:
        if [field.type for field in side.fields] == kinds:
            return side.sql
        alias = self.build.alias()
        items = [
            f"{convert(field.term(), kind).sql} AS o{number}"
            for number, (field, kind) in enumerate(zip(side.under(alias), kinds, strict=True), 1)
        ]
        return f"SELECT {', '.join(items)} FROM ({side.sql}) AS {alias}"

    def _tail(self, body: Compiled, node: tree.Query, scope: Scope | None) -> Compiled:
        """ORDER BY and LIMIT of anything but a SELECT: by its own columns only."""
        if not (node.order or node.limit):
            return body
        alias = self.build.alias()
        keys = []
        for key in node.order:
            number = output_number(key.value, body.fields, None)
            if number is None:
                found = getattr(key.value, "parts", ("",))
                raise HanaError(260, f"invalid column name: {'.'.join(found)}",
                                position=getattr(key.value, "position", 0))  # fmt: skip
            refuse_lob(body.fields[number - 1].term(), "ORDER BY")
            keys.append(f"{number}{direction(key)}")
        order = f" ORDER BY {', '.join(keys)}" if keys else ""
        listed = ", ".join(f"{alias}.o{number}" for number in range(1, len(body.fields) + 1))
        limit = self._limit(node, None, scope)
        return replace(body, sql=f"SELECT {listed} FROM ({body.sql}) AS {alias}{order}{limit}")

    def _limit(self, node: tree.Query | None, top: tree.Value | None, scope: Scope | None) -> str:
        if node is None:
            limit, offset = top, None
        else:
            limit, offset = node.limit if top is None else top, node.offset
        words = ""
        for word, value in (("LIMIT", limit), ("OFFSET", offset)):
            if value is not None:
                term = self.typed(value, scope or Scope(), types.INTEGER)
                words += f" {word} {convert(term, types.BIGINT).sql}"
        return words

    # SELECT

    def _select(self, node: tree.Select, tail: tree.Query | None, outer: Scope | None) -> Compiled:
        if node.source is None:
            raise syntax_error("end of statement", node.position)  # FROM is needed [facts 2.3]
        source, relations = self.source(node.source, outer)
        scope = Scope(outer, relations)
        terms = self._items(node, scope)
        if node.distinct:
            for _, term in terms:
                refuse_lob(term, "DISTINCT", node.position)
        fields = tuple(
            Field(name, "", term.type, term.nullable, term.schema, term.table)
            for name, term in terms
        )
        listed = ", ".join(f"{term.sql} AS o{at}" for at, (_, term) in enumerate(terms, 1))
        words = [f"SELECT {'DISTINCT ' if node.distinct else ''}{listed} FROM {source}"]
        if node.where is not None:
            words.append(f"WHERE {self.condition(node.where, scope)}")
        if node.group:
            words.append(f"GROUP BY {', '.join(self._group(one, scope) for one in node.group)}")
        if node.having is not None:
            words.append(f"HAVING {self.condition(node.having, scope)}")
        order = () if tail is None else tail.order
        if order:
            keys = [self._sort_key(key, node, fields, scope) for key in order]
            words.append(f"ORDER BY {', '.join(keys)}")
        return Compiled(" ".join(words) + self._limit(tail, node.top, scope), fields)

    def _items(self, node: tree.Select, scope: Scope) -> list[tuple[str, Term]]:
        found: list[tuple[str, Term]] = []
        for item in node.items:
            if isinstance(item.value, tree.Star):
                star = scope.star(item.value.parts, item.value.position)
                found += [(field.name, field.term()) for field in star]
                continue
            term = self.typed(item.value, scope)
            if term.type.name == "NULL":
                term = convert(term, DeclaredType("NVARCHAR", 1))
            name = item.alias or term.name or _unnamed(item.text)
            found.append((name, term))
        return found

    def _group(self, item: tree.GroupItem, scope: Scope) -> str:
        sets = [
            ", ".join(self.sortable(one, scope, "GROUP BY") for one in group) for group in item.sets
        ]
        match item.kind:
            case "VALUE":
                return sets[0]
            case "SETS":
                return f"GROUPING SETS ({', '.join(f'({one})' for one in sets)})"
            case _:
                listed = [f"({one})" if len(group) != 1 else one
                          for one, group in zip(sets, item.sets, strict=True)]  # fmt: skip
                return f"{item.kind} ({', '.join(listed)})"

    def _sort_key(
        self, key: tree.SortKey, node: tree.Select, fields: tuple[Field, ...], scope: Scope
    ) -> str:
        number = output_number(key.value, fields, node)
        if number is not None:
            refuse_lob(fields[number - 1].term(), "ORDER BY")
            return f"{number}{direction(key)}"
        return f"{self.sortable(key.value, scope)}{direction(key)}"


def output_number(
    value: tree.Value, fields: tuple[Field, ...], node: tree.Select | None
) -> int | None:
    """The number of the result's column that a sort key means, if it means one.

    Raises:
        HanaError: 280 for a number that the result has not, 268 for a name that it has twice.
    """
    if isinstance(value, tree.Constant) and value.kind == "integer":
        number = int(value.value)
        if not 1 <= number <= len(fields):
            raise HanaError(
                280,
                "sql syntax error: ORDER BY item must be the number of a SELECT list",
                position=value.position,
            )
        return number
    if not isinstance(value, tree.Name) or len(value.parts) != 1:
        return None
    name = value.parts[0]
    if node is not None:
        aliased = [one.alias for one in node.items]
        if name not in aliased:
            return None
    found = [number for number, field in enumerate(fields, 1) if field.name == name]
    if len(found) > 1:
        raise HanaError(268, f"column ambiguously defined: {name}", position=value.position)
    return found[0] if found else None


def renamed(compiled: Compiled, names: tuple[str, ...], position: int) -> Compiled:
    """A query whose columns were given other names."""
    if not names:
        return compiled
    if len(names) != len(compiled.fields):
        many = len(names) > len(compiled.fields)
        raise HanaError(270 if many else 269, "not enough values" if many else "too many values",
                        position=position)  # fmt: skip
    fields = tuple(
        replace(field, name=name) for field, name in zip(compiled.fields, names, strict=True)
    )
    return replace(compiled, fields=fields)


def _unnamed(text: str) -> str:
    """The name of an item without one: as it is written, without quotes [U]."""
    return text.replace('"', "")[:127]
