"""Our client against our server over the embedded database: the whole way, in both languages."""

import json
import re
import shlex
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

import flight_client
from flight_client.cli.commands import main
from flight_client.client import Client
from flight_client.protocol.schemas import to_schema
from flight_client.reading import Result
from flight_server.app import RunningServer
from flight_server.backends.duckdb.backend import DuckDbBackend
from flight_server.config import Configuration
from flight_server.landscape import landscape_sql
from tests.support.serving import serving

ITEMS = 2_000


@pytest.fixture(scope="module")
def uri() -> Iterator[str]:
    backend = DuckDbBackend.open_database(None, read_only=False, init_script=landscape_sql(ITEMS))
    with serving(backend) as running:
        yield running.uri


@pytest.fixture
def client(uri: str) -> Iterator[Client]:
    with flight_client.connect(uri) as found:
        yield found


def test_every_entity_can_be_described_and_its_schema_is_that_of_the_rows(client: Client) -> None:
    found = client.tables()
    assert len(found) > 5
    for entity in found:
        described = client.describe(entity.name, space=entity.space)
        assert described.entity == entity
        if not any(parameter.mandatory for parameter in entity.parameters):
            result = client.table(entity.name, space=entity.space, limit=3)
            assert result.schema.equals(to_schema(entity.columns))
            assert result.to_arrow().num_rows == 3


@pytest.mark.parametrize(
    ("where", "expression"),
    [
        ([("ORDER_DATE", ">=", date(2024, 6, 1))], pc.field("ORDER_DATE") >= date(2024, 6, 1)),
        ([("CURRENCY", "in", ["EUR", "x"])], pc.field("CURRENCY").isin(["EUR", "x"])),
        ([("DELIVERY_DATE", "is null")], pc.field("DELIVERY_DATE").is_null()),
        ([("PARTNER_ID", "like", "BP%1")], pc.match_like(pc.field("PARTNER_ID"), "BP%1")),
        (
            [
                [("PRIORITY", "<", 2)],
                [("CURRENCY", "=", "EUR"), ("ORDER_ID", "between", (1, 9**9))],
            ],
            (pc.field("PRIORITY") < 2)
            | (
                (pc.field("CURRENCY") == "EUR")
                & (pc.field("ORDER_ID") >= 1)
                & (pc.field("ORDER_ID") <= 9**9)
            ),
        ),
    ],
)
def test_database_keeps_the_rows_that_pyarrow_keeps(
    client: Client, where: list, expression: pc.Expression
) -> None:
    everything = client.table("SALES_ORDERS", order_by=["ORDER_ID"]).to_arrow()
    expected = everything.filter(expression)
    for condition in (where, expression):
        found = client.table("SALES_ORDERS", where=condition, order_by=["ORDER_ID"]).to_arrow()
        assert found.equals(expected)
    assert 0 < expected.num_rows < everything.num_rows


def test_partitions_are_read_at_once_and_lose_no_row(client: Client) -> None:
    result = client.table("SALES_ORDER_ITEMS", partitions=4)
    assert len(result.endpoints()) == 4
    whole = client.table("SALES_ORDER_ITEMS").to_arrow()
    keys = [(name, "ascending") for name in whole.column_names[:2]]
    assert result.to_arrow().sort_by(keys).equals(whole.sort_by(keys))


def test_view_with_parameters_computes_for_them(client: Client) -> None:
    result = client.table("REVENUE_BY_REGION", parameters={"P_CURRENCY": "EUR", "P_YEAR": 2024})
    found = result.to_arrow()
    assert found.num_rows > 0
    assert set(found["CURRENCY"].to_pylist()) == {"EUR"}
    assert found.schema.field("REVENUE").type == pa.decimal128(19, 2)


def test_sql_binds_and_counts_exactly(client: Client) -> None:
    text = "SELECT COUNT(*) AS N FROM SALES.SALES_ORDER_ITEMS WHERE NET_AMOUNT > ?"
    assert client.sql(text, parameters=[Decimal(-1)]).to_arrow().to_pylist() == [{"N": ITEMS}]


