"""HANA's keys alone: a server in this process, the real hdbcli, and nothing left of either."""

import gc
import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pandas as pd
import psutil
import pytest

from flight_client.fedml import DbConnection
from flight_client.protocol.errors import Error, InvalidRequest, Unauthenticated, Unavailable
from tests.hana_emulator.server import EmulatorServer
from tests.integration.fedml.conftest import USER
from tests.support.fake_readers import children
from tests.support.patience import PATIENCE_S, eventually

ROOT = Path(__file__).parents[3]


def socket_of(db: DbConnection) -> Path:
    uri = repr(db.client).removeprefix("<flight_client.Client of ").removesuffix(">")
    assert uri.startswith("grpc+unix:///")
    return Path(unquote(urlsplit(uri).path))


def run(code: str, keys: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    """A script in an interpreter of its own, with the keys on its standard input."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        input=json.dumps(keys),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S * 2,
        check=False,
        cwd=ROOT,
    )


START = """
import json, os, sys, time
from flight_client.fedml import DbConnection
keys = json.load(sys.stdin)
"""
OPENED = f"""{START}
import psutil
db = DbConnection(dict_obj=keys)
rows, headers = db.get_data_with_headers("ORDERS")
readers = [child.pid for child in psutil.Process().children()]
print(json.dumps([len(rows), readers, str(db.client)]), flush=True)
"""


def assert_nothing_is_left(done: subprocess.CompletedProcess[str]) -> None:
    assert done.stderr == ""
    assert done.returncode == 0
    rows, readers, shown = json.loads(done.stdout)
    assert rows == 4
    assert readers
    path = Path(shown.partition("grpc+unix://")[2].rstrip(">"))
    assert not path.parent.exists()
    eventually(lambda: not any(map(psutil.pid_exists, readers)))


def test_keys_alone_read_and_write(keys: dict[str, Any]) -> None:
    with DbConnection(dict_obj=keys) as db:
        assert db.get_table_size("ORDERS") == [(4,)]
        db.create_table("CREATE TABLE ROUND_TRIP (ID INTEGER PRIMARY KEY, NAME NVARCHAR(9))")
        assert db.get_user_tables()[0] == [("ROUND_TRIP", USER, None, None, None)]
        assert db.insert_into_table("ROUND_TRIP", pd.DataFrame({"ID": [1], "NAME": ["a"]})) == 1
        assert db.execute_query("SELECT ID, NAME FROM ROUND_TRIP") == ([(1, "a")], ["ID", "NAME"])
        db.drop_table("ROUND_TRIP")
        assert db.get_user_tables()[0] == []


def listening() -> set[tuple[str, int]]:
    """Addresses at which this process, with the servers of other tests in it, listens."""
    connections = psutil.Process().net_connections()
    return {tuple(each.laddr) for each in connections if each.status == "LISTEN"}


def test_nobody_else_on_the_machine_may_come_in(keys: dict[str, Any]) -> None:
    before = listening()
    with DbConnection(dict_obj=keys) as db:
        assert db.get_table_size("ORDERS") == [(4,)]
        folder = socket_of(db).parent
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert folder.stat().st_uid == os.getuid()
        assert listening() <= before


def test_closing_leaves_no_process_connection_or_socket(
    keys: dict[str, Any], emulator: EmulatorServer
) -> None:
    before = children()
    with DbConnection(dict_obj=keys) as db:
        db.get_table_size("ORDERS")
        folder = socket_of(db).parent
        assert children() > before
    assert not folder.exists()
    assert emulator.wait_for_connections(0)
    eventually(lambda: children() <= before)
    db.close()
    with pytest.raises(InvalidRequest, match="closed"):
        db.get_table_size("ORDERS")


def test_connection_that_is_forgotten_is_closed(
    keys: dict[str, Any], emulator: EmulatorServer
) -> None:
    before = children()
    db = DbConnection(dict_obj=keys)
    db.get_table_size("ORDERS")
    folder = socket_of(db).parent
    del db
    gc.collect()
    assert not folder.exists()
    assert emulator.wait_for_connections(0)
    eventually(lambda: children() <= before)


def test_several_connections_do_not_meet(keys: dict[str, Any]) -> None:
    with DbConnection(dict_obj=keys) as first, DbConnection(dict_obj=keys) as second:
        assert socket_of(first) != socket_of(second)
        first.close()
        assert second.get_table_size("ORDERS") == [(4,)]


def test_process_that_ends_without_close_leaves_nothing(keys: dict[str, Any]) -> None:
    started = time.monotonic()
    assert_nothing_is_left(run(OPENED, keys))
    assert time.monotonic() - started < PATIENCE_S


def test_process_that_ends_while_a_thread_reads_leaves_nothing(keys: dict[str, Any]) -> None:
    reading = """
import contextlib, threading
from flight_client import Cancelled
batches = db.client.table("BIG", space="SALES", batch_bytes=65536, progress=False).to_batches()
next(batches)
def read():
    with contextlib.suppress(Cancelled):
        for _ in batches:
            time.sleep(0.05)
threading.Thread(target=read, daemon=True).start()
"""
    assert_nothing_is_left(run(OPENED + reading, keys))


@pytest.mark.parametrize("first", ["opened", "used"])
def test_forked_child_ends_and_leaves_the_server_to_its_parent(
    keys: dict[str, Any], first: str
) -> None:
    forking = f"""{START}
db = DbConnection(dict_obj=keys)
if {first == "used"}:
    db.get_table_size("ORDERS")
child = os.fork()
if child == 0:
    for use in (lambda: db.get_table_size("ORDERS"), lambda: DbConnection(dict_obj=keys)):
        try:
            use()
        except Exception as error:
            print("gRPC does not survive a fork" in str(error), flush=True)
    sys.exit(0)
for _ in range({int(PATIENCE_S * 10)}):
    ended, status = os.waitpid(child, os.WNOHANG)
    if ended:
        break
    time.sleep(0.1)
else:
    os.kill(child, 9)
print(status, db.get_table_size("ORDERS"))
"""
    done = run(forking, keys)
    assert (done.stdout, done.stderr) == ("True\nTrue\n0 [(4,)]\n", "")


def test_forked_child_that_closes_leaves_the_server_to_its_parent(keys: dict[str, Any]) -> None:
    forking = f"""{START}
db = DbConnection(dict_obj=keys)
before = db.get_table_size("ORDERS")
child = os.fork()
if child == 0:
    db.close()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
print(before == db.get_table_size("ORDERS"))
"""
    done = run(forking, keys)
    assert (done.stdout, done.stderr) == ("True\n", "")


# what HANA is told


def test_certificate_that_is_not_trusted_is_refused_by_default(keys: dict[str, Any]) -> None:
    del keys["sslTrustStore"]
    with DbConnection(dict_obj=keys) as db, pytest.raises(Unavailable, match="certificate"):
        db.get_table_size("ORDERS")


@pytest.mark.parametrize("name", ["encrypt", "sslValidateCertificate"])
def test_tls_stays_on_whatever_the_file_says(keys: dict[str, Any], name: str) -> None:
    trusted = dict(keys)
    del keys["sslTrustStore"]
    with pytest.warns(UserWarning, match=f"{name} = false is not obeyed"):
        db = DbConnection(dict_obj={**keys, name: "false"})
    with db, pytest.raises(Unavailable, match="certificate"):
        db.get_table_size("ORDERS")
    with pytest.warns(UserWarning, match=f"{name} = false is not obeyed"):
        db = DbConnection(dict_obj={**trusted, name: "false"})
    with db:
        assert db.get_table_size("ORDERS") == [(4,)]


def test_certificate_of_another_name_needs_that_name(keys: dict[str, Any]) -> None:
    keys["address"] = "127.0.0.1"
    with DbConnection(dict_obj=keys) as db, pytest.raises(Unavailable):
        db.get_table_size("ORDERS")
    with DbConnection(dict_obj={**keys, "sslHostNameInCertificate": "localhost"}) as db:
        assert db.get_table_size("ORDERS") == [(4,)]


def test_optional_keys_of_fedml_are_taken(keys: dict[str, Any]) -> None:
    given = {
        "encrypt": "true",
        "sslValidateCertificate": "true",
        "disableCloudRedirect": "true",
        "communicationTimeout": "0",
        "autocommit": "true",
        "sslUseDefaultTrustStore": "true",
    }
    with DbConnection(dict_obj={**keys, **given}) as db:
        assert db.get_table_size("ORDERS") == [(4,)]


def test_wrong_password_is_told_and_kept_secret(keys: dict[str, Any]) -> None:
    with (
        DbConnection(dict_obj={**keys, "password": "hunter2"}) as db,
        pytest.raises(Unauthenticated) as caught,
    ):
        db.get_table_size("ORDERS")
    assert "hunter2" not in str(caught.value)


def test_connection_that_breaks_is_replaced(keys: dict[str, Any], emulator: EmulatorServer) -> None:
    with DbConnection(dict_obj=keys) as db:
        assert db.get_table_size("ORDERS") == [(4,)]
        for connection in list(emulator._open.values()):
            connection.stop()
        assert emulator.wait_for_connections(0)
        assert db.get_table_size("ORDERS") == [(4,)]


# what is not there


def test_trust_store_that_is_missing_is_named(keys: dict[str, Any]) -> None:
    keys["sslTrustStore"] = "/no/such/ca.pem"
    with pytest.raises(InvalidRequest, match=r"there is no file '/no/such/ca\.pem'"):
        DbConnection(dict_obj=keys)


def test_value_that_the_server_refuses_is_named_by_its_key(keys: dict[str, Any]) -> None:
    for name, value in {"address": "https://db", "port": 99999}.items():
        with pytest.raises(InvalidRequest, match=f"keys for HANA cannot be used: hana.{name}:"):
            DbConnection(dict_obj={**keys, name: value})


def test_driver_that_is_not_installed_is_told_in_one_sentence(
    keys: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "hdbcli", None)
    with pytest.raises(InvalidRequest) as caught:
        DbConnection(dict_obj=keys)
    assert "pip install 'datasphere-flight[server,hana]'" in str(caught.value)


@pytest.mark.parametrize(
    "missing",
    [
        "sys.modules['pydantic'] = None",
        "import importlib.metadata; importlib.metadata.entry_points = lambda **_: ()",
    ],
    ids=["library", "server"],
)
def test_server_that_is_not_installed_is_told_in_one_sentence(
    keys: dict[str, Any], missing: str
) -> None:
    code = f"""
import sys
{missing}
{START}
try:
    DbConnection(dict_obj=keys)
except ImportError as error:
    print(error)
"""
    done = run(code, keys)
    assert done.stderr == ""
    assert "is not installed; run: pip install 'datasphere-flight[server,hana]'" in done.stdout
    assert "flight_uri" in done.stdout


def test_error_of_any_call_is_one_of_ours(keys: dict[str, Any]) -> None:
    with DbConnection(dict_obj=keys) as db, pytest.raises(Error) as caught:
        db.execute_query("SELECT 1 / 0 AS X FROM ORDERS")
    assert caught.value.code == "DATA_ERROR"
