"""DuckDB's errors in our words: complete, in one sentence, without what callers must not see."""

import inspect
from collections.abc import Iterator

import duckdb
import pytest

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
from flight_server.backends.duckdb.errors import MAX_QUOTED, has_row, translated, written


def duckdb_errors() -> Iterator[type[duckdb.Error]]:
    """Every class of error that the installed DuckDB has, and every base of one."""
    for _, found in inspect.getmembers(duckdb, inspect.isclass):
        if issubclass(found, duckdb.Error):
            yield found


@pytest.mark.parametrize("error", list(duckdb_errors()))
def test_every_error_of_duckdb_has_a_row(error: type[duckdb.Error]) -> None:
    assert has_row(error)


def ours(error: Exception, *, caller_sql: bool = True) -> Error:
    return translated(error, reading="The query", caller_sql=caller_sql)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (duckdb.ParserException, InvalidSql),
        (duckdb.BinderException, InvalidSql),
        (duckdb.CatalogException, InvalidSql),
        (duckdb.ConversionException, DataError),
        (duckdb.OutOfRangeException, DataError),
        (duckdb.InvalidInputException, DataError),
        (duckdb.OutOfMemoryException, ResourceExhausted),
        (duckdb.InterruptException, Cancelled),
        (duckdb.PermissionException, RefusedSql),
        (duckdb.TransactionException, RefusedSql),
        (duckdb.NotImplementedException, UnsupportedSql),
        (duckdb.IOException, Unavailable),
        (duckdb.ConnectionException, Unavailable),
        (duckdb.FatalException, InternalError),
        (duckdb.InternalException, InternalError),
    ],
)
def test_class_of_an_error_is_kept(error: type[duckdb.Error], expected: type[Error]) -> None:
    assert type(ours(error("Some Error: x"))) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Conversion Error: Could not convert string 'x' to INT32", DataError),
        ("Out of Range Error: Overflow in addition", DataError),
        ("Invalid Input Error: HANA 304: division by zero", DataError),
        ("INTERRUPT Error: Interrupted!", Cancelled),
        ("Out of Memory Error: failed to allocate", ResourceExhausted),
        ("Some New Error: nobody knows", InternalError),
        ("no prefix at all", InternalError),
    ],
)
def test_error_that_came_through_a_stream_is_known_by_its_first_words(
    text: str, expected: type[Error]
) -> None:
    assert type(ours(OSError(text))) is expected


def test_view_that_no_longer_binds_is_not_the_callers_sql() -> None:
    error = ours(duckdb.CatalogException("Catalog Error: Table x is gone"), caller_sql=False)

    assert type(error) is DataError


def test_message_says_what_was_read_and_what_duckdb_said() -> None:
    error = ours(duckdb.ConversionException("Conversion Error: Could not convert 'x'\n\nLINE 1: S"))

    assert error.message == "The query fails in the database: Could not convert 'x'."


def test_view_with_parameters_that_is_read_without_them_is_told_how_to_write_it() -> None:
    error = translated(
        duckdb.CatalogException("Catalog Error: Table with name BY_YEAR does not exist!\nDid you"),
        reading="The query",
        caller_sql=True,
    )

    assert type(error) is InvalidSql
    assert "'BY_YEAR' without its input parameters; write BY_YEAR(" in error.message


def test_message_does_not_echo_long_texts() -> None:
    error = ours(duckdb.ParserException("Parser Error: syntax error at " + "x" * 10_000))

    assert len(error.message) < MAX_QUOTED + 50


@pytest.mark.parametrize(
    "error",
    [
        duckdb.IOException('IO Error: Cannot open file "/srv/secret/data.duckdb"'),
        duckdb.PermissionException('Permission Error: Cannot access file "/etc/passwd"'),
        duckdb.InternalException("INTERNAL Error: /build/duckdb/src/x.cpp:12"),
        duckdb.FatalException('FATAL Error: file "/srv/secret/data.duckdb" is broken'),
        duckdb.OutOfMemoryException("Out of Memory Error: /srv/tmp is full"),
        OSError("/srv/secret"),
    ],
)
def test_message_tells_no_path(error: Exception) -> None:
    assert "/" not in ours(error).message


def told(error: Exception) -> Error:
    return written(error, "Row 3")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (duckdb.TransactionException("TransactionContext Error: Conflict on update!"), "again"),
        (
            duckdb.TransactionException(
                'TransactionContext Error: Catalog write-write conflict on create with "T"'
            ),
            "same rows or the same table",
        ),
        (
            duckdb.TransactionException("TransactionContext Error: Failed to commit: who knows"),
            "could not keep",
        ),
        (duckdb.IOException("IO Error: Could not read"), "try again later"),
    ],
    ids=["update", "definition", "commit", "io"],
)
def test_write_that_may_work_when_it_is_done_again_is_unavailable(
    error: duckdb.Error, expected: str
) -> None:
    ours = told(error)

    assert type(ours) is Unavailable
    assert expected in ours.message


@pytest.mark.parametrize(
    "error",
    [
        duckdb.IOException('IO Error: Could not write file "/srv/x": No space left on device'),
        duckdb.TransactionException(
            'TransactionContext Error: Failed to commit: Could not write "/srv/x": File too large'
        ),
        duckdb.FatalException("FATAL Error: Disk quota exceeded"),
    ],
)
def test_full_disk_is_told_as_such_and_without_a_path(error: duckdb.Error) -> None:
    ours = told(error)

    assert type(ours) is ResourceExhausted
    assert "no room left on its disk" in ours.message
    assert "/" not in ours.message


def test_write_without_memory_says_that_nothing_was_kept() -> None:
    ours = told(duckdb.OutOfMemoryException("Out of Memory Error: x"))

    assert type(ours) is ResourceExhausted
    assert "nothing of the transaction was kept" in ours.message


def test_write_that_was_stopped_is_cancelled() -> None:
    assert type(told(duckdb.InterruptException("INTERRUPT Error: Interrupted!"))) is Cancelled


@pytest.mark.parametrize(
    ("said", "column"),
    [("T.AMOUNT", "AMOUNT"), ('T."NAME"', "NAME"), ('"A.B"."C ""D"" E"', 'C "D" E')],
)
def test_null_in_a_column_that_takes_none_is_told_with_the_column(said: str, column: str) -> None:
    ours = told(duckdb.ConstraintException(f"Constraint Error: NOT NULL constraint failed: {said}"))

    assert type(ours) is DataError
    assert ours.message == f"Row 3 fails in the database: NOT NULL constraint failed: {said}."
    assert ours.details["column"] == column


def test_table_that_others_stand_on_is_the_callers_to_mend() -> None:
    error = duckdb.DependencyException("Dependency Error: Cannot drop entry T: a key needs it")

    assert type(told(error)) is InvalidSql
