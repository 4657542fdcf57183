"""What an import of the module costs and changes: FedML's installed and uninstalled packages."""

import json
import subprocess
import sys

CODE = """
import json, logging, os, socket, subprocess, sys

refused = []

def audit(event, arguments):
    if event in {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork",
                 "socket.connect", "socket.bind", "os.remove", "os.rename", "os.mkdir"}:
        refused.append(event)
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        refused.append(f"{event} {arguments[0]}")

sys.dont_write_bytecode = True
handlers, variables = list(logging.getLogger().handlers), dict(os.environ)
sys.addaudithook(audit)
from flight_client.fedml import DbConnection
loaded = sorted({name.split(".")[0] for name in sys.modules})
print(json.dumps({
    "loaded": loaded,
    "refused": refused,
    "logging": list(logging.getLogger().handlers) == handlers,
    "environment": dict(os.environ) == variables,
}))
"""


def test_import_loads_nothing_heavy_and_changes_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE], check=True, capture_output=True, text=True, timeout=60
    )
    found = json.loads(done.stdout)
    heavy = {
        "cudf", "cupy", "duckdb", "flight_server", "hdbcli", "pandas", "pip", "polars", "pydantic",
        "pyspark", "sqlglot", "torch", "tqdm",
    }  # fmt: skip
    assert heavy & set(found["loaded"]) == set()
    assert (found["refused"], found["logging"], found["environment"]) == ([], True, True)
    assert done.stderr == ""
