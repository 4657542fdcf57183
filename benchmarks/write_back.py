"""How fast rows are written, beside FedML's way: one INSERT through hdbcli for every row.

HANA is the emulator over loopback, so that the figures say what clients and protocol cost, not what
HANA does. FedML's ``insert_into_table`` goes through a frame row by row and executes an INSERT for
each, in autocommit [shared/facts/fedml-floor.md]; here the values are bound. Its rate on few rows
counts for all, and for DuckDB too, which FedML does not write to. The emulator spends most of the
time of such a statement, so those ratios are high: ``hana_vs_hdbcli_executemany`` compares with the
driver's own array insert into the same emulator.
"""

import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click
import pyarrow as pa

import flight_client
from benchmarks import servers, tables
from benchmarks.hana_clients import PASSWORD, USER
from benchmarks.report import environment, print_report, progress

COLUMNS = 8
CHUNK_ROWS = 20_000
DRIVER_ROWS = 100_000


def eight_columns(rows: int) -> pa.Table:
    """The table of the read benchmarks without its last two columns."""
    return tables.of_hana(rows).select(range(COLUMNS))


Insert = Callable[[Any, str, list[tuple[Any, ...]]], None]


def for_every_row(cursor: Any, insert: str, rows: list[tuple[Any, ...]]) -> None:
    """As FedML does."""
    for row in rows:
        cursor.execute(insert, row)


def in_one_call(cursor: Any, insert: str, rows: list[tuple[Any, ...]]) -> None:
    """As who knows hdbcli does, and nothing else: the most that this emulator takes."""
    for start in range(0, len(rows), CHUNK_ROWS):
        cursor.executemany(insert, rows[start : start + CHUNK_ROWS])


def by_driver(port: str, rows: pa.Table, into: str, how: Insert) -> float:
    """Rows a second through hdbcli, the rows being Python's already."""
    from hdbcli import dbapi

    connection = dbapi.connect(address="127.0.0.1", port=int(port), user=USER, password=PASSWORD)
    cursor = connection.cursor()
    names = ", ".join(rows.column_names)
    markers = ", ".join("?" for _ in rows.column_names)
    values = list(rows.to_pandas().itertuples(index=False, name=None))
    started = time.perf_counter()
    how(cursor, f"INSERT INTO SALES.{into} ({names}) VALUES ({markers})", values)
    seconds = time.perf_counter() - started
    cursor.execute(f"SELECT COUNT(*) FROM SALES.{into}")
    ((count,),) = cursor.fetchall()
    connection.close()
    if count != rows.num_rows:
        raise click.ClickException(f"{count} rows arrived of {rows.num_rows}")
    return rows.num_rows / seconds


def ours(uri: str, table: pa.Table, name: str, **how: Any) -> float:
    """Rows a second of one write, from its call to its commit."""
    with flight_client.connect(uri, space="SALES", progress=False) as client:
        started = time.perf_counter()
        written = client.write(name, table, **how)
        seconds = time.perf_counter() - started
        found = client.sql(f'SELECT COUNT(*) AS N FROM "SALES"."{name}"').to_arrow()
    if [written, written] != [table.num_rows, found["N"][0].as_py()]:
        raise click.ClickException(f"{found['N'][0]} rows arrived of {table.num_rows}")
    return written / seconds


@click.command()
@click.option("--rows", default=1_000_000, show_default=True, help="Rows that we write.")
@click.option("--fedml-rows", default=10_000, show_default=True, help="Rows of FedML's way.")
@click.option("--rounds", default=1, show_default=True, help="The best round counts.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def main(rows: int, fedml_rows: int, rounds: int, *, as_json: bool) -> None:
    """Measure and print."""
    where = environment()
    table = eight_columns(rows)
    figures: dict[str, float] = {"rows": rows, "columns": COLUMNS}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        port, _ = stack.enter_context(servers.running("hana-writable"))
        hana, _ = stack.enter_context(servers.running("datasphere-writable", port))
        path = str(Path(folder) / "written.duckdb")
        duck, _ = stack.enter_context(servers.running("duckdb-writable", path))
        for name in ("FEDML", "DRIVER"):
            ours(hana, table.slice(0, 0), name, mode="create")

        def measure(name: str, work: Callable[[], float]) -> None:
            best = max(work() for _ in range(rounds))
            figures[f"{name}_rows_per_s"] = round(best)
            progress(f"{name:<16} {best:>12,.0f} rows/s")

        measure("duckdb", lambda: ours(duck, table, "WRITTEN", mode="replace"))
        measure("hana", lambda: ours(hana, table, "WRITTEN", mode="replace"))
        keyed = {"keys": ["ORDER_ID"]}
        measure("duckdb_keyed", lambda: ours(duck, table, "KEYED", mode="replace", **keyed))
        measure("duckdb_upsert", lambda: ours(duck, table, "KEYED", mode="upsert"))
        some, few = table.slice(0, DRIVER_ROWS), table.slice(0, fedml_rows)
        for name, given, into, how in (
            ("hdbcli_executemany", some, "DRIVER", in_one_call),
            ("fedml_insert", few, "FEDML", for_every_row),
        ):
            found = by_driver(port, given, into, how)
            figures[f"{name}_rows_per_s"] = round(found)
            progress(f"{name:<16} {found:>12,.0f} rows/s")
    ratios = {
        f"{name}_vs_{other}": round(
            figures[f"{name}_rows_per_s"] / figures[f"{other}_rows_per_s"], 2
        )
        for name, other in (
            ("hana", "fedml_insert"),
            ("duckdb", "fedml_insert"),
            ("hana", "hdbcli_executemany"),
        )
    }
    print_report(figures, ratios, where, as_json=as_json)


if __name__ == "__main__":
    main()
