"""All that a service may ask of a database."""

from collections.abc import Sequence
from typing import Protocol, Self

import pyarrow as pa

from flight_client.protocol.catalog import Column, Entity, Space
from flight_client.protocol.literals import LiteralValue
from flight_server.planning.plan import KeyRange, ReadPlan
from flight_server.sql.gate import AdmittedQuery, CallerDialect
from flight_server.sql.statement import Statement


class GaveUp(Exception):
    """A backend ended a question of the server's own, which took longer than it lets such take.

    Attributes:
        limit_s: How long that is, in seconds.
    """

    def __init__(self, limit_s: float) -> None:
        super().__init__(f"no answer within {limit_s:g} s")
        self.limit_s = limit_s


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

    def acting_for(self, principal: str) -> Self:
        """The backend as this principal meets it: with its rights, where the database has users.

        Cheap, and not to be closed: closing is for the backend that was opened.

        Raises:
            AccessDenied: The principal has no user in the database.
        """
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
        """The entity of exactly these names.

        Raises:
            Error: The space cannot be asked.
        """
        ...

    def require_answers(self, space: str | None) -> None:
        """Nothing, where the space could be asked when it was last; for None, where all could.

        A space that cannot be asked is missing from the lists of all spaces and from ``find``, so
        that those who can are read. Whoever finds nothing asks here whether that may be why.

        Raises:
            Error: Why it could not.
        """
        ...

    def row_count(self, entity: Entity) -> int | None:
        """Exact number of rows where that is known without running a query over the data."""
        ...

    def prefers_ranges(self, entity: Entity) -> bool:
        """Whether to cut a read of it by ranges of a column, where the caller leaves that open."""
        ...

    def key_range(self, plan: ReadPlan, column: Column) -> KeyRange | None:
        """Least and greatest value of a column in the rows of a plan, to cut the plan by ranges.

        They may be those of more rows than the plan's: of the whole entity, or before its sample.

        Args:
            plan: A whole read; its columns do not matter.
            column: Of integers, decimals with a scale, dates or timestamps.

        Returns:
            None where no row has a value of the type (``planning.ranges.key_range``).

        Raises:
            GaveUp: That takes too long; another way to cut the plan may not.
        """
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
