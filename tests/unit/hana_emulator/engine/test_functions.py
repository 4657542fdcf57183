"""What each function answers, against the facts and the reference."""

from decimal import Decimal
from typing import Any

import pytest

from tests.support.hana_engine_client import Client

FOUND: dict[str, Any] = {
    # numbers
    "ABS(-5)": 5,
    "ABS(CAST('-1.5' AS DECIMAL))": Decimal("1.5"),
    "SIGN(-2.5)": -1,
    "CEIL(1.2)": Decimal(2),
    "FLOOR(-1.2)": Decimal(-2),
    "ROUND(2.5)": Decimal(3),
    "ROUND(2.55, 1)": Decimal("2.60"),
    "ROUND(2.55, 1, ROUND_DOWN)": Decimal("2.50"),
    "ROUND(2.5, 0, ROUND_HALF_EVEN)": Decimal("2.0"),
    "ROUND(1234, -2)": 1200,
    "POWER(2, 10)": 1024.0,
    "SQRT(16)": 4.0,
    "LOG(2, 8)": 3.0,
    "MOD(-15, 4)": -3,
    "MOD(7, 0)": 7,
    "MOD(7.5, 2)": Decimal("1.5"),
    "5 / 2": Decimal("2.5"),
    "1 / 3": Decimal("0.3333333333333333333333333333333333"),
    "NDIV0(5, 0)": Decimal(0),
    "1e0 / 4": 0.25,
    "2 + 3 * 4 - 1": 13,
    "-(2 + 3)": -5,
    "- -1": 1,
    "9223372036854775807 + 0.5": Decimal("9223372036854775807.5"),
    "BITAND(12, 10)": 8,
    "BITXOR(12, 10)": 6,
    "BITCOUNT(255)": 8,
    # choices
    "COALESCE(NULL, NULL, 3)": 3,
    "IFNULL(NULL, 'x')": "x",
    "NULLIF(1, 1)": None,
    "GREATEST(1, NULL)": None,
    "LEAST(3, 1, 2)": 1,
    "MAP(2, 1, 'one', 2, 'two', 'many')": "two",
    "MAP(3, 1, 'one', 2, 'two')": None,
    "CASE WHEN 1 = 2 THEN 'a' END": None,
    "CASE 2 WHEN 1 THEN 'a' WHEN 2 THEN 'b' ELSE 'c' END": "b",
    # texts
    "UPPER('aäb')": "AÄB",
    "LENGTH('a🎁')": 3,
    "LENGTH(X'00FF')": 2,
    "SUBSTRING('abcdef', 2, 3)": "bcd",
    "SUBSTRING('abcdef', -2, 3)": "abc",
    "SUBSTR_BEFORE('a.b.c', '.')": "a",
    "SUBSTR_AFTER('a.b.c', '.')": "b.c",
    "SUBSTR_AFTER('abc', '.')": "",
    "LEFT('abc', 2) || RIGHT('abc', 1)": "abc",
    "LPAD('7', 3, '0')": "007",
    "RPAD('x', 3)": "x  ",
    "LTRIM('  a ')": "a ",
    "LTRIM('xxa', 'x')": "a",
    "TRIM(LEADING '0' FROM '007')": "7",
    "TRIM('  a  ')": "a",
    "REPLACE('banana', 'an', 'o')": "booa",
    "LOCATE('length in char', 'char')": 11,
    "LOCATE('abc', 'x')": 0,
    "LOCATE('abcabc', 'a', 2)": 4,
    "CONCAT('a', NULL)": None,
    "CONCAT_NAZ('a', NULL)": "a",
    "'it''s' || N'!'": "it's!",
    "ASCII('A')": 65,
    "CHAR(65) || NCHAR(228)": "Aä",
    "1 || 'a'": "1a",
    # bytes
    "BINTOHEX(X'00ff')": "00FF",
    "HEXTOBIN('00FF')": b"\x00\xff",
    "HEXTONUM('FF')": 255,
    "BINTOHEX(HASH_MD5(TO_BINARY('a')))": "0CC175B9C0F1B6A831C399E269772661",
    "BINTOHEX(TO_BINARY('ab'))": "6162",
    "BINTOSTR(X'6162')": "ab",
    # regular expressions
    "REPLACE_REGEXPR('a' FLAG 'i' IN 'AbA' WITH 'x' OCCURRENCE ALL)": "xbx",
    "REPLACE_REGEXPR('a' IN 'aba' WITH 'x' OCCURRENCE 1)": "xba",
    "SUBSTR_REGEXPR('([a-z]+)-([0-9]+)' IN 'x ab-12' GROUP 2)": "12",
    "SUBSTR_REGEXPR('z' IN 'abc')": None,
    "OCCURRENCES_REGEXPR('a' IN 'banana')": 3,
    # conversions
    "TO_INTEGER('12.9')": 12,
    "TO_BIGINT(12.9)": 12,
    "TO_DECIMAL('7654321.888888', 10, 3)": Decimal("7654321.888"),
    "TO_DECIMAL('0.5')": Decimal("0.5"),
    "TO_DOUBLE('1.5')": 1.5,
    "TO_BOOLEAN('true')": True,
    "TO_NVARCHAR(1.50)": "1.50",
    "TO_NVARCHAR(TRUE)": "TRUE",
    "TO_NVARCHAR(CAST('1E-7' AS DECIMAL))": "0.0000001",
    "CAST('abc' AS NVARCHAR(2))": "ab",
    "CAST(1.99 AS INTEGER)": 1,
    "CAST(1.99 AS DECIMAL(3,1))": Decimal("1.9"),
    "TO_NVARCHAR(DATE'2024-02-29', 'DD.MM.YYYY')": "29.02.2024",
    "TO_NVARCHAR(TIMESTAMP'2024-02-29 13:14:15.1234567', 'YYYYMMDDHH24MISSFF7')":
        "202402291314151234567",
    "TO_NVARCHAR(DATE'2024-02-29', 'MON')": "FEB",
    "TO_NVARCHAR(TO_DATE('29.02.2024', 'DD.MM.YYYY'))": "2024-02-29",
    "TO_NVARCHAR(TO_SECONDDATE('2011-12-31 23:59:59', 'YYYY-MM-DD HH24:MI:SS'))":
        "2011-12-31 23:59:59",
    "TO_NVARCHAR(TIME'24:00:00')": "24:00:00",
    "TO_DATS(DATE'2024-02-29')": "20240229",
    # dates
    "TO_NVARCHAR(ADD_DAYS(TO_DATE('2009-12-05'), 30))": "2010-01-04",
    "TO_NVARCHAR(ADD_MONTHS(DATE'2024-01-31', 1))": "2024-02-29",
    "TO_NVARCHAR(ADD_MONTHS(DATE'1582-11-04', -1))": "1582-10-04",
    "TO_NVARCHAR(ADD_YEARS(TIMESTAMP'2024-02-29 12:00:00', 1))": "2025-02-28 12:00:00.0000000",
    "TO_NVARCHAR(ADD_SECONDS(TIMESTAMP'2012-01-01 23:30:45', 60*30))":
        "2012-01-02 00:00:45.0000000",
    "TO_NVARCHAR(ADD_NANO100(TIMESTAMP'2024-01-01 00:00:00', 1))": "2024-01-01 00:00:00.0000001",
    "DAYS_BETWEEN(DATE'2009-12-05', DATE'2010-01-05')": 31,
    "DAYS_BETWEEN(TIMESTAMP'2024-01-01 23:00:00', TIMESTAMP'2024-01-02 22:00:00')": 0,
    "DAYS_BETWEEN(DATE'2010-01-05', DATE'2009-12-05')": -31,
    "SECONDS_BETWEEN(DATE'2009-12-05', DATE'2010-01-05')": 2_678_400,
    "NANO100_BETWEEN(TIMESTAMP'2024-01-01 00:00:00', TIMESTAMP'2024-01-01 00:00:00.0000007')": 7,
    "MONTHS_BETWEEN(DATE'2003-01-01', DATE'2003-03-14')": 2,
    "MONTHS_BETWEEN(DATE'2003-03-14', DATE'2003-01-15')": -1,
    "YEARS_BETWEEN(DATE'2001-03-14', DATE'2003-03-13')": 1,
    "YEAR('2011-05-30')": 2011,
    "MONTH(DATE'0001-01-01')": 1,
    "DAYOFMONTH(DATE'1582-10-04')": 4,
    "DAYOFYEAR(DATE'2011-05-30')": 150,
    "HOUR(TIMESTAMP'2024-01-01 13:14:15')": 13,
    "MINUTE(TIME'13:14:15')": 14,
    "SECOND(TIMESTAMP'2024-01-01 13:14:15.7')": 15,
    "EXTRACT(YEAR FROM DATE'2010-01-04')": 2010,
    "WEEKDAY(DATE'2010-12-31')": 4,
    "WEEK(DATE'2011-05-30')": 23,
    "ISOWEEK(DATE'2011-05-30')": "2011-W22",
    "QUARTER(DATE'2012-02-14')": "2012-Q1",
    "DAYNAME(DATE'2011-05-30')": "MONDAY",
    "MONTHNAME(DATE'2011-05-30')": "MAY",
    "TO_NVARCHAR(LAST_DAY(DATE'2010-02-04'))": "2010-02-28",
    "TO_NVARCHAR(NEXT_DAY(DATE'2009-12-31'))": "2010-01-01",
    # the session
    "CURRENT_USER": "SALES#FLIGHT",
    "CURRENT_SCHEMA": "SALES#FLIGHT",
    "CURRENT_CONNECTION": 1,
    "SESSION_CONTEXT('NOBODY')": None,
    "CURRENT_TRANSACTION_ISOLATION_LEVEL": "READ COMMITTED",
}  # fmt: skip


