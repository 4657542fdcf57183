"""Open result sets: rows that a cursor computes as they are asked for, and large objects to read.

Nothing here knows messages; a result set hands out rows as bytes, bounded by number and size.
"""

from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Protocol

from tests.hana_emulator.values import Cursor, HanaError
from tests.hana_emulator.wire.framing import Buffer
from tests.hana_emulator.wire.lobs import Lob
from tests.hana_emulator.wire.rows import EncodeRows

_ROWS_AT_ONCE = 4096
_LOCATED_BYTES = 256 << 20


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one reply; ``last`` if none follow."""

    count: int
    pieces: Sequence[Buffer]
    last: bool


class Rows(Protocol):
    """Where the rows of a result set come from."""

    def take(self, rows: int, limit_bytes: int) -> Batch:
        """Up to so many rows and bytes, but one row at least unless there is none.

        Raises:
            HanaError: the cursor failed or was cancelled.
        """
        ...

    def close(self) -> None:
        """Give the cursor back."""
        ...


class CursorRows:
    """Rows encoded as the cursor computes them; one batch and one row are ahead at most."""

    def __init__(self, cursor: Cursor, encode: EncodeRows) -> None:
        self._cursor = cursor
        self._encode = encode
        self._ready: deque[bytes] = deque()
        self._exhausted = False

    def take(self, rows: int, limit_bytes: int) -> Batch:
        """See `Rows`."""
        taken: list[bytes] = []
        size = 0
        while len(taken) < rows:
            if not self._ready:
                self._compute(rows + 1 - len(taken))
                if not self._ready:
                    break
            if taken and size + len(self._ready[0]) > limit_bytes:
                break
            row = self._ready.popleft()
            taken.append(row)
            size += len(row)
        if not self._ready:
            self._compute(1)
        return Batch(len(taken), (b"".join(taken),), last=not self._ready)

    def _compute(self, rows: int) -> None:
        if self._exhausted:
            return
        asked = min(rows, _ROWS_AT_ONCE)
        computed = self._cursor.fetch(asked)
        self._exhausted = len(computed) < asked
        self._ready.extend(self._encode(computed))

    def close(self) -> None:
        """See `Rows`."""
        self._cursor.close()


@dataclass(slots=True)
class ResultSet:
    """An open result set; ``replies`` counts those that were asked for, the execution included."""

    statement: str
    rows: Rows
    replies: int = 1


class Locators:
    """Large objects that a client may still read, by locator.

    They live until the transaction ends; the oldest go when all of them exceed 256 MiB, so that
    a long result set in autocommit mode does not fill memory.
    """

    def __init__(self, limit_bytes: int = _LOCATED_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self._next = count(1)
        self._lobs: OrderedDict[int, Lob] = OrderedDict()
        self._bytes = 0

    def add(self, lob: Lob) -> int:
        """Keep a large object and return its locator."""
        locator = next(self._next)
        self._lobs[locator] = lob
        self._bytes += lob.size_bytes
        while self._bytes > self._limit_bytes and len(self._lobs) > 1:
            _, oldest = self._lobs.popitem(last=False)
            self._bytes -= oldest.size_bytes
        return locator

    def get(self, locator: int) -> Lob:
        """The large object of a locator.

        Raises:
            HanaError: there is none, or none any more.
        """
        lob = self._lobs.get(locator)
        if lob is None:
            message = f"exception 1000002: invalid LOB locator id {locator} (piecewise lob reading)"
            raise HanaError(1033, f"error while parsing protocol: {message}")
        return lob

    def clear(self) -> None:
        """Forget all."""
        self._lobs.clear()
        self._bytes = 0
