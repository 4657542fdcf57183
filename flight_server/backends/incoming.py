"""Arrow batches on their way into a table: columns by name, values exact; knows no connection."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, cast

import pyarrow as pa

from flight_client.protocol.catalog import Column, Entity
from flight_client.protocol.errors import DataError, InvalidRequest, UnsupportedType
from flight_client.protocol.schemas import arrow_type
from flight_server.backends.exact import NoSuchCast, exact
from flight_server.planning.names import find_column

_DIGITS: Final = {"DECIMAL": 34, "SMALLDECIMAL": 16}
"""Most digits of the decimals without a scale [HANA SQL reference, numeric data types]."""

_FLOAT_DIGITS: Final = 17
_INTEGER_DIGITS: Final = 20


@dataclass(frozen=True, slots=True)
class Incoming:
    """Rows that fit a table.

    Attributes:
        columns: Of the table, those that the rows have, in the order of the rows.
        batch: Each column in the Arrow type of its HANA type.
    """

    columns: tuple[Column, ...]
    batch: pa.RecordBatch


def fitted(batch: pa.RecordBatch, table: Entity) -> Incoming:
    """The rows of a batch as a table takes them.

    Left to itself, a database rounds and cuts in silence: 1.7 in an INTEGER, a time of day in a
    DATE.

    Raises:
        UnknownColumn: The table has no such column.
        InvalidRequest: The batch has a column twice, or none.
        UnsupportedType: A column of the table, or of the batch, has a type that is not written.
        DataError: A value does not fit its column exactly, or is NULL where that is not allowed;
            with ``column`` and ``row``, from 1.
    """
    columns = _columns(batch.schema.names, table)
    arrays = [_fitted(array, column) for array, column in zip(_arrays(batch), columns, strict=True)]
    return Incoming(columns, pa.record_batch(arrays, names=batch.schema.names))


def _columns(names: Sequence[str], table: Entity) -> tuple[Column, ...]:
    if not names:
        raise InvalidRequest("The rows have no column; send the values of one at least.")
    for at, name in enumerate(names):
        if name in names[:at]:
            raise InvalidRequest(
                f"The rows have two columns {name!r:.100}; rename or drop one.", column=name
            )
    return tuple(find_column(table, name) for name in names)


def _arrays(batch: pa.RecordBatch) -> "list[pa.Array[Any]]":
    try:
        batch.validate(full=True)
    except pa.ArrowInvalid as error:
        raise DataError(f"The rows are no valid Arrow data: {error!s:.200}; send them anew.") from (
            error
        )
    return cast("list[pa.Array[Any]]", batch.columns)


def _fitted(array: "pa.Array[Any]", column: Column) -> "pa.Array[Any]":
    if not column.nullable and array.null_count:
        row = array.is_null().index(pa.scalar(value=True)).as_py() + 1
        raise DataError(
            f"Row {row} has no value for column {column.name!r}, which takes no NULL; give one.",
            column=column.name,
            row=row,
        )
    try:
        wanted = arrow_type(column.type)
    except UnsupportedType:
        raise UnsupportedType(
            f"Column {column.name!r} has the type {column.type}, which cannot be written; leave it "
            "out.",
            column=column.name,
            type=str(column.type),
        ) from None
    try:
        return _digits(array, column) if _takes_digits(array, column) else exact(array, wanted)
    except NoSuchCast:
        raise DataError(
            f"Column {column.name!r} takes {column.type}, and values of Arrow type "
            f"{array.type!s:.100} are none; cast them.",
            column=column.name,
        ) from None
    except pa.ArrowInvalid as error:
        row = _first_misfit(array, wanted) + 1
        raise DataError(
            f"Row {row} has a value that column {column.name!r} of type {column.type} cannot hold "
            f"exactly ({error!s:.120}); cast or round it.",
            column=column.name,
            row=row,
        ) from error


def _takes_digits(array: "pa.Array[Any]", column: Column) -> bool:
    """Whether numbers go into a decimal with a scale of its own for every value, as text."""
    kind = array.type
    is_number = pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_floating(kind)
    return is_number and column.type.name in _DIGITS and column.type.scale is None


def _digits(array: "pa.Array[Any]", column: Column) -> "pa.Array[Any]":
    """Numbers as plain digits, none of which has more than its column holds."""
    most = _DIGITS[column.type.name]
    texts = [
        format(Decimal(text), "f") if text is not None and "e" in text.lower() else text
        for text in array.cast(pa.utf8()).to_pylist()
    ]
    if _widest(array.type) > most:
        for row, text in enumerate(texts, 1):
            if text is not None and len(text.lstrip("-").replace(".", "").strip("0")) > most:
                raise DataError(
                    f"Row {row} has a number of more than {most} digits for column "
                    f"{column.name!r} of type {column.type}; round it.",
                    column=column.name,
                    row=row,
                )
    return cast("pa.Array[Any]", pa.array(texts, pa.utf8()))


def _widest(kind: pa.DataType) -> int:
    """Most digits of a value."""
    if pa.types.is_decimal(kind):
        return cast("pa.Decimal128Type[Any, Any]", kind).precision
    return _FLOAT_DIGITS if pa.types.is_floating(kind) else _INTEGER_DIGITS


def _first_misfit(array: "pa.Array[Any]", wanted: pa.DataType) -> int:
    """The index of the first value that does not fit, by halving."""
    start, end = 0, len(array)
    while end - start > 1:
        middle = (start + end) // 2
        if _fits(array.slice(start, middle - start), wanted):
            start = middle
        else:
            end = middle
    return start


def _fits(array: "pa.Array[Any]", wanted: pa.DataType) -> bool:
    try:
        exact(array, wanted)
    except pa.ArrowInvalid:
        return False
    return True
