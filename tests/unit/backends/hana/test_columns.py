import struct
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
import psutil
import pyarrow as pa
import pytest
from hypothesis import given

from flight_client.protocol.catalog import Column, HanaType
from flight_client.protocol.errors import DataError, UnsupportedType
from flight_client.protocol.schemas import arrow_type
from flight_server.backends.hana.reader.columns import HALF_PAIR, RowConverter

FLOATING = [HanaType("DECIMAL", 34), HanaType("DECIMAL"), HanaType("SMALLDECIMAL", 16)]


def converted(
    values: Sequence[object], declared: HanaType, read_as: HanaType | None = None
) -> "pa.Array[Any]":
    """The column that these values of hdbcli become."""
    converter = RowConverter((Column("C", declared, read_as=read_as),))
    batch = converter.batch([(value,) for value in values])
    batch.validate(full=True)
    assert batch.schema.field("C").type == arrow_type(read_as or declared)
    return batch.column(0)


def lists(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.none() | values, min_size=1, max_size=50)


def decimals(precision: int, scale: int) -> st.SearchStrategy[Decimal]:
    most = 10**precision - 1
    unscaled = st.integers(-most, most)
    # hdbcli strips the zeros behind the point
    return unscaled.map(lambda it: Decimal(f"{it}E-{scale}")).map(stripped)


def stripped(value: Decimal) -> Decimal:
    text = format(value, "f")
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)


moments = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999))
whole = moments.map(lambda moment: moment.replace(microsecond=0))

PLAIN: list[tuple[HanaType, st.SearchStrategy[Any]]] = [
    (HanaType("TINYINT"), st.integers(0, 255)),
    (HanaType("SMALLINT"), st.integers(-(2**15), 2**15 - 1)),
    (HanaType("INTEGER"), st.integers(-(2**31), 2**31 - 1)),
    (HanaType("BIGINT"), st.integers(-(2**63), 2**63 - 1)),
    (HanaType("REAL"), st.floats(width=32, allow_nan=False, allow_infinity=False)),
    (HanaType("DOUBLE"), st.floats(allow_nan=False, allow_infinity=False)),
    (HanaType("BOOLEAN"), st.booleans()),
    (HanaType("DECIMAL", 15, 2), decimals(15, 2)),
    (HanaType("DECIMAL", 38, 0), decimals(38, 0)),
    (HanaType("DECIMAL", 38, 38), decimals(38, 38)),
    (HanaType("DECIMAL", 1, 0), decimals(1, 0)),
    (HanaType("NVARCHAR", 100), st.text()),
    (HanaType("ALPHANUM", 10), st.text("ab01")),
    (HanaType("NCLOB"), st.text()),
    (HanaType("DATE"), st.dates(date(1, 1, 1), date(9999, 12, 31))),
    (HanaType("TIME"), st.times().map(lambda moment: moment.replace(microsecond=0))),
    (HanaType("SECONDDATE"), whole),
    (HanaType("TIMESTAMP"), moments),
]


