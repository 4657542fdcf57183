"""A configuration as connection properties of hdbcli."""

import logging
from pathlib import Path
from typing import Any

import pytest

from flight_server.backends.hana.options import connection_options, warn_of_open_doors
from flight_server.config import HanaSection


def section(**keys: Any) -> HanaSection:
    given = {"address": "hana.example", "user": "A", "password": "b", **keys}
    return HanaSection.model_validate(given)


def test_defaults_check_the_certificate_and_never_come_back_silently() -> None:
    assert connection_options(section()) == {
        "address": "hana.example",
        "port": 443,
        "autocommit": True,
        "reconnect": False,
        "encrypt": True,
        "sslValidateCertificate": True,
        "connectTimeout": 15_000,
        "communicationTimeout": 0,
        "packetSize": 4 * 1024 * 1024,
        "vectoroutputtype": "memoryview",
    }


def test_tls_is_told_whom_to_trust(tmp_path: Path) -> None:
    found = connection_options(
        section(
            trust_store=str(tmp_path / "ca.pem"),
            host_name_in_certificate="db.example",
            sni_host_name="sni.example",
        )
    )
    assert found["sslTrustStore"] == str(tmp_path / "ca.pem")
    assert found["sslHostNameInCertificate"] == "db.example"
    assert found["sslSNIHostname"] == "sni.example"


def test_unverified_certificate_needs_its_flag() -> None:
    found = connection_options(section(allow_unverified_tls=True))
    assert (found["encrypt"], found["sslValidateCertificate"]) == (True, False)


def test_plaintext_says_nothing_of_certificates() -> None:
    found = connection_options(section(allow_plaintext=True))
    assert found["encrypt"] is False
    assert not [name for name in found if name.startswith("ssl")]


def test_times_become_milliseconds() -> None:
    found = connection_options(section(connect_timeout_s=0.5, communication_timeout_s=90))
    assert (found["connectTimeout"], found["communicationTimeout"]) == (500, 90_000)


def test_other_properties_are_handed_on() -> None:
    assert connection_options(section(options={"compress": True}))["compress"] is True


@pytest.mark.parametrize(
    ("keys", "on_loopback", "said"),
    [
        ({}, False, ""),
        ({"allow_plaintext": True}, True, ""),
        ({"allow_plaintext": True}, False, "without TLS"),
        ({"allow_unverified_tls": True}, True, "without checking its certificate"),
    ],
)
def test_open_door_is_logged(
    caplog: pytest.LogCaptureFixture, keys: dict[str, Any], on_loopback: bool, said: str
) -> None:
    with caplog.at_level(logging.WARNING):
        warn_of_open_doors(section(**keys), on_loopback=on_loopback)
    assert said in caplog.text
    assert bool(caplog.records) is bool(said)
