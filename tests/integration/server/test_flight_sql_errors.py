"""What a Flight SQL client sees of an error: the gRPC code, the sentence, the facts; no more."""

from collections.abc import Callable
from typing import Any

import adbc_driver_manager
import pyarrow as pa
import pyarrow.flight as fl
import pytest
from adbc_driver_flightsql import dbapi

from flight_client.protocol.errors import (
    AccessDenied,
    Cancelled,
    DataError,
    DeadlineExceeded,
    Error,
    InternalError,
    InvalidRequest,
    NotFound,
    ResourceExhausted,
    Unauthenticated,
    Unavailable,
    UnknownAction,
)
from flight_server.wire.flightsql.messages import datasphere_flight_sql_pb2 as pb
from tests.support.flight_sql_client import SqlClient, serving_sql, statement
from tests.support.patience import eventually
from tests.support.scripted import batch, failure, silence
from tests.support.scripted_sql import ScriptedSql

QUERY = statement("SELECT N, T FROM TEST.NUMBERS")

CODES: list[tuple[type[Error], int, str]] = [
    (InvalidRequest, 3, "INVALID_ARGUMENT"),
    (DataError, 3, "INVALID_ARGUMENT"),
    (NotFound, 5, "NOT_FOUND"),
    (UnknownAction, 12, "NOT_IMPLEMENTED"),
    (Unauthenticated, 16, "UNAUTHENTICATED"),
    (AccessDenied, 7, "UNAUTHORIZED"),
    (Cancelled, 1, "CANCELLED"),
    (DeadlineExceeded, 4, "TIMEOUT"),
    (Unavailable, 14, "IO"),
    (ResourceExhausted, 2, "UNKNOWN"),
    (InternalError, 13, "INTERNAL"),
]
NAMES = [kind.__name__ for kind, _, _ in CODES]


def adbc_status(code: str) -> adbc_driver_manager.AdbcStatusCode:
    return getattr(adbc_driver_manager.AdbcStatusCode, code)


def facts(error: adbc_driver_manager.Error) -> tuple[str, dict[str, str]]:
    """Reason and metadata of the google.rpc.ErrorInfo that came with an error."""
    found = [body for name, body in error.details if name == b"grpc-status-details-bin"]
    assert len(found) == 1, error.details
    info = pb.ErrorInfo.FromString(pb.Envelope.FromString(found[0]).value)
    assert info.domain == "datasphere-flight"
    return info.reason, dict(info.metadata)


def raised_by(uri: str, ask: Callable[[Any], object]) -> adbc_driver_manager.Error:
    """What a cursor of ADBC raises."""
    with dbapi.connect(uri, autocommit=True) as connection, connection.cursor() as cursor:
        with pytest.raises(adbc_driver_manager.Error) as caught:
            ask(cursor)
        return caught.value


def fetch(cursor: Any) -> object:
    return cursor.execute(QUERY.query).fetchall()


def update(cursor: Any) -> object:
    cursor.adbc_statement.set_sql_query("UPDATE TEST.NUMBERS SET T = 'x'")
    return cursor.adbc_statement.execute_update()


@pytest.mark.parametrize(("kind", "code", "status"), CODES, ids=NAMES)
def test_error_before_the_rows_has_its_code_in_every_client(
    kind: type[Error], code: int, status: str
) -> None:
    refusal = kind("Something, said in a sentence.", hana_code=257, position=8)
    with serving_sql(ScriptedSql(refusal=refusal), writable=()) as running:
        error = raised_by(running.uri, fetch)
        with fl.connect(running.uri) as flight, pytest.raises(fl.FlightError) as caught:
            SqlClient(flight).info(QUERY)
    assert error.status_code == adbc_status(status)
    assert f"[{kind.code}] Something, said in a sentence." in str(error)
    assert facts(error) == (kind.code, {"hana_code": "257", "position": "8"})
    assert pb.Status.FromString(caught.value.extra_info).code == code


@pytest.mark.parametrize("before", [0, 2])
@pytest.mark.parametrize(("kind", "code", "status"), CODES, ids=NAMES)
def test_error_among_the_rows_has_its_code_too(
    kind: type[Error], code: int, status: str, before: int
) -> None:
    error = kind("Something, said in a sentence.", row=7)
    backend = ScriptedSql(script=lambda schema: [batch(schema)] * before + [failure(error)])
    with serving_sql(backend, writable=()) as running:
        raised = raised_by(running.uri, fetch)
        eventually(backend.streams[0].closed.is_set)
    assert raised.status_code == adbc_status(status)
    assert f"[{kind.code}] Something, said in a sentence." in str(raised)
    assert facts(raised) == (kind.code, {"row": "7"})


