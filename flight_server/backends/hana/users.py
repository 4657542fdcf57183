"""Which database user reads what for whom; reads secrets where they are kept, opens nothing."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from flight_client.protocol.errors import AccessDenied, Unavailable
from flight_server.backends.hana.access import DatabaseUser
from flight_server.backends.hana.options import connection_options
from flight_server.config import Credential, HanaSection


class SecretUnreadable(Exception):
    """A password or token is not where the configuration says; the sentence is for no caller."""


@dataclass(frozen=True, slots=True)
class Grant:
    """A database user and the spaces that are read with it.

    Attributes:
        label: Of the user.
        log_on: Reads its secret and makes the user.
        only: These spaces and no other; None for all that the user may read.
        but: Spaces that are read with other users.
    """

    label: str
    log_on: Callable[[], DatabaseUser] = field(repr=False, compare=False)
    only: frozenset[str] | None = None
    but: frozenset[str] = frozenset()

    @property
    def user(self) -> DatabaseUser:
        """The user, with its secret as it is now.

        Raises:
            Unavailable: The secret cannot be read.
        """
        return self.log_on()

    def serves(self, space: str) -> bool:
        """Whether this user reads the space."""
        return (self.only is None or space in self.only) and space not in self.but


class Users:
    """The database users of a configuration."""

    def __init__(self, hana: HanaSection) -> None:
        """Secrets are read when their user is needed, and no earlier."""
        self._hana: Final = hana
        self._options: Final = connection_options(hana)
        self._schemas: Final = frozenset(hana.schemas) if hana.schemas else None

    def grants(self, principal: str | None) -> tuple[Grant, ...]:
        """The users of a principal, each with other spaces; None for those of everybody.

        Raises:
            AccessDenied: The principal has none.
        """
        own = self._hana.principals.get(principal) if principal is not None else None
        if own is not None:
            return (self._grant(own, f"principals.{principal}", self._schemas),)
        if not self._hana.is_given and not self._hana.spaces:
            raise AccessDenied(
                f"The principal {principal or 'nobody'!r} has no user in HANA; the administrator "
                "gives it one under hana.principals."
            )
        return tuple(self._shared())

    def everyone(self) -> Mapping[str, DatabaseUser]:
        """Every user of the configuration, by the place where it stands.

        Raises:
            Unavailable: A secret cannot be read.
        """
        return {where: self._user(table, where) for where, table in self._tables()}

    def problems(self) -> tuple[str, ...]:
        """A sentence for each secret that cannot be read."""
        found: list[str] = []
        for where, table in self._tables():
            try:
                _secret(table, _place(where))
            except SecretUnreadable as error:
                found.append(str(error))
        return tuple(found)

    def _tables(self) -> Iterator[tuple[str, Credential]]:
        if self._hana.is_given:
            yield "", self._hana
        for space, table in self._hana.spaces.items():
            yield f"spaces.{space}", table
        for principal, table in self._hana.principals.items():
            yield f"principals.{principal}", table

    def _shared(self) -> Iterator[Grant]:
        taken: set[str] = set()
        for space, table in self._hana.spaces.items():
            # the Open SQL schema of a user has its name
            mine = frozenset({space} if table.user is None else {space, table.user}) - taken
            taken |= mine
            only = mine if self._schemas is None else mine & self._schemas
            yield self._grant(table, f"spaces.{space}", only)
        if self._hana.is_given:
            yield self._grant(self._hana, "", self._schemas, frozenset(taken))

    def _grant(
        self,
        table: Credential,
        where: str,
        only: frozenset[str] | None,
        but: frozenset[str] = frozenset(),
    ) -> Grant:
        return Grant(_label(table, where), lambda: self._user(table, where), only, but)

    def _user(self, table: Credential, where: str) -> DatabaseUser:
        place = _place(where)
        try:
            secret = _secret(table, place)
        except SecretUnreadable as error:
            raise Unavailable(
                f"The server cannot read the secret of {place}; whoever runs it finds the reason "
                "in its log."
            ) from error
        proof = {"password": secret}
        if table.user is None:  # as in datasphere-hana.md 1.4; not verified on a live HANA
            proof["authenticationMethods"] = "jwt"
        else:
            proof["user"] = table.user
        return DatabaseUser(_label(table, where), {**self._options, **proof})


def _place(where: str) -> str:
    """A table of the configuration by its whole name."""
    return f"hana.{where}" if where else "hana"


def _label(table: Credential, where: str) -> str:
    return table.user or f"the token of {_place(where)}"


def _secret(table: Credential, place: str) -> str:
    """The password or token of a table.

    Raises:
        SecretUnreadable: It cannot be read, or is empty.
    """
    key = table.secrets[0]
    if key == "password_variable":
        name = table.password_variable or ""
        found = os.environ.get(name, "")
        source = f"the environment variable {name}"
    elif key in ("password_file", "token_file"):
        path = table.password_file or table.token_file or Path()
        found, source = _read(path, f"{place}.{key}"), f"the file {str(path)!r}"
    else:
        kept = table.password or table.token
        return kept.get_secret_value() if kept is not None else ""
    if not found:
        raise SecretUnreadable(
            f"{place}.{key}: {source} is empty or not there; put the secret in it."
        )
    return found


def _read(path: Path, key: str) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise SecretUnreadable(f"{key}: cannot read {str(path)!r}: {reason}.") from None
