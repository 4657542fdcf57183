"""Transactions of a table that a test holds, with connections that are scripted."""

import pytest

from flight_client.protocol.errors import DataError, UnknownTransaction
from flight_server.backends.base import BatchStream
from flight_server.service.pinned import Pinned
from flight_server.service.transactions import Transactions
from tests.support.scripted_writes import ScriptedWrite

IDLE_S = 60.0


def pin(table: Transactions, write: ScriptedWrite | None = None) -> tuple[str, ScriptedWrite]:
    """A transaction that has changed something, and its connection."""
    write = write or ScriptedWrite()
    identifier = table.begin("ada")
    with table.changing(identifier, "ada", lambda: write):
        pass
    return identifier, write


def read_inside(table: Transactions, identifier: str, stream: BatchStream) -> BatchStream:
    """The stream as one on the connection of the transaction."""
    return table.open(identifier, "ada", lambda _pinned: stream)


def reason(table: Transactions, identifier: str) -> str:
    """Why the transaction is refused."""
    with (
        pytest.raises(UnknownTransaction, match="roll back and begin again") as caught,
        table.looking(identifier, "ada"),
    ):
        pass
    return caught.value.message


def spoil(pinned: Pinned) -> None:
    """Fail halfway through a change."""
    pinned.is_spoiled = True
    raise DataError("Row 2 does not fit.")
