"""Live SAP Datasphere data as Arrow: ``connect``, what it leads to, and the errors.

Everything is loaded on first use (PEP 562), so that ``import flight_client`` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from flight_client.client import Client, connect
    from flight_client.discovery import Description, Entities
    from flight_client.protocol.commands import Explanation
    from flight_client.protocol.errors import (
        AccessDenied,
        AmbiguousEntity,
        Cancelled,
        DataError,
        DeadlineExceeded,
        Error,
        ExpiredTicket,
        ForgedTicket,
        InternalError,
        InvalidFilter,
        InvalidParameter,
        InvalidRead,
        InvalidRequest,
        InvalidSql,
        InvalidTicket,
        NotFound,
        OutcomeUnknown,
        RefusedSql,
        ResourceExhausted,
        Retry,
        TableExists,
        Unauthenticated,
        Unavailable,
        UnknownAction,
        UnknownColumn,
        UnknownEntity,
        UnknownSpace,
        UnknownTransaction,
        UnsupportedSql,
        UnsupportedType,
        UnsupportedVersion,
    )
    from flight_client.reading import Result

    __version__: str

__all__ = [
    "AccessDenied",
    "AmbiguousEntity",
    "Cancelled",
    "Client",
    "DataError",
    "DeadlineExceeded",
    "Description",
    "Entities",
    "Error",
    "ExpiredTicket",
    "Explanation",
    "ForgedTicket",
    "InternalError",
    "InvalidFilter",
    "InvalidParameter",
    "InvalidRead",
    "InvalidRequest",
    "InvalidSql",
    "InvalidTicket",
    "NotFound",
    "OutcomeUnknown",
    "RefusedSql",
    "ResourceExhausted",
    "Result",
    "Retry",
    "TableExists",
    "Unauthenticated",
    "Unavailable",
    "UnknownAction",
    "UnknownColumn",
    "UnknownEntity",
    "UnknownSpace",
    "UnknownTransaction",
    "UnsupportedSql",
    "UnsupportedType",
    "UnsupportedVersion",
    "__version__",
    "connect",
]

_HOMES: Final = {
    "Client": "flight_client.client",
    "Description": "flight_client.discovery",
    "Entities": "flight_client.discovery",
    "Explanation": "flight_client.protocol.commands",
    "Result": "flight_client.reading",
    "connect": "flight_client.client",
}
"""Where a name is defined; the errors are all in one module."""


if not TYPE_CHECKING:  # a type checker would believe that every name is there

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        if name == "__version__":
            value = import_module("importlib.metadata").version("datasphere-flight")
        else:
            home = _HOMES.get(name, "flight_client.protocol.errors")
            value = getattr(import_module(home), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
