"""A connection without a network: bytes in, bytes out."""

import struct
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.hana_emulator.faults import Fault, Faults
from tests.hana_emulator.session import Reply, Service, State, WireSession
from tests.hana_emulator.values import DeclaredType, HanaError, ResultColumn
from tests.support.hana_engine_double import PASSWORD, USER, EngineDouble, Table
from tests.support.hana_raw_client import RawReply, fields, parse_reply, proof_of, request

_ID = ResultColumn("ID", DeclaredType("INTEGER"))


class _Peers:
    connections = 1

    def cancel(self, connection_id: int, user: str) -> None:
        raise HanaError(2, "general error: there is no session")

    disconnect = cancel


class _Client:
    """Speaks to a session as a client does."""

    def __init__(self, **tables: Table) -> None:
        self.engine = EngineDouble(**tables)
        self.faults = Faults()
        service = Service(engine=self.engine, faults=self.faults, host="h", port=1, peers=_Peers())
        self.session = WireSession(service, 200_001)

    def reply(self, message_type: int, *parts: tuple[int, int, bytes]) -> Reply:
        data = request(message_type, *parts, limit_bytes=1_048_544)
        return self.session.handle(data[:32], data[32:])

    def ask(self, message_type: int, *parts: tuple[int, int, bytes]) -> RawReply:
        return parse_reply(b"".join(self.reply(message_type, *parts).buffers))

    def log_on(self, user: str = USER, password: str = PASSWORD) -> RawReply:
        offer = fields(user.encode(), b"SCRAMSHA256", b"c" * 64)
        challenge = self.ask(65, (33, 1, offer)).part(33).body
        proof = fields(proof_of(password, challenge, b"c" * 64))
        return self.ask(66, (33, 1, fields(user.encode(), b"SCRAMSHA256", proof)))

    def execute(self, text: str) -> RawReply:
        return self.ask(2, (3, 1, text.encode()))


@pytest.fixture
def client() -> Iterator[_Client]:
    made = _Client(T=Table((_ID,), [(n,) for n in range(100)]))
    yield made
    made.session.close()


def _error_code(reply: RawReply) -> int:
    assert reply.kind == 5
    code: int = struct.unpack_from("<i", reply.part(6).body)[0]
    return code


def _last(reply: RawReply) -> bool:
    return bool(reply.part(5).attributes & 16)


def test_log_on_answers_with_function_code_zero_and_the_parts_in_order(client: _Client) -> None:
    reply = client.log_on()

    assert (reply.kind, reply.function) == (2, 0)
    assert [part.kind for part in reply.parts] == [33, 42, 15]
    assert client.session.state is State.CONNECTED


def test_lower_case_user_is_the_upper_case_one(client: _Client) -> None:
    client.log_on(USER.lower())

    assert client.session.user == USER


def test_quoted_user_is_taken_as_it_is(client: _Client) -> None:
    client.engine.users["lower"] = PASSWORD

    client.log_on('"lower"')

    assert client.session.user == "lower"


@pytest.mark.parametrize(("user", "password"), [(USER, "wrong"), ("NOBODY", PASSWORD)])
def test_wrong_credentials_are_error_10(client: _Client, user: str, password: str) -> None:
    assert _error_code(client.log_on(user, password)) == 10
    assert client.engine.sessions == []


def test_locked_user_is_error_416(client: _Client) -> None:
    assert _error_code(client.log_on("LOCKED")) == 416


def test_method_that_we_lack_is_error_10(client: _Client) -> None:
    assert _error_code(client.ask(65, (33, 1, fields(b"U", b"LDAP", b"")))) == 10


def test_statement_before_log_on_is_a_protocol_error(client: _Client) -> None:
    assert _error_code(client.execute("SELECT * FROM T")) == 1033


def test_proof_without_a_challenge_is_a_protocol_error(client: _Client) -> None:
    assert _error_code(client.ask(66, (33, 1, fields(b"U", b"M", bytes(32))))) == 1033


def test_query_has_its_parts_in_the_order_that_rust_needs(client: _Client) -> None:
    client.log_on()

    reply = client.execute("SELECT * FROM T")

    assert reply.function == 5
    assert [part.kind for part in reply.parts] == [48, 13, 39, 5]
    assert (reply.part(5).count, reply.part(5).attributes) == (32, 0)


def test_fetch_goes_on_and_closes_at_the_end(client: _Client) -> None:
    client.log_on()
    identifier = client.execute("SELECT * FROM T").part(13).body

    first = client.ask(71, (13, 1, identifier), (45, 1, struct.pack("<i", 50)))
    second = client.ask(71, (13, 1, identifier), (45, 1, struct.pack("<i", 50)))

    assert [(reply.part(5).count, reply.part(5).attributes) for reply in (first, second)] == [
        (50, 0),
        (18, 17),
    ]
    assert client.engine.sessions[0].open_cursors == 0


def test_fetch_size_of_the_execution_is_taken(client: _Client) -> None:
    client.log_on()

    reply = client.ask(2, (3, 1, b"SELECT * FROM T"), (45, 1, struct.pack("<i", 100)))

    assert (reply.part(5).count, _last(reply)) == (100, True)


def test_empty_result_says_that_no_row_was_found(client: _Client) -> None:
    client.engine.tables["E"] = Table((_ID,))
    client.log_on()

    assert client.execute("SELECT * FROM E").part(5).attributes == 1 | 8 | 16


def test_closed_result_gives_its_cursor_back(client: _Client) -> None:
    client.log_on()
    identifier = client.execute("SELECT * FROM T").part(13).body

    reply = client.ask(69, (13, 1, identifier))

    assert (reply.function, reply.parts) == (19, ())
    assert client.engine.sessions[0].open_cursors == 0
    assert _error_code(client.ask(71, (13, 1, identifier))) == 1033


