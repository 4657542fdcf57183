"""Rendered statements on a real DuckDB, with plain Python as the judge of what they mean."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flight_client.protocol.catalog import Entity
from flight_client.protocol.filters import Filter
from flight_client.protocol.literals import LiteralValue
from flight_client.protocol.tickets import OrderKey, Partition, Sample
from flight_server.planning.families import COMPARABLE, SLICEABLE, family
from flight_server.sql.compose import bound, name, sql, statement
from flight_server.sql.render import duckdb_select
from tests.support.column_strategies import DOMAINS, filters
from tests.support.hostile_tables import KINDS, Table, names, tables
from tests.support.orders import HOSTILE, plan_of
from tests.support.row_filter import satisfies


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute("CREATE TABLE victim AS SELECT 42 AS answer")
        yield opened


@contextmanager
def filled(database: duckdb.DuckDBPyConnection, table: Table) -> Iterator[None]:
    """The table with its rows; afterwards there is nothing but the victim, as before."""
    space, entity = table.entity.space, table.entity.name
    database.execute("BEGIN")
    try:
        database.execute(statement(sql("CREATE SCHEMA {}", name(f"s{space}"))).text)
        target = statement(name(f"s{space}", entity)).text
        declared = ", ".join(
            f"{statement(name(title)).text} {domain.physical}"
            for title, domain in table.domains.items()
        )
        database.execute(f"CREATE TABLE {target} ({declared})")
        markers = ", ".join(f"CAST(? AS {domain.physical})" for domain in table.domains.values())
        for row in table.rows:
            database.execute(
                f"INSERT INTO {target} VALUES ({markers})", [_bindable(value) for value in row]
            )
        yield
        found = database.execute("SELECT schema_name, table_name FROM duckdb_tables()").fetchall()
        assert sorted(found) == sorted([("main", "victim"), (f"s{space}", entity)])
    finally:
        database.execute("ROLLBACK")


def _bindable(value: LiteralValue | None) -> LiteralValue | None:
    # DuckDB binds decimals of 38 fractional digits as DOUBLE; text is exact.
    return format(value, "f") if isinstance(value, Decimal) else value


def read(database: duckdb.DuckDBPyConnection, table: Table, **wish: object) -> list[tuple]:
    placed = Entity(
        space=f"s{table.entity.space}",
        name=table.entity.name,
        kind="table",
        columns=table.entity.columns,
    )
    found = duckdb_select(plan_of(placed, **wish))
    return database.execute(found.text, list(found.values)).fetchall()


@st.composite
def filtered_tables(draw: st.DrawFn) -> tuple[Table, Filter]:
    table = draw(tables())
    return table, draw(filters(table.domains))


@given(case=filtered_tables())
def test_filter_lets_the_same_rows_through_as_python(
    case: tuple[Table, Filter], database: duckdb.DuckDBPyConnection
) -> None:
    table, tree = case
    types = {title: domain.declared for title, domain in table.domains.items()}
    expected = [
        row for row in table.rows if satisfies(tree, dict(zip(types, row, strict=True)), types)
    ]
    with filled(database, table):
        assert Counter(read(database, table, where=tree)) == Counter(expected)


@given(table=tables(), data=st.data())
def test_columns_come_as_asked(
    table: Table, data: st.DataObject, database: duckdb.DuckDBPyConnection
) -> None:
    wanted = data.draw(st.permutations(list(table.domains)))
    expected = [tuple(row[table.position(title)] for title in wanted) for row in table.rows]
    with filled(database, table):
        assert Counter(read(database, table, columns=tuple(wanted))) == Counter(expected)


def _sort_key(*, descending: bool, nulls: str | None) -> Callable[[LiteralValue | None], object]:
    """A key for ``sorted`` that puts NULL where the order wants it."""
    first = (nulls or ("last" if descending else "first")) == "first"

    def key(value: LiteralValue | None) -> tuple[bool, object]:
        is_before = first if descending else not first
        return (is_before if value is None else not is_before, 0 if value is None else value)

    return key


@given(
    table=tables([kind for kind in KINDS if family(DOMAINS[kind].declared) in COMPARABLE]),
    descending=st.booleans(),
    nulls=st.sampled_from([None, "first", "last"]),
    cut=st.tuples(st.none() | st.integers(0, 9), st.integers(0, 9)),
)
def test_order_and_limit_take_the_same_rows_as_python(
    table: Table,
    descending: bool,
    nulls: str | None,
    cut: tuple[int | None, int],
    database: duckdb.DuckDBPyConnection,
) -> None:
    title = next(iter(table.domains))
    limit, offset = cut
    expected = sorted(
        (first for first, *_ in table.rows),
        key=_sort_key(descending=descending, nulls=nulls),
        reverse=descending,
    )[offset : None if limit is None else offset + limit]
    with filled(database, table):
        found = read(
            database,
            table,
            columns=(title,),
            order_by=(OrderKey(title, descending, nulls),),
            limit=limit,
            offset=offset,
        )
    assert [value for (value,) in found] == expected


@pytest.mark.parametrize(
    "kind", [kind for kind in KINDS if family(DOMAINS[kind].declared) in SLICEABLE]
)
@settings(max_examples=25)
@given(data=st.data(), of=st.integers(2, 9))
def test_parts_are_disjoint_and_together_the_whole(
    kind: str, data: st.DataObject, of: int, database: duckdb.DuckDBPyConnection
) -> None:
    table = data.draw(tables([kind]))
    title = next(iter(table.domains))
    with filled(database, table):
        parts = [
            read(database, table, partition=Partition(of, number, title)) for number in range(of)
        ]
    assert Counter(row for part in parts for row in part) == Counter(table.rows)
    first = [row for part in parts[1:] for row in part if row[0] is None]
    assert first == []


@given(table=tables(), seed=st.integers(0, 2**31 - 1), fraction=st.floats(0.1, 1))
def test_seeded_sample_is_a_part_of_the_rows_and_the_same_again(
    table: Table, seed: int, fraction: float, database: duckdb.DuckDBPyConnection
) -> None:
    sample = Sample(fraction, seed)
    with filled(database, table):
        once = Counter(read(database, table, sample=sample))
        again = Counter(read(database, table, sample=sample))
    assert once == again
    assert once <= Counter(table.rows)


@given(title=names, constant=st.sampled_from([HOSTILE, "'; DROP TABLE victim; --", date(1, 1, 1)]))
def test_name_and_constant_reach_the_database_as_they_are(
    title: str, constant: LiteralValue, database: duckdb.DuckDBPyConnection
) -> None:
    made = statement(sql("SELECT {} AS {}", bound(constant), name(title)))
    found = database.execute(made.text, list(made.values))
    assert found.description[0][0] == title
    assert found.fetchall() == [(constant,)]
