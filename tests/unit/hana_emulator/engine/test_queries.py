"""Queries over a few rows."""

from decimal import Decimal

import pytest

from tests.hana_emulator.engine import DuckEngine
from tests.support.hana_engine_client import Client

SCRIPT = """
CREATE COLUMN TABLE SALES.ORDERS (
  ID INTEGER PRIMARY KEY, REGION NVARCHAR(10), NET DECIMAL(10,2), DAY DATE, PAID BOOLEAN
);
INSERT INTO SALES.ORDERS VALUES (1, 'N', 10.5, '2024-01-01', TRUE);
INSERT INTO SALES.ORDERS VALUES (2, 'S', 20, '2024-01-02', FALSE);
INSERT INTO SALES.ORDERS VALUES (3, 'N', NULL, '2024-01-03', NULL);
INSERT INTO SALES.ORDERS VALUES (4, NULL, -5, NULL, TRUE);
CREATE VIEW SALES.SCALED (IN P_FACTOR INTEGER, IN P_SHIFT INTEGER DEFAULT 10)
  AS SELECT ID, ID * :P_FACTOR + :P_SHIFT AS "SCALED" FROM SALES.ORDERS;
CREATE VIEW SALES.NAMED (NUMBER, AMOUNT) AS SELECT ID, NET FROM SALES.ORDERS WHERE NET > 0;
CREATE VIEW SALES.BY_REGION (IN "P 1" NVARCHAR(10) DEFAULT 'N')
  AS SELECT S.ID FROM SALES.SCALED(P_FACTOR => 1) S JOIN SALES.ORDERS O ON O.ID = S.ID
  WHERE O.REGION = :"P 1";
"""


@pytest.fixture(scope="module")
def space(reader: Client) -> Client:
    engine = reader.session.home
    assert isinstance(engine, DuckEngine)
    engine.run_script(SCRIPT.replace(':"P 1"', ":P1").replace('"P 1"', "P1"))
    engine.grant_read("SALES#FLIGHT", "SALES")
    return reader


