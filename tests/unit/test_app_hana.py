"""The composition root over HANA: what has to be there before a server starts, and what has not."""

import logging
import sys
from pathlib import Path
from typing import Any

import pytest

from flight_server.app import examine, open_backend, start
from flight_server.config import Configuration, ConfigurationError

UNREACHED = {"address": "127.0.0.1", "port": 1, "user": "A", "password": "p"}


def configuration(**hana: Any) -> Configuration:
    given = {"server": {"port": 0}, "hana": {**UNREACHED, **hana}}
    return Configuration.model_validate(given)


def test_server_starts_while_the_database_is_away() -> None:
    with start(configuration()) as server:
        assert server.uri.startswith("grpc://127.0.0.1:")


def test_everything_that_is_missing_is_said_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "hdbcli", None)
    missing = configuration(
        trust_store=tmp_path / "ca.pem", password=None, password_variable="NO_SUCH_VARIABLE"
    )
    with pytest.raises(ConfigurationError) as caught:
        start(missing)
    driver, store, secret = caught.value.problems
    assert "pip install 'datasphere-flight[server,hana]'" in driver
    assert store.startswith("hana.trust_store: there is no file ")
    assert store.endswith("ca.pem'.")
    assert secret.startswith("hana.password_variable: the environment variable NO_SUCH_VARIABLE")


def test_trust_store_without_certificates_is_a_problem(tmp_path: Path) -> None:
    store = tmp_path / "ca.pem"
    store.write_text("-----BEGIN HOPE-----")
    with pytest.raises(ConfigurationError, match="holds no certificates in PEM"):
        examine(configuration(trust_store=store))


def test_start_says_which_hana_is_served(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        open_backend(configuration()).close()
    assert "serving HANA at" in caplog.text


def test_open_door_beyond_loopback_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        open_backend(configuration(address="db.example", allow_plaintext=True)).close()
    assert "without TLS" in caplog.text


def test_plaintext_on_loopback_is_not_worth_a_word(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        open_backend(configuration(allow_plaintext=True)).close()
    assert caplog.records == []


def test_examination_begins_with_the_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"hana\.trust_store"):
        examine(configuration(trust_store=tmp_path / "none.pem"))
