"""The commands tables, describe, read and sql, and write beside. Presentation only."""

import io
import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import pyarrow as pa

from flight_client.cli.conditions import (
    parse_argument,
    parse_condition,
    parse_order,
    parse_value,
    split_names,
)
from flight_client.cli.connection import Command, Commands, connected, connection_options
from flight_client.cli.output import (
    PREVIEW_ROWS,
    SINKS,
    check_json_names,
    preview,
    write_csv,
    write_file,
    write_json_lines,
)
from flight_client.cli.writing import write
from flight_client.discovery import arrow_name
from flight_client.protocol.catalog import Entity, encode_entity
from flight_client.protocol.commands import Explanation
from flight_client.protocol.filters import conjunction
from flight_client.protocol.literals import LiteralValue
from flight_client.protocol.tickets import PARTITION_METHODS, PartitionMethod
from flight_client.reading import Result


def _output_options(command: Command) -> Command:
    endings = ", ".join(SINKS)
    command = click.option(
        "--explain", is_flag=True, help="Print the SQL that the database would run; read nothing."
    )(command)
    command = click.option("--json", "as_json", is_flag=True, help="Print one JSON line per row.")(
        command
    )
    return click.option(
        "--output",
        "-o",
        metavar="FILE",
        help=f"Write all rows to a file ending in {endings}, or as CSV to - (stdout).",
    )(command)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="datasphere-flight", prog_name="flight-client")
def main() -> None:
    """Find, read and write the tables and views of a Datasphere Flight server.

    \b
    flight-client tables
    flight-client describe SALES_ORDERS
    flight-client read SALES_ORDERS --where "ORDER_DATE >= 2024-06-01" --limit 100
    flight-client read SALES_ORDERS --output orders.parquet
    flight-client sql "SELECT COUNT(*) FROM SALES_ORDERS"
    flight-client write PREDICTIONS predictions.parquet --mode create

    Name the server with --uri or the environment variable FLIGHT_CLIENT_URI, the token with
    --token-file or FLIGHT_CLIENT_TOKEN. Data goes to stdout, everything else to stderr. Exit codes:
    0 done, 1 the operation failed, 2 wrong usage, 130 interrupted.
    """  # noqa: D301 - click wants the control character
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # it logs to stderr what is raised anyway
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a letter shows a mark


@main.command()
@connection_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def tables(*, as_json: bool, **connection: Any) -> None:  # noqa: ANN401 - click's options
    """List the tables and views you may read.

    \b
    flight-client tables --space SALES
    flight-client tables --json | jq -r '.[].name'
    """  # noqa: D301 - click wants the control character
    with connected(connection) as client:
        found = client.tables()
    if as_json:
        _print_json([_entity_form(entity) for entity in found])
    else:
        click.echo(found.to_text(_width()))


@main.command()
@click.argument("entity")
@connection_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def describe(entity: str, *, as_json: bool, **connection: Any) -> None:  # noqa: ANN401 - as above
    """Show the columns and input parameters of a table or view.

    \b
    flight-client describe REVENUE_BY_REGION
    """  # noqa: D301 - click wants the control character
    with connected(connection) as client:
        found = client.describe(entity)
    if as_json:
        _print_json(_entity_form(found.entity))
    else:
        click.echo(found.to_text(_width()))


@main.command()
@click.argument("entity")
@click.option("--columns", metavar="A,B", help="Columns to read, in this order; all if left out.")
@click.option("--where", multiple=True, metavar="CONDITION", help="Rows to read; all must hold.")
@click.option("--param", multiple=True, metavar="NAME=VALUE", help="Value of an input parameter.")
@click.option(
    "--order-by", multiple=True, metavar="COLUMN[:desc]", help="Sort key; the first first."
)
@click.option("--limit", type=click.IntRange(min=0), metavar="ROWS", help="Most rows to read.")
@click.option(
    "--offset", type=click.IntRange(min=0), default=0, metavar="ROWS", help="Rows to skip."
)
@click.option("--sample", type=float, metavar="FRACTION", help="Random part of the rows, as 0.1.")
@click.option("--seed", type=int, metavar="NUMBER", help="Draws the same sample again.")
@click.option(
    "--partitions", type=click.IntRange(min=1), metavar="N", help="Streams to read at once."
)
@click.option("--partition-by", metavar="COLUMN", help="Column whose values decide the stream.")
@click.option(
    "--partition-method",
    type=click.Choice(PARTITION_METHODS),
    help="By ranges of the column or by its hash; the server's choice if left out.",
)
@_output_options
@connection_options
def read(
    entity: str,
    *,
    columns: str | None,
    where: tuple[str, ...],
    param: tuple[str, ...],
    order_by: tuple[str, ...],
    limit: int | None,
    offset: int,
    sample: float | None,
    seed: int | None,
    partitions: int | None,
    partition_by: str | None,
    partition_method: PartitionMethod | None,
    output: str | None,
    as_json: bool,
    explain: bool,
    **connection: Any,  # noqa: ANN401 - click's options
) -> None:
    """Read a table or view; without --output or --json, show the first 20 rows.

    \b
    flight-client read SALES_ORDERS --columns ORDER_ID,STATUS --where "PRIORITY between 1 and 2"
    flight-client read SALES_ORDERS --where "STATUS in ('OPEN','DELIVERED')" \\
        --where "DELIVERY_DATE is not null"
    flight-client read REVENUE_BY_REGION --param P_CURRENCY=EUR --where '"REVENUE" > 1000.50' \\
        --order-by REVENUE:desc --limit 10
    flight-client read SALES_ORDERS --output orders.parquet --partitions 4 --partition-by ORDER_ID
    flight-client read SALES_ORDERS --limit 5 --json | jq .ORDER_ID

    Conditions know = != < <= > >= in, not in, between, like, not like, is null, is not null.
    Constants have the type of their column: a DATE is 2024-01-31, a DECIMAL stays exact. Text with
    spaces or commas stands in single quotes, a column with spaces in double quotes.
    """  # noqa: D301 - click wants the control character
    _check_output(output, as_json=as_json, explain=explain)
    with connected(connection) as client:
        known = client.describe(entity).entity if where or param else None
        selection: dict[str, Any] = {
            "columns": split_names(columns) if columns else None,
            "where": known and conjunction(*[parse_condition(text, known) for text in where]),
            "parameters": _arguments(param, known) if known else {},
            "order_by": [parse_order(text) for text in order_by],
            "offset": offset,
            "sample": sample,
            "seed": seed,
        }
        result = client.table(
            entity,
            **selection,
            limit=limit,
            partitions=partitions,
            partition_by=partition_by,
            partition_method=partition_method,
        )
        few = PREVIEW_ROWS + 1 if limit is None else min(limit, PREVIEW_ROWS + 1)
        first = client.table(entity, **selection, limit=few, progress=False)
        _emit(result, first, output, as_json=as_json, explain=explain)


