"""pyarrow expressions mean the same as filters, or are refused by name."""

import functools
import operator
from datetime import date, datetime, time
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_client.expressions import Call, Constant, Field, from_expression, parse
from flight_client.protocol.catalog import HanaType
from flight_client.protocol.errors import InvalidFilter
from flight_client.protocol.filters import And, Comparison, Filter, Or
from tests.support.row_filter import satisfies

a, b, s = pc.field("A"), pc.field("B"), pc.field("S")


@pytest.mark.parametrize(
    ("expression", "meaning"),
    [
        (a == 1, Comparison("A", "=", (1,))),
        (a != 1, Comparison("A", "!=", (1,))),
        (a < 1, Comparison("A", "<", (1,))),
        (a <= 1, Comparison("A", "<=", (1,))),
        (a > 1, Comparison("A", ">", (1,))),
        (a >= 1, Comparison("A", ">=", (1,))),
        (pc.equal(pc.scalar(1), a), Comparison("A", "=", (1,))),
        (pc.less(pc.scalar(1), a), Comparison("A", ">", (1,))),
        (pc.greater_equal(pc.scalar(1), a), Comparison("A", "<=", (1,))),
        (a.is_null(), Comparison("A", "is null")),
        (a.is_valid(), Comparison("A", "is not null")),
        (~a.is_null(), Comparison("A", "is not null")),
        (~a.is_valid(), Comparison("A", "is null")),
        (a.isin([1, 2]), Comparison("A", "in", (1, 2))),
        (a.isin(pa.array(["x", "y"])), Comparison("A", "in", ("x", "y"))),
        (a.isin([1, None]), Or((Comparison("A", "in", (1,)), Comparison("A", "is null")))),
        (a.isin(pa.array([None], pa.int64())), Comparison("A", "is null")),
        (~a.isin([1]), Or((Comparison("A", "not in", (1,)), Comparison("A", "is null")))),
        (~a.isin([1, None]), Comparison("A", "not in", (1,))),
        (pc.match_like(a, "x\\%%"), Comparison("A", "like", ("x\\%%",))),
        (~pc.match_like(a, "x%"), Comparison("A", "not like", ("x%",))),
        (a, Comparison("A", "=", (True,))),
        (~a, Comparison("A", "=", (False,))),
        (~~(a == 1), Comparison("A", "=", (1,))),
        (~(a < 1), Comparison("A", ">=", (1,))),
        (
            (a == 1) & (b == 2) & (s == "x"),
            And((
                Comparison("A", "=", (1,)),
                Comparison("B", "=", (2,)),
                Comparison("S", "=", ("x",)),
            )),
        ),
        (~((a == 1) & (b == 2)), Or((Comparison("A", "!=", (1,)), Comparison("B", "!=", (2,))))),
        (~((a == 1) | (b == 2)), And((Comparison("A", "!=", (1,)), Comparison("B", "!=", (2,))))),
        (
            (a == 1) & ((b == 2) | (s == "x")),
            And((
                Comparison("A", "=", (1,)),
                Or((Comparison("B", "=", (2,)), Comparison("S", "=", ("x",)))),
            )),
        ),
        (pc.field('odd "name" ä') == 1, Comparison('odd "name" ä', "=", (1,))),
    ],
)  # fmt: skip
def test_expression_becomes_the_filter_it_means(expression: pc.Expression, meaning: Filter) -> None:
    assert from_expression(expression) == meaning


@pytest.mark.parametrize(
    "value",
    [
        True,
        7,
        1.5,
        "Grüße 🎉",
        b"\x00\xff",
        Decimal("1.20"),
        Decimal("123456789012345678901234567890.12345678"),
        date(2024, 1, 31),
        datetime(2024, 1, 31, 23, 59, 59, 123456),
        time(23, 59, 59),
    ],
)
def test_constant_arrives_exactly_with_its_type(value: object) -> None:
    found = from_expression(a == pa.scalar(value))
    assert isinstance(found, Comparison)
    assert found.values == (value,)
    assert type(found.values[0]) is type(value)


