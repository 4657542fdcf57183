"""Whatever the filter, a database returns what the plain reading over Arrow returns."""

from collections.abc import Iterator
from random import Random

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import given, settings

from flight_client.protocol.filters import Filter
from flight_client.protocol.schemas import TYPE_KEY, arrow_type
from flight_client.protocol.tickets import OrderKey
from flight_server.backends.base import Backend
from tests.contract.backends import shared_tables
from tests.contract.backends.reading import read
from tests.contract.backends.subjects import Make, make_duckdb, make_hana, make_memory
from tests.support.column_strategies import DOMAINS, filters

# DuckDB has one type for NVARCHAR and NCLOB, so the two catalogues differ there.
SHARED = {name: domain for name, domain in DOMAINS.items() if name in shared_tables.EXTREMES}
ROWS = 60


def mixed() -> pa.Table:
    """Extremes, the smallest steps round zero and NULL, in an order of their own per column."""
    random = Random(20240229)
    columns = {}
    for name, domain in SHARED.items():
        _, ends = shared_tables.EXTREMES[name]
        known = [*(_pool[name]), *ends, None]
        columns[name] = pa.array(random.choices(known, k=ROWS), arrow_type(domain.declared))
    return pa.table({"ROW": pa.array(range(ROWS), pa.int32()), **columns})


_pool: dict[str, list[object]] = {
    "TINYINT": [0, 1, 3],
    "SMALLINT": [-1, 0, 2],
    "INTEGER": [-3, 0, 1],
    "BIGINT": [-1, 0, 3],
    "NVARCHAR": ["a", "A", "%", "_", "\\", "aß", "🛒", "'", "a\n"],
    "DOUBLE": [0.0, 0.1, 1e30],
    "REAL": [0.0, 0.5, 1.0],
    "VARBINARY": [b"\x00", b"a"],
} | {name: [] for name in SHARED if name.startswith(("DEC", "BOOL", "DATE", "TIME", "SEC"))}


@pytest.fixture(scope="module", params=[make_duckdb, make_hana])
def pair(request: pytest.FixtureRequest) -> Iterator[tuple[Backend, Backend]]:
    tables = {"MIXED": mixed()}
    make: Make = request.param
    backends = make_memory(tables), make(tables)
    yield backends
    for backend in backends:
        backend.close()


def test_both_hold_the_same_rows(pair: tuple[Backend, Backend]) -> None:
    memory, database = (read(backend, "MIXED") for backend in pair)

    assert memory.equals(database)
    assert [field.metadata[TYPE_KEY] for field in memory.schema] == [
        field.metadata[TYPE_KEY] for field in database.schema
    ]


@settings(max_examples=150)
@given(where=filters(SHARED))
def test_any_filter_keeps_the_same_rows(pair: tuple[Backend, Backend], where: Filter) -> None:
    memory, database = (
        read(backend, "MIXED", columns=("ROW",), where=where, order_by=(OrderKey("ROW"),))
        for backend in pair
    )

    assert memory.to_pydict() == database.to_pydict()


@settings(max_examples=40)
@given(
    keys=st.lists(
        st.builds(
            OrderKey,
            st.sampled_from(sorted(SHARED)),
            st.booleans(),
            st.sampled_from([None, "first", "last"]),
        ),
        min_size=1,
        max_size=3,
        unique_by=lambda key: key.column,
    ),
    offset=st.integers(0, ROWS),
    limit=st.none() | st.integers(0, ROWS),
)
def test_any_order_gives_the_same_rows(
    pair: tuple[Backend, Backend], keys: list[OrderKey], offset: int, limit: int | None
) -> None:
    order = (*keys, OrderKey("ROW"))
    memory, database = (
        read(backend, "MIXED", columns=("ROW",), order_by=order, offset=offset, limit=limit)
        for backend in pair
    )

    assert memory.to_pydict() == database.to_pydict()
