"""One local Spark session, and the servers that it reads from and writes to."""

import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias

import duckdb
import pyarrow as pa
import pytest

import flight_client
from flight_client.client import Client
from flight_server.backends.duckdb.backend import DuckDbBackend
from flight_server.backends.memory import MemoryBackend
from pyspark_flight.staging import MARK
from tests.contract.backends import shared_tables
from tests.support.java import SPARK_PYTHON, require_java
from tests.support.serving import serving
from tests.support.sql_service import LANDSCAPES, Landscape, SqlService
from tests.support.sql_tables import WRITE

EVENTS_ROWS = 1000
START = datetime(2024, 1, 1)

Load: TypeAlias = Callable[..., Any]
Save: TypeAlias = Callable[..., None]

_numbers = count(1)


def events() -> pa.Table:
    """Rows to filter: a moment a millisecond, every tenth text and amount NULL."""
    ids = range(EVENTS_ROWS)
    return pa.table(
        {
            "ID": pa.array(ids, pa.int64()),
            "SMALL": pa.array([each % 7 for each in ids], pa.int16()),
            "AT": pa.array(
                [START + timedelta(milliseconds=each) for each in ids], pa.timestamp("us")
            ),
            "DAY": pa.array([(START + timedelta(days=each % 30)).date() for each in ids]),
            "AMOUNT": pa.array(
                [Decimal(each).scaleb(-2) if each % 10 else None for each in ids],
                pa.decimal128(15, 2),
            ),
            "RATIO": pa.array([each / 8 for each in ids], pa.float64()),
            "TEXT": pa.array([f"50%_\\{each % 20}" if each % 10 else None for each in ids]),
            "FLAG": pa.array([each % 3 == 0 for each in ids]),
        }
    )


@pytest.fixture(scope="session")
def uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of EVENTS over DuckDB, in the space SALES."""
    path = str(tmp_path_factory.mktemp("spark") / "events.duckdb")
    with duckdb.connect(path) as connection:
        connection.execute('CREATE SCHEMA "SALES"')
        connection.from_arrow(events()).create('"SALES"."EVENTS"')
    backend = DuckDbBackend.open_database(path, read_only=True)
    with serving(backend) as running:
        yield running.uri


@pytest.fixture(scope="session")
def typed_uri() -> Iterator[str]:
    """A server of a column of every type, in the space CONTRACT."""
    vectors = pa.array([[1.0, 2.0], [3.0, 4.0], None], pa.list_(pa.float32(), 2))
    notes = pa.array(["long", "", None], pa.large_string())
    scans = pa.array([b"long", b"", None], pa.large_binary())
    table = shared_tables.types()
    for name, column in (("VECTOR", vectors), ("NCLOB", notes), ("BLOB", scans)):
        table = table.append_column(name, column)
    with serving(MemoryBackend({"CONTRACT": {"TYPES": table}})) as running:
        yield running.uri


@pytest.fixture(scope="session")
def event_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the session writes what its history server would read."""
    return tmp_path_factory.mktemp("event-log")


@pytest.fixture(scope="session")
def spark(event_log: Path) -> Iterator[Any]:
    """A classic local session with two cores, where a task that fails has a second try."""
    session = pytest.importorskip("pyspark.sql").SparkSession
    require_java()
    os.environ["PYSPARK_PYTHON"] = SPARK_PYTHON
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.session.timeZone": "America/New_York",
        "spark.sql.python.filterPushdown.enabled": "true",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": event_log.as_uri(),
        "spark.eventLog.compress": "false",
        "spark.eventLog.rolling.enabled": "false",
    }
    builder = session.builder.master("local[2, 2]").appName("tests")
    for name, value in settings.items():
        builder = builder.config(name, value)
    running = builder.getOrCreate()
    running.sparkContext.setLogLevel("ERROR")
    yield running
    running.stop()


@pytest.fixture
def load(spark: Any, uri: str) -> Load:
    """Load EVENTS with further options, and with a schema if one is given."""

    def loaded(*, schema: Any = None, **options: object) -> Any:
        if "query" not in options:
            options = {"table": "EVENTS", **options}
        reader = spark.read.format("flight").options(uri=uri, space="SALES", **options)
        return (reader if schema is None else reader.schema(schema)).load()

    return loaded


@pytest.fixture(scope="session", params=LANDSCAPES)
def landscape(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Landscape]:
    with LANDSCAPES[request.param](tmp_path_factory.mktemp("landscape")) as made:
        yield made


@pytest.fixture(scope="session")
def service(landscape: Landscape) -> Iterator[SqlService]:
    """A server of SALES to read and LAB to write."""
    with landscape.serving() as made:
        yield made


@pytest.fixture
def client(service: SqlService) -> Iterator[Client]:
    """A client of it; when it is closed no staging table is left, and the server is at rest."""
    with flight_client.connect(service.uri, space=WRITE, progress=False) as made:
        yield made
        service.wait_for_rest()
        assert [table.name for table in made.tables() if MARK in table.name] == []


@pytest.fixture
def table() -> str:
    """The name of a table in LAB that is not there yet."""
    return f"W{next(_numbers)}"


@pytest.fixture
def save(service: SqlService) -> Save:
    """Save a frame into a table of LAB, with further options."""

    def saved(frame: Any, table: str, /, *, mode: str = "append", **options: object) -> None:
        writer = frame.write.format("flight").mode(mode)
        writer.options(**{"uri": service.uri, "space": WRITE, "table": table, **options}).save()

    return saved
