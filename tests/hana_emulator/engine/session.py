"""A database session: prepares, runs, and keeps its transaction; `values.Session`."""

from collections.abc import Mapping, Sequence
from typing import Final

import duckdb

from tests.hana_emulator.engine import commands, tree
from tests.hana_emulator.engine.build import Build
from tests.hana_emulator.engine.catalogue import Table
from tests.hana_emulator.engine.changes import Inserter, insert_markers
from tests.hana_emulator.engine.changes_rows import Deleter, Merger, Updater
from tests.hana_emulator.engine.cursor import DuckCursor
from tests.hana_emulator.engine.definitions import Definitions
from tests.hana_emulator.engine.errors import of_duckdb, unsupported
from tests.hana_emulator.engine.parameters import patcher
from tests.hana_emulator.engine.parse_statements import parse
from tests.hana_emulator.engine.statements import Compiler, DuckPrepared, Plan, result_columns
from tests.hana_emulator.engine.terms import Term
from tests.hana_emulator.engine.transactions import Applied
from tests.hana_emulator.engine.undoing import look, taking_back
from tests.hana_emulator.engine.work import Home, Work
from tests.hana_emulator.values import HanaError, Prepared, Row

DEFAULT_LOCK_WAIT_S: Final = 20.0
_PROTECTED: Final = "XS_"


