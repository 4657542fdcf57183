"""The connection that a call came on, where the client has it for itself; knows no transactions."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import pyarrow.flight as fl

MIDDLEWARE: Final = "peer"

_PROXY_HEADERS: Final = frozenset({"forwarded", "via", "x-real-ip"})
_PROXY_PREFIXES: Final = ("x-forwarded-", "x-envoy-")
_ADDRESSES: Final = ("ipv4:", "ipv6:")
"""How gRPC names peers with an address and a port. A Unix socket has none: each is ``unix:``."""


class DirectMiddleware(fl.ServerMiddleware):
    """Says of one call that it came straight from its client."""


class DirectFactory(fl.ServerMiddlewareFactory):
    """Looks at the headers of each call for the marks of a proxy, which may share connections."""

    def start_call(
        self, info: fl.CallInfo, headers: Mapping[str, Sequence[str | bytes]]
    ) -> DirectMiddleware | None:
        """Called before each verb."""
        return None if came_through_proxy(headers) else DirectMiddleware()


def came_through_proxy(headers: Iterable[str]) -> bool:
    """Whether the names of some headers tell of a proxy [RFC 7239; RFC 9110, 7.6.3]."""
    names = [name.lower() for name in headers]
    return any(name in _PROXY_HEADERS or name.startswith(_PROXY_PREFIXES) for name in names)


def peer_of(context: fl.ServerCallContext) -> str | None:
    """The name of the connection of a call; None where other clients may send on it too.

    A proxy that says nothing of itself cannot be told from a client.
    """
    peer = context.peer()
    is_direct = isinstance(context.get_middleware(MIDDLEWARE), DirectMiddleware)
    return peer if is_direct and peer.startswith(_ADDRESSES) else None
