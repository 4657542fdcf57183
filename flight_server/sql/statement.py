"""What a database is sent: a text with a marker for each bound value, and the values."""

from dataclasses import dataclass

from flight_client.protocol.literals import LiteralValue


@dataclass(frozen=True, slots=True)
class Statement:
    """One SQL statement.

    Attributes:
        text: SQL with ``?`` (or ``$1``) markers.
        values: The bound values in order; None is NULL.
    """

    text: str
    values: tuple[LiteralValue | None, ...] = ()
