"""Values of the protocol as DuckDB's Python client binds them exactly."""

from collections.abc import Sequence
from decimal import Decimal

from duckdb.value.constant import DecimalValue

from flight_client.protocol.literals import MAX_DIGITS, LiteralValue


def bindable(values: Sequence[LiteralValue | None]) -> list[object] | None:
    """The ``params`` of a statement; None for none, because DuckDB counts an empty list too."""
    return [_exact(value) for value in values] or None


def _exact(value: LiteralValue | None) -> object:
    # 1E-38 is one digit at scale 38, and the client would bind it as DOUBLE [duckdb 2.0].
    if isinstance(value, Decimal) and value.as_tuple().exponent == -MAX_DIGITS:
        return DecimalValue(value, MAX_DIGITS, MAX_DIGITS)
    return value
