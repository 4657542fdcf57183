"""Changes on the embedded database mean what they mean on HANA: the emulator's engine judges."""

from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
import pytest

from flight_client.protocol.errors import InvalidSql, UnsupportedSql
from flight_server.sql.gate import CallerDialect, admit
from flight_server.sql.translate import to_duckdb, to_duckdb_change
from tests.support.hana_changes import admitted_change
from tests.support.hana_engine_client import USER, Client, running
from tests.support.hana_sql import Landscape

SPACE = USER
TABLES = {
    (SPACE, "T"): ("ID", "NAME", "NET", "DAY", "FLAG"),
    (SPACE, "S"): ("ID", "TEXT", "Mixed"),
    (SPACE, "P"): ("A", "B", "V"),
}
KEYS = {"T": ("ID",), "S": (), "P": ("A", "B")}
START = (
    "CREATE COLUMN TABLE t (id INTEGER PRIMARY KEY, name NVARCHAR(20) DEFAULT 'none', "
    "net DECIMAL(10, 2), day DATE, flag BOOLEAN DEFAULT FALSE)",
    'CREATE TABLE s (id INTEGER, text NVARCHAR(20), "Mixed" INTEGER)',
    "CREATE TABLE p (a INTEGER, b NVARCHAR(5), v INTEGER DEFAULT -1, PRIMARY KEY (a, b))",
    "INSERT INTO t VALUES (1, 'one', 10.50, DATE'2024-01-31', TRUE)",
    "INSERT INTO t VALUES (2, 'two', 20.25, DATE'2024-02-29', FALSE)",
    "INSERT INTO t (id) VALUES (3)",
    "INSERT INTO s VALUES (2, 'zwei', 20)",
    "INSERT INTO s VALUES (3, 'drei', 30)",
    "INSERT INTO s VALUES (4, 'vier', NULL)",
    "INSERT INTO p VALUES (1, 'x', 1)",
)


class Both:
    """The same tables in the emulator and in DuckDB."""

    def __init__(self, emulator: Client) -> None:
        self.emulator = emulator
        self.duckdb = duckdb.connect()
        self.duckdb.execute(f'CREATE SCHEMA "{SPACE}"')
        self.tables = dict(TABLES)
        for text in START:
            self.change(text)

    def change(self, text: str, *values: Any) -> tuple[int, int]:
        """Rows changed there and here."""
        change = admitted_change(
            text, values=len(values), space=SPACE, writable=frozenset({SPACE}), tables=self.tables
        )
        there = self.emulator.run(change.sql, *values)
        sql = to_duckdb_change(change, key=KEYS.get(change.target[1], ()))
        counts = self.duckdb.execute(sql, list(values)).fetchall()
        return there, sum(count for (count,) in counts)

    def rows(self, text: str) -> tuple[Sequence[Any], Sequence[Any]]:
        """What a query finds there and here."""
        query = admit(
            text,
            dialect=CallerDialect.HANA,
            default_space=SPACE,
            lookup=Landscape(self.tables),
            parameter_count=0,
        )
        return self.emulator.rows(query.sql), self.duckdb.execute(to_duckdb(query)).fetchall()


@pytest.fixture
def both() -> Iterator[Both]:
    with running() as engine:
        pair = Both(Client(engine))
        yield pair
        pair.duckdb.close()


ALL = {
    "T": "SELECT id, name, net, TO_NVARCHAR(day), CASE WHEN flag = TRUE THEN 1 ELSE 0 END "
    "FROM t ORDER BY id, name",
    "S": 'SELECT id, text, "Mixed" FROM s ORDER BY id, text, "Mixed"',
    "P": "SELECT a, b, v FROM p ORDER BY a, b, v",
}

