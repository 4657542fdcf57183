"""A table of transactions with a clock that the test moves."""

from collections.abc import Iterator

import pytest

from flight_server.service.transactions import Transactions
from tests.support.scripted_writes import Clock
from tests.support.transactions import IDLE_S


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def table(clock: Clock) -> Iterator[Transactions]:
    transactions = Transactions(idle_s=IDLE_S, max_pinned=2, clock=clock, busy_s=0.05)
    yield transactions
    transactions.close()
