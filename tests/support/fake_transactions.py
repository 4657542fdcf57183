"""Transactions over fake readers: what is done with them, and whether they left all turns free."""

from contextlib import closing
from typing import Any

from flight_server.backends.hana.messages import Change
from flight_server.backends.hana.pool.transaction import Transaction, TransactionStream
from tests.support.fake_reader import SCHEMA
from tests.support.fake_readers import Fakes, rows, run


def at_rest(hana: Fakes) -> bool:
    """Whether every turn is free and every process idle."""
    pool = hana.readers._pool
    settings = pool._settings
    turns = pool._turns.free, pool._stream_turns.free
    return turns == (settings.max_readers, settings.max_readers - 1) and not pool._leased


def begun(hana: Fakes, **options: Any) -> Transaction:
    return hana.readers.begin(hana.user(**options), {"APPLICATIONUSER": "alice"})


def change(transaction: Transaction, steps: str = "", count: int = 1) -> int | None:
    rows = [(number,) for number in range(count)]
    return transaction.change(Change(sql=steps, rows=rows), "The INSERT")


def stream(transaction: Transaction, steps: str) -> TransactionStream:
    return transaction.open(run(steps), SCHEMA, "The query")


def read(hana: Fakes, steps: str = "rows 1") -> int:
    with closing(hana.open(steps)) as opened:
        return rows(opened)
