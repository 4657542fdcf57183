"""Every method of FedML's DbConnection over a Flight server, on DuckDB and on emulated HANA."""

import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pytest

from flight_client.fedml import DbConnection
from flight_client.protocol.errors import (
    AccessDenied,
    DataError,
    InvalidRead,
    InvalidRequest,
    RefusedSql,
    UnknownColumn,
    UnknownEntity,
    UnknownSpace,
)
from flight_client.sinks import MissingDependency
from tests.support.sql_service import SqlService
from tests.support.sql_tables import BIG_ROWS, READ, WRITE

ORDERS = [
    (1, "OPEN", Decimal("9.99"), date(2024, 1, 1)),
    (2, "OPEN", Decimal("10.00"), date(2024, 2, 29)),
    (3, "PAID", Decimal("0.01"), None),
    (4, None, None, date(2024, 3, 1)),
]
ORDERS_HEADERS = ["ORDER_ID", "STATUS", "AMOUNT", "ORDERED"]


@pytest.fixture
def filled(db: DbConnection, table: str) -> str:
    db.create_table(f"CREATE TABLE {table} (ID INTEGER PRIMARY KEY, NAME NVARCHAR(20))")
    assert db.insert_into_table(table, pd.DataFrame({"ID": [1, 2, 3], "NAME": list("abc")})) == 3
    return table


def names(db: DbConnection, table: str) -> list[tuple[object, ...]]:
    return sorted(row[:2] for row in db.get_data_with_headers(table)[0])


# what there is


def test_views_of_the_schema_are_listed(db: DbConnection) -> None:
    assert db.get_schema_views() == ([("SHORT_LABELS", None)], ["VIEW_NAME", "VIEW_TYPE"])


def test_view_is_found_by_a_part_of_its_name_in_any_case(db: DbConnection) -> None:
    found = ([("SHORT_LABELS", None)], ["VIEW_NAME", "VIEW_TYPE"])
    assert db.get_view_by_name("t_label") == found
    assert db.get_view_by_name("orders") == ([], ["VIEW_NAME", "VIEW_TYPE"])


def test_columns_of_a_view_are_told(db: DbConnection) -> None:
    rows, headers = db.get_view_metadata("short_labels")
    assert headers[:4] == ["POSITION", "COLUMN_NAME", "DATA_TYPE_NAME", "LENGTH"]
    assert [row[:3] for row in rows] == [(1, "ID", "BIGINT"), (2, "LABEL", "NVARCHAR")]


def test_columns_of_a_table_are_told(db: DbConnection, filled: str) -> None:
    rows, headers = db.get_table_metadata(filled)
    assert headers[4] == "IS_NULLABLE"
    assert [(row[1], row[2], row[4]) for row in rows] == [
        ("ID", "INTEGER", "FALSE"),
        ("NAME", "NVARCHAR", "TRUE"),
        ("INSERTED_AT", "TIMESTAMP", "FALSE"),
    ]


def test_metadata_of_what_is_not_there_is_an_error_and_not_an_empty_list(db: DbConnection) -> None:
    with pytest.raises(UnknownEntity):
        db.get_view_metadata("NO_SUCH_VIEW")
    with pytest.raises(UnknownEntity):
        db.get_table_metadata("NO_SUCH_TABLE")


def test_own_tables_are_listed(service: SqlService, filled: str) -> None:
    keys = {"flight_uri": service.uri, "schema": READ, "write_space": WRITE}
    with DbConnection(dict_obj=keys) as db:
        rows, headers = db.get_user_tables()
    assert headers == ["TABLE_NAME", "SCHEMA_NAME", "TABLE_TYPE", "COMMENTS", "CREATE_TIME"]
    assert (filled, WRITE, None, None, None) in rows
    assert {row[1] for row in rows} == {WRITE}


def test_schema_that_is_not_there_is_told(service: SqlService) -> None:
    keys = {"flight_uri": service.uri, "schema": "SALE"}
    with DbConnection(dict_obj=keys) as db, pytest.raises(UnknownSpace):
        db.get_schema_views()


# reading


def test_rows_and_headers_are_those_of_the_driver(db: DbConnection) -> None:
    rows, headers = db.get_data_with_headers("ORDERS")
    assert sorted(rows) == ORDERS
    assert headers == ORDERS_HEADERS
    assert type(rows) is list
    assert {type(row) for row in rows} == {tuple}


