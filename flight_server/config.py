"""The configuration: one frozen tree, read once, all problems reported together."""

import difflib
import json
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from flight_client.protocol.tickets import MAX_BATCH_BYTES, MIN_BATCH_BYTES

PREFIX: Final = "FLIGHT_SERVER_"
SEPARATOR: Final = "__"
FILE_SUFFIX: Final = "_FILE"
CONFIG_VARIABLE: Final = "FLIGHT_SERVER_CONFIG"
"""Names the configuration file where the command line does not."""
MIN_KEY_CHARACTERS: Final = 32
LOCATIONS: Final = ("grpc://", "grpc+tls://", "grpc+tcp://", "arrow-flight-reuse-connection://")


class ConfigurationError(Exception):
    """The configuration cannot be used.

    Attributes:
        problems: One sentence each; all that were found.
    """

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Section(BaseModel):
    """A table of the configuration file; unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


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
        description="How long running reads may take to end at a stop, in seconds.",
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


class LimitsSection(Section):
    """Bounds of a read."""

    batch_bytes: int = Field(
        default=4 * 1024 * 1024,
        description="Size of record batches in bytes, where the request does not say.",
        ge=MIN_BATCH_BYTES,
        le=MAX_BATCH_BYTES,
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
    tickets: TicketsSection = TicketsSection()
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


SECTIONS: Final[Mapping[str, type[Section]]] = {
    name: field.annotation
    for name, field in Configuration.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, Section)
}


def is_secret(field: FieldInfo) -> bool:
    """Whether the value must never be shown."""
    return SecretStr in (field.annotation, *get_args(field.annotation))


def variable_name(section: str, name: str) -> str:
    """The environment variable of a key."""
    return f"{PREFIX}{section}{SEPARATOR}{name}".upper()


def load(path: Path | None = None) -> Configuration:
    """Read the environment and a TOML file; the environment wins.

    Args:
        path: The file; None for none.

    Raises:
        ConfigurationError: With every problem that was found.
    """

    class Loaded(Configuration):
        model_config = SettingsConfigDict(toml_file=path)

    tree, problems = _read_environment()
    if path is not None and not path.is_file():
        raise ConfigurationError((*problems, f"There is no configuration file {str(path)!r}."))
    try:
        loaded = Loaded(**tree)
    except ValidationError as error:
        problems.extend(_sentence(details) for details in error.errors(include_url=False))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        problems.append(f"{path}: no TOML: {error}.")
    else:
        if not problems:
            return loaded
    raise ConfigurationError(tuple(problems))


def _read_environment() -> tuple[dict[str, Any], list[str]]:
    """The sections that variables set, and a sentence for each variable that cannot be used."""
    keys = {
        variable_name(section, name) + suffix: (section, name)
        for section, table in SECTIONS.items()
        for name, field in table.model_fields.items()
        for suffix in ("", FILE_SUFFIX)
        if not suffix or is_secret(field)
    }
    tree: dict[str, dict[str, Any]] = {}
    problems: list[str] = []
    for variable, value in sorted(os.environ.items()):
        if variable not in keys:
            if _is_meant_for_us(variable, value):
                problems.append(f"{variable}: unknown variable{_did_you_mean(variable, keys)}")
            continue
        section, name = keys[variable]
        field = SECTIONS[section].model_fields[name]
        try:
            tree.setdefault(section, {})[name] = _parse(variable, value, field)
        except (OSError, ValueError) as error:
            problems.append(f"{variable}: {error}.")
    return tree, problems


def _parse(variable: str, value: str, field: FieldInfo) -> object:
    if variable.endswith(FILE_SUFFIX) and is_secret(field):
        return Path(value).read_text(encoding="utf-8").strip()
    if get_origin(field.annotation) is tuple:
        try:
            return json.loads(value)
        except ValueError:
            raise ValueError('write a JSON list, as in ["a", "b"]') from None
    return value


def _is_meant_for_us(variable: str, value: str) -> bool:
    """Whether a variable with our prefix is a setting, and not what Kubernetes puts into a pod.

    It describes each Service of the namespace that way, one named flight-server too [Kubernetes
    documentation, Service: environment variables].
    """
    if not variable.startswith(PREFIX) or variable == CONFIG_VARIABLE:
        return False
    return not (_SERVICE_VARIABLE.fullmatch(variable) or re.match(r"(tcp|udp|sctp)://", value))


_SERVICE_VARIABLE: Final = re.compile(
    rf"{PREFIX}(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)(_[A-Z]+)?)"
)


def _sentence(details: ErrorDetails) -> str:
    location = [str(part) for part in details["loc"]]
    key = ".".join(location)
    if details["type"] != "extra_forbidden":
        message = details["msg"].removeprefix("Value error, ").replace(" items ", " characters ")
        return f"{key}: {message[:1].lower()}{message[1:]}."
    section = SECTIONS.get(location[0])
    if len(location) == 1 or section is None:
        return f"{key}: unknown section{_did_you_mean(location[0], SECTIONS)}"
    return f"{key}: unknown key{_did_you_mean(location[1], section.model_fields)}"


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), 1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}."