@pytest.mark.parametrize("expression", FOUND)
def test_function_answers_what_the_reference_says(reader: Client, expression: str) -> None:
    found = reader.expression(expression)

    assert found == FOUND[expression]
    assert type(found) is type(FOUND[expression])


@pytest.mark.parametrize("expression", [one for one in FOUND if "(" in one])
def test_function_of_rows_answers_the_same(reader: Client, expression: str) -> None:
    # Not folded to a constant: computed for each of three rows.
    sql = f"SELECT {expression} FROM SERIES_GENERATE_INTEGER(1, 0, 3)"

    assert reader.rows(sql) == [(FOUND[expression],)] * 3


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("1 / 0", 304),
        ("1.5 / 0", 304),
        ("1e0 / 0", 304),
        ("CAST('x' AS INTEGER)", 339),
        ("TO_DATE('2024-02-30')", 303),
        ("TO_DATE('x', 'YYYY')", 303),
        ("TO_DATE('x', 'QQ')", 348),
        ("DATE'2024-02-30'", 303),
        ("CAST(300 AS TINYINT)", 314),
        ("2147483647 + 1", 314),
        ("CAST(100 AS DECIMAL(2,0))", 314),
        ("ADD_DAYS(DATE'9999-12-31', 1)", 303),
        ("NOSUCH(1)", 328),
        ("STRPOS('a', 'b')", 328),  # DuckDB has it, HANA has not
        ("LENGTH()", 316),
        ("LENGTH('a', 'b')", 316),
        ("SOUNDEX('a')", 7),
        ("ROW_NUMBER()", 257),
        ("(SELECT 1, 2 FROM DUMMY)", 269),
        ("X'0'", 257),
        ("NOSUCH", 260),
    ],
)
def test_expression_that_cannot_be_has_its_number(
    reader: Client, expression: str, code: int
) -> None:
    assert reader.code(f"SELECT {expression} FROM DUMMY") == code


