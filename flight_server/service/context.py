"""The services as one principal meets them: over a backend that acts for it."""

from dataclasses import dataclass, field

from flight_server.backends.base import Backend
from flight_server.planning.read import Limits
from flight_server.service.discovery import Discovery
from flight_server.service.policy import WritePolicy
from flight_server.service.reads import Reads
from flight_server.service.running import Running, Watching, Work
from flight_server.service.seal import Seal
from flight_server.service.sessions import Sessions
from flight_server.service.statements import Statements
from flight_server.service.successors import Successors
from flight_server.service.transactions import Transactions
from flight_server.service.writes import Writes


@dataclass(frozen=True, slots=True)
class Services:
    """What a protocol in front calls; good for the life of the server, until it is closed.

    Attributes:
        backend: The database; closed by whoever opened it, after the services.
        limits: Of a read.
        seal: Of what clients hold.
        policy: What may be changed.
        transactions: The open ones of this process.
        running: Its open streams of statements.
        successors: Which of its transactions follows which.
        follows_connections: Whether a connection is believed to be one client's own.
    """

    backend: Backend
    limits: Limits
    seal: Seal
    policy: WritePolicy = field(default_factory=WritePolicy)
    transactions: Transactions = field(default_factory=Transactions)
    running: Running = field(default_factory=Running)
    successors: Successors = field(default_factory=Successors)
    follows_connections: bool = True

    def discovery(self, principal: str) -> Discovery:
        """The catalogue of this principal."""
        return self._discovery(self.backend.acting_for(principal))

    def reads(self, principal: str) -> Reads:
        """The reads of this principal."""
        backend = self.backend.acting_for(principal)
        return Reads(backend, self._discovery(backend), self.limits)

    def statements(
        self, principal: str, watching: Watching | None = None, peer: str | None = None
    ) -> Statements:
        """The statements of this principal, for one call: ``stop`` stops what that one runs.

        Args:
            principal: Who.
            watching: Entered while a change runs.
            peer: Names the connection, where it is the client's own.
        """
        reads = self.reads(principal)
        return Statements(
            principal=principal,
            backend=reads.backend,
            reads=reads,
            seal=self.seal,
            policy=self.policy,
            transactions=self.transactions,
            running=self.running,
            successors=self.successors,
            peer=peer if self.follows_connections else None,
            work=Work(watching),
        )

    def writes(self, principal: str, watching: Watching | None = None) -> Writes:
        """The changes of this principal, for one call; ``watching`` as in ``statements``."""
        reads = self.reads(principal)
        return Writes(
            principal=principal,
            backend=reads.backend,
            reads=reads,
            policy=self.policy,
            transactions=self.transactions,
            work=Work(watching),
        )

    def sessions(self, principal: str) -> Sessions:
        """The sessions of this principal."""
        return Sessions(principal, self.seal, self.discovery(principal))

    def _discovery(self, backend: Backend) -> Discovery:
        return Discovery(backend, self.policy.spaces or frozenset())

    def close(self) -> None:
        """Roll back every open transaction and stop the changes in work."""
        self.transactions.close()
