"""Cutting a read into ranges of a column."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest

from flight_client.protocol.catalog import Column, Entity, HanaType
from flight_client.protocol.errors import InvalidRead, UnknownColumn
from flight_client.protocol.filters import MAX_DEPTH, And, Filter, Or
from flight_client.protocol.literals import LiteralValue
from flight_client.protocol.tickets import OrderKey, Partition, PartitionMethod, ReadTicket
from flight_server.planning.conditions import MAX_COMPARISONS, MAX_CONSTANTS
from flight_server.planning.plan import KeyRange
from flight_server.planning.ranges import boundaries, key_range, range_column, split_by_range
from tests.support.orders import ORDERS, SHAPES, column, compare

TICKET = ReadTicket(entity="ORDERS", partition=Partition(3))
BIGINT = HanaType("BIGINT")
ID = ORDERS.column("ORDER_ID")
LOWEST, HIGHEST = -(2**63), 2**63 - 1


def entity_of(*columns: Column) -> Entity:
    return replace(ORDERS, columns=columns)


def chosen(entity: Entity = ORDERS, *, preferred: bool = True, **partition: object) -> str | None:
    """The column by whose ranges a wish for three parts is cut."""
    ticket = replace(TICKET, partition=Partition(3, **partition))
    found = range_column(ticket, entity, preferred=preferred)
    return None if found is None else found.name


def filters(ticket: ReadTicket = TICKET, least: int = 0, greatest: int = 8) -> list[Filter | None]:
    parts = split_by_range(ticket, ORDERS, ID, KeyRange(least, greatest))
    assert all(part.partition is None and part.space == "SALES" for part in parts)
    return [part.where for part in parts]


def nested(levels: int) -> Filter:
    """A filter so many levels deep; the outermost is an OR."""
    tree: Filter = compare("LINES", "=", 1)
    for level in range(levels):
        join = Or if (levels - level) % 2 else And
        tree = join((tree, compare("LINES", "=", 2)))
    return tree


def test_named_column_is_taken() -> None:
    assert chosen(by="ORDERED_ON") == "ORDERED_ON"


def test_first_key_column_with_ranges_comes_first() -> None:
    entity = entity_of(
        column("LINES", "INTEGER"),
        Column("REGION", HanaType("NVARCHAR", 5), key=True),
        Column("RATE", HanaType("DECIMAL"), key=True),
        Column("DAY", HanaType("DATE"), key=True),
        Column("ID", BIGINT, key=True),
    )
    assert chosen(entity) == "DAY"


def test_without_such_a_key_types_go_by_how_evenly_they_spread() -> None:
    columns = [
        column("NET", "DECIMAL", 9, 2),
        column("AT", "TIMESTAMP"),
        column("DAY", "DATE"),
        column("LINES", "TINYINT"),
    ]
    order = []
    while columns:
        order.append(chosen(entity_of(column("RATE", "DECIMAL"), *columns)))
        columns.pop()
    assert order == ["LINES", "DAY", "AT", "NET"]


@pytest.mark.parametrize("by", ["REGION", "GUID"])
def test_named_column_without_ranges_is_left_to_the_hash(by: str) -> None:
    assert chosen(by=by) is None


def test_entity_without_ranges_is_left_to_the_hash() -> None:
    assert chosen(SHAPES) is None


def test_hash_is_kept_to_where_it_is_asked_for() -> None:
    assert chosen(method="hash") is None


def test_ranges_are_not_taken_where_the_backend_prefers_other_means() -> None:
    assert chosen(preferred=False) is None


def test_ranges_are_taken_where_they_are_asked_for() -> None:
    assert chosen(preferred=False, method="range") == "ORDER_ID"


@pytest.mark.parametrize(
    "name", ["REGION", "GUID", "RATE", "WEIGHT", "SCORE", "PAID", "PICKUP", "NOTE", "SCAN"]
)
def test_ranges_of_a_column_without_are_refused(name: str) -> None:
    with pytest.raises(
        InvalidRead, match=rf"'{name}' is .* and has no ranges; .* or cut by 'hash'"
    ):
        chosen(by=name, method="range")


def test_ranges_of_an_entity_without_are_refused() -> None:
    with pytest.raises(InvalidRead, match=r"GEO\.SHAPES has no column of integers"):
        chosen(SHAPES, method="range")


@pytest.mark.parametrize("method", [None, "range"])
def test_unknown_column_is_refused(method: PartitionMethod | None) -> None:
    with pytest.raises(UnknownColumn, match="did you mean 'REGION'"):
        chosen(by="Region", method=method)


@pytest.mark.parametrize(
    "wish",
    [
        {"partition": None},
        {"partition": Partition(1, method="range")},
        {"partition": Partition(3, 0)},
        {"partition": Partition(3, method="range"), "limit": 5},
        {"partition": Partition(3, method="range"), "offset": 5},
        {"partition": Partition(3, method="range"), "order_by": (OrderKey("NET"),)},
    ],
)
def test_read_that_has_one_endpoint_has_no_column(wish: dict[str, object]) -> None:
    assert range_column(replace(TICKET, **wish), ORDERS, preferred=True) is None


def test_parts_are_half_open_with_open_ends_and_null_in_the_first() -> None:
    assert filters() == [
        Or((compare("ORDER_ID", "<", 3), compare("ORDER_ID", "is null"))),
        And((compare("ORDER_ID", ">=", 3), compare("ORDER_ID", "<", 6))),
        compare("ORDER_ID", ">=", 6),
    ]


def test_column_of_a_table_that_is_not_null_needs_no_look_for_null() -> None:
    strict = replace(ID, nullable=False)
    first, *_ = split_by_range(TICKET, ORDERS, strict, KeyRange(0, 8))
    assert first.where == compare("ORDER_ID", "<", 3)


def test_view_is_not_believed_that_a_column_is_not_null() -> None:
    strict = replace(ID, nullable=False)
    first, *_ = split_by_range(TICKET, replace(ORDERS, kind="view"), strict, KeyRange(0, 8))
    assert isinstance(first.where, Or)


def test_parts_keep_the_filter_and_the_rest_of_the_ticket() -> None:
    where = Or((compare("LINES", "=", 1), compare("NET", ">", 5)))
    ticket = replace(TICKET, columns=("NET",), where=where, batch_bytes=1 << 20)
    _, middle, last = split_by_range(ticket, ORDERS, ID, KeyRange(0, 8))
    assert middle.where == And((where, compare("ORDER_ID", ">=", 3), compare("ORDER_ID", "<", 6)))
    assert replace(last, where=None) == replace(ticket, space="SALES", where=None, partition=None)


def test_terms_of_a_filter_get_no_further_level() -> None:
    terms = (compare("LINES", "=", 1), compare("NET", ">", 5))
    assert filters(replace(TICKET, where=And(terms)))[2] == And(
        (*terms, compare("ORDER_ID", ">=", 6))
    )


def test_few_values_make_few_parts() -> None:
    assert len(filters(least=7, greatest=8)) == 2


def test_one_value_makes_one_part() -> None:
    assert filters(least=7, greatest=7) == [None]


def test_no_value_makes_one_part() -> None:
    assert split_by_range(TICKET, ORDERS, ID, None) == (ReadTicket(entity="ORDERS", space="SALES"),)


@pytest.mark.parametrize("levels", [MAX_DEPTH - 1, MAX_DEPTH])
def test_filter_of_the_most_levels_is_cut_where_its_terms_stand_by_themselves(levels: int) -> None:
    ticket = replace(TICKET, where=nested(levels))
    column = range_column(ticket, ORDERS, preferred=True)
    assert (column is None) == (levels == MAX_DEPTH)


@pytest.mark.parametrize(
    "where",
    [
        nested(MAX_DEPTH),
        compare("ORDER_ID", "in", *range(MAX_CONSTANTS - 1)),
        And((compare("LINES", "is null"),) * (MAX_COMPARISONS - 1)),
    ],
    ids=["levels", "constants", "comparisons"],
)
def test_filter_without_room_is_refused_where_ranges_are_asked_for(where: Filter) -> None:
    ticket = replace(TICKET, where=where, partition=Partition(3, method="range"))
    with pytest.raises(InvalidRead, match="leaves no room"):
        range_column(ticket, ORDERS, preferred=False)
    wish = replace(ticket, partition=Partition(3))
    assert range_column(wish, ORDERS, preferred=True) is None


@pytest.mark.parametrize(
    ("declared", "least", "greatest", "parts", "expected"),
    [
        (BIGINT, 0, 9, 2, [5]),
        (BIGINT, -1, 1, 3, [0, 1]),
        (BIGINT, 5, 5, 4, []),
        (BIGINT, 0, 2, 1024, [1, 2]),
        (BIGINT, 1, 100, 1, []),
        (BIGINT, LOWEST, HIGHEST, 4, [-(2**62), 0, 2**62]),
        (HanaType("TINYINT"), 0, 255, 4, [64, 128, 192]),
        (HanaType("DECIMAL", 5, 2), Decimal("-0.01"), Decimal("0.01"), 3, ["0.00", "0.01"]),
        (
            HanaType("DECIMAL", 38, 38),
            Decimal("-0." + "9" * 38),
            Decimal("0." + "9" * 38),
            2,
            ["0E-38"],
        ),
        (
            HanaType("DECIMAL", 38, 0),
            Decimal(-(10**38) + 1),
            Decimal(10**38 - 1),
            4,
            ["-5" + "0" * 37, "0", "5" + "0" * 37],
        ),
        (HanaType("DATE"), date(2024, 1, 1), date(2024, 12, 31), 2, [date(2024, 7, 2)]),
        (
            HanaType("DATE"),
            date(1, 1, 1),
            date(9999, 12, 31),
            3,
            [date(3334, 1, 1), date(6667, 1, 1)],
        ),
        (
            HanaType("SECONDDATE"),
            datetime(2024, 1, 1),
            datetime(2024, 1, 1, 0, 0, 2),
            3,
            [datetime(2024, 1, 1, 0, 0, 1), datetime(2024, 1, 1, 0, 0, 2)],
        ),
        (
            HanaType("TIMESTAMP"),
            datetime(1, 1, 1),
            datetime(9999, 12, 31, 23, 59, 59, 999999),
            2,
            [datetime(5000, 7, 2, 12)],
        ),
    ],
)
def test_boundaries_cut_the_range_into_equal_parts(
    declared: HanaType,
    least: LiteralValue,
    greatest: LiteralValue,
    parts: int,
    expected: list[LiteralValue],
) -> None:
    found = boundaries(KeyRange(least, greatest), declared, parts)
    assert [str(each) if isinstance(each, Decimal) else each for each in found] == expected


@pytest.mark.parametrize(
    ("least", "greatest", "declared", "expected"),
    [
        (1, 2, BIGINT, KeyRange(1, 2)),
        (None, None, BIGINT, None),
        (None, 5, BIGINT, None),
        (5, 10**38, HanaType("DECIMAL", 38, 0), KeyRange(Decimal(5), Decimal(10**38 - 1))),
        ("0044-03-15 (BC)", date(2024, 1, 1), HanaType("DATE"), None),
    ],
)
def test_extremes_are_values_of_their_type_or_none(
    least: object, greatest: object, declared: HanaType, expected: KeyRange | None
) -> None:
    assert key_range(least, greatest, Column("K", declared)) == expected