FOUND: dict[str, list[tuple[object, ...]]] = {
    "SELECT ID FROM SALES.ORDERS WHERE NET > 5 AND PAID = TRUE": [(1,)],
    "SELECT ID FROM SALES.ORDERS WHERE NOT NET > 5 ORDER BY ID": [(4,)],
    "SELECT ID FROM SALES.ORDERS WHERE (NET > 15 OR REGION IS NULL) ORDER BY ID": [(2,), (4,)],
    "SELECT ID FROM SALES.ORDERS WHERE NET BETWEEN 10 AND 20 ORDER BY 1": [(1,), (2,)],
    "SELECT ID FROM SALES.ORDERS WHERE ID IN (1, 2.0, 9) ORDER BY ID": [(1,), (2,)],
    "SELECT ID FROM SALES.ORDERS WHERE ID NOT IN (1, NULL)": [],
    "SELECT ID FROM SALES.ORDERS WHERE (ID, REGION) IN ((1, 'N'), (2, 'N'))": [(1,)],
    "SELECT ID FROM SALES.ORDERS WHERE (ID, REGION) IN (SELECT ID, REGION FROM SALES.ORDERS)"
    " ORDER BY ID": [(1,), (2,), (3,)],
    "SELECT ID FROM SALES.ORDERS WHERE REGION LIKE '_' AND REGION NOT LIKE 'S%' ORDER BY ID":
        [(1,), (3,)],
    "SELECT ID FROM SALES.ORDERS WHERE 'a_b' LIKE 'a\\_b' ESCAPE '\\' AND 'axb' NOT LIKE "
    "'a\\_b' ESCAPE '\\' AND ID = 1": [(1,)],
    "SELECT ID FROM SALES.ORDERS WHERE 'a\\b' LIKE 'a\\b' AND ID = 1": [(1,)],
    "SELECT ID FROM SALES.ORDERS WHERE REGION LIKE_REGEXPR '^n$' FLAG 'i' ORDER BY ID":
        [(1,), (3,)],
    "SELECT ID FROM SALES.ORDERS WHERE DAY > '2024-01-01' ORDER BY ID": [(2,), (3,)],
    "SELECT ID FROM SALES.ORDERS WHERE DAY > TIMESTAMP'2024-01-01 12:00:00' ORDER BY ID":
        [(2,), (3,)],
    "SELECT ID FROM SALES.ORDERS WHERE ID = '1'": [(1,)],
    "SELECT ID FROM SALES.ORDERS O WHERE EXISTS (SELECT 1 FROM SALES.ORDERS I WHERE I.ID = "
    "O.ID + 3)": [(1,)],
    "SELECT ID FROM SALES.ORDERS WHERE ID >= ALL (SELECT ID FROM SALES.ORDERS)": [(4,)],
    "SELECT ID FROM SALES.ORDERS WHERE ID = ANY (SELECT 2 FROM DUMMY)": [(2,)],
    # order and limit: NULL is the smallest
    "SELECT ID FROM SALES.ORDERS ORDER BY NET": [(3,), (4,), (1,), (2,)],
    "SELECT ID FROM SALES.ORDERS ORDER BY NET DESC": [(2,), (1,), (4,), (3,)],
    "SELECT ID FROM SALES.ORDERS ORDER BY NET NULLS LAST, ID": [(4,), (1,), (2,), (3,)],
    "SELECT ID AS X FROM SALES.ORDERS ORDER BY X DESC LIMIT 2": [(4,), (3,)],
    "SELECT ID FROM SALES.ORDERS ORDER BY ID LIMIT 2 OFFSET 1": [(2,), (3,)],
    "SELECT ID FROM SALES.ORDERS ORDER BY ID LIMIT 2147384648 OFFSET 3": [(4,)],
    "SELECT TOP 1 ID FROM SALES.ORDERS ORDER BY ID": [(1,)],
    "SELECT DISTINCT REGION FROM SALES.ORDERS ORDER BY REGION": [(None,), ("N",), ("S",)],
    "SELECT -ID AS ID FROM SALES.ORDERS ORDER BY ID": [(-4,), (-3,), (-2,), (-1,)],
    # groups
    "SELECT REGION, COUNT(*), SUM(NET), MAX(DAY) FROM SALES.ORDERS GROUP BY REGION"
    " HAVING COUNT(*) > 1": [("N", 2, Decimal("10.50"), 738_890)],
    "SELECT COUNT(NET), COUNT(DISTINCT REGION), AVG(ID) FROM SALES.ORDERS":
        [(3, 2, Decimal("2.500000"))],
    "SELECT AVG(NET), AVG(ID) FROM SALES.ORDERS WHERE ID > 9": [(None, None)],
    "SELECT AVG(X) FROM (SELECT 1 AS X FROM DUMMY UNION ALL SELECT 2 FROM DUMMY UNION ALL "
    "SELECT 2 FROM DUMMY)": [(Decimal("1.666666"),)],
    "SELECT STRING_AGG(REGION, ',' ORDER BY ID DESC) FROM SALES.ORDERS": [(",N,S,N",)],
    "SELECT REGION, SUM(ID) FROM SALES.ORDERS GROUP BY ROLLUP(REGION) ORDER BY 2, 1":
        [("S", 2), (None, 4), ("N", 4), (None, 10)],
    "SELECT GROUPING(REGION), COUNT(*) FROM SALES.ORDERS GROUP BY GROUPING SETS((REGION), ())"
    " ORDER BY 1, 2": [(0, 1), (0, 1), (0, 2), (1, 4)],
    "SELECT MEDIAN(ID), PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY ID) FROM SALES.ORDERS":
        [(Decimal("2.5"), 2.5)],
    "SELECT FIRST_VALUE(REGION ORDER BY ID DESC), NTH_VALUE(ID, 2 ORDER BY ID) FROM SALES.ORDERS":
        [(None, 2)],
    "SELECT SUM(NET / 3) FROM SALES.ORDERS WHERE ID = 1": [(Decimal("3.5"),)],
    # windows
    "SELECT ID, ROW_NUMBER() OVER (PARTITION BY REGION ORDER BY ID DESC), SUM(NET) OVER (ORDER BY"
    " ID ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM SALES.ORDERS WHERE REGION = 'N'"
    " ORDER BY ID": [(1, 2, Decimal("10.50")), (3, 1, Decimal("10.50"))],
    "SELECT LAG(ID) OVER (ORDER BY ID), LEAD(ID, 1, 0) OVER (ORDER BY ID) FROM SALES.ORDERS"
    " ORDER BY ID LIMIT 2": [(None, 2), (1, 3)],
    # sources
    "SELECT A.ID, B.ID FROM SALES.ORDERS A LEFT OUTER JOIN SALES.ORDERS B ON B.ID = A.ID + 3"
    " ORDER BY A.ID LIMIT 2": [(1, 4), (2, None)],
    "SELECT COUNT(*) FROM SALES.ORDERS A, SALES.ORDERS B CROSS JOIN DUMMY": [(16,)],
    "SELECT X FROM (SELECT ID AS X FROM SALES.ORDERS) Q WHERE Q.X = 1": [(1,)],
    "WITH A (X) AS (SELECT ID FROM SALES.ORDERS), B AS (SELECT X + 1 AS Y FROM A) SELECT MAX(Y)"
    " FROM B": [(5,)],
    "SELECT ID FROM SALES.ORDERS UNION SELECT 1 FROM DUMMY ORDER BY 1 LIMIT 1": [(1,)],
    "SELECT 1 AS A FROM DUMMY UNION ALL SELECT 2.5 FROM DUMMY ORDER BY A":
        [(Decimal("1.0"),), (Decimal("2.5"),)],
    "SELECT ID FROM SALES.ORDERS EXCEPT SELECT 1 FROM DUMMY INTERSECT SELECT 2 FROM DUMMY":
        [(2,)],
    "(SELECT ID FROM SALES.ORDERS ORDER BY ID LIMIT 1) UNION ALL (SELECT 7 FROM DUMMY)":
        [(1,), (7,)],
    "SELECT (SELECT MAX(ID) FROM SALES.ORDERS) FROM DUMMY": [(4,)],
    "SELECT * FROM DUMMY": [("X",)],
    'SELECT "DUMMY" FROM SYS."DUMMY"': [("X",)],
    "SELECT GENERATED_PERIOD_START, ELEMENT_NUMBER FROM SERIES_GENERATE_INTEGER(2, 1, 6)":
        [(1, 1), (3, 2), (5, 3)],
    # views
    "SELECT AMOUNT, NUMBER FROM SALES.NAMED ORDER BY NUMBER":
        [(Decimal("10.50"), 1), (Decimal("20.00"), 2)],
    'SELECT "SCALED" FROM SALES.SCALED("P_FACTOR" => 3, "P_SHIFT" => 1) WHERE ID = 2': [(7,)],
    "SELECT SCALED FROM SALES.SCALED(P_FACTOR => 3) WHERE ID = 2": [(16,)],
    "SELECT SCALED FROM SALES.SCALED(3, 1) WHERE ID = 2": [(7,)],
    'SELECT ID FROM SALES.BY_REGION("P1" => \'S\')': [(2,)],
    "SELECT ID FROM SALES.BY_REGION ORDER BY ID": [(1,), (3,)],
    "SELECT ID FROM SALES.ORDERS WITH HINT(USE_OLAP_PLAN, RESULT_LAG('hana_cache', 30)) ":
        [(1,), (2,), (3,), (4,)],
}  # fmt: skip


