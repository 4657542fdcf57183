"""A wish for parts: the endpoints that a service makes of it are disjoint and complete."""

import pytest

from flight_client.protocol.filters import Comparison, Or
from flight_client.protocol.tickets import Partition, PartitionMethod, Sample
from flight_server.backends.base import Backend
from flight_server.planning.plan import KeyRange
from tests.contract.backends.reading import parts, plan_of, read
from tests.contract.backends.shared_tables import EXTREMES, NUMBERS_ROWS, RANGED, SLICED
from tests.contract.backends.subjects import VIEW


def ids(backend: Backend, partition: Partition, **ticket: object) -> list[list[int]]:
    """The IDs of NUMBERS in each endpoint."""
    found = parts(backend, "NUMBERS", columns=("ID",), partition=partition, **ticket)
    return [part["ID"].to_pylist() for part in found]


def together(endpoints: list[list[int]]) -> list[int]:
    return sorted(row for endpoint in endpoints for row in endpoint)


@pytest.mark.parametrize("method", [None, "range", "hash"])
@pytest.mark.parametrize("by", [None, "ID", "GROUP", "VALUE"])
@pytest.mark.parametrize("of", [1, 2, 7])
def test_endpoints_are_disjoint_and_complete(
    backend: Backend, by: str | None, of: int, method: PartitionMethod | None
) -> None:
    endpoints = ids(backend, Partition(of, by=by, method=method))

    assert len(endpoints) == of
    assert together(endpoints) == list(range(NUMBERS_ROWS))


@pytest.mark.parametrize("method", [None, "hash"])
def test_endpoints_by_text_are_disjoint_and_complete(
    backend: Backend, method: PartitionMethod | None
) -> None:
    endpoints = ids(backend, Partition(3, by="LABEL", method=method))

    assert together(endpoints) == list(range(NUMBERS_ROWS))


@pytest.mark.parametrize("by", ["ID", "VALUE"])
def test_ranges_of_evenly_spread_values_are_equal(backend: Backend, by: str) -> None:
    endpoints = ids(backend, Partition(4, by=by, method="range"))

    assert [len(endpoint) for endpoint in endpoints] == [NUMBERS_ROWS / 4] * 4


def test_ranges_keep_to_the_filter(backend: Backend) -> None:
    where = Or((Comparison("GROUP", "in", (1, 2)), Comparison("GROUP", "is null")))

    endpoints = ids(backend, Partition(3, by="VALUE", method="range"), where=where)

    whole = read(backend, "NUMBERS", columns=("ID",), where=where)
    assert together(endpoints) == sorted(whole["ID"].to_pylist())


def test_ranges_lie_between_the_extremes_under_the_filter(backend: Backend) -> None:
    where = Comparison("ID", "<", (100,))

    endpoints = ids(backend, Partition(4, by="ID", method="range"), where=where)

    assert [len(endpoint) for endpoint in endpoints] == [25] * 4


def test_null_of_the_column_is_in_the_first_range(backend: Backend) -> None:
    first, *others = parts(
        backend, "NUMBERS", columns=("GROUP",), partition=Partition(3, by="GROUP", method="range")
    )

    assert first["GROUP"].null_count == len(range(0, NUMBERS_ROWS, 11))
    assert [part["GROUP"].null_count for part in others] == [0, 0]


@pytest.mark.parametrize(
    ("by", "method"), [*((by, "range") for by in RANGED), *((by, None) for by in SLICED)]
)
def test_endpoints_by_every_type_hold_its_extremes_and_null_once(
    backend: Backend, by: str, method: PartitionMethod | None
) -> None:
    found = parts(backend, "TYPES", columns=("ROW",), partition=Partition(3, by=by, method=method))

    assert sorted(row for part in found for row in part["ROW"].to_pylist()) == [0, 1, 2]


@pytest.mark.parametrize("method", [None, "range", "hash"])
def test_endpoints_of_an_empty_table_have_no_rows(
    backend: Backend, method: PartitionMethod | None
) -> None:
    found = parts(backend, "EMPTY", partition=Partition(3, by="BIGINT", method=method))

    assert [part.num_rows for part in found] == [0] * len(found)


def test_ranges_of_a_sample_are_a_sample(backend: Backend) -> None:
    endpoints = ids(backend, Partition(3, by="ID", method="range"), sample=Sample(0.5))

    rows = together(endpoints)
    assert len(set(rows)) == len(rows)
    assert abs(len(rows) - NUMBERS_ROWS / 2) < 6 * 50


@pytest.mark.needs("parameters")
@pytest.mark.parametrize("method", [None, "range", "hash"])
def test_view_with_parameters_is_cut_into_endpoints(
    backend: Backend, method: PartitionMethod | None
) -> None:
    partition = Partition(3, by="ID", method=method)
    found = parts(backend, VIEW, parameters=(("P_FACTOR", 2),), partition=partition)

    assert [part.num_rows > 0 for part in found] == [True] * 3
    rows = sorted(row for part in found for row in part["SCALED"].to_pylist())
    assert rows == [number * 2 + 10 for number in range(NUMBERS_ROWS)]


@pytest.mark.parametrize("name", RANGED)
def test_key_range_is_exact_and_of_the_type(backend: Backend, name: str) -> None:
    plan = plan_of(backend, "TYPES", columns=("ROW",))

    found = backend.key_range(plan, plan.entity.column(name))

    assert found == KeyRange(*sorted(EXTREMES[name][1]))


def test_key_range_heeds_the_filter_of_the_plan(backend: Backend) -> None:
    plan = plan_of(backend, "NUMBERS", where=Comparison("ID", "between", (5, 17)))

    assert backend.key_range(plan, plan.entity.column("ID")) == KeyRange(5, 17)


def test_key_range_does_not_heed_the_columns_of_the_plan(backend: Backend) -> None:
    plan = plan_of(backend, "NUMBERS", columns=("LABEL",))

    found = backend.key_range(plan, plan.entity.column("ID"))

    assert found == KeyRange(0, NUMBERS_ROWS - 1)


def test_column_without_a_value_has_no_key_range(backend: Backend) -> None:
    empty = plan_of(backend, "EMPTY")
    nulls = plan_of(backend, "TYPES", where=Comparison("BIGINT", "is null"))

    assert backend.key_range(empty, empty.entity.column("BIGINT")) is None
    assert backend.key_range(nulls, nulls.entity.column("BIGINT")) is None
