"""What a handler decided: a reply before it has bytes."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.hana_emulator.faults import ArmedFault
from tests.hana_emulator.values import FunctionCode, HanaError
from tests.hana_emulator.wire import parts
from tests.hana_emulator.wire.codes import (
    ROW_FAILED,
    ReplyCode,
    SegmentKind,
    TransactionFlag,
)
from tests.hana_emulator.wire.framing import Part


@dataclass(slots=True)
class Outcome:
    """A reply to be encoded.

    Attributes:
        parts: In the order that clients need.
        function: The function code.
        kind: An error must be marked as one.
        closes: Whether the connection ends behind the reply.
        fault: What happens to the reply on its way.
    """

    parts: Sequence[Part] = ()
    function: int = ReplyCode.NIL
    kind: SegmentKind = SegmentKind.REPLY
    closes: bool = False
    fault: ArmedFault | None = None


class SilencedError(Exception):
    """A fault takes the place of any reply."""

    def __init__(self, fault: ArmedFault) -> None:
        super().__init__(fault.fault)
        self.fault = fault


def failed(error: HanaError) -> Outcome:
    """The reply to a request that failed as a whole."""
    return Outcome([parts.error_part([error])], kind=SegmentKind.ERROR, closes=error.fatal)


def protocol_error(message: object) -> HanaError:
    """What HANA says to bytes that do not follow the protocol."""
    return HanaError(1033, f"error while parsing protocol: {message}")


def changed(
    function: FunctionCode, results: Sequence[int | HanaError], *, autocommit: bool
) -> Outcome:
    """The reply to a change: a count or a failure for each row of parameters."""
    errors = [result for result in results if isinstance(result, HanaError)]
    counts = [ROW_FAILED if isinstance(result, HanaError) else result for result in results]
    if errors and len(results) == 1:
        return failed(errors[0])
    affected = parts.rows_affected_part(counts)
    if errors:
        reply = [affected, parts.error_part(errors)]
        fatal = any(error.fatal for error in errors)
        return Outcome(reply, function, SegmentKind.ERROR, closes=fatal)
    committed = autocommit or function is FunctionCode.DDL
    flag = TransactionFlag.COMMITTED if committed else TransactionFlag.WRITE_TRANSACTION_STARTED
    context = parts.statement_context_part()
    return Outcome([affected, context, parts.transaction_flags_part(flag)], function)