@pytest.mark.parametrize("sql", FOUND)
def test_query_finds_its_rows(space: Client, sql: str) -> None:
    assert space.rows(sql) == FOUND[sql]


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELECT 1", 257),
        ("SELECT ID FROM SALES.ORDERS ORDER BY 2", 280),
        ("SELECT ID FROM SALES.ORDERS UNION SELECT 1, 2 FROM DUMMY", 269),
        ("SELECT ID, COUNT(*) FROM SALES.ORDERS", 276),
        ("SELECT ID FROM SALES.ORDERS WHERE COUNT(*) > 1", 275),
        ("SELECT * FROM SALES.SCALED", 316),
        ("SELECT * FROM SALES.SCALED(P_NONE => 1)", 316),
        ("SELECT * FROM SALES.ORDERS(1)", 259),
        ("SELECT ID FROM SALES.ORDERS WHERE (ID, NET) = (1, 2)", 257),
        ("SELECT ID FROM SALES.ORDERS WHERE (ID, NET) IN ((1, 2, 3))", 269),
        ("SELECT (SELECT ID FROM SALES.ORDERS) FROM DUMMY", 305),
        ("SELECT 1 FROM DUMMY WHERE 'a' LIKE 'b' ESCAPE 'xy'", 273),
        ("SELECT X FROM (SELECT ID FROM SALES.ORDERS)", 260),
    ],
)
def test_query_that_cannot_be_has_its_number(space: Client, sql: str, code: int) -> None:
    assert space.code(sql) == code


