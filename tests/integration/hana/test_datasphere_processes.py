"""The driver stays out of the server: hdbcli is closed C that holds the GIL, and may crash."""

import subprocess
import sys
from pathlib import Path

from tests.hana_emulator.engine import DuckEngine
from tests.hana_emulator.server import EmulatorServer

USER, PASSWORD = "SALES#FLIGHT", "Sesame-open-1"

READ = """
import sys
from flight_client import connect
from flight_server.app import start
from flight_server.config import Configuration

hana = {"address": "127.0.0.1", "port": int(sys.argv[1]), "allow_plaintext": True,
        "user": sys.argv[2], "password": sys.stdin.readline().strip()}
with start(Configuration.model_validate({"server": {"port": 0}, "hana": hana})) as server:
    with connect(server.uri) as client:
        print(client.table("NOTES").to_arrow().num_rows)
print(sorted(name for name in sys.modules if "hdbcli" in name))
"""


def test_server_that_read_from_hana_never_loaded_the_driver() -> None:
    engine = DuckEngine()
    engine.add_user(USER, PASSWORD)
    engine.run_script(f'CREATE TABLE "{USER}"."NOTES" ("ID" INTEGER)')
    with EmulatorServer(engine) as server:
        done = subprocess.run(
            [sys.executable, "-c", READ, str(server.port), USER],
            input=PASSWORD,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
            cwd=Path(__file__).parents[3],
        )
    engine.close()
    assert done.stdout.split("\n")[:2] == ["0", "[]"], done.stderr
