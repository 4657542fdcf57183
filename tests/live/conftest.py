"""Where the questions go, and where the answers are kept."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from flight_server.backends.base import Backend
from flight_server.backends.hana.opening import hana_backend
from tests.live.findings import Findings
from tests.live.tenant import Tenant, drop_objects, make_objects, tenant_of

VARIABLE = "FLIGHT_LIVE_HANA"
WITHOUT = (
    f"no tenant: {VARIABLE} names a configuration file like examples/datasphere.toml to ask one"
)
REPORT = pytest.StashKey[Path]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.timeout(600))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    report = config.stash.get(REPORT, None)
    if report is not None:
        terminalreporter.write_line(f"what the tenant answered: {report}")


@pytest.fixture(scope="session")
def tenant() -> Tenant:
    """The tenant of the environment."""
    file = os.environ.get(VARIABLE)
    if not file:
        pytest.skip(WITHOUT)
    return tenant_of(Path(file), os.environ.get("FLIGHT_LIVE_SCHEMA") or None)


@pytest.fixture(scope="session")
def findings(tenant: Tenant, pytestconfig: pytest.Config) -> Iterator[Findings]:
    """What was found; it becomes the report in the end."""
    found = Findings()
    emulated, server = tenant.is_emulated(), tenant.server()
    yield found
    file = Path(os.environ.get("FLIGHT_LIVE_REPORT") or "build/live-report.md").absolute()
    found.write(file, server, emulated=emulated)
    pytestconfig.stash[REPORT] = file


@pytest.fixture(scope="session")
def schema(tenant: Tenant) -> Iterator[str | None]:
    """A schema that holds the objects of ``make_objects``; None where none may be made."""
    if tenant.schema is None:
        yield None
        return
    with tenant.connect() as connection:
        make_objects(connection, tenant.schema)
        yield tenant.schema
    with tenant.connect() as connection:
        drop_objects(connection, tenant.schema)


@pytest.fixture(scope="session")
def backend(tenant: Tenant) -> Iterator[Backend]:
    """The product's backend over the tenant."""
    made = hana_backend(tenant.hana)
    yield made
    made.close()
