"""Scalars of numpy, pandas and pyarrow as plain Python values; imports neither numpy nor pandas."""

from datetime import datetime
from typing import Any, Protocol, cast

import pyarrow as pa

from flight_client.protocol.errors import InvalidFilter


class _NumpyMoment(Protocol):
    """What is needed of ``numpy.datetime64``."""

    def item(self) -> object: ...

    def astype(self, dtype: str) -> "_NumpyMoment": ...


def to_python(value: object) -> object:
    """The plain Python value of a scalar; any other object as it is.

    None stands for every form of a missing value but NaN, which is a number.

    Raises:
        InvalidFilter: A moment finer than a microsecond.
    """
    if isinstance(value, pa.Scalar):
        return _from_arrow(cast("pa.Scalar[Any]", value))
    if value is None or type(value).__name__ in ("NaTType", "NAType"):
        return None
    if isinstance(value, datetime):
        return _from_pandas(value)
    if getattr(getattr(value, "dtype", None), "kind", "") == "M":
        return _from_numpy_moment(cast("_NumpyMoment", value))
    item: object = getattr(value, "item", None)
    return item() if callable(item) else value


def _from_arrow(scalar: "pa.Scalar[Any]") -> object:
    kind = scalar.type
    try:
        if pa.types.is_timestamp(kind) and kind.unit == "ns":
            scalar = scalar.cast(pa.timestamp("us", kind.tz))
        elif kind == pa.time64("ns"):
            scalar = scalar.cast(pa.time64("us"))
    except pa.ArrowInvalid:
        raise _too_fine(scalar) from None
    return scalar.as_py()


def _from_pandas(value: datetime) -> datetime:
    convert: object = getattr(value, "to_pydatetime", None)
    if not callable(convert):
        return value
    if getattr(value, "nanosecond", 0):
        raise _too_fine(value)
    return cast("datetime", convert())


def _from_numpy_moment(value: _NumpyMoment) -> object:
    """A day becomes a date, a finer moment a datetime, which numpy itself does down to us only."""
    item: object = value.item()
    if not isinstance(item, int):
        return item
    rounded = value.astype("datetime64[us]")
    if rounded != value:
        raise _too_fine(value)
    return rounded.item()


def _too_fine(value: object) -> InvalidFilter:
    return InvalidFilter(f"{value} is finer than a microsecond; round it before you compare.")
