"""The section of the configuration for SAP HANA Cloud, on which SAP Datasphere stands."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from flight_server.config.driver import OptionValue, problems_of
from flight_server.config.section import Section

SECRETS: Final = ("password", "password_file", "password_variable", "token", "token_file")
MIB: Final = 1024 * 1024
MAX_LOB_BYTES: Final = 15 * MIB
"""A row must fit into a record batch, and those are below 16 MiB."""
_HOST: Final = re.compile(r"[^\s:/]+")
_DECIMAL: Final = re.compile(r"decimal128\(38, ?([0-9]|[12][0-9]|3[0-8])\)")


class Credential(Section):
    """A user of the database and what it proves itself with."""

    user: str | None = Field(
        default=None, description="Database user, for example `SALES#FLIGHT`.", min_length=1
    )
    password: SecretStr | None = Field(
        default=None, description="Its password; better in a file or a variable.", min_length=1
    )
    password_file: Path | None = Field(
        default=None, description="File that holds the password; read again at each use."
    )
    password_variable: str | None = Field(
        default=None, description="Environment variable that holds the password.", min_length=1
    )
    token: SecretStr | None = Field(
        default=None,
        description="JSON web token instead of user and password. Not verified on a live HANA.",
        min_length=1,
    )
    token_file: Path | None = Field(
        default=None, description="File that holds the token; read again at each use."
    )

    @property
    def secrets(self) -> tuple[str, ...]:
        """The keys that name what proves the user."""
        return tuple(name for name in SECRETS if getattr(self, name) is not None)

    @property
    def is_given(self) -> bool:
        """Whether the table names a user or a token."""
        return self.user is not None or bool(self.secrets)

    @model_validator(mode="after")
    def _whole(self) -> "Credential":
        if not self.is_given:
            return self
        if len(self.secrets) != 1:
            given = " and ".join(self.secrets) or "none"
            raise ValueError(f"a user has exactly one of {', '.join(SECRETS)}; given is {given}")
        if self.secrets[0].startswith("token") == (self.user is not None):
            raise ValueError("a password needs user, and a token names its user itself")
        return self


class UserTable(Credential):
    """The user of one space or one principal."""

    @model_validator(mode="after")
    def _given(self) -> "UserTable":
        if not self.is_given:
            raise ValueError("user is missing")
        return self


class HanaSection(Credential):
    """SAP HANA Cloud with SAP Datasphere, instead of the embedded database."""

    address: str | None = Field(
        default=None,
        description="Host of the database; none: the embedded database is served.",
    )
    port: int = Field(default=443, description="Port of the database.", ge=1, le=65535)
    allow_plaintext: bool = Field(
        default=False, description="Connect without TLS. Logged, except on loopback."
    )
    allow_unverified_tls: bool = Field(
        default=False, description="Connect without checking HANA's certificate. Logged."
    )
    trust_store: Path | None = Field(
        default=None,
        description="PEM file with the certificates to trust; none: those of the system.",
    )
    host_name_in_certificate: str | None = Field(
        default=None,
        description="Name that the certificate must hold, where it is not the address.",
        min_length=1,
    )
    sni_host_name: str | None = Field(
        default=None, description="Name to ask for in the TLS handshake.", min_length=1
    )
    connect_timeout_s: float = Field(
        default=15.0, description="Longest wait for a connection, in seconds.", ge=0.1, le=600
    )
    communication_timeout_s: float | None = Field(
        default=None,
        description="Longest wait for any answer, in seconds; it ends long queries too. None: no "
        "limit.",
        ge=1,
        le=86_400,
    )
    query_timeout_s: int | None = Field(
        default=None,
        description="HANA ends a statement after so many seconds; none: no limit.",
        ge=1,
        le=86_400,
    )
    packet_bytes: int = Field(
        default=4 * MIB,
        description="Size of the packets in which rows arrive, in bytes; larger ones hide latency.",
        ge=64 * 1024,
        le=64 * MIB,
    )
    schemas: tuple[str, ...] = Field(
        default=(),
        description="Serve these schemas only; none: all that the database user may read.",
    )
    catalog_ttl_s: float = Field(
        default=300.0,
        description="How long what was read of the catalogue is good, in seconds.",
        ge=0,
        le=86_400,
    )
    max_readers: int = Field(
        default=8,
        description="Most reader processes, each with one connection to HANA.",
        ge=2,
        le=256,
    )
    statements_per_space: int = Field(
        default=4,
        description="Most reads of one space at a time; they share one workload class of HANA.",
        ge=1,
        le=256,
    )
    queue_s: float = Field(
        default=60.0,
        description="Longest wait for one of these, in seconds.",
        ge=0,
        le=3600,
    )
    lob_bytes: int = Field(
        default=MAX_LOB_BYTES,
        description="Largest value of a LOB column, in bytes; a larger one fails the read.",
        ge=1024,
        le=MAX_LOB_BYTES,
    )
    floating_decimal: str = Field(
        default="utf8",
        description="How DECIMAL without scale and SMALLDECIMAL arrive: `utf8`, `float64` or "
        "`decimal128(38,S)`; a value that does not fit is an error.",
    )
    timestamps: Literal["microseconds", "text"] = Field(
        default="microseconds",
        description="How TIMESTAMP arrives: `microseconds`, without the 7th digit, or `text`, "
        "with all of it.",
    )
    application: str = Field(
        default="datasphere-flight",
        description="Name of the application that HANA shows in its traces.",
        min_length=1,
        max_length=256,
    )
    options: Mapping[str, OptionValue] = Field(
        default={}, description="More connection properties of hdbcli, by their names there."
    )
    spaces: Mapping[str, UserTable] = Field(
        default={}, description="Database users by space: tables `[hana.spaces.NAME]`."
    )
    principals: Mapping[str, UserTable] = Field(
        default={}, description="Database users by principal: tables `[hana.principals.NAME]`."
    )

    @field_validator("options")
    @classmethod
    def _known(cls, options: Mapping[str, OptionValue]) -> Mapping[str, OptionValue]:
        if problems := problems_of(options):
            raise ValueError("; ".join(problems))
        return options

    @field_validator("address")
    @classmethod
    def _host(cls, address: str | None) -> str | None:
        if address is not None and not _HOST.fullmatch(address):
            raise ValueError("a host name alone, without a scheme, port or path")
        return address

    @field_validator("floating_decimal")
    @classmethod
    def _policy(cls, policy: str) -> str:
        if policy not in ("utf8", "float64") and not _DECIMAL.fullmatch(policy):
            raise ValueError(
                f"one of utf8, float64 and decimal128(38,S) with S from 0 to 38; got {policy!r:.40}"
            )
        return policy

    @model_validator(mode="after")
    def _usable(self) -> "HanaSection":
        if self.address is None and self.model_fields_set:
            first = min(self.model_fields_set)
            raise ValueError(f"address is missing, and {first} is set")
        if self.address is not None and not (self.is_given or self.spaces or self.principals):
            raise ValueError(
                "no database user is given; set user and password, or tables under hana.spaces or "
                "hana.principals"
            )
        return self

    @property
    def floating_scale(self) -> int | None:
        """The scale of floating decimals where they are delivered with one."""
        found = _DECIMAL.fullmatch(self.floating_decimal)
        return None if found is None else int(found[1])
