"""The clients that judge the emulator: how each is installed here and started; knows no script.

Nothing is installed outside of this folder but for the caches of npm and Go. A client that cannot
be installed says so in one sentence.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).parent
_NODE = _HERE / "node"
_GO = _HERE / "go"
_GO_PROGRAM = _GO / "build" / "go_hdb"
_INSTALL_LIMIT_S = 300


class NotInstalled(Exception):
    """A client cannot run on this machine; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Client:
    """A program that runs a job.

    Attributes:
        name: The driver's.
        command: Reads a job from standard input and prints answers.
        install: Makes the command work; raises NotInstalled.
    """

    name: str
    command: tuple[str, ...]
    install: Callable[[], None]


def _already_there() -> None:
    """The tests depend on hdbcli anyway."""


def _node_package(package: str) -> Callable[[], None]:
    def install() -> None:
        npm = _tool("npm", package)
        if not _has_pinned_version(package):
            arguments = ("--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund")
            _run(package, (npm, "install", *arguments), _NODE)
        if not _has_pinned_version(package):  # npm passes over an optional package in silence
            raise NotInstalled(f"{package} cannot run: npm did not install it.")

    return install


def _has_pinned_version(package: str) -> bool:
    wanted = json.loads((_NODE / "package.json").read_text(encoding="utf-8"))
    found = _NODE / "node_modules" / package / "package.json"
    pinned = {**wanted["dependencies"], **wanted["optionalDependencies"]}[package]
    return found.exists() and json.loads(found.read_text(encoding="utf-8"))["version"] == pinned


def _build_go_program() -> None:
    go = _tool("go", "go-hdb")
    _run("go-hdb", (go, "build", "-o", str(_GO_PROGRAM), "."), _GO)


def _tool(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise NotInstalled(f"{package} cannot run: {name} is not on the path.")
    return found


def _run(package: str, command: tuple[str, ...], folder: Path) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "GOTOOLCHAIN": "local"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_INSTALL_LIMIT_S,
        )
    except subprocess.TimeoutExpired as expired:
        sentence = f"{package} cannot run: {command[0]} took more than {_INSTALL_LIMIT_S} s."
        raise NotInstalled(sentence) from expired
    if done.returncode:
        raise NotInstalled(f"{package} cannot run: {' '.join(command)} said:\n{done.stderr}")


HDBCLI = Client("hdbcli", (sys.executable, str(_HERE / "hdbcli_client.py")), _already_there)
FOREIGN = (
    Client("hdb", ("node", str(_NODE / "hdb.js"), "9"), _node_package("hdb")),
    Client("hdb-format-1", ("node", str(_NODE / "hdb.js"), "1"), _node_package("hdb")),
    Client(
        "hana-client", ("node", str(_NODE / "hana_client.js")), _node_package("@sap/hana-client")
    ),
    Client("go-hdb", (str(_GO_PROGRAM),), _build_go_program),
)
