"""SQL is composed of literal text: the type checker refuses a string that is computed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SNIPPET = """
from flight_server.sql.compose import bound, join, name, sql

def read(column: str, value: int) -> None:
    sql("SELECT {} FROM T WHERE A = {}", name(column), bound(value))
    join(" AND ", [sql("TRUE")])
    sql(f"SELECT {column} FROM T")  # formatted
    sql("SELECT " + column)  # concatenated
    sql("SELECT %s" % column)  # interpolated
    sql(column)  # passed on
    join(column, [])  # separator
"""


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Comments of the lines that basedpyright refuses, with the rule that each breaks."""
    folder = tmp_path_factory.mktemp("snippet")
    (folder / "snippet.py").write_text(SNIPPET, encoding="utf-8")
    settings = {
        "include": ["snippet.py"],
        "extraPaths": [str(ROOT)],
        "typeCheckingMode": "strict",
        "reportUnusedCallResult": False,
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = SNIPPET.splitlines()
    return {
        lines[found["range"]["start"]["line"]].rpartition("# ")[2]: found["rule"]
        for found in json.loads(done.stdout)["generalDiagnostics"]
        if found["severity"] == "error"
    }


@pytest.mark.parametrize(
    "line", ["formatted", "concatenated", "interpolated", "passed on", "separator"]
)
def test_computed_text_is_refused_as_sql(refused: dict[str, str], line: str) -> None:
    assert refused[line] == "reportArgumentType"


def test_names_values_and_literal_text_are_taken(refused: dict[str, str]) -> None:
    assert set(refused) == {"formatted", "concatenated", "interpolated", "passed on", "separator"}
