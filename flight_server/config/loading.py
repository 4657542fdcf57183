"""Reads the configuration from the environment and a file, and words what is wrong with it."""

import json
import os
import re
import tomllib
from pathlib import Path
from typing import Any, Final, cast, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import SettingsConfigDict

from flight_server.config.section import Section, did_you_mean, is_secret, is_table
from flight_server.config.tree import SECTIONS, Configuration

PREFIX: Final = "FLIGHT_SERVER_"
SEPARATOR: Final = "__"
FILE_SUFFIX: Final = "_FILE"
CONFIG_VARIABLE: Final = "FLIGHT_SERVER_CONFIG"
"""Names the configuration file where the command line does not."""


class ConfigurationError(Exception):
    """The configuration cannot be used.

    Attributes:
        problems: One sentence each; all that were found.
    """

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


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
        if not is_table(field) and (not suffix or is_secret(field))
    }
    tree: dict[str, dict[str, Any]] = {}
    problems: list[str] = []
    for variable, value in sorted(os.environ.items()):
        if variable not in keys:
            if _is_meant_for_us(variable, value):
                problems.append(f"{variable}: unknown variable{did_you_mean(variable, keys)}")
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
    if details["type"] != "extra_forbidden":
        message = details["msg"].removeprefix("Value error, ").replace(" items ", " characters ")
        if not location:  # of the whole tree; it names its keys itself
            return f"{message}."
        return f"{'.'.join(location)}: {message[:1].lower()}{message[1:]}."
    *place, name = location
    known = _keys_of(place)
    what = "section" if not place else "key"
    return f"{'.'.join(location)}: unknown {what}{did_you_mean(name, known)}"


def _keys_of(place: list[str]) -> list[str]:
    """The keys of a table, given by its path in the file."""
    if not place:
        return list(SECTIONS)
    section = SECTIONS[place[0]]
    if len(place) > 1:  # a table with a name of the user's own
        annotation = section.model_fields[place[1]].annotation
        section = cast("type[Section]", get_args(annotation)[1])
    return list(section.model_fields)
