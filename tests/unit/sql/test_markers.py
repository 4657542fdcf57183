"""What markers stand for: columns beside them, casts around them, and nothing in doubt."""

import pytest

from flight_client.protocol.catalog import Column, HanaType
from flight_server.sql.change_gate import admit_change
from flight_server.sql.gate import CallerDialect, admit
from flight_server.sql.markers import columns_of_values, hana_cast, marker_types

TABLES = {
    "ORDERS": (
        Column("ID", HanaType("INTEGER")),
        Column("NAME", HanaType("NVARCHAR", 40)),
        Column("AMOUNT", HanaType("DECIMAL", 15, 2)),
        Column("DAY", HanaType("DATE")),
    ),
    "ITEMS": (
        Column("ID", HanaType("BIGINT")),
        Column("ORDER_ID", HanaType("INTEGER")),
        Column("PRICE", HanaType("DOUBLE")),
    ),
}


class Lookup:
    def spaces(self) -> tuple[str, ...]:
        return ("SALES",)

    def entities(self, space: str) -> tuple[str, ...]:
        return tuple(TABLES)

    def columns(self, space: str, entity: str) -> tuple[str, ...] | None:
        found = TABLES.get(entity)
        return found and tuple(column.name for column in found)


def columns_of(space: str, name: str) -> tuple[Column, ...] | None:
    assert space == "SALES"
    return TABLES.get(name)


def types_in_query(text: str, dialect: CallerDialect = CallerDialect.HANA) -> list[str]:
    found = admit(
        text, dialect=dialect, default_space="SALES", lookup=Lookup(), parameter_count=None
    )
    return [
        str(kind)
        for kind in marker_types(found.expression, found.parameter_count, columns_of, hana_cast)
    ]


def types_in_change(text: str) -> list[str]:
    found = admit_change(
        text,
        dialect=CallerDialect.HANA,
        default_space="SALES",
        lookup=Lookup(),
        writable=frozenset({"SALES"}),
        parameter_count=None,
    )
    return [
        str(kind)
        for kind in marker_types(found.expression, found.parameter_count, columns_of, hana_cast)
    ]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("ID = ?", ["INTEGER"]),
        ("? < AMOUNT", ["DECIMAL(15,2)"]),
        ("(AMOUNT) >= (?)", ["DECIMAL(15,2)"]),
        ("DAY BETWEEN ? AND ?", ["DATE", "DATE"]),
        ("? BETWEEN ID AND 7", ["INTEGER"]),
        ("NAME IN (?, 'x', ?)", ["NVARCHAR(40)", "NVARCHAR(40)"]),
        ("NAME LIKE ?", ["NVARCHAR"]),
        ("UPPER(NAME) = ?", ["NVARCHAR"]),
        ("NAME || ? = 'ab'", ["NVARCHAR"]),
        ("LOWER(?) = NAME", ["NVARCHAR"]),
        ("COALESCE(AMOUNT, ?) > 1", ["DECIMAL(15,2)"]),
        ("COALESCE(DAY, DAY) > ?", ["DATE"]),
        ("LENGTH(NAME) > ?", ["BIGINT"]),
        ("CAST(? AS DECIMAL(10, 3)) = AMOUNT", ["DECIMAL(10,3)"]),
        ("CAST(? AS DECIMAL(10)) = AMOUNT", ["DECIMAL(10,0)"]),
        ("CAST(? AS NVARCHAR(7)) = NAME", ["NVARCHAR(7)"]),
        ("AMOUNT * ? > 1", ["None"]),
        ("ROUND(AMOUNT, ?) = 1", ["None"]),
        ("? = ?", ["None", "None"]),
        ("NOT (ID = ? OR NAME = ?)", ["INTEGER", "NVARCHAR(40)"]),
    ],
)
def test_marker_in_a_condition(condition: str, expected: list[str]) -> None:
    assert types_in_query(f"SELECT ID FROM ORDERS WHERE {condition}") == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT ?, ID FROM ORDERS", ["None"]),
        ("SELECT o.ID FROM ORDERS o JOIN ITEMS i ON i.ORDER_ID = o.ID AND i.ID = ?", ["BIGINT"]),
        ("SELECT o.ID FROM ORDERS o, ITEMS i WHERE o.ID = ? AND PRICE > ?", ["INTEGER", "DOUBLE"]),
        (
            "SELECT ID FROM ORDERS o WHERE EXISTS "
            "(SELECT 1 FROM ITEMS i WHERE i.ORDER_ID = o.ID AND o.DAY > ? AND i.PRICE = ?)",
            ["DATE", "DOUBLE"],
        ),
        ("SELECT v.A FROM (SELECT ID AS A FROM ORDERS WHERE ID = ?) AS v WHERE v.A = ?",
         ["INTEGER", "None"]),
        ("SELECT NAME FROM ORDERS GROUP BY NAME HAVING COUNT(*) > ? AND MAX(DAY) < ?",
         ["BIGINT", "DATE"]),
        ("SELECT CASE WHEN ID = ? THEN 1 ELSE 2 END AS X FROM ORDERS", ["INTEGER"]),
    ],
)  # fmt: skip
def test_marker_finds_its_column_in_scope(query: str, expected: list[str]) -> None:
    assert types_in_query(query) == expected


