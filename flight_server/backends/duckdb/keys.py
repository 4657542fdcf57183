"""DuckDB's primary and foreign keys; each is one query of its catalogue."""

from typing import Final, cast

import duckdb

from flight_server.backends.base import ForeignKey, KeyRule, PrimaryKey, TableName

_PRIMARY: Final = """
    SELECT schema_name, table_name, constraint_name, constraint_column_names
    FROM duckdb_constraints()
    WHERE database_name = current_database() AND constraint_type = 'PRIMARY KEY'
      AND ($1 IS NULL OR schema_name = $1) AND table_name = $2
    ORDER BY schema_name, table_name
"""

# A foreign key refers to a table of its own schema, and to the columns of one of its keys.
_FOREIGN: Final = """
    SELECT f.schema_name, f.table_name, f.constraint_name, f.constraint_column_names,
           f.referenced_table, any_value(k.constraint_name), f.referenced_column_names
    FROM duckdb_constraints() f
    LEFT JOIN duckdb_constraints() k
      ON k.database_oid = f.database_oid AND k.schema_oid = f.schema_oid
     AND k.table_name = f.referenced_table AND k.constraint_type IN ('PRIMARY KEY', 'UNIQUE')
     AND list_sort(k.constraint_column_names) = list_sort(f.referenced_column_names)
    WHERE f.database_name = current_database() AND f.constraint_type = 'FOREIGN KEY'
      AND ($1 IS NULL OR f.schema_name = $1) AND ($2 IS NULL OR f.table_name = $2)
      AND ($3 IS NULL OR f.schema_name = $3) AND ($4 IS NULL OR f.referenced_table = $4)
    GROUP BY ALL
    ORDER BY f.schema_name, f.table_name, f.constraint_name
"""


def primary_keys(cursor: duckdb.DuckDBPyConnection, of: TableName) -> list[PrimaryKey]:
    """The primary keys of tables, by space."""
    rows = cast(
        "list[tuple[str, str, str, list[str]]]",
        cursor.execute(_PRIMARY, [of.space, of.name]).fetchall(),
    )
    return [
        PrimaryKey(space=space, table=table, name=name, columns=tuple(columns))
        for space, table, name, columns in rows
    ]


def foreign_keys(
    cursor: duckdb.DuckDBPyConnection, of: TableName | None, to: TableName | None
) -> list[ForeignKey]:
    """The foreign keys of some tables to some tables, by space, table and name."""
    ends = [name for end in (of, to) for name in ((end.space, end.name) if end else (None, None))]
    rows = cast(
        "list[tuple[str, str, str, list[str], str, str | None, list[str]]]",
        cursor.execute(_FOREIGN, ends).fetchall(),
    )
    return [
        ForeignKey(
            space=space,
            table=table,
            name=name,
            columns=tuple(columns),
            to_space=space,
            to_table=to_table,
            to_name=to_name,
            to_columns=tuple(to_columns),
            on_update=KeyRule.NO_ACTION,  # DuckDB knows no other
            on_delete=KeyRule.NO_ACTION,
        )
        for space, table, name, columns, to_table, to_name, to_columns in rows
    ]
