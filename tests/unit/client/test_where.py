"""The list-of-tuples idiom: what it means, and what it cannot mean."""

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pytest

from flight_client.protocol.errors import Error, InvalidFilter, InvalidRead
from flight_client.protocol.filters import OPERATORS, And, Comparison, Filter, Or
from flight_client.protocol.tickets import OrderKey
from flight_client.where import to_filter, to_order

A = Comparison("A", "=", (1,))
B = Comparison("B", ">", (2,))
C = Comparison("C", "is null")


@pytest.mark.parametrize(
    ("where", "meaning"),
    [
        (None, None),
        ([], None),
        ((), None),
        (("A", "=", 1), A),
        ([("A", "=", 1)], A),
        ([[("A", "=", 1)]], A),
        ([("A", "=", 1), ("B", ">", 2)], And((A, B))),
        ((("A", "=", 1), ("B", ">", 2)), And((A, B))),
        ([[("A", "=", 1), ("B", ">", 2)]], And((A, B))),
        ([[("A", "=", 1)], [("B", ">", 2)]], Or((A, B))),
        ([[("A", "=", 1), ("B", ">", 2)], [("C", "is null")]], Or((And((A, B)), C))),
        ([(("A", "=", 1),), [("C", "is null")]], Or((A, C))),
        ([("C", "is null", None)], C),
        (A, A),
        (And((A, B)), And((A, B))),
        (pc.field("A") == 1, A),
    ],
)
def test_lists_are_and_inside_and_or_between(where: object, meaning: Filter | None) -> None:
    assert to_filter(where) == meaning


@pytest.mark.parametrize("op", OPERATORS)
def test_every_operator_of_the_language_is_accepted(op: str) -> None:
    value = {
        "in": [1, 2], "not in": (1, 2), "between": (1, 2), "like": "A%", "not like": "A%",
    }.get(op, 1)  # fmt: skip
    where = [("A", op)] if op.startswith("is") else [("A", op, value)]
    found = to_filter(where)
    assert isinstance(found, Comparison)
    assert found.op == op


@pytest.mark.parametrize(
    ("written", "op"),
    [("==", "="), ("<>", "!="), ("IS NULL", "is null"), ("Is  Not\tNull", "is not null")],
)
def test_other_spellings_of_an_operator_mean_the_same(written: str, op: str) -> None:
    where = ("A", written) if "null" in op else ("A", written, 1)
    found = to_filter(where)
    assert isinstance(found, Comparison)
    assert found.op == op


@pytest.mark.parametrize("values", [[1, 2], (1, 2), {1, 2}, np.array([1, 2]), pd.Series([1, 2])])
def test_in_takes_any_collection_of_values(values: object) -> None:
    assert to_filter(("A", "in", values)) == Comparison("A", "in", (1, 2))


def test_in_takes_a_generator() -> None:
    assert to_filter(("A", "in", (n for n in (1, 2)))) == Comparison("A", "in", (1, 2))


@pytest.mark.parametrize(
    "value", [True, 1, 1.5, "x", Decimal("1.20"), date(2024, 1, 31), b"\x00", np.int32(3)]
)
def test_value_keeps_its_type(value: object) -> None:
    found = to_filter(("A", "=", value))
    assert isinstance(found, Comparison)
    expected = value.item() if isinstance(value, np.generic) else value
    assert type(found.values[0]) is type(expected)
    assert found.values == (expected,)


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ("A = 1", "write \\(column, operator, value\\)"),
        ({"A": 1}, "is no filter"),
        (7, "is no filter"),
        (["A", "=", 1], "is no filter"),
        (["A"], "is no filter"),
        ([("A", "=", 1), [("B", "=", 2)]], "is no filter"),
        ([("A", "=", 1, 2)], "no condition"),
        ([("A",)], "no condition"),
        ([("A", 1, 2)], "no condition"),
        ([[]], "empty"),
        ([("A", "=", 1), None], "is no filter"),
        ([("A", "~", 1)], "no operator"),
        ([("A", "=")], "one value"),
        ([("A", "is null", 1)], r"no value; write \('A', 'is null'\)"),
        ([("A", "is not null", "x")], "no value"),
        ([("A", "in", "abc")], "a list of values"),
        ([("A", "in", b"abc")], "a list of values"),
        ([("A", "in", {"a": 1})], "a list of values"),
        ([("A", "in", 5)], "a list of values"),
        ([("A", "in", [])], "65535 values; got 0"),
        ([("A", "between", 5)], "two values"),
        ([("A", "between", (1, 2, 3))], "two values"),
        ([("A", "like", 5)], "text pattern"),
        ([("A", "=", float("nan"))], "Column 'A'.*nan"),
        ([("A", "=", [1])], r"one value; write \('A', 'in', \[...\]\)"),
        ([("A", "!=", (1, 2))], "'not in'"),
        ([("A", "<", [1])], "no literal"),
        ([("A", "=", object())], "no literal"),
    ],
)
def test_wrong_filter_is_refused_with_what_to_write(where: object, sentence: str) -> None:
    with pytest.raises(InvalidFilter, match=sentence):
        to_filter(where)


@pytest.mark.parametrize("missing", [None, pd.NaT, pd.NA])
@pytest.mark.parametrize(
    ("op", "advice"), [("=", "'is null'"), ("!=", "'is not null'"), ("<", "'is null'")]
)
def test_comparison_with_null_suggests_the_operator_for_it(
    op: str, advice: str, missing: object
) -> None:
    with pytest.raises(InvalidFilter, match=advice):
        to_filter([("A", op, missing)])


def test_null_in_a_list_is_refused() -> None:
    with pytest.raises(InvalidFilter, match="is null"):
        to_filter([("A", "in", [1, None])])


def test_long_value_is_cut_in_the_message() -> None:
    with pytest.raises(InvalidFilter) as caught:
        to_filter("x" * 10_000)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("order_by", "keys"),
    [
        (None, ()),
        ([], ()),
        (("A", "B"), (OrderKey("A"), OrderKey("B"))),
        (["A"], (OrderKey("A"),)),
        (["A desc"], (OrderKey("A desc"),)),
        ([("A", "desc"), ("B", "ASC")], (OrderKey("A", descending=True), OrderKey("B"))),
        ([OrderKey("A", nulls="last")], (OrderKey("A", nulls="last"),)),
    ],
)
def test_order_is_columns_with_a_direction(order_by: list, keys: tuple[OrderKey, ...]) -> None:
    assert to_order(order_by) == keys


@pytest.mark.parametrize(
    ("order_by", "sentence"),
    [
        ("A", r"write \['A'\]"),
        (("A", "DESC"), r"write \[\('A', 'DESC'\)\]"),
        ([("A", "up")], "no sort key"),
        ([("A", "desc", "last")], "no sort key"),
        ([5], "5 is no sort key"),
        (5, "got 5"),
    ],
)
def test_wrong_order_is_refused_with_what_to_write(order_by: object, sentence: str) -> None:
    with pytest.raises(InvalidRead, match=sentence):
        to_order(order_by)


def test_refusals_are_errors_of_the_project() -> None:
    with pytest.raises(Error) as caught:
        to_filter("A = 1")
    assert caught.value.code == "FILTER_INVALID"
