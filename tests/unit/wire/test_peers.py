"""Whether a call came straight from its client, told by the names of its headers."""

import pytest

from flight_server.wire.peers import came_through_proxy


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
