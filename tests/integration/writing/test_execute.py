"""One statement that changes rows or tables, and how many rows it changed."""

import pyarrow as pa
import pytest

from flight_client.client import Client
from flight_client.protocol.errors import (
    AccessDenied,
    DataError,
    InvalidParameter,
    InvalidSql,
    RefusedSql,
    UnknownEntity,
)


@pytest.fixture
def filled(client: Client, table: str) -> str:
    rows = pa.table({"ID": [1, 2, 3], "NAME": ["a", "b", "c"]})
    client.write(table, rows, mode="create", keys=["ID"])
    return table


def count(client: Client, table: str) -> int:
    return client.table(table).to_arrow().num_rows


def test_update_answers_with_the_rows_it_changed(client: Client, filled: str) -> None:
    changed = client.execute(
        f"UPDATE {filled} SET NAME = ? WHERE ID > ?", parameters=[None, 1], space="LAB"
    )
    assert changed == 2
    assert client.table(filled, where=[("NAME", "is null")]).to_arrow().num_rows == 2


def test_delete_without_where_is_refused_unless_it_is_meant(client: Client, filled: str) -> None:
    for sql in (f"DELETE FROM LAB.{filled}", f"UPDATE LAB.{filled} SET NAME = 'x'"):
        with pytest.raises(InvalidSql, match="allow_all_rows"):
            client.execute(sql)
    assert count(client, filled) == 3
    assert client.execute(f"DELETE FROM LAB.{filled}", allow_all_rows=True) == 3
    assert count(client, filled) == 0


def test_definitions_count_no_rows(client: Client, table: str) -> None:
    assert client.execute(f"CREATE TABLE LAB.{table} (A INTEGER)") is None
    assert client.execute(f"ALTER TABLE LAB.{table} ADD (B INTEGER)") is None
    assert client.table(table).schema.names == ["A", "B"]
    assert client.execute(f"DROP TABLE LAB.{table}") is None
    with pytest.raises(UnknownEntity):
        client.describe(table)


def test_change_that_fails_changes_nothing(client: Client, filled: str) -> None:
    with pytest.raises(DataError) as raised:
        client.execute(f"INSERT INTO LAB.{filled} SELECT 4 - ID, NAME FROM LAB.{filled}")
    assert raised.value.details["outcome"] == "nothing"
    assert count(client, filled) == 3


def test_query_is_no_change(client: Client, filled: str) -> None:
    with pytest.raises(RefusedSql, match="is a query"):
        client.execute(f"SELECT * FROM LAB.{filled}")


def test_values_and_markers_have_to_be_as_many(client: Client, filled: str) -> None:
    with pytest.raises(InvalidParameter):
        client.execute(f"DELETE FROM LAB.{filled} WHERE ID = ?", parameters=[1, 2])


def test_space_that_is_not_writable_is_refused(client: Client) -> None:
    with pytest.raises(AccessDenied):
        client.execute("DELETE FROM SALES.ORDERS WHERE ORDER_ID = 1")


@pytest.mark.parametrize("space", ["SALES", "NOPE"])
def test_change_does_not_go_to_another_space_than_the_one_that_is_named(
    client: Client, filled: str, space: str
) -> None:
    with pytest.raises(AccessDenied, match=f"'{space}'"):
        client.execute(f"DROP TABLE {filled}", space=space)
    assert count(client, filled) == 3


def test_space_that_is_read_from_does_not_move_a_target_that_has_its_own(
    client: Client, filled: str
) -> None:
    sql = f"INSERT INTO LAB.{filled} SELECT ORDER_ID + 10, 'x' FROM ORDERS"
    assert client.execute(sql, space="SALES") == 4
