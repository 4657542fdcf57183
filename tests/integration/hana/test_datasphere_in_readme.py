"""What the README shows of a server over SAP Datasphere is what its commands print."""

import os
import re
import shlex
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from flight_server.app import start
from flight_server.config import load
from tests.hana_emulator.engine import DuckEngine
from tests.hana_emulator.sample import make_sample
from tests.hana_emulator.server import EmulatorServer
from tests.support.certificates import certificates

ROOT = Path(__file__).parents[3]
SHOWN_PORT = "39015"


def _samples() -> list[tuple[str, str]]:
    """Commands, and what stands below them."""
    (block,) = re.findall(
        r"```console\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL
    )
    steps = [step.partition("\n") for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
    return [(command, shown) for command, _, shown in steps if shown]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("readme")
    made = certificates()
    for name, content in {"ca": made.roots, "chain": made.chain, "key": made.key}.items():
        (folder / name).write_bytes(content)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "chain", folder / "key")
    with pytest.MonkeyPatch.context() as patch, closing(DuckEngine()) as engine:
        engine.add_user("SALES#FLIGHT", "Sesame-open-1")
        make_sample(engine, "SALES#FLIGHT")
        with EmulatorServer(engine, tls=context) as emulator:
            patch.setenv("FLIGHT_SERVER_SERVER__PORT", "0")
            patch.setenv("FLIGHT_SERVER_HANA__ADDRESS", "localhost")
            patch.setenv("FLIGHT_SERVER_HANA__PORT", str(emulator.port))
            patch.setenv("FLIGHT_SERVER_HANA__TRUST_STORE", str(folder / "ca"))
            patch.setenv("FLIGHT_SERVER_HANA__PASSWORD", "Sesame-open-1")
            with start(load(ROOT / "examples" / "datasphere.toml")) as server:
                patch.setenv("FLIGHT_CLIENT_URI", server.uri)
                yield emulator.port


@pytest.mark.parametrize(("command", "shown"), _samples(), ids=lambda text: text[:24].strip())
def test_command_prints_what_the_readme_shows(port: int, command: str, shown: str) -> None:
    program, *arguments = shlex.split(command)
    done = subprocess.run(
        [Path(sys.executable).with_name(program), *arguments],
        cwd=ROOT,
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    printed = [line.rstrip() for line in (done.stdout + done.stderr).splitlines()]
    assert printed == shown.replace(SHOWN_PORT, str(port)).splitlines()
