"""Every type from the wire through hdbcli and the reader into Arrow: extremes and NULL, exactly."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from flight_client.protocol.catalog import Column, HanaType
from flight_client.protocol.errors import error_class
from flight_client.protocol.schemas import arrow_type
from flight_server.backends.hana.errors import error_of
from flight_server.backends.hana.messages import Describe, Described, Failed, Finished
from tests.hana_emulator.server import EmulatorServer
from tests.hana_emulator.values import DeclaredType, ResultColumn
from tests.hana_emulator.wire.calendar import day_number, longdate, seconddate
from tests.support.hana_engine_double import EngineDouble, Table
from tests.support.reader_process import Asked, connected, run_of

LAST_DAY = day_number(9999, 12, 31)
DAY = day_number(2024, 2, 29)
D = Decimal


@dataclass(frozen=True)
class Case:
    """A column in HANA and what it becomes.

    Attributes:
        stored: As the emulator's engine has them; a NULL is added.
        expected: The same in Arrow; None for as stored.
        read_as: See ``Column``.
    """

    declared: HanaType
    stored: tuple[Any, ...]
    expected: tuple[Any, ...] | None = None
    read_as: HanaType | None = None


CASES = {
    "TINYINT": Case(HanaType("TINYINT"), (0, 255)),
    "SMALLINT": Case(HanaType("SMALLINT"), (-(2**15), 2**15 - 1)),
    "INTEGER": Case(HanaType("INTEGER"), (-(2**31), 0, 2**31 - 1)),
    "BIGINT": Case(HanaType("BIGINT"), (-(2**63), 2**63 - 1)),
    "REAL": Case(HanaType("REAL"), (1.5, 1.401298464324817e-45, -3.4028234663852886e38)),
    "DOUBLE": Case(HanaType("DOUBLE"), (5e-324, -1.7976931348623157e308, 0.1)),
    "BOOLEAN": Case(HanaType("BOOLEAN"), (False, True)),
    "DECIMAL_15_2": Case(
        HanaType("DECIMAL", 15, 2), (D("1.10"), D("-9999999999999.99"), D("9999999999999.99"))
    ),
    "DECIMAL_28_10": Case(HanaType("DECIMAL", 28, 10), (D("9" * 18 + ".0000000001"), D("0"))),
    "DECIMAL_38_0": Case(HanaType("DECIMAL", 38, 0), (D(10**38 - 1), D(-(10**38) + 1), D(100))),
    "DECIMAL_38_38": Case(
        HanaType("DECIMAL", 38, 38), (D("0." + "9" * 38), D("0." + "0" * 37 + "1"))
    ),
    "BARE_DECIMAL": Case(
        HanaType("DECIMAL", 34),
        (D("1.10"), D("-0.000001"), D("1E+30"), D("9" * 34), D("1E-20")),
        ("1.1", "-0.000001", "1" + "0" * 30, "9" * 34, "0.00000000000000000001"),
    ),
    "SMALLDECIMAL": Case(
        HanaType("SMALLDECIMAL", 16), (D("123.4500"), D("100")), ("123.45", "100")
    ),
    "BARE_WITH_SCALE": Case(
        HanaType("DECIMAL", 34),
        (D("1.1"), D("1E+3")),
        (D("1.100000"), D("1000.000000")),
        HanaType("DECIMAL", 38, 6),
    ),
    "BARE_AS_DOUBLE": Case(
        HanaType("DECIMAL", 34), (D("0.1"), D("1E+300")), (0.1, 1e300), HanaType("DOUBLE")
    ),
    "NVARCHAR": Case(
        HanaType("NVARCHAR", 5000), ("", " a ", "Größe 🎁 東京\n\0'\"", "x" * 5000, "\U0010ffff")
    ),
    "VARCHAR": Case(HanaType("VARCHAR", 20), ("a", "")),
    "CHAR": Case(HanaType("CHAR", 5), ("ab   ",)),
    "NCHAR": Case(HanaType("NCHAR", 5), ("äb",)),
    "ALPHANUM": Case(HanaType("ALPHANUM", 5), ("00012", "a1")),
    "SHORTTEXT": Case(HanaType("SHORTTEXT", 50), ("ab",)),
    "VARBINARY": Case(HanaType("VARBINARY", 300), (b"", bytes(range(256)), b"\0")),
    "BINARY": Case(HanaType("BINARY", 4), (b"\0\0\0\1",)),
    "NCLOB": Case(HanaType("NCLOB"), ("", "short", "long 🎁 " * 5000)),
    "CLOB": Case(HanaType("CLOB"), ("", "x" * 100_000)),
    "TEXT": Case(HanaType("TEXT"), ("", "some")),
    "BLOB": Case(HanaType("BLOB"), (b"", b"\0\xff", bytes(range(256)) * 1000)),
    "DATE": Case(
        HanaType("DATE"),
        (1, LAST_DAY, DAY, day_number(1582, 10, 4), day_number(1582, 10, 15)),
        (
            date(1, 1, 1),
            date(9999, 12, 31),
            date(2024, 2, 29),
            date(1582, 10, 4),
            date(1582, 10, 15),
        ),
    ),
    "TIME": Case(HanaType("TIME"), (1, 86_400), (time(0, 0), time(23, 59, 59))),
    "SECONDDATE": Case(
        HanaType("SECONDDATE"),
        (1, seconddate(LAST_DAY, 86_399), seconddate(DAY, 1)),
        (datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59), datetime(2024, 2, 29, 0, 0, 1)),
    ),
    "TIMESTAMP": Case(
        HanaType("TIMESTAMP"),
        (1, longdate(LAST_DAY, 86_399, 9_999_999), longdate(DAY, 1, 1_234_567)),
        (
            datetime(1, 1, 1),
            datetime(9999, 12, 31, 23, 59, 59, 999_999),
            datetime(2024, 2, 29, 0, 0, 1, 123_456),
        ),
    ),
    "REAL_VECTOR_3": Case(HanaType("REAL_VECTOR", 3), ([1.0, -2.5, 3.25], [0.0, 0.0, 0.0])),
    "REAL_VECTOR": Case(HanaType("REAL_VECTOR"), ([1.0], [0.5, 0.25])),
    # what the driver loses
    "EMPTY_DATE": Case(HanaType("DATE"), (0,), (None,)),
    "EMPTY_TIME": Case(HanaType("TIME"), (0,), (None,)),
    "EMPTY_TIMESTAMP": Case(HanaType("TIMESTAMP"), (0,), (None,)),
    "HOUR_24": Case(HanaType("TIME"), (86_401,), (time(0, 0),)),
    "HALF_PAIRS": Case(HanaType("NVARCHAR", 9), ("a\ud800b", "\udc00"), ("a\ufffdb", "\ufffd")),
    "HALF_PAIRS_OF_LOBS": Case(
        HanaType("NCLOB"), ("\udc00", "a\ud800🎁" * 2000), ("\ufffd", "a\ufffd🎁" * 2000)
    ),
}


def table_of(case: Case) -> Table:
    declared = case.declared
    column = ResultColumn("C", DeclaredType(declared.name, declared.length, declared.scale))
    return Table((column,), [(value,) for value in (*case.stored, None)])


@pytest.fixture(scope="module")
def reader() -> Iterator[Asked]:
    engine = EngineDouble(
        **{name: table_of(case) for name, case in CASES.items()},
        GEOMETRY=Table((ResultColumn("C", DeclaredType("ST_POINT")),), [(b"\1",)]),
        BROKEN_CLOB=Table(
            (ResultColumn("C", DeclaredType("CLOB")),), [("fine",), ("a\ud800b" * 1000,)]
        ),
        JULIAN_LEAP_DAY=Table(
            (ResultColumn("C", DeclaredType("DATE")),), [(day_number(1500, 2, 29),)]
        ),
    )
    with EmulatorServer(engine) as server, connected(server.port) as asked:
        yield asked


@pytest.mark.parametrize("name", CASES)
def test_extremes_and_null_arrive_exactly(reader: Asked, name: str) -> None:
    case = CASES[name]
    column = Column("C", case.declared, read_as=case.read_as)

    found = reader.read(f"SELECT * FROM {name}", [column])

    assert found["C"].type == arrow_type(case.read_as or case.declared)
    assert found["C"].to_pylist() == [*(case.expected or case.stored), None]


def test_repaired_texts_are_counted(reader: Asked) -> None:
    run = run_of("SELECT * FROM HALF_PAIRS", [Column("C", HanaType("NVARCHAR", 9))])

    _, reply = reader.run(run)

    assert isinstance(reply, Finished)
    assert reply.replaced == {"half a surrogate pair": 2}


def test_nothing_is_counted_where_nothing_was_repaired(reader: Asked) -> None:
    _, reply = reader.run(run_of("SELECT * FROM NVARCHAR", [Column("C", HanaType("NVARCHAR", 9))]))

    assert isinstance(reply, Finished)
    assert reply.replaced == {}


def test_lob_that_the_driver_cannot_convert_is_an_error_of_data(reader: Asked) -> None:
    _, reply = reader.run(run_of("SELECT * FROM BROKEN_CLOB", [Column("C", HanaType("CLOB"))]))

    assert isinstance(reply, Failed)
    assert error_of(reply, "The query").code == "DATA_ERROR"
    assert not reply.connection_lost


def test_day_that_python_does_not_have_is_an_error_of_data(reader: Asked) -> None:
    _, reply = reader.run(run_of("SELECT * FROM JULIAN_LEAP_DAY", [Column("C", HanaType("DATE"))]))

    assert isinstance(reply, Failed)
    assert error_of(reply, "The query").code == "DATA_ERROR"
    assert not reply.connection_lost


@pytest.mark.parametrize(
    ("name", "read_as", "shown"),
    [
        ("BARE_DECIMAL", HanaType("DECIMAL", 38, 6), "1E-20"),
        ("BARE_DECIMAL", HanaType("DECIMAL", 38, 10), "1000000000000000000000000000000"),
    ],
)
def test_decimal_that_does_not_fit_is_an_error_that_names_it(
    reader: Asked, name: str, read_as: HanaType, shown: str
) -> None:
    column = Column("C", CASES[name].declared, read_as=read_as)

    batches, reply = reader.run(run_of(f"SELECT * FROM {name}", [column]))

    assert isinstance(reply, Failed)
    assert reply.details == {"column": "C"}
    assert error_class(reply.kind or "").code == "DATA_ERROR"
    assert "'C' holds" in reply.text
    assert batches == []


DESCRIBED = {
    name: case.declared
    for name, case in CASES.items()
    if name not in ("BARE_WITH_SCALE", "BARE_AS_DOUBLE")
} | {
    "ALPHANUM": HanaType("NVARCHAR", 5),
    "SHORTTEXT": HanaType("NVARCHAR", 50),
    "TEXT": HanaType("NCLOB"),
}


@pytest.mark.parametrize("name", DESCRIBED)
def test_described_type_is_the_declared_one_as_far_as_the_driver_tells(
    reader: Asked, name: str
) -> None:
    reply = reader.ask(Describe(f"SELECT * FROM {name}"))

    assert isinstance(reply, Described), reply
    assert reply.columns == (Column("C", DESCRIBED[name]),)
    found = reader.read(f"SELECT * FROM {name}", reply.columns)
    assert found["C"].type == arrow_type(DESCRIBED[name])


def test_type_that_nobody_knows_is_refused_by_name(reader: Asked) -> None:
    column = Column("C", HanaType("ST_POINT"))

    _, reply = reader.run(run_of("SELECT * FROM GEOMETRY", [column]))

    assert isinstance(reply, Failed)
    assert reply.kind == "TYPE_UNSUPPORTED"
    assert "ST_POINT" in reply.text


def test_batches_own_their_memory(reader: Asked) -> None:
    (batch,), _ = reader.run(run_of("SELECT * FROM BLOB", [Column("C", HanaType("BLOB"))]))
    reader.read("SELECT * FROM NCLOB", [Column("C", HanaType("NCLOB"))])

    batch.validate(full=True)
    assert isinstance(batch, pa.RecordBatch)
    assert batch.column(0).to_pylist() == [*CASES["BLOB"].stored, None]
