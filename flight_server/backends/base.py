"""All that a service may ask of a database."""

from collections.abc import Sequence
from typing import Protocol

import pyarrow as pa

from flight_client.protocol.catalog import Entity, Space
from flight_client.protocol.literals import LiteralValue
from flight_server.planning.plan import ReadPlan
from flight_server.sql.gate import AdmittedQuery, CallerDialect
from flight_server.sql.statement import Statement


class BatchStream(Protocol):
    """The record batches of one running statement. Whoever opened it closes it.

    One thread reads; ``cancel`` may be called from any other. Nothing runs in the database before
    the first ``read``, so opening is cheap.
    """

    @property
    def schema(self) -> pa.Schema:
        """Schema of every batch, known before the first row."""
        ...

    @property
    def may_block(self) -> bool:
        """Whether ``read`` may wait for a database; if not, nothing is gained by reading ahead."""
        ...

    def read(self) -> pa.RecordBatch | None:
        """The next batch, or None at the end. Blocks without the GIL while the database works.

        Raises:
            Cancelled: ``cancel`` was called.
            Error: What the database said, in our words.
        """
        ...

    def cancel(self) -> None:
        """Stop the statement; a blocked ``read`` returns within a second. Safe to call twice."""
        ...

    def close(self) -> None:
        """Release the cursor. Not while another thread is in ``read``. Safe to call twice."""
        ...


class Backend(Protocol):
    """A database behind the services. Methods are called from many threads at once.

    A backend does not decide who may read: it is asked for what a service already allowed.
    """

    @property
    def kind(self) -> str:
        """Its name in messages and explanations, for example ``duckdb``."""
        ...

    @property
    def caller_dialect(self) -> CallerDialect:
        """The SQL that callers write for this backend."""
        ...

    @property
    def has_row_positions(self) -> bool:
        """Whether rows never move, so that ``RowRun`` cuts a read without a look at its values."""
        ...

    def spaces(self) -> Sequence[Space]:
        """The spaces, ordered by name."""
        ...

    def entities(self, space: str | None) -> Sequence[Entity]:
        """The entities of a space, or of all for None, with columns and parameters.

        They come in the order of space and name, and there are none where the space is unknown.
        """
        ...

    def entity_names(self, space: str | None) -> Sequence[str]:
        """The names of the entities of a space, or of all for None; in order, each once."""
        ...

    def find(self, name: str) -> Sequence[Entity]:
        """The entities of exactly this name in all spaces, ordered by space."""
        ...

    def entity(self, space: str, name: str) -> Entity | None:
        """The entity of exactly these names."""
        ...

    def row_count(self, entity: Entity) -> int | None:
        """Exact number of rows where that is known without running a query over the data."""
        ...

    def open(self, plan: ReadPlan) -> BatchStream:
        """A stream over the rows of a plan; its schema equals ``plan.schema``."""
        ...

    def explain(self, plan: ReadPlan) -> Statement:
        """The statement that ``open`` would run."""
        ...

    def describe_query(
        self, query: AdmittedQuery, parameters: Sequence[LiteralValue | None]
    ) -> pa.Schema:
        """Schema of a query's result; the query is prepared and not run."""
        ...

    def open_query(
        self,
        query: AdmittedQuery,
        parameters: Sequence[LiteralValue | None],
        batch_bytes: int,
    ) -> BatchStream:
        """A stream over the rows of a query that passed the gate."""
        ...

    def explain_query(
        self, query: AdmittedQuery, parameters: Sequence[LiteralValue | None]
    ) -> Statement:
        """The statement that ``open_query`` would run."""
        ...

    def close(self) -> None:
        """Release everything. Streams still open end with an error."""
        ...
