"""UPDATE, DELETE and MERGE: which stored rows change, and to what."""

import pyarrow as pa
import pyarrow.compute as pc

from tests.hana_emulator.engine import commands
from tests.hana_emulator.engine.catalogue import Column, Table
from tests.hana_emulator.engine.changes import Inserter, Runner, pick, store, table_scope
from tests.hana_emulator.engine.changes import with_defaults as defaults
from tests.hana_emulator.engine.checks import Checks
from tests.hana_emulator.engine.compile_queries import QueryCompiler
from tests.hana_emulator.engine.errors import unknown_column
from tests.hana_emulator.engine.scope import Scope
from tests.hana_emulator.engine.statements import Plan
from tests.hana_emulator.engine.terms import Term
from tests.hana_emulator.engine.transactions import STAGE, Applied
from tests.hana_emulator.values import HanaError, Row


def _assigned(
    compiler: QueryCompiler, table: Table, assignments: tuple[commands.Assignment, ...],
    scope: Scope,
) -> dict[str, Term]:  # fmt: skip
    by_name = {column.name: column for column in table.columns}
    found: dict[str, Term] = {}
    for one in assignments:
        column = by_name.get(one.column)
        if column is None:
            raise unknown_column(one.column, one.position)
        term = compiler.typed(one.value, scope, column.type)
        found[column.name] = store(term, column, one.position)
    return found


def _items(table: Table, terms: dict[str, Term], alias: str) -> str:
    """Every column of the table, changed or as it was, as o1, o2, ..."""
    listed = []
    for at, column in enumerate(table.columns, 1):
        sql = terms[column.name].sql if column.name in terms else f"{alias}.{column.stored}"
        listed.append(f"{sql} AS o{at}")
    return ", ".join(listed)


def _overwrite(runner: Runner, table: Table, computed: pa.Table, changed: tuple[Column, ...]
               ) -> int:  # fmt: skip
    """Put computed rows in the place of stored ones."""
    if computed.num_rows == 0:
        return 0
    checks = Checks(runner, table)
    failed = checks.values(computed)
    keyed = {name for key in (table.key, *table.uniques) for name in key}
    if keyed & {column.name for column in changed}:
        failed |= checks.unique(computed, skip_key=False, leave_out=failed, updated=True)
    if failed:
        raise failed[min(failed)]
    numbers = {column.name: at for at, column in enumerate(table.columns, 1)}
    sets = ", ".join(f"{column.stored} = s.o{numbers[column.name]}" for column in changed)
    sql = f"UPDATE {table.stored} AS t SET {sets} FROM {STAGE} s WHERE t.rowid = s.rid"
    runner.apply(Applied(sql, {}, computed))
    return computed.num_rows


def _rows(condition: str | None) -> str:
    return "" if condition is None else f" WHERE {condition}"


class Updater:
    """UPDATE."""

    def __init__(self, runner: Runner, node: commands.Update, markers: int) -> None:
        self.runner, self.node = runner, node
        self.table = runner.target(node.parts, "UPDATE", node.position)
        self.compiler = runner.compiler(markers)
        scope = table_scope(self.table, node.alias, "t")
        terms = _assigned(self.compiler, self.table, node.assignments, scope)
        condition = None if node.where is None else self.compiler.condition(node.where, scope)
        items = _items(self.table, terms, "t")
        sql = f"SELECT row_number() OVER () - 1 AS i, t.rowid AS rid, {items} "
        sql += f"FROM {self.table.stored} AS t{_rows(condition)}"
        self.plan = Plan(sql, self.compiler.build)
        self.changed = pick(self.table, tuple(terms), node.position)

    def run(self, row: Row) -> int:
        self.runner.lock(self.table)
        computed = self.runner.read(self.plan, row)
        return _overwrite(self.runner, self.table, computed, self.changed)


