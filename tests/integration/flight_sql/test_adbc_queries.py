"""ADBC reads: rows, Arrow, frames, several endpoints, many cursors, results that are dropped."""

import concurrent.futures
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest
from adbc_driver_flightsql import dbapi

from tests.contract.backends.shared_tables import types
from tests.support.adbc_sessions import COOKIES, keep
from tests.support.forwarder import forwarding
from tests.support.sql_service import SqlService
from tests.support.sql_tables import BIG_ROWS, READ, big

Connect = Callable[..., dbapi.Connection]
ORDERS = [
    (1, "OPEN", Decimal("9.99"), date(2024, 1, 1)),
    (2, "OPEN", Decimal("10.00"), date(2024, 2, 29)),
    (3, "PAID", Decimal("0.01"), None),
    (4, None, None, date(2024, 3, 1)),
]
SELECT_ORDERS = f"SELECT * FROM {READ}.ORDERS ORDER BY ORDER_ID"
SCAN = f"SELECT ID, LABEL FROM {READ}.BIG"


@pytest.mark.feature("fetch: rows", client="ADBC")
def test_fetchone_ends_with_none(cursor: dbapi.Cursor) -> None:
    cursor.execute(f"SELECT ORDER_ID FROM {READ}.ORDERS WHERE ORDER_ID < 3 ORDER BY ORDER_ID")
    assert [cursor.fetchone() for _ in range(3)] == [(1,), (2,), None]


@pytest.mark.feature("fetch: rows", client="ADBC")
def test_fetchmany_gives_what_is_left(cursor: dbapi.Cursor) -> None:
    cursor.execute(SELECT_ORDERS)
    assert [len(cursor.fetchmany(3)) for _ in range(3)] == [3, 1, 0]


@pytest.mark.feature("fetch: rows", client="ADBC")
def test_fetchall_gives_python_values(cursor: dbapi.Cursor) -> None:
    assert cursor.execute(SELECT_ORDERS).fetchall() == ORDERS


@pytest.mark.feature("fetch: rows", client="ADBC")
def test_cursor_is_an_iterator(cursor: dbapi.Cursor) -> None:
    assert list(cursor.execute(SELECT_ORDERS)) == ORDERS


@pytest.mark.feature("fetch: rows", client="ADBC")
def test_description_names_the_columns_and_their_arrow_types(cursor: dbapi.Cursor) -> None:
    cursor.execute(SELECT_ORDERS)
    assert [(each[0], each[1]) for each in cursor.description or ()] == [
        ("ORDER_ID", pa.int64()),
        ("STATUS", pa.utf8()),
        ("AMOUNT", pa.decimal128(15, 2)),
        ("ORDERED", pa.date32()),
    ]


@pytest.mark.feature("fetch: rows", client="ADBC")
def test_result_without_rows_has_its_columns(cursor: dbapi.Cursor) -> None:
    cursor.execute(f"SELECT ORDER_ID FROM {READ}.ORDERS WHERE ORDER_ID < 0")
    assert cursor.fetchall() == []
    assert [each[0] for each in cursor.description or ()] == ["ORDER_ID"]


@pytest.mark.feature("fetch: Arrow", client="ADBC")
def test_every_type_arrives_with_its_extremes_and_null(cursor: dbapi.Cursor) -> None:
    found = cursor.execute(f"SELECT * FROM {READ}.TYPES ORDER BY ROW").fetch_arrow_table()
    assert found.schema.types == types().schema.types
    assert found.to_pydict() == types().to_pydict()


@pytest.mark.feature("fetch: Arrow", client="ADBC")
def test_fields_say_their_hana_type(cursor: dbapi.Cursor) -> None:
    schema = cursor.execute(SELECT_ORDERS).fetch_record_batch().schema
    assert schema.field("AMOUNT").metadata[b"hana.type"] == b"DECIMAL"


@pytest.mark.feature("fetch: Arrow", client="ADBC")
def test_record_batches_come_in_turn(cursor: dbapi.Cursor) -> None:
    cursor.execute(f"{SCAN} ORDER BY ID")
    with cursor.fetch_record_batch() as reader:
        ids = [batch.column("ID").to_pylist() for batch in reader]
    assert [value for each in ids for value in each] == list(range(BIG_ROWS))


@pytest.mark.feature("fetch: pandas", client="ADBC")
def test_fetch_df_gives_a_pandas_frame(cursor: dbapi.Cursor) -> None:
    frame = cursor.execute(SELECT_ORDERS).fetch_df()
    assert frame["ORDER_ID"].tolist() == [1, 2, 3, 4]


@pytest.mark.feature("fetch: polars", client="ADBC")
def test_fetch_polars_gives_a_polars_frame(cursor: dbapi.Cursor) -> None:
    assert cursor.execute(SELECT_ORDERS).fetch_polars().rows() == ORDERS


@pytest.mark.feature("queries without a table", client="ADBC")
def test_query_of_dummy_is_answered(cursor: dbapi.Cursor) -> None:
    assert cursor.execute("SELECT 1 AS A FROM DUMMY").fetchall() == [(1,)]


@pytest.mark.feature("schema of a query", client="ADBC")
def test_schema_is_told_without_running_the_query(
    cursor: dbapi.Cursor, service: SqlService
) -> None:
    started = service.counts.started
    schema = cursor.adbc_execute_schema(SELECT_ORDERS)
    assert schema.names == ["ORDER_ID", "STATUS", "AMOUNT", "ORDERED"]
    assert service.counts.started == started


