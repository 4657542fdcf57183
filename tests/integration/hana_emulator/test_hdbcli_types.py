"""Every type through hdbcli, plain and over TLS, NULL and extremes, bit-exact, both ways."""

import datetime as dt
import struct
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hdbcli import dbapi

from tests.hana_emulator.values import DeclaredType, ResultColumn
from tests.hana_emulator.wire import calendar
from tests.support.hana_double_process import DoubleServer
from tests.support.hana_engine_double import PASSWORD, USER, Table

_T = DeclaredType
_NINES_38 = Decimal("9" * 38)


def _day(*date: int) -> int:
    return calendar.day_number(*date)


def _floats(*values: float) -> bytes:
    return struct.pack(f"<i{len(values)}f", len(values), *values)


# Declared type, then pairs of the engine's value and what hdbcli makes of it (None: the same).
_BOTH_WAYS: list[tuple[DeclaredType, list[tuple[Any, Any]]]] = [
    (_T("TINYINT"), [(0, 0), (255, 255)]),
    (_T("SMALLINT"), [(-(2**15), -(2**15)), (2**15 - 1, 2**15 - 1)]),
    (_T("INTEGER"), [(-(2**31), -(2**31)), (2**31 - 1, 2**31 - 1)]),
    (_T("BIGINT"), [(-(2**63), -(2**63)), (2**63 - 1, 2**63 - 1)]),
    (_T("REAL"), [(1.5, 1.5), (3.4028234663852886e38, 3.4028234663852886e38), (2**-149, 2**-149)]),
    (
        _T("DOUBLE"),
        [(1.1, 1.1), (-1.7976931348623157e308, -1.7976931348623157e308), (5e-324, 5e-324)],
    ),
    (_T("BOOLEAN"), [(True, True), (False, False)]),
    (
        _T("DECIMAL", 18, 2),
        [(Decimal("1.10"), Decimal("1.1")), (Decimal("-9999999999999999.99"),) * 2],
    ),
    (_T("DECIMAL", 28, 5), [(Decimal("-99999999999999999999999.99999"),) * 2, (Decimal(0),) * 2]),
    (_T("DECIMAL", 38, 10), [(Decimal("9999999999999999999999999999.9999999999"),) * 2]),
    (_T("DECIMAL", 38, 0), [(_NINES_38, _NINES_38), (_NINES_38.copy_negate(),) * 2]),
    (_T("DECIMAL", 38, 38), [(Decimal("0." + "0" * 37 + "1"),) * 2]),
    (
        _T("DECIMAL"),
        [
            (Decimal("1.5"), Decimal("1.5")),
            (Decimal("1E+6000"), Decimal("1E+6000")),
            (Decimal("9" * 34), Decimal("9" * 34)),
            (Decimal("-1E-6143"), Decimal("-1E-6143")),
        ],
    ),
    (_T("SMALLDECIMAL"), [(Decimal("1234567890123456E+300"),) * 2]),
    (
        _T("NVARCHAR", 5000),
        [
            ("", ""),
            ("ä€😀", "ä€😀"),
            ("x" * 5000, "x" * 5000),
            ("😀" * 2500, "😀" * 2500),
            ("a\0b",) * 2,
        ],
    ),
    (_T("VARCHAR", 10), [("abc", "abc")]),
    (_T("CHAR", 5), [("abc  ", "abc  ")]),
    (_T("NCHAR", 5), [("äb   ", "äb   ")]),
    (_T("ALPHANUM", 10), [("0012", "0012"), ("A1", "A1")]),
    (_T("SHORTTEXT", 10), [("abc", "abc")]),
    (
        _T("VARBINARY", 5000),
        [(b"", b""), (b"\x00\xff", b"\x00\xff"), (b"\x07" * 5000, b"\x07" * 5000)],
    ),
    (_T("BINARY", 4), [(b"abcd", b"abcd")]),
    (
        _T("DATE"),
        [
            (_day(1, 1, 1), dt.date(1, 1, 1)),
            (_day(1582, 10, 4), dt.date(1582, 10, 4)),
            (_day(1582, 10, 15), dt.date(1582, 10, 15)),
            (_day(9999, 12, 31), dt.date(9999, 12, 31)),
        ],
    ),
    (_T("TIME"), [(1, dt.time(0, 0)), (86400, dt.time(23, 59, 59))]),
    (
        _T("SECONDDATE"),
        [
            (calendar.seconddate(_day(1, 1, 1)), dt.datetime(1, 1, 1)),
            (calendar.seconddate(_day(9999, 12, 31), 86399), dt.datetime(9999, 12, 31, 23, 59, 59)),
        ],
    ),
    (
        _T("TIMESTAMP"),
        [
            (calendar.longdate(_day(1, 1, 1)), dt.datetime(1, 1, 1)),
            (
                calendar.longdate(_day(9999, 12, 31), 86399, 9_999_990),
                dt.datetime(9999, 12, 31, 23, 59, 59, 999999),
            ),
        ],
    ),
    (_T("CLOB"), [("", ""), ("abc", "abc"), ("x" * 100_000, "x" * 100_000)]),
    (_T("NCLOB"), [("", ""), ("ä😀" * 50_000, "ä😀" * 50_000)]),
    (_T("TEXT"), [("abc", "abc")]),
    (_T("BLOB"), [(b"", b""), (bytes(range(256)) * 10_000, bytes(range(256)) * 10_000)]),
    (_T("REAL_VECTOR", 2), [([1.5, -1.0], _floats(1.5, -1.0))]),
]
_IDS = [f"{kind.name}-{kind.length}-{kind.scale}" for kind, _ in _BOTH_WAYS]

