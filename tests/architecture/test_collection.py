"""Every test that is written is run: pytest overlooks no file, and other files hold no tests."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
OTHERS = sorted(path for path in TESTS.rglob("*.py") if not path.name.startswith("test_"))


def test_every_test_file_is_collected() -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--collect-only", "-qq", "-p", "no:cacheprovider"),
            *("-m", ""),  # also what only a target of its own runs
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr

    collected = {line.rpartition(": ")[0] for line in done.stdout.splitlines() if ": " in line}

    assert collected == {str(path.relative_to(ROOT)) for path in TESTS.rglob("test_*.py")}


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: str(path.relative_to(TESTS)))
def test_file_of_another_name_holds_no_tests(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))

    tests = [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and node.name.startswith(("test_", "Test"))
    ]

    assert tests == []
