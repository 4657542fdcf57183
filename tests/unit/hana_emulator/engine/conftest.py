from collections.abc import Iterator

import pytest

from tests.hana_emulator.engine import DuckEngine
from tests.support.hana_engine_client import Client, running


@pytest.fixture
def engine() -> Iterator[DuckEngine]:
    with running() as found:
        yield found


@pytest.fixture
def client(engine: DuckEngine) -> Client:
    return Client(engine)


@pytest.fixture(scope="module")
def reader() -> Iterator[Client]:
    """A session that a module shares: only for what changes nothing."""
    with running() as found:
        yield Client(found)