@main.command()
@click.argument("text")
@click.option("--param", multiple=True, metavar="VALUE", help="Value of the next ? in the text.")
@_output_options
@connection_options
def sql(
    text: str,
    *,
    param: tuple[str, ...],
    output: str | None,
    as_json: bool,
    explain: bool,
    **connection: Any,  # noqa: ANN401 - click's options
) -> None:
    """Read the rows of one SELECT; without --output or --json, show the first 20.

    \b
    flight-client sql "SELECT STATUS, COUNT(*) AS N FROM SALES_ORDERS WHERE ORDER_DATE >= ? \\
        GROUP BY STATUS" --param 2024-06-01

    A --param is typed by its shape: 42 and -1 are whole numbers, 12.50 a decimal, 1e3 a float,
    2024-01-31 a date, 2024-01-31T10:00:00 a timestamp, 10:00:00 a time, true, false and null are
    those. Anything else is text, also 007 and whatever stands in single quotes: "'2024'".
    """  # noqa: D301 - click wants the control character
    _check_output(output, as_json=as_json, explain=explain)
    with connected(connection) as client:
        result = client.sql(text, parameters=[parse_value(value) for value in param])
        first = client.sql(text, parameters=[parse_value(value) for value in param], progress=False)
        _emit(result, first, output, as_json=as_json, explain=explain)


main.add_command(write)


def _check_output(output: str | None, *, as_json: bool, explain: bool) -> None:
    """Refuse what could not be written, before anything is read."""
    if output is not None and explain:
        raise click.UsageError(
            "--explain prints a statement and reads nothing; leave --output out."
        )
    if output is None or output == "-":
        return
    if as_json:
        raise click.UsageError("--json prints to stdout; leave --output out, or give it as -.")
    path = Path(output)
    if path.suffix.lower() not in SINKS:
        raise click.UsageError(f"--output {output!r} ends in none of {', '.join(SINKS)}.")
    if path.is_dir():
        raise click.UsageError(f"--output {output!r} is a folder; name a file in it.")
    if not path.parent.is_dir():
        raise click.UsageError(f"--output {output!r} is in a folder that is not there; make it.")


def _arguments(texts: Sequence[str], entity: Entity) -> dict[str, LiteralValue]:
    pairs = [parse_argument(text, entity) for text in texts]
    name, times = Counter(name for name, _ in pairs).most_common(1)[0] if pairs else ("", 0)
    if times > 1:
        raise click.UsageError(f"--param gives {name} {times} times; give it once.")
    return dict(pairs)


def _width() -> int | None:
    """Characters of a line of the terminal; None where there is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def _emit(
    result: Result, first: Result, output: str | None, *, as_json: bool, explain: bool
) -> None:
    """Print or write a result; ``first`` has the rows to show in a terminal, and few more."""
    if explain:
        _print_explanation(result.explain(), as_json=as_json)
    elif output is None and not as_json:
        with closing(first.to_batches()) as batches:
            click.echo(preview(first.schema, batches, result.total_rows, _width()))
    elif output is None or output == "-":
        stdout = sys.stdout.buffer
        if as_json:
            check_json_names(result.schema)
        with closing(result.to_batches()) as batches:
            if as_json:
                write_json_lines(stdout, batches)
            else:
                write_csv(stdout, result.schema, batches)
        stdout.flush()
    else:
        click.echo(f"{_write(result, output):,} rows in {output}", err=True)


def _write(result: Result, output: str) -> int:
    schema = result.schema
    with closing(result.to_batches()) as batches:
        try:
            return write_file(Path(output), schema, batches)
        except (OSError, pa.ArrowException) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise OSError(f"cannot write {output}: {reason}") from None


def _print_explanation(explanation: Explanation, *, as_json: bool) -> None:
    values = [None if value is None else str(value) for value in explanation.parameters]
    if as_json:
        _print_json({"dialect": explanation.dialect, "sql": explanation.sql, "parameters": values})
        return
    click.echo(str(explanation))


def _print_json(form: object) -> None:
    """JSON is UTF-8, whatever the terminal speaks."""
    click.echo(json.dumps(form, ensure_ascii=False, indent=2).encode())


def _entity_form(entity: Entity) -> dict[str, Any]:
    """The catalogue's own JSON, and the Arrow type of each column beside."""
    form: dict[str, Any] = json.loads(encode_entity(entity))
    for column, described in zip(form["columns"], entity.columns, strict=True):
        column["arrow_type"] = arrow_name(described.type)
    return form
