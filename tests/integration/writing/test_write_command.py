"""flight-client write: files into tables, what is printed, and exit codes."""

import json
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from flight_client.cli.commands import main
from flight_client.client import Client
from flight_client.config import VARIABLES
from tests.support.sql_service import SqlService

ROWS = pa.table(
    {
        "ID": pa.array([1, 2], pa.int64()),
        "NAME": ["a", None],
        "AMOUNT": pa.array([Decimal("1.50"), Decimal("-2.00")], pa.decimal128(15, 2)),
        "DAY": pa.array([date(2024, 2, 29), None], pa.date32()),
    }
)


def write(service: SqlService, *arguments: object) -> Result:
    cleared = dict.fromkeys(VARIABLES.values(), "")
    given = ["write", *map(str, arguments), "--uri", service.uri, "--space", "LAB"]
    return CliRunner(env=cleared).invoke(main, given)


def stored(path: Path) -> Path:
    match path.suffix:
        case ".parquet":
            pq.write_table(ROWS, path)
        case ".csv":
            pa_csv.write_csv(ROWS, path)
        case ".arrow":
            with pa.ipc.new_file(path, ROWS.schema) as file:
                file.write_table(ROWS)
        case ".feather":
            with pa.ipc.new_stream(path, ROWS.schema) as stream:
                stream.write_table(ROWS)
    return path


@pytest.mark.parametrize("name", ["rows.parquet", "rows.csv", "rows.arrow", "rows.feather"])
def test_file_becomes_a_table(
    service: SqlService, client: Client, table: str, tmp_path: Path, name: str
) -> None:
    file = stored(tmp_path / name)
    options = ["--type", "AMOUNT=DECIMAL(15,2)", "--type", "NAME=NVARCHAR(20)"]
    found = write(service, table, file, "--mode", "create", "--keys", "ID", *options)
    assert (found.exit_code, found.stdout) == (0, ""), found.output
    assert found.stderr.endswith(f"2 rows written to {table}\n")
    assert client.table(table, order_by=["ID"]).to_arrow().to_pylist() == ROWS.to_pylist()
    assert client.describe(table).entity.columns[0].key


def test_csv_has_the_types_of_the_table_that_is_there(
    service: SqlService, client: Client, table: str, tmp_path: Path
) -> None:
    client.write(table, ROWS.slice(0, 0), mode="create")
    found = write(service, table, stored(tmp_path / "rows.csv"), "--json")
    assert found.exit_code == 0, found.output
    assert json.loads(found.stdout) == {"table": table, "mode": "append", "rows": 2}
    assert client.table(table, order_by=["ID"]).to_arrow().to_pylist() == ROWS.to_pylist()


def test_refusal_of_the_server_is_one_line(service: SqlService, table: str, tmp_path: Path) -> None:
    found = write(service, table, stored(tmp_path / "rows.parquet"), "--mode", "upsert")
    assert found.exit_code == 1
    assert re.match(r"error: ENTITY_UNKNOWN: .+\n\Z", found.stderr)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("rows.xlsx",), "ends in none of .parquet, .csv, .arrow"),
        (("rows.csv", "--type", "AMOUNT"), "is not NAME=TYPE"),
        (("rows.csv", "--type", "AMOUNT=12"), "is no HANA type"),
        (("rows.csv", "--mode", "merge"), "'merge' is not one of"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_sent(
    service: SqlService, table: str, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    name, *options = arguments
    (tmp_path / name).write_text("ID\n1\n")
    found = write(service, table, tmp_path / name, *options)
    assert found.exit_code == 2
    assert said in found.stderr


def test_file_that_is_not_there_is_wrong_usage(service: SqlService, table: str) -> None:
    assert write(service, table, "no.csv").exit_code == 2


def test_file_that_is_not_what_it_says_fails(
    service: SqlService, table: str, tmp_path: Path
) -> None:
    (tmp_path / "rows.parquet").write_bytes(b"nothing of the kind")
    found = write(service, table, tmp_path / "rows.parquet", "--mode", "create")
    assert found.exit_code == 1
    assert re.match(r"error: INPUT: The file '.+rows.parquet' cannot be read: .+\n\Z", found.stderr)


def test_bad_value_far_down_a_file_leaves_nothing(
    service: SqlService, client: Client, table: str, tmp_path: Path
) -> None:
    lines = ["ID,NOTE", *(f"{number},{'x' * 40}" for number in range(50_000)), "oops,y"]
    (tmp_path / "rows.csv").write_text("\n".join(lines))
    found = write(service, table, tmp_path / "rows.csv", "--mode", "create")
    assert found.exit_code == 1
    assert "'oops' in column 'ID' in line 50002" in found.stderr
    assert table not in [each.name for each in client.tables()]


@pytest.mark.parametrize("name", ["rows.csv", "rows.parquet"])
def test_append_to_a_table_that_is_missing_says_which_modes_make_one(
    service: SqlService, table: str, tmp_path: Path, name: str
) -> None:
    found = write(service, table, stored(tmp_path / name))
    assert found.exit_code == 1
    assert "or write with a mode that does" in found.stderr
