"""Names are exact, and what a user may not see is not there."""

import pytest

from tests.hana_emulator.engine import DuckEngine
from tests.hana_emulator.values import HanaError
from tests.support.hana_engine_client import Client


@pytest.fixture
def space(engine: DuckEngine) -> DuckEngine:
    engine.run_script(
        """
        CREATE TABLE SALES."Ab" ("Ab" INTEGER, "AB" INTEGER, "ab" INTEGER);
        CREATE TABLE SALES.AB (X INTEGER);
        INSERT INTO SALES."Ab" VALUES (1, 2, 3);
        CREATE TABLE SALES.HIDDEN (A INTEGER);
        CREATE VIEW SALES.OPEN_VIEW AS SELECT "Ab" AS A FROM SALES."Ab";
        GRANT SELECT ON SALES."Ab" TO "SALES#FLIGHT";
        GRANT SELECT ON SALES.OPEN_VIEW TO "SALES#FLIGHT";
        """
    )
    return engine


def test_names_that_differ_in_case_are_different(space: DuckEngine) -> None:
    assert Client(space).rows('SELECT "AB", "ab", "Ab" FROM SALES."Ab"') == [(2, 3, 1)]


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELECT 1 FROM SALES.ab", 259),  # AB is there, but not for this user
        ('SELECT 1 FROM "Sales"."Ab"', 259),
        ('SELECT "aB" FROM SALES."Ab"', 260),
        ("SELECT 1 FROM SALES.HIDDEN", 259),
        ("SELECT 1 FROM SALES.NOWHERE", 259),
        ("SELECT 1 FROM A.B.C", 259),
        ('INSERT INTO SALES."Ab" VALUES (1, 2, 3)', 258),
        ('DELETE FROM SALES."Ab"', 258),
        ('DROP TABLE SALES."Ab"', 258),
        ("CREATE TABLE SALES.MINE (A INTEGER)", 258),
        ("CREATE TABLE NOWHERE.MINE (A INTEGER)", 362),
        ('SELECT X."Ab" FROM SALES."Ab" Y', 260),
        ('SELECT "Ab" FROM SALES."Ab" A, SALES."Ab" B', 268),
        ("CREATE SCHEMA MINE", 258),
        ('GRANT SELECT ON SALES."Ab" TO "DWC_GLOBAL"', 258),
    ],
)
def test_what_is_not_there_or_not_allowed_has_its_number(
    space: DuckEngine, sql: str, code: int
) -> None:
    assert Client(space).code(sql) == code


def test_view_reads_with_the_rights_of_its_owner(space: DuckEngine) -> None:
    space.run_script('REVOKE SELECT ON SALES."Ab" FROM "SALES#FLIGHT"')
    client = Client(space)

    assert client.code('SELECT 1 FROM SALES."Ab"') == 259
    assert client.rows("SELECT A FROM SALES.OPEN_VIEW") == [(1,)]


def test_right_on_a_schema_is_one_on_everything_in_it(space: DuckEngine) -> None:
    space.grant_read("SALES#FLIGHT", "SALES")

    assert Client(space).rows("SELECT * FROM SALES.HIDDEN") == []


def test_unqualified_name_is_one_of_the_current_schema(space: DuckEngine) -> None:
    client = Client(space)

    assert client.code('SELECT 1 FROM "Ab"') == 259
    client.run("SET SCHEMA SALES")
    assert client.rows('SELECT "Ab" FROM "Ab"') == [(1,)]
    assert client.expression("CURRENT_SCHEMA") == "SALES"


def test_alias_hides_the_name_of_the_table(space: DuckEngine) -> None:
    client = Client(space)

    assert client.rows('SELECT "T"."Ab" FROM SALES."Ab" "T"') == [(1,)]
    assert client.rows('SELECT "Ab"."Ab" FROM SALES."Ab"') == [(1,)]
    assert client.rows('SELECT SALES."Ab"."Ab" FROM SALES."Ab"') == [(1,)]


@pytest.mark.parametrize(
    ("state", "code"), [("force_change", 414), ("deactivated", 415), ("locked", 416)]
)
def test_user_in_another_state_gets_no_session(engine: DuckEngine, state: str, code: int) -> None:
    engine.set_state("SALES#FLIGHT", state)

    with pytest.raises(HanaError) as caught:
        engine.open("SALES#FLIGHT", 1)

    assert caught.value.code == code


def test_password_of_a_user_is_known_and_of_nobody_else(engine: DuckEngine) -> None:
    assert engine.password("SALES#FLIGHT") == "Secret-1"
    assert engine.password("sales#flight") is None