# What hdbcli shows differently and could not send back as it was.
_ONE_WAY: list[tuple[DeclaredType, Any, Any]] = [
    (
        _T("TIMESTAMP"),
        calendar.longdate(_day(2024, 2, 29), 1, 1_234_567),
        dt.datetime(2024, 2, 29, 0, 0, 1, 123456),
    ),
    (_T("DATE"), 0, None),
    (_T("TIME"), 0, None),
    (_T("TIME"), 86401, dt.time(0, 0)),
    (_T("SECONDDATE"), 0, None),
    (_T("TIMESTAMP"), 0, None),
    (_T("NVARCHAR", 5), "\ud83d", "\ud83d".encode("utf-16-le", "surrogatepass")),
]


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "tls"])
def tls(request: pytest.FixtureRequest) -> bool:
    return request.param


@pytest.fixture(scope="module")
def server(tls: bool) -> Iterator[DoubleServer]:
    with DoubleServer(tls=tls) as started:
        yield started


@pytest.fixture(scope="module")
def cursor(
    server: DoubleServer, tls: bool, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    secured: dict[str, Any] = {}
    if tls:
        roots = tmp_path_factory.mktemp("trust") / "ca.pem"
        roots.write_bytes(server.roots)
        secured = {"encrypt": True, "sslValidateCertificate": True, "sslTrustStore": str(roots)}
    connection = dbapi.connect(
        address="localhost", port=server.port, user=USER, password=PASSWORD, **secured
    )
    cursor = connection.cursor()
    yield cursor
    cursor.close()
    connection.close()


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value


def _column(kind: DeclaredType) -> tuple[ResultColumn]:
    return (ResultColumn("V", kind),)


@pytest.mark.parametrize(("kind", "values"), _BOTH_WAYS, ids=_IDS)
def test_result_is_exact(
    server: DoubleServer, cursor: Any, kind: DeclaredType, values: list[tuple[Any, Any]]
) -> None:
    rows = [(held,) for held, _ in values]
    server.add("T", Table(_column(kind), [*rows, (None,)]))

    cursor.execute("SELECT * FROM T")
    fetched = [_plain(row[0]) for row in cursor.fetchall()]

    assert fetched == [*(shown for _, shown in values), None]
    assert [type(value) for value in fetched[:-1]] == [type(shown) for _, shown in values]


@pytest.mark.parametrize(("kind", "values"), _BOTH_WAYS, ids=_IDS)
def test_parameter_is_exact(
    server: DoubleServer, cursor: Any, kind: DeclaredType, values: list[tuple[Any, Any]]
) -> None:
    name = (
        f"W{_IDS.index(f'{kind.name}-{kind.length}-{kind.scale}')}"  # hdbcli keeps what it prepared
    )
    server.add(name, Table(_column(kind)))

    for _, shown in values:
        cursor.execute(f"INSERT INTO {name} VALUES (?)", (shown,))
    cursor.execute(f"INSERT INTO {name} VALUES (?)", (None,))

    received = [row[0] for row in server.rows(name)]
    assert received == [*(held for held, _ in values), None]
    assert [type(value) for value in received[:-1]] == [type(held) for held, _ in values]


@pytest.mark.parametrize(("kind", "held", "shown"), _ONE_WAY)
def test_value_that_python_lacks_is_shown_as_hdbcli_does(
    server: DoubleServer, cursor: Any, kind: DeclaredType, held: Any, shown: Any
) -> None:
    server.add("T", Table(_column(kind), [(held,)]))

    cursor.execute("SELECT * FROM T")

    assert _plain(cursor.fetchall()[0][0]) == shown


@pytest.mark.parametrize(
    ("kind", "described"),
    [
        (_T("INTEGER"), (3, 0)),
        (_T("DECIMAL", 20, 3), (5, 3)),
        (_T("NVARCHAR", 20), (11, 0)),
        (_T("DATE"), (14, 0)),
        (_T("TIME"), (15, 0)),
        (_T("SECONDDATE"), (16, 0)),
        (_T("TIMESTAMP"), (16, 7)),
        (_T("NCLOB"), (26, 0)),
        (_T("BOOLEAN"), (28, 0)),
        (_T("REAL_VECTOR", 3), (96, 0)),
    ],
)
def test_description_has_the_type_codes_of_hdbcli(
    server: DoubleServer, cursor: Any, kind: DeclaredType, described: tuple[int, int]
) -> None:
    server.add("T", Table(_column(kind)))

    cursor.execute("SELECT * FROM T")

    (name, code, _, _, _, scale, nullable) = cursor.description[0]
    assert (name, code, scale, nullable) == ("V", *described, True)


@pytest.mark.parametrize("data_format", [1, 2, 3, 5, 6, 7])
def test_older_data_format_carries_the_same_values(data_format: int) -> None:
    columns = tuple(
        ResultColumn(f"C{n}", kind)
        for n, kind in enumerate(
            [
                _T("BOOLEAN"),
                _T("DECIMAL", 18, 2),
                _T("DATE"),
                _T("TIME"),
                _T("SECONDDATE"),
                _T("TIMESTAMP"),
                _T("ALPHANUM", 5),
                _T("REAL_VECTOR", 1),
            ]
        )
    )
    day = _day(2024, 2, 29)
    row = (
        True,
        Decimal("1.50"),
        day,
        3662,
        calendar.seconddate(day, 5),
        calendar.longdate(day, 5, 1_230_000),
        "12",
        [1.0],
    )
    with DoubleServer(data_format=data_format) as server:
        server.add("T", Table(columns, [row, (None,) * 8]))
        connection = dbapi.connect(
            address="127.0.0.1", port=server.port, user=USER, password=PASSWORD
        )
        cursor = connection.cursor()
        cursor.execute("SELECT * FROM T")
        shown, null = ([_plain(value) for value in fetched] for fetched in cursor.fetchall())
        cursor.execute(f"INSERT INTO T VALUES ({','.join('?' * 8)})", tuple(shown))
        received = server.rows("T")[-1]
        cursor.close()
        connection.close()

    assert shown == [
        True,
        Decimal("1.5"),
        dt.date(2024, 2, 29),
        dt.time(1, 1, 1),
        dt.datetime(2024, 2, 29, 0, 0, 5),
        dt.datetime(2024, 2, 29, 0, 0, 5, 123000),
        "12",
        _floats(1.0),
    ]
    assert null == [None] * 8
    assert received == row
