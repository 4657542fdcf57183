"""Why an attempt failed, and whether there is another: the one retry rule; knows no process."""

import logging
import secrets
from collections.abc import Callable
from typing import Final, TypeVar

from flight_client.protocol.errors import (
    AccessDenied,
    Error,
    InternalError,
    ResourceExhausted,
    Unauthenticated,
    Unavailable,
)
from flight_server.backends.hana.errors import CANCELLED, Again, error_of, row_of
from flight_server.backends.hana.messages import Failed
from flight_server.backends.hana.pool.calls import Call

_log: Final = logging.getLogger(__name__)

T = TypeVar("T")

_chance: Final = secrets.SystemRandom()

_WORDLESS: Final = (AccessDenied, InternalError, ResourceExhausted, Unauthenticated, Unavailable)
"""Errors that do not quote the database. Its words about them name hosts, users and memory, and
nothing that a caller wrote, so they belong in the log."""


class Failure(Exception):
    """An attempt failed.

    Attributes:
        error: What the caller gets if there is no other.
        again: Whether and when another attempt may succeed, on a new connection.
        stale: Whether the connection or process had been idle in the pool and broke: it may have
            been broken for long, and says nothing about the database.
        said: What the database or its driver said, for whoever runs the server; how the process
            ended, if it did.
        failed: What the reader said, if it did not end.
    """

    def __init__(
        self,
        error: Error,
        *,
        again: Again,
        stale: bool,
        said: str = "",
        failed: Failed | None = None,
    ) -> None:
        super().__init__(error.message)
        self.error = error
        self.again = again
        self.stale = stale
        self.said = said
        self.failed = failed

    def final(self) -> Error:
        """What the caller gets, since there is no other attempt; what had promised one is logged.

        Those that are repeated are not, else each caller would make several warnings of one cause.
        Its words may quote a caller's value: ``%r`` keeps them to one line of the log.
        """
        if self.again is not Again.NEVER and self.said:
            _log.warning("%s The database says: %.300r", self.error.message, self.said)
        return self.error

    @classmethod
    def refused(cls, failed: Failed, subject: str, *, reused: bool) -> "Failure":
        """The database or the reader refused."""
        error = error_of(failed, subject)
        if failed.code is None:
            return cls(error, again=Again.NEVER, stale=False, failed=failed)
        again = row_of(failed.code, failed.text).again
        if isinstance(error, _WORDLESS) and failed.code != CANCELLED:
            level = logging.WARNING if again is Again.NEVER else logging.DEBUG
            _log.log(level, "%s: the database says %d: %.300r", subject, failed.code, failed.text)
        stale = reused and failed.connection_lost
        return cls(error, again=again, stale=stale, said=failed.text, failed=failed)

    @classmethod
    def lost(cls, how: str, subject: str, *, reused: bool) -> "Failure":
        """The reader process ended."""
        error = Unavailable(
            f"{subject}: the process that reads from the database ended ({how}); drop what was "
            "read and read again."
        )
        return cls(error, again=Again.NEVER, stale=reused, said=how)


def attempted(attempt: Callable[[bool], T], call: Call, *, attempts: int, backoff_s: float) -> T:
    """The result of the first attempt that succeeds.

    An attempt is called with whether it has to use a new connection, which is so for all but the
    first. A stale connection is replaced at once, for free, and once. The pauses grow and are drawn
    by chance ("full jitter"), so that the callers who were refused together come back one by one.

    Raises:
        Error: The attempts are used up, another cannot help, or the call was ended.
    """
    made = 0
    spare = 1
    while True:
        try:
            return attempt(made > 0 or not spare)
        except Failure as failure:
            call.check()
            if failure.stale and spare:
                spare = 0
                continue
            made += 1
            if made >= attempts or failure.again is Again.NEVER:
                raise failure.final() from failure
            if failure.again is Again.AFTER_A_PAUSE:
                call.pause(_chance.uniform(0, backoff_s * 2 ** (made - 1)))
