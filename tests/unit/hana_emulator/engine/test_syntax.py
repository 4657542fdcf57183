import re
from pathlib import Path

import pytest

from tests.hana_emulator.engine.parse_statements import parse
from tests.hana_emulator.values import HanaError

GOLDEN = Path(__file__).parents[3] / "golden"


def written_by_the_gate() -> list[str]:
    text = (GOLDEN / "gate_hana.txt").read_text(encoding="utf-8")
    return re.findall(r"-- output\n(.*?)\n(?=\n-- input|\Z)", text + "\n", re.DOTALL)


def written_for_tickets() -> list[str]:
    files = sorted((GOLDEN / "select_hana").glob("*.sql"))
    return [
        "\n".join(
            line
            for line in file.read_text(encoding="utf-8").splitlines()
            if not line.startswith("-- ?")
        )
        for file in files
    ]


@pytest.mark.parametrize("sql", [*written_by_the_gate(), *written_for_tickets()])
def test_what_the_product_writes_is_understood(sql: str) -> None:
    assert parse(sql)


@pytest.mark.parametrize(
    ("sql", "position"),
    [
        ("SELEC 1 FROM DUMMY", 1),
        ("SELECT * FORM DUMMY", 10),
        ("SELECT 1 FROM DUMMY WHERE TRUE", 31),  # a value is no condition
        ('SELECT 1 FROM DUMMY WHERE "A"', 30),
        ("SELECT 1 FROM DUMMY WHERE (A = 1) = FALSE", 35),
        ("SELECT A = 1 FROM DUMMY", 10),
        ("SELECT 1 FROM DUMMY LIMIT -1", 27),
        ("SELECT 1 FROM DUMMY OFFSET 1", 21),
        ("SELECT 1 FROM DUMMY FETCH FIRST 1 ROWS ONLY", 27),
        ("SELECT ORDER FROM DUMMY", 8),
        ("SELECT 1 FROM DUMMY; SELECT 2 FROM DUMMY", 22),
        ("INSERT INTO T VALUES (1), (2)", 25),
        ("SELECT 1 FROM T TABLESAMPLE BERNOULLI (10 PERCENT)", 43),
        ("SELECT 1 FROM A WHERE X IN ()", 29),
        ("SELECT 1 FROM A WHERE X IS DISTINCT FROM 1", 28),
        ("SELECT [1] FROM A", 8),
        ("SELECT 'open", 8),
        ("SELECT A INTO X FROM T", 10),
    ],
)
def test_syntax_error_is_257_and_tells_where(sql: str, position: int) -> None:
    with pytest.raises(HanaError) as caught:
        parse(sql)

    assert (caught.value.code, caught.value.position) == (257, position)


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ('SELECT "" FROM DUMMY', 383),
        (f'SELECT "{"x" * 128}" FROM DUMMY', 286),
        ("SELECT CAST(1 AS DECIMAL(39, 0)) FROM DUMMY", 318),
        ("SELECT CAST(1 AS DECIMAL(3, 4)) FROM DUMMY", 319),
        ("SELECT CAST('x' AS NVARCHAR(5001)) FROM DUMMY", 267),
        ("SELECT 1 FROM DUMMY FOR UPDATE", 7),
        ("CALL P()", 7),
    ],
)
def test_other_errors_have_their_own_number(sql: str, code: int) -> None:
    with pytest.raises(HanaError) as caught:
        parse(sql)

    assert caught.value.code == code


def test_markers_are_counted_and_named() -> None:
    _, names = parse("SELECT ? FROM DUMMY WHERE 'a' = :first AND 'b' = :first AND 'c' = ?")

    assert names == ("", "FIRST", "")


def test_marker_in_an_attempt_that_was_given_up_counts_once() -> None:
    _, names = parse("SELECT 1 FROM DUMMY WHERE ((? = 1) OR (2 = ?)) AND 3 = ?")

    assert len(names) == 3


def test_comments_are_skipped() -> None:
    assert parse("SELECT /* a ' */ 1 -- b\n FROM DUMMY")
