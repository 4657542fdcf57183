"""The composition root: what it refuses to listen on, what it builds, how it ends."""

import logging
import threading
import time
from pathlib import Path

import duckdb
import pyarrow.flight as fl
import pytest

from flight_client.protocol.errors import AccessDenied
from flight_client.protocol.tickets import ReadTicket
from flight_server import app
from flight_server.app import RunningServer, examine, is_loopback, open_embedded, start
from flight_server.backends.report import Report
from flight_server.config import (
    Configuration,
    ConfigurationError,
    DatabaseSection,
    ServerSection,
    TicketsSection,
    WritesSection,
)
from flight_server.service.options import Options
from tests.support.scripted import ScriptedBackend, batch, silence
from tests.support.serving import as_ticket, command, serving

READ = ReadTicket(entity="NUMBERS")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("flight.example.com", False),
        ("localhost.example.com", False),
    ],
)
def test_only_this_machine_is_loopback(host: str, *, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "flight.example.com"])
def test_listening_beyond_loopback_is_refused_without_the_flag(host: str) -> None:
    with pytest.raises(ConfigurationError, match=r"server\.allow_insecure = true"):
        start(Configuration(server=ServerSection(host=host, port=0)))


def test_tls_alone_does_not_make_a_listener_safe(tmp_path: Path) -> None:
    section = ServerSection(host="0.0.0.0", port=0, tls_cert=tmp_path / "c", tls_key=tmp_path / "k")
    with pytest.raises(ConfigurationError, match="no authentication"):
        start(Configuration(server=section))


def test_flag_listens_beyond_loopback_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    section = ServerSection(host="0.0.0.0", port=0, allow_insecure=True)
    with caplog.at_level(logging.WARNING), start(Configuration(server=section)):
        pass
    assert "without authentication" in caplog.text


def test_unreadable_certificate_is_a_configuration_error(tmp_path: Path) -> None:
    section = ServerSection(port=0, tls_cert=tmp_path / "none.pem", tls_key=tmp_path / "k.pem")
    with pytest.raises(ConfigurationError, match=r"server\.tls_cert"):
        start(Configuration(server=section))


def test_certificate_that_is_none_is_a_configuration_error(tmp_path: Path) -> None:
    for name in ("c.pem", "k.pem"):
        (tmp_path / name).write_text("no PEM", encoding="utf-8")
    section = ServerSection(port=0, tls_cert=tmp_path / "c.pem", tls_key=tmp_path / "k.pem")
    with pytest.raises(ConfigurationError, match="Cannot listen"):
        start(Configuration(server=section))


def test_taken_port_is_a_configuration_error_and_the_backend_is_closed() -> None:
    with serving(ScriptedBackend()) as running:
        port = int(running.uri.rpartition(":")[2])
        backend = ScriptedBackend()
        with pytest.raises(ConfigurationError, match=f"Cannot listen on .*{port}"):
            RunningServer(backend, Configuration(server=ServerSection(port=port)))
    assert backend.closed


def test_missing_init_script_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"database\.init_script"):
        open_embedded(DatabaseSection(init_script=tmp_path / "none.sql"))


def test_init_script_fills_the_database(tmp_path: Path) -> None:
    script = tmp_path / "init.sql"
    script.write_text('CREATE SCHEMA "S"; CREATE TABLE "S"."T" AS SELECT 1 AS "A";')
    backend = open_embedded(DatabaseSection(init_script=script))
    try:
        assert [entity.name for entity in backend.entities("S")] == ["T"]
    finally:
        backend.close()


def test_replicas_with_one_key_serve_each_others_tickets() -> None:
    key = TicketsSection.model_validate({"signing_key": "k" * 32})
    configuration = Configuration(server=ServerSection(port=0), tickets=key)
    with (
        RunningServer(ScriptedBackend(), configuration) as one,
        RunningServer(ScriptedBackend(), configuration) as two,
        fl.connect(one.uri) as first,
        fl.connect(two.uri) as second,
    ):
        (endpoint,) = first.get_flight_info(command(READ)).endpoints
        assert second.do_get(endpoint.ticket).read_all().num_rows == 3


