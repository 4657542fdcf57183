"""Filters checked against a catalogue and written with values of its types."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from flight_client.protocol.errors import InvalidFilter, UnknownColumn
from flight_client.protocol.filters import And, Filter, Operator, Or
from flight_client.protocol.literals import LiteralValue
from flight_server.planning.conditions import resolve_filter
from tests.support.orders import ORDERS, SHAPES, compare


def never(name: str) -> And:
    return And((compare(name, "is null"), compare(name, "is not null")))


@pytest.mark.parametrize(
    "kept",
    [
        compare("REGION", "=", "Süd"),
        compare("REGION", "like", r"50\% of C:\\%_"),
        compare("ORDER_ID", "between", 1, 9),
        compare("LINES", "in", 1, 2, 3),
        compare("PAID", "!=", True),
        compare("PAID", "in", True, False),
        compare("ORDERED_ON", ">=", date(2024, 1, 1)),
        compare("GUID", "=", b"\x01"),
        compare("NOTE", "not like", "%x%"),
        compare("NOTE", "is null"),
        compare("SCAN", "is not null"),
        compare("EMBEDDING", "is null"),
    ],
)
def test_comparison_that_fits_is_kept(kept: Filter) -> None:
    assert resolve_filter(kept, ORDERS) == kept


def test_tree_keeps_its_shape() -> None:
    leaf = compare("LINES", "=", 1)
    tree = Or((And((leaf, leaf)), leaf))
    assert resolve_filter(tree, ORDERS) == tree


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (compare("NET", "=", 7), compare("NET", "=", Decimal("7.00"))),
        (
            compare("CHANGED_AT", "<", date(2024, 1, 1)),
            compare("CHANGED_AT", "<", datetime(2024, 1, 1)),
        ),
        (compare("LINES", "=", 300), never("LINES")),
        (compare("LINES", "!=", 300), compare("LINES", "is not null")),
        (compare("LINES", "<", 300), compare("LINES", "<=", 255)),
        (compare("LINES", "<=", 300), compare("LINES", "<=", 255)),
        (compare("LINES", ">", 300), compare("LINES", ">", 255)),
        (compare("LINES", ">=", 300), compare("LINES", ">", 255)),
        (compare("LINES", "<", -1), never("LINES")),
        (compare("LINES", "<=", -1), never("LINES")),
        (compare("LINES", ">", -1), compare("LINES", "is not null")),
        (compare("LINES", ">=", -1), compare("LINES", "is not null")),
        (compare("LINES", "<", Decimal("2.5")), compare("LINES", "<=", 2)),
        (compare("LINES", ">=", Decimal("2.5")), compare("LINES", ">", 2)),
        (compare("LINES", "in", 1, 300, -5), compare("LINES", "in", 1)),
        (compare("LINES", "in", 300, -5), never("LINES")),
        (compare("LINES", "not in", 1, 300), compare("LINES", "not in", 1)),
        (compare("LINES", "not in", 300), compare("LINES", "is not null")),
        (
            compare("LINES", "between", -5, 7),
            And((compare("LINES", "is not null"), compare("LINES", "<=", 7))),
        ),
        (
            compare("LINES", "between", Decimal("0.5"), 999),
            And((compare("LINES", ">", 0), compare("LINES", "<=", 255))),
        ),
        (compare("NET", "=", Decimal("1.005")), never("NET")),
        (compare("NET", ">", Decimal("1.005")), compare("NET", ">", Decimal("1.00"))),
        (
            compare("SHIPPED_AT", "<", datetime(2024, 1, 1, 0, 0, 0, 1)),
            compare("SHIPPED_AT", "<=", datetime(2024, 1, 1)),
        ),
        (compare("SCORE", "<", 1e300), compare("SCORE", "<=", 3.4028234663852886e38)),
    ],
)
def test_constant_outside_the_type_becomes_a_comparison_of_the_same_meaning(
    given: Filter, meant: Filter
) -> None:
    assert resolve_filter(given, ORDERS) == meant


def test_unknown_column_deep_in_a_tree_is_refused() -> None:
    tree = Or((compare("NET", "is null"), And((compare("NET", "=", 1), compare("Net", "=", 1)))))
    with pytest.raises(UnknownColumn, match="no column 'Net'; did you mean 'NET'"):
        resolve_filter(tree, ORDERS)


def test_text_beside_a_date_is_refused_with_the_date_that_was_meant() -> None:
    with pytest.raises(InvalidFilter) as caught:
        resolve_filter(compare("ORDERED_ON", "=", "2024-01-01"), ORDERS)
    assert caught.value.message == (
        "Column 'ORDERED_ON' is DATE; got the text '2024-01-01': pass datetime.date(2024, 1, 1)."
    )


def test_wrong_constant_among_many_is_refused() -> None:
    with pytest.raises(InvalidFilter, match="got the text 'x'"):
        resolve_filter(compare("LINES", "in", 1, 2, "x"), ORDERS)


def test_refused_filter_names_its_column_as_a_fact() -> None:
    with pytest.raises(InvalidFilter) as caught:
        resolve_filter(compare("PAID", "=", 1), ORDERS)
    assert caught.value.details == {"column": "PAID"}


@pytest.mark.parametrize("op", ["=", "!=", "in", "not in"])
def test_integer_equal_to_a_fraction_is_refused(op: Operator) -> None:
    with pytest.raises(InvalidFilter, match=r"TINYINT and never equals the decimal 2\.5: pass an"):
        resolve_filter(compare("LINES", op, Decimal("2.5")), ORDERS)


@pytest.mark.parametrize(
    ("name", "op", "values"),
    [
        ("NOTE", "=", ("x",)),
        ("NOTE", "in", ("x",)),
        ("NOTE", "between", ("a", "b")),
        ("NOTE", "<", ("x",)),
    ],
)
def test_large_text_knows_like_and_null_only(
    name: str, op: Operator, values: tuple[LiteralValue, ...]
) -> None:
    with pytest.raises(InvalidFilter, match="'like', 'not like', 'is null', 'is not null' for it"):
        resolve_filter(compare(name, op, *values), ORDERS)


@pytest.mark.parametrize("op", ["=", "!=", "<"])
def test_large_bytes_know_null_only(op: Operator) -> None:
    with pytest.raises(InvalidFilter, match="knows only 'is null', 'is not null' for it"):
        resolve_filter(compare("SCAN", op, b"x"), ORDERS)


def test_vector_knows_null_only() -> None:
    with pytest.raises(InvalidFilter, match=r"REAL_VECTOR\(3\); HANA knows only 'is null'"):
        resolve_filter(compare("EMBEDDING", "=", 1.0), ORDERS)


def test_type_without_arrow_form_can_be_asked_for_null() -> None:
    kept = compare("SHAPE", "is not null")
    assert resolve_filter(kept, SHAPES) == kept


@pytest.mark.parametrize("name", ["ORDER_ID", "ORDERED_ON", "GUID", "SCAN", "PAID"])
def test_pattern_needs_characters(name: str) -> None:
    with pytest.raises(InvalidFilter, match="'like' needs a column of characters"):
        resolve_filter(compare(name, "like", "1%"), ORDERS)


@pytest.mark.parametrize("pattern", ["a\\", r"\a", r"\\\ "])
def test_pattern_with_a_stray_backslash_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidFilter, match="a backslash stands before %, _ or another"):
        resolve_filter(compare("REGION", "like", pattern), ORDERS)


def test_pattern_may_span_lines() -> None:
    kept = compare("REGION", "like", "a\n%")
    assert resolve_filter(kept, ORDERS) == kept


@pytest.mark.parametrize(("op", "count"), [("<", 1), ("between", 2), (">=", 1)])
def test_boolean_has_no_order(op: Operator, count: int) -> None:
    with pytest.raises(InvalidFilter, match="BOOLEAN; use one of =, !=, in, not in"):
        resolve_filter(compare("PAID", op, *[True] * count), ORDERS)


def test_constants_of_a_whole_filter_are_counted() -> None:
    half = compare("LINES", "in", *([1] * 32_768))

    with pytest.raises(InvalidFilter, match=r"65,536 constants.*use 'in', or join a table"):
        resolve_filter(Or((half, half)), ORDERS)


def test_comparisons_of_a_whole_filter_are_counted() -> None:
    terms = tuple(compare("ORDER_ID", "=", at) for at in range(2_001))

    with pytest.raises(InvalidFilter, match="2,002 comparisons"):
        resolve_filter(And((compare("REGION", "is null"), Or(terms))), ORDERS)

    assert resolve_filter(Or(terms[1:]), ORDERS) == Or(terms[1:])
