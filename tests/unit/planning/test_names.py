"""Exact names and their neighbours."""

import pytest

from flight_client.protocol.errors import UnknownColumn
from flight_server.planning.names import find_column, nearest
from tests.support.orders import ORDERS


def test_name_that_differs_in_case_only_comes_first() -> None:
    assert nearest("Net", ["NETS", "NETT", "NET"])[0] == "NET"


def test_names_that_fold_to_one_are_all_offered() -> None:
    assert nearest("region", ["REGION", "Region"]) == ["REGION", "Region"]


def test_at_most_three_names_are_offered() -> None:
    assert len(nearest("COLUMN", [f"COLUMN{number}" for number in range(9)])) == 3


def test_name_far_from_all_offers_none() -> None:
    assert nearest("zzz", ["REGION", "NET"]) == []


def test_umlauts_fold_as_letters() -> None:
    assert nearest("GRÖSSE", ["größe", "x"]) == ["größe"]


def test_known_column_is_found_by_its_exact_name() -> None:
    assert find_column(ORDERS, "NET").type.scale == 2


def test_unknown_column_is_refused_with_the_nearest_names() -> None:
    with pytest.raises(
        UnknownColumn, match=r"SALES\.ORDERS has no column 'net'; did you mean 'NET'"
    ):
        find_column(ORDERS, "net")


def test_unknown_column_carries_its_facts() -> None:
    with pytest.raises(UnknownColumn) as caught:
        find_column(ORDERS, "order_id")
    assert caught.value.details == {"column": "order_id", "nearest": ["ORDER_ID", "ORDERED_ON"]}


def test_unknown_column_without_neighbours_says_where_to_look() -> None:
    with pytest.raises(UnknownColumn, match="describe the entity to see its columns"):
        find_column(ORDERS, "zzz")
