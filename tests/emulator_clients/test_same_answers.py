"""Four clients that nobody here wrote run one script against the emulator and get the same answers.

``make test-emulator-clients`` runs this file; ``make test`` does not, because it installs the
clients from their registries.
"""

import json
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.emulator_clients.clients import FOREIGN, HDBCLI, Client, NotInstalled
from tests.emulator_clients.script import Step, job, steps
from tests.hana_emulator.auth import Method
from tests.hana_emulator.engine import DuckEngine
from tests.hana_emulator.server import EmulatorServer
from tests.support.certificates import certificates

pytestmark = [pytest.mark.emulator_clients, pytest.mark.timeout(600)]

USER, PASSWORD = "JUDGE", "Right-and-1-proper"
RUN_LIMIT_S = 200
SECONDS = len("2024-12-31 23:59:59")
CLIENTS = (HDBCLI, *FOREIGN)


def _cases(*clients: Client) -> list[Any]:
    """Every client with every step that is sent to it."""
    return [
        pytest.param(client, step, id=f"{client.name}-{step['name']}")
        for client in clients
        for step in steps()
        if client.name not in step.get("without", {})
    ]


@dataclass(frozen=True)
class Answers:
    """What one client printed.

    Attributes:
        fraction_digits: Of a second, as many as the client can give.
        by_step: The line of each step.
    """

    fraction_digits: int
    by_step: dict[str, dict[str, Any]]


class Court:
    """Runs each client once, when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._heard: dict[str, Answers | NotInstalled] = {}

    def answers(self, client: Client) -> Answers:
        """What a client answers; skips the test where it cannot be installed."""
        if client.name not in self._heard:
            self._heard[client.name] = self._hear(client)
        heard = self._heard[client.name]
        if isinstance(heard, NotInstalled):
            pytest.skip(str(heard))
        return heard

    def _hear(self, client: Client) -> Answers | NotInstalled:
        try:
            client.install()
        except NotInstalled as reason:
            return reason
        first, *lines = _run(client, self._folder, job(client.name)).splitlines()
        by_step = {answer.pop("step"): answer for answer in map(json.loads, lines)}
        return Answers(json.loads(first)["fraction_digits"], by_step)


def _run(
    client: Client, folder: Path, wanted: list[Step], methods: tuple[Method, ...] = tuple(Method)
) -> str:
    """What a client prints; it has an emulator of its own, so that all find the same state."""
    roots = folder / "roots.pem"
    roots.write_bytes(certificates().roots)
    engine = DuckEngine()
    engine.add_user(USER, PASSWORD)
    with (
        EmulatorServer(engine, methods=methods) as plain,
        EmulatorServer(engine, methods=methods, tls=_tls(folder)) as encrypted,
    ):
        order = {
            "host": "localhost",  # hdbcli compares no addresses with those of a certificate
            "port": plain.port,
            "tls_port": encrypted.port,
            "roots": str(roots),
            "user": USER,
            "password": PASSWORD,
            "steps": wanted,
        }
        done = subprocess.run(
            client.command,
            input=json.dumps(order),
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=RUN_LIMIT_S,
        )
    engine.close()
    assert done.returncode == 0, f"{client.name} ended with {done.returncode}:\n{done.stderr}"
    return done.stdout


def _tls(folder: Path) -> ssl.SSLContext:
    chain, key = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(certificates().chain)
    key.write_bytes(certificates().key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    return context


def _seen(answer: dict[str, Any], step: Step, fraction_digits: int) -> dict[str, Any]:
    """An answer at the precision that two clients have in common."""
    if "error" in answer:
        return {"error": answer["error"]}
    results = [
        {**result, "rows": [_cut(row, step["kinds"], fraction_digits) for row in result["rows"]]}
        if "rows" in result
        else result
        for result in answer["results"] or ()
    ]
    return {"results": results}


def _cut(row: list[str | None], kinds: list[str], fraction_digits: int) -> list[str | None]:
    return [
        value[: SECONDS + 1 + fraction_digits] if value and kind == "timestamp" else value
        for kind, value in zip(kinds, row, strict=True)
    ]


@pytest.fixture(scope="module")
def court(tmp_path_factory: pytest.TempPathFactory) -> Court:
    return Court(tmp_path_factory.mktemp("clients"))


def test_one_foreign_client_at_least_could_run(court: Court) -> None:
    """Otherwise everything below is skipped, and nothing was compared."""
    reasons = []
    for client in FOREIGN:
        try:
            court.answers(client)
        except pytest.skip.Exception as reason:
            reasons.append(str(reason))
    assert len(reasons) < len(FOREIGN), "\n".join(reasons)


@pytest.mark.parametrize(
    ("client", "step"),
    [case for case in _cases(*FOREIGN) if HDBCLI.name not in case.values[1].get("differs", {})],
)
def test_client_gives_the_answer_of_hdbcli(client: Client, step: Step, court: Court) -> None:
    theirs, hdbclis = court.answers(client), court.answers(HDBCLI)
    digits = min(theirs.fraction_digits, hdbclis.fraction_digits)
    name = step["name"]
    found = _seen(theirs.by_step[name], step, digits)
    reference = _seen(hdbclis.by_step[name], step, digits)

    if client.name in step.get("differs", {}):
        assert found != reference, "the difference is declared, but it is gone"
    else:
        assert found == reference


@pytest.mark.parametrize(("client", "step"), _cases(*CLIENTS))
def test_client_is_answered_as_the_script_says(client: Client, step: Step, court: Court) -> None:
    theirs = court.answers(client)
    answer = _seen(theirs.by_step[step["name"]], step, theirs.fraction_digits)
    wanted = {**step, **step.get("differs", {}).get(client.name, {})}

    if "error" in wanted:
        assert answer["error"]["code"] == wanted["error"]
    elif "expect" in wanted:
        rows = [[None if value == "null" else value for value in row] for row in wanted["expect"]]
        kinds = step["kinds"]
        (result,) = answer["results"]
        assert result["rows"] == [_cut(row, kinds, theirs.fraction_digits) for row in rows]
    else:
        assert "results" in answer, answer


@pytest.mark.parametrize("method", list(Method))
@pytest.mark.parametrize("client", [pytest.param(client, id=client.name) for client in CLIENTS])
def test_client_proves_its_password_by_either_method(
    client: Client, method: Method, court: Court, tmp_path: Path
) -> None:
    court.answers(client)
    names = ("connect", "who_and_where", "disconnect")
    wanted = [step for step in job(client.name) if step["name"] in names]

    printed = _run(client, tmp_path, wanted, (method,)).splitlines()

    assert len(printed) == 1 + len(names)
    assert not any("error" in json.loads(line) for line in printed)
