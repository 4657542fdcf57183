"""A prepared statement: text, compiled anew when the catalogue has changed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from tests.hana_emulator.engine import commands, tree, types
from tests.hana_emulator.engine.build import Build, SessionFacts, SystemView
from tests.hana_emulator.engine.catalogue import Catalogue, Table, View
from tests.hana_emulator.engine.compile_queries import QueryCompiler
from tests.hana_emulator.engine.parameters import stored
from tests.hana_emulator.engine.scope import Compiled
from tests.hana_emulator.engine.terms import Term
from tests.hana_emulator.values import FunctionCode, Marker, ResultColumn, Row

_USED: Final = re.compile(r"\$(\w+)")
_FUNCTIONS: Final = {
    tree.Query: FunctionCode.SELECT,
    commands.Update: FunctionCode.UPDATE,
    commands.Delete: FunctionCode.DELETE,
    commands.Merge: FunctionCode.UPDATE,
    commands.SetVariable: FunctionCode.NIL,
    commands.SetSchema: FunctionCode.NIL,
    commands.SetTransaction: FunctionCode.NIL,
    commands.CancelSession: FunctionCode.NIL,
    commands.EndTransaction: FunctionCode.NIL,
}


class Compiler(QueryCompiler):
    """The whole compiler, with the views of the catalogue."""

    def __init__(
        self,
        build: Build,
        user: str,
        schema: str,
        parameters: Mapping[str, Term] | None = None,
        *,
        temporary: Mapping[str, Table] | None = None,
        depth: int = 0,
    ) -> None:
        super().__init__(build, user, schema, parameters)
        self.temporary = dict(temporary or {})
        self.depth = depth

    def inside(self, view: View, arguments: Mapping[str, Term]) -> "Compiler":
        """The compiler of a view's query: with its owner's rights."""
        return Compiler(
            self.build, view.owner, view.definer_schema, arguments, depth=self.depth + 1
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """SQL of DuckDB and what must be bound to it."""

    sql: str
    build: Build

    @property
    def used(self) -> frozenset[str]:
        return frozenset(_USED.findall(self.sql))

    def values(self, session: SessionFacts, row: Row) -> dict[str, Any]:
        """The parameters of DuckDB for one row of HANA's."""
        used, build = self.used, self.build
        found = {
            f"m{number}": _exact(stored(row[number], declared))
            for number, declared in enumerate(build.markers)
            if declared is not None and f"m{number}" in used
        }
        found |= {
            name: value(session) for name, value in build.session_values.items() if name in used
        }
        for name, (declared, items) in build.packed.items():
            found[name] = [
                _exact(stored(constant if marker is None else row[marker], declared))
                for marker, constant in items
            ]
        return found


def _exact(value: Any) -> Any:
    """A parameter whose type the SQL says; DuckDB takes Decimal("0.00...12") for a DOUBLE."""
    return format(value, "f") if isinstance(value, Decimal) else value


@dataclass(slots=True)
class DuckPrepared:
    """A statement of one session."""

    text: str
    statement: commands.Statement
    names: tuple[str, ...]
    version: int = -1
    plan: Plan | None = None
    columns: tuple[ResultColumn, ...] = ()
    marker_types: list[types.DeclaredType | None] = field(default_factory=list)

    @property
    def function(self) -> FunctionCode:
        if isinstance(self.statement, commands.Insert):
            return FunctionCode.INSERT
        return _FUNCTIONS.get(type(self.statement), FunctionCode.DDL)

    @property
    def markers(self) -> tuple[Marker, ...]:
        return tuple(
            Marker(kind or types.TEXT, name)
            for kind, name in zip(self.marker_types, self.names, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every compilation of a session starts from."""

    catalogue: Catalogue
    system_views: Mapping[str, SystemView]
    view_markers: bool = True
    view_samples: bool = True

    def build(self, markers: int, marker_sql: str = "$m{}") -> Build:
        return Build(
            self.catalogue,
            self.system_views,
            [None] * markers,
            marker_sql,
            view_markers=self.view_markers,
            view_samples=self.view_samples,
        )


def result_columns(compiled: Compiled) -> tuple[ResultColumn, ...]:
    return tuple(
        ResultColumn(one.name, one.type, one.nullable, one.schema, one.table)
        for one in compiled.fields
    )
