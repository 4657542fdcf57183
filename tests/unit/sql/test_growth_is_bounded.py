"""No short query makes a long text, whether DuckDB evaluates it while binding or for each row."""

import time

import duckdb
import pytest

from flight_client.protocol.errors import Error, UnsupportedSql
from flight_server.sql.gate import CallerDialect
from flight_server.sql.translate import to_duckdb
from tests.support.hana_sql import admitted, ask, value

MAX_BYTES = 1024 * 1024

NESTED_REPLACE = "'x'"
for _ in range(4):
    NESTED_REPLACE = f"REPLACE({NESTED_REPLACE}, 'x', '{'x' * 400}')"

NESTED_HEX = "'xxxxxxxx'"
for _ in range(18):
    NESTED_HEX = f"BINTOHEX(STRTOBIN({NESTED_HEX}, 'UTF-8'))"


def doubling(first: str, step: str, levels: int) -> str:
    """A query whose one value grows with every query of its WITH."""
    queries = [f"Q0 AS (SELECT {first} AS V FROM DUMMY)"]
    queries += [f"Q{level + 1} AS (SELECT {step} AS V FROM Q{level})" for level in range(levels)]
    return f"WITH {', '.join(queries)} SELECT LENGTH(V) AS N FROM Q{levels}"


@pytest.mark.parametrize("name", ["LPAD", "RPAD"])
@pytest.mark.parametrize("width", ["5001", "1000000000", "1e9"])
def test_padding_beyond_the_longest_nvarchar_is_refused_by_name(name: str, width: str) -> None:
    with pytest.raises(UnsupportedSql, match=f"{name} pads to 5000"):
        to_duckdb(admitted(f"SELECT {name}('x', {width}, 'y') FROM DUMMY"))


@pytest.mark.parametrize("name", ["LPAD", "RPAD"])
def test_padding_to_the_longest_nvarchar_works(
    landscape: duckdb.DuckDBPyConnection, name: str
) -> None:
    assert len(value(landscape, f"{name}('x', 5000, 'y')")) == 5000


GROWING = {
    "padding by a marker": ("SELECT LENGTH(RPAD('x', ?, 'y')) AS N FROM DUMMY", 1_000_000_000),
    "padding by a sum": ("SELECT LENGTH(LPAD('x', 500000000 + 500000000, 'y')) AS N FROM DUMMY",),
    "padding by a column": ("SELECT LENGTH(LPAD('x', ID * 500000000, 'y')) AS N FROM ORDERS",),
    "nested replacing": (f"SELECT LENGTH({NESTED_REPLACE}) AS N FROM DUMMY",),
    "nested hexadecimal": (f"SELECT LENGTH({NESTED_HEX}) AS N FROM DUMMY",),
    "doubling by ||": (doubling("RPAD('x', 5000)", "V || V || V || V", 10),),
    "doubling by CONCAT": (doubling("RPAD('x', 5000)", "CONCAT(V, V)", 20),),
    "doubling by CONCAT_NAZ": (doubling("RPAD('x', 5000)", "CONCAT_NAZ(V, V)", 20),),
    "replacing by itself": (doubling("RPAD('x', 50, 'x')", "REPLACE(V, 'x', V)", 6),),
    "a pattern": (
        doubling("RPAD('x', 50, 'x')", "REPLACE_REGEXPR('x' IN V WITH V OCCURRENCE ALL)", 6),
    ),
    "what was found": (
        doubling("RPAD('x', 50, 'x')", "REPLACE_REGEXPR('.*' IN V WITH '\\0\\0\\0\\0')", 12),
    ),
}


@pytest.mark.parametrize("query", GROWING.values(), ids=GROWING)
def test_growing_text_ends_in_an_error_at_once(
    landscape: duckdb.DuckDBPyConnection, query: tuple[str, ...]
) -> None:
    begun = time.monotonic()

    with pytest.raises((duckdb.Error, Error), match=r"shorten|pad it to fewer|at most"):
        ask(landscape, *query)

    assert time.monotonic() - begun < 1


OWN = {
    "LPAD": "SELECT length(lpad('x', 1000000000, 'y')) AS n",
    "RPAD": "SELECT length(rpad('x', 500000000 + 500000000, 'y')) AS n",
    "REPLACE": f"SELECT length({NESTED_REPLACE.lower()}) AS n",
    "||": doubling("rpad('x', 5000, 'y')", "V || V || V || V", 10).replace(" FROM DUMMY", ""),
    "CONCAT": doubling("rpad('x', 5000, 'y')", "concat(V, V, V)", 12).replace(" FROM DUMMY", ""),
    "CONCAT_WS": doubling("rpad('x', 999, 'y')", "concat_ws(V, 1, 2, 3, 4)", 20).replace(
        " FROM DUMMY", ""
    ),
    "HEX": doubling("rpad('x', 5000, 'y')", "hex(V)", 20).replace(" FROM DUMMY", ""),
    "REGEXP_REPLACE": doubling("rpad('x', 50, 'x')", "regexp_replace(V, 'x', V, 'g')", 6).replace(
        " FROM DUMMY", ""
    ),
}


