"""Changes of a session: rows of parameters, and those that wait for pieces of large objects."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from tests.hana_emulator.conform import conform
from tests.hana_emulator.outcomes import Outcome, changed, protocol_error
from tests.hana_emulator.values import Prepared, Row, Session
from tests.hana_emulator.wire import lobs
from tests.hana_emulator.wire.codes import ReplyCode, SegmentKind
from tests.hana_emulator.wire.framing import ReceivedPart
from tests.hana_emulator.wire.parameters import IncomingLob, SentValue


@dataclass(slots=True)
class _Waiting:
    """A change whose large objects are still arriving."""

    prepared: Prepared
    rows: list[list[SentValue]]
    autocommit: bool
    open: set[int] = field(default_factory=set)


class Changes:
    """Runs changes once all of their large objects are there."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._locators = count(1)
        self._incoming: dict[int, tuple[_Waiting, IncomingLob]] = {}

    def execute(
        self, prepared: Prepared, rows: list[list[SentValue]], *, autocommit: bool
    ) -> Outcome:
        """Run a change, or ask for the rest of its large objects first.

        Raises:
            HanaError: a parameter does not fit its marker, or the statement fails as a whole.
        """
        waiting = _Waiting(prepared, rows, autocommit)
        for sent in (sent for row in rows for sent in row):
            if isinstance(sent.value, IncomingLob) and not sent.value.complete:
                locator = next(self._locators)
                waiting.open.add(locator)
                self._incoming[locator] = (waiting, sent.value)
        if not waiting.open:
            return self._run(waiting)
        # The counts are a promise: whether the change succeeds is known with the last piece.
        outcome = changed(prepared.function, [1] * len(rows), autocommit=autocommit)
        outcome.parts = [outcome.parts[0], lobs.write_lob_reply(sorted(waiting.open))]
        return outcome

    def write(self, part: ReceivedPart) -> Outcome:
        """Take pieces; the change runs with the last one.

        Raises:
            HanaError: 1033 for an unknown locator, or what the change says.
            WireError: the part is broken.
        """
        waiting = None
        for piece in lobs.write_lob_requests(part):
            found = self._incoming.get(piece.locator)
            if found is None:
                raise protocol_error(f"invalid LOB locator id {piece.locator}")
            waiting, lob = found
            lob.append(piece.data, last=piece.last)
            if piece.last:
                waiting.open.discard(piece.locator)
                del self._incoming[piece.locator]
        if waiting is None:
            raise protocol_error("WRITELOBREQUEST without a piece")
        if waiting.open:
            return Outcome([lobs.write_lob_reply(sorted(waiting.open))], ReplyCode.WRITE_LOB)
        outcome = self._run(waiting)
        outcome.function = ReplyCode.WRITE_LOB
        if outcome.kind is SegmentKind.REPLY:
            outcome.parts = outcome.parts[1:]  # node-hdb would add the counts to those promised
        return outcome

    def forget(self) -> None:
        """Drop what still waits; the transaction ended."""
        self._incoming.clear()

    def _run(self, waiting: _Waiting) -> Outcome:
        prepared = waiting.prepared
        rows = conformed(prepared, waiting.rows)
        results = self._session.change(prepared, rows, autocommit=waiting.autocommit)
        return changed(prepared.function, results, autocommit=waiting.autocommit)


def conformed(prepared: Prepared, rows: Sequence[Sequence[SentValue]]) -> list[Row]:
    """Rows of values by the declared types of the markers."""
    types = [marker.type for marker in prepared.markers]
    return [[conform(sent, kind) for sent, kind in zip(row, types, strict=True)] for row in rows]
