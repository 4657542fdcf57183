"""INSERT, UPSERT, UPDATE, DELETE, MERGE, and what keeps them from it."""

from decimal import Decimal

import pytest

from tests.hana_emulator.values import HanaError
from tests.support.hana_engine_client import Client


@pytest.fixture
def table(client: Client) -> Client:
    client.run(
        "CREATE TABLE T (ID INTEGER PRIMARY KEY, NAME NVARCHAR(5) NOT NULL, AMOUNT DECIMAL(5,2)"
        " DEFAULT 7, NOTE NCLOB)"
    )
    return client


def test_rows_are_inserted_with_defaults(table: Client) -> None:
    table.run("INSERT INTO T (NAME, ID) VALUES ('a', 1)")
    table.run("INSERT INTO T VALUES (2, 'b', DEFAULT, 'long')")

    assert table.rows("SELECT * FROM T ORDER BY ID") == [
        (1, "a", Decimal("7.00"), None),
        (2, "b", Decimal("7.00"), "long"),
    ]


def test_batch_fails_by_row_and_the_others_stand(table: Client) -> None:
    found = table.outcomes(
        "INSERT INTO T (ID, NAME, AMOUNT) VALUES (?, ?, ?)",
        (1, "a", 1),
        (1, "again", 1),
        (2, None, 1),
        (3, "too long", 1),
        (4, "b", 1000),
        (None, "c", 1),
        (5, "d", "x"),
        (6, "e", None),
    )

    assert found == [1, 301, 287, 274, 314, 287, 339, 1]
    assert table.rows("SELECT ID FROM T ORDER BY ID") == [(1,), (6,)]


def test_values_may_be_computed_from_markers(table: Client) -> None:
    found = table.outcomes(
        "INSERT INTO T (ID, NAME, AMOUNT) VALUES (? + 1, UPPER(?), 10 / ?)",
        (1, "a", 4),
        (2, "b", 0),
        (3, "c", 3),
    )

    assert found == [1, 304, 1]
    assert table.rows("SELECT ID, NAME, AMOUNT FROM T ORDER BY ID") == [
        (2, "A", Decimal("2.50")),
        (4, "C", Decimal("3.33")),
    ]


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("INSERT INTO T (ID, NAME) VALUES (1)", 270),
        ("INSERT INTO T (ID) VALUES (1, 'a')", 269),
        ("INSERT INTO T (NOSUCH) VALUES (1)", 260),
        ("INSERT INTO NOWHERE VALUES (1)", 259),
        ("INSERT INTO T SELECT 1 FROM DUMMY", 270),
        ("UPDATE T SET NOSUCH = 1", 260),
        ("UPDATE T SET ID = 'x'", 339),
        ("INSERT INTO V VALUES (1)", 361),
        ("INSERT INTO T (ID, NAME) VALUES (DATE'2024-01-01', 'a')", 266),
    ],
)
def test_change_that_cannot_be_has_its_number(table: Client, sql: str, code: int) -> None:
    table.run("CREATE VIEW V AS SELECT ID FROM T")
    table.run("INSERT INTO T (ID, NAME) VALUES (9, 'a')")

    assert table.code(sql) == code


def test_insert_of_a_query_is_all_or_nothing(table: Client) -> None:
    table.run("INSERT INTO T (ID, NAME) VALUES (3, 'a')")
    source = "SELECT GENERATED_PERIOD_START, 'x' FROM SERIES_GENERATE_INTEGER(1, {}, {})"

    assert table.outcomes(f"INSERT INTO T (ID, NAME) {source.format(1, 5)}") == [301]
    assert table.run(f"INSERT INTO T (ID, NAME) {source.format(4, 9)}") == 5
    assert table.value("SELECT COUNT(*) FROM T") == 6


def test_upsert_updates_what_is_there_and_inserts_the_rest(table: Client) -> None:
    table.run("INSERT INTO T VALUES (1, 'a', 1, 'kept')")

    found = table.outcomes(
        "UPSERT T (ID, NAME) VALUES (?, ?) WITH PRIMARY KEY", (1, "b"), (2, "c"), (2, "d")
    )

    assert found == [1, 1, 1]
    assert table.rows("SELECT * FROM T ORDER BY ID") == [
        (1, "b", Decimal("1.00"), "kept"),
        (2, "d", Decimal("7.00"), None),
    ]


def test_upsert_takes_a_query(table: Client) -> None:
    table.run("INSERT INTO T (ID, NAME) VALUES (1, 'a')")
    table.run("UPSERT T (ID, NAME) SELECT ID, 'z' FROM T WITH PRIMARY KEY")

    assert table.rows("SELECT ID, NAME FROM T") == [(1, "z")]


