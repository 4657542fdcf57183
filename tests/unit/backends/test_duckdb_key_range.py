"""How DuckDB is cut by ranges: of tables, by extremes that Python can hold."""

from collections.abc import Iterator

import duckdb
import pytest

from flight_client.protocol.tickets import ReadTicket
from flight_server.backends.duckdb import DuckDbBackend
from flight_server.planning.plan import KeyRange, ReadPlan
from flight_server.planning.read import Limits, plan_read
from flight_server.sql.gate import CallerDialect


@pytest.fixture
def backend() -> Iterator[DuckDbBackend]:
    connection = duckdb.connect()
    connection.execute("""
        CREATE SCHEMA "S";
        CREATE TABLE "S"."T" ("DAY" DATE, "AT" TIMESTAMP, "BIG" HUGEINT, "SMALL" TINYINT);
        INSERT INTO "S"."T" VALUES
            ('0044-03-15 (BC)', 'infinity', -5, -128),
            ('2024-01-01', '2024-01-01', 7, 127);
        CREATE VIEW "S"."V" AS SELECT * FROM "S"."T";
    """)
    made = DuckDbBackend(connection, CallerDialect.HANA)
    yield made
    made.close()


def plan_of(backend: DuckDbBackend, name: str) -> ReadPlan:
    entity = backend.entity("S", name)
    assert entity is not None
    return plan_read(ReadTicket(entity=name), entity, Limits())


@pytest.mark.parametrize(("name", "preferred"), [("T", True), ("V", False)])
def test_tables_are_cut_by_ranges_and_views_by_hash(
    backend: DuckDbBackend, name: str, preferred: bool
) -> None:
    assert backend.prefers_ranges(plan_of(backend, name).entity) == preferred


@pytest.mark.parametrize("name", ["T", "V"])
@pytest.mark.parametrize(("column", "expected"), [("BIG", (-5, 7)), ("SMALL", (-128, 127))])
def test_extremes_of_types_that_hana_lacks_are_exact(
    backend: DuckDbBackend, name: str, column: str, expected: tuple[int, int]
) -> None:
    plan = plan_of(backend, name)
    assert backend.key_range(plan, plan.entity.column(column)) == KeyRange(*expected)


def test_days_before_the_first_year_have_no_range(backend: DuckDbBackend) -> None:
    plan = plan_of(backend, "T")
    assert backend.key_range(plan, plan.entity.column("DAY")) is None
