"""Conversions mean on DuckDB what HANA's documentation says; [SQL] marks its own examples."""

from datetime import date, datetime, time
from decimal import Decimal

import duckdb
import pytest

from flight_client.protocol.errors import UnsupportedSql
from tests.support.hana_sql import admitted, ask, to_duckdb, value


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("TO_INTEGER('10')", 10),  # [SQL]
        ("TO_INTEGER(10.5)", 10),  # [SQL]
        ("TO_INTEGER(-10.5)", -10),
        ("TO_INTEGER('10.9')", 10),
        ("TO_INT(TO_DOUBLE(2.9))", 2),
        ("TO_BIGINT('9223372036854775807')", 2**63 - 1),
        ("TO_BIGINT(TO_DOUBLE(4503599627370497))", 4503599627370497),
        ("TO_SMALLINT(-1.9)", -1),
        ("TO_TINYINT(255.9)", 255),
        ("TO_INTEGER(NULL)", None),
        ("CAST(10.5 AS INTEGER)", 10),  # [SQL]
        ("CAST('12' AS BIGINT)", 12),
        ("CAST(7 AS NVARCHAR)", "7"),  # [SQL]
        ("CAST('abcdef' AS NVARCHAR(3))", "abc"),
        ("CAST(NULL AS INTEGER)", None),
        ("CAST(NULL AS VARBINARY)", None),
        ("TO_DECIMAL(7654321.888888, 10, 3)", Decimal("7654321.888")),  # [SQL]
        ("TO_DECIMAL(1234.789, 10, 0)", 1234),  # [SQL]
        ("TO_DECIMAL(-1.999, 10, 2)", Decimal("-1.99")),
        ("TO_DECIMAL('1.999', 10, 2)", Decimal("1.99")),
        ("TO_DECIMAL(TO_DOUBLE(0.29), 10, 2)", Decimal("0.29")),
        ("TO_DECIMAL(12.9, 10)", 12),
        ("CAST(1.999 AS DECIMAL(10, 2))", Decimal("1.99")),
        ("CAST('3.14159' AS DECIMAL(38, 4))", Decimal("3.1415")),
        ("TO_DOUBLE('1.5')", 1.5),
        ("TO_REAL('1.5')", 1.5),
        ("TO_BOOLEAN('TruE')", True),  # [SQL]
        ("TO_BOOLEAN(1)", True),  # [SQL]
        ("TO_BOOLEAN('0')", False),
        ("TO_BOOLEAN('Unknown')", None),
        ("TO_BOOLEAN(NULL)", None),
        ("TO_BINARY('abc')", b"abc"),  # [SQL: 616263]
        ("TO_NVARCHAR(12)", "12"),
        ("TO_VARCHAR('a')", "a"),
        ("TO_NCLOB(1.50)", "1.50"),
        ("TO_NVARCHAR(DATE'2009-12-31')", "2009-12-31"),
        ("TO_NVARCHAR(TO_DATE('2009/12/31'), 'YY-MM-DD')", "09-12-31"),  # [SQL]
        ("TO_NVARCHAR(DATE'2009-12-31', 'YYYY/MM/DD')", "2009/12/31"),
        ("TO_NVARCHAR(DATE'2009-12-31', 'YYYYMMDD')", "20091231"),
        ("TO_NVARCHAR(DATE'2009-12-31', 'DDD')", "365"),
        (
            "TO_NVARCHAR(TIMESTAMP'2018-01-02 10:00:00')",
            "2018-01-02 10:00:00.0000000",
        ),  # [SQL]
        (
            "TO_NVARCHAR(TIMESTAMP'2018-01-02 10:00:00.123')",
            "2018-01-02 10:00:00.1230000",
        ),
        (
            "TO_NVARCHAR(TIMESTAMP'2018-01-02 13:04:05.123456', 'YYYY-MM-DD HH24:MI:SS.FF7')",
            "2018-01-02 13:04:05.1234560",
        ),
        (
            "TO_NVARCHAR(TIMESTAMP'2018-01-02 13:04:05.123456', 'HH12:MI AM FF3 FF6')",
            None,
        ),
        ("TO_NVARCHAR(TO_SECONDDATE('2018-01-02 10:00:00'))", "2018-01-02 10:00:00"),
        ("TO_DATS(DATE'2009-12-31')", "20091231"),
        ("TO_DATE('2010-01-12', 'YYYY-MM-DD')", date(2010, 1, 12)),  # [SQL]
        ("TO_DATE('2010-01-12')", date(2010, 1, 12)),
        ("TO_DATE('2010/01/12')", date(2010, 1, 12)),
        ("TO_DATE('20100112')", date(2010, 1, 12)),
        ("TO_DATE('12.01.2010', 'DD.MM.YYYY')", date(2010, 1, 12)),
        ("TO_DATE('2040-Jan-10', 'YYYY-MON-DD')", date(2040, 1, 10)),  # [SQL]
        ("TO_DATE('2040-January-10', 'YYYY-MONTH-DD')", date(2040, 1, 10)),  # [SQL]
        ("TO_DATE('2001-204', 'YYYY-DDD')", date(2001, 7, 23)),  # [SQL]
        ("TO_DATE(TIMESTAMP'2013-07-03 01:23:45.123456')", date(2013, 7, 3)),  # [SQL]
        ("TO_DATE(DATE'2013-07-03')", date(2013, 7, 3)),
        ("TO_DATE(NULL)", None),
        ("CAST('2013-07-03' AS DATE)", date(2013, 7, 3)),
        (
            "TO_TIMESTAMP('2010-01-11 13:30:00', 'YYYY-MM-DD HH24:MI:SS')",
            datetime(2010, 1, 11, 13, 30),
        ),
        (
            "TO_TIMESTAMP('2010-01-11 13:30:00.1234567', 'YYYY-MM-DD HH24:MI:SS.FF7')",
            datetime(2010, 1, 11, 13, 30, 0, 123456),
        ),
        (
            "TO_TIMESTAMP('11.01.2010 13:30:00.123456', 'DD.MM.YYYY HH24:MI:SS.FF6')",
            datetime(2010, 1, 11, 13, 30, 0, 123456),
        ),
        ("TO_TIMESTAMP(DATE'2013-07-03')", datetime(2013, 7, 3)),  # [SQL]
        ("TO_SECONDDATE(TIMESTAMP'2013-07-03 23:59:59.777777')", datetime(2013, 7, 3, 23, 59, 59)),
        ("TO_SECONDDATE('2010-01-11 13:30:59.9')", datetime(2010, 1, 11, 13, 30, 59)),
        ("TO_TIME('08:30:59', 'HH24:MI:SS')", time(8, 30, 59)),
        ("TO_TIME('08:30 PM', 'HH12:MI PM')", time(20, 30)),
        ("TO_TIME('08:30:59.9')", time(8, 30, 59)),
        ("CAST('08:30:59' AS TIME)", time(8, 30, 59)),
    ],
)
def test_conversion_means_what_hana_documents(
    landscape: duckdb.DuckDBPyConnection, expression: str, expected: object
) -> None:
    if "FF3 FF6" in expression:
        assert value(landscape, expression) == "01:04 PM 123 123456"
    else:
        assert value(landscape, expression) == expected


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("TO_INTEGER(name)", "INTEGER"),
        ("TO_INTEGER(price)", "INTEGER"),
        ("TO_BIGINT(net)", "BIGINT"),
        ("TO_TINYINT(id)", "UTINYINT"),
        ("TO_DECIMAL(price, 12, 3)", "DECIMAL(12,3)"),
        ("CAST(net AS DECIMAL(5))", "DECIMAL(5,0)"),
        ("CAST(? AS SECONDDATE)", "TIMESTAMP_S"),
        ("CAST(NULL AS SECONDDATE)", "TIMESTAMP_S"),
        ("CAST(NULL AS BLOB)", "BLOB"),
        ("CAST(NULL AS DECIMAL(10, 2))", "DECIMAL(10,2)"),
        ("CAST(id AS DOUBLE)", "DOUBLE"),
        ("CAST(id AS REAL)", "FLOAT"),
        ("CAST(id AS NCLOB)", "VARCHAR"),
        ("CAST(flag AS BOOLEAN)", "BOOLEAN"),
    ],
)
def test_conversion_has_the_type_it_names(
    landscape: duckdb.DuckDBPyConnection, expression: str, kind: str
) -> None:
    values = ["2024-01-31 00:00:00"] if "?" in expression else []
    answer = ask(landscape, f"SELECT {expression} AS x FROM orders WHERE 1 = 0", *values)

    assert answer.types == [kind]


