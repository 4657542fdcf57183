"""Which Flight SQL features were seen to work: client by client, backend by backend.

Tests that show a feature carry ``@pytest.mark.feature("its name", client="ADBC")``. The backend is
found in the test's id, or named by ``backend=``. A strict xfail is a gap, its reason the table's.
``make conformance`` records what happens and writes the table into the page.
"""

import ast
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[2]
RESULTS: Final = ROOT / "docs" / "flight_sql_conformance.json"
PAGE: Final = ROOT / "docs" / "flight-sql.md"
BEGIN: Final = "<!-- made by make conformance -->\n"
END: Final = "<!-- end of what make conformance made -->"
BACKENDS: Final = ("duckdb", "hana@emulator")
PACKAGES: Final = {
    "ADBC": "adbc-driver-flightsql",
    "pandas": "pandas",
    "polars": "polars",
    "pyarrow": "pyarrow",
}
"""Clients whose version an installed package tells; others have it in their name."""

PASSED: Final = "passed"
GAP: Final = "gap"
FAILED: Final = "failed"


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """A place in the table."""

    feature: str
    client: str
    backend: str


@dataclass
class Outcome:
    """What the tests of a cell say together."""

    outcome: str = PASSED
    reasons: set[str] = field(default_factory=set)

    def add(self, outcome: str, reason: str) -> None:
        worse = (PASSED, GAP, FAILED)
        self.outcome = max(self.outcome, outcome, key=worse.index)
        if outcome == GAP:
            self.reasons.add(reason)


class Recorder:
    """A plugin of pytest that merges what it sees into a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: dict[Cell, Outcome] = defaultdict(Outcome)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Iterator[None]:
        report = yield
        outcome = _outcome(report)
        if outcome is not None:
            for cell in _cells(item):
                self._seen[cell].add(outcome, getattr(report, "wasxfail", ""))
        return report

    def pytest_sessionfinish(self) -> None:
        """What was not run stays as it was; what a client shows no more goes with its rows."""
        if not self._seen:
            return
        clients = {cell.client for cell in self._seen}
        before = load(self._path) if self._path.exists() else {}
        kept = {cell: found for cell, found in before.items() if cell.client not in clients}
        self._path.write_text(dump({**kept, **self._seen}), encoding="utf-8")


def _outcome(report: pytest.TestReport) -> str | None:
    """None says nothing: a skipped test, and what happens around one that passes."""
    if report.failed:
        return FAILED
    if report.when != "call" and not hasattr(report, "wasxfail"):
        return None
    if report.skipped:
        return GAP if hasattr(report, "wasxfail") else None
    return PASSED


def _cells(item: pytest.Item) -> Iterator[Cell]:
    for marker in item.iter_markers("feature"):
        (name,) = marker.args
        found = marker.kwargs.get("backend") or _backend_in(item)
        yield Cell(name, marker.kwargs["client"], found)


def _backend_in(item: pytest.Item) -> str:
    for name in BACKENDS:
        if name in item.name.rpartition("[")[2]:
            return name
    raise pytest.UsageError(f"{item.nodeid} names no backend; give the marker one: backend=...")


def load(path: Path) -> dict[Cell, Outcome]:
    """What was recorded."""
    form: Any = json.loads(path.read_text(encoding="utf-8"))
    return {
        Cell(row["feature"], row["client"], row["backend"]): Outcome(
            row["outcome"], set(row.get("reasons", ()))
        )
        for row in form["seen"]
    }


def dump(seen: Mapping[Cell, Outcome]) -> str:
    """As it is kept: a line for each cell, in order."""
    rows = []
    for cell in sorted(seen):
        row: dict[str, object] = {"feature": cell.feature, "client": cell.client}
        row |= {"backend": cell.backend, "outcome": seen[cell].outcome}
        if seen[cell].reasons:
            row["reasons"] = sorted(seen[cell].reasons)
        rows.append(json.dumps(row, ensure_ascii=False))
    versions = json.dumps(_versions({cell.client for cell in seen}))
    listed = ",\n".join(f"    {row}" for row in rows)
    return f'{{\n  "versions": {versions},\n  "seen": [\n{listed}\n  ]\n}}\n'


def _versions(clients: Iterable[str]) -> dict[str, str]:
    found = {}
    for client in sorted(clients):
        try:
            found[client] = version(PACKAGES[client])
        except (KeyError, PackageNotFoundError):
            continue
    return found


def table_of(path: Path) -> str:
    """The table of what was recorded, and its gaps with their reasons."""
    seen = load(path)
    versions: Mapping[str, str] = json.loads(path.read_text(encoding="utf-8"))["versions"]
    clients = sorted({cell.client for cell in seen}, key=_place)
    gaps: dict[str, int] = {}
    titles = (f"{client} {versions.get(client, '')}".strip() for client in clients)
    lines = [f"| feature | {' | '.join(titles)} |", "|---" * (len(clients) + 1) + "|"]
    for feature in dict.fromkeys(cell.feature for cell in sorted(seen)):
        shown = (_shown(seen, feature, client, gaps) for client in clients)
        lines.append(f"| {feature} | {' | '.join(shown)} |")
    notes = [f"{number}. {reason}" for reason, number in gaps.items()]
    return "\n".join(["", *lines, "", *(["Gaps:", "", *notes, ""] if notes else ())]) + "\n"


def _place(client: str) -> tuple[int, str]:
    known = list(PACKAGES)
    return (known.index(client) if client in known else len(known), client)


def _shown(seen: Mapping[Cell, Outcome], feature: str, client: str, gaps: dict[str, int]) -> str:
    """``yes`` where every backend has it; else what each has."""
    words = {}
    for backend in BACKENDS:
        found = seen.get(Cell(feature, client, backend))
        if found is not None:
            words[backend] = _word(found, gaps)
    if len(words) == len(BACKENDS) and len(set(words.values())) == 1:
        return next(iter(words.values()))
    return ", ".join(f"{backend}: {word}" for backend, word in words.items())


def _word(found: Outcome, gaps: dict[str, int]) -> str:
    if found.outcome != GAP:
        return "yes" if found.outcome == PASSED else "FAILED"
    numbers = [gaps.setdefault(reason, len(gaps) + 1) for reason in sorted(found.reasons)]
    return f"gap {', '.join(map(str, numbers))}"


def with_table(page: str, table: str) -> str:
    """The page with this table between its marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{PAGE.name} lacks its marks {BEGIN.strip()} and {END}")
    return f"{before}{BEGIN}{table}{END}{after}"


def marked() -> set[tuple[str, str]]:
    """Feature and client of every marker that the tests' source holds."""
    found = set()
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        if "feature" not in (text := path.read_text(encoding="utf-8")):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.feature":
                client = next(each.value for each in node.keywords if each.arg == "client")
                found.add((ast.literal_eval(node.args[0]), ast.literal_eval(client)))
    return found


def main() -> int:
    """Write the table of the recorded results into the page; 1 where something failed."""
    failed = [cell for cell, found in load(RESULTS).items() if found.outcome == FAILED]
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(with_table(page, table_of(RESULTS)), encoding="utf-8")
    for cell in failed:
        print(f"failed: {cell.feature} with {cell.client} on {cell.backend}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