@pytest.mark.parametrize(("kind", "code", "status"), CODES, ids=NAMES)
def test_schema_alone_keeps_the_codes_that_pyarrow_can_tell(
    kind: type[Error], code: int, status: str
) -> None:
    refusal = kind("Something, said in a sentence.")
    with serving_sql(ScriptedSql(refusal=refusal), writable=()) as running:
        error = raised_by(
            running.uri,
            lambda cursor: (
                cursor.adbc_statement.set_sql_query(QUERY.query),
                cursor.adbc_statement.execute_schema(),
            ),
        )
    assert error.status_code == adbc_status(status if code in (3, 5, 12) else "UNKNOWN")
    assert f"[{kind.code}] Something, said in a sentence." in str(error)
    assert facts(error)[0] == kind.code


def test_refused_change_says_why() -> None:
    with serving_sql(ScriptedSql(), writable=()) as running:
        error = raised_by(running.uri, update)
    assert error.status_code == adbc_status("UNAUTHORIZED")
    assert facts(error)[0] == "ACCESS_DENIED"


LEAKS = ("secret", "Traceback", ".py", "RuntimeError")


def test_unforeseen_error_before_the_rows_is_an_incident() -> None:
    with serving_sql(ScriptedSql(refusal=RuntimeError("secret")), writable=()) as running:
        for ask in (fetch, lambda cursor: cursor.execute(QUERY.query)):
            error = raised_by(running.uri, ask)
            reason, found = facts(error)
            assert (reason, set(found)) == ("INTERNAL", {"incident"})
            assert found["incident"] in str(error)
            assert [leak for leak in LEAKS if leak in f"{error} {error.details}"] == []


def test_unforeseen_error_of_a_schema_is_an_incident() -> None:
    with (
        serving_sql(ScriptedSql(refusal=RuntimeError("secret")), writable=()) as running,
        fl.connect(running.uri) as flight,
        pytest.raises((fl.FlightError, pa.ArrowException)) as caught,
    ):
        SqlClient(flight).schema(QUERY)
    assert "incident" in str(caught.value)
    assert [leak for leak in LEAKS if leak in str(caught.value)] == []


@pytest.mark.parametrize("before", [0, 2])
def test_unforeseen_error_among_the_rows_is_an_incident(before: int) -> None:
    steps = [failure(RuntimeError("secret"))]
    backend = ScriptedSql(script=lambda schema: [batch(schema)] * before + steps)
    with serving_sql(backend, writable=()) as running:
        error = raised_by(running.uri, fetch)
    assert facts(error)[0] == "INTERNAL"
    assert [leak for leak in LEAKS if leak in f"{error} {error.details}"] == []


@pytest.mark.parametrize("size", [500, 5_000, 50_000])
def test_long_sentences_and_facts_fit_into_the_headers(size: int) -> None:
    refusal = InvalidRequest("Ä" * size, value="ö" * size, hana_code=257)
    with serving_sql(ScriptedSql(refusal=refusal), writable=()) as running:
        error = raised_by(running.uri, fetch)
    assert error.status_code == adbc_status("INVALID_ARGUMENT")
    assert "[REQUEST_INVALID] ÄÄÄ" in str(error)
    assert facts(error)[1]["hana_code"] == "257"


def test_connection_goes_on_after_an_error() -> None:
    backend = ScriptedSql(script=lambda schema: [failure(DataError("Division by zero."))])
    with (
        serving_sql(backend, writable=()) as running,
        dbapi.connect(running.uri, autocommit=True) as connection,
        connection.cursor() as cursor,
    ):
        with pytest.raises(adbc_driver_manager.ProgrammingError, match="Division by zero"):
            cursor.execute(QUERY.query).fetchall()
        backend.script = lambda schema: [batch(schema)]
        assert cursor.execute(QUERY.query).fetchall() == [(0, "t0"), (1, "t1"), (2, "t2")]


def test_silence_of_the_database_is_taken_by_clients() -> None:
    backend = ScriptedSql(
        script=lambda schema: [silence(0.7, batch(schema)), silence(0.7, batch(schema))]
    )
    with serving_sql(backend, writable=(), heartbeat_s=0.1) as running:
        with (
            dbapi.connect(running.uri, autocommit=True) as connection,
            connection.cursor() as cursor,
        ):
            assert len(cursor.execute(QUERY.query).fetchall()) == 6
        with fl.connect(running.uri) as flight:
            assert len(SqlClient(flight).read(QUERY)) == 6
