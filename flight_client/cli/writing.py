"""The command write: a file of rows into a table. Presentation only."""

import json
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flight_client.cli.conditions import split_names
from flight_client.cli.connection import connected, connection_options
from flight_client.cli.files import SOURCES, ColumnTypes, batches_of
from flight_client.client import Client
from flight_client.protocol.catalog import HanaType
from flight_client.protocol.errors import InvalidRequest, UnknownEntity, UnsupportedType
from flight_client.protocol.schemas import arrow_type
from flight_client.protocol.writes import DEFINING, WRITE_MODES, WriteMode, parse_type

if TYPE_CHECKING:
    import pyarrow as pa


@click.command()
@click.argument("table")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--mode",
    type=click.Choice(WRITE_MODES),
    default="append",
    show_default=True,
    help="What happens to a table that is there, or is not.",
)
@click.option("--keys", metavar="A,B", help="Primary key of the new table, or to upsert by.")
@click.option(
    "--type",
    "declared",
    multiple=True,
    metavar="NAME=TYPE",
    help="HANA type of a column of the new table, as AMOUNT=DECIMAL(15,2).",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@connection_options
def write(
    table: str,
    file: Path,
    *,
    mode: WriteMode,
    keys: str | None,
    declared: tuple[str, ...],
    as_json: bool,
    **connection: Any,  # noqa: ANN401 - click's options
) -> None:
    """Write the rows of FILE (.parquet, .csv, .arrow) into TABLE, all of them or none.

    \b
    flight-client write PREDICTIONS predictions.parquet --mode create --keys RUN,ORDER_ID
    flight-client write PREDICTIONS more.csv
    flight-client write RATES rates.csv --mode replace --type "RATE=DECIMAL(15,4)"

    Columns are found by name. A CSV file has the names in its first line; an empty field is NULL.
    Its values have the types of the table that is there, or those of --type, or are guessed.
    """  # noqa: D301 - click wants the control character
    if file.suffix.lower() not in SOURCES:
        raise click.UsageError(f"{str(file)!r} ends in none of {', '.join(SOURCES)}.")
    types = dict(map(_typed, declared))
    with connected(connection) as client:
        columns: ColumnTypes = {}
        if file.suffix.lower() == ".csv":
            columns = _column_types(client, table, mode, types)
        with closing(batches_of(file, columns)) as batches:
            rows = client.write(
                table,
                batches,
                mode=mode,
                keys=split_names(keys) if keys else None,
                types=types or None,
            )
    if as_json:
        click.echo(json.dumps({"table": table, "mode": mode, "rows": rows}, ensure_ascii=False))
    else:
        click.echo(f"{rows:,} row{'' if rows == 1 else 's'} written to {table}", err=True)


def _typed(text: str) -> tuple[str, HanaType]:
    name, equals, declared = text.rpartition("=")
    if not equals or not name:
        raise click.UsageError(f"--type {text!r} is not NAME=TYPE.")
    try:
        return name, parse_type(declared)
    except InvalidRequest as error:
        raise click.UsageError(error.message) from None


def _column_types(
    client: Client, table: str, mode: WriteMode, types: Mapping[str, HanaType]
) -> ColumnTypes:
    """The Arrow types in which the columns of a file without types are read."""
    if mode not in DEFINING:
        try:
            types = {column.name: column.type for column in client.describe(table).entity.columns}
        except UnknownEntity:
            return {}  # the server says so, and which modes make a table
    found: dict[str, pa.DataType] = {}
    for name, declared in types.items():
        try:
            found[name] = arrow_type(declared)
        except UnsupportedType:
            continue  # the server says so, if the file has this column
    return found
