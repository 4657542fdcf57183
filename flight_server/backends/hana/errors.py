"""HANA's and hdbcli's error numbers in our words: one table, and the rule when to try again.

Pure, and it knows no driver. The numbers are those of the SAP HANA SQL reference, "SQL Error
Codes"; negative ones are the driver's. Which of them are worth another attempt is what
sqlalchemy-hana and the reference say (datasphere-hana.md 1.6); no live HANA was seen.
"""

import enum
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from flight_client.protocol.errors import (
    AccessDenied,
    DataError,
    DeadlineExceeded,
    Error,
    InternalError,
    InvalidSql,
    NotFound,
    ResourceExhausted,
    Unauthenticated,
    Unavailable,
    UnknownColumn,
    UnknownEntity,
    UnsupportedSql,
    error_class,
)
from flight_server.backends.hana.messages import Failed

MAX_QUOTED: Final = 200
"""Most characters of HANA's own sentence in a message."""

CANCELLED: Final = 139
"""HANA's number for a statement that somebody ended: its caller, or an administrator."""


LATE: Final = "limit_s"
"""Detail of an error that says: the server itself ended a short call, after so many seconds."""


class Again(enum.Enum):
    """Whether the same statement may be sent once more, on a new connection, for the caller."""

    NEVER = enum.auto()
    AT_ONCE = enum.auto()
    AFTER_A_PAUSE = enum.auto()


@dataclass(frozen=True, slots=True)
class Row:
    """What a number means to a caller.

    Attributes:
        error: Our class.
        sentence: With ``{subject}`` and ``{said}`` where what is read and HANA's words belong.
        again: The retry rule.
        lost: Whether the connection is of no use any more.
        nested: Whether the text may tell of another, deeper error (``_NESTED``). Not so for errors
            of a request, whose text quotes what a caller wrote.
    """

    error: type[Error]
    sentence: str
    again: Again = Again.NEVER
    lost: bool = False
    nested: bool = False


_SAID: Final = "{subject} fails in the database: {said}."

_QUERY: Final = Row(InvalidSql, _SAID)
_VALUE: Final = Row(DataError, _SAID)
_SERVER_SQL: Final = Row(UnsupportedSql, _SAID)
_BROKEN: Final = Row(
    Unavailable,
    "The connection to the database broke; drop what was read and read again.",
    Again.AT_ONCE,
    lost=True,
)
_OUT_OF_REACH: Final = Row(
    Unavailable,
    "The database cannot be reached just now; try again later.",
    Again.AFTER_A_PAUSE,
    lost=True,
)
_BUSY: Final = Row(
    Unavailable,
    "The database has more work than it takes just now; try again later, or with fewer partitions.",
    Again.AFTER_A_PAUSE,
    nested=True,
)
_ROLLED_BACK: Final = Row(
    Unavailable, "The database gave up the statement for another one; read again.", Again.AT_ONCE
)
_SNAPSHOT: Final = Row(
    Unavailable,
    "The database no longer holds the state in which the read began; read again, or less at a "
    "time.",
    Again.AT_ONCE,
)
_MEMORY: Final = Row(
    ResourceExhausted,
    "{subject} needs more memory than the database allows; filter, read fewer columns or fewer "
    "partitions at a time.",
)
_STOPPED: Final = Row(
    Unavailable, "Somebody ended the statement in the database; read again if it is still wanted."
)
_TOO_LONG: Final = Row(
    DeadlineExceeded, "{subject} took longer than the database allows; read less, or filter."
)
_LOG_ON: Final = Row(
    Unauthenticated,
    "The database refuses the user or password; whoever runs the server corrects them.",
    lost=True,
)
_ADMINISTRATOR: Final = "; the database's administrator can change that."
_SILENT: Final = Row(
    DeadlineExceeded,
    "The database did not answer within hana.communication_timeout_s; read less, or later.",
    lost=True,
)
_UNTRUSTED: Final = Row(
    Unavailable,
    "The server does not trust the certificate of the database; whoever runs it sets "
    "hana.trust_store or hana.host_name_in_certificate.",
    lost=True,
)
_INVALID_VIEW: Final = Row(
    DataError,
    "{subject} is not valid in the database any more; deploy it again in Datasphere.",
)
_FAULT: Final = Row(
    InternalError,
    "{subject} fails inside the database or its driver; the server's log has the words.",
    nested=True,
)