CHANGES: list[tuple[str, tuple[Any, ...]]] = [
    ("INSERT INTO t VALUES (?, ?, ?, DATE'2020-01-01', TRUE)", (9, "nine", 3)),
    ("INSERT INTO t (net, id) VALUES (5 / 2, ? + 1)", (8,)),
    ("INSERT INTO t (id, name) VALUES (7, DEFAULT)", ()),
    ("INSERT INTO t (id, net) VALUES (7, (SELECT MAX(net) FROM t))", ()),
    ("INSERT INTO t (id, name) SELECT id, UPPER(text) FROM s WHERE id > ?", (3,)),
    ("INSERT INTO s (id, text) (SELECT id, name FROM t UNION ALL SELECT 0, 'x' FROM dummy)", ()),
    ("INSERT INTO s (id) WITH w AS (SELECT id FROM t) SELECT id FROM w WHERE id < 3", ()),
    ("INSERT INTO s SELECT * FROM s", ()),
    ("INSERT INTO s (id, text) SELECT COUNT(*), STRING_AGG(name, ',' ORDER BY id) FROM t", ()),
    ("INSERT INTO s (id) SELECT id FROM t WHERE 1 = 0", ()),
    ("UPSERT t (id, name) VALUES (?, ?) WITH PRIMARY KEY", (2, "second")),
    ("UPSERT t (id, name) VALUES (?, ?) WITH PRIMARY KEY", (5, "fifth")),
    ("UPSERT t (id) VALUES (2) WITH PRIMARY KEY", ()),
    ("UPSERT t VALUES (1, 'all', 1, NULL, FALSE) WITH PRIMARY KEY", ()),
    ("UPSERT t (id, name) SELECT id, text FROM s", ()),
    ("UPSERT t (id, name) SELECT id, text FROM s WITH PRIMARY KEY", ()),
    ("UPSERT s (id, text) SELECT id, text FROM s", ()),
    ("UPSERT p (b, a, v) VALUES (?, 1, 5) WITH PRIMARY KEY", ("x",)),
    ("UPSERT p (b, a) VALUES (?, 1) WITH PRIMARY KEY", ("y",)),
    ("REPLACE p VALUES (1, 'x', 7) WITH PRIMARY KEY", ()),
    ("UPDATE t SET net = net * 2, name = name || ? WHERE id IN (1, ?)", ("!", 2)),
    ("UPDATE t SET name = 'all'", ()),
    ("UPDATE t SET net = id, id = id + 10", ()),
    ("UPDATE t AS x SET x.name = (SELECT MAX(s.text) FROM s WHERE s.id = x.id)", ()),
    ("UPDATE t SET name = 'in s' WHERE EXISTS (SELECT 1 FROM s WHERE s.id = t.id)", ()),
    ("UPDATE t SET day = ADD_MONTHS(day, 1), flag = TRUE WHERE net > 10", ()),
    ("UPDATE t SET name = NULL WHERE name LIKE 't%' OR net IS NULL", ()),
    ('UPDATE s SET "Mixed" = IFNULL("Mixed", 0) + 1', ()),
    ("UPDATE t SET id = 100 WHERE 1 = 0", ()),
    ("DELETE FROM t WHERE id = ?", (1,)),
    ("DELETE FROM t WHERE net > (SELECT AVG(net) FROM t)", ()),
    ("DELETE FROM t WHERE id NOT IN (SELECT id FROM s)", ()),
    ("DELETE FROM t WHERE NOT EXISTS (SELECT 1 FROM s WHERE s.id = t.id)", ()),
    ("DELETE FROM s", ()),
    (
        "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET t.name = s.text "
        "WHEN NOT MATCHED THEN INSERT (id, name) VALUES (s.id, s.text)",
        (),
    ),
    (
        "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED AND s.id > ? THEN UPDATE SET "
        'name = ?, net = net + s."Mixed"',
        (2, "merged"),
    ),
    ("MERGE INTO t x USING (SELECT id AS i FROM s) q ON x.id = q.i WHEN MATCHED THEN DELETE", ()),
    (
        "MERGE INTO t USING (SELECT ? AS i FROM dummy) q ON t.id = q.i "
        "WHEN NOT MATCHED THEN INSERT VALUES (q.i, 'new', 1, NULL, TRUE)",
        (6,),
    ),
]


@pytest.mark.parametrize(("text", "values"), CHANGES)
def test_change_leaves_the_same_rows_as_in_the_emulator(
    both: Both, text: str, values: tuple[Any, ...]
) -> None:
    there, here = both.change(text, *values)

    assert here == there
    for query in ALL.values():
        expected, found = both.rows(query)
        assert found == expected


def test_truncate_leaves_no_row(both: Both) -> None:
    both.change("TRUNCATE TABLE s")

    assert both.rows(ALL["S"]) == ([], [])


