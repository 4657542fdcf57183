"""A server in the own process: its socket, what it logs, and that it goes whatever happens."""

import logging
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest

import flight_client
from flight_client.protocol.errors import InvalidRequest, Unavailable
from flight_server.embedded import MAX_SOCKET_BYTES, EmbeddedServer, serve_hana

UNREACHED = {"address": "127.0.0.1", "port": 1, "user": "LAB", "password": "p"}


def serve(**keys: Any) -> EmbeddedServer:
    return serve_hana({**UNREACHED, **keys}, ["LAB"])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def refused(uri: str) -> None:
    with flight_client.connect(uri) as client, pytest.raises(Unavailable):
        client.spaces()


def test_server_answers_on_its_socket_until_it_is_closed() -> None:
    server = serve()
    with (
        flight_client.connect(server.uri) as client,
        pytest.raises(InvalidRequest, match="is a query"),
    ):
        client.execute("SELECT nonsense")
    server.close()
    server.close()
    refused(server.uri)


def test_socket_stands_in_a_folder_of_its_own_that_goes_with_it(folder: Path) -> None:
    server = serve()
    (own,) = folder.iterdir()
    assert [each.is_socket() for each in own.iterdir()] == [True]
    server.close()
    assert list(folder.iterdir()) == []


def test_folder_may_have_any_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    odd = folder / "a bü"
    odd.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(odd))
    server = serve()
    refused(server.uri.replace("flight-", "other-"))
    assert len(list(odd.glob("flight-*/s"))) == 1
    server.close()


@pytest.mark.parametrize("name", ["d" * MAX_SOCKET_BYTES, "100%25"])
def test_folder_that_no_socket_can_stand_in_is_not_taken(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    deep = folder / name
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    server = serve()
    assert server.uri.startswith("grpc+unix:///tmp/flight-")
    server.close()
    assert list(deep.iterdir()) == []


def test_server_that_does_not_start_leaves_nothing(folder: Path) -> None:
    with pytest.raises(InvalidRequest, match="there is no file"):
        serve(trust_store="/no/such/file")
    assert list(folder.iterdir()) == []


def test_server_is_closed_where_no_thread_can_be_started(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_thread(_: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    server = serve()
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", no_thread)  # as Python 3.12 does at its end
        server.close()
    assert list(folder.iterdir()) == []
    refused(server.uri)


def test_environment_of_a_server_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLIGHT_SERVER_HANA__PORT", "none")
    monkeypatch.setenv("FLIGHT_SERVER_NOBODY_KNOWS", "1")
    serve().close()


def test_writing_is_not_warned_of_where_the_only_caller_is_the_owner(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        serve().close()
    assert caplog.records == []


def test_all_that_is_wrong_with_the_keys_is_told() -> None:
    with pytest.raises(InvalidRequest) as caught:
        serve(address="https://db", port=0, mistake=1)
    said = str(caught.value)
    assert said.startswith("The keys for HANA cannot be used: hana.")
    assert all(name in said for name in ("hana.address", "hana.port", "hana.mistake"))
    assert "https" not in said  # values may be secrets
