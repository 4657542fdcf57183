"""Conditions and parameters of the command line: typed by their column, or refused."""

import contextlib
from datetime import date, datetime, time
from decimal import Decimal

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_client.cli.conditions import (
    parse_argument,
    parse_condition,
    parse_order,
    parse_value,
    split_names,
)
from flight_client.protocol.catalog import Column, Entity, HanaType, Parameter
from flight_client.protocol.errors import InvalidFilter, InvalidParameter, UnknownColumn
from flight_client.protocol.filters import Comparison

TYPES = {
    "N": HanaType("INTEGER"),
    "D": HanaType("DECIMAL", 15, 2),
    "F": HanaType("DOUBLE"),
    "OK": HanaType("BOOLEAN"),
    "DAY": HanaType("DATE"),
    "AT": HanaType("TIME"),
    "SEC": HanaType("SECONDDATE"),
    "TS": HanaType("TIMESTAMP"),
    "BIN": HanaType("VARBINARY", 8),
    "NAME": HanaType("NVARCHAR", 40),
    "in Case": HanaType("NVARCHAR", 40),
    'a"b': HanaType("INTEGER"),
    "#X/Y": HanaType("INTEGER"),
    "IS_NEW": HanaType("INTEGER"),
}
ENTITY = Entity(
    space="S",
    name="T",
    kind="view",
    columns=tuple(Column(name, declared) for name, declared in TYPES.items()),
    parameters=(
        Parameter("P_YEAR", HanaType("INTEGER")),
        Parameter("P_CURRENCY", HanaType("NVARCHAR", 3)),
        Parameter("P_DAY", HanaType("DATE")),
    ),
)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("N >= 2024", Comparison("N", ">=", (2024,))),
        ("N>=2024", Comparison("N", ">=", (2024,))),
        ("  N  =  -1  ", Comparison("N", "=", (-1,))),
        ("N == 1", Comparison("N", "=", (1,))),
        ("N <> 1", Comparison("N", "!=", (1,))),
        ("N != '1'", Comparison("N", "!=", (1,))),
        ("N in (1, 2,3)", Comparison("N", "in", (1, 2, 3))),
        ("N NOT IN(1)", Comparison("N", "not in", (1,))),
        ("N between 1 and 5", Comparison("N", "between", (1, 5))),
        ("N BETWEEN '1' AND '5'", Comparison("N", "between", (1, 5))),
        ("N is null", Comparison("N", "is null")),
        ("N IS  NOT NULL", Comparison("N", "is not null")),
        ("D = 0.10", Comparison("D", "=", (Decimal("0.10"),))),
        ("F < 1.5e3", Comparison("F", "<", (1500.0,))),
        ("OK = true", Comparison("OK", "=", (True,))),
        ("OK = FALSE", Comparison("OK", "=", (False,))),
        ("DAY = 2024-01-31", Comparison("DAY", "=", (date(2024, 1, 31),))),
        (
            "DAY between 2024-01-01 and 2024-12-31",
            Comparison("DAY", "between", (date(2024, 1, 1), date(2024, 12, 31))),
        ),
        ("AT > 23:59:00", Comparison("AT", ">", (time(23, 59),))),
        ("SEC = 2024-01-31T10:00:00", Comparison("SEC", "=", (datetime(2024, 1, 31, 10),))),
        ("TS > 2024-01-31 10:00:00", Comparison("TS", ">", (datetime(2024, 1, 31, 10),))),
        ("TS > 2024-01-31", Comparison("TS", ">", (datetime(2024, 1, 31),))),
        ("BIN = 00ff", Comparison("BIN", "=", (b"\x00\xff",))),
        ("NAME = EMEA", Comparison("NAME", "=", ("EMEA",))),
        ("NAME = 'New York'", Comparison("NAME", "=", ("New York",))),
        ("NAME = 'O''Brien'", Comparison("NAME", "=", ("O'Brien",))),
        ("NAME = ''", Comparison("NAME", "=", ("",))),
        ("NAME = 'null'", Comparison("NAME", "=", ("null",))),
        ("NAME = 2024", Comparison("NAME", "=", ("2024",))),
        ("NAME = '; DROP TABLE x --'", Comparison("NAME", "=", ("; DROP TABLE x --",))),
        ("NAME in ('EMEA','APJ')", Comparison("NAME", "in", ("EMEA", "APJ"))),
        ("NAME in ('a,b', 'c and d', e)", Comparison("NAME", "in", ("a,b", "c and d", "e"))),
        ("NAME between 'a and b' and c", Comparison("NAME", "between", ("a and b", "c"))),
        ("NAME like 'A%'", Comparison("NAME", "like", ("A%",))),
        ("NAME not like A_", Comparison("NAME", "not like", ("A_",))),
        ("N like '2%'", Comparison("N", "like", ("2%",))),
        ('"in Case" = x', Comparison("in Case", "=", ("x",))),
        ('"a""b" = 1', Comparison('a"b', "=", (1,))),
        ("#X/Y = 1", Comparison("#X/Y", "=", (1,))),
        ("IS_NEW = 1", Comparison("IS_NEW", "=", (1,))),
    ],
)
def test_condition_means_a_comparison_typed_by_its_column(text: str, meaning: Comparison) -> None:
    found = parse_condition(text, ENTITY)
    assert found == meaning
    assert [type(value) for value in found.values] == [type(value) for value in meaning.values]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "N",
        "N >=",
        "N ~ 1",
        ">= 1",
        "N in 1",
        "N in ()",
        "N in (1,)",
        "N in (1",
        "N between 1",
        "N between 1 or 5",
        "N is nothing",
        "N is null 1",
        "NAME = 'open",
        "NAME = a'b",
        "NAME = 'a' or 1=1",
        "N = 1, 2",
    ],
)
def test_text_that_is_no_condition_is_wrong_usage_with_examples(text: str) -> None:
    with pytest.raises(click.UsageError, match="YEAR >= 2024"):
        parse_condition(text, ENTITY)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("N = x", "'x' is no INTEGER of column 'N'; write it like 42"),
        ("N = 1.5", "no INTEGER"),
        ("N = 1 and D = 2", "no INTEGER"),
        ("D = 1,5", None),
        ("D = abc", r"no DECIMAL\(15,2\).*12.50"),
        ("D = NaN", "NaN"),
        ("F = inf", "inf"),
        ("OK = yes", "no BOOLEAN.*true"),
        ("DAY = 31.01.2024", "no DATE.*2024-01-31"),
        ("DAY = 2024-02-30", "no DATE"),
        ("TS = tomorrow", "no TIMESTAMP"),
        ("TS = 2024-01-31T10:00:00+01:00", "no zone"),
        ("BIN = xyz", "no VARBINARY"),
        ("N = null", "N is null"),
        ("NAME = null", "NAME is null"),
        ("NAME = New York", "single quotes"),
        ("NAME = EMEA and N = 1", "a --where of its own"),
    ],
)
def test_constant_of_another_type_is_refused_with_an_example(
    text: str, sentence: str | None
) -> None:
    with pytest.raises((InvalidFilter, click.UsageError), match=sentence):
        parse_condition(text, ENTITY)


