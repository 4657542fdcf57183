"""The JDBC driver connects: with a password, a token, over TLS, with options, many at once."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jdbc.calls import Jdbc, JdbcFailed
from tests.support.certificates import certificates
from tests.support.sql_service import Landscape, SqlService
from tests.support.sql_tables import BIG_ROWS, READ

pytestmark = [pytest.mark.jdbc, pytest.mark.timeout(180)]

CLOSED_TWICE = (
    "The driver closes its client twice where it was given a catalog, and raises; the session is "
    "closed."
)
ONE = f"SELECT COUNT(*) AS N FROM {READ}.ORDERS"
PASSWORD = "Right & proper?"


@pytest.fixture
def tls_url(landscape: Landscape, tmp_path: Path) -> Iterator[str]:
    """Of a server with a certificate that ``roots.pem`` beside it vouches for."""
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    chain.write_bytes(certificates().chain)
    key.write_bytes(certificates().key)
    (tmp_path / "roots.pem").write_bytes(certificates().roots)
    with landscape.serving(server={"tls_cert": chain, "tls_key": key}) as service:
        yield f"jdbc:arrow-flight-sql://localhost:{service.port}?useSystemTrustStore=false"


@pytest.mark.feature("connect: user and password", client="JDBC")
def test_connection_with_user_and_password_reads(jdbc: Jdbc, url: str) -> None:
    with jdbc.connected(url, "user", "jan", "password", PASSWORD) as connection:
        assert jdbc.call("query", connection, ONE)["rows"] == [["4"]]


@pytest.mark.feature("connect: bearer token", client="JDBC")
def test_connection_with_a_token_reads(jdbc: Jdbc, url: str) -> None:
    with jdbc.connected(f"{url}&token=t0ken") as connection:
        assert jdbc.call("query", connection, ONE)["rows"] == [["4"]]


@pytest.mark.feature("connect: TLS", client="JDBC")
def test_connection_with_the_authority_as_pem_reads_over_tls(
    jdbc: Jdbc, tls_url: str, tmp_path: Path
) -> None:
    with jdbc.connected(f"{tls_url}&tlsRootCerts={tmp_path}/roots.pem") as connection:
        assert jdbc.call("query", connection, ONE)["rows"] == [["4"]]


@pytest.mark.feature("connect: TLS", client="JDBC")
def test_connection_with_a_trust_store_and_a_password_reads_over_tls(
    jdbc: Jdbc, tls_url: str, tmp_path: Path
) -> None:
    keytool = shutil.which("keytool")
    assert keytool, "a Java with a compiler has keytool"
    store = tmp_path / "trust.p12"
    command = [keytool, "-importcert", "-noprompt", "-alias", "root", "-storepass", "changeit"]
    subprocess.run(
        [*command, "-storetype", "PKCS12", "-keystore", store, "-file", tmp_path / "roots.pem"],
        check=True,
        capture_output=True,
    )
    trust = f"{tls_url}&trustStore={store}&trustStorePassword=changeit"

    with jdbc.connected(trust, "user", "jan", "password", PASSWORD) as connection:
        assert jdbc.call("query", connection, ONE)["rows"] == [["4"]]


def test_connection_that_trusts_another_authority_is_refused(jdbc: Jdbc, tls_url: str) -> None:
    failed = jdbc.failure(
        "connect", "c", tls_url.replace("=false", "=true"), "user", "jan", "password", PASSWORD
    )

    assert "PKIX" in failed.text or "UNAVAILABLE" in failed.text or "io exception" in failed.text


@pytest.mark.feature("session options", client="JDBC")
def test_connection_with_an_empty_catalog_opens_a_session(jdbc: Jdbc, url: str) -> None:
    jdbc.call("connect", "session", url, "catalog", "")

    assert jdbc.call("query", "session", ONE)["rows"] == [["4"]]
    with contextlib.suppress(JdbcFailed):  # see the next test
        jdbc.call("close", "session")


@pytest.mark.feature("session options: close", client="JDBC")
@pytest.mark.xfail(reason=CLOSED_TWICE, raises=JdbcFailed, strict=True)
def test_connection_with_a_session_is_closed(jdbc: Jdbc, url: str) -> None:
    jdbc.call("connect", "session", url, "catalog", "")

    jdbc.call("close", "session")


@pytest.mark.feature("session options", client="JDBC")
def test_connection_with_a_catalog_that_is_not_there_is_refused(jdbc: Jdbc, url: str) -> None:
    failed = jdbc.failure("connect", "c", f"{url}&catalog=NOWHERE")

    assert "Cannot set session option for catalog" in failed.text


def test_connection_with_options_of_others_sends_them_as_headers_that_do_no_harm(
    jdbc: Jdbc, url: str
) -> None:
    with jdbc.connected(f"{url}&schema={READ}&applicationName=DBeaver") as connection:
        assert jdbc.call("query", connection, ONE)["rows"] == [["4"]]


def test_closed_connection_leaves_the_server_at_rest(
    jdbc: Jdbc, url: str, service: SqlService
) -> None:
    with jdbc.connected(url) as connection:
        jdbc.call("query", connection, ONE)

    service.wait_for_rest()


@pytest.mark.feature("connect: several connections", client="JDBC")
def test_many_connections_at_the_same_time_read_what_they_asked_for(
    jdbc: Jdbc, url: str, service: SqlService
) -> None:
    answers = jdbc.call("parallel", f"{url}&user=jan&password=x", 16, f"SELECT ID FROM {READ}.BIG")

    wanted = {"rows": BIG_ROWS, "sum": BIG_ROWS * (BIG_ROWS - 1) // 2}
    assert answers["answers"] == [wanted] * 16
    service.wait_for_rest()