ROWS: Final[dict[int, Row]] = {
    # the driver [seen with hdbcli 2.30.27 against the emulator]
    0: Row(DataError, _SAID, nested=True),  # its Python layer: a value, or a closed connection
    -10404: _VALUE,  # a parameter of a kind that its marker does not take
    **dict.fromkeys((-10411, -10412, -10413), _VALUE),  # a parameter that is no date or time
    -10419: _VALUE,  # a CLOB that is not ASCII
    -10427: _VALUE,  # a parameter out of range, or a CLOB with half of a surrogate pair
    **dict.fromkeys((-10802, -10811), _VALUE),  # a parameter that is no number, or out of range
    -10709: replace(_OUT_OF_REACH, nested=True),
    -10807: replace(_BROKEN, nested=True),
    -10905: _BROKEN,  # a reply that is no packet
    # the connection
    -10735: _OUT_OF_REACH,  # another replica has to be asked
    583: _BROKEN,
    597: _BROKEN,  # the session context is damaged [sqlalchemy-hana]
    **dict.fromkeys(range(1025, 1032), _BROKEN),
    1033: _BROKEN,  # error while parsing protocol
    # log-on
    10: _LOG_ON,
    408: _LOG_ON,
    453: _LOG_ON,
    414: Row(
        Unauthenticated,
        "The database wants the password of its user changed before it is used; whoever runs the "
        "server logs on once and changes it.",
        lost=True,
    ),
    415: Row(Unauthenticated, "The database user is deactivated" + _ADMINISTRATOR, lost=True),
    416: Row(
        Unauthenticated,  # not Unavailable, which clients repeat: each attempt locks it again
        "The database user is locked, and each further log-on keeps it so; wait, or have it "
        "unlocked.",
        lost=True,
    ),
    663: Row(
        AccessDenied,
        "The database takes no connection from this server; its address belongs on the IP "
        "allowlist of the tenant.",
        lost=True,
        nested=True,
    ),
    # overload
    616: _BUSY,
    1034: _BUSY,
    1038: _BUSY,
    1888: _OUT_OF_REACH,
    # transactions
    129: Row(
        Unavailable,
        "The database rolled the statement back; read again.",
        Again.AT_ONCE,
        nested=True,
    ),
    131: _ROLLED_BACK,
    132: _ROLLED_BACK,
    133: _ROLLED_BACK,
    138: _ROLLED_BACK,
    142: _ROLLED_BACK,
    143: _ROLLED_BACK,
    145: _ROLLED_BACK,
    149: _ROLLED_BACK,
    150: _SNAPSHOT,
    749: _ROLLED_BACK,
    # limits
    4: _MEMORY,
    613: _TOO_LONG,
    CANCELLED: _STOPPED,
    # rights and names
    258: Row(AccessDenied, "The database user has no right to read {subject}, or what it reads."),
    259: Row(
        UnknownEntity,
        "{subject}: a table or view of it is not in the database, or its user may not read it.",
    ),
    260: Row(UnknownColumn, _SAID),
    362: Row(
        NotFound,
        "{subject}: a schema of it is not in the database, or its user may not read it.",
    ),
    391: _INVALID_VIEW,
    397: _INVALID_VIEW,
    # the request
    257: _QUERY,
    **dict.fromkeys(range(261, 265), _QUERY),
    266: _QUERY,
    268: _QUERY,
    328: _QUERY,
    383: _QUERY,
    467: _QUERY,
    468: _QUERY,
    7: _SERVER_SQL,
    # values
    274: _VALUE,
    287: _VALUE,
    301: _VALUE,
    303: _VALUE,
    304: _VALUE,
    307: _VALUE,
    314: _VALUE,
    339: _VALUE,
    359: _VALUE,
    461: _VALUE,
    462: _VALUE,
    2048: Row(DataError, _SAID, nested=True),
}
"""Each number that datasphere-hana.md 1.6 names, and what else hdbcli was seen to say."""