class DuckSession(Work):
    """One session of one user."""

    def __init__(self, home: Home, user: str, connection_id: int) -> None:
        super().__init__(home, user, connection_id)
        self.read_only = False
        self.ddl_allowed = True
        self.ddl_commits = True

    # preparing

    def prepare(self, text: str) -> DuckPrepared:
        """Parse, resolve and type a statement."""
        self._cancel.clear()
        statement, names = parse(text)
        prepared = DuckPrepared(text, statement, names)
        self._compile(prepared)
        return prepared

    def _compile(self, prepared: DuckPrepared) -> None:
        if prepared.version == self.catalogue.version and prepared.plan is not None:
            return
        statement, count = prepared.statement, len(prepared.names)
        prepared.version = self.catalogue.version
        match statement:
            case tree.Query():
                compiler = self.compiler(count)
                compiled = compiler.query(statement, None)
                prepared.columns = result_columns(compiled)
                prepared.plan = Plan(compiled.sql, compiler.build)
                prepared.marker_types = list(compiler.build.markers)
                if compiler.build.aggregates:
                    self._bound(prepared.plan)
            case commands.Insert(query=None):
                prepared.marker_types = list(insert_markers(self, statement, count).markers)
            case commands.Insert():
                build = self._insert_query(statement, count)
                prepared.marker_types = list(build.markers)
            case commands.Update():
                prepared.marker_types = list(Updater(self, statement, count).compiler.build.markers)
            case commands.Delete():
                prepared.marker_types = list(Deleter(self, statement, count).compiler.build.markers)
            case commands.Merge():
                prepared.marker_types = list(Merger(self, statement, count).compiler.build.markers)
            case _:
                prepared.marker_types = [None] * count

    def _insert_query(self, statement: commands.Insert, count: int) -> Build:
        self.target(statement.parts, "INSERT", statement.position)
        compiler = self.compiler(count)
        assert statement.query is not None
        compiler.query(statement.query, None)
        return compiler.build

    def _bound(self, plan: Plan) -> None:
        """Let DuckDB look at GROUP BY: it knows which columns are missing in it."""
        names = plan.used
        connection = self.home.connect()
        try:
            self.register(connection, plan.build.used_views)
            connection.execute(f"EXPLAIN {plan.sql}", dict.fromkeys(names)).fetchall()
        except duckdb.BinderException as error:
            raise of_duckdb(error) from None
        except duckdb.Error:
            pass  # constants that cannot be computed, tables of this transaction: not asked here
        finally:
            connection.close()

    def compiler(self, markers: int, marker_sql: str = "$m{}") -> Compiler:
        build = self.home.surroundings.build(markers, marker_sql)
        return Compiler(build, self.user, self.schema, temporary=self.temporary)

    def view_compiler(self, build: Build, arguments: Mapping[str, Term]) -> Compiler:
        return Compiler(build, self.user, self.schema, arguments)

    # queries

    def query(self, prepared: Prepared, parameters: Row) -> DuckCursor:
        """Run a SELECT; its rows stream."""
        assert isinstance(prepared, DuckPrepared)
        self._cancel.clear()
        self._compile(prepared)
        assert prepared.plan is not None
        values = prepared.plan.values(self, parameters)
        return self.stream(prepared.plan, values, [patcher(one.type) for one in prepared.columns])

    # changes

    def change(
        self, prepared: Prepared, batch: Sequence[Row], *, autocommit: bool
    ) -> list[int | HanaError]:
        """Run anything but a SELECT once for each row of parameters."""
        assert isinstance(prepared, DuckPrepared)
        self._cancel.clear()
        statement = prepared.statement
        match statement:
            case commands.Insert() | commands.Update() | commands.Delete() | commands.Merge():
                return self._change(prepared, batch, autocommit=autocommit)
            case tree.Query():
                raise unsupported("a query as a change")
            case commands.SetVariable(key, value):
                self.set_variable(key, value)
            case commands.SetSchema(name):
                self._set_schema(name)
            case commands.SetTransaction(what):
                self._set_transaction(what)
            case commands.CancelSession(number):
                self.home.cancel_session(number, self.user)
            case commands.EndTransaction(commit):
                self.commit() if commit else self.rollback()
            case _:
                self._define(statement)
        return [0]

    def _change(
        self, prepared: DuckPrepared, batch: Sequence[Row], *, autocommit: bool
    ) -> list[int | HanaError]:
        if self.read_only:
            raise HanaError(
                7, "feature not supported: cannot change data in a read only transaction"
            )
        statement, count = prepared.statement, len(prepared.names)
        try:
            self.begin()
            if isinstance(statement, commands.Insert):
                outcome = Inserter(self, statement, count).batch(batch)
            else:
                outcome = [self._one(statement, count, row) for row in batch]
            _raise_fatal(outcome)
        except HanaError as error:
            if autocommit or error.code in {131, 133, 139}:
                self.rollback()
            raise
        except BaseException:
            self.rollback()
            raise
        if autocommit:
            self.commit()
        return outcome

    def _one(self, statement: commands.Statement, count: int, row: Row) -> int | HanaError:
        try:
            match statement:
                case commands.Update():
                    return Updater(self, statement, count).run(row)
                case commands.Delete():
                    return Deleter(self, statement, count).run(row)
                case commands.Merge():
                    return Merger(self, statement, count).run(row)
        except HanaError as error:
            return error
        raise AssertionError(statement)

    def target(self, parts: tuple[str, ...], privilege: str, position: int) -> Table:
        """The table that is changed."""
        if len(parts) == 1 and parts[0] in self.temporary:
            return self.temporary[parts[0]]
        schema = parts[0] if len(parts) == 2 else self.schema
        found = self.catalogue.open(self.user, privilege, schema, parts[-1], position=position)
        if not isinstance(found, Table):
            words = f"data manipulation operation not legal on this view: {found.name}"
            raise HanaError(361, words, position=position)
        return found

    # definitions

    def _define(self, statement: commands.Statement) -> None:
        if not self.ddl_allowed:
            raise HanaError(720, "cannot execute DDL: DDL is off in this transaction")
        if self.read_only:
            raise unsupported("DDL in a read only transaction")
        if self.ddl_commits:
            self.commit()
        try:
            with self.catalogue.lock:
                self._define_reversibly(statement)
        except HanaError:
            if self.ddl_commits:
                self.rollback()
            raise
        if self.ddl_commits:
            self.commit()

    def _define_reversibly(self, statement: commands.Statement) -> None:
        before = look(self.catalogue)
        try:
            Definitions(self).run(statement)  # type: ignore[arg-type]
        finally:
            if not self.ddl_commits:
                self.begin().undo.append(taking_back(self.catalogue, before))

    def define(self, sql: str) -> None:
        """DDL of DuckDB, in the transaction."""
        self.apply(Applied(sql, {}, None))

    def fill(self, table: Table, query: commands.Insert) -> int:
        outcome = Inserter(self, query, 0).batch([()])
        for error in outcome:
            if isinstance(error, HanaError):
                self.rollback()
                self.catalogue.drop(table)
                raise error
        self.commit()
        return sum(count for count in outcome if isinstance(count, int))

    # settings

    def set_variable(self, name: str, value: str | None) -> None:
        """A session variable or client info; ``XS_`` ones are protected [facts 7]."""
        key = name.upper()
        if key.startswith(_PROTECTED):
            raise HanaError(597, f"session context error: {key} is read only")
        if value is None:
            self.variables.pop(key, None)
        else:
            self.variables[key] = value

    def _set_schema(self, name: str) -> None:
        self.catalogue.schema(name)
        self.schema = name

    def _set_transaction(self, what: str) -> None:
        match what:
            case "READ ONLY" | "READ WRITE":
                self.read_only = what == "READ ONLY"
            case "DDL ON" | "DDL OFF":
                self.ddl_allowed = what == "DDL ON"
            case "AUTOCOMMIT DDL ON" | "AUTOCOMMIT DDL OFF":
                self.commit()  # switching commits [facts 5]
                self.ddl_commits = what == "AUTOCOMMIT DDL ON"
            case _ if what.startswith("LOCK WAIT TIMEOUT"):
                self.lock_wait_s = int(what.rsplit(" ", 1)[1]) / 1000
            case _:
                self.isolation = what

    def close(self) -> None:
        """Roll back and release; never raises."""
        self.end()
        self.home.forget(self)


def _raise_fatal(outcome: Sequence[int | HanaError]) -> None:
    """A lock that did not come, or a cancel, ends the batch and the transaction."""
    for error in outcome:
        if isinstance(error, HanaError) and error.code in {131, 139}:
            raise error