def test_size_of_a_table_is_one_row_of_one_number(db: DbConnection) -> None:
    assert db.get_table_size("orders") == [(4,)]
    assert db.get_table_size("SHORT_LABELS") == [(10,)]


def test_fraction_is_drawn_from_all_over_the_table(db: DbConnection) -> None:
    rows, _ = db.get_data_with_headers(table_name="BIG", size=0.1)
    ids = [row[0] for row in rows]
    assert 0.08 * BIG_ROWS < len(ids) < 0.12 * BIG_ROWS
    assert 0.4 * BIG_ROWS < sum(ids) / len(ids) < 0.6 * BIG_ROWS  # FedML gave the first rows


@pytest.mark.parametrize("size", [0, -1, 1.1, 20, None, "1", True, float("nan")])
def test_size_that_is_no_fraction_is_refused(db: DbConnection, size: object) -> None:
    with pytest.raises(InvalidRead, match="size is a fraction over 0 and up to 1"):
        db.get_data_with_headers("ORDERS", size)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    "name", ["ORDERS", "Orders", '"ORDERS"', "SALES.orders", '"SALES"."ORDERS"']
)
def test_name_is_taken_as_users_write_it(db: DbConnection, name: str) -> None:
    assert db.get_table_size(name) == [(4,)]


def test_query_gives_rows_and_headers(db: DbConnection) -> None:
    found = db.execute_query(
        "SELECT STATUS, COUNT(*) AS N FROM ORDERS GROUP BY STATUS ORDER BY 2, 1"
    )
    assert found == ([(None, 1), ("PAID", 1), ("OPEN", 2)], ["STATUS", "N"])


def test_query_without_rows_has_headers(db: DbConnection) -> None:
    assert db.execute_query("SELECT STATUS FROM SALES.ORDERS WHERE ORDER_ID > 9") == (
        [],
        ["STATUS"],
    )


def test_query_finds_own_tables_too(db: DbConnection, filled: str) -> None:
    assert db.execute_query(f"SELECT COUNT(*) AS N FROM {filled}") == ([(3,)], ["N"])


def test_unknown_name_in_a_query_is_told_as_the_first_schema_knows_it(db: DbConnection) -> None:
    with pytest.raises(UnknownEntity, match="'SALES'"):
        db.execute_query("SELECT * FROM ORDER")


def test_query_that_changes_something_is_refused(db: DbConnection, filled: str) -> None:
    with pytest.raises(RefusedSql):
        db.execute_query(f"DELETE FROM {WRITE}.{filled} WHERE ID = 1")
    assert db.get_table_size(filled) == [(3,)]


