import pytest

from flight_client.protocol.catalog import Column, HanaType
from flight_client.protocol.errors import InvalidRead, UnsupportedType
from flight_client.protocol.schemas import to_schema
from flight_server.backends.hana.reader.described import check, described, lobs_of, may_be_lob

# As hdbcli 2.30.27 describes the emulator's: name, code, sizes, precision, scale, nullable.
SEEN = {
    "TINYINT": (("C", 1, 3, 3, 3, 0, True), HanaType("TINYINT")),
    "SMALLINT": (("C", 2, 5, 5, 5, 0, True), HanaType("SMALLINT")),
    "INTEGER": (("C", 3, 10, 10, 10, 0, True), HanaType("INTEGER")),
    "BIGINT": (("C", 4, 19, 19, 19, 0, True), HanaType("BIGINT")),
    "DECIMAL(15,2)": (("C", 5, 15, 15, 15, 2, True), HanaType("DECIMAL", 15, 2)),
    "DECIMAL(38,38)": (("C", 5, 38, 38, 38, 38, True), HanaType("DECIMAL", 38, 38)),
    "DECIMAL(38,0)": (("C", 5, 38, 38, 38, 0, True), HanaType("DECIMAL", 38, 0)),
    "DECIMAL": (("C", 5, 34, 34, 34, 0, True), HanaType("DECIMAL", 34)),
    "SMALLDECIMAL": (("C", 5, 16, 16, 16, 0, True), HanaType("SMALLDECIMAL", 16)),
    "REAL": (("C", 6, 7, 7, 7, 0, True), HanaType("REAL")),
    "DOUBLE": (("C", 7, 15, 15, 15, 0, True), HanaType("DOUBLE")),
    "BOOLEAN": (("C", 28, 1, 1, 1, 0, True), HanaType("BOOLEAN")),
    "CHAR(5)": (("C", 8, 5, 5, 5, 0, True), HanaType("CHAR", 5)),
    "VARCHAR(20)": (("C", 9, 20, 20, 20, 0, True), HanaType("VARCHAR", 20)),
    "NCHAR(5)": (("C", 10, 5, 5, 5, 0, True), HanaType("NCHAR", 5)),
    "NVARCHAR(5000)": (("C", 11, 5000, 5000, 5000, 0, True), HanaType("NVARCHAR", 5000)),
    "string of an expression": (("C", 29, 0, 0, 0, 0, True), HanaType("NVARCHAR")),
    "BINARY(4)": (("C", 12, 4, 4, 4, 0, True), HanaType("BINARY", 4)),
    "VARBINARY(20)": (("C", 13, 20, 20, 20, 0, True), HanaType("VARBINARY", 20)),
    "CLOB": (("C", 25, 2147483647, 2147483647, 2147483647, 0, True), HanaType("CLOB")),
    "NCLOB": (("C", 26, 2147483647, 2147483647, 2147483647, 0, True), HanaType("NCLOB")),
    "BLOB": (("C", 27, 2147483647, 2147483647, 2147483647, 0, True), HanaType("BLOB")),
    "DATE": (("C", 14, 10, 10, 10, 0, True), HanaType("DATE")),
    "TIME": (("C", 15, 8, 8, 8, 0, True), HanaType("TIME")),
    "SECONDDATE": (("C", 16, 19, 19, 19, 0, True), HanaType("SECONDDATE")),
    "TIMESTAMP": (("C", 16, 27, 27, 27, 7, True), HanaType("TIMESTAMP")),
    "REAL_VECTOR(3)": (("C", 96, 16, 16, 3, 0, True), HanaType("REAL_VECTOR", 3)),
    "REAL_VECTOR": (("C", 96, 32764, 32764, 0, 0, True), HanaType("REAL_VECTOR")),
}


@pytest.mark.parametrize("name", SEEN)
def test_description_becomes_the_type_that_holds_its_values(name: str) -> None:
    line, expected = SEEN[name]

    (column,) = described([line])

    assert column == Column("C", expected)


@pytest.mark.parametrize("name", SEEN)
def test_described_column_has_an_arrow_type(name: str) -> None:
    to_schema(described([SEEN[name][0]]))


