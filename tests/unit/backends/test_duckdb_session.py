"""A commit that has begun is left alone, whoever wants the transaction to end."""

import threading
from typing import Any, cast

from flight_client.protocol.errors import Cancelled
from flight_server.backends.duckdb.session import Session


class SlowCursor:
    """A DuckDB cursor whose commit takes until somebody allows it to end."""

    def __init__(self) -> None:
        self.commits = threading.Event()
        self.may_end = threading.Event()
        self.interrupts = 0

    def execute(self, text: str) -> None:
        if text == "COMMIT":
            self.commits.set()
            assert self.may_end.wait(10)

    def interrupt(self) -> None:
        self.interrupts += 1

    def close(self) -> None:
        pass


def test_commit_that_has_begun_is_not_interrupted() -> None:
    cursor = SlowCursor()
    session = Session(cast("Any", cursor))
    ends = threading.Thread(target=session.end, args=[Cancelled("Too late.")])

    def end_meanwhile() -> None:
        cursor.commits.wait(10)
        ends.start()
        ends.join(0.1)  # so that it has looked several times
        cursor.may_end.set()

    threading.Thread(target=end_meanwhile).start()
    session.commit()
    ends.join()
    session.close()
    assert cursor.interrupts == 0
