"""All that a service may ask of a database."""

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, Self, TypeAlias

import pyarrow as pa

from flight_client.protocol.catalog import Column, Entity, HanaType, Space
from flight_client.protocol.literals import LiteralValue
from flight_server.planning.plan import KeyRange, ReadPlan
from flight_server.sql.changes import AdmittedChange
from flight_server.sql.gate import AdmittedQuery, CallerDialect
from flight_server.sql.statement import Statement

ParameterRow: TypeAlias = Sequence[LiteralValue | None]
"""The values for the markers of a statement, in their order; None is NULL."""


@dataclass(frozen=True, slots=True)
class Described:
    """What preparing a statement tells; nothing was run.

    Attributes:
        schema: Of the rows; None for a change.
        parameters: The type of each marker, in order; None where the database cannot tell.
    """

    schema: pa.Schema | None
    parameters: tuple[HanaType | None, ...]


@dataclass(frozen=True, slots=True)
class TableName:
    """The tables of exactly this name: in one space, or in all for None."""

    name: str
    space: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrimaryKey:
    """The primary key of a table.

    Attributes:
        space: Of the table.
        table: Its name.
        name: Of the constraint.
        columns: In the order of the key, which need not be that of the table.
    """

    space: str
    table: str
    name: str
    columns: tuple[str, ...]


class KeyRule(enum.Enum):
    """What happens to a row where the one that it refers to changes or goes."""

    CASCADE = "CASCADE"
    RESTRICT = "RESTRICT"
    SET_NULL = "SET NULL"
    NO_ACTION = "NO ACTION"
    SET_DEFAULT = "SET DEFAULT"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignKey:
    """A reference of one table to another.

    Attributes:
        space: Of the table that refers.
        table: Its name.
        name: Of the constraint.
        columns: In the order of the key.
        to_space: Of the table that is referred to.
        to_table: Its name.
        to_name: Of its constraint; None where that is not known.
        to_columns: One for each of ``columns``.
        on_update: What happens where the other row changes.
        on_delete: What happens where it goes.
    """

    space: str
    table: str
    name: str
    columns: tuple[str, ...]
    to_space: str
    to_table: str
    to_name: str | None
    to_columns: tuple[str, ...]
    on_update: KeyRule
    on_delete: KeyRule


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


class WriteTransaction(Protocol):
    """One connection with one open transaction. Whoever began it closes it.

    One thread uses it at a time; ``cancel`` may be called from any other. Nothing is seen by others
    before ``commit``. Where the database ends the transaction by itself (a cancel, a deadlock, a
    lost connection), ``is_open`` turns False and nothing but ``close`` is left to do.
    """

    @property
    def is_open(self) -> bool:
        """Whether there is something to commit or to roll back."""
        ...

    def table(self, space: str, name: str) -> Entity | None:
        """The table of exactly these names as this transaction sees it, from no cache."""
        ...

    def change(self, change: AdmittedChange, rows: Iterable[ParameterRow]) -> int | None:
        """Run a statement once for each row of values; once, without values, for ``[()]``.

        Returns:
            The number of rows changed, in all; None where the database does not say, as for
            definitions.

        Raises:
            DataError: A value does not fit or a constraint fails; ``row`` in the details is the
                number of the row of values, from 1, where the database tells. What earlier rows
                changed stays in the transaction, which should then be rolled back.
            Error: What the database said, in our words.
        """
        ...

    def create_table(self, space: str, name: str, columns: Sequence[Column]) -> None:
        """Make a table with these columns, in order.

        Raises:
            TableExists: There is one of this name.
        """
        ...

    def drop_table(self, space: str, name: str) -> None:
        """Drop a table.

        Raises:
            UnknownEntity: There is none of this name.
        """
        ...

    def insert(self, space: str, name: str, batch: pa.RecordBatch) -> int:
        """Insert rows; columns are found by name, those that the batch lacks get their default.

        Returns:
            The number of rows.

        Raises:
            UnknownEntity, UnknownColumn: The table or a column is not there.
            DataError: A value does not fit its column or a constraint fails; ``column`` and ``row``
                (from 1, in this batch) are in the details where they are known.
        """
        ...

    def upsert(self, space: str, name: str, keys: Sequence[str], batch: pa.RecordBatch) -> int:
        """Set the rows whose primary key is there, and insert the others; found by name.

        Of a row that is there only the columns of the batch are set. Where a key stands twice in
        the batch the last row counts.

        Args:
            space: Of the table.
            name: Of the table.
            keys: The columns of its primary key, in any order; none for whatever it is.
            batch: With all of these columns.

        Returns:
            The number of rows of the batch.

        Raises:
            InvalidRequest: The table has no primary key, or another one, or the batch lacks a
                column of it.
            Error: As ``insert``.
        """
        ...

    def open_query(
        self, query: AdmittedQuery, parameters: ParameterRow, batch_bytes: int
    ) -> BatchStream:
        """A stream over the rows of a query as this transaction sees them.

        It holds the connection: it is read to its end or closed before anything else is done.
        """
        ...

    def commit(self) -> None:
        """Make what was done visible to all. The transaction is over, whether or not it worked.

        Raises:
            OutcomeUnknown: The connection was lost meanwhile; nobody knows what was kept.
            Error: Nothing was kept.
        """
        ...

    def rollback(self) -> None:
        """Undo what was done. The transaction is over."""
        ...

    def cancel(self) -> None:
        """Stop what another thread runs here, within a second; rolls back. Safe to call twice."""
        ...

    def close(self) -> None:
        """Roll back what is open and give the connection back. Safe to call twice."""
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

    def primary_keys(self, of: TableName) -> Sequence[PrimaryKey]:
        """The primary keys of tables, by space."""
        ...

    def foreign_keys(self, of: TableName | None, to: TableName | None) -> Sequence[ForeignKey]:
        """The foreign keys of some tables that refer to some tables; None stands for any."""
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

    def prepare_query(self, query: AdmittedQuery) -> Described:
        """What a query returns and what its markers stand for, before any value is known."""
        ...

    def prepare_change(self, change: AdmittedChange) -> Described:
        """What the markers of a change stand for; nothing is changed."""
        ...

    def begin(self, space: str) -> WriteTransaction:
        """Begin a transaction that may change tables of a space.

        Raises:
            UnsupportedSql: This database only reads.
            Unavailable: No connection is free for it in time.
        """
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
