"""Users who cannot be asked: said once in the log, and left out of listings; asks nothing itself.

One user with a wrong password must not take the spaces of the others with it.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from flight_client.protocol.errors import Cancelled, Detail, Error, Unavailable
from flight_server.backends.hana.access import DatabaseUser
from flight_server.backends.hana.users import Grant, SecretUnreadable

_log: Final = logging.getLogger(__name__)

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class _Noted:
    """What a user had to say, without the traceback that an error drags along."""

    kind: type[Error]
    sentence: str
    details: Mapping[str, Detail]
    of_secret: bool

    def error(self, sentence: str) -> Error:
        """Such an error with this sentence."""
        error = self.kind(sentence)
        error.details = self.details
        return error


class Silent:
    """The users who did not answer when they were last asked, by label; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._noted: dict[str, _Noted] = {}

    def note(self, label: str, error: Error) -> None:
        """A user cannot be asked; the log says so until it answers again, once."""
        cause = error.__cause__
        of_secret = isinstance(cause, SecretUnreadable)
        with self._lock:
            is_new = label not in self._noted
            self._noted[label] = _Noted(type(error), error.message, error.details, of_secret)
        if is_new:
            _log.warning(
                "%s cannot be asked, and listings leave out what only it reads: %s",
                label,
                cause if of_secret else error.message,
            )

    def answered(self, label: str) -> None:
        """A user was asked and answered."""
        with self._lock:
            noted = self._noted.pop(label, None)
        if noted is not None:
            _log.info("%s answers again", label)

    def require(self, grants: Iterable[Grant], space: str | None) -> None:
        """Nothing, where whoever reads the space answers; for None, where everybody does.

        Raises:
            Error: What the first who does not had to say.
        """
        for grant in grants:
            noted = self._noted.get(grant.label)
            if noted is None or not (space is None or grant.serves(space)):
                continue
            if space is not None:
                raise noted.error(noted.sentence)
            where = ", ".join(sorted(grant.only)) if grant.only else f"those of {grant.label}"
            raise noted.error(
                "No space that answers holds this name, and some cannot be asked "
                f"({where}): {noted.sentence}"
            )

    def user(self, grant: Grant) -> DatabaseUser:
        """The user of a grant.

        Raises:
            Unavailable: Its secret cannot be read.
        """
        try:
            user = grant.user
        except Unavailable as error:
            self.note(grant.label, error)
            raise
        noted = self._noted.get(grant.label)
        if noted is not None and noted.of_secret:
            self.answered(grant.label)
        return user

    def answers(
        self, grants: Iterable[Grant], ask: Callable[[DatabaseUser], Answer]
    ) -> list[tuple[Grant, Answer]]:
        """What the users say who can be asked.

        Raises:
            Error: Of the first user, where none can be asked.
        """
        found: list[tuple[Grant, Answer]] = []
        failed: list[tuple[Grant, Error]] = []
        for grant in grants:
            try:
                found.append((grant, ask(self.user(grant))))
            except Cancelled:
                raise
            except Error as error:
                failed.append((grant, error))
        if failed and not found:
            raise failed[0][1]
        for grant, error in failed:
            self.note(grant.label, error)
        return found
