"""What the backend asks of HANA, run in reader processes: the only thing it knows of them."""

import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Final, TypeVar

import pyarrow as pa

from flight_client.protocol.errors import ResourceExhausted, Unavailable
from flight_client.protocol.schemas import to_schema
from flight_server.backends.hana.access import DatabaseUser
from flight_server.backends.hana.errors import LATE
from flight_server.backends.hana.messages import Connected, Describe, Described, Prepare, Run
from flight_server.backends.hana.pool.failure import attempted
from flight_server.backends.hana.pool.lease import Lease
from flight_server.backends.hana.pool.pool import Pool
from flight_server.backends.hana.pool.settings import ReaderSettings
from flight_server.backends.hana.pool.stream import HanaStream, Reading
from flight_server.backends.hana.pool.transaction import Transaction

T = TypeVar("T")


class Readers:
    """Statements of many users, from many threads, in a bounded number of processes.

    Short calls (``describe``, ``table``, ``check``) take no turn of a space, and one process is
    left to them by the streams; they end within ``short_s``.
    """

    def __init__(self, settings: ReaderSettings) -> None:
        """Start nothing yet; the first request starts the first process."""
        self._settings: Final = settings
        self._pool: Final = Pool(settings)

    def describe(self, user: DatabaseUser, sql: str, *, subject: str) -> Described:
        """The columns and markers of a query, which is prepared and not run.

        Raises:
            Error: What the database said, or that it is out of reach.
        """
        return self._short(user, subject, lambda lease: lease.ask(Describe(sql), Described))

    def prepare(self, user: DatabaseUser, sql: str, *, subject: str) -> Described:
        """The markers of a change, which is prepared and not run, on a connection to write with.

        Raises:
            Error: What the database said, or that it is out of reach.
        """
        return self._short(
            user, subject, lambda lease: lease.ask(Prepare(sql), Described), writes=True
        )

    def begin(self, user: DatabaseUser, client_info: Mapping[str, str]) -> Transaction:
        """A transaction of a user. Whoever began it closes it.

        Args:
            user: Who writes.
            client_info: Session variables of its statements, beside those of all.

        Raises:
            Unavailable: No turn came in time.
            Error: What the database said, or that it is out of reach.
        """
        transaction = Transaction(self._pool, self._settings)
        transaction.begin(user, {**self._settings.client_info, **client_info})
        return transaction

    def check(self, user: DatabaseUser) -> Connected:
        """Log on afresh, once.

        Raises:
            Error: Why that is not possible.
        """
        return self._short(
            user, f"The log-on of {user.label}", lambda lease: lease.reader.connected, once=True
        )

    def table(self, user: DatabaseUser, run: Run, *, subject: str) -> pa.Table:
        """All rows of a statement; for the server's own questions.

        Raises:
            ResourceExhausted: There are more than ``table_rows``.
            Error: What the database said, or that it is out of reach.
        """
        limit = self._settings.table_rows
        schema = to_schema(run.columns)
        batches: list[pa.RecordBatch] = []
        rows = 0
        stream = self._stream(user, run, schema, None, subject)
        with closing(stream), self._in_time(stream.end, subject):
            while (batch := stream.read()) is not None:
                rows += batch.num_rows
                if rows > limit:
                    raise ResourceExhausted(
                        f"{subject} has more than {limit:,} rows; the server reads so many for "
                        "itself, and no more."
                    )
                batches.append(batch)
        return pa.Table.from_batches(batches, schema)

    def open(
        self, user: DatabaseUser, run: Run, *, schema: pa.Schema, slot: str, subject: str
    ) -> HanaStream:
        """A stream over the rows of a statement; nothing happens before its first ``read``.

        Args:
            user: Who reads.
            run: The statement.
            schema: Of the batches; the columns of ``run``, with the metadata that callers get.
            slot: The space whose statements share its turns.
            subject: What is read, as the start of a sentence.
        """
        return self._stream(user, run, schema, slot, subject)

    def close(self) -> None:
        """End every stream with an error and every process, within about two seconds."""
        self._pool.close()

    def _stream(
        self, user: DatabaseUser, run: Run, schema: pa.Schema, slot: str | None, subject: str
    ) -> HanaStream:
        named = replace(run, client_info={**self._settings.client_info, **run.client_info})
        reading = Reading(user=user, run=named, schema=schema, slot=slot, subject=subject)
        return HanaStream(self._pool, reading, self._settings)

    def _short(
        self,
        user: DatabaseUser,
        subject: str,
        work: Callable[[Lease], T],
        *,
        once: bool = False,
        writes: bool = False,
    ) -> T:
        call = self._pool.new_call()

        def attempt(fresh: bool) -> T:  # noqa: FBT001 - as attempted calls it
            lease = self._pool.lease(
                call, user, subject, short=True, fresh=fresh or once, writes=writes
            )
            try:
                call.check()
                return work(lease)
            finally:
                call.hold(None)
                self._pool.give_back(lease)

        attempts = 1 if once else self._settings.attempts
        with self._in_time(call.end, subject):
            return attempted(attempt, call, attempts=attempts, backoff_s=self._settings.backoff_s)

    @contextmanager
    def _in_time(self, end: Callable[[Unavailable], None], subject: str) -> Generator[None]:
        """End what takes longer than a short call may."""
        limit_s = self._settings.short_s
        late = Unavailable(
            f"{subject}: the database did not answer within {limit_s:g} s; try again later.",
            **{LATE: f"{limit_s:g}"},
        )
        timer = threading.Timer(limit_s, end, [late])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
