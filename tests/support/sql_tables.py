"""The landscape that tests of Flight SQL read: rows as Arrow, and their names."""

from datetime import date
from decimal import Decimal
from typing import Final

import pyarrow as pa

from tests.contract.backends.shared_tables import EXTREMES, types

READ: Final = "SALES"
WRITE: Final = "LAB"
SECRET: Final = "Sesame-open-1"
BIG_ROWS: Final = 100_000
TYPE_NAMES: Final = tuple(EXTREMES)
VIEW: Final = (
    f'CREATE VIEW "{READ}"."SHORT_LABELS" AS SELECT "ID", "LABEL" FROM "{READ}"."BIG"'
    ' WHERE "ID" < 10'
)
ENDLESS: Final = (
    f"SELECT COUNT(*) AS N FROM {READ}.BIG A CROSS JOIN {READ}.BIG B CROSS JOIN {READ}.BIG C"
    " WHERE MOD(A.ID + B.ID * C.ID, 7) = 9"
)
"""A query that no test waits for."""


def big() -> pa.Table:
    """A hundred thousand rows in the order of ID."""
    ids = range(BIG_ROWS)
    return pa.table(
        {
            "ID": pa.array(ids, pa.int64()),
            "GRP": pa.array([None if i % 11 == 0 else i % 10 for i in ids], pa.int32()),
            "LABEL": pa.array([f"label {i % 100}" for i in ids], pa.utf8()),
            "AMOUNT": pa.array(map(Decimal, ids), pa.decimal128(15, 2)),
        }
    )


def orders() -> pa.Table:
    """Four rows, each of which is known by heart."""
    return pa.table(
        {
            "ORDER_ID": pa.array([1, 2, 3, 4], pa.int64()),
            "STATUS": pa.array(["OPEN", "OPEN", "PAID", None], pa.utf8()),
            "AMOUNT": pa.array(
                [Decimal("9.99"), Decimal("10.00"), Decimal("0.01"), None], pa.decimal128(15, 2)
            ),
            "ORDERED": pa.array(
                [date(2024, 1, 1), date(2024, 2, 29), None, date(2024, 3, 1)], pa.date32()
            ),
        }
    )


def all_tables() -> dict[str, pa.Table]:
    """By name, in SALES. Two names differ only in what a search pattern takes for any letter."""
    odd = pa.table({"N": pa.array([1], pa.int32())})
    return {"BIG": big(), "ORDERS": orders(), "TYPES": types(), "A_B": odd, "AXB": odd, "P%": odd}