@pytest.mark.parametrize(
    "scalar",
    [
        pa.scalar("x", pa.large_utf8()),
        pa.scalar("x", pa.string_view()),
        pa.DictionaryArray.from_arrays([0], ["x"])[0],
    ],
)
def test_constant_of_any_text_type_is_text(scalar: pa.Scalar) -> None:
    assert from_expression(a == scalar) == Comparison("A", "=", ("x",))


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        (a + 1 > 2, "compares a column with a constant"),
        (a == b, "compares a column with a constant"),
        (a.cast("int32") == 1, "compares a column with a constant"),
        (a.is_nan(), "'is_nan'"),
        (pc.starts_with(a, "x"), "'starts_with'"),
        (pc.match_like(a, "x%", ignore_case=True), "ignore_case"),
        (a.is_null(nan_is_null=True), "nan_is_null"),
        (pc.and_(a == 1, b == 2), "join with &"),
        (pc.or_(a == 1, b == 2), "join with \\|"),
        (pc.xor(a == 1, b == 2), "'xor'"),
        (pc.scalar(True), "a column in it"),
        (pc.field("A", "b") == 1, "whole columns"),
        (pc.field(0) == 1, "is no filter"),
        (a == None, "is_null"),  # noqa: E711 - the mistake that is tested
        (a == pa.scalar(None, pa.int32()), "is_null"),
        (a == pa.scalar(float("nan")), "Column 'A'.*nan"),
        (a == pa.scalar(1, pa.timestamp("ns")), "microsecond"),
        (a == pa.scalar(1, pa.timestamp("us", "UTC")), "no zone"),
        (a == pa.scalar(1, pa.duration("s")), "no literal"),
        (a.isin([]), "65535 values; got 0"),
        (pc.is_in(a, value_set=pa.array([1, None]), skip_nulls=True), None),
    ],
)
def test_expression_without_a_filter_is_refused_by_name(
    expression: pc.Expression, sentence: str | None
) -> None:
    if sentence is None:
        assert from_expression(expression) == Comparison("A", "in", (1,))
        return
    with pytest.raises(InvalidFilter, match=sentence):
        from_expression(expression)


def test_hundreds_of_joined_conditions_are_one_flat_level() -> None:
    joined = functools.reduce(operator.or_, [a == number for number in range(200)])
    found = from_expression(joined)
    assert isinstance(found, Or)
    assert len(found.terms) == 200


def test_expression_of_thousands_of_levels_is_refused_not_crashing() -> None:
    joined = functools.reduce(operator.or_, [a == number for number in range(2_000)])
    with pytest.raises(InvalidFilter, match="isin"):
        from_expression(joined)


def test_structure_is_told_as_calls_fields_and_constants() -> None:
    node = parse((a == 1) & b.is_valid())
    assert node == Call(
        "and_kleene",
        (Call("equal", (Field("A"), Constant(1)), {}), Call("is_valid", (Field("B"),), {})),
        {},
    )


class _Reduced:
    """Stands for an expression of a pyarrow that pickles it in another way."""

    def __init__(self, state: object) -> None:
        self._state = state

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return (_Reduced, (self._state,))

    def __str__(self) -> str:
        return "(a == 1)"


def _file(metadata: dict[str, str]) -> pa.Buffer:
    schema = pa.schema([("0", pa.int64())], metadata=metadata)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, schema) as writer:
        writer.write_batch(pa.record_batch([[1]], schema=schema))
    return sink.getvalue()


@pytest.mark.parametrize(
    "state",
    [
        "text",
        _file({}),
        _file({"node": "equal"}),
        _file({"call": "equal"}),
        _file({"call": "equal", "end": "other"}),
        _file({"literal": "9"}),
        _file({"literal": "x"}),
    ],
)
def test_layout_that_is_not_recognised_is_refused_with_a_way_out(state: object) -> None:
    with pytest.raises(InvalidFilter, match="tuples"):
        from_expression(_Reduced(state))


def test_bytes_that_are_no_arrow_file_are_refused() -> None:
    with pytest.raises(InvalidFilter):
        from_expression(_Reduced(pa.py_buffer(b"nonsense")))


_NUMBERS = st.integers(-2, 2)
_TEXTS = st.sampled_from(["", "a", "ab", "%", "a%"])
_COMPARED = (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge)
_LEAVES = st.one_of(
    st.builds(
        lambda op, column, value: op(pc.field(column), value),
        st.sampled_from(_COMPARED), st.sampled_from("AB"), _NUMBERS,
    ),
    st.builds(lambda op, value: op(s, value), st.sampled_from(_COMPARED), _TEXTS),
    st.builds(
        lambda column, values: pc.field(column).isin(pa.array(values, pa.int64())),
        st.sampled_from("AB"), st.lists(st.none() | _NUMBERS, min_size=1, max_size=3),
    ),
    st.sampled_from([a.is_null(), b.is_valid(), s.is_null(), pc.match_like(s, "a%")]),
)  # fmt: skip
_EXPRESSIONS = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.builds(operator.and_, inner, inner),
        st.builds(operator.or_, inner, inner),
        st.builds(operator.invert, inner),
    ),
    max_leaves=6,
)
_ROWS = pa.table(
    {
        "A": [None if a == 3 else a for a in range(-1, 4) for _ in range(3)],
        "B": pa.array([None, 0, 1] * 5, pa.int64()),
        "S": [None, "", "a", "ab", "b"] * 3,
    }
)
_TYPES = {"A": HanaType("BIGINT"), "B": HanaType("BIGINT"), "S": HanaType("NVARCHAR", 10)}


@given(_EXPRESSIONS)
def test_filter_keeps_the_rows_that_pyarrow_keeps(expression: pc.Expression) -> None:
    meaning = from_expression(expression)
    kept = [row for row in _ROWS.to_pylist() if satisfies(meaning, row, _TYPES)]
    assert kept == _ROWS.filter(expression).to_pylist()
