"""The tour of `flight-server demo`: a sample landscape, served, and read by the real client."""

import textwrap
import time
from datetime import date

import click
import duckdb

import flight_client
from flight_server.app import RunningServer
from flight_server.backends.duckdb.backend import DuckDbBackend
from flight_server.config import Configuration, ServerSection
from flight_server.landscape import landscape_sql

ORDERS_SQL = """
SELECT QUARTER(ORDER_DATE) AS Q, COUNT(*) AS ORDERS, COUNT(DELIVERY_DATE) AS DELIVERED
FROM SALES.SALES_ORDERS WHERE ORDER_DATE >= ? GROUP BY QUARTER(ORDER_DATE) ORDER BY Q
"""


TOP_PRODUCTS_SQL = """
SELECT PRODUCT_ID, count(*) AS ITEMS, sum(NET_AMOUNT) AS NET
FROM items GROUP BY PRODUCT_ID ORDER BY NET DESC LIMIT 5
"""


EXPORT = "export FLIGHT_CLIENT_URI"

WHAT_NEXT = """\
  .venv/bin/flight-client tables
  .venv/bin/flight-client describe SALES_ORDERS
  .venv/bin/flight-client read SALES_ORDERS --where "ORDER_DATE >= 2024-06-01" --limit 10
  .venv/bin/flight-client read REVENUE_BY_REGION --param P_CURRENCY=EUR --output revenue.parquet
  .venv/bin/flight-client sql "SELECT COUNT(*) AS N FROM SALES.SALES_ORDER_ITEMS"
"""


def start(items: int, port: int) -> RunningServer:
    """A server over a new sample landscape. The caller closes it."""
    click.echo(f"Making a sample landscape with {items:,} order items ...", err=True)
    script = landscape_sql(items)
    try:
        backend = DuckDbBackend.open_database(None, read_only=False, init_script=script)
    except RuntimeError as error:  # what DuckDB's client makes of Ctrl-C
        raise KeyboardInterrupt from error
    return RunningServer(backend, Configuration(server=ServerSection(port=port)))


def show(uri: str) -> None:
    """Read from the server as a user would, and print what was typed and what came."""
    with flight_client.connect(uri, progress=False) as client:
        _step(f'client = flight_client.connect("{uri}")', "client.tables()")
        click.echo(client.tables())

        _step('client.describe("REVENUE_BY_REGION")')
        click.echo(client.describe("REVENUE_BY_REGION"))

        _step(
            'revenue = client.table("REVENUE_BY_REGION", order_by=["REGION"],',
            '    parameters={"P_CURRENCY": "USD", "P_YEAR": 2024}, where=[("REVENUE", ">", 0)])',
            'revenue.to_duckdb(connection, "revenue")',
        )
        revenue = client.table(
            "REVENUE_BY_REGION",
            parameters={"P_CURRENCY": "USD", "P_YEAR": 2024},
            where=[("REVENUE", ">", 0)],
            order_by=["REGION"],
        )
        click.echo(_rows(revenue))
        explained = revenue.explain()
        click.secho("pushed down to the database as:", dim=True)
        click.echo(textwrap.indent(textwrap.fill(explained.sql, 96), "    "))
        click.echo(f"    with {list(explained.parameters)}")

        _step('client.sql("' + " ".join(ORDERS_SQL.split())[:60] + ' ...", parameters=[date])')
        click.echo(_rows(client.sql(ORDERS_SQL, parameters=[date(2024, 1, 1)])))

        _step('items = client.table("SALES_ORDER_ITEMS")', "table = items.to_arrow()")
        items = client.table("SALES_ORDER_ITEMS")
        click.echo(items)
        begun = time.perf_counter()
        table = items.to_arrow()
        seconds = time.perf_counter() - begun
        click.secho(
            f"{table.num_rows:,} rows, {table.nbytes / 1e6:,.0f} MB in {seconds:.2f} s: "
            f"{table.num_rows / seconds:,.0f} rows per second",
            bold=True,
        )
        _step('duckdb.sql("SELECT ... FROM table GROUP BY PRODUCT_ID ...")')
        with duckdb.connect() as connection:
            connection.register("items", table)
            click.echo(str(connection.sql(TOP_PRODUCTS_SQL)))


def _rows(result: flight_client.Result) -> str:
    with duckdb.connect() as connection:
        return str(result.to_duckdb(connection, "shown"))


def _step(*lines: str) -> None:
    click.echo()
    for line in lines:
        prompt = "..." if line.startswith(" ") else ">>>"
        click.secho(f"{prompt} {line}", fg="green")


def say_what_next(uri: str) -> None:
    """What to type while the server stays up."""
    click.echo(f"\nThe server stays up until Ctrl-C. In another terminal:\n\n  {EXPORT}={uri}")
    click.echo(WHAT_NEXT)
