"""Statements that concern connections, not data; the engine never sees them.

``ALTER SYSTEM CANCEL SESSION '200001'`` (what ``cancel()`` of hdbcli sends on a second connection)
and ``ALTER SYSTEM DISCONNECT SESSION '200001'`` are HANA's. ``EMULATOR FAULT 'name:key=value'``,
``EMULATOR FAULT NONE`` and ``EMULATOR CONNECTIONS`` are the emulator's own; they are honoured from
any user, because this is a test tool.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from tests.hana_emulator.faults import Faults, parse_fault
from tests.hana_emulator.values import (
    DeclaredType,
    FunctionCode,
    HanaError,
    Marker,
    ResultColumn,
    Row,
)

_EMULATOR = re.compile(
    r"\s*EMULATOR\s+(?:FAULT\s+(?:'(?P<fault>[^']*)'|(?P<none>NONE))|(?P<count>CONNECTIONS))\s*",
    re.IGNORECASE,
)
_SESSION = re.compile(
    r"\s*ALTER\s+SYSTEM\s+(?P<verb>CANCEL|DISCONNECT)\s+SESSION\s+'(?P<id>\d{1,18})'\s*",
    re.IGNORECASE,
)
_CONNECTIONS = ResultColumn("CONNECTIONS", DeclaredType("INTEGER"), nullable=False)


class Peers(Protocol):
    """The connections of a server."""

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        ...

    def cancel(self, connection_id: int, user: str) -> None:
        """Cancel what a connection runs, on behalf of a user.

        Raises:
            HanaError: 258, it is another user's connection; 2, there is none.
        """
        ...

    def disconnect(self, connection_id: int, user: str) -> None:
        """End a connection; raises as `cancel`."""
        ...


@dataclass(slots=True)
class Control:
    """A parsed statement of the emulator; also the cursor over its result."""

    function: FunctionCode
    run: Callable[[], None]
    columns: tuple[ResultColumn, ...] = ()
    markers: tuple[Marker, ...] = ()
    rows: list[Row] = field(default_factory=list)

    def fetch(self, rows: int) -> list[Row]:
        """The next rows; see ``values.Cursor``."""
        taken, self.rows = self.rows[:rows], self.rows[rows:]
        return taken

    def close(self) -> None:
        """Nothing is held."""


def parse_control(text: str, user: str, faults: Faults, peers: Peers) -> Control | None:
    """The statement in a text; None if it is one for the engine.

    Raises:
        HanaError: 257, it starts as one of the emulator and goes on as none, or names no fault.
    """
    match = _SESSION.fullmatch(text)
    if match is not None:
        act = peers.cancel if match["verb"].upper() == "CANCEL" else peers.disconnect
        connection_id = int(match["id"])
        return Control(FunctionCode.DDL, lambda: act(connection_id, user))
    if not text.lstrip()[:9].upper().startswith("EMULATOR "):
        return None
    match = _EMULATOR.fullmatch(text)
    if match is None:
        message = "expected EMULATOR FAULT 'name', EMULATOR FAULT NONE or EMULATOR CONNECTIONS"
        raise HanaError(257, f"sql syntax error: {message}", position=1)
    if match["count"]:
        rows: list[Row] = [(peers.connections,)]
        return Control(FunctionCode.SELECT, lambda: None, columns=(_CONNECTIONS,), rows=rows)
    if match["none"]:
        return Control(FunctionCode.DDL, faults.clear)
    try:
        armed = parse_fault(match["fault"])
    except ValueError as error:
        raise HanaError(257, f"sql syntax error: {error}", position=1) from None
    return Control(FunctionCode.DDL, lambda: faults.add(armed))
