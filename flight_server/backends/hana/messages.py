"""What the server and a reader process say to each other over their pipes; pure values.

A reader has two pipes: a duplex one for these messages, pickled by ``multiprocessing.connection``,
and one for record batches, an Arrow IPC stream for each statement. Both end in processes of ours.

    Connect   ->  Connected | Failed
    Describe  ->  Described | Failed
    Prepare   ->  Described | Failed
    Run       ->  Running, then an IPC stream up to its end-of-stream mark, then Finished | Failed
              or  Failed alone, with nothing in the pipe for batches
    Ping      ->  Connected | Failed
    Cancel    ->  nothing; what runs ends with Failed (code 139), or as if it had come too late

and on a connection that was opened to write, where all of these are in one transaction:

    Begin     ->  Connected | Failed
    Change    ->  Changed | Failed
    Insert    ->  Changed | Failed
    Enough    ->  nothing; the rows of a Run end, and Finished comes as if there were no more
    End       ->  Connected | Failed

Requests are answered in order, one at a time; only Cancel and Enough may come while one is worked
on. A reader ends when the message pipe closes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from flight_client.protocol.catalog import Column, HanaType
from flight_client.protocol.literals import LiteralValue


@dataclass(frozen=True, slots=True)
class Connect:
    """Open a connection, after closing the one there is.

    Attributes:
        options: Keyword arguments of ``hdbcli.dbapi.connect``, secrets among them.
        statements: Run once after the connection is there, for example SET TRANSACTION READ ONLY;
            what the server refuses among them is noted in Connected and does no harm.
        writes: Whether the connection is for changes: then it is never in autocommit.
    """

    options: Mapping[str, str | int | bool] = field(repr=False)
    statements: tuple[str, ...] = ()
    writes: bool = False


@dataclass(frozen=True, slots=True)
class Describe:
    """Say what a query returns, without computing a row.

    Attributes:
        sql: Without hints: it is asked as a derived table of which no row is wanted, with NULL for
            its markers, since hdbcli describes nothing that was only prepared.
    """

    sql: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Prepare:
    """Say what the markers of a change stand for; it is prepared and not run."""

    sql: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Run one SELECT and stream its rows.

    Attributes:
        sql: With ``?`` markers.
        values: The bound values in order.
        columns: What the rows are converted to, by position; names and types are compared with
            what the cursor says, so that a view that changed since is an error and not a wrong
            value.
        batch_bytes: Target size of the record batches.
        lob_bytes: Most bytes of one LOB value; a larger one fails the read.
        timeout_s: HANA ends the statement after this many seconds (error 613); 0 for never.
        fetch_rows: Rows a round trip, 0 for the driver's own choice.
        client_info: Session variables for this statement (APPLICATION ...), taken back after it.
    """

    sql: str = field(repr=False)
    values: tuple[LiteralValue | None, ...] = field(default=(), repr=False)
    columns: tuple[Column, ...]
    batch_bytes: int
    lob_bytes: int
    timeout_s: int = 0
    fetch_rows: int = 0
    client_info: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Ping:
    """Make a round trip to the database."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """End what is being worked on."""


@dataclass(frozen=True, slots=True)
class Begin:
    """A transaction begins; nothing is sent to the database for it.

    Attributes:
        client_info: Session variables until its end.
    """

    client_info: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Run a statement that changes something, once for each row of values.

    Attributes:
        sql: With ``?`` markers.
        rows: One empty row for a statement without markers. A longer list comes in several of
            these, one after the other, so that a cancel is heard between them.
        first_row: The number of the first of them, for errors.
        timeout_s: As in Run.
    """

    sql: str = field(repr=False)
    rows: Sequence[Sequence[LiteralValue | None]] = field(repr=False)
    first_row: int = 1
    timeout_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Insert:
    """Run a statement once for each row of a record batch.

    Attributes:
        sql: With a ``?`` for each column of the batch, in order.
        batch: An Arrow IPC stream of one record batch, in the Arrow types of the columns.
        first_row: As in Change.
        timeout_s: As in Run.
    """

    sql: str = field(repr=False)
    batch: bytes = field(repr=False)
    first_row: int = 1
    timeout_s: int = 0


@dataclass(frozen=True, slots=True)
class Enough:
    """Send no more rows. Unlike after a cancel, the transaction goes on."""


@dataclass(frozen=True, slots=True)
class End:
    """End the transaction; nothing cancels that.

    Attributes:
        keep: Whether to commit or to roll back.
    """

    keep: bool


@dataclass(frozen=True, slots=True)
class Connected:
    """The connection is there.

    Attributes:
        refused: A sentence for each of the statements of Connect that the server did not take.
        resident_bytes: Memory of the reader process.
    """

    refused: tuple[str, ...] = ()
    resident_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Described:
    """What the database says of a statement that it did not run.

    Attributes:
        columns: Of a query, with the HANA types that the cursor declares.
        parameters: The type of each marker, in order; None for one that is not known here.
    """

    columns: tuple[Column, ...]
    parameters: tuple[HanaType | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Running:
    """The statement was executed; its batches follow in the other pipe."""


@dataclass(frozen=True, slots=True)
class Finished:
    """All rows were written.

    Attributes:
        rows: Number of rows.
        resident_bytes: Memory of the reader process.
        replaced: Values that Arrow cannot hold and that became NULL or were repaired, by what they
            were, for example ``{"empty date": 3}``.
    """

    rows: int
    resident_bytes: int
    replaced: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class Changed:
    """A change was made.

    Attributes:
        rows: How many rows were changed, of all rows of values; None where HANA does not say.
        resident_bytes: Memory of the reader process.
    """

    rows: int | None
    resident_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Failed:
    """The request failed.

    Attributes:
        code: HANA's or the driver's number (negative); None where it is a failure of our own.
        text: What the driver or we say; it may hold values of the caller.
        kind: Our error code (``flight_client.protocol.errors``) where there is no number.
        connection_lost: Whether the connection is of no use any more.
        details: For programs: the column, or the row of values, from 1, that failed.
    """

    code: int | None
    text: str
    kind: str | None = None
    connection_lost: bool = False
    details: Mapping[str, str | int] = field(default_factory=dict[str, str | int])


Request: TypeAlias = (
    Connect | Describe | Prepare | Run | Ping | Cancel | Begin | Change | Insert | Enough | End
)
Reply: TypeAlias = Connected | Described | Running | Finished | Changed | Failed
