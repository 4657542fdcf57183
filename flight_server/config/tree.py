"""All sections and their keys, with defaults and bounds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from flight_client.protocol.tickets import (
    MAX_BATCH_BYTES,
    MAX_NAME,
    MAX_PARTITIONS,
    MIN_BATCH_BYTES,
)
from flight_server.config.hana import HanaSection
from flight_server.config.section import Section

MIN_KEY_CHARACTERS: Final = 32
LOCATIONS: Final = ("grpc://", "grpc+tls://", "grpc+tcp://", "arrow-flight-reuse-connection://")


class ServerSection(Section):
    """Where and how the server listens."""

    host: str = Field(default="127.0.0.1", description="Address to listen on.", min_length=1)
    port: int = Field(default=8815, description="Port; 0 takes a free one.", ge=0, le=65535)
    tls_cert: Path | None = Field(default=None, description="PEM file with the certificate chain.")
    tls_key: Path | None = Field(default=None, description="PEM file with the private key.")
    allow_insecure: bool = Field(
        default=False,
        description="Listen beyond loopback without TLS or without authentication. Logged.",
    )
    advertise: tuple[str, ...] = Field(
        default=(), description="Locations named in endpoints; none: clients keep their connection."
    )
    heartbeat_s: float = Field(
        default=5.0, description="Longest silence of a stream, in seconds.", ge=0.1, le=60
    )
    grace_s: float = Field(
        default=10.0,
        description="How long running reads and changes may take to end at a stop, in seconds.",
        ge=0,
        le=3600,
    )

    @field_validator("advertise")
    @classmethod
    def _is_location(cls, locations: tuple[str, ...]) -> tuple[str, ...]:
        for location in locations:
            if not location.startswith(LOCATIONS):
                raise ValueError(f"{location!r} is no location; write grpc+tls://host:port")
        return locations

    @model_validator(mode="after")
    def _both_or_none(self) -> "ServerSection":
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key belong together; set both or none")
        return self


class DatabaseSection(Section):
    """The embedded database."""

    path: Path | None = Field(default=None, description="DuckDB file; none: a database in memory.")
    read_only: bool = Field(default=True, description="Open the file for reading only.")
    init_script: Path | None = Field(
        default=None, description="SQL file run when the database opens."
    )
    caller_dialect: Literal["hana", "duckdb"] = Field(
        default="hana", description="The SQL that callers write."
    )
    memory_limit: str | None = Field(
        default=None,
        description="Most memory DuckDB takes, for example `512MB`; none: DuckDB's default, "
        "80 % of the machine.",
        pattern=r"^\d+(\.\d+)? ?[KMGT]i?B$",
    )
    threads: int | None = Field(
        default=None, description="Threads of DuckDB; none: one for each core.", ge=1, le=1024
    )


class TicketsSection(Section):
    """Tickets that the server signs."""

    signing_key: SecretStr | None = Field(
        default=None,
        description=f"Secret of {MIN_KEY_CHARACTERS} characters or more, the same on every "
        "replica; none: random for each process.",
        min_length=MIN_KEY_CHARACTERS,
    )
    lifetime_s: int = Field(
        default=3600, description="How long a ticket is good, in seconds.", ge=1, le=86400
    )


class WritesSection(Section):
    """Changing data, which is off until it is switched on: nobody is authenticated yet."""

    enabled: bool = Field(
        default=False, description="Let callers change data, all of them, in `writes.spaces`."
    )
    spaces: tuple[str, ...] = Field(
        default=(), description="Spaces (schemas) whose tables may be changed; exact names."
    )
    idle_s: int = Field(
        default=60,
        description="A transaction with changes that nothing uses for so many seconds is rolled "
        "back.",
        ge=1,
        le=3600,
    )
    max_transactions: int = Field(
        default=4,
        description="Most transactions with changes that are open at a time; each holds a "
        "connection.",
        ge=1,
        le=1024,
    )

    follow_connections: bool = Field(
        default=True,
        description="A statement that was prepared in a transaction goes on in the next one of its "
        "connection. False behind a proxy that shares connections without saying so in a header.",
    )

    @field_validator("spaces")
    @classmethod
    def _has_names(cls, spaces: tuple[str, ...]) -> tuple[str, ...]:
        for space in spaces:
            if not 1 <= len(space) <= MAX_NAME:
                raise ValueError(f"{space!r:.80} is no name; write 1 to {MAX_NAME} characters")
        return spaces

    @model_validator(mode="after")
    def _where(self) -> "WritesSection":
        if self.enabled and not self.spaces:
            raise ValueError(
                "enabled needs spaces, the schemas whose tables may be changed; name them, or "
                "leave writing off"
            )
        return self


class LimitsSection(Section):
    """Bounds of a read."""

    batch_bytes: int = Field(
        default=4 * 1024 * 1024,
        description="Size of record batches in bytes, where the request does not say.",
        ge=MIN_BATCH_BYTES,
        le=MAX_BATCH_BYTES,
    )
    scan_endpoints: int | None = Field(
        default=None,
        description="Most endpoints of a large scan in SQL, where the session names no number; "
        "none: one for two processors, 4 at most.",
        ge=1,
        le=MAX_PARTITIONS,
    )


class LogSection(Section):
    """What is logged, to standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe level that is logged."
    )


class Configuration(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    server: ServerSection = ServerSection()
    database: DatabaseSection = DatabaseSection()
    hana: HanaSection = HanaSection()
    tickets: TicketsSection = TicketsSection()
    writes: WritesSection = WritesSection()
    limits: LimitsSection = LimitsSection()
    log: LogSection = LogSection()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is passed wins over the TOML file; ``load`` passes the environment."""
        return init_settings, TomlConfigSettingsSource(settings_cls)

    @model_validator(mode="after")
    def _one_database(self) -> "Configuration":
        if self.hana.address is not None and self.database.model_fields_set:
            key = min(self.database.model_fields_set)
            raise ValueError(f"hana.address and database.{key} are both set; serve one of the two")
        return self

    @model_validator(mode="after")
    def _database_takes_writes(self) -> "Configuration":
        database = self.database
        if self.writes.enabled and database.path is not None and database.read_only:
            raise ValueError(
                "writes.enabled is set and the file of database.path is opened for reading only; "
                "set database.read_only = false, or leave writing off"
            )
        return self


SECTIONS: Final[Mapping[str, type[Section]]] = {
    name: field.annotation
    for name, field in Configuration.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, Section)
}
