"""The errors that cross the wire: one root, stable codes, a retry rule each.

    Error
    +-- InvalidRequest            the request cannot be meant as it stands
    |   +-- InvalidTicket         the bytes are no ticket
    |   |   +-- UnsupportedVersion
    |   |   +-- ForgedTicket      the signature or the principal does not fit
    |   |   +-- ExpiredTicket     ask for new endpoints, then read again
    |   +-- InvalidFilter         a comparison that has no meaning for its column
    |   +-- InvalidParameter      an input parameter is missing, unknown or of a wrong type
    |   +-- InvalidRead           columns, order, limit, sample or partition do not fit
    |   +-- InvalidSql            the text does not parse
    |   +-- RefusedSql            the text parses, and the read-only gate forbids it
    |   +-- UnsupportedSql        allowed, but has no translation for this backend
    |   +-- UnsupportedType       a column whose type has no Arrow counterpart here
    |   +-- UnknownAction
    |   +-- UnknownTransaction    it ended, by itself or its owner, or another replica has it
    |   +-- TableExists
    +-- NotFound
    |   +-- UnknownSpace
    |   +-- UnknownEntity
    |   +-- AmbiguousEntity       the name stands in several spaces
    |   +-- UnknownColumn
    +-- Unauthenticated
    +-- AccessDenied
    +-- DataError                 the database cannot compute a value (division by zero, overflow)
    +-- Cancelled
    +-- DeadlineExceeded
    +-- Unavailable               out of reach, or the connection broke; drop what was read
    +-- OutcomeUnknown            the connection broke at a commit: look before you do it again
    +-- ResourceExhausted
    +-- InternalError             our fault; the incident id finds it in the server's log

An error travels as a Flight message ``[CODE] sentence (incident ID)`` and, beside it, as a JSON
body of the same facts; some Flight verbs lose the body, so either alone is enough. Both together
stay under 4 KiB, because they travel in HTTP/2 headers.
"""

import enum
import json
import re
from collections.abc import Iterator, Mapping
from typing import ClassVar, Final, TypeAlias, cast
from urllib.parse import quote

Detail: TypeAlias = str | int | list[str]

MAX_MESSAGE_BYTES: Final = 1200
"""Longest message in bytes, as gRPC percent-encodes it."""

MAX_BODY_BYTES: Final = 1600
"""Longest JSON body in bytes, before gRPC's base64 (4/3)."""


class Retry(enum.StrEnum):
    """Who may repeat a request that failed with an error."""

    NEVER = "never"
    """The same request fails again."""
    LATER = "later"
    """The same request may succeed after a pause."""
    AFRESH = "afresh"
    """Ask for new endpoints first; the old ticket stays refused."""


class Status(enum.StrEnum):
    """What kind of failure an error is; each side maps it to its transport once."""

    INVALID = "invalid"
    NOT_FOUND = "not_found"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    UNAVAILABLE = "unavailable"
    EXHAUSTED = "exhausted"
    INTERNAL = "internal"


class Error(Exception):
    """Root of everything this project raises on purpose.

    Attributes:
        message: One sentence: what, which value, what to do.
        details: The facts in the sentence, for programs.
        incident: Id of the entry in the server's log, if there is one.
    """

    code: ClassVar[str] = "ERROR"
    status: ClassVar[Status] = Status.INTERNAL
    retry: ClassVar[Retry] = Retry.NEVER

    def __init__(self, message: str, /, *, incident: str | None = None, **details: Detail) -> None:
        super().__init__(message)
        self.message = message
        self.incident = incident
        self.details: Mapping[str, Detail] = details

    def __str__(self) -> str:
        return f"{self.message} (incident {self.incident})" if self.incident else self.message


class InvalidRequest(Error):
    code = "REQUEST_INVALID"
    status = Status.INVALID


class InvalidTicket(InvalidRequest):
    code = "TICKET_INVALID"


class UnsupportedVersion(InvalidTicket):
    code = "TICKET_VERSION"


class ForgedTicket(InvalidTicket):
    code = "TICKET_FORGED"
    status = Status.FORBIDDEN
    retry = Retry.AFRESH


class ExpiredTicket(InvalidTicket):
    code = "TICKET_EXPIRED"
    retry = Retry.AFRESH


class InvalidFilter(InvalidRequest):
    code = "FILTER_INVALID"


class InvalidParameter(InvalidRequest):
    code = "PARAMETER_INVALID"


class InvalidRead(InvalidRequest):
    code = "READ_INVALID"


class InvalidSql(InvalidRequest):
    code = "SQL_INVALID"


class RefusedSql(InvalidRequest):
    code = "SQL_REFUSED"
    status = Status.FORBIDDEN


class UnsupportedSql(InvalidRequest):
    code = "SQL_UNSUPPORTED"


class UnsupportedType(InvalidRequest):
    code = "TYPE_UNSUPPORTED"


class UnknownAction(InvalidRequest):
    code = "ACTION_UNKNOWN"


class UnknownTransaction(InvalidRequest):
    code = "TRANSACTION_UNKNOWN"


