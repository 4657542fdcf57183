"""HANA's errors as the engine raises them; knows the numbers, not when they apply.

Numbers and their meaning: facts/datasphere-hana.md 1.6 and the error codes of the HANA Cloud SQL
reference. The wording behind the number is [U] unless that reference has it.
"""

import re

import duckdb

from tests.hana_emulator.values import HanaError

MARK = re.compile(r"HANA<(\d+)>: (.*)", re.DOTALL)
"""How an error of a row's computation travels through DuckDB: ``HANA<304>: division by zero``."""


def syntax_error(near: str, position: int) -> HanaError:
    """257, the way that HANA words it."""
    return HanaError(
        257,
        f'sql syntax error: incorrect syntax near "{near}" (at pos {position})',
        position=position,
        sqlstate="HY000",
    )


def unsupported(what: str, position: int = 0) -> HanaError:
    """7: HANA has it, or may have it; the emulator has not."""
    return HanaError(7, f"feature not supported: {what}", position=position)


def unknown_table(name: str, position: int = 0) -> HanaError:
    """259, also for a table that is there but not visible."""
    return HanaError(
        259,
        f"invalid table name:  Could not find table/view {name}",
        position=position,
        sqlstate="HY000",
    )


def unknown_column(name: str, position: int = 0) -> HanaError:
    """260."""
    return HanaError(260, f"invalid column name: {name}", position=position)


def not_authorized() -> HanaError:
    """258."""
    return HanaError(258, "insufficient privilege: Not authorized")


def inconsistent(detail: str, position: int = 0) -> HanaError:
    """266."""
    return HanaError(266, f"inconsistent datatype: {detail}", position=position)


def cancelled() -> HanaError:
    """139; the transaction is gone too."""
    return HanaError(
        139, "current operation cancelled by request and transaction rolled back", sqlstate="57014"
    )


def unique_violated(index: str) -> HanaError:
    """301."""
    return HanaError(301, f"unique constraint violated: {index}", sqlstate="23000")


def not_null(column: str) -> HanaError:
    """287."""
    return HanaError(287, f"cannot insert NULL or update to NULL: {column}", sqlstate="23000")


def too_large(column: str) -> HanaError:
    """274."""
    return HanaError(274, f"inserted value too large for column: {column}", sqlstate="22001")


def of_duckdb(error: duckdb.Error) -> HanaError:
    """What a failure inside DuckDB is in HANA's words."""
    text = str(error)
    if found := MARK.search(text):
        return HanaError(int(found[1]), found[2].strip().splitlines()[0])
    if isinstance(error, duckdb.InterruptException):
        return cancelled()
    if isinstance(error, duckdb.BinderException):
        return _of_binder(text)
    if isinstance(error, duckdb.OutOfRangeException | duckdb.ConversionException):
        return HanaError(314, "numeric overflow: " + text.splitlines()[0])
    if isinstance(error, duckdb.TransactionException):
        return HanaError(131, "transaction rolled back by lock wait timeout: " + _line(text))
    if isinstance(error, duckdb.OutOfMemoryException):
        return HanaError(4, "cannot allocate enough memory: " + _line(text))
    if "more than one row returned by a subquery" in text.lower():
        return HanaError(305, "single-row query returns more than one row")
    return HanaError(2048, "column store error: " + _line(text))


def _line(text: str) -> str:
    return text.splitlines()[0] if text else ""


def _of_binder(text: str) -> HanaError:
    if "GROUP BY" in text:
        return HanaError(276, "aggregation or grouping missing: " + _line(text))
    if "aggregate" in text.lower() or "window" in text.lower():
        return HanaError(275, "aggregate function not allowed: " + _line(text))
    return HanaError(2048, "column store error: " + _line(text))
