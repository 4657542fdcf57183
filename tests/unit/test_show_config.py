"""``flight-server show-config``: the tables of users of HANA, with their secrets masked."""

import json
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from flight_server.cli import main

SERVER = """
[hana]
address = "hana.example"
user = "ALL#FLIGHT"
password = "secret-one"
[hana.options]
compress = true
[hana.spaces.SALES]
user = "SALES#FLIGHT"
password = "secret-two"
[hana.principals."alice@example.com"]
user = "SALES#ALICE"
password_variable = "ALICE"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "server.toml"
    file.write_text(SERVER, encoding="utf-8")
    return file


def test_tables_of_users_are_shown_as_the_file_has_them(path: Path) -> None:
    done = CliRunner().invoke(main, ["show-config", "--config", str(path)])
    shown = tomllib.loads(done.stdout)
    assert done.exit_code == 0
    assert shown["hana"]["options"] == {"compress": True}
    assert shown["hana"]["spaces"]["SALES"]["user"] == "SALES#FLIGHT"
    assert shown["hana"]["principals"]["alice@example.com"]["password_variable"] == "ALICE"


@pytest.mark.parametrize("option", [(), ("--json",)])
def test_secrets_of_every_user_are_masked(path: Path, option: tuple[str, ...]) -> None:
    done = CliRunner().invoke(main, ["show-config", "--config", str(path), *option])
    assert "secret" not in done.output
    assert done.stdout.count("**********") == 2


def test_json_nests_them(path: Path) -> None:
    done = CliRunner().invoke(main, ["show-config", "--config", str(path), "--json"])
    assert json.loads(done.stdout)["hana"]["spaces"]["SALES"]["user"] == "SALES#FLIGHT"
