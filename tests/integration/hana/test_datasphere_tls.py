"""The connection properties of a configuration, told to the real hdbcli before a TLS server."""

import ssl
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import trustme
from hdbcli import dbapi

from flight_server.backends.hana.options import connection_options
from flight_server.config import HanaSection
from tests.hana_emulator.server import EmulatorServer
from tests.support.certificates import certificates
from tests.support.hana_engine_double import PASSWORD, USER, EngineDouble

NOT_CONNECTED = -10709


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    path.write_bytes(certificates().roots)
    return path


@pytest.fixture(scope="module")
def port(trusted: Path) -> Iterator[int]:
    """A server whose certificate names ``localhost``."""
    chain, key = trusted.with_name("chain.pem"), trusted.with_name("key.pem")
    chain.write_bytes(certificates().chain)
    key.write_bytes(certificates().key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    with EmulatorServer(EngineDouble(), tls=context) as server:
        yield server.port


def connected(port: int, **keys: Any) -> bool:
    """Whether the driver logs on with what a configuration comes to."""
    given = {"address": "localhost", "port": port, "user": USER, "password": PASSWORD, **keys}
    options = connection_options(HanaSection.model_validate(given))
    connection = dbapi.connect(user=USER, password=PASSWORD, **options)
    with closing(connection):
        return connection.isconnected()


def refusal(port: int, **keys: Any) -> str:
    with pytest.raises(dbapi.Error) as caught:
        connected(port, **keys)
    assert caught.value.errorcode == NOT_CONNECTED
    return caught.value.errortext


def test_certificate_of_the_trusted_authority_is_accepted(port: int, trusted: Path) -> None:
    assert connected(port, trust_store=trusted)


def test_certificate_of_another_authority_is_refused(port: int, tmp_path: Path) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().cert_pem.write_to_path(str(other))
    assert "certificate verify failed" in refusal(port, trust_store=other)


def test_certificate_is_checked_against_the_system_by_default(port: int) -> None:
    assert "certificate verify failed" in refusal(port)


def test_certificate_of_another_name_is_refused(port: int, trusted: Path) -> None:
    said = refusal(port, trust_store=trusted, host_name_in_certificate="db.example")
    assert "'db.example' does not match names in certificate" in said


def test_name_in_the_certificate_may_be_another_than_the_address(port: int, trusted: Path) -> None:
    # hdbcli compares the names of a certificate and not its addresses
    assert "'127.0.0.1' does not match" in refusal(port, address="127.0.0.1", trust_store=trusted)
    assert connected(
        port, address="127.0.0.1", trust_store=trusted, host_name_in_certificate="localhost"
    )


def test_certificate_is_not_checked_where_the_flag_says_so(port: int) -> None:
    assert connected(port, allow_unverified_tls=True)


def test_server_with_tls_takes_no_plain_connection(port: int) -> None:
    assert refusal(port, allow_plaintext=True, connect_timeout_s=5)
