"""Writes an admitted change of HANA's SQL as DuckDB's; what has no counterpart is refused by name.

What a value becomes when it is stored is the database's: DuckDB rounds a number to the scale of its
column where HANA cuts it, and keeps no length of a text.
"""

from collections.abc import Sequence
from typing import Final

from sqlglot import exp

from flight_client.protocol.catalog import HanaType
from flight_client.protocol.errors import InvalidSql, UnsupportedSql
from flight_server.sql.changes import AdmittedChange
from flight_server.sql.changing import nodes
from flight_server.sql.changing.names import column_names
from flight_server.sql.changing.writing import DuckDbChangeWriter
from flight_server.sql.compose import statement
from flight_server.sql.duckdb_select import duckdb_type
from flight_server.sql.gate import CallerDialect
from flight_server.sql.translate.queries import DuckDbTranslator
from flight_server.sql.writer import child, children, quoted

_FLOATING: Final = ("DECIMAL", "SMALLDECIMAL")


def to_duckdb_change(change: AdmittedChange, *, key: Sequence[str] | None = None) -> str:
    """DuckDB's SQL for an admitted change.

    Markers are ``$1``, ``$2`` ... in the order of the caller's values, and may stand there more
    than once. An ALTER TABLE of several columns is several statements with ``;`` between. A change
    that the caller wrote in DuckDB's own SQL is so already.

    Args:
        change: What passed the gate.
        key: The columns of the target's primary key, empty if it has none; only an UPSERT asks.
            None where they are not known: DuckDB then finds the key by itself, unless the table
            has other unique columns beside it.

    Raises:
        UnsupportedSql: Something in the change has no counterpart with the same meaning; the
            message names it.
        InvalidSql: An UPSERT leaves out a column of the key.
    """
    if change.dialect is CallerDialect.DUCKDB:
        return change.sql
    tree = change.expression
    assert isinstance(tree, nodes.Statement)  # noqa: S101 - the gate makes nothing else
    try:
        return _Translator(key).write(tree)
    except RecursionError:
        raise InvalidSql("The SQL is nested too deeply; split it with WITH.") from None


class _Translator(DuckDbChangeWriter):
    """The writer of DuckDB's statements, over the translation of HANA's values and queries."""

    def __init__(self, key: Sequence[str] | None) -> None:
        super().__init__(DuckDbTranslator())
        self.primary_key = key

    # rows

    def upsert(self, tree: exp.Expr) -> str:
        """UPSERT: by its condition a MERGE, by the primary key an INSERT ... ON CONFLICT."""
        given = column_names(tree)
        row, where, query = (child(tree, slot) for slot in ("row", "where", "query"))
        if row is not None and where is not None:
            return self.upsert_where(tree, given, row, where)
        listed = ", ".join(map(quoted, given))
        body = f"VALUES {self.row(row)}" if row is not None else ""
        body = f"({self.bare_query(query)})" if query is not None else body
        return f"INSERT INTO {self.target(tree)} ({listed}) {body}{self.on_conflict(given)}"

    def on_conflict(self, given: Sequence[str]) -> str:
        """What is done with a row whose key is there: the columns that are given are set."""
        key = self.primary_key
        if key is not None and not key:
            return ""
        missing = [column for column in key or () if column not in given]
        if missing:
            raise InvalidSql(f"UPSERT needs the whole primary key; name '{missing[0]}' too.")
        target = f" ({', '.join(map(quoted, key))})" if key else ""
        # A key alone is set to what it is, so that the row counts as changed.
        others = [column for column in given if column not in (key or ())] or list(given)
        sets = ", ".join(f"{one} = excluded.{one}" for one in map(quoted, others))
        return f" ON CONFLICT{target} DO UPDATE SET {sets}"

    def upsert_where(
        self, tree: exp.Expr, given: Sequence[str], row: exp.Expr, where: exp.Expr
    ) -> str:
        """The rows that satisfy the condition are set; where there is none, one is inserted."""
        values = [self.value(value) for value in children(row)]
        if len(values) != len(given):
            raise InvalidSql(
                f"There are {len(given)} columns and {len(values)} values; give one for each."
            )
        names = [quoted(column) for column in given]
        sets = ", ".join(f"{one} = {value}" for one, value in zip(names, values, strict=True))
        words = [
            f"MERGE INTO {self.target(tree)}",
            'USING (SELECT 1) AS "one row of UPSERT" ON',
            self.values.part(where, "this"),
            f"WHEN MATCHED THEN UPDATE SET {sets} WHEN NOT MATCHED THEN INSERT",
            f"({', '.join(names)}) VALUES ({', '.join(values)})",
        ]
        return " ".join(words)

    # definitions

    def create(self, tree: exp.Expr) -> str:
        """CREATE TABLE; DuckDB has one kind, and does not tell "a" from "A"."""
        seen: dict[str, str] = {}
        for column in children(tree, "columns"):
            name = column.this.name
            if seen.setdefault(name.casefold(), name) != name:
                raise UnsupportedSql(
                    f"The columns '{seen[name.casefold()]}' and '{name}' differ in case only, "
                    "which DuckDB does not tell apart; rename one.",
                    construct="column names",
                )
        bare = tree.copy()
        bare.set("store", None)
        return super().create(bare)

    def type(self, node: exp.Expr) -> str:
        """The type whose values arrive in the Arrow type of HANA's."""
        kind: exp.Expr = node.args["kind"]
        numbers = [int(number.name) for number in children(kind)]
        name, length, scale = kind.name, *[*numbers, None, None][:2]
        if name == "DECIMAL" and length is not None:
            scale = scale or 0
            if not 1 <= length <= 38 or scale > length:
                raise UnsupportedSql(
                    "DECIMAL takes a precision of 1 to 38 and a scale up to it; correct it.",
                    construct=name,
                )
        elif name in _FLOATING:
            raise UnsupportedSql(
                f"{name} without precision and scale floats on HANA and has no translation; write "
                "DECIMAL(38, 10).",
                construct=name,
            )
        return statement(duckdb_type(HanaType(name, length, scale))).text

    def constraints(self, node: exp.Expr) -> list[str]:
        """DEFAULT in brackets, because a translated one may be a call; NULL is the default."""
        found = super().constraints(node)
        default = child(node, "default")
        if default is not None:
            found[0] = f"DEFAULT ({self.values.write(default)})"
        return [each for each in found if each != "NULL"]

    def drop(self, tree: exp.Expr) -> str:
        """DROP TABLE; nothing in DuckDB depends on a table so that it would be dropped too."""
        return f"DROP TABLE {self.target(tree)}"
