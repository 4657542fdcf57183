"""What a database user may see and say: questions 1, 6, 10, 12 and 13."""

import os
from pathlib import Path

import pytest
from hdbcli import dbapi

from tests.live.findings import Findings
from tests.live.tenant import TABLE, Answer, Tenant, attempt, q, refusal

MOST_VIEWS = 5
MOST_ROWS = 100_000

PROTECTED = """
    SELECT V.SCHEMA_NAME, V.VIEW_NAME FROM SYS.VIEWS AS V
    INNER JOIN SYS.SCHEMAS AS S ON S.SCHEMA_NAME = V.SCHEMA_NAME
    WHERE S.HAS_PRIVILEGES = 'TRUE' AND V.HAS_STRUCTURED_PRIVILEGE_CHECK = 'TRUE'
      AND V.HAS_PARAMETERS = 'FALSE' AND V.SCHEMA_NAME <> 'SYS'
      AND V.SCHEMA_NAME NOT LIKE '|_SYS%' ESCAPE '|'
    ORDER BY V.SCHEMA_NAME, V.VIEW_NAME
"""


def test_protected_views_say_how_many_rows_a_database_user_gets(
    tenant: Tenant, findings: Findings
) -> None:
    named = os.environ.get("FLIGHT_LIVE_DAC_VIEW", "")
    asked = [tuple(named.partition(".")[::2])] if named else []
    found = tenant.ask(PROTECTED)
    if isinstance(found, Answer):
        asked += found.rows[:MOST_VIEWS]
        findings.note(1, f"{len(found.rows)} views in reach say HAS_STRUCTURED_PRIVILEGE_CHECK.")
    else:
        findings.leave(1, f"SYS.VIEWS gave {found}")
    for space, view in asked:
        counted = tenant.ask(
            f"SELECT COUNT(*) FROM (SELECT 1 AS ONE FROM {q(space, view)} LIMIT {MOST_ROWS})"
        )
        rows = f"{counted.value} rows" if isinstance(counted, Answer) else str(counted)
        findings.note(1, f"{space}.{view} gives this user {rows}; compare with a Datasphere user.")
    if not asked:
        findings.leave(1, "name a protected view: FLIGHT_LIVE_DAC_VIEW=SPACE.VIEW")
    assert isinstance(found, Answer)


def test_explain_plan_says_whether_the_user_may(tenant: Tenant, findings: Findings) -> None:
    found = tenant.ask(
        "EXPLAIN PLAN SET STATEMENT_NAME = 'flight-live' FOR SELECT DUMMY FROM DUMMY"
    )
    findings.note(6, f"EXPLAIN PLAN gave {'a plan' if isinstance(found, Answer) else found}.")


@pytest.mark.usefixtures("schema")
@pytest.mark.parametrize(
    ("view", "column"),
    [
        ("TABLES", "COMMENTS"),
        ("VIEWS", "COMMENTS"),
        ("TABLE_COLUMNS", "COMMENTS"),
        ("VIEW_COLUMNS", "COMMENTS"),
        ("ANNOTATIONS", "VALUE"),
    ],
)
def test_catalogue_says_how_much_is_commented(
    tenant: Tenant, findings: Findings, view: str, column: str
) -> None:
    found = tenant.ask(
        f"SELECT COUNT(*), COUNT(NULLIF(C.{column}, '')) FROM SYS.{view} AS C "
        "INNER JOIN SYS.SCHEMAS AS S ON S.SCHEMA_NAME = C.SCHEMA_NAME "
        "WHERE S.HAS_PRIVILEGES = 'TRUE' AND C.SCHEMA_NAME <> 'SYS' "
        "AND C.SCHEMA_NAME NOT LIKE '|_SYS%' ESCAPE '|'"
    )
    if isinstance(found, Answer):
        rows, filled = found.rows[0]
        findings.note(10, f"SYS.{view}: {filled} of {rows} rows have {column}.")
    else:
        findings.note(10, f"SYS.{view} gave {found}.")


def test_json_web_token_logs_on_or_says_why_not(tenant: Tenant, findings: Findings) -> None:
    providers = tenant.ask("SELECT COUNT(*) FROM SYS.JWT_PROVIDERS")
    seen = providers.value if isinstance(providers, Answer) else providers
    findings.note(12, f"JWT providers that this user sees: {seen}.")
    file = os.environ.get("FLIGHT_LIVE_JWT_FILE")
    if not file:
        findings.leave(12, "no token: FLIGHT_LIVE_JWT_FILE names a file with one")
        return
    token = Path(file).read_text(encoding="utf-8").strip()
    options = {name: value for name, value in tenant.user.options.items() if name != "user"}
    try:
        connection = dbapi.connect(**{**options, "password": token, "authenticationMethods": "jwt"})
    except dbapi.Error as error:
        findings.note(12, f"A log-on by token gave {refusal(error)}.")
        return
    who = attempt(connection, "SELECT CURRENT_USER FROM DUMMY")
    connection.close()
    findings.note(12, f"A log-on by token is user {getattr(who, 'value', who)}.")


@pytest.mark.parametrize("statement", ["SET TRANSACTION READ ONLY", "SET TRANSACTION DDL OFF"])
def test_walls_of_a_session_are_accepted_or_refused(
    tenant: Tenant, findings: Findings, schema: str | None, statement: str
) -> None:
    with tenant.connect() as connection:
        found = attempt(connection, statement)
        accepted = isinstance(found, Answer)
        findings.note(13, f"{statement}: {'accepted' if accepted else found}.")
        assert isinstance(attempt(connection, "SELECT DUMMY FROM DUMMY"), Answer)
        if schema is None:
            findings.leave(13, f"whether {statement} holds: FLIGHT_LIVE_SCHEMA names no schema")
            return
        insert = f"INSERT INTO {q(schema, TABLE)} (ID) VALUES (-1)"
        create = f"CREATE COLUMN TABLE {q(schema, 'FLIGHT_LIVE_X')} (ID INTEGER)"
        for what, sql in (("an INSERT", insert), ("a CREATE TABLE", create)):
            tried = attempt(connection, sql)
            outcome = "is done" if isinstance(tried, Answer) else f"gives {tried}"
            findings.note(13, f"After {statement}, {what} {outcome}.")
    with tenant.connect() as connection:
        attempt(connection, f"DROP TABLE {q(schema, 'FLIGHT_LIVE_X')}")
        attempt(connection, f"DELETE FROM {q(schema, TABLE)} WHERE ID = -1")
