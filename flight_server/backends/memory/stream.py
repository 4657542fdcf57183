"""A plan evaluated over an Arrow table, batch by batch."""

import threading
from collections.abc import Iterator

import pyarrow as pa

from flight_client.protocol.errors import Cancelled, DataError, Error, Unavailable
from flight_server.backends.memory.selection import selected
from flight_server.backends.sizing import sized
from flight_server.planning.plan import ReadPlan


class MemoryStream:
    """A ``BatchStream`` over a table; the plan is evaluated by the first ``read``."""

    def __init__(self, table: pa.Table, plan: ReadPlan, backend_closed: threading.Event) -> None:
        self._schema = plan.schema
        self._batches = self._run(table, plan)
        self._backend_closed = backend_closed
        self._ended: Error | None = None

    @property
    def schema(self) -> pa.Schema:
        """Schema of every batch."""
        return self._schema

    @property
    def may_block(self) -> bool:
        """All is in memory."""
        return False

    def read(self) -> pa.RecordBatch | None:
        """The next batch, or None at the end."""
        self._raise_if_ended()
        try:
            batch = next(self._batches, None)
        except Error as error:
            self._ended = error
            raise
        self._raise_if_ended()
        return batch

    def cancel(self) -> None:
        """Let ``read`` raise from now on; an evaluation that runs comes to its end first."""
        self._ended = self._ended or Cancelled("The read was cancelled.")

    def close(self) -> None:
        """Let go of the table."""
        self._ended = self._ended or Cancelled("The stream is closed.")
        self._batches = iter(())

    def _raise_if_ended(self) -> None:
        if self._ended is None and self._backend_closed.is_set():
            self._ended = Unavailable("The server is closing; read again elsewhere.")
        if self._ended is not None:
            raise self._ended

    def _run(self, table: pa.Table, plan: ReadPlan) -> Iterator[pa.RecordBatch]:
        rows = rows_of(table, plan)
        declared = pa.table(rows.columns, schema=self._schema)
        yield from sized(declared.to_batches(), plan.batch_bytes)


def rows_of(table: pa.Table, plan: ReadPlan) -> pa.Table:
    """The rows and columns of a plan.

    Raises:
        DataError: Arrow cannot evaluate it.
    """
    try:
        return selected(table, plan)
    except pa.ArrowInvalid as error:
        name = f"{plan.entity.space}.{plan.entity.name}"
        raise DataError(f"{name} cannot be evaluated: {error!s:.200}.") from error
