"""Whether a call came straight from its client, told by the names of its headers."""

from dataclasses import dataclass
from typing import Any

import pytest

from flight_server.wire.peers import DirectMiddleware, came_through_proxy, peer_of


@dataclass
class Call:
    """A call from a peer, without headers of a proxy or with them."""

    name: str
    middleware: DirectMiddleware | None

    def peer(self) -> str:
        return self.name

    def get_middleware(self, _key: str) -> DirectMiddleware | None:
        return self.middleware


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ([], False),
        (["user-agent", "authorization", "cookie", "x-arrow-flight"], False),
        (["forwarded-by-hand", "viaduct"], False),
        (["user-agent", "forwarded"], True),
        (["via"], True),
        (["Via"], True),
        (["x-real-ip"], True),
        (["x-forwarded-for"], True),
        (["x-forwarded-proto"], True),
        (["x-envoy-upstream-rq-timeout-ms"], True),
        (["X-Envoy-External-Address"], True),
    ],
)
def test_proxy_is_known_by_its_headers(names: list[str], found: bool) -> None:
    assert came_through_proxy(names) is found


@pytest.mark.parametrize(
    ("name", "is_direct", "found"),
    [
        ("ipv4:10.0.0.1:4711", True, "ipv4:10.0.0.1:4711"),
        ("ipv6:%5B::1%5D:4711", True, "ipv6:%5B::1%5D:4711"),
        ("ipv4:10.0.0.1:4711", False, None),
        ("unix:", True, None),
        ("unix:/run/flight.sock", True, None),
    ],
)
def test_connection_has_a_name_where_one_client_alone_sends_on_it(
    name: str, is_direct: bool, found: str | None
) -> None:
    call: Any = Call(name, DirectMiddleware() if is_direct else None)
    assert peer_of(call) == found
