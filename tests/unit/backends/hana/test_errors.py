import pytest

from flight_client.protocol.errors import (
    AccessDenied,
    DataError,
    DeadlineExceeded,
    Error,
    InternalError,
    InvalidSql,
    ResourceExhausted,
    Retry,
    Unauthenticated,
    Unavailable,
    UnknownColumn,
    UnknownEntity,
    UnsupportedType,
)
from flight_server.backends.hana.errors import (
    MAX_QUOTED,
    backoff,
    error_of,
    is_lost,
    is_transient,
    known_codes,
    translated,
)
from flight_server.backends.hana.messages import Failed

RETRIED = (
    -10807, -10709, -10735, 1025, 1026, 1027, 1028, 1029, 1030, 1031, 583, 129, 133, 131, 132, 138,
    143, 142, 145, 149, 150, 749,
)  # fmt: skip
BUSY = (616, 1038, 1034, 1888)
LOG_ON = (10, 408, 414, 415, 416, 453)
OF_THE_REQUEST = (
    257, 259, 260, 261, 262, 263, 264, 266, 268, 274, 287, 301, 303, 304, 307, 314, 328, 339, 359,
    362, 383, 391, 397, 461, 462, 467, 468, 7, 2048,
)  # fmt: skip
OTHERS = (4, 613, 139, 258, 597, 663)

OF_THE_DRIVER = (0, -10404, -10411, -10412, -10413, -10419, -10427, -10802, -10811, -10905)

MEMORY = "column store error: [2048] exception 1000002: OutOfMemory exception; $size$=1024"


@pytest.mark.parametrize("code", [*RETRIED, *BUSY, *LOG_ON, *OF_THE_REQUEST, *OTHERS])
def test_every_number_of_the_facts_has_a_row(code: int) -> None:
    assert code in set(known_codes())


@pytest.mark.parametrize("code", known_codes())
def test_every_row_makes_one_whole_sentence(code: int) -> None:
    error = translated(code, "some words: line 1 col 3 (at pos 2)", "SALES.ORDERS")

    assert error.message.endswith(".")
    assert "{" not in error.message
    assert error.details["hana_code"] == code


@pytest.mark.parametrize("code", RETRIED)
def test_what_another_connection_may_mend_is_transient(code: int) -> None:
    assert is_transient(code, "")


@pytest.mark.parametrize("code", BUSY)
def test_a_busy_database_is_asked_again_after_a_pause(code: int) -> None:
    assert is_transient(code, "")
    assert backoff(code, "")


@pytest.mark.parametrize("code", [*LOG_ON, *OF_THE_REQUEST, *OTHERS])
def test_what_fails_again_is_not_repeated(code: int) -> None:
    if code == 597:  # the connection is damaged, another one is not
        return
    assert not is_transient(code, "")
    assert not backoff(code, "")


@pytest.mark.parametrize("code", LOG_ON)
def test_a_refused_log_on_is_never_repeated_by_a_client_either(code: int) -> None:
    error = translated(code, "authentication failed", "SALES.ORDERS")

    assert type(error) is Unauthenticated
    assert error.retry is Retry.NEVER


def test_a_failure_of_our_own_is_not_repeated() -> None:
    assert not is_transient(None, "")
    assert not backoff(None, "")


@pytest.mark.parametrize("code", [129, 2, 2048, 1000, 663])
@pytest.mark.parametrize(
    "text",
    [MEMORY, "cannot allocate enough memory: size 5", "Allocation failed at some place"],
)
def test_words_of_memory_win_over_the_number(code: int, text: str) -> None:
    assert type(translated(code, text, "The query")) is ResourceExhausted
    assert not is_transient(code, text)


@pytest.mark.parametrize(
    "text",
    [
        "transaction rolled back by an internal error: max number of SqlExecutor threads are "
        "exceeded",
        "the instance is in its maintenance window",
        "upgrade in progress",
        "resize in progress",
        "not yet fully initialized",
        "connect not allowed: GBA503: Geo blocking",
    ],
)
@pytest.mark.parametrize("code", [129, 663, 1000])
def test_words_of_an_absence_make_the_error_temporary(code: int, text: str) -> None:
    assert type(translated(code, text, "The query")) is Unavailable
    assert backoff(code, text)


@pytest.mark.parametrize(
    ("code", "text", "expected"),
    [
        (-10807, "Connection down: [89012] Socket recv timeout (recv took longer than 1500 ms",
         DeadlineExceeded),
        (-10709, "Connection failed (RTE:[300015] SSL certificate validation failed: Hostname",
         Unavailable),
        (-10709, "Connection failed (RTE:[200117] Failed to initiate any authentication method.",
         Unauthenticated),
    ],
)  # fmt: skip
def test_words_of_the_driver_end_the_attempts(code: int, text: str, expected: type[Error]) -> None:
    assert type(translated(code, text, "The query")) is expected
    assert not is_transient(code, text)
    assert is_lost(code, text)


