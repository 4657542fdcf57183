"""``format("flight")`` writes in a local session, over both databases: rows once or not at all."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from flight_client.client import Client
from pyspark_flight.source import FlightDataSource
from tests.spark.conftest import Save
from tests.support.sql_service import Landscape, SqlService
from tests.support.sql_tables import WRITE

pytest.importorskip("pyspark")

pytestmark = [
    pytest.mark.spark,
    pytest.mark.timeout(300),  # Spark starts Python processes for most of what it does
    pytest.mark.filterwarnings("default"),  # pyspark's own are not ours to mend
]

ROWS = pa.table({"ID": pa.array([1, 2], pa.int64()), "NAME": ["a", None]})


def numbered(spark: Any, rows: int, partitions: int, first: int = 0) -> Any:
    frame = spark.range(first, first + rows, 1, partitions)
    return frame.selectExpr("id AS ID", "concat('name ', id) AS NAME")


def read(client: Client, table: str) -> list[tuple[Any, ...]]:
    rows = client.table(table).to_arrow().to_pylist()
    return sorted(tuple(row.values()) for row in rows)


@pytest.fixture
def target(client: Client, table: str) -> str:
    """A table of two rows, with a key."""
    client.write(table, ROWS, mode="create", keys=["ID"])
    return table


# modes


def test_append_adds_the_rows_of_every_partition_with_one_stage(
    spark: Any, client: Client, service: SqlService, target: str, save: Save
) -> None:
    made, begun = len(service.counts.made), service.counts.begun

    save(numbered(spark, 1000, 4, first=10), target)

    assert read(client, target)[:3] == [(1, "a"), (2, None), (10, "name 10")]
    assert len(read(client, target)) == 1002
    assert len(service.counts.made) == made + 1
    # the columns are checked, the stage is made, filled four times, emptied, and dropped
    assert service.counts.begun == begun + 8


def test_upsert_sets_what_is_there_and_adds_the_rest(
    spark: Any, client: Client, target: str, save: Save
) -> None:
    save(numbered(spark, 3, 2, first=2), target, upsert=True, keys="ID")

    assert read(client, target) == [(1, "a"), (2, "name 2"), (3, "name 3"), (4, "name 4")]


def test_overwrite_makes_a_table_that_is_missing(
    spark: Any, client: Client, table: str, save: Save
) -> None:
    types = '{"NAME": "NVARCHAR(20)", "ID": "DECIMAL(9,0)"}'
    save(numbered(spark, 3, 2), table, mode="overwrite", keys="ID", types=types, batch_rows=1)

    columns = client.describe(table).entity.columns
    assert [(column.name, column.key) for column in columns] == [("ID", True), ("NAME", False)]
    assert str(columns[0].type) == "DECIMAL(9,0)"
    assert read(client, table) == [(Decimal(at), f"name {at}") for at in range(3)]


def test_overwrite_takes_the_place_of_a_table_with_other_columns(
    spark: Any, client: Client, target: str, save: Save
) -> None:
    save(spark.range(3).selectExpr("id AS N"), target, mode="overwrite")

    assert read(client, target) == [(0,), (1,), (2,)]


def test_overwrite_with_rows_of_the_table_itself(
    spark: Any, client: Client, service: SqlService, target: str, save: Save
) -> None:
    reader = spark.read.format("flight").options(uri=service.uri, space=WRITE, table=target)

    save(reader.load().where("ID = 2"), target, mode="overwrite")

    assert read(client, target) == [(2, None)]


@pytest.mark.parametrize("mode", ["append", "overwrite"])
@pytest.mark.parametrize("partitions", [0, 3])
def test_frame_without_rows_writes_none(
    *, spark: Any, client: Client, target: str, save: Save, mode: str, partitions: int
) -> None:
    if partitions:
        frame = numbered(spark, 10, partitions).where("ID < 0")
    else:
        frame = spark.createDataFrame(spark.sparkContext.emptyRDD(), "ID BIGINT, NAME STRING")

    save(frame, target, mode=mode)

    assert read(client, target) == ([(1, "a"), (2, None)] if mode == "append" else [])


@pytest.mark.parametrize("mode", [None, "ignore"])
def test_other_modes_are_refused_by_spark(
    spark: Any, target: str, save: Save, mode: str | None
) -> None:
    with pytest.raises(Exception, match='use either the "Append" or "Overwrite" mode'):
        save(numbered(spark, 1, 1), target, mode=mode or "errorifexists")


def test_sql_inserts_into_a_view_by_the_order_of_columns(
    spark: Any, client: Client, service: SqlService, target: str
) -> None:
    spark.sql(
        f"CREATE OR REPLACE TEMPORARY VIEW target USING flight "
        f"OPTIONS (uri '{service.uri}', space '{WRITE}', table '{target}')"
    )

    spark.sql("INSERT INTO target SELECT 7 AS NAME, 'seven' AS ID")

    assert read(client, target) == [(1, "a"), (2, None), (7, "seven")]


def test_two_writers_at_once_both_write(
    spark: Any, client: Client, target: str, save: Save
) -> None:
    def save_from(first: int) -> None:
        spark.createDataFrame([], "A INT")  # tells Spark the session of this thread
        save(numbered(spark, 100, 2, first=first), target)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(save_from, (1000, 2000)))

    assert len(read(client, target)) == 202


# values


def test_every_type_comes_back(
    spark: Any, client: Client, service: SqlService, table: str, save: Save
) -> None:
    types = client.table("TYPES", space="SALES")
    client.write(table, types.schema.empty_table(), mode="create")
    reader = spark.read.format("flight").options(uri=service.uri, space="SALES", table="TYPES")

    save(reader.load().repartition(2), table)

    found = client.table(table, order_by=["ROW"]).to_arrow()
    assert (
        found.to_pylist()
        == client.table("TYPES", space="SALES", order_by=["ROW"]).to_arrow().to_pylist()
    )


def test_timestamp_becomes_utc_and_one_without_a_zone_stays(
    spark: Any, client: Client, table: str, save: Save
) -> None:
    frame = spark.sql(
        "SELECT TIMESTAMP '2024-07-01 12:00:00.000001 Europe/Berlin' AS AT, "
        "TIMESTAMP_NTZ '2024-07-01 12:00:00' AS LOCAL, TIME '12:00:00' AS HOUR, "
        "CAST('x' AS VARCHAR(3)) AS SHORT, -0.0D AS ZERO"
    )

    save(frame, table, mode="overwrite")

    (row,) = client.table(table).to_arrow().to_pylist()
    assert row["AT"] == datetime(2024, 7, 1, 10, 0, 0, 1, tzinfo=UTC).replace(tzinfo=None)
    assert row["LOCAL"] == datetime(2024, 7, 1, 12)
    assert (str(row["HOUR"]), row["SHORT"], str(row["ZERO"])) == ("12:00:00", "x", "-0.0")


def test_text_that_is_no_time_is_refused(
    spark: Any, client: Client, table: str, save: Save
) -> None:
    frame = spark.sql("SELECT '12:00:00.5' AS HOUR")

    with pytest.raises(Exception, match="DataError: Column 'HOUR' takes TIME, written as 23:59:59"):
        save(frame, table, mode="overwrite", types='{"HOUR": "TIME"}')

    assert table not in client.tables()


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("array(1)", r"Column 'C' of Arrow type list<.*> has no HANA counterpart"),
        ("array()", r"Column 'C' of Arrow type list<.*> has no HANA counterpart"),
        ("map('a', 1)", "Column 'C' of Arrow type map"),
        ("map()", "Column 'C' has Spark's type map<void,void>, which is not written"),
        ("named_struct('a', 1)", "Column 'C' of Arrow type struct"),
        ("INTERVAL 1 DAY", "Column 'C' of Arrow type duration"),
        ("INTERVAL 1 YEAR", "Column 'C' has Spark's type interval year, which is not written"),
        ("parse_json('1')", "Column 'C' has Spark's type variant, which is not written"),
        ("NULL", "Column 'C' .* holds nothing but NULL: give it a type"),
    ],
)
def test_type_that_no_column_holds_is_refused_by_name(
    *, spark: Any, client: Client, table: str, save: Save, expression: str, sentence: str
) -> None:
    with pytest.raises(Exception, match=sentence):
        save(spark.sql(f"SELECT {expression} AS C"), table, mode="overwrite")

    assert table not in client.tables()


# failures; the client's fixture looks for staging tables that were left


@pytest.fixture
def failing(spark: Any) -> None:
    """The format with tasks that fail after their rows were written."""
    spark.dataSource.register(FailingSource)


class FailingSource(FlightDataSource):
    """Fails in partition 1: on the first try, or on every one."""

    @classmethod
    def name(cls) -> str:
        return "failing_flight"

    def writer(self, schema: Any, overwrite: bool) -> Any:
        from pyspark_flight.writing import FlightWriter

        always = self.options.pop("always") == "true"

        class FailingWriter(FlightWriter):
            def write(self, iterator: Any) -> Any:
                from pyspark import TaskContext

                done, context = super().write(iterator), TaskContext.get()
                if context.partitionId() == 1 and (always or context.attemptNumber() == 0):
                    raise OSError("the disk of this executor is full")
                return done

        made = super().writer(schema, overwrite)
        made.__class__ = FailingWriter
        return made


def save_failing(frame: Any, service: SqlService, table: str, **options: object) -> None:
    writer = frame.write.format("failing_flight").mode("append")
    writer.options(uri=service.uri, space=WRITE, table=table, **options).save()


@pytest.mark.usefixtures("failing")
def test_task_that_is_repeated_writes_its_rows_once(
    spark: Any, client: Client, service: SqlService, target: str
) -> None:
    save_failing(numbered(spark, 100, 3, first=10), service, target, always=False)

    assert len(read(client, target)) == 102


@pytest.mark.usefixtures("failing")
def test_task_that_always_fails_leaves_the_table_as_it_was(
    spark: Any, client: Client, service: SqlService, target: str
) -> None:
    with pytest.raises(Exception, match="the disk of this executor is full"):
        save_failing(numbered(spark, 100, 3, first=10), service, target, always=True)

    assert read(client, target) == [(1, "a"), (2, None)]


def test_failure_of_the_frame_itself_leaves_the_table_as_it_was(
    spark: Any, client: Client, target: str, save: Save
) -> None:
    def failing(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        yield from batches
        raise ValueError("the model of this frame failed")

    frame = numbered(spark, 10, 2, first=10)

    with pytest.raises(Exception, match="the model of this frame failed"):
        save(frame.mapInArrow(failing, frame.schema), target)

    assert read(client, target) == [(1, "a"), (2, None)]


@pytest.mark.parametrize("mode", ["append", "overwrite"])
def test_value_that_does_not_fit_names_row_column_and_partition(
    spark: Any, client: Client, target: str, save: Save, mode: str
) -> None:
    frame = numbered(spark, 10, 1, first=10).selectExpr(
        "IF(ID = 14, 0.5D, CAST(ID AS DOUBLE)) AS ID", "NAME"
    )
    types = {"types": '{"ID": "BIGINT"}'} if mode == "overwrite" else {}

    with pytest.raises(Exception, match=r"DataError: Row 5 .* 'ID' .* in partition 0\.") as caught:
        save(frame, target, mode=mode, **types)

    assert "sending.py" not in str(caught.value)
    assert read(client, target) == [(1, "a"), (2, None)]


@pytest.mark.parametrize("options", [{}, {"upsert": True}])
def test_key_twice_leaves_the_table_as_it_was(
    spark: Any, client: Client, target: str, save: Save, options: dict[str, object]
) -> None:
    frame = numbered(spark, 10, 3).selectExpr("ID % 5 AS ID", "NAME")

    with pytest.raises(Exception, match=r"DataError: \S.*\.") as caught:
        save(frame, target, **options)

    assert "staging.py" not in str(caught.value)
    assert read(client, target) == [(1, "a"), (2, None)]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"table": "NIX"}, "UnknownEntity: There is no table 'NIX' in space 'LAB'"),
        ({"upsrt": "true"}, "no option 'upsrt'; did you mean 'upsert'"),
        ({"partitions": "2"}, "'partitions' goes with a read, not with a write"),
        ({"space": "SALES"}, "AccessDenied: The space 'SALES' is not one to write to"),
        ({"uri": "grpc://localhost:1"}, "Unavailable: No connection to grpc://localhost:1"),
    ],
    ids=["table", "option", "option-of-reads", "space", "server"],
)
def test_write_that_cannot_be_is_refused_in_one_sentence(
    spark: Any, target: str, save: Save, options: dict[str, str], sentence: str
) -> None:
    with pytest.raises(Exception, match=sentence) as caught:
        save(numbered(spark, 1, 1), target, **options)

    assert str(caught.value).count("Traceback") == 1
    assert "transport.py" not in str(caught.value)


def test_column_that_the_table_lacks_is_refused(spark: Any, target: str, save: Save) -> None:
    with pytest.raises(Exception, match=r"UnknownColumn: .* no column 'NAM'"):
        save(numbered(spark, 1, 1).withColumnRenamed("NAME", "NAM"), target)


def test_server_that_takes_no_writes_refuses_them(
    spark: Any, landscape: Landscape, table: str, save: Save
) -> None:
    with (
        landscape.serving(writes={"enabled": False}) as closed,
        pytest.raises(Exception, match="AccessDenied: "),
    ):
        save(numbered(spark, 1, 1), table, mode="overwrite", uri=closed.uri)