def test_ddl_has_rows_affected_too(client: _Client) -> None:
    client.log_on()

    reply = client.execute("SET SCHEMA S")

    assert (reply.function, reply.part(12).body) == (1, bytes(4))


def test_prepared_statement_is_described_and_run(client: _Client) -> None:
    client.log_on()
    prepared = client.ask(3, (3, 1, b"INSERT INTO T VALUES (?)"))
    identifier = prepared.part(10).body
    rows = b"\x03\x07\0\0\0" + b"\x83"

    reply = client.ask(13, (10, 1, identifier), (32, 2, rows))

    assert [part.kind for part in prepared.parts] == [10, 47, 39]
    assert reply.part(12).body == struct.pack("<2i", 1, 1)
    assert list(client.engine.tables["T"].rows)[-2:] == [(7,), (None,)]


def test_dropped_statement_is_gone(client: _Client) -> None:
    client.log_on()
    identifier = client.ask(3, (3, 1, b"DELETE FROM T")).part(10).body

    reply = client.ask(70, (10, 1, identifier))

    assert (reply.function, reply.parts) == (0, ())
    assert _error_code(client.ask(13, (10, 1, identifier))) == 1033


def test_engine_error_has_its_code_and_position(client: _Client) -> None:
    client.log_on()

    reply = client.execute("SELECT * FROM NOWHERE")

    assert _error_code(reply) == 259
    assert struct.unpack_from("<i", reply.part(6).body, 4) == (15,)


def test_failed_rows_of_a_batch_have_an_error_each(client: _Client) -> None:
    def even(row: object) -> None:
        if row[0] % 2:  # type: ignore[index]
            raise HanaError(301, "unique constraint violated")

    client.engine.tables["T"] = Table((_ID,), [], even)
    client.log_on()
    identifier = client.ask(3, (3, 1, b"INSERT INTO T VALUES (?)")).part(10).body
    rows = b"".join(b"\x03" + struct.pack("<i", n) for n in range(4))

    reply = client.ask(13, (10, 1, identifier), (32, 4, rows))

    assert (reply.kind, reply.part(6).count) == (5, 2)
    assert reply.part(12).body == struct.pack("<4i", 1, -3, 1, -3)


def test_client_info_reaches_the_session(client: _Client) -> None:
    client.log_on()

    client.ask(2, (57, 1, b"\x01K\x01V"), (3, 1, b"SELECT * FROM T"))

    assert client.engine.sessions[0].variables == {"K": "V"}


def test_exception_of_the_engine_is_an_answer(
    client: _Client, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> Iterator[object]:
        raise RuntimeError("no disk")
        yield

    client.engine.tables["T"] = Table((_ID,), broken)
    client.log_on()

    assert _error_code(client.execute("SELECT * FROM T")) == 2
    assert "no disk" in caplog.text
    assert client.engine.sessions[0].open_cursors == 0


def test_fatal_error_ends_the_connection(client: _Client) -> None:
    def refuse(row: object) -> None:
        raise HanaError(597, "session context error", fatal=True)

    client.engine.tables["T"] = Table((_ID,), [], refuse)
    client.log_on()
    identifier = client.ask(3, (3, 1, b"INSERT INTO T VALUES (?)")).part(10).body

    assert client.reply(13, (10, 1, identifier), (32, 1, b"\x83")).closes


@pytest.mark.parametrize("fault", [Fault.SILENT_HANG, Fault.SESSION_DROPPED])
def test_fault_before_the_statement_leaves_it_unrun(client: _Client, fault: Fault) -> None:
    client.log_on()
    client.faults.set(fault, statement_like="DELETE%")

    reply = client.reply(2, (3, 1, b"DELETE FROM T"))

    assert (list(reply.buffers), reply.fault and reply.fault.fault) == ([], fault)
    assert len(list(client.engine.tables["T"].rows)) == 100


def test_disconnect_is_answered_before_the_end(client: _Client) -> None:
    client.log_on()

    reply = client.reply(77)

    assert reply.closes
    assert parse_reply(b"".join(reply.buffers)).function == 18


def test_closing_gives_the_engine_s_session_back(client: _Client) -> None:
    client.log_on()
    client.execute("SELECT * FROM T")

    client.session.close()
    client.session.cancel()

    session = client.engine.sessions[0]
    assert session.closed.is_set()
    assert session.open_cursors == 0
    assert "cancel" not in session.log


_MESSAGES = st.sampled_from([2, 3, 13, 16, 17, 18, 25, 65, 66, 67, 68, 69, 70, 71, 82, 94, 99])
_PARTS = st.tuples(
    st.sampled_from([3, 10, 13, 17, 28, 32, 33, 42, 45, 49, 57]),
    st.integers(0, 40_000),
    st.binary(max_size=60),
)


@given(st.lists(st.tuples(_MESSAGES, st.lists(_PARTS, max_size=4)), max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_message_is_answered(messages: list[tuple[int, list[tuple[int, int, bytes]]]]) -> None:
    client = _Client(T=Table((_ID,), [(1,)]))
    client.log_on()

    for message_type, parts in messages:
        reply = client.ask(message_type, *parts)
        assert reply.kind == 2 or _error_code(reply) != 2  # which is what an exception becomes


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_any_bytes_are_answered(body: bytes) -> None:
    client = _Client()
    header = struct.pack("<qiIIhbbI4x", 0, 0, len(body), len(body), 1, 0, 0, 0)

    assert client.session.handle(header, body).buffers
