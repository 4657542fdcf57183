"""What the DuckDB dialect decides, run on a real DuckDB."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest

from flight_client.protocol.catalog import Column, Entity, HanaType, Parameter
from flight_client.protocol.filters import Operator
from flight_client.protocol.literals import LiteralValue
from flight_client.protocol.schemas import _TO_ARROW
from flight_client.protocol.tickets import OrderKey, Partition, Sample
from flight_server.sql.compose import statement
from flight_server.sql.duckdb_select import IN_VALUES, duckdb_type
from flight_server.sql.render import duckdb_select
from tests.support.orders import column, compare, plan_of

Row = tuple[object, ...]


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute("CREATE SCHEMA s")
        yield opened


def rows(connection: duckdb.DuckDBPyConnection, entity: Entity, **wish: object) -> list[Row]:
    found = duckdb_select(plan_of(entity, **wish))
    return connection.execute(found.text, list(found.values)).fetchall()


def entity_of(*columns: Column) -> Entity:
    return Entity(space="s", name="t", kind="table", columns=columns)


NUMBERS = entity_of(
    Column("id", HanaType("BIGINT"), key=True), column("part", "INTEGER"), column("t", "NVARCHAR")
)


@pytest.fixture(scope="module")
def numbers() -> Iterator[duckdb.DuckDBPyConnection]:
    """300,000 rows: three row groups, so that several threads have work."""
    with duckdb.connect() as opened:
        opened.execute("CREATE SCHEMA s")
        opened.execute(
            "CREATE TABLE s.t AS SELECT i AS id, i % 7 AS part, 'x' || i AS t "
            "FROM range(300000) r(i)"
        )
        yield opened


ARROW_DIFFERS = {
    "TIME": pa.time64("us"),  # DuckDB has no times in seconds
    "NCLOB": pa.utf8(),  # large offsets are a setting of the connection, not of the statement
    "CLOB": pa.utf8(),
    "TEXT": pa.utf8(),
    "BINTEXT": pa.utf8(),
    "BLOB": pa.binary(),
}


@pytest.mark.parametrize(
    "declared",
    [*map(HanaType, _TO_ARROW), HanaType("DECIMAL"), HanaType("DECIMAL", 38, 10)],
    ids=str,
)
def test_cast_to_a_type_has_the_arrow_type_of_the_plan(
    declared: HanaType, connection: duckdb.DuckDBPyConnection
) -> None:
    entity = entity_of(Column("c", declared))
    found = connection.sql(
        f"SELECT CAST(NULL AS {statement(duckdb_type(declared)).text}) AS c"
    ).to_arrow_table()
    expected = ARROW_DIFFERS.get(declared.name, plan_of(entity).schema.field("c").type)
    assert found.schema.field("c").type == expected


@pytest.mark.parametrize(
    ("length", "expected"), [(3, pa.list_(pa.float32(), 3)), (None, pa.list_(pa.float32()))]
)
def test_vector_has_its_arrow_type(
    length: int | None, expected: pa.DataType, connection: duckdb.DuckDBPyConnection
) -> None:
    duck = statement(duckdb_type(HanaType("REAL_VECTOR", length))).text
    assert (
        connection.sql(f"SELECT CAST(NULL AS {duck}) AS c").to_arrow_table()["c"].type == expected
    )


@pytest.mark.parametrize(
    ("physical", "declared", "value"),
    [
        ("ENUM ('b', 'a')", HanaType("NVARCHAR", 5), "a"),
        ("UUID", HanaType("NVARCHAR", 36), "00000000-0000-0000-0000-000000000001"),
        ("HUGEINT", HanaType("DECIMAL", 38, 0), Decimal(7)),
        ("TINYINT", HanaType("SMALLINT"), -7),
    ],
)
def test_other_physical_type_is_cast_and_compared_by_its_value(
    physical: str,
    declared: HanaType,
    value: LiteralValue,
    connection: duckdb.DuckDBPyConnection,
) -> None:
    connection.execute(f"CREATE TABLE s.t (c {physical})")
    connection.execute("INSERT INTO s.t VALUES (?), (NULL)", [value])
    entity = entity_of(Column("c", declared))
    assert rows(connection, entity, where=compare("c", "=", value)) == [(value,)]


@pytest.mark.parametrize("physical", ["ENUM ('b', 'a')", "UUID", "VARCHAR"])
def test_text_that_the_physical_type_cannot_be_equals_no_row(
    physical: str, connection: duckdb.DuckDBPyConnection
) -> None:
    connection.execute(f"CREATE TABLE s.t (c {physical})")
    entity = entity_of(column("c", "NVARCHAR"))
    assert rows(connection, entity, where=compare("c", "=", "no such text")) == []


def test_enum_orders_by_its_text(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE TABLE s.t (c ENUM ('b', 'a'))")
    connection.execute("INSERT INTO s.t VALUES ('b'), ('a'), (NULL)")
    entity = entity_of(column("c", "NVARCHAR"))
    assert rows(connection, entity, order_by=(OrderKey("c"),)) == [(None,), ("a",), ("b",)]


def test_number_read_as_text_orders_by_its_number(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE TABLE s.t AS SELECT unnest([10.5, 9.5, -1.0])::DECIMAL(4, 1) AS c")
    entity = entity_of(column("c", "DECIMAL"))
    found = rows(connection, entity, order_by=(OrderKey("c", descending=True),))
    assert found == [("10.5",), ("9.5",), ("-1.0",)]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (OrderKey("part"), [None, 1, 2]),
        (OrderKey("part", descending=True), [2, 1, None]),
        (OrderKey("part", nulls="last"), [1, 2, None]),
        (OrderKey("part", descending=True, nulls="first"), [None, 2, 1]),
    ],
)
def test_null_is_the_smallest_value_unless_asked_otherwise(
    key: OrderKey, expected: list[int | None], connection: duckdb.DuckDBPyConnection
) -> None:
    connection.execute("CREATE TABLE s.t AS SELECT unnest([2, NULL, 1]) AS part")
    found = rows(connection, NUMBERS, columns=("part",), order_by=(key,))
    assert [value for (value,) in found] == expected


def test_offset_without_limit_skips_rows(numbers: duckdb.DuckDBPyConnection) -> None:
    wish = {"columns": ("id",), "order_by": (OrderKey("id"),), "offset": 299_998}
    assert rows(numbers, NUMBERS, **wish) == [(299_998,), (299_999,)]


@pytest.mark.parametrize("op", ["in", "not in"])
@pytest.mark.parametrize("count", [IN_VALUES, IN_VALUES + 1, 5_000])
def test_list_of_any_length_means_the_same(
    op: Operator, count: int, connection: duckdb.DuckDBPyConnection
) -> None:
    connection.execute(
        "CREATE TABLE s.t AS SELECT i AS id, NULL AS part, 'x' || i AS t FROM range(10000) r(i) "
        "UNION ALL SELECT NULL, NULL, NULL"
    )
    wanted = [f"x{number}" for number in range(count)]
    found = rows(connection, NUMBERS, columns=("t",), where=compare("t", op, *wanted))
    expected = set(wanted) if op == "in" else {f"x{number}" for number in range(count, 10_000)}
    assert {value for (value,) in found} == expected


def test_decimals_with_38_fractional_digits_compare_exactly(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    value = Decimal("0.01234567890123456789012345678901234567")
    above = value + Decimal("1E-38")
    connection.execute("CREATE TABLE s.t (c DECIMAL(38, 38))")
    connection.execute(f"INSERT INTO s.t VALUES ('{value}'), ('{above}')")
    entity = entity_of(column("c", "DECIMAL", 38, 38))
    assert rows(connection, entity, where=compare("c", "<=", value)) == [(value,)]


SEEDED = Sample(0.1, 42)


def sampled(connection: duckdb.DuckDBPyConnection, sample: Sample, **wish: object) -> set[object]:
    found = rows(connection, NUMBERS, **{"columns": ("id",), "sample": sample, **wish})
    assert len({row[0] for row in found}) == len(found)
    return {row[0] for row in found}


def test_seeded_sample_is_about_its_fraction(numbers: duckdb.DuckDBPyConnection) -> None:
    assert 29_000 < len(sampled(numbers, SEEDED)) < 31_000


def test_seeded_sample_is_the_same_for_any_number_of_threads(
    numbers: duckdb.DuckDBPyConnection,
) -> None:
    numbers.execute("SET threads = 4")
    parallel = sampled(numbers, SEEDED)
    numbers.execute("SET threads = 1")
    assert sampled(numbers, SEEDED) == parallel


def test_seeded_sample_is_the_same_for_any_columns(numbers: duckdb.DuckDBPyConnection) -> None:
    assert sampled(numbers, SEEDED, columns=("id", "t")) == sampled(numbers, SEEDED)


def test_filter_takes_from_the_same_seeded_sample(numbers: duckdb.DuckDBPyConnection) -> None:
    found = sampled(numbers, SEEDED, where=compare("part", "=", 3))
    assert found == {id_ for id_ in sampled(numbers, SEEDED) if id_ % 7 == 3}


def test_parts_of_a_seeded_sample_are_that_sample(numbers: duckdb.DuckDBPyConnection) -> None:
    parts = [sampled(numbers, SEEDED, partition=Partition(4, number)) for number in range(4)]
    assert sum(len(part) for part in parts) == len(set.union(*parts))
    assert set.union(*parts) == sampled(numbers, SEEDED)


@pytest.mark.parametrize("by", ["id", "t"])
def test_parts_of_a_seeded_sample_are_of_like_size(
    by: str, numbers: duckdb.DuckDBPyConnection
) -> None:
    half = Sample(0.5, 0)
    sizes = [len(sampled(numbers, half, partition=Partition(2, part, by))) for part in (0, 1)]
    assert min(sizes) > 70_000


def test_other_seed_takes_other_rows(numbers: duckdb.DuckDBPyConnection) -> None:
    half = [sampled(numbers, Sample(0.5, seed)) for seed in (1, 2)]
    assert 70_000 < len(half[0] & half[1]) < 80_000


def test_sample_without_a_seed_is_about_its_fraction(numbers: duckdb.DuckDBPyConnection) -> None:
    assert 28_000 < len(sampled(numbers, Sample(0.1))) < 32_000


def test_sample_of_all_rows_has_all_rows(numbers: duckdb.DuckDBPyConnection) -> None:
    assert len(sampled(numbers, Sample(1.0, 7))) == 300_000


def test_seeded_sample_without_a_key_looks_at_all_columns_that_compare() -> None:
    keyless = entity_of(column("a", "INTEGER"), column("b", "NVARCHAR"), column("c", "NCLOB"))
    found = duckdb_select(plan_of(keyless, columns=("a",), sample=SEEDED)).text
    assert 'hash(xor(hash(e."a", CAST(e."b" AS VARCHAR)), 42))' in found


def test_seeded_sample_of_large_columns_only_looks_at_them() -> None:
    found = duckdb_select(plan_of(entity_of(column("c", "NCLOB")), sample=SEEDED)).text
    assert 'hash(xor(hash(CAST(e."c" AS VARCHAR)), 42))' in found


PARAMETRISED = Entity(
    space="s",
    name="v",
    kind="view",
    columns=(column("id", "BIGINT"),),
    parameters=(
        Parameter("P_LEAST", HanaType("INTEGER")),
        Parameter("P_RATE", HanaType("DECIMAL")),
        Parameter("P_MOST", HanaType("INTEGER"), mandatory=False),
    ),
)


@pytest.fixture
def view(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    connection.execute(
        'CREATE MACRO s.v("P_LEAST", "P_RATE", "P_MOST" := 6) AS TABLE '
        'SELECT i AS id FROM range(10) r(i) WHERE i >= "P_LEAST" AND i <= "P_MOST" AND "P_RATE" > 1'
    )
    return connection


def test_parameters_reach_a_table_macro(view: duckdb.DuckDBPyConnection) -> None:
    given = (("P_LEAST", 4), ("P_RATE", Decimal("1.5")))
    assert rows(view, PARAMETRISED, parameters=given) == [(4,), (5,), (6,)]


def test_parameters_keep_their_order_beside_bound_filters(view: duckdb.DuckDBPyConnection) -> None:
    given = (("P_MOST", 9), ("P_LEAST", 2), ("P_RATE", Decimal("1.5")))
    found = rows(view, PARAMETRISED, parameters=given, where=compare("id", ">", 7))
    assert found == [(8,), (9,)]


def test_view_with_parameters_can_be_sampled_and_cut(view: duckdb.DuckDBPyConnection) -> None:
    given = (("P_LEAST", 0), ("P_RATE", Decimal("1.5")))
    wish = {"parameters": given, "sample": Sample(0.999999, 1)}
    parts = [rows(view, PARAMETRISED, partition=Partition(2, part), **wish) for part in (0, 1)]
    assert sorted(parts[0] + parts[1]) == [(number,) for number in range(7)]


def test_equal_types_are_not_cast_in_the_plan_of_the_database(
    numbers: duckdb.DuckDBPyConnection,
) -> None:
    physical = replace(
        NUMBERS,
        columns=(column("id", "BIGINT"), column("part", "BIGINT"), column("t", "NVARCHAR")),
    )
    found = duckdb_select(plan_of(physical, where=compare("t", "=", "x5")))
    ((_, explained),) = numbers.execute(f"EXPLAIN {found.text}", list(found.values)).fetchall()
    assert "CAST" not in explained
