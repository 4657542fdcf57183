"""The documents say what the code does: errors, actions, types, links."""

import re
from pathlib import Path

import pytest

from flight_client.protocol.catalog import HanaType
from flight_client.protocol.commands import ACTIONS
from flight_client.protocol.errors import error_classes
from flight_client.protocol.schemas import arrow_type
from flight_server.config import load
from flight_server.sql import functions
from flight_server.sql.translate import aggregates, queries
from tests.support import conformance

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page
    for pattern in ("*.md", "docs/**/*.md", "tests/*/README.md", "tests/*/engine/README.md")
    for page in ROOT.glob(pattern)
)
SPELLED = {
    "string": "utf8",
    "large_string": "large_utf8",
    "float": "float32",
    "double": "float64",
    "date32[day]": "date32",
}


def _rows(page: str) -> list[list[str]]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in text.splitlines()
        if line.startswith("| ")
    ]


def test_every_error_is_documented_as_it_is() -> None:
    documented = {tuple(row[:4]) for row in _rows("errors.md") if row[0].startswith("`")}
    assert documented == {
        (f"`{kind.code}`", f"`{kind.__name__}`", kind.status.value, kind.retry.value)
        for kind in error_classes()
    }


def test_every_action_is_documented() -> None:
    documented = {row[0].strip("`") for row in _rows("protocol.md") if "datasphere." in row[0]}
    assert documented == set(ACTIONS)


def test_types_page_says_what_the_table_does() -> None:
    rows = _rows("types.md")[1:]
    rows = rows[: next(at for at, row in enumerate(rows) if row[0] == "DuckDB")]
    checked = set()
    for names, arrows, *_ in rows:
        if "(" in names or "without" in names:
            continue  # types with a length or scale have tests of their own
        hana = names.split(", ")
        arrow = arrows.split(", ")
        for name, shown in zip(hana, arrow * (len(hana) // len(arrow)), strict=True):
            found = str(arrow_type(HanaType(name)))
            assert SPELLED.get(found, found) == shown, name
            checked.add(name)
    assert len(checked) == 24


def test_sql_page_lists_the_functions_and_those_that_are_not_translated() -> None:
    text = (ROOT / "docs/sql.md").read_text(encoding="utf-8")
    admitted, untranslated = (
        set(block.split()) for block in re.findall(r"```text\n(.*?)```", text, re.DOTALL)
    )
    assert admitted == set(functions.HANA) | functions.HANA_NILADIC
    translated = {*queries._FUNCTIONS, *aggregates.FUNCTIONS}
    assert untranslated == set(functions.HANA) - translated
    assert all(f"{hint} " in text or f"{hint}." in text for hint in functions.HANA_HINTS)


@pytest.mark.parametrize("page", ["docs/configuration.md", "docs/datasphere.md"])
def test_configuration_of_a_page_is_one(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (sample,) = re.findall(r"```toml\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL)
    (tmp_path / "server.toml").write_text(sample)
    if "[hana]" in sample:
        monkeypatch.setenv("FLIGHT_SERVER_HANA__PASSWORD_FILE", "/run/secrets/datasphere")
    load(tmp_path / "server.toml")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert "://" in target or (page.parent / target).exists(), target


def test_conformance_table_is_that_of_the_recorded_runs() -> None:
    page = conformance.PAGE.read_text(encoding="utf-8")
    assert page == conformance.with_table(page, conformance.table_of(conformance.RESULTS))


def test_every_feature_that_tests_show_was_recorded_and_none_failed() -> None:
    recorded = conformance.load(conformance.RESULTS)
    shown = {(cell.feature, cell.client) for cell in recorded}
    assert shown == conformance.marked(), "run make conformance"
    assert {found.outcome for found in recorded.values()} <= {conformance.PASSED, conformance.GAP}