@pytest.mark.parametrize(("declared", "values"), PLAIN, ids=[str(it[0]) for it in PLAIN])
@given(data=st.data())
def test_values_arrive_as_they_are(
    declared: HanaType, values: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    column = data.draw(lists(values))

    assert converted(column, declared).to_pylist() == column


@pytest.mark.parametrize("declared", [HanaType("VARBINARY", 9), HanaType("BLOB")], ids=str)
@given(column=lists(st.binary()))
def test_binaries_arrive_as_they_are(declared: HanaType, column: list[bytes | None]) -> None:
    views = [None if value is None else memoryview(value) for value in column]

    assert converted(views, declared).to_pylist() == column


def test_binaries_leave_no_memory_behind() -> None:
    converter = RowConverter((Column("C", HanaType("VARBINARY", 20)),))
    process = psutil.Process()
    before = process.memory_info().rss

    for _ in range(100):
        converter.batch([(memoryview(b"%020d" % at),) for at in range(4096)])

    assert process.memory_info().rss - before < 80 * 2**20  # 160 MB by pa.array of pyarrow 26


@given(column=lists(st.text(st.characters(exclude_categories=[]))))
def test_half_surrogate_pairs_are_repaired_and_counted(column: list[str | None]) -> None:
    given_by_hdbcli = [
        value if value is None or is_whole(value) else memoryview(utf16(value)) for value in column
    ]
    converter = RowConverter((Column("C", HanaType("NVARCHAR", 99)),))

    found = converter.batch([(value,) for value in given_by_hdbcli]).column(0).to_pylist()

    assert found == [
        value if value is None else utf16(value).decode("utf-16-le", "replace") for value in column
    ]
    broken = sum(isinstance(value, memoryview) for value in given_by_hdbcli)
    assert converter.replaced.get(HALF_PAIR, 0) == broken


def utf16(value: str) -> bytes:
    return value.encode("utf-16-le", "surrogatepass")


def is_whole(value: str) -> bool:
    try:
        utf16(value).decode("utf-16-le")
    except UnicodeDecodeError:
        return False
    return True


@pytest.mark.parametrize("utf16_that_is_utf8_too", [b"\x00\xdc\x80\x00", b"a\x00\x00\xdc\x80\x00"])
def test_bytes_of_broken_text_are_never_taken_for_utf8(utf16_that_is_utf8_too: bytes) -> None:
    found = converted([memoryview(utf16_that_is_utf8_too)], HanaType("NVARCHAR", 9))

    assert "\ufffd" in found[0].as_py()


@pytest.mark.parametrize("text", ["a\ud800b", "\udc00", "b\ud83d"])
def test_each_half_becomes_one_replacement_character(text: str) -> None:
    found = converted([memoryview(utf16(text))], HanaType("NVARCHAR", 9))

    assert found[0].as_py() == text.translate(dict.fromkeys(range(0xD800, 0xE000), "\ufffd"))


@pytest.mark.parametrize("declared", FLOATING, ids=str)
@given(column=lists(st.decimals(allow_nan=False, allow_infinity=False, places=3)))
def test_floating_decimals_arrive_as_plain_digits(
    declared: HanaType, column: list[Decimal | None]
) -> None:
    found = converted(column, declared).to_pylist()

    assert [None if text is None else Decimal(text) for text in found] == column
    assert not any("E" in text for text in found if text is not None)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1.1", "1.1"),
        ("100", "100"),
        ("1E+3", "1000"),
        ("1E-7", "0.0000001"),
        ("0", "0"),
        ("-12.5", "-12.5"),
        ("1E-6176", "0." + "0" * 6175 + "1"),
        ("1.5E+100", "15" + "0" * 99),
    ],
)
def test_floating_decimal_is_written_without_an_exponent(value: str, text: str) -> None:
    assert converted([Decimal(value)], HanaType("DECIMAL", 34)).to_pylist() == [text]


@pytest.mark.parametrize("declared", FLOATING, ids=str)
@pytest.mark.parametrize("value", ["1.5", "1E+2", "-0.25", "0E+100", "0"])
def test_floating_decimal_read_with_a_scale_keeps_its_value(declared: HanaType, value: str) -> None:
    found = converted([Decimal(value), None], declared, HanaType("DECIMAL", 38, 2))

    assert found.to_pylist() == [Decimal(value), None]


@pytest.mark.parametrize("value", ["1.234", "1E-6176", "1E+36", "9" * 37])
def test_floating_decimal_that_does_not_fit_its_scale_is_an_error(value: str) -> None:
    with pytest.raises(DataError, match="'C' holds") as caught:
        converted([Decimal(1), Decimal(value)], HanaType("DECIMAL", 34), HanaType("DECIMAL", 38, 2))

    assert str(Decimal(value))[:20] in caught.value.message
    assert caught.value.details == {"column": "C"}


