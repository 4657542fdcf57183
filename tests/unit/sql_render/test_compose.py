"""The composition kit: what can get into a statement, and how."""

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from flight_client.protocol.errors import InvalidRead
from flight_server.sql.compose import (
    EMPTY,
    Fragment,
    bound,
    join,
    name,
    number,
    quoted,
    sql,
    statement,
)
from flight_server.sql.statement import Statement

ROOT = Path(__file__).parents[3]


def text(fragment: Fragment) -> str:
    return statement(fragment).text


def test_fragments_take_the_gaps_in_order() -> None:
    assert text(sql("{} < {}", name("A"), number(5))) == '"A" < 5'


def test_values_are_bound_in_the_order_of_their_markers() -> None:
    inner = sql("{} = {}", name("B"), bound("x"))
    found = statement(sql("{} = {} AND {}", name("A"), bound(1), inner))
    assert found == Statement('"A" = ? AND "B" = ?', (1, "x"))


@pytest.mark.parametrize("fragments", [(), (EMPTY, EMPTY)])
def test_wrong_number_of_fragments_is_a_mistake_of_ours(fragments: tuple[Fragment, ...]) -> None:
    with pytest.raises(ValueError, match="has 1 gaps"):
        sql("({})", *fragments)


def test_gaps_in_names_and_texts_stay_what_they_are() -> None:
    assert text(sql("{}, {}", name("{}"), quoted("{}"))) == "\"{}\", '{}'"


def test_join_puts_text_between() -> None:
    assert text(join(", ", [name("A"), number(1), quoted("x")])) == "\"A\", 1, 'x'"


def test_join_of_nothing_is_nothing() -> None:
    assert text(join(", ", [])) == ""


def test_quotes_in_names_are_doubled() -> None:
    assert text(name('"; DROP TABLE x --')) == '"""; DROP TABLE x --"'


def test_name_may_be_qualified() -> None:
    assert text(name("SALES#ETL", "a.b")) == '"SALES#ETL"."a.b"'


def test_quotes_in_texts_are_doubled_and_backslashes_kept() -> None:
    assert text(quoted(r"it''s \'")) == r"'it''''s \'''"


@pytest.mark.parametrize("bad", ["a\0b", "a\nb", "\x7f", "\x85", "\ud800"])
def test_name_with_a_character_that_no_name_has_is_refused(bad: str) -> None:
    with pytest.raises(InvalidRead, match=r"The name .* has the character U\+00|D800"):
        name("S", bad)


def test_empty_name_is_refused() -> None:
    with pytest.raises(InvalidRead, match="A name is empty"):
        name("")


@pytest.mark.parametrize("bad", ["a\0b", "\udfff"])
def test_text_that_sql_cannot_hold_is_refused(bad: str) -> None:
    with pytest.raises(InvalidRead, match="which SQL cannot hold"):
        quoted(bad)


def test_text_may_span_lines() -> None:
    assert text(quoted("a\nb")) == "'a\nb'"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (-5, "-5"),
        (True, "1"),
        (Decimal("1E+2"), "100"),
        (Decimal("1E-20"), "0.00000000000000000001"),
    ],
)
def test_number_is_written_out_without_exponent(value: int | Decimal, expected: str) -> None:
    assert text(number(value)) == expected


INJECTIONS = (
    "sql(text)",
    'sql("SELECT " + text)',
    'sql(f"SELECT {text}")',
    'sql("{}", text)',
    "join(text, [])",
    "Fragment((text,))",
)
HARMLESS = 'sql("{}", name(text))'


@pytest.fixture(scope="module")
def refused_lines(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The lines that the type checker refuses; one run of about 1.5 s for all of them."""
    folder = tmp_path_factory.mktemp("typed")
    head = "from flight_server.sql.compose import Fragment, join, name, sql\n"
    lines = (*INJECTIONS, HARMLESS)
    body = "".join(f"    {line}\n" for line in lines)
    (folder / "attempts.py").write_text(f"{head}def attempt(text: str) -> None:\n{body}")
    settings = {"typeCheckingMode": "basic", "extraPaths": [str(ROOT)]}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "-p", str(folder)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    problems = json.loads(answer.stdout)["generalDiagnostics"]
    return {lines[problem["range"]["start"]["line"] - 2] for problem in problems}


@pytest.mark.parametrize("line", INJECTIONS)
def test_text_of_a_caller_cannot_become_sql(line: str, refused_lines: set[str]) -> None:
    assert line in refused_lines


def test_quoted_name_of_a_caller_can(refused_lines: set[str]) -> None:
    assert HARMLESS not in refused_lines
