"""The example configuration, the server and the client as a user types them, before the emulator.

Address, port, password and trust store come from the environment; all else is the file that ships.
"""

import json
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import trustme

from tests.hana_emulator.engine import DuckEngine
from tests.hana_emulator.server import EmulatorServer
from tests.support.certificates import certificates
from tests.support.patience import eventually

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "examples" / "datasphere.toml"
USER, PASSWORD = "SALES#FLIGHT", "Sesame-open-1"
SCRIPT = f"""
CREATE TABLE "SALES"."ITEMS" (
  "ID" BIGINT NOT NULL PRIMARY KEY,
  "REGION" NVARCHAR(10) COMMENT 'Where it was sold',
  "AMOUNT" DECIMAL(15,2),
  "RATE" DECIMAL,
  "SOLD_AT" TIMESTAMP
) COMMENT 'What was sold';
INSERT INTO "SALES"."ITEMS"
  VALUES (1, 'North', 10.50, 1.25, TIMESTAMP'2024-02-29 12:00:00.1234567');
INSERT INTO "SALES"."ITEMS" VALUES (2, 'South', 20.00, NULL, NULL);
INSERT INTO "SALES"."ITEMS" VALUES (3, NULL, -0.01, 1e-20, TIMESTAMP'0001-01-01 00:00:00');
CREATE VIEW "SALES"."DEAR" (IN "P_LEAST" DECIMAL(15,2)) AS
  SELECT "ID", "AMOUNT" FROM "SALES"."ITEMS" WHERE "AMOUNT" >= :P_LEAST;
GRANT SELECT ON SCHEMA "SALES" TO "{USER}";
CREATE TABLE "{USER}"."NOTES" ("ID" INTEGER);
"""


@dataclass(frozen=True, slots=True)
class Landscape:
    """An emulator with TLS, and the environment in which the example finds it."""

    server: EmulatorServer
    environment: dict[str, str]


@pytest.fixture(scope="module")
def landscape(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Landscape]:
    folder = tmp_path_factory.mktemp("datasphere")
    files = {"ca.pem": certificates().roots, "chain.pem": certificates().chain,
             "key.pem": certificates().key, "password": PASSWORD.encode()}  # fmt: skip
    for name, content in files.items():
        (folder / name).write_bytes(content)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "chain.pem", folder / "key.pem")
    engine = DuckEngine()
    engine.add_space("SALES")
    engine.add_user(USER, PASSWORD)
    engine.run_script(SCRIPT)
    with EmulatorServer(engine, tls=context) as server:
        hana = {
            "ADDRESS": "localhost",
            "PORT": str(server.port),
            "TRUST_STORE": str(folder / "ca.pem"),
            "PASSWORD_FILE": str(folder / "password"),
        }
        found = {f"FLIGHT_SERVER_HANA__{key}": value for key, value in hana.items()}
        yield Landscape(server, found | {"FLIGHT_SERVER_SERVER__PORT": "0"})
    engine.close()


def environment(landscape: Landscape, **variables: str) -> dict[str, str]:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("FLIGHT_")}
    return inherited | landscape.environment | variables


