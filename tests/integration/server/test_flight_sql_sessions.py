"""Sessions: options that travel in a cookie, and cookies that are none."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa
import pyarrow.flight as fl
import pytest

from flight_server.wire.flightsql.messages import datasphere_flight_sql_pb2 as pb
from tests.support.flight_sql_client import (
    INVALID,
    NOT_FOUND,
    UNAUTHENTICATED,
    SqlClient,
    duckdb_tables,
    prepared,
    refused,
    serving_sql,
    statement,
)

Result = pb.SetSessionOptionsResult
COOKIE = "arrow_flight_session_id"
SAME_NAME = "CREATE SCHEMA OTHER; CREATE TABLE OTHER.ITEMS (ID INTEGER);"


class Jar(fl.ClientMiddlewareFactory):
    """Keeps the last ``set-cookie`` header of a connection."""

    def __init__(self) -> None:
        super().__init__()
        self.last: str | None = None

    def start_call(self, info: fl.CallInfo) -> fl.ClientMiddleware:
        jar = self

        class Taker(fl.ClientMiddleware):
            def received_headers(self, headers: dict[str, list[str]]) -> None:
                for text in headers.get("set-cookie", ()):
                    jar.last = text

        return Taker()


@pytest.fixture
def jar() -> Jar:
    return Jar()


@pytest.fixture
def client(jar: Jar) -> Iterator[SqlClient]:
    with (
        serving_sql(duckdb_tables(SAME_NAME)) as running,
        fl.connect(running.uri, middleware=[jar]) as flight,
    ):
        yield SqlClient(flight)


def value(option: object) -> pb.SessionOptionValue:
    match option:
        case None:
            return pb.SessionOptionValue()
        case bool():
            return pb.SessionOptionValue(bool_value=option)
        case int():
            return pb.SessionOptionValue(int64_value=option)
        case float():
            return pb.SessionOptionValue(double_value=option)
        case str():
            return pb.SessionOptionValue(string_value=option)
        case _:
            values = pb.SessionOptionValue.StringListValue(values=option)
            return pb.SessionOptionValue(string_list_value=values)


def choose(client: SqlClient, **options: object) -> dict[str, int]:
    """Set options; the errors."""
    wishes = {name: value(option) for name, option in options.items()}
    request = pb.SetSessionOptionsRequest(session_options=wishes)
    (answer,) = client.act("SetSessionOptions", request.SerializeToString())
    return {name: error.value for name, error in Result.FromString(answer).errors.items()}


def in_session(client: SqlClient, jar: Jar) -> SqlClient:
    """The client with the cookie that it was given last."""
    assert jar.last is not None
    found = re.match(rf"{COOKIE}=([^;]*)", jar.last)
    assert found is not None
    return with_cookie(client, f"{COOKIE}={found[1]}")


def with_cookie(client: SqlClient, text: str) -> SqlClient:
    return replace(client, headers=((b"cookie", text.encode()),))


def chosen(client: SqlClient) -> dict[str, object]:
    """The options that are set."""
    (answer,) = client.act("GetSessionOptions")
    found = pb.GetSessionOptionsResult.FromString(answer).session_options
    return {
        name: getattr(option, kind)
        for name, option in found.items()
        if (kind := option.WhichOneof("option_value"))
    }


def test_options_are_kept_in_the_cookie(client: SqlClient, jar: Jar) -> None:
    assert choose(client, schema="SALES", batch_bytes=65536, partitions=2, compression="lz4") == {}
    assert chosen(in_session(client, jar)) == {
        "schema": "SALES",
        "batch_bytes": 65536,
        "partitions": 2,
        "compression": "lz4",
    }


def test_cookie_is_small_and_needs_no_quotes(client: SqlClient, jar: Jar) -> None:
    choose(client, schema="SALES", batch_bytes=65536, partitions=2, compression="lz4")
    assert jar.last is not None
    assert re.fullmatch(rf"{COOKIE}=[A-Za-z0-9_-]+; HttpOnly", jar.last)
    assert len(jar.last) < 4096


def test_schema_of_the_session_is_where_names_are_looked_for(client: SqlClient, jar: Jar) -> None:
    with refused(NOT_FOUND, "ENTITY_AMBIGUOUS"):
        client.info(statement("SELECT * FROM ITEMS"))
    choose(client, schema="SALES")
    session = in_session(client, jar)
    assert len(session.read(statement("SELECT * FROM ITEMS"))) == 3
    handle = session.prepare("SELECT * FROM ITEMS").prepared_statement_handle
    assert len(client.read(prepared(handle))) == 3  # the handle has the options of its session


def test_partitions_of_the_session_cut_a_scan(client: SqlClient, jar: Jar) -> None:
    choose(client, partitions=2)
    info = in_session(client, jar).info(statement("SELECT ID FROM SALES.ITEMS"))
    assert len(info.endpoints) == 2
    assert sorted(client.rows(info)) == [(1,), (2,), (3,)]


def test_option_is_changed_and_the_others_stay(client: SqlClient, jar: Jar) -> None:
    choose(client, schema="SALES", partitions=2)
    choose(in_session(client, jar), partitions=3)
    assert chosen(in_session(client, jar))["schema"] == "SALES"
    assert chosen(in_session(client, jar))["partitions"] == 3


def test_option_without_a_value_is_taken_back(client: SqlClient, jar: Jar) -> None:
    choose(client, schema="SALES", partitions=2)
    choose(in_session(client, jar), schema=None)
    assert "schema" not in chosen(in_session(client, jar))


@pytest.mark.parametrize(
    ("options", "errors"),
    [
        ({"speed": 1}, {"speed": Result.INVALID_NAME}),
        ({"catalog": "C"}, {"catalog": Result.INVALID_VALUE}),
        ({"schema": "NOPE"}, {"schema": Result.INVALID_VALUE}),
        ({"schema": 7}, {"schema": Result.INVALID_VALUE}),
        ({"partitions": 0}, {"partitions": Result.INVALID_VALUE}),
        ({"partitions": True}, {"partitions": Result.INVALID_VALUE}),
        ({"partitions": ("1", "2")}, {"partitions": Result.INVALID_VALUE}),
        ({"batch_bytes": 1.5}, {"batch_bytes": Result.INVALID_VALUE}),
        ({"compression": "zip"}, {"compression": Result.INVALID_VALUE}),
        (
            {"speed": 1, "partitions": 0},
            {"speed": Result.INVALID_NAME, "partitions": Result.INVALID_VALUE},
        ),
    ],
)
def test_wrong_option_is_named_and_nothing_is_set(
    client: SqlClient, jar: Jar, options: dict[str, object], errors: dict[str, int]
) -> None:
    assert choose(client, **{"schema": "SALES"} | options) == errors
    assert jar.last is None


def test_empty_catalog_may_be_set(client: SqlClient) -> None:
    assert choose(client, catalog="") == {}


def test_session_of_an_empty_request_may_be_begun(client: SqlClient, jar: Jar) -> None:
    assert choose(client) == {}
    assert chosen(in_session(client, jar)) == {"compression": "none"}


def test_cookie_among_others_is_found(client: SqlClient, jar: Jar) -> None:
    choose(client, schema="SALES")
    (_, cookie), *_ = in_session(client, jar).headers
    name, _, text = cookie.decode().partition("=")
    mixed = with_cookie(client, f'theme=dark;  {name}="{text}" ; x')
    assert chosen(mixed)["schema"] == "SALES"


@pytest.mark.parametrize("text", ["forged", "Zm9yZ2Vk", "x" * 3000, "%%%"])
def test_cookie_that_is_none_of_ours_is_an_error_everywhere(client: SqlClient, text: str) -> None:
    stranger = with_cookie(client, f"{COOKIE}={text}")
    for ask in (
        lambda: stranger.info(statement("SELECT 1 AS A FROM DUMMY")),
        lambda: stranger.info(pb.CommandGetTables()),
        stranger.begin,
        lambda: choose(stranger, schema="SALES"),
        lambda: chosen(stranger),
        lambda: stranger.act("CloseSession"),
    ):
        with refused(UNAUTHENTICATED, r"\[UNAUTHENTICATED\] The session is not known here"):
            ask()


def test_cookie_of_another_server_is_an_error(client: SqlClient, jar: Jar) -> None:
    choose(client, schema="SALES")
    cookie = in_session(client, jar).headers
    with serving_sql(duckdb_tables()) as other, fl.connect(other.uri) as flight:
        stranger = SqlClient(flight, headers=cookie)
        with refused(UNAUTHENTICATED, "another server made it"):
            stranger.info(statement("SELECT 1 AS A FROM DUMMY"))


def test_options_without_a_session_cannot_be_asked_for(client: SqlClient) -> None:
    with refused(UNAUTHENTICATED, "There is no session"):
        client.act("GetSessionOptions")


def test_empty_cookie_is_no_session(client: SqlClient) -> None:
    assert with_cookie(client, f"{COOKIE}=").read(statement("SELECT 1 AS A FROM DUMMY")) == [(1,)]


def close(client: SqlClient) -> int:
    (answer,) = client.act("CloseSession")
    return pb.CloseSessionResult.FromString(answer).status


def test_closed_session_is_taken_out_of_the_client(client: SqlClient, jar: Jar) -> None:
    choose(client, schema="SALES")
    assert close(in_session(client, jar)) == pb.CloseSessionResult.CLOSED
    assert jar.last == f'{COOKIE}=""; Max-Age=0'


def test_session_that_was_never_begun_may_be_closed(client: SqlClient, jar: Jar) -> None:
    assert close(client) == pb.CloseSessionResult.CLOSED
    assert jar.last is None


def test_session_says_nothing_to_the_own_protocol(client: SqlClient) -> None:
    stranger = with_cookie(client, f"{COOKIE}=forged")
    found = stranger.act("datasphere.list_spaces")
    assert len(found) == 3


def test_batches_of_the_session_are_compressed(client: SqlClient, jar: Jar) -> None:
    choose(client, compression="zstd")
    table = in_session(client, jar).get(
        in_session(client, jar).info(statement("SELECT ID FROM SALES.ITEMS")).endpoints[0].ticket
    )
    assert table.read_all() == pa.table({"ID": pa.array([1, 2, 3], pa.int32())}).cast(table.schema)


def test_schema_of_the_session_must_exist_when_it_is_used(client: SqlClient, jar: Jar) -> None:
    choose(client, schema="SALES")
    with refused(NOT_FOUND, "ENTITY_UNKNOWN"):
        in_session(client, jar).info(statement("SELECT * FROM NOTES"))
    with refused(INVALID, "SQL"):
        in_session(client, jar).info(statement("SELECT FROM"))
