"""ADBC connects in each way that it has, and what it then is as a DB-API."""

from collections.abc import Callable
from pathlib import Path

import pytest
from adbc_driver_flightsql import DatabaseOptions, dbapi

from tests.support.certificates import certificates
from tests.support.sql_service import Landscape, SqlService
from tests.support.sql_tables import READ

Connect = Callable[..., dbapi.Connection]
COUNT = f"SELECT COUNT(*) FROM {READ}.ORDERS"


def _count(connection: dbapi.Connection) -> int:
    with connection.cursor() as cursor:
        return cursor.execute(COUNT).fetchone()[0]


@pytest.mark.feature("connect", client="ADBC")
def test_connection_without_credentials_reads(connect: Connect) -> None:
    assert _count(connect()) == 4


@pytest.mark.feature("connect: user and password", client="ADBC")
def test_connection_with_user_and_password_reads(connect: Connect) -> None:
    assert _count(connect(db_kwargs={"username": "ann", "password": "p:ä ss"})) == 4


@pytest.mark.feature("connect: bearer token", client="ADBC")
def test_connection_with_a_bearer_token_reads(connect: Connect) -> None:
    header = {DatabaseOptions.AUTHORIZATION_HEADER.value: "Bearer some.token"}
    assert _count(connect(db_kwargs=header)) == 4


@pytest.mark.feature("connect: TLS", client="ADBC")
def test_connection_over_tls_that_trusts_the_authority_reads(
    landscape: Landscape, tmp_path: Path
) -> None:
    pem = certificates()
    (tmp_path / "chain.pem").write_bytes(pem.chain)
    (tmp_path / "key.pem").write_bytes(pem.key)
    files = {"tls_cert": tmp_path / "chain.pem", "tls_key": tmp_path / "key.pem"}
    options = {
        DatabaseOptions.TLS_ROOT_CERTS.value: pem.roots.decode(),
        "username": "ann",
        "password": "secret",
    }
    with (
        landscape.serving(server=files) as server,
        dbapi.connect(server.uri, db_kwargs=options, autocommit=True) as connection,
    ):
        assert _count(connection) == 4


@pytest.mark.feature("connect: TLS", client="ADBC")
def test_connection_over_tls_that_does_not_know_the_authority_is_refused(
    landscape: Landscape, tmp_path: Path
) -> None:
    pem = certificates()
    (tmp_path / "chain.pem").write_bytes(pem.chain)
    (tmp_path / "key.pem").write_bytes(pem.key)
    files = {"tls_cert": tmp_path / "chain.pem", "tls_key": tmp_path / "key.pem"}
    with (
        landscape.serving(server=files) as server,
        dbapi.connect(server.uri, autocommit=True) as connection,
        pytest.raises(dbapi.Error, match="certificate"),
    ):
        _count(connection)


@pytest.mark.feature("transactions: commit and rollback", client="ADBC")
def test_autocommit_can_be_disabled_without_a_warning(connect: Connect) -> None:
    """Warnings are errors here; the DB-API warns where a server has no transactions."""
    connection = connect(autocommit=False)
    assert connection._commit_supported
    assert _count(connection) == 4


@pytest.mark.feature("connect: headers", client="ADBC")
def test_unknown_headers_do_no_harm(connect: Connect) -> None:
    name = f"{DatabaseOptions.RPC_CALL_HEADER_PREFIX.value}x-trace"
    assert _count(connect(db_kwargs={name: "abc"})) == 4


@pytest.mark.feature("connect: several connections", client="ADBC")
def test_clone_of_a_connection_is_another(connect: Connect) -> None:
    connection = connect()
    with connection.adbc_clone() as clone:
        assert _count(clone) == 4
    assert _count(connection) == 4


def test_driver_says_how_statements_are_marked() -> None:
    assert (dbapi.apilevel, dbapi.paramstyle) == ("2.0", "qmark")


@pytest.mark.feature("DB-API errors", client="ADBC")
@pytest.mark.parametrize(
    ("sql", "kind"),
    [
        ("SELEKT 1", dbapi.ProgrammingError),
        (f"SELECT NOTHING FROM {READ}.ORDERS", dbapi.ProgrammingError),
        (f"SELECT * FROM {READ}.NOTHING", dbapi.ProgrammingError),
        (f"DELETE FROM {READ}.ORDERS", dbapi.ProgrammingError),
    ],
    ids=["syntax", "column", "table", "schema that is not to be written"],
)
def test_error_is_of_the_class_of_the_db_api(
    cursor: dbapi.Cursor, sql: str, kind: type[Exception]
) -> None:
    with pytest.raises(dbapi.DatabaseError) as caught:
        cursor.execute(sql)
    assert isinstance(caught.value, kind | dbapi.Error)


@pytest.mark.feature("DB-API errors", client="ADBC")
def test_connection_goes_on_after_an_error(cursor: dbapi.Cursor) -> None:
    with pytest.raises(dbapi.Error):
        cursor.execute("SELEKT 1")
    assert cursor.execute(COUNT).fetchone() == (4,)


@pytest.mark.feature("connect", client="ADBC")
def test_server_that_is_not_there_is_an_error(service: SqlService) -> None:
    with (
        dbapi.connect("grpc://127.0.0.1:1", autocommit=True) as connection,
        pytest.raises(dbapi.OperationalError),
    ):
        _count(connection)
