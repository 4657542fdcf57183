"""What a Spark read asks of the server, and when: descriptions, endpoints, streams, failures."""

from collections.abc import Iterator
from typing import Any

import pytest

from flight_client.protocol.errors import DataError
from tests.support.flight_double import Behaviour, FlightDouble, orders

pytestmark = [
    pytest.mark.spark,
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("default"),  # pyspark's own are not ours to mend
]


@pytest.fixture
def double() -> Iterator[FlightDouble]:
    with FlightDouble(Behaviour(endpoints=3)) as server:
        yield server


@pytest.fixture
def frame(spark: Any, double: FlightDouble) -> Any:
    return spark.read.format("flight").options(uri=double.uri, table="ORDERS").load()


def test_load_describes_once_and_reads_nothing(frame: Any, double: FlightDouble) -> None:
    assert frame.schema["REGION"].metadata == {"comment": "Where it was sold"}
    assert (len(double.seen.tickets), double.seen.streams) == (1, 0)


def test_first_action_finds_the_endpoints_and_each_reads_them(
    frame: Any, double: FlightDouble
) -> None:
    """Spark 4.3 asks a loaded frame once for its partitions, whatever is done with it then."""
    first, second = frame.toArrow(), frame.select("*").toArrow()

    assert first.num_rows == second.num_rows == 100
    assert (len(double.seen.tickets), double.seen.streams) == (2, 6)


def test_signs_of_life_are_no_rows(frame: Any, double: FlightDouble) -> None:
    double.behaviour.heartbeats = 2

    assert frame.count() == 100


def test_failure_in_the_middle_fails_the_job_and_is_no_short_result(
    frame: Any, double: FlightDouble
) -> None:
    double.behaviour.fail_at = (2, 1)
    double.behaviour.failure = DataError("Row 77 is broken; mend it.")

    with pytest.raises(Exception, match=r"DataError: Row 77 is broken; mend it\."):
        frame.collect()


def test_endpoint_that_is_read_again_gives_the_same_rows(frame: Any) -> None:
    assert frame.union(frame).distinct().count() == 100


def test_columns_that_changed_since_the_load_are_an_error(frame: Any, double: FlightDouble) -> None:
    double.behaviour.renamed_after = 1

    with pytest.raises(Exception, match="The rows have no column 'ORDER_ID'"):
        frame.collect()


def test_nullable_everywhere_whatever_the_catalogue_says(frame: Any) -> None:
    assert all(field.nullable for field in frame.schema)
    assert frame.columns == orders(0).schema.names
