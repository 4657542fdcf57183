"""ADBC ingests: each mode on a table that is there and one that is not; whole or not at all."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from adbc_driver_flightsql import dbapi

from tests.contract.backends.shared_tables import types
from tests.support.adbc_sessions import COOKIES, keep
from tests.support.sql_service import SqlService
from tests.support.sql_tables import READ, WRITE

Connect = Callable[..., dbapi.Connection]
DATA = pa.table({"ID": pa.array([2, 3], pa.int32()), "NAME": pa.array(["two", None])})


def _all(service: SqlService, table: str) -> list[tuple[Any, ...]]:
    return service.rows(f'SELECT * FROM {WRITE}."{table}" ORDER BY ID')


def _ingest(cursor: dbapi.Cursor, table: str, data: Any, mode: Any = "create") -> int:
    return cursor.adbc_ingest(table, data, mode=mode, db_schema_name=WRITE)


@pytest.mark.feature("ingest: create", client="ADBC")
def test_create_makes_the_table_and_counts_its_rows(
    cursor: dbapi.Cursor, service: SqlService, table: str
) -> None:
    assert _ingest(cursor, table, DATA) == 2
    assert _all(service, table) == [(2, "two"), (3, None)]


@pytest.mark.feature("ingest: create", client="ADBC")
def test_create_of_a_table_that_is_there_leaves_it(
    cursor: dbapi.Cursor, service: SqlService, table: str, target: str
) -> None:
    with pytest.raises(dbapi.Error, match="TABLE_EXISTS"):
        _ingest(cursor, table, DATA)
    assert _all(service, table) == [(1, "one")]


@pytest.mark.feature("ingest: append", client="ADBC")
def test_append_adds_to_what_is_there(
    cursor: dbapi.Cursor, service: SqlService, table: str, target: str
) -> None:
    assert _ingest(cursor, table, DATA, "append") == 2
    assert _all(service, table) == [(1, "one"), (2, "two"), (3, None)]


@pytest.mark.feature("ingest: append", client="ADBC")
def test_append_finds_columns_by_name(
    cursor: dbapi.Cursor, service: SqlService, table: str, target: str
) -> None:
    swapped = pa.table({"NAME": ["two"], "ID": pa.array([2], pa.int64())})
    _ingest(cursor, table, swapped, "append")
    _ingest(cursor, table, pa.table({"ID": [3]}), "append")
    assert _all(service, table) == [(1, "one"), (2, "two"), (3, None)]


@pytest.mark.feature("ingest: append", client="ADBC")
def test_append_to_a_table_that_is_missing_says_so(cursor: dbapi.Cursor, table: str) -> None:
    with pytest.raises(dbapi.Error, match=f"ENTITY_UNKNOWN.*{table}"):
        _ingest(cursor, table, DATA, "append")


@pytest.mark.feature("ingest: append", client="ADBC")
def test_append_of_an_unknown_column_says_so(
    cursor: dbapi.Cursor, service: SqlService, table: str, target: str
) -> None:
    with pytest.raises(dbapi.Error, match=r"COLUMN_UNKNOWN.*NAMES"):
        _ingest(cursor, table, DATA.rename_columns(["ID", "NAMES"]), "append")
    assert _all(service, table) == [(1, "one")]


@pytest.mark.feature("ingest: replace", client="ADBC")
@pytest.mark.usefixtures("target")
def test_replace_makes_the_table_anew(
    cursor: dbapi.Cursor, service: SqlService, table: str
) -> None:
    _ingest(cursor, table, pa.table({"ID": [7], "OTHER": [Decimal("1.50")]}), "replace")
    assert _all(service, table) == [(7, Decimal("1.50"))]


@pytest.mark.feature("ingest: replace", client="ADBC")
def test_replace_creates_what_is_missing(
    cursor: dbapi.Cursor, service: SqlService, table: str
) -> None:
    _ingest(cursor, table, DATA, "replace")
    assert len(_all(service, table)) == 2


@pytest.mark.feature("ingest: create or append", client="ADBC")
def test_create_append_creates_then_appends(
    cursor: dbapi.Cursor, service: SqlService, table: str
) -> None:
    _ingest(cursor, table, DATA, "create_append")
    _ingest(cursor, table, pa.table({"ID": [4]}), "create_append")
    assert [row[0] for row in _all(service, table)] == [2, 3, 4]


@pytest.mark.feature("ingest: types", client="ADBC")
def test_every_type_comes_back_as_it_went(cursor: dbapi.Cursor, table: str) -> None:
    data = types().rename_columns(["ID", *types().column_names[1:]])
    _ingest(cursor, table, data)
    found = cursor.execute(f"SELECT * FROM {WRITE}.{table} ORDER BY ID").fetch_arrow_table()
    assert found.schema.types == data.schema.types
    assert found.to_pydict() == data.to_pydict()


@pytest.mark.feature("ingest: types", client="ADBC")
def test_dictionaries_and_large_texts_arrive_as_texts(
    cursor: dbapi.Cursor, service: SqlService, table: str
) -> None:
    data = pa.table(
        {
            "ID": [1, 2],
            "WORD": pa.array(["a", None]).dictionary_encode(),
            "LONG": pa.array(["x" * 5000, ""], pa.large_utf8()),
        }
    )
    _ingest(cursor, table, data)
    assert _all(service, table) == [(1, "a", "x" * 5000), (2, None, "")]


@pytest.mark.feature("ingest: names", client="ADBC")
def test_names_are_taken_as_they_are(cursor: dbapi.Cursor, service: SqlService, table: str) -> None:
    name = f'{table} "odd" Näme'
    _ingest(cursor, name, pa.table({"ID": [1], 'c"o l': ["x"]}))
    quoted = name.replace('"', '""')
    assert service.rows(f'SELECT "c""o l" FROM {WRITE}."{quoted}"') == [("x",)]


@pytest.mark.feature("ingest: large streams", client="ADBC")
def test_reader_of_many_batches_is_streamed(
    cursor: dbapi.Cursor, service: SqlService, table: str
) -> None:
    schema = pa.schema([("ID", pa.int64()), ("LABEL", pa.utf8())])
    size = 20_000 if service.engine is None else 5_000  # the emulator is slow

    def batches() -> Iterator[pa.RecordBatch]:
        for start in range(0, 10 * size, size):
            ids = pa.array(range(start, start + size), pa.int64())
            yield pa.record_batch([ids, pa.array(["label"] * size)], schema=schema)

    reader = pa.RecordBatchReader.from_batches(schema, batches())
    assert _ingest(cursor, table, reader) == 10 * size
    found = service.rows(f"SELECT COUNT(*) AS N, MAX(ID) AS M FROM {WRITE}.{table}")
    assert found == [(10 * size, 10 * size - 1)]


@pytest.mark.feature("ingest: all or nothing", client="ADBC")
def test_row_that_fails_late_leaves_the_table_as_it_was(
    cursor: dbapi.Cursor, service: SqlService, table: str, target: str
) -> None:
    schema = pa.schema([("ID", pa.int32()), ("NAME", pa.utf8())])
    batches = [
        pa.record_batch([pa.array(ids, pa.int32()), pa.array(["x"] * len(ids))], schema=schema)
        for ids in ([10, 11], [12, 13], [14, 1])
    ]
    reader = pa.RecordBatchReader.from_batches(schema, batches)
    with pytest.raises(dbapi.Error, match="DATA_ERROR"):
        _ingest(cursor, table, reader, "append")
    assert _all(service, table) == [(1, "one")]


@pytest.mark.feature("ingest: all or nothing", client="ADBC")
@pytest.mark.parametrize("mode", ["create", "create_append", "replace"])
def test_failing_reader_creates_no_table(
    cursor: dbapi.Cursor, table: str, service: SqlService, mode: str
) -> None:
    """ADBC 1.13 does not always end the call then; closing the connection does."""
    schema = pa.schema([("ID", pa.int32())])

    def batches() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch([pa.array([1], pa.int32())], schema=schema)
        raise ValueError("the source broke")

    reader = pa.RecordBatchReader.from_batches(schema, batches())
    with (
        dbapi.connect(service.uri, autocommit=True) as connection,
        connection.cursor() as failing,
        pytest.raises(dbapi.Error, match="the source broke"),
    ):
        _ingest(failing, table, reader, mode)
    service.wait_for_rest()
    with pytest.raises(dbapi.Error, match="_UNKNOWN"):  # HANA has no space without a table
        cursor.execute(f"SELECT * FROM {WRITE}.{table}")


@pytest.mark.feature("ingest: all or nothing", client="ADBC")
@pytest.mark.usefixtures("target")
def test_failing_replace_keeps_the_old_table(
    cursor: dbapi.Cursor, service: SqlService, table: str
) -> None:
    unfit = pa.table({"ID": [1], "SPAN": pa.array([1], pa.duration("s"))})
    with pytest.raises(dbapi.Error, match="SPAN"):
        _ingest(cursor, table, unfit, "replace")
    assert _all(service, table) == [(1, "one")]


@pytest.mark.feature("ingest: empty streams", client="ADBC")
def test_empty_table_is_created(cursor: dbapi.Cursor, service: SqlService, table: str) -> None:
    nothing = pa.RecordBatch.from_pylist([], schema=DATA.schema)
    assert _ingest(cursor, table, nothing) == 0
    assert _all(service, table) == []


@pytest.mark.feature("ingest: streams without a batch", client="ADBC")
@pytest.mark.xfail(
    reason="ADBC 1.13 sends neither command nor schema where a stream has no batch", strict=True
)
def test_stream_without_a_batch_creates_the_table(
    cursor: dbapi.Cursor, service: SqlService, table: str
) -> None:
    _ingest(cursor, table, pa.RecordBatchReader.from_batches(DATA.schema, []))
    assert _all(service, table) == []


@pytest.mark.feature("ingest: schemas", client="ADBC")
def test_schema_that_is_not_to_be_written_is_refused(cursor: dbapi.Cursor, table: str) -> None:
    with pytest.raises(dbapi.Error, match=f"ACCESS_DENIED.*{READ}"):
        cursor.adbc_ingest(table, DATA, db_schema_name=READ)


@pytest.mark.feature("ingest: schemas", client="ADBC")
def test_without_a_schema_the_only_writable_one_is_taken(
    cursor: dbapi.Cursor, service: SqlService, table: str
) -> None:
    cursor.adbc_ingest(table, DATA)
    assert len(_all(service, table)) == 2


@pytest.mark.feature("ingest: schemas", client="ADBC")
def test_schema_of_the_session_is_taken(connect: Connect, service: SqlService, table: str) -> None:
    connection = connect(db_kwargs=COOKIES)
    keep(connection.adbc_connection, schema=WRITE)
    with connection.cursor() as cursor:
        cursor.adbc_ingest(table, DATA)
    assert len(_all(service, table)) == 2


@pytest.mark.feature("ingest: what is refused", client="ADBC")
def test_catalog_and_temporary_tables_are_refused(cursor: dbapi.Cursor, table: str) -> None:
    with pytest.raises(dbapi.Error, match="catalog"):
        cursor.adbc_ingest(table, DATA, catalog_name="X", db_schema_name=WRITE)
    with pytest.raises(dbapi.Error, match="temporary"):
        cursor.adbc_ingest(table, DATA, temporary=True)
