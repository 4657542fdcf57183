"""INSERT, UPSERT, UPDATE, DELETE and MERGE: rows are computed, checked, then applied."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from tests.hana_emulator.engine import commands, tree, types
from tests.hana_emulator.engine.build import Build
from tests.hana_emulator.engine.catalogue import Column, Table
from tests.hana_emulator.engine.checks import Checks
from tests.hana_emulator.engine.compile_queries import QueryCompiler
from tests.hana_emulator.engine.errors import unknown_column
from tests.hana_emulator.engine.parameters import arrow_type, stored
from tests.hana_emulator.engine.scope import Field, Relation, Scope
from tests.hana_emulator.engine.statements import Plan
from tests.hana_emulator.engine.terms import Term, cast, convert
from tests.hana_emulator.engine.transactions import STAGE, Applied
from tests.hana_emulator.engine.types import Family, family
from tests.hana_emulator.values import DeclaredType, HanaError, Row

PARAMETERS: Final = "parameters"
"""The name of a batch's parameters as a table; its columns are i, m0, m1, ..."""


class Runner(Protocol):
    """What changes ask of the session."""

    def compiler(self, markers: int, marker_sql: str = "$m{}") -> QueryCompiler: ...
    def target(self, parts: tuple[str, ...], privilege: str, position: int) -> Table: ...
    def read(self, plan: Plan, row: Row, batch: pa.Table | None = None) -> pa.Table:
        """Rows that a plan computes, seeing what the transaction has changed."""
        ...

    def apply(self, change: Applied) -> int: ...
    def look(self, sql: str, stage: pa.Table) -> list[tuple[Any, ...]]:
        """A query of the stage and stored tables, seeing what the transaction has changed."""
        ...

    def lock(self, table: Table) -> None: ...
    def identity(self, table: Table, count: int) -> range: ...


@dataclass(frozen=True, slots=True)
class Target:
    """The columns of a table that get values, and how each is computed."""

    table: Table
    columns: tuple[Column, ...]
    terms: tuple[Term, ...]


def store(term: Term, column: Column, position: int) -> Term:
    """A value as it goes into a column; texts and bytes are not cut, but checked later."""
    kind = family(column.type)
    if kind in {Family.TEXT, Family.LOB_TEXT}:
        wide = types.NCLOB if term.family is Family.LOB_TEXT or kind is Family.LOB_TEXT else None
        term = convert(term, wide or _uncut(term), position)
        return Term(term.sql, column.type, term.nullable)
    if kind in {Family.BYTES, Family.LOB_BYTES}:
        term = convert(term, types.BLOB, position)
        return Term(term.sql, column.type, term.nullable)
    return convert(term, column.type, position)


def _uncut(term: Term) -> DeclaredType:
    return term.type if term.family is Family.TEXT else DeclaredType("NVARCHAR", types.MAX_LENGTH)


def pick(table: Table, names: Sequence[str], position: int) -> tuple[Column, ...]:
    """Columns by name, or all of them."""
    if not names:
        return table.columns
    by_name = {column.name: column for column in table.columns}
    for name in names:
        if name not in by_name:
            raise unknown_column(name, position)
    return tuple(by_name[name] for name in names)


def insert_markers(runner: Runner, node: commands.Insert, markers: int) -> Build:
    """Resolve and type an INSERT without running it."""
    table = runner.target(node.parts, "INSERT", node.position)
    compiler = runner.compiler(markers)
    _insert_terms(compiler, table, node)
    return compiler.build


def _insert_terms(compiler: QueryCompiler, table: Table, node: commands.Insert) -> Target:
    columns = pick(table, node.columns, node.position)
    if len(node.values) != len(columns):
        many = len(node.values) > len(columns)
        raise HanaError(269 if many else 270, "too many values" if many else "not enough values",
                        position=node.position)  # fmt: skip
    given: dict[str, Term] = {}
    for column, value in zip(columns, node.values, strict=True):
        if value is None:
            continue
        if column.identity == "ALWAYS":
            raise HanaError(360, f"cannot insert into the identity column {column.name}",
                            position=node.position)  # fmt: skip
        term = compiler.typed(value, Scope(), column.type)
        given[column.name] = store(term, column, node.position)
    return with_defaults(compiler, table, given, node.position)


