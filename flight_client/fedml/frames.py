"""A user's frame as the columns of the table that it is inserted into; sends nothing."""

from datetime import datetime
from typing import Any, cast

import pyarrow as pa
import pyarrow.compute as pc

from flight_client.fedml.statements import INSERTED_AT
from flight_client.protocol.catalog import Column, Entity
from flight_client.protocol.errors import DataError, InvalidRequest, UnsupportedType
from flight_client.protocol.schemas import arrow_type
from flight_client.rows import rows_of


def rows_for(entity: Entity, frame: object, now: datetime) -> pa.Table:
    """The rows of a frame with the names of a table's columns, and INSERTED_AT filled.

    Args:
        entity: The table.
        frame: A pandas frame, whose index is left out, or whatever else holds rows.
        now: For INSERTED_AT, where the table has that column and the frame has not.

    Raises:
        InvalidRequest: It holds no rows, or two of its columns are meant for one of the table.
        DataError: A text is not what its column takes.
    """
    reset = getattr(frame, "reset_index", None)
    rows = rows_of(reset(drop=True) if callable(reset) else frame)
    given = pa.Table.from_batches(rows.batches, rows.schema)
    names = [_name(entity, name) for name in given.schema.names]
    if len(set(names)) < len(names):
        twin = next(name for at, name in enumerate(names) if name in names[:at])
        raise InvalidRequest(f"Two columns of the frame are meant for {twin!r:.100}; rename one.")
    columns = [
        values if (column := entity.column(name)) is None else _fitting(column, values)
        for name, values in zip(names, given.columns, strict=True)
    ]
    if entity.column(INSERTED_AT) is not None and INSERTED_AT not in names:
        names.append(INSERTED_AT)
        columns.append(cast("Any", _repeated(now, given.num_rows)))
    return pa.table(cast("list[Any]", columns), names=names)


def _repeated(now: datetime, count: int) -> object:
    stubless = cast("Any", pa)  # pyarrow-stubs 20 leaves what these return half unknown
    return stubless.chunked_array([stubless.array([now] * count, pa.timestamp("us"))])


def _name(entity: Entity, name: str) -> str:
    """The column that a frame's name means: exactly, or else without regard to case."""
    if entity.column(name) is not None:
        return name
    folded = [column.name for column in entity.columns if column.name.upper() == name.upper()]
    return folded[0] if len(folded) == 1 else name


def _parsed(texts: Any, wanted: pa.DataType) -> "pa.ChunkedArray[Any]":  # noqa: ANN401 - half unknown to the stubs
    if pa.types.is_time(wanted):  # to which Arrow casts moments and no texts [run, pyarrow 26]
        moments = cast("Any", pc).binary_join_element_wise("1970-01-01", texts, " ")
        return moments.cast(pa.timestamp("s")).cast(wanted)
    if pa.types.is_float32(wanted):  # of a number that is too large, a cast would make infinity
        return texts.cast(pa.float64())
    return texts.cast(wanted)


def _fitting(column: Column, values: "pa.ChunkedArray[Any]") -> "pa.ChunkedArray[Any]":
    """Texts as the dates and numbers they spell, and integers as text, as HANA converts them.

    Everything else is left to the server, which knows what can be kept exactly.
    """
    try:
        wanted = arrow_type(column.type)
    except UnsupportedType:
        return values
    of, types = values.type, pa.types
    if types.is_integer(of) and types.is_string(wanted):
        return cast("Any", values.cast(wanted))
    spelled = types.is_string(of) or types.is_large_string(of)
    if not spelled or not (types.is_primitive(wanted) or types.is_decimal(wanted)):
        return values
    try:
        return _parsed(values.cast(pa.utf8()), wanted)
    except pa.ArrowException as error:
        raise DataError(
            f"Column {column.name!r:.100} takes {column.type}, which a text in it does not spell "
            f"({str(error).splitlines()[0]:.160}); correct it. Nothing was kept.",
            column=column.name,
        ) from None