@pytest.mark.feature("several endpoints", client="ADBC")
def test_scan_is_cut_into_the_partitions_of_the_session(connect: Connect) -> None:
    connection = connect(db_kwargs=COOKIES)
    keep(connection.adbc_connection, partitions=4)
    with connection.cursor() as cursor:
        partitions, schema = cursor.adbc_execute_partitions(SCAN)
        assert (len(partitions), schema.names) == (4, ["ID", "LABEL"])
        ids: list[int] = []
        for partition in partitions:
            cursor.adbc_read_partition(partition)
            part = cursor.fetch_arrow_table()
            assert 0 < part.num_rows < BIG_ROWS
            ids += part.column("ID").to_pylist()
    assert sorted(ids) == list(range(BIG_ROWS))


@pytest.mark.feature("several endpoints", client="ADBC")
def test_partitions_are_read_by_another_connection(connect: Connect) -> None:
    connection, other = connect(db_kwargs=COOKIES), connect()
    keep(connection.adbc_connection, partitions=2)
    with connection.cursor() as cursor, other.cursor() as reader:
        partitions, _ = cursor.adbc_execute_partitions(SCAN)
        rows = 0
        for partition in partitions:
            reader.adbc_read_partition(partition)
            rows += reader.fetch_arrow_table().num_rows
    assert rows == BIG_ROWS


@pytest.mark.feature("several endpoints", client="ADBC")
def test_rows_of_several_endpoints_arrive_whole(connect: Connect) -> None:
    connection = connect(db_kwargs=COOKIES)
    keep(connection.adbc_connection, partitions=3)
    with connection.cursor() as cursor:
        found = cursor.execute(f"SELECT * FROM {READ}.BIG").fetch_arrow_table()
    assert found.sort_by("ID").to_pydict() == big().to_pydict()


@pytest.mark.feature("several endpoints", client="ADBC")
def test_rows_of_several_endpoints_come_in_the_order_of_the_endpoints(connect: Connect) -> None:
    connection = connect(db_kwargs=COOKIES)
    keep(connection.adbc_connection, partitions=3)
    with connection.cursor() as cursor:
        whole = cursor.execute(SCAN).fetch_arrow_table().column("ID").to_pylist()
        partitions, _ = cursor.adbc_execute_partitions(SCAN)
        for partition in partitions:
            cursor.adbc_read_partition(partition)
            part = cursor.fetch_arrow_table().column("ID").to_pylist()
            assert set(whole[: len(part)]) == set(part)
            del whole[: len(part)]
    assert whole == []


@pytest.mark.feature("several endpoints", client="ADBC")
def test_ordered_result_has_one_endpoint_and_its_order(connect: Connect) -> None:
    connection = connect(db_kwargs=COOKIES)
    keep(connection.adbc_connection, partitions=4)
    with connection.cursor() as cursor:
        partitions, _ = cursor.adbc_execute_partitions(f"{SCAN} ORDER BY ID DESC")
        assert len(partitions) == 1
        cursor.adbc_read_partition(partitions[0])
        ids = cursor.fetch_arrow_table().column("ID").to_pylist()
    assert ids == list(range(BIG_ROWS - 1, -1, -1))


@pytest.mark.feature("session options: compression", client="ADBC")
@pytest.mark.parametrize("codec", ["lz4", "zstd"])
def test_compressed_result_takes_fewer_bytes(
    connect: Connect, service: SqlService, codec: str
) -> None:
    with forwarding(service.port) as wire:
        connection = connect(wire.uri, db_kwargs=COOKIES)
        with connection.cursor() as cursor:
            plain = cursor.execute(SCAN).fetch_arrow_table()
        plain_bytes, wire.received = wire.received, 0
        keep(connection.adbc_connection, compression=codec)
        with connection.cursor() as cursor:  # a cursor keeps the options of its first preparing
            compressed = cursor.execute(SCAN).fetch_arrow_table()
        assert compressed.sort_by("ID") == plain.sort_by("ID")
        assert wire.received < plain_bytes / 2


@pytest.mark.feature("session options: batch size", client="ADBC")
def test_batches_have_the_size_of_the_session(connect: Connect) -> None:
    connection = connect(db_kwargs=COOKIES)
    keep(connection.adbc_connection, batch_bytes=65_536)
    with connection.cursor() as cursor:
        batches = cursor.execute(SCAN).fetch_arrow_table().to_batches()
    assert max(batch.nbytes for batch in batches) <= 131_072


@pytest.mark.feature("parallel cursors", client="ADBC")
def test_fifty_cursors_at_once_get_their_own_rows(connect: Connect) -> None:
    connection = connect()

    def read(number: int) -> list[tuple[int, ...]]:
        with connection.cursor() as cursor:
            return cursor.execute(f"SELECT ID FROM {READ}.BIG WHERE ID = ?", [number]).fetchall()

    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        assert list(pool.map(read, range(50))) == [[(number,)] for number in range(50)]


@pytest.mark.feature("results that are dropped", client="ADBC")
def test_reader_dropped_in_the_middle_releases_everything(
    connect: Connect, service: SqlService
) -> None:
    connection = connect(db_kwargs=COOKIES)
    keep(connection.adbc_connection, batch_bytes=65_536)
    cursor = connection.cursor()
    reader = cursor.execute(f"SELECT A.ID FROM {READ}.BIG A CROSS JOIN {READ}.ORDERS B")
    reader.fetchone()
    assert service.counts.streams == 1
    cursor.close()
    service.wait_for_rest()


@pytest.mark.feature("results that are dropped", client="ADBC")
def test_connection_closed_in_the_middle_releases_everything(service: SqlService) -> None:
    with (
        dbapi.connect(service.uri, autocommit=True) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(f"SELECT A.ID FROM {READ}.BIG A CROSS JOIN {READ}.BIG B").fetchone()
    service.wait_for_rest()
