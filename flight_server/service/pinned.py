"""The connection that a transaction holds from its first change on; knows no other transaction."""

from dataclasses import dataclass, field

from flight_server.backends.base import WriteTransaction


@dataclass(slots=True)
class Pinned:
    """The connection of a transaction, for one thread at a time.

    Attributes:
        write: Where changes are made.
        defined: Space and name of the tables that it created, altered or dropped: the catalogue of
            everybody else does not know them so.
        is_spoiled: Set by who leaves a change half done; then an error undoes the transaction.
    """

    write: WriteTransaction
    defined: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    is_spoiled: bool = False
