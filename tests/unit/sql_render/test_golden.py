"""The exact SQL of each kind of plan, for each dialect.

A changed statement shows in the diff of ``tests/golden/select_*``. To write the files anew:

    GOLDEN_WRITE=1 python -m pytest tests/unit/sql_render/test_golden.py
"""

import os
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

import pytest
import sqlglot

from flight_client.protocol.filters import And, Or
from flight_client.protocol.tickets import OrderKey, Partition, Sample
from flight_server.planning.plan import ReadPlan
from flight_server.sql.render import duckdb_select, hana_select
from flight_server.sql.statement import Statement
from tests.support.orders import (
    HOSTILE,
    REVENUE,
    REVENUE_ARGUMENTS,
    STRANGE,
    TEXTUAL,
    compare,
    plan_of,
)

GOLDEN = Path(__file__).parents[2] / "golden"
DIALECTS: dict[str, Callable[[ReadPlan], Statement]] = {
    "select_hana": hana_select,
    "select_duckdb": duckdb_select,
}

NET = ("NET",)
PLANS = {
    "all_columns": plan_of(),
    "some_columns": plan_of(columns=("NET", "REGION")),
    "compare_text": plan_of(columns=NET, where=compare("REGION", "=", "O'Brien \\ Süd 🛒")),
    "compare_every_type": plan_of(
        columns=NET,
        where=And(
            (
                compare("REGION", "!=", ""),
                compare("ORDER_ID", ">", -(2**63)),
                compare("LINES", ">=", 1),
                compare("NET", "<", Decimal("0.10")),
                compare("RATE", "<=", Decimal("1E-30")),
                compare("WEIGHT", "=", 0.1),
                compare("SCORE", "=", 0.5),
                compare("PAID", "=", True),
                compare("PAID", "!=", False),
                compare("ORDERED_ON", "=", date(2024, 2, 29)),
                compare("PICKUP", "=", time(23, 59, 59)),
                compare("CHANGED_AT", "=", datetime(9999, 12, 31, 23, 59, 59, 999999)),
                compare("SHIPPED_AT", "=", datetime(1, 1, 1)),
                compare("GUID", "=", b"\x00\xff"),
            )
        ),
    ),
    "between": plan_of(columns=NET, where=compare("ORDER_ID", "between", 1, 9)),
    "in": plan_of(columns=NET, where=compare("LINES", "in", 1, 2, 3)),
    "in_booleans": plan_of(columns=NET, where=compare("PAID", "in", True, False)),
    "not_in": plan_of(columns=NET, where=compare("REGION", "not in", "N", "S")),
    "like": plan_of(columns=NET, where=compare("NOTE", "like", r"50\%%")),
    "not_like": plan_of(columns=NET, where=compare("REGION", "not like", "S_d")),
    "null_tests": plan_of(
        columns=NET, where=Or((compare("NOTE", "is null"), compare("SCAN", "is not null")))
    ),
    "tree": plan_of(
        columns=NET,
        where=Or(
            (
                And((compare("LINES", "=", 1), compare("NET", ">", 5))),
                And(
                    (
                        compare("LINES", "=", 2),
                        Or((compare("PAID", "=", True), compare("PAID", "is null"))),
                    )
                ),
            )
        ),
    ),
    "out_of_range": plan_of(
        columns=NET, where=And((compare("LINES", "=", 300), compare("LINES", "<", 300)))
    ),
    "order": plan_of(
        columns=NET,
        order_by=(
            OrderKey("REGION"),
            OrderKey("NET", descending=True),
            OrderKey("LINES", nulls="last"),
            OrderKey("RATE", descending=True, nulls="first"),
        ),
    ),
    "limit": plan_of(columns=NET, limit=10),
    "limit_offset": plan_of(columns=NET, order_by=(OrderKey("NET"),), limit=10, offset=20),
    "offset": plan_of(columns=NET, offset=20),
    "sample": plan_of(columns=NET, sample=Sample(0.001), where=compare("LINES", "=", 1)),
    "sample_of_all": plan_of(columns=NET, sample=Sample(1.0)),
    "slice_of_integers_first": plan_of(columns=NET, partition=Partition(4, 0)),
    "slice_of_integers_other": plan_of(
        columns=NET,
        partition=Partition(4, 3),
        where=Or((compare("LINES", "=", 1), compare("NET", ">", 5))),
    ),
    "slice_of_text_first": plan_of(columns=NET, partition=Partition(3, 0, "REGION")),
    "slice_of_text_other": plan_of(columns=NET, partition=Partition(3, 2, "REGION")),
    "slice_of_decimals": plan_of(columns=NET, partition=Partition(3, 1, "NET")),
    "slice_of_dates": plan_of(columns=NET, partition=Partition(3, 1, "ORDERED_ON")),
    "slice_of_timestamps": plan_of(columns=NET, partition=Partition(3, 1, "CHANGED_AT")),
    "slice_of_seconds": plan_of(columns=NET, partition=Partition(3, 1, "SHIPPED_AT")),
    "slice_of_bytes": plan_of(columns=NET, partition=Partition(3, 1, "GUID")),
    "sampled_slice": plan_of(columns=NET, partition=Partition(2, 1), sample=Sample(0.25)),
    "parameters": plan_of(
        REVENUE,
        parameters=(
            ("P_CURRENCY", "E'U"),
            ("P_FROM", date(2024, 1, 1)),
            ("P_LEAST", Decimal("-1.5")),
            ("P_TOP", 10),
            ("P_SHARE", 0.1),
            ("P_OPEN", True),
            ("P_AT", datetime(2024, 1, 1, 12, 30, 0, 5)),
            ("P_SINCE", datetime(2024, 1, 1, 12, 30)),
            ("P_HOUR", time(12, 30)),
            ("P_GUID", b"\x00\xff"),
            ("P_RATE", Decimal("1E-30")),
            ("P_SMALL", 7),
            ("P_REAL", 0.5),
        ),
    ),
    "parameters_by_default": plan_of(
        REVENUE,
        parameters=REVENUE_ARGUMENTS,
        where=compare("REVENUE", ">", 5),
        sample=Sample(0.1),
    ),
    "timestamp_as_text": plan_of(
        TEXTUAL,
        where=compare("CHANGED_AT", ">=", datetime(2024, 1, 1)),
        order_by=(OrderKey("CHANGED_AT"),),
    ),
    "hostile_names": plan_of(
        STRANGE,
        where=And((compare(HOSTILE, "=", HOSTILE), compare("größe {} ?", "=", 1))),
        order_by=(OrderKey("#tmp.'/*"),),
    ),
}