def test_unknown_column_offers_the_nearest_names() -> None:
    with pytest.raises(UnknownColumn, match="did you mean 'NAME'"):
        parse_condition("name = 1", ENTITY)


def test_unknown_column_without_a_near_name_lists_all() -> None:
    with pytest.raises(UnknownColumn, match="it has N, D, F"):
        parse_condition("ZZZZZZZZ = 1", ENTITY)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_any_text_in_quotes_is_that_text(value: str) -> None:
    quoted = value.replace("'", "''")
    assert parse_condition(f"NAME = '{quoted}'", ENTITY).values == (value,)


@given(st.text(max_size=60))
def test_no_text_crashes_the_parser(text: str) -> None:
    with contextlib.suppress(click.UsageError, InvalidFilter, UnknownColumn):
        parse_condition(text, ENTITY)


@pytest.mark.parametrize(
    ("text", "argument"),
    [
        ("P_YEAR=2024", ("P_YEAR", 2024)),
        ("P_CURRENCY=EUR", ("P_CURRENCY", "EUR")),
        ("P_CURRENCY=", ("P_CURRENCY", "")),
        ("P_CURRENCY=a=b", ("P_CURRENCY", "a=b")),
        ("P_DAY=2024-01-31", ("P_DAY", date(2024, 1, 31))),
    ],
)
def test_parameter_is_typed_as_it_is_declared(text: str, argument: tuple[str, object]) -> None:
    assert parse_argument(text, ENTITY) == argument


@pytest.mark.parametrize("text", ["P_YEAR", "=2024", ""])
def test_parameter_of_another_form_is_wrong_usage(text: str) -> None:
    with pytest.raises(click.UsageError, match="NAME=VALUE"):
        parse_argument(text, ENTITY)


@pytest.mark.parametrize(
    ("text", "sentence"), [("P_YEER=1", "did you mean 'P_YEAR'"), ("P_YEAR=x", "no INTEGER.*42")]
)
def test_unknown_or_mistyped_parameter_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(InvalidParameter, match=sentence):
        parse_argument(text, ENTITY)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("A", ("A", "asc")),
        ("A:desc", ("A", "desc")),
        ("A:ASC", ("A", "ASC")),
        ("in Case", ("in Case", "asc")),
        ("A desc:asc", ("A desc", "asc")),
        ("a:b:desc", ("a:b", "desc")),
    ],
)
def test_sort_key_is_a_column_and_a_direction(text: str, key: tuple[str, str]) -> None:
    assert parse_order(text) == key


@pytest.mark.parametrize("text", ["A desc", "A  ASC", "A:down", "A:"])
def test_sort_key_of_another_form_is_refused_with_the_right_one(text: str) -> None:
    with pytest.raises(click.UsageError, match="write A:asc or A:desc"):
        parse_order(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("42", 42),
        ("-1", -1),
        ("0", 0),
        ("007", "007"),
        ("12.50", Decimal("12.50")),
        ("1e3", 1000.0),
        ("2024-01-31", date(2024, 1, 31)),
        ("2024-02-30", "2024-02-30"),
        ("2024-01-31T10:00:00", datetime(2024, 1, 31, 10)),
        ("2024-01-31 10:00", datetime(2024, 1, 31, 10)),
        ("10:00:00", time(10)),
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("'2024'", "2024"),
        ("'it''s'", "it's"),
        ("EMEA", "EMEA"),
        ("", ""),
        ("1_000", "1_000"),
    ],
)
def test_value_of_a_question_mark_is_typed_by_its_shape(text: str, value: object) -> None:
    found = parse_value(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("A", ["A"]),
        ("A,B", ["A", "B"]),
        (" A , in Case ", ["A", "in Case"]),
        ('"A,B",C', ["A,B", "C"]),
        ('"a""b"', ['a"b']),
    ],
)
def test_names_are_split_at_commas_outside_quotes(text: str, names: list[str]) -> None:
    assert split_names(text) == names