def test_servers_with_random_keys_refuse_each_others_tickets() -> None:
    with (
        serving(ScriptedBackend()) as one,
        serving(ScriptedBackend()) as two,
        fl.connect(one.uri) as first,
        fl.connect(two.uri) as second,
    ):
        (endpoint,) = first.get_flight_info(command(READ)).endpoints
        with pytest.raises(fl.FlightUnauthorizedError, match="TICKET_FORGED"):
            second.do_get(endpoint.ticket).read_all()


def test_close_waits_for_a_running_read() -> None:
    backend = ScriptedBackend(script=lambda schema: [silence(0.4, batch(schema))])
    rows: list[int] = []
    with serving(backend) as running:
        client = fl.connect(running.uri)
        reader = client.do_get(as_ticket(READ))
        reading = threading.Thread(target=lambda: rows.append(reader.read_all().num_rows))
        reading.start()
        time.sleep(0.1)
    reading.join(5)
    assert rows == [3]
    assert backend.closed


def test_close_gives_up_on_a_read_that_does_not_end() -> None:
    backend = ScriptedBackend(script=lambda schema: [silence(30, batch(schema))])
    running = RunningServer(backend, Configuration(server=ServerSection(port=0, grace_s=0.3)))
    client = fl.connect(running.uri)
    reader = client.do_get(as_ticket(READ))
    started = time.monotonic()
    assert running.close() is False
    assert time.monotonic() - started < 2
    assert backend.closed
    reader.cancel()


def _writing(path: Path) -> Configuration:
    return Configuration(
        server=ServerSection(port=0),
        database=DatabaseSection(path=path, read_only=False),
        writes=WritesSection(enabled=True, spaces=("S", "NONE")),
    )


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "orders.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE SCHEMA S; CREATE TABLE S.T AS SELECT 1 AS A")
    return path


def test_writing_is_off_unless_it_is_said(caplog: pytest.LogCaptureFixture) -> None:
    with (
        caplog.at_level(logging.WARNING),
        serving(ScriptedBackend()) as running,
        pytest.raises(AccessDenied, match="switched off"),
    ):
        running._services.statements("ada").update("DELETE FROM NUMBERS", Options(), None)
    assert caplog.text == ""


def test_writing_that_is_on_is_logged_once(
    database: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING), start(_writing(database)):
        pass
    (message,) = caplog.messages
    assert "writing is on in the spaces S, NONE" in message
    assert "nobody is authenticated" in message


def test_server_that_closes_undoes_open_transactions(database: Path) -> None:
    with start(_writing(database)) as running:
        statements = running._services.statements("ada")
        assert statements.update("DELETE FROM S.T", Options(), statements.begin()) == 1
    with duckdb.connect(str(database)) as connection:
        assert connection.sql("SELECT count(*) FROM S.T").fetchall() == [(1,)]


def test_check_says_what_may_be_changed(database: Path) -> None:
    report = examine(_writing(database))
    assert report.facts["writable"] == ["S", "NONE"]
    assert "Writing is on in 'S', 'NONE', for everybody who can connect." in report.sentences
    (problem,) = report.problems
    assert "writes.spaces: there is no space 'NONE'" in problem


def test_check_takes_an_empty_schema_of_hana_to_write_to() -> None:
    report = Report({"backend": "hana", "spaces": {"SALES": 3}})
    writes = WritesSection(enabled=True, spaces=("SALES", "LAB"))
    shown = app._with_writes(report, writes)
    assert shown.problems == ()
    assert shown.sentences[-1].startswith("Space 'LAB', to be written to, shows nothing")


def test_check_says_that_writing_is_off() -> None:
    report = examine(Configuration(server=ServerSection(port=0)))
    assert report.facts["writable"] == []
    assert report.sentences[-1] == "Writing is off."


def test_ipv6_loopback_is_served() -> None:
    with serving(ScriptedBackend(), host="::1") as running, fl.connect(running.uri) as client:
        assert running.uri.startswith("grpc://[::1]:")
        assert client.do_get(as_ticket(READ)).read_all().num_rows == 3
