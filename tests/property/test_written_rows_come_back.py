"""Whatever is written into DuckDB comes back the same, as batches and as rows of values."""

from collections.abc import Iterator
from contextlib import closing
from itertools import count

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flight_client.protocol.catalog import Column
from flight_client.protocol.literals import LiteralValue
from flight_client.protocol.schemas import to_schema
from flight_server.backends.base import WriteTransaction
from flight_server.backends.duckdb import DuckDbBackend
from flight_server.backends.duckdb.bulk import FEW_ROWS
from flight_server.sql.change_gate import admit_change
from flight_server.sql.gate import CallerDialect, admit
from tests.contract.backends.reading import table_of
from tests.support.column_strategies import DOMAINS

_numbers = count()
Rows = list[tuple[LiteralValue | None, ...]]


@pytest.fixture(scope="module")
def backend() -> Iterator[DuckDbBackend]:
    made = DuckDbBackend.open_database(
        None, read_only=False, threads=1, init_script='CREATE SCHEMA "S"'
    )
    yield made
    made.close()


class Lookup:
    """A catalogue of one table, which only its transaction sees."""

    def __init__(self, name: str, columns: list[Column]) -> None:
        self._name, self._columns = name, tuple(column.name for column in columns)

    def spaces(self) -> tuple[str, ...]:
        return ("S",)

    def entities(self, space: str) -> tuple[str, ...]:
        return (self._name,)

    def columns(self, space: str, entity: str) -> tuple[str, ...] | None:
        return self._columns if entity == self._name else None


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[Column], Rows]:
    """Columns of some types, and rows of them with NULLs."""
    names = draw(st.lists(st.sampled_from(sorted(DOMAINS)), min_size=1, max_size=4))
    domains = [DOMAINS[name] for name in names]
    columns = [Column(f"C{at}", domain.declared) for at, domain in enumerate(domains)]
    rows = st.lists(
        st.tuples(*(st.none() | domain.values for domain in domains)), min_size=1, max_size=6
    )
    return columns, draw(rows)


def read_back(transaction: WriteTransaction, name: str, columns: list[Column]) -> Rows:
    """The rows of a table that only the transaction sees, in the order of their insertion."""
    query = admit(
        f"SELECT * FROM {name}",
        dialect=CallerDialect.HANA,
        default_space="S",
        lookup=Lookup(name, columns),
        parameter_count=0,
    )
    with closing(transaction.open_query(query, (), 2**20)) as stream:
        return [tuple(row.values()) for row in table_of(stream).to_pylist()]


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(tables())
def test_batches_come_back(backend: DuckDbBackend, table: tuple[list[Column], Rows]) -> None:
    columns, rows = table
    name = f"T{next(_numbers)}"
    arrays = [
        pa.array(values, field.type)
        for values, field in zip(zip(*rows, strict=True), to_schema(columns), strict=True)
    ]
    batch = pa.record_batch(arrays, names=[column.name for column in columns])

    with closing(backend.begin("S")) as transaction:
        transaction.create_table("S", name, columns)
        assert transaction.insert("S", name, batch) == len(rows)
        found = read_back(transaction, name, columns)

    assert found == [tuple(row.values()) for row in batch.to_pylist()]


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(tables(), st.booleans())
def test_rows_of_values_come_back_one_by_one_and_in_bulk(
    backend: DuckDbBackend, table: tuple[list[Column], Rows], in_bulk: bool
) -> None:
    columns, rows = table
    rows = rows * (FEW_ROWS // len(rows) + 1) if in_bulk else rows
    name = f"T{next(_numbers)}"
    markers = ", ".join("?" * len(columns))
    change = admit_change(
        f"INSERT INTO {name} VALUES ({markers})",
        dialect=CallerDialect.HANA,
        default_space="S",
        lookup=Lookup(name, columns),
        writable=frozenset({"S"}),
        parameter_count=None,
    )

    with closing(backend.begin("S")) as transaction:
        transaction.create_table("S", name, columns)
        assert transaction.change(change, rows) == len(rows)
        found = read_back(transaction, name, columns)

    assert found == rows
