"""The catalogue, as a user sees it."""

import pytest

from tests.hana_emulator.engine import DuckEngine
from tests.support.hana_engine_client import Client

SCRIPT = """
CREATE COLUMN TABLE SALES.ORDERS (
  ID BIGINT PRIMARY KEY COMMENT 'the number', "Name" NVARCHAR(20) DEFAULT 'none' NOT NULL,
  RATE DECIMAL, NET DECIMAL(15,2), AT TIMESTAMP, DAY DATE, SEEN TINYINT, NOTE NCLOB,
  GUID VARBINARY(16), VEC REAL_VECTOR(3), UNIQUE ("Name", NET)
) COMMENT 'all orders';
CREATE ROW TABLE SALES.ROWS (A INTEGER);
CREATE VIEW SALES.SCALED COMMENT 'scaled' (ID COMMENT 'key', SCALED)
  (IN P_FACTOR INTEGER, IN P_TEXT NVARCHAR(3) DEFAULT 'EUR', IN P_AMOUNT DECIMAL(5,2) DEFAULT 1.5)
  AS SELECT ID, ID * :P_FACTOR FROM SALES.ORDERS;
INSERT INTO SALES.ORDERS (ID) VALUES (1);
GRANT SELECT ON SALES.ORDERS TO "SALES#FLIGHT" WITH GRANT OPTION;
GRANT SELECT ON SALES.SCALED TO "SALES#FLIGHT";
"""


@pytest.fixture(scope="module")
def seen(reader: Client) -> Client:
    engine = reader.session.home
    assert isinstance(engine, DuckEngine)
    engine.run_script(SCRIPT)
    return reader


def test_only_what_may_be_used_is_listed(seen: Client) -> None:
    assert seen.rows("SELECT SCHEMA_NAME, TABLE_NAME FROM SYS.TABLES") == [("SALES", "ORDERS")]
    assert seen.rows("SELECT VIEW_NAME FROM SYS.VIEWS") == [("SCALED",)]
    assert seen.rows("SELECT OBJECT_NAME, OBJECT_TYPE FROM OBJECTS WHERE SCHEMA_NAME = 'SALES'"
                     " ORDER BY 1") == [("ORDERS", "TABLE"), ("SCALED", "VIEW")]  # fmt: skip


def test_schemas_say_whether_the_user_may_use_them(seen: Client) -> None:
    found = dict(seen.rows("SELECT SCHEMA_NAME, HAS_PRIVILEGES FROM SCHEMAS"))

    assert found["SALES"] == found["SALES#FLIGHT"] == "TRUE"
    assert found["DWC_GLOBAL"] == "FALSE"


def test_table_is_described(seen: Client) -> None:
    assert seen.rows(
        "SELECT COMMENTS, TABLE_TYPE, IS_COLUMN_TABLE, HAS_PRIMARY_KEY, IS_TEMPORARY,"
        " IS_USER_DEFINED_TYPE, TEMPORAL_TYPE FROM SYS.TABLES"
    ) == [("all orders", "COLUMN", "TRUE", "TRUE", "FALSE", "FALSE", "NONE")]


def test_columns_are_described_in_order(seen: Client) -> None:
    found = seen.rows(
        "SELECT COLUMN_NAME, POSITION, DATA_TYPE_NAME, LENGTH, SCALE, IS_NULLABLE, DEFAULT_VALUE,"
        " COMMENTS FROM SYS.TABLE_COLUMNS WHERE TABLE_NAME = 'ORDERS' ORDER BY POSITION"
    )

    assert found == [
        ("ID", 1, "BIGINT", 19, 0, "FALSE", None, "the number"),
        ("Name", 2, "NVARCHAR", 20, None, "FALSE", "none", None),
        ("RATE", 3, "DECIMAL", 34, None, "TRUE", None, None),
        ("NET", 4, "DECIMAL", 15, 2, "TRUE", None, None),
        ("AT", 5, "TIMESTAMP", 27, 7, "TRUE", None, None),
        ("DAY", 6, "DATE", 10, None, "TRUE", None, None),
        ("SEEN", 7, "TINYINT", 3, 0, "TRUE", None, None),
        ("NOTE", 8, "NCLOB", 2_147_483_647, None, "TRUE", None, None),
        ("GUID", 9, "VARBINARY", 16, None, "TRUE", None, None),
        ("VEC", 10, "REAL_VECTOR", 3, None, "TRUE", None, None),
    ]


