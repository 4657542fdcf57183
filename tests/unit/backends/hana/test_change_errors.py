"""What a failed change is called, and whether its transaction is over with it."""

import pytest

from flight_client.protocol.errors import (
    AccessDenied,
    DataError,
    DeadlineExceeded,
    Error,
    InvalidSql,
    ResourceExhausted,
    Retry,
    TableExists,
    Unavailable,
    UnknownEntity,
)
from flight_server.backends.hana.change_errors import (
    change_error,
    ends_transaction,
    lost_error,
    unknown_outcome,
)
from flight_server.backends.hana.errors import is_lost, known_codes
from flight_server.backends.hana.messages import Failed


def failed(code: int, text: str = "some words", **details: int) -> Failed:
    return Failed(code, text, connection_lost=is_lost(code, text), details=details)


@pytest.mark.parametrize("code", [131, 132, 133, 138, 149])
def test_lock_wait_and_deadlock_say_that_all_was_rolled_back_and_may_be_tried_later(
    code: int,
) -> None:
    error = change_error(failed(code), "The UPDATE")

    assert isinstance(error, Unavailable)
    assert error.retry is Retry.LATER
    assert "the transaction was rolled back; begin it again" in error.message
    assert error.details == {"hana_code": code}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (139, Unavailable),
        (613, DeadlineExceeded),
        (4, ResourceExhausted),
        (616, Unavailable),
        (2048, DataError),
        (-10807, Unavailable),
    ],
)
def test_what_may_have_ended_the_transaction_ends_it(code: int, expected: type[Error]) -> None:
    found = failed(code)

    assert ends_transaction(found)
    error = change_error(found, "The UPDATE")
    assert type(error) is expected
    assert "rolled back" in error.message


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (257, InvalidSql),
        (258, AccessDenied),
        (259, UnknownEntity),
        (274, DataError),
        (287, DataError),
        (288, TableExists),
        (301, DataError),
        (-10427, DataError),
    ],
)
def test_error_of_the_statement_or_a_value_leaves_the_transaction(
    code: int, expected: type[Error]
) -> None:
    found = failed(code)

    assert not ends_transaction(found)
    assert type(change_error(found, "The INSERT")) is expected


def test_failing_row_is_told_in_the_sentence_and_to_programs() -> None:
    error = change_error(failed(301, "unique constraint violated", row=7), "The INSERT")

    assert error.message.startswith("Row 7 of the values fails in the database: unique constraint")
    assert error.details == {"hana_code": 301, "row": 7}


def test_row_of_an_error_that_is_of_none_is_left_out() -> None:
    error = change_error(failed(131, row=1), "The INSERT")

    assert error.details == {"hana_code": 131}


def test_place_of_an_error_is_told() -> None:
    error = change_error(failed(257, "near: line 1 col 3 (at pos 3)"), "The INSERT")

    assert error.details == {"hana_code": 257, "position": 3}


@pytest.mark.parametrize("code", known_codes())
def test_every_number_makes_one_whole_sentence(code: int) -> None:
    message = change_error(failed(code, row=1), "The INSERT").message

    assert message.endswith(".")
    assert "read again" not in message
    assert "{" not in message


def test_failed_commit_says_that_nothing_was_kept() -> None:
    error = change_error(failed(461, "a constraint"), "The transaction", at_commit=True)

    assert error.message == (
        "The transaction fails in the database: a constraint, and the transaction was rolled back; "
        "begin it again."
    )


def test_failure_of_our_own_keeps_its_words_and_ends_nothing() -> None:
    found = Failed(None, "A value does not fit.", "PARAMETER_INVALID", details={"row": 3})

    assert not ends_transaction(found)
    error = change_error(found, "The INSERT")
    assert (error.code, error.message) == ("PARAMETER_INVALID", "A value does not fit.")
    assert error.details == {"row": 3}


def test_fault_of_the_process_ends_the_transaction() -> None:
    assert ends_transaction(Failed(None, "It failed.", "INTERNAL", connection_lost=True))
    assert ends_transaction(Failed(None, "It failed.", "INTERNAL"))


def test_lost_process_says_that_all_was_rolled_back() -> None:
    assert "(signal 9), and the transaction was rolled back" in lost_error("signal 9", "X").message


def test_lost_commit_promises_nothing() -> None:
    error = unknown_outcome()

    assert "nobody knows whether its changes were kept" in error.message
    assert error.retry is Retry.NEVER
