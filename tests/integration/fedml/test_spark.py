"""FedML's Spark methods, in a session that they find or make by themselves."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from flight_client.fedml import DbConnection
from tests.support.java import require_java

pytestmark = pytest.mark.spark


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    """A small local session; the methods take the one that is there."""
    session = pytest.importorskip("pyspark.sql").SparkSession
    require_java()
    made = (
        session.builder.master("local[1]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )
    yield made
    made.stop()


def test_table_is_read_into_a_spark_frame(db: DbConnection, session: Any) -> None:
    frame = db.get_data_with_headers_pyspark("ORDERS")
    assert frame.sparkSession is session
    assert frame.columns == ["ORDER_ID", "STATUS", "AMOUNT", "ORDERED"]
    first = frame.orderBy("ORDER_ID").first()
    assert tuple(first) == (1, "OPEN", Decimal("9.99"), date(2024, 1, 1))


def test_query_is_read_into_a_spark_frame(db: DbConnection, session: Any) -> None:
    frame = db.execute_query_pyspark("WITH X AS (SELECT STATUS FROM ORDERS) SELECT * FROM X")
    assert frame.count() == 4
