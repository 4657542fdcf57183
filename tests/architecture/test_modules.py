"""What every module of the packages owes its reader: a first line, a bounded length, true names."""

import ast
import importlib
from pathlib import Path

import pytest

import flight_client
from flight_client.protocol.errors import error_classes

ROOT = Path(__file__).parents[2]
MAX_LINES = 420
MODULES = sorted(
    path
    for package in ("flight_client", "flight_server", "pyspark_flight")
    for path in (ROOT / package).rglob("*.py")
)


def dotted(path: Path) -> str:
    """The name under which a file is imported."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


EXPORTING = [dotted(path) for path in MODULES if "\n__all__ = " in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_module_says_in_its_first_line_what_it_does(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""

    assert docstring.partition("\n")[0].endswith(".")


@pytest.mark.parametrize("path", MODULES, ids=dotted)
def test_module_can_be_read_at_one_sitting(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


@pytest.mark.parametrize("name", ["utils", "helpers", "common", "misc"])
def test_no_module_is_named_after_nothing(name: str) -> None:
    assert [path for path in MODULES if name in path.relative_to(ROOT).with_suffix("").parts] == []


@pytest.mark.parametrize("module", EXPORTING)
def test_exported_names_are_there_and_named_once(module: str) -> None:
    loaded = importlib.import_module(module)

    assert len(set(loaded.__all__)) == len(loaded.__all__)
    assert [name for name in loaded.__all__ if not hasattr(loaded, name)] == []


def test_client_exports_every_error_of_the_protocol() -> None:
    assert {found.__name__ for found in error_classes()} <= set(flight_client.__all__)


def test_client_has_no_name_that_it_does_not_export() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = flight_client.nothing
