"""Parts are disjoint and complete; samples are random where nobody asked for a seed."""

from math import sqrt
from typing import Any

import pytest

from flight_client.protocol.filters import Comparison
from flight_client.protocol.tickets import OrderKey, Partition, Sample
from flight_server.backends.base import Backend
from tests.contract.backends import shared_tables
from tests.contract.backends.reading import read
from tests.contract.backends.shared_tables import NUMBERS_ROWS


def seeded(seed: int) -> Any:
    """A seed, for a backend that takes one."""
    return pytest.param(seed, marks=pytest.mark.needs("seeds"))


def ids(backend: Backend, **ticket: object) -> list[int]:
    return sorted(read(backend, "NUMBERS", columns=("ID",), **ticket)["ID"].to_pylist())


@pytest.mark.parametrize("by", ["ID", "GROUP", "VALUE", "LABEL"])
@pytest.mark.parametrize("of", [1, 2, 7])
def test_parts_are_disjoint_and_complete(backend: Backend, by: str, of: int) -> None:
    parts = [ids(backend, partition=Partition(of=of, number=number, by=by)) for number in range(of)]

    assert sorted(row for part in parts for row in part) == list(range(NUMBERS_ROWS))


@pytest.mark.parametrize("by", shared_tables.SLICED)
def test_parts_of_every_type_hold_its_extremes_and_null_once(backend: Backend, by: str) -> None:
    parts = [
        read(backend, "TYPES", columns=("ROW",), partition=Partition(of=3, number=number, by=by))
        for number in range(3)
    ]

    assert sorted(row for part in parts for row in part["ROW"].to_pylist()) == [0, 1, 2]


@pytest.mark.parametrize("by", shared_tables.SLICED)
def test_null_is_in_the_first_part(backend: Backend, by: str) -> None:
    first = read(backend, "TYPES", columns=("ROW",), partition=Partition(of=1024, number=0, by=by))

    assert 2 in first["ROW"].to_pylist()


@pytest.mark.parametrize("by", ["TINYINT", "SMALLINT"])
def test_small_integers_are_cut_into_more_parts_than_they_count(backend: Backend, by: str) -> None:
    parts = [
        read(backend, "TYPES", columns=("ROW",), partition=Partition(of=1024, number=number, by=by))
        for number in (0, 255, 2**15 % 1024, 2**15 - 1 & 1023)
    ]

    assert sorted({row for part in parts for row in part["ROW"].to_pylist()}) == [0, 1, 2]


def test_integers_are_cut_by_their_remainder(backend: Backend) -> None:
    found = read(backend, "NUMBERS", columns=("VALUE",), partition=Partition(of=4, number=1))

    assert found.num_rows == NUMBERS_ROWS / 4


def test_part_keeps_to_the_filter(backend: Backend) -> None:
    where = Comparison("GROUP", "in", (1, 2))

    parts = [
        ids(backend, where=where, partition=Partition(of=3, number=number, by="LABEL"))
        for number in range(3)
    ]

    assert sorted(row for part in parts for row in part) == ids(backend, where=where)


@pytest.mark.parametrize("seed", [None, seeded(0), seeded(42)])
@pytest.mark.parametrize("fraction", [0.01, 0.25, 0.9])
def test_sample_has_about_the_wanted_fraction(
    backend: Backend, fraction: float, seed: int | None
) -> None:
    found = ids(backend, sample=Sample(fraction, seed))

    deviation = sqrt(NUMBERS_ROWS * fraction * (1 - fraction))
    assert abs(len(found) - NUMBERS_ROWS * fraction) < 6 * deviation


@pytest.mark.parametrize("seed", [None, 7])
def test_sample_of_all_has_every_row(backend: Backend, seed: int | None) -> None:
    assert ids(backend, sample=Sample(1, seed)) == list(range(NUMBERS_ROWS))


@pytest.mark.needs("seeds")
def test_same_seed_gives_the_same_rows(backend: Backend) -> None:
    assert ids(backend, sample=Sample(0.3, 5)) == ids(backend, sample=Sample(0.3, 5))


@pytest.mark.needs("seeds")
def test_other_seed_gives_other_rows(backend: Backend) -> None:
    assert ids(backend, sample=Sample(0.3, 5)) != ids(backend, sample=Sample(0.3, 6))


def test_sample_without_a_seed_differs_every_time(backend: Backend) -> None:
    assert ids(backend, sample=Sample(0.3)) != ids(backend, sample=Sample(0.3))


@pytest.mark.needs("seeds")
def test_seeded_sample_takes_its_rows_under_any_filter(backend: Backend) -> None:
    where = Comparison("GROUP", "=", (4,))
    everywhere = set(ids(backend, sample=Sample(0.3, 5)))

    found = ids(backend, where=where, sample=Sample(0.3, 5))

    assert found == sorted(everywhere & set(ids(backend, where=where)))


@pytest.mark.needs("seeds")
def test_parts_of_a_seeded_sample_are_the_sample(backend: Backend) -> None:
    sample = Sample(0.3, 5)

    parts = [
        ids(backend, sample=sample, partition=Partition(of=3, number=number, by="ID"))
        for number in range(3)
    ]

    assert sorted(row for part in parts for row in part) == ids(backend, sample=sample)


@pytest.mark.needs("seeds")
def test_sample_can_be_ordered_and_limited(backend: Backend) -> None:
    sample = Sample(0.3, 5)

    found = read(
        backend, "NUMBERS", columns=("ID",), sample=sample, order_by=(OrderKey("ID"),), limit=10
    )

    assert found["ID"].to_pylist() == ids(backend, sample=sample)[:10]
