"""The server over TLS, read by a plain client and by ours."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow.flight as fl
import pytest

import flight_client
from flight_client.protocol.tickets import ReadTicket
from flight_server.app import RunningServer
from tests.support.certificates import certificates
from tests.support.patience import PATIENCE_S
from tests.support.scripted import ScriptedBackend
from tests.support.serving import as_ticket, serving

READ = as_ticket(ReadTicket(entity="NUMBERS"))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    pem = certificates()
    (tmp_path / "chain.pem").write_bytes(pem.chain)
    (tmp_path / "key.pem").write_bytes(pem.key)
    paths = {"tls_cert": tmp_path / "chain.pem", "tls_key": tmp_path / "key.pem"}
    with serving(ScriptedBackend(), **paths) as running:
        yield running


def test_address_says_tls(server: RunningServer) -> None:
    assert server.uri.startswith("grpc+tls://127.0.0.1:")


def test_plain_client_that_trusts_the_authority_reads(server: RunningServer) -> None:
    with fl.connect(server.uri, tls_root_certs=certificates().roots) as client:
        assert client.do_get(READ).read_all().num_rows == 3


def test_our_client_that_trusts_the_authority_reads(server: RunningServer) -> None:
    with flight_client.connect(server.uri, tls_roots=certificates().roots) as client:
        assert client.table("NUMBERS").to_arrow().num_rows == 3


def test_our_client_that_does_not_know_the_authority_is_told_so(server: RunningServer) -> None:
    with (
        flight_client.connect(server.uri, timeout_s=PATIENCE_S) as client,
        pytest.raises(flight_client.Unavailable, match="No connection"),
    ):
        client.tables()


def test_plaintext_client_is_refused(server: RunningServer) -> None:
    address = server.uri.replace("grpc+tls://", "grpc://")
    with fl.connect(address) as client, pytest.raises(fl.FlightError):
        client.do_get(READ, fl.FlightCallOptions(timeout=PATIENCE_S)).read_all()
