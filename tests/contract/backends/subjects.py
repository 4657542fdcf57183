"""The backends that keep the contract, each with what it says it cannot do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import duckdb
import pyarrow as pa
import pytest

from flight_client.protocol.errors import InvalidRead, UnknownEntity, UnsupportedSql
from flight_server.backends.base import Backend
from flight_server.backends.duckdb import DuckDbBackend
from flight_server.backends.memory import MemoryBackend
from flight_server.sql.gate import CallerDialect
from tests.contract.backends.hana_subject import make_hana, make_writable_hana
from tests.contract.backends.shared_tables import SPACE, logic, numbers

VIEW = "SCALED"
"""A view over NUMBERS with a mandatory P_FACTOR and a P_SHIFT that is 10 by default."""


class Make(Protocol):
    """Puts tables into a new backend, and the view where it has views with parameters."""

    def __call__(self, tables: Mapping[str, pa.Table]) -> Backend: ...


@dataclass(frozen=True, slots=True)
class Gap:
    """Something the contract wants and a backend declares that it has not."""

    reason: str
    raises: type[Exception]


@dataclass(frozen=True, slots=True)
class Subject:
    """A backend under contract.

    Attributes:
        make_writable: Makes a backend whose space takes new tables; it holds NUMBERS and LOGIC.
        gaps: By capability: ``sql``, ``parameters``, ``seeds``, ``row_count``, ``lengths``
            or ``hidden_definitions``. A gap that is closed without being taken from
            here fails the suite, because its tests are expected to fail.
    """

    name: str
    make: Make
    make_writable: Callable[[], Backend]
    gaps: Mapping[str, Gap] = field(default_factory=dict)


def make_memory(tables: Mapping[str, pa.Table]) -> Backend:
    """Arrow tables as they are."""
    return MemoryBackend({SPACE: tables})


def make_duckdb(tables: Mapping[str, pa.Table]) -> Backend:
    """The same tables in a database in memory."""
    connection = duckdb.connect()
    connection.execute(f'CREATE SCHEMA "{SPACE}"')
    for name, table in tables.items():
        connection.register("incoming", table)
        connection.execute(f'CREATE TABLE "{SPACE}"."{name}" AS SELECT * FROM incoming')
        connection.unregister("incoming")
    if "NUMBERS" in tables:
        connection.execute(
            f'CREATE MACRO "{SPACE}"."{VIEW}"("P_FACTOR" INTEGER, "P_SHIFT" INTEGER := 10) AS TABLE'
            f' SELECT "ID", "ID" * "P_FACTOR" + "P_SHIFT" AS "SCALED" FROM "{SPACE}"."NUMBERS"'
        )
    return DuckDbBackend(connection, CallerDialect.HANA)


def some_tables() -> dict[str, pa.Table]:
    """What a backend holds that is written to."""
    return {"NUMBERS": numbers(), "LOGIC": logic()}


SUBJECTS = (
    Subject(
        "memory",
        make_memory,
        lambda: MemoryBackend({SPACE: some_tables()}, changes=True),
        gaps={
            "sql": Gap("Arrow tables have no SQL", UnsupportedSql),
            "parameters": Gap("Arrow tables are no views", UnknownEntity),
        },
    ),
    Subject(
        "duckdb",
        make_duckdb,
        lambda: make_duckdb(some_tables()),
        gaps={"lengths": Gap("DuckDB keeps no length of a text", pytest.fail.Exception)},
    ),
    Subject(
        "hana",
        make_hana,
        lambda: make_writable_hana(some_tables()),
        gaps={
            "seeds": Gap("HANA draws samples without a seed", InvalidRead),
            "hidden_definitions": Gap(
                "HANA shows definitions before they are committed [SQL:set-transaction]",
                AssertionError,
            ),
            "row_count": Gap("M_TABLES.RECORD_COUNT is not known to be exact", AssertionError),
        },
    ),
)
