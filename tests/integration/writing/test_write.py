"""What is written comes back, exactly, in every mode and from everything that holds rows."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from flight_client.client import Client
from flight_client.protocol.errors import (
    AccessDenied,
    DataError,
    InvalidRequest,
    TableExists,
    UnknownColumn,
    UnknownEntity,
)
from tests.contract.backends.shared_tables import EXTREMES, types

ROWS = pa.table({"ID": pa.array([1, 2, 3], pa.int64()), "NAME": ["a", None, "c"]})
MORE = pa.table({"ID": pa.array([3, 4], pa.int64()), "NAME": ["C", "d"]})


def read(client: Client, table: str) -> list[tuple[Any, ...]]:
    found = client.table(table, order_by=["ID"]).to_arrow()
    return list(zip(*found.to_pydict().values(), strict=True))


def keyed(client: Client, table: str) -> None:
    client.write(table, ROWS, mode="create", keys=["ID"])


# values


@pytest.mark.parametrize("column", EXTREMES)
def test_extremes_of_every_type_come_back(client: Client, table: str, column: str) -> None:
    kind, ends = EXTREMES[column]
    data = pa.table({"VALUE": pa.array([*ends, None], kind)})

    assert client.write(table, data, mode="create") == len(ends) + 1

    found = client.table(table).to_arrow()["VALUE"]
    assert sorted(map(repr, found.to_pylist())) == sorted(map(repr, [*ends, None]))


def test_rows_read_can_be_written_and_read_again(client: Client, table: str) -> None:
    result = client.table("TYPES", space="SALES")

    assert client.write(table, result, mode="create") == types().num_rows

    assert client.table(table).schema.types == result.schema.types


@pytest.mark.parametrize(
    "made",
    [
        lambda: ROWS.to_pandas(types_mapper=pd.ArrowDtype),
        lambda: pl.DataFrame({"ID": [1, 2, 3], "NAME": ["a", None, "c"]}),
        lambda: ROWS,
        lambda: ROWS.to_batches()[0],
        ROWS.to_reader,
        lambda: iter(ROWS.to_batches(max_chunksize=1)),
        lambda: [ROWS.slice(0, 1), ROWS.slice(1)],
        lambda: pa.table({"ID": ROWS["ID"], "NAME": ROWS["NAME"].dictionary_encode()}),
    ],
    ids=["pandas", "polars", "table", "batch", "reader", "batches", "tables", "dictionary"],
)
def test_everything_that_holds_rows_is_taken(
    client: Client, table: str, made: Callable[[], object]
) -> None:
    assert client.write(table, made(), mode="create") == 3
    assert read(client, table) == [(1, "a"), (2, None), (3, "c")]


def test_named_index_of_a_frame_is_a_column(client: Client, table: str) -> None:
    frame = pd.DataFrame({"NAME": ["a", "b"]}, index=pd.Index([7, 8], name="ID"))
    client.write(table, frame, mode="create")
    assert read(client, table) == [(7, "a"), (8, "b")]


def test_unnamed_index_of_a_frame_is_none(client: Client, table: str) -> None:
    client.write(table, pd.DataFrame({"ID": [1]}, index=[99]), mode="create")
    assert client.table(table).schema.names == ["ID"]


def test_many_rows_go_in_several_batches(client: Client, table: str) -> None:
    rows = 30_000
    data = pa.table({"ID": pa.array(range(rows), pa.int64())})
    assert client.write(table, data, mode="create", batch_rows=7_000) == rows
    found = client.sql(f"SELECT COUNT(*) AS N, SUM(ID) AS S FROM LAB.{table}").to_arrow()
    assert found.to_pylist() == [{"N": rows, "S": sum(range(rows))}]


def test_table_without_rows_is_made(client: Client, table: str) -> None:
    assert client.write(table, ROWS.slice(0, 0), mode="create") == 0
    assert client.table(table).schema.names == ["ID", "NAME"]


def test_names_are_exact(client: Client, table: str) -> None:
    name = f'{table} "quoted" ä'
    data = pa.table({"select": [1], 'A"; DROP TABLE x --': ["y"]})
    client.write(name, data, mode="create")
    assert client.table(name).to_arrow().to_pylist() == data.to_pylist()


# modes


def test_create_declares_key_and_types(client: Client, table: str) -> None:
    data = pa.table({"ID": [1], "AMOUNT": ["12.50"], "DAY": ["2024-02-29"]})
    data = data.set_column(1, "AMOUNT", pa.array([12.5]))
    data = data.set_column(2, "DAY", pa.array([date(2024, 2, 29)]))
    client.write(table, data, mode="create", keys=["ID"], types={"AMOUNT": "decimal(15, 2)"})
    described = client.describe(table).entity
    assert [column.key for column in described.columns] == [True, False, False]
    assert str(described.columns[1].type) == "DECIMAL(15,2)"
    assert client.table(table).to_arrow()["AMOUNT"].to_pylist() == [Decimal("12.50")]


def test_texts_in_memory_are_measured(
    client: Client, table: str, request: pytest.FixtureRequest
) -> None:
    if "duckdb" in request.node.name:
        pytest.skip("DuckDB keeps no length of a text")
    data = pa.table(
        {"SHORT": ["abc"], "LONG": ["x" * 300], "PAIRS": ["😀" * 6], "TEXT": ["x" * 6000]}
    )
    client.write(table, data, mode="create")
    found = [str(column.type) for column in client.describe(table).entity.columns]
    assert found == ["NVARCHAR(10)", "NVARCHAR(500)", "NVARCHAR(20)", "NCLOB"]
    assert client.table(table).to_arrow().to_pylist() == data.to_pylist()


def test_create_refuses_a_table_that_is_there(client: Client, table: str) -> None:
    keyed(client, table)
    with pytest.raises(TableExists, match=f"has a table '{table}'"):
        client.write(table, MORE, mode="create")
    assert len(read(client, table)) == 3


def test_append_adds(client: Client, table: str) -> None:
    client.write(table, ROWS, mode="create")
    assert client.write(table, MORE) == 2
    assert len(read(client, table)) == 5


def test_append_wants_a_table(client: Client, table: str) -> None:
    with pytest.raises(UnknownEntity, match=f"no table '{table}'") as raised:
        client.write(table, ROWS)
    assert raised.value.details["outcome"] == "nothing"


def test_replace_makes_other_columns(client: Client, table: str) -> None:
    client.write(table, ROWS, mode="replace")
    assert client.write(table, pa.table({"ID": [9]}), mode="replace") == 1
    assert read(client, table) == [(9,)]


def test_upsert_sets_and_adds(client: Client, table: str) -> None:
    keyed(client, table)
    assert client.write(table, MORE, mode="upsert", keys=["ID"]) == 2
    assert read(client, table) == [(1, "a"), (2, None), (3, "C"), (4, "d")]


def test_upsert_takes_the_last_row_of_a_key(client: Client, table: str) -> None:
    keyed(client, table)
    rows = pa.table({"ID": [1, 7, 1, 7], "NAME": ["p", "q", "r", "s"]})
    assert client.write(table, rows, mode="upsert", batch_rows=3) == 4
    assert read(client, table) == [(1, "r"), (2, None), (3, "c"), (7, "s")]


def test_upsert_leaves_columns_that_it_lacks(client: Client, table: str) -> None:
    keyed(client, table)
    client.write(table, pa.table({"ID": [1, 8]}), mode="upsert")
    assert read(client, table) == [(1, "a"), (2, None), (3, "c"), (8, None)]


def test_upsert_by_a_key_of_several_columns(client: Client, table: str) -> None:
    data = pa.table({"ID": [1, 1], "PART": ["a", "b"], "N": [1, 2]})
    client.write(table, data, mode="create", keys=["ID", "PART"])
    client.write(table, pa.table({"ID": [1], "PART": ["b"], "N": [7]}), mode="upsert")
    assert sorted(read(client, table)) == [(1, "a", 1), (1, "b", 7)]


@pytest.mark.parametrize(
    ("how", "data", "said"),
    [
        ({"keys": ["NAME"]}, MORE, "is ID, not NAME"),
        ({}, pa.table({"NAME": ["x"]}), "lack 'ID'"),
    ],
)
def test_upsert_by_no_key_is_refused(
    client: Client, table: str, how: dict[str, Any], data: pa.Table, said: str
) -> None:
    keyed(client, table)
    with pytest.raises(InvalidRequest, match=said):
        client.write(table, data, mode="upsert", **how)


def test_upsert_wants_a_table_with_a_key(client: Client, table: str) -> None:
    client.write(table, ROWS, mode="create")
    with pytest.raises(InvalidRequest, match="no primary key to upsert by"):
        client.write(table, MORE, mode="upsert")


# refusals


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"mode": "add"}, "got 'add'"),
        ({"mode": "append", "keys": ["ID"]}, "leave the keys out"),
        ({"mode": "append", "types": {"ID": "BIGINT"}}, "leave the types out"),
        ({"mode": "create", "types": {"ID": "BIG INT"}}, "'BIG INT' is no HANA type"),
        ({"mode": "create", "types": {"ID": 7}}, "got 7"),
        ({"mode": "create", "keys": "ID"}, r"write \['ID'\]"),
        ({"mode": "create", "batch_rows": 0}, "got 0"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(
    client: Client, table: str, how: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidRequest, match=said):
        client.write(table, ROWS, **how)


@pytest.mark.parametrize("how", [{"keys": ["IDD"]}, {"types": {"IDD": "INTEGER"}}])
def test_key_or_type_of_no_column_is_named(client: Client, table: str, how: dict[str, Any]) -> None:
    with pytest.raises(UnknownColumn, match="no column 'IDD'; did you mean 'ID'"):
        client.write(table, ROWS, mode="create", **how)


def test_column_that_the_table_lacks_is_named(client: Client, table: str) -> None:
    keyed(client, table)
    with pytest.raises(UnknownColumn, match="no column 'NAMES'"):
        client.write(table, pa.table({"ID": [1], "NAMES": ["x"]}))


def test_space_that_is_not_writable_is_refused(client: Client, table: str) -> None:
    with pytest.raises(AccessDenied, match="SALES"):
        client.write(table, ROWS, space="SALES", mode="create")


@pytest.mark.parametrize(
    ("data", "row", "column"),
    [
        (pa.table({"ID": [10, 11, None]}), 3, "ID"),
        (pa.table({"ID": [10.0, 11.5]}), 2, "ID"),
        (pa.table({"ID": ["10", "x"]}), None, "ID"),
        (pa.table({"ID": [10, 11, 12, 1]}), 4, None),
    ],
    ids=["null", "fraction", "text", "duplicate"],
)
def test_bad_row_is_named_and_nothing_kept(
    client: Client, table: str, data: pa.Table, row: int | None, column: str | None
) -> None:
    keyed(client, table)
    with pytest.raises(DataError) as raised:
        client.write(table, data, batch_rows=3 if row == 4 else None)
    details = raised.value.details
    assert details["outcome"] == "nothing"
    assert row is None or details["row"] == row
    assert column is None or details["column"] == column
    assert [first for first, _ in read(client, table)] == [1, 2, 3]


def test_failed_replace_leaves_the_table(client: Client, table: str) -> None:
    keyed(client, table)

    def rows() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch({"X": [1]})
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        client.write(table, rows(), mode="replace")
    assert read(client, table) == [(1, "a"), (2, None), (3, "c")]


def test_failed_create_leaves_no_table(client: Client, table: str) -> None:
    with pytest.raises(DataError):
        client.write(table, pa.table({"ID": [1, 1]}), mode="create", keys=["ID"])
    with pytest.raises(UnknownEntity):
        client.describe(table)


def test_writers_of_one_table_do_not_disturb_each_other(client: Client, table: str) -> None:
    keyed(client, table)

    def work(number: int) -> int:
        ids = pa.array(range(number * 100, number * 100 + 50), pa.int64())
        return client.write(table, pa.table({"ID": ids}), batch_rows=10)

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(work, range(1, 4))) == [50] * 3
    assert len(read(client, table)) == 153


def test_text_that_is_too_long_is_named(
    client: Client, table: str, request: pytest.FixtureRequest
) -> None:
    if "duckdb" in request.node.name:
        pytest.skip("DuckDB keeps no length of a text")
    client.write(table, ROWS, mode="create", types={"NAME": "NVARCHAR(5)"})
    with pytest.raises(DataError, match="takes NVARCHAR") as raised:
        client.write(table, pa.table({"ID": [4, 5], "NAME": ["12345", "12😀45"]}))
    assert (raised.value.details["row"], raised.value.details["column"]) == (2, "NAME")
    assert len(read(client, table)) == 3
