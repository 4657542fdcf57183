"""DDL: what a statement changes in the catalogue and in DuckDB."""

from dataclasses import replace
from typing import Protocol

from tests.hana_emulator.engine import commands, types
from tests.hana_emulator.engine.build import Build
from tests.hana_emulator.engine.catalogue import (
    SYSTEM,
    Catalogue,
    Column,
    Grant,
    Parameter,
    Relation,
    Table,
    View,
)
from tests.hana_emulator.engine.changes import store
from tests.hana_emulator.engine.compile_queries import QueryCompiler, renamed
from tests.hana_emulator.engine.errors import not_authorized, unknown_column, unknown_table
from tests.hana_emulator.engine.scope import Compiled, Scope
from tests.hana_emulator.engine.terms import Term, cast
from tests.hana_emulator.engine.types import storage
from tests.hana_emulator.values import HanaError


class Definer(Protocol):
    """What DDL asks of the session."""

    user: str
    schema: str
    catalogue: Catalogue
    temporary: dict[str, Table]

    def compiler(self, markers: int, marker_sql: str = "$m{}") -> QueryCompiler: ...
    def view_compiler(self, build: Build, arguments: dict[str, Term]) -> QueryCompiler: ...
    def define(self, sql: str) -> None:
        """Execute DDL in DuckDB."""
        ...

    def fill(self, table: Table, query: commands.Insert) -> int: ...


