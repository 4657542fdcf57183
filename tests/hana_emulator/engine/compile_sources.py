"""What stands in FROM: tables, views with parameters, system views, series, joins."""

from collections.abc import Callable
from typing import Final

from tests.hana_emulator.engine import catalogue, tree, types
from tests.hana_emulator.engine.build import SystemView
from tests.hana_emulator.engine.compile_conditions import ConditionCompiler
from tests.hana_emulator.engine.errors import unknown_table, unsupported
from tests.hana_emulator.engine.scope import Compiled, Field, Relation, Scope
from tests.hana_emulator.engine.terms import Term, cast, convert
from tests.hana_emulator.values import HanaError

MAX_VIEW_DEPTH: Final = 128
_SYSTEM_SCHEMAS: Final = frozenset({"SYS", "PUBLIC"})
_SERIES: Final = frozenset({"SERIES_GENERATE_INTEGER", "SERIES_GENERATE_BIGINT",
                            "SERIES_GENERATE_DATE"})  # fmt: skip


class SourceCompiler(ConditionCompiler):
    """Compiles FROM clauses."""

    depth = 0
    temporary: "dict[str, catalogue.Table]" = {}  # noqa: RUF012  # replaced by whoever has some
    inside: Callable[["catalogue.View", dict[str, Term]], "SourceCompiler"]

    def source(self, node: tree.Source, outer: Scope | None) -> tuple[str, list[Relation]]:
        """DuckDB's text of a source, and the names that it brings."""
        match node:
            case tree.Join():
                return self._join(node, outer)
            case tree.Derived():
                return self._derived(node, outer)
            case tree.TableName():
                return self._table(node, outer)

    def _join(self, node: tree.Join, outer: Scope | None) -> tuple[str, list[Relation]]:
        left, left_names = self.source(node.left, outer)
        right, right_names = self.source(node.right, outer)
        if node.on is None:
            return f"({left} CROSS JOIN {right})", left_names + right_names
        scope = Scope(outer, left_names + right_names)
        condition = self.condition(node.on, scope)
        if node.kind in {"LEFT", "FULL"}:
            right_names = [one.nullable() for one in right_names]
        if node.kind in {"RIGHT", "FULL"}:
            left_names = [one.nullable() for one in left_names]
        return f"({left} {node.kind} JOIN {right} ON {condition})", left_names + right_names

    def _derived(self, node: tree.Derived, outer: Scope | None) -> tuple[str, list[Relation]]:
        compiled, alias = self.query(node.query, outer), self.build.alias()
        fields = compiled.under(alias)
        if node.columns:
            if len(node.columns) != len(fields):
                raise HanaError(269, "too many values", position=node.position)
            fields = tuple(
                Field(name, one.sql, one.type, one.nullable, one.schema, one.table)
                for name, one in zip(node.columns, fields, strict=True)
            )
        return f"({compiled.sql}) AS {alias}", [Relation(node.alias or "", "", fields)]

    def _table(self, node: tree.TableName, outer: Scope | None) -> tuple[str, list[Relation]]:
        if len(node.parts) > 2:
            raise unknown_table(".".join(node.parts), node.position)
        alias = self.build.alias()
        *schema, name = node.parts
        common = None if schema or outer is None else outer.common(name)
        if common is not None:
            text, fields, found_schema = f"{common.sql} AS {alias}", common.under(alias), ""
        elif not schema and name in _SERIES and node.arguments is not None:
            text, fields = self._series(name, node, alias, outer)
            found_schema = ""
        else:
            text, fields, found_schema = self._named(node, schema, name, alias, outer)
        text += self._sample(node, outer)
        return text, [Relation(node.alias or name, "" if node.alias else found_schema, fields)]

    def _named(
        self, node: tree.TableName, schema: list[str], name: str, alias: str, outer: Scope | None
    ) -> tuple[str, tuple[Field, ...], str]:
        system = self._system_view(schema, name)
        if system is not None:
            return *self._system(system, alias), "SYS"
        where = schema[0] if schema else self.schema
        temporary = self.temporary.get(name)
        if temporary is not None and where in {self.schema, temporary.schema}:
            return *_stored(temporary, alias), where
        relation = self.build.catalogue.open(
            self.user, "SELECT", where, name, position=node.position
        )
        if isinstance(relation, catalogue.Table):
            if node.arguments is not None:
                raise HanaError(
                    259, f"invalid table name: {name} takes no parameters", position=node.position
                )
            return *_stored(relation, alias), where
        return *self._view(relation, node, alias, outer), where

    def _system_view(self, schema: list[str], name: str) -> SystemView | None:
        if schema and schema[0] not in _SYSTEM_SCHEMAS:
            return None
        if not schema and self.build.catalogue.find(self.schema, name) is not None:
            return None
        return self.build.system_views.get(name)

    def _system(self, view: SystemView, alias: str) -> tuple[str, tuple[Field, ...]]:
        self.build.used_views[view.name] = view
        fields = tuple(
            Field(column.name, f"{alias}.c{number}", column.type, column.nullable, "SYS", view.name)
            for number, column in enumerate(view.columns, 1)
        )
        return f"sys_{view.name.lower()} AS {alias}", fields

    def _view(
        self, view: catalogue.View, node: tree.TableName, alias: str, outer: Scope | None
    ) -> tuple[str, tuple[Field, ...]]:
        if self.depth > MAX_VIEW_DEPTH:
            raise HanaError(369, "exceed maximum view depth limit")
        arguments = self._arguments(view, node, outer)
        try:
            compiled = self.inside(view, arguments).query(view.query, None)
        except HanaError as error:
            if error.code in {258, 259, 260}:
                raise HanaError(
                    391, f"invalidated view: {view.name}: {error.message}", position=node.position
                ) from None
            raise
        fields = tuple(
            Field(column.name, one.sql, one.type, True, view.schema, view.name)
            for column, one in zip(view.columns, _kept(view, compiled.under(alias)), strict=True)
        )
        return f"({compiled.sql}) AS {alias}", fields

    def _arguments(
        self, view: catalogue.View, node: tree.TableName, outer: Scope | None
    ) -> dict[str, Term]:
        given: dict[str, tree.Value] = {}
        names = [parameter.name for parameter in view.parameters]
        for at, (name, value) in enumerate(node.arguments or ()):
            key = name if name is not None else (names[at] if at < len(names) else None)
            if key not in names or key in given:
                raise HanaError(
                    316, f"wrong parameter of view {view.name}: {key or at + 1}",
                    position=node.position,
                )  # fmt: skip
            given[key] = value  # type: ignore[index]
        found: dict[str, Term] = {}
        for parameter in view.parameters:
            value = given.get(parameter.name, parameter.default)
            if value is None:
                raise HanaError(
                    316, f"parameter {parameter.name} of view {view.name} has no value",
                    position=node.position,
                )  # fmt: skip
            term = self.typed(value, outer or Scope(), parameter.type)
            if isinstance(value, tree.MarkerRef) and not self.build.view_markers:
                raise HanaError(467, "cannot use parameter variable", position=value.position)
            found[parameter.name] = convert(term, parameter.type, node.position)
        return found

    def _sample(self, node: tree.TableName, outer: Scope | None) -> str:
        if node.sample is None:
            return ""
        if not self.build.view_samples and self._is_view(node):
            raise unsupported("TABLESAMPLE of a view", node.position)
        method, value = node.sample
        percent = float(getattr(value, "value", "0"))
        if not 0 < percent <= 100:
            raise HanaError(2048, f"column store error: sample of {percent} percent",
                            position=node.position)  # fmt: skip
        return f" TABLESAMPLE {method.lower()}({percent} PERCENT)"

    def _is_view(self, node: tree.TableName) -> bool:
        where = node.parts[0] if len(node.parts) == 2 else self.schema
        return isinstance(self.build.catalogue.find(where, node.parts[-1]), catalogue.View)

    def _series(
        self, name: str, node: tree.TableName, alias: str, outer: Scope | None
    ) -> tuple[str, tuple[Field, ...]]:
        """From MIN up to, not including, MAX [SQL:series-generate]."""
        values = [value for _, value in node.arguments or ()]
        if len(values) != 3:
            raise HanaError(316, f"wrong number of arguments: {name}", position=node.position)
        scope = outer or Scope()
        kind = types.INTEGER if name == "SERIES_GENERATE_INTEGER" else types.BIGINT
        if name == "SERIES_GENERATE_DATE":
            kind, step = types.DATE, Term(str(_days(values[0], node.position)), types.INTEGER)
        else:
            step = convert(self.typed(values[0], scope, kind), types.BIGINT)
        low, high = (convert(self.typed(one, scope, kind), kind) for one in values[1:])
        count = f"CAST(({high.sql} - {low.sql} + {step.sql} - 1) // {step.sql} AS BIGINT)"
        start = f"(CAST({low.sql} AS BIGINT) + i * {step.sql})"
        listed = f"{cast(start, kind)} AS o1, {cast(f'({start} + {step.sql})', kind)} AS o2, "
        listed += "i + 1 AS o3"
        text = f"(SELECT {listed} FROM range({count}) AS g(i)) AS {alias}"
        names = ("GENERATED_PERIOD_START", "GENERATED_PERIOD_END", "ELEMENT_NUMBER")
        fields = Compiled("", tuple(
            Field(one, "", each, nullable=False)
            for one, each in zip(names, (kind, kind, types.BIGINT), strict=True)
        )).under(alias)  # fmt: skip
        return text, fields


def _days(value: tree.Value, position: int) -> int:
    text = value.value if isinstance(value, tree.Constant) else ""
    words = text.upper().split()
    if len(words) == 3 and words[0] == "INTERVAL" and words[2] in {"DAY", "WEEK"}:
        return int(words[1]) * (7 if words[2] == "WEEK" else 1)
    raise unsupported(f"a series by {text}", position)


def _stored(table: catalogue.Table, alias: str) -> tuple[str, tuple[Field, ...]]:
    fields = tuple(
        Field(
            column.name, f"{alias}.{column.stored}", column.type, column.nullable, table.schema,
            table.name,
        )
        for column in table.columns
    )  # fmt: skip
    return f"{table.stored} AS {alias}", fields


def _kept(view: catalogue.View, found: tuple[Field, ...]) -> list[Field]:
    """The columns that the query had when the view was made; ``*`` may bring more by now.

    Raises:
        HanaError: 391 if one is gone.
    """
    if len(found) == len(view.columns):
        return list(found)
    by_name = {one.name: one for one in found}
    if any(name not in by_name for name in view.outputs):
        raise HanaError(391, f"invalidated view: {view.name}")
    return [by_name[name] for name in view.outputs]
