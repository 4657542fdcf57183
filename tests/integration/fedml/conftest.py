"""FedML's DbConnection over a Flight server of each database, and over HANA's keys alone."""

import ssl
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from flight_client.fedml import DbConnection
from tests.hana_emulator.engine import DuckEngine
from tests.hana_emulator.server import EmulatorServer
from tests.support.certificates import certificates
from tests.support.sql_service import LANDSCAPES, Landscape, SqlService
from tests.support.sql_tables import READ, SECRET, VIEW, all_tables

_numbers = count(1)

USER = "SALES#FLIGHT"
"""A database user as Datasphere names it; its own schema has the same name."""


@pytest.fixture(scope="session", params=LANDSCAPES)
def landscape(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Landscape]:
    with LANDSCAPES[request.param](tmp_path_factory.mktemp("fedml")) as made:
        yield made


@pytest.fixture(scope="session")
def service(landscape: Landscape) -> Iterator[SqlService]:
    """The server of all tests; nothing that a test leaves open is left."""
    with landscape.serving() as made:
        yield made


@pytest.fixture
def db(service: SqlService) -> Iterator[DbConnection]:
    """A connection by flight_uri: SALES is read, and LAB is the one space to write to."""
    with DbConnection(dict_obj={"flight_uri": service.uri, "schema": READ}) as made:
        yield made
    service.wait_for_rest()


@pytest.fixture
def table() -> str:
    """The name of a table that is not there yet."""
    return f"F{next(_numbers)}"


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatorServer]:
    """HANA with TLS alone; its certificate names ``localhost`` and is of no known authority."""
    folder = tmp_path_factory.mktemp("tls")
    for name in ("chain", "key"):
        (folder / name).write_bytes(getattr(certificates(), name))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "chain", folder / "key")
    engine = DuckEngine({USER: SECRET})
    engine.add_space(READ)
    for name, rows in all_tables().items():
        engine.load_arrow(READ, name, rows)
    engine.run_script(VIEW)
    engine.grant_read(USER, READ)
    with EmulatorServer(engine, tls=context) as server:
        yield server
    engine.close()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("authority") / "ca.pem"
    path.write_bytes(certificates().roots)
    return path


@pytest.fixture
def keys(emulator: EmulatorServer, authority: Path) -> dict[str, Any]:
    """What stands in a FedML config.json, and where the authority of the certificate is."""
    return {
        "address": "localhost",
        "port": str(emulator.port),
        "user": USER,
        "password": SECRET,
        "schema": READ,
        "sslTrustStore": str(authority),
    }
