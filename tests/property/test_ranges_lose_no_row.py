"""Whatever a column holds, each of its rows is in exactly one range, and so is what comes later."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_client.protocol.catalog import Column, Entity
from flight_client.protocol.literals import LiteralValue, check_literal
from flight_client.protocol.tickets import Partition, ReadTicket, decode_ticket, encode_ticket
from flight_server.planning.conditions import resolve_filter
from flight_server.planning.constants import Fit, fit
from flight_server.planning.families import Family, family
from flight_server.planning.plan import KeyRange
from flight_server.planning.ranges import boundaries, range_column, split_by_range
from tests.support.column_strategies import DOMAINS
from tests.support.row_filter import satisfies

RANGED = [
    name
    for name, domain in DOMAINS.items()
    if family(domain.declared) in (Family.INTEGER, Family.DECIMAL, Family.DATE, Family.TIMESTAMP)
]
counts = st.integers(2, 40)


def entity_of(kind: str, *, nullable: bool = True) -> Entity:
    column = Column(kind, DOMAINS[kind].declared, nullable=nullable)
    return Entity(space="S", name="T", kind="table", columns=(column,))


@pytest.mark.parametrize("kind", RANGED)
@given(data=st.data(), of=counts)
def test_every_value_and_null_is_in_exactly_one_part(
    kind: str, data: st.DataObject, of: int
) -> None:
    entity, declared = entity_of(kind), DOMAINS[kind].declared
    known = sorted(data.draw(st.lists(DOMAINS[kind].values, min_size=1)))
    later = data.draw(st.lists(st.none() | DOMAINS[kind].values))
    ticket = ReadTicket(entity="T", partition=Partition(of, method="range"))
    column = range_column(ticket, entity, preferred=False)
    assert column == entity.columns[0]

    parts = split_by_range(ticket, entity, column, KeyRange(known[0], known[-1]))

    assert 1 <= len(parts) <= of
    for value in (*known, *later, None):
        inside = [
            part.where is None or satisfies(part.where, {kind: value}, {kind: declared})
            for part in parts
        ]
        assert inside.count(True) == 1
        assert inside[0] or value is not None


@pytest.mark.parametrize("kind", RANGED)
@given(data=st.data(), of=counts)
def test_boundaries_ascend_between_the_extremes_and_are_values_of_the_type(
    kind: str, data: st.DataObject, of: int
) -> None:
    declared = DOMAINS[kind].declared
    least, greatest = sorted(data.draw(st.tuples(*[DOMAINS[kind].values] * 2)))

    found: list[LiteralValue] = list(boundaries(KeyRange(least, greatest), declared, of))

    assert found == sorted(set(found))
    assert all(least < bound <= greatest for bound in found)
    assert [fit(check_literal(bound), declared) for bound in found] == [Fit(b) for b in found]


@pytest.mark.parametrize("kind", RANGED)
@given(data=st.data(), of=counts, nullable=st.booleans())
def test_tickets_of_parts_go_over_the_wire_and_through_the_planner_unchanged(
    kind: str, data: st.DataObject, of: int, nullable: bool
) -> None:
    entity = entity_of(kind, nullable=nullable)
    least, greatest = sorted(data.draw(st.tuples(*[DOMAINS[kind].values] * 2)))
    ticket = ReadTicket(entity="T", partition=Partition(of))

    parts = split_by_range(ticket, entity, entity.columns[0], KeyRange(least, greatest))

    for part in {parts[0], parts[len(parts) // 2], parts[-1]}:
        assert decode_ticket(encode_ticket(part)) == part
        assert replace(part, where=None) == ReadTicket(entity="T", space="S")
        assert part.where is None or resolve_filter(part.where, entity) == part.where
