"""The services as one principal meets them: over a backend that acts for it."""

from dataclasses import dataclass

from flight_server.backends.base import Backend
from flight_server.planning.read import Limits
from flight_server.service.discovery import Discovery
from flight_server.service.reads import Reads
from flight_server.service.seal import Seal


@dataclass(frozen=True, slots=True)
class Services:
    """What a protocol in front calls; good for the life of the server."""

    backend: Backend
    limits: Limits
    seal: Seal

    def discovery(self, principal: str) -> Discovery:
        """The catalogue of this principal."""
        return Discovery(self.backend.acting_for(principal))

    def reads(self, principal: str) -> Reads:
        """The reads of this principal."""
        backend = self.backend.acting_for(principal)
        return Reads(backend, Discovery(backend), self.limits)
