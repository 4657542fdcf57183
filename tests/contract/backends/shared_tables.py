"""The tables that every backend of the contract suite holds."""

from datetime import date, datetime, time
from decimal import Decimal

import pyarrow as pa

SPACE = "CONTRACT"

EXTREMES: dict[str, tuple[pa.DataType, list[object]]] = {
    "TINYINT": (pa.uint8(), [0, 255]),
    "SMALLINT": (pa.int16(), [-(2**15), 2**15 - 1]),
    "INTEGER": (pa.int32(), [-(2**31), 2**31 - 1]),
    "BIGINT": (pa.int64(), [-(2**63), 2**63 - 1]),
    "DECIMAL(15,2)": (
        pa.decimal128(15, 2),
        [Decimal("-9999999999999.99"), Decimal("9999999999999.99")],
    ),
    "DECIMAL(38,0)": (pa.decimal128(38, 0), [Decimal(-(10**38) + 1), Decimal(10**38 - 1)]),
    "DECIMAL(38,38)": (
        pa.decimal128(38, 38),
        [Decimal("0." + "9" * 38), Decimal("0." + "0" * 37 + "1")],
    ),
    "REAL": (pa.float32(), [-3.4028234663852886e38, 1.401298464324817e-45]),
    "DOUBLE": (pa.float64(), [-1.7976931348623157e308, 5e-324]),
    "BOOLEAN": (pa.bool_(), [False, True]),
    "NVARCHAR": (pa.utf8(), ["", "Größe 🎁 'quoted' \"twice\" %_\\ 東京\n"]),
    "VARBINARY": (pa.binary(), [b"", bytes(range(256))]),
    "DATE": (pa.date32(), [date(1, 1, 1), date(9999, 12, 31)]),
    "TIME": (pa.time32("s"), [time(0, 0), time(23, 59, 59)]),
    "SECONDDATE": (pa.timestamp("s"), [datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59)]),
    "TIMESTAMP": (
        pa.timestamp("us"),
        [datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999)],
    ),
}
"""An Arrow type for each HANA type that backends share, and values at both ends of it."""

SLICED = (
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "DECIMAL(15,2)", "DECIMAL(38,0)", "NVARCHAR",
    "VARBINARY", "DATE", "SECONDDATE", "TIMESTAMP",
)  # fmt: skip

RANGED = (
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "DECIMAL(15,2)", "DECIMAL(38,0)", "DECIMAL(38,38)",
    "DATE", "SECONDDATE", "TIMESTAMP",
)  # fmt: skip


def types() -> pa.Table:
    """A row of minima, one of maxima, one of NULL, for every type; numbered by ROW."""
    columns = {name: pa.array([*ends, None], type=kind) for name, (kind, ends) in EXTREMES.items()}
    return pa.table({"ROW": pa.array([0, 1, 2], pa.int32()), **columns})


def logic() -> pa.Table:
    """A few rows for filters: numbered, a number, a text, a flag and a day, each also NULL."""
    return pa.table(
        {
            "ROW": pa.array(range(8), pa.int32()),
            "NUMBER": pa.array([-2, -1, 0, 1, 2, 3, None, None], pa.int64()),
            "AMOUNT": pa.array(
                [Decimal(f"{cents}.50") for cents in range(7)] + [None], pa.decimal128(15, 2)
            ),
            "TEXT": pa.array(["a", "A", "ab", "a%b", "a_b", "ä\nb", "", None], pa.utf8()),
            "FLAG": pa.array([True, False, None, True, False, None, True, False], pa.bool_()),
            "DAY": pa.array([date(2024, 1, day) for day in range(1, 8)] + [None], pa.date32()),
        }
    )


NUMBERS_ROWS = 10_000


def numbers() -> pa.Table:
    """Ten thousand rows: an ID, a group of 0 to 9 or NULL, and a value in no order."""
    ids = range(NUMBERS_ROWS)
    return pa.table(
        {
            "ID": pa.array(ids, pa.int64()),
            "GROUP": pa.array([None if i % 11 == 0 else i % 10 for i in ids], pa.int32()),
            "VALUE": pa.array([(i * 7919) % NUMBERS_ROWS - 5000 for i in ids], pa.int32()),
            "LABEL": pa.array([f"label {i % 100}" for i in ids], pa.utf8()),
        }
    )


NAMES = ("Mixed Case", "Gross#Weight", 'quo"te', "Straße", '"; DROP TABLE x --', "SELECT")


def names() -> pa.Table:
    """Columns whose names need quoting."""
    return pa.table({name: pa.array([at], pa.int32()) for at, name in enumerate(NAMES)})


LONG_ROWS = 150_000


def long() -> pa.Table:
    """Enough rows of 44 bytes for several batches of a megabyte; in chunks of uneven size."""
    table = pa.table(
        {
            "ID": pa.array(range(LONG_ROWS), pa.int64()),
            "AMOUNT": pa.array(range(LONG_ROWS), pa.int64()).cast(pa.decimal128(38, 2)),
            "TEXT": pa.array([f"text {at:011d}" for at in range(LONG_ROWS)], pa.utf8()),
        }
    )
    chunks = [table.slice(0, 3_000), table.slice(3_000, 90_000), table.slice(93_000)]
    return pa.concat_tables(chunks)


def skewed() -> pa.Table:
    """A few values of a megabyte among many short ones."""
    texts = ["x" * 1_000_000 if at in (100, 101, 3_000) else "x" for at in range(5_000)]
    return pa.table({"ID": pa.array(range(5_000), pa.int32()), "TEXT": pa.array(texts, pa.utf8())})


def too_wide() -> pa.Table:
    """A row that no record batch may hold."""
    return pa.table({"ID": pa.array([1]), "WIDE": pa.array(["x" * (17 * 1024 * 1024)], pa.utf8())})


def all_tables() -> dict[str, pa.Table]:
    """By the name of the entity."""
    return {
        "TYPES": types(),
        "LOGIC": logic(),
        "NUMBERS": numbers(),
        "Names": names(),
        "LONG": long(),
        "SKEWED": skewed(),
        "TOO_WIDE": too_wide(),
        "EMPTY": types().slice(0, 0),
    }
