"""Filter trees: which comparisons have a meaning, and their JSON."""

import pytest

from flight_client.protocol.errors import InvalidFilter, InvalidTicket
from flight_client.protocol.filters import (
    MAX_DEPTH,
    MAX_IN_VALUES,
    OPERATORS,
    And,
    Comparison,
    Filter,
    Or,
    comparisons,
    conjunction,
    filter_from_json,
    filter_to_json,
)

A = Comparison("A", "=", (1,))
B = Comparison("B", "is null")
C = Comparison("C", "in", ("x", "y"))


def nested(levels: int) -> dict[str, object]:
    form = filter_to_json(A)
    for level in range(levels):
        form = {"and" if level % 2 else "or": [form, filter_to_json(B)]}
    return form


FORMS = [
    pytest.param(A, {"column": "A", "op": "=", "value": 1}, id="one value"),
    pytest.param(B, {"column": "B", "op": "is null"}, id="no value"),
    pytest.param(C, {"column": "C", "op": "in", "values": ["x", "y"]}, id="many values"),
    pytest.param(
        Comparison("D", "between", (1, 2)),
        {"column": "D", "op": "between", "values": [1, 2]},
        id="two values",
    ),
    pytest.param(
        Comparison('"; DROP TABLE x --', "not like", ("%",)),
        {"column": '"; DROP TABLE x --', "op": "not like", "value": "%"},
        id="hostile name",
    ),
    pytest.param(And((A, B)), {"and": [nested(0), {"column": "B", "op": "is null"}]}, id="and"),
    pytest.param(Or((A, B)), nested(1), id="or"),
    pytest.param(And((Or((A, B)), B)), nested(2), id="or within and"),
]


@pytest.mark.parametrize(("tree", "form"), FORMS)
def test_filter_has_one_json_form(tree: Filter, form: object) -> None:
    assert filter_to_json(tree) == form


@pytest.mark.parametrize(("tree", "form"), FORMS)
def test_json_form_gives_the_filter(tree: Filter, form: object) -> None:
    assert filter_from_json(form, "the filter") == tree


@pytest.mark.parametrize(
    ("operator", "values", "sentence"),
    [
        ("==", (1,), "'==' is no operator; use one of =, !=,"),
        ("IN", (1,), "'IN' is no operator"),
        ("=", (), "'=' on column 'A' takes one value; got 0"),
        ("=", (1, 2), "takes one value; got 2"),
        ("in", (), "'in' on column 'A' takes 1 to 65535 values; got 0"),
        ("not in", (), "takes 1 to 65535 values; got 0"),
        ("in", tuple(range(MAX_IN_VALUES + 1)), "takes 1 to 65535 values; got 65536"),
        ("between", (1,), "takes two values; got 1"),
        ("between", (1, 2, 3), "takes two values; got 3"),
        ("is null", (1,), "takes no value; got 1"),
        ("is not null", (1,), "takes no value; got 1"),
        ("like", (1,), "'like' on column 'A' needs a text pattern; got 1"),
        ("not like", (b"%",), "needs a text pattern; got b'%'"),
        ("=", (float("nan"),), "HANA stores no nan"),
        ("in", (1, None), "is no literal"),
    ],
)
def test_comparison_without_meaning_is_refused_with_a_sentence(
    operator: str, values: tuple[object, ...], sentence: str
) -> None:
    with pytest.raises(InvalidFilter, match=sentence):
        Comparison("A", operator, values)  # type: ignore[arg-type]


def test_wrong_number_of_values_names_the_column_for_programs() -> None:
    with pytest.raises(InvalidFilter) as it:
        Comparison("A", "between", (1,))

    assert it.value.details == {"column": "A"}


def test_longest_in_list_is_taken() -> None:
    assert len(Comparison("A", "in", tuple(range(MAX_IN_VALUES))).values) == MAX_IN_VALUES


