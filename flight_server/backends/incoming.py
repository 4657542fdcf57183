"""Arrow batches on their way into a table: by name, by key, exact; knows no connection."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, cast

import pyarrow as pa
import pyarrow.compute as pc

from flight_client.protocol.catalog import Column, Entity
from flight_client.protocol.errors import DataError, InvalidRequest, UnsupportedType
from flight_client.protocol.schemas import arrow_type
from flight_server.backends.exact import NoSuchCast, exact
from flight_server.planning.names import find_column

_DIGITS: Final = {"DECIMAL": 34, "SMALLDECIMAL": 16}
"""Most digits of the decimals without a scale [HANA SQL reference, numeric data types]."""

_BOUNDED: Final = frozenset(
    {"NVARCHAR", "VARCHAR", "NCHAR", "CHAR", "SHORTTEXT", "ALPHANUM", "VARBINARY", "BINARY"}
)
"""Types with a length, in UTF-16 units or bytes [HANA SQL reference, character string and binary
data types]."""

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


def key_of(table: Entity, asked: Sequence[str], given: Sequence[str]) -> tuple[str, ...]:
    """The primary key by which rows are upserted, in the order of the table.

    Args:
        table: The rows go into it.
        asked: The columns that the caller takes for its key; none to leave that open.
        given: The columns of the rows.

    Raises:
        InvalidRequest: The table has no key, or another one, or the rows lack a column of it.
    """
    key = tuple(column.name for column in table.columns if column.key)
    where = f"{table.space}.{table.name}"
    if not key:
        raise InvalidRequest(
            f"The table {where} has no primary key to upsert by; make it with keys, or append.",
            space=table.space,
            entity=table.name,
        )
    if asked and set(asked) != set(key):
        raise InvalidRequest(
            f"The primary key of {where} is {', '.join(key)}, not {', '.join(asked)}; upsert by "
            "that.",
            space=table.space,
            entity=table.name,
        )
    for name in key:
        if name not in given:
            raise InvalidRequest(
                f"The rows lack {name!r}, a column of the primary key of {where}; send the whole "
                "key.",
                column=name,
            )
    return key


def last_of_each(batch: pa.RecordBatch, keys: Sequence[str]) -> pa.RecordBatch:
    """The batch with the last row of each key alone, in their order."""
    numbers = _numbered(batch, keys)
    if len(numbers.unique()) == batch.num_rows:
        return batch
    last = {number: row for row, number in enumerate(cast("list[int]", numbers.to_pylist()))}
    return batch.take(pa.array(sorted(last.values()), pa.int64()))


def _numbered(batch: pa.RecordBatch, keys: Sequence[str]) -> "pa.Array[Any]":
    """A number for each row that is the same where the keys are; none of them is NULL."""
    compute = cast("Any", pc)
    numbers: Any = pa.repeat(0, batch.num_rows).cast(pa.int64())
    for key in keys:
        encoded = cast("Any", batch.column(key)).dictionary_encode()
        both = compute.add(
            compute.multiply(numbers, len(encoded.dictionary)), encoded.indices.cast(pa.int64())
        )
        numbers = both.dictionary_encode().indices.cast(pa.int64())
    return numbers


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
        if _takes_digits(array, column):
            return _digits(array, column)
        values = exact(array, wanted)
        _require_lengths(values, column)
        return values  # noqa: TRY300 - what the handlers below are for is said by exact alone
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


def _require_lengths(values: "pa.Array[Any]", column: Column) -> None:
    """HANA says neither row nor column of a value that is too long, where it says anything.

    Raises:
        DataError: A text has more UTF-16 units than the column has characters, or a binary more
            bytes.
    """
    most, kind = column.type.length, column.type.name
    if most is None or kind not in _BOUNDED:
        return
    compute = cast("Any", pc)
    sizes = compute.binary_length(values)  # no text has fewer bytes than UTF-16 units
    if (compute.max(sizes).as_py() or 0) <= most:
        return
    for row in compute.indices_nonzero(compute.greater(sizes, most)).to_pylist():
        value: str | bytes = values[row].as_py()
        size = len(value) if isinstance(value, bytes) else len(value.encode("utf-16-le")) // 2
        if size > most:
            raise DataError(
                f"Row {row + 1} has a value of length {size} for column {column.name!r}, which "
                f"takes {column.type}; shorten it.",
                column=column.name,
                row=row + 1,
            )


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
