"""Values of every type, in and out, bit by bit."""

from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.hana_emulator.engine import DuckEngine
from tests.support.hana_engine_client import Client

DAYS = st.integers(0, 3_652_061)


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "TINYINT": st.integers(0, 255),
    "SMALLINT": st.integers(-(2**15), 2**15 - 1),
    "INTEGER": st.integers(-(2**31), 2**31 - 1),
    "BIGINT": st.integers(-(2**63), 2**63 - 1),
    "DECIMAL(38,10)": st.integers(-(10**38) + 1, 10**38 - 1).map(
        lambda digits: Decimal(f"{digits}E-10")
    ),
    "DECIMAL(38,38)": st.integers(0, 10**38 - 1).map(lambda digits: Decimal(f"{digits}E-38")),
    "DECIMAL": st.decimals(allow_nan=False, allow_infinity=False, places=5,
                           min_value=-(10**20), max_value=10**20),
    "SMALLDECIMAL": st.integers(-(10**16) + 1, 10**16 - 1).map(lambda one: Decimal(f"{one}E-300")),
    "REAL": st.floats(width=32, allow_nan=False, allow_infinity=False),
    "DOUBLE": st.floats(allow_nan=False, allow_infinity=False),
    "BOOLEAN": st.booleans(),
    "NVARCHAR(5000)": st.text(st.characters(max_codepoint=0x10FFFF), max_size=30),
    "NCLOB": st.text(max_size=100),
    "VARBINARY(5000)": st.binary(max_size=50),
    "BLOB": st.binary(max_size=50),
    "DATE": DAYS,
    "TIME": st.integers(1, 86_401),
    "SECONDDATE": st.integers(0, 3_652_061 * 86_400),
    "TIMESTAMP": st.integers(0, 3_652_061 * 864_000_000_000),
    "REAL_VECTOR(2)": st.lists(
        st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=2, max_size=2
    ),
}  # fmt: skip


@pytest.mark.parametrize("declared", VALUES)
def test_value_comes_back_as_it_went_in(client: Client, declared: str) -> None:
    client.run(f"CREATE TABLE T (N INTEGER, V {declared})")

    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.one_of(st.none(), VALUES[declared]), min_size=1, max_size=40))
    def check(values: list[Any]) -> None:
        client.run("DELETE FROM T")
        assert client.outcomes("INSERT INTO T VALUES (?, ?)", *enumerate(values)) == [1] * len(
            values
        )
        assert [value for _, value in client.rows("SELECT * FROM T ORDER BY N")] == values

    check()


EXTREMES: dict[str, list[Any]] = {
    "DATE": [0, 1, 577_737, 577_738, 3_652_061],
    "TIME": [1, 86_400, 86_401],
    "SECONDDATE": [0, 1, 3_652_061 * 86_400],
    "TIMESTAMP": [0, 1, 2, 3_155_380_704_000_000_000],
    "DECIMAL": [Decimal("1E-6000"), Decimal("-9.999999999999999999999999999999999E6144")],
    "NVARCHAR(10)": ["", "\ud83d", "\udc00x\ud800", "🎁ab", "a\0b"],
}


@pytest.mark.parametrize("declared", EXTREMES)
def test_extremes_come_back_sorted_by_value(client: Client, declared: str) -> None:
    client.run(f"CREATE TABLE T (N INTEGER, V {declared})")
    client.outcomes("INSERT INTO T VALUES (?, ?)", *enumerate(EXTREMES[declared]))

    assert [one for (one,) in client.rows("SELECT V FROM T ORDER BY N")] == EXTREMES[declared]


def test_floating_decimals_are_compared_by_value(client: Client) -> None:
    client.run("CREATE TABLE T (V DECIMAL)")
    numbers = [Decimal(one) for one in ("-1E30", "-1.5", "0", "1E-30", "0.1", "1.10", "2", "1E30")]
    client.outcomes("INSERT INTO T VALUES (?)", *((one,) for one in reversed(numbers)))

    assert [one for (one,) in client.rows("SELECT V FROM T ORDER BY V")] == numbers
    assert client.rows("SELECT V FROM T WHERE V > 0.1 AND V < 2") == [(Decimal("1.1"),)]
    assert client.rows("SELECT V FROM T WHERE V = ?", Decimal("1.100")) == [(Decimal("1.1"),)]
    assert client.rows("SELECT MIN(V), MAX(V) FROM T") == [(numbers[0], numbers[-1])]


