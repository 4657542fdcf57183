"""Any plan for HANA is one SELECT with a marker for each value; sqlglot judges, not HANA."""

import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from sqlglot.tokens import TokenType

from flight_client.protocol.catalog import Column, Entity, HanaType
from flight_client.protocol.filters import Filter
from flight_client.protocol.tickets import OrderKey, Partition, Sample
from flight_server.planning.families import SLICEABLE, family
from flight_server.sql.compose import name, statement
from flight_server.sql.hana_select import hana_literal
from flight_server.sql.render import hana_select
from tests.support.column_strategies import DOMAINS, filters
from tests.support.hostile_tables import names
from tests.support.orders import plan_of

CUTTERS = [key for key, domain in DOMAINS.items() if family(domain.declared) in SLICEABLE]
texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"))


@given(
    where=filters(DOMAINS),
    target=st.tuples(names, names),
    by=st.sampled_from(CUTTERS),
    sample=st.none() | st.floats(0, 1, exclude_min=True).map(Sample),
    cut=st.booleans(),
)
def test_any_plan_is_one_select_with_a_marker_for_each_value(
    where: Filter, target: tuple[str, str], by: str, sample: Sample | None, cut: bool
) -> None:
    space, title = target
    entity = Entity(
        space=space,
        name=title,
        kind="table",
        columns=tuple(Column(key, domain.declared) for key, domain in DOMAINS.items()),
    )
    wish = {"partition": Partition(4, 0, by)} if cut else {"order_by": (OrderKey(by),), "offset": 3}
    found = hana_select(plan_of(entity, where=where, sample=sample, **wish))
    (tree,) = sqlglot.parse(found.text)
    assert isinstance(tree, sqlglot.exp.Select)
    assert len(list(tree.find_all(sqlglot.exp.Placeholder))) == len(found.values)
    (table,) = tree.find_all(sqlglot.exp.Table)
    assert (table.db, table.name) == (space, title)


@given(texts)
def test_text_written_out_is_one_token_of_that_text(text: str) -> None:
    written = statement(hana_literal(text, HanaType("NVARCHAR", 5000))).text
    (token,) = sqlglot.tokenize(written)
    assert (token.token_type, token.text) == (TokenType.NATIONAL_STRING, text)


@given(names)
def test_name_is_one_token_of_that_name(title: str) -> None:
    (token,) = sqlglot.tokenize(statement(name(title)).text)
    assert (token.token_type, token.text) == (TokenType.IDENTIFIER, title)