_NESTED: Final[tuple[tuple[str, Row], ...]] = (
    ("recv took longer than", _SILENT),
    ("certificate validation failed", _UNTRUSTED),
    ("initiate any authentication", _LOG_ON),
    ("connection closed", _BROKEN),
    ("outofmemory exception", _MEMORY),
    ("cannot allocate enough memory", _MEMORY),
    ("allocation failed", _MEMORY),
    ("max number of sqlexecutor threads", _BUSY),
    ("gba503", _OUT_OF_REACH),
    ("maintenance window", _OUT_OF_REACH),
    ("upgrade in progress", _OUT_OF_REACH),
    ("resize in progress", _OUT_OF_REACH),
    ("not yet fully initialized", _OUT_OF_REACH),
)
"""Words that say more than the number they come with: of the driver as seen with 2.30.27, of HANA
as sqlalchemy-hana and datasphere-hana.md 1.6 list them."""

_POSITION: Final = re.compile(r"\(at pos (\d{1,9})\)")

_SQL_ERRORS: Final = range(256, 512)
"""The numbers of errors in a statement, by the ranges of the reference."""


def row_of(code: int, text: str) -> Row:
    """The row of a number; of what its text says, where that is another, deeper error.

    A number without a row is a fault of the statement where HANA numbers those, and an inner one
    elsewhere. A driver that fails in an unknown way is not trusted with its connection.
    """
    row = ROWS.get(code)
    if row is None:
        row = _QUERY if code in _SQL_ERRORS else _FAULT
    if row.nested:
        lowered = text.lower()
        row = next((deeper for words, deeper in _NESTED if words in lowered), row)
    return row


def translated(code: int, text: str, subject: str) -> Error:
    """The error of the protocol for what HANA or its driver said.

    The text is quoted where it speaks of the request, and shortened; what hosts, users and memory
    say stays out of a caller's sight. It is for the log of whoever translates.

    Args:
        code: HANA's number, or the driver's.
        text: Their words.
        subject: What was read, as the start of a sentence: ``SALES.ORDERS`` or ``The query``.
    """
    return worded(row_of(code, text), code, text, subject)


def worded(row: Row, code: int, text: str, subject: str) -> Error:
    """The error of a row of the table; the other arguments are those of ``translated``."""
    error = row.error(row.sentence.format(subject=subject, said=_quoted(text)))
    error.details = {"hana_code": code, **_position_of(text)}
    return error


def error_of(failed: Failed, subject: str) -> Error:
    """The error of the protocol for a failed request of a reader."""
    if failed.code is not None:
        return translated(failed.code, failed.text, subject)
    error = (error_class(failed.kind) if failed.kind is not None else InternalError)(failed.text)
    error.details = dict(failed.details)
    return error


def is_transient(code: int | None, text: str) -> bool:
    """Whether another attempt may succeed: on a new connection, and before rows have left.

    True also where the attempt has to wait (``backoff``). None stands for a failure of our own.
    """
    return code is not None and row_of(code, text).again is not Again.NEVER


def backoff(code: int | None, text: str) -> bool:
    """Whether the next attempt waits, because the database is full or away."""
    return code is not None and row_of(code, text).again is Again.AFTER_A_PAUSE


def is_lost(code: int, text: str) -> bool:
    """Whether the connection must not be used again."""
    return row_of(code, text).lost or (code < 0 and code not in ROWS)


def known_codes() -> Iterable[int]:
    """Every number with a row."""
    return ROWS.keys()


def _position_of(text: str) -> dict[str, int]:
    """Where in the statement as it was sent the error is, from 1, if HANA's words say so.

    That HANA words it like this is known from others' logs; the emulator does the same.
    """
    found = _POSITION.search(text)
    return {} if found is None else {"position": int(found[1])}


def _quoted(text: str) -> str:
    line = text.strip().partition("\n")[0]
    if len(line) > MAX_QUOTED:
        line = line[:MAX_QUOTED] + "..."
    return line.rstrip(". ") or "it gave no reason"