@pytest.mark.parametrize("text", OWN.values(), ids=OWN)
def test_growing_text_in_duckdb_s_own_dialect_ends_in_an_error_at_once(
    landscape: duckdb.DuckDBPyConnection, text: str
) -> None:
    begun = time.monotonic()

    with pytest.raises(duckdb.Error, match=r"shorten|pad it to fewer"):
        landscape.execute(to_duckdb(admitted(text, dialect=CallerDialect.DUCKDB)))

    assert time.monotonic() - begun < 1


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("SELECT ? || '-' || ? AS v", ("a", "b"), "a-b"),
        ("SELECT concat(?, NULL, upper(?)) AS v", ("a", "b"), "aB"),
        ("SELECT concat_ws(?, 1, NULL, 2) AS v", ("-",), "1-2"),
        ("SELECT replace(upper(?), 'A', lower(?)) AS v", ("aba", "XY"), "xyBxy"),
        ("SELECT regexp_replace(?, 'a', 'b') AS v", ("aa",), "ba"),
        ("SELECT regexp_replace(lower(?), 'a', 'b', 'g') AS v", ("aA",), "bb"),
        ("SELECT lpad(?, 3, '0') || rpad('x', ?, 'y') AS v", ("7", 2), "007xy"),
        ("SELECT to_hex(255) || hex('a') AS v", (), "FF61"),
        ("SELECT 1 + 2 || 'x' AS v", (), "3x"),
    ],
)
def test_bounded_function_keeps_its_meaning_in_duckdb_s_own_dialect(
    landscape: duckdb.DuckDBPyConnection, text: str, values: tuple[object, ...], expected: str
) -> None:
    query = admitted(text, values=len(values), dialect=CallerDialect.DUCKDB)

    assert landscape.execute(to_duckdb(query), list(values)).fetchall() == [(expected,)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("UPPER('a') || LOWER('B') || 'c'", "Abc"),
        ("CONCAT(UPPER('a'), NULL)", None),
        ("CONCAT_NAZ(UPPER('a'), NULL)", "A"),
        ("REPLACE(REPLACE(UPPER('abc'), 'A', 'xx'), 'B', 'yy')", "xxyyC"),
        ("REPLACE('abc', 'b', NULL)", None),
        ("REPLACE('#0#1', '#0', '#1#1')", "#1#1#1"),
        ("BINTOHEX(HEXTOBIN('00' || 'ff'))", "00FF"),
        ("REPLACE_REGEXPR('a' IN UPPER('b') || 'a' WITH LOWER('XY'))", "Bxy"),
    ],
)
def test_bounded_function_of_a_function_keeps_its_meaning(
    landscape: duckdb.DuckDBPyConnection, expression: str, expected: str | None
) -> None:
    assert value(landscape, expression) == expected


def test_grouping_by_a_joined_text_works(landscape: duckdb.DuckDBPyConnection) -> None:
    answer = ask(
        landscape,
        "SELECT UPPER(NAME) || '-' AS K, COUNT(*) AS N FROM ORDERS GROUP BY UPPER(NAME) || '-' "
        "ORDER BY K",
    )

    assert answer.rows == [(None, 1), ("ONE-", 1), ("TWO-", 1)]


def test_long_chain_of_texts_works(landscape: duckdb.DuckDBPyConnection) -> None:
    chain = " || ".join(["NAME"] * 500)

    rows = ask(landscape, f"SELECT LENGTH({chain}) AS N FROM ORDERS WHERE ID = 1").rows

    assert rows == [(1500,)]


def test_deeply_nested_growth_is_written_in_a_length_that_adds_up() -> None:
    text = "NAME"
    for _ in range(15):
        text = f"REPLACE({text}, 'x', 'yy')"

    assert len(to_duckdb(admitted(f"SELECT {text} AS V FROM ORDERS"))) < 10_000


def test_text_of_the_greatest_length_may_be_made(landscape: duckdb.DuckDBPyConnection) -> None:
    half = doubling("RPAD('x', 4096)", "V || V", 8)

    assert ask(landscape, half).rows == [(MAX_BYTES,)]
