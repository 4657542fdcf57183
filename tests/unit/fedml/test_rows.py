"""Rows and headers: the Python values that hdbcli gives, and what the catalogue says of itself."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_client.fedml import rows
from flight_client.protocol.catalog import Column, Entity, EntityKind, HanaType
from flight_client.protocol.schemas import to_schema


def entity(name: str, kind: EntityKind = "view", *columns: Column, comment: str = "") -> Entity:
    return Entity(space="SALES", name=name, kind=kind, columns=columns, comment=comment)


ENTITIES = (
    entity("ORDERS_VIEW"),
    entity("Order_Lines"),
    entity("ORDERS", "table", comment="all of them"),
    entity("REVENUE%"),
)


@pytest.mark.parametrize(
    ("declared", "stored", "value"),
    [
        (HanaType("TINYINT"), 255, 255),
        (HanaType("BIGINT"), -(2**63), -(2**63)),
        (HanaType("DECIMAL", 10, 2), Decimal("1.50"), Decimal("1.50")),
        (HanaType("DECIMAL", 34), "1.50", Decimal("1.50")),
        (HanaType("SMALLDECIMAL"), "1E-10", Decimal("1E-10")),
        (HanaType("DOUBLE"), 0.1, 0.1),
        (HanaType("BOOLEAN"), True, True),
        (HanaType("NVARCHAR", 10), "1.50", "1.50"),
        (HanaType("NCLOB"), "long", "long"),
        (HanaType("VARBINARY", 4), b"\x00", b"\x00"),
        (HanaType("DATE"), date(2024, 2, 29), date(2024, 2, 29)),
        (HanaType("TIME"), time(23, 59, 59), time(23, 59, 59)),
        (HanaType("SECONDDATE"), datetime(2024, 1, 1, 1), datetime(2024, 1, 1, 1)),
        (HanaType("TIMESTAMP"), datetime(1, 1, 1, 0, 0, 0, 1), datetime(1, 1, 1, 0, 0, 0, 1)),
    ],
    ids=str,
)
def test_value_is_what_the_driver_would_give(
    declared: HanaType, stored: object, value: object
) -> None:
    table = pa.table({"V": [stored, None]}, schema=to_schema([Column("V", declared)]))
    found, headers = rows.answer_of(table)
    assert headers == ["V"]
    assert found == [(value,), (None,)]
    assert type(found[0][0]) is type(value)


def test_rows_are_tuples_in_a_list_over_all_chunks() -> None:
    batch = pa.record_batch({"A": [1, 2], "B": ["x", None]})
    table = pa.Table.from_batches([batch, batch])
    assert rows.answer_of(table) == ([(1, "x"), (2, None)] * 2, ["A", "B"])


def test_no_rows_are_an_empty_list_with_headers() -> None:
    assert rows.answer_of(pa.table({"A": pa.array([], pa.int32())})) == ([], ["A"])


def test_columns_of_one_name_stay_apart() -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["A", "A"])
    assert rows.answer_of(table) == ([(1, 2)], ["A", "A"])


@given(st.lists(st.tuples(st.none() | st.integers(-9, 9), st.none() | st.text()), min_size=1))
def test_every_row_comes_back_in_its_order(given_rows: list[tuple[Any, ...]]) -> None:
    first, second = zip(*given_rows, strict=True)
    table = pa.table({"A": pa.array(first, pa.int64()), "B": pa.array(second, pa.utf8())})
    assert rows.answer_of(table)[0] == given_rows


def test_views_are_listed_without_tables() -> None:
    found, headers = rows.views(ENTITIES)
    assert [row[0] for row in found] == ["ORDERS_VIEW", "Order_Lines", "REVENUE%"]
    assert headers == ["VIEW_NAME", "VIEW_TYPE"]
    assert {row[1] for row in found} == {None}


@pytest.mark.parametrize(
    ("like", "names"),
    [
        ("%order%", ["ORDERS_VIEW", "Order_Lines"]),
        ("%ORDER__%", ["ORDERS_VIEW", "Order_Lines"]),
        ("%s_v%", ["ORDERS_VIEW"]),
        ("%e.v%", []),
        ("%e%%", ["ORDERS_VIEW", "Order_Lines", "REVENUE%"]),
        ("%(%", []),
    ],
)
def test_views_are_found_as_like_would(like: str, names: list[str]) -> None:
    assert [row[0] for row in rows.views(ENTITIES, like)[0]] == names


def test_tables_are_listed_with_none_for_what_is_not_known() -> None:
    assert rows.tables(ENTITIES) == (
        [("ORDERS", "SALES", None, "all of them", None)],
        ["TABLE_NAME", "SCHEMA_NAME", "TABLE_TYPE", "COMMENTS", "CREATE_TIME"],
    )


def test_columns_are_told_in_the_words_of_hanas_catalogue() -> None:
    made = entity(
        "T",
        "table",
        Column("ID", HanaType("INTEGER"), nullable=False, key=True),
        Column("PRICE", HanaType("DECIMAL", 10, 2), comment="net"),
    )
    found, headers = rows.columns_of(made)
    assert [dict(zip(headers, row, strict=True)) for row in found] == [
        {
            "POSITION": position,
            "COLUMN_NAME": name,
            "DATA_TYPE_NAME": kind,
            "LENGTH": length,
            "IS_NULLABLE": nullable,
            "SCALE": scale,
            "DEFAULT_VALUE": None,
            "INDEX_TYPE": None,
            "GENERATION_TYPE": None,
            "COMMENTS": comments,
        }
        for position, name, kind, length, nullable, scale, comments in [
            (1, "ID", "INTEGER", None, "FALSE", None, None),
            (2, "PRICE", "DECIMAL", 10, "TRUE", 2, "net"),
        ]
    ]
