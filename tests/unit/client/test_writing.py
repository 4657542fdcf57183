"""What is sent for a write, and what its error says was kept."""

import time
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

from flight_client.protocol.catalog import HanaType
from flight_client.protocol.commands import Execution
from flight_client.protocol.errors import (
    DataError,
    Error,
    InternalError,
    OutcomeUnknown,
    Retry,
    Unavailable,
)
from flight_client.protocol.writes import (
    WriteTicket,
    Written,
    decode_sent,
    decode_write,
    encode_written,
)
from flight_client.writing import Wish, execute, write
from tests.support.patience import PATIENCE_S

ROWS = pa.table({"ID": [1, 2], "NAME": ["a", "b"], "DAY": pa.array([1, 2], pa.date32())})
BROKEN = Unavailable("No connection to grpc://h:1.", address="grpc://h:1")


class Wire:
    """Plays the transport and its call; ``fails`` is raised instead of an answer."""

    idle_timeout_s = PATIENCE_S

    def __init__(self, fails: Error | None = None, *, at_end: bool = False) -> None:
        self.ticket: WriteTicket | None = None
        self.acted = 0
        self._fails, self._at_end = fails, at_end
        self._answers: list[Written] = []
        self._rows = 0
        self._ended = False

    def put(self, command: bytes, schema: pa.Schema) -> "Wire":
        self.ticket = decode_write(command)
        return self

    def act(self, name: str, body: bytes, *, tries: int) -> tuple[bytes, ...]:
        self.acted += tries
        if self._fails is not None:
            raise self._fails
        return (b'{"rows":3}',)

    def write(self, batch: pa.RecordBatch) -> None:
        self._rows += batch.num_rows
        self._answers.append(Written(self._rows))

    def say(self, metadata: bytes) -> None:
        self._ended |= decode_sent(metadata).is_end

    def answer(self) -> bytes | None:
        while True:
            if self._fails is not None and (self._ended or not self._at_end):
                raise self._fails
            if self._answers:
                return encode_written(self._answers.pop(0))
            if self._ended:
                self._ended = False
                return encode_written(Written(self._rows, committed=True))
            if self._is_over:
                return None
            time.sleep(0.001)

    def end(self) -> None:
        self._is_over = True

    def close(self) -> None:
        pass

    _is_over = False


def wish(**more: Any) -> Wish:
    usual: dict[str, Any] = {
        "table": "T",
        "space": None,
        "mode": "append",
        "keys": None,
        "types": None,
        "batch_rows": None,
        "progress": False,
    }
    return Wish(**{**usual, **more})


def sent(data: object, **more: Any) -> WriteTicket:
    wire: Any = Wire()
    write(wire, data, wish(**more))
    assert wire.ticket is not None
    return wire.ticket


def test_lengths_are_declared_for_a_new_table_in_memory() -> None:
    types = {"DAY": pa.timestamp("s"), "ID": "decimal(10)"}
    assert dict(sent(ROWS, mode="create", types=types).types) == {
        "NAME": HanaType("NVARCHAR", 10),
        "DAY": HanaType("SECONDDATE"),
        "ID": HanaType("DECIMAL", 10, 0),
    }


@pytest.mark.parametrize(
    ("data", "mode"), [(ROWS.to_reader(), "create"), (ROWS, "append"), (ROWS, "upsert")]
)
def test_nothing_is_declared_for_a_stream_or_a_table_that_is_there(data: object, mode: str) -> None:
    assert sent(data, mode=mode).types == ()


def test_connection_that_is_not_made_kept_nothing() -> None:
    def put(*_: object) -> None:
        raise BROKEN

    wire: Any = Wire()
    wire.put = put
    with pytest.raises(Unavailable, match=r"grpc://h:1\. Nothing was kept\.$") as raised:
        write(wire, ROWS, wish())
    assert raised.value.details["outcome"] == "nothing"


def test_connection_that_breaks_before_the_end_kept_nothing() -> None:
    wire: Any = Wire(BROKEN)
    with pytest.raises(Unavailable, match=r"grpc://h:1\. Nothing was kept\.$") as raised:
        write(wire, ROWS, wish())
    assert raised.value.details["outcome"] == "nothing"


def test_connection_that_breaks_at_the_end_leaves_it_open() -> None:
    wire: Any = Wire(BROKEN, at_end=True)
    with pytest.raises(OutcomeUnknown, match="is not known; look before you repeat it") as raised:
        write(wire, ROWS, wish())
    assert raised.value.details["outcome"] == "unknown"


def test_word_of_the_server_at_the_end_is_sure() -> None:
    wire: Any = Wire(DataError("Row 1.", row=1), at_end=True)
    with pytest.raises(DataError) as raised:
        write(wire, ROWS, wish())
    assert raised.value.details == {"row": 1, "outcome": "nothing"}


def test_server_that_does_not_know_is_believed() -> None:
    wire: Any = Wire(Unavailable("Nobody knows.", outcome="unknown"), at_end=True)
    with pytest.raises(Unavailable, match=r"^Nobody knows\.$"):
        write(wire, ROWS, wish())


@pytest.mark.parametrize(
    "change",
    [
        lambda wire: write(wire, ROWS, wish()),
        lambda wire: execute(wire, Execution(sql="DELETE FROM T WHERE A = 1")),
    ],
    ids=["write", "execute"],
)
def test_database_that_lost_a_commit_leaves_it_open(change: Callable[[Any], object]) -> None:
    wire = Wire(OutcomeUnknown("The connection broke; look at the data."), at_end=True)
    with pytest.raises(OutcomeUnknown, match=r"look at the data\.$") as raised:
        change(wire)
    assert raised.value.details["outcome"] == "unknown"


def test_change_is_sent_once() -> None:
    wire: Any = Wire(BROKEN)
    with pytest.raises(OutcomeUnknown, match="is not known") as raised:
        execute(wire, Execution(sql="DROP TABLE T"))
    assert wire.acted == 1
    assert raised.value.retry is Retry.NEVER


def test_change_that_never_left_is_known_to_be_undone() -> None:
    wire: Any = Wire(Unavailable("No connection to grpc://h:1.", address="x", reached=False))
    with pytest.raises(Unavailable, match=r"No connection to grpc://h:1\.$") as raised:
        execute(wire, Execution(sql="DROP TABLE T"))
    assert raised.value.details["outcome"] == "nothing"


def test_change_answers_with_its_rows() -> None:
    wire: Any = Wire()
    assert execute(wire, Execution(sql="DELETE FROM T WHERE A = 1")) == 3


def test_answers_of_a_change_are_one() -> None:
    wire: Any = Wire()
    wire.act = lambda *_, **__: ()
    with pytest.raises(InternalError, match="0 times"):
        execute(wire, Execution(sql="DROP TABLE T"))
