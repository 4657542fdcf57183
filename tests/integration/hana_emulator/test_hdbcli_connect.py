"""hdbcli logs on: plain, TLS, each method, wrong credentials, and leaves nothing behind."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hdbcli import dbapi

from tests.hana_emulator.auth import Method
from tests.hana_emulator.values import DeclaredType, ResultColumn
from tests.support.hana_double_process import DoubleServer
from tests.support.hana_engine_double import PASSWORD, USER, Table


def _connect(server: DoubleServer, **properties: Any) -> Any:
    # hdbcli compares DNS names only: a certificate for the address 127.0.0.1 does not satisfy it.
    given = {"address": "localhost", "port": server.port, "user": USER, "password": PASSWORD}
    return dbapi.connect(**given, **properties)


def _ask(connection: Any) -> Any:
    cursor = connection.cursor()
    cursor.execute("SELECT * FROM DUMMY")
    row = cursor.fetchone()
    cursor.close()
    return tuple(row)


@pytest.mark.parametrize("method", Method)
def test_each_method_logs_on(method: Method) -> None:
    with DoubleServer(methods=(method,)) as server:
        connection = _connect(server)

        assert _ask(connection) == ("X",)
        connection.close()


@pytest.fixture(scope="module")
def tls_server() -> Any:
    with DoubleServer(tls=True) as started:
        yield started


def _roots(server: DoubleServer, folder: Path) -> str:
    path = folder / "roots.pem"
    path.write_bytes(server.roots)
    return str(path)


def test_tls_with_a_validated_certificate_works(tls_server: DoubleServer, tmp_path: Path) -> None:
    connection = _connect(
        tls_server,
        encrypt=True,
        sslValidateCertificate=True,
        sslTrustStore=_roots(tls_server, tmp_path),
    )

    assert _ask(connection) == ("X",)
    connection.close()
    tls_server.wait(lambda server: server.connections() == 0)


def test_tls_carries_large_results(tls_server: DoubleServer, tmp_path: Path) -> None:
    column = ResultColumn("V", DeclaredType("NVARCHAR", 1000))
    tls_server.add("WIDE", Table((column,), [("x" * 1000,)] * 5000))
    connection = _connect(tls_server, encrypt=True, sslTrustStore=_roots(tls_server, tmp_path))
    cursor = connection.cursor()
    cursor.execute("SELECT * FROM WIDE")

    assert sum(len(row[0]) for row in cursor.fetchall()) == 5_000_000
    connection.close()


def test_certificate_of_an_unknown_authority_is_refused(tls_server: DoubleServer) -> None:
    with pytest.raises(dbapi.Error) as raised:
        _connect(tls_server, encrypt=True, sslValidateCertificate=True)

    assert "certificate" in raised.value.errortext.lower()


def test_certificate_of_another_host_is_refused(tls_server: DoubleServer, tmp_path: Path) -> None:
    with pytest.raises(dbapi.Error):
        _connect(
            tls_server,
            encrypt=True,
            sslTrustStore=_roots(tls_server, tmp_path),
            sslHostNameInCertificate="elsewhere.example",
        )


def test_address_in_a_certificate_is_not_compared(tls_server: DoubleServer, tmp_path: Path) -> None:
    with pytest.raises(dbapi.Error) as raised:
        dbapi.connect(
            address="127.0.0.1",
            port=tls_server.port,
            user=USER,
            password=PASSWORD,
            encrypt=True,
            sslTrustStore=_roots(tls_server, tmp_path),
        )

    assert "does not match names in certificate" in raised.value.errortext


def test_plain_client_of_a_tls_server_fails(tls_server: DoubleServer) -> None:
    with pytest.raises(dbapi.Error):
        _connect(tls_server, connectTimeout=3000)


@pytest.mark.parametrize(("user", "password"), [(USER, "wrong"), ("NOBODY", PASSWORD)])
def test_wrong_credentials_are_error_10(
    connect: Callable[..., Any], user: str, password: str
) -> None:
    with pytest.raises(dbapi.Error) as raised:
        connect(user=user, password=password)

    assert (raised.value.errorcode, raised.value.errortext) == (10, "authentication failed")


def test_locked_user_is_error_416(connect: Callable[..., Any]) -> None:
    with pytest.raises(dbapi.Error) as raised:
        connect(user="LOCKED")

    assert raised.value.errorcode == 416


def test_database_name_is_asked_for_first(connect: Callable[..., Any]) -> None:
    assert _ask(connect(databaseName="H00")) == ("X",)


def test_current_schema_is_set(server: DoubleServer, connect: Callable[..., Any]) -> None:
    connect(currentSchema="SALES")

    assert server.sessions()[-1].log == ["SET SCHEMA SALES"]


def test_client_info_travels_with_the_next_statement(
    server: DoubleServer, connect: Callable[..., Any]
) -> None:
    connection = connect(**{"sessionVariable:APPLICATION": "demo"})
    connection.setclientinfo("CALLER", "ada")
    _ask(connection)
    before = server.sessions()[-1].variables
    connection.setclientinfo("CALLER", None)
    _ask(connection)
    after = server.sessions()[-1].variables

    assert (before["APPLICATION"], before["CALLER"]) == ("demo", "ada")
    assert after["CALLER"] is None


def test_ping_is_answered(connection: Any) -> None:
    assert connection.ping()


def test_closed_connection_is_counted_away(
    server: DoubleServer, connect: Callable[..., Any]
) -> None:
    connections = [connect() for _ in range(5)]
    assert server.connections() == 5

    for connection in connections:
        connection.close()

    server.wait(lambda server: server.connections() == 0)
    assert all(session.closed for session in server.sessions())


def test_delayed_server_hides_its_delay_behind_prefetch() -> None:
    column = ResultColumn("V", DeclaredType("INTEGER"))
    with DoubleServer(delay_s=0.05) as server:
        server.add("T", Table((column,), [(n,) for n in range(100_000)]))
        connection = _connect(server)
        cursor = connection.cursor()
        cursor.execute("SELECT * FROM T")

        assert len(cursor.fetchall()) == 100_000
        cursor.close()
        connection.close()
