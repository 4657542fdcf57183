"""The examples run as their page says, and what they print is what the database holds."""

import math
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import flight_client
from flight_client.client import Client
from flight_server.app import start
from flight_server.config import load

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
ITEMS = "2_000"


def _init_script(folder: Path) -> Path:
    """What the page makes of its first command, smaller."""
    page = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    ((program, target),) = re.findall(r"^\.venv/bin/python -c '(.*)' > (\S+)$", page, re.MULTILINE)
    assert "landscape_sql(100_000)" in program
    made = subprocess.run(
        [sys.executable, "-c", program.replace("100_000", ITEMS)],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=60,
    )
    script = folder / target
    script.write_bytes(made.stdout)
    return script


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with pytest.MonkeyPatch.context() as patch:
        script = _init_script(tmp_path_factory.mktemp("lab"))
        patch.setenv("FLIGHT_SERVER_DATABASE__INIT_SCRIPT", str(script))
        patch.setenv("FLIGHT_SERVER_SERVER__PORT", "0")
        configuration = load(EXAMPLES / "lab.toml")
    with start(configuration) as server:
        yield server.uri


@pytest.fixture
def client(uri: str) -> Iterator[Client]:
    with flight_client.connect(uri, progress=False) as made:
        yield made


def _run(name: str, uri: str, folder: Path) -> list[str]:
    """The lines that an example prints; a warning is a failure."""
    done = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / name],
        cwd=folder,
        env={**os.environ, "FLIGHT_CLIENT_URI": uri},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stderr == ""
    return done.stdout.splitlines()


def _rows(client: Client, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in client.sql(sql).to_arrow().to_pylist()]


def _one(client: Client, sql: str) -> Any:
    ((value,),) = _rows(client, sql)
    return value


def test_page_lists_every_example() -> None:
    page = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    for path in EXAMPLES.glob("*.py"):
        assert f"[{path.name}]({path.name})" in page


def test_examples_are_cells_of_a_notebook() -> None:
    for path in EXAMPLES.glob("*.py"):
        cells = re.findall(r"^# %%(?: \[markdown\]|$| \S)", path.read_text("utf-8"), re.MULTILINE)
        assert len(cells) > 4


def test_explore_finds_and_reads_what_is_there(uri: str, client: Client, tmp_path: Path) -> None:
    lines = _run("explore.py", uri, tmp_path)

    where = "WHERE ORDER_DATE >= DATE '2024-01-01' AND CHANNEL IN ('WEB', 'EDI')"
    orders = f"FROM SALES.SALES_ORDERS {where}"
    revenue = client.table("REVENUE_BY_REGION", parameters={"P_CURRENCY": "EUR"}).to_arrow()
    count = _one(client, f"SELECT COUNT(*) {orders}")
    assert {
        "table SALES.SALES_ORDERS: Sales orders, one row for each document",
        f"pandas: {count} orders",
        *(
            f"polars: {channel} {number}"
            for channel, number in _rows(
                client, f"SELECT CHANNEL, COUNT(*) AS N {orders} GROUP BY CHANNEL"
            )
        ),
        f"duckdb: the latest is of {_one(client, f'SELECT MAX(ORDER_DATE) AS D {orders}')}",
        f"revenue of 2024: {sum(revenue['REVENUE'].to_pylist())} EUR",
        "2000 items in 4 endpoints",
        "arrow: 2000 items",
    } <= set(lines)
    assert count > 0
    names = {entity.name for entity in client.tables("SALES")}
    assert {line.split()[1] for line in lines if line.startswith("SALES ")} >= names - {
        "MixedCase View"
    }


