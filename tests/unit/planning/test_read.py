"""Plans of tickets, and how many rows they are known to have."""

from datetime import date

import pytest

from flight_client.protocol.errors import (
    InvalidFilter,
    InvalidParameter,
    InvalidRead,
    UnknownColumn,
    UnsupportedType,
)
from flight_client.protocol.tickets import (
    Compression,
    OrderKey,
    Partition,
    ReadTicket,
    Sample,
)
from flight_server.planning.plan import ReadPlan
from flight_server.planning.read import Limits, known_rows
from tests.support.orders import ORDERS, REVENUE, REVENUE_ARGUMENTS, SHAPES, compare, plan_of

MIB = 1024 * 1024


def names(plan: ReadPlan) -> list[str]:
    return [column.name for column in plan.columns]


def test_bare_ticket_reads_all_columns_and_rows() -> None:
    plan = plan_of()
    assert plan == ReadPlan(entity=ORDERS, columns=ORDERS.columns, batch_bytes=4 * MIB)


def test_columns_come_in_the_order_asked_for() -> None:
    assert names(plan_of(columns=("NET", "REGION"))) == ["NET", "REGION"]


def test_plan_keeps_what_needs_no_check() -> None:
    plan = plan_of(
        offset=7,
        sample=Sample(0.5, 42),
        order_by=(OrderKey("NET", descending=True, nulls="first"),),
        compression=Compression.ZSTD,
    )
    assert (plan.offset, plan.sample, plan.compression) == (7, Sample(0.5, 42), Compression.ZSTD)
    assert plan.order_by == (OrderKey("NET", descending=True, nulls="first"),)


def test_unknown_column_is_refused() -> None:
    with pytest.raises(UnknownColumn, match="no column 'region'; did you mean 'REGION'"):
        plan_of(columns=("NET", "region"))


def test_column_asked_for_twice_is_refused() -> None:
    with pytest.raises(InvalidRead, match="Column 'NET' is asked for twice"):
        plan_of(columns=("NET", "REGION", "NET"))


def test_all_columns_with_one_of_no_arrow_type_are_refused_by_its_name() -> None:
    with pytest.raises(UnsupportedType, match="'SHAPE'"):
        plan_of(SHAPES)


def test_other_columns_of_that_entity_can_be_read() -> None:
    assert names(plan_of(SHAPES, columns=("WEIGHT",))) == ["WEIGHT"]


def test_filter_is_checked() -> None:
    with pytest.raises(InvalidFilter, match="'PAID' is BOOLEAN"):
        plan_of(where=compare("PAID", "=", 1))


def test_filter_may_name_a_column_that_is_not_read() -> None:
    where = compare("LINES", "=", 1)
    assert plan_of(columns=("NET",), where=where).where == where


def test_parameters_are_checked() -> None:
    with pytest.raises(InvalidParameter, match="needs a value for 'P_FROM'"):
        plan_of(REVENUE, parameters=REVENUE_ARGUMENTS[:1])


def test_parameters_become_arguments() -> None:
    plan = plan_of(REVENUE, parameters=REVENUE_ARGUMENTS)
    assert [argument.value for argument in plan.arguments] == ["EUR", date(2024, 1, 1)]


def test_unknown_column_to_order_by_is_refused() -> None:
    with pytest.raises(UnknownColumn, match="'nett'"):
        plan_of(order_by=(OrderKey("nett"),))


@pytest.mark.parametrize("name", ["NOTE", "SCAN", "EMBEDDING"])
def test_column_without_order_is_refused_in_order_by(name: str) -> None:
    with pytest.raises(InvalidRead, match=f"'{name}' is .*, which has no order"):
        plan_of(order_by=(OrderKey("NET"), OrderKey(name)))


@pytest.mark.parametrize(("asked", "expected"), [(None, 2 * MIB), (MIB, MIB), (16 * MIB, 8 * MIB)])
def test_batch_bytes_have_a_default_and_a_ceiling(asked: int | None, expected: int) -> None:
    limits = Limits(default_batch_bytes=2 * MIB, max_batch_bytes=8 * MIB)
    assert plan_of(limits=limits, batch_bytes=asked).batch_bytes == expected


def test_part_with_a_limit_is_refused() -> None:
    with pytest.raises(InvalidRead, match="A part of a read has no limit"):
        plan_of(partition=Partition(4, 1), limit=5)


@pytest.mark.parametrize(
    ("wish", "expected"),
    [
        ({}, 100),
        ({"limit": 5}, 5),
        ({"limit": 500}, 100),
        ({"offset": 98}, 2),
        ({"offset": 98, "limit": 1}, 1),
        ({"offset": 200}, 0),
        ({"columns": ("NET",), "order_by": (OrderKey("NET"),)}, 100),
        ({"partition": Partition(4)}, 100),
        ({"partition": Partition(1, 0)}, 100),
        ({"partition": Partition(4, 0)}, None),
        ({"sample": Sample(0.1)}, None),
        ({"sample": Sample(1.0)}, 100),
        ({"where": compare("NET", "is null")}, None),
        ({"parameters": (("P", 1),)}, None),
    ],
)
def test_rows_are_known_where_they_follow_from_the_entity(
    wish: dict[str, object], expected: int | None
) -> None:
    assert known_rows(ReadTicket(entity="ORDERS", **wish), 100) == expected


def test_rows_of_an_uncounted_entity_are_unknown() -> None:
    assert known_rows(ReadTicket(entity="ORDERS", limit=5), None) is None