def test_views_have_columns_and_parameters(seen: Client) -> None:
    assert seen.rows("SELECT COMMENTS, HAS_PARAMETERS, IS_VALID FROM VIEWS") == [
        ("scaled", "TRUE", "TRUE")
    ]
    assert seen.rows(
        "SELECT COLUMN_NAME, DATA_TYPE_NAME, COMMENTS FROM VIEW_COLUMNS ORDER BY POSITION"
    ) == [("ID", "BIGINT", "key"), ("SCALED", "BIGINT", None)]
    assert seen.rows(
        "SELECT PARAMETER_NAME, DATA_TYPE_NAME, LENGTH, SCALE, HAS_DEFAULT_VALUE, DEFAULT_VALUE"
        " FROM SYS.VIEW_PARAMETERS ORDER BY POSITION"
    ) == [
        ("P_FACTOR", "INTEGER", 10, 0, "FALSE", None),
        ("P_TEXT", "NVARCHAR", 3, None, "TRUE", "EUR"),
        ("P_AMOUNT", "DECIMAL", 5, 2, "TRUE", "1.5"),
    ]


def test_keys_are_constraints(seen: Client) -> None:
    assert seen.rows(
        "SELECT COLUMN_NAME, POSITION, IS_PRIMARY_KEY, IS_UNIQUE_KEY FROM SYS.CONSTRAINTS"
        " ORDER BY IS_PRIMARY_KEY DESC, POSITION"
    ) == [("ID", 1, "TRUE", "TRUE"), ("Name", 1, "FALSE", "TRUE"), ("NET", 2, "FALSE", "TRUE")]


def test_rights_of_the_user_are_listed(seen: Client) -> None:
    found = seen.rows(
        "SELECT OBJECT_TYPE, OBJECT_NAME, PRIVILEGE, IS_GRANTABLE FROM EFFECTIVE_PRIVILEGES"
        " WHERE USER_NAME = CURRENT_USER AND SCHEMA_NAME = 'SALES' ORDER BY OBJECT_NAME"
    )

    assert found == [
        ("TABLE", "ORDERS", "SELECT", "TRUE"),
        ("VIEW", "SCALED", "SELECT", "FALSE"),
    ]


def test_it_looks_like_datasphere_on_hana_cloud(seen: Client) -> None:
    assert seen.value("SELECT VERSION FROM SYS.M_DATABASE").startswith("4.00.")
    assert seen.rows("SELECT USER_NAME FROM SYS.USERS WHERE USER_NAME = 'DWC_GLOBAL'")
    assert seen.rows("SELECT SCHEMA_NAME FROM SYS.SCHEMAS WHERE SCHEMA_NAME = 'DWC_GLOBAL'")


def test_rows_of_tables_are_counted(seen: Client) -> None:
    assert seen.rows("SELECT TABLE_NAME, RECORD_COUNT FROM M_TABLES") == [("ORDERS", 1)]


def test_ordinary_user_sees_own_sessions_only(engine: DuckEngine) -> None:
    engine.add_user("OTHER", "x")
    mine, second, other = Client(engine), Client(engine, number=2), Client(engine, "OTHER", 3)
    second.run("SET 'APPLICATION' = 'flight'")

    sql = "SELECT CONNECTION_ID, OWN, CLIENT_APPLICATION FROM M_CONNECTIONS ORDER BY 1"

    assert mine.rows(sql) == [(1, "TRUE", None), (2, "FALSE", "flight")]
    assert len(other.rows(sql)) == 1
    assert second.rows("SELECT KEY, VALUE FROM M_SESSION_CONTEXT WHERE CONNECTION_ID = "
                       "CURRENT_CONNECTION") == [("APPLICATION", "flight")]  # fmt: skip


def test_system_views_can_be_joined_and_filtered(seen: Client) -> None:
    assert seen.rows(
        "SELECT T.TABLE_NAME, COUNT(*) FROM SYS.TABLES T JOIN SYS.TABLE_COLUMNS C ON"
        " C.TABLE_NAME = T.TABLE_NAME WHERE T.SCHEMA_NAME NOT LIKE '\\_SYS%' ESCAPE '\\'"
        " GROUP BY T.TABLE_NAME"
    ) == [("ORDERS", 10)]


def test_own_schema_may_hide_a_public_synonym(client: Client) -> None:
    client.run("CREATE TABLE TABLES (A INTEGER)")

    assert client.rows("SELECT A FROM TABLES") == []
    assert client.rows("SELECT TABLE_NAME FROM SYS.TABLES") == [("TABLES",)]
