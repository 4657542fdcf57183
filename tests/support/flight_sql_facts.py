"""What the metadata of Flight SQL is told of a server, for tests."""

from typing import Any

from flight_server.sql.gate import CallerDialect
from flight_server.wire.flightsql.metadata import Facts


def facts(**other: Any) -> Facts:
    """Those of a server over HANA that only reads, but for what is given."""
    return Facts(
        **{
            "version": "1.2.3",
            "backend": "hana",
            "dialect": CallerDialect.HANA,
            "writable": frozenset(),
            "statement_timeout_ms": 3_600_000,
            "transaction_timeout_ms": 60_000,
            **other,
        }
    )