@pytest.mark.parametrize("value", ["0.1", "1E+300", "-2.5", "1E-400"])
def test_floating_decimal_read_as_double_is_the_nearest(value: str) -> None:
    found = converted([Decimal(value), None], HanaType("DECIMAL", 34), HanaType("DOUBLE"))

    assert found.to_pylist() == [float(value), None]


@pytest.mark.parametrize("value", ["1E+309", "-1E+6000"])
def test_floating_decimal_too_large_for_a_double_is_an_error(value: str) -> None:
    with pytest.raises(DataError, match=r"'C' holds .*E\+"):
        converted([None, Decimal(value)], HanaType("DECIMAL", 34), HanaType("DOUBLE"))


def test_timestamp_read_as_text_stays_as_the_statement_wrote_it() -> None:
    text = "2024-02-29 12:34:56.1234567"

    assert converted([text], HanaType("TIMESTAMP"), HanaType("NVARCHAR", 27)).to_pylist() == [text]


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        (HanaType("TINYINT"), 256),
        (HanaType("TINYINT"), -1),
        (HanaType("INTEGER"), 2**31),
        (HanaType("BIGINT"), 2**63),
        (HanaType("DECIMAL", 15, 2), Decimal("1.234")),
        (HanaType("DECIMAL", 5, 2), Decimal("1000.00")),
        (HanaType("DATE"), "2024-01-01"),
        (HanaType("SECONDDATE"), datetime(2024, 1, 1, 0, 0, 0, 5)),
        (HanaType("BOOLEAN"), "yes"),
    ],
    ids=str,
)
def test_value_outside_its_type_is_an_error_that_names_it(
    declared: HanaType, value: object
) -> None:
    with pytest.raises(DataError, match="Column 'C' holds") as caught:
        converted([None, value], declared)

    assert str(value) in caught.value.message


def test_a_long_value_is_shortened_in_the_message() -> None:
    with pytest.raises(DataError) as caught:
        converted([Decimal("9" * 300)], HanaType("DECIMAL", 15, 2))

    assert len(caught.value.message) < 200


def vector(*elements: float) -> memoryview:
    return memoryview(struct.pack(f"<i{len(elements)}f", len(elements), *elements))


floats = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(column=lists(st.lists(floats, min_size=3, max_size=3)))
def test_vectors_of_one_length_arrive_as_they_are(column: list[list[float] | None]) -> None:
    views = [None if value is None else vector(*value) for value in column]

    assert converted(views, HanaType("REAL_VECTOR", 3)).to_pylist() == column


@pytest.mark.parametrize("declared", [HanaType("REAL_VECTOR"), HanaType("REAL_VECTOR", 0)])
@given(column=lists(st.lists(floats, max_size=5)))
def test_vectors_of_any_length_arrive_as_they_are(
    declared: HanaType, column: list[list[float] | None]
) -> None:
    views = [None if value is None else vector(*value) for value in column]

    assert converted(views, declared).to_pylist() == column


@pytest.mark.parametrize(
    "value", [vector(1.0, 2.0), vector(), memoryview(b""), memoryview(b"\3\0\0\0abcd")]
)
def test_vector_of_another_length_is_an_error(value: memoryview) -> None:
    with pytest.raises(DataError, match="'C' holds"):
        converted([vector(1.0, 2.0, 3.0), value], HanaType("REAL_VECTOR", 3))


def test_rows_become_columns_in_order() -> None:
    columns = (Column("A", HanaType("INTEGER")), Column("A", HanaType("NVARCHAR", 5)))

    batch = RowConverter(columns).batch([(1, "x"), (None, None)])

    assert [column.to_pylist() for column in batch.columns] == [[1, None], ["x", None]]
    assert batch.schema.names == ["A", "A"]


def test_a_type_without_a_counterpart_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedType, match=r"'C'.*ST_GEOMETRY"):
        RowConverter((Column("C", HanaType("ST_GEOMETRY")),))


def test_a_time_arrives_in_seconds() -> None:
    assert converted([time(23, 59, 59)], HanaType("TIME")).type == pa.time32("s")
