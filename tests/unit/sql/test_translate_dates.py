"""Dates and times mean on DuckDB what HANA's documentation says; [SQL] marks its own examples."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import duckdb
import pytest

from flight_client.protocol.errors import UnsupportedSql
from tests.support.hana_sql import ask, value

D = "DATE'2009-12-05'"
T = "TIMESTAMP'2024-02-29 01:02:03.456'"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (f"ADD_DAYS({D}, 30)", date(2010, 1, 4)),  # [SQL]
        (f"ADD_DAYS({D}, -30)", date(2009, 11, 5)),  # [SQL]
        (f"ADD_DAYS({T}, 1)", datetime(2024, 3, 1, 1, 2, 3, 456000)),
        (f"ADD_DAYS({D}, 1.9)", date(2009, 12, 6)),
        (f"ADD_DAYS({D}, NULL)", None),
        (f"ADD_MONTHS({D}, 1)", date(2010, 1, 5)),  # [SQL]
        ("ADD_MONTHS(DATE'2024-01-31', 1)", date(2024, 2, 29)),
        (f"ADD_MONTHS({T}, 12)", datetime(2025, 2, 28, 1, 2, 3, 456000)),
        (f"ADD_YEARS({D}, 1)", date(2010, 12, 5)),
        ("ADD_SECONDS(TIMESTAMP'2012-01-01 23:30:45', 60*30)", datetime(2012, 1, 2, 0, 0, 45)),
        ("NEXT_DAY(DATE'2009-12-31')", date(2010, 1, 1)),
        (f"NEXT_DAY({T})", datetime(2024, 3, 1, 1, 2, 3, 456000)),
        ("LAST_DAY(DATE'2010-01-04')", date(2010, 1, 31)),  # [SQL]
        (f"LAST_DAY({T})", date(2024, 2, 29)),
        (f"DAYS_BETWEEN({D}, DATE'2010-01-05')", 31),  # [SQL]
        ("DAYS_BETWEEN('2018-02-07 23:00:00', '2018-02-08 01:00:00')", 0),  # [SQL]
        ("DAYS_BETWEEN('2018-02-07 23:00:00', '2018-02-08 23:00:00')", 1),  # [SQL]
        (f"DAYS_BETWEEN(DATE'2010-01-05', {D})", -31),
        (f"SECONDS_BETWEEN({D}, DATE'2010-01-05')", 2678400),  # facts 6.4
        ("MONTHS_BETWEEN(DATE'2003-01-01', DATE'2003-03-14')", 2),  # [SQL]
        ("MONTHS_BETWEEN(DATE'2003-10-03', DATE'2003-01-14')", -8),  # [SQL]
        ("MONTHS_BETWEEN(DATE'2003-10-15', DATE'2003-01-14')", -9),  # [SQL]
        ("MONTHS_BETWEEN(DATE'2003-10-13', DATE'2003-01-14')", -8),  # [SQL]
        ("MONTHS_BETWEEN(NULL, DATE'2003-01-14')", None),
        ("YEARS_BETWEEN(DATE'2001-01-01', DATE'2003-03-14')", 2),
        ("NANO100_BETWEEN(TIMESTAMP'2013-05-15 10:00:00', TIMESTAMP'2013-05-15 10:00:01')", 10**7),
        ("WEEKDAY(DATE'2010-12-31')", 4),  # [SQL]
        ("WEEKDAY(DATE'2024-01-01')", 0),
        ("WEEK(DATE'2017-01-01')", 1),  # [SQL]
        ("WEEK(DATE'2017-01-02')", 2),
        ("WEEK(DATE'2018-01-07')", 1),
        ("WEEK(DATE'2018-01-08')", 2),
        ("WEEK(DATE'2016-12-31')", 53),
        ("ISOWEEK(DATE'2017-01-01')", "2016-W52"),  # [SQL]
        ("ISOWEEK(DATE'2011-05-30')", "2011-W22"),
        ("QUARTER(DATE'2012-01-01')", "2012-Q1"),
        ("QUARTER(DATE'2012-01-01', 2)", "2011-Q4"),  # [SQL]
        ("QUARTER(DATE'2012-12-31')", "2012-Q4"),
        ("QUARTER(NULL)", None),
        ("DAYNAME(DATE'2011-05-30')", "Monday"),
        ("MONTHNAME(DATE'2011-05-30')", "May"),
        ("DAYOFMONTH(DATE'2011-05-30')", 30),
        ("DAYOFYEAR(DATE'2011-05-30')", 150),
        (f"YEAR({T})", 2024),
        ("YEAR('2024-05-30')", 2024),
        (f"MONTH({T})", 2),
        (f"HOUR({T})", 1),
        (f"MINUTE({T})", 2),
        ("HOUR('12:34:56')", 12),
        ("SECOND('12:34:56')", 56),  # [SQL]
        ("SECOND('2014-03-25 12:34:56.789')", Decimal("56.789")),  # [SQL]
        ("SECOND(TIME'12:34:56')", 56),
        ("EXTRACT(YEAR FROM DATE'2010-01-04')", 2010),  # [SQL]
        (f"EXTRACT(DAY FROM {T})", 29),
        (f"EXTRACT(SECOND FROM {T})", Decimal("3.456")),
    ],
)
def test_date_function_means_what_hana_documents(
    landscape: duckdb.DuckDBPyConnection, expression: str, expected: object
) -> None:
    assert value(landscape, expression) == expected


@pytest.mark.parametrize(
    ("expression", "kind"),
    [
        ("ADD_DAYS(day, 1)", "DATE"),
        ("ADD_DAYS(moment, 1)", "TIMESTAMP"),
        ("ADD_DAYS(TO_SECONDDATE('2024-01-01 00:00:00'), 1)", "TIMESTAMP_S"),
        ("ADD_MONTHS(day, 1)", "DATE"),
        ("ADD_YEARS(moment, 1)", "TIMESTAMP"),
        ("NEXT_DAY(day)", "DATE"),
        ("ADD_SECONDS(moment, 1)", "TIMESTAMP"),
        ("YEAR(day)", "INTEGER"),
        ("WEEK(day)", "INTEGER"),
        ("DAYS_BETWEEN(day, moment)", "INTEGER"),
        ("SECONDS_BETWEEN(day, moment)", "BIGINT"),
        ("CURRENT_DATE", "DATE"),
        ("CURRENT_TIME", "TIME"),
        ("CURRENT_TIMESTAMP", "TIMESTAMP"),
        ("NOW()", "TIMESTAMP"),
        ("CURRENT_UTCDATE", "DATE"),
        ("CURRENT_UTCTIME", "TIME"),
        ("CURRENT_UTCTIMESTAMP", "TIMESTAMP"),
    ],
)
def test_type_of_a_date_is_kept(
    landscape: duckdb.DuckDBPyConnection, expression: str, kind: str
) -> None:
    assert ask(landscape, f"SELECT {expression} FROM orders").types == [kind]


def test_parameters_keep_their_type_too(landscape: duckdb.DuckDBPyConnection) -> None:
    assert value(landscape, "ADD_DAYS(?, ?)", date(2024, 2, 28), 2) == date(2024, 3, 1)
    assert value(landscape, "DAYS_BETWEEN(?, ?)", date(2024, 2, 28), datetime(2024, 3, 1)) == 2


def test_utc_functions_tell_the_time_of_utc(landscape: duckdb.DuckDBPyConnection) -> None:
    found = value(landscape, "CURRENT_UTCTIMESTAMP")

    assert abs(found - datetime.now(UTC).replace(tzinfo=None)) < timedelta(minutes=1)


def test_time_of_day_has_no_fraction(landscape: duckdb.DuckDBPyConnection) -> None:
    assert value(landscape, "CURRENT_TIME").microsecond == 0


def test_date_literals_of_each_kind_are_read(landscape: duckdb.DuckDBPyConnection) -> None:
    answer = ask(
        landscape,
        "SELECT DATE'2024-01-31', TIME'23:59:59', TIMESTAMP'2024-01-31 23:59:59.1234560' "
        "FROM dummy",
    )

    assert answer.rows == [
        (date(2024, 1, 31), time(23, 59, 59), datetime(2024, 1, 31, 23, 59, 59, 123456))
    ]


def test_day_before_our_calendar_and_last_day_of_all_work(
    landscape: duckdb.DuckDBPyConnection,
) -> None:
    assert value(landscape, "ADD_DAYS(DATE'9999-12-30', 1)") == date(9999, 12, 31)
    assert value(landscape, "ADD_DAYS(DATE'0001-01-02', -1)") == date(1, 1, 1)


@pytest.mark.parametrize(
    ("expression", "construct"),
    [
        ("ADD_DAYS('2024-01-31', 1)", "ADD_DAYS"),
        ("ADD_MONTHS('2024-01-31', 1)", "ADD_MONTHS"),
        (f"QUARTER({D}, 13)", "QUARTER"),
        (f"QUARTER({D}, id)", "QUARTER"),
        (f"ADD_NANO100({D}, 1)", "ADD_NANO100"),
        (f"ADD_MONTHS_LAST({D}, 1)", "ADD_MONTHS_LAST"),
        ("UTCTOLOCAL(moment, 'CET')", "UTCTOLOCAL"),
        ("LOCALTOUTC(moment, 'CET')", "LOCALTOUTC"),
        ("TIMESTAMP'2024-01-31 00:00:00.1234567'", "TIMESTAMP"),
    ],
)
def test_date_form_without_counterpart_is_refused_by_name(
    landscape: duckdb.DuckDBPyConnection, expression: str, construct: str
) -> None:
    with pytest.raises(UnsupportedSql) as caught:
        ask(landscape, f"SELECT {expression} FROM orders")

    assert caught.value.details["construct"] == construct
