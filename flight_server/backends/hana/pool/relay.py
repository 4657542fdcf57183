"""One statement on a leased reader: its batches, and how it ended; never sees a row."""

from typing import Self

import pyarrow as pa

from flight_server.backends.hana.messages import Finished, Run, Running
from flight_server.backends.hana.pool.failure import Failure
from flight_server.backends.hana.pool.lease import Lease


class Relay:
    """Keeps to the order of ``messages``, so that the pipes end where the next request begins."""

    def __init__(self, lease: Lease, batches: pa.RecordBatchStreamReader) -> None:
        """Over a reader that has said ``Running``; ``started`` makes one."""
        self.lease = lease
        self._batches = batches
        self._at_rest = False

    @classmethod
    def started(cls, lease: Lease, run: Run) -> Self:
        """Run a statement on a reader that waits for a request.

        Raises:
            Failure: It was refused, or the reader ended.
        """
        lease.ask(run, Running)
        return cls(lease, lease.batches())

    def read(self) -> pa.RecordBatch | Finished:
        """The next batch, or how the statement ended.

        Raises:
            Failure: It failed, or the reader ended.
        """
        try:
            batch = self.lease.next_batch(self._batches)
            if batch is not None:
                return batch
            finished = self.lease.receive(Finished)
        except Failure:  # said after the mark at the end of the batches, or nobody is left to say
            self._at_rest = True
            raise
        self._at_rest = True
        return finished

    @property
    def is_at_rest(self) -> bool:
        """Whether the reader waits for a request, or has ended."""
        return self._at_rest

    def drain(self) -> None:
        """Drop what is still to come. Endless unless the lease was stopped."""
        try:
            while not self._at_rest:
                self.read()
        except Failure:
            return