def test_rows_are_updated_and_deleted_by_condition(table: Client) -> None:
    table.outcomes("INSERT INTO T (ID, NAME) VALUES (?, 'a')", (1,), (2,), (3,))

    assert table.run("UPDATE T SET AMOUNT = AMOUNT + ID, NAME = ? WHERE ID > ?", "b", 1) == 2
    assert table.run("DELETE FROM T X WHERE X.ID = 1") == 1
    assert table.run("DELETE FROM T WHERE ID = 9") == 0
    assert table.rows("SELECT ID, NAME, AMOUNT FROM T ORDER BY ID") == [
        (2, "b", Decimal("9.00")),
        (3, "b", Decimal("10.00")),
    ]


def test_update_may_shift_a_key_but_not_double_it(table: Client) -> None:
    table.outcomes("INSERT INTO T (ID, NAME) VALUES (?, 'a')", (1,), (2,), (3,))

    assert table.run("UPDATE T SET ID = ID + 1") == 3
    assert table.outcomes("UPDATE T SET ID = 3 WHERE ID = 2") == [301]
    assert table.outcomes("UPDATE T SET NAME = NULL") == [287]
    assert table.outcomes("UPDATE T SET NAME = 'too long'") == [274]
    assert table.rows("SELECT ID FROM T ORDER BY ID") == [(2,), (3,), (4,)]


def test_merge_updates_and_inserts(table: Client) -> None:
    table.outcomes("INSERT INTO T (ID, NAME) VALUES (?, 'a')", (1,), (2,))

    found = table.run(
        "MERGE INTO T USING (SELECT 2 AS K, 'm' AS V FROM DUMMY UNION ALL SELECT 3, 'n' FROM DUMMY)"
        " S ON T.ID = S.K WHEN MATCHED THEN UPDATE SET NAME = S.V WHEN NOT MATCHED THEN INSERT"
        " (ID, NAME) VALUES (S.K, S.V)"
    )

    assert found == 2
    assert table.rows("SELECT ID, NAME FROM T ORDER BY ID") == [(1, "a"), (2, "m"), (3, "n")]


def test_merge_deletes_what_matches(table: Client) -> None:
    table.outcomes("INSERT INTO T (ID, NAME) VALUES (?, 'a')", (1,), (2,))
    table.run("MERGE INTO T USING DUMMY S ON T.ID = 2 WHEN MATCHED THEN DELETE")

    assert table.rows("SELECT ID FROM T") == [(1,)]


def test_merge_wants_matched_before_not_matched(table: Client) -> None:
    with pytest.raises(HanaError) as caught:
        table.run(
            "MERGE INTO T USING DUMMY S ON T.ID = 2 WHEN NOT MATCHED THEN INSERT VALUES (1, 'a',"
            " 1, NULL) WHEN MATCHED THEN DELETE"
        )
    assert caught.value.code == 257


def test_identity_numbers_rows(client: Client) -> None:
    client.run(
        "CREATE TABLE T (ID BIGINT GENERATED BY DEFAULT AS IDENTITY (START WITH 10 INCREMENT BY 5),"
        " A INTEGER)"
    )
    client.outcomes("INSERT INTO T (A) VALUES (?)", (1,), (2,))
    client.run("INSERT INTO T VALUES (99, 3)")

    assert client.rows("SELECT ID, A FROM T ORDER BY A") == [(10, 1), (15, 2), (99, 3)]
    assert client.expression("CURRENT_IDENTITY_VALUE()") == 15


def test_identity_that_is_always_generated_takes_no_value(client: Client) -> None:
    client.run("CREATE TABLE T (ID BIGINT GENERATED ALWAYS AS IDENTITY, A INTEGER)")

    assert client.code("INSERT INTO T VALUES (1, 2)") == 360
    assert client.run("INSERT INTO T (A) VALUES (2)") == 1


def test_time_of_the_insert_can_be_a_default(client: Client) -> None:
    client.run("CREATE TABLE T (A INTEGER, AT TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)")
    client.run("INSERT INTO T (A) VALUES (1)")

    assert client.rows("SELECT A FROM T WHERE ADD_SECONDS(AT, 3600) > CURRENT_TIMESTAMP") == [(1,)]


def test_large_batch_is_stored(client: Client) -> None:
    client.run("CREATE TABLE T (A INTEGER PRIMARY KEY, B NVARCHAR(20))")

    found = client.outcomes(
        "INSERT INTO T VALUES (?, ?)", *((at, f"text {at}") for at in range(20_000))
    )

    assert found == [1] * 20_000
    assert client.rows("SELECT COUNT(*), MAX(B) FROM T") == [(20_000, "text 9999")]
