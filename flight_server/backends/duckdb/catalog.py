"""DuckDB's catalogue as spaces and entities; a fixed number of queries, macros excepted.

DuckDB finds names in any case. Here they are compared as they are written, as HANA does. DuckDB
also takes names that neither HANA nor a ticket can hold; what bears one is left out.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable
from typing import Final, cast

import duckdb

from flight_client.protocol.catalog import Column, Entity, EntityKind, Space
from flight_client.protocol.errors import InvalidRead
from flight_client.protocol.tickets import check_name
from flight_server.backends.duckdb.macros import macro_entities
from flight_server.backends.duckdb.types import hana_type
from flight_server.sql.compose import name as sql_name

_log: Final = logging.getLogger(__name__)

# The schema "main" is always there; it is a space where somebody uses it.
_SPACES: Final = """
    SELECT schema_name
    FROM duckdb_schemas()
    WHERE database_name = current_database() AND parent_schema IS NULL AND (
        NOT internal
        OR schema_name IN (
            SELECT schema_name FROM duckdb_tables()
            WHERE database_name = current_database() AND NOT internal
            UNION ALL
            SELECT schema_name FROM duckdb_views()
            WHERE database_name = current_database() AND NOT internal
        )
    )
    ORDER BY schema_name
"""

_RELATIONS: Final = """
    SELECT schema_name, table_name, 'table', coalesce(comment, '')
    FROM duckdb_tables()
    WHERE database_name = current_database() AND NOT internal
      AND ($1 IS NULL OR schema_name = $1) AND ($2 IS NULL OR table_name = $2)
    UNION ALL
    SELECT schema_name, view_name, 'view', coalesce(comment, '')
    FROM duckdb_views()
    WHERE database_name = current_database() AND NOT internal
      AND ($1 IS NULL OR schema_name = $1) AND ($2 IS NULL OR view_name = $2)
"""

_COLUMNS: Final = """
    SELECT schema_name, table_name, column_name, data_type, is_nullable, coalesce(comment, '')
    FROM duckdb_columns()
    WHERE database_name = current_database() AND NOT internal
      AND ($1 IS NULL OR schema_name = $1) AND ($2 IS NULL OR table_name = $2)
    ORDER BY schema_name, table_name, column_index
"""

_KEYS: Final = """
    SELECT schema_name, table_name, unnest(constraint_column_names)
    FROM duckdb_constraints()
    WHERE database_name = current_database() AND constraint_type = 'PRIMARY KEY'
      AND ($1 IS NULL OR schema_name = $1) AND ($2 IS NULL OR table_name = $2)
"""

_Place = tuple[str, str]
"""Names of a space and of an entity in it."""


class Catalogue:
    """What a database holds, asked on the cursors that are given to it.

    Tables and views are asked for every time. Macros are read once, with the first question: to
    list them DuckDB goes through its 3,000 functions (20 to 50 ms), and nobody makes one while the
    server runs, because reads run in read-only transactions and no other process can write to an
    open database. Whatever makes macros in a running server must make a new ``Catalogue`` too.
    """

    def __init__(self) -> None:
        self._macros: dict[_Place, Entity] | None = None
        self._left_out: set[str] = set()

    def spaces(self, cursor: duckdb.DuckDBPyConnection) -> list[Space]:
        """The schemas that people made, ordered by name."""
        rows = cast("list[tuple[str]]", cursor.execute(_SPACES).fetchall())
        # DuckDB 2.0 takes no comment on a schema.
        return [Space(name) for (name,) in rows if self._speakable(name, [name])]

    def entities(self, cursor: duckdb.DuckDBPyConnection, space: str | None) -> list[Entity]:
        """The tables, views and table macros of a space or of all, by space and name."""
        return self._found(cursor, space, None)

    def find(self, cursor: duckdb.DuckDBPyConnection, name: str) -> list[Entity]:
        """The entities of exactly this name, ordered by space."""
        return self._found(cursor, None, name)

    def entity(self, cursor: duckdb.DuckDBPyConnection, space: str, name: str) -> Entity | None:
        """The entity of exactly these names."""
        return next(iter(self._found(cursor, space, name)), None)

    def entity_names(self, cursor: duckdb.DuckDBPyConnection, space: str | None) -> list[str]:
        """The names of a space's entities or of all, in order, each once; no columns are read."""
        rows = cast("list[_Place]", cursor.execute(_RELATIONS, [space, None]).fetchall())
        places = {(row[0], row[1]) for row in rows}
        places.update(at for at in self._all_macros(cursor) if space in (None, at[0]))
        listed = self._listed(cursor, space)
        return sorted({name for at, name in places if at in listed})

    def _found(
        self, cursor: duckdb.DuckDBPyConnection, space: str | None, name: str | None
    ) -> list[Entity]:
        found = {(entity.space, entity.name): entity for entity in _relations(cursor, space, name)}
        for place, macro in self._all_macros(cursor).items():
            if space in (None, macro.space) and name in (None, macro.name):
                found.setdefault(place, macro)
        listed = self._listed(cursor, space)
        return [
            entity
            for _, entity in sorted(found.items())
            if entity.space in listed and self._is_speakable(entity)
        ]

    def _listed(self, cursor: duckdb.DuckDBPyConnection, space: str | None) -> set[str]:
        """Spaces whose entities are asked for; ``main`` is none where it has macros only."""
        return {found.name for found in self.spaces(cursor)} if space is None else {space}

    def _all_macros(self, cursor: duckdb.DuckDBPyConnection) -> dict[_Place, Entity]:
        if self._macros is None:
            self._macros = {(macro.space, macro.name): macro for macro in macro_entities(cursor)}
        return self._macros

    def _is_speakable(self, entity: Entity) -> bool:
        names = [entity.name, *(column.name for column in entity.columns)]
        names += [parameter.name for parameter in entity.parameters]
        return self._speakable(f"{entity.space}.{entity.name}", names)

    def _speakable(self, what: str, names: Iterable[str]) -> bool:
        """Whether tickets and SQL can hold these names; the log says once where they cannot."""
        try:
            for name in names:
                check_name(name, "DuckDB")
                sql_name(name)
        except InvalidRead as error:
            if what not in self._left_out:
                self._left_out.add(what)
                _log.warning("%.200r is left out of the catalogue: %s", what, error)
            return False
        return True


def _relations(
    cursor: duckdb.DuckDBPyConnection, space: str | None, only: str | None
) -> list[Entity]:
    relations = cast(
        "list[tuple[str, str, EntityKind, str]]",
        cursor.execute(_RELATIONS, [space, only]).fetchall(),
    )
    if not relations:
        return []
    columns = _columns(cursor, space, only)
    return [
        Entity(space=at, name=name, kind=kind, columns=tuple(columns[at, name]), comment=comment)
        for at, name, kind, comment in relations
    ]


def _columns(
    cursor: duckdb.DuckDBPyConnection, space: str | None, only: str | None
) -> defaultdict[_Place, list[Column]]:
    keys = cast("list[tuple[str, str, str]]", cursor.execute(_KEYS, [space, only]).fetchall())
    key_columns = frozenset(keys)
    rows = cast(
        "list[tuple[str, str, str, str, bool, str]]",
        cursor.execute(_COLUMNS, [space, only]).fetchall(),
    )
    columns: defaultdict[_Place, list[Column]] = defaultdict(list)
    for at, table, name, declared, nullable, comment in rows:
        column = Column(
            name,
            hana_type(declared),
            nullable=nullable,
            comment=comment,
            key=(at, table, name) in key_columns,
        )
        columns[at, table].append(column)
    return columns
