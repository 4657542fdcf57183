"""A planned filter lets through the rows of the filter it was made from."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_client.protocol.catalog import Column, Entity
from flight_client.protocol.filters import comparisons as leaves
from flight_client.protocol.literals import LiteralValue
from flight_server.planning.conditions import resolve_filter
from flight_server.planning.constants import Fit, fit
from tests.support.column_strategies import DOMAINS, comparisons, filters
from tests.support.row_filter import satisfies

ENTITY = Entity(
    space="S",
    name="T",
    kind="table",
    columns=tuple(Column(name, domain.declared) for name, domain in DOMAINS.items()),
)
TYPES = {name: domain.declared for name, domain in DOMAINS.items()}

rows = st.fixed_dictionaries({name: st.none() | domain.values for name, domain in DOMAINS.items()})


@given(filters(DOMAINS), rows)
def test_planned_filter_means_the_same(
    tree: object, row: Mapping[str, LiteralValue | None]
) -> None:
    planned = resolve_filter(tree, ENTITY)
    assert satisfies(planned, row, TYPES) == satisfies(tree, row, TYPES)


@pytest.mark.parametrize("name", DOMAINS)
@given(data=st.data())
def test_constants_of_a_plan_are_values_of_their_type(name: str, data: st.DataObject) -> None:
    tree = data.draw(comparisons({name: DOMAINS[name]}))
    for leaf in leaves(resolve_filter(tree, ENTITY)):
        if leaf.op not in ("like", "not like"):
            assert [fit(value, TYPES[name]) for value in leaf.values] == [
                Fit(value) for value in leaf.values
            ]


@given(filters(DOMAINS))
def test_planned_filter_is_planned_to_itself(tree: object) -> None:
    planned = resolve_filter(tree, ENTITY)
    assert resolve_filter(planned, ENTITY) == planned