class Deleter:
    """DELETE."""

    def __init__(self, runner: Runner, node: commands.Delete, markers: int) -> None:
        self.runner, self.node = runner, node
        self.table = runner.target(node.parts, "DELETE", node.position)
        self.compiler = runner.compiler(markers)
        scope = table_scope(self.table, node.alias, "t")
        condition = None if node.where is None else self.compiler.condition(node.where, scope)
        sql = f"SELECT t.rowid AS rid FROM {self.table.stored} AS t{_rows(condition)}"
        self.plan = Plan(sql, self.compiler.build)

    def run(self, row: Row) -> int:
        self.runner.lock(self.table)
        computed = self.runner.read(self.plan, row)
        return _remove(self.runner, self.table, computed)


def _remove(runner: Runner, table: Table, computed: pa.Table) -> int:
    if computed.num_rows:
        sql = f"DELETE FROM {table.stored} WHERE rowid IN (SELECT rid FROM {STAGE})"
        runner.apply(Applied(sql, {}, computed.select(["rid"])))
    return computed.num_rows


class Merger:
    """MERGE INTO."""

    def __init__(self, runner: Runner, node: commands.Merge, markers: int) -> None:
        self.runner, self.node = runner, node
        self.table = table = runner.target(node.parts, "UPDATE", node.position)
        runner.target(node.parts, "INSERT", node.position)
        self.compiler = compiler = runner.compiler(markers)
        source, relations = compiler.source(node.source, None)
        scope = table_scope(table, node.alias, "t")
        both = Scope(None, [*scope.relations, *relations])
        condition = compiler.condition(node.on, both)
        terms = _assigned(compiler, table, node.update, both)
        extra = "" if node.update_where is None else (
            f" AND {compiler.condition(node.update_where, both)}")  # fmt: skip
        matched = f"FROM {source} JOIN {table.stored} AS t ON {condition}{extra}"
        items = _items(table, terms, "t")
        self.matched = Plan(
            f"SELECT row_number() OVER () - 1 AS i, t.rowid AS rid, {items} {matched}",
            compiler.build,
        )
        self.changed = pick(table, tuple(terms), node.position) if terms else ()
        self.unmatched: Plan | None = None
        if node.insert_values:
            self.unmatched = self._inserted(source, Scope(None, relations), condition)

    def _inserted(self, source: str, scope: Scope, condition: str) -> Plan:
        node, table = self.node, self.table
        columns = pick(table, node.insert_columns, node.position)
        if len(columns) != len(node.insert_values):
            raise HanaError(270, "not enough values", position=node.position)
        given = {
            column.name: store(self.compiler.typed(value, scope, column.type), column,
                               node.position)
            for column, value in zip(columns, node.insert_values, strict=True)
        }  # fmt: skip
        target = defaults(self.compiler, table, given, node.position)
        listed = ", ".join(f"{term.sql} AS o{at}" for at, term in enumerate(target.terms, 1))
        sql = f"SELECT row_number() OVER () - 1 AS i, {listed} FROM {source} WHERE NOT EXISTS "
        sql += f"(SELECT 1 FROM {table.stored} AS t WHERE {condition})"
        return Plan(sql, self.compiler.build)

    def run(self, row: Row) -> int:
        """Both sides are computed before either is applied."""
        self.runner.lock(self.table)
        matched = self.runner.read(self.matched, row)
        if len(pc.unique(matched["rid"])) != matched.num_rows:
            raise HanaError(2048, "column store error: a row was matched more than once")
        new = None if self.unmatched is None else self.runner.read(self.unmatched, row)
        count = 0
        if self.node.delete:
            count += _remove(self.runner, self.table, matched)
        elif self.changed:
            count += _overwrite(self.runner, self.table, matched, self.changed)
        if new is not None and new.num_rows:
            insert = commands.Insert(parts=self.node.parts, position=self.node.position)
            Inserter(self.runner, insert, 0).put(new)
            count += new.num_rows
        return count