def test_statement_can_be_seen_before_it_runs(client: Client) -> None:
    explained = client.table(
        "SALES_ORDERS", where=[("ORDER_ID", "=", 1)], columns=["STATUS"]
    ).explain()
    assert '"STATUS"' in explained.sql
    assert explained.parameters == (1,)


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda client: client.table("NOPE"), "ENTITY_UNKNOWN"),
        (lambda client: client.table("SALES_ORDERS", columns=["X"]), "COLUMN_UNKNOWN"),
        (lambda client: client.table("SALES_ORDERS", where=[("X", "=", 1)]), "COLUMN_UNKNOWN"),
        (
            lambda client: client.table("SALES_ORDERS", where=[("ORDER_DATE", "=", "x")]),
            "FILTER_INVALID",
        ),
        (lambda client: client.table("REVENUE_BY_REGION"), "PARAMETER_INVALID"),
        (lambda client: client.sql("DELETE FROM SALES.SALES_ORDERS"), "SQL_REFUSED"),
        (lambda client: client.sql("SELECT 1/0 AS N FROM DUMMY"), "DATA_ERROR"),
    ],
)
def test_error_of_the_server_arrives_with_its_code(
    client: Client, ask: Callable[[Client], Result], code: str
) -> None:
    with pytest.raises(flight_client.Error) as caught:
        ask(client).to_arrow()
    assert caught.value.code == code
    assert "Traceback" not in str(caught.value)


def test_hostile_name_is_a_name_and_nothing_else(client: Client) -> None:
    with pytest.raises(flight_client.Error) as caught:
        client.table('"; DROP TABLE x --').to_arrow()
    assert caught.value.code == "ENTITY_UNKNOWN"


def test_command_line_reads_with_typed_conditions(uri: str, client: Client) -> None:
    arguments = [
        "read", "SALES_ORDERS", "--uri", uri, "--where", "ORDER_DATE >= 2024-06-01",
        "--where", "PRIORITY between 1 and 2", "--columns", "ORDER_ID", "--json",
    ]  # fmt: skip
    found = CliRunner().invoke(main, arguments)
    assert found.exit_code == 0, found.output
    expected = client.table(
        "SALES_ORDERS",
        columns=["ORDER_ID"],
        where=[("ORDER_DATE", ">=", date(2024, 6, 1)), ("PRIORITY", "between", (1, 2))],
    ).to_arrow()
    assert [json.loads(line) for line in found.stdout.splitlines()] == expected.to_pylist()


def _examples() -> list[str]:
    """The commands that the help shows, without the programs they are piped into."""
    found: list[str] = []
    for arguments in [[], *[[name] for name in main.commands]]:
        shown = CliRunner().invoke(main, [*arguments, "--help"], prog_name="flight-client").output
        joined = shown.replace("\\\n", "")
        found += re.findall(r"^  (flight-client .*?)(?: \| .*)?$", joined, re.MULTILINE)
    return found


def test_help_has_examples_of_every_command() -> None:
    assert {example.split()[1] for example in _examples()} == set(main.commands)


READING = [example for example in _examples() if example.split()[1] != "write"]
WRITING = [example for example in _examples() if example.split()[1] == "write"]


@pytest.mark.parametrize("example", WRITING)
def test_example_that_writes_does_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, example: str
) -> None:
    rows = pa.table({"RUN": [1, 1], "ORDER_ID": [7, 8], "RATE": [0.5, 1.25]})
    pq.write_table(rows, tmp_path / "predictions.parquet")
    for name in ("more.csv", "rates.csv"):
        pa_csv.write_csv(rows, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    backend = DuckDbBackend.open_database(None, read_only=False, init_script='CREATE SCHEMA "LAB"')
    writes = {"enabled": True, "spaces": ("LAB",)}
    configuration = Configuration.model_validate({"server": {"port": 0}, "writes": writes})
    with RunningServer(backend, configuration) as running:
        if "--mode" not in example:
            with flight_client.connect(running.uri) as client:
                client.write("PREDICTIONS", rows, mode="create")
        runner = CliRunner(env={"FLIGHT_CLIENT_URI": running.uri})
        found = runner.invoke(main, shlex.split(example)[1:])
    assert found.exit_code == 0, found.output
    assert "2 rows written to" in found.stderr


@pytest.mark.parametrize("example", READING)
def test_example_of_the_help_works_on_the_landscape(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, example: str
) -> None:
    monkeypatch.chdir(tmp_path)
    runner = CliRunner(env={"FLIGHT_CLIENT_URI": uri})
    found = runner.invoke(main, shlex.split(example)[1:])
    written = list(tmp_path.iterdir())
    assert found.exit_code == 0, found.output
    assert len(found.stdout.splitlines()) > 3 or written or "--json" in example
    assert not found.stdout.endswith("\n0 rows\n")


def test_command_line_shows_names_as_a_modeller_chose_them(uri: str) -> None:
    found = CliRunner().invoke(main, ["read", "MixedCase View", "--uri", uri, "--limit", "2"])
    assert found.exit_code == 0, found.output
    assert found.stdout.splitlines()[-1] == "2 rows"