@pytest.mark.parametrize(
    ("text", "name", "columns", "query"),
    [
        (
            "CREATE TABLE n AS (SELECT id, net * 2 AS twice FROM t WHERE id < 3)",
            "N",
            ("ID", "TWICE"),
            "SELECT id, twice FROM n ORDER BY id",
        ),
        (
            "CREATE COLUMN TABLE n AS (SELECT name, id FROM t) WITH NO DATA",
            "N",
            ("NAME", "ID"),
            "SELECT id, name FROM n",
        ),
    ],
)
def test_table_of_a_query_has_its_rows(
    both: Both, text: str, name: str, columns: tuple[str, ...], query: str
) -> None:
    both.change(text)
    both.tables[SPACE, name] = columns

    expected, found = both.rows(query)
    assert found == expected


def test_altered_table_takes_and_gives_what_it_should(both: Both) -> None:
    both.change("ALTER TABLE s ADD (extra INTEGER DEFAULT 7, other NVARCHAR(5))")
    both.tables[SPACE, "S"] = ("ID", "TEXT", "Mixed", "EXTRA", "OTHER")
    both.change("INSERT INTO s (id, other) VALUES (9, 'o')")
    both.change('ALTER TABLE s DROP (text, "Mixed")')
    both.tables[SPACE, "S"] = ("ID", "EXTRA", "OTHER")
    both.change("RENAME COLUMN s.extra TO more")
    both.tables[SPACE, "S"] = ("ID", "MORE", "OTHER")
    both.change("ALTER TABLE s ALTER (id BIGINT)")
    both.change("INSERT INTO s (id) VALUES (5000000000)")

    expected, found = both.rows("SELECT id, other, more FROM s ORDER BY id")
    assert found == expected
    assert (5_000_000_000, None, 7) in found


def test_dropped_table_is_gone(both: Both) -> None:
    both.change("DROP TABLE s")
    both.change("CREATE TABLE s (id INTEGER)")
    both.tables[SPACE, "S"] = ("ID",)

    assert both.rows("SELECT id FROM s") == ([], [])


# what the emulator does not know, in DuckDB alone


@pytest.fixture
def alone() -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect()
    connection.execute("""
        CREATE SCHEMA "SALES";
        CREATE TABLE "SALES"."ORDERS" ("ID" INTEGER PRIMARY KEY, "NET" DECIMAL(10, 2),
            "PRICE" DOUBLE, "NAME" VARCHAR, "DAY" DATE, "MOMENT" TIMESTAMP, "FLAG" BOOLEAN,
            "Mixed" VARCHAR UNIQUE);
        INSERT INTO "SALES"."ORDERS" ("ID", "NET", "Mixed") VALUES (1, 1, 'a'), (2, 2, 'b');
    """)
    yield connection
    connection.close()


def orders(connection: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    query = 'SELECT "ID", CAST("NET" AS INTEGER), "Mixed" FROM "SALES"."ORDERS" ORDER BY "ID"'
    return connection.execute(query).fetchall()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((2, 9, 2), [(1, 1, "a"), (2, 9, "b")]),
        ((7, 9, 2), [(1, 1, "a"), (7, 9, "b")]),
        ((3, 9, 3), [(1, 1, "a"), (2, 2, "b"), (3, 9, None)]),
    ],
)
def test_upsert_where_updates_the_rows_that_fit_or_inserts_one(
    alone: duckdb.DuckDBPyConnection, values: tuple[int, ...], expected: list[tuple[Any, ...]]
) -> None:
    change = admitted_change("UPSERT orders (id, net) VALUES (?, ?) WHERE id = ?", values=3)

    alone.execute(to_duckdb_change(change), list(values))

    assert orders(alone) == expected


def test_upsert_where_of_several_rows_updates_them_all(alone: duckdb.DuckDBPyConnection) -> None:
    change = admitted_change("UPSERT orders (net) VALUES (?) WHERE net < 10 OR id = ?", values=2)

    alone.execute(to_duckdb_change(change), [5, 7])

    assert orders(alone) == [(1, 5, "a"), (2, 5, "b")]


def test_upsert_of_all_columns_needs_as_many_values() -> None:
    change = admitted_change("UPSERT orders VALUES (1, 2) WHERE id = 1")

    with pytest.raises(InvalidSql, match="8 columns and 2 values"):
        to_duckdb_change(change)


