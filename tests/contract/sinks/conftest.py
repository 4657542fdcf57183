"""The contract suite of sinks runs once for each of them, through a real server and client."""

import os
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias, cast

import pytest

import flight_client
from flight_client.client import Client
from flight_server.backends.memory import MemoryBackend
from tests.contract.sinks import table
from tests.contract.sinks.contract import Found, Reading, Sink
from tests.contract.sinks.sinks import SINKS
from tests.contract.sinks.watched import WatchedBackend
from tests.support.java import SPARK_PYTHON, require_java
from tests.support.serving import serving

Read: TypeAlias = Callable[..., Found]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "law(name): what a sink may declare as a gap")


@pytest.fixture(scope="session", params=SINKS)
def sink(request: pytest.FixtureRequest) -> Sink:
    return request.param


@pytest.fixture(scope="session")
def served() -> Iterator[tuple[WatchedBackend, str]]:
    watched = WatchedBackend(MemoryBackend({table.SPACE: table.tables()}))
    with serving(cast("Any", watched)) as running:
        yield watched, running.uri


@pytest.fixture
def backend(served: tuple[WatchedBackend, str]) -> WatchedBackend:
    """What is behind the server, as it is at first."""
    served[0].reset()
    return served[0]


@pytest.fixture
def client(backend: WatchedBackend, served: tuple[WatchedBackend, str]) -> Iterator[Client]:
    with flight_client.connect(served[1], progress=False) as made:
        yield made


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    """A classic local session; the one of another suite where that runs in the same process."""
    session = pytest.importorskip("pyspark.sql").SparkSession
    require_java()
    os.environ["PYSPARK_PYTHON"] = SPARK_PYTHON
    builder = session.builder.master("local[2]").appName("tests")
    for name, value in {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.session.timeZone": "America/New_York",
    }.items():
        builder = builder.config(name, value)
    running = builder.getOrCreate()
    running.sparkContext.setLogLevel("ERROR")
    yield running
    running.stop()


@pytest.fixture
def reading(
    client: Client, served: tuple[WatchedBackend, str], request: pytest.FixtureRequest
) -> Callable[..., Reading]:
    """A read of TYPES, or of another entity, with further options."""

    def made(entity: str = table.TYPES, **options: Any) -> Reading:
        return Reading(
            client=client,
            uri=served[1],
            entity=entity,
            options=options,
            spark=lambda: request.getfixturevalue("spark"),
        )

    return made


@pytest.fixture
def read(sink: Sink, reading: Callable[..., Reading]) -> Read:
    """Reads to the end what the sink does not refuse, in small batches."""

    def done(entity: str = table.TYPES, **options: Any) -> Found:
        if sink.refused and "columns" not in options:
            options["columns"] = [name for name in table.VALUES if name not in sink.refused]
        return sink.read(reading(entity, batch_bytes=64 * 1024, **options))

    return done


@pytest.fixture(autouse=True)
def _declared_gap(request: pytest.FixtureRequest) -> None:
    for marker in request.node.iter_markers("law"):
        gap = request.getfixturevalue("sink").gaps.get(marker.args[0])
        if gap is not None:
            xfail = pytest.mark.xfail(reason=gap.reason, raises=gap.raises, strict=True)
            request.applymarker(xfail)
