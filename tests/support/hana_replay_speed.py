"""``python -m tests.support.hana_replay_speed``: how fast the emulator replays, clients aside.

A reader that throws the bytes away reads the 10 columns of the facts' table: 83 bytes a row. What
a client reaches can be compared with that; both processes share the machine.
"""

import json
import sys
from collections.abc import Iterator
from decimal import Decimal

from tests.hana_emulator.values import DeclaredType, ResultColumn, Row
from tests.hana_emulator.wire import calendar
from tests.support.hana_double_process import DoubleServer
from tests.support.hana_engine_double import PASSWORD, USER, Table
from tests.support.hana_raw_client import RawClient, rows_per_second

_ROWS = 1_000_000
_TEXT = "SELECT * FROM ORDERS"
COLUMNS = tuple(
    ResultColumn(name, DeclaredType(*kind))
    for name, kind in {
        "ORDER_ID": ("INTEGER",),
        "ITEM": ("INTEGER",),
        "PARTNER": ("BIGINT",),
        "WEIGHT": ("DOUBLE",),
        "NET": ("DECIMAL", 15, 2),
        "QUANTITY": ("DECIMAL", 13, 3),
        "PRODUCT": ("NVARCHAR", 18),
        "REGION": ("NVARCHAR", 10),
        "DAY": ("DATE",),
        "CHANGED": ("TIMESTAMP",),
    }.items()
)


def order_rows() -> Iterator[Row]:
    """One million rows."""
    day = calendar.day_number(2024, 1, 1)
    for n in range(_ROWS):
        net, quantity = Decimal(n).scaleb(-2), Decimal(n % 1000).scaleb(-3)
        product, region = f"ITEM-{n % 100_000:09}", "EMEA-NORTH"
        changed = calendar.longdate(day + n % 366, n % 86400)
        yield n, n % 7, n * 1000, n * 0.5, net, quantity, product, region, day + n % 366, changed


def measure() -> dict[str, float]:
    """Rows per second while the rows are recorded, and from then on by size of the replies."""
    with DoubleServer(replay=True) as server:
        server.add("ORDERS", Table(COLUMNS, order_rows))
        figures = {"recording": rows_per_second(server.port, USER, PASSWORD, _TEXT, 4 << 20)}
        for limit_mib in (1, 4, 16):
            figures[f"replay_{limit_mib}_mib"] = max(
                rows_per_second(server.port, USER, PASSWORD, _TEXT, limit_mib << 20)
                for _ in range(3)
            )
        with RawClient(server.port) as client:
            client.log_on(USER, PASSWORD)
            result = client.execute(_TEXT).part(5)
            figures["bytes_per_row"] = len(result.body) / result.count
        return figures


if __name__ == "__main__":
    json.dump(measure(), sys.stdout, indent=2)
