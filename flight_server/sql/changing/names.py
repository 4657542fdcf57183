"""Finds what the names of a change mean: its target among the writable, its columns and sources."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlglot import exp

from flight_client.protocol.errors import AccessDenied, InvalidSql, UnknownColumn
from flight_server.sql.changing import nodes
from flight_server.sql.lookup import clipped
from flight_server.sql.names import Resolver, Scope, Source, find
from flight_server.sql.writer import child, children

_TARGET_COLUMNS: Final = "columns"
"""Key in the ``meta`` of an INSERT or UPSERT: all columns of its target."""


def column_names(tree: exp.Expr) -> list[str]:
    """The columns that an INSERT or UPSERT gives values for: those it names, else all."""
    named = [name.name for name in children(tree, "columns")]
    return named or list(tree.meta[_TARGET_COLUMNS])


@dataclass(slots=True)
class ChangeResolver(Resolver):
    """Resolves one change.

    Attributes:
        writable: Spaces whose tables may be changed; nothing outside them is ever the target.
        falls_back: Whether a target without its space may be in the only writable one, where
            ``default_space`` is another.
    """

    writable: frozenset[str] = field(default_factory=frozenset[str], kw_only=True)
    falls_back: bool = field(default=True, kw_only=True)

    def change(self, tree: nodes.Statement) -> tuple[str, str]:
        """Qualifies every table of ``tree`` in place and checks every column.

        Returns:
            Space and name of the target.

        Raises:
            AccessDenied: The target is not in a space to write to.
            InvalidSql: Names or numbers of values contradict each other.
            UnknownSpace, UnknownEntity, AmbiguousEntity, UnknownColumn: A name is not known.
            RefusedSql: A system schema is read.
        """
        table: exp.Table = tree.this
        space, name = self._place(table), table.name
        creates = isinstance(tree, nodes.CreateTable)
        if isinstance(tree, nodes.DropTable) and tree.args.get("if_exists"):
            found = space, self._match(space, name) or name
        else:
            found = (space, name) if creates else self._in_space(space, name)
        self._spell(table, found)
        if isinstance(tree, nodes.CreateTable):
            self._create(tree)
            return found
        alias = table.alias
        columns = self.lookup.columns(*found) or ()
        target = Source(alias or found[1], columns, None if alias else found[0])
        self._check(tree, target)
        return found

    def _check(self, tree: nodes.Statement, target: Source) -> None:
        match tree:
            case nodes.InsertInto() | nodes.UpsertInto():
                self._rows_in(tree, target)
            case nodes.UpdateTable():
                scope = Scope((target,))
                self._assignments(tree, target, scope)
                self._values_in(tree, "where", scope)
            case nodes.DeleteFrom():
                self._values_in(tree, "where", Scope((target,)))
            case nodes.MergeInto():
                self._merge(tree, target)
            case nodes.AddColumns():
                self._distinct([column.this for column in children(tree, "columns")])
            case nodes.AlterColumns():
                self._own([column.this for column in children(tree, "columns")], target)
            case nodes.DropColumns():
                self._own(children(tree, "columns"), target)
            case nodes.RenameColumn():
                self._own([tree.args["column"]], target)
            case _:
                pass

    # the target

    def _place(self, table: exp.Table) -> str:
        """The space of the target: the one that is named, else the default, else the only one."""
        named: exp.Expr | None = table.args.get("db")
        if named is not None:
            found = find(named.name, self.writable, exact=self.exact)
            if found is None:
                raise AccessDenied(
                    f"The schema '{clipped(named.name)}' is not one to write to; {self._listed()}.",
                    space=named.name,
                )
            return found
        if self.default_space in self.writable:
            return self.default_space
        if self.writable and self.default_space is not None and not self.falls_back:
            raise AccessDenied(
                f"The table '{clipped(table.name)}' is looked for in "
                f"'{clipped(self.default_space)}', which is no schema to write to; "
                f"{self._listed()}.",
                space=self.default_space,
            )
        if len(self.writable) == 1:
            return next(iter(self.writable))
        if not self.writable:
            raise AccessDenied(
                f"The table '{clipped(table.name)}' cannot be changed: no schema is one to write "
                "to; ask for writing to be enabled."
            )
        raise InvalidSql(
            f"The table '{clipped(table.name)}' is named without its schema; {self._listed()}: "
            "write it before the name."
        )

    def _listed(self) -> str:
        names = clipped(", ".join(sorted(self.writable)))
        return f"writable are {names}" if names else "none is"

    # columns

    def _own(self, names: Sequence[exp.Expr], target: Source) -> None:
        """Checks that names are columns of the target, and spells them as it does."""
        for name in names:
            found = find(name.name, target.columns, exact=self.exact)
            if found is None:
                raise self._unknown(name.name, [target])
            name.set("this", found)
        self._distinct(names)

    def _distinct(self, names: Sequence[exp.Expr]) -> None:
        seen: set[str] = set()
        for name in names:
            key = self._key(name.name)
            if key in seen:
                raise InvalidSql(f"The column '{clipped(name.name)}' is named twice; name it once.")
            seen.add(key)

    def _assignments(self, tree: exp.Expr, target: Source, scope: Scope) -> None:
        assignments = children(tree, "assignments")
        for each in assignments:
            self._qualifiers(each, target)
            self._values(each.args["expression"], scope, {})
        self._own([each.this for each in assignments], target)

    def _qualifiers(self, node: exp.Expr, target: Source) -> None:
        """Drops what stands before an assigned column, once it is known to be the target."""
        table, space = child(node, "table"), child(node, "db")
        same_space = space is None or (
            target.space is not None and self._key(space.name) == self._key(target.space)
        )
        if table is not None and not (
            same_space and self._key(table.name) == self._key(target.name)
        ):
            raise UnknownColumn(
                f"'{clipped(table.name)}' is not the table that is changed; write the column "
                "alone.",
                column=node.this.name,
            )
        for slot in ("table", "db"):
            node.args.pop(slot, None)

    def _values_in(self, node: exp.Expr, slot: str, scope: Scope) -> None:
        found = child(node, slot)
        if found is not None:
            self._values(found, scope, {})

    # statements

    def _rows_in(self, tree: exp.Expr, target: Source) -> None:
        names = children(tree, "columns")
        tree.meta[_TARGET_COLUMNS] = tuple(target.columns)
        self._own(names, target)
        single = child(tree, "row")
        for row in [*children(tree, "rows"), *([single] if single is not None else [])]:
            self._row(row, names, Scope(()))
        self._values_in(tree, "where", Scope((target,)))
        query = child(tree, "query")
        if query is not None:
            columns = self._query(query, None, {})
            if self.exact and names and len(columns) != len(names):
                raise _uneven(len(names), len(columns))

    def _row(self, row: exp.Expr, names: Sequence[exp.Expr], scope: Scope) -> None:
        values = children(row)
        if names and len(values) != len(names):
            raise _uneven(len(names), len(values))
        for value in values:
            self._values(value, scope, {})

    def _merge(self, tree: nodes.MergeInto, target: Source) -> None:
        sources: list[Source] = []
        conditions: list[exp.Expr] = []
        self._source(tree.args["source"], None, {}, sources, conditions)
        if any(self._key(source.name) == self._key(target.name) for source in sources):
            raise InvalidSql(
                f"The table and the source of MERGE are both called '{clipped(target.name)}'; "
                "give one an alias."
            )
        inner, both = Scope(tuple(sources)), Scope((target, *sources))
        for condition in conditions:
            self._values(condition, inner, {})
        self._values(tree.args["on"], both, {})
        for branch in children(tree, "branches"):
            inserts = isinstance(branch, nodes.MergeInsert)
            scope = inner if inserts else both
            self._values_in(branch, "condition", scope)
            if inserts:
                names = children(branch, "columns")
                self._own(names, target)
                self._row(branch.args["row"], names, scope)
            self._assignments(branch, target, both)

    def _create(self, tree: nodes.CreateTable) -> None:
        query = child(tree, "query")
        if query is not None:
            self._query(query, None, {})
        columns = [column.this for column in children(tree, "columns")]
        self._distinct(columns)
        made = Source(tree.this.name, [column.name for column in columns])
        for key in children(tree, "keys"):
            self._own(children(key), made)
        primary = [key for key in children(tree, "keys") if key.args.get("primary")]
        primary += [one for one in children(tree, "columns") if one.args.get("primary")]
        if len(primary) > 1:
            raise InvalidSql("A table has one PRIMARY KEY; name all its columns in one.")


def _uneven(names: int, values: int) -> InvalidSql:
    return InvalidSql(f"There are {names} columns and {values} values; give one for each.")