def test_not_null_is_kept() -> None:
    (column,) = described([("C", 3, 10, 10, 10, 0, False)])

    assert not column.nullable


def test_columns_of_one_name_stay_two() -> None:
    line = SEEN["INTEGER"][0]

    assert [column.name for column in described([line, line])] == ["C", "C"]


@pytest.mark.parametrize("code", [0, 33, 50, 61, 255])
def test_unknown_code_is_refused_by_its_number(code: int) -> None:
    with pytest.raises(UnsupportedType, match=f"'C'.*number {code}"):
        described([("C", code, 1, 1, 1, 0, True)])


@pytest.mark.parametrize("name", SEEN)
def test_what_was_described_is_what_is_expected(name: str) -> None:
    check(described([SEEN[name][0]]), [SEEN[name][0]])


@pytest.mark.parametrize(
    ("declared", "name"),
    [
        (HanaType("SECONDDATE"), "SECONDDATE"),
        (HanaType("DECIMAL", 34, 0), "DECIMAL"),
        (HanaType("ALPHANUM", 5), "NVARCHAR(5000)"),
        (HanaType("SHORTTEXT", 5), "NVARCHAR(5000)"),
        (HanaType("TEXT"), "NCLOB"),
        (HanaType("DOUBLE"), "REAL"),
        (HanaType("INTEGER"), "BIGINT"),
    ],
    ids=str,
)
def test_a_code_whose_values_arrive_exactly_is_taken(declared: HanaType, name: str) -> None:
    check((Column("C", declared),), [SEEN[name][0]])


@pytest.mark.parametrize(
    ("declared", "name"),
    [
        (HanaType("INTEGER"), "NVARCHAR(5000)"),
        (HanaType("INTEGER"), "DECIMAL"),
        (HanaType("REAL"), "DOUBLE"),
        (HanaType("DATE"), "TIMESTAMP"),
        (HanaType("NVARCHAR", 9), "NCLOB"),
        (HanaType("BOOLEAN"), "TINYINT"),
        (HanaType("DECIMAL", 15, 2), "DOUBLE"),
    ],
    ids=str,
)
def test_another_kind_of_type_is_a_changed_view(declared: HanaType, name: str) -> None:
    with pytest.raises(InvalidRead, match="describe it again") as caught:
        check((Column("C", declared),), [SEEN[name][0]])

    assert caught.value.details == {"column": "C", "changed": 1}


def test_another_name_is_a_changed_view() -> None:
    with pytest.raises(InvalidRead, match=r"'C'.*where 'c'"):
        check((Column("c", HanaType("INTEGER")),), [SEEN["INTEGER"][0]])


def test_another_number_of_columns_is_a_changed_view() -> None:
    with pytest.raises(InvalidRead, match="1 columns where 2"):
        check((Column("C", HanaType("INTEGER")),) * 2, [SEEN["INTEGER"][0]])


def test_timestamp_read_as_text_is_expected_as_text() -> None:
    column = Column("C", HanaType("TIMESTAMP"), read_as=HanaType("NVARCHAR", 27))

    check((column,), [SEEN["NVARCHAR(5000)"][0]])
    with pytest.raises(InvalidRead):
        check((column,), [SEEN["TIMESTAMP"][0]])


def test_decimal_read_as_double_is_expected_as_decimal() -> None:
    column = Column("C", HanaType("DECIMAL"), read_as=HanaType("DOUBLE"))

    check((column,), [SEEN["DECIMAL"][0]])


def test_lobs_are_found_by_position() -> None:
    lines = [SEEN[name][0] for name in ("INTEGER", "NCLOB", "NVARCHAR(5000)", "BLOB")]

    assert lobs_of(lines) == {1: str, 3: bytes}


@pytest.mark.parametrize("name", ["NCLOB", "CLOB", "BLOB", "TEXT", "BINTEXT"])
def test_types_of_lobs_may_come_as_lobs(name: str) -> None:
    assert may_be_lob(Column("C", HanaType(name)))


@pytest.mark.parametrize("name", ["NVARCHAR", "VARBINARY", "DECIMAL"])
def test_other_types_never_come_as_lobs(name: str) -> None:
    assert not may_be_lob(Column("C", HanaType(name)))
