"""Reads several streams of record batches at once and hands them on in order; knows no Flight."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Protocol, Self, TypeAlias

import pyarrow as pa

from flight_client.protocol.errors import Unavailable
from flight_client.waiting import POLL_S

JOIN_S: Final = 1.0
"""Longest wait in seconds for the threads of a closed read; a cancelled stream ends in
milliseconds, one that the server never began cannot be cancelled."""


class BatchStream(Protocol):
    """The batches of one endpoint, read by one thread."""

    def read(self) -> pa.RecordBatch | None:
        """The next batch, or None at the end; one without rows is a sign of life."""
        ...

    def cancel(self) -> None:
        """Make a blocked ``read`` of another thread return at once. Safe to call twice."""
        ...


Opener: TypeAlias = Callable[[], BatchStream]


@dataclass(slots=True)
class _Lane:
    """One stream and what was read of it and not handed on yet."""

    open: Opener
    batches: "deque[pa.RecordBatch]" = field(default_factory=deque["pa.RecordBatch"])
    stream: BatchStream | None = None
    last_sign_s: float = 0.0
    failure: BaseException | None = None
    ended: bool = False


class OrderedStreams:
    """An iterator over the batches of all streams: those of the first, then of the second ...

    Threads start with the first batch asked for. A failure is raised where its batches would have
    come, or at once without ``depth``, and ends the iterator. Whoever made it closes it; then every
    stream is cancelled and the threads end.
    """

    def __init__(
        self,
        openers: Sequence[Opener],
        *,
        parallelism: int,
        depth: int | None,
        idle_timeout_s: float | None = None,
    ) -> None:
        """Prepare to read.

        Args:
            openers: Each opens one stream; called once, in order, from any thread.
            parallelism: Most streams read at once.
            depth: Most batches of a stream that wait to be handed on; None for no limit, where the
                consumer keeps all of them anyway and hands none on before the end.
            idle_timeout_s: Longest silence in seconds of the stream that is waited for.
        """
        self._lanes = [_Lane(opener) for opener in openers]
        self._waiting = deque(self._lanes)
        self._at = 0
        self._depth = depth
        self._idle_timeout_s = idle_timeout_s
        self._changed = threading.Condition()
        self._opening = threading.Lock()
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, name=f"flight-client-read-{number}", daemon=True)
            for number in range(min(parallelism, len(self._lanes)))
        ]
        self._started = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> pa.RecordBatch:
        self._start()
        while self._at < len(self._lanes):
            lane = self._lanes[self._at]
            batch = self._take(lane)
            failure = self._hopeless() or (lane.failure if batch is None else None)
            if failure is not None:
                self.close()
                raise failure
            if batch is not None:
                return batch
            self._at += 1
        self.close()
        raise StopIteration

    def close(self) -> None:
        """Cancel what still runs and wait for its threads. Safe to call twice."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._at = len(self._lanes)
            running = [lane.stream for lane in self._lanes if lane.stream and not lane.ended]
            self._changed.notify_all()
        for stream in running:
            stream.cancel()
        deadline = time.monotonic() + JOIN_S
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, deadline - time.monotonic()))

    def _start(self) -> None:
        if not self._started and not self._closed:
            self._started = True
            for thread in self._threads:
                thread.start()

    def _hopeless(self) -> BaseException | None:
        """A failure anywhere, where no batch counts without all the others."""
        if self._depth is not None:
            return None
        return next((lane.failure for lane in self._lanes if lane.failure), None)

    def _take(self, lane: _Lane) -> pa.RecordBatch | None:
        poll_s = min(POLL_S, self._idle_timeout_s or POLL_S)
        with self._changed:
            while not lane.batches and not lane.ended and not self._hopeless():
                if not self._changed.wait(poll_s):
                    self._check_life(lane)
            if not lane.batches:
                return None
            batch = lane.batches.popleft()
            self._changed.notify_all()
            return batch

    def _check_life(self, lane: _Lane) -> None:
        limit_s = self._idle_timeout_s
        if limit_s is not None and time.monotonic() - lane.last_sign_s > limit_s:
            lane.failure = Unavailable(
                f"The server has been silent for {limit_s:g} s; read again, or raise "
                "idle_timeout_s if the database may be silent for longer."
            )
            lane.ended = True
            if lane.stream is not None:
                lane.stream.cancel()

    def _work(self) -> None:
        while (lane := self._next_lane()) is not None:
            failure: BaseException | None = None
            try:
                self._fill(lane)
            except BaseException as error:  # noqa: BLE001 - raised again by __next__
                failure = error
            self._end(lane, failure)

    def _next_lane(self) -> _Lane | None:
        """The next stream, opened; one is opened after the other.

        A server may let only some of them run at a time. It takes them in the order in which they
        come, and the one that is waited for must not stand behind those that are not.
        """
        with self._opening:
            with self._changed:
                hopeless = self._closed or any(lane.failure for lane in self._lanes)
                if hopeless or not self._waiting:
                    return None
                lane = self._waiting.popleft()
                lane.last_sign_s = time.monotonic()
            try:
                stream = lane.open()
            except BaseException as error:  # noqa: BLE001 - raised again by __next__
                self._end(lane, error)
                return lane
            with self._changed:
                unwanted = self._closed or lane.ended
                lane.stream = None if unwanted else stream
            if unwanted:
                stream.cancel()
            return lane

    def _fill(self, lane: _Lane) -> None:
        while lane.stream is not None and (batch := lane.stream.read()) is not None:
            if batch.num_rows and not self._hand_over(lane, batch):
                return
            lane.last_sign_s = time.monotonic()

    def _end(self, lane: _Lane, failure: BaseException | None) -> None:
        with self._changed:
            lane.failure = lane.failure or failure
            lane.ended = True
            self._changed.notify_all()

    def _hand_over(self, lane: _Lane, batch: pa.RecordBatch) -> bool:
        """Queue a batch once there is room; False if nobody wants it any more."""
        with self._changed:
            while self._depth is not None and len(lane.batches) >= self._depth:
                if self._closed:
                    return False
                self._changed.wait()
            if self._closed:
                return False
            lane.batches.append(batch)
            self._changed.notify_all()
            return True
