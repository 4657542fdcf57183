"""Streams on the wire: heartbeats, failures, cancel, deadline, release."""

import threading
import time

import pyarrow as pa
import pyarrow.flight as fl
import pytest

from flight_client.protocol.errors import DataError
from flight_client.protocol.tickets import ReadTicket
from tests.support.scripted import ScriptedBackend, Step, batch, failure, silence
from tests.support.serving import as_ticket, plain_client, serving

READ = as_ticket(ReadTicket(entity="NUMBERS"))


def _eventually(holds: object, seconds: float = 1.0) -> float:
    """Wait until a callable is true; returns how long that took."""
    started = time.monotonic()
    while not holds():  # type: ignore[operator]
        if time.monotonic() - started > seconds:
            raise AssertionError(f"not true within {seconds} s")
        time.sleep(0.005)
    return time.monotonic() - started


def _slow(seconds: float) -> ScriptedBackend:
    def script(schema: pa.Schema) -> list[Step]:
        return [silence(seconds, batch(schema)), batch(schema)]

    return ScriptedBackend(script=script)


def test_schema_comes_before_the_first_row() -> None:
    with plain_client(_slow(1.0)) as client:
        started = time.monotonic()
        reader = client.do_get(READ)
        assert reader.schema.names == ["N", "T"]
        assert time.monotonic() - started < 0.7
        reader.cancel()


def test_silence_is_broken_by_empty_batches() -> None:
    with plain_client(_slow(0.9), heartbeat_s=0.2) as client:
        sizes = [chunk.data.num_rows for chunk in client.do_get(READ)]
    assert sizes[-2:] == [3, 3]
    assert 2 <= sizes[:-2].count(0) <= 4
    assert set(sizes[:-2]) == {0}


def test_silence_in_the_middle_is_broken_too() -> None:
    def script(schema: pa.Schema) -> list[Step]:
        return [batch(schema), silence(0.5, batch(schema))]

    with plain_client(ScriptedBackend(script=script), heartbeat_s=0.2) as client:
        sizes = [chunk.data.num_rows for chunk in client.do_get(READ)]
    assert sizes[0] == 3
    assert 0 in sizes[1:-1]


def test_a_talking_database_is_sent_without_empty_batches() -> None:
    with plain_client(_slow(0.0), heartbeat_s=0.2) as client:
        assert [chunk.data.num_rows for chunk in client.do_get(READ)] == [3, 3]


def _fails(error: Exception, rows_before: int) -> ScriptedBackend:
    return ScriptedBackend(script=lambda schema: [batch(schema)] * rows_before + [failure(error)])


@pytest.mark.parametrize("before", [0, 2])
def test_failure_of_the_database_keeps_its_code_and_the_stream_is_closed(before: int) -> None:
    backend = _fails(DataError("Division by zero in row 7."), before)
    with plain_client(backend) as client:
        with pytest.raises(fl.FlightServerError, match=r"\[DATA_ERROR\] Division by zero"):
            client.do_get(READ).read_all()
        _eventually(backend.streams[0].closed.is_set)


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
    with plain_client(backend) as client:
        reader = client.do_get(READ)
        _eventually(lambda: backend.streams and backend.streams[0].reads)
        threading.Timer(0.1, reader.cancel).start()
        with pytest.raises(fl.FlightCancelledError):
            list(reader)  # read_all() would turn the cancel into a KeyboardInterrupt
        assert _eventually(backend.streams[0].cancelled.is_set) < 1
        _eventually(backend.streams[0].closed.is_set)


def test_deadline_stops_a_silent_database_within_a_second() -> None:
    backend = _slow(60)
    with plain_client(backend) as client:
        with pytest.raises(fl.FlightTimedOutError):
            client.do_get(READ, fl.FlightCallOptions(timeout=0.3)).read_all()
        assert _eventually(backend.streams[0].cancelled.is_set) < 1
        _eventually(backend.streams[0].closed.is_set)


def _endless(schema: pa.Schema) -> list[Step]:
    return [batch(schema, 20_000)] * 100_000


def test_client_that_drops_its_reader_frees_the_stream() -> None:
    backend = ScriptedBackend(script=_endless)
    with plain_client(backend) as client:
        reader = client.do_get(READ)
        reader.read_chunk()
        reader.cancel()
        del reader
        assert _eventually(backend.streams[0].closed.is_set, 2) < 1


def test_client_that_goes_away_frees_the_stream() -> None:
    backend = ScriptedBackend(script=_endless)
    with serving(backend) as server:
        client = fl.connect(server.uri)
        reader = client.do_get(READ)
        reader.read_chunk()
        client.close()
        del reader, client
        _eventually(backend.streams[0].closed.is_set, 2)


def test_client_that_does_not_read_bounds_what_the_server_reads() -> None:
    backend = ScriptedBackend(script=_endless)
    with plain_client(backend) as client:
        reader = client.do_get(READ)
        reader.read_chunk()
        time.sleep(0.5)
        ahead = backend.streams[0].reads
        time.sleep(0.5)
        assert backend.streams[0].reads == ahead, "the server goes on reading"
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
    _eventually(lambda: readers() == 0, 2)
