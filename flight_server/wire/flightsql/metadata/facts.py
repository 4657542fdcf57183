"""What a client may be told of this server beside its catalogue."""

from dataclasses import dataclass

from flight_server.sql.gate import CallerDialect


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What holds for the whole server.

    Attributes:
        version: Of this product.
        backend: Name of the kind of database, for example ``hana``.
        dialect: The SQL that callers write.
        writable: The spaces whose tables may be changed; none where the server only reads.
        statement_timeout_ms: How long a prepared statement is good, in milliseconds; 0 for ever.
        transaction_timeout_ms: How long a transaction may be idle, in milliseconds; 0 for ever.
    """

    version: str
    backend: str
    dialect: CallerDialect
    writable: frozenset[str]
    statement_timeout_ms: int
    transaction_timeout_ms: int

    @property
    def read_only(self) -> bool:
        """Whether nothing can be changed."""
        return not self.writable
