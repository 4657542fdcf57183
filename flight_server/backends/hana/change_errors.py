"""What a failure means to whoever changes data: what was undone, and what nobody knows; pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from flight_client.protocol.errors import (
    AccessDenied,
    Error,
    InternalError,
    NotFound,
    OutcomeUnknown,
    TableExists,
    Unavailable,
    UnknownEntity,
)
from flight_server.backends.hana.errors import Row, error_of, row_of, worded
from flight_server.backends.hana.messages import Failed

_UNDONE: Final = "the transaction was rolled back; begin it again."

_STATEMENT_ALONE: Final = frozenset({7, *range(256, 512)})
"""HANA's numbers after which the transaction goes on: those of a statement or a value, by the
ranges of the reference. That these alone do not roll back is unverified on a live HANA
(datasphere-hana.md 1.6), so that all others end the transaction here."""

_OF_CHANGES: Final[Mapping[int, Row]] = {
    258: Row(AccessDenied, "{subject}: the database user has no right to do this."),
    259: Row(
        UnknownEntity,
        "{subject}: a table of it is not in the database, or its user may not use it.",
    ),
    288: Row(TableExists, "{subject}: there is a table or view of this name already."),
    362: Row(
        NotFound, "{subject}: a schema of it is not in the database, or its user may not use it."
    ),
}
"""Sentences of ``errors`` that speak of reading, or numbers that nobody meets who reads."""


def ends_transaction(failed: Failed) -> bool:
    """Whether there is nothing left to commit after a request failed.

    A value that we or the driver refuse was not sent to HANA, and ends nothing.
    """
    if failed.connection_lost:
        return True
    if failed.code is None:
        return failed.kind == InternalError.code
    return failed.code > 0 and failed.code not in _STATEMENT_ALONE


def change_error(failed: Failed, subject: str, *, at_commit: bool = False) -> Error:
    """The error of the protocol for a change that failed.

    Args:
        failed: What the reader said; its ``row`` is the number of a row of values, where known.
        subject: What was done, as the start of a sentence: ``The UPDATE``.
        at_commit: Whether it was the commit that failed: then nothing was kept.
    """
    code = failed.code
    if code is None:
        return error_of(failed, subject)
    row = _OF_CHANGES.get(code) or row_of(code, failed.text)
    number = failed.details.get("row")
    if at_commit or ends_transaction(failed):
        what = row.sentence.partition("; ")[0].rstrip(".")
        return worded(replace(row, sentence=f"{what}, and {_UNDONE}"), code, failed.text, subject)
    if number is None:
        return worded(row, code, failed.text, subject)
    error = worded(row, code, failed.text, f"Row {number} of the values")
    error.details = {**error.details, "row": number}
    return error


def lost_error(how: str, subject: str) -> Error:
    """The error for a change whose process ended, and its connection with it."""
    return Unavailable(
        f"{subject}: the process that writes to the database ended ({how}), and {_UNDONE}"
    )


def unknown_outcome() -> Error:
    """The error where the connection or process was lost while it was committing."""
    return OutcomeUnknown(
        "The connection to the database broke while the transaction was committed, and nobody "
        "knows whether its changes were kept; look at the data before they are made again."
    )
