"""Every operator, and SQL's logic of three values."""

from datetime import date
from decimal import Decimal

import pytest

from flight_client.protocol.filters import And, Comparison, Filter, Operator, Or
from flight_client.protocol.literals import LiteralValue
from flight_server.backends.base import Backend
from tests.contract.backends import shared_tables
from tests.contract.backends.reading import read, rows_of

NO_NUMBER = Comparison("NUMBER", "=", (99,))


@pytest.mark.parametrize(
    ("column", "op", "values", "rows"),
    [
        ("NUMBER", "=", (1,), [3]),
        ("NUMBER", "!=", (1,), [0, 1, 2, 4, 5]),
        ("NUMBER", "<", (0,), [0, 1]),
        ("NUMBER", "<=", (0,), [0, 1, 2]),
        ("NUMBER", ">", (1,), [4, 5]),
        ("NUMBER", ">=", (1,), [3, 4, 5]),
        ("NUMBER", "in", (1, 3, 99), [3, 5]),
        ("NUMBER", "not in", (1, 3, 99), [0, 1, 2, 4]),
        ("NUMBER", "between", (-1, 1), [1, 2, 3]),
        ("NUMBER", "between", (1, -1), []),
        ("NUMBER", "is null", (), [6, 7]),
        ("NUMBER", "is not null", (), [0, 1, 2, 3, 4, 5]),
        ("NUMBER", "<", (2**80,), [0, 1, 2, 3, 4, 5]),
        ("NUMBER", "=", (2**80,), []),
        ("NUMBER", "!=", (2**80,), [0, 1, 2, 3, 4, 5]),
        ("NUMBER", ">", (Decimal("1.5"),), [4, 5]),
        ("AMOUNT", "=", (Decimal("2.5"),), [2]),
        ("AMOUNT", ">", (3,), [3, 4, 5, 6]),
        ("AMOUNT", "<", (Decimal("1.5000001"),), [0, 1]),
        ("AMOUNT", "in", (Decimal("0.50"), Decimal("6.5")), [0, 6]),
        ("TEXT", "=", ("a",), [0]),
        ("TEXT", "!=", ("a",), [1, 2, 3, 4, 5, 6]),
        ("TEXT", "<", ("a",), [1, 6]),
        ("TEXT", "=", ("",), [6]),
        ("TEXT", "in", ("A", "ä\nb"), [1, 5]),
        ("TEXT", "not in", ("A", "ä\nb"), [0, 2, 3, 4, 6]),
        ("TEXT", "like", ("a%",), [0, 2, 3, 4]),
        ("TEXT", "like", ("a_b",), [3, 4]),
        ("TEXT", "like", (r"a\_b",), [4]),
        ("TEXT", "like", (r"a\%b",), [3]),
        ("TEXT", "like", ("ä%b",), [5]),
        ("TEXT", "like", ("__b",), [3, 4, 5]),
        ("TEXT", "like", ("",), [6]),
        ("TEXT", "like", ("%",), [0, 1, 2, 3, 4, 5, 6]),
        ("TEXT", "not like", ("a%",), [1, 5, 6]),
        ("TEXT", "is null", (), [7]),
        ("FLAG", "=", (True,), [0, 3, 6]),
        ("FLAG", "!=", (True,), [1, 4, 7]),
        ("FLAG", "in", (False,), [1, 4, 7]),
        ("FLAG", "not in", (False,), [0, 3, 6]),
        ("FLAG", "is null", (), [2, 5]),
        ("DAY", "=", (date(2024, 1, 2),), [1]),
        ("DAY", ">=", (date(2024, 1, 6),), [5, 6]),
        ("DAY", "between", (date(2024, 1, 2), date(2024, 1, 3)), [1, 2]),
        ("DAY", "not in", (date(2024, 1, 1), date(9999, 12, 31)), [1, 2, 3, 4, 5, 6]),
    ],
)
def test_operator_keeps_the_rows_that_satisfy_it(
    backend: Backend,
    column: str,
    op: Operator,
    values: tuple[LiteralValue, ...],
    rows: list[int],
) -> None:
    assert rows_of(backend, Comparison(column, op, values)) == rows


@pytest.mark.parametrize(
    ("where", "rows"),
    [
        (And((Comparison("NUMBER", ">", (-2,)), Comparison("FLAG", "=", (True,)))), [3]),
        (Or((Comparison("NUMBER", ">", (2,)), Comparison("FLAG", "=", (True,)))), [0, 3, 5, 6]),
        # NULL OR TRUE is TRUE; NULL AND TRUE is not.
        (Or((NO_NUMBER, Comparison("ROW", "=", (7,)))), [7]),
        (And((Comparison("NUMBER", "!=", (99,)), Comparison("ROW", "=", (7,)))), []),
        (
            Or(
                (
                    And((Comparison("NUMBER", "is null"), Comparison("TEXT", "=", ("",)))),
                    And((Comparison("NUMBER", "=", (1,)), Comparison("TEXT", "!=", ("x",)))),
                )
            ),
            [3, 6],
        ),
        (And((Comparison("TEXT", "is null"), Comparison("TEXT", "is not null"))), []),
    ],
)
def test_terms_join_with_null_as_the_third_value(
    backend: Backend, where: Filter, rows: list[int]
) -> None:
    assert rows_of(backend, where) == rows


def test_filter_needs_no_column_of_its_own_in_the_result(backend: Backend) -> None:
    found = read(backend, "LOGIC", columns=("TEXT",), where=Comparison("ROW", "=", (2,)))

    assert found.to_pydict() == {"TEXT": ["ab"]}


def test_filter_that_nothing_satisfies_leaves_the_schema(backend: Backend) -> None:
    found = read(backend, "LOGIC", where=NO_NUMBER)

    assert found.num_rows == 0
    assert found.column_names == shared_tables.logic().column_names


@pytest.mark.parametrize("column", shared_tables.EXTREMES)
def test_extreme_value_finds_its_own_row(backend: Backend, column: str) -> None:
    _, (lowest, _) = shared_tables.EXTREMES[column]

    found = read(backend, "TYPES", columns=("ROW",), where=Comparison(column, "=", (lowest,)))

    assert found["ROW"].to_pylist() == [0]


def test_long_list_of_values_finds_all_of_them(backend: Backend) -> None:
    wanted = tuple(range(0, 4_000, 2))

    found = read(backend, "NUMBERS", columns=("ID",), where=Comparison("ID", "in", wanted))

    assert sorted(found["ID"].to_pylist()) == list(wanted)


def test_long_list_of_values_excludes_all_of_them(backend: Backend) -> None:
    excluded = tuple(range(1, shared_tables.NUMBERS_ROWS))

    found = read(backend, "NUMBERS", columns=("ID",), where=Comparison("ID", "not in", excluded))

    assert found["ID"].to_pylist() == [0]
