"""Scalars of other libraries become plain Python values, or are refused."""

from datetime import date, datetime, time
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from flight_client.protocol.errors import InvalidFilter
from flight_client.scalars import to_python


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        (np.int64(7), 7),
        (np.uint8(7), 7),
        (np.float32(0.5), 0.5),
        (np.bool_(True), True),
        (np.str_("x"), "x"),
        (np.bytes_(b"x"), b"x"),
        (np.datetime64("2024-01-31"), date(2024, 1, 31)),
        (np.datetime64("2024-01-31T01:02:03", "s"), datetime(2024, 1, 31, 1, 2, 3)),
        (np.datetime64("2024-01-31T01:02:03.000004", "us"), datetime(2024, 1, 31, 1, 2, 3, 4)),
        (np.datetime64("2024-01-31T01:02:03.000004", "ns"), datetime(2024, 1, 31, 1, 2, 3, 4)),
        (pd.Timestamp("2024-01-31T01:02:03"), datetime(2024, 1, 31, 1, 2, 3)),
        (pa.scalar(7), 7),
        (pa.scalar(Decimal("1.20")), Decimal("1.20")),
        (pa.scalar(date(2024, 1, 31), pa.date64()), date(2024, 1, 31)),
        (pa.scalar(1_000, pa.timestamp("ns")), datetime(1970, 1, 1, 0, 0, 0, 1)),
        (pa.scalar(1_000, pa.time64("ns")), time(0, 0, 0, 1)),
        ("text", "text"),
        (Decimal("1.20"), Decimal("1.20")),
    ],
)
def test_scalar_becomes_the_plain_value_it_holds(given: object, plain: object) -> None:
    found = to_python(given)
    assert found == plain
    assert type(found) is type(plain)


@pytest.mark.parametrize(
    "missing", [None, pd.NaT, pd.NA, np.datetime64("NaT"), pa.scalar(None), pa.scalar(None, "int8")]
)
def test_every_form_of_missing_is_none(missing: object) -> None:
    assert to_python(missing) is None


def test_nan_stays_a_number() -> None:
    assert to_python(np.float64("nan")) != to_python(np.float64("nan"))


@pytest.mark.parametrize(
    "moment",
    [
        np.datetime64("2024-01-31T01:02:03.000000004", "ns"),
        pd.Timestamp("2024-01-31T01:02:03.000000004"),
        pa.scalar(1, pa.timestamp("ns")),
        pa.scalar(1, pa.time64("ns")),
    ],
)
def test_moment_finer_than_a_microsecond_is_refused_not_rounded(moment: object) -> None:
    with pytest.raises(InvalidFilter, match="microsecond"):
        to_python(moment)
