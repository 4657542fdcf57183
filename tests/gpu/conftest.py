"""Marks what needs a GPU, and says in one sentence why it is skipped where there is none."""

from pathlib import Path

import pytest

from flight_client.sinks import MissingDependency, NoDevice
from flight_client.sinks.cudf import require_cudf


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.gpu)
            # what cuDF and its libraries warn about on a new pandas or Python is not ours
            item.add_marker(pytest.mark.filterwarnings("default"))


@pytest.fixture(scope="session", autouse=True)
def _device() -> None:
    try:
        require_cudf()
    except (MissingDependency, NoDevice) as error:
        pytest.skip(str(error))
