"""A read described lazily, then streamed to a sink; asks the server for nothing before it must."""

import html
import threading
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from flight_client.display import cell, html_table, text_table
from flight_client.progress import counted
from flight_client.protocol.commands import EXPLAIN, Explanation, decode_explanation
from flight_client.protocol.errors import (
    Error,
    ExpiredTicket,
    InternalError,
    Retry,
    UnsupportedType,
)
from flight_client.protocol.schemas import hana_type
from flight_client.protocol.tickets import ReadTicket, Ticket, encode_ticket
from flight_client.sinks.cudf import (
    DeviceArray,
    Frame,
    require_cudf,
    require_cupy,
    to_cudf,
    to_cupy,
)
from flight_client.sinks.duckdb import to_duckdb
from flight_client.sinks.pandas import DtypeBackend, to_pandas
from flight_client.sinks.polars import to_polars
from flight_client.sinks.spark import to_spark
from flight_client.streaming import OrderedStreams
from flight_client.transport import Described, Transport

if TYPE_CHECKING:
    import duckdb
    import pandas as pd  # pyright: ignore[reportMissingTypeStubs] - pandas ships none
    import polars as pl
    from pyspark.sql import DataFrame, SparkSession

STREAM_DEPTH: Final = 4
"""Batches of each endpoint that wait for a consumer who takes them one by one."""


