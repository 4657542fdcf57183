"""What only DuckDB's transactions do: rows in bulk, conflicts, walls, full disks, macros anew."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from flight_client.protocol.catalog import Column, HanaType
from flight_client.protocol.errors import (
    DataError,
    Error,
    InvalidParameter,
    InvalidRequest,
    ResourceExhausted,
    TableExists,
    Unavailable,
    UnknownSpace,
    UnknownTransaction,
    UnsupportedSql,
)
from flight_server.backends.duckdb import DuckDbBackend
from flight_server.backends.duckdb.bulk import CHUNK_ROWS, FEW_ROWS
from flight_server.backends.duckdb.writing import DuckDbWriteTransaction
from flight_server.sql.change_gate import admit_change
from flight_server.sql.changes import AdmittedChange
from flight_server.sql.gate import CallerDialect, admit
from tests.contract.backends.reading import Lookup, table_of

TABLES = """
    CREATE SCHEMA "S";
    CREATE TABLE "S"."T" ("ID" INTEGER PRIMARY KEY, "NAME" VARCHAR NOT NULL,
                          "AMOUNT" DECIMAL(15, 2), "KIND" VARCHAR DEFAULT 'new');
    CREATE TABLE "S"."PAIRS" ("A" INTEGER, "B" VARCHAR, PRIMARY KEY ("A", "B"));
    CREATE MACRO "S"."TWICE"("P" INTEGER) AS TABLE SELECT *, "P" AS "P" FROM "S"."PAIRS";
