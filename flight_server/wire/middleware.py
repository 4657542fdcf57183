"""What is read from the headers of a call before its verb begins: the cookie of its session."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow.flight as fl

MIDDLEWARE: Final = "session"
COOKIE: Final = "arrow_flight_session_id"
"""The name that the specification of Flight suggests."""


class SessionMiddleware(fl.ServerMiddleware):
    """Keeps the cookie of one call for its verb."""

    def __init__(self, cookie: str | None) -> None:
        super().__init__()
        self.cookie = cookie


class SessionFactory(fl.ServerMiddlewareFactory):
    """Finds the cookie of each call."""

    def start_call(
        self, info: fl.CallInfo, headers: Mapping[str, Sequence[str | bytes]]
    ) -> SessionMiddleware:
        """Called before each verb."""
        sent = [value for value in headers.get("cookie", ()) if isinstance(value, str)]
        return SessionMiddleware(cookie_in(sent))


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """The cookie of the session of one call, and the way to set it anew.

    Use it only while the call lives.
    """

    context: fl.ServerCallContext

    @property
    def sent(self) -> str | None:
        """What the client sent; None where it sent none."""
        found = self.context.get_middleware(MIDDLEWARE)
        return found.cookie if isinstance(found, SessionMiddleware) else None

    def set(self, text: str) -> None:
        """Have the client keep this text and send it from now on."""
        self.context.add_header("set-cookie", f"{COOKIE}={text}; HttpOnly")

    def expire(self) -> None:
        """Have the client forget it."""
        self.context.add_header("set-cookie", f'{COOKIE}=""; Max-Age=0')


def cookie_in(headers: Iterable[str]) -> str | None:
    """The text of the first cookie of a session in some ``cookie`` headers [RFC 6265, 4.2]."""
    for header in headers:
        for pair in header.split(";"):
            name, _, text = pair.partition("=")
            if name.strip() == COOKIE:
                return text.strip().removeprefix('"').removesuffix('"') or None
    return None
