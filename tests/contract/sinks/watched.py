"""A backend whose streams are noted, and fail or hold nothing where a test says so."""

import threading
from dataclasses import dataclass, field
from typing import Any, Self

import pyarrow as pa

from flight_client.protocol.errors import Error
from flight_server.backends.base import Backend, BatchStream


@dataclass
class WatchedStream:
    """Another stream.

    Attributes:
        failure: What is raised instead of batch ``fails_at``, from 0; the end of the stream where
            that is None.
        holds_nothing: It ends without a batch.
    """

    inner: BatchStream
    failure: Error | None
    fails_at: int | None
    holds_nothing: bool
    batches: int = 0
    closed: threading.Event = field(default_factory=threading.Event)

    @property
    def schema(self) -> pa.Schema:
        return self.inner.schema

    @property
    def may_block(self) -> bool:
        return True

    def read(self) -> pa.RecordBatch | None:
        batch = None if self.holds_nothing else self.inner.read()
        at_end = batch is None and self.fails_at is None
        if self.failure is not None and (at_end or self.batches == self.fails_at):
            raise self.failure
        self.batches += batch is not None
        return batch

    def cancel(self) -> None:
        self.inner.cancel()

    def close(self) -> None:
        self.inner.close()
        self.closed.set()


class WatchedBackend:
    """Another backend, whose streams are watched.

    Attributes:
        streams: Those that were opened since ``reset``.
    """

    def __init__(self, inner: Backend) -> None:
        self._inner = inner
        self.reset()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def reset(self) -> None:
        """Forget the streams and what was set."""
        self.streams: list[WatchedStream] = []
        self.failure: Error | None = None
        self.fails_at: int | None = None
        self.holds_nothing = False

    def acting_for(self, principal: str) -> Self:
        return self

    def open(self, plan: Any) -> WatchedStream:
        inner = self._inner.open(plan)
        stream = WatchedStream(inner, self.failure, self.fails_at, self.holds_nothing)
        self.streams.append(stream)
        return stream

    def all_released(self) -> bool:
        """Whether every stream was closed."""
        return all(stream.closed.is_set() for stream in self.streams)
