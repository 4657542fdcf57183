"""flight-client against a server: what is printed, written and returned."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from flight_client.cli.commands import main
from flight_client.config import VARIABLES
from flight_client.protocol.errors import DataError
from flight_client.protocol.filters import And, Comparison
from flight_client.protocol.tickets import (
    OrderKey,
    Partition,
    ReadTicket,
    Sample,
    SqlTicket,
    Ticket,
)
from tests.support.flight_double import Behaviour, FlightDouble, orders

ROWS = orders(100)
COMMANDS = ["tables", "describe", "read", "sql"]


@pytest.fixture
def server() -> Iterator[FlightDouble]:
    with FlightDouble() as found:
        yield found


def _run(*arguments: str, env: dict[str, str] | None = None) -> Result:
    cleared = dict.fromkeys(VARIABLES.values(), "")
    return CliRunner(env=cleared | (env or {})).invoke(main, list(arguments))


def _at(server: FlightDouble, *arguments: str) -> Result:
    return _run(*arguments, "--uri", server.uri)


def _asked(server: FlightDouble, *arguments: str) -> Ticket:
    """The ticket of the whole read that a command makes, not of the rows it shows."""
    found = _at(server, *arguments, "--json")
    assert found.exit_code == 0, found.output
    return server.seen.tickets[-1]


def test_tables_are_listed(server: FlightDouble) -> None:
    found = _at(server, "tables")
    assert found.exit_code == 0
    assert re.search(r"SALES +REVENUE +view +2 +P_CURRENCY, P_YEAR", found.stdout)
    assert found.stderr == ""


def test_tables_as_json_is_one_document(server: FlightDouble) -> None:
    found = json.loads(_at(server, "tables", "--json").stdout)
    assert [entity["name"] for entity in found] == ["ORDERS", "REVENUE"]


def test_tables_of_one_space(server: FlightDouble) -> None:
    assert json.loads(_at(server, "tables", "--json", "--space", "NONE").stdout) == []


def test_description_is_shown(server: FlightDouble) -> None:
    found = _at(server, "describe", "ORDERS")
    assert found.exit_code == 0
    assert re.search(r"NET_AMOUNT +DECIMAL\(15,2\) +decimal128\(15, 2\)", found.stdout)


def test_description_as_json_has_hana_and_arrow_types(server: FlightDouble) -> None:
    found = json.loads(_at(server, "describe", "REVENUE", "--json").stdout)
    assert found["columns"][1]["type"]["name"] == "DOUBLE"
    assert found["columns"][1]["arrow_type"] == "double"
    assert found["parameters"][1]["default"] == 2024


def test_read_shows_the_first_rows_and_how_many_there_are(server: FlightDouble) -> None:
    found = _at(server, "read", "ORDERS")
    lines = found.stdout.splitlines()
    assert lines[0].split()[:3] == ["ORDER_ID", "REGION", "NET_AMOUNT"]
    assert lines[-1] == "the first 20 of 100 rows"
    assert len(lines) == 24


def test_shown_rows_are_the_only_ones_the_database_is_asked_for(server: FlightDouble) -> None:
    _at(server, "read", "ORDERS", "--partitions", "4")
    shown = [ticket for ticket in server.seen.tickets if ticket.limit == 21]
    assert shown == [ReadTicket(entity="ORDERS", limit=21)]
    assert server.seen.streams == 1


def test_limit_below_the_first_rows_is_kept(server: FlightDouble) -> None:
    assert _at(server, "read", "ORDERS", "--limit", "3").stdout.splitlines()[-1] == "3 rows"


def test_columns_order_limit_and_sample_are_in_the_ticket(server: FlightDouble) -> None:
    asked = _asked(
        server, "read", "ORDERS", "--columns", "ORDER_ID,mixed Case", "--order-by", "ORDER_ID:desc",
        "--order-by", "REGION", "--limit", "7", "--offset", "2", "--sample", "0.5", "--seed", "3",
    )  # fmt: skip
    assert asked == ReadTicket(
        entity="ORDERS",
        columns=("ORDER_ID", "mixed Case"),
        order_by=(OrderKey("ORDER_ID", descending=True), OrderKey("REGION")),
        limit=7,
        offset=2,
        sample=Sample(0.5, 3),
    )


def test_partitions_and_space_are_in_the_ticket(server: FlightDouble) -> None:
    asked = _asked(server, "read", "ORDERS", "--partitions", "4", "--space", "SALES")
    assert asked == ReadTicket(entity="ORDERS", space="SALES", partition=Partition(of=4))


def test_column_and_method_of_partitions_are_in_the_ticket(server: FlightDouble) -> None:
    asked = _asked(
        server, "read", "ORDERS", "--partitions", "4", "--partition-by", "ORDER_ID",
        "--partition-method", "range",
    )  # fmt: skip
    assert asked == ReadTicket(
        entity="ORDERS", partition=Partition(of=4, by="ORDER_ID", method="range")
    )


def test_conditions_are_typed_by_their_columns_and_all_must_hold(server: FlightDouble) -> None:
    asked = _asked(
        server, "read", "ORDERS", "--where", "ORDER_ID >= 5", "--where", '"mixed Case" = true',
        "--where", "REGION in ('EMEA','APJ')",
    )  # fmt: skip
    assert isinstance(asked, ReadTicket)
    assert asked.where == And(
        (
            Comparison("ORDER_ID", ">=", (5,)),
            Comparison("mixed Case", "=", (True,)),
            Comparison("REGION", "in", ("EMEA", "APJ")),
        )
    )


def test_parameters_are_typed_by_their_declaration(server: FlightDouble) -> None:
    asked = _asked(server, "read", "REVENUE", "--param", "P_CURRENCY=EUR", "--param", "P_YEAR=2023")
    assert isinstance(asked, ReadTicket)
    assert asked.parameters == (("P_CURRENCY", "EUR"), ("P_YEAR", 2023))


def test_entity_is_described_only_where_types_are_needed(server: FlightDouble) -> None:
    _asked(server, "read", "ORDERS")
    assert server.seen.actions == []


def test_sql_sends_text_and_typed_values(server: FlightDouble) -> None:
    text = "SELECT * FROM REVENUE WHERE YEAR = ? AND REGION = ?"
    asked = _asked(server, "sql", text, "--param", "2024", "--param", "null", "--param", "'7'")
    assert asked == SqlTicket(sql=text, parameters=(2024, None, "7"))


def test_sql_shows_rows(server: FlightDouble) -> None:
    lines = _at(server, "sql", "SELECT * FROM REVENUE").stdout.splitlines()
    assert lines[0].split() == ["YEAR", "AMOUNT"]
    assert lines[-1] == "2 rows"


def test_explanation_prints_the_statement_and_its_values(server: FlightDouble) -> None:
    found = _at(server, "read", "ORDERS", "--explain")
    assert found.stdout == "SELECT * FROM T WHERE A = ?\n-- ? 1: 7\n"
    assert server.seen.streams == 0


def test_explanation_as_json(server: FlightDouble) -> None:
    found = json.loads(_at(server, "sql", "SELECT 1", "--explain", "--json").stdout)
    assert found == {"dialect": "hana", "sql": "SELECT * FROM T WHERE A = ?", "parameters": ["7"]}


def test_json_is_one_line_per_row_on_stdout_alone(server: FlightDouble) -> None:
    found = _at(server, "read", "ORDERS", "--json")
    rows = [json.loads(line) for line in found.stdout.splitlines()]
    assert len(rows) == 100
    assert rows[1] == {
        "ORDER_ID": 1,
        "REGION": "APJ",
        "NET_AMOUNT": "0.01",
        "ORDERED_ON": "2024-01-02",
        "mixed Case": False,
    }
    assert found.stderr == ""


def test_dash_is_csv_on_stdout(server: FlightDouble) -> None:
    found = _at(server, "read", "ORDERS", "--output", "-")
    lines = found.stdout.splitlines()
    assert lines[0] == '"ORDER_ID","REGION","NET_AMOUNT","ORDERED_ON","mixed Case"'
    assert len(lines) == 101
    assert found.stderr == ""


@pytest.mark.parametrize("ending", ["parquet", "arrow", "csv"])
def test_file_holds_every_row(server: FlightDouble, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"orders.{ending}"
    found = _at(server, "read", "ORDERS", "--output", str(path))
    assert (found.exit_code, found.stdout) == (0, "")
    assert found.stderr == f"100 rows in {path}\n"
    read = {
        "parquet": pq.read_table,
        "arrow": lambda file: pa.ipc.open_file(file).read_all(),
        "csv": lambda file: pa_csv.read_csv(file).cast(ROWS.schema),
    }[ending]
    assert read(path).num_rows == 100
    if ending != "csv":
        assert read(path).equals(ROWS)


def test_failure_in_the_middle_leaves_no_file(tmp_path: Path) -> None:
    behaviour = Behaviour(fail_at=(0, 5), failure=DataError("Division by zero."))
    with FlightDouble(behaviour) as server:
        found = _at(server, "read", "ORDERS", "--output", str(tmp_path / "orders.parquet"))
    assert found.exit_code == 1
    assert found.stderr == "error: DATA_ERROR: Division by zero.\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "sentence"), [("no/orders.csv", "folder that is not there"), (".csv", "is a folder")]
)
def test_file_without_a_place_is_refused_before_the_query(
    server: FlightDouble, tmp_path: Path, name: str, sentence: str
) -> None:
    (tmp_path / "x.csv").mkdir()
    path = tmp_path / (name if "/" in name else f"x{name}")
    found = _at(server, "read", "ORDERS", "--output", str(path))
    assert found.exit_code == 2
    assert sentence in " ".join(found.stderr.split())
    assert server.seen.tickets == []


def test_file_that_cannot_be_written_is_one_line(server: FlightDouble) -> None:
    found = _at(server, "read", "ORDERS", "--output", "/dev/fd/orders.csv")
    assert found.exit_code == 1
    assert re.fullmatch(r"error: OUTPUT: cannot write /dev/fd/orders.csv: [^\n]+\n", found.stderr)
    assert ".part" not in found.stderr


def test_columns_of_the_same_name_are_refused_for_json() -> None:
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["A", "A"])
    with FlightDouble(tables={"TWICE": twice}) as server:
        found = _at(server, "read", "TWICE", "--json")
        assert server.seen.streams == 0
    assert (found.exit_code, found.stdout) == (1, "")
    assert "two columns named A" in found.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["describe", "NOPE"], "ENTITY_UNKNOWN"),
        (["read", "NOPE"], "ENTITY_UNKNOWN"),
        (["read", "ORDERS", "--where", "ORDER = 1"], "COLUMN_UNKNOWN"),
        (["read", "ORDERS", "--where", "ORDER_ID = x"], "FILTER_INVALID"),
        (["read", "REVENUE", "--param", "P_YEER=1"], "PARAMETER_INVALID"),
        (["read", "ORDERS", "--sample", "7"], "READ_INVALID"),
        (["sql", " "], "READ_INVALID"),
    ],
)
def test_failed_operation_is_one_line_with_a_code_and_exit_1(
    server: FlightDouble, arguments: list[str], code: str
) -> None:
    found = _at(server, *arguments)
    assert found.exit_code == 1
    assert found.stdout == ""
    assert re.fullmatch(rf"error: {code}: [^\n]+\n", found.stderr)


def test_server_that_is_not_there_is_one_line() -> None:
    found = _run("tables", "--uri", "grpc://127.0.0.1:1", "--timeout", "0.5")
    assert found.exit_code == 1
    assert re.fullmatch(r"error: UNAVAILABLE: No connection to grpc://127[^\n]+\n", found.stderr)


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["read"],
        ["tables"],
        ["tables", "--uri", "http://host:1"],
        ["tables", "--uri", "grpc://far.example.com:1", "--token-file", "TOKEN"],
        ["tables", "--uri", "grpc://localhost:1", "--token-file", "/no/such/file"],
        ["tables", "--uri", "grpc://localhost:1", "--timeout", "0"],
        ["read", "T", "--uri", "grpc://localhost:1", "--limit", "-1"],
        ["read", "T", "--uri", "grpc://localhost:1", "--output", "rows.xlsx"],
        ["read", "T", "--uri", "grpc://localhost:1", "--output", "rows.csv", "--json"],
        ["read", "T", "--uri", "grpc://localhost:1", "--output", "rows.csv", "--explain"],
        ["sql", "SELECT 1", "--uri", "grpc://localhost:1", "--output", "-", "--explain"],
        ["read", "T", "--uri", "grpc://localhost:1", "--order-by", "A desc"],
        ["read", "T", "--uri", "grpc://localhost:1", "--order-by", "A:down"],
    ],
)
def test_wrong_usage_is_exit_2_and_says_why(tmp_path: Path, arguments: list[str]) -> None:
    token = tmp_path / "token"
    token.write_text("t")
    found = _run(*[str(token) if word == "TOKEN" else word for word in arguments])
    assert found.exit_code == 2
    assert "Error: " in found.stderr
    assert "Traceback" not in found.output


@pytest.mark.parametrize(
    "arguments", [["--where", "ORDER_ID ~ 1"], ["--param", "P_YEAR"], ["--where", ""]]
)
def test_condition_without_a_form_is_wrong_usage(
    server: FlightDouble, arguments: list[str]
) -> None:
    found = _at(server, "read", "ORDERS", *arguments)
    assert found.exit_code == 2
    assert "for example" in found.stderr


def test_parameter_given_twice_is_wrong_usage(server: FlightDouble) -> None:
    found = _at(server, "read", "REVENUE", "--param", "P_YEAR=1", "--param", "P_YEAR=2")
    assert found.exit_code == 2
    assert "P_YEAR 2 times" in found.stderr


def test_server_and_token_come_from_the_environment(server: FlightDouble) -> None:
    env = {VARIABLES["uri"]: server.uri, VARIABLES["token"]: "secret"}
    assert _run("tables", env=env).exit_code == 0
    assert server.seen.headers[0]["authorization"] == ["Bearer secret"]


def test_token_file_wins_over_the_environment(server: FlightDouble, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("mine\n")
    env = {VARIABLES["token"]: "other"}
    found = _run("tables", "--uri", server.uri, "--token-file", str(tmp_path / "token"), env=env)
    assert found.exit_code == 0
    assert server.seen.headers[0]["authorization"] == ["Bearer mine"]


def test_user_and_password_file_make_basic_authentication(
    server: FlightDouble, tmp_path: Path
) -> None:
    (tmp_path / "password").write_text("secret\n")
    _at(server, "tables", "--user", "me", "--password-file", str(tmp_path / "password"))
    assert server.seen.headers[0]["authorization"][0].startswith("Basic ")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches_by_examples(command: str) -> None:
    found = _run(command, "--help")
    assert found.exit_code == 0
    assert f"\n  flight-client {command} " in found.output
    assert "FLIGHT_CLIENT_URI" in re.sub(r"\s+", "", found.output)


def test_help_names_commands_and_exit_codes() -> None:
    found = _run("--help").output
    assert all(f"\n  {command} " in found for command in COMMANDS)
    assert "130 interrupted" in found


def test_help_has_no_option_for_a_secret_itself() -> None:
    assert not re.search(r"--(token|password)\s", _run("tables", "--help").output)


def test_help_names_the_default_of_the_timeout() -> None:
    assert "[default: 60.0" in " ".join(_run("tables", "--help").output.split())


def test_version_is_printed() -> None:
    assert _run("--version").output.startswith("flight-client, version ")
