"""The same read for Spark 3.4 and 3.5, without data sources: ``mapInArrow`` over tickets."""

import json
import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, cast

import pyarrow as pa

from flight_client.client import Client
from flight_client.sinks.spark import arrow_schema, spark_schema
from pyspark_flight.endpoints import read_endpoint
from pyspark_flight.names import check_names
from pyspark_flight.options import read_options

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


def read_with_map_in_arrow(spark: "SparkSession", **options: object) -> "DataFrame":
    """A DataFrame of the rows, one Spark partition for each endpoint; nothing is read yet.

    Files and environment are those of this process. The endpoints are found now and expire with
    their tickets (an hour by default): make it again then, where ``format("flight")`` finds new
    ones for each action.

    Args:
        spark: Classic or Connect session.
        **options: Those of ``format("flight")`` but ``pushdown``, as texts or as what they stand
            for: ``columns=["A", "B"]``, ``parameters={"P_YEAR": 2024}``, ``partitions=8``.

    Raises:
        Error: An option is wrong, or the server refuses the read.
    """
    read = read_options({name: _text(value) for name, value in options.items()}, os.environ)
    config = read.config
    with Client(config) as client:
        result = read.result(client)
        check_names(result.schema.names)
        schema, tickets = spark_schema(result.schema), result.endpoints()
    target = arrow_schema(schema)

    def rows(numbers: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in numbers:
            numbered = cast("list[int]", batch.column(0).to_pylist())
            for number in numbered:
                yield from read_endpoint(config, tickets[number], target)

    count = len(tickets)
    return spark.range(0, count, 1, max(1, count)).mapInArrow(rows, schema)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
