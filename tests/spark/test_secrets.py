"""No token or password in what Spark shows or keeps: plans, event log, errors; and it arrives."""

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flight_client.client import Client
from tests.spark.conftest import Save
from tests.support.flight_double import FlightDouble
from tests.support.sql_service import SqlService
from tests.support.sql_tables import WRITE

pytestmark = [
    pytest.mark.spark,
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("default"),  # pyspark's own are not ours to mend
]

SECRET = "hunter2-never-shown"
SAID = {
    "token": {"token": SECRET},
    "password": {"user": "ANNA", "password": SECRET},
}


@pytest.fixture
def double() -> Iterator[FlightDouble]:
    with FlightDouble() as server:
        yield server


def shown(frame: Any) -> str:
    """All that ``explain`` prints, in every mode, and the plans' own texts."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        for mode in ("simple", "extended", "codegen", "cost", "formatted"):
            frame.explain(mode=mode)
    execution = frame._jdf.queryExecution()
    return printed.getvalue() + execution.toString() + execution.logical().toJSON()


def logged(spark: Any, event_log: Path) -> str:
    spark.sparkContext._jsc.sc().listenerBus().waitUntilEmpty()
    return "".join(path.read_text(encoding="utf-8") for path in event_log.iterdir())


@pytest.mark.parametrize("kind", SAID)
def test_secret_of_an_option_is_nowhere_to_be_read(
    spark: Any, event_log: Path, double: FlightDouble, kind: str
) -> None:
    reader = spark.read.format("flight").options(uri=double.uri, table="ORDERS", **SAID[kind])
    frame = reader.load()

    texts = shown(frame)
    frame.collect()

    assert "flight" in texts
    assert SECRET not in texts
    assert "BatchScan flight" in logged(spark, event_log)
    assert SECRET not in logged(spark, event_log)


def test_secret_of_a_view_is_nowhere_in_its_plan(
    spark: Any, event_log: Path, double: FlightDouble
) -> None:
    spark.sql(
        "CREATE OR REPLACE TEMPORARY VIEW secret_orders USING flight "
        f"OPTIONS (uri '{double.uri}', table 'ORDERS', token '{SECRET}')"
    )
    frame = spark.sql("SELECT * FROM secret_orders")

    texts = shown(frame) + spark.sql("DESCRIBE EXTENDED secret_orders").toPandas().to_string()
    frame.collect()

    assert SECRET not in texts
    assert SECRET not in logged(spark, event_log)


def test_token_file_is_read_by_the_driver_and_not_by_tasks(
    spark: Any, double: FlightDouble, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text(f"{SECRET}\n")
    reader = spark.read.format("flight").options(uri=double.uri, table="ORDERS", token_file=file)
    frame = reader.load()
    partitions = frame.rdd  # planned by the driver, once and for all
    assert partitions.getNumPartitions() == 1
    file.unlink()

    assert partitions.count() == 100
    assert {tuple(headers["authorization"]) for headers in double.seen.headers} == {
        (f"Bearer {SECRET}",)
    }


def test_error_of_a_read_shows_no_token(spark: Any, double: FlightDouble) -> None:
    reader = spark.read.format("flight").options(uri=double.uri, table="NIX", token=SECRET)

    with pytest.raises(Exception, match="NIX") as caught:
        reader.load()

    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("kind", SAID)
@pytest.mark.parametrize("mode", ["append", "overwrite"])
def test_secret_of_a_write_is_nowhere_to_be_read(
    *, spark: Any, event_log: Path, client: Client, table: str, save: Save, kind: str, mode: str
) -> None:
    plan = "AppendData" if mode == "append" else "OverwriteByExpression"
    save(spark.range(2), table, mode="overwrite")

    save(spark.range(3), table, mode=mode, **SAID[kind])

    assert client.table(table).to_arrow().num_rows == (5 if mode == "append" else 3)
    assert plan in logged(spark, event_log)
    assert SECRET not in logged(spark, event_log)


def test_secret_of_an_insert_is_nowhere_in_its_plan(
    spark: Any, service: SqlService, client: Client, table: str, save: Save
) -> None:
    save(spark.range(1), table, mode="overwrite")
    spark.sql(
        "CREATE OR REPLACE TEMPORARY VIEW secret_target USING flight "
        f"OPTIONS (uri '{service.uri}', space '{WRITE}', table '{table}', token '{SECRET}')"
    )

    (plan,) = spark.sql("EXPLAIN EXTENDED INSERT INTO secret_target SELECT 7").collect()

    assert "AppendData" in plan[0]
    assert SECRET not in plan[0]
    assert client.table(table).to_arrow().num_rows == 1


@pytest.mark.parametrize("frame", ["id", "IF(id = 1, NULL, id) AS id"], ids=["driver", "task"])
def test_error_of_a_write_shows_no_token(
    *, spark: Any, client: Client, table: str, save: Save, frame: str
) -> None:
    save(spark.range(1), table, mode="overwrite", keys="id")

    with pytest.raises(Exception, match="Error: ") as caught:
        save(spark.range(2).selectExpr(frame), table, token=SECRET)

    assert SECRET not in str(caught.value)
    assert client.table(table).to_arrow().num_rows == 1
