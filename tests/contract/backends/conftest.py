"""The contract suite runs once for each subject; a declared gap must fail as declared."""

from collections.abc import Iterator

import pytest

from flight_server.backends.base import Backend
from tests.contract.backends.hana_subject import close_emulators
from tests.contract.backends.shared_tables import all_tables
from tests.contract.backends.subjects import SUBJECTS, Subject


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(capability): what a backend may declare as a gap")


def pytest_sessionfinish() -> None:
    close_emulators()


@pytest.fixture(scope="session", params=SUBJECTS, ids=lambda subject: subject.name)
def subject(request: pytest.FixtureRequest) -> Subject:
    return request.param


@pytest.fixture(scope="session")
def backend(subject: Subject) -> Iterator[Backend]:
    """A backend with the shared tables, for tests that only read."""
    made = subject.make(all_tables())
    yield made
    made.close()


@pytest.fixture(scope="session")
def writable(subject: Subject) -> Iterator[Backend]:
    """A backend to write to; each test makes tables of its own."""
    made = subject.make_writable()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _declared_gap(request: pytest.FixtureRequest) -> None:
    if "subject" not in request.fixturenames:
        return
    gaps = request.getfixturevalue("subject").gaps
    for marker in request.node.iter_markers("needs"):
        gap = gaps.get(marker.args[0])
        if gap is not None:
            xfail = pytest.mark.xfail(reason=gap.reason, raises=gap.raises, strict=True)
            request.applymarker(xfail)
            return
