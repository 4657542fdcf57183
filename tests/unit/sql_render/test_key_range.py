"""The statements that ask for the extremes of a column, for each dialect.

The files of ``tests/golden/key_range_*`` hold them. To write the files anew:

    GOLDEN_WRITE=1 python -m pytest tests/unit/sql_render/test_key_range.py
"""

import os
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from flight_client.protocol.catalog import Column
from flight_client.protocol.filters import Or
from flight_client.protocol.tickets import Partition, Sample
from flight_server.planning.names import find_column
from flight_server.planning.plan import ReadPlan
from flight_server.sql.render import duckdb_key_range, hana_key_range
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
DIALECTS: dict[str, Callable[[ReadPlan, Column], Statement]] = {
    "key_range_hana": hana_key_range,
    "key_range_duckdb": duckdb_key_range,
}

ASKED: dict[str, tuple[ReadPlan, str]] = {
    "of_a_table": (plan_of(), "ORDER_ID"),
    "under_a_filter": (
        plan_of(
            columns=("REGION",),
            where=Or((compare("REGION", "=", "O'Brien"), compare("NET", ">", Decimal("0.10")))),
        ),
        "ORDERED_ON",
    ),
    "of_a_view": (
        plan_of(REVENUE, parameters=REVENUE_ARGUMENTS, where=compare("REVENUE", ">", 5)),
        "REVENUE",
    ),
    "of_timestamps_read_as_text": (
        plan_of(TEXTUAL, where=compare("CHANGED_AT", ">=", datetime(2024, 1, 1))),
        "CHANGED_AT",
    ),
    "of_a_hostile_name": (
        plan_of(STRANGE, where=compare(HOSTILE, "=", HOSTILE)),
        "größe {} ?",
    ),
}


def asked(dialect: str, title: str) -> Statement:
    plan, column = ASKED[title]
    return DIALECTS[dialect](plan, find_column(plan.entity, column))


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("title", ASKED)
def test_extremes_are_asked_for_by_their_golden_statement(title: str, dialect: str) -> None:
    statement = asked(dialect, title)
    values = "".join(f"-- ? {value!r}\n" for value in statement.values)
    found = f"{statement.text}\n{values}"
    file = GOLDEN / dialect / f"{title}.sql"
    if os.environ.get("GOLDEN_WRITE") == "1":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(found)
    assert found == file.read_text()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_golden_file_belongs_to_a_plan(dialect: str) -> None:
    assert {file.stem for file in (GOLDEN / dialect).iterdir()} == set(ASKED)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_sample_and_part_do_not_count(dialect: str) -> None:
    plan = plan_of(sample=Sample(0.1, 42), partition=Partition(4, 1))
    column = find_column(plan.entity, "ORDER_ID")
    assert DIALECTS[dialect](plan, column) == DIALECTS[dialect](plan_of(), column)
