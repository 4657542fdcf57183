"""What the gate for changes lets pass, and how it writes it."""

import re
from pathlib import Path

import pytest

from flight_client.protocol.errors import Error, InvalidParameter
from flight_server.sql.change_gate import is_query
from flight_server.sql.changes import ChangeKind
from flight_server.sql.gate import CallerDialect
from flight_server.sql.translate import to_duckdb_change
from tests.hana_emulator.engine.parse_statements import parse
from tests.support.hana_changes import admitted_change

GOLDEN = Path(__file__).parents[2] / "golden"


def blocks(name: str) -> list[tuple[str, ...]]:
    """The parts of each block of a golden file, without their headings."""
    texts = (GOLDEN / name).read_text(encoding="utf-8").split("-- input\n")[1:]
    return [
        tuple(part.partition("\n")[2].strip() for part in f"\n{text}".split("\n-- "))
        for text in texts
    ]


@pytest.mark.parametrize(("text", "hana", "_duckdb"), blocks("changes_hana.txt"))
def test_golden_change_is_rewritten_to_its_golden_text(text: str, hana: str, _duckdb: str) -> None:
    assert admitted_change(text).sql == hana


@pytest.mark.parametrize(("text", "_hana", "duckdb"), blocks("changes_hana.txt"))
def test_golden_change_is_translated_to_its_golden_text(text: str, _hana: str, duckdb: str) -> None:
    try:
        found = to_duckdb_change(admitted_change(text))
    except Error as error:
        found = f"refused: {error.message}"

    assert found == duckdb


@pytest.mark.parametrize(("text", "duckdb"), blocks("changes_duckdb.txt"))
def test_golden_change_of_duckdb_is_rewritten_and_not_translated(text: str, duckdb: str) -> None:
    change = admitted_change(text, dialect=CallerDialect.DUCKDB)

    assert change.sql == duckdb
    assert to_duckdb_change(change) == duckdb


@pytest.mark.parametrize("hana", [hana for _, hana, _ in blocks("changes_hana.txt")])
def test_rewritten_change_is_rewritten_to_itself(hana: str) -> None:
    assert admitted_change(hana).sql == hana


@pytest.mark.parametrize(
    "hana",
    [
        hana
        for _, hana, _ in blocks("changes_hana.txt")
        if "WHEN NOT MATCHED AND" not in hana and not re.match("UPSERT .* WHERE ", hana)
    ],
)
def test_what_the_gate_writes_is_understood_by_the_emulator(hana: str) -> None:
    assert parse(hana)


@pytest.mark.parametrize(
    ("text", "kind", "target", "tables", "has_where"),
    [
        ("INSERT INTO orders (id) VALUES (1)", ChangeKind.INSERT, "ORDERS", set(), True),
        (
            'INSERT INTO "Items" ("id") SELECT o.id FROM orders o, hr.orders h, dummy',
            ChangeKind.INSERT,
            "Items",
            {("SALES", "ORDERS"), ("HR", "ORDERS")},
            True,
        ),
        ("UPSERT orders (id) VALUES (1) WHERE id = 2", ChangeKind.UPSERT, "ORDERS", set(), True),
        ("UPDATE orders SET id = 1", ChangeKind.UPDATE, "ORDERS", set(), False),
        ("UPDATE orders SET id = 1 WHERE id = 2", ChangeKind.UPDATE, "ORDERS", set(), True),
        ("DELETE FROM orders", ChangeKind.DELETE, "ORDERS", set(), False),
        (
            "DELETE FROM orders WHERE id IN (SELECT id FROM orders)",
            ChangeKind.DELETE,
            "ORDERS",
            {("SALES", "ORDERS")},
            True,
        ),
        (
            "MERGE INTO orders o USING hr.orders h ON o.id = h.id WHEN MATCHED THEN DELETE",
            ChangeKind.MERGE,
            "ORDERS",
            {("HR", "ORDERS")},
            True,
        ),
        ("TRUNCATE TABLE orders", ChangeKind.TRUNCATE, "ORDERS", set(), True),
        ("CREATE TABLE t (a INT)", ChangeKind.CREATE_TABLE, "T", set(), True),
        ("ALTER TABLE orders DROP (net)", ChangeKind.ALTER_TABLE, "ORDERS", set(), True),
        ("RENAME COLUMN orders.net TO x", ChangeKind.ALTER_TABLE, "ORDERS", set(), True),
        ("DROP TABLE orders", ChangeKind.DROP_TABLE, "ORDERS", set(), True),
    ],
)
def test_change_says_what_it_does_and_to_which_table(
    text: str, kind: ChangeKind, target: str, tables: set[tuple[str, str]], has_where: bool
) -> None:
    change = admitted_change(text)

    assert (change.kind, change.target) == (kind, ("SALES", target))
    assert (change.tables, change.has_where) == (tables, has_where)


def test_markers_are_counted_and_must_be_as_many_as_the_values() -> None:
    text = "UPDATE orders SET net = ?, name = ? WHERE id = ?"

    assert admitted_change(text, values=3).parameter_count == 3
    assert admitted_change(text, values=None).parameter_count == 3
    with pytest.raises(InvalidParameter, match=r"3 markers \(\?\) and 2 values"):
        admitted_change(text, values=2)


@pytest.mark.parametrize("dialect", list(CallerDialect))
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT 1 FROM dummy", True),
        ("-- INSERT\n /* DELETE */ select 1", True),
        ("(SELECT 1) UNION (SELECT 2)", True),
        ("WITH a AS (SELECT 1) SELECT * FROM a", True),
        ("WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a", True),
        (" ; SELECT 1", True),
        ("", True),
        ("-- nothing", True),
        ("'", True),
        ("\x00", True),
        ("(" * 10_000, True),
        ("/* SELECT */ insert into t values (1)", False),
        ("UPDATE t SET a = 1; SELECT 1", False),
        ("COMMIT", False),
        ("GRANT SELECT ON t TO u", False),
        ('"SELECT" 1', False),
        ("'SELECT' 1", False),
    ],
)
def test_query_is_told_from_other_statements(
    text: str, expected: bool, dialect: CallerDialect
) -> None:
    assert is_query(text, dialect) is expected


@pytest.mark.parametrize(
    ("written", "kind"),
    [("FLOAT", "DOUBLE"), ("float(2)", "REAL"), ("FLOAT(24)", "REAL"), ("FLOAT(25)", "DOUBLE")],
)
def test_float_is_real_or_double_by_its_bits(written: str, kind: str) -> None:
    assert f'"A" {kind})' in admitted_change(f"CREATE TABLE t (a {written})").sql
    parse(admitted_change(f"CREATE TABLE t (a {written})").sql)


@pytest.mark.parametrize("written", ["FLOAT(0)", "FLOAT(54)", "FLOAT(2, 1)", "FLOAT(1.5)"])
def test_float_of_other_bits_is_refused(written: str) -> None:
    with pytest.raises(Error, match="FLOAT has 1 to 53 bits"):
        admitted_change(f"CREATE TABLE t (a {written})")
