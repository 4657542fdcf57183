import os
from collections.abc import Iterator
from typing import Any, cast

import pytest

from flight_client.protocol.catalog import Column, HanaType
from flight_server.backends.hana.messages import Failed, Finished, Run
from flight_server.backends.hana.reader.answering import Reader, Task, place_of
from flight_server.backends.hana.reader.driver import DatabaseError

RUN = Run(sql="SELECT 1", columns=(Column("N", HanaType("INTEGER")),), batch_bytes=1, lob_bytes=1)
FINISHED = Finished(3, 0)


class SessionDouble:
    """Notes that it was disconnected."""

    def __init__(self) -> None:
        self.connected = True

    def disconnect(self) -> None:
        self.connected = False


@pytest.fixture
def session() -> SessionDouble:
    return SessionDouble()


@pytest.fixture
def reader(session: SessionDouble) -> Iterator[Reader]:
    ours, theirs = os.pipe()
    os.close(theirs)
    reader = Reader(ours, cast("Any", session))
    yield reader
    reader._control.close()


def test_a_reply_stands_where_nobody_cancelled(reader: Reader, session: SessionDouble) -> None:
    assert reader._settled(Task(RUN), FINISHED) == FINISHED
    assert session.connected


def test_a_connection_whose_statement_ended_by_the_cancel_is_kept(
    reader: Reader, session: SessionDouble
) -> None:
    task = Task(RUN)
    task.asked_hana = True

    reply = reader._settled(task, Failed(139, "cancelled"))

    assert reply == Failed(139, "cancelled")
    assert session.connected


@pytest.mark.parametrize("reply", [FINISHED, Failed(304, "division by zero")])
def test_a_cancel_that_ended_nothing_cannot_end_the_next_statement(
    reader: Reader, session: SessionDouble, reply: Finished | Failed
) -> None:
    task = Task(RUN)
    task.asked_hana = True

    settled = reader._settled(task, reply)

    assert isinstance(settled, Failed)
    assert (settled.code, settled.connection_lost) == (139, True)
    assert not session.connected


def test_a_place_holds_no_words_of_the_error() -> None:
    with pytest.raises(ValueError, match="secret") as caught:
        int("password=secret")

    place = place_of(caught.value)
    assert place.startswith("ValueError in test_answering.py:")
    assert "secret" not in place


def test_an_error_of_the_database_shows_its_number_only() -> None:
    assert "secret" not in repr(DatabaseError(10, "secret")) + str(DatabaseError(10, "secret"))
