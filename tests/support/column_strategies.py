"""Hypothesis strategies for values of HANA types, and for filters that make sense beside them."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from hypothesis import strategies as st

from flight_client.protocol.catalog import HanaType
from flight_client.protocol.filters import And, Comparison, Filter, Operator, Or
from flight_client.protocol.literals import LiteralValue

EQUALITIES: tuple[Operator, ...] = ("=", "!=", "in", "not in")
ORDERED: tuple[Operator, ...] = ("<", "<=", ">", ">=", "between")
LIKES: tuple[Operator, ...] = ("like", "not like")
NULLS: tuple[Operator, ...] = ("is null", "is not null")

INTEGERS = {
    "TINYINT": (0, 2**8 - 1),
    "SMALLINT": (-(2**15), 2**15 - 1),
    "INTEGER": (-(2**31), 2**31 - 1),
    "BIGINT": (-(2**63), 2**63 - 1),
}


@dataclass(frozen=True, slots=True)
class Domain:
    """A type, what a column of it holds, and what it may be compared with.

    Attributes:
        physical: The type of the column in DuckDB.
        values: Of the column; few different ones, so that filters hit.
        constants: Values, and what lies between and beyond them.
        ops: The operators that the type knows.
        between: Constants for comparisons by order only.
    """

    declared: HanaType
    physical: str
    values: st.SearchStrategy[LiteralValue]
    constants: st.SearchStrategy[LiteralValue]
    ops: tuple[Operator, ...] = (*EQUALITIES, *ORDERED, *NULLS)
    between: st.SearchStrategy[LiteralValue] = field(default_factory=st.nothing)


def _integers(name: str, physical: str) -> Domain:
    low, high = INTEGERS[name]
    values = st.integers(max(low, -3), 3) | st.sampled_from([low, low + 1, high - 1, high])
    beyond = st.sampled_from([low - 1, high + 1, -(10**37), 10**38 - 1])
    exact = values | beyond
    others = st.sampled_from([2.0, -0.0, 1e300, -1e300, Decimal("2.00"), Decimal("1E+37")])
    return Domain(
        HanaType(name),
        physical,
        values,
        exact | exact.map(Decimal) | others,
        between=st.sampled_from([Decimal("2.5"), Decimal("-0.5"), high + Decimal("0.5")]),
    )


def _decimals(precision: int, scale: int) -> Domain:
    unit = Decimal((0, (1,), -scale))
    highest = Decimal((0, (9,) * precision, -scale))
    edges = [highest, highest.copy_negate()]
    values = st.integers(-3, 3).map(lambda number: number * unit) | st.sampled_from(edges)
    between = st.integers(-30, 30).map(lambda tenths: Decimal((0, (1,), -scale - 1)) * tenths)
    constants = values | st.sampled_from([0, 1, -1, 2.0, 10**37, -(10**37), 1e300, Decimal("-0")])
    if scale < 37:
        constants |= between
    return Domain(
        HanaType("DECIMAL", precision, scale),
        f"DECIMAL({precision}, {scale})",
        values,
        constants,
    )


def _single(number: float) -> float:
    return struct.unpack("<f", struct.pack("<f", number))[0]


FLOATS = st.sampled_from([0.0, 0.1, -0.1, 0.5, 1.0, 1e30, -1e30, 2.0**53])
NUMBERS = FLOATS | st.sampled_from([0, 1, Decimal("0.1"), 2**53 + 1, 1e300, -1e300, 10**37])
TEXTS = st.text(st.sampled_from("aAß%_\\'\"?🛒\n-"), max_size=3)
PATTERNS = st.lists(
    st.sampled_from(["%", "_", r"\%", r"\_", r"\\", "a", "ß", "🛒", "'", "\n"]), max_size=4
).map("".join)
DAYS = st.sampled_from([date(1, 1, 1), date(1970, 1, 1), date(2024, 2, 29), date(9999, 12, 31)])
MOMENTS = st.sampled_from(
    [
        datetime(1, 1, 1),
        datetime(2024, 2, 29),
        datetime(2024, 2, 29, 0, 0, 0, 1),
        datetime(2024, 2, 29, 23, 59, 59),
        datetime(9999, 12, 31, 23, 59, 59, 999999),
    ]
)
SECONDS = MOMENTS.map(lambda moment: moment.replace(microsecond=0))
CLOCKS = MOMENTS.map(lambda moment: moment.time())

DOMAINS: dict[str, Domain] = {
    "TINYINT": _integers("TINYINT", "UTINYINT"),
    "SMALLINT": _integers("SMALLINT", "SMALLINT"),
    "INTEGER": _integers("INTEGER", "INTEGER"),
    "BIGINT": _integers("BIGINT", "BIGINT"),
    "DECIMAL(15,2)": _decimals(15, 2),
    "DECIMAL(38,0)": _decimals(38, 0),
    "DECIMAL(38,38)": _decimals(38, 38),
    "DOUBLE": Domain(HanaType("DOUBLE"), "DOUBLE", FLOATS, NUMBERS),
    "REAL": Domain(HanaType("REAL"), "FLOAT", FLOATS.map(_single), NUMBERS),
    "BOOLEAN": Domain(
        HanaType("BOOLEAN"), "BOOLEAN", st.booleans(), st.booleans(), (*EQUALITIES, *NULLS)
    ),
    "NVARCHAR": Domain(
        HanaType("NVARCHAR", 5000),
        "VARCHAR",
        TEXTS,
        TEXTS,
        (*EQUALITIES, *ORDERED, *LIKES, *NULLS),
    ),
    "NCLOB": Domain(HanaType("NCLOB"), "VARCHAR", TEXTS, TEXTS, (*LIKES, *NULLS)),
    "VARBINARY": Domain(
        HanaType("VARBINARY", 16), "BLOB", st.binary(max_size=2), st.binary(max_size=2)
    ),
    "DATE": Domain(HanaType("DATE"), "DATE", DAYS, DAYS),
    "TIME": Domain(
        HanaType("TIME"), "TIME", CLOCKS.map(lambda clock: clock.replace(microsecond=0)), CLOCKS
    ),
    "SECONDDATE": Domain(HanaType("SECONDDATE"), "TIMESTAMP_S", SECONDS, MOMENTS | DAYS),
    "TIMESTAMP": Domain(HanaType("TIMESTAMP"), "TIMESTAMP", MOMENTS, MOMENTS | DAYS),
}


@st.composite
def comparisons(draw: st.DrawFn, domains: Mapping[str, Domain]) -> Comparison:
    """A comparison of one of these columns that the planner lets through."""
    name = draw(st.sampled_from(sorted(domains)))
    domain = domains[name]
    op = draw(st.sampled_from(domain.ops))
    constants = domain.constants | domain.between if op in ORDERED else domain.constants
    match op:
        case "is null" | "is not null":
            values = []
        case "like" | "not like":
            values = [draw(PATTERNS)]
        case "between":
            values = [draw(constants), draw(constants)]
        case "in" | "not in":
            values = draw(st.lists(constants, min_size=1, max_size=3))
        case _:
            values = [draw(constants)]
    return Comparison(name, op, tuple(values))


def filters(domains: Mapping[str, Domain]) -> st.SearchStrategy[Filter]:
    """Trees of such comparisons."""

    def joined(terms: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
        several = st.lists(terms, min_size=2, max_size=3).map(tuple)
        return several.map(And) | several.map(Or)

    return st.recursive(comparisons(domains), joined, max_leaves=5)
