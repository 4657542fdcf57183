"""From the section of the configuration to the backend; nothing connects before it is asked."""

import ssl
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from flight_client.protocol.catalog import HanaType
from flight_server.backends.hana.backend import HanaBackend
from flight_server.backends.hana.entities import Delivery
from flight_server.backends.hana.pool.readers import Readers
from flight_server.backends.hana.pool.settings import ReaderSettings
from flight_server.backends.hana.shared import Reading, Shared
from flight_server.backends.hana.users import Users
from flight_server.config import HanaSection

READ_ONLY: Final = ("SET TRANSACTION READ ONLY", "SET TRANSACTION DDL OFF")
"""Run on every connection, as a wall behind the gate and the rights of the user. Both last for the
session [SAP HANA SQL reference, SET TRANSACTION]; whether a database user of Datasphere may say
them was not verified on a live HANA, so that a refusal is told by ``check`` and does no harm."""

WRITABLE: Final = ("SET TRANSACTION AUTOCOMMIT DDL OFF",)
"""Run on every connection that was opened to write, so that a definition can be rolled back with
what follows it [SAP HANA Cloud SQL reference, SET TRANSACTION AUTOCOMMIT DDL]; not verified on a
live HANA. Where it is refused, transactions define no tables."""

TIMESTAMP_TEXT: Final = HanaType("NVARCHAR", 27)
"""YYYY-MM-DD HH24:MI:SS.FF7."""

_START_S: Final = 15.0
"""For a process to start and a driver to load, beside the time to connect, in seconds."""


def problems_of(hana: HanaSection) -> Iterator[str]:
    """A sentence for each thing outside of the configuration that is missing."""
    if find_spec("hdbcli") is None:
        yield (
            "hana.address: hdbcli, SAP's driver, is not installed; install it with "
            "pip install 'datasphere-flight[server,hana]'."
        )
    if hana.trust_store is not None and not hana.trust_store.is_file():
        yield f"hana.trust_store: there is no file {str(hana.trust_store)!r}."
    elif hana.trust_store is not None and not _holds_certificates(hana.trust_store):
        yield f"hana.trust_store: {str(hana.trust_store)!r} holds no certificates in PEM."
    yield from Users(hana).problems()


def _holds_certificates(path: Path) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except OSError:  # SSLError is one
        return False
    return True


def hana_backend(hana: HanaSection) -> HanaBackend:
    """The backend of a section. The caller closes it."""
    return HanaBackend(shared_of(hana))


def shared_of(hana: HanaSection) -> Shared:
    """What the backends of all principals have in common. The caller closes its pool."""
    return Shared(Readers(reader_settings(hana)), Users(hana), reading(hana))


def reader_settings(hana: HanaSection) -> ReaderSettings:
    """How reader processes run."""
    start_s = hana.connect_timeout_s + _START_S
    return ReaderSettings(
        max_readers=hana.max_readers,
        statements_per_space=hana.statements_per_space,
        queue_s=hana.queue_s,
        start_s=start_s,
        short_s=2 * start_s,
        statements=READ_ONLY,
        change_statements=WRITABLE,
        client_info={
            "APPLICATION": hana.application,
            "APPLICATIONVERSION": version("datasphere-flight"),
        },
    )


def reading(hana: HanaSection) -> Reading:
    """How statements run and values arrive."""
    return Reading(
        delivery=delivery(hana),
        lob_bytes=hana.lob_bytes,
        query_timeout_s=hana.query_timeout_s or 0,
        catalog_ttl_s=hana.catalog_ttl_s,
    )


def delivery(hana: HanaSection) -> Delivery:
    """What floating decimals and timestamps are read as."""
    scale = hana.floating_scale
    decimal = HanaType("DOUBLE") if hana.floating_decimal == "float64" else None
    if scale is not None:
        decimal = HanaType("DECIMAL", 38, scale)
    return Delivery(decimal, TIMESTAMP_TEXT if hana.timestamps == "text" else None)