def test_markers_are_bound_in_order(space: Client) -> None:
    found = space.rows(
        "SELECT CAST(? AS INTEGER), ID FROM SALES.ORDERS WHERE ID = ? OR REGION = ? ORDER BY ID",
        7, 1, "S",
    )  # fmt: skip

    assert found == [(7, 1), (7, 2)]


def test_marker_in_a_select_list_is_a_text(space: Client) -> None:
    assert space.expression("?", 1) == "1"  # [facts 1.5]


def test_marker_may_be_null(space: Client) -> None:
    assert space.rows("SELECT ID FROM SALES.ORDERS WHERE ID = ?", None) == []


def test_marker_may_be_an_argument_of_a_view(space: Client) -> None:
    sql = "SELECT SCALED FROM SALES.SCALED(P_FACTOR => ?) WHERE ID = ?"

    assert space.rows(sql, 2, 1) == [(12,)]


@pytest.mark.parametrize("count", [3, 40, 5000])
def test_long_lists_find_what_short_ones_do(space: Client, count: int) -> None:
    markers = ", ".join("?" * (count - 1))
    values = [2, *range(100, 98 + count)]

    found = space.rows(f"SELECT ID FROM SALES.ORDERS WHERE ID IN (1, {markers})", *values)

    assert sorted(found) == [(1,), (2,)]


def test_long_list_with_a_null_is_unknown(space: Client) -> None:
    markers = ", ".join("?" * 50)

    assert space.rows(
        f"SELECT ID FROM SALES.ORDERS WHERE ID NOT IN ({markers})", None, *range(100, 149)
    ) == []  # fmt: skip


def test_sample_of_a_table_is_a_part_of_it(space: Client) -> None:
    sql = "SELECT COUNT(*) FROM SERIES_GENERATE_INTEGER(1, 0, 10000) TABLESAMPLE BERNOULLI (25)"

    assert 2000 < space.value(sql) < 3000


def test_result_columns_are_named_by_alias_column_or_text(space: Client) -> None:
    columns = space.columns('SELECT ID, ID AS "My Id", COUNT(*) OVER (), 1 + 1 FROM SALES.ORDERS')

    assert [one.name for one in columns] == ["ID", "My Id", "COUNT(*) OVER ()", "1 + 1"]


def test_query_is_described_without_being_run(space: Client) -> None:
    assert space.columns("SELECT 1 / (ID - 1) AS SHARE FROM SALES.ORDERS")[0].name == "SHARE"
    assert space.code("SELECT 1 / (ID - 1) AS SHARE FROM SALES.ORDERS") == 304
