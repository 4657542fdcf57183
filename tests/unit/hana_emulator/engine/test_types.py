"""What a statement is described as: types of columns, expressions and markers."""

import pytest

from tests.hana_emulator.engine import DuckEngine
from tests.hana_emulator.values import DeclaredType, FunctionCode, ResultColumn
from tests.support.hana_engine_client import Client

TABLE = """
CREATE COLUMN TABLE SALES.T (
  "TI" TINYINT, "SI" SMALLINT, "I" INTEGER NOT NULL, "B" BIGINT, "DE" DECIMAL(15,2),
  "FL" DECIMAL, "SM" SMALLDECIMAL, "RE" REAL, "DO" DOUBLE, "BO" BOOLEAN, "NV" NVARCHAR(10),
  "VC" VARCHAR(20), "NC" NCLOB, "CL" CLOB, "VB" VARBINARY(4), "BL" BLOB, "DA" DATE, "TM" TIME,
  "SD" SECONDDATE, "TS" TIMESTAMP, "RV" REAL_VECTOR(3), "FO" FLOAT, "F1" FLOAT(24),
  "N1" NVARCHAR, "WI" DECIMAL(38,10)
);
CREATE VIEW SALES.V AS SELECT * FROM SALES.T;
"""


@pytest.fixture
def typed(engine: DuckEngine) -> Client:
    engine.run_script(TABLE)
    engine.grant_read("SALES#FLIGHT", "SALES")
    return Client(engine)


DECLARED = {
    "TI": "TINYINT", "SI": "SMALLINT", "I": "INTEGER", "B": "BIGINT", "DE": "DECIMAL(15,2)",
    "FL": "DECIMAL(34)", "SM": "SMALLDECIMAL(16)", "RE": "REAL", "DO": "DOUBLE", "BO": "BOOLEAN",
    "NV": "NVARCHAR(10)", "VC": "NVARCHAR(20)", "NC": "NCLOB", "CL": "NCLOB", "VB": "VARBINARY(4)",
    "BL": "BLOB", "DA": "DATE", "TM": "TIME", "SD": "SECONDDATE", "TS": "TIMESTAMP",
    "RV": "REAL_VECTOR(3)", "FO": "DOUBLE", "F1": "REAL", "N1": "NVARCHAR(1)",
    "WI": "DECIMAL(38,10)",
}  # fmt: skip


@pytest.mark.parametrize("source", [
    "SALES.T", "SALES.V", "(SELECT * FROM SALES.T)", "(SELECT * FROM SALES.V UNION ALL "
    "SELECT * FROM SALES.T)", "SALES.T A LEFT JOIN DUMMY ON 1 = 1",
])  # fmt: skip
def test_column_keeps_its_declared_type(typed: Client, source: str) -> None:
    found = {name: typed.type_of(f'"{name}"', source) for name in DECLARED}

    assert found == DECLARED


def test_column_of_a_table_says_where_it_comes_from(typed: Client) -> None:
    (found,) = typed.columns("SELECT I AS NUMBER FROM SALES.T")

    assert found == ResultColumn("NUMBER", DeclaredType("INTEGER"), False, "SALES", "T")


@pytest.mark.parametrize(
    ("expression", "declared"),
    [
        ("1", "INTEGER"),
        ("2147483648", "BIGINT"),
        ("-9223372036854775808", "BIGINT"),
        ("9223372036854775808", "DECIMAL(19,0)"),
        ("1.50", "DECIMAL(3,2)"),
        ("1e3", "DOUBLE"),
        ("'abc'", "NVARCHAR(3)"),
        ("''", "NVARCHAR(1)"),
        ("X'00FF'", "VARBINARY(2)"),
        ("TRUE", "BOOLEAN"),
        ("DATE'2024-01-01'", "DATE"),
        ("NULL", "NVARCHAR(1)"),
        ("?", "NVARCHAR(5000)"),
        ("CAST(? AS INTEGER)", "INTEGER"),
        ('"TI" + "TI"', "INTEGER"),
        ('"I" + "B"', "BIGINT"),
        ('"I" * "DE"', "DECIMAL(25,2)"),
        ('"DE" + "DE"', "DECIMAL(16,2)"),
        ('"WI" * "WI"', "DECIMAL(34)"),
        ('"I" / "I"', "DECIMAL(34)"),
        ('"I" / "DO"', "DOUBLE"),
        ('"NV" || "VC"', "NVARCHAR(30)"),
        ("COUNT(*)", "BIGINT"),
        ('SUM("I")', "INTEGER"),
        ('SUM("B")', "BIGINT"),
        ('SUM("DE")', "DECIMAL(38,2)"),
        ('SUM("DO")', "DOUBLE"),
        ('AVG("TI")', "DECIMAL(9,6)"),
        ('AVG("I")', "DECIMAL(16,6)"),
        ('AVG("B")', "DECIMAL(25,6)"),
        ('AVG("DE")', "DECIMAL(15,2)"),
        ('AVG("FL")', "DECIMAL(34)"),
        ('MAX("TS")', "TIMESTAMP"),
        ('COALESCE("SI", "DE")', "DECIMAL(15,2)"),
        ("CASE WHEN 1 = 1 THEN \"DA\" ELSE \"TS\" END", "TIMESTAMP"),
        ('ADD_DAYS("SD", 1)', "SECONDDATE"),
        ('TO_NVARCHAR("I")', "NVARCHAR(5000)"),
        ("CURRENT_TIMESTAMP", "TIMESTAMP"),
        ('HASH_MD5("VB")', "VARBINARY(16)"),
    ],
)  # fmt: skip
def test_expression_has_the_type_of_the_reference(
    typed: Client, expression: str, declared: str
) -> None:
    assert typed.type_of(expression, "SALES.T") == declared