class TableExists(InvalidRequest):
    code = "TABLE_EXISTS"


class NotFound(Error):
    code = "NOT_FOUND"
    status = Status.NOT_FOUND


class UnknownSpace(NotFound):
    code = "SPACE_UNKNOWN"


class UnknownEntity(NotFound):
    code = "ENTITY_UNKNOWN"


class AmbiguousEntity(NotFound):
    code = "ENTITY_AMBIGUOUS"


class UnknownColumn(NotFound):
    code = "COLUMN_UNKNOWN"


class Unauthenticated(Error):
    code = "UNAUTHENTICATED"
    status = Status.UNAUTHENTICATED


class AccessDenied(Error):
    code = "ACCESS_DENIED"
    status = Status.FORBIDDEN


class DataError(Error):
    code = "DATA_ERROR"
    status = Status.INVALID


class Cancelled(Error):
    code = "CANCELLED"
    status = Status.CANCELLED


class DeadlineExceeded(Error):
    code = "DEADLINE_EXCEEDED"
    status = Status.TIMED_OUT


class Unavailable(Error):
    code = "UNAVAILABLE"
    status = Status.UNAVAILABLE
    retry = Retry.LATER


class OutcomeUnknown(Error):
    code = "OUTCOME_UNKNOWN"
    status = Status.INTERNAL  # and not unavailable, which proxies and clients try again


class ResourceExhausted(Error):
    code = "RESOURCE_EXHAUSTED"
    status = Status.EXHAUSTED


class InternalError(Error):
    code = "INTERNAL"


def error_classes() -> Iterator[type[Error]]:
    """Every class of the tree, the root first."""
    pending = [Error]
    while pending:
        found = pending.pop()
        yield found
        pending.extend(found.__subclasses__())


def error_class(code: str) -> type[Error]:
    """The class with this code; the root for a code that only a newer peer knows."""
    return next((found for found in error_classes() if found.code == code), Error)


def to_wire(error: Error) -> tuple[str, bytes]:
    """The Flight message and the JSON body of an error, shortened to fit the headers.

    Details are left out of the body where they do not fit beside the sentence.
    """
    whole = error.message.encode("utf-8", "replace").decode("utf-8")
    shortened = whole
    while (
        len(quote(shortened)) > MAX_MESSAGE_BYTES or len(_body(error, shortened)) > MAX_BODY_BYTES
    ):
        shortened = shortened[: len(shortened) * 3 // 4]
    if shortened != whole:
        shortened += "..."
    body = _body(error, shortened, dict(error.details))
    if len(body) > MAX_BODY_BYTES:
        body = _body(error, shortened)
    suffix = f" (incident {error.incident})" if error.incident else ""
    return f"[{error.code}] {shortened}{suffix}", body


def _body(error: Error, message: str, details: Mapping[str, Detail] | None = None) -> bytes:
    facts = {
        "code": error.code,
        "message": message,
        "incident": error.incident or None,
        "details": details,
    }
    present = {name: fact for name, fact in facts.items() if fact is not None}
    return json.dumps(present, ensure_ascii=False).encode("utf-8", "replace")


_INCIDENT: Final = re.compile("[0-9a-f]{1,64}")
_MESSAGE: Final = re.compile(
    r"\[(?P<code>[A-Z_]+)\] (?P<message>.*?)(?: \(incident (?P<incident>[0-9a-f]{1,64})\))?"
    # What Arrow and gRPC append: the server's status, and what the client was doing.
    r"(?:\. (?:Detail|Client context|gRPC client debug context): .*)?\Z",
    re.DOTALL,
)


def from_wire(message: str, body: bytes) -> Error | None:
    """The error that ``to_wire`` wrote, or None if these are not its bytes.

    The body is preferred. A code that only a newer peer knows becomes the root when it stands in a
    body; in a message alone it is taken for somebody else's brackets.
    """
    try:
        facts: object = json.loads(body)
    except (ValueError, RecursionError):
        facts = None
    if isinstance(facts, dict):
        error = _from_body(cast("dict[str, object]", facts))
        if error is not None:
            return error
    found = _MESSAGE.search(message)
    if found is None or found["code"] not in {known.code for known in error_classes()}:
        return None
    return error_class(found["code"])(found["message"], incident=found["incident"])


def _from_body(facts: Mapping[str, object]) -> Error | None:
    code, message, incident = facts.get("code"), facts.get("message"), facts.get("incident")
    if not isinstance(code, str) or not isinstance(message, str):
        return None
    error = error_class(code)(message.encode("utf-8", "replace").decode("utf-8"))
    if isinstance(incident, str) and _INCIDENT.fullmatch(incident):
        error.incident = incident
    details = facts.get("details")
    if isinstance(details, dict):
        error.details = dict(_details(cast("dict[str, object]", details)))
    return error


def _details(facts: Mapping[str, object]) -> Iterator[tuple[str, Detail]]:
    for name, fact in facts.items():
        if isinstance(fact, str | int):
            yield name, fact
        elif isinstance(fact, list):
            yield name, [item for item in cast("list[object]", fact) if isinstance(item, str)]
