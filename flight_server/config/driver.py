"""Which connection properties of hdbcli may be set beside our own keys; never sees the driver.

hdbcli takes any property and ignores what it does not know, a typing error too [tried with
2.30.27], so that every name is compared with this list. The names stand in the driver's binary;
what they do is told by the documents of the SAP HANA client, and was not tried on a live HANA.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from flight_server.config.section import did_you_mean

OptionValue: TypeAlias = bool | int | str


@dataclass(frozen=True, slots=True)
class Property:
    """A property that is let through.

    Attributes:
        kind: What a value must be.
        least: Of an integer.
        most: Of an integer.
    """

    kind: type[bool] | type[int] | type[str]
    least: int = 0
    most: int = 2**31 - 1

    def problem(self, value: OptionValue) -> str | None:
        """What is wrong with a value, None if nothing is."""
        if type(value) is not self.kind:
            return f"is {_KINDS[self.kind]}; got {value!r:.40}"
        if isinstance(value, int) and not self.least <= value <= self.most:
            return f"is an integer from {self.least} to {self.most}; got {value}"
        return None


_KINDS: Final = {bool: "true or false", int: "an integer", str: "a text"}

KNOWN: Final[Mapping[str, Property]] = {
    "compress": Property(bool),
    "databaseName": Property(str),
    "disableCloudRedirect": Property(bool),
    "distribution": Property(str),
    "locale": Property(str),
    "networkGroup": Property(str),
    "nodeConnectTimeout": Property(int),  # milliseconds
    "packetCaching": Property(bool),
    "packetSizeLimit": Property(int, 64 * 1024, 2**30 - 1),  # bytes
    "prefetch": Property(bool),
    "proxyHostName": Property(str),
    "proxyHttp": Property(bool),
    "proxyPort": Property(int, 1, 65_535),
    "sslCipherSuites": Property(str),
    "sslCryptoProvider": Property(str),
    "sslMaxProtocolVersion": Property(str),
    "sslMinProtocolVersion": Property(str),
    "sslUseDefaultTrustStore": Property(bool),
    "statementCacheSize": Property(int),
    "webSocketURL": Property(str),
}

OWNED: Final[Mapping[str, str]] = {
    "address": "set hana.address",
    "authenticationMethods": "set hana.token for a JWT",
    "autocommit": "the server decides it",
    "chopBlanks": "it would change the values that are read",
    "communicationTimeout": "set hana.communication_timeout_s",
    "connectTimeout": "set hana.connect_timeout_s",
    "currentSchema": "the server writes the schema before every name",
    "emptyTimestampIsNull": "it would change the values that are read",
    "encrypt": "set hana.allow_plaintext",
    "isolationLevel": "the server decides it",
    "isoTimestampOutput": "it would change the values that are read",
    "key": "the server reads no hdbuserstore; set hana.user and hana.password",
    "packetSize": "set hana.packet_bytes",
    "password": "set hana.password",
    "port": "set hana.port",
    "queryTimeout": "set hana.query_timeout_s",
    "reconnect": "a connection that comes back silently has lost its session variables",
    "spatialTypes": "it would change the values that are read",
    "sslHostNameInCertificate": "set hana.host_name_in_certificate",
    "sslSNIHostname": "set hana.sni_host_name",
    "sslTrustStore": "set hana.trust_store",
    "sslValidateCertificate": "set hana.allow_unverified_tls",
    "user": "set hana.user",
    "userkey": "the server reads no hdbuserstore; set hana.user and hana.password",
    "vectorOutputType": "the server decides it",
}
"""Properties that are ours, and what to do instead; in any case of letters."""


def problems_of(options: Mapping[str, OptionValue]) -> list[str]:
    """A sentence, without its end, for each property that cannot be let through."""
    owned = {name.lower(): advice for name, advice in OWNED.items()}
    found: list[str] = []
    for name, value in options.items():
        if name.lower() in owned:
            found.append(f"{name} cannot be set here: {owned[name.lower()]}")
        elif name not in KNOWN:
            hint = did_you_mean(name, [*KNOWN, *OWNED]).rstrip(".")
            found.append(f"{name!r} is no connection property that is let through{hint}")
        elif (problem := KNOWN[name].problem(value)) is not None:
            found.append(f"{name} {problem}")
    return found