"""
MANY = FEW_ROWS + 50


@pytest.fixture
def backend() -> Iterator[DuckDbBackend]:
    made = DuckDbBackend.open_database(None, read_only=False, threads=1, init_script=TABLES)
    yield made
    made.close()


@contextmanager
def begun(backend: DuckDbBackend) -> Iterator[DuckDbWriteTransaction]:
    with closing(backend.begin("S")) as transaction:
        yield transaction


def change_of(backend: DuckDbBackend, text: str) -> AdmittedChange:
    return admit_change(
        text,
        dialect=backend.caller_dialect,
        default_space="S",
        lookup=Lookup(backend),
        writable=frozenset({"S"}),
        parameter_count=None,
    )


def rows_of(backend: DuckDbBackend, text: str) -> list[dict[str, object]]:
    query = admit(
        text, dialect=CallerDialect.HANA, default_space="S", lookup=Lookup(backend),
        parameter_count=0,
    )  # fmt: skip
    with closing(backend.open_query(query, (), 2**20)) as stream:
        return table_of(stream).to_pylist()


def count(backend: DuckDbBackend) -> object:
    return rows_of(backend, "SELECT COUNT(*) AS N FROM T")[0]["N"]


# rows in bulk


@pytest.mark.parametrize("rows", [1, FEW_ROWS, MANY, CHUNK_ROWS + 1])
def test_rows_of_values_are_the_same_one_by_one_and_in_bulk(
    backend: DuckDbBackend, rows: int
) -> None:
    insert = change_of(backend, "INSERT INTO T (AMOUNT, ID, NAME) VALUES (?, ?, ?)")
    values = [(None if at % 3 else Decimal(at) / 4, at, f"n{at}") for at in range(rows)]

    with begun(backend) as transaction:
        assert transaction.change(insert, iter(values)) == rows
        transaction.commit()

    found = rows_of(backend, "SELECT AMOUNT, ID, NAME FROM T ORDER BY ID")
    assert [tuple(row.values()) for row in found] == values
    assert rows_of(backend, "SELECT DISTINCT KIND FROM T") == [{"KIND": "new"}]


def insert_many(
    backend: DuckDbBackend, table: str, columns: Sequence[str], *last: tuple[object, ...]
) -> Error:
    """The error of many good rows, numbered from 0, and the last ones."""
    markers = ", ".join("?" * len(columns))
    insert = change_of(backend, f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({markers})")
    good = [(at, f"n{at}", *[None] * (len(columns) - 2)) for at in range(MANY)]
    with begun(backend) as transaction, pytest.raises(Error) as caught:
        transaction.change(insert, [*good, *last])
    return caught.value


@pytest.mark.parametrize(
    ("last", "column"),
    [
        ((MANY, None), "NAME"),
        ((7, "again"), "ID"),
        (("x", "text"), None),
        ((2**40, "large"), None),
    ],
    ids=["null", "key", "type", "range"],
)
def test_row_that_fails_among_many_is_told(
    backend: DuckDbBackend, last: tuple[object, ...], column: str | None
) -> None:
    error = insert_many(backend, "T", ["ID", "NAME"], last)

    assert isinstance(error, DataError)
    assert error.details["row"] == MANY + 1
    assert error.details.get("column") == column
    assert f"Row {MANY + 1} " in error.message
    assert count(backend) == 0


def test_row_of_several_key_columns_is_told(backend: DuckDbBackend) -> None:
    error = insert_many(backend, "PAIRS", ["A", "B"], (7, "n7"))

    assert error.details["row"] == MANY + 1


def test_key_that_is_in_the_table_already_is_told_by_its_row(backend: DuckDbBackend) -> None:
    with begun(backend) as transaction:
        transaction.insert("S", "T", pa.record_batch({"ID": [70], "NAME": ["there"]}))
        transaction.commit()

    error = insert_many(backend, "T", ["ID", "NAME"])

    assert dict(error.details) == {"row": 71, "column": "ID"}


def test_row_with_a_value_too_many_is_told(backend: DuckDbBackend) -> None:
    error = insert_many(backend, "T", ["ID", "NAME"], (MANY, "x", 1))

    assert isinstance(error, InvalidParameter)
    assert f"row {MANY + 1}" in error.message


def test_values_of_several_types_in_a_column_are_taken(backend: DuckDbBackend) -> None:
    insert = change_of(backend, "INSERT INTO T (ID, NAME, AMOUNT) VALUES (?, ?, ?)")
    amounts = [1, Decimal("2.50"), None]

    with begun(backend) as transaction:
        rows = [(at, "x", amounts[at % 3]) for at in range(MANY)]
        assert transaction.change(insert, rows) == MANY
        transaction.commit()

    assert count(backend) == MANY


# conflicts


def test_second_writer_of_a_row_is_told_to_do_it_again(backend: DuckDbBackend) -> None:
    with begun(backend) as setup:
        setup.insert("S", "T", pa.record_batch({"ID": [1], "NAME": ["x"]}))
        setup.commit()
    update = change_of(backend, "UPDATE T SET AMOUNT = ?")

    with begun(backend) as first, begun(backend) as second:
        first.change(update, [(1,)])
        with pytest.raises(Unavailable, match=r"same rows.*do it again"):
            second.change(update, [(2,)])
        assert not second.is_open
        first.commit()

    assert rows_of(backend, "SELECT AMOUNT FROM T") == [{"AMOUNT": Decimal(1)}]


def test_same_key_of_two_writers_fails_when_the_second_commits(backend: DuckDbBackend) -> None:
    batch = pa.record_batch({"ID": [1], "NAME": ["x"]})

    with begun(backend) as first, begun(backend) as second:
        first.insert("S", "T", batch)
        second.insert("S", "T", batch)
        first.commit()
        with pytest.raises(Unavailable, match="do it again"):
            second.commit()
        assert not second.is_open

    assert count(backend) == 1


def test_commit_after_an_error_is_refused_and_keeps_nothing(backend: DuckDbBackend) -> None:
    # DuckDB takes COMMIT of such a transaction for ROLLBACK and says nothing.
    with begun(backend) as transaction:
        transaction.insert("S", "T", pa.record_batch({"ID": [1], "NAME": ["x"]}))
        with pytest.raises(DataError):
            transaction.insert("S", "T", pa.record_batch({"ID": [1], "NAME": ["y"]}))
        assert not transaction.is_open
        with pytest.raises(UnknownTransaction, match="rolled back by an error"):
            transaction.commit()

    assert count(backend) == 0


# names


def test_table_in_another_case_is_there_already(backend: DuckDbBackend) -> None:
    with begun(backend) as transaction, pytest.raises(TableExists, match="'T'"):
        transaction.create_table("S", "t", [Column("A", HanaType("INTEGER"))])


def test_table_that_is_wanted_only_where_it_is_missing_may_be_there(backend: DuckDbBackend) -> None:
    change = admit_change(
        "CREATE TABLE IF NOT EXISTS S.t (A INTEGER)",
        dialect=CallerDialect.DUCKDB,
        default_space=None,
        lookup=Lookup(backend),
        writable=frozenset({"S"}),
        parameter_count=None,
    )
    with begun(backend) as transaction:
        assert transaction.change(change, [()]) is None
        transaction.commit()
    (found,) = backend.find("T")
    assert len(found.columns) == 4


def test_columns_that_differ_in_case_only_are_refused(backend: DuckDbBackend) -> None:
    columns = [Column("a", HanaType("INTEGER")), Column("A", HanaType("INTEGER"))]

    with begun(backend) as transaction, pytest.raises(InvalidRequest, match="differ in case only"):
        transaction.create_table("S", "NEW", columns)


def test_table_in_a_space_that_is_not_there_is_refused(backend: DuckDbBackend) -> None:
    with begun(backend) as transaction, pytest.raises(UnknownSpace, match="NOWHERE"):
        transaction.create_table("NOWHERE", "NEW", [Column("A", HanaType("INTEGER"))])


def test_rows_are_not_written_into_a_view() -> None:
    script = TABLES + 'CREATE VIEW "S"."V" AS SELECT * FROM "S"."T"'
    with (
        closing(DuckDbBackend.open_database(None, read_only=False, init_script=script)) as backend,
        begun(backend) as transaction,
        pytest.raises(InvalidRequest, match="is a view"),
    ):
        transaction.insert("S", "V", pa.record_batch({"ID": [1]}))


def test_name_of_the_source_of_an_insert_is_seen_by_nobody(backend: DuckDbBackend) -> None:
    with begun(backend) as transaction:
        transaction.insert("S", "T", pa.record_batch({"ID": [1], "NAME": ["x"]}))

        with pytest.raises(Error):
            rows_of(backend, 'SELECT * FROM "rows of a record batch"')


# the catalogue


def test_macro_over_an_altered_table_shows_its_new_columns(backend: DuckDbBackend) -> None:
    def columns() -> list[str]:
        found = backend.entity("S", "TWICE")
        return [] if found is None else [column.name for column in found.columns]

    assert columns() == ["A", "B", "P"]
    with begun(backend) as transaction:
        transaction.change(change_of(backend, "ALTER TABLE PAIRS ADD (C INTEGER)"), [()])
        assert columns() == ["A", "B", "P"]
        transaction.commit()

    assert columns() == ["A", "B", "C", "P"]


def test_insert_after_a_definition_sees_the_new_columns(backend: DuckDbBackend) -> None:
    with begun(backend) as transaction:
        transaction.insert("S", "PAIRS", pa.record_batch({"A": [1], "B": ["x"]}))
        transaction.change(change_of(backend, "ALTER TABLE PAIRS ADD (C INTEGER)"), [()])
        transaction.insert("S", "PAIRS", pa.record_batch({"A": [2], "B": ["x"], "C": [3]}))
        transaction.commit()

    assert rows_of(backend, "SELECT C FROM PAIRS ORDER BY A") == [{"C": None}, {"C": 3}]


# walls


def test_database_opened_for_reading_says_so(tmp_path: Path) -> None:
    path = str(tmp_path / "data.duckdb")
    DuckDbBackend.open_database(path, read_only=False, init_script=TABLES).close()

    with (
        closing(DuckDbBackend.open_database(path, read_only=True)) as backend,
        pytest.raises(UnsupportedSql, match=r"database\.read_only = false"),
    ):
        backend.begin("S")


def insert_until_it_fails(transaction: DuckDbWriteTransaction) -> None:
    names = pa.array([f"{at:0200d}" for at in range(50_000)])
    for first in range(0, 2_000_000, 50_000):
        numbers = pa.array(range(first, first + 50_000), pa.int32())
        transaction.insert("S", "T", pa.record_batch([numbers, names], names=["ID", "NAME"]))


def test_change_over_the_memory_limit_keeps_nothing() -> None:
    with closing(
        DuckDbBackend.open_database(
            None, read_only=False, memory_limit="20MB", threads=1, init_script=TABLES
        )
    ) as backend:
        with begun(backend) as transaction:
            with pytest.raises(ResourceExhausted, match=r"more memory.*nothing"):
                insert_until_it_fails(transaction)
            assert not transaction.is_open
        assert count(backend) == 0


FULL_DISK = """
import json, resource, signal, sys
from contextlib import closing
import pyarrow as pa
from flight_client.protocol.errors import Error
from flight_server.backends.duckdb import DuckDbBackend

