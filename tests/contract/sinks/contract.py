"""What a sink of the contract suite is: an adapter, and what it declares to be different."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from flight_client.client import Client
from flight_client.protocol.errors import Error
from flight_client.reading import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A read, for sinks that take a result and for those that ask the server themselves.

    Attributes:
        options: Further arguments of ``Client.table``.
        spark: Gives the Spark session of the test run.
    """

    client: Client
    uri: str
    entity: str
    options: Mapping[str, Any]
    spark: Callable[[], Any]

    def result(self) -> Result:
        """The rows, not read yet."""
        return self.client.table(self.entity, **self.options)


@dataclass(frozen=True, slots=True)
class Found:
    """What a user finds in a frame.

    Attributes:
        values: Of each column, as Python values; None where the library has its NULL.
        types: Of each column, as the library names them.
    """

    values: Mapping[str, list[Any]]
    types: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """What a library makes of the values of a column that are not NULL, and why."""

    reason: str
    becomes: Callable[[Any], object]


@dataclass(frozen=True, slots=True)
class Gap:
    """A law that a sink declares not to keep."""

    reason: str
    raises: type[Exception] = AssertionError


@dataclass(frozen=True, slots=True, kw_only=True)
class Sink:
    """A way to take rows, under contract.

    Attributes:
        read: Reads to the end.
        raises: What a failing stream is raised as; an error of ours unless the library wraps it.
        differences: By column. One that is gone without being taken from here fails the suite.
        refused: Reasons why columns are refused, by name; the other columns are read without them.
        gaps: By law: ``types`` or ``order``. As with differences, each must be there.
    """

    name: str
    read: Callable[[Reading], Found]
    raises: type[Exception] = Error
    differences: Mapping[str, Difference] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    gaps: Mapping[str, Gap] = field(default_factory=dict)

    def expected(self, column: str, values: list[Any]) -> list[Any]:
        """What these values become here; NULL stays NULL."""
        difference = self.differences.get(column)
        if difference is None:
            return values
        return [None if value is None else difference.becomes(value) for value in values]


_KINDS = (bool, int, float, Decimal, str, bytes, datetime, date, time, timedelta)


def told(value: Any) -> object:
    """A value together with its kind, so that 1, 1.0, True and a Decimal are not alike.

    What a library derives from a kind of Python (numpy's floats, pandas' timestamps) is of that.
    """
    if isinstance(value, list | tuple | np.ndarray):
        return type(value).__name__, [told(each) for each in value]
    kind = next((kind for kind in _KINDS if isinstance(value, kind)), type(value))
    if isinstance(value, datetime):
        return kind.__name__, value.isoformat()  # the zone too
    return kind.__name__, value