def written(statement: Statement) -> str:
    """A statement as its golden file has it: the text, then each bound value."""
    values = "".join(f"-- ? {value!r}\n" for value in statement.values)
    return f"{statement.text}\n{values}"


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("title", PLANS)
def test_plan_becomes_its_golden_statement(title: str, dialect: str) -> None:
    found = written(DIALECTS[dialect](PLANS[title]))
    file = GOLDEN / dialect / f"{title}.sql"
    if os.environ.get("GOLDEN_WRITE") == "1":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(found)
    assert found == file.read_text()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_golden_file_belongs_to_a_plan(dialect: str) -> None:
    assert {file.stem for file in (GOLDEN / dialect).iterdir()} == set(PLANS)


class Hexadecimal(sqlglot.Dialect):
    """Plain SQL and the one HANA literal that sqlglot's own dialect does not know."""

    class Tokenizer(sqlglot.Tokenizer):
        HEX_STRINGS = (("X'", "'"),)


PARSERS = {"select_hana": Hexadecimal, "select_duckdb": "duckdb"}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("title", PLANS)
def test_statement_is_one_select_with_a_marker_for_each_value(title: str, dialect: str) -> None:
    found = DIALECTS[dialect](PLANS[title])
    (tree,) = sqlglot.parse(found.text, read=PARSERS[dialect])
    assert isinstance(tree, sqlglot.exp.Select)
    assert len(list(tree.find_all(sqlglot.exp.Placeholder))) == len(found.values)
