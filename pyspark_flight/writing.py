"""Writes a Spark frame: its tasks fill a staging table, and one commit of the driver empties it.

Spark makes the writer in a planning process of the driver just before the job runs, once a write,
and hands a copy to each task and to a process for ``commit`` or ``abort`` [pyspark 4.3,
sql/worker/write_into_data_source.py and commit_data_source_write.py; and seen]. What one of them
notes in it, another does not see.
"""
# pyarrow's stubs leave the types of fields and columns half unknown:
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownMemberType=false

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa
import pyarrow.compute as pc
from pyspark import TaskContext
from pyspark.sql.datasource import DataSourceArrowWriter, WriterCommitMessage
from pyspark.sql.types import StructType

from flight_client.client import Client
from flight_client.protocol.errors import DataError, Error, UnsupportedType
from flight_client.sinks.spark import MICROSECONDS, arrow_schema, conform
from flight_client.writing import UNKNOWN
from pyspark_flight import staging
from pyspark_flight.stage import Stage
from pyspark_flight.tersely import tersely
from pyspark_flight.write_options import WriteOptions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True, slots=True)
class Staged(WriterCommitMessage):
    """What an attempt of a task wrote: all of its rows.

    Attributes:
        attempt: Its number, that of no other attempt of this Spark application.
        rows: How many.
    """

    attempt: int
    rows: int


class FlightWriter(DataSourceArrowWriter):
    """Fills the stage in tasks, and commits it."""

    def __init__(self, options: WriteOptions, stage: Stage) -> None:
        """A writer of a stage that is there."""
        self._options = options
        self._stage = stage

    @tersely
    def write(self, iterator: "Iterator[pa.RecordBatch]") -> WriterCommitMessage:
        """The rows of one partition into the stage, in a task.

        Raises:
            Error: No row of this attempt is kept.
        """
        context = TaskContext.get()
        if context is None:
            raise RuntimeError("A FlightWriter writes in a task of Spark.")
        attempt = context.taskAttemptId()
        schema = self._stage.schema
        batches = (conform(_with_times(batch, schema), schema) for batch in iterator)
        try:
            with Client(self._options.config) as client:
                rows = staging.append(client, self._stage, self._options, attempt, batches)
        except Error as error:
            raise _told(error, f"It was in partition {context.partitionId()}.") from None
        return Staged(attempt, rows)

    @tersely
    def commit(self, messages: list[WriterCommitMessage | None]) -> None:
        """Put the rows of these attempts into the target, in the driver.

        Raises:
            Error: The target is as it was; or, with ``outcome`` ``unknown`` in the details, maybe
                not, and the stage is kept.
        """
        staged = [message for message in messages if isinstance(message, Staged)]
        attempts, rows = [each.attempt for each in staged], sum(each.rows for each in staged)
        keeps_stage = False
        with Client(self._options.config) as client:
            try:
                staging.commit(client, self._stage, self._options, attempts, rows)
            except Error as error:
                keeps_stage = error.details.get("outcome") == UNKNOWN
                if not keeps_stage:
                    raise
                raise _told(
                    error, f"The rows are also in {self._stage}: drop it when you have looked."
                ) from None
            finally:
                if not keeps_stage:
                    staging.drop(client, self._stage)

    def abort(self, messages: "Sequence[WriterCommitMessage | None]") -> None:
        """Drop the stage, in the driver, after a task or the commit failed.

        Spark tells the two apart by the messages alone: all of them are there only where it went
        on to the commit, which dropped the stage or kept it on purpose.
        """
        if messages and all(message is not None for message in messages):
            return
        with Client(self._options.config) as client:
            staging.drop(client, self._stage)


def begin_write(options: WriteOptions, schema: StructType) -> FlightWriter:
    """Check a write of rows of a schema, and make its stage; nothing is left where that fails.

    Raises:
        Error: The server refuses it, or no column of a database holds one of the schema.
    """
    with Client(options.config) as client:
        return FlightWriter(options, staging.make(client, options, sent_schema(schema)))


def sent_schema(schema: StructType) -> pa.Schema:
    """What is sent of a frame: TIMESTAMP as UTC without its zone, everything else as Spark has it.

    Raises:
        UnsupportedType: A column that is not written.
    """
    fields: list[pa.Field[Any]] = []
    for column in schema.fields:
        try:
            (field,) = cast("list[pa.Field[Any]]", list(arrow_schema(StructType([column]))))
        except UnsupportedType:
            raise UnsupportedType(
                f"Column {column.name!r:.100} has Spark's type {column.dataType.simpleString()}, "
                "which is not written; cast it.",
                column=column.name,
            ) from None
        kind = MICROSECONDS if pa.types.is_timestamp(field.type) else field.type
        fields.append(pa.field(column.name, kind))
    return pa.schema(fields)


def _with_times(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch with times where the schema has them and Spark has texts."""
    fields: list[pa.Field[Any]] = list(schema)
    for at, field in enumerate(fields):
        texts: pa.Array[Any] = batch.column(at)
        if pa.types.is_time(field.type) and not pa.types.is_time(texts.type):
            batch = batch.set_column(at, field.name, _times(field.name, texts))
    return batch


def _times(name: str, texts: "pa.Array[Any]") -> "pa.Array[Any]":
    try:
        moments: pa.Array[Any] = pc.strptime(texts, format="%H:%M:%S", unit="s")
    except pa.ArrowInvalid as error:
        raise DataError(
            f"Column {name!r} takes TIME, written as 23:59:59: {error!s:.200}.", column=name
        ) from None
    return moments.cast(pa.time32("s"))


def _told(error: Error, more: str) -> Error:
    told = type(error)(f"{error.message} {more}", incident=error.incident)
    told.details = error.details
    return told
