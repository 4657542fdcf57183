"""The recipes of docs/recipes.md run as they are written, each where its library is installed."""

import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import flight_client
from flight_server.backends.duckdb.backend import DuckDbBackend
from flight_server.landscape import landscape_sql
from tests.support.serving import serving

PAGE = Path(__file__).parents[2] / "docs" / "recipes.md"
NEEDS = {"Processes": (), "Dask": ("dask", "pandas"), "Ray": ("ray",)}
SUMS = """
SELECT CURRENCY, SUM(NET_AMOUNT) AS TOTAL FROM SALES.SALES_ORDER_ITEMS
GROUP BY CURRENCY ORDER BY CURRENCY
"""


@pytest.fixture(scope="module")
def uri() -> Iterator[str]:
    backend = DuckDbBackend.open_database(None, read_only=False, init_script=landscape_sql(4_000))
    with serving(backend) as server:
        yield server.uri


def _recipes() -> dict[str, str]:
    """The code of the page, by its headings."""
    found = re.findall(
        r"^## (\w+)\n[^#]*?```python\n(.*?)```",
        PAGE.read_text(encoding="utf-8"),
        re.DOTALL | re.MULTILINE,
    )
    return dict(found)


def test_page_has_the_recipes_that_are_run() -> None:
    assert list(_recipes()) == list(NEEDS)


@pytest.mark.timeout(300)  # Ray starts a cluster on two busy cores
@pytest.mark.parametrize("name", NEEDS)
def test_recipe_gives_the_sums_of_the_database(name: str, uri: str, tmp_path: Path) -> None:
    for library in NEEDS[name]:
        if importlib.util.find_spec(library) is None:
            pytest.skip(f"{library} is not installed, which the recipe for {name} needs")
    script = tmp_path / "recipe.py"
    script.write_text(_recipes()[name], encoding="utf-8")

    done = subprocess.run(
        [sys.executable, script],
        env={**os.environ, "FLIGHT_CLIENT_URI": uri},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-4000:]
    with flight_client.connect(uri) as client:
        sums = client.sql(SUMS).to_arrow().to_pylist()
    assert done.stdout.splitlines() == [f"{row['CURRENCY']} {row['TOTAL']}" for row in sums]