def test_fixed_decimal_is_cut_behind_its_scale(client: Client) -> None:
    client.run("CREATE TABLE T (V DECIMAL(5,4))")
    client.outcomes("INSERT INTO T VALUES (?)", (Decimal("3.141592"),), ("-1.99999",))

    assert client.rows("SELECT V FROM T") == [(Decimal("3.1415"),), (Decimal("-1.9999"),)]


@pytest.mark.parametrize(
    ("declared", "value", "code"),
    [
        ("TINYINT", 256, 314),
        ("TINYINT", -1, 314),
        ("BIGINT", 2**63, 314),
        ("DECIMAL(4,2)", Decimal(100), 314),
        ("DOUBLE", float("nan"), 339),
        ("INTEGER", "one", 339),
        ("DATE", "2024-02-30", 303),
        ("NVARCHAR(2)", "abc", 274),
        ("NVARCHAR(3)", "🎁🎁", 274),
        ("VARBINARY(1)", b"ab", 274),
        ("REAL_VECTOR(2)", [1.0], 274),
        ("REAL", 1e300, 339),
    ],
)
def test_value_that_does_not_fit_has_its_number(
    client: Client, declared: str, value: object, code: int
) -> None:
    client.run(f"CREATE TABLE T (V {declared})")

    assert client.outcomes("INSERT INTO T VALUES (?)", (value,)) == [code]
    assert client.rows("SELECT * FROM T") == []


def test_texts_are_taken_for_values_of_other_types(client: Client) -> None:
    client.run("CREATE TABLE T (A INTEGER, B DECIMAL(5,2), C DATE, D TIMESTAMP, E BOOLEAN)")

    client.run("INSERT INTO T VALUES ('1', '2.5', '2024-02-29', '2024-02-29 12:00:00.5', 'TRUE')")

    assert client.rows("SELECT A, B, TO_NVARCHAR(C), TO_NVARCHAR(D), E FROM T") == [
        (1, Decimal("2.50"), "2024-02-29", "2024-02-29 12:00:00.5000000", True)
    ]


def test_arrow_table_is_loaded_with_what_its_metadata_says(engine: DuckEngine) -> None:
    metadata = {"hana.type": "NVARCHAR", "hana.length": "7"}
    schema = pa.schema(
        [
            pa.field("N", pa.uint8(), nullable=False),
            pa.field("T", pa.utf8(), metadata=metadata),
            pa.field("D", pa.date32()),
            pa.field("S", pa.timestamp("s")),
            pa.field("U", pa.timestamp("us")),
            pa.field("NS", pa.timestamp("ns")),
            pa.field("C", pa.time32("s")),
            pa.field("F", pa.utf8(), metadata={"hana.type": "DECIMAL"}),
            pa.field("V", pa.list_(pa.float32(), 2)),
            pa.field("X", pa.decimal128(38, 38)),
        ]
    )
    values = [
        [1, "a", date(1, 1, 1), datetime(1, 1, 1), datetime(1, 1, 1), datetime(1700, 1, 1),
         time(0), "1E-40", [1.0, 2.0], Decimal("1E-38")],
        [2, None, date(9999, 12, 31), datetime(9999, 12, 31, 23, 59, 59),
         datetime(9999, 12, 31, 23, 59, 59, 999999), None, time(23, 59, 59), None, None, None],
    ]  # fmt: skip
    columns = list(zip(*values, strict=True))
    table = pa.table(
        [pa.array(one, field.type) for one, field in zip(columns, schema, strict=True)], schema
    )
    engine.load_arrow("SALES", "LOADED", table, key=("N",))
    engine.grant_read("SALES#FLIGHT", "SALES")
    client = Client(engine)

    found = client.rows(
        "SELECT TO_NVARCHAR(D), TO_NVARCHAR(S), TO_NVARCHAR(U), TO_NVARCHAR(NS), C, F, V, X"
        " FROM SALES.LOADED ORDER BY N"
    )

    assert found == [
        ("0001-01-01", "0001-01-01 00:00:00", "0001-01-01 00:00:00.0000000",
         "1700-01-01 00:00:00.0000000", 1, Decimal("1E-40"), [1.0, 2.0], Decimal("1E-38")),
        ("9999-12-31", "9999-12-31 23:59:59", "9999-12-31 23:59:59.9999990", None, 86_400, None,
         None, None),
    ]  # fmt: skip
    assert client.type_of("T", "SALES.LOADED") == "NVARCHAR(7)"
    assert client.type_of("F", "SALES.LOADED") == "DECIMAL(34)"
