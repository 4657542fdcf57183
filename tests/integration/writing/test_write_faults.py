"""What cuts a write short leaves the table as it was, and the caller knows it."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.flight as fl
import pytest

import flight_client
from flight_client.client import Client
from flight_client.protocol.errors import Cancelled, Error, InvalidRequest, Unavailable
from flight_client.protocol.writes import (
    Sent,
    WriteTicket,
    Written,
    decode_written,
    encode_sent,
    encode_write,
)
from tests.support.forwarder import forwarding
from tests.support.patience import PATIENCE_S, eventually
from tests.support.sql_service import Landscape, SqlService
from tests.support.sql_tables import WRITE

SCHEMA = pa.schema([("ID", pa.int64())])


def batch(first: int, rows: int = 100) -> pa.RecordBatch:
    return pa.record_batch([pa.array(range(first, first + rows), pa.int64())], schema=SCHEMA)


@pytest.fixture
def filled(client: Client, table: str) -> str:
    client.write(table, batch(0), mode="create", keys=["ID"])
    return table


def rows_in(client: Client, table: str) -> int:
    return client.table(table).to_arrow().num_rows


def test_cut_line_keeps_nothing(client: Client, service: SqlService, filled: str) -> None:
    with (
        forwarding(service.port) as line,
        flight_client.connect(line.uri, space=WRITE, progress=False) as far,
    ):

        def rows() -> Iterator[pa.RecordBatch]:
            for number in range(1, 1000):
                yield batch(number * 100)
                if number == 5:
                    eventually(lambda: service.counts.transactions > 0)
                    line.drop()

        with pytest.raises(Unavailable) as raised:
            far.write(filled, rows(), batch_rows=100)
    assert raised.value.details["outcome"] == "nothing"
    service.wait_for_rest()
    assert rows_in(client, filled) == 100


SEND_AND_DIE = """
import os, sys
import pyarrow as pa, flight_client
uri, table = sys.argv[1:]
def rows():
    for number in range(1, 10):
        ids = pa.array(range(number * 100, number * 100 + 100), pa.int64())
        yield pa.record_batch([ids], names=["ID"])
    os._exit(1)