class Result:
    """Rows that are there to be read: schema, size and endpoints are known without reading any.

    Nothing is asked of the server before the first use. **Every consumption runs the query again**:
    keep ``to_arrow()`` where the rows are needed twice. Several endpoints are read at once and
    handed on in their order; each is one statement and one snapshot of the database.

    Any Arrow library takes the object itself (``__arrow_c_stream__``).
    """

    def __init__(
        self,
        transport: Transport,
        ticket: Ticket | bytes,
        *,
        parallelism: int,
        progress: bool | None,
    ) -> None:
        """A result of ``Client``; made there, not by users."""
        self._transport = transport
        self._ticket = ticket
        self._parallelism = parallelism
        self._progress = progress
        self._lock = threading.Lock()
        self._described: Described | None = None

    @property
    def ticket(self) -> Ticket | bytes:
        """What is asked of the server; of a read of one endpoint, its bytes."""
        return self._ticket

    @property
    def schema(self) -> pa.Schema:
        """Schema of every batch; fields carry the HANA type in their metadata."""
        return self._describe().schema

    @property
    def total_rows(self) -> int | None:
        """How many rows there are; None where the server cannot know without running the query."""
        return self._describe().total_rows

    def endpoints(self) -> tuple[bytes, ...]:
        """The tickets of the endpoints: opaque, expiring, for any process of the same caller.

        ``Client.endpoint`` reads one, and so does ``do_get`` of any Flight client.
        """
        return self._describe().tickets

    def explain(self) -> Explanation:
        """The statement that is pushed down to the database; nothing is read."""
        answers = self._transport.act(EXPLAIN, self._command())
        if len(answers) != 1:
            raise InternalError(f"The server explained the read {len(answers)} times, not once.")
        return decode_explanation(answers[0])

    def to_batches(self) -> Generator[pa.RecordBatch]:
        """The rows batch by batch; closing the iterator early cancels the read.

        At most a few batches of each endpoint are in memory.

        Raises:
            Error: Whatever ends the read before its end, when its batches would have come.
        """
        return self._rows(STREAM_DEPTH)

    def to_reader(self) -> pa.RecordBatchReader:
        """The same as a reader, for one pass; dropping it early cancels the read."""
        return pa.RecordBatchReader.from_batches(self.schema, self.to_batches())

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The rows as an Arrow C stream, for one pass; each call runs the query again.

        Whoever takes it raises errors of its own, with our sentence in them; ``to_...`` keep ours.
        """
        reader: Any = self.to_reader()  # pyarrow's stubs leave the capsule protocol untyped
        return reader.__arrow_c_stream__(requested_schema)

    def to_arrow(self) -> pa.Table:
        """All rows as an Arrow table."""
        with closing(self._rows(None)) as batches:
            return pa.Table.from_batches(list(batches), self.schema)

    def to_pandas(self, dtype_backend: DtypeBackend = "pyarrow") -> "pd.DataFrame":
        """All rows as a pandas DataFrame.

        Args:
            dtype_backend: ``pyarrow``, the default, keeps Arrow's types: decimals, dates and NULL
                stay what they are, without a copy. ``numpy`` gives pandas' classic types: integers
                with NULL become floats, decimals and dates become Python objects.
        """
        with self._foreign_reader(None) as reader:
            return to_pandas(reader, dtype_backend)

    def to_polars(self) -> "pl.DataFrame":
        """All rows as a polars DataFrame."""
        with self._foreign_reader(None) as reader:
            return to_polars(reader)

    def to_duckdb(
        self, connection: "duckdb.DuckDBPyConnection", name: str
    ) -> "duckdb.DuckDBPyRelation":
        """Create the DuckDB table ``name`` of all rows, batch by batch, and return it.

        The table must not be there yet; after a failure it is not there either.
        """
        with self._foreign_reader(STREAM_DEPTH) as reader:
            return to_duckdb(reader, connection, name)

    def to_cudf(self) -> Frame:
        """All rows as a ``cudf.DataFrame`` in the memory of a GPU, without a stop at pandas.

        The device is asked for first, before the server is. ``docs/gpu.md`` tells what each type
        becomes; columns whose types cuDF lacks are refused, all in one error.
        """
        require_cudf()
        with self._foreign_reader(STREAM_DEPTH) as reader:
            return to_cudf(reader)

    def to_cupy(self, *, null_value: float | None = None) -> dict[str, DeviceArray]:
        """All rows as one ``cupy.ndarray`` per column, by name; each speaks DLPack.

        The columns are numbers, booleans or vectors; a vector column is two-dimensional.

        Args:
            null_value: Stands for NULL; without one, NULL is an error that names its column.
        """
        require_cupy()
        with self._foreign_reader(STREAM_DEPTH) as reader:
            return to_cupy(reader, null_value)

    def to_spark(self, spark: "SparkSession") -> "DataFrame":
        """All rows as a Spark DataFrame, by way of this process; needs Spark 4.0 or newer.

        ``spark.read.format("flight")`` reads in the tasks instead, endpoint by endpoint.
        """
        with self._foreign_reader(None) as reader:
            return to_spark(reader, spark)

    def __repr__(self) -> str:
        try:
            described = self._describe()
            fields = text_table(_HEADER, _field_rows(described.schema))
        except Error as error:
            return f"<{self._title()}: {error.code}: {error}>"
        return f"{self._title()}: {_size(described)}\n\n{fields}"

    def _repr_html_(self) -> str:
        try:
            described = self._describe()
            fields = html_table(_HEADER, _field_rows(described.schema))
        except Error as error:
            return f"<p>{html.escape(f'{self._title()}: {error.code}: {error}')}</p>"
        return f"<p>{html.escape(self._title())}: {_size(described)}</p>{fields}"

    def _title(self) -> str:
        if isinstance(self._ticket, bytes):
            return "Result of an endpoint"
        if isinstance(self._ticket, ReadTicket):
            return f"Result of {cell(self._ticket.entity)}"
        return f"Result of {cell(' '.join(self._ticket.sql.split()))[:80]}"

    def _command(self) -> bytes:
        return self._ticket if isinstance(self._ticket, bytes) else encode_ticket(self._ticket)

    def _describe(self, *, afresh: bool = False) -> Described:
        with self._lock:
            if self._described is None or afresh:
                known = self._described
                fresh = self._transport.describe(self._command())
                if known is not None and not fresh.schema.equals(known.schema):
                    raise _changed(self._title())
                self._described = fresh
            return self._described

    def _rows(self, depth: int | None) -> Generator[pa.RecordBatch]:
        """The batches; from fresh endpoints where those known had expired before the first one."""
        for afresh in (False, True):
            described = self._describe(afresh=afresh)
            handed_on = False
            try:
                with closing(self._stream(described, depth)) as batches:
                    for batch in batches:
                        handed_on = True
                        yield batch
            except Error as error:
                if handed_on or afresh or error.retry is not Retry.AFRESH:
                    raise
            else:
                return

    def _stream(self, described: Described, depth: int | None) -> Generator[pa.RecordBatch]:
        streams = OrderedStreams(
            [partial(self._transport.open, ticket) for ticket in described.tickets],
            parallelism=self._parallelism,
            depth=depth,
            idle_timeout_s=self._transport.idle_timeout_s,
        )
        shown = counted(streams, total_rows=described.total_rows, wanted=self._progress)
        with streams, closing(shown):
            for batch in shown:
                if not batch.schema.equals(described.schema):
                    raise _changed(self._title())
                yield batch

    @contextmanager
    def _foreign_reader(self, depth: int | None) -> Generator[pa.RecordBatchReader]:
        """A reader for a library that wraps errors of its source in errors of its own."""
        failures: list[BaseException] = []

        def watched() -> Iterator[pa.RecordBatch]:
            try:
                yield from batches
            except BaseException as error:
                failures.append(error)
                raise

        with closing(self._rows(depth)) as batches:
            try:
                yield pa.RecordBatchReader.from_batches(self.schema, watched())
            except Exception:
                if failures:
                    raise failures[0] from None
                raise


_HEADER = ["column", "HANA type", "Arrow type"]


def _field_rows(schema: pa.Schema) -> list[list[str]]:
    fields: list[pa.Field[Any]] = list(schema)
    return [[cell(field.name), _declared(field), str(field.type)] for field in fields]


def _declared(field: "pa.Field[Any]") -> str:
    try:
        return str(hana_type(field))
    except UnsupportedType:  # a computed column of a type that no table can have
        return ""


def _size(described: Described) -> str:
    rows = "unknown rows" if described.total_rows is None else f"{described.total_rows:,} rows"
    count = len(described.tickets)
    return f"{rows}, {count} endpoint{'' if count == 1 else 's'}"


def _changed(title: str) -> ExpiredTicket:
    return ExpiredTicket(f"{title}: its columns changed since it was made; make it again.")
