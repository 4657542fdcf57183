"""Writes an admitted change as text, in the dialect it was written in.

Values and queries are written by the writer of reads; here are only the statements around them.
"""

from collections.abc import Callable, Sequence

from sqlglot import exp

from flight_server.sql.changing import nodes
from flight_server.sql.writer import Writer, child, children, word


class ChangeWriter:
    """HANA's statements; those of DuckDB are the same but for the last four."""

    def __init__(self, values: Writer) -> None:
        self.values = values
        self._writers: dict[type[exp.Expr], Callable[[exp.Expr], str]] = {
            nodes.InsertInto: self.insert,
            nodes.UpsertInto: self.upsert,
            nodes.UpdateTable: self.update,
            nodes.DeleteFrom: self.delete,
            nodes.MergeInto: self.merge,
            nodes.TruncateTable: self.truncate,
            nodes.CreateTable: self.create,
            nodes.AddColumns: self.add,
            nodes.AlterColumns: self.alter,
            nodes.DropColumns: self.drop_columns,
            nodes.RenameColumn: self.rename,
            nodes.DropTable: self.drop,
        }

    def write(self, tree: nodes.Statement) -> str:
        """The text of a statement."""
        return self._writers[type(tree)](tree)

    # parts

    def target(self, tree: exp.Expr) -> str:
        """The table that is changed, with its alias."""
        return self.values.write(tree.this)

    def value(self, node: exp.Expr) -> str:
        """A value of a row."""
        return "DEFAULT" if isinstance(node, nodes.DefaultValue) else self.values.write(node)

    def names(self, names: Sequence[exp.Expr]) -> str:
        """``"A", "B"``."""
        return ", ".join(self.values.write(name) for name in names)

    def column_list(self, node: exp.Expr) -> str:
        """`` ("A", "B")``, or nothing."""
        names = self.names(children(node, "columns"))
        return f" ({names})" if names else ""

    def row(self, node: exp.Expr) -> str:
        """``(1, 'x')``."""
        return f"({', '.join(self.value(value) for value in children(node))})"

    def where(self, node: exp.Expr) -> str:
        """`` WHERE ...``, or nothing."""
        found = child(node, "where")
        return f" {self.values.write(found)}" if found is not None else ""

    def assignments(self, node: exp.Expr) -> str:
        """``"A" = 1, "B" = 2``."""
        return ", ".join(
            f"{self.values.write(each.this)} = {self.values.part(each)}"
            for each in children(node, "assignments")
        )

    def definition(self, node: exp.Expr) -> str:
        """A column with its type and constraints."""
        words = [self.values.write(node.this), self.type(node), *self.constraints(node)]
        return " ".join(words)

    def type(self, node: exp.Expr) -> str:
        """The type of a column."""
        return self.values.part(node, "kind")

    def constraints(self, node: exp.Expr) -> list[str]:
        """DEFAULT, NULL and keys of a column."""
        default = child(node, "default")
        words = [f"DEFAULT {self.values.write(default)}"] if default is not None else []
        nullable = node.args.get("nullable")
        if nullable is not None:
            words.append("NULL" if nullable else "NOT NULL")
        words += ["PRIMARY KEY"] if node.args.get("primary") else []
        return words + (["UNIQUE"] if node.args.get("unique") else [])

    def key(self, node: exp.Expr) -> str:
        """PRIMARY KEY or UNIQUE."""
        kind = "PRIMARY KEY" if node.args.get("primary") else "UNIQUE"
        return f"{kind} ({self.names(children(node))})"

    def bare_query(self, node: exp.Expr) -> str:
        """A query with the brackets around all of it gone."""
        while isinstance(node, exp.Subquery) and not any(
            value for slot, value in node.args.items() if slot != "this"
        ):
            node = node.this
        return self.values.write(node)

    # rows

    def insert(self, tree: exp.Expr) -> str:
        """INSERT."""
        start = f"INSERT INTO {self.target(tree)}{self.column_list(tree)}"
        query = child(tree, "query")
        if query is not None:
            return f"{start} {self.bare_query(query)}"
        return f"{start} VALUES {', '.join(self.row(row) for row in children(tree, 'rows'))}"

    def upsert(self, tree: exp.Expr) -> str:
        """UPSERT; by the key it is always where there is a query, and then nothing says so."""
        start = f"UPSERT {self.target(tree)}{self.column_list(tree)}"
        query, row = child(tree, "query"), child(tree, "row")
        if query is not None:
            return f"{start} {self.bare_query(query)}"
        values = f"VALUES {self.row(row)}" if row is not None else ""
        by_key = " WITH PRIMARY KEY" if tree.args.get("by_key") else ""
        return f"{start} {values}{self.where(tree)}{by_key}"

    def update(self, tree: exp.Expr) -> str:
        """UPDATE."""
        return " ".join(["UPDATE", self.target(tree), "SET", self.assignments(tree)]) + self.where(
            tree
        )

    def delete(self, tree: exp.Expr) -> str:
        """DELETE."""
        return " ".join(["DELETE FROM", self.target(tree)]) + self.where(tree)

    def merge(self, tree: exp.Expr) -> str:
        """MERGE INTO."""
        words = [
            f"MERGE INTO {self.target(tree)}",
            f"USING {self.values.part(tree, 'source')}",
            f"ON {self.values.part(tree, 'on')}",
        ]
        words += [self.branch(branch) for branch in children(tree, "branches")]
        return " ".join(words)

    def branch(self, node: exp.Expr) -> str:
        """One WHEN of MERGE."""
        matched = "NOT MATCHED" if isinstance(node, nodes.MergeInsert) else "MATCHED"
        condition = child(node, "condition")
        start = f"WHEN {matched}"
        if condition is not None:
            start += f" AND {self.values.write(condition)}"
        if isinstance(node, nodes.MergeUpdate):
            return f"{start} THEN UPDATE SET {self.assignments(node)}"
        if isinstance(node, nodes.MergeInsert):
            row = self.row(node.args["row"])
            return f"{start} THEN INSERT{self.column_list(node)} VALUES {row}"
        return f"{start} THEN DELETE"

    # definitions

    def truncate(self, tree: exp.Expr) -> str:
        """TRUNCATE."""
        return f"TRUNCATE TABLE {self.target(tree)}"

    def create(self, tree: exp.Expr) -> str:
        """CREATE TABLE."""
        store = word(tree, "store")
        if_missing = "IF NOT EXISTS " if tree.args.get("if_missing") else ""
        start = f"CREATE {store + ' ' if store else ''}TABLE {if_missing}{self.target(tree)}"
        query = child(tree, "query")
        if query is not None:
            data = " WITH NO DATA" if tree.args.get("empty") else ""
            return f"{start} AS ({self.bare_query(query)}){data}"
        parts = [self.definition(column) for column in children(tree, "columns")]
        parts += [self.key(key) for key in children(tree, "keys")]
        return f"{start} ({', '.join(parts)})"

    def add(self, tree: exp.Expr) -> str:
        """ALTER TABLE ... ADD."""
        columns = ", ".join(self.definition(column) for column in children(tree, "columns"))
        return f"ALTER TABLE {self.target(tree)} ADD ({columns})"

    def alter(self, tree: exp.Expr) -> str:
        """ALTER TABLE ... ALTER."""
        columns = ", ".join(self.definition(column) for column in children(tree, "columns"))
        return f"ALTER TABLE {self.target(tree)} ALTER ({columns})"

    def drop_columns(self, tree: exp.Expr) -> str:
        """ALTER TABLE ... DROP."""
        return f"ALTER TABLE {self.target(tree)} DROP ({self.names(children(tree, 'columns'))})"

    def rename(self, tree: exp.Expr) -> str:
        """RENAME COLUMN."""
        old, new = self.values.part(tree, "column"), self.values.part(tree, "to")
        return f"RENAME COLUMN {self.target(tree)}.{old} TO {new}"

    def drop(self, tree: exp.Expr) -> str:
        """DROP TABLE."""
        if_exists = "IF EXISTS " if tree.args.get("if_exists") else ""
        restrict = " RESTRICT" if tree.args.get("restrict") else ""
        return f"DROP TABLE {if_exists}{self.target(tree)}{restrict}"


