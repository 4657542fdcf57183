"""Streams on the wire: heartbeats, failures, cancel, deadline, release."""

import threading
import time

import pyarrow as pa
import pyarrow.flight as fl
import pytest

from flight_client.protocol.errors import DataError
from flight_client.protocol.tickets import ReadTicket
from tests.support.patience import PATIENCE_S, eventually, sometimes_under
from tests.support.scripted import ScriptedBackend, ScriptedStream, Step, batch, failure, silence
from tests.support.serving import as_ticket, plain_client, serving

READ = as_ticket(ReadTicket(entity="NUMBERS"))


def _slow(seconds: float) -> ScriptedBackend:
    def script(schema: pa.Schema) -> list[Step]:
        return [silence(seconds, batch(schema)), batch(schema)]

    return ScriptedBackend(script=script)


def test_schema_comes_before_the_first_row() -> None:
    with plain_client(_slow(60), heartbeat_s=60) as client:
        started = time.monotonic()
        reader = client.do_get(READ)
        assert reader.schema.names == ["N", "T"]
        assert time.monotonic() - started < PATIENCE_S
        reader.cancel()


def test_silence_is_broken_by_empty_batches() -> None:
    with plain_client(_slow(0.9), heartbeat_s=0.2) as client:
        started = time.monotonic()
        sizes = [chunk.data.num_rows for chunk in client.do_get(READ)]
        took_s = time.monotonic() - started
    assert sizes[-2:] == [3, 3]
    assert 1 <= sizes[:-2].count(0) <= took_s / 0.2
    assert set(sizes[:-2]) == {0}


def test_silence_in_the_middle_is_broken_too() -> None:
    def script(schema: pa.Schema) -> list[Step]:
        return [batch(schema), silence(0.9, batch(schema))]

    with plain_client(ScriptedBackend(script=script), heartbeat_s=0.2) as client:
        sizes = [chunk.data.num_rows for chunk in client.do_get(READ)]
    assert sizes[0] == 3
    assert 0 in sizes[1:-1]


def test_a_talking_database_is_sent_without_empty_batches() -> None:
    with plain_client(_slow(0.0), heartbeat_s=30) as client:
        assert [chunk.data.num_rows for chunk in client.do_get(READ)] == [3, 3]


def _fails(error: Exception, rows_before: int) -> ScriptedBackend:
    return ScriptedBackend(script=lambda schema: [batch(schema)] * rows_before + [failure(error)])


@pytest.mark.parametrize("before", [0, 2])
def test_failure_of_the_database_keeps_its_code_and_the_stream_is_closed(before: int) -> None:
    backend = _fails(DataError("Division by zero in row 7."), before)
    with plain_client(backend) as client:
        with pytest.raises(fl.FlightServerError, match=r"\[DATA_ERROR\] Division by zero"):
            client.do_get(READ).read_all()
        eventually(backend.streams[0].closed.is_set)


@pytest.mark.parametrize("before", [0, 2])
def test_unforeseen_failure_leaks_no_traceback(before: int) -> None:
    backend = _fails(RuntimeError("secret /etc/path"), before)
    with plain_client(backend) as client, pytest.raises(fl.FlightInternalError) as caught:
        client.do_get(READ).read_all()
    said = str(caught.value) + caught.value.extra_info.decode()
    assert "incident" in said
    for leak in ("secret", "Traceback", ".py", "RuntimeError"):
        assert leak not in said


def test_cancel_stops_a_silent_database_within_a_second() -> None:
    backend = _slow(60)

    def seconds_to_stop() -> float:
        reader = client.do_get(READ)
        eventually(lambda: backend.streams and backend.streams[-1].reads)
        threading.Timer(0.1, reader.cancel).start()
        with pytest.raises(fl.FlightCancelledError):
            list(reader)  # read_all() would turn the cancel into a KeyboardInterrupt
        took_s = eventually(backend.streams[-1].cancelled.is_set)
        eventually(backend.streams[-1].closed.is_set)
        return took_s

    with plain_client(backend) as client:
        assert sometimes_under(1, seconds_to_stop)


def test_deadline_stops_a_silent_database_within_a_second() -> None:
    backend = _slow(60)

    def seconds_to_stop() -> float:
        with pytest.raises(fl.FlightTimedOutError):
            client.do_get(READ, fl.FlightCallOptions(timeout=1.0)).read_all()
        eventually(lambda: backend.streams)
        took_s = eventually(backend.streams[-1].cancelled.is_set)
        eventually(backend.streams[-1].closed.is_set)
        return took_s

    with plain_client(backend) as client:
        assert sometimes_under(1, seconds_to_stop)


def _endless(schema: pa.Schema) -> list[Step]:
    return [batch(schema, 20_000)] * 100_000


def test_client_that_drops_its_reader_frees_the_stream() -> None:
    backend = ScriptedBackend(script=_endless)

    def seconds_to_close() -> float:
        reader = client.do_get(READ)
        reader.read_chunk()
        reader.cancel()
        del reader
        return eventually(backend.streams[-1].closed.is_set)

    with plain_client(backend) as client:
        assert sometimes_under(1, seconds_to_close)


def test_client_that_goes_away_frees_the_stream() -> None:
    backend = ScriptedBackend(script=_endless)
    with serving(backend) as server:
        client = fl.connect(server.uri)
        reader = client.do_get(READ)
        reader.read_chunk()
        client.close()
        del reader, client
        eventually(backend.streams[0].closed.is_set)


def _stands_still(stream: ScriptedStream) -> bool:
    before = stream.reads
    time.sleep(0.5)
    return stream.reads == before


def test_client_that_does_not_read_bounds_what_the_server_reads() -> None:
    backend = ScriptedBackend(script=_endless)
    with plain_client(backend) as client:
        reader = client.do_get(READ)
        reader.read_chunk()
        eventually(lambda: _stands_still(backend.streams[0]))
        reader.cancel()


def test_many_streams_at_once_all_end_whole() -> None:
    backend = ScriptedBackend(script=lambda schema: [batch(schema, 10)] * 50)
    totals: list[int] = []
    with plain_client(backend) as client:
        threads = [
            threading.Thread(target=lambda: totals.append(client.do_get(READ).read_all().num_rows))
            for _ in range(24)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert totals == [500] * 24
    assert all(stream.closed.is_set() for stream in backend.streams)


def test_no_thread_is_left_after_streams_of_every_ending() -> None:
    def readers() -> int:
        return sum(thread.name == "flight-read" for thread in threading.enumerate())

    with plain_client(_fails(DataError("No."), 1)) as client, pytest.raises(fl.FlightError):
        client.do_get(READ).read_all()
    with plain_client(_slow(60)) as client:
        client.do_get(READ).cancel()
    with plain_client(ScriptedBackend()) as client:
        client.do_get(READ).read_all()
    eventually(lambda: readers() == 0)
