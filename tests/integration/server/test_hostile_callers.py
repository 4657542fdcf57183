"""What a caller may send and must not get away with: each a code and a sentence, never a crash."""

import json
from collections.abc import Callable, Iterator

import pyarrow as pa
import pyarrow.flight as fl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flight_client.protocol.commands import DESCRIBE_ENTITY, EXPLAIN, LIST_ENTITIES
from tests.support.scripted import ScriptedBackend
from tests.support.serving import plain_client


@pytest.fixture(scope="module")
def client() -> Iterator[fl.FlightClient]:
    with plain_client(ScriptedBackend()) as found:
        yield found


def _info(client: fl.FlightClient, body: bytes) -> None:
    client.get_flight_info(fl.FlightDescriptor.for_command(body))


def _schema(client: fl.FlightClient, body: bytes) -> None:
    client.get_schema(fl.FlightDescriptor.for_command(body))


def _get(client: fl.FlightClient, body: bytes) -> None:
    client.do_get(fl.Ticket(body)).read_all()


def _explain(client: fl.FlightClient, body: bytes) -> None:
    list(client.do_action((EXPLAIN, body)))


VERBS = [_info, _schema, _get, _explain]


def _read(**fields: object) -> bytes:
    return json.dumps({"version": 1, "kind": "read", "entity": "NUMBERS", **fields}).encode()


BAD = [
    (b"", "TICKET_INVALID"),
    (b"\xff\xfe", "TICKET_INVALID"),
    (b"[]", "TICKET_INVALID"),
    (b"[" * 100_000, "TICKET_INVALID"),
    (_read(versoin=1), "TICKET_INVALID"),
    (_read(version=2), "TICKET_VERSION"),
    (_read(kind="write"), "TICKET_INVALID"),
    (_read(entity="NUMBER"), "ENTITY_UNKNOWN"),
    (_read(entity='"; DROP TABLE x --'), "ENTITY_UNKNOWN"),
    (_read(space="TESTS"), "SPACE_UNKNOWN"),
    (_read(columns=["M"]), "COLUMN_UNKNOWN"),
    (_read(columns=['"; DROP TABLE x --']), "COLUMN_UNKNOWN"),
    (_read(limit=-1), "READ_INVALID"),
    (_read(limit=True), "TICKET_INVALID"),
    (_read(sample={"fraction": 0}), "READ_INVALID"),
    (_read(partition={"of": 0}), "READ_INVALID"),
    (_read(where={"column": "N", "op": "in", "values": []}), "FILTER_INVALID"),
    (_read(where={"column": "N", "op": "=", "value": "one"}), "FILTER_INVALID"),
    (_read(parameters={"P": 1}), "PARAMETER_INVALID"),
    (_read(where={"column": "N", "op": "=", "value": 1}).replace(b"1}}", b"NaN}}"),
     "TICKET_INVALID"),
    (_read(batch_bytes=1), "READ_INVALID"),
    (_read(compression="rar"), "TICKET_INVALID"),
    (_read() + b"\n" + b"0" * 64, "TICKET_FORGED"),
]  # fmt: skip


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(("body", "code"), BAD, ids=range(len(BAD)))
def test_bad_request_is_refused_with_its_code(
    client: fl.FlightClient,
    verb: Callable[[fl.FlightClient, bytes], None],
    body: bytes,
    code: str,
) -> None:
    with pytest.raises((fl.FlightError, pa.ArrowException)) as caught:
        verb(client, body)
    said = str(caught.value)
    assert f"[{code}]" in said
    assert "Traceback" not in said
    assert len(said) < 4096


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=300))
def test_arbitrary_bytes_are_refused_without_a_traceback(
    client: fl.FlightClient, body: bytes
) -> None:
    for verb in VERBS:
        with pytest.raises((fl.FlightError, pa.ArrowException)) as caught:
            verb(client, body)
        assert "Traceback" not in str(caught.value)
        assert "incident" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("datasphere.nothing", b"", "ACTION_UNKNOWN"),
        ("", b"", "ACTION_UNKNOWN"),
        (LIST_ENTITIES, b"{}", "TICKET_INVALID"),
        (LIST_ENTITIES, b'{"version":1,"sapce":"X"}', "TICKET_INVALID"),
        (LIST_ENTITIES, b'{"version":1,"entity":"X"}', "READ_INVALID"),
        (DESCRIBE_ENTITY, b"", "READ_INVALID"),
        (DESCRIBE_ENTITY, b'{"version":1,"entity":"X"}', "ENTITY_UNKNOWN"),
        (EXPLAIN, b"", "TICKET_INVALID"),
    ],
)
def test_bad_action_is_refused_with_its_code(
    client: fl.FlightClient, name: str, body: bytes, code: str
) -> None:
    with pytest.raises(fl.FlightError, match=rf"\[{code}\]"):
        list(client.do_action((name, body)))


@pytest.mark.parametrize("path", [(), ("A", "B", "C"), ("",)])
def test_path_that_names_no_entity_is_refused(
    client: fl.FlightClient, path: tuple[str, ...]
) -> None:
    with pytest.raises(fl.FlightError, match=r"\[(TICKET|READ)_INVALID\]"):
        client.get_flight_info(fl.FlightDescriptor.for_path(*path))


def test_writing_without_a_command_is_refused_in_a_sentence(client: fl.FlightClient) -> None:
    writer, _ = client.do_put(
        fl.FlightDescriptor.for_path("NUMBERS"), pa.schema([("N", pa.int64())])
    )
    with pytest.raises(fl.FlightError, match="DoPut needs a command") as caught:
        writer.close()
    assert "Traceback" not in str(caught.value)


def test_exchange_is_refused_in_a_sentence(client: fl.FlightClient) -> None:
    writer, reader = client.do_exchange(fl.FlightDescriptor.for_path("NUMBERS"))
    with pytest.raises(fl.FlightError, match="serves reads") as caught:
        reader.read_chunk()
    with pytest.raises(fl.FlightError, match="serves reads"):
        writer.close()
    assert "Traceback" not in str(caught.value)


def test_server_still_serves_after_all_that(client: fl.FlightClient) -> None:
    assert client.do_get(fl.Ticket(_read())).read_all().num_rows == 3