path, rows, limit = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
batch = pa.record_batch({"A": pa.array(range(rows)), "B": [f"{at:064x}" for at in range(rows)]})
script = 'CREATE SCHEMA "S"; CREATE TABLE "S"."T" ("A" BIGINT, "B" VARCHAR)'
told = []
with closing(DuckDbBackend.open_database(path, read_only=False, init_script=script)) as backend:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    with closing(backend.begin("S")) as transaction:
        try:
            for _ in range(3):
                transaction.insert("S", "T", batch)
            told.append("inserted")
            transaction.commit()
        except Error as error:
            told += [type(error).__name__, error.message]
    told.append(backend.row_count(backend.entity("S", "T")))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    with closing(backend.begin("S")) as transaction:
        transaction.insert("S", "T", batch.slice(0, 10))
        transaction.commit()
    told.append(backend.row_count(backend.entity("S", "T")))
print(json.dumps(told))
"""


@pytest.mark.parametrize(
    ("rows", "limit_bytes", "told"),
    [(150_000, 2_000_000, []), (4_000, 300_000, ["inserted"])],
    ids=["while rows are inserted", "when the transaction commits"],
)
def test_full_disk_keeps_nothing_and_leaves_the_database_in_use(
    tmp_path: Path, rows: int, limit_bytes: int, told: list[str]
) -> None:
    path = tmp_path / "data.duckdb"
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(path), str(rows), str(limit_bytes)],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip

    assert json.loads(done.stdout.splitlines()[-1]) == [
        *told,
        "ResourceExhausted",
        "The database has no room left on its disk; nothing of the transaction was kept.",
        0,
        10,
    ]
    with closing(DuckDbBackend.open_database(str(path), read_only=True)) as backend:
        entity = backend.entity("S", "T")
        assert entity is not None
        assert backend.row_count(entity) == 10


def test_transaction_that_is_not_closed_is_loud(backend: DuckDbBackend) -> None:
    transaction = backend.begin("S")

    with pytest.warns(ResourceWarning, match="was not closed"):
        transaction.__del__()
    transaction.close()
