"""What every test run has in common."""

from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.conformance import Recorder

# Two busy cores make single examples slow now and then; pytest-timeout bounds whole tests.
settings.register_profile("datasphere-flight", deadline=None)
settings.load_profile("datasphere-flight")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--record-conformance", metavar="PATH", help="merge what is seen of features into a file"
    )


def pytest_configure(config: pytest.Config) -> None:
    if path := config.getoption("--record-conformance"):
        config.pluginmanager.register(Recorder(Path(path)), "conformance")
