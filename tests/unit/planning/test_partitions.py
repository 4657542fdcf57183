"""Cutting a read into parts."""

from dataclasses import replace

import pytest

from flight_client.protocol.catalog import Column, Entity, HanaType
from flight_client.protocol.errors import InvalidRead, UnknownColumn
from flight_client.protocol.tickets import OrderKey, Partition, ReadTicket
from flight_server.planning.partitions import resolve_slice, split
from flight_server.planning.plan import RowRun, Slice
from tests.support.orders import ORDERS, SHAPES, column

FOUR = Partition(4)
TICKET = ReadTicket(entity="ORDERS", partition=FOUR)


def entity_of(*columns: Column) -> Entity:
    return replace(ORDERS, columns=columns)


def cut_by(entity: Entity) -> str:
    """The column that the server chooses."""
    part = replace(TICKET, partition=Partition(4, 0))
    found = resolve_slice(part, entity)
    assert isinstance(found, Slice)
    return found.by.name


def test_whole_read_has_no_slice() -> None:
    assert resolve_slice(ReadTicket(entity="ORDERS"), ORDERS) is None


def test_wish_for_parts_read_directly_is_the_whole() -> None:
    assert resolve_slice(TICKET, ORDERS) is None


def test_only_part_of_one_is_the_whole() -> None:
    assert resolve_slice(replace(TICKET, partition=Partition(1, 0)), ORDERS) is None


def test_part_becomes_a_slice_by_the_named_column() -> None:
    found = resolve_slice(replace(TICKET, partition=Partition(4, 3, "REGION")), ORDERS)
    assert isinstance(found, Slice)
    assert (found.number, found.of, found.by) == (3, 4, ORDERS.column("REGION"))


def test_first_key_column_that_cuts_comes_first() -> None:
    entity = entity_of(
        column("LINES", "INTEGER"),
        Column("SHARE", HanaType("DOUBLE"), key=True),
        Column("DAY", HanaType("DATE"), key=True),
        Column("ID", HanaType("BIGINT"), key=True),
    )
    assert cut_by(entity) == "DAY"


def test_first_integer_comes_before_other_columns() -> None:
    entity = entity_of(column("REGION", "NVARCHAR", 5), column("LINES", "TINYINT"))
    assert cut_by(entity) == "LINES"


def test_first_column_that_cuts_is_taken_where_there_is_no_integer() -> None:
    entity = entity_of(
        column("NOTE", "NCLOB"), column("RATE", "DECIMAL"), column("NET", "DECIMAL", 9, 2)
    )
    assert cut_by(entity) == "NET"


def test_entity_without_a_column_that_cuts_is_refused() -> None:
    with pytest.raises(InvalidRead, match=r"GEO\.SHAPES has no column that can cut it"):
        resolve_slice(ReadTicket(entity="SHAPES", partition=Partition(4, 0)), SHAPES)


@pytest.mark.parametrize("name", ["WEIGHT", "SCORE", "RATE", "NOTE", "SCAN", "PAID", "PICKUP"])
def test_column_that_cannot_cut_is_refused(name: str) -> None:
    with pytest.raises(InvalidRead, match=f"Column '{name}' is .* cannot cut a read into parts"):
        resolve_slice(replace(TICKET, partition=Partition(4, 1, name)), ORDERS)


def test_unknown_column_to_cut_by_is_refused() -> None:
    with pytest.raises(UnknownColumn, match="did you mean 'REGION'"):
        resolve_slice(replace(TICKET, partition=Partition(4, 1, "Region")), ORDERS)


@pytest.mark.parametrize(
    "wish",
    [{"limit": 5}, {"limit": 0}, {"offset": 1}, {"order_by": (OrderKey("NET"),)}],
)
def test_part_with_an_order_or_a_limit_is_refused(wish: dict[str, object]) -> None:
    with pytest.raises(InvalidRead, match="A part of a read has no limit, offset or order_by"):
        resolve_slice(replace(TICKET, partition=Partition(4, 1), **wish), ORDERS)


def test_split_makes_a_ticket_of_each_part() -> None:
    assert split(TICKET, ORDERS) == tuple(
        ReadTicket(entity="ORDERS", space="SALES", partition=Partition(4, number, "ORDER_ID"))
        for number in range(4)
    )


def test_split_keeps_the_named_column_and_the_rest_of_the_ticket() -> None:
    ticket = replace(TICKET, partition=Partition(2, by="REGION"), columns=("NET",))
    first, second = split(ticket, ORDERS)
    assert first.columns == second.columns == ("NET",)
    assert second.partition == Partition(2, 1, "REGION")


@pytest.mark.parametrize(
    "wish",
    [
        {"partition": None},
        {"partition": Partition(1)},
        {"limit": 5},
        {"offset": 5},
        {"order_by": (OrderKey("NET"),)},
    ],
)
def test_split_keeps_one_ticket_where_one_statement_is_needed(wish: dict[str, object]) -> None:
    ticket = replace(TICKET, **wish)
    assert split(ticket, ORDERS) == (replace(ticket, space="SALES", partition=None),)


def test_split_of_a_part_is_that_part() -> None:
    part = replace(TICKET, partition=Partition(4, 2))
    assert split(part, ORDERS) == (replace(part, space="SALES"),)


@pytest.mark.parametrize("wish", [{}, {"limit": 5}])
def test_split_checks_the_named_column(wish: dict[str, object]) -> None:
    with pytest.raises(InvalidRead, match="'NOTE' is NCLOB and cannot cut"):
        split(replace(TICKET, partition=Partition(4, by="NOTE"), **wish), ORDERS)


def test_split_of_an_ordered_read_needs_no_column_that_cuts() -> None:
    ticket = ReadTicket(entity="SHAPES", partition=FOUR, limit=5)
    assert len(split(ticket, SHAPES)) == 1


def test_rows_with_positions_are_cut_into_runs() -> None:
    part = replace(TICKET, partition=Partition(4, 3))
    assert resolve_slice(part, ORDERS, by_position=True) == RowRun(3, 4)


def test_named_column_cuts_rows_with_positions_too() -> None:
    part = replace(TICKET, partition=Partition(4, 3, "REGION"))
    assert isinstance(resolve_slice(part, ORDERS, by_position=True), Slice)


def test_entity_without_a_column_that_cuts_is_cut_by_position() -> None:
    parts = split(replace(TICKET, entity="SHAPES"), SHAPES, by_position=True)
    assert [part.partition for part in parts] == [Partition(4, number) for number in range(4)]


def test_run_of_rows_with_a_limit_is_refused() -> None:
    part = replace(TICKET, partition=Partition(4, 3), limit=5)
    with pytest.raises(InvalidRead, match="A part of a read has no limit"):
        resolve_slice(part, ORDERS, by_position=True)
