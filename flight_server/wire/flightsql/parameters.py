"""Arrow record batches as rows of bound values, and the Arrow types of markers for clients."""

# pyarrow-stubs 20 gives these other types than pyarrow 26 documents and takes:
# pyright: reportUnknownArgumentType=false, reportUnknownMemberType=false
# pyright: reportAttributeAccessIssue=false

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, TypeAlias

import pyarrow as pa

from flight_client.protocol.catalog import HanaType
from flight_client.protocol.errors import InvalidFilter, InvalidParameter, UnsupportedType
from flight_client.protocol.literals import LiteralValue, check_literal
from flight_client.protocol.schemas import arrow_type
from flight_server.backends.base import ParameterRow

ROWS_AT_ONCE: Final = 4096
"""Rows that are Python values at one time; a batch may have millions."""

_Array: TypeAlias = "pa.Array[Any]"
_Is: TypeAlias = Callable[[pa.DataType], bool]

_TAKEN_AS_THEY_ARE: Final[tuple[_Is, ...]] = (
    pa.types.is_null,
    pa.types.is_boolean,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_decimal,
    pa.types.is_string,
    pa.types.is_large_string,
    pa.types.is_string_view,
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_binary_view,
    pa.types.is_fixed_size_binary,
    pa.types.is_date,
    pa.types.is_time32,
)


_BOUND_AS: Final[dict[pa.DataType, pa.DataType]] = {
    pa.time32("s"): pa.time32("ms"),
    pa.timestamp("s"): pa.timestamp("ms"),
    pa.timestamp("us"): pa.timestamp("ms"),
}
"""Java counts moments in milliseconds, and the JDBC driver (18.0 to 18.3) writes that number into
the Arrow type it is shown, whatever the unit of it is: a day of 2024 became one of 1970."""


def rows_of(batches: Iterable[pa.RecordBatch]) -> Iterator[ParameterRow]:
    """The rows of values in a stream of batches, one at a time.

    A batch of no column stands for one execution without values, whatever its number of rows:
    clients send it for a statement without markers.

    Raises:
        InvalidParameter: A column of a type or a value that HANA cannot hold; its number and, for a
            value, the row's are in the details.
    """
    first_row = 1
    for batch in batches:
        if batch.num_columns == 0:
            yield ()
            continue
        for start in range(0, batch.num_rows, ROWS_AT_ONCE):
            part = batch.slice(start, ROWS_AT_ONCE)
            columns = [
                _values(part.column(at), at + 1, first_row + start)
                for at in range(part.num_columns)
            ]
            yield from zip(*columns, strict=True)
        first_row += batch.num_rows


def parameter_schema(types: Sequence[HanaType | None]) -> pa.Schema:
    """The schema that tells a client what to bind: a field for each marker, named by its number.

    A marker whose type the database cannot tell is text: the JDBC driver binds by the Arrow type
    and can do nothing with Arrow's null type, while databases convert text. It is no promise: any
    type of value is taken for any marker, and the database decides.
    """
    fields: list[pa.Field[Any]] = [
        pa.field(str(number), _arrow(declared)) for number, declared in enumerate(types, start=1)
    ]
    return pa.schema(fields)


def _arrow(declared: HanaType | None) -> pa.DataType:
    if declared is None:
        return pa.utf8()
    try:
        found = arrow_type(declared)
    except UnsupportedType:
        return pa.utf8()
    return _BOUND_AS.get(found, found)


def _values(column: _Array, number: int, first_row: int) -> list[LiteralValue | None]:
    plain = _plain(column, number)
    try:
        values: list[Any] = plain.to_pylist()
    except (ValueError, OverflowError):  # a date that Python has no date for
        values = [_value(plain, at, number, first_row + at) for at in range(len(plain))]
    checked: list[LiteralValue | None] = []
    for at, value in enumerate(values):
        try:
            checked.append(None if value is None else check_literal(value))
        except InvalidFilter as error:
            raise InvalidParameter(
                f"Parameter {number} in row {first_row + at}: {error.message}",
                parameter=number,
                row=first_row + at,
            ) from None
    return checked


def _value(column: _Array, at: int, number: int, row: int) -> object:
    try:
        return column[at].as_py()
    except (ValueError, OverflowError):
        raise InvalidParameter(
            f"Parameter {number} in row {row} is no date or time of the years 1 to 9999.",
            parameter=number,
            row=row,
        ) from None


def _plain(column: _Array, number: int) -> _Array:
    """The column in a type whose Python values are exact."""
    kind = column.type
    if isinstance(kind, pa.DictionaryType):
        return _plain(column.dictionary_decode(), number)
    if isinstance(kind, pa.TimestampType) and kind.tz is not None:
        raise InvalidParameter(
            f"Parameter {number} is a timestamp with the zone {kind.tz!r}; HANA timestamps have "
            "none: convert it to the zone of the data and send it without.",
            parameter=number,
        )
    if pa.types.is_timestamp(kind) or pa.types.is_time64(kind):
        target = pa.timestamp("us") if pa.types.is_timestamp(kind) else pa.time64("us")
        try:
            return column.cast(target)
        except pa.ArrowInvalid:
            raise InvalidParameter(
                f"Parameter {number} of type {kind} has parts of a microsecond or is out of "
                "range; round it to microseconds.",
                parameter=number,
            ) from None
    if any(fits(kind) for fits in _TAKEN_AS_THEY_ARE):
        return column
    raise InvalidParameter(
        f"Parameter {number} is of Arrow type {kind}, which HANA has no value for; send a number, "
        "text, binary, boolean, date, time or timestamp.",
        parameter=number,
    )