def test_functions_of_null_are_null(reader: Client) -> None:
    calls = ["UPPER({})", "LENGTH({})", "SUBSTRING({}, 1, 1)", "ADD_DAYS({}, 1)", "YEAR({})",
             "TO_NVARCHAR({}, 'YYYY')", "QUARTER({})", "ROUND({})", "MOD({}, 2)", "{} || 'a'",
             "HASH_MD5({})", "ADD_MONTHS({}, 1)", "HOUR({})", "TO_DATE({}, 'YYYY')",
             "HEXTONUM({})", "DAYS_BETWEEN({}, CURRENT_DATE)", "1 / {}"]  # fmt: skip

    found = reader.rows(f"SELECT {', '.join(one.format('NULL') for one in calls)} FROM DUMMY")

    assert found == [(None,) * len(calls)]


def test_empty_date_is_not_null_and_the_smallest(reader: Client) -> None:
    source = "(SELECT TO_DATE('') AS D FROM DUMMY UNION ALL SELECT DATE'0001-01-01' FROM DUMMY)"

    found = reader.rows(f"SELECT D, TO_NVARCHAR(D) FROM {source} WHERE D IS NOT NULL ORDER BY D")

    assert found == [(0, ""), (1, "0001-01-01")]


def test_random_numbers_differ(reader: Client) -> None:
    found = reader.rows("SELECT RAND() FROM SERIES_GENERATE_INTEGER(1, 0, 10)")

    assert len(set(found)) == 10
