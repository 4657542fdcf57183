"""Writes a stream of record batches into a table, all of it or nothing; knows no Flight."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

import pyarrow as pa

from flight_client.protocol.catalog import Column, Entity, HanaType
from flight_client.protocol.errors import (
    DataError,
    Error,
    InvalidRead,
    InvalidRequest,
    TableExists,
    UnknownColumn,
    UnknownEntity,
)
from flight_client.protocol.schemas import to_columns
from flight_client.protocol.tickets import check_name
from flight_server.backends.incoming import key_of
from flight_server.planning.names import nearest, suggestion
from flight_server.service.pinned import Pinned

CREATE: Final = "create"
APPEND: Final = "append"
REPLACE: Final = "replace"
FAIL: Final = "fail"

Told: TypeAlias = Callable[[int], None]
"""Is told after each batch how many rows there were so far."""


def _nobody(_rows: int) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestTarget:
    """Where and how a stream of batches is written.

    Attributes:
        space: None for the one of the session.
        table: Its name.
        if_missing: "create" or "fail".
        if_exists: "append", "replace" or "fail".
        upserts: Whether rows whose primary key is there are set, instead of refused.
        keys: Columns of the primary key: of a new table, or for ``upserts`` as the caller takes it.
        types: Declared types of columns of a new table; the others have the nearest.
    """

    space: str | None
    table: str
    if_missing: str
    if_exists: str
    upserts: bool = False
    keys: tuple[str, ...] = ()
    types: tuple[tuple[str, HanaType], ...] = ()

    def __post_init__(self) -> None:
        check_name(self.table, "table")
        for word, known in (
            (self.if_missing, (CREATE, FAIL)),
            (self.if_exists, (APPEND, REPLACE, FAIL)),
        ):
            if word not in known:
                raise InvalidRequest(f"An ingest says one of {', '.join(known)}; got {word!r:.40}.")


def ingest(
    pinned: Pinned,
    space: str,
    target: IngestTarget,
    schema: pa.Schema,
    batches: Iterable[pa.RecordBatch],
    *,
    told: Told = _nobody,
) -> int:
    """Make the table as it shall be, then insert the batches one by one; the number of rows.

    Where it fails after something was done, the transaction is marked to be undone.

    Raises:
        UnknownEntity, TableExists: As the target says.
        UnknownColumn: The table lacks a column of the stream; no row was written.
        UnsupportedType: The table is to be made, and no HANA type holds a column of the stream.
        DataError: A value does not fit; ``row`` in the details counts over the whole stream.
    """
    _check_names(schema.names)
    table = pinned.write.table(space, target.table)
    is_made = _is_made(space, target, schema.names, table)
    if target.upserts and table is not None:
        key_of(table, target.keys, schema.names)  # also where no row comes
    # A table that is there has types of its own: for it a column of nothing but NULL is fine.
    columns = _columns(schema, target) if is_made else ()
    try:
        if is_made:
            pinned.defined.add((space, target.table))
            if table is not None:
                pinned.write.drop_table(space, target.table)
            pinned.write.create_table(space, target.table, columns)
        return _insert(pinned, space, target, batches, told)
    except Error:
        pinned.is_spoiled = True
        raise


def _check_names(given: list[str]) -> None:
    names: set[str] = set()
    for name in given:
        check_name(name, "column")
        if name in names:
            raise InvalidRead(
                f"Column {name!r} stands twice in the data; name it once.", column=name
            )
        names.add(name)
    if not names:
        raise InvalidRead("The data has no columns; a table has one at least.")


def _columns(schema: pa.Schema, target: IngestTarget) -> tuple[Column, ...]:
    """The columns of a new table: the types as they are declared, else the nearest."""
    for name in (*target.keys, *(name for name, _ in target.types)):
        if name not in schema.names:
            near = nearest(name, schema.names)
            raise UnknownColumn(
                f"The data has no column {name!r}{suggestion(near, 'correct keys or types')}",
                column=name,
                nearest=near,
            )
    types = dict(target.types)
    found: list[Column] = []
    fields: list[pa.Field[Any]] = list(schema)
    for field in fields:
        declared = types.get(field.name)
        if declared is None:
            (column,) = to_columns(pa.schema([field]))
        else:
            column = Column(field.name, declared, nullable=field.nullable)
        is_key = field.name in target.keys
        found.append(replace(column, key=is_key, nullable=column.nullable and not is_key))
    return tuple(found)


def _is_made(space: str, target: IngestTarget, columns: list[str], table: Entity | None) -> bool:
    """Whether the table is created, after it was dropped where there is one."""
    name = target.table
    if table is None and target.if_missing == FAIL:
        raise UnknownEntity(
            f"There is no table {name!r} in space {space!r}; create it, or write with a mode that "
            "does.",
            space=space,
            entity=name,
        )
    if table is not None and target.if_exists == FAIL:
        raise TableExists(
            f"The space {space!r} has a table {name!r}; append to it or replace it, or choose "
            "another name.",
            space=space,
            entity=name,
        )
    if table is not None and target.if_exists == APPEND:
        _require_columns(table, columns)
        return False
    return True


def _require_columns(table: Entity, columns: list[str]) -> None:
    for name in columns:
        if table.column(name) is None:
            near = nearest(name, [known.name for known in table.columns])
            raise UnknownColumn(
                f"The table {table.space}.{table.name} has no column {name!r}"
                f"{suggestion(near, 'rename it or leave it out')}",
                column=name,
                nearest=near,
            )


def _insert(
    pinned: Pinned,
    space: str,
    target: IngestTarget,
    batches: Iterable[pa.RecordBatch],
    told: Told,
) -> int:
    before = 0
    for batch in batches:
        if batch.num_rows == 0:
            continue
        try:
            if target.upserts:
                pinned.write.upsert(space, target.table, target.keys, batch)
            else:
                pinned.write.insert(space, target.table, batch)
        except DataError as error:
            raise _counted(error, before) from error
        before += batch.num_rows
        told(before)
    return before


def _counted(error: DataError, before: int) -> DataError:
    """The error with the number of its row in the whole stream."""
    row = error.details.get("row")
    if not isinstance(row, int) or before == 0:
        return error
    message = f"{error.message.rstrip('.')} (row {before + row} of the whole stream)."
    counted = DataError(message)
    counted.details = {**error.details, "row": before + row}
    return counted
