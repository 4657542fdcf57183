"""Sessions that no server keeps: the options of a client, sealed into the text of its cookie."""

import base64
import binascii
import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from flight_client.protocol.errors import InvalidTicket, Unauthenticated
from flight_client.protocol.tickets import (
    MAX_BATCH_BYTES,
    MAX_PARTITIONS,
    MIN_BATCH_BYTES,
    Compression,
)
from flight_server.planning.names import nearest, suggestion
from flight_server.service.discovery import Discovery
from flight_server.service.options import Options, options_from_json, options_to_json
from flight_server.service.seal import SESSION, Seal

SESSION_S: Final = 86400
"""How long a session is good after its last change, in seconds: longer than a working day."""

SessionValue: TypeAlias = bool | int | float | str | tuple[str, ...] | None
"""A value as Flight carries it; None for one that is not set."""

CATALOG: Final = "catalog"
SCHEMA: Final = "schema"
BATCH_BYTES: Final = "batch_bytes"
COMPRESSION: Final = "compression"
PARTITIONS: Final = "partitions"


class Problem(enum.Enum):
    """Why an option is not set, as Flight tells it."""

    INVALID_NAME = "invalid name"
    INVALID_VALUE = "invalid value"


@dataclass(frozen=True, slots=True)
class Refused:
    """An option that cannot be set so.

    Attributes:
        problem: What is wrong.
        sentence: The same for people.
    """

    problem: Problem
    sentence: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """What came of a wish for options.

    Attributes:
        options: The new ones; the old ones where anything is refused.
        refused: By name; empty where all were set.
    """

    options: Options
    refused: Mapping[str, Refused]


class _Wrong(Exception):
    """A value cannot be taken; its text says which can."""


@dataclass(frozen=True, slots=True)
class Sessions:
    """The sessions of one principal."""

    principal: str
    seal: Seal
    discovery: Discovery

    def cookie(self, options: Options) -> str:
        """The text of a cookie that holds these options; letters, digits, ``-`` and ``_`` only."""
        sealed = self.seal.seal_form(
            SESSION, options_to_json(options), self.principal, lifetime_s=SESSION_S
        )
        return base64.urlsafe_b64encode(sealed).decode("ascii").rstrip("=")

    def open(self, cookie: str) -> Options:
        """The options of a cookie.

        Raises:
            Unauthenticated: This server did not make it for this principal, or it is too old.
        """
        try:
            padded = cookie + "=" * (-len(cookie) % 4)
            body = base64.b64decode(padded, altchars=b"-_", validate=True)
            return self.seal.open_form(SESSION, body, self.principal, options_from_json)
        except InvalidTicket as error:
            raise Unauthenticated(f"The session is not known here: {error.message}") from error
        except (binascii.Error, ValueError):
            raise Unauthenticated(
                "The session is not known here: its cookie is none that this server makes; begin a "
                "new session."
            ) from None

    def choose(self, options: Options, wishes: Mapping[str, SessionValue]) -> Chosen:
        """The options with those that a client wishes; None as a value takes one back.

        Nothing is set where one of them is refused.
        """
        refused: dict[str, Refused] = {}
        chosen = options
        for name, value in wishes.items():
            setter = self._setters.get(name)
            if setter is None:
                near = nearest(name, self._setters)
                hint = suggestion(near, f"known are {', '.join(self._setters)}")
                refused[name] = Refused(
                    Problem.INVALID_NAME, f"There is no session option {name!r:.80}{hint}"
                )
                continue
            try:
                chosen = setter(chosen, value)
            except _Wrong as wrong:
                refused[name] = Refused(
                    Problem.INVALID_VALUE, f"{name} {wrong}; got {value!r:.80}."
                )
        return Chosen(options if refused else chosen, refused)

    @staticmethod
    def values(options: Options) -> dict[str, SessionValue]:
        """Every option as a client reads it; None for those that are left to the server."""
        return {
            CATALOG: None,  # there are none, as in HANA
            SCHEMA: options.space,
            BATCH_BYTES: options.batch_bytes,
            COMPRESSION: options.compression.value,
            PARTITIONS: options.partitions,
        }

    @property
    def _setters(self) -> Mapping[str, Callable[[Options, SessionValue], Options]]:
        return {
            CATALOG: _catalog,
            SCHEMA: self._schema,
            BATCH_BYTES: lambda options, value: replace(
                options, batch_bytes=_number(value, MIN_BATCH_BYTES, MAX_BATCH_BYTES)
            ),
            COMPRESSION: _compression,
            PARTITIONS: lambda options, value: replace(
                options, partitions=_number(value, 1, MAX_PARTITIONS)
            ),
        }

    def _schema(self, options: Options, value: SessionValue) -> Options:
        if value in (None, ""):
            return replace(options, space=None)
        known = [space.name for space in self.discovery.spaces()]
        if not isinstance(value, str):
            raise _Wrong("is the name of a schema")
        if value not in known:
            near = nearest(value, known)
            hint = f", for example {' or '.join(near)}" if near else ""
            raise _Wrong(f"is the name of a schema that there is{hint}")
        return replace(options, space=value)


def _catalog(options: Options, value: SessionValue) -> Options:
    if value not in (None, ""):
        raise _Wrong("stays empty, because this server has no catalogs")
    return options


def _compression(options: Options, value: SessionValue) -> Options:
    words = {kind.value: kind for kind in Compression}
    if value in (None, ""):
        return replace(options, compression=Compression.NONE)
    if not isinstance(value, str) or value.lower() not in words:
        raise _Wrong(f"is one of {', '.join(words)}")
    return replace(options, compression=words[value.lower()])


def _number(value: SessionValue, least: int, most: int) -> int | None:
    """An integer within bounds; drivers send some as text or as floats."""
    if value in (None, ""):
        return None
    wrong = _Wrong(f"is an integer from {least} to {most}")
    if isinstance(value, bool | tuple):
        raise wrong
    try:
        number = int(value)
    except (ValueError, OverflowError):
        raise wrong from None
    if (number != value and not isinstance(value, str)) or not least <= number <= most:
        raise wrong
    return number
