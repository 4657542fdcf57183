"""What stands behind the gate: attacks that reach DuckDB as if the gate had let them through."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest
from sqlglot import exp

from flight_client.protocol.errors import (
    Error,
    InvalidSql,
    RefusedSql,
    ResourceExhausted,
    Unavailable,
    UnsupportedType,
)
from flight_server.backends.duckdb import DuckDbBackend
from flight_server.sql.gate import AdmittedQuery, CallerDialect

REFUSALS = (RefusedSql, InvalidSql, UnsupportedType)

# A local variable of this name must never be found by a query.
visible_table = None


@pytest.fixture
def backend() -> Iterator[DuckDbBackend]:
    made = DuckDbBackend.open_database(
        None,
        read_only=True,
        caller_dialect=CallerDialect.DUCKDB,
        threads=1,
        init_script="CREATE TABLE t AS SELECT 1 AS x; CREATE SEQUENCE s",
    )
    yield made
    made.close()


def smuggled(text: str) -> AdmittedQuery:
    """A query that no gate has seen."""
    return AdmittedQuery(
        sql=text,
        body=text,
        hints=(),
        dialect=CallerDialect.DUCKDB,
        tables=frozenset(),
        parameter_count=0,
        expression=exp.select("1"),
    )


def run(backend: DuckDbBackend, text: str) -> list[dict[str, object]]:
    with closing(backend.open_query(smuggled(text), (), 2**20)) as stream:
        batch = stream.read()
        return [] if batch is None else batch.to_pylist()


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_blob('/etc/passwd')",
        "SELECT * FROM read_parquet('/etc/passwd')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM duckdb_secrets()",
        "ATTACH '/tmp/other.duckdb'",
        "COPY t TO '/tmp/out.csv'",
        "COPY (SELECT 1) TO '/tmp/out.csv'",
        "EXPORT DATABASE '/tmp/out'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "PRAGMA memory_limit='1GB'",
        "SET threads = 8",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "RESET lock_configuration",
        "INSERT INTO t VALUES (2)",
        "UPDATE t SET x = 2",
        "DELETE FROM t",
        "DROP TABLE t",
        "CREATE TABLE u AS SELECT 1 AS x",
        "CREATE TEMP TABLE u AS SELECT 1 AS x",
        "CREATE MACRO m() AS 1",
        "CALL pragma_version()",
        "CHECKPOINT",
        "EXPLAIN SELECT 1",
        "SELECT nextval('s')",
        "SELECT 1; DROP TABLE t",
        "COMMIT; DROP TABLE t; SELECT 1",
        "ROLLBACK; BEGIN; INSERT INTO t VALUES (2); SELECT 1",
        "PREPARE p AS SELECT 1",
        "",
        ";",
    ],
)
def test_attack_fails_and_changes_nothing(backend: DuckDbBackend, text: str) -> None:
    with pytest.raises(REFUSALS) as caught:
        run(backend, text)

    assert "/" not in caught.value.message.replace("/etc/passwd", "")  # the caller's own text
    assert run(backend, "SELECT * FROM t") == [{"x": 1}]


@pytest.mark.parametrize("name", ["visible_table", "frame"])
def test_python_variables_are_no_tables(backend: DuckDbBackend, name: str) -> None:
    frame = {"secret": [1]}
    assert frame

    with pytest.raises(InvalidSql, match=name):
        run(backend, f"SELECT * FROM {name}")


def test_write_that_only_looks_like_a_select_meets_the_transaction(
    backend: DuckDbBackend,
) -> None:
    with pytest.raises(Error):
        run(backend, "WITH w AS (INSERT INTO t VALUES (2) RETURNING x) SELECT * FROM w")

    assert run(backend, "SELECT * FROM t") == [{"x": 1}]


def test_prepared_script_runs_before_the_walls_stand(tmp_path: Path) -> None:
    source = tmp_path / "rows.csv"
    source.write_text("x\n7\n", encoding="utf-8")
    script = f"CREATE TABLE t AS SELECT * FROM read_csv('{source}')"

    with closing(DuckDbBackend.open_database(None, read_only=True, init_script=script)) as backend:
        assert run(backend, "SELECT * FROM t") == [{"x": 7}]
        with pytest.raises(RefusedSql):
            run(backend, f"SELECT * FROM read_csv('{source}')")


def test_script_that_fails_says_why_and_leaves_no_database(tmp_path: Path) -> None:
    path = str(tmp_path / "data.duckdb")

    with pytest.raises(InvalidSql, match="nothing does not exist"):
        DuckDbBackend.open_database(path, read_only=False, init_script="SELECT * FROM nothing")

    DuckDbBackend.open_database(path, read_only=False).close()  # nobody holds the file


def test_file_is_free_once_the_backend_and_its_streams_are_closed(tmp_path: Path) -> None:
    path = str(tmp_path / "data.duckdb")
    script = "CREATE TABLE t AS SELECT i FROM range(1_000_000) AS r(i)"
    backend = DuckDbBackend.open_database(
        path, read_only=False, caller_dialect=CallerDialect.DUCKDB, init_script=script
    )
    with closing(backend.open_query(smuggled("SELECT * FROM t"), (), 65_536)) as stream:
        stream.read()
        backend.close()

    DuckDbBackend.open_database(path, read_only=True).close()
    DuckDbBackend.open_database(path, read_only=False, init_script="DROP TABLE t").close()


def test_missing_file_is_not_made_for_reading(tmp_path: Path) -> None:
    path = tmp_path / "missing.duckdb"

    with pytest.raises(Unavailable, match=r"missing\.duckdb"):
        DuckDbBackend.open_database(str(path), read_only=True)

    assert not path.exists()


def test_setting_that_duckdb_does_not_know_is_an_error() -> None:
    with pytest.raises(Unavailable, match="does not open"):
        DuckDbBackend.open_database(None, read_only=False, memory_limit="much")


def test_file_with_the_name_of_one_of_its_schemas_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "sales.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute('CREATE SCHEMA "SALES"')

    with pytest.raises(Unavailable, match=r"'sales'.* its schema 'SALES'; rename the file"):
        DuckDbBackend.open_database(str(path), read_only=True)

    path.rename(tmp_path / "warehouse.duckdb")
    DuckDbBackend.open_database(str(tmp_path / "warehouse.duckdb"), read_only=True).close()


def test_statement_over_the_memory_limit_is_an_error_of_its_own(tmp_path: Path) -> None:
    script = f"SET temp_directory = '{tmp_path}'; SET max_temp_directory_size = '1MB'"
    with (
        closing(
            DuckDbBackend.open_database(
                None,
                read_only=True,
                caller_dialect=CallerDialect.DUCKDB,
                memory_limit="20MB",
                threads=1,
                init_script=script,
            )
        ) as backend,
        pytest.raises(ResourceExhausted, match="more memory"),
    ):
        run(backend, "SELECT i AS x FROM range(10_000_000) AS r(i) ORDER BY hash(i)")
