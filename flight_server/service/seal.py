"""Tickets that the server hands out: signed, bound to a principal, expiring.

A sealed ticket is a line of JSON, a line feed, and the HMAC-SHA256 of that line in hexadecimal. It
can be read by anyone, and grants nothing: whoever brings it is checked again. Any replica with the
same key takes it. A ticket that a client wrote itself carries no seal and is taken as well, because
both go through the same planning.
"""

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from flight_client.protocol.errors import ExpiredTicket, ForgedTicket
from flight_client.protocol.strict_json import Fields, dumps, integer, loads, text, whole
from flight_client.protocol.tickets import (
    Ticket,
    decode_ticket,
    ticket_from_json,
    ticket_to_json,
)
from flight_client.protocol.version import PROTOCOL_VERSION, require_supported_version

KEY_BYTES: Final = 32
_SEALED: Final = re.compile(rb"(?P<line>.*)\n(?P<signature>[0-9a-f]{64})", re.DOTALL)


def random_key() -> bytes:
    """A key for one process; its tickets end with it."""
    return secrets.token_bytes(KEY_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """Seals and opens tickets.

    Attributes:
        key: Shared by all replicas; 32 bytes or more.
        lifetime_s: How long a sealed ticket is good, in seconds.
        clock: Seconds since the epoch.
    """

    key: bytes = field(repr=False)
    lifetime_s: int
    clock: Callable[[], float] = time.time

    def seal(self, ticket: Ticket, principal: str) -> bytes:
        """The bytes of a ticket for an endpoint of this principal."""
        line = dumps(
            {
                "version": PROTOCOL_VERSION,
                "ticket": ticket_to_json(ticket),
                "principal": principal,
                "expires": self.expiry(),
            }
        )
        return line + b"\n" + self._sign(line)

    def expiry(self) -> int:
        """When a ticket sealed now ends, in whole seconds since the epoch."""
        return int(self.clock()) + self.lifetime_s

    def open(self, body: bytes, principal: str) -> Ticket:
        """The ticket of these bytes, sealed or not.

        Raises:
            ForgedTicket: The signature does not fit, or the ticket is another principal's.
            ExpiredTicket: It was sealed too long ago.
            InvalidTicket: The bytes are no ticket.
        """
        sealed = _SEALED.fullmatch(body)
        if sealed is None:
            return decode_ticket(body)
        if not hmac.compare_digest(self._sign(sealed["line"]), sealed["signature"]):
            raise ForgedTicket(
                "The signature of this ticket is not of this server's key: it was changed, or "
                "another server made it; ask for new endpoints (replicas share "
                "tickets.signing_key)."
            )
        return whole(loads(sealed["line"]), lambda at: self._opened(at, principal))

    def _opened(self, fields: Fields, principal: str) -> Ticket:
        require_supported_version(fields.need("version", integer))
        owner = fields.need("principal", text)
        expires = fields.need("expires", integer)
        if owner != principal:
            raise ForgedTicket(
                f"This ticket was made for another principal than {principal!r}; ask for new "
                "endpoints."
            )
        now = int(self.clock())
        if now >= expires:
            raise ExpiredTicket(
                f"This ticket expired {now - expires} seconds ago; ask for new endpoints.",
                expired=expires,
            )
        return fields.need("ticket", lambda form, at: ticket_from_json(Fields(form, at)))

    def _sign(self, line: bytes) -> bytes:
        return hmac.new(self.key, line, hashlib.sha256).hexdigest().encode()