flight_client.connect(uri, space="LAB").write(table, rows(), batch_rows=100)
"""


def test_client_that_dies_leaves_nothing(client: Client, service: SqlService, filled: str) -> None:
    command = [sys.executable, "-c", SEND_AND_DIE, service.uri, filled]
    assert subprocess.run(command, check=False, timeout=60).returncode == 1
    service.wait_for_rest()
    assert rows_in(client, filled) == 100


def test_interrupt_gives_up_and_keeps_nothing(
    client: Client, service: SqlService, filled: str
) -> None:
    def interrupt() -> None:
        eventually(lambda: service.counts.transactions > 0)
        os.kill(os.getpid(), signal.SIGINT)

    def rows() -> Iterator[pa.RecordBatch]:
        threading.Thread(target=interrupt).start()
        for number in range(1, 10_000):
            yield batch(number * 100)
            time.sleep(0.01)

    with pytest.raises(KeyboardInterrupt):
        client.write(filled, rows(), batch_rows=100)
    service.wait_for_rest()
    assert rows_in(client, filled) == 100


def test_slow_source_is_not_taken_for_a_dead_one(landscape: Landscape, table: str) -> None:
    def rows() -> Iterator[pa.RecordBatch]:
        yield batch(0)
        time.sleep(1.6)
        yield batch(100)

    with (
        landscape.serving(writes={"idle_s": 1}) as hasty,
        flight_client.connect(hasty.uri, space=WRITE, progress=False) as near,
    ):
        assert near.write(table, rows(), mode="create", batch_rows=100) == 200


# without our client


def put(uri: str, ticket: WriteTicket, *said: Sent, batches: int = 1) -> list[Written]:
    """Send batches, then say something or nothing, and stop."""
    answers: list[Written] = []
    with fl.connect(uri) as plain:
        descriptor = fl.FlightDescriptor.for_command(encode_write(ticket))
        writer, reader = plain.do_put(descriptor, SCHEMA)
        for number in range(1, batches + 1):
            writer.write_batch(batch(number * 100))
        for each in said:
            writer.write_metadata(pa.py_buffer(encode_sent(each)))
        writer.done_writing()
        while (answer := reader.read()) is not None:
            answers.append(decode_written(answer.to_pybytes()))
        writer.close()
    return answers


def test_plain_client_is_told_of_each_batch_and_of_the_commit(
    client: Client, service: SqlService, filled: str
) -> None:
    ticket = WriteTicket(space=WRITE, table=filled)
    answers = put(service.uri, ticket, Sent(200, is_end=True), batches=2)
    assert answers == [Written(100), Written(200), Written(200, committed=True)]
    assert rows_in(client, filled) == 300


def test_server_says_again_how_far_it_is_while_it_waits(landscape: Landscape, table: str) -> None:
    with (
        landscape.serving(server={"heartbeat_s": 0.1}) as near,
        fl.connect(near.uri) as plain,
    ):
        command = encode_write(WriteTicket(space=WRITE, table=table, mode="create"))
        writer, reader = plain.do_put(
            fl.FlightDescriptor.for_command(command),
            SCHEMA,
            fl.FlightCallOptions(timeout=PATIENCE_S),
        )
        writer.write_batch(batch(0))
        told = [Written(0)]
        while told.count(Written(100)) < 3:
            told.append(decode_written(reader.read().to_pybytes()))
        with pytest.raises(fl.FlightError, match="CANCELLED"):
            writer.close()


@pytest.mark.parametrize(
    ("said", "word"),
    [((), "CANCELLED"), ((Sent(100),), "CANCELLED"), ((Sent(99, is_end=True),), "REQUEST_INVALID")],
    ids=["nothing", "sign_of_life", "other_count"],
)
def test_end_that_is_not_said_keeps_nothing(
    client: Client, service: SqlService, filled: str, said: tuple[Sent, ...], word: str
) -> None:
    with pytest.raises(fl.FlightError, match=word):
        put(service.uri, WriteTicket(space=WRITE, table=filled), *said)
    assert rows_in(client, filled) == 100


@pytest.mark.parametrize("command", [b"", b"{}", b'{"version":1,"kind":"read"}', b"\xff"])
def test_command_that_is_no_write_is_refused(service: SqlService, command: bytes) -> None:
    with fl.connect(service.uri) as plain:
        writer, _ = plain.do_put(fl.FlightDescriptor.for_command(command), SCHEMA)
        writer.done_writing()
        with pytest.raises(fl.FlightError, match="TICKET_INVALID"):
            writer.close()


def test_error_of_a_write_says_what_was_kept(client: Client, filled: str) -> None:
    with pytest.raises(Error, match=r"Nothing was kept\.$"):
        client.write(filled, batch(0))


def test_batch_with_other_columns_is_refused(client: Client, filled: str) -> None:
    other: list[Any] = [batch(100), pa.record_batch({"X": [1]})]
    with pytest.raises(InvalidRequest, match="Batch 2 has other columns"):
        client.write(filled, other)
    assert rows_in(client, filled) == 100


def test_closed_server_ends_a_write(landscape: Landscape, table: str) -> None:
    with (
        landscape.serving() as mortal,
        flight_client.connect(mortal.uri, space=WRITE, progress=False) as near,
    ):

        def rows() -> Iterator[pa.RecordBatch]:
            yield batch(0)
            eventually(lambda: mortal.counts.transactions > 0)
            mortal.running.close()
            for number in range(1, 100):
                yield batch(number * 100)

        with pytest.raises((Cancelled, Unavailable)):
            near.write(table, rows(), mode="create", batch_rows=100)
