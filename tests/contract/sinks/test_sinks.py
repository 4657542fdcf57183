"""One table in, the same values out, whatever takes them; and none at all where reading fails."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.flight as fl
import pytest

import flight_client
from flight_client.protocol import schemas
from flight_client.protocol.errors import DataError, UnsupportedType
from tests.contract.sinks.conftest import Read
from tests.contract.sinks.contract import Reading, Sink, told
from tests.contract.sinks.table import CODES, COLUMNS, EMPTY, ROWS, VALUES, codes
from tests.contract.sinks.watched import WatchedBackend
from tests.support.flight_double import FlightDouble, read_threads
from tests.support.patience import eventually

FAILURE = DataError("Division by zero in column 'NET'; mend the view.", column="NET")


class _Dictionaries(FlightDouble):
    """Sends dictionaries, which our server never does, nor any other by GeneratorStream."""

    def do_get(self, context: fl.ServerCallContext, ticket: fl.Ticket) -> fl.FlightDataStream:
        _, table = self._slices[ticket.ticket]
        return fl.RecordBatchStream(
            pa.RecordBatchReader.from_batches(table.schema, table.to_batches())
        )


def _kept(sink: Sink) -> list[str]:
    return [name for name in VALUES if name not in sink.refused]


def _first_wrong(sink: Sink, name: str, values: list[Any]) -> tuple[Any, Any] | None:
    """What was expected of a column and what came, where they first differ."""
    pairs = zip(sink.expected(name, VALUES[name]), values, strict=True)
    return next((pair for pair in pairs if told(pair[0]) != told(pair[1])), None)


def test_table_has_every_type_that_a_column_can_arrive_as() -> None:
    kinds = [kind for kind, _ in COLUMNS.values()]

    assert set(schemas._TO_ARROW.values()) <= set(kinds)
    assert any(isinstance(kind, pa.Decimal128Type) for kind in kinds)
    assert any(isinstance(kind, pa.FixedSizeListType) for kind in kinds)


def test_values_arrive_and_differ_only_as_declared(
    sink: Sink, read: Read, backend: WatchedBackend
) -> None:
    found = read()

    assert backend.streams[0].batches > 3
    assert list(found.values) == _kept(sink)
    assert {name: _first_wrong(sink, name, found.values[name]) for name in found.values} == (
        dict.fromkeys(found.values)
    )


def test_declared_difference_is_one(sink: Sink) -> None:
    for name in sink.differences:
        expected = sink.expected(name, VALUES[name])
        assert [told(each) for each in expected] != [told(each) for each in VALUES[name]]


def test_refused_column_is_named_and_nothing_is_read(
    sink: Sink, reading: Callable[..., Reading], backend: WatchedBackend
) -> None:
    for name in sink.refused:
        with pytest.raises(UnsupportedType, match=f"'{name}'"):
            sink.read(reading(columns=["ROW", name]))
    assert backend.streams == []


@pytest.mark.law("order")
def test_rows_come_in_the_order_asked_for(read: Read) -> None:
    found = read(columns=["ROW"], order_by=[("ROW", "desc")])

    assert found.values["ROW"] == list(reversed(range(ROWS)))


def test_endpoints_together_are_every_row_once(read: Read, backend: WatchedBackend) -> None:
    found = read(columns=["ROW"], partitions=3)

    assert len(backend.streams) == 3
    assert sorted(found.values["ROW"]) == list(range(ROWS))


@pytest.mark.parametrize("has_batches", [True, False], ids=["zero rows", "zero batches"])
def test_no_rows_keep_the_columns(
    sink: Sink, read: Read, backend: WatchedBackend, has_batches: bool
) -> None:
    backend.holds_nothing = not has_batches

    assert read(EMPTY).values == {name: [] for name in _kept(sink)}


@pytest.mark.law("types")
def test_columns_without_rows_have_the_types_of_those_with_rows(read: Read) -> None:
    assert read(EMPTY).types == read().types


@pytest.mark.parametrize("at", [0, 2, None], ids=["before rows", "amid rows", "after rows"])
def test_failure_is_raised_and_never_a_short_frame(
    sink: Sink, read: Read, backend: WatchedBackend, at: int | None
) -> None:
    backend.failure, backend.fails_at = FAILURE, at

    with pytest.raises(sink.raises, match="Division by zero in column 'NET'; mend the view"):
        read()


@pytest.mark.parametrize("failure", [None, FAILURE], ids=["success", "failure"])
def test_streams_and_threads_are_released_while_the_client_lives(
    sink: Sink, read: Read, backend: WatchedBackend, failure: DataError | None
) -> None:
    backend.failure, backend.fails_at = failure, 1
    if failure is None:
        read(partitions=2)
    else:
        with pytest.raises(sink.raises):
            read(partitions=2)

    assert backend.streams
    eventually(backend.all_released)
    eventually(lambda: not read_threads())


def test_reading_twice_runs_the_query_twice(read: Read, backend: WatchedBackend) -> None:
    first, second = read(columns=["ROW"]), read(columns=["ROW"])

    assert len(backend.streams) == 2
    assert first == second


def test_result_consumed_twice_runs_the_query_twice(
    sink: Sink, reading: Callable[..., Reading], backend: WatchedBackend
) -> None:
    again = reading(columns=["ROW", "NVARCHAR"])

    assert sink.read(again) == sink.read(again)
    assert len(backend.streams) == 2


def test_dictionaries_that_change_with_each_batch_keep_their_values(
    sink: Sink, request: pytest.FixtureRequest
) -> None:
    with (
        _Dictionaries(tables={"CODES": codes()}) as server,
        flight_client.connect(server.uri, progress=False) as client,
    ):
        found = sink.read(
            Reading(
                client=client,
                uri=server.uri,
                entity="CODES",
                options={},
                spark=lambda: request.getfixturevalue("spark"),
            )
        )

    assert found.values == {"CODE": CODES}