def run(landscape: Landscape, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name(command[0]), *command[1:]],
        env=environment(landscape, **variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextmanager
def served(landscape: Landscape) -> Iterator[tuple[psutil.Popen, str]]:
    command = [sys.executable, "-m", "flight_server", "serve", "--config", str(EXAMPLE)]
    process = psutil.Popen(command, env=environment(landscape), stderr=subprocess.PIPE, text=True)
    try:
        for line in process.stderr:
            if line.startswith("Listening on "):
                yield process, line.split()[-1]
                break
        else:
            raise AssertionError("the server did not start")
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stderr.close()


@pytest.fixture(scope="module")
def uri(landscape: Landscape) -> Iterator[str]:
    with served(landscape) as (_, found):
        yield found


def client(landscape: Landscape, uri: str, *arguments: str) -> str:
    done = run(landscape, "flight-client", *arguments, FLIGHT_CLIENT_URI=uri)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_tables_of_the_space_and_of_the_users_own_schema_are_listed(
    landscape: Landscape, uri: str
) -> None:
    found = json.loads(client(landscape, uri, "tables", "--json"))
    assert [(each["space"], each["name"], each["kind"]) for each in found] == [
        ("SALES", "DEAR", "view"),
        ("SALES", "ITEMS", "table"),
        (USER, "NOTES", "table"),
    ]


def test_table_is_described_with_types_key_and_comments(landscape: Landscape, uri: str) -> None:
    shown = client(landscape, uri, "describe", "ITEMS")
    assert "What was sold" in shown
    assert "Where it was sold" in shown
    assert "decimal128(15, 2)" in shown
    assert "DECIMAL " in shown


def test_rows_are_read(landscape: Landscape, uri: str) -> None:
    found = client(landscape, uri, "read", "ITEMS", "--order-by", "ID", "--json")
    rows = [json.loads(line) for line in found.splitlines()]
    assert [row["REGION"] for row in rows] == ["North", "South", None]
    assert [row["RATE"] for row in rows] == ["1.25", None, "0.00000000000000000001"]


def test_view_with_a_parameter_is_read(landscape: Landscape, uri: str) -> None:
    found = client(landscape, uri, "read", "DEAR", "--param", "P_LEAST=15", "--json")
    assert [json.loads(line)["ID"] for line in found.splitlines()] == [2]


def test_sql_is_read(landscape: Landscape, uri: str) -> None:
    sql = 'SELECT COUNT(*) AS N, SUM(AMOUNT) AS S FROM SALES.ITEMS WHERE "REGION" IS NOT NULL'
    found = json.loads(client(landscape, uri, "sql", sql, "--json"))
    assert (found["N"], float(found["S"])) == (2, 30.5)


def test_check_says_what_is_there(landscape: Landscape) -> None:
    done = run(landscape, "flight-server", "check", "--config", str(EXAMPLE))
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{USER} is logged on to HANA 4.00" in done.stdout
    assert "over TLS, the certificate checked" in done.stdout
    assert "It is SAP Datasphere" in done.stdout
    assert "Space 'SALES' has 2 entities." in done.stdout
    assert f"Space '{USER}' has 1 entity." in done.stdout


def test_check_of_a_wrong_password_fails_with_advice(landscape: Landscape, tmp_path: Path) -> None:
    wrong = tmp_path / "password"
    wrong.write_text("wrong-word")
    done = run(
        landscape,
        "flight-server",
        "check",
        "--config",
        str(EXAMPLE),
        FLIGHT_SERVER_HANA__PASSWORD_FILE=str(wrong),
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: {USER} at localhost:")
    assert "Check the user's name and password" in done.stderr
    assert "Traceback" not in done.stderr
    assert "wrong-word" not in done.stderr + done.stdout


def test_check_of_an_unknown_certificate_says_which_key_helps(
    landscape: Landscape, tmp_path: Path
) -> None:
    other = tmp_path / "other.pem"
    other.write_bytes(trustme.CA().cert_pem.bytes())
    done = run(
        landscape,
        "flight-server",
        "check",
        "--config",
        str(EXAMPLE),
        "--json",
        FLIGHT_SERVER_HANA__TRUST_STORE=str(other),
    )
    assert done.returncode == 1
    assert "Set hana.trust_store" in done.stderr
    assert json.loads(done.stdout)["users"][0]["error"] == "UNAVAILABLE"


def test_signal_ends_the_server_its_readers_and_their_connections(landscape: Landscape) -> None:
    before = landscape.server.connections
    with served(landscape) as (process, uri):
        client(landscape, uri, "read", "ITEMS", "--json")
        readers = process.children(recursive=True)
        assert readers
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    _, alive = psutil.wait_procs(readers, timeout=10)
    assert alive == []
    eventually(lambda: landscape.server.connections <= before)
