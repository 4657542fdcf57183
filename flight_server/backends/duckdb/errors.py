"""DuckDB's errors in our words: one table, and every class of DuckDB has a row in it.

What happens before the first row arrives as a DuckDB exception; what happens later comes through
Arrow's C stream as an OSError whose text begins with the kind of error. Both end here.
"""

import re
from dataclasses import dataclass
from typing import Final

import duckdb

from flight_client.protocol.errors import (
    Cancelled,
    DataError,
    Error,
    InternalError,
    InvalidSql,
    RefusedSql,
    ResourceExhausted,
    Unavailable,
    UnsupportedSql,
)

MAX_QUOTED: Final = 200
"""Most characters of DuckDB's own sentence in a message."""


@dataclass(frozen=True, slots=True)
class _Row:
    """Our class, and our sentence; None quotes the first line of what DuckDB said."""

    error: type[Error]
    sentence: str | None = None


_TEXT: Final = _Row(InvalidSql)
_VALUE: Final = _Row(DataError)
_AWAY: Final = _Row(Unavailable, "The database cannot be reached just now; try again later.")
_FAULT: Final = _Row(InternalError, "The database failed inside; its own words are in the log.")

_ROWS: Final[dict[type[BaseException], _Row]] = {
    duckdb.ParserException: _TEXT,
    duckdb.SyntaxException: _TEXT,
    duckdb.BinderException: _TEXT,
    duckdb.CatalogException: _TEXT,
    duckdb.InvalidTypeException: _TEXT,
    duckdb.ProgrammingError: _TEXT,
    duckdb.ConversionException: _VALUE,
    duckdb.OutOfRangeException: _VALUE,
    duckdb.InvalidInputException: _VALUE,
    duckdb.TypeMismatchException: _VALUE,
    duckdb.SequenceException: _VALUE,
    duckdb.ConstraintException: _VALUE,
    duckdb.IntegrityError: _VALUE,
    duckdb.DataError: _VALUE,
    duckdb.NotImplementedException: _Row(UnsupportedSql),
    duckdb.NotSupportedError: _Row(UnsupportedSql),
    duckdb.OutOfMemoryException: _Row(
        ResourceExhausted,
        "The statement needs more memory than the database may use; read fewer rows or columns, or "
        "order and aggregate less of them.",
    ),
    duckdb.InterruptException: _Row(Cancelled, "The statement was stopped."),
    duckdb.PermissionException: _Row(
        RefusedSql, "The statement reaches outside the database; read tables and views only."
    ),
    duckdb.TransactionException: _Row(
        RefusedSql, "The statement would change the database; a read cannot."
    ),
    duckdb.IOException: _AWAY,
    duckdb.HTTPException: _AWAY,
    duckdb.ConnectionException: _AWAY,
    duckdb.ResourceInUseException: _AWAY,
    duckdb.OperationalError: _AWAY,
    duckdb.DependencyException: _FAULT,
    duckdb.FatalException: _FAULT,
    duckdb.InternalException: _FAULT,
    duckdb.InternalError: _FAULT,
    duckdb.SerializationException: _FAULT,
    duckdb.DatabaseError: _FAULT,
    duckdb.Error: _FAULT,
}

_CONFLICT: Final = _Row(
    Unavailable,
    "Another transaction changed the same rows or the same table; nothing of this one was kept: do "
    "it again.",
)
_LOST: Final = _Row(
    Unavailable,
    "The database could not keep the transaction, and nothing of it was kept; do it again.",
)
_FULL: Final = _Row(
    ResourceExhausted,
    "The database has no room left on its disk; nothing of the transaction was kept.",
)
_WRITING: Final[dict[type[BaseException], _Row]] = {
    duckdb.TransactionException: _LOST,
    duckdb.OutOfMemoryException: _Row(
        ResourceExhausted,
        "The change needs more memory than the database may use, and nothing of the transaction "
        "was kept; change fewer rows at once.",
    ),
    duckdb.DependencyException: _TEXT,
    duckdb.InterruptException: _Row(Cancelled, "The change was stopped; nothing of it was kept."),
}
"""What stands for another thing in a transaction that may write."""

_NO_ROOM: Final = ("no space left", "file too large", "disk quota")
"""Parts of what a full disk is called [errno(3): ENOSPC, EFBIG, EDQUOT]."""

