"""What a transaction may do and tells that changes data: questions 15 and 16."""

from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any

import pyarrow as pa
import pytest
from hdbcli import dbapi

from flight_client.protocol.catalog import Column, HanaType
from flight_client.protocol.errors import Error
from flight_server.backends.base import Backend
from flight_server.backends.hana.opening import WRITABLE
from tests.live.findings import Findings
from tests.live.tenant import Answer, Tenant, attempt, q, refusal

NO_SCHEMA = "FLIGHT_LIVE_SCHEMA names no schema in which objects may be made"
WRITTEN = "FLIGHT_LIVE_W"
COLUMNS = (
    Column("ID", HanaType("INTEGER"), nullable=False, key=True),
    Column("TEXT", HanaType("NVARCHAR", 5)),
)


@pytest.fixture
def written(tenant: Tenant) -> Iterator[str]:
    """The schema in which the table of these tests is not there."""
    if tenant.schema is None:
        pytest.skip(NO_SCHEMA)
    tenant.ask(f"DROP TABLE {q(tenant.schema, WRITTEN)}")
    yield tenant.schema
    tenant.ask(f"DROP TABLE {q(tenant.schema, WRITTEN)}")


@pytest.fixture(autouse=True)
def _left_without_schema(tenant: Tenant, findings: Findings) -> None:
    if tenant.schema is None:
        for question in (15, 16):
            if NO_SCHEMA not in findings.unanswered[question]:
                findings.leave(question, NO_SCHEMA)


def test_definition_is_taken_back_where_autocommit_of_ddl_is_off(
    tenant: Tenant, findings: Findings, written: str
) -> None:
    table = q(written, WRITTEN)
    with tenant.connect(autocommit=False) as connection:
        for statement in WRITABLE:
            switched = attempt(connection, statement)
            findings.note(15, f"{statement}: {_outcome(switched)}.")
        made = attempt(connection, f'CREATE COLUMN TABLE {table} ("ID" INTEGER)')
        assert isinstance(made, Answer), made
        attempt(connection, f"INSERT INTO {table} VALUES (?)", (1,))
        own = attempt(connection, f"SELECT COUNT(*) FROM {table}")
        others = tenant.ask(f"SELECT COUNT(*) FROM {table}")
        findings.note(
            15, f"Before the commit, its session gets {_outcome(own)}, another {_outcome(others)}."
        )
        connection.rollback()
    after = tenant.ask(f"SELECT COUNT(*) FROM {table}")
    findings.note(15, f"After the rollback the table gives {_outcome(after)}.")
    if isinstance(switched, Answer):  # else the product defines nothing in a transaction
        assert not isinstance(after, Answer)


def test_array_insert_tells_counts_and_the_row_that_failed(
    tenant: Tenant, findings: Findings, written: str
) -> None:
    table = q(written, WRITTEN)
    tenant.ask(f'CREATE COLUMN TABLE {table} ("ID" INTEGER PRIMARY KEY, "TEXT" NVARCHAR(5))')
    insert = f"INSERT INTO {table} VALUES (?, ?)"
    with tenant.connect(autocommit=False) as connection, closing(connection.cursor()) as cursor:
        cursor.executemany(insert, [(1, "a"), (2, "b"), (3, None)], batcherrors=True)
        counts = cursor.getrowsaffectedcounts()
        findings.note(16, f"Three rows that fit: counts {counts}.")
        assert sum(counts) == 3
        numbers = _failing(cursor, insert, [(4, "d"), (1, "again"), (5, "too long"), (6, "f")])
        findings.note(16, f"Of four rows the second and third fail: errors by row {numbers}.")
        kept = attempt(connection, f"SELECT COUNT(*) FROM {table}")
        findings.note(16, f"Afterwards the transaction has {_outcome(kept)} rows.")
        upsert = f'UPSERT {table} ("ID", "TEXT") VALUES (?, ?) WITH PRIMARY KEY'
        cursor.executemany(upsert, [(1, "x"), (9, "y")], batcherrors=True)
        findings.note(
            16, f"UPSERT of an old and a new row: counts {cursor.getrowsaffectedcounts()}."
        )
        with suppress(dbapi.Error):
            connection.rollback()
    assert min(numbers) == 2


def test_product_writes_in_one_transaction(
    backend: Backend, findings: Findings, written: str
) -> None:
    rows = pa.record_batch({"ID": pa.array([1, 2], pa.int32()), "TEXT": pa.array(["a", None])})
    with closing(backend.begin(written)) as transaction:
        try:
            transaction.create_table(written, WRITTEN, COLUMNS)
        except Error as error:
            findings.note(15, f"The product defines no table: {error.message}")
            pytest.skip(error.message)
        assert transaction.table(written, WRITTEN) is not None
        assert transaction.insert(written, WRITTEN, rows) == 2
        transaction.commit()
    found = backend.entity(written, WRITTEN)
    findings.note(15, "The product made and filled a table in one transaction.")
    assert found is not None


def _outcome(found: Any) -> str:
    if not isinstance(found, Answer):
        return str(found)
    return str(found.value) if found.rows else "accepted"


def _failing(cursor: Any, sql: str, rows: list[Any]) -> dict[int, int]:
    """HANA's numbers by the rows that failed, as hdbcli tells them."""
    try:
        cursor.executemany(sql, rows, batcherrors=True)
    except dbapi.Error as error:
        errors = getattr(error, "errors", None) or ()
        return {each.rownumber: each.errorcode for each in errors} or {0: refusal(error).code}
    return {0: 0}
