"""Credentials: taken, answered and checked by nobody yet, so that SQL clients can connect."""

import logging

import pyarrow.flight as fl
import pytest
from adbc_driver_flightsql import dbapi

from tests.support.flight_sql_client import SqlClient, serving_sql, statement
from tests.support.scripted_sql import ScriptedSql

ONE = "SELECT 1 AS A FROM DUMMY"


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"username": "someone", "password": "something"},
        {"username": "someone", "password": ""},
        {"adbc.flight.sql.authorization_header": "Bearer abc"},
        {"adbc.flight.sql.rpc.with_cookie_middleware": "true"},
    ],
    ids=lambda options: ",".join(options) or "nothing",
)
def test_adbc_connects_with_whatever_it_has(options: dict[str, str]) -> None:
    with (
        serving_sql(ScriptedSql(), writable=()) as running,
        dbapi.connect(running.uri, options, autocommit=True) as connection,
        connection.cursor() as cursor,
    ):
        assert len(cursor.execute(ONE).fetchall()) == 3


def test_basic_credentials_are_answered_with_a_token() -> None:
    with serving_sql(ScriptedSql(), writable=()) as running, fl.connect(running.uri) as flight:
        header = flight.authenticate_basic_token("someone", "something")
        name, token = header
        assert name == b"authorization"
        assert token.startswith(b"Bearer ")
        assert len(SqlClient(flight, headers=(header,)).read(statement(ONE))) == 3


@pytest.mark.parametrize("sent", ["Bearer x", "Basic !!!", "Basic", "nonsense", ""])
def test_header_that_is_no_credential_is_let_pass(sent: str) -> None:
    with serving_sql(ScriptedSql(), writable=()) as running, fl.connect(running.uri) as flight:
        client = SqlClient(flight, headers=((b"authorization", sent.encode()),))
        assert len(client.read(statement(ONE))) == 3


def test_log_says_once_that_nobody_is_checked(caplog: pytest.LogCaptureFixture) -> None:
    with (
        caplog.at_level(logging.WARNING),
        serving_sql(ScriptedSql(), writable=()) as running,
        fl.connect(running.uri) as flight,
    ):
        client = SqlClient(flight, headers=((b"authorization", b"Basic c2VjcmV0"),))
        for _ in range(3):
            client.read(statement(ONE))
    said = [record.getMessage() for record in caplog.records if "credentials" in record.message]
    assert len(said) == 1
    assert "c2VjcmV0" not in caplog.text
