"""Writes a stream of record batches into a table, all of it or nothing; knows no Flight."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from flight_client.protocol.catalog import Entity
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
from flight_server.planning.names import nearest, suggestion
from flight_server.service.pinned import Pinned

CREATE: Final = "create"
APPEND: Final = "append"
REPLACE: Final = "replace"
FAIL: Final = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestTarget:
    """Where and how a stream of batches is written.

    Attributes:
        space: None for the one of the session.
        table: Its name.
        if_missing: "create" or "fail".
        if_exists: "append", "replace" or "fail".
    """

    space: str | None
    table: str
    if_missing: str
    if_exists: str

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
) -> int:
    """Make the table as it shall be, then insert the batches one by one; the number of rows.

    Where it fails after something was done, the transaction is marked to be undone.

    Raises:
        UnknownEntity, TableExists: As the target says.
        UnknownColumn: The table lacks a column of the stream; no row was written.
        UnsupportedType: The table is to be made, and no HANA type holds a column of the stream.
        DataError: A value does not fit; ``row`` in the details counts over the whole stream.
    """
    _require_names(schema)
    table = pinned.write.table(space, target.table)
    is_made = _is_made(space, target, schema.names, table)
    # A table that is there has types of its own: for it a column of nothing but NULL is fine.
    columns = to_columns(schema) if is_made else ()
    try:
        if is_made:
            pinned.defined.add((space, target.table))
            if table is not None:
                pinned.write.drop_table(space, target.table)
            pinned.write.create_table(space, target.table, columns)
        return _insert(pinned, space, target.table, batches)
    except Error:
        pinned.is_spoiled = True
        raise


def _require_names(schema: pa.Schema) -> None:
    names: set[str] = set()
    for name in schema.names:
        check_name(name, "column")
        if name in names:
            raise InvalidRead(
                f"Column {name!r} stands twice in the data; name it once.", column=name
            )
        names.add(name)
    if not names:
        raise InvalidRead("The data has no columns; a table has one at least.")


def _is_made(
    space: str, target: IngestTarget, columns: Iterable[str], table: Entity | None
) -> bool:
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


def _require_columns(table: Entity, names: Iterable[str]) -> None:
    for name in names:
        if table.column(name) is None:
            near = nearest(name, [known.name for known in table.columns])
            raise UnknownColumn(
                f"The table {table.space}.{table.name} has no column {name!r}"
                f"{suggestion(near, 'rename it or leave it out')}",
                column=name,
                nearest=near,
            )


def _insert(pinned: Pinned, space: str, name: str, batches: Iterable[pa.RecordBatch]) -> int:
    before = 0
    for batch in batches:
        if batch.num_rows == 0:
            continue
        try:
            pinned.write.insert(space, name, batch)
        except DataError as error:
            raise _counted(error, before) from error
        before += batch.num_rows
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
