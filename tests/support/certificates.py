"""A certificate authority of one test run, and a server certificate of it for this machine."""

from dataclasses import dataclass
from functools import cache

import trustme


@dataclass(frozen=True)
class Certificates:
    """PEM bytes: whom to trust, and what a server on localhost shows."""

    roots: bytes
    chain: bytes
    key: bytes


@cache
def certificates() -> Certificates:
    """Made once for each process; they protect nothing."""
    authority = trustme.CA()
    server = authority.issue_cert("localhost", "127.0.0.1", "::1")
    return Certificates(
        roots=authority.cert_pem.bytes(),
        chain=b"".join(pem.bytes() for pem in server.cert_chain_pems),
        key=server.private_key_pem.bytes(),
    )
