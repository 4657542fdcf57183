"""Named faults: which there are, when one strikes, and how it damages a reply; no sockets."""

import re
import struct
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from typing import Any

from tests.hana_emulator.values import HanaError
from tests.hana_emulator.wire.framing import Buffer


class Fault(StrEnum):
    """What can go wrong.

    | name | what the client meets |
    |---|---|
    | slow_packets | the reply in pieces of ``piece_bytes``, ``seconds`` apart |
    | cut_mid_packet | half of the reply, then the end of the connection |
    | wrong_part_length | a reply whose last part claims 4096 bytes more than it has |
    | silent_hang | no reply; the connection stays open |
    | session_dropped | no reply and the end of the connection; the statement is not run |
    | error_on_execute | the error ``code`` instead of the statement |
    | error_on_fetch | the error ``code`` instead of the fetch after ``after_fetches`` |
    | refuse_connect | the connection is reset as soon as it is accepted |
    | overloaded | log-on fails with ``code``: 1038, or 616, 1034 |
    | locked | log-on fails with 416 |
    | force_password_change | log-on fails with 414 |
    """

    SLOW_PACKETS = "slow_packets"
    CUT_MID_PACKET = "cut_mid_packet"
    WRONG_PART_LENGTH = "wrong_part_length"
    SILENT_HANG = "silent_hang"
    SESSION_DROPPED = "session_dropped"
    ERROR_ON_EXECUTE = "error_on_execute"
    ERROR_ON_FETCH = "error_on_fetch"
    REFUSE_CONNECT = "refuse_connect"
    OVERLOADED = "overloaded"
    LOCKED = "locked"
    FORCE_PASSWORD_CHANGE = "force_password_change"


class Moment(Enum):
    """When a fault can strike."""

    ACCEPT = "accept"
    LOG_ON = "log on"
    RESULT = "result"
    END = "end of a transaction"


_MOMENTS = {
    Fault.REFUSE_CONNECT: Moment.ACCEPT,
    Fault.OVERLOADED: Moment.LOG_ON,
    Fault.LOCKED: Moment.LOG_ON,
    Fault.FORCE_PASSWORD_CHANGE: Moment.LOG_ON,
}

MESSAGES = {
    4: "cannot allocate enough memory: Allocation failed",
    129: "transaction rolled back by an internal error",
    131: "transaction rolled back by lock wait timeout: Lock-wait timeout exceeded",
    133: "transaction rolled back by detected deadlock: Deadlock detected",
    139: "current operation cancelled by request and transaction rolled back",
    414: "user is forced to change password: alter password required for user",
    416: "user is locked; try again later: lock time is 1440 minutes",
    613: "execution aborted by timeout",
    616: "rejected by workload class configuration: statement queue is full",
    1034: "exceed the maximum number of sessions",
    1038: "rejected as server is temporarily overloaded",
    2048: "column store error: search table error: [2] Exception at emulator",
}

_ANY = "%"
_CODES = {Fault.OVERLOADED: 1038, Fault.LOCKED: 416, Fault.FORCE_PASSWORD_CHANGE: 414}
_AFTER_FETCHES = {Fault.ERROR_ON_FETCH: 1}
BEFORE_THE_STATEMENT = frozenset((Fault.SILENT_HANG, Fault.SESSION_DROPPED))
_RAISING = frozenset((Fault.ERROR_ON_EXECUTE, Fault.ERROR_ON_FETCH))


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmedFault:
    """A fault and when it strikes.

    Attributes:
        fault: Which.
        times: How often it strikes before it is spent; None is always.
        after_fetches: Replies of a result set that go well first; the reply to the execution
            itself is number 0, and 1 is the default of ``error_on_fetch``.
        code: Of the error, for those that are one.
        seconds: Between pieces of a slow reply.
        piece_bytes: Of a slow reply.
        statement_like: An SQL pattern that the statement must match, whatever its case. The end of
            a transaction has the texts ``COMMIT`` and ``ROLLBACK``, and no fault by default.
    """

    fault: Fault
    times: int | None = None
    after_fetches: int = 0
    code: int = 2048
    seconds: float = 0.2
    piece_bytes: int = 64
    statement_like: str = _ANY

    @property
    def error(self) -> HanaError:
        """The error of a fault that is one."""
        return HanaError(self.code, MESSAGES.get(self.code, f"emulated error {self.code}"))

    @property
    def is_error(self) -> bool:
        """Whether the reply is `error`."""
        return self.fault in _RAISING or _MOMENTS.get(self.fault) is Moment.LOG_ON

    def strikes(self, moment: Moment, statement: str, fetches: int) -> bool:
        """Whether it is due now."""
        due = _MOMENTS.get(self.fault, Moment.RESULT)
        if moment is Moment.END:
            due = Moment.END if due is Moment.RESULT and self.statement_like != _ANY else None
        if moment is not due or self.times == 0:
            return False
        if moment in (Moment.ACCEPT, Moment.LOG_ON):
            return True
        return fetches == self.after_fetches and _like(self.statement_like, statement)


