"""``format("flight")`` in a local session: rows, columns, partitions, filters, errors."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

import flight_client
from pyspark_flight import read_with_map_in_arrow
from tests.spark.conftest import EVENTS_ROWS, START, Load, events

pytestmark = [
    pytest.mark.spark,
    pytest.mark.timeout(300),  # Spark starts Python processes for most of what it does
    pytest.mark.filterwarnings("default"),  # pyspark's own are not ours to mend
]

PLAIN = "ID", "SMALL", "AT", "DAY", "AMOUNT", "RATIO", "TEXT", "FLAG"


def ids(frame: Any) -> set[int]:
    return {row.ID for row in frame.select("ID").collect()}


def filtered_by_spark(frame: Any) -> bool:
    optimized = frame._jdf.queryExecution().optimizedPlan().toString()
    return re.search(r"\bFilter\b", optimized) is not None


def test_table_comes_whole_and_exact(load: Load) -> None:
    assert load(partitions=3).orderBy("ID").toArrow().cast(events().schema) == events()


def test_partitions_are_the_endpoints(load: Load) -> None:
    frame = load(partitions=3, partition_by="ID")

    assert frame.rdd.getNumPartitions() == 3
    assert frame.count() == EVENTS_ROWS


def test_every_type_arrives_as_the_table_says(spark: Any, typed_uri: str) -> None:
    frame = spark.read.format("flight").options(uri=typed_uri, table="TYPES").load()
    with flight_client.connect(typed_uri) as client:
        sent = client.table("TYPES").to_arrow()

    rows = [row.asDict() for row in frame.orderBy("ROW").collect()]

    expected = sent.set_column(
        sent.schema.get_field_index("TIME"), "TIME", sent["TIME"].cast(pa.string())
    )
    assert rows == expected.to_pylist()
    assert {each.name: each.dataType.simpleString() for each in frame.schema} == {
        "ROW": "int", "TINYINT": "smallint", "SMALLINT": "smallint", "INTEGER": "int",
        "BIGINT": "bigint", "DECIMAL(15,2)": "decimal(15,2)", "DECIMAL(38,0)": "decimal(38,0)",
        "DECIMAL(38,38)": "decimal(38,38)", "REAL": "float", "DOUBLE": "double",
        "BOOLEAN": "boolean", "NVARCHAR": "string", "VARBINARY": "binary", "DATE": "date",
        "TIME": "string", "SECONDDATE": "timestamp_ntz", "TIMESTAMP": "timestamp_ntz",
        "VECTOR": "array<float>", "NCLOB": "string", "BLOB": "binary",
    }  # fmt: skip


def test_columns_option_reads_these_alone(load: Load) -> None:
    assert load(columns="SMALL, ID").columns == ["SMALL", "ID"]


def test_users_schema_prunes_and_widens(load: Load) -> None:
    frame = load(schema="SMALL BIGINT, AMOUNT DECIMAL(20, 4), ID BIGINT")

    (row,) = frame.where("ID = 15").collect()

    assert row.asDict() == {"SMALL": 1, "AMOUNT": Decimal("0.1500"), "ID": 15}


def test_schema_that_values_do_not_fit_is_an_error_with_the_column(load: Load) -> None:
    with pytest.raises(Exception, match="Column 'RATIO' of type double cannot be read as int32"):
        load(schema="RATIO INT").collect()


def test_schema_with_not_null_refuses_null(load: Load) -> None:
    spark_types = pytest.importorskip("pyspark.sql.types")
    field = spark_types.StructField("TEXT", spark_types.StringType(), nullable=False)

    with pytest.raises(Exception, match="Column 'TEXT' has NULL"):
        load(schema=spark_types.StructType([field])).collect()


def test_schema_without_a_column_is_refused(load: Load) -> None:
    empty = pytest.importorskip("pyspark.sql.types").StructType([])

    with pytest.raises(Exception, match=r"InvalidRead: The schema names no column; "):
        load(schema=empty).count()


def test_query_with_a_name_twice_is_refused(spark: Any, uri: str, load: Load) -> None:
    query = 'SELECT "ID", "SMALL" AS "ID" FROM "EVENTS"'

    with pytest.raises(Exception, match=r"InvalidRead: Several columns are named 'ID'; "):
        load(query=query)
    with pytest.raises(flight_client.InvalidRead, match="Several columns are named 'ID'; "):
        read_with_map_in_arrow(spark, uri=uri, space="SALES", query=query)


def test_query_with_parameters_is_read(load: Load) -> None:
    frame = load(
        query='SELECT "ID", "AMOUNT" * 2 AS TWICE FROM "EVENTS" WHERE "ID" = ? AND "DAY" = ?',
        parameters='[15, {"date": "2024-01-16"}]',
    )

    assert [tuple(row) for row in frame.collect()] == [(15, Decimal("0.30"))]


@pytest.mark.parametrize(
    ("condition", "python"),
    [
        ("ID >= 990 AND SMALL = 3", lambda r: r["ID"] >= 990 and r["SMALL"] == 3),
        ("AT = '2024-01-01 00:00:00.005'", lambda r: r["ID"] == 5),
        ("AT > '2024-01-01 00:00:00.990'", lambda r: r["ID"] > 990),
        ("AT <= '2024-01-01 00:00:00.0105'", lambda r: r["ID"] <= 10),
        ("DAY < date'2024-01-03'", lambda r: r["DAY"] < date(2024, 1, 3)),
        ("AMOUNT IN (0.11, 0.12, 7)", lambda r: r["ID"] in (11, 12)),
        ("NOT AMOUNT IN (0.11, 0.12)", lambda r: r["AMOUNT"] and r["ID"] not in (11, 12)),
        ("startswith(TEXT, r'50%_\\1')", lambda r: r["TEXT"] and r["TEXT"][5:6] == "1"),
        ("TEXT LIKE '%0'", lambda r: r["TEXT"] and r["TEXT"].endswith("0")),
        ("TEXT >= '50%_\\\\5'", lambda r: r["TEXT"] and r["TEXT"] >= "50%_\\5"),
        ("TEXT IS NULL AND FLAG", lambda r: r["TEXT"] is None and r["FLAG"]),
        ("RATIO <> 0.125", lambda r: r["ID"] != 1),
        ("RATIO < 0.25D", lambda r: r["ID"] < 2),
        ("NOT FLAG AND ID < 5", lambda r: not r["FLAG"] and r["ID"] < 5),
    ],
)
def test_pushed_filter_keeps_the_rows_that_spark_keeps(
    load: Load, condition: str, python: Any
) -> None:
    frame = load(pushdown=True, columns=",".join(PLAIN)).where(condition)

    assert ids(frame) == {row["ID"] for row in events().to_pylist() if python(row)}
    assert not filtered_by_spark(frame)


def test_where_option_is_done_by_the_database(load: Load) -> None:
    where = (
        '{"or": [{"column": "ID", "op": "<", "value": 2}, {"column": "ID", "op": "=", "value": 9}]}'
    )
    frame = load(where=where, columns="ID, SMALL")

    assert ids(frame) == {0, 1, 9}
    assert ids(frame.where("SMALL > 0")) == {1, 9}


@pytest.mark.xfail(reason="Spark 4.1 to 4.3 share the plan of a loaded frame among its reads")
def test_frame_with_pushed_filters_may_be_read_without_them(load: Load) -> None:
    frame = load(pushdown=True)
    frame.where("ID < 5").collect()

    assert frame.count() == EVENTS_ROWS


@pytest.mark.parametrize("condition", ["ID % 2 = 0", "ID < 2 OR ID > 997", "RATIO = double('NaN')"])
def test_filter_without_counterpart_stays_with_spark(load: Load, condition: str) -> None:
    pushed, plain = load(pushdown=True).where(condition), load().where(condition)

    assert filtered_by_spark(pushed)
    assert ids(pushed) == ids(plain)


def test_filter_on_a_column_of_a_users_type_stays_with_spark(load: Load) -> None:
    frame = load(schema="ID BIGINT, RATIO FLOAT", pushdown=True).where("RATIO < 0.25F")

    assert filtered_by_spark(frame)
    assert ids(frame) == {0, 1}


def test_read_without_pushdown_works_where_spark_has_it_off(spark: Any, load: Load) -> None:
    spark.conf.set("spark.sql.python.filterPushdown.enabled", "false")
    try:
        assert ids(load().where("ID < 3")) == {0, 1, 2}
    finally:
        spark.conf.set("spark.sql.python.filterPushdown.enabled", "true")


def test_sql_view_reads_the_table(spark: Any, uri: str) -> None:
    spark.sql(
        f"CREATE OR REPLACE TEMPORARY VIEW events USING flight "
        f"OPTIONS (uri '{uri}', space 'SALES', table 'EVENTS', columns 'ID, AT')"
    )

    (row,) = spark.sql("SELECT max(AT) AS LAST, count(*) AS N FROM events").collect()

    assert row.asDict() == {"LAST": START.replace(microsecond=999_000), "N": EVENTS_ROWS}


def test_limit_ends_the_read_early(load: Load) -> None:
    assert len(load(partitions=2).limit(3).collect()) == 3


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"table": "NIX"}, r"UnknownEntity: There is no entity 'NIX'"),
        ({"columns": "NIX"}, r"UnknownColumn: .*'NIX'"),
        ({"colums": "ID"}, r"format\('flight'\) has no option 'colums'; did you mean 'columns'"),
        ({"uri": "grpc://localhost:1"}, r"Unavailable: No connection to grpc://localhost:1"),
    ],
)
def test_error_of_a_load_ends_in_one_sentence(
    spark: Any, uri: str, options: dict[str, str], sentence: str
) -> None:
    reader = spark.read.format("flight").options(**{"uri": uri, "table": "EVENTS", **options})

    with pytest.raises(Exception, match=sentence) as caught:
        reader.load()

    assert str(caught.value).count("Traceback") == 1
    assert "transport.py" not in str(caught.value)


def test_error_in_a_task_ends_in_one_sentence(load: Load) -> None:
    with pytest.raises(Exception, match=r"DataError: \S.*\.") as caught:
        load(query='SELECT CAST("TEXT" AS INTEGER) AS N FROM "EVENTS"').collect()

    assert "streaming.py" not in str(caught.value)


def test_map_in_arrow_reads_the_same_rows(spark: Any, uri: str) -> None:
    frame = read_with_map_in_arrow(
        spark, uri=uri, space="SALES", table="EVENTS", columns=["ID", "AT", "AMOUNT"], partitions=2
    )

    assert frame.rdd.getNumPartitions() == 2
    assert frame.orderBy("ID").toArrow() == events().select(["ID", "AT", "AMOUNT"])


def test_result_becomes_a_frame_by_way_of_the_driver(spark: Any, typed_uri: str) -> None:
    with flight_client.connect(typed_uri) as client:
        frame = client.table("TYPES", columns=["ROW", "TIMESTAMP", "TIME", "VECTOR"]).to_spark(
            spark
        )

    last = frame.where("ROW = 1").collect()[0]

    assert last["TIMESTAMP"] == datetime(9999, 12, 31, 23, 59, 59, 999999)
    assert (last.TIME, last.VECTOR) == ("23:59:59", [3.0, 4.0])