def with_defaults(
    compiler: QueryCompiler, table: Table, given: dict[str, Term], position: int
) -> Target:
    """All columns of a table: given values, else defaults, else NULL; identities come later."""
    terms = []
    for column in table.columns:
        if column.name in given:
            terms.append(given[column.name])
        elif column.default is not None:
            default = compiler.typed(column.default, Scope(), column.type)
            terms.append(store(default, column, position))
        else:
            terms.append(Term(cast("NULL", column.type), column.type))
    return Target(table, table.columns, tuple(terms))


class Inserter:
    """Runs an INSERT or UPSERT, for a batch of parameters or from a query."""

    def __init__(self, runner: Runner, node: commands.Insert, markers: int) -> None:
        self.runner = runner
        self.node = node
        self.markers = markers
        self.table = runner.target(node.parts, "INSERT", node.position)
        if node.upsert:
            runner.target(node.parts, "UPDATE", node.position)
        self.by_key = node.by_key and bool(self.table.key)

    def batch(self, rows: Sequence[Row]) -> list[int | HanaError]:
        """VALUES for each row of parameters; failures are by row."""
        if self.node.query is not None:
            return [self._one(row) for row in rows]
        compiler = self.runner.compiler(self.markers, "p.m{}")
        target = _insert_terms(compiler, self.table, self.node)
        outcome: list[int | HanaError] = [1] * len(rows)
        parameters = self._parameters(rows, compiler.build, outcome)
        listed = ", ".join(f"{term.sql} AS o{at}" for at, term in enumerate(target.terms, 1))
        plan = Plan(f"SELECT p.i AS i, {listed} FROM {PARAMETERS} AS p", compiler.build)
        computed = self._compute(plan, parameters, outcome)
        if computed is None:
            return outcome
        self._store(computed, outcome)
        return outcome

    def _one(self, row: Row) -> int | HanaError:
        """INSERT ... SELECT with one row of parameters: all or nothing."""
        try:
            return self._from_query(row)
        except HanaError as error:
            return error

    def _from_query(self, row: Row) -> int:
        node = self.node
        assert node.query is not None
        compiler = self.runner.compiler(self.markers)
        compiled = compiler.query(node.query, None)
        columns = pick(self.table, node.columns, node.position)
        if len(compiled.fields) != len(columns):
            many = len(compiled.fields) > len(columns)
            raise HanaError(269 if many else 270, "too many values" if many else
                            "not enough values", position=node.position)  # fmt: skip
        given = {
            column.name: store(field.term(), column, node.position)
            for column, field in zip(columns, compiled.under("q"), strict=True)
        }
        target = with_defaults(compiler, self.table, given, node.position)
        listed = ", ".join(f"{term.sql} AS o{at}" for at, term in enumerate(target.terms, 1))
        sql = f"SELECT row_number() OVER () - 1 AS i, {listed} FROM ({compiled.sql}) AS q"
        computed = self.runner.read(Plan(sql, compiler.build), row)
        outcome: list[int | HanaError] = [1] * computed.num_rows
        self._store(computed, outcome, whole=True)
        return len(outcome)

    def _parameters(
        self, rows: Sequence[Row], build: Build, outcome: list[int | HanaError]
    ) -> pa.Table:
        """The batch as a table in storage types; rows that cannot be stored are left out."""
        kinds = [kind or types.TEXT for kind in build.markers]
        named = self._marked_columns()
        columns: list[list[Any]] = [[] for _ in kinds]
        index: list[int] = []
        for at, row in enumerate(rows):
            try:
                values = [
                    stored(value, kind, column=named.get(number))
                    for number, (value, kind) in enumerate(zip(row, kinds, strict=True))
                ]
            except HanaError as error:
                outcome[at] = error
                continue
            index.append(at)
            for column, value in zip(columns, values, strict=True):
                column.append(value)
        arrays = {"i": pa.array(index, pa.int64())}
        for number, (column, kind) in enumerate(zip(columns, kinds, strict=True)):
            arrays[f"m{number}"] = pa.array(column, arrow_type(kind))
        return pa.table(arrays)

    def _marked_columns(self) -> dict[int, str]:
        """Which column a bare marker goes to, so that its length is checked early."""
        columns = pick(self.table, self.node.columns, self.node.position)
        return {
            value.number: column.name
            for column, value in zip(columns, self.node.values, strict=False)
            if isinstance(value, tree.MarkerRef)
        }

    def _compute(
        self, plan: Plan, parameters: pa.Table, outcome: list[int | HanaError]
    ) -> pa.Table | None:
        """The rows to store; a row whose computation fails is found by halving."""
        if parameters.num_rows == 0:
            return None
        try:
            return self.runner.read(plan, (), parameters)
        except HanaError as error:
            if error.code == 139:  # of no row
                raise
            if parameters.num_rows == 1:
                outcome[parameters["i"][0].as_py()] = error
                return None
        half = parameters.num_rows // 2
        parts = [
            self._compute(plan, part, outcome)
            for part in (parameters.slice(0, half), parameters.slice(half))
        ]
        found = [part for part in parts if part is not None]
        return pa.concat_tables(found) if found else None

    def _store(
        self, computed: pa.Table, outcome: list[int | HanaError], *, whole: bool = False
    ) -> None:
        computed = self._numbered(computed)
        lookers = Checks(self.runner, self.table)
        if self.table.key or self.table.uniques:
            self.runner.lock(self.table)
        failed = lookers.values(computed)
        failed |= {
            at: error
            for at, error in lookers.unique(computed, skip_key=self.by_key, leave_out=failed)
            .items() if at not in failed
        }  # fmt: skip
        if failed and whole:
            raise failed[min(failed)]
        for at, error in failed.items():
            outcome[at] = error
        if failed:
            good = pa.array([at not in failed for at in computed["i"].to_pylist()])
            computed = computed.filter(good)
        if computed.num_rows:
            try:
                self._apply(computed)
            except HanaError as error:
                if whole:
                    raise
                for at in computed["i"].to_pylist():
                    outcome[at] = error

    def put(self, computed: pa.Table) -> None:
        """Store rows that were computed elsewhere: all of them or an error."""
        self._store(computed, [1] * computed.num_rows, whole=True)

    def _numbered(self, computed: pa.Table) -> pa.Table:
        for at, column in enumerate(self.table.columns, 1):
            if column.identity:
                values = computed[f"o{at}"].to_pylist()
                missing = sum(value is None for value in values)
                numbers = iter(self.runner.identity(self.table, missing))
                filled = [next(numbers) if value is None else value for value in values]
                array = pa.array(filled, computed.schema.field(f"o{at}").type)
                computed = computed.set_column(at, f"o{at}", array)
        return computed

    def _apply(self, computed: pa.Table) -> None:
        stored_names = ", ".join(column.stored for column in self.table.columns)
        listed = ", ".join(f"s.o{at}" for at in range(1, len(self.table.columns) + 1))
        insert = f"INSERT INTO {self.table.stored} ({stored_names}) SELECT {listed} FROM {STAGE} s"
        if not self.by_key:
            self.runner.apply(Applied(insert, {}, computed))
            return
        keys = [at for at, column in enumerate(self.table.columns, 1)
                if column.name in self.table.key]  # fmt: skip
        computed = Checks(self.runner, self.table).last_of_each(computed, keys)
        same = " AND ".join(f"t.{self.table.columns[at - 1].stored} = s.o{at}" for at in keys)
        given = self.node.columns or tuple(column.name for column in self.table.columns)
        sets = ", ".join(
            f"{column.stored} = s.o{at}"
            for at, column in enumerate(self.table.columns, 1)
            if column.name in given and column.name not in self.table.key
        )
        missing = f"NOT EXISTS (SELECT 1 FROM {self.table.stored} t WHERE {same})"
        new = self.runner.look(f"SELECT s.i FROM {STAGE} s WHERE {missing}", computed)
        fresh = pa.array([one for (one,) in new], pa.int64())
        is_new = pc.is_in(computed["i"], value_set=fresh)
        if sets:
            update = f"UPDATE {self.table.stored} AS t SET {sets} FROM {STAGE} s WHERE {same}"
            self.runner.apply(Applied(update, {}, computed.filter(pc.invert(is_new))))
        self.runner.apply(Applied(insert, {}, computed.filter(is_new)))


def table_scope(table: Table, alias: str | None, sql_alias: str) -> Scope:
    """The columns of a table that is changed."""
    fields = tuple(
        Field(column.name, f"{sql_alias}.{column.stored}", column.type, column.nullable,
              table.schema, table.name)
        for column in table.columns
    )  # fmt: skip
    return Scope(None, [Relation(alias or table.name, "" if alias else table.schema, fields)])