def test_columns_of_every_type_are_truncated(landscape: duckdb.DuckDBPyConnection) -> None:
    answer = ask(
        landscape,
        "SELECT TO_INTEGER(net), TO_INTEGER(price), TO_DECIMAL(net, 10, 1), "
        "TO_DECIMAL(price, 10, 0) FROM orders ORDER BY id",
    )

    assert answer.rows == [
        (10, 1, Decimal("10.5"), 1),
        (20, 2, Decimal("20.2"), 2),
        (None, None, None, None),
    ]


@pytest.mark.parametrize(
    "expression",
    [
        "TO_INTEGER('x')",
        "TO_BOOLEAN('yes')",
        "TO_BOOLEAN(2)",
        "TO_DATE('yesterday')",
        "TO_TINYINT(256)",
        "TO_DECIMAL(1000, 3, 1)",
        "CAST('x' AS DOUBLE)",
    ],
)
def test_value_that_does_not_fit_is_an_error(
    landscape: duckdb.DuckDBPyConnection, expression: str
) -> None:
    with pytest.raises(duckdb.Error):
        value(landscape, expression)


@pytest.mark.parametrize(
    ("expression", "construct"),
    [
        ("TO_DECIMAL(net)", "TO_DECIMAL"),
        ("TO_DECIMAL(net, id, 2)", "TO_DECIMAL"),
        ("TO_DECIMAL(net, 39, 2)", "TO_DECIMAL"),
        ("TO_DECIMAL(net, 5, 6)", "TO_DECIMAL"),
        ("CAST(net AS DECIMAL)", "CAST AS DECIMAL"),
        ("CAST(net AS SMALLDECIMAL)", "CAST AS SMALLDECIMAL"),
        ("CAST(name AS VARBINARY(10))", "CAST AS VARBINARY"),
        ("CAST(name AS BLOB)", "CAST AS BLOB"),
        ("TO_SMALLDECIMAL(net)", "TO_SMALLDECIMAL"),
        ("TO_BLOB(name)", "TO_BLOB"),
        ("TO_NVARCHAR(net, '0000.00')", "TO_NVARCHAR"),
        ("TO_NVARCHAR(day, 'MONTH')", "TO_NVARCHAR"),
        ("TO_NVARCHAR(day, 'Q')", "TO_NVARCHAR"),
        ("TO_NVARCHAR(day, name)", "TO_NVARCHAR"),
        ("TO_DATE(name, 'RM')", "TO_DATE"),
        ("TO_DATE(name, 'YYYY-MM-DD''); DROP')", "TO_DATE"),
        ("TO_TIMESTAMP(name, 'DD.MM.YYYY HH24:MI:SS.FF7')", "TO_TIMESTAMP"),
    ],
)
def test_conversion_without_counterpart_is_refused_by_name(expression: str, construct: str) -> None:
    with pytest.raises(UnsupportedSql) as caught:
        to_duckdb(admitted(f"SELECT {expression} FROM orders"))

    assert caught.value.details["construct"] == construct
