"""Which syntax trees are a change: the nodes of a read, and those of the statements around them."""

from typing import Final

from sqlglot import exp

from flight_server.sql.changing import nodes
from flight_server.sql.grammar import (
    DUCKDB,
    HANA,
    NAME,
    QUERIES,
    SOURCE,
    VALUE,
    VALUES,
    Grammar,
    many,
    one,
    words,
)
from flight_server.sql.strict import Niladic, TemporalLiteral, TypeName

_TARGET: Final = one(exp.Table)
_NAMES: Final = many(exp.Identifier)
_QUERY: Final = one(*QUERIES)
_WHERE: Final = one(exp.Where)
_ASSIGNMENTS: Final = many(nodes.Assignment)
_DEFINITIONS: Final = many(nodes.ColumnDefinition)
_FLAG: Final = words(True, False)
_CONSTANT: Final = one(
    exp.Boolean, exp.HexString, exp.Literal, exp.Neg, exp.Null, Niladic, TemporalLiteral
)

_STATEMENTS: Final[Grammar] = {
    nodes.InsertInto: {
        "this": _TARGET,
        "columns": _NAMES,
        "rows": many(nodes.Row),
        "query": _QUERY,
    },
    nodes.UpsertInto: {
        "this": _TARGET,
        "columns": _NAMES,
        "row": one(nodes.Row),
        "where": _WHERE,
        "by_key": _FLAG,
        "query": _QUERY,
    },
    nodes.UpdateTable: {"this": _TARGET, "assignments": _ASSIGNMENTS, "where": _WHERE},
    nodes.DeleteFrom: {"this": _TARGET, "where": _WHERE},
    nodes.MergeInto: {
        "this": _TARGET,
        "source": SOURCE,
        "on": VALUE,
        "branches": many(nodes.MergeUpdate, nodes.MergeDelete, nodes.MergeInsert),
    },
    nodes.MergeUpdate: {"condition": VALUE, "assignments": _ASSIGNMENTS},
    nodes.MergeDelete: {"condition": VALUE},
    nodes.MergeInsert: {"condition": VALUE, "columns": _NAMES, "row": one(nodes.Row)},
    nodes.TruncateTable: {"this": _TARGET},
    nodes.CreateTable: {
        "this": _TARGET,
        "store": words("COLUMN", "ROW"),
        "if_missing": _FLAG,
        "columns": _DEFINITIONS,
        "keys": many(nodes.UniqueKey),
        "query": _QUERY,
        "empty": _FLAG,
    },
    nodes.AddColumns: {"this": _TARGET, "columns": _DEFINITIONS},
    nodes.AlterColumns: {"this": _TARGET, "columns": _DEFINITIONS},
    nodes.DropColumns: {"this": _TARGET, "columns": _NAMES},
    nodes.RenameColumn: {"this": _TARGET, "column": NAME, "to": NAME},
    nodes.DropTable: {"this": _TARGET, "if_exists": _FLAG, "restrict": _FLAG},
    nodes.Row: {"expressions": many(*VALUES, nodes.DefaultValue)},
    nodes.DefaultValue: {},
    nodes.Assignment: {"this": NAME, "table": NAME, "db": NAME, "expression": VALUE},
    nodes.ColumnDefinition: {
        "this": NAME,
        "kind": one(TypeName),
        "nullable": _FLAG,
        "default": _CONSTANT,
        "primary": _FLAG,
        "unique": _FLAG,
    },
    nodes.UniqueKey: {"expressions": _NAMES, "primary": _FLAG},
}

HANA_CHANGES: Final[Grammar] = {**HANA, **_STATEMENTS}
"""A change in HANA's SQL."""

DUCKDB_CHANGES: Final[Grammar] = {**DUCKDB, **_STATEMENTS}
"""A change in DuckDB's SQL."""