def test_a_connection_that_the_driver_closed_is_lost() -> None:
    assert is_lost(0, "Connection closed")
    assert is_transient(0, "Connection closed")


def test_a_value_that_the_driver_cannot_hold_is_an_error_of_data() -> None:
    text = "Unable to convert value in row 1, column 1 to Python value"

    assert type(translated(0, text, "The query")) is DataError
    assert not is_lost(0, text)


@pytest.mark.parametrize("code", [257, 303, 339, 260])
def test_words_that_a_caller_wrote_do_not_change_the_rule(code: int) -> None:
    text = "invalid date: 'maintenance window OutOfMemory exception'"

    assert not is_transient(code, text)
    assert type(translated(code, text, "The query")) is not ResourceExhausted


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (257, InvalidSql),
        (258, AccessDenied),
        (259, UnknownEntity),
        (260, UnknownColumn),
        (304, DataError),
        (314, DataError),
        (391, DataError),
        (4, ResourceExhausted),
        (613, DeadlineExceeded),
        (139, Unavailable),
        (663, AccessDenied),
        (-10709, Unavailable),
        (-10807, Unavailable),
        (616, Unavailable),
    ],
)
def test_a_number_becomes_our_class(code: int, expected: type[Error]) -> None:
    assert type(translated(code, "", "The query")) is expected


def test_an_error_of_the_request_shows_words_and_place() -> None:
    said = 'sql syntax error: incorrect syntax near "FORM": line 1 col 10 (at pos 10)'

    error = translated(257, said, "The query")

    assert error.message == f"The query fails in the database: {said}."


def test_words_of_the_database_are_shortened() -> None:
    error = translated(303, "x" * 5000, "The query")

    assert len(error.message) < MAX_QUOTED + 60


def test_only_the_first_line_of_the_words_is_shown() -> None:
    assert "second" not in translated(304, "first\nsecond", "The query").message


def test_braces_in_names_and_words_are_left_alone() -> None:
    error = translated(304, "{0} {said}", 'S."{subject}"')

    assert error.message == 'S."{subject}" fails in the database: {0} {said}.'


@pytest.mark.parametrize("code", [-10709, 10, 663, 4, 1000, -10999, 1034])
def test_what_only_the_administrator_may_see_is_not_quoted(code: int) -> None:
    error = translated(code, "secret-host.internal:30015 user SYSTEM", "The query")

    assert "secret-host" not in error.message


@pytest.mark.parametrize("code", [258, 259])
def test_a_hidden_object_is_not_named(code: int) -> None:
    assert "PAYROLL" not in translated(code, "Could not find PAYROLL", "SALES.ORDERS").message


def test_an_unknown_error_of_a_statement_shows_its_words() -> None:
    error = translated(400, "something new", "The query")

    assert type(error) is InvalidSql
    assert "something new" in error.message


@pytest.mark.parametrize("code", [3, 5000, -10999, -1])
def test_another_unknown_number_is_a_fault_inside(code: int) -> None:
    assert type(translated(code, "", "The query")) is InternalError
    assert not is_transient(code, "")


@pytest.mark.parametrize("code", [-10807, -10709, -10999, 1030, 597, 10, 416])
def test_a_broken_connection_is_known_as_lost(code: int) -> None:
    assert is_lost(code, "")


@pytest.mark.parametrize("code", [257, 259, 301, 139, 613, 616, 131, 4])
def test_an_error_of_a_statement_leaves_the_connection(code: int) -> None:
    assert not is_lost(code, "")


def test_a_failure_with_a_number_is_translated() -> None:
    error = error_of(Failed(304, "division by zero undefined"), "The query")

    assert type(error) is DataError
    assert error.details["hana_code"] == 304


def test_a_failure_of_our_own_keeps_kind_words_and_facts() -> None:
    failed = Failed(None, "Column 'A' is odd.", "TYPE_UNSUPPORTED", details={"column": "A"})

    error = error_of(failed, "The query")

    assert type(error) is UnsupportedType
    assert error.message == "Column 'A' is odd."
    assert error.details == {"column": "A"}


def test_a_number_that_the_facts_do_not_name_has_its_reason_in_the_table() -> None:
    named = {*RETRIED, *BUSY, *LOG_ON, *OF_THE_REQUEST, *OTHERS}

    assert set(known_codes()) - named == {1033, *OF_THE_DRIVER}
