"""What the texts of options say: a connection, names, numbers, JSON; not what they are for."""

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, cast

from flight_client.config import ClientConfig, read_config, read_secret
from flight_client.protocol.errors import InvalidRead, InvalidRequest

CONNECTION: Final = (
    "uri", "token", "token_file", "user", "password", "password_file", "tls_roots", "space",
)  # fmt: skip
TABLE_ONLY: Final[tuple[str, ...]] = (
    "columns",
    "where",
    "partitions",
    "partition_by",
    "partition_method",
)
READ_ONLY: Final[tuple[str, ...]] = (
    "query", "parameters", "batch_bytes", "compression", "pushdown", *TABLE_ONLY,
)  # fmt: skip
WRITE_ONLY: Final[tuple[str, ...]] = ("upsert", "keys", "types", "batch_rows", "commit_timeout_s")


def given_options(
    options: Mapping[str, str], known: Sequence[str], elsewhere: Mapping[str, str]
) -> dict[str, str]:
    """The options but for those with a dot in their name, which are Spark's own.

    Args:
        options: By name in lower case.
        known: Those that there are.
        elsewhere: Others that there are, and what to say of them.

    Raises:
        InvalidRequest: One is none of the known.
    """
    given = {name: value for name, value in options.items() if "." not in name}
    for name in given:
        if name in elsewhere and name not in known:
            raise InvalidRequest(f"The option {name!r} {elsewhere[name]}; leave it out.")
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            advice = f"did you mean {near[0]!r}" if near else f"there are {', '.join(known)}"
            raise InvalidRequest(f"format('flight') has no option {name!r:.80}; {advice}.")
    return given


def connection(given: Mapping[str, str], environment: Mapping[str, str]) -> ClientConfig:
    """The settings of a connection; what options leave out is that of the environment.

    Raises:
        InvalidRequest: Naming the option that is missing or does not fit.
    """
    config = read_config(
        environment,
        uri=given.get("uri"),
        token=_secret("token", given),
        user=given.get("user"),
        password=_secret("password", given),
        tls_roots=given.get("tls_roots"),
        space=given.get("space"),
    )
    return replace(config, progress=False)


def _secret(name: str, given: Mapping[str, str]) -> str | None:
    file = given.get(f"{name}_file")
    if file is None:
        return given.get(name)
    if name in given:
        raise InvalidRequest(
            f"The options {name!r} and '{name}_file' are both given; keep one of them."
        )
    return read_secret(file, f"{name}_file")


def names(option: str, text: str | None) -> tuple[str, ...] | None:
    """Names divided by commas; or a JSON list, for names with commas or spaces at an end.

    What is no text in the list is refused by whoever takes the names.

    Raises:
        InvalidRequest: It is no such list.
    """
    if text is None:
        return None
    if not text.lstrip().startswith("["):
        return tuple(name.strip() for name in text.split(","))
    found = from_json(option, text, '["A", "B"]')
    if not isinstance(found, list):
        raise InvalidRead(f'{option} is a list of names such as ["A", "B"]; got {text!r:.80}.')
    return tuple(cast("list[str]", found))


def from_json(option: str, text: str, example: str) -> object:
    """What JSON says.

    Raises:
        InvalidRequest: It is none.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(
            f"The option {option!r} is no JSON such as {example}: {error!s:.100}."
        ) from None


def whole(option: str, text: str) -> int:
    """A whole number; raises InvalidRead where it is none."""
    try:
        return int(text)
    except ValueError:
        raise InvalidRead(f"{option} is a whole number; got {text!r:.80}.") from None


_FLAGS: Final = {"true": True, "false": False}


def flag(option: str, text: str) -> bool:
    """True or false; raises InvalidRequest where it is neither."""
    found = _FLAGS.get(text.strip().lower())
    if found is None:
        raise InvalidRequest(f"{option} is true or false; got {text!r:.80}.")
    return found
