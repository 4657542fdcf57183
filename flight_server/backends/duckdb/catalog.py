"""DuckDB's catalogue as spaces and entities; a fixed number of queries, macros excepted.

DuckDB finds names in any case. Here they are compared as they are written, as HANA does. DuckDB
also takes names that neither HANA nor a ticket can hold; what bears one is left out.
"""

import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias, cast

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

_READ_ONLY: Final = (
    "SELECT readonly FROM duckdb_databases() WHERE database_name = current_database()"
)

_SPACE: Final = """
    SELECT 1 FROM duckdb_schemas()
    WHERE database_name = current_database() AND parent_schema IS NULL AND schema_name = $1
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

Cursors: TypeAlias = Callable[[], AbstractContextManager[duckdb.DuckDBPyConnection]]


@dataclass(frozen=True, slots=True)
class _Landscape:
    """What a database holds at one moment.

    Attributes:
        spaces: Ordered by name.
        entities: By space and name, in that order; also those of ``main`` where that is no space.
    """

    spaces: tuple[Space, ...]
    entities: Mapping[_Place, Entity]


class Catalogue:
    """What a database holds, read with the first question and again after ``forget``.

    Between the two it cannot change: reads run in read-only transactions, no other process can
    write to an open database, and whoever commits a definition calls ``forget``. Reading it costs
    milliseconds, and 20 to 50 more for the macros: to list them DuckDB goes through its 3,000
    functions.
    """

    def __init__(self, cursor: Cursors) -> None:
        """Of what opens a cursor with a transaction, for the length of a ``with``."""
        self._cursor = cursor
        self._lock = threading.Lock()
        self._kept: _Landscape | None = None
        self._age = 0
        self._left_out: set[str] = set()

    def forget(self) -> None:
        """Read it anew: a table was made, altered or dropped."""
        with self._lock:
            self._age += 1
            self._kept = None

    def spaces(self) -> list[Space]:
        """The schemas that people made, ordered by name."""
        return list(self._landscape().spaces)

    def entities(self, space: str | None) -> list[Entity]:
        """The tables, views and table macros of a space or of all, by space and name."""
        return self._found(space, None)

    def find(self, name: str) -> list[Entity]:
        """The entities of exactly this name, ordered by space."""
        return self._found(None, name)

    def entity(self, space: str, name: str) -> Entity | None:
        """The entity of exactly these names."""
        return self._landscape().entities.get((space, name))

    def entity_names(self, space: str | None) -> list[str]:
        """The names of a space's entities or of all, in order, each once."""
        return sorted({entity.name for entity in self._found(space, None)})

    def _found(self, space: str | None, name: str | None) -> list[Entity]:
        """``main`` is no space where it has macros only; they are found by who names it."""
        kept = self._landscape()
        listed = {found.name for found in kept.spaces} if space is None else {space}
        return [
            entity
            for entity in kept.entities.values()
            if entity.space in listed and name in (None, entity.name)
        ]

    def _landscape(self) -> _Landscape:
        kept = self._kept
        if kept is None:
            age = self._age
            with self._cursor() as cursor:
                kept = self._read(cursor)
            with self._lock:
                if age == self._age:  # else it may be that of before the change
                    self._kept = kept
        return kept

    def _read(self, cursor: duckdb.DuckDBPyConnection) -> _Landscape:
        rows = cast("list[tuple[str]]", cursor.execute(_SPACES).fetchall())
        # DuckDB 2.0 takes no comment on a schema.
        spaces = tuple(Space(name) for (name,) in rows if self._speakable(name, [name]))
        found = {(macro.space, macro.name): macro for macro in macro_entities(cursor)}
        found |= {(each.space, each.name): each for each in _relations(cursor, None, None)}
        speakable = {at: each for at, each in sorted(found.items()) if self._is_speakable(each)}
        return _Landscape(spaces, speakable)

    def _is_speakable(self, entity: Entity) -> bool:
        names = [entity.name, *(column.name for column in entity.columns)]
        names += [parameter.name for parameter in entity.parameters]
        return self._speakable(f"{entity.space}.{entity.name}", names)

    def _speakable(self, what: str, names: Iterable[str]) -> bool:
        """Whether tickets and SQL can hold these names; the log says once where they cannot."""
        try:
            for name in names:
                _check(name)
        except InvalidRead as error:
            if what not in self._left_out:
                self._left_out.add(what)
                _log.warning("%.200r is left out of the catalogue: %s", what, error)
            return False
        return True


def relation(cursor: duckdb.DuckDBPyConnection, space: str, name: str) -> Entity | None:
    """The table or view of exactly these names, as the transaction of the cursor sees it."""
    return next(iter(_relations(cursor, space, name)), None)


def taken_by(cursor: duckdb.DuckDBPyConnection, space: str, name: str) -> str | None:
    """The table or view that DuckDB takes for one of this name, in whatever case it is."""
    rows = cast("list[tuple[str, str]]", cursor.execute(_RELATIONS, [space, None]).fetchall())
    return next((row[1] for row in rows if row[1].lower() == name.lower()), None)


def is_read_only(cursor: duckdb.DuckDBPyConnection) -> bool:
    """Whether the database was opened for reading."""
    ((answer,),) = cast("list[tuple[bool]]", cursor.execute(_READ_ONLY).fetchall())
    return answer


def has_space(cursor: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Whether there is a schema of exactly this name, used or not."""
    return cursor.execute(_SPACE, [name]).fetchone() is not None


@lru_cache(maxsize=4096)
def _check(name: str) -> None:
    """Nothing where tickets and SQL can hold a name; columns of many tables bear the same."""
    check_name(name, "DuckDB")
    sql_name(name)


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
