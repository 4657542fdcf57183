"""The connection properties of hdbcli that a configuration comes to; never sees the driver.

Names and units: datasphere-hana.md 1.3 (hdbcli 2.30.27 was tried for the timeouts, which are in
milliseconds, and for TLS).
"""

import logging
from collections.abc import Mapping
from typing import Final

from flight_server.config import HanaSection
from flight_server.config.driver import OptionValue

_log: Final = logging.getLogger(__name__)


def connection_options(hana: HanaSection) -> Mapping[str, OptionValue]:
    """The properties of every connection, without those of a user.

    ``reconnect`` is off because a connection that comes back silently has lost its session
    variables and its read-only mode, and ``autocommit`` is on because each read is one statement.
    """
    options: dict[str, OptionValue | None] = {
        **hana.options,
        "address": hana.address,
        "port": hana.port,
        "autocommit": True,
        "reconnect": False,
        "encrypt": not hana.allow_plaintext,
        "connectTimeout": _milliseconds(hana.connect_timeout_s),
        "communicationTimeout": _milliseconds(hana.communication_timeout_s),
        "packetSize": hana.packet_bytes,
        "vectoroutputtype": "memoryview",
    }
    if not hana.allow_plaintext:
        options |= {
            "sslValidateCertificate": not hana.allow_unverified_tls,
            "sslTrustStore": None if hana.trust_store is None else str(hana.trust_store.absolute()),
            "sslHostNameInCertificate": hana.host_name_in_certificate,
            "sslSNIHostname": hana.sni_host_name,
        }
    return {name: value for name, value in options.items() if value is not None}


def warn_of_open_doors(hana: HanaSection, *, on_loopback: bool) -> None:
    """Say in the log what the flags give up."""
    if hana.allow_plaintext and not on_loopback:
        _log.warning(
            "connecting to HANA at %s without TLS: anyone in between can read along", hana.address
        )
    if hana.allow_unverified_tls and not hana.allow_plaintext:
        _log.warning(
            "connecting to HANA at %s without checking its certificate: anyone in between can "
            "read along",
            hana.address,
        )


def _milliseconds(seconds: float | None) -> int:
    """Zero, which is without limit, for None."""
    return 0 if seconds is None else max(1, round(seconds * 1000))
