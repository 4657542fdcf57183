"""Who calls. Nobody is checked yet (issue E): credentials are taken, thrown away and answered.

SQL clients that are given a user and a password log on before their first call: with a Handshake,
and with the Bearer token that it answers from then on. Both have to be answered or such clients
cannot connect.
"""

# pyarrow-stubs 20 gives these other types than pyarrow 26 documents and takes:
# pyright: reportIncompatibleMethodOverride=false

import logging
import threading
from collections.abc import Mapping, Sequence
from typing import Final

import pyarrow.flight as fl

logger: Final = logging.getLogger(__name__)

ANONYMOUS: Final = "anonymous"
MIDDLEWARE: Final = "auth"

_TOKEN: Final = "anonymous"  # noqa: S105 - it opens nothing


def principal_of(context: fl.ServerCallContext) -> str:
    """Who calls: the identity that authentication established, or anonymous."""
    return context.peer_identity().decode("utf-8", "replace") or ANONYMOUS


class Handshake(fl.ServerAuthHandler):
    """Answers a Handshake, and lets every call pass without an identity."""

    def authenticate(self, outgoing: object, incoming: object) -> None:
        """Take whatever is sent; the answer is in the headers (``TokenMiddleware``).

        Nothing is read, because Go clients send nothing and wait for the headers first.
        """

    def is_valid(self, token: bytes) -> bytes:
        """No identity, so that the caller is anonymous."""
        return b""


class TokenMiddleware(fl.ServerMiddleware):
    """Answers credentials with a token."""

    def sending_headers(self) -> dict[str, str]:
        """The token, as clients send it back."""
        return {"authorization": f"Bearer {_TOKEN}"}


class TokenFactory(fl.ServerMiddlewareFactory):
    """Gives a token to whoever sends Basic credentials."""

    def __init__(self) -> None:
        super().__init__()
        self._said = threading.Event()

    def start_call(
        self, info: fl.CallInfo, headers: Mapping[str, Sequence[str | bytes]]
    ) -> TokenMiddleware | None:
        """Called before each verb."""
        sent = [str(value) for value in headers.get("authorization", ())]
        if not sent:
            return None
        if not self._said.is_set():
            self._said.set()
            logger.warning(
                "a client sent credentials; this server checks none yet, and everybody is %r",
                ANONYMOUS,
            )
        return TokenMiddleware() if sent[0].lower().startswith("basic ") else None