@pytest.mark.parametrize("join", [And, Or])
@pytest.mark.parametrize("terms", [(), (A,)])
def test_join_of_less_than_two_terms_is_refused(
    join: type[And | Or], terms: tuple[Filter, ...]
) -> None:
    with pytest.raises(InvalidFilter, match=f"joins two terms or more; got {len(terms)}"):
        join(terms)


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        pytest.param([], "the filter must be a JSON object", id="list"),
        pytest.param({}, "has no field 'column'", id="empty"),
        pytest.param(
            {"column": 1, "op": "="}, "'column' of the filter must be a string", id="name"
        ),
        pytest.param({"column": "A"}, "has no field 'op'", id="no operator"),
        pytest.param({"column": "A", "op": 1}, "'op' of the filter must be a string", id="op type"),
        pytest.param({"column": "A", "op": "="}, "has no field 'value'", id="no value"),
        pytest.param(
            {"column": "A", "op": "=", "value": None}, "has no field 'value'", id="null as value"
        ),
        pytest.param(
            {"column": "A", "op": "in", "values": 1}, "must be a list", id="value for values"
        ),
        pytest.param(
            {"column": "A", "op": "in", "value": 1}, "has no field 'values'", id="no values"
        ),
        pytest.param(
            {"column": "A", "op": "=", "values": [1], "value": 1},
            "unknown field 'values'; did you mean 'value'",
            id="both",
        ),
        pytest.param(
            {"column": "A", "op": "is null", "value": 1}, "unknown field 'value'", id="null test"
        ),
        pytest.param({"and": 1}, "'and' of the filter must be a list", id="and of a number"),
        pytest.param({"and": None}, "has no field 'and'", id="and of null"),
        pytest.param({"and": [1]}, "item 0 of 'and' of the filter must be", id="term is a number"),
        pytest.param({"and": [], "or": []}, "unknown field 'or'", id="and beside or"),
        pytest.param({"or": [], "column": "A"}, "unknown field 'column'", id="or beside column"),
        pytest.param({"not": {}}, "has no field 'column'", id="not"),
    ],
)
def test_form_that_is_no_filter_is_refused_with_its_place(form: object, sentence: str) -> None:
    with pytest.raises(InvalidTicket, match=sentence):
        filter_from_json(form, "the filter")


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"column": "A", "op": "IN", "values": [1]}, "'IN' is no operator"),
        ({"column": "A", "op": "in", "values": []}, "takes 1 to 65535 values; got 0"),
        ({"and": []}, "'and' joins two terms or more; got 0"),
        ({"column": "A", "op": "like", "value": 5}, "needs a text pattern"),
    ],
)
def test_form_without_meaning_is_refused_as_a_filter(form: object, sentence: str) -> None:
    with pytest.raises(InvalidFilter, match=sentence):
        filter_from_json(form, "the filter")


def test_deepest_tree_is_read_and_written() -> None:
    form = nested(MAX_DEPTH)

    assert filter_to_json(filter_from_json(form, "the filter")) == form


@pytest.mark.parametrize("levels", [MAX_DEPTH + 1, 5_000])
def test_tree_over_the_deepest_is_refused_by_the_reader(levels: int) -> None:
    with pytest.raises(InvalidFilter, match="32 levels of AND and OR at most"):
        filter_from_json(nested(levels), "the filter")


def test_tree_over_the_deepest_cannot_be_built() -> None:
    tree = filter_from_json(nested(MAX_DEPTH), "the filter")

    with pytest.raises(InvalidFilter, match="32 levels of AND and OR at most"):
        And((tree, A))


def test_conjunction_of_nothing_is_nothing() -> None:
    assert conjunction(None, None) is None


def test_conjunction_of_one_term_is_the_term() -> None:
    assert conjunction(None, A) is A


def test_conjunction_of_several_terms_joins_them_in_order() -> None:
    assert conjunction(A, None, B) == And((A, B))


def test_comparisons_of_nothing_are_none() -> None:
    assert comparisons(None) == ()


def test_comparisons_are_the_leaves_from_left_to_right() -> None:
    assert comparisons(And((Or((A, B)), C))) == (A, B, C)


def test_operators_are_those_of_the_public_contract() -> None:
    assert set(OPERATORS) == {
        *("=", "!=", "<", "<=", ">", ">=", "in", "not in", "between"),
        *("like", "not like", "is null", "is not null"),
    }
