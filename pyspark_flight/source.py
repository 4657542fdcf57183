"""``format("flight")``: Spark's Python data source over tickets and endpoints.

Spark makes the source and its readers in planning processes of the driver, and reads in tasks; what
passes between them is pickled [pyspark 4.3, sql/worker]. Only bytes and settings are: nothing of
pyarrow.flight pickles.
"""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql.datasource import DataSource, DataSourceReader, InputPartition

from flight_client.protocol.errors import Error
from pyspark_flight.names import check_names
from pyspark_flight.tersely import tersely

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa
    from pyspark.sql.datasource import DataSourceWriter
    from pyspark.sql.datasource import Filter as SparkFilter
    from pyspark.sql.types import StructType

    from flight_client.protocol.filters import Filter
    from pyspark_flight.options import ReadOptions

# The lookup of data sources loads this module in every session: the rest is loaded by its use.


class FlightDataSource(DataSource):
    """What SAP Datasphere holds, as ``format("flight")`` reads and writes it."""

    _described: "pa.Schema | None" = None

    @classmethod
    def name(cls) -> str:
        """What ``format`` and ``USING`` call it."""
        return "flight"

    @tersely
    def schema(self) -> "StructType":
        """The Spark schema of the columns wanted; asks the server once a load, and reads nothing.

        Raises:
            Error: An option is wrong, or the server refuses the read.
        """
        from flight_client.sinks.spark import spark_schema

        self._described = _describe(_options(self))
        check_names(self._described.names)
        return spark_schema(self._described)

    @tersely
    def reader(self, schema: "StructType") -> DataSourceReader:
        """A reader of the columns that ``schema`` names: all that were described, or a user's.

        Raises:
            Error: An option is wrong, or the schema.
        """
        options = _options(self)
        check_names(schema.names)
        if not options.pushdown:
            return FlightReader(options, schema)
        return PushdownReader(options, schema, self._described)

    @tersely
    def writer(self, schema: "StructType", overwrite: bool) -> "DataSourceWriter":  # noqa: FBT001
        """A writer of rows of ``schema``; what it needs on the server is made now.

        Raises:
            Error: An option is wrong, or the server refuses the write, a column or its type.
        """
        from pyspark_flight.write_options import write_options
        from pyspark_flight.writing import begin_write

        options = write_options(dict(self.options), os.environ, overwrite=overwrite)
        return begin_write(options, schema)


@dataclass(frozen=True, slots=True)
class Endpoint(InputPartition):
    """One Spark partition: the ticket of an endpoint, readable again and in any process."""

    ticket: bytes


class FlightReader(DataSourceReader):
    """Reads the endpoints that it finds anew for each action."""

    def __init__(self, options: "ReadOptions", schema: "StructType") -> None:
        """A reader of the columns of a schema."""
        from flight_client.sinks.spark import arrow_schema

        self._options = options
        self._target = arrow_schema(schema)
        self._where: Filter | None = None

    @tersely
    def partitions(self) -> list[InputPartition]:
        """One for each endpoint.

        Raises:
            Error: The server refuses the read.
        """
        from flight_client.client import Client

        with Client(self._options.config) as client:
            wanted = tuple(self._target.names)
            result = self._options.result(client, columns=wanted, where=self._where)
            return [Endpoint(ticket) for ticket in result.endpoints()]

    def read(self, partition: InputPartition) -> "Iterator[pa.RecordBatch]":
        """The rows of one of ``partitions``, in a task."""
        from pyspark_flight.endpoints import read_endpoint

        if not isinstance(partition, Endpoint):  # Spark makes one where there is no endpoint
            return
        try:
            yield from read_endpoint(self._options.config, partition.ticket, self._target)
        except Error as error:
            raise error.with_traceback(None) from None


class PushdownReader(FlightReader):
    """Hands filters to the database, those that mean the same there.

    What Spark 4.3 makes of it: see docs/spark.md, it mixes up the filters of a frame that is read
    more than once. A class of its own: Spark fails reads of any class with ``pushFilters`` unless
    ``spark.sql.python.filterPushdown.enabled`` is true.
    """

    def __init__(
        self, options: "ReadOptions", schema: "StructType", described: "pa.Schema | None"
    ) -> None:
        """A reader of the columns of a schema; without ``described`` the server is asked."""
        super().__init__(options, schema)
        self._described = described

    @tersely
    def pushFilters(self, filters: "list[SparkFilter]") -> "Iterable[SparkFilter]":  # noqa: N802
        """Take those that mean the same in the database; the others are given back to Spark."""
        from pyspark_flight.pushdown import push

        if self._options.query is not None:
            return filters
        columns = tuple(self._target.names)
        described = self._described or _describe(self._options, columns)
        self._where, left = push(filters, described, self._target)
        return left


def _options(source: DataSource) -> "ReadOptions":
    from pyspark_flight.options import read_options

    # Spark's mapping hands out its names in lower case
    return read_options(dict(source.options), os.environ)


def _describe(options: "ReadOptions", columns: tuple[str, ...] | None = None) -> "pa.Schema":
    from flight_client.client import Client

    with Client(options.config) as client:
        return options.result(client, columns=columns).schema
