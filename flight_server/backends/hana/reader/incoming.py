"""Record batches as the rows that hdbcli's array insert takes; knows no cursor.

The columns have the Arrow types of the HANA types that they go into, so that nothing has to be
rounded or cut here. Dates, times and decimals go through Arrow's texts, a column at a time: that
takes 400 to 600 ns a value, where ``to_pylist`` takes 1,500 to 3,300 (pyarrow 26, one core). What
hdbcli makes of a value was tried with 2.30.27 against the emulator, not with a live HANA:

- Decimals go as text: of a ``Decimal`` with an exponent the driver loses digits (``binding``).
- A vector is the number of its elements and the elements, as it comes back.
- NaN and infinities are refused; the driver would too, without the name of the column.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from math import isfinite
from struct import Struct
from typing import Any, Final, TypeAlias, TypeVar, cast

import pyarrow as pa

from flight_client.protocol.errors import DataError

Values: TypeAlias = Sequence[object]
Day = TypeVar("Day", date, datetime)

_LENGTH: Final = Struct("<i")
_ELEMENT_BYTES: Final = 4

_JULIAN_END: Final = (1582, 10, 4)
_GREGORIAN_START: Final = (1582, 10, 15)
"""The day after ``_JULIAN_END`` in HANA [facts hana-wire 5]."""


def rows_of(batch: pa.RecordBatch, first_row: int = 1) -> list[tuple[object, ...]]:
    """The rows of a batch that has one at least.

    Args:
        batch: In the Arrow types of the columns that it goes into.
        first_row: The number of its first row, for errors.

    Raises:
        DataError: Naming the column and the row whose value no Python value of its type can hold,
            as days after the year 9999, which HANA does not have either.
    """
    arrays = cast("list[pa.Array[Any]]", batch.columns)
    names = batch.schema.names
    columns = [_values(array, name, first_row) for array, name in zip(arrays, names, strict=True)]
    return list(zip(*columns, strict=True))


def _values(array: "pa.Array[Any]", name: str, first_row: int) -> Values:
    kind = array.type
    if pa.types.is_decimal(kind):
        return _plain_digits(array)
    if pa.types.is_date(kind):
        return _moments(array, name, first_row, _day)
    if pa.types.is_timestamp(kind):
        return _moments(array, name, first_row, _moment)
    if pa.types.is_time(kind):
        return _moments(array, name, first_row, time.fromisoformat)
    if pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind):
        return _vectors(array, name)
    if pa.types.is_floating(kind):
        return _finite(array, name, first_row)
    return cast("list[object]", array.to_pylist())


def _finite(array: "pa.Array[Any]", name: str, first_row: int) -> Values:
    values = cast("list[float | None]", array.to_pylist())
    for row, value in enumerate(values, first_row):
        if value is not None and not isfinite(value):
            raise DataError(
                f"Row {row} has {value} for column {name!r}, and HANA's numbers are finite; write "
                "one of these, or NULL.",
                column=name,
                row=row,
            )
    return values


def _texts(array: "pa.Array[Any]") -> list[str | None]:
    return array.cast(pa.string()).to_pylist()


def _plain_digits(array: "pa.Array[Any]") -> list[str | None]:
    """Arrow writes an exponent where a value is small."""
    return [
        format(Decimal(text), "f") if text is not None and "E" in text else text
        for text in _texts(array)
    ]


def _day(text: str) -> date:
    return _known(date.fromisoformat(text))


def _moment(text: str) -> datetime:
    return _known(datetime.fromisoformat(text))


def _known(value: Day) -> Day:
    """The day, unless it is one of the ten between HANA's calendars, which the driver moves."""
    if _JULIAN_END < (value.year, value.month, value.day) < _GREGORIAN_START:
        raise ValueError
    return value


def _moments(
    array: "pa.Array[Any]",
    name: str,
    first_row: int,
    parsed: Callable[[str], date | datetime | time],
) -> Values:
    texts = _texts(array)
    try:
        return [None if text is None else parsed(text) for text in texts]
    except ValueError:
        at = next(at for at, text in enumerate(texts) if text and not _parses(text, parsed))
        row = first_row + at
        raise DataError(
            f"Row {row} has {texts[at]} for column {name!r}, and HANA has days from 0001-01-01 to "
            "9999-12-31 without 1582-10-05 to 1582-10-14; write one of these, or NULL.",
            column=name,
            row=row,
        ) from None


def _parses(text: str, parsed: Callable[[str], object]) -> bool:
    try:
        parsed(text)
    except ValueError:
        return False
    return True


def _lengths(lists: Any) -> list[int | None]:  # noqa: ANN401 - of two classes without a common one
    if isinstance(lists, pa.FixedSizeListArray):
        size = cast("Any", lists).type.list_size
        return [size if valid else None for valid in lists.is_valid().to_pylist()]
    return cast("list[int | None]", lists.value_lengths().to_pylist())


def _vectors(array: "pa.Array[Any]", name: str) -> Values:
    lists = cast("Any", array)
    elements = cast("pa.Array[Any]", lists.flatten())
    if elements.null_count:
        raise DataError(
            f"Column {name!r} has a vector with an element that is NULL, which HANA's vectors "
            "cannot hold; leave it out.",
            column=name,
        )
    lengths = _lengths(lists)
    buffer = elements.buffers()[1]
    data = memoryview(cast("Any", buffer)) if buffer is not None else memoryview(b"")
    at = elements.offset * _ELEMENT_BYTES
    found: list[bytes | None] = []
    for length in lengths:
        if length is None:
            found.append(None)
            continue
        end = at + length * _ELEMENT_BYTES
        found.append(_LENGTH.pack(length) + data[at:end])
        at = end
    return found
