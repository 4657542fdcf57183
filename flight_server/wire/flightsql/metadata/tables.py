"""Catalogues, schemas, tables and table types as answers; knows no keys."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import pyarrow as pa

from flight_client.protocol.catalog import Entity, EntityKind
from flight_server.backends.sizing import sized
from flight_server.wire.flightsql.metadata.columns import table_schemas
from flight_server.wire.flightsql.metadata.schemas import (
    CATALOGS,
    DB_SCHEMAS,
    TABLE_TYPES,
    TABLES,
    TABLES_WITH_SCHEMA,
)

TYPE_NAMES: Final[dict[EntityKind, str]] = {"table": "TABLE", "view": "VIEW"}

_BATCH_BYTES: Final = 2 * 1024 * 1024
"""A column costs half a kilobyte, and a message holds 16 MiB at most."""


def catalogs() -> pa.Table:
    """None: HANA has schemas only."""
    return CATALOGS.empty_table()


def db_schemas(names: Sequence[str]) -> pa.Table:
    """The schemas of these names, which are in order."""
    return pa.Table.from_pylist([{"db_schema_name": name} for name in names], DB_SCHEMAS)


def table_types() -> pa.Table:
    """What an entity may be."""
    names = sorted(TYPE_NAMES.values())
    return pa.Table.from_pylist([{"table_type": name} for name in names], TABLE_TYPES)


def of_types(entities: Iterable[Entity], types: Iterable[str]) -> list[Entity]:
    """The entities of these table types; of any where none is named."""
    wanted = set(types)
    return [each for each in entities if not wanted or TYPE_NAMES[each.kind] in wanted]


def tables(entities: Sequence[Entity]) -> pa.Table:
    """These entities, which are in order."""
    return pa.table(_names(entities), schema=TABLES)


def tables_with_schema(entities: Sequence[Entity], writable: frozenset[str]) -> pa.Table:
    """The same with the Arrow schema of each, in batches that a message can hold."""
    columns = [*_names(entities), pa.array(table_schemas(entities, writable), pa.binary())]
    whole = pa.record_batch(columns, schema=TABLES_WITH_SCHEMA)
    return pa.Table.from_batches(sized([whole], _BATCH_BYTES), TABLES_WITH_SCHEMA)


def _names(entities: Sequence[Entity]) -> "list[pa.Array[Any]]":
    return [
        pa.nulls(len(entities), pa.utf8()),
        pa.array([each.space for each in entities], pa.utf8()),
        pa.array([each.name for each in entities], pa.utf8()),
        pa.array([TYPE_NAMES[each.kind] for each in entities], pa.utf8()),
    ]