def test_predictions_are_written_back_beside_the_facts(
    uri: str, client: Client, tmp_path: Path
) -> None:
    lines = _run("predict_and_write_back.py", uri, tmp_path)

    counts = dict(
        _rows(
            client,
            "SELECT o.STATUS, COUNT(*) AS N FROM SALES.SALES_ORDER_ITEMS AS i "
            "JOIN SALES.SALES_ORDERS AS o ON o.ORDER_ID = i.ORDER_ID GROUP BY o.STATUS",
        )
    )
    learnt, *rest = lines
    # an amount is price times quantity times what the discount leaves, rounded to cents
    told = re.fullmatch(rf"learnt from {counts['DELIVERED']} items: \[(.*)\]", learnt)
    assert told
    weights = [float(weight) for weight in told[1].split(", ")]
    assert weights == pytest.approx([1, 1, 1, 0], abs=0.002)
    open_items = counts["OPEN"]
    cheap = _one(
        client,
        "SELECT COUNT(*) AS N FROM SALES.SALES_ORDER_ITEMS AS i JOIN SALES.SALES_ORDERS AS o "
        "ON o.ORDER_ID = i.ORDER_ID WHERE o.STATUS = 'OPEN' AND i.NET_AMOUNT < 100",
    )
    assert rest == [
        f"written: {open_items} rows",
        "upserted: 10 rows",
        rest[2],
        f"removed: {cheap} rows below 100",
    ]
    told = re.fullmatch(rf"read back: {open_items} rows, (0\.\d+)% off on average", rest[2])
    assert told
    assert float(told[1]) < 0.1
    kept = _rows(
        client,
        "SELECT p.EXPECTED, i.NET_AMOUNT FROM LAB.PREDICTIONS AS p JOIN SALES.SALES_ORDER_ITEMS "
        "AS i ON i.ORDER_ID = p.ORDER_ID AND i.ITEM_NO = p.ITEM_NO",
    )
    assert len(kept) == open_items - cheap > 0
    assert all(math.isclose(expected, amount, rel_tol=0.001) for expected, amount in kept)


def test_predictions_can_be_made_again(uri: str, tmp_path: Path) -> None:
    first = _run("predict_and_write_back.py", uri, tmp_path)

    assert _run("predict_and_write_back.py", uri, tmp_path) == first


def test_rows_larger_than_memory_are_summed_and_kept(
    uri: str, client: Client, tmp_path: Path
) -> None:
    lines = _run("larger_than_memory.py", uri, tmp_path)

    sums = _rows(
        client,
        "SELECT CURRENCY, SUM(NET_AMOUNT) AS S FROM SALES.SALES_ORDER_ITEMS "
        "GROUP BY CURRENCY ORDER BY CURRENCY",
    )
    assert lines[: len(sums)] == [f"{currency} {total}" for currency, total in sums]
    bytes_told = re.fullmatch(r"2000 rows of (\d+) bytes; .* has (\d+)", lines[len(sums)])
    assert bytes_told
    assert int(bytes_told[2]) < int(bytes_told[1])
    notes = _one(client, "SELECT COUNT(NOTE) AS N FROM SALES.SALES_ORDER_ITEMS")
    assert lines[len(sums) + 1 :] == [
        "items.parquet: 2000 rows",
        f"duckdb: {notes} items have a note",
    ]
    keys = [("ORDER_ID", "ascending"), ("ITEM_NO", "ascending")]
    written = pq.read_table(tmp_path / "items.parquet")
    whole = client.table("SALES_ORDER_ITEMS", columns=written.column_names).to_arrow()
    assert written.sort_by(keys).equals(whole.sort_by(keys))
    assert [path.name for path in tmp_path.iterdir()] == ["items.parquet"]


def test_flight_sql_gives_other_tools_the_same_rows(
    uri: str, client: Client, tmp_path: Path
) -> None:
    lines = _run("flight_sql.py", uri, tmp_path)

    by_status = client.table("SALES_ORDERS", columns=["STATUS", "CHANNEL"]).to_arrow().to_pylist()
    statuses, channels = ([row[name] for row in by_status] for name in ("STATUS", "CHANNEL"))
    dearest: dict[str, Any] = {}
    for row in client.table("PRODUCTS").to_batches():
        for product in row.to_pylist():
            known = dearest.get(product["CATEGORY"], 0)
            dearest[product["CATEGORY"]] = max(known, product["LIST_PRICE"])
    assert lines == [
        *(f"pandas: {status} {statuses.count(status)}" for status in sorted(set(statuses))),
        *(f"polars: {category} {dearest[category]}" for category in sorted(dearest)),
        *(f"prepared: {channel} {channels.count(channel)}" for channel in ("WEB", "EDI")),
        "arrow: 2000 rows",
        "schemas: ['FINANCE', 'LAB', 'SALES']",
    ]
