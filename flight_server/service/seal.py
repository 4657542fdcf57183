"""What the server hands out to be brought back: signed, bound to a principal, expiring.

A sealed ticket is a line of JSON, a line feed, and the HMAC-SHA256 of that line in hexadecimal. It
can be read by anyone, and grants nothing: whoever brings it is checked again. Any replica with the
same key takes it. A ticket that a client wrote itself carries no seal and is taken as well, because
both go through the same planning. Forms of other kinds (handles, sessions, transactions) are sealed
alike, name their kind, and are never taken without a seal.
"""

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

from flight_client.protocol.errors import ExpiredTicket, ForgedTicket
from flight_client.protocol.strict_json import Fields, dumps, integer, loads, text, whole
from flight_client.protocol.tickets import (
    Ticket,
    decode_ticket,
    ticket_from_json,
    ticket_to_json,
)
from flight_client.protocol.version import PROTOCOL_VERSION, require_supported_version

T = TypeVar("T")

KEY_BYTES: Final = 32
_SEALED: Final = re.compile(rb"(?P<line>.*)\n(?P<signature>[0-9a-f]{64})", re.DOTALL)

TICKET: Final = "ticket"
STATEMENT: Final = "prepared statement"
ENDPOINT: Final = "endpoint"
SESSION: Final = "session"
TRANSACTION: Final = "transaction"

_ADVICE: Final[Mapping[str, str]] = {
    TICKET: "ask for new endpoints",
    STATEMENT: "prepare the statement again",
    ENDPOINT: "execute the statement again",
    SESSION: "begin a new session",
    TRANSACTION: "begin a new transaction",
}
"""The kinds, and what a caller does whose bytes are not taken."""


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
        return self._sealed({"ticket": ticket_to_json(ticket)}, principal, self.lifetime_s)

    def seal_form(
        self,
        kind: str,
        form: Mapping[str, object],
        principal: str,
        *,
        lifetime_s: int | None = None,
    ) -> bytes:
        """The bytes of a JSON object that this principal will bring back.

        Args:
            kind: What it is; only ``open_form`` of the same kind takes it.
            form: What ``strict_json`` can read.
            principal: Who will bring it.
            lifetime_s: How long it is good, in seconds; None for as long as a ticket.
        """
        lifetime_s = self.lifetime_s if lifetime_s is None else lifetime_s
        return self._sealed({"kind": kind, "form": form}, principal, lifetime_s)

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
        return whole(self._signed(sealed), lambda at: self._ticket(at, principal))

    def open_form(
        self,
        kind: str,
        body: bytes,
        principal: str,
        read: Callable[[Fields], T],
        *,
        even_expired: bool = False,
    ) -> T:
        """What ``read`` makes of a form that was sealed as this kind; no field may be left over.

        Raises:
            ForgedTicket: There is no seal, its signature does not fit, or it was made for another
                principal or as another kind.
            ExpiredTicket: It was sealed too long ago.
        """
        sealed = _SEALED.fullmatch(body)
        if sealed is None:
            raise ForgedTicket(
                f"These bytes are no {kind} of this server's making; {_ADVICE[kind]}."
            )

        def opened(fields: Fields) -> T:
            found = fields.take("kind", text, None)
            if found != kind:
                raise _other_kind(kind, found)
            self._check(fields, principal, kind, even_expired=even_expired)
            return fields.need("form", lambda form, at: whole(Fields(form, at), read))

        return whole(self._signed(sealed), opened)

    def _sealed(self, content: Mapping[str, object], principal: str, lifetime_s: int) -> bytes:
        line = dumps(
            {
                "version": PROTOCOL_VERSION,
                **content,
                "principal": principal,
                "expires": int(self.clock()) + lifetime_s,
            }
        )
        return line + b"\n" + self._sign(line)

    def _signed(self, sealed: re.Match[bytes]) -> Fields:
        if not hmac.compare_digest(self._sign(sealed["line"]), sealed["signature"]):
            raise ForgedTicket(
                "The signature of this ticket is not of this server's key: it was changed, or "
                "another server made it; ask for new endpoints (replicas share "
                "tickets.signing_key)."
            )
        return loads(sealed["line"])

    def _ticket(self, fields: Fields, principal: str) -> Ticket:
        if (kind := fields.take("kind", text, None)) is not None:
            raise _other_kind(TICKET, kind)
        self._check(fields, principal, TICKET, even_expired=False)
        return fields.need("ticket", lambda form, at: ticket_from_json(Fields(form, at)))

    def _check(self, fields: Fields, principal: str, kind: str, *, even_expired: bool) -> None:
        require_supported_version(fields.need("version", integer))
        owner = fields.need("principal", text)
        expires = fields.need("expires", integer)
        if owner != principal:
            raise ForgedTicket(
                f"This {kind} was made for another principal than {principal!r}; {_ADVICE[kind]}."
            )
        now = int(self.clock())
        if now >= expires and not even_expired:
            raise ExpiredTicket(
                f"This {kind} expired {now - expires} seconds ago; {_ADVICE[kind]}.",
                expired=expires,
            )

    def _sign(self, line: bytes) -> bytes:
        return hmac.new(self.key, line, hashlib.sha256).hexdigest().encode()


def _other_kind(wanted: str, found: str | None) -> ForgedTicket:
    return ForgedTicket(
        f"A {wanted} is needed here, and these bytes are a {found or 'ticket'}; {_ADVICE[wanted]}."
    )
