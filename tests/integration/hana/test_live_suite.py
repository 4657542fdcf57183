"""The questions of tests/live, asked of the emulator: that they run, and nothing about HANA."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.hana_emulator.engine import DuckEngine
from tests.hana_emulator.server import EmulatorServer
from tests.live.findings import QUESTIONS

ROOT = Path(__file__).parents[3]
USER, PASSWORD = "SALES#LIVE", "Sesame-open-1"
NEEDS_A_TENANT = {12}
"""Nothing but a tenant has a token; the emulator answers all other questions somehow."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the suite."""

    code: int
    output: str
    report: str

    def section(self, number: int) -> str:
        """What the report says to a question."""
        found = re.search(rf"^## {number}\. .*?(?=^## |\Z)", self.report, re.MULTILINE | re.DOTALL)
        assert found is not None
        return found[0]


def asked(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith("FLIGHT_")
    }
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/live"],
        cwd=ROOT,
        env=inherited | environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("live")
    file, report = folder / "emulator.toml", folder / "report.md"
    engine = DuckEngine()
    engine.add_user(USER, PASSWORD)
    with EmulatorServer(engine) as server:
        file.write_text(
            f'[hana]\naddress = "127.0.0.1"\nport = {server.port}\nallow_plaintext = true\n'
            f'user = "{USER}"\npassword_variable = "LIVE_PASSWORD"\n',
            encoding="utf-8",
        )
        done = asked(
            {
                "FLIGHT_LIVE_HANA": str(file),
                "FLIGHT_LIVE_SCHEMA": USER,
                "FLIGHT_LIVE_IDLE_S": "1",
                "FLIGHT_LIVE_REPORT": str(report),
                "LIVE_PASSWORD": PASSWORD,
            }
        )
        assert server.connections == 0
    engine.close()
    written = report.read_text(encoding="utf-8") if report.exists() else ""
    return Run(done.returncode, done.stdout + done.stderr, written)


@pytest.mark.timeout(360)
def test_every_question_passes_on_the_emulator(run: Run) -> None:
    assert run.code == 0, run.output
    assert "live-report" not in run.output
    assert "what the tenant answered" in run.output


@pytest.mark.timeout(360)
def test_report_says_that_it_is_the_emulators(run: Run) -> None:
    assert "**This was the emulator.**" in run.report
    answers = [line for line in run.report.splitlines() if line.startswith("- ")]
    assert all(line.startswith(("- (emulator) ", "- not answered: ")) for line in answers)


@pytest.mark.timeout(360)
@pytest.mark.parametrize("number", QUESTIONS)
def test_question_is_answered_or_says_what_it_needs(run: Run, number: int) -> None:
    section = run.section(number)
    assert "- not asked in this run" not in section
    if number in NEEDS_A_TENANT:
        assert "- not answered: " in section
    else:
        assert "- (emulator) " in section


@pytest.mark.timeout(360)
def test_emulator_answers_what_the_product_counts_on(run: Run) -> None:
    assert "FLIGHT_LIVE_V: 5 rows of 8 columns" in run.section(0)
    assert " error " not in run.section(2)
    assert '("P_LEAST" => 290) gives 10 rows' in run.section(4)
    assert "ended with error 139" in run.section(7)
    assert run.section(8).count("error 613") == 2
    assert "by range of MOMENT: parts [" in run.section(11)
    assert "READ ONLY: accepted" in run.section(13)


@pytest.mark.timeout(360)
def test_report_holds_no_secret(run: Run) -> None:
    assert PASSWORD not in run.report


def test_without_a_tenant_all_is_skipped_with_a_sentence() -> None:
    done = asked({})
    assert done.returncode == 0
    assert "FLIGHT_LIVE_HANA names a configuration file" in done.stdout
    assert " passed" not in done.stdout
