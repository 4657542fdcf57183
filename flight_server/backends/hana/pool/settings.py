"""How many reader processes there are, and how long everything around them may take."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

MODULE: Final = "flight_server.backends.hana.reader"

_COMMAND: Final = (sys.executable, "-P", "-X", "faulthandler", "-m", MODULE)
"""``-P``: the reader's path is ours (``process.child_environment``) and not the directory the
server was started in. ``faulthandler``: where the closed driver crashed, the log says where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderSettings:
    """Bounds of the reader processes.

    Attributes:
        max_readers: Processes in all, from 2. One is kept for short calls (catalogue, describing a
            query), so that streams with slow consumers cannot starve them.
        statements_per_space: Streams that run at once in a space: all statements of a space share
            one workload class of HANA (datasphere-hana.md 1.7).
        queue_s: Longest wait for a turn, in seconds.
        attempts: Most attempts of a request that fails in a way that may pass.
        backoff_s: Longest pause before the second attempt where the database is full or away, in
            seconds; it doubles with each further one.
        start_s: Longest time for a process to start and log on.
        short_s: Longest time for a short call, its turn and attempts included.
        ping_s: Longest wait for a sign of life of an idle connection.
        ping_after_s: A connection that was idle for longer has to give one.
        idle_s: A process that was idle for longer ends.
        connection_lifetime_s: A connection older than this is replaced before the next statement.
        recycle_statements: A process ends after this many statements.
        recycle_bytes: A process ends when its memory has grown by more than this.
        cancel_grace_s: A reader has this long to end a cancelled statement, then it is killed.
        refused_logon_s: How long a user whom the database refused is not tried again, because each
            failed log-on brings the lock of the account nearer (error 416); also how long one who
            succeeded may be tried by many at once.
        table_rows: Most rows of a table that is read for the server itself.
        roll_back_s: A process that does not roll back in this time ends, and the database does it.
        statements: Run after each log-on; see ``messages.Connect``.
        change_statements: The same on connections to write with.
        client_info: Session variables of every statement, for example APPLICATION.
        command: Starts a reader; the numbers of its two pipes are appended.
    """

    max_readers: int = 8
    statements_per_space: int = 4
    queue_s: float = 600.0
    attempts: int = 3
    backoff_s: float = 2.0
    start_s: float = 30.0
    short_s: float = 60.0
    ping_s: float = 5.0
    ping_after_s: float = 30.0
    idle_s: float = 300.0
    connection_lifetime_s: float = 1800.0
    recycle_statements: int = 1000
    recycle_bytes: int = 512 * 1024 * 1024
    cancel_grace_s: float = 0.5
    refused_logon_s: float = 10.0
    table_rows: int = 2_000_000
    roll_back_s: float = 10.0
    statements: tuple[str, ...] = ()
    change_statements: tuple[str, ...] = ()
    client_info: Mapping[str, str] = field(default_factory=dict[str, str])
    command: tuple[str, ...] = _COMMAND

    def __post_init__(self) -> None:
        """Refuse numbers with which nothing would ever run."""
        if self.max_readers < 2:
            raise ValueError(
                f"max_readers is at least 2, one for streams and one for the catalogue; got "
                f"{self.max_readers}."
            )
        if self.statements_per_space < 1 or self.attempts < 1:
            raise ValueError("statements_per_space and attempts are at least 1.")