def test_spark_that_is_not_installed_is_named(
    db: DbConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    for read in (
        lambda: db.get_data_with_headers_pyspark("ORDERS"),
        lambda: db.execute_query_pyspark("SELECT * FROM ORDERS"),
    ):
        with pytest.raises(MissingDependency, match=r"datasphere-flight\[spark\]"):
            read()


def test_cudf_that_is_not_installed_is_named(
    db: DbConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cudf", None)
    for read in (
        lambda: db.get_data_with_headers_cudf("ORDERS"),
        lambda: db.execute_query_cudf("SELECT * FROM ORDERS"),
    ):
        with pytest.raises(MissingDependency, match=r"datasphere-flight\[cudf\]"):
            read()


# writing


def test_created_table_has_the_column_that_fedml_adds(db: DbConnection, table: str) -> None:
    assert (
        db.create_table(f"CREATE TABLE {table} (ID INTEGER PRIMARY KEY, C2 VARCHAR(255));") is None
    )
    assert db.get_data_with_headers(table) == ([], ["ID", "C2", "INSERTED_AT"])


def test_inserted_at_is_the_moment_of_the_insert_in_utc(db: DbConnection, filled: str) -> None:
    moments = {row[2] for row in db.get_data_with_headers(filled)[0]}
    (moment,) = moments
    assert abs(datetime.now(UTC).replace(tzinfo=None) - moment) < timedelta(minutes=5)


def test_example_of_fedmls_own_page_runs(db: DbConnection, table: str) -> None:
    db.create_table(f"CREATE TABLE {table} (ID INTEGER PRIMARY KEY, C2 VARCHAR(255))")
    sample = pd.DataFrame([[6, "hey6"], [7, "bye7"]], columns=["id", "c2"])
    assert db.insert_into_table(table, sample) == 2
    assert names(db, table) == [(6, "hey6"), (7, "bye7")]


def test_table_made_in_mixed_case_is_found_by_the_same_word(db: DbConnection, table: str) -> None:
    word = f"Pca_{table}_Table"
    db.create_table(f"CREATE TABLE {word} (ID INTEGER PRIMARY KEY, radius_mean FLOAT(2))")
    assert db.insert_into_table(word, pd.DataFrame({"id": [1], "radius_mean": [0.5]})) == 1
    assert names(db, word) == [(1, 0.5)]
    db.drop_table(word)
    with pytest.raises(UnknownEntity):
        db.get_table_size(word)


def test_frame_read_from_the_database_can_be_written_back(db: DbConnection, table: str) -> None:
    rows, headers = db.get_data_with_headers("ORDERS")
    db.create_table(
        f"CREATE TABLE {table} (ORDER_ID BIGINT, STATUS NVARCHAR(10), AMOUNT DECIMAL(15,2),"
        " ORDERED DATE)"
    )
    assert db.insert_into_table(table, pd.DataFrame(rows, columns=headers)) == 4
    assert sorted(row[:4] for row in db.get_data_with_headers(table)[0]) == ORDERS


def test_texts_are_converted_as_hana_does(db: DbConnection, table: str) -> None:
    db.create_table(f"CREATE TABLE {table} (D DATE, P DECIMAL(9,2), N NVARCHAR(9))")
    db.insert_into_table(table, pd.DataFrame({"D": ["2024-02-29"], "P": ["1.5"], "N": [7]}))
    assert db.get_data_with_headers(table)[0][0][:3] == (date(2024, 2, 29), Decimal("1.50"), "7")


def test_arrow_table_is_inserted_too(db: DbConnection, filled: str) -> None:
    assert db.insert_into_table(filled, pa.table({"ID": [4], "NAME": ["d"]})) == 1
    assert db.get_table_size(filled) == [(4,)]


def test_column_that_the_table_lacks_is_refused(db: DbConnection, filled: str) -> None:
    with pytest.raises(UnknownColumn):
        db.insert_into_table(filled, pd.DataFrame({"ID": [4], "NAMES": ["d"]}))
    assert db.get_table_size(filled) == [(3,)]


def test_rows_are_updated_and_counted(db: DbConnection, filled: str) -> None:
    assert db.update_table(filled, "NAME = 'x', ID = ID + 10", "ID >= 2") == 2
    assert names(db, filled) == [(1, "a"), (12, "x"), (13, "x")]
    assert db.update_table(filled, "NAME='all'") == 3


def test_rows_are_deleted_and_counted(db: DbConnection, filled: str) -> None:
    assert db.delete_from_table(filled, "NAME IN ('a', 'b') AND ID = 1") == 1
    assert names(db, filled) == [(2, "b"), (3, "c")]
    assert db.delete_from_table(filled) == 2
    assert db.get_table_size(filled) == [(0,)]


def test_table_is_altered(db: DbConnection, filled: str) -> None:
    assert db.alter_table(filled, "ADD (COL1 VARCHAR(20))") is None
    assert db.get_data_with_headers(filled)[1] == ["ID", "NAME", "INSERTED_AT", "COL1"]


def test_table_is_dropped(db: DbConnection, filled: str) -> None:
    assert db.drop_table(filled) is None
    with pytest.raises(UnknownEntity):
        db.drop_table(filled)


def test_tables_of_the_space_are_not_writable(db: DbConnection) -> None:
    for change in (
        lambda: db.delete_from_table("ORDERS"),
        lambda: db.update_table("ORDERS", "STATUS = 'x'"),
        lambda: db.drop_table("ORDERS"),
        lambda: db.insert_into_table("ORDERS", pd.DataFrame({"ORDER_ID": [9]})),
    ):
        with pytest.raises(AccessDenied):
            change()
    assert db.get_table_size("ORDERS") == [(4,)]


# closing


def test_closed_connection_says_so(service: SqlService) -> None:
    db = DbConnection(dict_obj={"flight_uri": service.uri})
    db.close()
    db.close()
    with pytest.raises(InvalidRequest, match="closed"):
        db.get_table_size("ORDERS")


def test_value_that_does_not_fit_is_told_with_its_column(db: DbConnection, filled: str) -> None:
    with pytest.raises(DataError) as caught:
        db.insert_into_table(filled, pd.DataFrame({"ID": ["seven"], "NAME": ["x"]}))
    assert caught.value.details["column"] == "ID"
