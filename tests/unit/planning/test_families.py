"""Every type with an Arrow form has a family, and the families that compare and cut."""

import pytest

from flight_client.protocol.catalog import HanaType
from flight_client.protocol.schemas import _TO_ARROW
from flight_server.planning.families import COMPARABLE, SLICEABLE, Family, family


@pytest.mark.parametrize("name", sorted(_TO_ARROW))
def test_type_with_an_arrow_form_has_a_family(name: str) -> None:
    assert family(HanaType(name)) is not Family.OTHER


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (HanaType("DECIMAL", 15, 2), Family.DECIMAL),
        (HanaType("DECIMAL", 34), Family.FLOATING_DECIMAL),
        (HanaType("DECIMAL"), Family.FLOATING_DECIMAL),
        (HanaType("TEXT"), Family.LARGE_TEXT),
        (HanaType("SECONDDATE"), Family.TIMESTAMP),
        (HanaType("REAL_VECTOR", 3), Family.OTHER),
        (HanaType("ST_POINT"), Family.OTHER),
    ],
)
def test_declared_type_has_the_family_of_its_values(declared: HanaType, expected: Family) -> None:
    assert family(declared) is expected


def test_lobs_and_unknown_types_have_no_order() -> None:
    assert frozenset(Family) - COMPARABLE == {
        Family.LARGE_TEXT,
        Family.LARGE_BYTES,
        Family.OTHER,
    }


def test_floats_do_not_cut() -> None:
    assert Family.FLOAT not in SLICEABLE


def test_what_cuts_also_compares() -> None:
    assert SLICEABLE <= COMPARABLE