class Definitions:
    """Runs DDL for one session."""

    def __init__(self, session: Definer) -> None:
        self.session = session
        self.catalogue = session.catalogue

    def run(self, node: commands.Definition) -> None:  # noqa: C901, PLR0912
        """Raises HanaError: 258, 259, 288, 322, 362, 386 ... as the case is."""
        match node:
            case commands.CreateSchema():
                self._administer()
                self.catalogue.add_schema(node.name, node.owner or self.session.user)
            case commands.DropSchema():
                self._drop_schema(node)
            case commands.CreateUser():
                self._administer()
                self.catalogue.add_user(node.name, node.password)
            case commands.DropUser():
                self._administer()
                self.catalogue.user(node.name)
                del self.catalogue.users[node.name]
            case commands.CreateTable():
                self._create_table(node)
            case commands.CreateView():
                self._create_view(node)
            case commands.Drop():
                self._drop(node)
            case commands.Rename():
                self._rename(node)
            case commands.Alter():
                self._alter(node)
            case commands.Truncate():
                table = self._own_table(node.parts, "DELETE", node.position)
                self.session.define(f"TRUNCATE {table.stored}")
            case commands.Comment():
                self._comment(node)
            case commands.Rights():
                self._rights(node)

    def _administer(self) -> None:
        if not self.catalogue.owns(self.session.user, ""):
            raise not_authorized()

    def _place(self, parts: tuple[str, ...], position: int = 0) -> tuple[str, str]:
        if len(parts) > 2:
            raise unknown_table(".".join(parts), position)
        return (self.session.schema, parts[0]) if len(parts) == 1 else (parts[0], parts[1])

    # tables

    def _create_table(self, node: commands.CreateTable) -> None:
        schema, name = self._place(node.parts)
        local = node.temporary and name.startswith("#")
        if not local:
            self.catalogue.may_define(self.session.user, schema)
        if name in self.session.temporary or (
            not local and self.catalogue.find(schema, name) is not None
        ):
            raise HanaError(288, f"cannot use duplicate table name: {name}")
        table = Table(
            schema, name, self._columns(node), self.catalogue.next_oid(), node.key, node.uniques,
            node.kind, node.temporary, node.comment,
        )  # fmt: skip
        for key in (node.key, *node.uniques):
            _known(table, key)
        table.columns = tuple(
            replace(column, nullable=False) if column.name in node.key else column
            for column in table.columns
        )
        for one in node.columns:
            if one.identity:
                table.next_identity = one.identity_start
                table.identity_step = one.identity_step
        listed = ", ".join(f"{column.stored} {storage(column.type)}" for column in table.columns)
        self.session.define(f"CREATE TABLE {table.stored} ({listed})")
        if local:
            self.session.temporary[name] = table
            self.catalogue.touched()
        else:
            self.catalogue.put(table)
        self._fill(node, table)

    def _columns(self, node: commands.CreateTable) -> tuple[Column, ...]:
        columns = [_column(one) for one in node.columns]
        if node.like is not None:
            other = self._own_table(node.like, "SELECT", 0)
            columns = [replace(column, stored="") for column in other.columns]
        elif node.query is not None:
            compiled = self.session.compiler(0).query(node.query, None)
            names = [one.name for one in node.columns]
            columns = [Column(field.name, field.type) for field in
                       renamed(compiled, tuple(names), 0).fields]  # fmt: skip
        seen: set[str] = set()
        for column in columns:
            if column.name in seen:
                raise HanaError(272, f"duplicate column name: {column.name}")
            seen.add(column.name)
        return tuple(
            replace(column, stored=f"c{number}") for number, column in enumerate(columns, 1)
        )

    def _fill(self, node: commands.CreateTable, table: Table) -> None:
        if node.query is not None and node.with_data:
            self.session.fill(
                table, commands.Insert(parts=node.parts, position=0, query=node.query)
            )

    def _own_table(self, parts: tuple[str, ...], privilege: str, position: int) -> Table:
        if len(parts) == 1 and parts[0] in self.session.temporary:
            return self.session.temporary[parts[0]]
        schema, name = self._place(parts, position)
        found = self.catalogue.open(self.session.user, privilege, schema, name, position=position)
        if not isinstance(found, Table):
            raise unknown_table(name, position)
        return found

    # views

    def _create_view(self, node: commands.CreateView) -> None:
        schema, name = self._place(node.parts)
        self.catalogue.may_define(self.session.user, schema)
        present = self.catalogue.find(schema, name)
        if present is not None and not (node.replace and isinstance(present, View)):
            raise HanaError(322, f"cannot use duplicate view name: {name}")
        parameters = tuple(
            Parameter(one.name, one.type, one.default, one.default_text) for one in node.parameters
        )
        compiled, outputs = self._described(node, parameters)
        comments = dict(node.columns)
        columns = tuple(
            Column(one.name, one.type, nullable=True, comment=comments.get(one.name))
            for one in compiled.fields
        )
        names = [column.name for column in columns]
        if len(set(names)) != len(names):
            raise HanaError(272, f"duplicate column name in view {name}")
        view = View(
            schema, name, columns, self.catalogue.next_oid(), node.query, node.definition,
            self.session.user, self.session.schema, parameters, node.comment, node.structured,
        )  # fmt: skip
        view.outputs = outputs
        self.catalogue.put(view)

    def _described(
        self, node: commands.CreateView, parameters: tuple[Parameter, ...]
    ) -> tuple[Compiled, tuple[str, ...]]:
        """The view's columns, and their names in its query."""
        build = self.session.compiler(0).build
        arguments = {one.name: Term(cast("NULL", one.type), one.type) for one in parameters}
        compiled = self.session.view_compiler(build, arguments).query(node.query, None)
        outputs = tuple(one.name for one in compiled.fields)
        return renamed(compiled, tuple(name for name, _ in node.columns), 0), outputs

    # the rest

    def _drop_schema(self, node: commands.DropSchema) -> None:
        schema = self.catalogue.schema(node.name)
        if not self.catalogue.owns(self.session.user, node.name):
            raise not_authorized()
        if schema.relations and not node.cascade:
            raise HanaError(419, f"cannot drop schema {node.name}: it is not empty")
        for relation in list(schema.relations.values()):
            self._forget(relation)
        del self.catalogue.schemas[node.name]
        self.catalogue.touched()

    def _drop(self, node: commands.Drop) -> None:
        if len(node.parts) == 1 and node.parts[0] in self.session.temporary:
            table = self.session.temporary.pop(node.parts[0])
            self.session.define(f"DROP TABLE {table.stored}")
            return
        relation = self._owned(node.parts, node.position)
        if isinstance(relation, View) != (node.kind == "VIEW"):
            if node.kind == "VIEW":
                raise HanaError(321, f"invalid view name: {relation.name}")
            raise unknown_table(relation.name, node.position)
        self._forget(relation)

    def _forget(self, relation: Relation) -> None:
        if isinstance(relation, Table):
            self.session.define(f"DROP TABLE {relation.stored}")
        self.catalogue.drop(relation)

    def _owned(self, parts: tuple[str, ...], position: int) -> Relation:
        schema, name = self._place(parts, position)
        relation = self.catalogue.find(schema, name)
        if relation is None or not self.catalogue.sees(self.session.user, schema, name):
            raise unknown_table(f"{name} in schema {schema}", position)
        self.catalogue.may_define(self.session.user, schema)
        return relation

    def _rename(self, node: commands.Rename) -> None:
        if node.kind == "TABLE":
            relation = self._owned(node.parts, node.position)
            if self.catalogue.find(relation.schema, node.to) is not None:
                raise HanaError(288, f"cannot use duplicate table name: {node.to}")
            self.catalogue.drop(relation)
            relation.name = node.to
            self.catalogue.put(relation)
            return
        *parts, name = node.parts
        relation = self._owned(tuple(parts), node.position)
        _known(relation, (name,), node.position)
        if any(column.name == node.to for column in relation.columns):
            raise HanaError(308, f"column name already exists: {node.to}")
        if isinstance(relation, Table):
            relation.key = _swapped(relation.key, name, node.to)
            relation.uniques = tuple(_swapped(key, name, node.to) for key in relation.uniques)
            self.catalogue.replace_columns(
                relation,
                tuple(
                    replace(one, name=node.to) if one.name == name else one
                    for one in relation.columns
                ),
            )

    def _alter(self, node: commands.Alter) -> None:
        table = self._owned(node.parts, node.position)
        if not isinstance(table, Table):
            raise unknown_table(table.name, node.position)
        if node.key:
            _known(table, node.key, node.position)
            table.key = node.key
            self.catalogue.touched()
        for one in node.add:
            self._add_column(table, one)
        for name in node.drop:
            self._drop_column(table, name, node.position)
        for one in node.alter:
            self._alter_column(table, one, node.position)

    def _add_column(self, table: Table, one: commands.ColumnDefinition) -> None:
        if any(column.name == one.name for column in table.columns):
            raise HanaError(308, f"column name already exists: {one.name}")
        number = 1 + max(int(column.stored[1:]) for column in table.columns)
        column = replace(_column(one), stored=f"c{number}")
        default = ""
        if one.default is not None:
            term = self.session.compiler(0).typed(one.default, Scope(), one.type)
            default = f" DEFAULT {store(term, column, 0).sql}"
        self.session.define(
            f"ALTER TABLE {table.stored} ADD COLUMN {column.stored} {storage(column.type)}{default}"
        )
        self.catalogue.replace_columns(table, (*table.columns, column))

    def _drop_column(self, table: Table, name: str, position: int) -> None:
        _known(table, (name,), position)
        if name in table.key:
            raise HanaError(350, f"cannot drop columns in the primary key column list: {name}")
        if len(table.columns) == 1:
            raise HanaError(311, "cannot drop all columns in a table")
        column = next(one for one in table.columns if one.name == name)
        self.session.define(f"ALTER TABLE {table.stored} DROP COLUMN {column.stored}")
        rest = tuple(one for one in table.columns if one.name != name)
        self.catalogue.replace_columns(table, rest)

    def _alter_column(self, table: Table, one: commands.ColumnDefinition, position: int) -> None:
        """Same family only: a longer text, a wider number."""
        _known(table, (one.name,), position)
        old = next(column for column in table.columns if column.name == one.name)
        if types.common(old.type, one.type) != one.type:
            raise HanaError(7, f"feature not supported: {old.type.name} to {one.type.name}",
                            position=position)  # fmt: skip
        self.session.define(
            f"ALTER TABLE {table.stored} ALTER COLUMN {old.stored} TYPE {storage(one.type)}"
        )
        new = replace(_column(one), stored=old.stored, comment=old.comment)
        self.catalogue.replace_columns(
            table, tuple(new if column is old else column for column in table.columns)
        )

    def _comment(self, node: commands.Comment) -> None:
        parts = node.parts[:-1] if node.kind == "COLUMN" else node.parts
        relation = self._owned(parts, node.position)
        column = node.parts[-1] if node.kind == "COLUMN" else None
        self.catalogue.comment(relation, column, node.text)

    def _rights(self, node: commands.Rights) -> None:
        schema, name = (node.on[0], "") if node.on_schema else ("", "")
        if node.on and not node.on_schema:
            schema, name = self._place(node.on, node.position)
            if self.catalogue.find(schema, name) is None:
                raise unknown_table(name, node.position)
        if node.on:
            self.catalogue.schema(schema)
            if not self.catalogue.owns(self.session.user, schema):
                raise not_authorized()
        else:
            self._administer()
        for user in node.users:
            self.catalogue.user(user)
            for privilege in node.privileges:
                if node.revoke:
                    self.catalogue.revoke(user, privilege, schema, name)
                else:
                    self.catalogue.grant(
                        Grant(user, privilege, schema, name, node.grantable,
                              self.session.user or SYSTEM)
                    )  # fmt: skip


def _column(one: commands.ColumnDefinition) -> Column:
    return Column(
        one.name, one.type, one.nullable and not one.identity, "", one.default, one.default_text,
        one.identity, one.comment,
    )  # fmt: skip


def _known(relation: Relation, names: tuple[str, ...], position: int = 0) -> None:
    present = {column.name for column in relation.columns}
    for name in names:
        if name not in present:
            raise unknown_column(name, position)


def _swapped(names: tuple[str, ...], old: str, new: str) -> tuple[str, ...]:
    return tuple(new if name == old else name for name in names)