@pytest.mark.parametrize(
    ("condition", "declared"),
    [
        ("DE > ?", DeclaredType("DECIMAL", 15, 2)),
        ("? = NV", DeclaredType("NVARCHAR", 10)),
        ("TS BETWEEN ? AND CURRENT_TIMESTAMP", DeclaredType("TIMESTAMP")),
        ("DA IN (DATE'2024-01-01', ?)", DeclaredType("DATE")),
        ("NV LIKE ?", DeclaredType("NVARCHAR", 5000)),
        ("'a' = ?", DeclaredType("NVARCHAR", 1)),
        ("I + ? > 1", DeclaredType("INTEGER")),
        ("FL = ?", DeclaredType("DECIMAL", 34)),
        ("? = ?", DeclaredType("NVARCHAR", 5000)),
        ("ADD_DAYS(DA, ?) > DA", DeclaredType("INTEGER")),
        ("I IN (SELECT B FROM SALES.T WHERE SI = ?)", DeclaredType("SMALLINT")),
    ],
)
def test_marker_has_the_type_of_what_it_meets(
    typed: Client, condition: str, declared: DeclaredType
) -> None:
    prepared = typed.session.prepare(f"SELECT I FROM SALES.T WHERE {condition}")

    assert prepared.markers[0].type == declared


def test_marker_of_a_change_has_the_type_of_its_column(client: Client) -> None:
    client.run("CREATE TABLE T (A INTEGER, B NVARCHAR(3), C DECIMAL(5,2))")

    inserted = client.session.prepare("INSERT INTO T (C, A) VALUES (?, ?)")
    updated = client.session.prepare("UPDATE T SET B = ? WHERE C < :limit")

    assert [one.type.name for one in inserted.markers] == ["DECIMAL", "INTEGER"]
    assert [one.type.name for one in updated.markers] == ["NVARCHAR", "DECIMAL"]
    assert [one.name for one in updated.markers] == ["", "LIMIT"]
    assert inserted.function is FunctionCode.INSERT
    assert updated.function is FunctionCode.UPDATE


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELECT I FROM SALES.T WHERE BO = 1", 266),
        ("SELECT I FROM SALES.T WHERE NC = 'x'", 266),
        ("SELECT I FROM SALES.T WHERE DA = 1", 266),
        ("SELECT I FROM SALES.T UNION SELECT DA FROM SALES.T", 266),
        ("SELECT DA + 1 FROM SALES.T", 266),
        ("SELECT I FROM SALES.T ORDER BY NC", 264),
        ("SELECT DISTINCT BL FROM SALES.T", 264),
        ("SELECT COUNT(*) FROM SALES.T GROUP BY NC", 264),
        ("SELECT MAX(NC) FROM SALES.T", 264),
        ("SELECT NC FROM SALES.T UNION SELECT NC FROM SALES.T", 264),
        ("SELECT CAST(TM AS DATE) FROM SALES.T", 266),
    ],
)
def test_types_that_do_not_go_together_are_refused(typed: Client, sql: str, code: int) -> None:
    assert typed.code(sql) == code


def test_lob_may_be_compared_with_like_and_null(typed: Client) -> None:
    assert typed.rows("SELECT I FROM SALES.T WHERE NC LIKE 'x%' OR NC IS NOT NULL") == []