def test_duckdbs_names_are_found_in_any_case() -> None:
    query = "SELECT id FROM orders AS o WHERE O.amount > ? AND name = ?"

    assert types_in_query(query, CallerDialect.DUCKDB) == ["DECIMAL(15,2)", "NVARCHAR(40)"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("INSERT INTO ORDERS VALUES (?, ?, ?, ?)",
         ["INTEGER", "NVARCHAR(40)", "DECIMAL(15,2)", "DATE"]),
        ("INSERT INTO ORDERS (DAY, ID) VALUES (?, ?)", ["DATE", "INTEGER"]),
        ("INSERT INTO ORDERS (DAY, ID) VALUES (?, ? + 1)", ["DATE", "None"]),
        ("INSERT INTO ORDERS (ID) SELECT ORDER_ID FROM ITEMS WHERE PRICE > ?", ["DOUBLE"]),
        ("UPSERT ORDERS (ID, NAME) VALUES (?, ?) WITH PRIMARY KEY", ["INTEGER", "NVARCHAR(40)"]),
        ("UPSERT ORDERS (ID, NAME) VALUES (?, ?) WHERE DAY = ?",
         ["INTEGER", "NVARCHAR(40)", "DATE"]),
        ("UPDATE ORDERS SET AMOUNT = ?, NAME = UPPER(?) WHERE ID = ?",
         ["DECIMAL(15,2)", "NVARCHAR", "INTEGER"]),
        ("DELETE FROM ORDERS WHERE DAY < ?", ["DATE"]),
        ("MERGE INTO ORDERS USING ITEMS AS i ON ORDERS.ID = i.ORDER_ID "
         "WHEN MATCHED THEN UPDATE SET AMOUNT = ? "
         "WHEN NOT MATCHED THEN INSERT (ID, NAME) VALUES (i.ORDER_ID, ?)",
         ["DECIMAL(15,2)", "NVARCHAR(40)"]),
    ],
)  # fmt: skip
def test_marker_in_a_change(change: str, expected: list[str]) -> None:
    assert types_in_change(change) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("INSERT INTO ORDERS (DAY, ID) VALUES (?, ?)", ["DAY", "ID"]),
        ("INSERT INTO ORDERS VALUES (?, ?, ?, ?)", ["ID", "NAME", "AMOUNT", "DAY"]),
        ("INSERT INTO ORDERS (DAY, ID) VALUES (?, 1)", None),
        ("INSERT INTO ORDERS (DAY, ID) VALUES (?, ? + 1)", None),
        ("INSERT INTO ORDERS (ID) VALUES (1)", None),
        ("INSERT INTO ORDERS (ID) SELECT ORDER_ID FROM ITEMS WHERE PRICE > ?", None),
        ("UPDATE ORDERS SET AMOUNT = ?", None),
        ("UPSERT ORDERS (ID, NAME) VALUES (?, ?) WITH PRIMARY KEY", None),
    ],
)
def test_values_go_to_columns_where_an_insert_does_no_more(
    change: str, expected: list[str] | None
) -> None:
    found = admit_change(
        change,
        dialect=CallerDialect.HANA,
        default_space="SALES",
        lookup=Lookup(),
        writable=frozenset({"SALES"}),
        parameter_count=None,
    )
    columns = [column.name for column in TABLES["ORDERS"]]

    assert columns_of_values(found.expression, found.parameter_count, columns) == expected