def _like(pattern: str, text: str) -> bool:
    translated = "".join({"%": ".*", "_": "."}.get(mark, re.escape(mark)) for mark in pattern)
    return re.fullmatch(translated, text, re.DOTALL | re.IGNORECASE) is not None


_PARAMETERS: dict[str, Callable[[Any], object]] = {
    "times": int,
    "after_fetches": int,
    "code": int,
    "seconds": float,
    "piece_bytes": int,
    "statement_like": str,
}


def parse_fault(text: str) -> ArmedFault:
    """A fault written as ``name`` or ``name:key=value,key=value``.

    ``statement_like`` comes last, because its pattern may hold commas.

    Raises:
        ValueError: no such fault or parameter, or a value that does not fit.
    """
    name, _, rest = text.partition(":")
    parameters: dict[str, str] = {}
    while rest:
        key, _, rest = rest.partition("=")
        if key == "statement_like":
            parameters[key], rest = rest, ""
        else:
            parameters[key], _, rest = rest.partition(",")
    return arm(name, **parameters)


def arm(name: str, **parameters: object) -> ArmedFault:
    """A fault by name, with parameters as values or as texts.

    Raises:
        ValueError: no such fault or parameter, or a value that does not fit.
    """
    try:
        fault = Fault(name)
    except ValueError:
        message = f"there is no fault {name!r}; there are {', '.join(Fault)}"
        raise ValueError(message) from None
    if unknown := set(parameters) - set(_PARAMETERS):
        message = f"faults have no parameter {min(unknown)!r}; they have {', '.join(_PARAMETERS)}"
        raise ValueError(message)
    armed = ArmedFault(
        fault=fault, code=_CODES.get(fault, 2048), after_fetches=_AFTER_FETCHES.get(fault, 0)
    )
    given = {key: value for key, value in parameters.items() if value is not None}
    return replace(armed, **{key: _PARAMETERS[key](value) for key, value in given.items()})


class Faults:
    """The faults that are armed; they can be changed while the server runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: dict[Fault, ArmedFault] = {}

    def set(self, name: str, **parameters: object) -> None:
        """Arm a fault; the same fault armed before is replaced.

        Raises:
            ValueError: as `arm`.
        """
        self.add(arm(name, **parameters))

    def add(self, armed: ArmedFault) -> None:
        """Arm a fault; the same fault armed before is replaced."""
        with self._lock:
            self._armed[armed.fault] = armed

    def clear(self) -> None:
        """Disarm all."""
        with self._lock:
            self._armed.clear()

    def strike(self, moment: Moment, statement: str = "", fetches: int = 0) -> ArmedFault | None:
        """The fault that strikes now; that counts as one of its times."""
        with self._lock:
            for key, armed in self._armed.items():
                if armed.strikes(moment, statement, fetches):
                    if armed.times is not None:
                        self._armed[key] = replace(armed, times=armed.times - 1)
                    return armed
        return None


_PARTS_START = 56
_PART_HEADER = struct.Struct("<bbhiii")


def with_wrong_part_length(buffers: Sequence[Buffer]) -> bytes:
    """A reply whose last part claims 4096 bytes more than it has."""
    data = bytearray(b"".join(buffers))
    (parts,) = struct.unpack_from("<h", data, 40)
    offset = _PARTS_START
    for _ in range(parts - 1):
        length = _PART_HEADER.unpack_from(data, offset)[4]
        offset += _PART_HEADER.size + length + -length % 8
    length = _PART_HEADER.unpack_from(data, offset)[4]
    struct.pack_into("<i", data, offset + 8, length + 4096)
    return bytes(data)
