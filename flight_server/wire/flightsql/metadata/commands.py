"""The metadata commands by name: the schema of each and what answers it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
from google.protobuf.message import Message

from flight_server.backends.base import TableName
from flight_server.service.discovery import Discovery
from flight_server.wire.flightsql.messages import datasphere_flight_sql_pb2 as pb
from flight_server.wire.flightsql.metadata import keys, schemas, sql_info, tables, xdbc
from flight_server.wire.flightsql.metadata.facts import Facts
from flight_server.wire.flightsql.metadata.patterns import ALL, Pattern
from flight_server.wire.flightsql.metadata.selection import Wanted, entities, spaces


@dataclass(frozen=True, slots=True)
class _Command:
    """How a command is answered; the message is of the command's own kind."""

    schema: Callable[[Any], pa.Schema]
    answer: Callable[[Any, Discovery, Facts], pa.Table]


def schema(name: str, command: Message) -> pa.Schema:
    """The schema of the answer to a command.

    Args:
        name: One of ``COMMANDS``.
        command: The message of that name.
    """
    return _COMMANDS[name].schema(command)


def answer(name: str, command: Message, discovery: Discovery, facts: Facts) -> pa.Table:
    """The answer to a command. What a name or a pattern does not find is missing from it.

    Args:
        name: One of ``COMMANDS``.
        command: The message of that name.
        discovery: The catalogue of who asks.
        facts: What holds for the server.

    Raises:
        Error: The catalogue cannot be asked.
    """
    return _COMMANDS[name].answer(command, discovery, facts)


def _catalogs(_command: pb.CommandGetCatalogs, _discovery: Discovery, _facts: Facts) -> pa.Table:
    return tables.catalogs()


def _db_schemas(command: pb.CommandGetDbSchemas, discovery: Discovery, _facts: Facts) -> pa.Table:
    wanted = Wanted(
        catalog=_given(command, "catalog"), space=_pattern(command, "db_schema_filter_pattern")
    )
    return tables.db_schemas(spaces(discovery, wanted))


def _tables(command: pb.CommandGetTables, discovery: Discovery, facts: Facts) -> pa.Table:
    wanted = Wanted(
        catalog=_given(command, "catalog"),
        space=_pattern(command, "db_schema_filter_pattern"),
        table=_pattern(command, "table_name_filter_pattern"),
    )
    types = list(command.table_types)
    if types and not set(types) & set(tables.TYPE_NAMES.values()):
        return schema("CommandGetTables", command).empty_table()
    found = tables.of_types(entities(discovery, wanted), types)
    if command.include_schema:
        return tables.tables_with_schema(found, facts.writable)
    return tables.tables(found)


def _tables_schema(command: pb.CommandGetTables) -> pa.Schema:
    return schemas.TABLES_WITH_SCHEMA if command.include_schema else schemas.TABLES


def _table_types(
    _command: pb.CommandGetTableTypes, _discovery: Discovery, _facts: Facts
) -> pa.Table:
    return tables.table_types()


def _primary_keys(
    command: pb.CommandGetPrimaryKeys, discovery: Discovery, _facts: Facts
) -> pa.Table:
    of = _table(command, command.table)
    return keys.primary_keys(() if of is None else discovery.primary_keys(of))


def _imported_keys(
    command: pb.CommandGetImportedKeys, discovery: Discovery, _facts: Facts
) -> pa.Table:
    of = _table(command, command.table)
    found = () if of is None else discovery.foreign_keys(of, None)
    return keys.foreign_keys(found, keys.by_referred)


def _exported_keys(
    command: pb.CommandGetExportedKeys, discovery: Discovery, _facts: Facts
) -> pa.Table:
    to = _table(command, command.table)
    found = () if to is None else discovery.foreign_keys(None, to)
    return keys.foreign_keys(found, keys.by_referring)


def _cross_reference(
    command: pb.CommandGetCrossReference, discovery: Discovery, _facts: Facts
) -> pa.Table:
    of = _table(command, command.fk_table, "fk_")
    to = _table(command, command.pk_table, "pk_")
    found = () if of is None or to is None else discovery.foreign_keys(of, to)
    return keys.foreign_keys(found, keys.by_referred)


def _type_info(
    command: pb.CommandGetXdbcTypeInfo, _discovery: Discovery, _facts: Facts
) -> pa.Table:
    return xdbc.type_info(command.data_type if command.HasField("data_type") else None)


def _sql_info(command: pb.CommandGetSqlInfo, _discovery: Discovery, facts: Facts) -> pa.Table:
    return sql_info.sql_info(facts, list(command.info))


def _given(command: Message, field: str) -> str | None:
    """A field of text that a client may leave out."""
    return getattr(command, field) if command.HasField(field) else None


def _pattern(command: Message, field: str) -> Pattern:
    text = _given(command, field)
    return ALL if text is None else Pattern.parse(text)


def _table(command: Message, name: str, prefix: str = "") -> TableName | None:
    """The table that a command names; None where it can be none.

    Nothing is in a catalogue, everything is in a schema, and nothing has the empty name.
    """
    space = _given(command, f"{prefix}db_schema")
    if _given(command, f"{prefix}catalog") or space == "" or not name:
        return None
    return TableName(name, space)


def _fixed(found: pa.Schema) -> Callable[[Any], pa.Schema]:
    return lambda _command: found


_COMMANDS: Final[Mapping[str, _Command]] = {
    "CommandGetCatalogs": _Command(_fixed(schemas.CATALOGS), _catalogs),
    "CommandGetCrossReference": _Command(_fixed(schemas.FOREIGN_KEYS), _cross_reference),
    "CommandGetDbSchemas": _Command(_fixed(schemas.DB_SCHEMAS), _db_schemas),
    "CommandGetExportedKeys": _Command(_fixed(schemas.FOREIGN_KEYS), _exported_keys),
    "CommandGetImportedKeys": _Command(_fixed(schemas.FOREIGN_KEYS), _imported_keys),
    "CommandGetPrimaryKeys": _Command(_fixed(schemas.PRIMARY_KEYS), _primary_keys),
    "CommandGetSqlInfo": _Command(_fixed(schemas.SQL_INFO), _sql_info),
    "CommandGetTableTypes": _Command(_fixed(schemas.TABLE_TYPES), _table_types),
    "CommandGetTables": _Command(_tables_schema, _tables),
    "CommandGetXdbcTypeInfo": _Command(_fixed(schemas.XDBC_TYPE_INFO), _type_info),
}

COMMANDS: Final = frozenset(_COMMANDS)
"""The names of the commands that are answered here."""
