"""One cursor with an open transaction: one thread uses it, any may stop it; knows no statement."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import duckdb
import pyarrow as pa

from flight_client.protocol.errors import Error, InvalidRequest, UnknownTransaction
from flight_server.backends.duckdb.errors import written
from flight_server.backends.duckdb.stream import DuckDbStream

_INTERRUPTS: Final = 50
_INTERRUPT_PAUSE_S: Final = 0.02
"""DuckDB forgets an interrupt that comes just before a statement starts, so it is repeated for a
second; whoever works looks between statements whether it is still wanted."""


class Session:
    """A cursor of its own and the transaction on it.

    After any error of DuckDB the transaction is over: DuckDB refuses everything but ROLLBACK, and
    takes COMMIT for one [run, 2.0].
    """

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Take over a cursor and begin."""
        self._cursor = cursor
        self._lock = threading.Lock()
        self._ended: Error | None = None
        self._committed = False
        self._interrupting = threading.Lock()  # so that no interrupt comes once it commits
        self._committing = False
        self._stream: DuckDbStream | None = None
        cursor.execute("BEGIN TRANSACTION")

    @property
    def is_open(self) -> bool:
        """Whether there is something to commit or to roll back."""
        return self._ended is None

    @contextmanager
    def using(self, subject: str) -> Generator[duckdb.DuckDBPyConnection]:
        """The cursor, for one thread; what fails on it ends the transaction, translated.

        Args:
            subject: What is done, for messages, for example ``Row 3 of the values``.

        Raises:
            InvalidRequest: A stream over a query is open.
            Error: Why the transaction ended, if it did.
        """
        with self._lock:
            self.raise_if_ended()
            if self._stream is not None:
                raise InvalidRequest(
                    "A query of this transaction is still being read; read it to its end or close "
                    "it first."
                )
            try:
                yield self._cursor
            except (duckdb.Error, OSError) as error:
                raise self._lost(written(error, subject)) from error
            self._leave()

    def open_stream(self, stream: DuckDbStream) -> None:
        """Let a stream use the cursor until ``close_stream``."""
        with self._lock:
            self.raise_if_ended()
            self._stream = stream

    def read_stream(self, stream: DuckDbStream) -> pa.RecordBatch | None:
        """The next batch of a stream; after its end and after any error it is open no longer."""
        with self._lock:
            self.raise_if_ended()
            if self._stream is not stream:
                return stream.read()  # it came to its end, failed or was closed, and says so again
            try:
                batch = stream.read()
            except Error as error:
                self._close_stream()
                raise self._after(error) from error.__cause__
            if batch is None:
                self._close_stream()
            self._leave()
            return batch

    def close_stream(self, stream: DuckDbStream) -> None:
        """Give the cursor back, whether or not the stream was read to its end."""
        with self._lock:
            if self._stream is stream:
                self._close_stream()

    def commit(self) -> None:
        """Keep what was done; the transaction is over, whether or not that works.

        It is not interrupted: DuckDB may say that it was, and have kept everything [run, 2.0].
        """
        with self.using("The transaction") as cursor:
            with self._interrupting:
                self._committing = True
            cursor.execute("COMMIT")
            self._committed = True
            self._ended = UnknownTransaction("The transaction was committed; begin a new one.")

    def end(self, reason: Error) -> None:
        """Stop what runs and roll back; ``reason`` is what everything raises from now on.

        The first reason stays. Returns within a second, even where DuckDB does not listen, and
        before a commit that has begun is through.
        """
        self._ended = self._ended or reason
        for _ in range(_INTERRUPTS):
            if self._lock.acquire(timeout=_INTERRUPT_PAUSE_S):
                try:
                    self._roll_back()
                finally:
                    self._lock.release()
                return
            with self._interrupting:
                if self._committing:
                    continue
                try:
                    self._cursor.interrupt()
                except duckdb.ConnectionException:  # closed meanwhile
                    return

    def close(self) -> None:
        """Stop what runs, roll back what is open and release the cursor."""
        self.end(UnknownTransaction("The transaction was closed; begin a new one."))
        with self._lock:
            self._close_stream()
            self._cursor.close()

    def raise_if_ended(self) -> None:
        """Raise why the transaction ended, if it did."""
        if self._ended is not None:
            raise self._ended

    def _leave(self) -> None:
        """Raise what another thread wanted meanwhile; a commit that worked stays one."""
        if self._ended is not None and not self._committed:
            self._roll_back()
            raise self._ended

    def _after(self, error: Error) -> Error:
        """What to raise where a stream failed; some errors are ours and leave DuckDB unharmed."""
        try:
            self._cursor.execute("SELECT 1")
        except duckdb.Error:
            return self._lost(error)
        return self._ended or error

    def _lost(self, error: Error) -> Error:
        """Roll back after an error of DuckDB; what to raise."""
        stopped = self._ended
        self._ended = stopped or UnknownTransaction(
            f"The transaction was rolled back by an error ({error.code}); begin a new one."
        )
        self._roll_back()
        return stopped or error

    def _close_stream(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _roll_back(self) -> None:
        self._close_stream()
        try:
            self._cursor.execute("ROLLBACK")
        except duckdb.TransactionException:  # there is none any more
            pass
        except duckdb.Error:  # not even that: closing it undoes what it did
            self._cursor.close()
