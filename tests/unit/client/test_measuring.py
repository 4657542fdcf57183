"""Lengths as HANA counts them, in steps."""

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flight_client.measuring import STEPS, measured
from flight_client.protocol.catalog import HanaType

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def of(values: list[Any], kind: pa.DataType) -> HanaType:
    return measured(pa.table({"A": pa.array(values, kind)}))["A"]


@pytest.mark.parametrize("kind", [pa.utf8(), pa.large_utf8(), pa.string_view()], ids=str)
@pytest.mark.parametrize(
    ("longest", "declared"),
    [
        ("", HanaType("NVARCHAR", 10)),
        ("x" * 10, HanaType("NVARCHAR", 10)),
        ("x" * 11, HanaType("NVARCHAR", 20)),
        ("ä" * 10, HanaType("NVARCHAR", 10)),
        ("😀" * 5, HanaType("NVARCHAR", 10)),
        ("😀" * 6, HanaType("NVARCHAR", 20)),
        ("x" * 5000, HanaType("NVARCHAR", 5000)),
        ("x" * 5001, HanaType("NCLOB")),
        ("😀" * 2501, HanaType("NCLOB")),
    ],
)
def test_text_is_declared_as_long_as_it_has_to_be(
    kind: pa.DataType, longest: str, declared: HanaType
) -> None:
    assert of(["a", None, longest], kind) == declared


@pytest.mark.parametrize("kind", [pa.binary(), pa.large_binary(), pa.binary_view()], ids=str)
def test_binaries_are_counted_in_bytes(kind: pa.DataType) -> None:
    assert of([b"x" * 11, None], kind) == HanaType("VARBINARY", 20)
    assert of([b"x" * 5001], kind) == HanaType("BLOB")


@pytest.mark.parametrize("values", [[], [None]])
def test_column_without_values_gets_the_shortest(values: list[None]) -> None:
    assert of(values, pa.utf8()) == HanaType("NVARCHAR", STEPS[0])


@given(st.lists(TEXT | st.none(), max_size=20))
def test_every_text_fits(values: list[str | None]) -> None:
    longest = max((len(text.encode("utf-16-le")) // 2 for text in values if text), default=0)
    declared = of(values, pa.utf8())
    assert declared.length == next(step for step in STEPS if step >= longest)


def test_chunks_are_measured_all() -> None:
    column = pa.chunked_array([["a"], ["x" * 30], []], pa.utf8())
    assert measured(pa.table({"A": column}))["A"] == HanaType("NVARCHAR", 50)


def test_other_columns_and_those_that_say_their_type_are_left_alone() -> None:
    said = pa.field("B", pa.utf8(), metadata={b"hana.type": b"NCLOB"})
    schema = pa.schema([("A", pa.int64()), said])
    assert measured(schema.empty_table()) == {}
