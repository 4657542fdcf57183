"""Hypothesis strategies for every value of the protocol."""

from decimal import Decimal
from typing import get_args

from hypothesis import strategies as st

from flight_client.protocol.catalog import Column, Entity, HanaType, Parameter, Space
from flight_client.protocol.commands import EntityQuery, Explanation
from flight_client.protocol.filters import And, Comparison, Filter, Operator, Or
from flight_client.protocol.literals import LiteralValue
from flight_client.protocol.tickets import (
    MAX_BATCH_BYTES,
    MAX_NAME,
    MAX_PARTITIONS,
    MAX_ROWS,
    MIN_BATCH_BYTES,
    Compression,
    OrderKey,
    Partition,
    ReadTicket,
    Sample,
    SqlTicket,
)

texts = st.text()
"""Any valid Unicode."""

names = st.text(
    st.characters(codec="utf-8", min_codepoint=32), min_size=1, max_size=MAX_NAME
) | st.sampled_from(["ORDERS", '"; DROP TABLE x --', "#tmp", "Bestellungen äöü", "🛒"])


@st.composite
def decimals(draw: st.DrawFn) -> Decimal:
    """Every decimal that HANA can hold: 38 digits before and behind the point."""
    digits = draw(st.lists(st.integers(0, 9), min_size=1, max_size=38))
    exponent = draw(st.integers(-38, 38 - len(digits)))
    return Decimal((draw(st.integers(0, 1)), tuple(digits), exponent))


literals: st.SearchStrategy[LiteralValue] = st.one_of(
    st.booleans(),
    st.integers(-(10**38) + 1, 10**38 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8", exclude_characters="\0")),
    decimals(),
    st.dates(),
    st.times().map(lambda value: value.replace(fold=0)),
    st.datetimes().map(lambda value: value.replace(fold=0)),
    st.binary(),
)


@st.composite
def comparisons(draw: st.DrawFn) -> Comparison:
    """A comparison with as many values as its operator takes."""
    operator: Operator = draw(st.sampled_from(get_args(Operator)))
    match operator:
        case "is null" | "is not null":
            values = ()
        case "like" | "not like":
            values = (draw(texts.filter(lambda pattern: "\0" not in pattern)),)
        case "between":
            values = draw(st.tuples(literals, literals))
        case "in" | "not in":
            values = tuple(draw(st.lists(literals, min_size=1, max_size=5)))
        case _:
            values = (draw(literals),)
    return Comparison(draw(texts), operator, values)


def _joined(terms: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    several = st.lists(terms, min_size=2, max_size=3).map(tuple)
    return several.map(And) | several.map(Or)


filters: st.SearchStrategy[Filter] = st.recursive(comparisons(), _joined, max_leaves=6)

order_keys = st.builds(OrderKey, texts, st.booleans(), st.sampled_from([None, "first", "last"]))
samples = st.builds(
    Sample,
    st.floats(0, 1, exclude_min=True),
    st.none() | st.integers(0, 2**31 - 1),
)


@st.composite
def partitions(draw: st.DrawFn) -> Partition:
    """A wish to split, or one part of a split."""
    of = draw(st.integers(1, MAX_PARTITIONS))
    number = draw(st.none() | st.integers(0, of - 1))
    methods = [None, "hash"] if number is not None else [None, "hash", "range"]
    return Partition(of, number, draw(st.none() | texts), draw(st.sampled_from(methods)))


arguments = st.dictionaries(names, literals, max_size=4).map(lambda values: tuple(values.items()))
batch_sizes = st.none() | st.integers(MIN_BATCH_BYTES, MAX_BATCH_BYTES)
compressions = st.sampled_from(Compression)
rows = st.integers(0, MAX_ROWS)

read_tickets = st.builds(
    ReadTicket,
    entity=names,
    space=st.none() | names,
    columns=st.none() | st.lists(texts, min_size=1, max_size=5).map(tuple),
    where=st.none() | filters,
    parameters=arguments,
    order_by=st.lists(order_keys, max_size=3).map(tuple),
    limit=st.none() | rows,
    offset=rows,
    sample=st.none() | samples,
    partition=st.none() | partitions(),
    batch_bytes=batch_sizes,
    compression=compressions,
)
sql_tickets = st.builds(
    SqlTicket,
    sql=texts.filter(str.strip),
    parameters=st.lists(st.none() | literals, max_size=5).map(tuple),
    space=st.none() | names,
    batch_bytes=batch_sizes,
    compression=compressions,
)
tickets = read_tickets | sql_tickets

sizes = st.none() | st.integers(0, 2**31)
hana_types = st.builds(HanaType, texts, sizes, sizes)
columns = st.builds(Column, texts, hana_types, st.booleans(), texts, st.booleans())
parameters = st.builds(Parameter, texts, hana_types, st.booleans(), st.none() | literals, texts)
spaces = st.builds(Space, texts, texts)
entities = st.builds(
    Entity,
    space=texts,
    name=texts,
    kind=st.sampled_from(["table", "view"]),
    columns=st.lists(columns, max_size=4).map(tuple),
    parameters=st.lists(parameters, max_size=3).map(tuple),
    comment=texts,
)
entity_queries = st.builds(EntityQuery, st.none() | names, st.none() | names)
explanations = st.builds(
    Explanation, texts, texts, st.lists(st.none() | literals, max_size=5).map(tuple)
)