def test_upsert_by_key_finds_the_key_beside_other_unique_columns(
    alone: duckdb.DuckDBPyConnection,
) -> None:
    change = admitted_change("UPSERT orders (id, net) VALUES (2, 8) WITH PRIMARY KEY")

    alone.execute(to_duckdb_change(change, key=("ID",)))

    assert orders(alone) == [(1, 1, "a"), (2, 8, "b")]


def test_upsert_without_a_column_of_the_key_is_refused() -> None:
    change = admitted_change("UPSERT orders (net) VALUES (2) WITH PRIMARY KEY")

    with pytest.raises(InvalidSql, match="whole primary key; name 'ID' too"):
        to_duckdb_change(change, key=("ID",))


def test_upsert_of_a_table_without_key_is_an_insert() -> None:
    change = admitted_change("UPSERT orders (net) VALUES (2) WITH PRIMARY KEY")

    assert to_duckdb_change(change, key=()) == 'INSERT INTO "SALES"."ORDERS" ("NET") VALUES (2)'


@pytest.mark.parametrize(
    ("text", "construct"),
    [
        ('CREATE TABLE t (a INT, "a" INT)', "column names"),
        ("CREATE TABLE t (a DECIMAL)", "DECIMAL"),
        ("ALTER TABLE orders ADD (a SMALLDECIMAL)", "SMALLDECIMAL"),
        ("CREATE TABLE t (a DECIMAL(39, 2))", "DECIMAL"),
        ("CREATE TABLE t (a DECIMAL(5, 6))", "DECIMAL"),
        ("INSERT INTO orders (name) VALUES (SOUNDEX('x'))", "SOUNDEX"),
        (
            "UPDATE orders SET moment = TIMESTAMP'2024-01-01 00:00:00.1234567'",
            "TIMESTAMP",
        ),
    ],
)
def test_what_has_no_counterpart_is_refused_by_name(text: str, construct: str) -> None:
    change = admitted_change(text)

    with pytest.raises(UnsupportedSql) as caught:
        to_duckdb_change(change)
    assert caught.value.details["construct"] == construct


def test_every_type_makes_a_column_whose_default_is_used(
    alone: duckdb.DuckDBPyConnection,
) -> None:
    change = admitted_change(
        "CREATE TABLE d (id INT, a TINYINT DEFAULT 255, b SMALLINT DEFAULT -5, c BIGINT DEFAULT 1, "
        "d DECIMAL(5, 2) DEFAULT 1.25, e REAL DEFAULT 0.5, f DOUBLE DEFAULT 1e3, "
        "g BOOLEAN DEFAULT TRUE, h NVARCHAR(5) DEFAULT 'it''s', i NCLOB DEFAULT 'n', "
        "j VARBINARY(4) DEFAULT X'00FF', k BLOB DEFAULT NULL, l DATE DEFAULT DATE'2024-01-31', "
        "m TIME DEFAULT TIME'01:02:03', n SECONDDATE DEFAULT CURRENT_TIMESTAMP, "
        "o TIMESTAMP DEFAULT CURRENT_UTCTIMESTAMP, p DATE DEFAULT CURRENT_UTCDATE)"
    )
    alone.execute(to_duckdb_change(change))
    alone.execute('INSERT INTO "SALES"."D" ("ID") VALUES (1)')

    row = alone.execute('SELECT * EXCLUDE ("ID", "L", "M", "N", "O", "P") FROM "SALES"."D"')
    assert [str(value) for value in row.fetchall()[0]] == [
        "255", "-5", "1", "1.25", "0.5", "1000.0", "True", "it's", "n", "b'\\x00\\xff'", "None",
    ]  # fmt: skip
    filled = alone.execute(
        'SELECT COUNT("L" + "M"), COUNT("N"), COUNT("O"), COUNT("P") FROM "SALES"."D"'
    )
    assert filled.fetchall() == [(1, 1, 1, 1)]


def test_number_is_rounded_to_its_column_where_hana_cuts_it(both: Both) -> None:
    both.change("INSERT INTO t (id, net) VALUES (50, 1.239)")

    there, here = both.rows("SELECT TO_NVARCHAR(net) FROM t WHERE id = 50")

    assert (there, here) == ([("1.23",)], [("1.24",)])  # docs/sql.md says so