class DuckDbChangeWriter(ChangeWriter):
    """DuckDB's statements, which alter one column at a time."""

    def truncate(self, tree: exp.Expr) -> str:
        """All rows; as a DELETE it tells how many."""
        return " ".join(["DELETE FROM", self.target(tree)])

    def add(self, tree: exp.Expr) -> str:
        """One statement for each column."""
        return self.each(tree, lambda column: f"ADD COLUMN {self.definition(column)}")

    def alter(self, tree: exp.Expr) -> str:
        """Type, NULL and DEFAULT, each where the text says it."""
        return "; ".join(
            f"ALTER TABLE {self.target(tree)} ALTER COLUMN {self.values.write(column.this)} {what}"
            for column in children(tree, "columns")
            for what in self.alterations(column)
        )

    def alterations(self, column: exp.Expr) -> list[str]:
        """What changes about a column."""
        found = [f"SET DATA TYPE {self.type(column)}"]
        default = child(column, "default")
        if default is not None:
            found.append(f"SET DEFAULT {self.values.write(default)}")
        nullable = column.args.get("nullable")
        if nullable is not None:
            found.append("DROP NOT NULL" if nullable else "SET NOT NULL")
        return found

    def drop_columns(self, tree: exp.Expr) -> str:
        """One statement for each column."""
        return self.each(tree, lambda column: f"DROP COLUMN {self.values.write(column)}")

    def each(self, tree: exp.Expr, write: Callable[[exp.Expr], str]) -> str:
        """``ALTER TABLE`` for each column, with ``;`` between."""
        start = f"ALTER TABLE {self.target(tree)}"
        return "; ".join(f"{start} {write(column)}" for column in children(tree, "columns"))

    def rename(self, tree: exp.Expr) -> str:
        """RENAME COLUMN."""
        old, new = self.values.part(tree, "column"), self.values.part(tree, "to")
        return f"ALTER TABLE {self.target(tree)} RENAME COLUMN {old} TO {new}"