_NO_NULL: Final = re.compile(
    r'NOT NULL constraint failed: (?:"(?:[^"]|"")+"|[^".]+)\.'
    r'(?:"(?P<quoted>(?:[^"]|"")+)"|(?P<plain>[^"]+))'
)

_NO_RELATION: Final = re.compile(r"Table with name (.+) does not exist!")

_COLLISIONS: Final = ("conflict", "constraint violation", "different transaction")
"""Parts of what DuckDB says where two transactions meet, at once or when the second commits."""

_KINDS: Final[dict[str, type[BaseException]]] = {
    "Binder": duckdb.BinderException,
    "Catalog": duckdb.CatalogException,
    "Conversion": duckdb.ConversionException,
    "INTERRUPT": duckdb.InterruptException,
    "IO": duckdb.IOException,
    "Invalid Input": duckdb.InvalidInputException,
    "Mismatch Type": duckdb.TypeMismatchException,
    "Not implemented": duckdb.NotImplementedException,
    "Out of Memory": duckdb.OutOfMemoryException,
    "Out of Range": duckdb.OutOfRangeException,
    "Permission": duckdb.PermissionException,
    "Sequence": duckdb.SequenceException,
    "TransactionContext": duckdb.TransactionException,
}
"""The words before `` Error: `` of an error that came through a stream."""

_PREFIX: Final = re.compile(r"(?P<kind>[A-Za-z ]{1,40}?) Error: ")


def translated(error: Exception, *, reading: str, caller_sql: bool) -> Error:
    """The error of the protocol that a DuckDB or stream error stands for.

    Args:
        error: A ``duckdb.Error``, or the OSError of an Arrow stream.
        reading: What was read, for the message: ``SALES.ORDERS`` or ``The query``.
        caller_sql: Whether the text came from the caller, who can then mend it. A text of our own
            that DuckDB does not take belongs to a view that lost what it stands on.
    """
    return _said(error, reading, _row(error), caller_sql=caller_sql)


def written(error: Exception, subject: str) -> Error:
    """The same for an error of a transaction that changes data, which is over with it.

    Args:
        error: A ``duckdb.Error``, or the OSError of an Arrow stream.
        subject: What failed, for the message: ``The change`` or ``Row 3 of the values``.
    """
    text = str(error).lower()
    row = _WRITING.get(_class(error), _row(error))
    if row in (_AWAY, _LOST, _FAULT) and any(words in text for words in _NO_ROOM):
        row = _FULL
    elif row is _LOST and any(words in text for words in _COLLISIONS):
        row = _CONFLICT
    ours = _said(error, subject, row, caller_sql=True)
    no_null = _NO_NULL.search(str(error))
    if no_null is not None:
        column = no_null["plain"] or no_null["quoted"].replace('""', '"')
        ours.details = {"column": column}
    return ours


def _said(error: Exception, subject: str, row: _Row, *, caller_sql: bool) -> Error:
    first_line = str(error).partition("\n")[0]
    prefix = _PREFIX.match(first_line)
    said = first_line[prefix.end() :] if prefix else first_line
    if len(said) > MAX_QUOTED:
        said = said[:MAX_QUOTED] + "..."
    if caller_sql and (macro := _NO_RELATION.match(said)):
        # The gate has found it in the catalogue: so it is a macro, or was dropped just now.
        return InvalidSql(
            f"{subject} reads {macro[1]!r} without its input parameters; write "
            f'{macro[1]}("NAME" => value).'
        )
    ours = DataError if row is _TEXT and not caller_sql else row.error
    return ours(row.sentence or f"{subject} fails in the database: {said.rstrip('.')}.")


def _row(error: Exception) -> _Row:
    return _ROWS.get(_class(error), _FAULT)


def _class(error: Exception) -> type[BaseException]:
    """The nearest class of DuckDB that has a row; an error of a stream is known by its words."""
    if isinstance(error, duckdb.Error):
        return next(known for known in type(error).__mro__ if known in _ROWS)
    prefix = _PREFIX.match(str(error))
    return _KINDS.get(prefix["kind"] if prefix else "", duckdb.Error)


def has_row(error: type[BaseException]) -> bool:
    """Whether a class of DuckDB has a row of its own; a test asks this of all of them."""
    return error in _ROWS
