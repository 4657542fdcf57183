"""Hypothesis strategies for tables of any types whose names and values hurt."""

import unicodedata
from dataclasses import dataclass

from hypothesis import strategies as st

from flight_client.protocol.catalog import Column, Entity
from flight_client.protocol.literals import LiteralValue
from tests.support.column_strategies import DOMAINS, Domain
from tests.support.orders import HOSTILE

KINDS = sorted(DOMAINS)
names = st.text(
    st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=12
) | st.sampled_from(
    [HOSTILE, '"', "';--", "#tmp", "größe", "SELECT", "/*", "e", "a.b", "?", "$1", "{}"]
)


@dataclass(frozen=True, slots=True)
class Table:
    """A table to be made: its rows hold values of its columns' domains."""

    entity: Entity
    domains: dict[str, Domain]
    rows: list[tuple[LiteralValue | None, ...]]

    def position(self, title: str) -> int:
        return list(self.domains).index(title)


@st.composite
def tables(draw: st.DrawFn, kinds: list[str] = KINDS) -> Table:
    """Up to four columns of any type and up to eight rows, with names that hurt."""
    titles = draw(
        st.lists(
            names,
            min_size=1,
            max_size=4,
            # DuckDB's names are equal where they differ in case only.
            unique_by=lambda title: unicodedata.normalize("NFKC", title).casefold(),
        )
    )
    domains = {title: DOMAINS[draw(st.sampled_from(kinds))] for title in titles}
    columns = tuple(Column(title, domain.declared) for title, domain in domains.items())
    row = st.tuples(*(st.none() | domain.values for domain in domains.values()))
    return Table(
        Entity(space=draw(names), name=draw(names), kind="table", columns=columns),
        domains,
        draw(st.lists(row, max_size=8)),
    )
